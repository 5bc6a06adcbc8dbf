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
  readonly from: UnixMillis;
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
/** Mean of a machine's first days, as a part of its curve's plateau. */
const USUAL_LEVEL = 0.35;

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
    if (entry.total?.from !== from || entry.total.next > current)
      entry.total = { from, sum: 0, next: first + 1 };
    const { total } = entry;
    while (total.next < current) {
      const count = Math.min(CHUNK, current - total.next);
      fillCurve(entry.curve, total.next, count, chunk);
      for (let i = 0; i < count; i++) total.sum += chunk[i]!;
      total.next += count;
    }
    const now = this.value(counter, instance, at);
    const before = ((Math.max(0, storyBegan - since) / SECOND) * (entry.curve.scale * USUAL_LEVEL)) / 8;
    if (current === first) return before + (now * (at - from)) / SECOND;
    const head = (curveAt(entry.curve, first) * (first * WINDOW - from)) / SECOND;
    const tail = (now * (at - (current - 1) * WINDOW)) / SECOND;
    return before + head + total.sum * SAMPLE_SECONDS + tail;
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

/** The counters of a machine as its facts are now: one set, whoever asks. */
export function countersOf(facts: EstateFacts, machine: Machine): MachineCounters {
  let counters = COUNTERS.get(machine);
  if (!counters) {
    counters = new MachineCounters(facts, machine);
    COUNTERS.set(machine, counters);
  }
  return counters;
}
