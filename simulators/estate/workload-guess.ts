/**
 * What a machine probably does, where the source of an estate does not say: a workload by role, with the
 * role read from the machine's name, and figures drawn by (seed, machine).
 */
import type { Entropy } from '#core/entropy/entropy.ts';
import { GIB, MIB } from '#core/units.ts';
import type { Machine, Workload, WorkloadShape } from './model.ts';

export type Role =
  | 'web'
  | 'app'
  | 'db'
  | 'file'
  | 'directory'
  | 'mail'
  | 'batch'
  | 'monitoring'
  | 'desktop'
  | 'test'
  | 'unknown';

interface RoleProfile {
  /** Shapes with their weights. */
  readonly shapes: readonly (readonly [WorkloadShape, number])[];
  /** Lowest and highest plateau, in per cent of the machine's CPU and memory. */
  readonly cpu: readonly [number, number];
  readonly memory: readonly [number, number];
  /** Peak of one disk. */
  readonly diskKBps: readonly [number, number];
  /** Mean size of one operation, which gives the operations per second. */
  readonly ioKB: readonly [number, number];
  /** Peak of one adapter. */
  readonly netKBps: readonly [number, number];
  readonly churnMiBPerHour: readonly [number, number];
}

const PROFILES: Readonly<Record<Role, RoleProfile>> = {
  web: {
    shapes: [
      ['office', 5],
      ['bursty', 4],
      ['leaking', 1],
    ],
    cpu: [25, 60],
    memory: [35, 70],
    diskKBps: [800, 6_000],
    ioKB: [8, 24],
    netKBps: [2_000, 30_000],
    churnMiBPerHour: [32, 192],
  },
  app: {
    shapes: [
      ['office', 5],
      ['steady', 2],
      ['bursty', 2],
      ['leaking', 2],
    ],
    cpu: [30, 70],
    memory: [50, 85],
    diskKBps: [1_000, 10_000],
    ioKB: [8, 32],
    netKBps: [1_000, 15_000],
    churnMiBPerHour: [48, 320],
  },
  db: {
    shapes: [
      ['office', 4],
      ['steady', 3],
      ['batch', 3],
    ],
    cpu: [35, 75],
    memory: [70, 92],
    diskKBps: [8_000, 90_000],
    ioKB: [8, 48],
    netKBps: [2_000, 25_000],
    churnMiBPerHour: [256, 2_048],
  },
  file: {
    shapes: [
      ['office', 7],
      ['steady', 1],
    ],
    cpu: [8, 25],
    memory: [40, 70],
    diskKBps: [5_000, 60_000],
    ioKB: [24, 96],
    netKBps: [5_000, 50_000],
    churnMiBPerHour: [128, 768],
  },
  directory: {
    shapes: [
      ['office', 3],
      ['idle', 1],
    ],
    cpu: [6, 20],
    memory: [45, 75],
    diskKBps: [300, 1_500],
    ioKB: [6, 16],
    netKBps: [300, 2_500],
    churnMiBPerHour: [8, 48],
  },
  mail: {
    shapes: [
      ['office', 5],
      ['steady', 1],
    ],
    cpu: [20, 50],
    memory: [70, 90],
    diskKBps: [6_000, 40_000],
    ioKB: [16, 40],
    netKBps: [2_000, 20_000],
    churnMiBPerHour: [256, 1_024],
  },
  batch: {
    shapes: [
      ['batch', 6],
      ['bursty', 1],
    ],
    cpu: [60, 95],
    memory: [40, 80],
    diskKBps: [10_000, 80_000],
    ioKB: [32, 128],
    netKBps: [2_000, 40_000],
    churnMiBPerHour: [256, 1_536],
  },
  monitoring: {
    shapes: [
      ['steady', 5],
      ['leaking', 1],
    ],
    cpu: [20, 45],
    memory: [55, 80],
    diskKBps: [2_000, 12_000],
    ioKB: [8, 24],
    netKBps: [1_000, 8_000],
    churnMiBPerHour: [96, 512],
  },
  desktop: {
    shapes: [
      ['office', 9],
      ['idle', 1],
    ],
    cpu: [15, 45],
    memory: [50, 80],
    diskKBps: [500, 4_000],
    ioKB: [12, 32],
    netKBps: [300, 4_000],
    churnMiBPerHour: [32, 160],
  },
  test: {
    shapes: [
      ['idle', 6],
      ['bursty', 3],
      ['office', 1],
    ],
    cpu: [3, 30],
    memory: [20, 50],
    diskKBps: [300, 5_000],
    ioKB: [8, 32],
    netKBps: [200, 3_000],
    churnMiBPerHour: [8, 96],
  },
  unknown: {
    shapes: [
      ['office', 4],
      ['idle', 3],
      ['steady', 2],
      ['bursty', 2],
      ['leaking', 1],
    ],
    cpu: [5, 60],
    memory: [30, 80],
    diskKBps: [500, 12_000],
    ioKB: [8, 48],
    netKBps: [500, 10_000],
    churnMiBPerHour: [16, 256],
  },
};

/** First match wins. Names of machines hold such parts with digits and dashes around them. */
const NAME_PARTS: readonly (readonly [RegExp, Role])[] = [
  [/test|tst|dev|qa|lab|tmp|sandbox/, 'test'],
  [/sql|ora(cle)?\d|db|pgs|mongo/, 'db'],
  [/web|www|iis|nginx|proxy|lb\d/, 'web'],
  [/exch|mail|smtp/, 'mail'],
  [/adds|^dc|dc\d|ldap|dns|dhcp/, 'directory'],
  [/file|^fs|fs\d|nas|prn|print/, 'file'],
  [/batch|etl|job|bkp|backup|build/, 'batch'],
  [/mon|zabbix|nagios|log|splunk|vcenter/, 'monitoring'],
  [/vdi|desktop|^pc|wks/, 'desktop'],
  [/app|srv|svc|ap\d/, 'app'],
];

/** Role by name, then by a desktop operating system; 'unknown' when neither tells. */
export function guessRole(name: string, osName: string): Role {
  const lower = name.toLowerCase();
  if (/windows (xp|vista|7|8|10|11)\b/i.test(osName)) return 'desktop';
  for (const [pattern, role] of NAME_PARTS) if (pattern.test(lower)) return role;
  return 'unknown';
}

/**
 * A workload for a machine of a role.
 *
 * @param shapes weights that replace the role's own, for estates with a wanted mix of shapes.
 */
export function workloadFor(
  entropy: Entropy,
  machineId: string,
  role: Role,
  shapes?: Readonly<Partial<Record<WorkloadShape, number>>>,
): Workload {
  const profile = PROFILES[role];
  const between = ([low, high]: readonly [number, number], stream: string) =>
    low + (high - low) * entropy.ratio(`estate.workload.${stream}`, machineId);
  const weighted = shapes
    ? (Object.entries(shapes) as [WorkloadShape, number][]).filter(([, weight]) => weight > 0)
    : profile.shapes;
  const shape = weightedPick(weighted, entropy.ratio('estate.workload.shape', machineId));
  const idle = shape === 'idle' ? 0.15 : 1;
  const diskKBps = Math.round(between(profile.diskKBps, 'disk'));
  return {
    shape,
    cpuLevel: round3((between(profile.cpu, 'cpu') / 100) * idle),
    memoryLevel: round3(between(profile.memory, 'memory') / 100),
    diskKBps,
    diskIops: Math.max(1, Math.round(diskKBps / between(profile.ioKB, 'io'))),
    netKBps: Math.round(between(profile.netKBps, 'net') * idle),
    churnBytesPerHour: Math.min(4 * GIB, Math.round(between(profile.churnMiBPerHour, 'churn') * idle) * MIB),
  };
}

/** Picks by weight; `ratio` in [0, 1). */
export function weightedPick<T>(items: readonly (readonly [T, number])[], ratio: number): T {
  let left = ratio * items.reduce((sum, [, weight]) => sum + weight, 0);
  for (const [item, weight] of items) {
    left -= weight;
    if (left < 0) return item;
  }
  return items.at(-1)![0];
}

/** What runs nowhere does nothing much: templates. */
export function templateWorkload(): Machine['workload'] {
  return {
    shape: 'idle',
    cpuLevel: 0.01,
    memoryLevel: 0.1,
    diskKBps: 100,
    diskIops: 10,
    netKBps: 50,
    churnBytesPerHour: 0,
  };
}

const round3 = (value: number) => Math.round(value * 1000) / 1000;
