/**
 * Property paths: `config.hardware.numCPU`, `config.hardware.device[2000].backing`,
 * `config.extraConfig["ctkEnabled"]`. Checked against the schema, at the caller's version, when they come in;
 * walked over values when they are read.
 */
import { vimFault } from '../faults.ts';
import type { ManagedObject, Reading } from '../objects/object.ts';
import type { Declared } from '../schema/encoder.ts';
import type { Field } from '../schema/notation.ts';
import { findType, type SchemaType, typeNamed } from '../schema/schema.ts';
import type { ApiVersion } from '../schema/versions.ts';
import { type Data, fieldValue, isData, isRef, type Value } from '../values.ts';

type Step = { readonly field: string } | { readonly key: string };

export interface PropertyPath {
  /** As the client wrote it. */
  readonly text: string;
  /** First field: the property of the managed object. */
  readonly root: string;
  readonly steps: readonly Step[];
  /** What stands at the end. */
  readonly declared: Declared;
}

const cache = new Map<string, PropertyPath>();
const CACHE_MAX = 10_000;
const PATH_LENGTH_MAX = 512;

/** @throws VimFault InvalidProperty when the type has no such path at that version */
export function compilePath(typeName: string, text: string, version: ApiVersion): PropertyPath {
  const key = `${version} ${typeName} ${text}`;
  const known = cache.get(key);
  if (known) return known;
  const invalid = () =>
    vimFault('InvalidProperty', `The type ${typeName} has no property "${text.slice(0, 100)}".`, {
      name: text.slice(0, PATH_LENGTH_MAX),
    });
  if (text.length > PATH_LENGTH_MAX) throw invalid();
  const steps = parseSteps(text);
  if (!steps) throw invalid();
  const declared = declaredAt(typeNamed(typeName), steps, version);
  if (!declared) throw invalid();
  const path = { text, root: (steps[0] as { field: string }).field, steps, declared };
  if (cache.size < CACHE_MAX) cache.set(key, path);
  return path;
}

function parseSteps(text: string): Step[] | undefined {
  const steps: Step[] = [];
  const token = /(?:^|\.)(\w+)((?:\[(?:"[^"]*"|[^\]"]*)\])?)/y;
  while (token.lastIndex < text.length) {
    const match = token.exec(text);
    if (!match) return undefined;
    steps.push({ field: match[1]! });
    if (match[2]) steps.push({ key: match[2].slice(1, -1).replace(/^"(.*)"$/, '$1') });
  }
  return steps.length > 0 ? steps : undefined;
}

const UNKNOWN: Declared = { type: 'anyType', kind: 'any', isArray: false };

function declaredAt(type: SchemaType, steps: readonly Step[], version: ApiVersion): Declared | undefined {
  let at: SchemaType | undefined = type;
  let declared: Declared | undefined;
  for (const step of steps) {
    if ('key' in step) {
      if (!declared?.isArray || (declared.kind !== 'data' && declared.kind !== 'reference')) return undefined;
      declared = { ...declared, isArray: false };
      continue;
    }
    if (declared) {
      if (declared.isArray || declared.kind !== 'data') return undefined;
      at = findType(declared.type);
      if (!at) return UNKNOWN; // the schema knows that the type exists and no more: it never has a value
    }
    const field = fieldOf(at!, step.field);
    if (!field || field.since > version) return undefined;
    declared = field;
  }
  return declared;
}

/** A field of the type, or of any type that may stand in its place. */
function fieldOf(type: SchemaType, name: string): Field | undefined {
  const own = type.fields.get(name);
  if (own || type.kind === 'managed') return own;
  for (const subtype of type.subtypes) {
    const found = fieldOf(subtype, name);
    if (found) return found;
  }
  return undefined;
}

/** Reads paths of one object: those that begin with the same property share its value. */
export class PathReader {
  readonly #object: ManagedObject;
  readonly #reading: Reading;
  #root: string | undefined;
  #value: Value | undefined;

  constructor(object: ManagedObject, reading: Reading) {
    this.#object = object;
    this.#reading = reading;
  }

  /** The value at the end of the path; undefined when anything on the way is unset. */
  read({ root, steps }: PropertyPath): Value | undefined {
    if (root !== this.#root) {
      this.#root = root;
      this.#value = this.#object.read(root, this.#reading);
    }
    let value = this.#value;
    for (let i = 1; i < steps.length && value !== undefined; i++) {
      const step = steps[i]!;
      if ('key' in step) value = elementOf(value as readonly Value[], step.key);
      else value = isData(value) ? fieldValue(value as Data, step.field) : undefined;
    }
    return value;
  }
}

/** As `PathReader.read`, of one path. */
export function readPath(object: ManagedObject, path: PropertyPath, reading: Reading): Value | undefined {
  return new PathReader(object, reading).read(path);
}

/** Data objects are known by their field `key`, references by their id. */
function elementOf(values: readonly Value[], key: string): Value | undefined {
  return values.find((value) => {
    const own = isRef(value) ? value : isData(value) ? fieldValue(value as Data, 'key') : undefined;
    return (isRef(own) ? own.id : String(own)) === key;
  });
}
