/** Entities and tables as JSON, with as much metadata as the client asks for. */
import { storageFault } from '../storage/storage-fault.ts';
import { header, type StorageRequest } from '../storage/storage-request.ts';
import { type EdmValue, needsAnnotation, readValue, writeValue } from './edm.ts';
import { type Entity, entityTag } from './table-model.ts';

export type Metadata = 'none' | 'minimal' | 'full';

export const ENTITY_BYTES_MAX = 1024 * 1024;
/** Besides the keys and the time. */
const PROPERTIES_MAX = 252;
const NAME_MAX = 255;
/** In UTF-16. */
const KEY_BYTES_MAX = 1024;
const PROPERTY_NAME = /^[\p{L}_][\p{L}\p{N}_]*$/u;
const TYPE = '@odata.type';

/** What the Accept header, or `$format`, asks for. @throws StorageFault AtomFormatNotSupported */
export function metadataOf(request: StorageRequest): Metadata {
  const accept = request.query.get('$format') ?? header(request, 'accept') ?? '*/*';
  if (/atom/i.test(accept) && !/json/i.test(accept)) throw storageFault('AtomFormatNotSupported');
  if (/odata=nometadata/i.test(accept)) return 'none';
  return /odata=fullmetadata/i.test(accept) ? 'full' : 'minimal';
}

export function jsonType(metadata: Metadata): string {
  const word = metadata === 'none' ? 'nometadata' : `${metadata}metadata`;
  return `application/json;odata=${word};streaming=true;charset=utf-8`;
}

export interface SentEntity {
  readonly partitionKey: string | undefined;
  readonly rowKey: string | undefined;
  readonly properties: ReadonlyMap<string, EdmValue>;
}

/** @throws StorageFault for what is no object of plain values, or too large */
export function readJsonObject(body: string | Buffer): ReadonlyMap<string, unknown> {
  let json: unknown;
  try {
    json = JSON.parse(body.toString());
  } catch {
    throw storageFault('InvalidInput');
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw storageFault('InvalidInput');
  return new Map(Object.entries(json));
}

/** Members whose value is null are left out, as the service does. @throws StorageFault */
export function readEntity(body: string | Buffer): SentEntity {
  const members = readJsonObject(body);
  const properties = new Map<string, EdmValue>();
  let bytes = 0;
  for (const [name, json] of members) {
    if (name.endsWith(TYPE) || name.startsWith('odata.') || name === 'Timestamp' || json === null) continue;
    if (name === 'PartitionKey' || name === 'RowKey') continue;
    if (name.length > NAME_MAX) throw storageFault('PropertyNameTooLong');
    if (!PROPERTY_NAME.test(name)) throw storageFault('PropertyNameInvalid');
    const value = readValue(json, members.get(`${name}${TYPE}`));
    properties.set(name, value);
    bytes += 2 * name.length + 2 * String(value.value).length + 8;
  }
  if (properties.size > PROPERTIES_MAX) throw storageFault('TooManyProperties');
  if (bytes > ENTITY_BYTES_MAX) throw storageFault('EntityTooLarge');
  return { partitionKey: readKey(members, 'PartitionKey'), rowKey: readKey(members, 'RowKey'), properties };
}

function readKey(members: ReadonlyMap<string, unknown>, name: string): string | undefined {
  const key = members.get(name);
  if (key === undefined || key === null) return undefined;
  if (typeof key !== 'string') throw storageFault('InvalidInput');
  return checkKey(name, key);
}

/** @throws StorageFault KeyValueTooLarge, OutOfRangeInput */
export function checkKey(name: string, key: string): string {
  if (2 * key.length > KEY_BYTES_MAX) throw storageFault('KeyValueTooLarge');
  if (/[/\\#?\u0000-\u001f\u007f-\u009f]/.test(key))
    throw storageFault('OutOfRangeInput', {
      text: `The '${name}' parameter of value '${key}' is out of range.`,
    });
  return key;
}

/** Members of an entity, without braces. @param select names to show; undefined: all */
export function writeEntity(
  entity: Entity,
  { table, endpoint }: { table: string; endpoint: string },
  metadata: Metadata,
  select: ReadonlySet<string> | undefined,
): string {
  const members: string[] = [];
  const member = (name: string, json: string): void => void members.push(`${JSON.stringify(name)}:${json}`);
  const text = (name: string, value: string): void => member(name, JSON.stringify(value));
  if (metadata === 'full') {
    const link = entityLink(table, entity);
    text('odata.type', `${accountOf(endpoint)}.${table}`);
    text('odata.id', `${endpoint}/${link}`);
    text('odata.editLink', link);
  }
  if (metadata !== 'none') text('odata.etag', entityTag(entity));
  const isShown = (name: string): boolean => select?.has(name) ?? true;
  if (isShown('PartitionKey')) text('PartitionKey', entity.partitionKey);
  if (isShown('RowKey')) text('RowKey', entity.rowKey);
  if (isShown('Timestamp')) {
    if (metadata === 'full') text(`Timestamp${TYPE}`, 'Edm.DateTime');
    text('Timestamp', entity.timestamp);
  }
  const names = select
    ? [...select].filter((name) => !['PartitionKey', 'RowKey', 'Timestamp'].includes(name))
    : entity.properties.keys();
  for (const name of names) {
    const value = entity.properties.get(name);
    if (value && metadata !== 'none' && needsAnnotation(value, metadata === 'full'))
      text(`${name}${TYPE}`, value.type);
    member(name, value ? writeValue(value) : 'null');
  }
  return members.join(',');
}

/** `name(PartitionKey='…',RowKey='…')`, for URLs. */
export function entityLink(
  table: string,
  { partitionKey, rowKey }: Pick<Entity, 'partitionKey' | 'rowKey'>,
): string {
  const quoted = (key: string): string => encodeURIComponent(key.replaceAll("'", "''"));
  return `${table}(PartitionKey='${quoted(partitionKey)}',RowKey='${quoted(rowKey)}')`;
}

function accountOf(endpoint: string): string {
  return /^https?:\/\/(?:[^/]*\/)?([a-z0-9]+)/.exec(endpoint)?.[1] ?? '';
}
