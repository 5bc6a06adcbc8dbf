/**
 * The notation that the schema tables are written in, and its reader. One entry per type, continued on
 * indented lines:
 *
 *     Name < Base @since: field Type @since, optional Type?, list Type[], needed Type[]!
 *     managed Name < Base: …
 *     enum Name: value value
 *
 * `&Name` is a reference to a managed object, `%Name` an enumeration, a lower-case name a primitive;
 * PropertyPath, TypeName, MethodName and Link are strings on the wire. `[]` may be empty, `[]!` may not. `@since`
 * is the first API version; a field without one is as old as its type, a type without one as old as vim25. A
 * type that is named and not described is known to exist, and never has a value here.
 */
import { assert } from '#core/assert.ts';
import { type ApiVersion, versionOf } from './versions.ts';

export type FieldKind = 'primitive' | 'any' | 'reference' | 'enumeration' | 'data';

export interface Field {
  readonly name: string;
  readonly type: string;
  readonly kind: FieldKind;
  readonly isArray: boolean;
  readonly isOptional: boolean;
  readonly since: ApiVersion;
}

export interface TypeEntry {
  readonly kind: 'data' | 'managed';
  readonly name: string;
  readonly base: string | undefined;
  readonly since: ApiVersion;
  readonly own: readonly Field[];
}

export interface EnumEntry {
  readonly kind: 'enum';
  readonly name: string;
  readonly values: ReadonlySet<string>;
}

const STRING_LIKE = new Set(['PropertyPath', 'TypeName', 'MethodName', 'Link']);
const OLDEST = versionOf('2.0');

export function readNotation(text: string): Array<TypeEntry | EnumEntry> {
  return text
    .trim()
    .split(/\n(?=\S)/)
    .map((entry) => readEntry(entry.replace(/\s+/g, ' ').trim()));
}

function readEntry(entry: string): TypeEntry | EnumEntry {
  const match = /^(?:(managed|enum) )?(\w+)(?: < (\w+))?(?: @([\w.]+))?:\s*(.*)$/.exec(entry);
  assert(match, `schema entry cannot be read: ${entry}`);
  const [, kind, name, base, since, body] = match;
  if (kind === 'enum') return { kind: 'enum', name: name!, values: new Set(body!.split(' ')) };
  const version = since === undefined ? OLDEST : versionOf(since);
  return {
    kind: kind === 'managed' ? 'managed' : 'data',
    name: name!,
    base,
    since: version,
    own: readFields(body!, version),
  };
}

/** Fields as they stand behind the colon; also how methods declare their parameters. */
export function readFields(text: string, since: ApiVersion = OLDEST): Field[] {
  if (text.trim() === '') return [];
  return text.split(',').map((part) => {
    const match = /^(\w+) ([&%]?)(\w+)(\?|\[\]!?)?(?: @([\w.]+))?$/.exec(part.trim());
    assert(match, `schema field cannot be read: ${part}`);
    const [, name, mark, type, shape, own] = match;
    return {
      name: name!,
      type: STRING_LIKE.has(type!) ? 'string' : type!,
      kind: kindOf(mark!, type!),
      isArray: shape?.startsWith('[]') ?? false,
      isOptional: shape === '?' || shape === '[]',
      since: own === undefined ? since : versionOf(own),
    };
  });
}

function kindOf(mark: string, type: string): FieldKind {
  if (mark === '&') return 'reference';
  if (mark === '%') return 'enumeration';
  if (type === 'anyType') return 'any';
  return STRING_LIKE.has(type) || /^[a-z]/.test(type) ? 'primitive' : 'data';
}
