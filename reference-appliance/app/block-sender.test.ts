import { expect, test } from 'vitest';
import { DryliftError } from '#core/errors.ts';
import { sleep } from '#core/time/clock.ts';
import { MIB, SECOND } from '#core/units.ts';
import { fakeCloud } from '../testing/fake-cloud.ts';
import { fakeSource, machine } from '../testing/fake-source.ts';
import { type MemoryWorld, memoryWorld } from '../testing/memory-world.ts';
import { BlockSender, type Sending } from './block-sender.ts';
import type { Block, ReplicationControl } from './cloud-ports.ts';
import { type CycleDisk, newCycle } from './cycle-record.ts';
import { Retrier } from './retry.ts';
import { UploadPace } from './upload-pace.ts';

const signal = new AbortController().signal;
const refused = new DryliftError(
  'azure.blob.forbidden',
  { blame: 'peer', retry: 'after-change', why: '', next: '' },
  { what: '403' },
);

/** 600 windows of a disk, a sector of each: three manifests. */
function sending(world: MemoryWorld, control: Partial<ReplicationControl>) {
  const manifests = new Map<number, readonly Block[]>();
  const blobs = new Map<string, string>();
  const saved: number[] = [];
  const disk: CycleDisk = {
    diskId: 'd',
    key: 2000,
    sizeBytes: 600 * MIB,
    location: 's',
    changeId: 'x/2',
    since: undefined,
    manifests: 0,
    changedBytes: 600 * 512,
  };
  const it: Sending = {
    record: newCycle('item', 'c1', 'initial', 0),
    disk,
    index: 0,
    ranges: Array.from({ length: 600 }, (_, window) => ({ start: window * MIB, length: 512 })),
    source: {
      ...fakeSource(world.clock),
      read: async (_handle, _disk, { start }) => Buffer.alloc(512, `window ${start / MIB}`),
    },
    machine: machine(1),
    disks: [
      {
        diskId: 'd',
        logContainerUrl: 'https://log.test/c?sig=1',
        isOsDisk: true,
        lastAppliedCycleId: undefined,
      },
    ],
    save: async (record) => void saved.push(record.disks.length, disk.manifests),
    onSent: () => {},
  };
  const sender = new BlockSender({
    control: {
      ...fakeCloud(world.clock).replication!,
      putManifest: async (_item, _cycle, _disk, n, blocks) => void manifests.set(n, blocks),
      putBlob: async (_url, name, content, sha256) => void blobs.set(name, `${content.length} ${sha256}`),
      ...control,
    },
    retrier: new Retrier({ ...world, incarnation: 1 }),
    pace: new UploadPace(world.clock),
    counters: world.counters,
    uploadsPerDisk: 4,
  });
  return { it, sender, disk, manifests, blobs };
}

test('every window is in exactly one manifest, in order, and its blob was stored before', async () => {
  await using world = await memoryWorld();
  const { it, sender, disk, manifests, blobs } = sending(world, {});
  await world.run(() => sender.send(it, signal));
  expect([...manifests.values()].map(({ length }) => length)).toEqual([256, 256, 88]);
  expect([...manifests.values()].flat().map(({ offset }) => offset / MIB)).toEqual(
    Array.from({ length: 600 }, (_, i) => i),
  );
  for (const { content } of [...manifests.values()].flat())
    expect(content.encoding === 'zero' ? undefined : blobs.get(content.blob)).toBe(
      content.encoding === 'zero' ? undefined : `${content.storedBytes} ${content.sha256}`,
    );
  expect(disk.manifests).toBe(3);
});

test('manifests that the service has are passed over after a crash, and the others are the same as ever', async () => {
  await using world = await memoryWorld();
  const whole = sending(world, {});
  await world.run(() => whole.sender.send(whole.it, signal));
  const rest = sending(world, {});
  rest.disk.manifests = 1;
  await world.run(() => rest.sender.send(rest.it, signal));
  expect([...rest.manifests.keys()]).toEqual([1, 2]);
  for (const n of [1, 2]) expect(rest.manifests.get(n)).toEqual(whole.manifests.get(n));
  expect(rest.blobs.size).toBe(600 - 256);
});

test('no more uploads of a disk run at a time than were configured', async () => {
  await using world = await memoryWorld();
  let running = 0;
  let most = 0;
  const { it, sender } = sending(world, {
    async putBlob() {
      most = Math.max(most, ++running);
      await sleep(world.clock, SECOND, 'upload');
      running--;
    },
  });
  await world.run(() => sender.send(it, signal));
  expect(most).toBe(4);
});

test('an expired signature is renewed once for all uploads that meet it', async () => {
  await using world = await memoryWorld();
  const renewals: string[] = [];
  const { it, sender, manifests } = sending(world, {
    async putBlob(url) {
      await sleep(world.clock, 1, 'upload');
      if (url.endsWith('sig=1')) throw refused;
    },
    async renewLogContainer(item, disk) {
      renewals.push(`${item} ${disk}`);
      return 'https://log.test/c?sig=2';
    },
  });
  await world.run(() => sender.send(it, signal));
  expect(manifests.size).toBe(3);
  expect(renewals).toEqual(['item d']);
});

test('a fresh signature that is refused as well ends it: more of them would not help', async () => {
  await using world = await memoryWorld();
  const { it, sender } = sending(world, {
    putBlob: () => Promise.reject(refused),
    renewLogContainer: async () => 'https://log.test/c?sig=2',
  });
  await expect(world.run(() => sender.send(it, signal))).rejects.toMatchObject({
    code: 'azure.blob.forbidden',
  });
});

test('a disk that the service does not ask for any more is not sent', async () => {
  await using world = await memoryWorld();
  const { it, sender } = sending(world, {});
  await expect(sender.send({ ...it, disks: [] }, signal)).rejects.toMatchObject({
    code: 'replication.paused',
  });
});
