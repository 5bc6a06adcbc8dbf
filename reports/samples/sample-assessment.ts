/** The assessment of the sample record: six kinds of machine, with every readiness there is. */
import type { AssessedMachineView, WhatIfView } from '#core/contracts/run-record.ts';
import type { Entropy } from '#core/entropy/entropy.ts';
import { GIB } from '#core/units.ts';
import type { Readiness } from '../view/words.ts';
import type { Shape } from './sample-load.ts';

const ROLES: ReadonlyArray<readonly [name: string, os: string, shape: Shape, cores: number, gib: number]> = [
  ['web', 'Ubuntu Linux (64-bit)', 'office', 2, 4],
  ['app', 'Red Hat Enterprise Linux 8 (64-bit)', 'office', 4, 16],
  ['db', 'Microsoft Windows Server 2019 (64-bit)', 'batch', 16, 64],
  ['file', 'Microsoft Windows Server 2016 (64-bit)', 'leaking', 4, 16],
  ['legacy', 'Microsoft Windows Server 2008 (32-bit)', 'idle', 1, 2],
  ['mail', 'CentOS 7 (64-bit)', 'leaking', 8, 32],
];

/** Shape of the load of machine number `i`. */
export function shapeOf(i: number): Shape {
  return ROLES[i % ROLES.length]![2];
}

export function assessedMachine(i: number, entropy: Entropy): AssessedMachineView {
  const [role, os, , cores, gib] = ROLES[i % ROLES.length]!;
  const name = `${role}-${String(Math.floor(i / ROLES.length) + 1).padStart(2, '0')}`;
  const readiness: Readiness =
    role === 'legacy' ? 'notReady' : role === 'mail' ? 'readyWithConditions' : i === 9 ? 'unknown' : 'ready';
  const sized = readiness === 'ready' || readiness === 'readyWithConditions';
  const disks = Array.from({ length: 1 + (cores > 2 ? 1 : 0) }, (_, n) => {
    const sizeGib =
      n === 0 ? 40 + 24 * entropy.below(4, 'sample.disk', i) : 128 * (1 + entropy.below(6, 'sample.data', i));
    const sku = sizeGib <= 64 ? 'Premium P6' : sizeGib <= 128 ? 'Premium P10' : 'Standard SSD E20';
    return {
      name: n === 0 ? 'Hard disk 1' : 'Hard disk 2',
      sizeBytes: sizeGib * GIB,
      ...(sized && { sku, monthlyCost: Math.round(sizeGib * 9.6) / 100 }),
      why: sized
        ? `${sizeGib} GiB, P95 of ${60 + 40 * n} IOPS and ${2 + n} MBps times 1.3: the cheapest type that holds all three`
        : 'no size was chosen, so no disk is',
    };
  });
  const size =
    cores >= 16
      ? 'Standard_E8s_v5'
      : cores >= 8
        ? 'Standard_D4s_v5'
        : cores >= 4
          ? 'Standard_D2s_v5'
          : 'Standard_F2s_v2';
  return {
    name,
    os,
    cores,
    memoryMiB: gib * 1024,
    readiness,
    ...(sized && {
      size,
      monthlyComputeCost: Math.round(cores * 3_120 + entropy.below(900, 'sample.cost', i)) / 100,
      monthlyStorageCost: Math.round(disks.reduce((n, disk) => n + (disk.monthlyCost ?? 0), 0) * 100) / 100,
    }),
    disks,
    stars: readiness === 'unknown' ? 3 : 5,
    confidencePercent: readiness === 'unknown' ? 52.4 : 99.6,
    reasons: reasonsOf(readiness, size, os),
    ...(sized && {
      compared: [
        { size: 'Standard_B2ms', monthly: 30.51, lacks: 'cores, burstCredits' },
        { size, monthly: 70.08, lacks: '' },
      ],
      fellOut: [{ lacks: 'cores, memory', sizes: ['Standard_B1s', 'Standard_B1ms', 'Standard_B2s'] }],
    }),
  };
}

/** The same machines under other properties, in a plausible order. */
export function sampleWhatIf(machines: readonly AssessedMachineView[]): WhatIfView {
  const sum = (of: (machine: AssessedMachineView) => number | undefined) =>
    machines.reduce((total, machine) => total + (of(machine) ?? 0), 0);
  const [compute, storage] = [sum((m) => m.monthlyComputeCost), sum((m) => m.monthlyStorageCost)];
  const sized = machines.filter(({ size }) => size !== undefined);
  const set = (name: string, factor: number, changed: number) => ({
    name,
    monthlyComputeCost: compute * factor,
    monthlyStorageCost: storage,
    vCpus: Math.round(sum((m) => m.cores) * factor),
    sized: sized.length,
    changed,
  });
  return {
    sets: [set('as assessed, P95', 1, 0), set('P50', 0.7, 2), set('3-year reservation', 0.45, 0)],
    changed: sized.slice(0, 2).map(({ name, size = '' }) => ({ name, gives: [size, 'Standard_B2ms', size] })),
    curve: [50, 70, 90, 95, 99, 100].map((percentile, i) => ({
      percentile,
      compute: compute * (0.7 + i * 0.06),
      storage,
    })),
  };
}

function reasonsOf(readiness: Readiness, size: string, os: string): string[] {
  const cpu = 'CPU: P95 of 37.2 % of the cores, times 1.3, asks for fewer cores than it has.';
  if (readiness === 'notReady')
    return [`${os} is a 32-bit system; Azure runs 64-bit machines only.`, 'No size was looked for.'];
  if (readiness === 'unknown')
    return ['The operating system was not reported by the tools.', 'Start VMware Tools and assess again.'];
  if (readiness === 'readyWithConditions')
    return [
      `${os} is out of support by its vendor; it starts, unsupported.`,
      cpu,
      `${size} is the cheapest that fits.`,
    ];
  return [
    `${size} is the cheapest size of the allowed series that fits.`,
    cpu,
    'All disks and adapters are attachable.',
  ];
}
