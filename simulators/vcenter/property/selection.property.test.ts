/** The property collector against the plainest evaluation of a filter. */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { refOf, refXml, type Soap, type TestVcenter, testVcenter } from '../testing/test-vcenter.ts';

let vc: TestVcenter;
let soap: Soap;
/** The inventory as read one property at a time: parent, name and type of everything. */
const truth = new Map<string, { name: string; links: Record<string, string[]> }>();

const LINKS: Readonly<Record<string, readonly string[]>> = {
  Folder: ['childEntity'],
  Datacenter: ['vmFolder', 'hostFolder', 'datastoreFolder', 'networkFolder'],
  ClusterComputeResource: ['host', 'resourcePool', 'datastore'],
  HostSystem: ['vm', 'parent'],
  ResourcePool: ['vm', 'resourcePool', 'owner'],
  VirtualMachine: ['datastore', 'network', 'resourcePool'],
  Datastore: ['vm'],
};

beforeAll(async () => {
  vc = await testVcenter({ machines: 5 });
  await vc.run(async () => {
    soap = await vc.session();
    const open = ['Folder:group-d1'];
    for (let at = open.pop(); at !== undefined; at = open.pop()) {
      if (truth.has(at)) continue;
      const paths = LINKS[at.slice(0, at.indexOf(':'))] ?? [];
      const values = await soap.read(at, 'name', ...paths);
      const links: Record<string, string[]> = {};
      for (const path of paths) {
        const value = values[path];
        links[path] = !value
          ? []
          : value.children.length > 0
            ? value.children.map(refOf)
            : value.attributes.type
              ? [refOf(value)]
              : [];
        open.push(...links[path]);
      }
      truth.set(at, { name: values.name!.text, links });
    }
  });
});
afterAll(() => vc[Symbol.asyncDispose]());

interface Traversal {
  readonly type: string;
  readonly path: string;
  readonly skip: boolean;
  /** Numbers of the traversals that follow, which may go in circles. */
  readonly next: readonly number[];
}

/** Traversals by number, the first few of them start the walk. */
const filters = fc.record({
  start: fc.constantFrom('Folder:group-d1', 'Datacenter:datacenter-2'),
  skipStart: fc.boolean(),
  first: fc.integer({ min: 1, max: 3 }),
  traversals: fc.array(
    fc
      .constantFrom(
        ...Object.entries(LINKS).flatMap(([type, paths]) => paths.map((path) => [type, path] as const)),
      )
      .chain(([type, path]) =>
        fc.record({
          type: fc.constant(type),
          path: fc.constant(path),
          skip: fc.boolean(),
          next: fc.array(fc.nat(7), { maxLength: 4 }),
        }),
      ),
    { minLength: 3, maxLength: 8 },
  ),
  types: fc.uniqueArray(
    fc.constantFrom('ManagedEntity', 'VirtualMachine', 'Folder', 'ComputeResource', 'HostSystem'),
    { minLength: 1, maxLength: 3 },
  ),
});

/** What a filter selects, by following every arrow until nothing new turns up. */
function expected(
  start: string,
  skipStart: boolean,
  first: number,
  traversals: readonly Traversal[],
): Set<string> {
  const reported = new Set<string>(skipStart ? [] : [start]);
  const arrived = new Set<string>();
  const open: Array<[string, readonly number[]]> = [[start, traversals.slice(0, first).map((_, i) => i)]];
  for (let at = open.pop(); at; at = open.pop()) {
    const [object, numbers] = at;
    for (const number of numbers) {
      const traversal = traversals[number];
      if (!traversal || traversal.type !== object.slice(0, object.indexOf(':'))) continue;
      for (const target of truth.get(object)!.links[traversal.path]!) {
        if (!traversal.skip) reported.add(target);
        const key = `${target} ${number}`;
        if (arrived.has(key)) continue;
        arrived.add(key);
        open.push([target, traversal.next]);
      }
    }
  }
  return reported;
}

const ANCESTORS: Readonly<Record<string, readonly string[]>> = {
  ClusterComputeResource: ['ComputeResource', 'ManagedEntity'],
  DistributedVirtualPortgroup: ['Network', 'ManagedEntity'],
};
const matches = (object: string, types: readonly string[]) => {
  const type = object.slice(0, object.indexOf(':'));
  return [type, ...(ANCESTORS[type] ?? ['ManagedEntity'])].some((name) => types.includes(name));
};

/** Each traversal is written out where its number first comes up, and named from then on. */
function selectSets(
  numbers: readonly number[],
  traversals: readonly Traversal[],
  written: Set<number>,
): string {
  return numbers
    .filter((number) => traversals[number])
    .map((number) => {
      const { type, path, skip, next } = traversals[number]!;
      if (written.has(number))
        return `<selectSet xsi:type="SelectionSpec"><name>t${number}</name></selectSet>`;
      written.add(number);
      return (
        `<selectSet xsi:type="TraversalSpec"><name>t${number}</name><type>${type}</type><path>${path}</path><skip>${skip}</skip>` +
        `${selectSets(next, traversals, written)}</selectSet>`
      );
    })
    .join('');
}

test('whatever a filter selects, it is what following its arrows by hand selects, with the right names', () =>
  vc.run(() =>
    fc.assert(
      fc.asyncProperty(filters, async ({ start, skipStart, first, traversals, types }) => {
        const starts = traversals.slice(0, first).map((_, i) => i);
        const answer = await soap.ask(
          'RetrievePropertiesEx',
          'PropertyCollector:propertyCollector',
          `<specSet>${types.map((type) => `<propSet><type>${type}</type><pathSet>name</pathSet></propSet>`).join('')}` +
            `<objectSet>${refXml('obj', start)}<skip>${skipStart}</skip>${selectSets(starts, traversals, new Set())}</objectSet></specSet><options/>`,
        );
        const seen = new Map(
          answer.all('objects').map((object) => [refOf(object.at('obj')), object.at('propSet/val').text]),
        );
        const want = [...expected(start, skipStart, first, traversals)].filter((object) =>
          matches(object, types),
        );
        expect([...seen.keys()].sort()).toEqual(want.sort());
        for (const [object, name] of seen) expect(name).toBe(truth.get(object)!.name);
      }),
      { numRuns: 60 },
    ),
  ));
