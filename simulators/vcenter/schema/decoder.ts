/**
 * Request elements to values, strictly: in any order, but nothing that the schema does not know at the
 * caller's version, nothing missing that it requires, no text where elements belong. Everything else is
 * InvalidRequest.
 */
import { attribute, typeOf, type XmlElement, XSI_NAMESPACE } from '#core/wire/xml/element.ts';
import { invalidRequest, vimFault } from '../faults.ts';
import { type Data, type Ref, ref, type Value } from '../values.ts';
import type { Field } from './notation.ts';
import { enumValues, findType, isA } from './schema.ts';
import type { ApiVersion } from './versions.ts';

export const VIM_NAMESPACE = 'urn:vim25';

/** What has to be looked at of a structure's fields after its elements have been read. */
interface Demands {
  readonly required: readonly Field[];
  readonly arrays: readonly Field[];
}

const demands = new WeakMap<ReadonlyMap<string, Field>, Demands>();

function demandsOf(fields: ReadonlyMap<string, Field>): Demands {
  let known = demands.get(fields);
  if (!known) {
    const all = [...fields.values()];
    known = {
      required: all.filter((field) => !field.isOptional),
      arrays: all.filter((field) => field.isOptional && field.isArray),
    };
    demands.set(fields, known);
  }
  return known;
}

/**
 * @param what names the structure in fault messages.
 * @param ignored a child element that has been read already.
 * @param out takes the fields.
 * @throws VimFault InvalidRequest, NotSupported
 */
export function decodeFields(
  element: XmlElement,
  fields: ReadonlyMap<string, Field>,
  version: ApiVersion,
  what: string,
  ignored?: XmlElement,
  out: Record<string, Value> = {},
): Record<string, Value> {
  if (element.text !== '' && element.text.trim() !== '') throw invalidRequest(`text inside ${what}`);
  for (const child of element.children) {
    if (child === ignored) continue;
    const field = child.namespace === VIM_NAMESPACE ? fields.get(child.name) : undefined;
    if (!field || field.since > version) throw invalidRequest(`${what} has no element "${child.name}"`);
    if (field.isOptional && isNil(child)) continue;
    const value = decodeValue(child, field, version, what);
    const known = out[field.name];
    if (field.isArray) {
      if (known === undefined) out[field.name] = [value];
      else (known as Value[]).push(value);
    } else if (known !== undefined) throw invalidRequest(`${what}.${field.name} stands there twice`);
    else out[field.name] = value;
  }
  const { required, arrays } = demandsOf(fields);
  for (const field of required)
    if (out[field.name] === undefined && field.since <= version)
      throw invalidRequest(`${what}.${field.name} is missing`);
  for (const { name } of arrays) if (out[name] === undefined) out[name] = [];
  return out;
}

function isNil(element: XmlElement): boolean {
  return element.attributes.size > 0 && attribute(element, XSI_NAMESPACE, 'nil') === 'true';
}

/** @param parent names the structure that it stands in. */
function decodeValue(element: XmlElement, field: Field, version: ApiVersion, parent: string): Value {
  switch (field.kind) {
    case 'reference':
      return decodeRef(element, `${parent}.${field.name}`);
    case 'enumeration': {
      const value = textOf(element, parent);
      const values = enumValues(field.type);
      if (values && !values.has(value))
        throw invalidRequest(
          `${parent}.${field.name} is "${value.slice(0, 80)}", which ${field.type} does not have`,
        );
      return value;
    }
    case 'primitive':
      return decodePrimitive(textOf(element, parent), field.type, parent, field.name);
    case 'any':
      return decodePrimitive(textOf(element, parent), typeOf(element) ?? 'string', parent, field.name);
    case 'data':
      return decodeData(element, field.type, version, `${parent}.${field.name}`);
  }
}

function decodeData(element: XmlElement, declared: string, version: ApiVersion, what: string): Data {
  const type = findType(typeOf(element) ?? undeclaredSubtype(element, declared));
  if (!type) {
    if (typeOf(element) !== undefined && findType(declared))
      throw invalidRequest(`${what} is of an unknown type`);
    throw vimFault('NotSupported', `${what} is not supported by this server.`);
  }
  if (type.kind !== 'data' || type.since > version || !isA(type.name, declared))
    throw invalidRequest(`${what} cannot be of type ${type.name}`);
  return decodeFields(element, type.fields, version, type.name, undefined, { $: type.name }) as Data;
}

/** Some clients leave xsi:type out where only one subtype of SelectionSpec has the fields that they send. */
function undeclaredSubtype(element: XmlElement, declared: string): string {
  const isTraversal = declared === 'SelectionSpec' && element.children.some((child) => child.name === 'path');
  return isTraversal ? 'TraversalSpec' : declared;
}

/** @throws VimFault InvalidRequest */
export function decodeRef(element: XmlElement, what: string): Ref {
  const type = attribute(element, '', 'type');
  const id = textOf(element, what).trim();
  if (type === undefined || !/^\w+$/.test(type) || id === '' || id.length > 200)
    throw invalidRequest(`${what} is not a reference to a managed object`);
  return ref(type, id);
}

function textOf(element: XmlElement, parent: string): string {
  if (element.children.length > 0)
    throw invalidRequest(`${parent}.${element.name} holds elements instead of a value`);
  return element.text;
}

const INTEGER_RANGES: Readonly<Record<string, readonly [number, number]>> = {
  byte: [-128, 127],
  short: [-32_768, 32_767],
  int: [-2_147_483_648, 2_147_483_647],
  long: [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
};

function decodePrimitive(source: string, type: string, parent: string, name: string): Value {
  if (type === 'string' || type === 'anyURI') return source;
  const text = source.trim();
  switch (type) {
    case 'boolean':
      if (text === 'true' || text === '1') return true;
      if (text === 'false' || text === '0') return false;
      break;
    case 'byte':
    case 'short':
    case 'int':
    case 'long': {
      const [low, high] = INTEGER_RANGES[type]!;
      const value = Number(text);
      if (/^[+-]?\d{1,19}$/.test(text) && value >= low && value <= high) return value;
      break;
    }
    case 'float':
    case 'double':
      if (/^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(text)) return Number(text);
      break;
    case 'dateTime': {
      const at = parseDateTime(text);
      if (at !== undefined) return at;
      break;
    }
    case 'base64Binary': {
      const plain = text.replace(/\s+/g, '');
      if (plain.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(plain)) return plain;
      break;
    }
    default:
      throw vimFault(
        'NotSupported',
        `${parent}.${name}: values of type ${type} are not supported by this server.`,
      );
  }
  throw invalidRequest(`${parent}.${name} is not of type ${type}`);
}

/** xsd:dateTime; without a zone it is UTC. Undefined when it is none. */
export function parseDateTime(text: string): number | undefined {
  const match = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d{1,9})?(Z|[+-]\d\d:\d\d)?$/.exec(text);
  if (!match) return undefined;
  const at = Date.parse(`${match[1]}${(match[2] ?? '').slice(0, 4)}${match[3] ?? 'Z'}`);
  return Number.isNaN(at) ? undefined : at;
}
