/**
 * Instances of CIM classes as WS-Management carries them: as objects of their class (prefixed children, `xsi:nil`), or as
 * the fragments that a projection gives (bare children). Also those that stand as text of CIM-XML inside a property.
 * Everything is text here; the functions below read it, and never trust its type. [DSP0230, DSP0201]
 */
import {
  attribute,
  child,
  childrenOf,
  childText,
  typeOf,
  type XmlElement,
  XSI_NAMESPACE,
} from '#core/wire/xml/element.ts';
import { parseXml } from '#core/wire/xml/reader.ts';

/** Another instance that a property names: class and keys. */
export interface CimReference {
  /** ".../root/virtualization/v2/Msvm_ComputerSystem" */
  readonly resourceUri: string;
  readonly selectors: ReadonlyMap<string, string>;
}

export type CimValue = string | CimReference | CimInstance;

export interface CimInstance {
  /** Empty for a fragment. */
  readonly className: string;
  /** What is null is absent; a scalar is a list of one. By name as the server spells it. */
  readonly properties: ReadonlyMap<string, readonly CimValue[]>;
}

/** Of what a scalar property holds, its text; `undefined` when it is null, or no text. */
export function text(instance: CimInstance, name: string): string | undefined {
  const [value] = instance.properties.get(name) ?? [];
  return typeof value === 'string' ? value : undefined;
}

/** The texts of an array. */
export function texts(instance: CimInstance, name: string): readonly string[] {
  return (instance.properties.get(name) ?? []).filter((value) => typeof value === 'string');
}

/** A number that a double holds; `undefined` when it is null, or none. */
export function number(instance: CimInstance, name: string): number | undefined {
  const value = text(instance, name)?.trim();
  if (value === undefined || !/^[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(value)) return undefined;
  return Number(value);
}

export function flag(instance: CimInstance, name: string): boolean | undefined {
  const value = text(instance, name)?.trim().toLowerCase();
  return value === 'true' ? true : value === 'false' ? false : undefined;
}

/** Embedded instances. */
export function embedded(instance: CimInstance, name: string): readonly CimInstance[] {
  return (instance.properties.get(name) ?? []).filter(
    (value) => typeof value === 'object' && 'properties' in value,
  );
}

/** An item of an enumeration, the body of a Get, or the output of a method. */
export function readInstance(element: XmlElement): CimInstance {
  const properties = new Map<string, CimValue[]>();
  for (const property of element.children) {
    if (attribute(property, XSI_NAMESPACE, 'nil') === 'true') continue;
    const values = properties.get(property.name);
    if (values) values.push(readValue(property));
    else properties.set(property.name, [readValue(property)]);
  }
  const className =
    element.name === 'XmlFragment' ? '' : (typeOf(element)?.replace(/_Type$/, '') ?? element.name);
  return { className, properties };
}

function readValue(property: XmlElement): CimValue {
  const { children } = property;
  if (children.length === 0) return property.text;
  const [first] = children;
  if (children.length === 1 && (first!.name === 'Datetime' || first!.name === 'Interval')) return first!.text;
  const parameters = child(property, 'ReferenceParameters') ?? referenceInside(property);
  return parameters ? readReference(parameters) : readInstance(property);
}

function referenceInside(property: XmlElement): XmlElement | undefined {
  const reference = child(property, 'EndpointReference');
  return reference && child(reference, 'ReferenceParameters');
}

function readReference(parameters: XmlElement): CimReference {
  const set = child(parameters, 'SelectorSet');
  return {
    resourceUri: childText(parameters, 'ResourceURI')?.trim() ?? '',
    selectors: new Map(
      (set ? childrenOf(set, 'Selector') : []).map((selector) => [
        selector.attributes.get('Name')?.value ?? '',
        selector.text,
      ]),
    ),
  };
}

const EMBEDDED_LIMITS = { bytesMax: 1024 * 1024, depthMax: 16, elementsMax: 2000 };

/**
 * The INSTANCE that a string holds: items of the guest's key-value pairs, settings of virtual hard disks.
 * @throws `xml.*`
 */
export function readEmbedded(source: string): CimInstance {
  const root = parseXml(source, EMBEDDED_LIMITS);
  const properties = new Map<string, CimValue[]>();
  for (const property of root.children) {
    const name = property.attributes.get('NAME')?.value;
    if (name === undefined) continue;
    const list = child(property, 'VALUE.ARRAY');
    const values = childrenOf(list ?? property, 'VALUE').map((value) => value.text);
    if (values.length > 0) properties.set(name, values);
  }
  return { className: root.attributes.get('CLASSNAME')?.value ?? root.name, properties };
}
