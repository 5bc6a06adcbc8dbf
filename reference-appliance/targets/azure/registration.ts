/**
 * Making the appliance known to its project: the site with the appliance's name, one collector that ties the site to
 * the assessment project, and each vCenter. Everything is a PUT of a resource whose name follows from the
 * configuration, so that a second registration changes nothing. [Microsoft.OffAzure 2020-07-07,
 * Microsoft.Migrate 2019-10-01]
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { defineErrors } from '#core/errors.ts';
import type { Registration, VmwareAbout } from '../../app/ports.ts';
import type { CloudConfig } from '../../config.ts';
import type { ArmClient } from './arm-client.ts';
import { readAs } from './azure-http.ts';
import type { DiscoveryService } from './discovery-service.ts';

export const errors = defineErrors({
  'azure.project.missing': {
    blame: 'input',
    retry: 'after-change',
    why: 'The assessment project that the appliance is to report to does not exist.',
    next: 'Create the Azure Migrate project in the portal first, or correct cloud.project, cloud.resourceGroup and cloud.subscriptionId.',
  },
});

const OFF_AZURE = '2020-07-07';
const MIGRATE = '2019-10-01';

const SITE = z.object({
  id: z.string(),
  properties: z.object({ serviceEndpoint: z.url() }).loose(),
});

export interface RegistrationOptions {
  arm: ArmClient;
  cloud: CloudConfig;
  applianceName: string;
  version: string;
  /** Port by vCenter host. */
  ports: ReadonlyMap<string, number>;
  /** The data plane at a service endpoint. */
  connect: (serviceEndpoint: string) => DiscoveryService;
}

/** @throws `azure.project.missing`, `azure.*`, `net.*` */
export async function register(
  { arm, cloud, applianceName, version, ports, connect }: RegistrationOptions,
  sources: readonly VmwareAbout[],
  signal: AbortSignal,
): Promise<Registration> {
  const group = `/subscriptions/${cloud.subscriptionId}/resourceGroups/${cloud.resourceGroup}`;
  const projectId = `${group}/providers/Microsoft.Migrate/assessmentProjects/${cloud.project}`;
  const siteId = `${group}/providers/Microsoft.OffAzure/vmwareSites/${cloud.siteName}`;
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
    OFF_AZURE,
    {
      location: cloud.region,
      properties: { applianceName, servicePrincipalIdentityDetails: principal, agentDetails: {} },
    },
    signal,
  );
  const site = readAs(SITE, `site ${cloud.siteName}`, put);
  const serviceEndpoint = site.properties.serviceEndpoint.replace(/\/$/, '');
  const service = connect(serviceEndpoint);
  for (const { fqdn } of sources) {
    const account = uuidOf(`${siteId}/${fqdn}`);
    await service.putRunAsAccount(account, `${fqdn} account`, 'VMwareFabric', signal);
    await arm.put(
      `${siteId}/vcenters/${vcenterName(fqdn)}`,
      OFF_AZURE,
      {
        properties: {
          fqdn,
          port: String(ports.get(fqdn) ?? 443),
          friendlyName: fqdn,
          runAsAccountId: `${siteId}/runAsAccounts/${account}`,
        },
      },
      signal,
    );
  }
  await arm.put(
    `${projectId}/vmwarecollectors/${applianceName}collector`,
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

/** `{vcenter-slug}`: letters, digits and hyphens of the host name. */
function vcenterName(fqdn: string): string {
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
