/**
 * Which objects a PropertyFilterSpec selects: start objects, and what traversals lead to from them. Selection
 * specs may be nested, refer to named traversals of the same filter, and go in circles.
 */
import type { Change } from '../changes.ts';
import { invalidRequest, vimFault } from '../faults.ts';
import type { ManagedObject, Reading } from '../objects/object.ts';
import { findType, isA } from '../schema/schema.ts';
import type { ApiVersion } from '../schema/versions.ts';
import { isRef, type Ref } from '../values.ts';
import { compilePath, type PropertyPath, readPath } from './path.ts';

/** As decoded from the request; see the schema. */
export interface SelectionSpec {
  readonly $: string;
  readonly name?: string;
  readonly type?: string;
  readonly path?: string;
  readonly skip?: boolean;
  readonly selectSet?: readonly SelectionSpec[];
}

export interface PropertyFilterSpec {
  readonly $: string;
  readonly propSet: ReadonlyArray<{
    readonly type: string;
    readonly all?: boolean;
    readonly pathSet: readonly string[];
  }>;
  readonly objectSet: ReadonlyArray<{
    readonly obj: Ref;
    readonly skip?: boolean;
    readonly selectSet: readonly SelectionSpec[];
  }>;
  readonly reportMissingObjectsInResults?: boolean;
}

interface Traversal {
  readonly type: string;
  readonly path: PropertyPath;
  readonly skip: boolean;
  readonly next: Traversal[];
}

const TRAVERSALS_MAX = 1000;

/** Finds an object that the caller may refer to. */
export type Find = (ref: Ref) => ManagedObject | undefined;

/** A checked selection, ready to be run again and again. */
export class Selection {
  readonly #starts: ReadonlyArray<{
    readonly obj: Ref;
    readonly skip: boolean;
    readonly traversals: readonly Traversal[];
  }>;
  readonly #mayMiss: boolean;
  /** Traversals by the property that they follow: a change of one may lead elsewhere. */
  readonly #following = new Map<string, Traversal[]>();
  /** Where traversals led to from objects, while nothing was told that might lead elsewhere. */
  readonly #targets = new Map<Traversal, Map<ManagedObject, readonly ManagedObject[]>>();
  #vanished: WeakSet<ManagedObject> | undefined = undefined;

  /** @throws VimFault InvalidProperty, InvalidRequest, InvalidArgument */
  constructor(spec: PropertyFilterSpec, version: ApiVersion) {
    const reader = new TraversalReader(version);
    for (const { selectSet } of spec.objectSet) reader.collect(selectSet);
    this.#starts = spec.objectSet.map(({ obj, skip, selectSet }) => ({
      obj,
      skip: skip === true,
      traversals: selectSet.map((selection) => reader.resolve(selection)),
    }));
    this.#mayMiss = spec.reportMissingObjectsInResults === true;
    for (const traversal of reader.traversals) {
      this.#following.set(traversal.path.root, [
        ...(this.#following.get(traversal.path.root) ?? []),
        traversal,
      ]);
      this.#targets.set(traversal, new Map());
    }
  }

  /** Takes note of a change. @returns whether the selection may be another one now */
  note(change: Change): boolean {
    if (change.kind === 'vanished') {
      this.#vanished ??= new WeakSet();
      this.#vanished.add(change.object);
      for (const targets of this.#targets.values()) targets.delete(change.object);
      return false;
    }
    if (change.kind === 'rights') return true;
    // Views have no feed of their own.
    if (change.kind === 'reshaped') {
      const views = this.#following.get('view') ?? [];
      for (const traversal of views) this.#targets.get(traversal)!.clear();
      return views.length > 0;
    }
    let concerns = false;
    for (const property of change.properties)
      for (const traversal of this.#following.get(property) ?? []) {
        if (!isA(change.object.ref.type, traversal.type)) continue;
        this.#targets.get(traversal)!.delete(change.object);
        concerns = true;
      }
    return concerns;
  }

  /**
   * Selected objects, each once, in the order of discovery.
   * @param isStanding the selection has been run before, and was told of every change since: start objects may
   * have gone, and where nothing was told traversals lead where they led.
   * @throws VimFault ManagedObjectNotFound for a missing start object, unless the spec allows it
   */
  run(find: Find, reading: Reading, isStanding = false): ReadonlySet<ManagedObject> {
    const selected = new Set<ManagedObject>();
    const done = new Map<Traversal, Set<ManagedObject>>();
    const open: Array<{ object: ManagedObject; traversals: readonly Traversal[] }> = [];
    for (const { obj, skip, traversals } of this.#starts) {
      const object = find(obj);
      if (!object) {
        if (this.#mayMiss || isStanding) continue;
        throw objectNotFound(obj);
      }
      if (!skip) selected.add(object);
      // Before login nothing is followed: it would show the inventory.
      if (reading.session) open.push({ object, traversals });
    }
    // Depth first, children in order: a stack that takes them in reverse.
    open.reverse();
    for (let next = open.pop(); next; next = open.pop()) {
      const found: typeof open = [];
      for (const traversal of next.traversals) {
        if (!isA(next.object.ref.type, traversal.type)) continue;
        const visited = done.get(traversal) ?? new Set();
        done.set(traversal, visited);
        if (visited.has(next.object)) continue;
        visited.add(next.object);
        for (const object of this.#targetsOf(next.object, traversal, find, reading)) {
          if (!traversal.skip) selected.add(object);
          if (traversal.next.length > 0) found.push({ object, traversals: traversal.next });
        }
      }
      for (let i = found.length - 1; i >= 0; i--) open.push(found[i]!);
    }
    return selected;
  }

  #targetsOf(
    object: ManagedObject,
    traversal: Traversal,
    find: Find,
    reading: Reading,
  ): Iterable<ManagedObject> {
    if (reading.sight?.lacks(object, traversal.path.root) !== undefined) return [];
    const known = this.#targets.get(traversal)!;
    let targets = known.get(object);
    if (!targets) {
      targets = refsIn(readPath(object, traversal.path, reading)).flatMap((ref) => find(ref) ?? []);
      known.set(object, targets);
    }
    const { sight } = reading;
    return targets.filter((target) => !this.#vanished?.has(target) && (sight?.sees(target) ?? true));
  }
}

export function objectNotFound(obj: Ref): ReturnType<typeof vimFault> {
  return vimFault(
    'ManagedObjectNotFound',
    `The object '${obj.type}:${obj.id}' has already been deleted or has not been completely created.`,
    { obj },
  );
}

function refsIn(value: unknown): readonly Ref[] {
  if (Array.isArray(value)) return value.filter(isRef);
  return isRef(value) ? [value] : [];
}

/** Turns selection specs into traversals; names are known for the whole filter. */
class TraversalReader {
  readonly traversals: Traversal[] = [];
  readonly #version: ApiVersion;
  readonly #named = new Map<string, SelectionSpec>();
  readonly #made = new Map<SelectionSpec, Traversal>();
  #count = 0;

  constructor(version: ApiVersion) {
    this.#version = version;
  }

  collect(specs: readonly SelectionSpec[]): void {
    for (const spec of specs) {
      if (++this.#count > TRAVERSALS_MAX) throw invalidRequest('too many selection specs');
      if (spec.$ !== 'TraversalSpec') continue;
      if (spec.name !== undefined && !this.#named.has(spec.name)) this.#named.set(spec.name, spec);
      this.collect(spec.selectSet ?? []);
    }
  }

  resolve(spec: SelectionSpec): Traversal {
    const meant = spec.$ === 'TraversalSpec' ? spec : this.#named.get(spec.name ?? '');
    if (!meant)
      throw vimFault(
        'InvalidArgument',
        `There is no selection spec named "${spec.name ?? ''}" in the filter.`,
        {
          invalidProperty: 'specSet.objectSet.selectSet.name',
        },
      );
    const known = this.#made.get(meant);
    if (known) return known;
    if (findType(meant.type!)?.kind !== 'managed')
      throw vimFault('InvalidArgument', `There is no managed object type ${meant.type}.`, {
        invalidProperty: 'specSet.objectSet.selectSet.type',
      });
    const path = compilePath(meant.type!, meant.path!, this.#version);
    const traversal: Traversal = { type: meant.type!, path, skip: meant.skip === true, next: [] };
    this.traversals.push(traversal);
    this.#made.set(meant, traversal);
    for (const child of meant.selectSet ?? []) traversal.next.push(this.resolve(child));
    return traversal;
  }
}
