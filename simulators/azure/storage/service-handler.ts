/**
 * The HTTP side of a storage service: a request is taken apart, matched with an operation, authorized, its body
 * received, the operation run in one step, and the answer sent. Whatever goes wrong is answered in the service's
 * own words. Blobs, queues and tables differ in what a `StorageProtocol` says.
 */
import type { IncomingMessage } from 'node:http';
import { TLSSocket } from 'node:tls';
import type { HttpHandler, HttpResponseOut } from '#core/net/http-server.ts';
import type { UnixMillis } from '#core/units.ts';
import { escapeText } from '#core/wire/xml/writer.ts';
import type { SimulatorContext } from '../../kit/context.ts';
import type { Fault, FaultPoint } from '../../kit/fault-points.ts';
import type { ServiceName, StorageAccount } from './account.ts';
import { requireReachable } from './authorization.ts';
import { corsHeaders, preflight } from './cors.ts';
import type { LimitKeeper } from './limits.ts';
import type {
  BodyKind,
  Grant,
  Reply,
  ServiceCall,
  ServiceOperation,
  ServiceTools,
  StreamedBody,
} from './operation.ts';
import { checkBodyHead, receiveBody } from './request-body.ts';
import { StorageFault, storageFault } from './storage-fault.ts';
import type { RawRequest, StorageRequest } from './storage-request.ts';
import { serviceVersion } from './versions.ts';

const SEND_BYTES = 256 * 1024;
const NO_BODY: BodyKind = { kind: 'none' };

/** Answers that scenarios can force at any operation, by the name of the point `azure.{operation}`. */
const FORCED_ANSWERS = [
  ...['500', '503', 'OperationTimedOut', 'AuthenticationFailed', 'ContainerNotFound'],
  // the connection is cut: in the middle of the request's body; after the operation was carried out
  ...['reset', 'lostAnswer'],
] as const;

export function storageFaultPoints(service: string, operations: readonly ServiceOperation[]): FaultPoint[] {
  return operations.map(({ name }) => ({
    name: `azure.${name}`,
    says: `the ${service} service, asked for ${name}`,
    answers: FORCED_ANSWERS,
  }));
}

/** An error as the service writes it. */
export interface WrittenFault {
  readonly contentType: string;
  readonly body: string;
}

/** In what the services differ on the wire. */
export interface StorageProtocol<R extends StorageRequest, O extends ServiceOperation> {
  readonly service: ServiceName;
  /** For the Server header. */
  readonly server: string;
  readonly oldestVersion: string;
  readonly tools: Pick<ServiceTools, 'store' | 'reading'>;
  /** @throws StorageFault */
  read(raw: RawRequest): R;
  /** @throws StorageFault */
  operationFor(request: R, version: string): O;
  /** @throws StorageFault */
  authorize(request: R, account: StorageAccount, operation: O): Grant;
  /** One step. @throws StorageFault */
  run(operation: O, call: ServiceCall<R>): Reply;
  /** What faults and limits know the request's resource by. */
  subject(request: R): string;
  /** Key of the page blob that the request is about, which has limits of its own. */
  pageBlob?(request: R, account: StorageAccount): string | undefined;
  writeFault(fault: StorageFault, message: string, request: R | undefined): WrittenFault;
}

/** What is known of an exchange before its request is understood. */
interface Exchange<R> {
  readonly response: HttpResponseOut;
  readonly requestId: string;
  readonly clientRequestId: string | undefined;
  readonly isHead: boolean;
  version: string;
  request: R | undefined;
  cors: Readonly<Record<string, string>>;
}

export interface ServiceHandlerOptions<R extends StorageRequest, O extends ServiceOperation> {
  readonly context: SimulatorContext;
  readonly protocol: StorageProtocol<R, O>;
  readonly limits: LimitKeeper;
}

export function serviceHandler<R extends StorageRequest, O extends ServiceOperation>({
  context,
  protocol,
  limits,
}: ServiceHandlerOptions<R, O>): HttpHandler {
  const { service, oldestVersion, tools } = protocol;
  let requests = 0;
  // the blob service's ids were there first, and stories keep theirs
  const idAddress = service === 'blob' ? 'azure.storage.request' : `azure.storage.${service}.request`;
  return (incoming, response) => {
    const arrivedAt = context.clock.wall();
    const sent = incoming.headers['x-ms-client-request-id'];
    const exchange: Exchange<R> = {
      response,
      requestId: context.entropy.uuid(idAddress, requests++),
      clientRequestId: typeof sent === 'string' && sent.length <= 1024 ? sent : undefined,
      isHead: incoming.method === 'HEAD',
      version: oldestVersion,
      request: undefined,
      cors: {},
    };
    const refuse = (error: unknown): void =>
      sendFault(protocol, exchange, faultOf(error, context), context.clock.wall());
    try {
      const request = protocol.read({
        method: incoming.method ?? '',
        target: incoming.url ?? '',
        headers: incoming.headers,
        rawHeaders: incoming.rawHeaders,
        isSecure: isSecure(incoming),
        remoteAddress: incoming.socket.remoteAddress ?? '',
        from: incoming.from ?? 'client',
        arrivedAt,
      });
      exchange.request = request;
      const account = tools.reading(request);
      const { cors, defaultVersion } = account.properties[service];
      exchange.version = serviceVersion(
        singleHeader(incoming, 'x-ms-version'),
        request.query.get('sv'),
        oldestVersion,
        defaultVersion,
      );
      if (request.method === 'OPTIONS') return sendReply(protocol.server, exchange, preflight(request, cors));
      exchange.cors = corsHeaders(request, cors);
      requireReachable(request, account);
      const operation = protocol.operationFor(request, exchange.version);
      response.operation = operation.name;
      const grant = protocol.authorize(request, account, operation);
      const kind = operation.body ?? NO_BODY;
      const wireBytes = checkBodyHead(request, kind);
      const demand = {
        account: account.name,
        limits: account.settings.limits,
        pageBlob: protocol.pageBlob?.(request, account),
        operations: 1,
        bytesIn: wireBytes,
        bytesOut: 0,
      };
      limits.charge(demand, arrivedAt);
      const fault = context.faults.hit(`azure.${operation.name}`, protocol.subject(request));
      if (fault?.answer === 'reset') return resetHalfway(incoming, wireBytes);
      receiveBody(incoming, request, kind, wireBytes, tools.store, ({ body, fault: broken }) => {
        let reply: Reply;
        try {
          if (!body) throw broken;
          try {
            if (fault && fault.answer !== 'lostAnswer') throw forced(fault);
            const now = context.clock.wall();
            reply = protocol.run(operation, {
              request,
              account,
              now,
              version: exchange.version,
              grant,
              body,
            });
            if (fault) incoming.socket.destroy();
            if (isStreamed(reply.body)) chargeAnswer(limits, demand, reply.body, now);
          } finally {
            body.discard();
          }
        } catch (error) {
          return refuse(error);
        }
        sendReply(protocol.server, exchange, reply);
      });
    } catch (error) {
      refuse(error);
    }
  };
}

/** A bug of ours is answered as the service's own, and counted. */
export function faultOf(error: unknown, { counters }: SimulatorContext): StorageFault {
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
  server: string,
  exchange: Exchange<unknown>,
  status: number,
  headers: Readonly<Record<string, string | undefined>>,
): void {
  const { response } = exchange;
  response.statusCode = status;
  response.setHeader('Server', server);
  response.setHeader('x-ms-request-id', exchange.requestId);
  response.setHeader('x-ms-version', exchange.version);
  if (exchange.clientRequestId !== undefined)
    response.setHeader('x-ms-client-request-id', exchange.clientRequestId);
  for (const name in exchange.cors) response.setHeader(name, exchange.cors[name]!);
  for (const name in headers) {
    const value = headers[name];
    if (value !== undefined) response.setHeader(name, value);
  }
}

function sendReply(server: string, exchange: Exchange<unknown>, reply: Reply): void {
  const { response } = exchange;
  const { status, headers, metadata, body } = reply;
  sendHead(server, exchange, status, headers ?? {});
  for (const [name, value] of metadata ?? []) response.setHeader(`x-ms-meta-${name}`, value);
  if (isStreamed(body)) return stream(response, body, exchange.isHead);
  const bytes = Buffer.from(body ?? '');
  if (bytes.length > 0 && !response.hasHeader('Content-Type'))
    response.setHeader('Content-Type', 'application/xml');
  // an answer without content has no length either
  if (!response.hasHeader('Content-Length') && status !== 204)
    response.setHeader('Content-Length', bytes.length);
  response.end(exchange.isHead ? undefined : bytes);
}

function stream(response: HttpResponseOut, body: StreamedBody, isHead: boolean): void {
  if (response.destroyed) return body.release();
  response.setHeader('Content-Length', body.length);
  response.once('close', () => body.release());
  let offset = 0;
  // TLS copies what it encrypts, so that one buffer serves for all once it was written; a pipe in memory does not
  const buffer =
    response.socket instanceof TLSSocket && body.readInto && body.length > SEND_BYTES
      ? Buffer.allocUnsafe(SEND_BYTES)
      : undefined;
  const pump = (): void => {
    while (offset < body.length && !response.destroyed) {
      const length = Math.min(SEND_BYTES, body.length - offset);
      const piece = buffer?.subarray(0, length) ?? body.read(offset, length);
      if (buffer) body.readInto!(offset, piece);
      offset += length;
      if (offset === body.length) return void response.end(piece);
      if (buffer) return void response.write(piece, (error) => (error ? undefined : pump()));
      if (!response.write(piece)) return void response.once('drain', pump);
    }
  };
  if (body.length === 0 || isHead) response.end();
  else pump();
}

function sendFault<R extends StorageRequest, O extends ServiceOperation>(
  protocol: StorageProtocol<R, O>,
  exchange: Exchange<R>,
  fault: StorageFault,
  now: UnixMillis,
): void {
  const { response } = exchange;
  sendHead(protocol.server, exchange, fault.status, { ...fault.headers, 'x-ms-error-code': fault.code });
  if (exchange.isHead || fault.status === 304) return void response.end();
  const written = protocol.writeFault(fault, faultMessage(fault, exchange.requestId, now), exchange.request);
  const bytes = Buffer.from(written.body);
  response.setHeader('Content-Type', written.contentType);
  response.setHeader('Content-Length', bytes.length);
  response.end(bytes);
}

export function faultMessage(fault: StorageFault, requestId: string, now: UnixMillis): string {
  return `${fault.message}\nRequestId:${requestId}\nTime:${new Date(now).toISOString()}`;
}

/** The error document of blobs and queues. */
export function writeXmlFault(fault: StorageFault, message: string): WrittenFault {
  let xml = `\ufeff<?xml version="1.0" encoding="utf-8"?><Error><Code>${fault.code}</Code>`;
  xml += `<Message>${escapeText(message)}</Message>`;
  for (const [name, value] of Object.entries(fault.detail)) xml += `<${name}>${escapeText(value)}</${name}>`;
  return { contentType: 'application/xml', body: `${xml}</Error>` };
}
