/**
 * What is told of an exchange over HTTP: bytes and digests of what was said above TLS, in both directions, whatever
 * the chunking. The request and the response are watched through the same few functions each time, which find what
 * they need on the object: of closures made for each exchange, V8 keeps many alive until the next full collection.
 */
import { createHash, type Hash } from 'node:crypto';
import { IncomingMessage, ServerResponse } from 'node:http';
import type { Bytes, UnixMillis } from '../units.ts';

export interface HttpExchange {
  readonly startedAt: UnixMillis;
  /** Node that dialled. */
  readonly from: string;
  readonly method: string;
  /** Request target as sent: path and query. May hold secrets (SAS signatures): mask before showing. */
  readonly target: string;
  readonly host: string;
  /** SOAP action or operation name, when the handler set `response.operation`. */
  readonly operation: string | undefined;
  /** 0 when the connection was lost before the answer was complete. */
  readonly status: number;
  readonly requestBytes: Bytes;
  readonly responseBytes: Bytes;
  /** SHA-256, hex, over request line, headers and body. */
  readonly requestDigest: string;
  /** SHA-256, hex, over status line, headers and body. */
  readonly responseDigest: string;
}

/** A response that knows which operation it answers, for journals and counters. */
export type HttpResponseOut = ServerResponse & { operation?: string };

interface Observation {
  readonly startedAt: UnixMillis;
  readonly from: string;
  readonly observer: (exchange: HttpExchange) => void;
  readonly asked: Digest;
  readonly said: Digest;
  isReported: boolean;
}

const OBSERVED = Symbol('observed');
type ObservedRequest = IncomingMessage & { [OBSERVED]: Digest };
type ObservedResponse = HttpResponseOut & { [OBSERVED]: Observation };

/** Tells of an exchange when it has ended, by the connection or by its answer. */
export function observeExchange(
  request: IncomingMessage,
  response: HttpResponseOut,
  from: string,
  startedAt: UnixMillis,
  observer: (exchange: HttpExchange) => void,
): void {
  const asked = new Digest(headOf(request));
  const said = new Digest('');
  (request as ObservedRequest)[OBSERVED] = asked;
  request.push = observedPush;
  (response as ObservedResponse)[OBSERVED] = { startedAt, from, observer, asked, said, isReported: false };
  response.write = observedWrite;
  response.end = observedEnd;
  response.on('finish', reportFinished);
  response.on('close', reportClosed);
}

function observedPush(this: IncomingMessage, chunk: unknown, encoding?: BufferEncoding): boolean {
  if (chunk) (this as ObservedRequest)[OBSERVED].add(chunk as Uint8Array);
  return IncomingMessage.prototype.push.call(this, chunk, encoding);
}

function observedWrite(this: ServerResponse, ...args: unknown[]): boolean {
  (this as ObservedResponse)[OBSERVED].said.add(args[0] as string | Uint8Array);
  return ServerResponse.prototype.write.apply(this, args as never);
}

/** node:http's end(chunk) does not pass through the write property, so nothing is counted twice. */
function observedEnd<R extends ServerResponse>(this: R, ...args: unknown[]): R {
  const [chunk] = args;
  if (typeof chunk === 'string' || chunk instanceof Uint8Array)
    (this as ServerResponse as ObservedResponse)[OBSERVED].said.add(chunk);
  return ServerResponse.prototype.end.apply(this, args as never) as R;
}

function reportFinished(this: ServerResponse): void {
  report(this as ObservedResponse, true);
}

function reportClosed(this: ServerResponse): void {
  report(this as ObservedResponse, this.writableFinished);
}

function report(response: ObservedResponse, isComplete: boolean): void {
  const observation = response[OBSERVED];
  if (observation.isReported) return;
  observation.isReported = true;
  const { observer, startedAt, from, asked, said } = observation;
  const { method = '', url = '', headers } = response.req;
  observer({
    startedAt,
    from,
    method,
    target: url,
    host: headers.host ?? '',
    operation: response.operation,
    status: isComplete ? response.statusCode : 0,
    requestBytes: asked.bytes,
    responseBytes: said.bytes,
    requestDigest: asked.hex(),
    responseDigest: digestOfResponse(response, said.hex()),
  });
}

/** How many bytes have passed, and their SHA-256 behind a head. */
class Digest {
  bytes: Bytes = 0;
  readonly #hash: Hash;

  constructor(head: string) {
    this.#hash = createHash('sha256').update(head);
  }

  add(chunk: string | Uint8Array): void {
    this.bytes += typeof chunk === 'string' ? Buffer.byteLength(chunk) : chunk.length;
    this.#hash.update(chunk);
  }

  hex(): string {
    return this.#hash.copy().digest('hex');
  }
}

function digestOfResponse(response: HttpResponseOut, body: string): string {
  const names = response.getHeaderNames().sort();
  const head = `${response.statusCode}\n${names.map((name) => `${name}: ${String(response.getHeader(name))}`).join('\n')}\n`;
  return createHash('sha256').update(head).update(body).digest('hex');
}

function headOf({ method, url, httpVersion, rawHeaders }: IncomingMessage): string {
  return `${method} ${url} HTTP/${httpVersion}\n${headerLines(rawHeaders)}\n`;
}

function headerLines(raw: readonly string[]): string {
  const lines: string[] = [];
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i]!.toLowerCase();
    lines.push(`${name}: ${name === 'authorization' ? withoutBinding(raw[i + 1]!) : raw[i + 1]}`);
  }
  return lines.sort().join('\n');
}

/** NTLM is bound to the certificate of its connection, and keys of certificates come from no seed: the length is left. */
function withoutBinding(authorization: string): string {
  return /^(?:Negotiate|NTLM) /i.test(authorization) ? `NTLM ${authorization.length}` : authorization;
}
