/**
 * The trace of a run: what was said above TLS, every timer that fired, every durable write, every fault that
 * acted. Two runs of one seed are compared by it.
 */
import type { UnixMillis } from '../units.ts';

export interface TraceEvent {
  /** Instant in the story. */
  readonly at: UnixMillis;
  readonly kind: 'http' | 'timer' | 'durable' | 'fault' | 'link' | 'step' | 'check';
  /** Who: node or component. */
  readonly who: string;
  /** What: method and target, timer label, table, fault point. No secrets. */
  readonly what: string;
  /** SHA-256 (hex) of the content, where there is any. */
  readonly digest?: string;
  readonly bytes?: number;
}

export interface Recorder {
  record(event: TraceEvent): void;
}

/** Work counters: exact integers, equal on every machine for one seed. Names are dotted, biggest word first. */
export class Counters {
  readonly #counts = new Map<string, number>();

  add(name: string, n = 1): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + n);
  }

  /** Sorted by name. */
  toJSON(): Record<string, number> {
    return Object.fromEntries([...this.#counts].sort(([a], [b]) => (a < b ? -1 : 1)));
  }
}
