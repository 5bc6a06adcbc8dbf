/** The recommended sizes and disks are those that trying out the whole catalogue gives, from the true load. */
import type { AssessedMachine } from '#core/assessment/assess.ts';
import type { Machine } from '#simulators/estate/model.ts';
import type { Counter } from '#simulators/estate/workload-curve.ts';
import { curveFor, nearestRank, truePeak } from '../oracle.ts';
import { type TrueLoad, trueSizing } from '../oracle-sizing.ts';
import type { DoneAssessment } from '../story.ts';
import type { World } from '../world.ts';
import type { Judgement } from './check.ts';
import { someOf } from './check.ts';
import { keptSeries } from './kept-points.ts';

/** The oracle computes a month of every sample of a machine: slow, so a few machines stand for all. */
const MACHINES = 2;
const WINDOWS_OF = { day: 144, week: 1008, month: 4320 } as const;

export function sizingEqualsOracle(world: World, { options, at, assessment }: DoneAssessment): Judgement {
  const wrong: string[] = [];
  const names: string[] = [];
  const suitable = assessment.machines.filter(({ recommendedSize }) => recommendedSize !== undefined);
  const to = Math.floor(at / 600_000);
  const from = Math.max(to - WINDOWS_OF[options.history], keptSeries(world).earliest);
  for (let n = 0; n < Math.min(MACHINES, suitable.length); n++) {
    const assessed = suitable[world.entropy.below(suitable.length, 'check.sizing', n)]!;
    const machine = world.estate.machines().find(({ name }) => name === assessed.facts.displayName)!;
    if (names.includes(machine.name)) continue;
    names.push(machine.name);
    wrong.push(...differences(world, machine, assessed, { from, to, p: options.percentile, ...options }));
  }
  return {
    holds: wrong.length === 0 && names.length > 0,
    limit: 'sizing == oracle',
    actual: wrong.length === 0 ? `equal for ${names.join(', ') || 'nobody'}` : `${wrong.length} differences`,
    ...(wrong.length > 0 ? { detail: someOf(wrong) } : {}),
  };
}

interface Span {
  readonly from: number;
  readonly to: number;
  readonly p: number;
  readonly comfort: number;
  readonly location: string;
}

function differences(world: World, machine: Machine, assessed: AssessedMachine, span: Span): string[] {
  const load = trueLoad(world, machine, span);
  const truth = trueSizing(machine, load, span.comfort, span.location.toLowerCase());
  const wrong: string[] = [];
  if (truth.size !== assessed.recommendedSize)
    wrong.push(`${machine.name}: ${assessed.recommendedSize} is recommended, ${truth.size} would do`);
  for (const [i, disk] of truth.disks.entries()) {
    const told = assessed.disks[i]?.choice?.name;
    if (told !== disk) wrong.push(`${machine.name} disk ${i}: ${told} is recommended, ${disk} would do`);
  }
  return wrong;
}

function trueLoad(world: World, machine: Machine, { from, to, p }: Span): TrueLoad {
  const percentile = (counter: Counter, instance: number): number | undefined => {
    const series = { machine, counter, instance };
    const curve = curveFor(world.estate, series);
    const peaks: number[] = [];
    for (let window = from; window < to; window++) {
      const peak = truePeak(world.estate, series, window, curve);
      if (peak !== undefined) peaks.push(peak);
    }
    return nearestRank(peaks, p);
  };
  return {
    cpuPercent: percentile('cpu.usage', 0),
    memoryPercent: percentile('mem.usage', 0),
    disks: machine.disks.map(({ index }) => ({
      readIops: percentile('virtualDisk.numberReadAveraged', index),
      writeIops: percentile('virtualDisk.numberWriteAveraged', index),
      readKBps: percentile('virtualDisk.read', index),
      writeKBps: percentile('virtualDisk.write', index),
    })),
    sentKBps: machine.nics.map(({ index }) => percentile('net.transmitted', index)),
  };
}
