/**
 * The work counters of a run against a baseline: exact integers, equal on every machine for one seed, so any
 * difference is a change of the code and not of the weather.
 */
import { defineErrors } from '#core/errors.ts';

export interface CounterBaseline {
  readonly format: 'drylift/counters/v1';
  readonly runs: Readonly<
    Record<string, { readonly seed: string; readonly counters: Readonly<Record<string, number>> }>
  >;
}

export interface CounterChange {
  readonly name: string;
  readonly before: number;
  readonly now: number;
}

export const errors = defineErrors({
  'bench.baseline': {
    blame: 'input',
    why: 'A baseline is a JSON file of format drylift/counters/v1 that holds the counters of named scenarios.',
    next: 'Write one with: drylift bench counters --run RUN --write FILE',
  },
  'bench.noRun': {
    blame: 'input',
    why: 'Counters are read from the record of a run.',
    next: 'Make one first: drylift run hello',
  },
  'bench.noBaseline': {
    blame: 'input',
    why: 'Counters can only be compared for the same scenario and seed.',
    next: 'Add it with: drylift bench counters --run RUN --write FILE',
  },
});

/** @throws `bench.baseline` */
export function parseBaseline(text: string, file: string): CounterBaseline {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw errors.make('bench.baseline', { what: `${file} is not JSON.`, where: { file }, cause });
  }
  const baseline = value as CounterBaseline;
  if (baseline?.format !== 'drylift/counters/v1' || typeof baseline.runs !== 'object')
    throw errors.make('bench.baseline', { what: `${file} is not a counter baseline.`, where: { file } });
  return baseline;
}

/** Every counter that differs, most grown first. A counter that is missing counts as 0. */
export function compareCounters(
  before: Readonly<Record<string, number>>,
  now: Readonly<Record<string, number>>,
): CounterChange[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(now)])].sort();
  const growth = (change: CounterChange): number => (change.now + 1) / (change.before + 1);
  return names
    .map((name) => ({ name, before: before[name] ?? 0, now: now[name] ?? 0 }))
    .filter((change) => change.before !== change.now)
    .sort((a, b) => growth(b) - growth(a));
}
