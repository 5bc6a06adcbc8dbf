/** What a run left of its assessment: `assessment.json`, and the points it was made from in `points.db`. */
import { readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Assessment } from '#core/assessment/assess.ts';
import type { CounterName } from '#core/assessment/machine-facts.ts';
import type { AssessmentProperties } from '#core/assessment/properties.ts';
import type { Why } from '#core/assessment/why.ts';
import { defineErrors } from '#core/errors.ts';
import { Points } from '#core/metrics/points.ts';
import type { WindowIndex } from '#core/metrics/roll-up.ts';
import { writePackedStore } from '#core/points/packed-store.ts';
import { inOrder, type MachineWithPoints, type Series } from '#core/points/store.ts';
import { formatBytes, MIB } from '#core/units.ts';

export const errors = defineErrors({
  'run.noAssessment': {
    blame: 'input',
    why: 'A run keeps its assessment when its scenario has an assess step that was carried out.',
    next: 'Name another run (`drylift runs` lists them), or run a scenario with an assess step, such as first-migration.',
  },
});

export const POINTS_FILE = 'points.db';
const FILE_BYTES_MAX = 400 * MIB;

export interface MachineOfRun {
  readonly id: string;
  readonly displayName: string;
  readonly readiness: string;
  readonly recommendedSize: string | null;
  readonly monthlyComputeCostForRecommendedSize: number;
  readonly monthlyStorageCost: number;
  readonly reasons: readonly string[];
  readonly why: Why;
}

export interface AssessmentOfRun {
  readonly properties: AssessmentProperties;
  readonly asOf: string;
  readonly prices: { readonly currency: string };
  readonly assessedMachines: readonly MachineOfRun[];
}

/** @throws `run.noAssessment` */
export function runAssessmentFile(folder: string): AssessmentOfRun {
  const file = join(folder, 'assessment.json');
  const bad = (what: string, cause?: unknown) =>
    errors.make('run.noAssessment', { what, where: { file }, ...(cause ? { cause } : {}) });
  let value: unknown;
  try {
    const { size } = statSync(file);
    if (size > FILE_BYTES_MAX) throw bad(`${file} has ${formatBytes(size)}.`);
    value = JSON.parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    throw bad(`There is no assessment in ${folder}.`, cause);
  }
  if (!isAssessment(value)) throw bad(`${file} is of an older drylift.`);
  return value;
}

function isAssessment(value: unknown): value is AssessmentOfRun {
  if (
    typeof value !== 'object' ||
    value === null ||
    !('assessedMachines' in value) ||
    !('properties' in value)
  )
    return false;
  const machines = value.assessedMachines;
  return (
    Array.isArray(machines) &&
    machines.every(
      (each: unknown) => typeof each === 'object' && each !== null && 'why' in each && 'reasons' in each,
    )
  );
}

/** Writes the machines of an assessment and the points of its history beside the record. */
export function writeRunPoints(folder: string, { inputs, plan }: Assessment): string {
  const path = join(folder, POINTS_FILE);
  for (const suffix of ['', '-wal', '-shm']) rmSync(path + suffix, { force: true });
  const { periodMs, from, to } = plan.history;
  function* machines(): Iterable<MachineWithPoints> {
    for (const { facts, points } of inputs) {
      const series: Series[] = [];
      const keep = (counter: CounterName, instance: string): void => {
        const all = points(counter, instance);
        if (all?.first === undefined || all.periodMs !== periodMs) return;
        series.push({ counter, instance, points: within(all, from, to) });
      };
      keep('cpu', '');
      keep('memory', '');
      for (const { id } of facts.disks)
        for (const counter of ['readIops', 'writeIops', 'readBps', 'writeBps'] as const) keep(counter, id);
      for (const { id } of facts.nics) for (const counter of ['inBps', 'outBps'] as const) keep(counter, id);
      yield { facts, series: inOrder(series) };
    }
  }
  writePackedStore(path, periodMs, machines());
  return POINTS_FILE;
}

/** The points of a span; the points themselves where there are no others. */
function within(points: Points, from: WindowIndex, to: WindowIndex): Points {
  if (points.first! >= from && points.last! < to) return points;
  const start = Math.max(points.first!, from);
  const slots = points.slots(start, Math.max(start, Math.min(points.last! + 1, to)));
  const lead = slots.findIndex((slot) => !Number.isNaN(slot));
  if (lead < 0) return new Points(points.periodMs);
  const end = slots.findLastIndex((slot) => !Number.isNaN(slot)) + 1;
  return Points.ofSlots(points.periodMs, start + lead, slots.slice(lead, end));
}
