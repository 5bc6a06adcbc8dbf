/**
 * A property filter: what it selects, and for every selected object and path a digest of the last value and
 * the number of the change that brought it. From these any older version can be brought up to date, as often
 * as a client asks: nothing is handed out once and forgotten.
 */
import { createHash } from 'node:crypto';
import { escapeText } from '#core/wire/xml/writer.ts';
import type { Change } from '../changes.ts';
import { ManagedObject, type Properties, type Reading } from '../objects/object.ts';
import type { Encoder } from '../schema/encoder.ts';
import type { Data, Ref } from '../values.ts';
import type { PropertyPath } from './path.ts';
import { encodeProperty, Projection } from './projection.ts';
import { type Find, type PropertyFilterSpec, Selection } from './selection.ts';

export const FILTER: Properties<FilterObject> = {
  spec: (self) => self.spec as unknown as Data,
  partialUpdates: (self) => self.partialUpdates,
};

interface Entry {
  readonly object: ManagedObject;
  readonly paths: readonly PropertyPath[];
  /** By path: digest of the value's XML ("" when unset), and the change that brought it. */
  readonly digests: string[];
  readonly changes: number[];
  readonly entered: number;
  last: number;
}

/** One object's share of an update, ready to be written. */
export interface ObjectUpdate {
  readonly filter: FilterObject;
  readonly sequence: number;
  readonly xml: () => string;
}

/** Departures are remembered so long; a version older than the first of them is no longer valid. */
const GONE_MAX = 10_000;

export class FilterObject extends ManagedObject {
  readonly spec: PropertyFilterSpec;
  readonly partialUpdates: boolean;
  readonly #encoder: Encoder;
  readonly #selection: Selection;
  readonly #projection: Projection;
  readonly #entries = new Map<ManagedObject, Entry>();
  readonly #gone: Array<{ readonly ref: Ref; readonly sequence: number }> = [];
  /** Objects to look at again, and their changed properties. */
  readonly #dirty = new Map<ManagedObject, Set<string>>();
  #mustSelect = true;
  #isStanding = false;

  /** @throws VimFault InvalidProperty, InvalidArgument, InvalidRequest */
  constructor(id: string, spec: PropertyFilterSpec, partialUpdates: boolean, encoder: Encoder) {
    super('PropertyFilter', id);
    this.spec = spec;
    this.partialUpdates = partialUpdates;
    this.#encoder = encoder;
    this.#selection = new Selection(spec, encoder.version);
    this.#projection = new Projection(spec, encoder.version);
  }

  protected get properties(): Properties<FilterObject> {
    return FILTER;
  }

  /** Takes note of a change. @returns whether it may concern this filter. */
  note(change: Change): boolean {
    const { object } = change;
    if (change.kind === 'vanished') {
      if (!this.#entries.has(object)) return false;
      this.#mustSelect = true;
      return true;
    }
    const { properties } = change;
    if (properties.some((property) => this.#selection.followed.has(property))) {
      this.#mustSelect = true;
      return true;
    }
    const entry = this.#entries.get(object);
    if (!entry?.paths.some((path) => properties.includes(path.root))) return this.#mustSelect;
    const dirty = this.#dirty.get(object) ?? new Set();
    for (const property of properties) dirty.add(property);
    this.#dirty.set(object, dirty);
    return true;
  }

  /**
   * Brings the entries up to date, numbering what changed.
   * @throws VimFault ManagedObjectNotFound when a start object is gone
   */
  evaluate(find: Find, reading: Reading, nextNumber: () => number): void {
    if (this.#mustSelect) this.#select(find, reading, nextNumber);
    this.#mustSelect = false;
    for (const [object, properties] of this.#dirty) {
      const entry = this.#entries.get(object);
      if (!entry) continue;
      let number: number | undefined;
      entry.paths.forEach((path, i) => {
        if (!properties.has(path.root)) return;
        const digest = digestOf(encodeProperty(object, path, reading, this.#encoder));
        if (digest === entry.digests[i]) return;
        number ??= nextNumber();
        entry.digests[i] = digest;
        entry.changes[i] = entry.last = number;
      });
    }
    this.#dirty.clear();
  }

  /** Versions below this cannot be brought up to date any more. */
  get oldestVersion(): number {
    return this.#gone.length > GONE_MAX ? this.#gone[this.#gone.length - GONE_MAX - 1]!.sequence : 0;
  }

  /** What a client that knows everything up to `version` does not know yet; −1: knows nothing. */
  *updatesSince(version: number, reading: Reading): Iterable<ObjectUpdate> {
    for (const entry of this.#entries.values()) {
      if (entry.last <= version) continue;
      const sequence = entry.entered > version ? entry.entered : entry.last;
      yield { filter: this, sequence, xml: () => this.#encode(entry, version, reading) };
    }
    if (version < 0) return;
    for (const { ref, sequence } of this.#gone) {
      if (sequence <= version) continue;
      const xml = () => `<objectSet><kind>leave</kind><obj type="${ref.type}">${ref.id}</obj></objectSet>`;
      yield { filter: this, sequence, xml };
    }
  }

  #select(find: Find, reading: Reading, nextNumber: () => number): void {
    const selected = new Set(this.#selection.run(find, reading, this.#isStanding));
    this.#isStanding = true;
    for (const [object] of this.#entries) {
      if (selected.has(object)) continue;
      this.#entries.delete(object);
      this.#gone.push({ ref: object.ref, sequence: nextNumber() });
    }
    for (const object of selected) {
      if (this.#entries.has(object)) continue;
      const paths = this.#projection.pathsOf(object);
      if (!paths) continue;
      const number = nextNumber();
      this.#entries.set(object, {
        object,
        paths,
        digests: paths.map((path) => digestOf(encodeProperty(object, path, reading, this.#encoder))),
        changes: paths.map(() => number),
        entered: number,
        last: number,
      });
    }
  }

  #encode(entry: Entry, version: number, reading: Reading): string {
    const isNew = entry.entered > version;
    const { object } = entry;
    let out = `<objectSet><kind>${isNew ? 'enter' : 'modify'}</kind><obj type="${object.ref.type}">${object.ref.id}</obj>`;
    entry.paths.forEach((path, i) => {
      if (entry.changes[i]! <= version) return;
      const value = encodeProperty(object, path, reading, this.#encoder);
      if (isNew && value === '') return;
      out += `<changeSet><name>${escapeText(path.text)}</name><op>assign</op>${value}</changeSet>`;
    });
    return `${out}</objectSet>`;
  }
}

/** Short values stand for themselves. */
function digestOf(xml: string): string {
  return xml.length <= 64 ? xml : createHash('sha1').update(xml).digest('base64');
}
