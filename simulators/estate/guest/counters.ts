/**
 * Counters that only grow, as kernels keep them: bytes and operations of a disk, bytes of an adapter, time of the CPUs,
 * added up since the machine was started. They are the integral of the curves that every other view shows, so that the
 * difference of two readings is the mean over the span between them, whatever the span.
 */
import { SECOND, type UnixMillis } from '#core/units.ts';
import type { Counter } from '../workload-curve.ts';
import type { Guest } from './guest.ts';
import { countersOf } from './machine-counters.ts';

/** Unit of the counter times seconds, from the start of the machine to `at`. Not rounded. */
function addedUp(guest: Guest, counter: Counter, instance: number, at: UnixMillis): number {
  const span = { since: guest.bootedAt(), storyBegan: guest.storyStart, at };
  return countersOf(guest.facts, guest.machine).total(counter, instance, span);
}

/** Time that all CPUs together were busy and idle since the start of the machine, in hundredths of a second. */
export function cpuTicksOf(guest: Guest, at: UnixMillis): { busy: number; idle: number } {
  const { cores } = guest.machine;
  const all = Math.max(0, ((at - guest.bootedAt()) / SECOND) * 100 * cores);
  const busy = Math.min(all, (addedUp(guest, 'cpu.usage', 0, at) / 10_000) * 100 * cores);
  return { busy: Math.floor(busy), idle: Math.floor(all - busy) };
}

export interface DiskCounts {
  readonly reads: number;
  readonly readKb: number;
  readonly writes: number;
  readonly writtenKb: number;
}

/** @param index of the disk among the machine's */
export function diskCountsOf(guest: Guest, index: number, at: UnixMillis): DiskCounts {
  const count = (counter: Counter) => Math.floor(addedUp(guest, counter, index, at));
  return {
    reads: count('virtualDisk.numberReadAveraged'),
    readKb: count('virtualDisk.read'),
    writes: count('virtualDisk.numberWriteAveraged'),
    writtenKb: count('virtualDisk.write'),
  };
}

/** Bytes. @param index of the adapter among the machine's */
export function netCountsOf(guest: Guest, index: number, at: UnixMillis): { received: number; sent: number } {
  const bytes = (counter: Counter) => Math.floor(addedUp(guest, counter, index, at) * 1024);
  return { received: bytes('net.received'), sent: bytes('net.transmitted') };
}
