/**
 * Taking a request's body: into memory or into the store, with its checksums, complete or not at all. What
 * arrived of a body that breaks off leaves nothing behind.
 */
import { createHash, type Hash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { AssertionFailed } from '#core/assert.ts';
import type { Bytes } from '#core/units.ts';
import { leftBehind } from '../../kit/young-garbage.ts';
import { ContentWriter } from './content.ts';
import { Crc64 } from './crc64.ts';
import type { ExtentStore } from './extent-store.ts';
import type { BodyKind, ReceivedBody } from './operation.ts';
import { badHeader, storageFault } from './storage-fault.ts';
import { header, integerHeader, type StorageRequest, type WithHeaders } from './storage-request.ts';
import { isStructured, StructuredDecoder, structuredLength } from './structured-message.ts';

/** The checks that need no byte of the body. @returns its length on the wire. @throws StorageFault */
export function checkBodyHead(request: StorageRequest, body: BodyKind): Bytes {
  const length = integerHeader(request, 'content-length');
  if (header(request, 'transfer-encoding') !== undefined || (length === undefined && needsLength(request)))
    throw storageFault('MissingContentLengthHeader');
  const bytes = length ?? 0;
  if (body.kind === 'none') {
    if (bytes > 0) throw badHeader('Content-Length', String(bytes));
    return 0;
  }
  const contentBytes = isStructured(header(request, 'x-ms-structured-body'))
    ? (integerHeader(request, 'x-ms-structured-content-length') ?? Number.NaN)
    : bytes;
  if (Number.isNaN(contentBytes) || (contentBytes !== bytes && structuredLength(contentBytes) !== bytes))
    throw storageFault('InvalidHeaderValue', { detail: { HeaderName: 'x-ms-structured-content-length' } });
  if (contentBytes > body.bytesMax)
    throw storageFault('RequestBodyTooLarge', { detail: { MaxLimit: String(body.bytesMax) } });
  readMd5(request, 'content-md5');
  readCrc64(request);
  return bytes;
}

function needsLength({ method }: StorageRequest): boolean {
  return method === 'PUT' || method === 'POST';
}

/** Base64 of 16 bytes. @throws StorageFault InvalidMd5 */
export function readMd5(request: WithHeaders, name: string): string | undefined {
  const text = header(request, name);
  if (text !== undefined && Buffer.from(text, 'base64').length !== 16) throw storageFault('InvalidMd5');
  return text;
}

function readCrc64(request: StorageRequest): string | undefined {
  const text = header(request, 'x-ms-content-crc64');
  if (text !== undefined && Buffer.from(text, 'base64').length !== 8)
    throw badHeader('x-ms-content-crc64', text);
  return text;
}

function noContent(): never {
  throw new AssertionFailed('the operation has no body that is streamed into the store');
}

/** The body of a request without one. */
export const NO_CONTENT: ReceivedBody = {
  length: 0,
  pieces: [],
  takeContent: noContent,
  moveInto: noContent,
  discard() {},
  md5: undefined,
  crc64: undefined,
  wasStructured: false,
};

export interface BodyOutcome {
  /** Complete and checked; or a fault, and nothing is left of it. */
  readonly body?: ReceivedBody;
  readonly fault?: unknown;
}

/**
 * Reads the body and calls back once: with the body, with a fault, or not at all when the connection broke.
 * @param wireBytes what checkBodyHead gave
 */
export function receiveBody(
  stream: Readable,
  request: StorageRequest,
  kind: BodyKind,
  wireBytes: Bytes,
  store: ExtentStore,
  done: (outcome: BodyOutcome) => void,
): void {
  if (kind.kind === 'none') {
    stream.resume();
    done({ body: NO_CONTENT });
    return;
  }
  const collector = new Collector(request, kind, store);
  let isOver = false;
  const finish = (outcome: BodyOutcome | undefined): void => {
    if (isOver) return;
    isOver = true;
    if (!outcome?.body) collector.abandon();
    if (outcome) done(outcome);
  };
  let received = 0;
  const onData = (chunk: Buffer): void => {
    if (isOver) return;
    received += chunk.length;
    try {
      collector.write(chunk);
    } catch (fault) {
      finish({ fault });
    }
    leftBehind(chunk.length);
  };
  const onEnd = (): void => {
    if (isOver) return;
    try {
      if (received !== wireBytes) throw storageFault('InvalidInput');
      finish({ body: collector.finish() });
    } catch (fault) {
      finish({ fault });
    }
  };
  stream.on('data', onData);
  stream.once('end', onEnd);
  stream.once('error', () => finish(undefined));
  stream.once('close', () => finish(undefined));
}

class Collector {
  readonly #request: StorageRequest;
  readonly #pieces: Buffer[] = [];
  readonly #writer: ContentWriter | undefined;
  readonly #md5: Hash | undefined;
  readonly #crc64: Crc64 | undefined;
  readonly #decoder: StructuredDecoder | undefined;
  readonly #bytesMax: Bytes;
  #length = 0;

  constructor(request: StorageRequest, kind: Exclude<BodyKind, { kind: 'none' }>, store: ExtentStore) {
    this.#request = request;
    this.#bytesMax = kind.bytesMax;
    const wantsMd5 = header(request, 'content-md5') !== undefined;
    if (wantsMd5 || (kind.kind === 'content' && kind.alwaysMd5)) this.#md5 = createHash('md5');
    if (!wantsMd5 || header(request, 'x-ms-content-crc64') !== undefined) this.#crc64 = new Crc64();
    if (kind.kind === 'content') this.#writer = new ContentWriter(store);
    if (isStructured(header(request, 'x-ms-structured-body')))
      this.#decoder = new StructuredDecoder((piece) => this.#take(piece));
  }

  write(chunk: Buffer): void {
    if (this.#decoder) this.#decoder.write(chunk);
    else this.#take(chunk);
  }

  #take(piece: Buffer): void {
    this.#length += piece.length;
    if (this.#length > this.#bytesMax) throw storageFault('RequestBodyTooLarge');
    this.#md5?.update(piece);
    this.#crc64?.update(piece);
    if (this.#writer) this.#writer.append(piece);
    else this.#pieces.push(piece);
  }

  /** @throws StorageFault Md5Mismatch, Crc64Mismatch, InvalidInput */
  finish(): ReceivedBody {
    this.#decoder?.end();
    const md5 = this.#md5?.digest('base64');
    const crc64 = this.#crc64?.digest().toString('base64');
    const givenMd5 = header(this.#request, 'content-md5');
    if (givenMd5 !== undefined && givenMd5 !== md5)
      throw storageFault('Md5Mismatch', {
        detail: { UserSpecifiedMd5: givenMd5, ServerCalculatedMd5: md5 ?? '' },
      });
    const givenCrc64 = header(this.#request, 'x-ms-content-crc64');
    if (givenCrc64 !== undefined && givenCrc64 !== crc64)
      throw storageFault('Crc64Mismatch', {
        detail: { UserSpecifiedCrc: givenCrc64, ServerCalculatedCrc: crc64 ?? '' },
      });
    return {
      length: this.#length,
      pieces: this.#pieces,
      takeContent: () => this.#writer?.finish() ?? noContent(),
      moveInto: (space, offset) => (this.#writer ? this.#writer.moveInto(space, offset) : noContent()),
      md5,
      crc64,
      discard: () => this.abandon(),
      wasStructured: this.#decoder !== undefined,
    };
  }

  abandon(): void {
    this.#writer?.abandon();
  }
}
