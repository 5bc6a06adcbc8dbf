/** Sites of Microsoft.OffAzure: what ARM keeps of them. What was discovered is in their inventory. */
import { createHash } from 'node:crypto';
import type { UnixMillis } from '#core/units.ts';
import { SiteInventory } from '../discovery-service/inventory.ts';
import type { SiteKind } from '../discovery-service/service.ts';

export interface SpnDetails {
  readonly tenantId?: string;
  readonly applicationId?: string;
  readonly objectId?: string;
  readonly audience?: string;
  readonly aadAuthority?: string;
  readonly rawCertData?: string;
}

export interface SiteProperties {
  readonly servicePrincipalIdentityDetails?: SpnDetails;
  readonly agentDetails?: { readonly keyVaultUri?: string; readonly keyVaultId?: string };
  readonly applianceName?: string;
  readonly discoverySolutionId?: string;
}

export interface VCenterProperties {
  readonly fqdn: string;
  readonly port: string;
  readonly runAsAccountId: string;
  readonly friendlyName: string;
}

export interface VCenter {
  readonly name: string;
  properties: VCenterProperties;
  createdAt: UnixMillis;
  updatedAt: UnixMillis;
}

/** A Hyper-V host or cluster that a site discovers. */
export interface HyperVSource {
  readonly name: string;
  readonly kind: 'hosts' | 'clusters';
  properties: {
    readonly fqdn: string;
    readonly runAsAccountId: string;
    /** Of a cluster. */
    readonly hostFqdnList?: readonly string[];
  };
  readonly createdAt: UnixMillis;
  updatedAt: UnixMillis;
}

/** A file of servers on its way into an import site, or out of it. */
export interface ImportJob {
  readonly name: string;
  readonly kind: 'importJobs' | 'exportJobs' | 'deleteJobs';
  readonly displayName: string;
  readonly startedAt: UnixMillis;
  endedAt?: UnixMillis;
  result:
    | 'WaitingForBlobUpload'
    | 'InProgress'
    | 'Completed'
    | 'CompletedWithWarnings'
    | 'CompletedWithErrors'
    | 'Failed';
  readonly blobName: string;
  readonly blobSasUri: string;
  machines: number;
  errors: ReadonlyArray<{ readonly code: string; readonly message: string; readonly severity: string }>;
  errorCount: number;
  warningCount: number;
  /** Where the problems lie as a file. */
  errorsUri?: string;
}

export interface SiteJob {
  readonly name: string;
  readonly displayName: string;
  readonly startedAt: UnixMillis;
  endedAt?: UnixMillis;
  status: 'InProgress' | 'Completed' | 'Failed';
}

export interface Site {
  /** ARM id. */
  readonly id: string;
  readonly kind: SiteKind;
  readonly name: string;
  readonly subscriptionId: string;
  readonly resourceGroup: string;
  readonly location: string;
  /** Stands in the path of its service endpoint: names it, is no secret. */
  readonly token: string;
  tags: Readonly<Record<string, string>>;
  properties: SiteProperties;
  etag: number;
  readonly inventory: SiteInventory;
  readonly vcenters: Map<string, VCenter>;
  /** By kind and name in lower case: "hosts/hv-1". */
  readonly hyperV: Map<string, HyperVSource>;
  readonly jobs: Map<string, SiteJob>;
  /** By name. */
  readonly imports: Map<string, ImportJob>;
  /** Tags of machines, by instance UUID in lower case; people's, not the appliance's. */
  readonly machineTags: Map<string, Readonly<Record<string, string>>>;
}

/** How the kinds of sites are called in ARM. */
export const SITE_TYPES: Readonly<Record<SiteKind, string>> = {
  VMware: 'VMwareSites',
  HyperV: 'HyperVSites',
  Server: 'ServerSites',
  Import: 'ImportSites',
};

export class Sites {
  readonly #byId = new Map<string, Site>();
  readonly #byToken = new Map<string, Site>();

  all(): Site[] {
    return [...this.#byId.values()];
  }

  /** By ARM id, whatever its case. */
  find(id: string): Site | undefined {
    return this.#byId.get(id.toLowerCase());
  }

  byToken(token: string): Site | undefined {
    return this.#byToken.get(token.toLowerCase());
  }

  create(
    at: Pick<Site, 'id' | 'name' | 'subscriptionId' | 'resourceGroup' | 'location' | 'tags' | 'properties'>,
    kind: SiteKind = 'VMware',
  ): Site {
    const site: Site = {
      ...at,
      kind,
      token: tokenOf(at.id),
      etag: 1,
      inventory: new SiteInventory(),
      vcenters: new Map(),
      hyperV: new Map(),
      jobs: new Map(),
      imports: new Map(),
      machineTags: new Map(),
    };
    this.#byId.set(site.id.toLowerCase(), site);
    this.#byToken.set(site.token, site);
    return site;
  }

  delete({ id, token }: Site): void {
    this.#byId.delete(id.toLowerCase());
    this.#byToken.delete(token);
  }
}

/** MD5 of the ARM id in lower case, hex: 16 bytes are enough to name it. */
export function tokenOf(armId: string): string {
  return createHash('md5').update(armId.toLowerCase()).digest('hex');
}
