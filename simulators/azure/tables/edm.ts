/**
 * Property values of entities: the types of the Entity Data Model, how they stand in JSON, and their limits.
 * @see learn.microsoft.com, rest/api/storageservices/understanding-the-table-service-data-model,
 * payload-format-for-table-service-operations
 */
import { storageFault } from '../storage/storage-fault.ts';

export type EdmType =
  | 'Edm.String'
  | 'Edm.Int32'
  | 'Edm.Int64'
  | 'Edm.Double'
  | 'Edm.Boolean'
  | 'Edm.DateTime'
  | 'Edm.Guid'
  | 'Edm.Binary';

/** Int64, DateTime, Guid and Binary are kept as they are written, in one spelling. */
export interface EdmValue {
  readonly type: EdmType;
  readonly value: string | number | boolean;
}

const VALUE_BYTES_MAX = 64 * 1024;
const INT32_MAX = 2 ** 31;
const INT64_MAX = 2n ** 63n;
const DATE_TIME = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,7}))?Z$/;
const GUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;
const SPECIAL_DOUBLES = ['NaN', 'Infinity', '-Infinity'];

function invalid(): never {
  throw storageFault('InvalidInput');
}

/** @param type the annotation that stands beside it, if any. @throws StorageFault InvalidInput, PropertyValueTooLarge */
export function readValue(json: unknown, type: unknown): EdmValue {
  const value = type === undefined ? plainValue(json) : typedValue(json, type);
  const bytes =
    value.type === 'Edm.String'
      ? 2 * String(value.value).length
      : value.type === 'Edm.Binary'
        ? Buffer.byteLength(String(value.value), 'base64')
        : 0;
  if (bytes > VALUE_BYTES_MAX) throw storageFault('PropertyValueTooLarge');
  return value;
}

function plainValue(json: unknown): EdmValue {
  if (typeof json === 'string') return { type: 'Edm.String', value: json };
  if (typeof json === 'boolean') return { type: 'Edm.Boolean', value: json };
  if (typeof json !== 'number') return invalid();
  const isInt32 = Number.isInteger(json) && json >= -INT32_MAX && json < INT32_MAX;
  return { type: isInt32 ? 'Edm.Int32' : 'Edm.Double', value: json };
}

function typedValue(json: unknown, type: unknown): EdmValue {
  switch (type) {
    case 'Edm.String':
      return typeof json === 'string' ? { type, value: json } : invalid();
    case 'Edm.Boolean':
      if (json === 'true' || json === 'false') return { type, value: json === 'true' };
      return typeof json === 'boolean' ? { type, value: json } : invalid();
    case 'Edm.Int32': {
      const value = typeof json === 'string' && /^-?\d{1,10}$/.test(json) ? Number(json) : json;
      const fits = Number.isInteger(value) && Math.abs(value as number) <= INT32_MAX && value !== INT32_MAX;
      return fits ? { type, value: value as number } : invalid();
    }
    case 'Edm.Int64': {
      const text = typeof json === 'number' && Number.isSafeInteger(json) ? String(json) : json;
      return typeof text === 'string' ? readInt64(text) : invalid();
    }
    case 'Edm.Double':
      if (typeof json === 'number') return { type, value: json };
      if (typeof json !== 'string' || json.trim() === '') return invalid();
      if (!SPECIAL_DOUBLES.includes(json) && Number.isNaN(Number(json))) return invalid();
      return { type, value: Number(json) };
    case 'Edm.DateTime':
      return typeof json === 'string' ? readDateTime(json) : invalid();
    case 'Edm.Guid':
      return typeof json === 'string' ? readGuid(json) : invalid();
    case 'Edm.Binary':
      if (typeof json !== 'string' || !/^[A-Za-z0-9+/]*={0,2}$/.test(json)) return invalid();
      return { type, value: Buffer.from(json, 'base64').toString('base64') };
    default:
      return invalid();
  }
}

/** @throws StorageFault InvalidInput */
export function readInt64(text: string): EdmValue {
  if (!/^-?\d{1,19}$/.test(text)) return invalid();
  const value = BigInt(text);
  return value >= -INT64_MAX && value < INT64_MAX
    ? { type: 'Edm.Int64', value: value.toString() }
    : invalid();
}

/** In the spelling that the service gives back: no zeros at the end of the fraction. @throws StorageFault InvalidInput */
export function readDateTime(text: string): EdmValue {
  const match = DATE_TIME.exec(text);
  if (!match || Number.isNaN(Date.parse(`${match[1]}Z`))) return invalid();
  const fraction = (match[2] ?? '').replace(/0+$/, '');
  return { type: 'Edm.DateTime', value: `${match[1]}${fraction === '' ? '' : `.${fraction}`}Z` };
}

/** @throws StorageFault InvalidInput */
export function readGuid(text: string): EdmValue {
  return GUID.test(text) ? { type: 'Edm.Guid', value: text.toLowerCase() } : invalid();
}

/** Does a reader of the JSON need to be told the type? */
export function needsAnnotation({ type, value }: EdmValue, isFull: boolean): boolean {
  if (type === 'Edm.Double') return isFull || Number.isInteger(value) || !Number.isFinite(value);
  return type === 'Edm.Int64' || type === 'Edm.DateTime' || type === 'Edm.Guid' || type === 'Edm.Binary';
}

export function writeValue({ value }: EdmValue): string {
  return typeof value === 'number' && !Number.isFinite(value)
    ? JSON.stringify(String(value))
    : JSON.stringify(value);
}

/** Less than, equal or greater than 0; undefined when the two cannot be compared. */
export function compareValues(a: EdmValue, b: EdmValue): number | undefined {
  const isNumber = ({ type }: EdmValue): boolean =>
    type === 'Edm.Int32' || type === 'Edm.Double' || type === 'Edm.Int64';
  if (isNumber(a) && isNumber(b)) {
    if (a.type === 'Edm.Int64' || b.type === 'Edm.Int64') return compareWhole(a, b);
    return order(a.value, b.value);
  }
  if (a.type !== b.type) return undefined;
  if (a.type === 'Edm.DateTime') return order(comparableDate(a), comparableDate(b));
  if (a.type === 'Edm.Binary')
    return Buffer.compare(Buffer.from(String(a.value), 'base64'), Buffer.from(String(b.value), 'base64'));
  return order(a.value, b.value);
}

/** Integers beyond 2^53 are not rounded. */
function compareWhole(a: EdmValue, b: EdmValue): number | undefined {
  const whole = ({ value }: EdmValue): bigint | undefined =>
    typeof value === 'number' && !Number.isInteger(value) ? undefined : BigInt(value);
  const [left, right] = [whole(a), whole(b)];
  if (left === undefined || right === undefined) return order(Number(a.value), Number(b.value));
  return left < right ? -1 : left > right ? 1 : 0;
}

function order(a: string | number | boolean, b: string | number | boolean): number | undefined {
  return a === b ? 0 : a < b ? -1 : a > b ? 1 : undefined;
}

/** With all seven digits of the fraction, so that text sorts as time does. */
function comparableDate({ value }: EdmValue): string {
  const [, seconds, fraction = ''] = DATE_TIME.exec(String(value))!;
  return `${seconds}.${fraction.padEnd(7, '0')}`;
}
