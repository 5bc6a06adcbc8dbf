/** What all of Azure's JSON endpoints share: reading a body within limits, writing an answer, ISO times. */
import type { IncomingMessage } from 'node:http';
import type { HttpResponseOut } from '#core/net/http-server.ts';
import type { Bytes, UnixMillis } from '#core/units.ts';

/** A body that cannot be taken; the service words it in its own way. */
export class BadBody extends Error {
  override readonly name = 'BadBody';
  readonly status: 400 | 413 | 415;

  constructor(status: 400 | 413 | 415, message: string) {
    super(message);
    this.status = status;
  }
}

/** Reads a whole body. @throws BadBody 413 beyond `bytesMax`, 400 when the client stops in the middle */
export function readBody(request: IncomingMessage, bytesMax: Bytes): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const tooLarge = (): void => {
      request.resume();
      reject(new BadBody(413, `The request body is larger than ${bytesMax} bytes.`));
    };
    if (Number(request.headers['content-length'] ?? 0) > bytesMax) return tooLarge();
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > bytesMax) return tooLarge();
      chunks.push(chunk);
    });
    request.once('end', () => resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)));
    request.once('error', () => reject(new BadBody(400, 'The request body ended early.')));
    request.once('close', () => {
      if (!request.readableEnded) reject(new BadBody(400, 'The request body ended early.'));
    });
  });
}

const JSON_DEPTH_MAX = 64;

/** @returns undefined for an empty body. @throws BadBody for anything that is not JSON in UTF-8 */
export function parseJson(request: IncomingMessage, body: Buffer): unknown {
  if (body.length === 0) return undefined;
  const type = request.headers['content-type'];
  if (type !== undefined && !/^(?:application|text)\/(?:[\w.-]+\+)?json\b/i.test(type))
    throw new BadBody(
      415,
      `The content type '${type.slice(0, 100)}' is not supported; send application/json.`,
    );
  if (nesting(body) > JSON_DEPTH_MAX)
    throw new BadBody(400, `The request content is nested deeper than ${JSON_DEPTH_MAX} levels.`);
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    throw new BadBody(400, 'The request content was invalid and could not be deserialized: not JSON.');
  }
}

/** How deep objects and arrays are nested in a JSON text; brackets inside strings do not count. */
function nesting(text: Buffer): number {
  let depth = 0;
  let deepest = 0;
  for (let i = 0; i < text.length; i++) {
    const byte = text[i]!;
    if (byte === 0x22) {
      for (i++; i < text.length && text[i] !== 0x22; i++) if (text[i] === 0x5c) i++;
    } else if (byte === 0x5b || byte === 0x7b) {
      if (++depth > deepest) deepest = depth;
    } else if (byte === 0x5d || byte === 0x7d) depth--;
  }
  return deepest;
}

export function sendJson(
  response: HttpResponseOut,
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string | number>> = {},
): void {
  const text = body === undefined ? '' : JSON.stringify(body);
  response.statusCode = status;
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  if (body !== undefined) response.setHeader('Content-Type', 'application/json; charset=utf-8');
  if (status !== 204 && status !== 304) response.setHeader('Content-Length', Buffer.byteLength(text));
  response.end(text);
}

/** `2026-11-22T08:00:00.000Z` */
export function iso(at: UnixMillis): string {
  return new Date(at).toISOString();
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
