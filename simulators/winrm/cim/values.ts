/** Values of CIM (DSP0004) as providers give them and encoders write them. */
import type { UnixMillis } from '#core/units.ts';

export type CimType =
  | 'boolean'
  | 'uint8'
  | 'uint16'
  | 'uint32'
  | 'uint64'
  | 'sint8'
  | 'sint16'
  | 'sint32'
  | 'sint64'
  | 'real32'
  | 'real64'
  | 'char16'
  | 'string'
  | 'datetime'
  | 'ref'
  | 'object';

/** An instant ("2026-03-02T08:00:00.000000Z") or an interval ("P0DT1H2M3S"), in the text of XML. */
export class CimDatetime {
  readonly kind: 'Datetime' | 'Interval';
  readonly text: string;

  constructor(kind: 'Datetime' | 'Interval', text: string) {
    this.kind = kind;
    this.text = text;
  }
}

/** @param at milliseconds; CIM has microseconds */
export function instant(at: UnixMillis): CimDatetime {
  return new CimDatetime('Datetime', new Date(at).toISOString().replace('Z', '000Z'));
}

/** What a reference names: class and keys in a namespace. */
export interface CimPath {
  /** "root/cimv2" */
  readonly namespace: string;
  readonly className: string;
  /** By key name as the class spells it. */
  readonly keys: ReadonlyMap<string, string>;
}

export class CimReference {
  readonly path: CimPath;

  constructor(path: CimPath) {
    this.path = path;
  }
}

export type CimScalar = string | number | bigint | boolean | CimDatetime | CimReference | CimInstance;
/** Absent properties are null. */
export type CimValue = CimScalar | null | readonly CimScalar[];

export interface CimProperty {
  readonly name: string;
  readonly type: CimType;
  readonly array: boolean;
}

export interface CimClass {
  readonly name: string;
  /** "root/cimv2" */
  readonly namespace: string;
  readonly superclass: CimClass | undefined;
  /** Names of key properties, inherited ones too. */
  readonly keys: readonly string[];
  /** All properties, inherited ones too, in the order in which they are written. */
  readonly properties: readonly CimProperty[];
}

export interface CimInstance {
  readonly class: CimClass;
  /** By name as the class spells it. */
  readonly values: Readonly<Record<string, CimValue>>;
}

/** Is it this class, or below it? Names count without case. */
export function isA(cimClass: CimClass, name: string): boolean {
  const wanted = name.toLowerCase();
  for (let at: CimClass | undefined = cimClass; at; at = at.superclass)
    if (at.name.toLowerCase() === wanted) return true;
  return false;
}

export function pathOf({ class: cimClass, values }: CimInstance): CimPath {
  return {
    namespace: cimClass.namespace,
    className: cimClass.name,
    keys: new Map(cimClass.keys.map((key) => [key, String(values[key] ?? '')])),
  };
}

/** `Class.Key="v",Key2="v"`, backslashes and quotes escaped: the relative path. */
export function relativePath({ className, keys }: CimPath): string {
  const parts = [...keys].map(
    ([key, value]) => `${key}="${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`,
  );
  return `${className}.${parts.join(',')}`;
}

/** `\\HOST\root\cimv2:Class.Key="v"`. */
export function fullPath(path: CimPath, host: string): string {
  return `\\\\${host}\\${path.namespace.replaceAll('/', '\\')}:${relativePath(path)}`;
}
