/**
 * What a machine uses, as counters show it: the curve's value of the moment, and totals that only grow. A total is the
 * integral of the curve since the machine was started, so that the difference of two readings is what a rate between
 * them has to be.
 */
import { type SampleIndex, SECOND, type UnixMillis } from '#core/units.ts';
import type { EstateFacts, Machine } from '../model.ts';
import {
  type Counter,
  type Curve,
  curveAt,
  curveOf,
  fillCurve,
  SAMPLE_SECONDS,
  sampleAt,
} from '../workload-curve.ts';

interface Total {
  readonly since: UnixMillis;
  readonly from: UnixMillis;
  /** What was there at `from`. */
  readonly before: number;
  /** Sum of all whole windows behind the one of `from` and before that of `next`. */
  sum: number;
  next: SampleIndex;
}

interface Entry {
  readonly curve: Curve;
  sample: SampleIndex;
  value: number;
  total: Total | undefined;
}

/** Time that counters are read at: since when they count, and from when on exactly. */
export interface CounterSpan {
  /** When the machine was started. */
  readonly since: UnixMillis;
  /** When the story began. What was counted before is a guess that does not change. */
  readonly storyBegan: UnixMillis;
  readonly at: UnixMillis;
}

const WINDOW = SAMPLE_SECONDS * SECOND;
const CHUNK = 4096;
const chunk = new Int32Array(CHUNK);
/** The time before the story, which nobody compares with anything, is estimated from so many samples. */
const ESTIMATED_FROM = 64;

export class MachineCounters {
  readonly #facts: EstateFacts;
  readonly #machine: Machine;
  readonly #entries = new Map<Counter, Entry[]>();

  constructor(facts: EstateFacts, machine: Machine) {
    this.#facts = facts;
    this.#machine = machine;
  }

  /** Of the sample that `at` lies in. @param instance as `curveOf` has it. @returns in the counter's unit */
  value(counter: Counter, instance: number, at: UnixMillis): number {
    const entry = this.#entry(counter, instance);
    const sample = sampleAt(at);
    if (entry.sample !== sample) {
      entry.value = curveAt(entry.curve, sample);
      entry.sample = sample;
    }
    return entry.value;
  }

  /** In the counter's unit times seconds; never less than before. */
  total(counter: Counter, instance: number, { since, storyBegan, at }: CounterSpan): number {
    const entry = this.#entry(counter, instance);
    const from = Math.max(since, storyBegan);
    const first = sampleAt(from);
    const current = sampleAt(at);
    if (entry.total?.from !== from || entry.total.since !== since)
      entry.total = { since, from, before: estimated(entry.curve, since, from), sum: 0, next: first + 1 };
    const { total } = entry;
    // somebody asks for an instant in the past
    if (total.next > Math.max(first + 1, current)) Object.assign(total, { sum: 0, next: first + 1 });
    while (total.next < current) {
      const count = Math.min(CHUNK, current - total.next);
      fillCurve(entry.curve, total.next, count, chunk);
      for (let i = 0; i < count; i++) total.sum += chunk[i]!;
      total.next += count;
    }
    const now = this.value(counter, instance, at);
    if (current === first) return total.before + (now * (at - from)) / SECOND;
    const head = (curveAt(entry.curve, first) * (first * WINDOW - from)) / SECOND;
    const tail = (now * (at - (current - 1) * WINDOW)) / SECOND;
    return total.before + head + total.sum * SAMPLE_SECONDS + tail;
  }

  #entry(counter: Counter, instance: number): Entry {
    let entries = this.#entries.get(counter);
    if (!entries) {
      entries = [];
      this.#entries.set(counter, entries);
    }
    entries[instance] ??= {
      curve: curveOf(this.#facts, this.#machine, counter, instance),
      sample: 0,
      value: 0,
      total: undefined,
    };
    return entries[instance];
  }
}

const COUNTERS = new WeakMap<Machine, MachineCounters>();

function estimated(curve: Curve, from: UnixMillis, to: UnixMillis): number {
  if (to <= from) return 0;
  const step = (to - from) / ESTIMATED_FROM;
  let sum = 0;
  for (let i = 0; i < ESTIMATED_FROM; i++) sum += curveAt(curve, sampleAt(from + i * step));
  return (sum / ESTIMATED_FROM) * ((to - from) / SECOND);
}

/** The counters of a machine as its facts are now: one set, whoever asks. */
export function countersOf(facts: EstateFacts, machine: Machine): MachineCounters {
  let counters = COUNTERS.get(machine);
  if (!counters) {
    counters = new MachineCounters(facts, machine);
    COUNTERS.set(machine, counters);
  }
  return counters;
}
