/** Instances as XML: DSP0230 (WS-CIM mapping) as Windows writes it. */
import { escapeAttribute, escapeText } from '#core/wire/xml/writer.ts';
import { ANONYMOUS, NS, RESOURCE } from '../wsman/names.ts';
import {
  type CimClass,
  CimDatetime,
  type CimInstance,
  type CimPath,
  type CimProperty,
  CimReference,
  type CimScalar,
  type CimValue,
  pathOf,
} from './values.ts';

const XSI = 'http://www.w3.org/2001/XMLSchema-instance';

export function classUri(namespace: string, className: string): string {
  return `${RESOURCE.wmi}${namespace}/${className}`;
}

/** The whole instance, every scalar present: some clients stop at the first that is missing. */
export function instanceXml(instance: CimInstance): string {
  return element(instance, instance.class.name);
}

/**
 * What a projection gives: no class, children without a prefix, in the order of the class. What is written of a class is
 * found once, not for each of thousands of instances.
 * @param names as the query wrote them, in any case
 */
export function fragmentWriter(names: readonly string[]): (instance: CimInstance) => string {
  const wanted = new Set(names.map((name) => name.toLowerCase()));
  const chosen = new Map<CimClass, readonly CimProperty[]>();
  return ({ class: of, values }) => {
    let properties = chosen.get(of);
    if (!properties) {
      properties = of.properties.filter(({ name }) => wanted.has(name.toLowerCase()));
      chosen.set(of, properties);
    }
    let inside = '';
    for (const property of properties) inside += propertyXml(property, values[property.name] ?? null, '');
    return `<w:XmlFragment xmlns:w="${NS.w}" xmlns:xsi="${XSI}">${inside}</w:XmlFragment>`;
  };
}

/** a:EndpointReference with the keys and the namespace as selectors. */
export function referenceXml(path: CimPath): string {
  return `<a:EndpointReference>${referenceParts(path)}</a:EndpointReference>`;
}

/** A value as an element: an output parameter of a method, too. */
export function propertyXml(property: CimProperty, value: CimValue, prefix: string): string {
  const name = prefix === '' ? property.name : `${prefix}:${property.name}`;
  if (Array.isArray(value)) return value.map((item: CimScalar) => valueXml(name, item, prefix)).join('');
  // a null array is absent; a null scalar says so
  if (value === null) return property.array ? '' : `<${name} xsi:nil="true"/>`;
  return valueXml(name, value as CimScalar, prefix);
}

function valueXml(name: string, value: CimScalar, prefix: string): string {
  if (typeof value === 'string')
    return value === '' ? `<${name}></${name}>` : `<${name}>${escapeText(value)}</${name}>`;
  if (typeof value !== 'object') return `<${name}>${String(value)}</${name}>`;
  if (value instanceof CimDatetime) {
    const kind = prefix === '' ? value.kind : `cim:${value.kind}`;
    return `<${name}><${kind}>${value.text}</${kind}></${name}>`;
  }
  if (value instanceof CimReference) return `<${name}>${referenceParts(value.path)}</${name}>`;
  return element(value, name.slice(prefix === '' ? 0 : prefix.length + 1));
}

/** What every instance of a class has in common, worked out once. */
interface Frame {
  /** Attributes of the element. */
  readonly attributes: string;
  /** What stands for each property that is null, in their order. */
  readonly nulls: readonly string[];
}

const frames = new WeakMap<CimClass, Frame>();

function frameOf(of: CimClass): Frame {
  let frame = frames.get(of);
  if (!frame) {
    frame = {
      attributes:
        ` xmlns:p="${escapeAttribute(classUri(of.namespace, of.name))}" xmlns:xsi="${XSI}"` +
        ` xmlns:cim="${NS.cim}" xsi:type="p:${of.name}_Type"`,
      nulls: of.properties.map((property) => propertyXml(property, null, 'p')),
    };
    frames.set(of, frame);
  }
  return frame;
}

/** @param name of the element: the class's own, or that of a property which holds the instance */
function element({ class: of, values }: CimInstance, name: string): string {
  const { attributes, nulls } = frameOf(of);
  let inside = '';
  let n = 0;
  for (const property of of.properties) {
    const value = values[property.name] ?? null;
    inside += value === null ? nulls[n] : propertyXml(property, value, 'p');
    n++;
  }
  return `<p:${name}${attributes}>${inside}</p:${name}>`;
}

/** Address and ReferenceParameters alone. */
export function referenceParts({ namespace, className, keys }: CimPath): string {
  const selector = (key: string, value: string): string =>
    `<w:Selector Name="${escapeAttribute(key)}">${escapeText(value)}</w:Selector>`;
  const selectors = [...keys].map(([key, value]) => selector(key, value)).join('');
  return (
    `<a:Address>${ANONYMOUS}</a:Address><a:ReferenceParameters>` +
    `<w:ResourceURI>${classUri(namespace, className)}</w:ResourceURI>` +
    `<w:SelectorSet>${selector('__cimnamespace', namespace)}${selectors}</w:SelectorSet></a:ReferenceParameters>`
  );
}

/** What EnumerateEPR and EnumerateObjectAndEPR give of an instance. */
export function referenceOf(instance: CimInstance): string {
  return referenceXml(pathOf(instance));
}
