/**
 * A guest that goes on working while its disk is replicated: it writes successive states of its file system,
 * each as the blocks that changed, spread over some minutes, and only while the machine is on.
 */
import type { Clock } from '#core/time/clock.ts';
import { sleepUntil } from '#core/time/clock.ts';
import type { Counters } from '#core/trace/recorder.ts';
import type { Millis } from '#core/units.ts';
import { blockDiff, type ChangedRun } from '#simulators/estate/block-diff.ts';
import type { Estate } from '#simulators/estate/estate.ts';

/** At most so many bytes a write: what a guest's block layer hands down at once. */
const WRITE_BYTES_MAX = 256 * 1024;
/** Writes of one state happen in so many bursts. */
const BURSTS = 12;

export interface GuestWriterOptions {
  clock: Clock;
  estate: Estate;
  counters: Counters;
  machineId: string;
  diskId: string;
  /** The disk as it is, then one whole image per state. */
  states: readonly Buffer[];
  every: Millis;
  over: Millis;
  signal: AbortSignal;
}

export interface GuestWriter {
  /** States written completely. */
  written(): number;
  readonly total: number;
  /** Resolves when the last state is written, or the machine was switched off. */
  readonly finished: Promise<void>;
}

export function startGuestWriter(options: GuestWriterOptions): GuestWriter {
  const { clock, estate, counters, machineId, diskId, states, every, over, signal } = options;
  const disk = estate.disk(diskId);
  let written = 0;

  async function run(): Promise<void> {
    const start = clock.wall();
    for (let i = 1; i < states.length; i++) {
      const begins = start + (i - 1) * every;
      const writes = blockDiff(states[i - 1]!, states[i]!).flatMap(split);
      for (let burst = 0; burst < BURSTS; burst++) {
        await sleepUntil(clock, begins + Math.floor((over * burst) / BURSTS), `guest ${machineId}`, signal);
        if (estate.power(machineId) !== 'on') return;
        const [from, to] = [burst, burst + 1].map((b) => Math.floor((writes.length * b) / BURSTS));
        for (const { offset, data } of writes.slice(from, to)) {
          disk.write(offset, data);
          counters.add('guest.writes');
          counters.add('guest.bytes', data.length);
        }
      }
      written = i;
    }
  }

  return { written: () => written, total: states.length - 1, finished: run() };
}

function split({ offset, data }: ChangedRun): ChangedRun[] {
  const parts: ChangedRun[] = [];
  for (let at = 0; at < data.length; at += WRITE_BYTES_MAX)
    parts.push({ offset: offset + at, data: data.subarray(at, at + WRITE_BYTES_MAX) });
  return parts;
}
