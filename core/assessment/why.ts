/**
 * Why a machine came out as it did, as data: the points and the rank chosen among them, the effective need, every
 * size and disk that was looked at with what it lacked, and what the choice costs under each savings option.
 * The sentences are in explanation.ts; both tell the same decision.
 */
import type { AssessedMachine } from './assess.ts';
import { monthlyCompute } from './assess.ts';
import { type Criterion, sizesConsidered } from './compute.ts';
import { type AssessmentPlan, pricesOf, sizesFor } from './plan.ts';
import { disksConsidered } from './storage.ts';
import type { Measured } from './utilization.ts';

/** One counter: the point that was picked. */
export interface PickedPoint {
  readonly counter: string;
  /** Disk or adapter; '' for the machine. */
  readonly instance: string;
  /** What people call the disk or adapter; '' for the machine. */
  readonly label: string;
  readonly unit: string;
  readonly percentile: number;
  /** 1-based position in ascending order among the points that exist; null for a figure of an import. */
  readonly rank: number | null;
  readonly points: number | null;
  readonly value: number;
}

/** Names that fell out for one reason. */
export interface FellOut {
  readonly lacks: readonly string[];
  readonly names: readonly string[];
}

export interface Why {
  readonly picked: readonly PickedPoint[];
  readonly effective: {
    readonly cores: number;
    readonly coresBasis: 'measured' | 'allocated';
    readonly memoryMiB: number;
    readonly memoryBasis: 'measured' | 'allocated';
    readonly scalingFactor: number;
    readonly networkMbps: number | null;
    readonly diskIops: number | null;
    readonly diskMBps: number | null;
  };
  readonly sizes: {
    readonly looked: number;
    readonly chosen: string | null;
    readonly fellOut: readonly FellOut[];
    /** The cheaper sizes that came closest, the chosen one, the next that fits. */
    readonly prices: ReadonlyArray<{
      readonly size: string;
      readonly monthly: number;
      readonly lacks: readonly Criterion[];
    }>;
    readonly chosenBySavingsOption: Readonly<Record<string, number>>;
  } | null;
  readonly disks: ReadonlyArray<{
    readonly id: string;
    readonly label: string;
    readonly chosen: string | null;
    readonly fellOut: readonly FellOut[];
    readonly next: { readonly name: string; readonly monthly: number } | null;
  }>;
}

export function whyOf(plan: AssessmentPlan, machine: AssessedMachine): Why {
  const { cores, memoryMiB, size } = machine;
  return {
    picked: pickedPoints(plan, machine),
    effective: {
      cores: cores.value,
      coresBasis: cores.basis,
      memoryMiB: memoryMiB.value,
      memoryBasis: memoryMiB.basis,
      scalingFactor: plan.properties.scalingFactor,
      networkMbps: size?.need.networkMbps ?? null,
      diskIops: size?.need.iops ?? null,
      diskMBps: size ? size.need.bytesPerSecond / 1e6 : null,
    },
    sizes: sizesOf(plan, machine),
    disks: machine.disks.map((disk) => ({
      id: disk.id,
      label: disk.label,
      chosen: disk.choice?.name ?? null,
      fellOut: grouped(
        disksConsidered(plan, disk).flatMap(({ name, lacks }) =>
          lacks === undefined ? [] : [{ name, lacks: [lacks] }],
        ),
      ),
      next: disk.runnerUp
        ? { name: disk.runnerUp.name, monthly: disk.runnerUp.monthly * plan.storageDiscount }
        : null,
    })),
  };
}

function sizesOf(plan: AssessmentPlan, { size, facts }: AssessedMachine): Why['sizes'] {
  if (!size) return null;
  const considered = sizesConsidered(sizesFor(plan, facts.os), size);
  const near = new Set([
    ...size.nearMisses.map((miss) => miss.size),
    ...(size.chosen ? [size.chosen.name] : []),
    ...(size.runnerUp ? [size.runnerUp.size] : []),
  ]);
  return {
    looked: size.considered,
    chosen: size.chosen?.name ?? null,
    fellOut: grouped(
      considered.flatMap(({ size: { name }, lacks }) => (lacks.length === 0 ? [] : [{ name, lacks }])),
    ),
    prices: considered
      .filter(({ size: { name } }) => near.has(name))
      .map(({ size: { name }, hourly, lacks }) => ({
        size: name,
        monthly: monthlyCompute(plan, hourly),
        lacks,
      })),
    chosenBySavingsOption: size.chosen
      ? Object.fromEntries(
          pricesOf(plan, facts.os, size.chosen).map(({ savingsOption, monthly }) => [savingsOption, monthly]),
        )
      : {},
  };
}

function grouped(fallen: ReadonlyArray<{ name: string; lacks: readonly string[] }>): FellOut[] {
  const groups = new Map<string, { lacks: readonly string[]; names: string[] }>();
  for (const { name, lacks } of fallen) {
    const key = lacks.join('+');
    const group = groups.get(key);
    if (group) group.names.push(name);
    else groups.set(key, { lacks, names: [name] });
  }
  return [...groups.values()];
}

function pickedPoints(plan: AssessmentPlan, machine: AssessedMachine): PickedPoint[] {
  const picked: PickedPoint[] = [];
  const add = (
    counter: string,
    instance: string,
    unit: string,
    measured: Measured | undefined,
    label = instance,
  ) => {
    if (!measured) return;
    const isGiven = measured.n === 0;
    picked.push({
      counter,
      instance,
      label,
      unit,
      percentile: plan.percentile,
      rank: isGiven ? null : measured.rank,
      points: isGiven ? null : measured.n,
      value: measured.value,
    });
  };
  const { utilization, facts } = machine;
  add('cpu', '', 'percent', utilization.cpuPercent);
  add('memory', '', 'percent', utilization.memoryPercent);
  for (const [i, measures] of utilization.disks.entries()) {
    const { id, label } = facts.disks[i]!;
    add('readIops', id, 'operations/s', measures.readIops, label);
    add('writeIops', id, 'operations/s', measures.writeIops, label);
    add('readBps', id, 'bytes/s', measures.readBps, label);
    add('writeBps', id, 'bytes/s', measures.writeBps, label);
  }
  for (const [i, { outBps }] of utilization.nics.entries())
    add('outBps', facts.nics[i]!.id, 'bytes/s', outBps, `adapter ${facts.nics[i]!.id}`);
  if (utilization.totals) {
    add('readIops', 'all disks', 'operations/s', utilization.totals.readIops);
    add('writeIops', 'all disks', 'operations/s', utilization.totals.writeIops);
    add('readBps', 'all disks', 'bytes/s', utilization.totals.readBps);
    add('writeBps', 'all disks', 'bytes/s', utilization.totals.writeBps);
  }
  add('outBps', 'all adapters', 'bytes/s', utilization.totalOutBps);
  return picked;
}
