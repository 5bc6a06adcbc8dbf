/**
 * Values to XML for one API version: fields in schema order, those newer than the caller left out, types
 * newer than the caller replaced by their nearest known ancestor, xsi:type where the declared type does not
 * say it all (and on every child of an ArrayOf…, which libvirt cannot do without).
 */
import { assert } from '#core/assert.ts';
import { escapeText } from '#core/wire/xml/writer.ts';
import { ARRAY, type Data, fieldValue, isConstant, isData, type Ref, type Value } from '../values.ts';
import type { Field } from './notation.ts';
import { type SchemaType, typeNamed } from './schema.ts';
import type { ApiVersion } from './versions.ts';

/** What is known of a value from where it stands: enough of a Field. */
export type Declared = Pick<Field, 'type' | 'kind' | 'isArray'>;

interface Plan {
  /** Type name as the caller's version knows it. */
  readonly wireName: string;
  readonly fields: ReadonlyArray<{ readonly name: string; readonly write: (value: Value) => string }>;
}

/** A data object without the name of its element. */
interface Element {
  readonly wireName: string;
  readonly fields: string;
}

/** Arrays that were written before, for values that meet in one: config.hardware and config.hardware.device. */
export type WrittenArrays = Map<readonly Value[], readonly Element[]>;

export class Encoder {
  readonly version: ApiVersion;
  readonly #plans = new Map<string, Plan>();
  readonly #constants = new WeakMap<Data, string>();
  /** Of the value that is being written. */
  #written: WrittenArrays | undefined;

  constructor(version: ApiVersion) {
    this.version = version;
  }

  /** The fields of a data object, without an element around them. */
  fieldsOf(value: Data): string {
    return this.#fields(this.#planFor(value.$), value);
  }

  /** `<name …>value</name>` for a field or a result whose declared type is known; arrays repeat the element. */
  element(name: string, value: Value | undefined, declared: Declared): string {
    if (value === undefined) return '';
    return this.#writer(name, declared)(value);
  }

  /**
   * An element declared anyType that holds a value of type `declared`: arrays are wrapped as ArrayOf….
   * @param written of values that were written before and have not changed since.
   */
  any(name: string, value: Value, declared: Declared, written?: WrittenArrays): string {
    this.#written = written;
    try {
      return this.#any(name, value, declared);
    } finally {
      this.#written = undefined;
    }
  }

  /** Type name that stands in for `type` at the caller's version. */
  wireName(type: string): string {
    return this.#planFor(type).wireName;
  }

  #any(name: string, value: Value, declared?: Declared): string {
    if (Array.isArray(value)) {
      assert(declared, `an array in an anyType needs its declared type (${name})`);
      return this.#arrayOf(name, value as readonly Value[], declared);
    }
    const scalar = value as Exclude<Value, readonly Value[]>;
    if (isData(scalar) && scalar.$ === ARRAY)
      return this.#arrayOf(name, scalar.items as readonly Value[], {
        type: scalar.type as string,
        kind: 'data',
        isArray: true,
      });
    if (isData(scalar)) return this.#typed(name, scalar);
    if (declared?.kind === 'enumeration') return `<${name} xsi:type="${declared.type}">${scalar}</${name}>`;
    const type = declared && declared.kind === 'primitive' ? declared.type : primitiveTypeOf(scalar);
    return `<${name} xsi:type="xsd:${type}">${text(scalar, type)}</${name}>`;
  }

  #arrayOf(name: string, values: readonly Value[], { type, kind }: Declared): string {
    const child = kind === 'reference' ? 'ManagedObjectReference' : kind === 'any' ? 'anyType' : type;
    const one = { type, kind, isArray: false };
    let out = `<${name} xsi:type="ArrayOf${child[0]!.toUpperCase()}${child.slice(1)}">`;
    if (kind === 'data')
      for (const { wireName, fields } of this.#elements(values as readonly Data[]))
        out += `<${child} xsi:type="${wireName}">${fields}</${child}>`;
    else
      for (const value of values)
        out += isData(value) ? this.#typed(child, value) : this.#any(child, value, one);
    return `${out}</${name}>`;
  }

  #typed(name: string, value: Data | Ref): string {
    if (value.$ === 'ManagedObjectReference')
      return `<${name} type="${value.type}" xsi:type="ManagedObjectReference">${value.id}</${name}>`;
    const plan = this.#planFor(value.$);
    return `<${name} xsi:type="${plan.wireName}">${this.#fields(plan, value as Data)}</${name}>`;
  }

  #elements(values: readonly Data[]): readonly Element[] {
    let elements = this.#written?.get(values);
    if (!elements) {
      elements = values.map((value) => {
        const plan = this.#planFor(value.$);
        return { wireName: plan.wireName, fields: this.#fields(plan, value) };
      });
      this.#written?.set(values, elements);
    }
    return elements;
  }

  #fields(plan: Plan, value: Data): string {
    if (!isConstant(value)) return this.#encode(plan, value);
    let known = this.#constants.get(value);
    if (known === undefined) {
      known = this.#encode(plan, value);
      this.#constants.set(value, known);
    }
    return known;
  }

  #encode(plan: Plan, value: Data): string {
    let out = '';
    for (const { name, write } of plan.fields) {
      const field = fieldValue(value, name);
      if (field !== undefined) out += write(field);
    }
    return out;
  }

  #planFor(typeName: string): Plan {
    const known = this.#plans.get(typeName);
    if (known) return known;
    let type: SchemaType = typeNamed(typeName);
    while (type.since > this.version) {
      assert(type.base, `${typeName} has no ancestor that API version ${this.version} knows`);
      type = type.base;
    }
    const fields: Array<Plan['fields'][number]> = [];
    const plan: Plan = { wireName: type.name, fields };
    this.#plans.set(typeName, plan);
    for (const field of type.fields.values()) {
      if (field.since > this.version) continue;
      const write = this.#writer(field.name, field);
      const isPlain = !field.isArray && (field.kind === 'primitive' || field.kind === 'enumeration');
      fields.push({ name: field.name, write: isPlain ? repeated(write) : write });
    }
    return plan;
  }

  #writer(name: string, declared: Declared): (value: Value) => string {
    const one = this.#scalarWriter(name, declared);
    if (!declared.isArray) return one;
    if (declared.kind === 'data')
      return (values) => {
        let out = '';
        for (const { wireName, fields } of this.#elements(values as readonly Data[]))
          out += `<${name}${wireName === declared.type ? '' : ` xsi:type="${wireName}"`}>${fields}</${name}>`;
        return out;
      };
    return (values) => {
      let out = '';
      for (const value of values as readonly Value[]) out += one(value);
      return out;
    };
  }

  #scalarWriter(name: string, { type, kind }: Declared): (value: Value) => string {
    const open = `<${name}>`;
    const close = `</${name}>`;
    switch (kind) {
      case 'primitive':
        if (type === 'string') return (value) => open + escapeText(value as string) + close;
        return (value) => open + text(value, type) + close;
      case 'enumeration':
        return (value) => open + (value as string) + close;
      case 'reference':
        return (value) => `<${name} type="${(value as Ref).type}">${(value as Ref).id}${close}`;
      case 'any':
        return (value) => this.#any(name, value);
      case 'data': {
        return (value) => {
          const actual = this.#planFor((value as Data).$);
          const start = actual.wireName === type ? open : `<${name} xsi:type="${actual.wireName}">`;
          return start + this.#fields(actual, value as Data) + close;
        };
      }
    }
  }
}

/** Values after which a field counts as one that has many. */
const FEW = 128;
/** Elements longer than this are not kept. */
const KEPT_CHARACTERS_MAX = 256;

/**
 * Most fields say the same few things of all objects: their elements are made once, as flat strings, since text that is
 * put together from few pieces is cheaper to write out than from many. Of a field that has many values nothing is kept.
 */
function repeated(make: (value: Value) => string): (value: Value) => string {
  let known: Map<Value, string> | undefined = new Map();
  return (value) => {
    const made = known?.get(value);
    if (made !== undefined) return made;
    const xml = make(value);
    if (known?.size === FEW) known = undefined;
    if (xml.length <= KEPT_CHARACTERS_MAX) known?.set(value, Buffer.from(xml).toString());
    return xml;
  };
}

function text(value: Value, type: string): string {
  if (typeof value === 'string') return escapeText(value);
  return type === 'dateTime' ? dateTimeText(value as number) : String(value);
}

/** The same instant often stands in many objects of one answer. */
let lastInstant = Number.NaN;
let lastText = '';
function dateTimeText(at: number): string {
  if (at !== lastInstant) {
    lastText = new Date(at).toISOString();
    lastInstant = at;
  }
  return lastText;
}

function primitiveTypeOf(value: Value): string {
  if (typeof value === 'boolean') return 'boolean';
  if (typeof value !== 'number') return 'string';
  if (!Number.isInteger(value)) return 'double';
  return value === (value | 0) ? 'int' : 'long';
}
