/**
 * Changes inside a property, as a filter with partial updates reports them: at the deepest path that says it
 * (`summary.runtime.powerState`), elements of keyed arrays by their key (`config.hardware.device[2001]`) with
 * `add` and `remove`. Found by comparing the property's XML as it was with what it is now.
 */
import { typeOf, type XmlElement, XSD_NAMESPACE, XSI_NAMESPACE } from '#core/wire/xml/element.ts';
import { parseXml } from '#core/wire/xml/reader.ts';
import type { Declared } from '../schema/encoder.ts';
import { findType } from '../schema/schema.ts';

export type ChangeOp = 'add' | 'assign' | 'remove';

export interface PartialChange {
  /** Property path. */
  readonly name: string;
  readonly op: ChangeOp;
}

const FRAME = `<v xmlns:xsi="${XSI_NAMESPACE}" xmlns:xsd="${XSD_NAMESPACE}">`;

/** Both values are the simulator's own: nothing that these limits would refuse. */
const LIMITS = { bytesMax: 64 * 1024 * 1024, depthMax: 64, elementsMax: 10_000_000 };

/**
 * What differs between two values of a property.
 * @param path of the property.
 * @param before its `<val …>`; "" when it was unset.
 */
export function partialChanges(
  path: string,
  declared: Declared,
  before: string,
  after: string,
): PartialChange[] {
  const whole: PartialChange[] = [{ name: path, op: 'assign' }];
  if (before === '' || after === '') return whole;
  const was = parseXml(`${FRAME}${before}</v>`, LIMITS).children[0]!;
  const is = parseXml(`${FRAME}${after}</v>`, LIMITS).children[0]!;
  if (declared.isArray) return changesOfArray(path, was.children, is.children) ?? whole;
  return declared.kind === 'data' ? changesInside(path, declared.type, was, is) : whole;
}

/** Two structures that are known to differ. */
function changesInside(path: string, declared: string, was: XmlElement, is: XmlElement): PartialChange[] {
  const whole: PartialChange[] = [{ name: path, op: 'assign' }];
  const typeName = typeOf(is) ?? declared;
  const type = findType(typeName);
  if (!type || typeName !== (typeOf(was) ?? declared)) return whole;
  const found: PartialChange[] = [];
  for (const field of type.fields.values()) {
    const old = was.children.filter((child) => child.name === field.name);
    const now = is.children.filter((child) => child.name === field.name);
    if (old.length === now.length && old.every((element, i) => isSame(element, now[i]!))) continue;
    const at = `${path}.${field.name}`;
    if (field.isArray)
      found.push(...(changesOfArray(at, old, now, field.type) ?? [{ name: at, op: 'assign' }]));
    else if (field.kind === 'data' && old[0] && now[0])
      found.push(...changesInside(at, field.type, old[0], now[0]));
    else found.push({ name: at, op: 'assign' });
  }
  return found.length > 0 ? found : whole;
}

/** Undefined when the elements have no keys, or stand in another order. */
function changesOfArray(
  path: string,
  was: readonly XmlElement[],
  is: readonly XmlElement[],
  declared = '',
): PartialChange[] | undefined {
  const old = byKey(was);
  const now = byKey(is);
  if (!old || !now) return undefined;
  const kept = [...old.keys()].filter((key) => now.has(key));
  const found: PartialChange[] = [];
  for (const key of old.keys()) if (!now.has(key)) found.push({ name: `${path}[${key}]`, op: 'remove' });
  let next = 0;
  for (const [key, element] of now) {
    const at = `${path}[${key}]`;
    const before = old.get(key);
    if (!before) found.push({ name: at, op: 'add' });
    else {
      if (kept[next++] !== key) return undefined;
      if (!isSame(before, element)) found.push(...changesInside(at, declared, before, element));
    }
  }
  return found;
}

/** Elements by their key as paths write it; undefined when one has none, or two have the same. */
function byKey(elements: readonly XmlElement[]): Map<string, XmlElement> | undefined {
  const keyed = new Map<string, XmlElement>();
  for (const element of elements) {
    const key = element.children.find((child) => child.name === 'key');
    if (!key || key.children.length > 0 || !/^[^"\]]+$/.test(key.text)) return undefined;
    const text = /^-?\d+$/.test(key.text) ? key.text : `"${key.text}"`;
    if (keyed.has(text)) return undefined;
    keyed.set(text, element);
  }
  return keyed;
}

function isSame(some: XmlElement, other: XmlElement): boolean {
  return (
    some.name === other.name &&
    some.text === other.text &&
    some.children.length === other.children.length &&
    typeOf(some) === typeOf(other) &&
    some.attributes.get('type')?.value === other.attributes.get('type')?.value &&
    some.children.every((child, i) => isSame(child, other.children[i]!))
  );
}

/** One change after another at the same path, as one; undefined when they cancel each other out. */
export function combined(first: ChangeOp, last: ChangeOp): ChangeOp | undefined {
  if (first === 'add') return last === 'remove' ? undefined : 'add';
  return last === 'remove' ? 'remove' : first === 'remove' ? 'assign' : last;
}

/** Is `inner` at or below `outer`? */
export function isWithin(inner: string, outer: string): boolean {
  return inner.startsWith(outer) && (inner.length === outer.length || /[.[]/.test(inner[outer.length]!));
}
