/** A Hyper-V host as its providers see it: a host of the estate, the machines on it now, and the clock. */
import type { Entropy } from '#core/entropy/entropy.ts';
import type { Clock } from '#core/time/clock.ts';
import type { Estate } from '../estate/estate.ts';
import type { Guests } from '../estate/guest/guests.ts';
import type { Host, Machine } from '../estate/model.ts';
import type { FaultPoints } from '../kit/fault-points.ts';

export interface HypervHost {
  readonly estate: Estate;
  readonly guests: Guests;
  readonly host: Host;
  readonly clock: Clock;
  readonly entropy: Entropy;
  /** NetBIOS name: upper case, at most 15 characters. */
  readonly computer: string;
  readonly release: WindowsRelease;
  /** Where a scenario acts; nowhere when left out. */
  readonly faults?: FaultPoints | undefined;
}

/** What differs between the releases that can host what the appliance supports. */
export interface WindowsRelease {
  /** "Microsoft Windows Server 2019 Datacenter" */
  readonly caption: string;
  /** "10.0.17763" */
  readonly version: string;
  /** Newest version of a machine's configuration, "9.0", and those before that machines may have kept. */
  readonly configurationVersion: string;
  readonly olderConfigurations: readonly string[];
  /** Resilient change tracking came with 2016. */
  readonly changeTracking: boolean;
}

export const RELEASES = {
  '2012 R2': release('2012 R2', '6.3.9600', '5.0', []),
  '2016': release('2016', '10.0.14393', '8.0', ['5.0']),
  '2019': release('2019', '10.0.17763', '9.0', ['8.0']),
  '2022': release('2022', '10.0.20348', '10.0', ['9.0', '8.0']),
  '2025': release('2025', '10.0.26100', '12.0', ['10.0', '9.0']),
} as const satisfies Record<string, WindowsRelease>;

export type ReleaseName = keyof typeof RELEASES;

function release(
  name: string,
  version: string,
  configurationVersion: string,
  olderConfigurations: readonly string[],
): WindowsRelease {
  return {
    caption: `Microsoft Windows Server ${name} Datacenter`,
    version,
    configurationVersion,
    olderConfigurations,
    changeTracking: !version.startsWith('6.'),
  };
}

interface Index {
  readonly byHost: ReadonlyMap<string, readonly Machine[]>;
  readonly byGuid: ReadonlyMap<string, Machine>;
  readonly byName: ReadonlyMap<string, readonly Machine[]>;
}

/** By the estate's list of machines, which is another one after every change. */
const INDEXES = new WeakMap<readonly Machine[], Index>();

function indexOf({ estate }: HypervHost): Index {
  const machines = estate.machines();
  let index = INDEXES.get(machines);
  if (!index) {
    // templates are no machines on Hyper-V
    const real = machines.filter(({ template }) => !template);
    index = {
      byHost: Map.groupBy(real, ({ hostId }) => hostId),
      byGuid: new Map(real.map((machine) => [machineGuid(machine), machine])),
      byName: Map.groupBy(real, ({ name }) => name.toLowerCase()),
    };
    INDEXES.set(machines, index);
  }
  return index;
}

/** The machines that are on the host now. */
export function machinesOf(host: HypervHost): readonly Machine[] {
  return indexOf(host).byHost.get(host.host.id) ?? [];
}

/** The machine of that GUID, if it is on the host now. @param guid in any case */
export function machineByGuid(host: HypervHost, guid: string): Machine | undefined {
  const machine = indexOf(host).byGuid.get(guid.toUpperCase());
  return machine?.hostId === host.host.id ? machine : undefined;
}

/**
 * Machines whose files the host reaches: its own, and those of its whole cluster.
 * @param name of a machine in lower case; all when left out
 */
export function reachedMachines(host: HypervHost, name?: string): readonly Machine[] {
  const { clusterId, id } = host.host;
  const { facts } = host.estate;
  const near = new Set(
    clusterId === undefined
      ? [id]
      : facts.hosts.filter((other) => other.clusterId === clusterId).map((other) => other.id),
  );
  const machines = name === undefined ? host.estate.machines() : (indexOf(host).byName.get(name) ?? []);
  return machines.filter(({ hostId, template }) => near.has(hostId) && !template);
}

/** Msvm_ComputerSystem.Name: a GUID in upper case. */
export function machineGuid({ instanceUuid }: Machine): string {
  return instanceUuid.toUpperCase();
}

/** Volume that machines' files are on: a cluster's shared one, or the host's own folder. */
export function volumeOf({ host }: HypervHost): string {
  return host.clusterId === undefined ? 'C:\\Hyper-V' : 'C:\\ClusterStorage\\Volume1';
}
