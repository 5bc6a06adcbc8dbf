/**
 * The two kinds of performance classes: Win32_PerfRawData_* with totals and time stamps, from which a client works out
 * rates, and Win32_PerfFormattedData_* with the rates themselves. Both are made from one reading of the curves, so that
 * what a client works out from two raw readings within a sample is what the formatted class says.
 */
import type { Clock } from '#core/time/clock.ts';
import { SECOND, type UnixMillis } from '#core/units.ts';
import { type CounterSpan, countersOf, type MachineCounters } from '../estate/guest/machine-counters.ts';
import type { EstateFacts, Machine } from '../estate/model.ts';
import type { Counter } from '../estate/workload-curve.ts';
import type { ClassSource, Question } from '../winrm/cim/repository.ts';
import type { CimValue } from '../winrm/cim/values.ts';
import { cimv2 } from './windows-server.ts';

export type Row = Readonly<Record<string, CimValue>>;

/** 100 ns from 1601-01-01 to 1970-01-01: the epoch of FILETIME. */
const FILETIME_EPOCH = 116_444_736_000_000_000n;
const TICKS_PER_SECOND = 10_000_000;

export function fileTime(at: UnixMillis): bigint {
  return FILETIME_EPOCH + BigInt(Math.floor(at)) * 10_000n;
}

/** Reads counters at one instant, as rates or as totals. */
export interface CounterReader {
  readonly raw: boolean;
  readonly at: UnixMillis;
  /** Does the query ask for one of these? */
  wants(...names: readonly string[]): boolean;
  /** What a class of raw data has beside the counters; nothing in a class of formatted data. */
  readonly stamps: Row;
  /** @param span when the machine was started, and when the story began */
  of(facts: EstateFacts, machine: Machine, span: Omit<CounterSpan, 'at'>): MachineReader;
}

export function counterReader(
  { clock, raw, bootedAt }: { clock: Clock; raw: boolean; bootedAt: UnixMillis },
  { wanted }: Question,
): CounterReader {
  const at = clock.wall();
  return {
    raw,
    at,
    wants: (...names) => wanted === undefined || names.some((name) => wanted.has(name.toLowerCase())),
    stamps: raw ? stampsOf(at, bootedAt) : {},
    of: (facts, machine, span) => new MachineReader(countersOf(facts, machine), raw, { ...span, at }),
  };
}

/** A class, since one is made for each of thousands of machines at every poll. */
export class MachineReader {
  readonly #counters: MachineCounters;
  readonly #raw: boolean;
  readonly #span: CounterSpan;

  constructor(counters: MachineCounters, raw: boolean, span: CounterSpan) {
    this.#counters = counters;
    this.#raw = raw;
    this.#span = span;
  }

  /** Per second, or in all: a count has 32 bits, and starts again behind them. */
  count(counter: Counter, instance: number): number {
    const read = this.#read(counter, instance);
    return this.#raw ? Math.floor(read) % 2 ** 32 : read;
  }

  /** Bytes per second, or in all, of a counter in KB/s. */
  bytes(counter: Counter, instance: number): bigint {
    return BigInt(Math.floor(this.#read(counter, instance) * 1024));
  }

  /** Whole per cent, or 100 ns in all, of `part` of a counter in hundredths of a per cent. */
  time(counter: Counter, part = 1): number | bigint {
    const read = this.#read(counter, 0) * part;
    return this.#raw ? ticks(read) : Math.round(read / 100);
  }

  /** What is left of the whole: idle time. */
  rest(counter: Counter): number | bigint {
    const read = this.#read(counter, 0);
    const { at, since } = this.#span;
    return this.#raw ? ticks(((at - since) / SECOND) * 10_000 - read) : 100 - Math.round(read / 100);
  }

  #read(counter: Counter, instance: number): number {
    return this.#raw
      ? this.#counters.total(counter, instance, this.#span)
      : this.#counters.value(counter, instance, this.#span.at);
  }
}

function ticks(hundredthsOfPercent: number): bigint {
  return BigInt(Math.floor((hundredthsOfPercent / 10_000) * TICKS_PER_SECOND));
}

function stampsOf(at: UnixMillis, bootedAt: UnixMillis): Row {
  const now = fileTime(at);
  return {
    Timestamp_Sys100NS: now,
    Frequency_Sys100NS: TICKS_PER_SECOND,
    Timestamp_PerfTime: BigInt(Math.max(0, Math.floor(at - bootedAt))) * 10_000n,
    Frequency_PerfTime: TICKS_PER_SECOND,
    Timestamp_Object: now,
    Frequency_Object: TICKS_PER_SECOND,
  };
}

/** Both classes of an object: Win32_PerfFormattedData_X and Win32_PerfRawData_X. */
export function performanceClasses(
  { clock, bootedAt }: { clock: Clock; bootedAt(): UnixMillis },
  object: string,
  rows: (reader: CounterReader) => Iterable<Row>,
): ClassSource[] {
  return [false, true].map((raw) =>
    cimv2(`Win32_Perf${raw ? 'Raw' : 'Formatted'}Data_${object}`, (question) =>
      rows(counterReader({ clock, raw, bootedAt: bootedAt() }, question)),
    ),
  );
}
