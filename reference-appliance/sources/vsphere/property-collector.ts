/**
 * The property collector: reading properties of objects, and being told what changed. Replies are streamed, one
 * small tree per object. [vSphere Web Services API, PropertyCollector; facts on paging, missingSet and versions]
 */

import { type Millis, SECOND } from '#core/units.ts';
import { child, childrenOf, childText, type XmlElement } from '#core/wire/xml/element.ts';
import { XmlStream } from '#core/wire/xml/reader.ts';
import type { XmlWriter } from '#core/wire/xml/writer.ts';
import { type ManagedObject, readReference, type VsphereConnection, writeReference } from './connection.ts';
import { errors, localizedFault, VimFault } from './faults.ts';

/** Objects a server may put in one page. */
const PAGE_OBJECTS = 500;

export interface PropertySpec {
  readonly type: string;
  readonly paths: readonly string[];
}

export interface ObjectProperties {
  readonly object: ManagedObject;
  /** Path → its `val`. Unset properties are absent. */
  readonly values: ReadonlyMap<string, XmlElement>;
}

/**
 * Properties of the named objects, all of one type. @throws VimFault (ManagedObjectNotFound, InvalidProperty,
 * NoPermission when a property may not be read)
 */
export async function readProperties(
  connection: VsphereConnection,
  spec: PropertySpec,
  objects: readonly ManagedObject[],
  signal: AbortSignal,
): Promise<ObjectProperties[]> {
  return connection.inSession(signal, async () => {
    const { propertyCollector } = await connection.content(signal);
    const found: ObjectProperties[] = [];
    const writeFirst = (xml: XmlWriter): void => {
      xml.open('specSet');
      writePropertySpec(xml, spec);
      for (const object of objects) {
        xml.open('objectSet');
        writeReference(xml, 'obj', object);
        xml.close();
      }
      xml.close().open('options').leaf('maxObjects', PAGE_OBJECTS).close();
    };
    let token = readPage(
      await connection.call('RetrievePropertiesEx', propertyCollector, writeFirst, signal),
      found,
    );
    while (token !== undefined) {
      const page: string = token;
      const reply = await connection.call(
        'ContinueRetrievePropertiesEx',
        propertyCollector,
        (xml) => xml.leaf('token', page),
        signal,
      );
      token = readPage(reply, found);
    }
    return found;
  });
}

/** Properties of one object. @throws VimFault */
export async function readObject(
  connection: VsphereConnection,
  object: ManagedObject,
  paths: readonly string[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, XmlElement>> {
  const [found] = await readProperties(connection, { type: object.type, paths }, [object], signal);
  if (!found) throw new VimFault('ManagedObjectNotFound', `${object.id} was not returned`);
  return found.values;
}

/** @returns the token of the next page, if there is one */
function readPage(reply: Buffer, into: ObjectProperties[]): string | undefined {
  let token: string | undefined;
  streamElements(reply, ['objects', 'token'], (element) => {
    if (element.name === 'token') {
      token = element.text;
      return;
    }
    const object = child(element, 'obj');
    if (!object) throw errors.make('vcenter.protocol', { what: 'An object of RetrieveResult has no obj.' });
    for (const missing of childrenOf(element, 'missingSet')) {
      const fault = child(missing, 'fault');
      if (fault) throw localizedFault(fault);
    }
    const values = new Map<string, XmlElement>();
    for (const property of childrenOf(element, 'propSet')) {
      const value = child(property, 'val');
      if (value) values.set(childText(property, 'name') ?? '', value);
    }
    into.push({ object: readReference(object), values });
  });
  return token;
}

/** Faults of WaitForUpdatesEx after which everything has to be asked for anew. */
const BEGIN_AGAIN = new Set(['InvalidCollectorVersion', 'NotAuthenticated']);

export interface ObjectUpdate {
  readonly kind: 'enter' | 'modify' | 'leave';
  readonly object: ManagedObject;
  /** Path → new value; undefined: it is unset now. */
  readonly changes: ReadonlyMap<string, XmlElement | undefined>;
}

/**
 * Follows everything below the root folder through one container view and one filter. The first read tells all
 * there is, later ones what changed since. When the session was lost in between, or the server no longer knows the
 * version, it begins again from everything, and says so.
 */
export class InventoryFeed {
  readonly #connection: VsphereConnection;
  readonly #specs: readonly PropertySpec[];
  #session = -1;
  #version = '';

  constructor(connection: VsphereConnection, specs: readonly PropertySpec[]) {
    this.#connection = connection;
    this.#specs = specs;
  }

  /**
   * @param waitMs how long the server waits for a change before it answers that there is none; 0: not at all
   * @param onStart called before the first update when everything is told anew; may be called again when the
   *                session is lost half way.
   * @throws VimFault
   */
  async read(
    waitMs: Millis,
    signal: AbortSignal,
    onStart: () => void,
    onUpdate: (update: ObjectUpdate) => void,
  ): Promise<void> {
    let wait = waitMs;
    for (let beginnings = 0; ; ) {
      const { propertyCollector } = await this.#connection.content(signal);
      if (this.#session !== this.#connection.session) {
        if (++beginnings > 2) throw new VimFault('NotAuthenticated', 'sessions end as soon as they begin');
        await this.#begin(signal);
        onStart();
        wait = 0;
      }
      const updates: ObjectUpdate[] = [];
      let page: { version: string; truncated: boolean } | undefined;
      try {
        const reply = await this.#connection.callHere(
          'WaitForUpdatesEx',
          propertyCollector,
          (xml) =>
            xml
              .leaf('version', this.#version)
              .open('options')
              .leaf('maxWaitSeconds', Math.ceil(wait / SECOND))
              .leaf('maxObjectUpdates', PAGE_OBJECTS)
              .close(),
          signal,
          wait,
        );
        page = readUpdates(reply, updates);
      } catch (error) {
        if (!(error instanceof VimFault) || !BEGIN_AGAIN.has(error.type)) throw error;
        this.#session = -1;
        continue;
      }
      for (const update of updates) onUpdate(update);
      if (page) this.#version = page.version;
      if (!page?.truncated) return;
      wait = 0;
    }
  }

  async #begin(signal: AbortSignal): Promise<void> {
    const connection = this.#connection;
    const { viewManager, rootFolder, propertyCollector } = await connection.content(signal);
    const session = connection.session;
    const [view] = await connection.ask(
      'CreateContainerView',
      viewManager,
      (xml) => {
        writeReference(xml, 'container', rootFolder);
        for (const { type } of this.#specs) xml.leaf('type', type);
        xml.leaf('recursive', true);
      },
      signal,
    );
    if (!view) throw errors.make('vcenter.protocol', { what: 'CreateContainerView returned no view.' });
    await connection.ask(
      'CreateFilter',
      propertyCollector,
      (xml) => {
        xml.open('spec');
        for (const spec of this.#specs) writePropertySpec(xml, spec);
        xml.open('objectSet');
        writeReference(xml, 'obj', readReference(view));
        xml
          .leaf('skip', true)
          .open('selectSet', { 'xsi:type': 'TraversalSpec' })
          .leaf('name', 'view')
          .leaf('type', 'ContainerView')
          .leaf('path', 'view')
          .leaf('skip', false)
          .close()
          .close()
          .close()
          .leaf('partialUpdates', false);
      },
      signal,
    );
    this.#session = session;
    this.#version = '';
  }
}

function writePropertySpec(xml: XmlWriter, { type, paths }: PropertySpec): void {
  xml.open('propSet').leaf('type', type).leaf('all', false);
  for (const path of paths) xml.leaf('pathSet', path);
  xml.close();
}

/** @returns undefined when the reply has no update set: nothing changed */
function readUpdates(
  reply: Buffer,
  into: ObjectUpdate[],
): { version: string; truncated: boolean } | undefined {
  let version: string | undefined;
  let truncated = false;
  streamElements(reply, ['version', 'truncated', 'objectSet'], (element) => {
    if (element.name === 'version') version = element.text;
    else if (element.name === 'truncated') truncated = element.text === 'true' || element.text === '1';
    else into.push(readUpdate(element));
  });
  return version === undefined ? undefined : { version, truncated };
}

function readUpdate(element: XmlElement): ObjectUpdate {
  const kind = childText(element, 'kind');
  const object = child(element, 'obj');
  if (!object || (kind !== 'enter' && kind !== 'modify' && kind !== 'leave'))
    throw errors.make('vcenter.protocol', { what: `An ObjectUpdate has kind "${kind}".` });
  const changes = new Map<string, XmlElement | undefined>();
  for (const change of childrenOf(element, 'changeSet')) {
    const removed = childText(change, 'op') === 'remove' || childText(change, 'op') === 'indirectRemove';
    changes.set(childText(change, 'name') ?? '', removed ? undefined : child(change, 'val'));
  }
  for (const missing of childrenOf(element, 'missingSet')) {
    const fault = child(missing, 'fault');
    if (fault && localizedFault(fault).type === 'NotAuthenticated') throw localizedFault(fault);
  }
  return { kind, object: readReference(object), changes };
}

/** Hands out each element of one of the names as a tree, at whatever depth, outermost first. */
function streamElements(
  reply: Buffer,
  names: readonly string[],
  onElement: (element: XmlElement) => void,
): void {
  const stream = new XmlStream({ capture: (name) => names.includes(name), onElement });
  stream.write(reply);
  stream.end();
}
