import { createHash } from 'node:crypto';
import { zstdCompressSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { KIB, MIB } from '#core/units.ts';
import {
  DATA_DISK_BYTES,
  holds,
  ITEM,
  inReplication,
  logBlobs,
  OS_DISK_BYTES,
  type Range,
  type SentBlock,
  someContent,
  V,
  WORK,
} from '../testing/replication-world.ts';

describe('applying', () => {
  test('packed blocks, plain ones and zeros become the replica; the log is empty afterwards', () =>
    inReplication(async (world) => {
      const { cycle, replicating } = world;
      const item = await replicating();
      const disks = someContent();
      const seen = new Set<unknown>();
      const tamper = (sent: SentBlock) => {
        seen.add(sent.entry['encoding']);
        return sent;
      };
      const whole = disks.map(({ image }) => ({ image, dirty: [[0, image.length] as const] }));
      const sent = whole.map((disk, i) => (i === 0 ? disk : { ...disk, image: Buffer.alloc(MIB) }));
      const done = await cycle(item, { id: 'c1', kind: 'initial', disks: sent, tamper });
      expect(done.json).toEqual({
        cycleId: 'c1',
        kind: 'initial',
        state: 'Applied',
        appliedBytes: OS_DISK_BYTES + DATA_DISK_BYTES,
      });
      expect([...seen].sort()).toEqual(['none', 'zero', 'zstd']);
      expect(holds(item, sent)).toBe(true);
      expect(logBlobs(world, item)).toEqual([]);
    }));

  test('a delta changes what it covers and nothing else, zeros included', () =>
    inReplication(async ({ cycle, replicating }) => {
      const item = await replicating();
      await cycle(item, { id: 'c1', kind: 'initial', disks: someContent(1) });
      const expected = someContent(1).map(({ image }) => image);
      expected[0]!.fill(0, 1024, 2048);
      expected[0]!.fill(0xee, 2 * MIB, 2 * MIB + 512);
      const dirty = [
        [1024, 1024],
        [2 * MIB, 512],
      ] as const;
      const disks = expected.map((image, i) => ({ image, dirty: i === 0 ? dirty : [] }));
      expect((await cycle(item, { id: 'c2', kind: 'delta', disks })).json.appliedBytes).toBe(1536);
      expect(holds(item, disks)).toBe(true);
    }));

  test.each(['initial', 'resync'] as const)('what %s does not cover is zero in the replica', (kind) =>
    inReplication(async ({ cycle, replicating }) => {
      const item = await replicating();
      await cycle(item, { id: 'c1', kind: 'initial', disks: someContent(1) });
      const disks = someContent(2).map(({ image, dirty }) => ({
        image: Buffer.alloc(image.length).fill(7, 0, 512),
        dirty: dirty.length > 0 ? [[0, 512] as const] : [],
      }));
      expect((await cycle(item, { id: 'c2', kind, disks })).json.state).toBe('Applied');
      expect(holds(item, disks)).toBe(true);
    }));

  const twice = (content: Buffer) => Buffer.concat([content, content]);
  const digest = (content: Buffer) => createHash('sha256').update(content).digest('hex');
  /** Puts `content` in the place of the blob, and describes it truly. */
  const replaced = (sent: SentBlock, content: Buffer): SentBlock => ({
    ...sent,
    content,
    entry: { ...sent.entry, storedBytes: content.length },
  });
  const flipped = (content: Buffer) => Buffer.from(content).fill(content[9]! ^ 1, 9, 10);

  test.each<[string, string, (sent: SentBlock) => SentBlock]>([
    ['a blob that never came', 'BlobMissing', (sent) => ({ ...sent, content: undefined })],
    ['a blob that is cut short', 'BlobMissing', (sent) => ({ ...sent, content: sent.content!.subarray(1) })],
    [
      'a bit that fell over on the way',
      'ChecksumMismatch',
      (sent) => ({ ...sent, content: flipped(sent.content!) }),
    ],
    ['another digest in the metadata', 'ChecksumMismatch', (sent) => ({ ...sent, metadata: '0'.repeat(64) })],
    [
      'another digest in the manifest',
      'ChecksumMismatch',
      (sent) => ({ ...sent, entry: { ...sent.entry, sha256: '0'.repeat(64) } }),
    ],
    ['something that is not packed', 'ChecksumMismatch', (sent) => replaced(sent, Buffer.from('plain'))],
    [
      'more than the extents hold',
      'ChecksumMismatch',
      (sent) => replaced(sent, zstdCompressSync(Buffer.alloc(MIB))),
    ],
    [
      'more than a window, packed small',
      'ChecksumMismatch',
      (sent) => replaced(sent, zstdCompressSync(Buffer.alloc(64 * MIB))),
    ],
    [
      'another payload, told truly of itself',
      'ChecksumMismatch',
      (sent) => {
        const content = twice(Buffer.alloc(512, 3));
        const entry = { ...sent.entry, encoding: 'none', storedBytes: 1024, sha256: digest(content) };
        return { entry, content, metadata: digest(content) };
      },
    ],
  ])('%s fails the cycle and changes nothing; the next one repairs it', (_what, code, tamperFirst) =>
    inReplication(async (world) => {
      const { ask, plane, cycle, storage, replicating } = world;
      const item = await replicating();
      const before = someContent(1);
      await cycle(item, { id: 'c1', kind: 'initial', disks: before });
      const held = storage.usage().liveBytes;
      const after = someContent(2);
      // the last block: what came before it was applied to the draft already
      const tamper = (sent: SentBlock, n: number) => (n === 3 ? tamperFirst(sent) : sent);
      const failed = await cycle(item, { id: 'c2', kind: 'delta', disks: after, tamper });
      expect(failed.json).toMatchObject({ state: 'Failed', appliedBytes: 0, error: { code } });
      expect(holds(item, before)).toBe(true);
      expect(logBlobs(world, item)).toEqual([]);
      expect(storage.usage().liveBytes).toBe(held);
      expect((await ask('GET', ITEM, V)).json.properties).toMatchObject({
        migrationState: 'Replicating',
        health: 'Warning',
        healthErrors: [{ errorCode: code }],
      });
      expect((await plane('GET', WORK)).json.items[0].disks[0].lastAppliedCycleId).toBe('c1');
      await cycle(item, { id: 'c3', kind: 'delta', disks: after });
      expect(holds(item, after)).toBe(true);
      expect((await ask('GET', ITEM, V)).json.properties.health).toBe('Normal');
    }));

  test('sectors that came but did not change, or changed but did not come, fail the cycle', () =>
    inReplication(async ({ cycle, replicating }) => {
      const item = await replicating();
      const before = someContent(1);
      await cycle(item, { id: 'c1', kind: 'initial', disks: before });
      const after = someContent(2);
      const onOsDisk = (change: (dirty: readonly Range[]) => readonly Range[]) => (dirty: readonly Range[]) =>
        dirty.length === 3 ? change(dirty) : dirty;
      const attempts = [
        onOsDisk((dirty) => dirty.slice(0, -1)),
        onOsDisk(([, ...rest]) => [[0, 64 * KIB - 512], ...rest]),
        onOsDisk(([first, ...rest]) => [first!, [128 * KIB, 512], ...rest]),
        onOsDisk(() => []),
        (dirty: readonly Range[]) => (dirty.length === 3 ? dirty : []),
      ];
      for (const [n, commitDirty] of attempts.entries()) {
        const failed = await cycle(item, { id: `d${n}`, kind: 'delta', disks: after, commitDirty });
        expect(failed.json.error?.code, `attempt ${n}`).toBe('BitmapMismatch');
        expect(holds(item, before)).toBe(true);
      }
      await cycle(item, { id: 'c3', kind: 'delta', disks: after });
      expect(holds(item, after)).toBe(true);
    }));

  test('takes time that grows with the cycle', () =>
    inReplication(async (world) => {
      const { wait, plane, send, replicating } = world;
      const item = await replicating();
      const disks = someContent().map(({ image }) => ({ image, dirty: [[0, image.length] as const] }));
      await send(item, { id: 'c1', kind: 'initial', disks });
      await wait(2000);
      expect((await plane('GET', `/items/${item.itemId}/cycles/c1`)).json.state).toBe('Applying');
      await wait(40);
      expect((await plane('GET', `/items/${item.itemId}/cycles/c1`)).json.state).toBe('Applied');
    }));
});
