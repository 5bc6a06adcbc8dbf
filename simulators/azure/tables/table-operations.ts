/**
 * The operations of the table service.
 * @see learn.microsoft.com, rest/api/storageservices/table-service-rest-api
 */
import { XmlWriter } from '#core/wire/xml/writer.ts';
import type { Reply, ServiceOperation } from '../storage/operation.ts';
import {
  PROPERTIES_XML_LIMITS,
  readServiceProperties,
  writeServiceProperties,
  writeServiceStats,
} from '../storage/service-properties.ts';
import { badParameter, storageFault } from '../storage/storage-fault.ts';
import { header } from '../storage/storage-request.ts';
import { POLICIES_XML_LIMITS, readPolicies, writePolicies } from '../storage/stored-policies.ts';
import type { EdmValue } from './edm.ts';
import { ENTITY_BYTES_MAX, jsonType, metadataOf, readJsonObject, writeEntity } from './entity-json.ts';
import {
  deleteEntity,
  insertEntity,
  isWithinSignature,
  type TableCall,
  tableOf,
  writeEntityAt,
} from './entity-operations.ts';
import { parseFilter } from './filter.ts';
import { type Entity, EntityIndex, entityTag, type Table } from './table-model.ts';
import { checkTableName, type TableLevel } from './table-request.ts';
import { runTransaction, TRANSACTION_BYTES_MAX } from './transaction.ts';

export interface TableOperation extends ServiceOperation {
  readonly on: TableLevel;
  readonly methods: readonly string[];
  readonly restype?: string;
  readonly comp?: string;
  /** @throws StorageFault */
  run(call: TableCall): Reply;
}

const PAGE_MAX = 1000;
const TABLE_BYTES_MAX = 64 * 1024;
const ENTITY_BODY = { kind: 'memory', bytesMax: 2 * ENTITY_BYTES_MAX } as const;

const text = (value: string): EdmValue => ({ type: 'Edm.String', value });

function top({ request }: TableCall): number {
  const value = request.query.get('$top');
  if (value === undefined) return PAGE_MAX;
  if (!/^\d{1,10}$/.test(value)) throw badParameter('$top', value);
  return Math.min(PAGE_MAX, Number(value));
}

/** Keys in continuation headers: a header cannot carry every key, so none is sent as it is. */
function writeMarker(key: string): string {
  return `1!${Buffer.from(key).toString('base64url')}`;
}

function readMarker({ request }: TableCall, name: string): string {
  const marker = request.query.get(name);
  if (marker === undefined || marker === '') return '';
  if (!marker.startsWith('1!')) throw badParameter(name, marker);
  return Buffer.from(marker.slice(2), 'base64url').toString();
}

function body({ body: received }: TableCall): Buffer {
  return Buffer.concat(received.pieces);
}

function writeTable({ name }: Table, endpoint: string, metadata: ReturnType<typeof metadataOf>): string {
  const link = `Tables('${name}')`;
  const full =
    metadata === 'full'
      ? `"odata.type":"Tables","odata.id":"${endpoint}/${link}","odata.editLink":"${link}",`
      : '';
  return `${full}"TableName":${JSON.stringify(name)}`;
}

function queryTables(call: TableCall): Reply {
  const { request, tables } = call;
  const metadata = metadataOf(request);
  const filterText = request.query.get('$filter');
  const filter = filterText ? parseFilter(filterText) : undefined;
  const from = readMarker(call, 'nexttablename');
  const max = top(call);
  const names = [...tables.keys()]
    .sort()
    .filter((key) => key >= from)
    .filter((key) => {
      const { name } = tables.get(key)!;
      return filter?.matches((property) => (property === 'TableName' ? text(name) : undefined)) ?? true;
    });
  const next = names[max];
  const list = names
    .slice(0, max)
    .map((key) => `{${writeTable(tables.get(key)!, request.endpoint, metadata)}}`);
  const context = metadata === 'none' ? '' : `"odata.metadata":"${request.endpoint}/$metadata#Tables",`;
  return {
    status: 200,
    headers: {
      'Content-Type': jsonType(metadata),
      'x-ms-continuation-NextTableName': next === undefined ? undefined : writeMarker(next),
    },
    body: `{${context}"value":[${list.join(',')}]}`,
  };
}

function createTable(call: TableCall): Reply {
  const { request, tables } = call;
  const name = readJsonObject(body(call)).get('TableName');
  if (typeof name !== 'string') throw storageFault('InvalidInput');
  const key = checkTableName(name).toLowerCase();
  if (tables.has(key)) throw storageFault('TableAlreadyExists');
  const metadata = metadataOf(request);
  const table: Table = { name, entities: new EntityIndex(), policies: [] };
  tables.set(key, table);
  const location = `${request.endpoint}/Tables('${name}')`;
  if (header(request, 'prefer') === 'return-no-content')
    return {
      status: 204,
      headers: { Location: location, DataServiceId: location, 'Preference-Applied': 'return-no-content' },
    };
  const context =
    metadata === 'none' ? '' : `"odata.metadata":"${request.endpoint}/$metadata#Tables/@Element",`;
  return {
    status: 201,
    headers: {
      Location: location,
      'Preference-Applied': 'return-content',
      'Content-Type': jsonType(metadata),
    },
    body: `{${context}${writeTable(table, request.endpoint, metadata)}}`,
  };
}

function lookup(entity: Entity): (property: string) => EdmValue | undefined {
  return (property) => {
    if (property === 'PartitionKey') return text(entity.partitionKey);
    if (property === 'RowKey') return text(entity.rowKey);
    if (property === 'Timestamp') return { type: 'Edm.DateTime', value: entity.timestamp };
    return entity.properties.get(property);
  };
}

function selected({ request }: TableCall): ReadonlySet<string> | undefined {
  const select = request.query.get('$select');
  if (!select || select === '*') return undefined;
  return new Set(select.split(',').map((name) => name.trim()));
}

/** Query Entities: in the order of the keys, in pages. */
function queryEntities(call: TableCall): Reply {
  const { request } = call;
  const table = tableOf(call);
  const metadata = metadataOf(request);
  const filterText = request.query.get('$filter');
  const filter = filterText ? parseFilter(filterText) : undefined;
  const select = selected(call);
  const max = top(call);
  const at = { table: table.name, endpoint: request.endpoint };
  const found: string[] = [];
  let next: Entity | undefined;
  const [partitionKey, rowKey] = [readMarker(call, 'nextpartitionkey'), readMarker(call, 'nextrowkey')];
  for (const entity of table.entities.from(partitionKey, rowKey, filter?.partition)) {
    if (!isWithinSignature(request, entity.partitionKey, entity.rowKey)) continue;
    if (filter && !filter.matches(lookup(entity))) continue;
    if (found.length === max) {
      next = entity;
      break;
    }
    found.push(`{${writeEntity(entity, at, metadata, select)}}`);
  }
  const context =
    metadata === 'none' ? '' : `"odata.metadata":"${request.endpoint}/$metadata#${table.name}",`;
  return {
    status: 200,
    headers: {
      'Content-Type': jsonType(metadata),
      'x-ms-continuation-NextPartitionKey': next && writeMarker(next.partitionKey),
      'x-ms-continuation-NextRowKey': next && writeMarker(next.rowKey),
    },
    body: `{${context}"value":[${found.join(',')}]}`,
  };
}

function getEntity(call: TableCall): Reply {
  const { request } = call;
  const table = tableOf(call);
  const { partitionKey, rowKey } = request;
  const entity = isWithinSignature(request, partitionKey, rowKey)
    ? table.entities.get(partitionKey, rowKey)
    : undefined;
  if (!entity) throw storageFault('ResourceNotFound');
  const metadata = metadataOf(request);
  const at = { table: table.name, endpoint: request.endpoint };
  const context =
    metadata === 'none' ? '' : `"odata.metadata":"${request.endpoint}/$metadata#${table.name}/@Element",`;
  return {
    status: 200,
    headers: { ETag: entityTag(entity), 'Content-Type': jsonType(metadata) },
    body: `{${context}${writeEntity(entity, at, metadata, selected(call))}}`,
  };
}

export const TABLE_OPERATIONS: readonly TableOperation[] = [
  {
    name: 'GetTableServiceProperties',
    on: 'service',
    methods: ['GET'],
    restype: 'service',
    comp: 'properties',
    permission: { level: 's', letters: 'r', accountOnly: true },
    run: ({ account }) => ({ status: 200, body: writeServiceProperties(account.properties.table, 'table') }),
  },
  {
    name: 'SetTableServiceProperties',
    on: 'service',
    methods: ['PUT'],
    restype: 'service',
    comp: 'properties',
    permission: { level: 's', letters: 'w', accountOnly: true },
    body: { kind: 'memory', bytesMax: PROPERTIES_XML_LIMITS.bytesMax },
    run(call) {
      const { properties } = call.account;
      properties.table = readServiceProperties(body(call), properties.table, 'table');
      return { status: 202 };
    },
  },
  {
    name: 'GetTableServiceStats',
    on: 'service',
    methods: ['GET'],
    restype: 'service',
    comp: 'stats',
    permission: { level: 's', letters: 'r', accountOnly: true },
    run({ request, account, tools }) {
      if (!request.isSecondary) throw badParameter('comp', 'stats');
      const out = new XmlWriter();
      writeServiceStats(out, tools.geoStatus(account));
      return { status: 200, body: out.toString() };
    },
  },
  {
    name: 'QueryTables',
    on: 'tables',
    methods: ['GET'],
    permission: { level: 'c', letters: 'l', accountOnly: true },
    run: queryTables,
  },
  {
    name: 'CreateTable',
    on: 'tables',
    methods: ['POST'],
    permission: { level: 'c', letters: 'cw', accountOnly: true },
    body: { kind: 'memory', bytesMax: TABLE_BYTES_MAX },
    run: createTable,
  },
  {
    name: 'DeleteTable',
    on: 'table name',
    methods: ['DELETE'],
    permission: { level: 'c', letters: 'd', accountOnly: true },
    run(call) {
      tableOf(call);
      call.tables.delete(call.request.table!.toLowerCase());
      return { status: 204 };
    },
  },
  {
    name: 'GetTableACL',
    on: 'table',
    methods: ['GET'],
    comp: 'acl',
    permission: { level: 'c', letters: 'r', keyOnly: true },
    run: (call) => ({ status: 200, body: writePolicies(tableOf(call).policies) }),
  },
  {
    name: 'SetTableACL',
    on: 'table',
    methods: ['PUT'],
    comp: 'acl',
    permission: { level: 'c', letters: 'w', keyOnly: true },
    body: { kind: 'memory', bytesMax: POLICIES_XML_LIMITS.bytesMax },
    run(call) {
      tableOf(call).policies = readPolicies(body(call));
      return { status: 204 };
    },
  },
  {
    name: 'QueryEntities',
    on: 'table',
    methods: ['GET'],
    permission: { level: 'o', letters: 'r' },
    run: queryEntities,
  },
  {
    name: 'InsertEntity',
    on: 'table',
    methods: ['POST'],
    permission: { level: 'o', letters: 'a', action: 'write' },
    body: ENTITY_BODY,
    run: (call) => insertEntity(call, body(call)).reply,
  },
  {
    name: 'GetEntity',
    on: 'entity',
    methods: ['GET'],
    permission: { level: 'o', letters: 'r' },
    run: getEntity,
  },
  {
    name: 'UpdateEntity',
    on: 'entity',
    methods: ['PUT'],
    permission: { level: 'o', letters: 'u', action: 'write' },
    body: ENTITY_BODY,
    run: (call) => writeEntityAt(call, body(call)).reply,
  },
  {
    name: 'MergeEntity',
    on: 'entity',
    methods: ['PATCH', 'MERGE'],
    permission: { level: 'o', letters: 'u', action: 'write' },
    body: ENTITY_BODY,
    run: (call) => writeEntityAt(call, body(call)).reply,
  },
  {
    name: 'DeleteEntity',
    on: 'entity',
    methods: ['DELETE'],
    permission: { level: 'o', letters: 'd', action: 'delete' },
    run: (call) => deleteEntity(call).reply,
  },
  {
    name: 'EntityGroupTransaction',
    on: 'batch',
    methods: ['POST'],
    permission: { level: 'o', letters: 'aud', action: 'write' },
    body: { kind: 'memory', bytesMax: TRANSACTION_BYTES_MAX },
    run: runTransaction,
  },
];
