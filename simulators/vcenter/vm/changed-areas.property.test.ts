/** Changed areas and frozen content through any story of writes and snapshots, against a plain model. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { KIB, MIB } from '#core/units.ts';
import { generateEstate } from '../../estate/generate.ts';
import type { Extent } from '../../estate/model.ts';
import { EXTENTS_MAX, window } from '../methods/query-changed-disk-areas.ts';
import {
  refOf,
  refXml,
  type Soap,
  type TestVcenter,
  testVcenter,
  withSmallDisk,
} from '../testing/test-vcenter.ts';

const BLOCK = 64 * KIB;
const SIZE = 2 * MIB;

const steps = fc.array(
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        do: fc.constant('write' as const),
        sector: fc.nat(SIZE / 512 - 1),
        sectors: fc.integer({ min: 1, max: 300 }),
        byte: fc.integer({ min: 1, max: 255 }),
      }),
    },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('snapshot' as const) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('remove' as const), which: fc.nat(9) }) },
  ),
  { minLength: 3, maxLength: 10 },
);

type Story = typeof steps extends fc.Arbitrary<infer T> ? T : never;

interface Taken {
  readonly moref: string;
  readonly changeId: string;
  readonly content: Buffer;
}

async function changed(soap: Soap, vm: string, snapshot: string, changeId: string): Promise<Extent[]> {
  const extents: Extent[] = [];
  let at = 0;
  for (let windows = 0; at < SIZE; windows++) {
    expect(windows).toBeLessThan(100);
    const answer = await soap.ask(
      'QueryChangedDiskAreas',
      vm,
      `${refXml('snapshot', snapshot)}<deviceKey>2000</deviceKey><startOffset>${at}</startOffset><changeId>${changeId}</changeId>`,
    );
    for (const area of answer.all('changedArea'))
      extents.push({ start: Number(area.at('start').text), length: Number(area.at('length').text) });
    at += Number(answer.at('returnval/length').text);
  }
  expect(at).toBe(SIZE);
  return extents;
}

const contains = (extents: readonly Extent[], offset: number) =>
  extents.some(({ start, length }) => offset >= start && offset < start + length);

async function story(vc: TestVcenter, script: Story): Promise<void> {
  const soap = await vc.session();
  const machine = vc.estate.machines()[0]!;
  const disk = vc.estate.disk(machine.disks[0]!.id);
  const vm = refOf(
    (
      await soap.ask(
        'FindByUuid',
        'SearchIndex:SearchIndex',
        `<uuid>${machine.biosUuid}</uuid><vmSearch>true</vmSearch>`,
      )
    ).at('returnval'),
  );
  const path = /^\[(.+)\] (.+)\.vmdk$/.exec(machine.disks[0]!.path)!;
  const url = `/${encodeURIComponent(path[2]!)}-flat.vmdk?dcPath=DC0&dsName=${encodeURIComponent(path[1]!)}`;
  const finish = async (method: string, self: string, inner: string) =>
    soap.finish((await soap.ask(method, self, inner)).at('returnval'));
  await finish('ReconfigVM_Task', vm, '<spec><changeTrackingEnabled>true</changeTrackingEnabled></spec>');

  const taken: Taken[] = [];
  const living: Taken[] = [];
  for (const step of script) {
    if (step.do === 'write') {
      const offset = step.sector * 512;
      disk.write(offset, Buffer.alloc(Math.min(SIZE - offset, step.sectors * 512), step.byte));
    } else if (step.do === 'snapshot') {
      const moref = refOf(
        (
          await finish(
            'CreateSnapshot_Task',
            vm,
            '<name>s</name><memory>false</memory><quiesce>false</quiesce>',
          )
        ).at('result'),
      );
      const { 'config.hardware.device[2000].backing.changeId': changeId } = await soap.read(
        moref,
        'config.hardware.device[2000].backing.changeId',
      );
      const one = { moref, changeId: changeId!.text, content: disk.read(0, SIZE) };
      taken.push(one);
      living.push(one);
    } else if (living.length > 0) {
      const [gone] = living.splice(step.which % living.length, 1);
      await finish('RemoveSnapshot_Task', gone!.moref, '<removeChildren>false</removeChildren>');
    }
    // The base file holds what the oldest living snapshot froze, or what the guest sees.
    const base = (await soap.file(url, { range: `bytes=0-${SIZE - 1}` })).body;
    expect(base.equals(living[0]?.content ?? disk.read(0, SIZE))).toBe(true);
    for (const to of living.slice(-2)) {
      const all = await changed(soap, vm, to.moref, '*');
      for (let offset = 0; offset < SIZE; offset += BLOCK)
        if (to.content.subarray(offset, offset + BLOCK).some((byte) => byte !== 0))
          expect(contains(all, offset)).toBe(true);
      for (const from of taken) {
        if (taken.indexOf(from) > taken.indexOf(to)) continue;
        const extents = await changed(soap, vm, to.moref, from.changeId);
        for (const [i, { start, length }] of extents.entries()) {
          expect([start % BLOCK, length % BLOCK, length > 0]).toEqual([0, 0, true]);
          if (i > 0) expect(start).toBeGreaterThan(extents[i - 1]!.start + extents[i - 1]!.length - 1);
        }
        for (let offset = 0; offset < SIZE; offset += BLOCK)
          if (
            !from.content.subarray(offset, offset + BLOCK).equals(to.content.subarray(offset, offset + BLOCK))
          )
            expect(contains(extents, offset)).toBe(true);
      }
    }
  }
}

test('changed areas hold every block that differs between any two snapshots, and the base file what was frozen first', () =>
  fc.assert(
    fc.asyncProperty(steps, async (script) => {
      await using vc = await testVcenter({
        facts: withSmallDisk(generateEstate({ seed: 'areas', machines: 1 }), SIZE),
      });
      await vc.run(() => story(vc, script));
    }),
    { numRuns: 10 },
  ));

const extentLists = fc
  .array(fc.record({ gap: fc.integer({ min: 1, max: 4 }), blocks: fc.integer({ min: 1, max: 3 }) }), {
    maxLength: 6000,
  })
  .map((runs) => {
    let at = 0;
    return runs.map(({ gap, blocks }) => {
      const start = at + gap * BLOCK;
      at = start + blocks * BLOCK;
      return { start, length: blocks * BLOCK };
    });
  });

test('windows follow each other to the capacity, only the last may be empty, and together they are the extents', () => {
  fc.assert(
    fc.property(extentLists, fc.nat(3), fc.nat(BLOCK - 1), (extents, tail, odd) => {
      const capacity = (extents.at(-1)?.start ?? 0) + (extents.at(-1)?.length ?? 0) + tail * BLOCK + odd + 1;
      const seen: Extent[] = [];
      let at = 0;
      while (at < capacity) {
        const answer = window(extents, at, capacity) as unknown as {
          startOffset: number;
          length: number;
          changedArea: Extent[];
        };
        expect(answer.startOffset).toBe(at);
        expect(answer.changedArea.length).toBeLessThanOrEqual(EXTENTS_MAX);
        at += answer.length;
        if (answer.changedArea.length === 0) expect(at).toBe(capacity);
        seen.push(...answer.changedArea.map(({ start, length }) => ({ start, length })));
      }
      expect(at).toBe(capacity);
      expect(seen).toEqual(extents);
    }),
  );
});

test('a window may begin inside an extent', () => {
  const answer = window([{ start: BLOCK, length: 4 * BLOCK }], 2 * BLOCK + 5, 10 * BLOCK) as unknown as {
    changedArea: Extent[];
  };
  expect(answer.changedArea).toMatchObject([{ start: 2 * BLOCK + 5, length: 3 * BLOCK - 5 }]);
});
