/**
 * Which blocks of a disk its guest rewrites in an hour: a pure function of (seed, disk, hour), following the
 * machine's load. As on real disks, most writes return to a few hot places (journals, logs, tables), the rest
 * is scattered over the space in use, and now and then something new is allocated.
 */

import { Entropy } from '#core/entropy/entropy.ts';
import { mix32 } from '#core/entropy/hash.ts';
import { allocationOf, BLOCK_BYTES } from './disk-content.ts';
import type { DiskFacts, EstateFacts, Machine } from './model.ts';
import type { VirtualDisk } from './virtual-disk.ts';
import { blockOfWeek, FULL_LEVEL, weekOf } from './workload-shapes.ts';

const BLOCKS_OF_FIVE_MINUTES = 12;
const HOT_PLACES = 32;
const LONGEST_RUN = 16;

/**
 * Blocks of 64 KiB, ascending and distinct, that the guest rewrites on one disk in one hour in which it is on.
 *
 * Their number follows the shape's (or trace's) level in that hour and `workload.churnBytesPerHour`, which is
 * what the disk sees at the plateau; at most half of the disk changes in an hour.
 *
 * @param hour whole hours since the Unix epoch.
 */
export function churnedBlocks(facts: EstateFacts, machine: Machine, disk: DiskFacts, hour: number): number[] {
  const entropy = new Entropy(facts.seed);
  const key = entropy.keyFor('estate.churn', disk.id, hour);
  const allocation = allocationOf(facts.seed, disk);
  const wanted = (machine.workload.churnBytesPerHour * levelIn(facts, machine, hour)) / BLOCK_BYTES;
  // The fraction of a block is rounded up as often as it says, so that small rates keep their mean.
  const rounded = Math.floor(wanted + mix32(key, 0) / 2 ** 32);
  const count = Math.min(rounded, Math.floor(allocation.blocks / 2));

  const blocks = new Set<number>();
  const hotKey = entropy.keyFor('estate.churn.hot', disk.id);
  let draw = 1;
  const below = (n: number) => Math.floor((mix32(key, draw++) / 2 ** 32) * n);
  const usedBlock = (region: number, place: number) => {
    const used = Math.max(1, allocation.usedBlocksOf(region));
    return region * allocation.regionBlocks + (place % used);
  };
  while (blocks.size < count) {
    const kind = below(16);
    let start: number;
    if (kind < 11) {
      const place = mix32(hotKey, below(HOT_PLACES));
      start = usedBlock(place % allocation.regions, place >>> 8) + below(4 * LONGEST_RUN);
    } else if (kind < 15) start = usedBlock(below(allocation.regions), below(allocation.regionBlocks));
    else start = below(allocation.blocks);
    const end = Math.min(start + 1 + below(LONGEST_RUN), allocation.blocks);
    for (let block = start; block < end && blocks.size < count; block++) blocks.add(block);
  }
  return [...blocks].sort((a, b) => a - b);
}

/**
 * Writes the churn of the hours `fromHour` … `toHour − 1` to a disk. The caller leaves out the hours in which
 * the machine was off. On a disk with a real image this would destroy the image's file system: write
 * `blockDiff`s there instead.
 */
export function applyChurn(
  facts: EstateFacts,
  machine: Machine,
  disk: VirtualDisk,
  fromHour: number,
  toHour: number,
): void {
  for (let hour = fromHour; hour < toHour; hour++)
    for (const block of churnedBlocks(facts, machine, disk.facts, hour)) disk.writeGenerated(block, hour);
}

/** Mean level of an hour, 0…1, where 1 is the shape's plateau or 100 % of a trace. */
function levelIn(facts: EstateFacts, machine: Machine, hour: number): number {
  const { shape, cpuTrace } = machine.workload;
  const trace = cpuTrace === undefined ? undefined : facts.cpuTraces.get(cpuTrace);
  const week = weekOf(shape, 'diskWrite');
  let sum = 0;
  for (let i = 0; i < BLOCKS_OF_FIVE_MINUTES; i++) {
    const block = hour * BLOCKS_OF_FIVE_MINUTES + i;
    sum += trace ? trace[block % trace.length]! / 100 : week[blockOfWeek(block)]! / FULL_LEVEL;
  }
  return sum / BLOCKS_OF_FIVE_MINUTES;
}
