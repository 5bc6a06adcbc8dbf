import { describe, expect, test } from 'vitest';
import { GIB, MIB } from '#core/units.ts';
import { applyChurn, churnedBlocks } from './churn.ts';
import { generateEstate } from './generate.ts';
import type { Machine } from './model.ts';
import { createDisk } from './virtual-disk.ts';

const facts = generateEstate({ seed: 'churn', machines: 3 });
const base = facts.machines[2]!;
const machineWith = (workload: Partial<Machine['workload']>): Machine => ({
  ...base,
  workload: { ...base.workload, ...workload },
});
const disk = { ...base.disks[0]!, sizeBytes: 40 * GIB };

/** Wednesday 2024-01-03, by hour. */
const hour = (ofDay: number) => Date.UTC(2024, 0, 3, ofDay) / 3_600_000;

describe('churn', () => {
  test('a steady machine rewrites its stated bytes every hour, in distinct blocks within the disk', () => {
    const machine = machineWith({ shape: 'steady', churnBytesPerHour: 100 * MIB });
    for (const h of [0, 9, 17]) {
      const blocks = churnedBlocks(facts, machine, disk, hour(h));
      expect(blocks.length).toBe(1600);
      expect(blocks).toEqual([...new Set(blocks)].sort((a, b) => a - b));
      expect(blocks.at(-1)!).toBeLessThan(disk.sizeBytes / 65_536);
    }
  });

  test('an office machine rewrites by day what it leaves alone at night', () => {
    const machine = machineWith({ shape: 'office', churnBytesPerHour: 100 * MIB });
    expect(churnedBlocks(facts, machine, disk, hour(14)).length).toBeGreaterThan(1500);
    expect(churnedBlocks(facts, machine, disk, hour(2)).length).toBeLessThan(120);
  });

  test('a recorded trace is followed', () => {
    const day = Uint8Array.from({ length: 288 }, (_, i) => (i < 144 ? 0 : 50));
    const traced = { ...facts, cpuTraces: new Map([['day', day]]) };
    const machine = machineWith({ cpuTrace: 'day', churnBytesPerHour: 100 * MIB });
    expect(churnedBlocks(traced, machine, disk, hour(3)).length).toBe(0);
    expect(churnedBlocks(traced, machine, disk, hour(20)).length).toBe(800);
  });

  test('small rates keep their mean: a quarter of a block per hour is a block every four hours or so', () => {
    const machine = machineWith({ shape: 'steady', churnBytesPerHour: 16_384 });
    let blocks = 0;
    for (let h = 0; h < 2000; h++) blocks += churnedBlocks(facts, machine, disk, hour(h)).length;
    expect(blocks).toBeGreaterThan(400);
    expect(blocks).toBeLessThan(600);
  });

  test('writes come back to hot places: a day of churn touches far fewer blocks than it writes', () => {
    const machine = machineWith({ shape: 'steady', churnBytesPerHour: 50 * MIB });
    const all = Array.from({ length: 24 }, (_, h) => churnedBlocks(facts, machine, disk, hour(h))).flat();
    expect(new Set(all).size).toBeLessThan(all.length * 0.6);
  });

  test('at most half of a small disk changes in an hour', () => {
    const machine = machineWith({ shape: 'steady', churnBytesPerHour: 4 * GIB });
    expect(churnedBlocks(facts, machine, { ...disk, sizeBytes: 16 * MIB }, hour(1)).length).toBe(128);
  });

  test('applied to a disk, it is exactly what changed, and other content than before', () => {
    const machine = machineWith({ shape: 'steady', churnBytesPerHour: 20 * MIB });
    const virtual = createDisk(facts.seed, disk);
    const epoch = virtual.mark();
    applyChurn(facts, machine, virtual, hour(1), hour(3));
    const expected = new Set([1, 2].flatMap((h) => churnedBlocks(facts, machine, disk, hour(h))));
    const changed = virtual
      .changedSince(epoch, 'now')
      .flatMap(({ start, length }) => Array.from({ length: length / 65_536 }, (_, i) => start / 65_536 + i));
    expect(changed).toEqual([...expected].sort((a, b) => a - b));
    const at = changed[0]! * 65_536;
    expect(virtual.read(at, 65_536).equals(virtual.read(at, 65_536, epoch))).toBe(false);
  });
});
