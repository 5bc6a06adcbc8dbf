/**
 * The blob service beside the plainest models there are, spoken to over HTTP: a page blob is an array of pages
 * with its snapshots copied whole, a block blob a list of blocks.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { outcome, type StorageWorld, storageWorld } from './storage-world.ts';

const PAGE = 512;
/** More than two chunks of the store, so that ranges begin and end within and across them. */
const PAGES = 300;
const RUNS = { numRuns: 25 };

async function inWorld(script: (world: StorageWorld) => Promise<void>): Promise<void> {
  await using world = await storageWorld();
  await world.world.run(() => script(world));
  expect(world.world.context.counters.toJSON()['bugs.azure']).toBeUndefined();
}

/** 0: nothing there. Else what fills the page, and the number of the write. */
interface Page {
  readonly fill: number;
  readonly write: number;
}

const HOLE: Page = { fill: 0, write: 0 };

type Step =
  | { readonly do: 'write' | 'clear'; readonly from: number; readonly count: number; readonly fill: number }
  | { readonly do: 'snapshot' }
  | { readonly do: 'resize'; readonly pages: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: change('write') },
  { weight: 3, arbitrary: change('clear') },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('snapshot' as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('resize' as const), pages: fc.integer({ min: 1, max: PAGES }) }),
  },
);

function change(kind: 'write' | 'clear'): fc.Arbitrary<Step> {
  return fc.record({
    do: fc.constant(kind),
    from: fc.integer({ min: 0, max: PAGES - 1 }),
    count: fc.oneof(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: PAGES })),
    fill: fc.integer({ min: 1, max: 255 }),
  });
}

/** Runs of pages of one kind, as the service writes them. */
function xmlOf(kinds: ReadonlyArray<'PageRange' | 'ClearRange' | undefined>): string {
  let out = '';
  for (let from = 0; from < kinds.length; ) {
    let to = from + 1;
    while (to < kinds.length && kinds[to] === kinds[from]) to++;
    const kind = kinds[from];
    if (kind) out += `<${kind}><Start>${from * PAGE}</Start><End>${to * PAGE - 1}</End></${kind}>`;
    from = to;
  }
  return out;
}

const listOf = (xml: string): string =>
  /<PageList>(.*)<NextMarker><\/NextMarker><\/PageList>/.exec(xml)?.[1] ?? xml;

test('a page blob holds, lists and tells apart what an array of pages does, whatever is done to it', () =>
  fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 14 }), (steps) =>
      inWorld(async ({ box, storage }) => {
        let pages: Page[] = new Array(PAGES).fill(HOLE);
        const snapshots: Array<{ id: string; pages: Page[]; write: number }> = [];
        let write = 0;
        await box('PUT', 'disk', {
          'x-ms-blob-type': 'PageBlob',
          'x-ms-blob-content-length': String(PAGES * PAGE),
        });
        for (const one of steps) {
          if (one.do === 'snapshot') {
            const answer = await box('PUT', 'disk?comp=snapshot');
            snapshots.push({ id: String(answer.headers['x-ms-snapshot']), pages: [...pages], write });
            continue;
          }
          if (one.do === 'resize') {
            const headers = { 'x-ms-blob-content-length': String(one.pages * PAGE) };
            expect(outcome(await box('PUT', 'disk?comp=properties', headers))).toBe('200');
            pages = Array.from({ length: one.pages }, (_, i) => pages[i] ?? HOLE);
            continue;
          }
          const isInside = one.from + one.count <= pages.length;
          const headers = {
            'x-ms-page-write': one.do === 'write' ? 'update' : 'clear',
            'x-ms-range': `bytes=${one.from * PAGE}-${(one.from + one.count) * PAGE - 1}`,
          };
          const body = one.do === 'write' ? Buffer.alloc(one.count * PAGE, one.fill) : undefined;
          expect(outcome(await box('PUT', 'disk?comp=page', headers, body))).toBe(
            isInside ? '201' : '416 InvalidPageRange',
          );
          if (!isInside) continue;
          write++;
          const page = one.do === 'write' ? { fill: one.fill, write } : HOLE;
          pages.fill(page, one.from, one.from + one.count);
        }
        const content = (of: readonly Page[]) =>
          Buffer.concat(of.map(({ fill }) => Buffer.alloc(PAGE, fill)));
        expect((await box('GET', 'disk')).body.equals(content(pages))).toBe(true);
        const all = listOf((await box('GET', 'disk?comp=pagelist')).body.toString());
        expect(all).toBe(xmlOf(pages.map(({ fill }) => (fill > 0 ? 'PageRange' : undefined))));
        for (const { id, pages: then, write: before } of snapshots) {
          expect((await box('GET', `disk?snapshot=${id}`)).body.equals(content(then))).toBe(true);
          const answer = await box('GET', `disk?comp=pagelist&prevsnapshot=${id}`);
          const kinds = pages.map((page, i) =>
            page.fill > 0
              ? page.write > before
                ? ('PageRange' as const)
                : undefined
              : (then[i]?.fill ?? 0) > 0
                ? ('ClearRange' as const)
                : undefined,
          );
          expect(listOf(answer.body.toString())).toBe(xmlOf(kinds));
        }
        await box('DELETE', 'disk', { 'x-ms-delete-snapshots': 'include' });
        expect(storage.usage().liveBytes).toBe(0);
      }),
    ),
    RUNS,
  ));

type BlockStep =
  | { readonly do: 'put' | 'stage'; readonly id: number; readonly length: number }
  | { readonly do: 'commit'; readonly names: ReadonlyArray<readonly [kind: string, id: number]> }
  | { readonly do: 'snapshot' };

const id = fc.integer({ min: 0, max: 5 });
const length = fc.oneof(fc.integer({ min: 1, max: 2000 }), fc.integer({ min: 60_000, max: 140_000 }));
const blockStep: fc.Arbitrary<BlockStep> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant('stage' as const), id, length }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('put' as const), id, length }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('snapshot' as const) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('commit' as const),
      names: fc.array(fc.tuple(fc.constantFrom('Latest', 'Committed', 'Uncommitted'), id), { maxLength: 6 }),
    }),
  },
);

test('a block blob is what its last block list says, of blocks staged and committed, whatever came between', () =>
  fc.assert(
    fc.asyncProperty(fc.array(blockStep, { minLength: 3, maxLength: 16 }), (steps) =>
      inWorld(async ({ box, storage }) => {
        const blockId = (n: number): string => Buffer.from(`block-${n}`).toString('base64');
        let committed: Array<readonly [id: number, content: Buffer]> | undefined;
        let staged = new Map<number, Buffer>();
        const snapshots: Array<{ id: string; content: Buffer }> = [];
        const contentOf = () => Buffer.concat((committed ?? []).map(([, content]) => content));
        let fill = 0;
        for (const one of steps) {
          if (one.do === 'snapshot') {
            const answer = await box('PUT', 'blob?comp=snapshot');
            expect(outcome(answer)).toBe(committed ? '201' : '404 BlobNotFound');
            if (committed)
              snapshots.push({ id: String(answer.headers['x-ms-snapshot']), content: contentOf() });
          } else if (one.do === 'commit') {
            const found = one.names.map(([kind, n]): readonly [number, Buffer] | undefined => {
              const fresh = kind === 'Committed' ? undefined : staged.get(n);
              const old = kind === 'Uncommitted' ? undefined : committed?.find(([other]) => other === n)?.[1];
              const content = fresh ?? old;
              return content && [n, content];
            });
            const xml = one.names.map(([kind, n]) => `<${kind}>${blockId(n)}</${kind}>`).join('');
            const body = Buffer.from(`<?xml version="1.0"?><BlockList>${xml}</BlockList>`);
            const isKnown = found.every((block) => block !== undefined);
            expect(outcome(await box('PUT', 'blob?comp=blocklist', {}, body))).toBe(
              isKnown ? '201' : '400 InvalidBlockList',
            );
            if (!isKnown) continue;
            committed = found as Array<readonly [number, Buffer]>;
            staged = new Map();
          } else {
            const content = Buffer.alloc(one.length, ++fill);
            if (one.do === 'stage') {
              await box('PUT', `blob?comp=block&blockid=${blockId(one.id)}`, {}, content);
              staged.set(one.id, content);
            } else {
              await box('PUT', 'blob', { 'x-ms-blob-type': 'BlockBlob' }, content);
              // a blob that was put whole has no blocks that could be named
              committed = [[-1, content]];
              staged = new Map();
            }
          }
        }
        const answer = await box('GET', 'blob');
        expect(outcome(answer)).toBe(committed ? '200' : '404 BlobNotFound');
        if (committed) expect(answer.body.equals(contentOf())).toBe(true);
        for (const { id: snapshot, content } of snapshots)
          expect((await box('GET', `blob?snapshot=${snapshot}`)).body.equals(content)).toBe(true);
        if (committed || staged.size > 0) {
          const list = (await box('GET', 'blob?comp=blocklist&blocklisttype=all')).body.toString();
          const sizes = (part: string) =>
            [...(new RegExp(`<${part}>(.*?)</${part}>`).exec(list)?.[1] ?? '').matchAll(/<Size>(\d+)</g)].map(
              ([, size]) => Number(size),
            );
          expect(sizes('CommittedBlocks')).toEqual(
            (committed ?? []).filter(([n]) => n >= 0).map(([, content]) => content.length),
          );
          expect(sizes('UncommittedBlocks')).toEqual(
            [...staged.keys()].sort((a, b) => a - b).map((n) => staged.get(n)!.length),
          );
        }
        if (committed) await box('DELETE', 'blob', { 'x-ms-delete-snapshots': 'include' });
        if (committed) expect(storage.usage().liveBytes).toBe(0);
      }),
    ),
    RUNS,
  ));
