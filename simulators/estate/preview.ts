/** What an estate amounts to, for people and for machines: counts, totals, and what had to be derived. */
import { type Bytes, formatBytes, MIB } from '#core/units.ts';
import type { EstateFacts, WorkloadShape } from './model.ts';

export interface EstateSummary {
  readonly name: string;
  readonly seed: string;
  readonly datacenters: number;
  readonly clusters: number;
  readonly hosts: number;
  readonly datastores: number;
  readonly networks: number;
  /** Templates included, as in vCenter. */
  readonly machines: number;
  readonly poweredOn: number;
  readonly poweredOff: number;
  readonly suspended: number;
  readonly templates: number;
  readonly cores: number;
  readonly memoryBytes: Bytes;
  readonly disks: number;
  readonly diskBytes: Bytes;
  /** In use within the guests, of the disks of which that is known. */
  readonly diskUsedBytes: Bytes;
  readonly disksWithKnownUse: number;
  readonly adapters: number;
  /** Machines by operating system, most frequent first. */
  readonly operatingSystems: readonly { readonly name: string; readonly machines: number }[];
  /** Machines by load shape; those that replay a recorded trace count as "recorded". */
  readonly loads: readonly { readonly name: WorkloadShape | 'recorded'; readonly machines: number }[];
  readonly derivations: number;
  /** Derivations of one kind together, most frequent first. */
  readonly derived: readonly DerivedGroup[];
}

export interface DerivedGroup {
  /** "machine", "disk", "adapter", "host" … */
  readonly kind: string;
  readonly field: string;
  readonly reason: string;
  readonly count: number;
  /** The first of them. */
  readonly example: string;
}

export function summariseEstate(facts: EstateFacts): EstateSummary {
  const { machines } = facts;
  const disks = machines.flatMap((machine) => machine.disks);
  const known = disks.filter(({ usedBytes }) => usedBytes !== undefined);
  const powered = (power: string) => machines.filter((machine) => machine.power === power).length;
  const total = <T>(items: readonly T[], of: (item: T) => number) =>
    items.reduce((sum, item) => sum + of(item), 0);
  return {
    name: facts.name,
    seed: facts.seed,
    datacenters: facts.datacenters.length,
    clusters: facts.clusters.length,
    hosts: facts.hosts.length,
    datastores: facts.datastores.length,
    networks: facts.networks.length,
    machines: machines.length,
    poweredOn: powered('on'),
    poweredOff: powered('off'),
    suspended: powered('suspended'),
    templates: machines.filter(({ template }) => template).length,
    cores: total(machines, ({ cores }) => cores),
    memoryBytes: total(machines, ({ memoryMiB }) => memoryMiB * MIB),
    disks: disks.length,
    diskBytes: total(disks, ({ sizeBytes }) => sizeBytes),
    diskUsedBytes: total(known, ({ usedBytes }) => usedBytes!),
    disksWithKnownUse: known.length,
    adapters: total(machines, ({ nics }) => nics.length),
    operatingSystems: frequencies(machines.map(({ os }) => os.fullName)),
    loads: frequencies(
      machines.map(({ workload }) =>
        workload.cpuTrace === undefined ? workload.shape : ('recorded' as const),
      ),
    ),
    derivations: facts.derivations.length,
    derived: groupDerivations(facts),
  };
}

/** The summary as lines of plain text. */
export function formatSummary(summary: EstateSummary): string {
  const s = summary;
  const use =
    s.disksWithKnownUse === 0
      ? ''
      : `, ${formatBytes(s.diskUsedBytes)} known to be in use on ${s.disksWithKnownUse}`;
  const lines = [
    `${s.name} (seed ${s.seed})`,
    `  places    ${plural(s.datacenters, 'datacenter')}, ${plural(s.clusters, 'cluster')}, ${plural(s.hosts, 'host')}, ${plural(s.datastores, 'datastore')}, ${plural(s.networks, 'network')}`,
    `  machines  ${s.machines}: ${s.poweredOn} on, ${s.poweredOff} off, ${s.suspended} suspended; ${plural(s.templates, 'template')} among them`,
    `  compute   ${plural(s.cores, 'core')}, ${formatBytes(s.memoryBytes)} memory`,
    `  storage   ${plural(s.disks, 'disk')}, ${formatBytes(s.diskBytes)}${use}`,
    `  network   ${plural(s.adapters, 'adapter')}`,
    `  load      ${s.loads.map(({ name, machines }) => `${machines} ${name}`).join(', ')}`,
    '  operating systems',
    ...s.operatingSystems.map(({ name, machines }) => `    ${String(machines).padStart(5)}  ${name}`),
  ];
  if (s.derivations > 0) {
    lines.push(`  derived, since the source does not say: ${plural(s.derivations, 'value')}`);
    for (const { kind, field, reason, count, example } of s.derived)
      lines.push(`    ${String(count).padStart(5)}  ${kind} ${field}: ${reason} (${example})`);
  }
  return `${lines.join('\n')}\n`;
}

function groupDerivations(facts: EstateFacts): DerivedGroup[] {
  const groups = new Map<
    string,
    { kind: string; field: string; reason: string; count: number; example: string }
  >();
  for (const { object, field, value, reason } of facts.derivations) {
    const kind = object.split(' ')[0]!;
    const key = `${kind}\u0000${field}\u0000${reason}`;
    const group = groups.get(key);
    if (group) group.count++;
    else groups.set(key, { kind, field, reason, count: 1, example: `${object}: ${value}` });
  }
  return [...groups.values()].sort((a, b) => b.count - a.count); // stable: equal counts in order of appearance
}

function frequencies<T extends string>(names: readonly T[]): { name: T; machines: number }[] {
  const counts = new Map<T, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts]
    .map(([name, machines]) => ({ name, machines }))
    .sort((a, b) => b.machines - a.machines || (a.name < b.name ? -1 : 1));
}

const plural = (count: number, thing: string) => `${count} ${thing}${count === 1 ? '' : 's'}`;
