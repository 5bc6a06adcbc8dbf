/**
 * Making the appliance known to its project: a site for each kind of source, one collector that ties it to the
 * assessment project, the accounts that the appliance holds, and each vCenter, Hyper-V host and cluster. Everything is a
 * PUT of a resource whose name follows from the configuration, so that a second registration changes nothing.
 * [Microsoft.OffAzure 2020-07-07 and 2023-06-06, Microsoft.Migrate 2019-10-01]
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { defineErrors } from '#core/errors.ts';
import { inParallel } from '../../app/applications.ts';
import type { Registration } from '../../app/cloud-ports.ts';
import type { SourceAbout, SourceKind } from '../../app/source-machines.ts';
import type { ApplianceConfig } from '../../config.ts';
import type { ArmClient } from './arm-client.ts';
import { readAs } from './azure-http.ts';
import type { CredentialType, DiscoveryService } from './discovery-service.ts';

export const errors = defineErrors({
  'azure.project.missing': {
    blame: 'input',
    retry: 'after-change',
    why: 'The assessment project that the appliance is to report to does not exist.',
    next: 'Create the Azure Migrate project in the portal first, or correct cloud.project, cloud.resourceGroup and cloud.subscriptionId.',
  },
});

const MIGRATE = '2019-10-01';

/** How the kinds of sites and their collectors are called, and since when ARM knows them so. */
const SITES = {
  vmware: { site: 'vmwareSites', collector: 'vmwarecollectors', api: '2020-07-07' },
  hyperv: { site: 'hypervSites', collector: 'hypervcollectors', api: '2023-06-06' },
  server: { site: 'serverSites', collector: 'servercollectors', api: '2023-06-06' },
} as const;

const SITE = z.object({
  id: z.string(),
  properties: z.object({ serviceEndpoint: z.url() }).loose(),
});

export interface RegistrationOptions {
  kind: SourceKind;
  arm: ArmClient;
  config: ApplianceConfig;
  version: string;
  /** The data plane at a service endpoint. */
  connect: (serviceEndpoint: string) => DiscoveryService;
}

/** @throws `azure.project.missing`, `azure.*`, `net.*` */
export async function register(
  { kind, arm, config, version, connect }: RegistrationOptions,
  sources: readonly SourceAbout[],
  signal: AbortSignal,
): Promise<Registration> {
  const { cloud, applianceName } = config;
  const { site: type, collector, api } = SITES[kind];
  const group = `/subscriptions/${cloud.subscriptionId}/resourceGroups/${cloud.resourceGroup}`;
  const projectId = `${group}/providers/Microsoft.Migrate/assessmentProjects/${cloud.project}`;
  const siteId = `${group}/providers/Microsoft.OffAzure/${type}/${cloud.siteName}`;
  if ((await arm.get(projectId, MIGRATE, signal)) === undefined)
    throw errors.make('azure.project.missing', { what: `There is no assessment project ${projectId}.` });
  // the identity that the services on the appliance use; the certificate of the real one is not part of this slice
  const principal = {
    tenantId: cloud.tenantId,
    applicationId: cloud.clientId,
    objectId: cloud.clientId,
    audience: cloud.discoveryAudience,
    aadAuthority: `${cloud.authorityHost}/${cloud.tenantId}`,
  };
  const put = await arm.put(
    siteId,
    api,
    {
      location: cloud.region,
      properties: { applianceName, servicePrincipalIdentityDetails: principal, agentDetails: {} },
    },
    signal,
  );
  const site = readAs(SITE, `site ${cloud.siteName}`, put);
  const serviceEndpoint = site.properties.serviceEndpoint.replace(/\/$/, '');
  const service = connect(serviceEndpoint);
  for (const { name, user, credentialType } of accountsOf(config, kind))
    await service.putRunAsAccount(name, user, credentialType, signal);
  await inParallel(sources, SOURCES_AT_ONCE, (about) =>
    putSource(about, { siteId, api, arm, config, service, signal }),
  );
  await arm.put(
    `${projectId}/${collector}/${applianceName}collector`,
    MIGRATE,
    {
      properties: {
        discoverySiteId: siteId,
        agentProperties: {
          id: uuidOf(`${siteId}/${applianceName}`),
          version,
          spnDetails: {
            authority: principal.aadAuthority,
            applicationId: principal.applicationId,
            audience: principal.audience,
            objectId: principal.objectId,
            tenantId: principal.tenantId,
          },
        },
      },
    },
    signal,
  );
  return { siteId: site.id, serviceEndpoint };
}

/** Adding a source is an operation that takes seconds, and there may be 300 of them. */
const SOURCES_AT_ONCE = 8;

interface Putting {
  readonly siteId: string;
  readonly api: string;
  readonly arm: ArmClient;
  readonly config: ApplianceConfig;
  readonly service: DiscoveryService;
  readonly signal: AbortSignal;
}

async function putSource(
  about: SourceAbout,
  { siteId, api, arm, config, service, signal }: Putting,
): Promise<void> {
  switch (about.kind) {
    case 'vmware': {
      const { fqdn } = about;
      const account = uuidOf(`${siteId}/${fqdn}`);
      await service.putRunAsAccount(account, `${fqdn} account`, 'VMwareFabric', signal);
      const port = config.vcenters.find(({ host }) => host === fqdn)?.port ?? 443;
      const runAsAccountId = `${siteId}/runAsAccounts/${account}`;
      const properties = { fqdn, port: String(port), friendlyName: fqdn, runAsAccountId };
      await arm.put(`${siteId}/vcenters/${slugOf(fqdn)}`, api, { properties }, signal);
      return;
    }
    case 'hyperv': {
      const { fqdn, type, hosts, credential } = about;
      const runAsAccountId = `${siteId}/runAsAccounts/${credential}`;
      const properties =
        type === 'Cluster' ? { fqdn, runAsAccountId, hostFqdnList: hosts } : { fqdn, runAsAccountId };
      const kind = type === 'Cluster' ? 'clusters' : 'hosts';
      await arm.put(`${siteId}/${kind}/${slugOf(fqdn)}`, api, { properties }, signal);
      return;
    }
    case 'server': // a site of servers knows machines only
  }
}

interface Account {
  readonly name: string;
  readonly user: string;
  readonly credentialType: CredentialType;
}

/** What the appliance holds for machines and hosts of a kind; secrets stay here. */
function accountsOf({ guests, credentials }: ApplianceConfig, kind: SourceKind): Account[] {
  const inGuests = guests.credentials.map(
    ({ name, user, family }): Account => ({
      name,
      user,
      credentialType: family === 'windows' ? 'WindowsGuest' : 'LinuxGuest',
    }),
  );
  if (kind === 'vmware') return inGuests;
  const own = credentials
    .filter((one) => (one.kind === 'hyperv') === (kind === 'hyperv'))
    .map(
      ({ name, user, kind: of }): Account => ({
        name,
        user,
        credentialType: of === 'hyperv' ? 'HyperVFabric' : of === 'windows' ? 'WindowsServer' : 'LinuxServer',
      }),
    );
  return kind === 'hyperv' ? [...own, ...inGuests] : own;
}

/** Letters, digits and hyphens of a host name. */
function slugOf(fqdn: string): string {
  return fqdn.toLowerCase().replace(/[^a-z0-9]+/g, '-');
}

/** A name-based UUID (RFC 9562, version 8: SHA-256): the same name gives the same id in every life. */
function uuidOf(name: string): string {
  const b = createHash('sha256').update(name).digest().subarray(0, 16);
  b[6] = (b[6]! & 0x0f) | 0x80;
  b[8] = (b[8]! & 0x3f) | 0x80;
  const h = b.toString('hex');
  return `${h.slice(0, 8)}-${h.slice(8, 12)}-${h.slice(12, 16)}-${h.slice(16, 20)}-${h.slice(20)}`;
}
