/**
 * The blob service's HTTP side: a request is taken apart, matched with an operation, authorized, its body
 * received, the operation run in one step, and the answer sent. Whatever goes wrong is answered in the
 * service's own words.
 */
import type { IncomingMessage } from 'node:http';
import type { TLSSocket } from 'node:tls';
import type { HttpHandler, HttpResponseOut } from '#core/net/http-server.ts';
import type { UnixMillis } from '#core/units.ts';
import { escapeText } from '#core/wire/xml/writer.ts';
import type { SimulatorContext } from '../../kit/context.ts';
import type { Fault, FaultPoint } from '../../kit/fault-points.ts';
import { type AuthorizationOptions, authorize } from './authorization.ts';
import type { StorageAccount } from './blob-model.ts';
import { type BlobRequest, readBlobRequest } from './blob-request.ts';
import { refuseUnsupportedHeaders } from './conditions.ts';
import { operationFor } from './dispatch.ts';
import type { LimitKeeper } from './limits.ts';
import type { BodyKind, Reply, ServiceTools, StreamedBody } from './operation.ts';
import { OPERATIONS } from './operations/table.ts';
import { checkBodyHead, receiveBody } from './request-body.ts';
import { StorageFault, storageFault } from './storage-fault.ts';
import { serviceVersion } from './versions.ts';

const SERVER = 'Windows-Azure-Blob/1.0 Microsoft-HTTPAPI/2.0';
const SEND_BYTES = 256 * 1024;
const NO_BODY: BodyKind = { kind: 'none' };

/** Answers that scenarios can force at any operation, by the name of the point `azure.{operation}`. */
const FORCED_ANSWERS = [
  ...['500', '503', 'OperationTimedOut', 'AuthenticationFailed', 'ContainerNotFound'],
  // the connection is cut: in the middle of the request's body; after the operation was carried out
  ...['reset', 'lostAnswer'],
] as const;

export function blobFaultPoints(): FaultPoint[] {
  return OPERATIONS.map(({ name }) => ({
    name: `azure.${name}`,
    says: `the blob service, asked for ${name}`,
    answers: FORCED_ANSWERS,
  }));
}

export interface BlobServiceOptions {
  readonly context: SimulatorContext;
  readonly tools: ServiceTools;
  readonly authorization: AuthorizationOptions;
  readonly limits: LimitKeeper | undefined;
}

/** What is known of an exchange before its request is understood. */
interface Exchange {
  readonly response: HttpResponseOut;
  readonly requestId: string;
  readonly clientRequestId: string | undefined;
  readonly isHead: boolean;
  version: string;
}

export function blobHandler({ context, tools, authorization, limits }: BlobServiceOptions): HttpHandler {
  let requests = 0;
  return (incoming, response) => {
    const arrivedAt = context.clock.wall();
    const sent = incoming.headers['x-ms-client-request-id'];
    const exchange: Exchange = {
      response,
      requestId: context.entropy.uuid('azure.storage.request', requests++),
      clientRequestId: typeof sent === 'string' && sent.length <= 1024 ? sent : undefined,
      isHead: incoming.method === 'HEAD',
      version: serviceVersion(undefined, undefined),
    };
    const answer = (work: () => Reply): void => {
      let reply: Reply;
      try {
        reply = work();
      } catch (error) {
        return sendFault(exchange, faultOf(error, context), context.clock.wall());
      }
      sendReply(exchange, reply);
    };
    try {
      const request = readBlobRequest({
        method: incoming.method ?? '',
        target: incoming.url ?? '',
        headers: incoming.headers,
        rawHeaders: incoming.rawHeaders,
        isSecure: isSecure(incoming),
        remoteAddress: incoming.socket.remoteAddress ?? '',
        arrivedAt,
      });
      exchange.version = serviceVersion(singleHeader(incoming, 'x-ms-version'), request.query.get('sv'));
      const account = tools.account(request.account);
      if (!account) throw storageFault('ResourceNotFound');
      const operation = operationFor(request);
      response.operation = operation.name;
      refuseUnsupportedHeaders(request);
      const grant = authorize(request, account, operation, () => exists(request, account), authorization);
      const kind = operation.body ?? NO_BODY;
      const wireBytes = checkBodyHead(request, kind);
      const pageBlob = limits && pageBlobKey(request, account);
      const demand = { account: account.name, pageBlob, operations: 1, bytesIn: wireBytes, bytesOut: 0 };
      limits?.charge(demand, arrivedAt);
      const fault = context.faults.hit(`azure.${operation.name}`, subjectOf(request));
      if (fault?.answer === 'reset') return resetHalfway(incoming, wireBytes);
      receiveBody(incoming, request, kind, wireBytes, tools.store, ({ body, fault: broken }) => {
        answer(() => {
          if (!body) throw broken;
          try {
            if (fault && fault.answer !== 'lostAnswer') throw forced(fault);
            const now = context.clock.wall();
            const { version } = exchange;
            const reply = operation.run({ request, account, now, version, grant, body, tools });
            if (fault) incoming.socket.destroy();
            if (limits && isStreamed(reply.body)) chargeAnswer(limits, demand, reply.body, now);
            return reply;
          } finally {
            body.discard();
          }
        });
      });
    } catch (fault) {
      answer(() => {
        throw fault;
      });
    }
  };
}

/** A bug of ours is answered as the service's own, and counted. */
function faultOf(error: unknown, { counters }: SimulatorContext): StorageFault {
  if (error instanceof StorageFault) return error;
  counters.add('bugs.azure');
  return storageFault('InternalError', {
    text: error instanceof Error ? `${error.name}: ${error.message}` : 'bug',
  });
}

function singleHeader(incoming: IncomingMessage, name: string): string | undefined {
  const value = incoming.headers[name];
  return Array.isArray(value) ? value[0] : value;
}

/** Over TLS, real or without a cipher. */
function isSecure(incoming: IncomingMessage): boolean {
  return (incoming.socket as Partial<TLSSocket>).encrypted === true;
}

function exists({ container, blob }: BlobRequest, account: StorageAccount): boolean {
  return account.containers.get(container ?? '')?.blobs.get(blob ?? '')?.current !== undefined;
}

function subjectOf({ account, container, blob }: BlobRequest): string {
  return [account, container, blob].filter((part) => part !== undefined).join('/');
}

function pageBlobKey(request: BlobRequest, account: StorageAccount): string | undefined {
  const blob = account.containers.get(request.container ?? '')?.blobs.get(request.blob ?? '')?.current;
  return blob?.body.type === 'PageBlob' ? subjectOf(request) : undefined;
}

function chargeAnswer(
  limits: LimitKeeper,
  demand: Parameters<LimitKeeper['charge']>[0],
  body: StreamedBody,
  now: UnixMillis,
): void {
  try {
    limits.charge({ ...demand, operations: 0, bytesIn: 0, bytesOut: body.length }, now);
  } catch (fault) {
    body.release();
    throw fault;
  }
}

function forced({ answer, retryAfterSeconds }: Fault): StorageFault {
  const headers =
    retryAfterSeconds === undefined ? {} : { headers: { 'Retry-After': String(retryAfterSeconds) } };
  switch (answer as (typeof FORCED_ANSWERS)[number]) {
    case '503':
      return storageFault('ServerBusy', headers);
    case 'OperationTimedOut':
      return storageFault('OperationTimedOut', headers);
    case 'AuthenticationFailed':
      return storageFault('AuthenticationFailed', {
        ...headers,
        detail: { AuthenticationErrorDetail: 'Signature did not match.' },
      });
    case 'ContainerNotFound':
      return storageFault('ContainerNotFound', headers);
    default:
      return storageFault('InternalError', headers);
  }
}

/** Cuts the connection when half of the body has arrived. */
function resetHalfway(incoming: IncomingMessage, wireBytes: number): void {
  let received = 0;
  const cut = (): void => void incoming.socket.destroy();
  if (wireBytes === 0) return cut();
  incoming.on('error', () => {});
  incoming.on('data', (chunk: Buffer) => {
    received += chunk.length;
    if (received >= wireBytes / 2) cut();
  });
}

function isStreamed(body: Reply['body']): body is StreamedBody {
  return typeof body === 'object';
}

function sendHead(
  exchange: Exchange,
  status: number,
  headers: Readonly<Record<string, string | undefined>>,
): void {
  const { response } = exchange;
  response.statusCode = status;
  response.setHeader('Server', SERVER);
  response.setHeader('x-ms-request-id', exchange.requestId);
  response.setHeader('x-ms-version', exchange.version);
  if (exchange.clientRequestId !== undefined)
    response.setHeader('x-ms-client-request-id', exchange.clientRequestId);
  for (const name in headers) {
    const value = headers[name];
    if (value !== undefined) response.setHeader(name, value);
  }
}

function sendReply(exchange: Exchange, { status, headers, metadata, body }: Reply): void {
  const { response } = exchange;
  sendHead(exchange, status, headers ?? {});
  for (const [name, value] of metadata ?? []) response.setHeader(`x-ms-meta-${name}`, value);
  if (isStreamed(body)) return stream(response, body, exchange.isHead);
  const bytes = Buffer.from(body ?? '');
  if (bytes.length > 0 && !response.hasHeader('Content-Type'))
    response.setHeader('Content-Type', 'application/xml');
  if (!response.hasHeader('Content-Length')) response.setHeader('Content-Length', bytes.length);
  response.end(exchange.isHead ? undefined : bytes);
}

function stream(response: HttpResponseOut, body: StreamedBody, isHead: boolean): void {
  if (response.destroyed) return body.release();
  response.setHeader('Content-Length', body.length);
  response.once('close', () => body.release());
  let offset = 0;
  const pump = (): void => {
    while (offset < body.length && !response.destroyed) {
      const length = Math.min(SEND_BYTES, body.length - offset);
      const piece = body.read(offset, length);
      offset += length;
      if (offset === body.length) return void response.end(piece);
      if (!response.write(piece)) return void response.once('drain', pump);
    }
  };
  if (body.length === 0 || isHead) response.end();
  else pump();
}

function sendFault(exchange: Exchange, fault: StorageFault, now: UnixMillis): void {
  const { response } = exchange;
  sendHead(exchange, fault.status, { ...fault.headers, 'x-ms-error-code': fault.code });
  if (exchange.isHead || fault.status === 304) return void response.end();
  const message = `${fault.message}\nRequestId:${exchange.requestId}\nTime:${new Date(now).toISOString()}`;
  let xml = `\ufeff<?xml version="1.0" encoding="utf-8"?><Error><Code>${fault.code}</Code>`;
  xml += `<Message>${escapeText(message)}</Message>`;
  for (const [name, value] of Object.entries(fault.detail)) xml += `<${name}>${escapeText(value)}</${name}>`;
  const bytes = Buffer.from(`${xml}</Error>`);
  response.setHeader('Content-Type', 'application/xml');
  response.setHeader('Content-Length', bytes.length);
  response.end(bytes);
}
