/**
 * Entity group transactions: up to 100 changes in one partition, all or none.
 * @see learn.microsoft.com, rest/api/storageservices/performing-entity-group-transactions
 */
import {
  boundaryOf,
  type HttpPart,
  readHttpPart,
  splitMultipart,
  writeHttpPart,
} from '../storage/multipart.ts';
import type { Reply } from '../storage/operation.ts';
import { badHeader, StorageFault, storageFault } from '../storage/storage-fault.ts';
import { accountOfHost, requiredHeader } from '../storage/storage-request.ts';
import {
  type Change,
  deleteEntity,
  insertEntity,
  type TableCall,
  takeBack,
  writeEntityAt,
} from './entity-operations.ts';
import { writeTableFault } from './table-fault.ts';
import { readTablePath, type TableRequest } from './table-request.ts';

const CHANGES_MAX = 100;
export const TRANSACTION_BYTES_MAX = 4 * 1024 * 1024;

/** @throws StorageFault when the body is no transaction; a change that fails is answered in its part */
export function runTransaction(call: TableCall): Reply {
  const requests = readChanges(call);
  const answerBoundary = `batchresponse_${call.tools.boundary()}`;
  const changeBoundary = `changesetresponse_${call.tools.boundary()}`;
  const changes: Change[] = [];
  let parts = '';
  for (const [index, { request, body }] of requests.entries()) {
    try {
      requireOnePartition(changes, request, index);
      const change = apply({ ...call, request }, body);
      requireOnce(changes, change);
      changes.push(change);
      const { status, headers, body: content } = change.reply;
      parts += writeHttpPart(changeBoundary, {
        status,
        headers: { ...PART_HEADERS, ...headers },
        body: typeof content === 'string' ? content : '',
      });
    } catch (fault) {
      if (!(fault instanceof StorageFault)) throw fault;
      for (const change of changes.reverse()) takeBack(change);
      const { contentType, body: content } = writeTableFault(fault, `${index}:${fault.message}`);
      const headers = { ...PART_HEADERS, 'Content-Type': contentType };
      parts = writeHttpPart(changeBoundary, { status: fault.status, headers, body: content });
      break;
    }
  }
  const head = `--${answerBoundary}\r\nContent-Type: multipart/mixed; boundary=${changeBoundary}\r\n\r\n`;
  return {
    status: 202,
    headers: { 'Content-Type': `multipart/mixed; boundary=${answerBoundary}` },
    body: `${head}${parts}--${changeBoundary}--\r\n--${answerBoundary}--\r\n`,
  };
}

const PART_HEADERS = { 'X-Content-Type-Options': 'nosniff', 'Cache-Control': 'no-cache' };

function apply(call: TableCall, body: string): Change {
  const { level, method } = call.request;
  if (level === 'table' && method === 'POST') return insertEntity(call, body);
  if (level === 'entity' && method === 'DELETE') return deleteEntity(call);
  if (level === 'entity' && (method === 'PUT' || method === 'PATCH' || method === 'MERGE'))
    return writeEntityAt(call, body);
  throw storageFault('InvalidInput');
}

/** @throws StorageFault CommandsInBatchActOnDifferentPartitions */
function requireOnePartition(changes: readonly Change[], request: TableRequest, index: number): void {
  const first = changes[0];
  if (index === 0 || !first || request.level !== 'entity') return;
  if (first.key.partitionKey !== request.partitionKey)
    throw storageFault('CommandsInBatchActOnDifferentPartitions');
}

/** An entity stands in a transaction once. Of an insert the key is known only when it was read. */
function requireOnce(changes: readonly Change[], change: Change): void {
  const { partitionKey, rowKey } = change.key;
  const other = changes.find(({ key }) => key.partitionKey !== partitionKey);
  const twice = changes.find(({ key }) => key.rowKey === rowKey);
  if (!other && !twice && changes.every(({ table }) => table === change.table)) return;
  takeBack(change);
  throw storageFault(other ? 'CommandsInBatchActOnDifferentPartitions' : 'InvalidDuplicateRow');
}

function readChanges(call: TableCall): Array<{ readonly request: TableRequest; readonly body: string }> {
  const contentType = requiredHeader(call.request, 'content-type');
  const boundary = boundaryOf(contentType);
  if (boundary === undefined) throw badHeader('Content-Type', contentType);
  const outer = splitMultipart(Buffer.concat(call.body.pieces).toString('utf8'), boundary, 1);
  const inner = boundaryOf(outer?.[0]?.headers['content-type']);
  const parts = inner === undefined ? undefined : splitMultipart(outer![0]!.body, inner, CHANGES_MAX);
  if (!parts || parts.length === 0) throw storageFault('InvalidInput');
  return parts.map((part) => {
    const http = readHttpPart(part);
    if (!http) throw storageFault('InvalidInput');
    return { request: requestOf(call, http), body: http.body };
  });
}

/** The part's method, path and headers; all else is the transaction's. @throws StorageFault */
function requestOf({ request }: TableCall, { method, target, headers }: HttpPart): TableRequest {
  const url = /^(?:https?:\/\/([^/]+))?(\/[^?]*)/.exec(target);
  if (!url) throw storageFault('InvalidUri');
  const isByPath = accountOfHost(request.headers.host ?? '', 'table') === undefined;
  const prefix = `/${request.account}`;
  const path = url[2]!;
  if (isByPath && !path.startsWith(`${prefix}/`)) throw storageFault('InvalidUri');
  return {
    ...request,
    method,
    rawPath: path,
    headers: { host: request.headers.host, ...headers },
    ...readTablePath(isByPath ? path.slice(prefix.length) : path),
  };
}
