/**
 * What can be done to one entity, alone or in a transaction.
 * @see learn.microsoft.com, rest/api/storageservices/insert-entity, update-entity2, merge-entity,
 * insert-or-replace-entity, insert-or-merge-entity, delete-entity1
 */
import type { StorageAccount } from '../storage/account.ts';
import type { Grant, Reply, ServiceCall } from '../storage/operation.ts';
import type { writeServiceStats } from '../storage/service-properties.ts';
import { badHeader, storageFault } from '../storage/storage-fault.ts';
import { header, requiredHeader } from '../storage/storage-request.ts';
import { checkKey, entityLink, jsonType, metadataOf, readEntity, writeEntity } from './entity-json.ts';
import { type Entity, entityTag, type Table, type TableAccount } from './table-model.ts';
import type { TableRequest } from './table-request.ts';

export interface TableCall extends ServiceCall<TableRequest> {
  readonly tables: TableAccount;
  readonly tools: TableTools;
}

export interface TableTools {
  /** A new, unique time with seven digits of the second. */
  timestamp(now: number): string;
  boundary(): string;
  geoStatus(account: StorageAccount): Parameters<typeof writeServiceStats>[1];
}

/** One change: what an entity was before it, so that a transaction can take it back. */
export interface Change {
  readonly reply: Reply;
  readonly table: Table;
  readonly key: Pick<Entity, 'partitionKey' | 'rowKey'>;
  readonly before: Entity | undefined;
}

/** @throws StorageFault TableNotFound */
export function tableOf({ request, tables }: Pick<TableCall, 'request' | 'tables'>): Table {
  const table = tables.get(request.table!.toLowerCase());
  if (!table) throw storageFault('TableNotFound');
  return table;
}

/** A signature must have all of these letters; other credentials have them. @throws StorageFault */
export function requireLetters({ permissions }: Grant, letters: string): void {
  if (permissions !== undefined && [...letters].some((letter) => !permissions.includes(letter)))
    throw storageFault('AuthorizationPermissionMismatch');
}

/** Do the keys lie within what the signature is for? */
export function isWithinSignature(
  { query }: Pick<TableRequest, 'query'>,
  partitionKey: string,
  rowKey: string,
): boolean {
  const [spk, srk, epk, erk] = ['spk', 'srk', 'epk', 'erk'].map((name) => query.get(name));
  if (spk !== undefined && (partitionKey < spk || (partitionKey === spk && rowKey < (srk ?? ''))))
    return false;
  if (epk === undefined || partitionKey < epk) return true;
  return partitionKey === epk && (erk === undefined || rowKey <= erk);
}

function requireWithin(call: TableCall, { partitionKey, rowKey }: Change['key']): void {
  if (!isWithinSignature(call.request, partitionKey, rowKey))
    throw storageFault('AuthorizationPermissionMismatch');
}

/** Insert Entity. @param body the entity as JSON */
export function insertEntity(call: TableCall, body: string | Buffer): Change {
  const { request, now, tools } = call;
  const table = tableOf(call);
  requireLetters(call.grant, 'a');
  const prefer = header(request, 'prefer') ?? 'return-content';
  if (prefer !== 'return-content' && prefer !== 'return-no-content') throw badHeader('Prefer', prefer);
  const { partitionKey, rowKey, properties } = readEntity(body);
  if (partitionKey === undefined || rowKey === undefined) throw storageFault('PropertiesNeedValue');
  const key = { partitionKey, rowKey };
  requireWithin(call, key);
  if (table.entities.get(partitionKey, rowKey)) throw storageFault('EntityAlreadyExists');
  const entity: Entity = { ...key, timestamp: tools.timestamp(now), properties };
  const metadata = metadataOf(request);
  table.entities.set(entity);
  const location = `${request.endpoint}/${entityLink(table.name, key)}`;
  const headers = { ETag: entityTag(entity), 'Preference-Applied': prefer, Location: location };
  if (prefer === 'return-no-content')
    return {
      reply: { status: 204, headers: { ...headers, DataServiceId: location } },
      table,
      key,
      before: undefined,
    };
  const at = { table: table.name, endpoint: request.endpoint };
  const context =
    metadata === 'none' ? '' : `"odata.metadata":"${request.endpoint}/$metadata#${table.name}/@Element",`;
  return {
    reply: {
      status: 201,
      headers: { ...headers, 'Content-Type': jsonType(metadata) },
      body: `{${context}${writeEntity(entity, at, metadata, undefined)}}`,
    },
    table,
    key,
    before: undefined,
  };
}

/** Update, Insert Or Replace, Merge, Insert Or Merge: which one, the method and If-Match say. */
export function writeEntityAt(call: TableCall, body: string | Buffer): Change {
  const { request, now, tools } = call;
  const table = tableOf(call);
  const key = keyOf(call);
  const match = header(request, 'if-match');
  requireLetters(call.grant, match === undefined ? 'au' : 'u');
  const sent = readEntity(body);
  if ((sent.partitionKey ?? key.partitionKey) !== key.partitionKey) throw storageFault('InvalidInput');
  if ((sent.rowKey ?? key.rowKey) !== key.rowKey) throw storageFault('InvalidInput');
  const before = table.entities.get(key.partitionKey, key.rowKey);
  if (match !== undefined) requireMatch(before, match);
  const isMerge = request.method !== 'PUT';
  const properties =
    isMerge && before ? new Map([...before.properties, ...sent.properties]) : sent.properties;
  const entity: Entity = { ...key, timestamp: tools.timestamp(now), properties };
  table.entities.set(entity);
  return { reply: { status: 204, headers: { ETag: entityTag(entity) } }, table, key, before };
}

/** Delete Entity. */
export function deleteEntity(call: TableCall): Change {
  const table = tableOf(call);
  const key = keyOf(call);
  requireLetters(call.grant, 'd');
  const match = requiredHeader(call.request, 'if-match');
  const before = table.entities.get(key.partitionKey, key.rowKey);
  requireMatch(before, match);
  table.entities.delete(key.partitionKey, key.rowKey);
  return { reply: { status: 204 }, table, key, before };
}

/** Makes an entity what it was. */
export function takeBack({ table, key, before }: Change): void {
  if (before) table.entities.set(before);
  else table.entities.delete(key.partitionKey, key.rowKey);
}

function keyOf(call: TableCall): Change['key'] {
  const { partitionKey, rowKey } = call.request;
  checkKey('PartitionKey', partitionKey);
  checkKey('RowKey', rowKey);
  requireWithin(call, call.request);
  return { partitionKey, rowKey };
}

/** @throws StorageFault ResourceNotFound, UpdateConditionNotSatisfied */
function requireMatch(entity: Entity | undefined, match: string): void {
  if (!entity) throw storageFault('ResourceNotFound');
  if (match.trim() !== '*' && match.trim() !== entityTag(entity))
    throw storageFault('UpdateConditionNotSatisfied');
}
