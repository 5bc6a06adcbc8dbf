/**
 * The performance counters on offer, with the ids that a vCenter 6.5 gives them. Clients must look ids up by
 * group, name and rollup; those that do not are used to these.
 */
import { DAY, SECOND } from '#core/units.ts';
import type { Counter as CurveName } from '../../estate/workload-curve.ts';
import type { Data } from '../values.ts';

type Unit =
  | 'percent'
  | 'megaHertz'
  | 'millisecond'
  | 'kiloBytes'
  | 'kiloBytesPerSecond'
  | 'number'
  | 'second';
type Rollup = 'average' | 'summation' | 'latest';
type Group = 'cpu' | 'mem' | 'disk' | 'net' | 'sys' | 'virtualDisk';

/**
 * What its instances are: none (only the aggregate ""), a machine's disks, or its virtual CPUs or adapters and the
 * aggregate.
 */
type Instances = 'aggregate' | 'cores' | 'disks' | 'adapters';

export interface Counter {
  readonly id: number;
  readonly group: Group;
  /** "usage" */
  readonly name: string;
  readonly rollup: Rollup;
  readonly unit: Unit;
  /** Statistics level from which history is kept: of aggregates, and of instances. */
  readonly level: number;
  readonly perDeviceLevel: number;
  readonly instances: Instances;
  /** The estate's curve that it is, if it is one as it stands. */
  readonly curve: CurveName | undefined;
  /** The data object PerfCounterInfo. */
  readonly data: Data;
}

const UNITS: Readonly<Record<Unit, readonly [label: string, summary: string]>> = {
  percent: ['%', 'Percentage'],
  megaHertz: ['MHz', 'Megahertz'],
  millisecond: ['ms', 'Millisecond'],
  kiloBytes: ['KB', 'Kilobytes'],
  kiloBytesPerSecond: ['KBps', 'Kilobytes per second'],
  number: ['num', 'Number'],
  second: ['s', 'Second'],
};

const GROUPS: Readonly<Record<Group, string>> = {
  cpu: 'CPU',
  mem: 'Memory',
  disk: 'Disk',
  net: 'Network',
  sys: 'System',
  virtualDisk: 'Virtual disk',
};

type Stats = 'rate' | 'delta' | 'absolute';

function counter(
  id: number,
  path: `${Group}.${string}.${Rollup}`,
  [unit, stats, level, perDeviceLevel]: readonly [Unit, Stats, number, number],
  instances: Instances,
  label: string,
  summary: string,
  curve?: CurveName,
): Counter {
  const [group, name, rollup] = path.split('.') as [Group, string, Rollup];
  const element = (key: string, [text, long]: readonly [string, string]): Data => ({
    $: 'ElementDescription',
    label: text,
    summary: long,
    key,
  });
  return {
    id,
    group,
    name,
    rollup,
    unit,
    level,
    perDeviceLevel,
    instances,
    curve,
    data: {
      $: 'PerfCounterInfo',
      key: id,
      nameInfo: element(name, [label, summary]),
      groupInfo: element(group, [GROUPS[group], GROUPS[group]]),
      unitInfo: element(unit, UNITS[unit]),
      rollupType: rollup,
      statsType: stats,
      level,
      perDeviceLevel,
    },
  };
}

export const COUNTERS: readonly Counter[] = [
  counter(
    2,
    'cpu.usage.average',
    ['percent', 'rate', 1, 3],
    'aggregate',
    'Usage',
    'CPU usage as a percentage during the interval',
    'cpu.usage',
  ),
  counter(
    6,
    'cpu.usagemhz.average',
    ['megaHertz', 'rate', 1, 3],
    'cores',
    'Usage in MHz',
    'CPU usage in megahertz during the interval',
  ),
  counter(
    12,
    'cpu.ready.summation',
    ['millisecond', 'delta', 1, 3],
    'cores',
    'Ready',
    'Time that the virtual machine was ready, but could not get scheduled to run on the physical CPU during last measurement interval',
  ),
  counter(
    24,
    'mem.usage.average',
    ['percent', 'absolute', 1, 4],
    'aggregate',
    'Host consumed %',
    'Percentage of host physical memory that has been consumed',
    'mem.usage',
  ),
  counter(
    33,
    'mem.active.average',
    ['kiloBytes', 'absolute', 2, 4],
    'aggregate',
    'Active',
    'Amount of guest physical memory that is being actively read or written by guest',
  ),
  counter(
    98,
    'mem.consumed.average',
    ['kiloBytes', 'absolute', 1, 4],
    'aggregate',
    'Consumed',
    'Amount of host physical memory consumed for backing up guest physical memory pages',
  ),
  counter(
    125,
    'disk.usage.average',
    ['kiloBytesPerSecond', 'rate', 1, 3],
    'aggregate',
    'Usage',
    'Aggregated disk I/O rate',
  ),
  counter(
    130,
    'disk.read.average',
    ['kiloBytesPerSecond', 'rate', 2, 3],
    'aggregate',
    'Read rate',
    'Average number of kilobytes read from the disk each second during the collection interval',
  ),
  counter(
    131,
    'disk.write.average',
    ['kiloBytesPerSecond', 'rate', 2, 3],
    'aggregate',
    'Write rate',
    'Average number of kilobytes written to disk each second during the collection interval',
  ),
  counter(
    143,
    'net.usage.average',
    ['kiloBytesPerSecond', 'rate', 1, 3],
    'adapters',
    'Usage',
    'Network utilization (combined transmit-rates and receive-rates) during the interval',
  ),
  counter(
    148,
    'net.received.average',
    ['kiloBytesPerSecond', 'rate', 2, 3],
    'adapters',
    'Data receive rate',
    'Average rate at which data was received during the interval',
    'net.received',
  ),
  counter(
    149,
    'net.transmitted.average',
    ['kiloBytesPerSecond', 'rate', 2, 3],
    'adapters',
    'Data transmit rate',
    'Average rate at which data was transmitted during the interval',
    'net.transmitted',
  ),
  counter(
    155,
    'sys.uptime.latest',
    ['second', 'absolute', 1, 3],
    'aggregate',
    'Uptime',
    'Total time elapsed, in seconds, since last system startup',
  ),
  counter(
    171,
    'virtualDisk.numberReadAveraged.average',
    ['number', 'rate', 1, 3],
    'disks',
    'Average read requests per second',
    'Average number of read commands issued per second to the virtual disk during the collection interval',
    'virtualDisk.numberReadAveraged',
  ),
  counter(
    172,
    'virtualDisk.numberWriteAveraged.average',
    ['number', 'rate', 1, 3],
    'disks',
    'Average write requests per second',
    'Average number of write commands issued per second to the virtual disk during the collection interval',
    'virtualDisk.numberWriteAveraged',
  ),
  counter(
    173,
    'virtualDisk.read.average',
    ['kiloBytesPerSecond', 'rate', 2, 2],
    'disks',
    'Read rate',
    'Average number of kilobytes read from the virtual disk each second during the collection interval',
    'virtualDisk.read',
  ),
  counter(
    174,
    'virtualDisk.write.average',
    ['kiloBytesPerSecond', 'rate', 2, 2],
    'disks',
    'Write rate',
    'Average number of kilobytes written to the virtual disk each second during the collection interval',
    'virtualDisk.write',
  ),
  counter(
    175,
    'virtualDisk.totalReadLatency.average',
    ['millisecond', 'absolute', 1, 3],
    'disks',
    'Read latency',
    'The average time a read from the virtual disk takes',
  ),
  counter(
    176,
    'virtualDisk.totalWriteLatency.average',
    ['millisecond', 'absolute', 1, 3],
    'disks',
    'Write latency',
    'The average time a write to the virtual disk takes',
  ),
];

const BY_ID = new Map(COUNTERS.map((each) => [each.id, each]));
const BY_NAME = new Map(COUNTERS.map((each) => [`${each.group}.${each.name}`, each]));

export function counterById(id: number): Counter | undefined {
  return BY_ID.get(id);
}

/** @param name "cpu.usage" */
export function counterNamed(name: string): Counter {
  return BY_NAME.get(name)!;
}

export interface HistoricalInterval {
  readonly seconds: number;
  /** How far back it reaches. */
  readonly lengthSeconds: number;
  readonly data: Data;
}

/** Level at which vCenter keeps history unless told otherwise. */
export const HISTORY_LEVEL = 1;

function interval(key: number, seconds: number, days: number, name: string): HistoricalInterval {
  const lengthSeconds = (days * DAY) / SECOND;
  return {
    seconds,
    lengthSeconds,
    data: {
      $: 'PerfInterval',
      key,
      samplingPeriod: seconds,
      name,
      length: lengthSeconds,
      level: HISTORY_LEVEL,
      enabled: true,
    },
  };
}

export const HISTORICAL_INTERVALS: readonly HistoricalInterval[] = [
  interval(1, 300, 1, 'Past day'),
  interval(2, 1800, 7, 'Past week'),
  interval(3, 7200, 30, 'Past month'),
  interval(4, 86_400, 365, 'Past year'),
];

const described = (key: string, label: string): Data => ({
  $: 'ElementDescription',
  label,
  summary: label,
  key,
});

export const PERFORMANCE_DESCRIPTION: Data = {
  $: 'PerformanceDescription',
  counterType: [
    described('average', 'Average'),
    described('summation', 'Summation'),
    described('latest', 'Latest'),
    described('maximum', 'Maximum'),
    described('minimum', 'Minimum'),
    described('none', 'None'),
  ],
  statsType: [described('absolute', 'Absolute'), described('delta', 'Delta'), described('rate', 'Rate')],
};
