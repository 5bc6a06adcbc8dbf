/**
 * Clients that do anything in any order, against a small reference model. One keeps a mirror of every machine
 * from what WaitForUpdatesEx tells it, whole properties or parts of them, cut anywhere, older versions asked
 * again; another one sleeps in WaitForUpdatesEx and is woken by everything: their mirrors have to be what a fresh read
 * says, and what the model says.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Machine, PowerState } from '../estate/model.ts';
import { freshRead, Sleeper, shown, watcher } from './testing/mirror.ts';
import { refOf, refXml, type Soap, type TestVcenter, testVcenter } from './testing/test-vcenter.ts';

type Step =
  | { readonly do: 'power'; readonly at: number; readonly to: PowerState }
  | { readonly do: 'rename' | 'move' | 'grow' | 'plug' | 'unplug' | 'remove' | 'note'; readonly at: number }
  | { readonly do: 'add'; readonly like: number }
  | { readonly do: 'moveFolder' }
  | { readonly do: 'create' }
  | { readonly do: 'register' }
  | { readonly do: 'nest' }
  | {
      readonly do: 'snapshot' | 'merge' | 'destroy' | 'call' | 'put' | 'clone' | 'relocate' | 'unregister';
      readonly at: number;
    }
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
  fc.record({ do: fc.constantFrom('create' as const, 'register' as const, 'nest' as const) }),
  fc.record({
    do: fc.constantFrom(
      'snapshot' as const,
      'merge' as const,
      'destroy' as const,
      'call' as const,
      'put' as const,
      'clone' as const,
      'relocate' as const,
      'unregister' as const,
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
  /** Names of its folders, from below the datacenter's. */
  folder: readonly string[];
}

/** What is known of everything: machines by id, and those that were unregistered, by the path of their file. */
interface Model {
  readonly machines: Map<string, Expected>;
  readonly parked: Map<string, Expected>;
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

/** Names of a folder and of those above it, up to the datacenter's own. */
async function folderPath(soap: Soap, folder: string, root: string): Promise<string[]> {
  if (folder === root) return [];
  const { name, parent } = await soap.read(folder, 'name', 'parent');
  return [...(await folderPath(soap, refOf(parent!), root)), name!.text];
}

/** Calls a method that has a task, and waits for it; it has to succeed. */
async function finish(soap: Soap, method: string, self: string, inner = ''): Promise<void> {
  const info = await soap.finish((await soap.ask(method, self, inner)).at('returnval'));
  expect(info.at('state').text, `${method}: ${info.text}`).toBe('success');
}

async function rootPool(soap: Soap): Promise<string> {
  const answer = await soap.ask(
    'FindByInventoryPath',
    'SearchIndex:SearchIndex',
    '<inventoryPath>DC0/host/DC0_C0/Resources</inventoryPath>',
  );
  return refOf(answer.at('returnval'));
}

async function create(vc: TestVcenter, soap: Soap, { machines }: Model): Promise<void> {
  if (vc.estate.machines().length > 10) return;
  const name = `created ${++made}`;
  const { name: datastore } = vc.estate.facts.datastores[0]!;
  await finish(
    soap,
    'CreateVM_Task',
    await vmFolder(soap),
    `<config><name>${name}</name><guestId>otherGuest64</guestId><files><vmPathName>[${datastore}]</vmPathName></files>` +
      `<numCPUs>1</numCPUs><memoryMB>512</memoryMB></config>${refXml('pool', await rootPool(soap))}`,
  );
  const { id } = vc.estate.machines().find((machine) => machine.name === name)!;
  machines.set(id, { name, power: 'off', disks: 0, snapshots: 0, folder: [] });
}

/** What was unregistered first comes back, under its name, without its snapshots. */
async function register(vc: TestVcenter, soap: Soap, { machines, parked }: Model): Promise<void> {
  const [first] = parked;
  if (!first) return;
  const [path, known] = first;
  parked.delete(path);
  await finish(
    soap,
    'RegisterVM_Task',
    await vmFolder(soap),
    `<path>${path}</path><asTemplate>false</asTemplate>${refXml('pool', await rootPool(soap))}`,
  );
  const { id } = vc.estate.machines().find(({ name }) => name === known.name)!;
  machines.set(id, { ...known, power: 'off', snapshots: 0, folder: [] });
}

/** A folder goes into a new one, with all that is in it. */
async function nest(vc: TestVcenter, soap: Soap, { machines }: Model): Promise<void> {
  const { id } = vc.estate.facts.datacenters[0]!;
  const [top] = vc.estate.folders(id).find((each) => each.length === 1 && !each[0]!.startsWith('Nest')) ?? [];
  if (top === undefined) return;
  const root = await vmFolder(soap);
  const name = `Nest ${++made}`;
  const nested = refOf((await soap.ask('CreateFolder', root, `<name>${name}</name>`)).at('returnval'));
  const found = await soap.ask(
    'FindByInventoryPath',
    'SearchIndex:SearchIndex',
    `<inventoryPath>DC0/vm/${top}</inventoryPath>`,
  );
  await finish(soap, 'MoveIntoFolder_Task', nested, refXml('list', refOf(found.at('returnval'))));
  for (const known of machines.values()) if (known.folder[0] === top) known.folder = [name, ...known.folder];
}

async function act(vc: TestVcenter, soap: Soap, model: Model, step: Step): Promise<void> {
  const { estate } = vc;
  if (step.do === 'wait') return;
  if (step.do === 'register') return register(vc, soap, model);
  if (step.do === 'nest') return nest(vc, soap, model);
  if (step.do === 'moveFolder') {
    const { id } = estate.facts.datacenters[0]!;
    const path = estate.folders(id).find((each) => each.length === 1 && each[0]!.startsWith('Prod'));
    if (!path) return;
    const renamed = `Prod ${++made}`;
    estate.movePlace('folder', id, path, [renamed]);
    for (const known of model.machines.values())
      if (known.folder[0] === path[0]) known.folder = [renamed, ...known.folder.slice(1)];
    return;
  }
  if (step.do === 'create') return create(vc, soap, model);
  const machines = estate.machines();
  const machine = machines[('like' in step ? step.like : step.at) % machines.length]!;
  const known = model.machines.get(machine.id)!;
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
      known.folder = ['Moved', `to ${machine.cores}`];
      return estate.replace({ ...machine, folder: known.folder });
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
            id: `${machine.id}/plugged ${++made}`, // no id of a disk that came with it
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
      model.machines.delete(machine.id);
      return estate.remove(machine.id);
    case 'add': {
      if (machines.length > 10) return;
      const clone = cloneOf(machine);
      model.machines.set(clone.id, {
        name: clone.name,
        power: 'off',
        disks: clone.disks.length,
        snapshots: 0,
        folder: known.folder,
      });
      return estate.add(clone);
    }
    case 'destroy': {
      if (machines.length < 3) return;
      estate.setPower(machine.id, 'off');
      model.machines.delete(machine.id);
      return finish(soap, 'Destroy_Task', await vmOf(soap, machine));
    }
    case 'call':
      known.name = `called ${++made}`;
      return finish(soap, 'Rename_Task', await vmOf(soap, machine), `<newName>${known.name}</newName>`);
    case 'put':
      known.folder = [];
      return finish(
        soap,
        'MoveIntoFolder_Task',
        await vmFolder(soap),
        refXml('list', await vmOf(soap, machine)),
      );
    case 'clone': {
      if (machines.length > 10) return;
      const name = `clone ${++made}`;
      await finish(
        soap,
        'CloneVM_Task',
        await vmOf(soap, machine),
        `${refXml('folder', await vmFolder(soap))}<name>${name}</name><spec><location>${refXml('pool', await rootPool(soap))}</location><template>false</template><powerOn>false</powerOn></spec>`,
      );
      const { id } = estate.machines().find((each) => each.name === name)!;
      model.machines.set(id, { name, power: 'off', disks: known.disks, snapshots: 0, folder: [] });
      return;
    }
    case 'relocate': {
      const vm = await vmOf(soap, machine);
      const to = estate.facts.datastores[(made + machine.cores) % estate.facts.datastores.length]!;
      const found = await soap.ask(
        'FindByInventoryPath',
        'SearchIndex:SearchIndex',
        `<inventoryPath>DC0/datastore/${to.name}</inventoryPath>`,
      );
      const task = await soap.ask(
        'RelocateVM_Task',
        vm,
        `<spec>${refXml('datastore', refOf(found.at('returnval')))}</spec>`,
      );
      await soap.finish(task.at('returnval')); // what snapshots hold may have to stay
      return;
    }
    case 'unregister': {
      if (machines.length < 3 || machine.template) return;
      estate.setPower(machine.id, 'off');
      const vm = await vmOf(soap, machine);
      const path = (await soap.read(vm, 'summary.config.vmPathName'))['summary.config.vmPathName']!.text;
      await soap.ask('UnregisterVM', vm);
      model.machines.delete(machine.id);
      model.parked.set(path, known);
      return;
    }
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
        const asleep = new Sleeper(soap, (await watcher(soap, true)).collector);
        const model: Model = {
          machines: new Map(
            vc.estate
              .machines()
              .map(({ id, name, power, disks, folder }) => [
                id,
                { name, power, disks: disks.length, snapshots: 0, folder },
              ]),
          ),
          parked: new Map(),
        };
        const root = await vmFolder(soap);
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
          const fresh = shown(await freshRead(soap, view));
          expect(shown(mirror)).toEqual(fresh);
          await vc.pass(100);
          expect(shown(asleep.mirror)).toEqual(fresh);
          const seen = [];
          for (const values of mirror.values())
            seen.push([
              values.get('name')!.text,
              values.get('runtime.powerState')!.text,
              JSON.stringify(values.get('config')).match(/"capacityInKB"/g)?.length ?? 0,
              JSON.stringify(values.get('snapshot') ?? '').match(/"createTime"/g)?.length ?? 0,
              (await folderPath(soap, `Folder:${values.get('parent')!.text}`, root)).join('/'),
            ]);
          const words = { on: 'poweredOn', off: 'poweredOff', suspended: 'suspended' } as const;
          expect(seen.sort()).toEqual(
            [...model.machines.values()]
              .map(({ name, power, disks, snapshots, folder }) => [
                name,
                words[power],
                disks,
                snapshots,
                folder.join('/'),
              ])
              .sort(),
          );
        }
        await asleep.stop();
      });
    }),
    { numRuns: 10 },
  ));
