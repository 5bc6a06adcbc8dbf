/** The schema, read once from its tables, with bases resolved: what encoder, decoder and property paths ask. */
import { assert } from '#core/assert.ts';
import { ADMINISTRATION } from './administration.ts';
import { ALARMS } from './alarms.ts';
import { EVENTS } from './events.ts';
import { FAULTS } from './faults.ts';
import { GUEST } from './guest.ts';
import { INFRASTRUCTURE } from './infrastructure.ts';
import { LIFECYCLE } from './lifecycle.ts';
import { MANAGED_OBJECTS } from './managed-objects.ts';
import { type EnumEntry, type Field, readNotation, type TypeEntry } from './notation.ts';
import { OVF } from './ovf.ts';
import { SECURITY } from './security.ts';
import { SERVICES } from './services.ts';
import type { ApiVersion } from './versions.ts';
import { VIRTUAL_DEVICES } from './virtual-devices.ts';
import { VIRTUAL_MACHINE } from './virtual-machine.ts';

export interface SchemaType {
  readonly kind: 'data' | 'managed';
  readonly name: string;
  readonly base: SchemaType | undefined;
  readonly since: ApiVersion;
  /** Own fields only, in schema order. */
  readonly own: readonly Field[];
  /** Base's fields first, then own: the order on the wire. */
  readonly fields: ReadonlyMap<string, Field>;
  /** Names of this type and everything it descends from. */
  readonly lineage: ReadonlySet<string>;
  readonly subtypes: readonly SchemaType[];
}

const types = new Map<string, SchemaType>();
const enums = new Map<string, EnumEntry>();

for (const table of [
  MANAGED_OBJECTS,
  VIRTUAL_MACHINE,
  VIRTUAL_DEVICES,
  INFRASTRUCTURE,
  SERVICES,
  FAULTS,
  GUEST,
  SECURITY,
  EVENTS,
  LIFECYCLE,
  OVF,
  ALARMS,
  ADMINISTRATION,
]) {
  const entries = readNotation(table);
  const waiting = new Map<string, TypeEntry>();
  for (const entry of entries)
    if (entry.kind === 'enum') enums.set(entry.name, entry);
    else waiting.set(entry.name, entry);
  for (const entry of waiting.values()) define(entry, waiting);
}

function define(entry: TypeEntry, waiting: ReadonlyMap<string, TypeEntry>): SchemaType {
  const known = types.get(entry.name);
  if (known) return known;
  let base: SchemaType | undefined;
  if (entry.base !== undefined) {
    const above = waiting.get(entry.base);
    base = above ? define(above, waiting) : types.get(entry.base);
    assert(base, `schema type ${entry.name} descends from ${entry.base}, which no earlier table describes`);
  }
  const fields = new Map(base?.fields);
  for (const field of entry.own) fields.set(field.name, field);
  const type: SchemaType = {
    kind: entry.kind,
    name: entry.name,
    base,
    since: entry.since,
    own: entry.own,
    fields,
    lineage: new Set([entry.name, ...(base?.lineage ?? [])]),
    subtypes: [],
  };
  (base?.subtypes as SchemaType[] | undefined)?.push(type);
  types.set(entry.name, type);
  return type;
}

/** The type of that name, if the schema describes it. */
export function findType(name: string): SchemaType | undefined {
  return types.get(name);
}

/** As `findType`; asking for a type that is not described is a bug. */
export function typeNamed(name: string): SchemaType {
  const type = types.get(name);
  assert(type, `the schema does not describe ${name}`);
  return type;
}

/** Every managed object is a ManagedObject, which has no entry of its own. */
export function isA(name: string, ancestor: string): boolean {
  if (name === ancestor) return true;
  const type = types.get(name);
  return (type?.lineage.has(ancestor) ?? false) || (ancestor === 'ManagedObject' && type?.kind === 'managed');
}

/** Values of an enumeration; undefined when the schema does not list them. */
export function enumValues(name: string): ReadonlySet<string> | undefined {
  return enums.get(name)?.values;
}

export function allTypes(): Iterable<SchemaType> {
  return types.values();
}

export function allEnums(): Iterable<EnumEntry> {
  return enums.values();
}
