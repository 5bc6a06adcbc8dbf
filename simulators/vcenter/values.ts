/**
 * Values as the simulator holds them before they are written: plain objects whose `$` names their schema
 * type. A field may be a function, which is called only when the field is read or written: most clients ask
 * for a few paths of a large tree.
 *
 * int, long, short, byte and double are numbers; dateTime is milliseconds since the epoch; an unset optional
 * field is absent or undefined.
 */

/** Reference to a managed object. */
export interface Ref {
  readonly $: 'ManagedObjectReference';
  /** Exact type of the object: "VirtualMachine". */
  readonly type: string;
  /** "vm-42" */
  readonly id: string;
}

export interface Data {
  /** Exact schema type. */
  readonly $: string;
  readonly [field: string]: FieldValue;
}

export type Value = string | number | boolean | Ref | Data | readonly Value[];
export type FieldValue = Value | (() => Value | undefined) | undefined;

export function ref(type: string, id: string): Ref {
  return { $: 'ManagedObjectReference', type, id };
}

export function isData(value: unknown): value is Data {
  return typeof value === 'object' && value !== null && '$' in value;
}

export function isRef(value: unknown): value is Ref {
  return isData(value) && value.$ === 'ManagedObjectReference';
}

/**
 * A field's value. A field that is a function is called once, for the object that holds it: what it gives stands in its
 * place from then on, so that paths which meet in one value give one value.
 */
export function fieldValue(data: Data, name: string): Value | undefined {
  const field = data[name];
  if (typeof field !== 'function') return field;
  const value = field();
  (data as Record<string, FieldValue>)[name] = value;
  return value;
}

/** An array of data objects where the schema says anyType, so that the value has to tell its own type. */
export function arrayOf(type: string, items: readonly Data[]): Data {
  return { $: ARRAY, type, items };
}

export const ARRAY = 'ArrayOf';

const CONSTANTS = new WeakSet<Data>();

/** Marks a data object that never changes and is shown by many objects: its XML is made once. */
export function constant<T extends Data>(value: T): T {
  CONSTANTS.add(value);
  return value;
}

export function isConstant(value: Data): boolean {
  return CONSTANTS.has(value);
}
