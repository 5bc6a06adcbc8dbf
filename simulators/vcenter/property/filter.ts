/**
 * A property filter: what it selects, and for every selected object and path a digest of the last value that was told
 * and the number of the change that brought it. From these any older version can be brought up to date, as often
 * as a client asks: nothing is handed out once and forgotten.
 *
 * Work follows the feed of changes: only objects that were told of are looked at again, and only those
 * traversals are followed anew that lead from objects which were told of.
 */
import { createHash } from 'node:crypto';
import { escapeText } from '#core/wire/xml/writer.ts';
import type { Change } from '../changes.ts';
import { ManagedObject, type Properties, type Reading } from '../objects/object.ts';
import type { Encoder } from '../schema/encoder.ts';
import type { Data, Ref } from '../values.ts';
import { missingProperty, type Pieces, PropertyWriter } from './object-content.ts';
import { type ChangeOp, combined, isWithin, partialChanges } from './partial.ts';
import { compilePath, type PropertyPath } from './path.ts';
import { Projection, refusal } from './projection.ts';
import { type Find, type PropertyFilterSpec, Selection } from './selection.ts';

export const FILTER: Properties<FilterObject> = {
  spec: (self) => self.spec as unknown as Data,
  partialUpdates: (self) => self.partialUpdates,
};

/** A change inside one path of an entry. */
interface Step {
  readonly sequence: number;
  /** Position of the path. */
  readonly index: number;
  readonly name: string;
  readonly op: ChangeOp;
}

interface Entry {
  readonly object: ManagedObject;
  readonly paths: readonly PropertyPath[];
  /** By path: digest of the value's XML ("" when unset; undefined before it is told), and the change that brought it. */
  readonly digests: Array<string | undefined>;
  readonly changes: number[];
  readonly entered: number;
  last: number;
  /** With partial updates, by path: the last value's XML, where there is room to keep it. */
  kept: Array<string | undefined> | undefined;
  /** With partial updates: what happened inside the paths, oldest first. */
  steps: Step[];
  /** By path: versions older than this are told the whole of it. */
  wholeBefore: number[] | undefined;
}

/** One object's share of an update. */
export interface ObjectUpdate {
  readonly filter: FilterObject;
  readonly sequence: number;
  /** Puts it behind the pieces. */
  write(pieces: Pieces): void;
}

/** Departures are remembered so long; a version older than the first of them is no longer valid. */
const GONE_MAX = 10_000;
/** Characters of values that a filter with partial updates keeps to compare with; the rest is told as a whole. */
const KEPT_CHARACTERS_MAX = 32 * 1024 * 1024;
/** Changes inside one object that can be told one by one. */
const STEPS_MAX = 64;

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
  #keptCharacters = 0;
  #mustSelect = true;
  #mustReadAll = false;
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
    if (change.kind !== 'changed') {
      const concerns =
        this.#selection.note(change) || (change.kind === 'vanished' && this.#has(change.object));
      this.#mustSelect ||= concerns;
      this.#mustReadAll ||= change.kind === 'rights';
      return concerns;
    }
    const { object, properties } = change;
    if (this.#selection.note(change)) this.#mustSelect = true;
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
    if (this.#mustReadAll)
      for (const entry of this.#entries.values())
        this.#refresh(entry, new Set(entry.paths.map(({ root }) => root)), reading, nextNumber);
    this.#mustReadAll = false;
    for (const [object, properties] of this.#dirty) {
      const entry = this.#entries.get(object);
      if (entry) this.#refresh(entry, properties, reading, nextNumber);
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
      yield { filter: this, sequence, write: (pieces) => this.#write(entry, version, reading, pieces) };
    }
    if (version < 0) return;
    for (let i = this.#gone.length - 1; i >= 0 && this.#gone[i]!.sequence > version; i--) {
      const { ref, sequence } = this.#gone[i]!;
      const xml = `<objectSet><kind>leave</kind><obj type="${ref.type}">${ref.id}</obj></objectSet>`;
      yield { filter: this, sequence, write: (pieces) => pieces.push(xml) };
    }
  }

  #has(object: ManagedObject): boolean {
    return this.#entries.has(object);
  }

  #refresh(entry: Entry, properties: ReadonlySet<string>, reading: Reading, nextNumber: () => number): void {
    let number: number | undefined;
    const writer = new PropertyWriter(entry.object, reading, this.#encoder);
    for (const [index, path] of entry.paths.entries()) {
      if (!properties.has(path.root)) continue;
      const xml = readable(entry.object, path, reading, writer);
      const digest = digestOf(xml);
      if (digest === entry.digests[index]) continue;
      number ??= nextNumber();
      if (this.partialUpdates) this.#noteSteps(entry, index, path, xml.toString(), number);
      entry.digests[index] = digest;
      entry.changes[index] = entry.last = number;
    }
  }

  #noteSteps(entry: Entry, index: number, path: PropertyPath, xml: string, sequence: number): void {
    const before = entry.kept![index];
    this.#keep(entry, index, xml);
    if (before === undefined) {
      entry.wholeBefore![index] = sequence;
      return;
    }
    for (const { name, op } of partialChanges(path.text, path.declared, before, xml))
      entry.steps.push({ sequence, index, name, op });
    const surplus = entry.steps.length - STEPS_MAX;
    for (const { index: at, sequence: of } of entry.steps.splice(0, Math.max(0, surplus)))
      entry.wholeBefore![at] = of;
  }

  /** Keeps the value to compare the next one with, if there is room. */
  #keep(entry: Entry, index: number, xml: string): void {
    const freed = entry.kept![index]?.length ?? 0;
    const fits = this.#keptCharacters - freed + xml.length <= KEPT_CHARACTERS_MAX;
    this.#keptCharacters += (fits ? xml.length : 0) - freed;
    entry.kept![index] = fits ? xml : undefined;
  }

  #select(find: Find, reading: Reading, nextNumber: () => number): void {
    const selected = this.#selection.run(find, reading, this.#isStanding);
    this.#isStanding = true;
    for (const [object, entry] of this.#entries) {
      if (selected.has(object)) continue;
      this.#entries.delete(object);
      for (const xml of entry.kept ?? []) this.#keptCharacters -= xml?.length ?? 0;
      this.#gone.push({ ref: object.ref, sequence: nextNumber() });
      if (this.#gone.length > 2 * GONE_MAX) this.#gone.splice(0, GONE_MAX - 1);
    }
    for (const object of selected) {
      if (this.#entries.has(object)) continue;
      const paths = this.#projection.pathsOf(object);
      if (!paths) continue;
      const number = nextNumber();
      const entry: Entry = {
        object,
        paths,
        digests: paths.map(() => undefined),
        changes: paths.map(() => number),
        entered: number,
        last: number,
        kept: this.partialUpdates ? paths.map(() => undefined) : undefined,
        steps: [],
        wholeBefore: this.partialUpdates ? paths.map(() => 0) : undefined,
      };
      this.#entries.set(object, entry);
    }
  }

  #write(entry: Entry, version: number, reading: Reading, pieces: Pieces): void {
    const isNew = entry.entered > version;
    const { object } = entry;
    // The values are those of now. A client that is told in pieces goes on from the version in which the object
    // entered, and must not be told once more to add what it has.
    if (isNew && entry.steps.length > 0) {
      entry.steps = [];
      entry.wholeBefore = [...entry.changes];
    }
    const writer = new PropertyWriter(object, reading, this.#encoder);
    const kind = isNew ? 'enter' : 'modify';
    pieces.push(`<objectSet><kind>${kind}</kind><obj type="${object.ref.type}">${object.ref.id}</obj>`);
    for (const [index, path] of entry.paths.entries()) {
      if (entry.changes[index]! <= version) continue;
      if (!isNew && entry.wholeBefore && version >= entry.wholeBefore[index]!) {
        this.#writeSteps(entry, index, version, reading, pieces);
        continue;
      }
      const value = readable(object, path, reading, writer);
      if (entry.digests[index] === undefined) {
        entry.digests[index] = digestOf(value);
        if (entry.kept) this.#keep(entry, index, value.toString());
      }
      if (isNew && value.length === 0) continue;
      pushChange(path.text, 'assign', value, pieces);
    }
    if (isNew && reading.sight)
      for (const path of entry.paths) {
        const fault = refusal(object, path, reading);
        if (fault) pieces.push(missingProperty(path, fault, this.#encoder));
      }
    pieces.push('</objectSet>');
  }

  /** What happened inside a path since a version, each place once, with the values of now. */
  #writeSteps(entry: Entry, index: number, version: number, reading: Reading, pieces: Pieces): void {
    const byName = new Map<string, { readonly first: ChangeOp; last: ChangeOp }>();
    for (const { sequence, index: at, name, op } of entry.steps) {
      if (at !== index || sequence <= version) continue;
      const known = byName.get(name);
      if (known) known.last = op;
      else byName.set(name, { first: op, last: op });
    }
    const writer = new PropertyWriter(entry.object, reading, this.#encoder);
    for (const [name, { first, last }] of byName) {
      const op = combined(first, last);
      // What is told as a whole is not told in parts.
      const isCovered = [...byName.keys()].some((other) => other !== name && isWithin(name, other));
      if (op === undefined || isCovered) continue;
      const path = compilePath(entry.object.ref.type, name, this.#encoder.version);
      pushChange(name, op, op === 'remove' ? '' : readable(entry.object, path, reading, writer), pieces);
    }
  }
}

/** XML of a property; empty where the account may not read it. */
function readable(
  object: ManagedObject,
  path: PropertyPath,
  reading: Reading,
  writer: PropertyWriter,
): string | Buffer {
  return reading.sight && refusal(object, path, reading) ? '' : writer.value(path);
}

function pushChange(name: string, op: ChangeOp, value: string | Buffer, pieces: Pieces): void {
  pieces.push(`<changeSet><name>${escapeText(name)}</name><op>${op}</op>`, value, '</changeSet>');
}

/** Short values stand for themselves. */
function digestOf(xml: string | Buffer): string {
  return xml.length <= 64 ? xml.toString() : createHash('sha1').update(xml).digest('base64');
}
