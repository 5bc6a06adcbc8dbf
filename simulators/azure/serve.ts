/**
 * `drylift serve azure`: the cloud for other people's clients, at wall time, behind a forward proxy on this
 * machine. Clients keep the real host names; they are told the proxy and the authority to trust.
 */
import { Entropy } from '#core/entropy/entropy.ts';
import { createAuthority } from '#core/net/certificates.ts';
import { LinkRules } from '#core/net/link-rules.ts';
import { TcpNetwork } from '#core/net/tcp-network.ts';
import { SystemClock } from '#core/time/system-clock.ts';
import { Counters } from '#core/trace/recorder.ts';
import { DAY } from '#core/units.ts';
import { startProxy } from '../internet/forward-proxy.ts';
import type { SimulatorContext } from '../kit/context.ts';
import { FaultPoints } from '../kit/fault-points.ts';
import type { ServeOutcome } from '../kit/serve.ts';
import type { SeedResources } from './landing-zone.ts';
import { startAzure } from './server.ts';

export interface ServeAzureOptions {
  /** Port of the proxy on 127.0.0.1; a free one by default. */
  readonly port?: number;
  /** Gives identifiers and secrets: the same seed, the same environment. */
  readonly seed?: string;
}

const CERTIFICATE_DAYS = 30;
const GROUP = 'rehearsal';
const PROJECT = 'move';
const VAULT = 'rehearsal-vault';

/** Starts everything. @throws DryliftError `net.listen` */
export async function serveAzure({ port = 0, seed = 'serve' }: ServeAzureOptions): Promise<ServeOutcome> {
  const clock = new SystemClock();
  const entropy = new Entropy(seed);
  const network = new TcpNetwork({ tier: 'wall', links: new LinkRules(clock) });
  const now = clock.wall();
  const authority = await createAuthority('drylift serve azure', {
    from: now - DAY,
    to: now + CERTIFICATE_DAYS * DAY,
  });
  const recorder = { record: () => {} };
  const context: SimulatorContext = {
    clock,
    entropy,
    transport: network.as('azure'),
    recorder,
    counters: new Counters(),
    faults: new FaultPoints({ clock, recorder }),
    identityFor: (names) => authority.issue(names),
  };
  const resources = seedResources(entropy);
  const client = resources.clients[0]!;
  try {
    const azure = await startAzure({ context, seed: resources });
    const proxy = await startProxy({
      context: { ...context, transport: network.as('internet') },
      at: { host: '127.0.0.1', port },
      route: (host, at) => (azure.knows(host, at) ? { host, port: at } : undefined),
      dialAs: (node) => network.as(node),
    });
    const ca = { name: 'drylift-azure-ca.pem', content: authority.certificatePem };
    const key = azure.storage.account(resources.logAccount)!.keys[0];
    return {
      exports: {
        HTTPS_PROXY: `http://127.0.0.1:${proxy.endpoint.port}`,
        AZURE_TENANT_ID: resources.tenantId,
        AZURE_CLIENT_ID: client.clientId,
        AZURE_CLIENT_SECRET: client.secret,
        AZURE_SUBSCRIPTION_ID: resources.subscriptionId,
        AZ_RG: resources.resourceGroup,
        AZ_VAULT: resources.vault,
        AZ_MIGRATE_PROJECT: resources.project,
        AZ_BLOB_CONNECTION_STRING: `DefaultEndpointsProtocol=https;AccountName=${resources.logAccount};AccountKey=${key};EndpointSuffix=core.windows.net`,
      },
      files: { NODE_EXTRA_CA_CERTS: ca, REQUESTS_CA_BUNDLE: ca },
      async stop() {
        await proxy.stop();
        await azure.stop();
        await network.close();
      },
    };
  } catch (error) {
    await network.close();
    throw error;
  }
}

function seedResources(entropy: Entropy): SeedResources {
  return {
    tenantId: entropy.uuid('serve.tenant'),
    clients: [
      {
        clientId: entropy.uuid('serve.client'),
        objectId: entropy.uuid('serve.object'),
        name: 'rehearsal',
        secret: entropy.hex(40, 'serve.secret'),
        roles: ['Owner', 'Storage Blob Data Contributor'],
      },
    ],
    subscriptionId: entropy.uuid('serve.subscription'),
    resourceGroup: GROUP,
    region: 'westeurope',
    project: PROJECT,
    vault: VAULT,
    logAccount: `migratelsa${entropy.hex(10, 'serve.account')}`,
  };
}
