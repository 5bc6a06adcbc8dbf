import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { type ExtentSpace, ExtentStore } from './extent-store.ts';
import { CHUNK_BYTES, PAGE_BYTES } from './page-table.ts';

const PAGES = (5 * CHUNK_BYTES) / PAGE_BYTES + 7;

/** The plainest sparse disk there is: an array of pages, each with its bytes and the step that wrote it. */
interface ModelPage {
  fill: number;
  step: number;
}
type Model = Array<ModelPage | undefined>;

interface Ranged {
  readonly page: number;
  readonly pages: number;
  /** Where the written bytes are cut into two pieces. */
  readonly split: number;
}

type Step =
  | ({ readonly does: 'write' } & Ranged)
  | ({ readonly does: 'clear' } & Ranged)
  | { readonly does: 'snapshot' }
  | { readonly does: 'dropSnapshot'; readonly which: number }
  | { readonly does: 'switchToCopy'; readonly which: number }
  | { readonly does: 'resize'; readonly pages: number };

const ranged = { page: fc.nat(PAGES - 1), pages: fc.integer({ min: 1, max: 300 }), split: fc.nat(2000) };
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ does: fc.constant('write' as const), ...ranged }) },
  { weight: 3, arbitrary: fc.record({ does: fc.constant('clear' as const), ...ranged }) },
  { weight: 2, arbitrary: fc.record({ does: fc.constant('snapshot' as const) }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('dropSnapshot' as const), which: fc.nat(5) }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('switchToCopy' as const), which: fc.nat(5) }) },
  {
    weight: 1,
    arbitrary: fc.record({ does: fc.constant('resize' as const), pages: fc.integer({ min: 1, max: PAGES }) }),
  },
);
const steps = fc.array(step, { maxLength: 40 });

function bytesOf(model: Model): Buffer {
  const out = Buffer.alloc(model.length * PAGE_BYTES);
  model.forEach((page, i) => {
    if (page) out.fill(page.fill, i * PAGE_BYTES, (i + 1) * PAGE_BYTES);
  });
  return out;
}

/** Pages for which `kindOf` says the same word, joined. */
function runs(
  count: number,
  kindOf: (page: number) => string,
): Array<[start: number, length: number, kind: string]> {
  const out: Array<[number, number, string]> = [];
  for (let page = 0; page < count; page++) {
    const kind = kindOf(page);
    if (kind === '') continue;
    const last = out.at(-1);
    if (last && last[2] === kind && last[0] + last[1] === page) last[1]++;
    else out.push([page, 1, kind]);
  }
  return out.map(([start, length, kind]) => [start * PAGE_BYTES, length * PAGE_BYTES, kind]);
}

function check(space: ExtentSpace, model: Model): void {
  expect(space.sizeBytes).toBe(model.length * PAGE_BYTES);
  const bytes = bytesOf(model);
  expect(space.read(0, bytes.length).equals(bytes)).toBe(true);
  expect(space.sha256()).toBe(createHash('sha256').update(bytes).digest('hex'));
  expect([...space.ranges()].map((r) => [r.start, r.length, 'there'])).toEqual(
    runs(model.length, (page) => (model[page] ? 'there' : '')),
  );
}

function play(store: ExtentStore, todo: readonly Step[]): void {
  let space = store.create(PAGES * PAGE_BYTES);
  let model: Model = new Array(PAGES).fill(undefined);
  const snapshots: Array<{ space: ExtentSpace; model: Model; step: number }> = [];
  todo.forEach((step, n) => {
    if (step.does === 'write' || step.does === 'clear') {
      const page = step.page % model.length;
      const pages = Math.min(step.pages, model.length - page);
      const fill = (n % 255) + 1;
      for (let i = page; i < page + pages; i++)
        model[i] = step.does === 'write' ? { fill, step: n } : undefined;
      if (step.does === 'clear') space.clear(page * PAGE_BYTES, pages * PAGE_BYTES);
      else {
        const data = Buffer.alloc(pages * PAGE_BYTES, fill);
        const cut = Math.min(step.split, data.length);
        space.write(page * PAGE_BYTES, [data.subarray(0, cut), data.subarray(cut)]);
      }
    } else if (step.does === 'resize') {
      space.resize(step.pages * PAGE_BYTES);
      model = Array.from({ length: step.pages }, (_, i) => model[i]);
    } else if (step.does === 'snapshot')
      snapshots.push({ space: space.snapshot(), model: [...model], step: n });
    else if (snapshots.length > 0) {
      const at = step.which % snapshots.length;
      if (step.does === 'dropSnapshot') snapshots.splice(at, 1)[0]!.space.release();
      else {
        const chosen = snapshots[at]!;
        space.release();
        space = chosen.space.copy();
        model = [...chosen.model];
        // only earlier snapshots are ancestors of the copy
        for (const later of snapshots.splice(at + 1)) later.space.release();
      }
    }
  });
  check(space, model);
  for (const snapshot of snapshots) {
    check(snapshot.space, snapshot.model);
    const seen = [...space.diff(snapshot.space)].map((r) => [
      r.start,
      r.length,
      r.cleared ? 'cleared' : 'written',
    ]);
    const expected = runs(model.length, (page) => {
      const [now, then] = [model[page], snapshot.model[page]];
      if (now) return now === then || now.step <= snapshot.step ? '' : 'written';
      return then ? 'cleared' : '';
    });
    expect(seen).toEqual(expected);
  }
  for (const snapshot of snapshots) snapshot.space.release();
  space.release();
  expect(store.usage().liveBytes).toBe(0);
}

describe('a sparse space is a plain array of pages, whatever is done to it', () => {
  test('in memory, with every chunk given back at the end', () => {
    fc.assert(
      fc.property(steps, (todo) => {
        using store = new ExtentStore();
        play(store, todo);
      }),
      { numRuns: 150 },
    );
  });

  const directory = mkdtempSync(join(tmpdir(), 'drylift-extents-'));
  afterAll(() => rmSync(directory, { recursive: true }));
  test('in files as well', () => {
    fc.assert(
      fc.property(steps, (todo) => {
        using store = new ExtentStore({ directory });
        play(store, todo);
      }),
      { numRuns: 30 },
    );
  });
});

test('a page is read, ranged and compared at any offset inside a range', () => {
  using store = new ExtentStore();
  fc.assert(
    fc.property(fc.nat(PAGES * PAGE_BYTES), fc.nat(100_000), (offset, length) => {
      const space = store.create(PAGES * PAGE_BYTES);
      const content = Buffer.alloc(3 * CHUNK_BYTES, 9);
      space.write(CHUNK_BYTES - PAGE_BYTES, content);
      const whole = space.read(0, space.sizeBytes);
      const end = Math.min(offset + length, space.sizeBytes);
      expect(space.read(offset, end - offset).equals(whole.subarray(offset, end))).toBe(true);
      const from = Math.floor(offset / PAGE_BYTES) * PAGE_BYTES;
      const to = Math.ceil(end / PAGE_BYTES) * PAGE_BYTES;
      const start = Math.max(from, CHUNK_BYTES - PAGE_BYTES);
      const stop = Math.min(to, CHUNK_BYTES - PAGE_BYTES + content.length);
      expect([...space.ranges(from, to)]).toEqual(start < stop ? [{ start, length: stop - start }] : []);
      space.release();
    }),
  );
});
