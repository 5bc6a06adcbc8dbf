/** Kept XML against a plain map, and what it holds beside it. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { MIB } from '#core/units.ts';
import { Changes } from '../changes.ts';
import { ManagedObject, type Properties } from '../objects/object.ts';
import { Fragments } from './fragments.ts';
import type { PropertyPath } from './path.ts';

class Thing extends ManagedObject {
  constructor(id: number) {
    super('VirtualMachine', `vm-${id}`);
  }

  protected get properties(): Properties<Thing> {
    return {};
  }
}

const THINGS = Array.from({ length: 8 }, (_, id) => new Thing(id));
const PATHS = ['config', 'runtime'].map(
  (root): PropertyPath => ({
    text: root,
    root,
    steps: [{ field: root }],
    declared: { type: 'anyType', kind: 'any', isArray: false },
  }),
);

const place = { thing: fc.nat(THINGS.length - 1), path: fc.nat(PATHS.length - 1) };
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('keep' as const),
      ...place,
      text: fc.constantFrom('<a/>', 'ü', '€uro', '😀'),
      times: fc.integer({ min: 0, max: 40_000 }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('change' as const), ...place }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('vanish' as const), ...place }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('rename' as const), ...place }) },
);

test('what is kept is given back until a change', () => {
  const network = new (class extends Thing {
    override readonly ref = { $: 'ManagedObjectReference', type: 'Network', id: 'network-1' } as const;
  })(0);
  fc.assert(
    fc.property(
      fc.array(step, { minLength: 1, maxLength: 200, size: 'max' }),
      fc.nat(3),
      (steps, megabytes) => {
        const changes = new Changes();
        const bytesMax = (1 + megabytes * 40) * MIB;
        const fragments = new Fragments(changes, bytesMax);
        const model = new Map<string, string>();
        for (const each of steps) {
          const thing = THINGS[each.thing]!;
          const path = PATHS[each.path]!;
          const key = `${thing.ref.id} ${path.root}`;
          if (each.do === 'keep') {
            if (fragments.get(thing, path)) continue; // nobody makes what there is
            const xml = each.text.repeat(each.times);
            expect(fragments.keep(thing, path, xml).toString()).toBe(xml);
            if (fragments.get(thing, path)) model.set(key, xml);
          } else if (each.do === 'change') {
            changes.changed(thing, path.root);
            model.delete(key);
          } else if (each.do === 'vanish') {
            changes.vanished(thing);
            for (const { root } of PATHS) model.delete(`${thing.ref.id} ${root}`);
          } else {
            changes.changed(network, 'name');
            model.clear();
          }
          expect(fragments.bytes).toBeLessThanOrEqual(bytesMax);
          expect(fragments.blockBytes).toBeLessThanOrEqual(1.25 * fragments.bytes + 18 * MIB);
        }
        for (const thing of THINGS)
          for (const path of PATHS)
            expect(fragments.get(thing, path)?.toString()).toBe(model.get(`${thing.ref.id} ${path.root}`));
        fragments.stop();
      },
    ),
    { numRuns: 30 },
  );
});

test('what is needed outlives a hundred times as much that is not, which is not held', () => {
  const changes = new Changes();
  const fragments = new Fragments(changes);
  const [config, runtime] = PATHS as [PropertyPath, PropertyPath];
  const things = Array.from({ length: 200 }, (_, id) => new Thing(id));
  const lasting = (id: number) => `<lasting>${id}${'x'.repeat(9000)}</lasting>`;
  let most = 0;
  for (let round = 0; round < 20; round++)
    for (const [id, thing] of things.entries()) {
      // A tenth of them is kept in each of the first rounds, so that every block has some.
      if (id % 10 === round) fragments.keep(thing, config, lasting(id));
      fragments.keep(thing, runtime, 'y'.repeat(40_000));
      changes.changed(thing, 'runtime');
      most = Math.max(most, fragments.blockBytes);
    }
  for (const [id, thing] of things.entries())
    expect(fragments.get(thing, config)?.toString()).toBe(lasting(id));
  expect(most).toBeGreaterThan(16 * MIB);
  expect(most).toBeLessThan(20 * MIB);
  fragments.stop();
});
