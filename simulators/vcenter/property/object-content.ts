/** Properties of an object as XML: by themselves, and as an ObjectContent. */
import { escapeText } from '#core/wire/xml/writer.ts';
import { localized, type VimFault } from '../faults.ts';
import type { ManagedObject, Reading } from '../objects/object.ts';
import type { Encoder, WrittenArrays } from '../schema/encoder.ts';
import type { Data, Ref, Value } from '../values.ts';
import { PathReader, type PropertyPath } from './path.ts';
import { refusal } from './projection.ts';

/** XML in pieces that stand one behind the other. */
export type Pieces = Array<string | Buffer>;

const NAME_END = '</name>';
const PROP_SET_END = '</propSet>';

/**
 * Writes properties of one object. What its paths have in common is read and written once, so nothing may change as long
 * as one of these is used.
 */
export class PropertyWriter {
  readonly #object: ManagedObject;
  readonly #reading: Reading;
  readonly #encoder: Encoder;
  readonly #reader: PathReader;
  readonly #written: WrittenArrays = new Map();

  constructor(object: ManagedObject, reading: Reading, encoder: Encoder) {
    this.#object = object;
    this.#reading = reading;
    this.#encoder = encoder;
    this.#reader = new PathReader(object, reading);
  }

  /** `<val …>` of a property; empty when it is unset. */
  value(path: PropertyPath): string | Buffer {
    if (!this.#isKept(path)) return this.#make(path);
    const propSet = this.#kept(path);
    if (propSet.length === 0) return propSet;
    return propSet.subarray(propSet.indexOf(NAME_END) + NAME_END.length, -PROP_SET_END.length);
  }

  /** Puts `<propSet>` of a property behind the pieces; nothing when it is unset. */
  propSet(path: PropertyPath, pieces: Pieces): void {
    if (this.#isKept(path)) {
      pieces.push(this.#kept(path));
      return;
    }
    const moving = path.steps.length === 1 ? this.#object.moving(path.root, this.#reading) : undefined;
    if (moving)
      pieces.push(this.#beginning(path, moving), `${this.#encoder.fieldsOf(moving)}</val>${PROP_SET_END}`);
    else pieces.push(this.#makePropSet(path));
  }

  /** What one account sees less of than another is not kept. */
  #isKept({ root, declared }: PropertyPath): boolean {
    return this.#object.isSteady(root) && !(declared.isArray && declared.kind === 'reference');
  }

  #kept(path: PropertyPath): Buffer {
    const { fragments } = this.#reading.vcenter;
    return fragments.get(this.#object, path) ?? fragments.keep(this.#object, path, this.#makePropSet(path));
  }

  /** The beginning of a property, up to the fields that move. */
  #beginning(path: PropertyPath, moving: Data): Buffer {
    const { fragments } = this.#reading.vcenter;
    const known = fragments.get(this.#object, path);
    if (known) return known;
    const steady = { ...(this.#reader.read(path) as Data) };
    for (const name of Object.keys(moving))
      if (name !== '$') delete (steady as Record<string, unknown>)[name];
    const type = this.#encoder.wireName(steady.$);
    const xml = `<propSet><name>${path.text}${NAME_END}<val xsi:type="${type}">${this.#encoder.fieldsOf(steady)}`;
    return fragments.keep(this.#object, path, xml);
  }

  #makePropSet(path: PropertyPath): string {
    const value = this.#make(path);
    return value === '' ? '' : `<propSet><name>${escapeText(path.text)}${NAME_END}${value}${PROP_SET_END}`;
  }

  #make(path: PropertyPath): string {
    const value = this.#reader.read(path);
    if (value === undefined) return '';
    const seen = this.#reading.sight ? onlySeen(value, path, this.#reading) : value;
    return this.#encoder.any('val', seen, path.declared, this.#written);
  }
}

/** Of a list of references those that the account sees. */
export function onlySeen(
  value: Value,
  { declared }: PropertyPath,
  { vcenter, session, sight }: Reading,
): Value {
  if (!sight || declared.kind !== 'reference' || !declared.isArray) return value;
  return (value as readonly Ref[]).filter((each) => {
    const found = vcenter.find(each, session);
    return found !== undefined && sight.sees(found);
  });
}

/** An ObjectContent as an element of that name. */
export function objectContent(
  element: string,
  object: ManagedObject,
  paths: readonly PropertyPath[],
  reading: Reading,
  encoder: Encoder,
): Pieces {
  const pieces: Pieces = [`<${element}><obj type="${object.ref.type}">${object.ref.id}</obj>`];
  const writer = new PropertyWriter(object, reading, encoder);
  const mayLack = reading.session === undefined || reading.sight !== undefined;
  let missing = '';
  for (const path of paths) {
    const fault = mayLack ? refusal(object, path, reading) : undefined;
    if (fault) missing += missingProperty(path, fault, encoder);
    else writer.propSet(path, pieces);
  }
  pieces.push(`${missing}</${element}>`);
  return pieces;
}

/** `<missingSet>` of a property that could not be read. */
export function missingProperty(path: PropertyPath, fault: VimFault, encoder: Encoder): string {
  return `<missingSet><path>${escapeText(path.text)}</path>${encoder.element('fault', localized(fault), {
    type: 'LocalizedMethodFault',
    kind: 'data',
    isArray: false,
  })}</missingSet>`;
}
