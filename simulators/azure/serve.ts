/**
 * `drylift serve azure`: the cloud for other people's clients, at wall time or paced. Clients that take a proxy
 * keep the real host names; clients that take an endpoint find every service on a port of its own besides.
 */
import type { Entropy } from '#core/entropy/entropy.ts';
import { openEstate } from '../estate/open-estate.ts';
import { startProxy } from '../internet/forward-proxy.ts';
import { startInternetHosts } from '../internet/hosts.ts';
import { serveNtp } from '../internet/ntp.ts';
import type { ServeOutcome } from '../kit/serve.ts';
import { createWallWorld } from '../kit/wall-world.ts';
import { type CloudName, cloudNamed } from './cloud.ts';
import type { SeedResources } from './landing-zone.ts';
import { type Preloaded, preloadEstate } from './preloaded/preload-estate.ts';
import { type AzureSimulator, startAzure } from './server.ts';

export interface ServeAzureOptions {
  /** RVTools workbook with the machines that an appliance has discovered. */
  readonly estate?: string;
  /** Or so many generated machines; 8. */
  readonly machines?: number;
  /** Port of the proxy on 127.0.0.1; a free one by default. */
  readonly port?: number;
  /** Client id of the application that owns the subscription; derived from the seed by default. */
  readonly user?: string;
  /** Its secret. */
  readonly password?: string;
  readonly cloud?: CloudName;
  /** Story seconds per real second; 1. */
  readonly pace?: number;
  /** Gives identifiers and secrets: the same seed, the same environment. */
  readonly seed?: string;
}

const GROUP = 'rehearsal';
const PROJECT = 'move';
const VAULT = 'rehearsal-vault';
const KEY_VAULT = 'rehearsal-secrets';
const MACHINES = 8;
/** Signs in on the pages, by code or on the device page. */
const PERSON = 'operator@rehearsal.onmicrosoft.com';

/** Starts everything. @throws `estate.noFile`, `net.listen`, errors of the workbook */
export async function serveAzure(options: ServeAzureOptions): Promise<ServeOutcome> {
  const { port = 0, seed = 'serve', cloud = 'public', pace = 1 } = options;
  const estate = openEstate({ ...options, seed }, MACHINES);
  const world = await createWallWorld({ name: 'drylift serve azure', seed, pace });
  const { clock, entropy } = world;
  const context = world.context('azure');
  const internet = world.context('internet');
  const resources = seedResources(entropy, options);
  try {
    const azure = await startAzure({ context, seed: resources, cloud, direct: true, pace });
    const preloaded = preloadEstate({ azure, context, seed: resources, estate });
    const { telemetryHosts } = cloudNamed(cloud);
    const others = await startInternetHosts({ context: internet, telemetryHosts });
    const proxy = await startProxy({
      context: internet,
      at: { host: '127.0.0.1', port },
      route: (host, at) => (azure.knows(host, at) || others.knows(host, at) ? { host, port: at } : undefined),
      dialAs: (node) => world.context(node).transport,
    });
    // last: nothing else would end it when the proxy cannot start
    const time = await serveNtp({ clock, port: 0 });
    const ca = { name: 'drylift-azure-ca.pem', content: world.authority };
    return {
      exports: {
        ...environment(azure, resources, preloaded, cloud, proxy.endpoint.port),
        AZ_NTP: `127.0.0.1:${time.endpoint.port}`,
      },
      files: { NODE_EXTRA_CA_CERTS: ca, REQUESTS_CA_BUNDLE: ca },
      async stop() {
        await proxy.stop();
        await time.stop();
        await others.stop();
        await azure.stop();
        await world.close();
      },
    };
  } catch (error) {
    await world.close();
    throw error;
  }
}

/** What clients need to know, and nothing of it twice. */
function environment(
  azure: AzureSimulator,
  resources: SeedResources,
  preloaded: Preloaded,
  cloud: CloudName,
  proxyPort: number,
): Record<string, string> {
  const { direct } = azure;
  const client = resources.clients[0]!;
  const account = resources.logAccount;
  const key = azure.storage.account(account)!.keys[0];
  const endpoints = (['blob', 'queue', 'table'] as const).flatMap((kind) => {
    const origin = direct[kind];
    const name = `${kind[0]!.toUpperCase()}${kind.slice(1)}Endpoint`;
    return origin === undefined ? [] : [`${name}=${origin}/${account}`];
  });
  const common = `DefaultEndpointsProtocol=https;AccountName=${account};AccountKey=${key}`;
  return {
    HTTPS_PROXY: `http://127.0.0.1:${proxyPort}`,
    // what listens on this machine is not reached through the proxy
    NO_PROXY: '127.0.0.1,localhost',
    AZURE_TENANT_ID: resources.tenantId,
    AZURE_CLIENT_ID: client.clientId,
    AZURE_CLIENT_SECRET: client.secret,
    AZURE_SUBSCRIPTION_ID: resources.subscriptionId,
    AZURE_AUTHORITY_HOST: `https://${cloudNamed(cloud).loginHosts[0]}`,
    AZ_LOGIN: direct.login!,
    AZ_ARM: direct.arm!,
    AZ_TENANT: resources.tenantId,
    AZ_CLIENT: client.clientId,
    AZ_SECRET: client.secret,
    AZ_USER: PERSON,
    AZ_PASSWORD: resources.people![0]!.password!,
    AZ_SUBSCRIPTION: resources.subscriptionId,
    AZ_GRAPH: direct.graph!,
    AZ_DISCOVERY: direct.discovery!,
    AZ_REPLICATION: direct.replication!,
    AZ_RG: resources.resourceGroup,
    AZ_LOCATION: resources.region,
    AZ_STORAGE_ACCOUNT: account,
    AZ_BLOB_CONNECTION_STRING: `${common};${endpoints.join(';')}`,
    AZ_KEYVAULT: KEY_VAULT,
    AZ_KEYVAULT_URL: direct.vault!,
    AZ_VAULT: resources.vault,
    AZ_FABRIC: preloaded.fabric,
    AZ_CONTAINER: preloaded.container,
    AZ_AGENT_FABRIC: preloaded.agents.fabric,
    AZ_AGENT_CONTAINER: preloaded.agents.container,
    AZ_PROCESS_SERVER: preloaded.agents.processServer,
    AZ_MIGRATE_PROJECT: resources.project,
    AZ_SITE: preloaded.site,
    AZ_GROUP: preloaded.group,
    AZ_ASSESSMENT: preloaded.assessment,
  };
}

function seedResources(entropy: Entropy, { user, password, cloud }: ServeAzureOptions): SeedResources {
  return {
    tenantId: entropy.uuid('serve.tenant'),
    tenantDomains: ['rehearsal.onmicrosoft.com'],
    clients: [
      {
        clientId: user ?? entropy.uuid('serve.client'),
        objectId: entropy.uuid('serve.object'),
        name: 'rehearsal',
        secret: password ?? entropy.hex(40, 'serve.secret'),
        roles: [
          'Owner',
          'Key Vault Administrator',
          'Storage Blob Data Contributor',
          'Storage Queue Data Contributor',
          'Storage Table Data Contributor',
        ],
      },
    ],
    people: [
      {
        objectId: entropy.uuid('serve.person'),
        userPrincipalName: PERSON,
        name: 'Operator',
        password: entropy.hex(24, 'serve.password'),
        roles: ['Owner'],
      },
    ],
    subscriptionId: entropy.uuid('serve.subscription'),
    resourceGroup: GROUP,
    region: cloud === 'government' ? 'usgovvirginia' : 'westeurope',
    project: PROJECT,
    vault: VAULT,
    keyVault: KEY_VAULT,
    logAccount: `migratelsa${entropy.hex(10, 'serve.account')}`,
  };
}
