/**
 * Checking JSON that came from outside: small readers that either return a value of the type promised or
 * throw the fault with the path of the property. What a shape does not name is refused, never skipped.
 */
import { invalidProperty } from './arm/faults.ts';
import { isRecord } from './http.ts';

/** Reads one value; `path` names it in the fault. */
export type Reader<T> = (value: unknown, path: string) => T;

export function text(maxLength = 1_024): Reader<string> {
  return (value, path) => {
    if (typeof value !== 'string') throw invalidProperty(path, 'text');
    if (value.length > maxLength) throw invalidProperty(path, `text of at most ${maxLength} characters`);
    return value;
  };
}

export function matching(pattern: RegExp, what: string): Reader<string> {
  return (value, path) => {
    if (typeof value !== 'string' || !pattern.test(value)) throw invalidProperty(path, what);
    return value;
  };
}

export function oneOf<T extends string>(...allowed: readonly T[]): Reader<T> {
  return (value, path) => {
    if (!allowed.includes(value as T)) throw invalidProperty(path, `one of ${allowed.join(', ')}`);
    return value as T;
  };
}

/** Spelt in any case; read in the declared one. */
export function oneOfAnyCase<T extends string>(...allowed: readonly T[]): Reader<T> {
  return (value, path) => {
    const found = allowed.find((one) => one.toLowerCase() === String(value).toLowerCase());
    if (typeof value !== 'string' || found === undefined)
      throw invalidProperty(path, `one of ${allowed.join(', ')}`);
    return found;
  };
}

export function whole(min: number, max: number = Number.MAX_SAFE_INTEGER): Reader<number> {
  return (value, path) => {
    if (typeof value !== 'number' || !Number.isInteger(value) || value < min || value > max)
      throw invalidProperty(path, `a whole number from ${min} to ${max}`);
    return value;
  };
}

export function finite(min: number, max: number): Reader<number> {
  return (value, path) => {
    if (typeof value !== 'number' || !(value >= min && value <= max))
      throw invalidProperty(path, `a number from ${min} to ${max}`);
    return value;
  };
}

export const flag: Reader<boolean> = (value, path) => {
  if (typeof value !== 'boolean') throw invalidProperty(path, 'true or false');
  return value;
};

/** Booleans of Site Recovery travel as text. */
export const textFlag: Reader<boolean> = (value, path) => {
  if (value !== 'true' && value !== 'false') throw invalidProperty(path, '"true" or "false"');
  return value === 'true';
};

export const instant: Reader<number> = (value, path) => {
  const at = typeof value === 'string' && /^\d{4}-\d\d-\d\dT/.test(value) ? Date.parse(value) : Number.NaN;
  if (Number.isNaN(at)) throw invalidProperty(path, 'a time in ISO 8601');
  return at;
};

export function list<T>(item: Reader<T>, max: number): Reader<T[]> {
  return (value, path) => {
    if (!Array.isArray(value)) throw invalidProperty(path, 'a list');
    if (value.length > max) throw invalidProperty(path, `a list of at most ${max} entries`);
    return value.map((entry, i) => item(entry, `${path}[${i}]`));
  };
}

type Shape = Readonly<Record<string, Reader<unknown>>>;
type Read<S extends Shape> = { readonly [K in keyof S]: ReturnType<S[K]> };

/** An object with these properties, of which those under `optional` may be missing or null. */
export function shape<R extends Shape, O extends Shape = Record<never, never>>(
  required: R,
  optional: O = {} as O,
): Reader<Read<R> & Partial<Read<O>>> {
  return (value, path) => {
    if (!isRecord(value)) throw invalidProperty(path === '' ? 'body' : path, 'an object');
    const at = (key: string) => (path === '' ? key : `${path}.${key}`);
    const result: Record<string, unknown> = {};
    for (const key of Object.keys(value)) {
      const reader = own(required, key) ?? own(optional, key);
      if (!reader) throw invalidProperty(at(key.slice(0, 60)), 'it is not known here');
      if (value[key] === undefined || (value[key] === null && !(key in required))) continue;
      result[key] = reader(value[key], at(key));
    }
    for (const key of Object.keys(required))
      if (!(key in result)) throw invalidProperty(at(key), 'it is missing');
    return result as Read<R> & Partial<Read<O>>;
  };
}

/** Not `shape[key]`: that would find "constructor" and its kind. */
function own(readers: Shape, key: string): Reader<unknown> | undefined {
  return Object.hasOwn(readers, key) ? readers[key] : undefined;
}
