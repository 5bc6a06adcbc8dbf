/** Sites of Microsoft.OffAzure: what ARM keeps of them. What was discovered is in their inventory. */
import { createHash } from 'node:crypto';
import type { UnixMillis } from '#core/units.ts';
import { SiteInventory } from '../discovery-service/inventory.ts';

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
  readonly jobs: Map<string, SiteJob>;
}

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
  ): Site {
    const site: Site = {
      ...at,
      token: tokenOf(at.id),
      etag: 1,
      inventory: new SiteInventory(),
      vcenters: new Map(),
      jobs: new Map(),
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
