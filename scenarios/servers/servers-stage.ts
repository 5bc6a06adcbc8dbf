/** The appliance's source of servers in a world of servers in racks, without the rest of the appliance. */
import type { GuestCredential, LiveSource } from '#appliance/app/ports.ts';
import type { ServerMachine, SourceChanges } from '#appliance/app/source-machines.ts';
import { createLog } from '#appliance/log.ts';
import { serversSource } from '#appliance/sources/servers/servers-source.ts';
import type { ServerTarget } from '#appliance/sources/servers/targets.ts';
import type { Transport } from '#core/net/transport.ts';
import { estateAccounts } from '#simulators/estate/guest/accounts.ts';
import type { Guest } from '#simulators/estate/guest/guest.ts';
import { guestsOf } from '#simulators/estate/guest/guests.ts';
import { planEstate } from '../kit/estate-plan.ts';
import { InputFiles } from '../kit/input-files.ts';
import { parseScenario } from '../kit/scenario-yaml.ts';
import { World } from '../kit/world.ts';

export interface ServersStage extends AsyncDisposable {
  readonly world: World;
  readonly targets: readonly ServerTarget[];
  readonly credentials: readonly GuestCredential[];
  /** What the source keeps over restarts. */
  readonly memory: Map<string, string>;
  readonly lines: readonly string[];
  source(options?: {
    readonly targets?: readonly ServerTarget[];
    readonly credentials?: readonly GuestCredential[];
    /** In place of the network's own. */
    readonly dial?: Transport['dial'];
  }): LiveSource;
  /** Lets time pass until the story is told. */
  run<T>(story: () => Promise<T>): Promise<T>;
  /** The inside of the machine at an address of the list. */
  guest(address: string): Guest;
}

/** @param generate of the scenario: "linux: 3, windows: 2" */
export async function serversStage(
  generate: string,
  tier: 'memory' | 'loopback' = 'memory',
): Promise<ServersStage> {
  const seed = 'seed';
  const text = `drylift: scenario/v1
name: servers
says: Servers in racks.
estate:
  generate:
    servers: { ${generate} }
script: [register]
`;
  const scenario = parseScenario(text, 'servers.scenario.yaml');
  const world = await World.start({
    scenario,
    estate: planEstate(scenario.estate, seed, new InputFiles('.')),
    seed,
    tier,
    signal: new AbortController().signal,
  });
  const guests = guestsOf(world.servers);
  const listed = world.listedServers().map(({ machine }) => guests.guest(machine.id)!);
  const targets = listed.flatMap((guest): ServerTarget[] => {
    const { family } = guest.os;
    if (family === 'other') return [];
    return [
      {
        address: guest.addresses()[0]!,
        os: family,
        port: undefined,
        // what only its own administrator knows is written beside the server, as people do
        credential: isOrphan(guest) ? `own-${guest.hostName}` : undefined,
        name: undefined,
        hostKey: undefined,
        tls: { trust: [world.trust] },
      },
    ];
  });
  const credentials = [
    ...estateAccounts(seed).map(({ id, family, user, password }) => ({ name: id, family, user, password })),
    ...listed
      .filter(isOrphan)
      .flatMap((guest) =>
        guest
          .accounts()
          .map(({ family, user, password }) => ({ name: `own-${guest.hostName}`, family, user, password })),
      ),
  ];
  const memory = new Map<string, string>();
  const lines: string[] = [];
  const sources: LiveSource[] = [];
  const { clock, entropy, counters } = world;
  return {
    world,
    targets,
    credentials,
    memory,
    lines,
    source: (options = {}) => {
      const source = serversSource({
        name: 'servers',
        targets: options.targets ?? targets,
        credentials: options.credentials ?? credentials,
        memory: {
          get: async (key) => memory.get(key),
          set: async (key, value) => void memory.set(key, value),
        },
        transport: {
          ...world.networkAs('appliance'),
          ...(options.dial ? { dial: options.dial } : {}),
        },
        clock,
        entropy,
        counters,
        log: createLog({ clock, level: 'debug', write: (line) => lines.push(line) }),
      });
      sources.push(source);
      return source;
    },
    run: (story) => clock.run(story()),
    guest: (address) => listed.find((guest) => guest.addresses().includes(address))!,
    async [Symbol.asyncDispose]() {
      for (const source of sources) await source.close();
      await world.stop();
    },
  };
}

const isOrphan = (guest: Guest): boolean => guest.accounts().every(({ id }) => id === 'own');

const NEVER = new AbortController().signal;

/** Machines by address, and who could not be reached. */
export async function lookAt(
  source: LiveSource,
): Promise<{ machines: Map<string, ServerMachine>; changes: SourceChanges; codes: Record<string, string> }> {
  const changes = await source.changes(0, NEVER);
  const machines = new Map(
    changes.machines.flatMap((machine) =>
      machine.kind === 'server' ? [[machine.address, machine] as const] : [],
    ),
  );
  return {
    machines,
    changes,
    codes: Object.fromEntries(changes.unreached.map(({ name, code }) => [name, code])),
  };
}
