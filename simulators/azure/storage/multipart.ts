/** `multipart/mixed` bodies whose parts are HTTP requests, and the answers to them. [RFC 2046 5.1; RFC 9112] */
import { STATUS_CODES } from 'node:http';

export interface MimePart {
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface HttpPart extends MimePart {
  readonly method: string;
  readonly target: string;
}

const BOUNDARY_MAX = 200;
const HEADERS_MAX = 100;

/** Boundary of a `multipart/mixed` content type; undefined when it is another type. */
export function boundaryOf(contentType: string | undefined): string | undefined {
  const match = /^multipart\/mixed\s*;(?:.*;)?\s*boundary=(?:"([^"]+)"|([^\s;]+))/i.exec(contentType ?? '');
  const boundary = match?.[1] ?? match?.[2];
  return boundary !== undefined && boundary.length <= BOUNDARY_MAX ? boundary : undefined;
}

/** @returns undefined when the body is not closed by its boundary, or a part has no header of its own */
export function splitMultipart(body: string, boundary: string, partsMax: number): MimePart[] | undefined {
  const lines = `\r\n${body.replaceAll(/\r?\n/g, '\r\n')}`;
  const pieces = lines.split(`\r\n--${boundary}`);
  const last = pieces.pop();
  if (pieces.length === 0 || last === undefined || !last.startsWith('--')) return undefined;
  pieces.shift();
  if (pieces.length > partsMax) return undefined;
  const parts: MimePart[] = [];
  for (const piece of pieces) {
    // the rest of the boundary's line
    const part = piece.startsWith('\r\n') ? readHead(piece.slice(2)) : undefined;
    if (!part) return undefined;
    parts.push(part);
  }
  return parts;
}

/** A part of type `application/http`. @returns undefined when it is no request */
export function readHttpPart(part: MimePart): HttpPart | undefined {
  if (!/^application\/http\b/i.test(part.headers['content-type'] ?? '')) return undefined;
  const text = part.body.replace(/^(?:\r\n)+/, '');
  const end = text.indexOf('\r\n');
  const line = /^([A-Z]+) (\S+) HTTP\/1\.[01]$/.exec(end < 0 ? text : text.slice(0, end));
  if (!line) return undefined;
  const request = readHead(end < 0 ? '' : text.slice(end + 2));
  return request && { method: line[1]!, target: line[2]!, ...request };
}

/** Header lines, an empty line, and what follows. */
function readHead(text: string): MimePart | undefined {
  const headers: Record<string, string> = {};
  let at = 0;
  for (let count = 0; ; count++) {
    const end = text.indexOf('\r\n', at);
    const line = end < 0 ? text.slice(at) : text.slice(at, end);
    if (line === '') return { headers, body: end < 0 ? '' : text.slice(end + 2) };
    const colon = line.indexOf(':');
    if (colon <= 0 || count === HEADERS_MAX) return undefined;
    headers[line.slice(0, colon).trim().toLowerCase()] = line.slice(colon + 1).trim();
    if (end < 0) return { headers, body: '' };
    at = end + 2;
  }
}

export interface PartAnswer {
  readonly contentId?: string | undefined;
  readonly status: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: string;
}

/** One part of a multipart answer, with its boundary before it. */
export function writeHttpPart(boundary: string, { contentId, status, headers, body }: PartAnswer): string {
  let out = `--${boundary}\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n`;
  if (contentId !== undefined) out += `Content-ID: ${contentId}\r\n`;
  out += `\r\nHTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Unknown'}\r\n`;
  for (const [name, value] of Object.entries(headers))
    if (value !== undefined) out += `${name}: ${value}\r\n`;
  return `${out}\r\n${body}${body === '' ? '' : '\r\n'}`;
}
