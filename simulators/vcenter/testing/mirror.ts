/**
 * Clients that keep a mirror of every machine from what WaitForUpdatesEx tells them: whole properties or parts of them,
 * cut anywhere, older versions asked again, or asleep until they are woken.
 */
import { expect } from 'vitest';
import { refOf, refXml, type Soap, type Xml } from './test-vcenter.ts';

const COLLECTOR = 'PropertyCollector:propertyCollector';
const PATHS = ['name', 'parent', 'runtime.powerState', 'config', 'snapshot', 'network', 'layout'];

/** A value as a client holds it. */
interface Node {
  name: string;
  type: string;
  text: string;
  children: Node[];
}

export type Mirror = Map<string, Map<string, Node>>;

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
export class Watcher {
  readonly #soap: Soap;
  readonly collector: string;
  readonly view: string;
  readonly mirror: Mirror = new Map();
  #version = '';

  constructor(soap: Soap, collector: string, view: string) {
    this.#soap = soap;
    this.collector = collector;
    this.view = view;
  }

  /** Takes in everything there is, in pieces of at most `most` objects; some answers get lost on the way. */
  async catchUp(most: number, loses: boolean): Promise<void> {
    for (;;) {
      const ask = () =>
        this.#soap.ask(
          'WaitForUpdatesEx',
          this.collector,
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

/** A client that always waits, as the appliance does. */
export class Sleeper {
  readonly mirror: Mirror = new Map();
  readonly #soap: Soap;
  readonly #collector: string;
  readonly #done: Promise<void>;

  constructor(soap: Soap, collector: string) {
    this.#soap = soap;
    this.#collector = collector;
    this.#done = this.#wait();
  }

  async #wait(): Promise<void> {
    for (let version = ''; ; ) {
      const answer = await this.#soap.call(
        'WaitForUpdatesEx',
        this.#collector,
        `<version>${version}</version><options><maxWaitSeconds>36000</maxWaitSeconds></options>`,
      );
      if (answer.fault === 'RequestCanceled') return;
      expect(answer.fault).toBeUndefined();
      version = answer.body.at('returnval/version').text;
      applyAll(this.mirror, answer.body);
    }
  }

  async stop(): Promise<void> {
    await this.#soap.ask('CancelWaitForUpdates', this.#collector);
    await this.#done;
  }
}

export async function watcher(soap: Soap, partialUpdates: boolean): Promise<Watcher> {
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

export async function freshRead(soap: Soap, view: string): Promise<Mirror> {
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

export const shown = (mirror: Mirror) =>
  Object.fromEntries(
    [...mirror]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([object, values]) => [
        object,
        Object.fromEntries([...values].sort().map(([path, node]) => [path, canonical(node)])),
      ]),
  );
