/** Azure as the domain's Cloud: the clients of this folder, wired. */
import { createHash } from 'node:crypto';
import { assert } from '#core/assert.ts';
import type { Entropy } from '#core/entropy/entropy.ts';
import { HttpClient } from '#core/net/http-client.ts';
import type { Transport } from '#core/net/transport.ts';
import type { Clock } from '#core/time/clock.ts';
import type { Counters } from '#core/trace/recorder.ts';
import type { Cloud, SiteCloud } from '../../app/cloud-ports.ts';
import type { SourceKind } from '../../app/source-machines.ts';
import type { ApplianceConfig, CloudConfig } from '../../config.ts';
import { armClient } from './arm-client.ts';
import { AzureHttp } from './azure-http.ts';
import { discoveryMessages } from './discovery-messages.ts';
import { type DiscoveryService, discoveryService } from './discovery-service.ts';
import { register } from './registration.ts';
import { replicationService } from './replication-service.ts';
import { TokenClient } from './token-client.ts';

export interface AzureOptions {
  config: ApplianceConfig;
  /** With the client secret in place. */
  clientSecret: string;
  version: string;
  transport: Transport;
  clock: Clock;
  entropy: Entropy;
  counters: Counters;
  trust: readonly string[] | undefined;
  incarnation: number;
}

export interface AzureCloud extends Cloud {
  /** Asks for one token: are authority, tenant, application and secret right? @throws `azure.login.*`, `net.*` */
  signIn(signal: AbortSignal): Promise<void>;
  close(): void;
}

/** Uploads, control and data plane share the proxy: enough connections for all. */
const CONNECTIONS_PER_HOST = 64;

export function azureCloud(options: AzureOptions): AzureCloud {
  const { config, clientSecret, version, transport, clock, entropy, counters, trust, incarnation } = options;
  const { cloud, applianceName, proxy } = config;
  const http = new HttpClient({
    transport,
    clock,
    tls: trust ? { trust } : {},
    connectionsMax: CONNECTIONS_PER_HOST,
    ...(proxy ? { proxy } : {}),
  });
  const { authorityHost, tenantId, clientId } = cloud;
  const tokens = new TokenClient({ http, clock, counters, authorityHost, tenantId, clientId, clientSecret });
  const azure = new AzureHttp({ http, tokens, entropy, counters, incarnation });
  const arm = armClient({ azure, clock, endpoint: cloud.arm });

  function siteOf(kind: SourceKind): SiteCloud {
    let discovery: DiscoveryService | undefined;
    const registered = (): DiscoveryService => {
      assert(discovery, 'nothing is sent before the appliance is registered');
      return discovery;
    };
    return {
      kind,
      forms: discoveryMessages,
      async register(sources, signal) {
        const connect = (base: string): DiscoveryService =>
          discoveryService({ azure, base, audience: cloud.discoveryAudience, applianceName });
        const registration = await register({ kind, arm, config, version, connect }, sources, signal);
        discovery = connect(registration.serviceEndpoint);
        return registration;
      },
      heartbeat: (beat, signal) => registered().heartbeat(beat, clock.wall(), signal),
      sequences: (signal) => registered().sequences(signal),
      send: (batch, sequence, body, signal) => registered().send(batch, sequence, body, signal),
    };
  }

  const sites = { vmware: siteOf('vmware'), hyperv: siteOf('hyperv'), server: siteOf('server') };

  return {
    site: (kind) => sites[kind],
    signIn: async (signal) => void (await tokens.token(cloud.arm, signal)),
    replication:
      cloud.vault === undefined
        ? undefined
        : replicationService({
            azure,
            http,
            counters,
            base: replicationBase(cloud, cloud.vault),
            audience: cloud.replicationAudience,
            applianceName,
          }),
    close: () => http.close(),
  };
}

/** [docs/protocols/appliance-data-planes.md §2] */
function replicationBase({ region, subscriptionId, resourceGroup }: CloudConfig, vault: string): string {
  const id = `/subscriptions/${subscriptionId}/resourceGroups/${resourceGroup}/providers/Microsoft.RecoveryServices/vaults/${vault}`;
  const token = createHash('md5').update(id.toLowerCase()).digest('hex');
  return `https://pod01.${region}.hypervrecoverymanager.windowsazure.com/v1/vaults/${token}`;
}
