/**
 * Clients that do anything in any order, against a small reference model. One keeps a mirror of every machine
 * from what WaitForUpdatesEx tells it, whole properties or parts of them, cut anywhere, older versions asked
 * again: the mirror has to be what a fresh read says, and what the model says.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Machine, PowerState } from '../estate/model.ts';
import { refOf, refXml, type Soap, type TestVcenter, testVcenter, type Xml } from './testing/test-vcenter.ts';

const COLLECTOR = 'PropertyCollector:propertyCollector';
const PATHS = ['name', 'parent', 'runtime.powerState', 'config', 'snapshot', 'network', 'layout'];

/** A value as a client holds it. */
interface Node {
  name: string;
  type: string;
  text: string;
  children: Node[];
}

type Mirror = Map<string, Map<string, Node>>;

function nodeOf(xml: Xml): Node {
  return {
    name: xml.name,
    type: xml.attributes['xsi:type'] ?? xml.attributes.type ?? '',
    text: xml.children.length > 0 ? '' : xml.text,
    children: xml.children.map(nodeOf),
  };
}

const keyOf = (node: Node) => node.children.find((child) => child.name === 'key')?.text;

/** Fields in alphabetical order, the elements of each array by key, or in theirs. */
function canonical(node: Node): unknown {
  const place = (child: Node) => `${child.name} ${(keyOf(child) ?? '').padStart(20)}`;
  const children = [...node.children].sort((a, b) =>
    place(a) < place(b) ? -1 : place(a) > place(b) ? 1 : 0,
  );
  return children.length > 0 ? [node.name, children.map(canonical)] : [node.name, node.text];
}

/** Applies one PropertyChange, as the API describes it, to what a client has of an object. */
function apply(properties: Map<string, Node>, change: Xml): void {
  const path = change.at('name').text;
  const op = change.at('op').text;
  const val = change.all('val')[0];
  const root = PATHS.find(
    (each) => path === each || path.startsWith(`${each}.`) || path.startsWith(`${each}[`),
  )!;
  if (path === root) {
    if (val) properties.set(root, nodeOf(val));
    else properties.delete(root);
    return;
  }
  let at = properties.get(root)!;
  const steps = path.slice(root.length).match(/\.\w+|\[[^\]]*\]/g)!;
  let field = '';
  for (const [index, step] of steps.entries()) {
    const isLast = index === steps.length - 1;
    if (step.startsWith('.')) {
      field = step.slice(1);
      if (steps[index + 1]?.startsWith('[')) continue; // an element of this array
      if (isLast) {
        const position = at.children.findIndex((child) => child.name === field);
        at.children = at.children.filter((child) => child.name !== field);
        // An array is wrapped as ArrayOf…; its elements become the field's.
        const values = !val
          ? []
          : nodeOf(val).type.startsWith('ArrayOf')
            ? nodeOf(val).children.map((child) => ({ ...child, name: field }))
            : [{ ...nodeOf(val), name: field }];
        at.children.splice(position < 0 ? at.children.length : position, 0, ...values);
      } else at = at.children.find((child) => child.name === field)!;
    } else {
      const key = step.slice(1, -1).replace(/^"(.*)"$/, '$1');
      const position = at.children.findIndex((child) => child.name === field && keyOf(child) === key);
      if (!isLast) at = at.children[position]!;
      else if (op === 'remove') at.children.splice(position, 1);
      else if (op === 'add') {
        expect(position).toBe(-1);
        at.children.push({ ...nodeOf(val!), name: field });
      } else at.children[position] = { ...nodeOf(val!), name: field };
    }
  }
}

function applyAll(mirror: Mirror, answer: Xml): void {
  for (const update of answer.all('objectSet')) {
    const object = refOf(update.at('obj'));
    const kind = update.at('kind').text;
    if (kind === 'leave') mirror.delete(object);
    else {
      if (kind === 'enter') mirror.set(object, new Map());
      for (const change of update.all('changeSet')) apply(mirror.get(object)!, change);
    }
  }
}

const spec = (view: string, element: string) =>
  `<${element}><propSet><type>VirtualMachine</type>${PATHS.map((path) => `<pathSet>${path}</pathSet>`).join('')}</propSet>` +
  `<objectSet>${refXml('obj', view)}<skip>true</skip><selectSet xsi:type="TraversalSpec"><type>ContainerView</type><path>view</path></selectSet></objectSet></${element}>`;

/** A client that keeps a mirror. */
class Watcher {
  readonly #soap: Soap;
  readonly #collector: string;
  readonly view: string;
  readonly mirror: Mirror = new Map();
  #version = '';

  constructor(soap: Soap, collector: string, view: string) {
    this.#soap = soap;
    this.#collector = collector;
    this.view = view;
  }

  /** Takes in everything there is, in pieces of at most `most` objects; some answers get lost on the way. */
  async catchUp(most: number, loses: boolean): Promise<void> {
    for (;;) {
      const ask = () =>
        this.#soap.ask(
          'WaitForUpdatesEx',
          this.#collector,
          `<version>${this.#version}</version><options><maxWaitSeconds>0</maxWaitSeconds><maxObjectUpdates>${most}</maxObjectUpdates></options>`,
        );
      if (loses) await ask();
      const answer = await ask();
      if (answer.children.length === 0) return;
      this.#version = answer.at('returnval/version').text;
      applyAll(this.mirror, answer);
    }
  }
}

async function watcher(soap: Soap, partialUpdates: boolean): Promise<Watcher> {
  const collector = refOf((await soap.ask('CreatePropertyCollector', COLLECTOR)).at('returnval'));
  const view = refOf(
    (
      await soap.ask(
        'CreateContainerView',
        'ViewManager:ViewManager',
        `${refXml('container', 'Folder:group-d1')}<type>VirtualMachine</type><recursive>true</recursive>`,
      )
    ).at('returnval'),
  );
  await soap.ask(
    'CreateFilter',
    collector,
    `${spec(view, 'spec')}<partialUpdates>${partialUpdates}</partialUpdates>`,
  );
  return new Watcher(soap, collector, view);
}

async function freshRead(soap: Soap, view: string): Promise<Mirror> {
  const mirror: Mirror = new Map();
  for (const found of (await soap.ask('RetrieveProperties', COLLECTOR, spec(view, 'specSet'))).all(
    'returnval',
  ))
    mirror.set(
      refOf(found.at('obj')),
      new Map(found.all('propSet').map((set) => [set.at('name').text, nodeOf(set.at('val'))])),
    );
  return mirror;
}

const shown = (mirror: Mirror) =>
  Object.fromEntries(
    [...mirror]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([object, values]) => [
        object,
        Object.fromEntries([...values].sort().map(([path, node]) => [path, canonical(node)])),
      ]),
  );

type Step =
  | { readonly do: 'power'; readonly at: number; readonly to: PowerState }
  | { readonly do: 'rename' | 'move' | 'grow' | 'plug' | 'unplug' | 'remove' | 'note'; readonly at: number }
  | { readonly do: 'add'; readonly like: number }
  | { readonly do: 'moveFolder' }
  | { readonly do: 'create' }
  | { readonly do: 'snapshot' | 'merge' | 'destroy' | 'call' | 'put'; readonly at: number }
  | { readonly do: 'wait'; readonly who: 0 | 1; readonly most: number; readonly loses: boolean };

const at = fc.nat(7);
const steps: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    do: fc.constant('power' as const),
    at,
    to: fc.constantFrom<PowerState>('on', 'off', 'suspended'),
  }),
  fc.record({
    do: fc.constantFrom(
      'rename' as const,
      'move' as const,
      'grow' as const,
      'plug' as const,
      'note' as const,
    ),
    at,
  }),
  fc.record({ do: fc.constantFrom('unplug' as const, 'remove' as const), at }),
  fc.record({ do: fc.constant('add' as const), like: at }),
  fc.record({ do: fc.constant('moveFolder' as const) }),
  fc.record({ do: fc.constant('create' as const) }),
  fc.record({
    do: fc.constantFrom(
      'snapshot' as const,
      'merge' as const,
      'destroy' as const,
      'call' as const,
      'put' as const,
    ),
    at,
  }),
  fc.record({
    do: fc.constant('wait' as const),
    who: fc.constantFrom(0 as const, 1 as const),
    most: fc.integer({ min: 1, max: 9 }),
    loses: fc.boolean(),
  }),
);

/** What has to be true of a machine, kept beside the simulator in the plainest way. */
interface Expected {
  name: string;
  power: PowerState;
  disks: number;
  snapshots: number;
}

let made = 0;
function cloneOf(machine: Machine): Machine {
  const id = `extra-${++made}`;
  const uuid = `00000000-0000-4000-8000-${String(made).padStart(12, '0')}`;
  const name = `extra ${made}`;
  return {
    ...machine,
    id,
    name,
    biosUuid: uuid,
    instanceUuid: uuid.replace('4000', '4001'),
    power: 'off',
    disks: machine.disks.map((disk, index) => ({
      ...disk,
      id: `${id}/${index}`,
      path: disk.path.replace(/\].*/, `] ${name}/disk-${index}.vmdk`),
    })),
  };
}

async function vmOf(soap: Soap, { instanceUuid }: Machine): Promise<string> {
  const answer = await soap.ask(
    'FindByUuid',
    'SearchIndex:SearchIndex',
    `<uuid>${instanceUuid}</uuid><vmSearch>true</vmSearch><instanceUuid>true</instanceUuid>`,
  );
  return refOf(answer.at('returnval'));
}

async function vmFolder(soap: Soap): Promise<string> {
  const answer = await soap.ask(
    'FindByInventoryPath',
    'SearchIndex:SearchIndex',
    '<inventoryPath>DC0/vm</inventoryPath>',
  );
  return refOf(answer.at('returnval'));
}

/** Calls a method that has a task, and waits for it; it has to succeed. */
async function finish(soap: Soap, method: string, self: string, inner = ''): Promise<void> {
  const info = await soap.finish((await soap.ask(method, self, inner)).at('returnval'));
  expect(info.at('state').text, `${method}: ${info.text}`).toBe('success');
}

async function create(vc: TestVcenter, soap: Soap, model: Map<string, Expected>): Promise<void> {
  if (vc.estate.machines().length > 10) return;
  const name = `created ${++made}`;
  const answer = await soap.ask(
    'FindByInventoryPath',
    'SearchIndex:SearchIndex',
    '<inventoryPath>DC0/host/DC0_C0/Resources</inventoryPath>',
  );
  const { name: datastore } = vc.estate.facts.datastores[0]!;
  await finish(
    soap,
    'CreateVM_Task',
    await vmFolder(soap),
    `<config><name>${name}</name><guestId>otherGuest64</guestId><files><vmPathName>[${datastore}]</vmPathName></files>` +
      `<numCPUs>1</numCPUs><memoryMB>512</memoryMB></config>${refXml('pool', refOf(answer.at('returnval')))}`,
  );
  const { id } = vc.estate.machines().find((machine) => machine.name === name)!;
  model.set(id, { name, power: 'off', disks: 0, snapshots: 0 });
}

async function act(vc: TestVcenter, soap: Soap, model: Map<string, Expected>, step: Step): Promise<void> {
  const { estate } = vc;
  if (step.do === 'wait') return;
  if (step.do === 'moveFolder') {
    const { id } = estate.facts.datacenters[0]!;
    const path = estate.folders(id).find((each) => each.length === 1 && each[0]!.startsWith('Prod'));
    if (path) estate.movePlace('folder', id, path, [`Prod ${++made}`]);
    return;
  }
  if (step.do === 'create') return create(vc, soap, model);
  const machines = estate.machines();
  const machine = machines[('like' in step ? step.like : step.at) % machines.length]!;
  const known = model.get(machine.id)!;
  switch (step.do) {
    case 'power':
      estate.setPower(machine.id, step.to);
      known.power = step.to;
      return;
    case 'rename':
      known.name = `renamed ${++made}`;
      return estate.replace({ ...machine, name: known.name });
    case 'note':
      return estate.replace({ ...machine, annotation: `note ${++made}` });
    case 'move':
      return estate.replace({ ...machine, folder: ['Moved', `to ${machine.cores}`] });
    case 'grow':
      return estate.replace({ ...machine, cores: machine.cores + 1 });
    case 'plug': {
      if (machine.disks.length === 0 || machine.disks.length > 8 || known.snapshots > 0) return;
      const index = Math.max(...machine.disks.map((disk) => disk.index)) + 1;
      const like = machine.disks[0]!;
      known.disks++;
      return estate.replace({
        ...machine,
        disks: [
          ...machine.disks,
          {
            ...like,
            id: `${machine.id}/${++made}`,
            index,
            bus: 2,
            unit: index,
            label: `Hard disk ${index + 1}`,
          },
        ],
      });
    }
    case 'unplug':
      if (machine.disks.length < 2 || known.snapshots > 0) return;
      known.disks--;
      return estate.replace({ ...machine, disks: machine.disks.slice(0, -1) });
    case 'remove':
      if (machines.length < 3) return;
      model.delete(machine.id);
      return estate.remove(machine.id);
    case 'add': {
      if (machines.length > 10) return;
      const clone = cloneOf(machine);
      model.set(clone.id, { name: clone.name, power: 'off', disks: clone.disks.length, snapshots: 0 });
      return estate.add(clone);
    }
    case 'destroy': {
      if (machines.length < 3) return;
      estate.setPower(machine.id, 'off');
      model.delete(machine.id);
      return finish(soap, 'Destroy_Task', await vmOf(soap, machine));
    }
    case 'call':
      known.name = `called ${++made}`;
      return finish(soap, 'Rename_Task', await vmOf(soap, machine), `<newName>${known.name}</newName>`);
    case 'put':
      return finish(
        soap,
        'MoveIntoFolder_Task',
        await vmFolder(soap),
        refXml('list', await vmOf(soap, machine)),
      );
    case 'snapshot':
    case 'merge': {
      const vm = await vmOf(soap, machine);
      const task = await soap.ask(
        step.do === 'snapshot' ? 'CreateSnapshot_Task' : 'RemoveAllSnapshots_Task',
        vm,
        step.do === 'snapshot' ? '<name>s</name><memory>false</memory><quiesce>false</quiesce>' : '',
      );
      await soap.finish(task.at('returnval'));
      known.snapshots = step.do === 'snapshot' ? known.snapshots + 1 : 0;
    }
  }
}

test('whatever happens, a client that waits for updates has what a fresh read says, and what the model says', () =>
  fc.assert(
    fc.asyncProperty(fc.array(steps, { minLength: 5, maxLength: 25 }), async (story) => {
      await using vc = await testVcenter({ machines: 4 });
      await vc.run(async () => {
        const soap = await vc.session();
        const watchers = [await watcher(soap, true), await watcher(soap, false)];
        const model = new Map<string, Expected>(
          vc.estate
            .machines()
            .map(({ id, name, power, disks }) => [id, { name, power, disks: disks.length, snapshots: 0 }]),
        );
        for (const step of [
          ...story,
          ...[0, 1].map((who) => ({ do: 'wait', who, most: 100, loses: true })),
        ]) {
          if (step.do !== 'wait') {
            await act(vc, soap, model, step as Step);
            continue;
          }
          const { who, most, loses } = step as Extract<Step, { do: 'wait' }>;
          const { mirror, view } = watchers[who]!;
          await watchers[who]!.catchUp(most, loses);
          expect(shown(mirror)).toEqual(shown(await freshRead(soap, view)));
          const seen = [...mirror.values()].map((values) => ({
            name: values.get('name')!.text,
            power: values.get('runtime.powerState')!.text,
            disks: JSON.stringify(values.get('config')).match(/"capacityInKB"/g)?.length ?? 0,
            snapshots: JSON.stringify(values.get('snapshot') ?? '').match(/"createTime"/g)?.length ?? 0,
          }));
          const words = { on: 'poweredOn', off: 'poweredOff', suspended: 'suspended' } as const;
          expect(
            seen.map(({ name, power, disks, snapshots }) => [name, power, disks, snapshots]).sort(),
          ).toEqual(
            [...model.values()]
              .map(({ name, power, disks, snapshots }) => [name, words[power], disks, snapshots])
              .sort(),
          );
        }
      });
    }),
    { numRuns: 10 },
  ));
