import { describe, expect, test } from 'vitest';
import { Entropy } from '#core/entropy/entropy.ts';
import type { Clock } from '#core/time/clock.ts';
import { KIB, MIB } from '#core/units.ts';
import { type DiskOrigin, Estate, type EstateChange } from './estate.ts';
import { generateEstate } from './generate.ts';
import type { DiskFacts, Machine } from './model.ts';

const START = Date.UTC(2024, 0, 1);

function newEstate() {
  let now = START;
  const clock: Clock = {
    monotonic: () => now - START,
    wall: () => now,
    schedule: () => ({ cancel: () => {} }),
  };
  const facts = generateEstate({ seed: 'mutation', machines: 4 });
  const estate = new Estate(facts, { clock, entropy: new Entropy('mutation') });
  const seen: EstateChange[] = [];
  estate.onChange((change) => seen.push(change));
  return { estate, first: facts.machines[0]!, seen, at: (ms: number) => (now = START + ms) };
}

const sized = (disk: DiskFacts, id: string, sizeBytes: number): DiskFacts => ({ ...disk, id, sizeBytes });

/** A copy of a machine with one disk of the size. */
function sibling(machine: Machine, id: string, sizeBytes = MIB): Machine {
  return { ...machine, id, name: id, power: 'on', disks: [sized(machine.disks[0]!, `${id}/0`, sizeBytes)] };
}

describe('machines', () => {
  test('are added at the end, found by id, and gone after removal', () => {
    const { estate, first, seen } = newEstate();
    const before = estate.machines();
    const made = sibling(first, 'new-1');
    estate.add(made);
    expect(estate.machines()).toEqual([...before, made]);
    expect(before).toHaveLength(4);
    estate.remove(first.id);
    expect(estate.machine(first.id)).toBeUndefined();
    expect(estate.machines().map(({ id }) => id)).toEqual([...before.slice(1).map(({ id }) => id), 'new-1']);
    expect(() => estate.disk(first.disks[0]!.id)).toThrow(/no disk/);
    expect(estate.facts.machines).toHaveLength(4);
    expect(seen).toEqual([
      { kind: 'added', machineId: 'new-1' },
      { kind: 'removed', machineId: first.id, machine: first },
    ]);
  });

  test('were off before they were made', () => {
    const { estate, first, at } = newEstate();
    at(60_000);
    estate.add(sibling(first, 'new-1'));
    expect(estate.power('new-1')).toBe('on');
    expect(estate.powerSince('new-1')).toBe(START + 60_000);
    expect(estate.wasOn('new-1', START + 60_000)).toBe(false);
    expect(estate.wasOn('new-1', START + 80_000)).toBe(true);
  });

  test('keep place, power and bytes when their facts change', () => {
    const { estate, first, seen } = newEstate();
    const disk = estate.disk(first.disks[0]!.id);
    disk.write(0, Buffer.alloc(512, 7));
    const renamed = {
      ...first,
      name: 'renamed',
      disks: [{ ...first.disks[0]!, path: '[x] y/z.vmdk' }, ...first.disks.slice(1)],
    };
    estate.replace(renamed);
    expect(estate.machines()[0]).toBe(renamed);
    expect(estate.disk(first.disks[0]!.id)).toBe(disk);
    expect(disk.facts.path).toBe('[x] y/z.vmdk');
    expect(disk.read(0, 512)).toEqual(Buffer.alloc(512, 7));
    expect(seen.at(-1)).toEqual({ kind: 'changed', machineId: first.id, before: first });
  });
});

describe('disks', () => {
  const withDisk = (origin?: DiskOrigin, sizeBytes = MIB) => {
    const world = newEstate();
    const made = sibling(world.first, 'new-1', sizeBytes);
    world.estate.add(made, origin === undefined ? new Map() : new Map([['new-1/0', origin]]));
    return { ...world, made, disk: world.estate.disk('new-1/0') };
  };

  test('are blank if nothing else is said', () => {
    const { disk } = withDisk();
    expect(disk.allocated()).toEqual([]);
    expect(disk.read(0, MIB)).toEqual(Buffer.alloc(MIB));
  });

  test('copied ones hold what the source held at that moment, and go on by themselves', () => {
    const { estate, made } = withDisk('generated', MIB + 512);
    const source = estate.disk('new-1/0');
    source.write(64 * KIB, Buffer.alloc(512, 1));
    const then = source.read(0, MIB + 512);
    estate.add(sibling(made, 'copy', 2 * MIB), new Map([['copy/0', { copyOf: source }]]));
    const copy = estate.disk('copy/0');
    source.write(64 * KIB, Buffer.alloc(512, 2));
    copy.write(0, Buffer.alloc(512, 3));
    expect(copy.read(512, MIB)).toEqual(then.subarray(512));
    expect(copy.read(MIB + 512, MIB - 512)).toEqual(Buffer.alloc(MIB - 512));
    estate.remove('new-1');
    expect(copy.read(64 * KIB, 512)).toEqual(Buffer.alloc(512, 1));
  });

  test('grow with zeros, whatever their last block held', () => {
    for (const write of ['nothing', 'bytes', 'generated'] as const) {
      const { estate, made, disk } = withDisk('generated', MIB + 512);
      if (write === 'bytes') disk.write(MIB, Buffer.alloc(512, 5));
      if (write === 'generated') disk.writeGenerated(16, 1);
      const epoch = disk.mark();
      const before = disk.read(0, MIB + 512);
      estate.replace({ ...made, disks: [{ ...made.disks[0]!, sizeBytes: 3 * MIB }] });
      expect(disk.read(0, MIB + 512)).toEqual(before);
      expect(disk.read(MIB + 512, 2 * MIB - 512, epoch)).toEqual(Buffer.alloc(2 * MIB - 512));
      disk.write(MIB + 64 * KIB, Buffer.alloc(512, 9));
      expect(disk.changedSince(epoch, 'now')).toEqual([{ start: MIB + 64 * KIB, length: 64 * KIB }]);
    }
  });

  test('never become smaller', () => {
    const { estate, made } = withDisk();
    expect(() => estate.replace({ ...made, disks: [{ ...made.disks[0]!, sizeBytes: 512 }] })).toThrow(
      /smaller/,
    );
  });

  test('one that was taken off a machine goes on another', () => {
    const { estate, made, disk, seen } = withDisk();
    disk.write(0, Buffer.alloc(512, 4));
    estate.replace({ ...made, disks: [] });
    estate.add(sibling(made, 'other'), new Map([['other/0', { existing: disk }]]));
    expect(estate.disk('other/0')).toBe(disk);
    disk.write(0, Buffer.alloc(512, 6));
    expect(seen.at(-1)).toEqual({ kind: 'disk', machineId: 'other', diskId: 'other/0' });
  });
});

describe('folders and pools', () => {
  test('exist with the first machine in them, are made, renamed with all that is in them, and removed empty', () => {
    const { estate, first, seen } = newEstate();
    const { datacenterId } = first;
    estate.replace({ ...first, folder: ['a', 'b'] });
    expect(estate.folders(datacenterId).slice(-2)).toEqual([['a'], ['a', 'b']]);
    estate.addPlace('folder', datacenterId, ['a', 'c']);
    estate.movePlace('folder', datacenterId, ['a'], ['z']);
    expect(estate.machine(first.id)!.folder).toEqual(['z', 'b']);
    expect(() => estate.removePlace('folder', datacenterId, ['z', 'b'])).toThrow(/not empty/);
    estate.removePlace('folder', datacenterId, ['z', 'c']);
    expect(() => estate.addPlace('folder', datacenterId, ['z', 'b'])).toThrow(/already/);
    expect(() => estate.movePlace('folder', datacenterId, ['z'], ['z', 'b', 'z'])).toThrow(/itself/);
    expect(seen.slice(1)).toEqual([
      { kind: 'folder', ownerId: datacenterId, after: ['a', 'c'] },
      { kind: 'folder', ownerId: datacenterId, before: ['a'], after: ['z'] },
      { kind: 'folder', ownerId: datacenterId, before: ['z', 'c'] },
    ]);
  });

  test('a pool belongs to its cluster', () => {
    const { estate, first } = newEstate();
    const owner = first.clusterId ?? first.hostId;
    estate.addPlace('pool', owner, ['gold']);
    estate.replace({ ...first, resourcePool: 'Resources/gold' });
    estate.movePlace('pool', owner, ['gold'], ['silver']);
    expect(estate.machine(first.id)!.resourcePool).toBe('Resources/silver');
    expect(estate.pools(owner)).toContainEqual(['silver']);
  });
});
