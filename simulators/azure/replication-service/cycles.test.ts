import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { KIB, MIB } from '#core/units.ts';
import {
  holds,
  inReplication,
  logBlobs,
  OS_DISK_BYTES,
  type ReplicationWorld,
  someContent,
} from '../testing/replication-world.ts';
import type { MigrationItem } from './replicated-item.ts';

const TAKEN_AT = '2026-11-01T00:10:00Z';

const sizes = ({ disks }: MigrationItem) =>
  disks.map(({ diskId, capacityBytes }) => ({ diskId, capacityInBytes: capacityBytes }));

function open({ plane }: ReplicationWorld, item: MigrationItem, id: string, change: object = {}) {
  const body = { kind: 'initial', takenAt: TAKEN_AT, disks: sizes(item), ...change };
  return plane('PUT', `/items/${item.itemId}/cycles/${id}`, body);
}

function manifest({ plane }: ReplicationWorld, item: MigrationItem, id: string, blocks: unknown, n = '0') {
  const { diskId } = item.disks[0]!;
  return plane('PUT', `/items/${item.itemId}/cycles/${id}/disks/${diskId}/manifests/${n}`, { blocks });
}

describe('cycles', () => {
  test('every request can be repeated, before and after the cycle has ended', () =>
    inReplication(async (world) => {
      const { plane, wait, replicating } = world;
      const item = await replicating();
      const path = `/items/${item.itemId}/cycles/c1`;
      expect((await plane('GET', path)).json.error.code).toBe('CycleNotFound');
      expect((await open(world, item, 'c1')).status).toBe(201);
      expect(await open(world, item, 'c1')).toMatchObject({ status: 200, json: { state: 'Open' } });
      const blocks = [{ offset: 0, extents: [[0, 512]], encoding: 'zero' }];
      for (const _ of [1, 2]) expect((await manifest(world, item, 'c1', blocks)).json).toEqual({ blocks: 1 });
      const disks = item.disks.map(({ diskId }, i) => ({
        diskId,
        manifests: i === 0 ? 1 : 0,
        dirty: i === 0 ? [[0, 512]] : [],
      }));
      const commit = () => plane('POST', `${path}/commit`, { disks });
      expect(await commit()).toMatchObject({ status: 202, json: { state: 'Applying', appliedBytes: 0 } });
      expect(await commit()).toMatchObject({ status: 202, json: { state: 'Applying' } });
      expect((await manifest(world, item, 'c1', blocks)).status).toBe(200);
      expect((await manifest(world, item, 'c1', blocks, '1')).json.error.code).toBe('CycleClosed');
      await wait(3000);
      for (const answer of [await plane('GET', path), await commit(), await open(world, item, 'c1')])
        expect(answer.json).toEqual({ cycleId: 'c1', kind: 'initial', state: 'Applied', appliedBytes: 512 });
      expect((await manifest(world, item, 'c1', blocks)).status).toBe(200);
      expect((await open(world, item, 'c1', { kind: 'delta' })).json.error.code).toBe('CycleExists');
      expect(item.cycles).toHaveLength(1);
    }));

  test('a cycle that was never committed gives way to the next, and its blobs go', () =>
    inReplication(async (world) => {
      const { plane, upload, cycle, store, replicating } = world;
      const item = await replicating();
      await open(world, item, 'c1');
      const content = Buffer.alloc(512, 1);
      const sha256 = createHash('sha256').update(content).digest('hex');
      const { logContainerUrl } = store.grant(item.disks[0]!);
      await upload(logContainerUrl, 'c1/0', content, sha256);
      await upload(logContainerUrl, 'c1/1', content, sha256); // the crash came before its manifest
      const blocks = [
        { offset: 0, extents: [[0, 512]], encoding: 'none', blob: 'c1/0', storedBytes: 512, sha256 },
      ];
      await manifest(world, item, 'c1', blocks);
      expect(logBlobs(world, item)).toEqual(['c1/0', 'c1/1']);
      const disks = someContent();
      expect((await cycle(item, { id: 'c2', kind: 'initial', disks })).json.state).toBe('Applied');
      expect((await plane('GET', `/items/${item.itemId}/cycles/c1`)).json).toMatchObject({
        state: 'Failed',
        appliedBytes: 0,
        error: { code: 'Superseded' },
      });
      expect((await manifest(world, item, 'c1', blocks, '1')).json.error.code).toBe('CycleClosed');
      expect(holds(item, disks)).toBe(true);
      expect(logBlobs(world, item)).toEqual([]);
    }));

  test('while one is being applied no other begins', () =>
    inReplication(async (world) => {
      const item = await world.replicating();
      await world.send(item, { id: 'c1', kind: 'initial', disks: someContent() });
      expect((await open(world, item, 'c2')).json.error.code).toBe('CycleBusy');
      await world.wait(3000);
      expect((await open(world, item, 'c2')).status).toBe(201);
    }));

  test('a delta needs an applied cycle below it; a final one, a migration', () =>
    inReplication(async (world) => {
      const item = await world.replicating();
      const code = async (id: string, kind: string) =>
        (await open(world, item, id, { kind })).json.error?.code;
      expect(await code('c1', 'delta')).toBe('NoBaseCycle');
      expect(await code('c1', 'final')).toBe('NoBaseCycle');
      const initial = { kind: 'initial', disks: someContent() } as const;
      await world.cycle(item, { ...initial, id: 'c2', commitDirty: () => [] });
      expect(await code('c3', 'delta')).toBe('NoBaseCycle');
      await world.cycle(item, { ...initial, id: 'c4' });
      expect(await code('c5', 'final')).toBe('NotMigrating');
      expect(await code('c5', 'delta')).toBeUndefined();
    }));

  test('what opens one is read strictly', () =>
    inReplication(async (world) => {
      const item = await world.replicating();
      const [os, data] = sizes(item);
      const refusals: ReadonlyArray<[what: string, change: object, status: number, code: string]> = [
        ['an unknown kind', { kind: 'full' }, 400, 'InvalidRequestContent'],
        ['a time without a zone', { takenAt: '2026-11-01T00:10:00' }, 400, 'InvalidRequestContent'],
        ['a disk left out', { disks: [os] }, 400, 'InvalidRequestContent'],
        ['a disk twice', { disks: [os, os] }, 400, 'InvalidRequestContent'],
        ['an unknown disk', { disks: [os, { ...data, diskId: 'other' }] }, 404, 'DiskNotFound'],
        [
          'a disk that has grown',
          { disks: [{ ...os, capacityInBytes: 2 * OS_DISK_BYTES }, data] },
          409,
          'DiskSizeChanged',
        ],
        ['an unknown property', { surprise: 1 }, 400, 'InvalidRequestContent'],
      ];
      for (const [what, change, status, code] of refusals) {
        const refused = await open(world, item, 'c1', change);
        expect([refused.status, refused.json.error.code], what).toEqual([status, code]);
      }
      expect((await open(world, item, 'c.1')).status).toBe(400);
      expect(item.cycles).toEqual([]);
      expect((await open(world, item, 'c1', { disks: [data, os] })).status).toBe(201);
    }));
});

describe('manifests', () => {
  const sha256 = 'a'.repeat(64);
  const zero = { offset: 0, extents: [[0, 512]], encoding: 'zero' };
  const packed = { offset: 0, extents: [[0, 512]], encoding: 'zstd', blob: 'b', storedBytes: 100, sha256 };
  const zeros = (length: number) => createHash('sha256').update(Buffer.alloc(length)).digest('hex');

  test('blocks are windows of 1 MiB with whole sectors in them, and say all there is to say', () =>
    inReplication(async (world) => {
      const item = await world.replicating();
      await open(world, item, 'c1');
      const taken: ReadonlyArray<[what: string, block: object]> = [
        ['zeros', zero],
        ['zeros that say so', { ...zero, storedBytes: 0, sha256: zeros(512) }],
        ['the end of the disk', { ...zero, offset: 2 * MIB, extents: [[512 * KIB, 512]] }],
        ['a whole window', { ...zero, extents: [[0, MIB]] }],
        [
          'extents that touch',
          {
            ...zero,
            extents: [
              [0, 512],
              [512, 512],
            ],
          },
        ],
        ['a packed payload', packed],
        ['a payload as it is', { ...packed, encoding: 'none', blob: 'a/b-c_d.e', storedBytes: 512 }],
      ];
      for (const [what, block] of taken)
        expect((await manifest(world, item, 'c1', [block])).status, what).toBe(200);
      const refused: ReadonlyArray<[what: string, block: unknown, target: string]> = [
        ['no object', 'x', 'blocks[0]'],
        ['an offset between windows', { ...zero, offset: 512 }, 'blocks[0].offset'],
        ['an offset behind the disk', { ...zero, offset: 3 * MIB }, 'blocks[0].offset'],
        ['a negative offset', { ...zero, offset: -MIB }, 'blocks[0].offset'],
        ['no extents', { ...zero, extents: [] }, 'blocks[0].extents'],
        ['an extent that is no pair', { ...zero, extents: [[0]] }, 'blocks[0].extents[0]'],
        ['part of a sector', { ...zero, extents: [[0, 100]] }, 'blocks[0].extents[0]'],
        ['a start inside a sector', { ...zero, extents: [[100, 512]] }, 'blocks[0].extents[0]'],
        ['an empty extent', { ...zero, extents: [[0, 0]] }, 'blocks[0].extents[0]'],
        [
          'extents that overlap',
          {
            ...zero,
            extents: [
              [0, 1024],
              [512, 512],
            ],
          },
          'blocks[0].extents[1]',
        ],
        [
          'extents out of order',
          {
            ...zero,
            extents: [
              [512, 512],
              [0, 512],
            ],
          },
          'blocks[0].extents[1]',
        ],
        ['an extent beyond the window', { ...zero, extents: [[MIB, 512]] }, 'blocks[0].extents[0]'],
        [
          'an extent beyond the disk',
          { ...zero, offset: 2 * MIB, extents: [[512 * KIB + 512, 512]] },
          'blocks[0].extents[0]',
        ],
        ['an unknown encoding', { ...packed, encoding: 'lz4' }, 'blocks[0].encoding'],
        ['zeros in a blob', { ...zero, blob: 'b' }, 'blocks[0].blob'],
        ['zeros that are stored', { ...zero, storedBytes: 1 }, 'blocks[0].storedBytes'],
        ['zeros with another digest', { ...zero, sha256: zeros(1024) }, 'blocks[0].sha256'],
        ['a payload without a blob', { ...packed, blob: undefined }, 'blocks[0].blob'],
        ['a blob of no name', { ...packed, blob: '/b' }, 'blocks[0].blob'],
        ['a blob of a long name', { ...packed, blob: 'b'.repeat(1025) }, 'blocks[0].blob'],
        ['a payload without a size', { ...packed, storedBytes: undefined }, 'blocks[0].storedBytes'],
        ['a payload of 3 MiB', { ...packed, storedBytes: 3 * MIB }, 'blocks[0].storedBytes'],
        ['a payload without a digest', { ...packed, sha256: undefined }, 'blocks[0].sha256'],
        ['a digest in upper case', { ...packed, sha256: 'A'.repeat(64) }, 'blocks[0].sha256'],
        ['an unknown property', { ...zero, surprise: 1 }, 'blocks[0].surprise'],
      ];
      for (const [what, block, target] of refused) {
        const { status, json } = await manifest(world, item, 'c1', [block]);
        expect([status, json.error?.target], what).toEqual([400, target]);
      }
      const many = (count: number) => manifest(world, item, 'c1', new Array(count).fill(zero));
      expect((await many(2000)).status).toBe(200);
      expect((await many(2001)).json.error.target).toBe('blocks');
      expect((await manifest(world, item, 'c1', 'x')).json.error.target).toBe('blocks');
      for (const n of ['-1', '01', 'x', '1000000'])
        expect((await manifest(world, item, 'c1', [zero], n)).status, n).toBe(400);
    }));

  test('a commit counts them, names every disk once, and says what changed in whole sectors', () =>
    inReplication(async (world) => {
      const { plane, replicating } = world;
      const item = await replicating();
      await open(world, item, 'c1');
      for (const n of ['0', '1']) await manifest(world, item, 'c1', [zero], n);
      const [os, data] = item.disks.map(({ diskId }, i) => ({
        diskId,
        manifests: i === 0 ? 2 : 0,
        dirty: i === 0 ? [[0, 512]] : [],
      }));
      const commit = (...disks: unknown[]) =>
        plane('POST', `/items/${item.itemId}/cycles/c1/commit`, { disks });
      const refusals: ReadonlyArray<[what: string, disks: unknown[], status: number, code: string]> = [
        ['too few manifests', [{ ...os, manifests: 1 }, data], 409, 'ManifestMissing'],
        ['too many', [{ ...os, manifests: 3 }, data], 409, 'ManifestMissing'],
        ['manifests of a disk that has none', [os, { ...data, manifests: 1 }], 409, 'ManifestMissing'],
        ['a disk left out', [os], 400, 'InvalidRequestContent'],
        ['a disk twice', [os, os], 400, 'InvalidRequestContent'],
        ['an unknown disk', [os, { ...data, diskId: 'other' }], 404, 'DiskNotFound'],
        [
          'ranges out of order',
          [
            {
              ...os,
              dirty: [
                [512, 512],
                [0, 512],
              ],
            },
            data,
          ],
          400,
          'InvalidRequestContent',
        ],
        ['half a sector', [{ ...os, dirty: [[0, 256]] }, data], 400, 'InvalidRequestContent'],
        [
          'more than the disk',
          [{ ...os, dirty: [[0, OS_DISK_BYTES + 512]] }, data],
          400,
          'InvalidRequestContent',
        ],
      ];
      for (const [what, disks, status, code] of refusals) {
        const refused = await commit(...disks);
        expect([refused.status, refused.json.error.code], what).toEqual([status, code]);
      }
      expect(item.cycles[0]!.state).toBe('Open');
      expect((await commit(data, os)).status).toBe(202);
    }));
});
