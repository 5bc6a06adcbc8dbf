/**
 * A request to the blob service, taken apart: account, container, blob, query and headers. Nothing is
 * normalised: `..` in a blob name is two dots, and signatures are over what was sent.
 */
import type { IncomingHttpHeaders } from 'node:http';
import type { UnixMillis } from '#core/units.ts';
import type { Metadata } from './blob-model.ts';
import { badHeader, badParameter, storageFault } from './storage-fault.ts';

export interface BlobRequest {
  readonly method: string;
  /** As sent, without the query. */
  readonly rawPath: string;
  readonly account: string;
  readonly container: string | undefined;
  readonly blob: string | undefined;
  /** Names in lower case, values decoded. */
  readonly query: ReadonlyMap<string, string>;
  readonly headers: IncomingHttpHeaders;
  readonly rawHeaders: readonly string[];
  /** Scheme, host and, where the account is part of the path, the account. */
  readonly endpoint: string;
  readonly isSecure: boolean;
  readonly remoteAddress: string;
  /** Read once, when the request arrived. */
  readonly arrivedAt: UnixMillis;
}

export interface RawRequest {
  readonly method: string;
  readonly target: string;
  readonly headers: IncomingHttpHeaders;
  /** Names, in the case in which they were sent, and values, in turns. */
  readonly rawHeaders: readonly string[];
  readonly isSecure: boolean;
  readonly remoteAddress: string;
  readonly arrivedAt: UnixMillis;
}

const PARAMETERS_MAX = 64;
const BLOB_NAME_MAX = 1024;
const BLOB_SEGMENTS_MAX = 254;

/** @throws StorageFault for a path, query or name that cannot be understood */
export function readBlobRequest(raw: RawRequest): BlobRequest {
  const cut = raw.target.indexOf('?');
  let rawPath = cut < 0 ? raw.target : raw.target.slice(0, cut);
  if (!rawPath.startsWith('/')) {
    // absolute form, as through a forward proxy
    const match = /^https?:\/\/[^/]+(\/.*)?$/.exec(rawPath);
    if (!match) throw storageFault('InvalidUri');
    rawPath = match[1] ?? '/';
  }
  const { account, path, prefix } = splitAccount(raw.headers.host ?? '', rawPath);
  const slash = path.indexOf('/', 1);
  const first = decode(slash < 0 ? path.slice(1) : path.slice(1, slash));
  const rest = slash < 0 ? '' : decode(path.slice(slash + 1));
  const query = readQuery(cut < 0 ? '' : raw.target.slice(cut + 1));
  const isContainer = rest === '' && (query.get('restype') === 'container' || slash >= 0);
  const container = first === '' ? undefined : isContainer || rest !== '' ? first : '$root';
  const blob = container === undefined || isContainer ? undefined : rest !== '' ? rest : first;
  if (container !== undefined) checkContainerName(container);
  if (blob !== undefined) checkBlobName(blob);
  return {
    method: raw.method,
    rawPath,
    account,
    container,
    blob,
    query,
    headers: raw.headers,
    rawHeaders: raw.rawHeaders,
    endpoint: `${raw.isSecure ? 'https' : 'http'}://${raw.headers.host ?? ''}${prefix}`,
    isSecure: raw.isSecure,
    remoteAddress: raw.remoteAddress,
    arrivedAt: raw.arrivedAt,
  };
}

/** Account and path of a URL of ours, for copy sources; undefined when it is not one. */
export function readBlobUrl(
  url: string,
): Pick<BlobRequest, 'account' | 'container' | 'blob' | 'query'> | undefined {
  const match = /^https?:\/\/([^/?#]+)([^#]*)$/.exec(url);
  if (!match) return undefined;
  return readBlobRequest({
    method: 'GET',
    target: match[2]!.startsWith('/') ? match[2]! : `/${match[2]}`,
    headers: { host: match[1]! },
    rawHeaders: [],
    isSecure: url.startsWith('https:'),
    remoteAddress: '',
    arrivedAt: 0,
  });
}

/** Account by host name (`{account}.blob.core…`, `{account}.z01.blob.storage…`), else by the path's first part. */
function splitAccount(host: string, rawPath: string): { account: string; path: string; prefix: string } {
  const name = host.replace(/:\d+$/, '').toLowerCase();
  const byHost = /^([a-z0-9-]+)\.(?:z\d+\.)?blob\./.exec(name);
  if (byHost) return { account: byHost[1]!, path: rawPath, prefix: '' };
  const slash = rawPath.indexOf('/', 1);
  const account = slash < 0 ? rawPath.slice(1) : rawPath.slice(1, slash);
  return { account, path: slash < 0 ? '/' : rawPath.slice(slash), prefix: `/${account}` };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw storageFault('InvalidUri');
  }
}

function readQuery(text: string): Map<string, string> {
  const query = new Map<string, string>();
  for (const part of text.split('&')) {
    if (part === '') continue;
    const equals = part.indexOf('=');
    const name = decode(equals < 0 ? part : part.slice(0, equals)).toLowerCase();
    const value = equals < 0 ? '' : decode(part.slice(equals + 1));
    const before = query.get(name);
    query.set(name, before === undefined ? value : `${before},${value}`);
    if (query.size > PARAMETERS_MAX) throw storageFault('InvalidUri');
  }
  return query;
}

function checkContainerName(name: string): void {
  if (name === '$root' || name === '$logs' || name === '$web') return;
  if (name.length < 3 || name.length > 63)
    throw storageFault('OutOfRangeInput', {
      text: 'The specified resource name length is not within the permissible limits.',
    });
  if (!/^[a-z0-9](?:-?[a-z0-9])*$/.test(name)) throw storageFault('InvalidResourceName');
}

function checkBlobName(name: string): void {
  if (name.length > BLOB_NAME_MAX || name.split('/').length > BLOB_SEGMENTS_MAX)
    throw storageFault('OutOfRangeInput', {
      text: 'The specified resource name length is not within the permissible limits.',
    });
  if (/[\u0000-\u001f\u007f\ufffe\uffff]/.test(name)) throw storageFault('InvalidUri');
}

export function header(request: BlobRequest, name: string): string | undefined {
  const value = request.headers[name];
  if (value === undefined) return undefined;
  return Array.isArray(value) ? value.join(',') : value;
}

/** @throws StorageFault MissingRequiredHeader */
export function requiredHeader(request: BlobRequest, name: string): string {
  const value = header(request, name);
  if (value === undefined || value === '')
    throw storageFault('MissingRequiredHeader', { detail: { HeaderName: name } });
  return value;
}

/** @throws StorageFault MissingRequiredQueryParameter */
export function requiredParameter(request: BlobRequest, name: string): string {
  const value = request.query.get(name);
  if (value === undefined || value === '')
    throw storageFault('MissingRequiredQueryParameter', { detail: { QueryParameterName: name } });
  return value;
}

/** A whole number from a header. @throws StorageFault InvalidHeaderValue */
export function integerHeader(request: BlobRequest, name: string): number | undefined {
  const text = header(request, name);
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!/^\d{1,16}$/.test(text) || !Number.isSafeInteger(value)) throw badHeader(name, text);
  return value;
}

/** `maxresults`, at most `max`. @throws StorageFault */
export function maxResults(request: BlobRequest, max: number): number {
  const text = request.query.get('maxresults');
  if (text === undefined) return max;
  if (!/^\d{1,10}$/.test(text)) throw badParameter('maxresults', text, 'Invalid integer');
  if (Number(text) === 0)
    throw storageFault('OutOfRangeQueryParameterValue', {
      detail: {
        QueryParameterName: 'maxresults',
        QueryParameterValue: text,
        MinimumAllowed: '1',
        MaximumAllowed: '2147483647',
      },
    });
  return Math.min(max, Number(text));
}

const METADATA_BYTES_MAX = 8 * 1024;
/** Names are those of C# identifiers. */
const METADATA_NAME = /^[\p{L}_][\p{L}\p{N}_]*$/u;

/** @throws StorageFault EmptyMetadataKey, InvalidMetadata, MetadataTooLarge */
export function readMetadata(request: BlobRequest): Metadata {
  const metadata = new Map<string, string>();
  let bytes = 0;
  for (let i = 0; i + 1 < request.rawHeaders.length; i += 2) {
    if (!/^x-ms-meta-/i.test(request.rawHeaders[i]!)) continue;
    const key = request.rawHeaders[i]!.slice('x-ms-meta-'.length);
    const value = request.rawHeaders[i + 1]!;
    if (key === '') throw storageFault('EmptyMetadataKey');
    if (!METADATA_NAME.test(key)) throw storageFault('InvalidMetadata');
    bytes += key.length + value.length;
    metadata.set(key, value);
  }
  if (bytes > METADATA_BYTES_MAX) throw storageFault('MetadataTooLarge');
  return metadata;
}

/** `x-ms-range`, else `Range`: first and last byte, inclusive; without a last byte, to the end. */
export function readRange(request: BlobRequest): { start: number; end: number | undefined } | undefined {
  const name = header(request, 'x-ms-range') !== undefined ? 'x-ms-range' : 'range';
  const text = header(request, name);
  if (text === undefined) return undefined;
  const match = /^bytes=(\d{1,16})-(\d{1,16})?$/.exec(text);
  if (!match) throw badHeader(name, text);
  const start = Number(match[1]);
  const end = match[2] === undefined ? undefined : Number(match[2]);
  if (end !== undefined && end < start) throw badHeader(name, text);
  return { start, end };
}
