/** What the guest's own counters say of the load: the same curves that the virtualisation layer shows, seen from inside. */
import type { Ratio, UnixMillis } from '#core/units.ts';
import type { Guest } from './guest.ts';
import { countersOf } from './machine-counters.ts';

/** CPU use of the whole machine in the sample that `at` lies in, 0…1. */
export function cpuRatioAt({ facts, machine }: Guest, at: UnixMillis): Ratio {
  return countersOf(facts, machine).value('cpu.usage', 0, at) / 10_000;
}

/** Memory in KiB: a little of what the machine has is the firmware's and the kernel's. */
export function memoryOf({ facts, machine }: Guest, at: UnixMillis): { totalKb: number; usedKb: number } {
  const totalKb = Math.floor(machine.memoryMiB * 1024 * 0.985);
  const usage = countersOf(facts, machine).value('mem.usage', 0, at);
  return { totalKb, usedKb: Math.floor((totalKb * usage) / 10_000) };
}
