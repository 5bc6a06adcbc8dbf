/**
 * Where points are kept when there are too many for memory: a month of 35,000 servers is 1.8 billion of them. A
 * port, with two adapters: packed SQLite (packed-store.ts, no dependency) and DuckDB. Both pass one suite of tests
 * (core/testing/point-store-suite.ts).
 *
 * Points arrive in any order and may repeat; the larger value of a window stands (see roll-up.ts). What was raised
 * is durable and in reading order once `settle` has ended, which is meant to be called about once a day.
 */
import type { CounterName, MachineFacts } from '../assessment/machine-facts.ts';
import { defineErrors } from '../errors.ts';
import type { Points } from '../metrics/points.ts';
import type { WindowIndex } from '../metrics/roll-up.ts';
import type { Millis } from '../units.ts';

export const errors = defineErrors({
  'pointStore.notAStore': {
    blame: 'input',
    why: 'The file is not a point store, or one of another version, or damaged.',
    next: 'Give a folder or file that `drylift points convert` or a run has written.',
  },
  'pointStore.otherPeriod': {
    blame: 'input',
    why: 'All points of a store have one period.',
    next: 'Use a store of its own for points of another period, or set the period of the assessment.',
  },
});

export interface Series {
  readonly counter: CounterName;
  /** Disk or adapter; '' for cpu and memory. */
  readonly instance: string;
  readonly points: Points;
}

export interface MachineWithPoints {
  readonly facts: MachineFacts;
  /** In order of counter and instance. */
  readonly series: readonly Series[];
}

export interface PointStore {
  readonly periodMs: Millis;
  /** Facts of a machine; the last word counts. Machines keep the order in which they first came. */
  putMachine(facts: MachineFacts): Promise<void>;
  /**
   * Raises points of a machine that was put.
   * @throws `pointStore.otherPeriod`
   */
  raise(machineId: string, series: readonly Series[]): Promise<void>;
  /** What was raised before is on disk, and in order, when it ends. */
  settle(): Promise<void>;
  /** Forgets points of windows below `window`. */
  dropBefore(window: WindowIndex): Promise<void>;
  machineCount(): Promise<number>;
  /** The window after the last one that was ever raised; undefined before any was. */
  end(): Promise<WindowIndex | undefined>;
  /** Machines number `first` … `first + count - 1` in their order, with everything raised so far. */
  read(first: number, count: number): AsyncIterable<MachineWithPoints>;
  close(): Promise<void>;
}

/** Series of a machine in the order in which stores give them. */
export function inOrder(series: readonly Series[]): Series[] {
  return series.toSorted((a, b) => compare(a.counter, b.counter) || compare(a.instance, b.instance));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
