/** The sources of a configuration, each with its client; all of one appliance's life. */
import type { Entropy } from '#core/entropy/entropy.ts';
import type { Transport } from '#core/net/transport.ts';
import type { Clock } from '#core/time/clock.ts';
import type { Counters } from '#core/trace/recorder.ts';
import type { LiveSource, ReplicationSource } from '../app/ports.ts';
import { type ApplianceConfig, tlsOf } from '../config.ts';
import type { Credentials } from '../credentials.ts';
import type { Logger } from '../log.ts';
import { hypervSource } from './hyperv/hyperv-source.ts';
import type { SourceMemory } from './servers/memory.ts';
import { Machines } from './servers/run-on-machine.ts';
import { serversSource } from './servers/servers-source.ts';
import { vsphereSource } from './vsphere/vsphere-source.ts';
import { Logins } from './winrm/logins.ts';

export interface SourcesOptions {
  config: ApplianceConfig;
  credentials: Credentials;
  transport: Transport;
  clock: Clock;
  entropy: Entropy;
  life: AbortSignal;
  log: Logger;
  counters: Counters;
  trust: readonly string[] | undefined;
  /** What sources know beyond a restart. @param of tells them apart */
  memory: (of: string) => SourceMemory;
}

export interface Sources {
  readonly vmware: readonly ReplicationSource[];
  readonly hyperv: readonly LiveSource[];
  /** One for the whole list, or none. */
  readonly servers: readonly LiveSource[];
  /** Signs out everywhere. Never throws. */
  close(): Promise<void>;
}

/** The list of servers in logs, problems and the store. */
const SERVERS = 'servers';

export function openSources(options: SourcesOptions): Sources {
  const { config, credentials, trust, memory } = options;
  const vmware = config.vcenters.map((vcenter) =>
    vsphereSource({
      ...options,
      ...vcenter,
      password: credentials.passwords.get(vcenter.host)!,
      tls: tlsOf(vcenter, trust),
    }),
  );
  const hyperv = hypervSources(options);
  const servers =
    config.servers.list.length === 0
      ? []
      : [
          serversSource({
            ...options,
            name: SERVERS,
            targets: config.servers.list.map((server) => ({ ...server, tls: tlsOf(server, trust) })),
            credentials: credentials.servers,
            memory: memory(SERVERS),
          }),
        ];
  return {
    vmware,
    hyperv: hyperv.sources,
    servers,
    async close() {
      await Promise.all([...vmware, ...hyperv.sources, ...servers].map((source) => source.close()));
      hyperv.guests?.close();
    },
  };
}

function hypervSources(options: SourcesOptions): { sources: LiveSource[]; guests: Machines | undefined } {
  const { config, credentials, trust, memory, clock } = options;
  if (config.hyperv.hosts.length === 0) return { sources: [], guests: undefined };
  // an account of a domain is one on all hosts and in all guests: what was refused counts for all
  const logins = new Logins(clock);
  const keys = memory('hyperv');
  const hostKeys = {
    get: (place: string) => keys.get(`hostKey.${place}`),
    set: (place: string, key: string) => keys.set(`hostKey.${place}`, key),
  };
  const guests = new Machines({ ...options, logins, hostKeys });
  const sources = config.hyperv.hosts.map(({ credential, ...host }) =>
    hypervSource({
      ...options,
      ...host,
      tls: tlsOf(host, trust),
      credentials: credentials.hosts.filter(({ name }) => credential === undefined || credential === name),
      logins,
      machines: guests,
    }),
  );
  return { sources, guests };
}
