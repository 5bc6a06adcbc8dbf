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

/** @param what names the structure in fault messages. @throws VimFault InvalidRequest, NotSupported */
export function decodeFields(
  element: XmlElement,
  fields: ReadonlyMap<string, Field>,
  version: ApiVersion,
  what: string,
): Record<string, Value> {
  if (element.text.trim() !== '') throw invalidRequest(`text inside ${what}`);
  const out: Record<string, Value> = {};
  for (const child of element.children) {
    const field = child.namespace === VIM_NAMESPACE ? fields.get(child.name) : undefined;
    if (!field || field.since > version) throw invalidRequest(`${what} has no element "${child.name}"`);
    if (field.isOptional && attribute(child, XSI_NAMESPACE, 'nil') === 'true') continue;
    const value = decodeValue(child, field, version, `${what}.${field.name}`);
    if (field.isArray) {
      const values = (out[field.name] ?? []) as Value[];
      values.push(value);
      out[field.name] = values;
    } else if (field.name in out) throw invalidRequest(`${what}.${field.name} stands there twice`);
    else out[field.name] = value;
  }
  for (const field of fields.values()) {
    if (field.name in out) continue;
    if (field.isOptional || field.since > version) {
      if (field.isArray) out[field.name] = [];
    } else throw invalidRequest(`${what}.${field.name} is missing`);
  }
  return out;
}

function decodeValue(element: XmlElement, field: Field, version: ApiVersion, what: string): Value {
  switch (field.kind) {
    case 'reference':
      return decodeRef(element, what);
    case 'enumeration': {
      const value = textOf(element, what);
      const values = enumValues(field.type);
      if (values && !values.has(value))
        throw invalidRequest(`${what} is "${value.slice(0, 80)}", which ${field.type} does not have`);
      return value;
    }
    case 'primitive':
      return decodePrimitive(textOf(element, what), field.type, what);
    case 'any':
      return decodePrimitive(textOf(element, what), typeOf(element) ?? 'string', what);
    case 'data':
      return decodeData(element, field.type, version, what);
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
  return { $: type.name, ...decodeFields(element, type.fields, version, what) };
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

function textOf(element: XmlElement, what: string): string {
  if (element.children.length > 0) throw invalidRequest(`${what} holds elements instead of a value`);
  return element.text;
}

const INTEGER_RANGES: Readonly<Record<string, readonly [number, number]>> = {
  byte: [-128, 127],
  short: [-32_768, 32_767],
  int: [-2_147_483_648, 2_147_483_647],
  long: [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
};

function decodePrimitive(source: string, type: string, what: string): Value {
  const text = source.trim();
  switch (type) {
    case 'string':
    case 'anyURI':
      return source;
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
    default:
      throw vimFault('NotSupported', `${what}: values of type ${type} are not supported by this server.`);
  }
  throw invalidRequest(`${what} is not of type ${type}`);
}

/** xsd:dateTime; without a zone it is UTC. Undefined when it is none. */
export function parseDateTime(text: string): number | undefined {
  const match = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d{1,9})?(Z|[+-]\d\d:\d\d)?$/.exec(text);
  if (!match) return undefined;
  const at = Date.parse(`${match[1]}${(match[2] ?? '').slice(0, 4)}${match[3] ?? 'Z'}`);
  return Number.isNaN(at) ? undefined : at;
}
