/**
 * A request to one of the storage services (blob, queue, table), taken apart as far as they have it in common:
 * account, path, query and headers. Nothing is normalised: signatures are over what was sent.
 */
import type { IncomingHttpHeaders } from 'node:http';
import type { UnixMillis } from '#core/units.ts';
import { badHeader, badParameter, storageFault } from './storage-fault.ts';

export interface StorageRequest {
  readonly method: string;
  /** As sent, without the query. */
  readonly rawPath: string;
  readonly account: string;
  /** For the read-only endpoint of a geo-redundant account, `{account}-secondary`. */
  readonly isSecondary: boolean;
  /** Names in lower case, values decoded. */
  readonly query: ReadonlyMap<string, string>;
  readonly headers: IncomingHttpHeaders;
  readonly rawHeaders: readonly string[];
  /** Scheme, host and, where the account is part of the path, the account. */
  readonly endpoint: string;
  readonly isSecure: boolean;
  readonly remoteAddress: string;
  /** Node of the world that dialled. */
  readonly from: string;
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
  readonly from: string;
  readonly arrivedAt: UnixMillis;
}

/** What helpers here need of a request; parts of a batch have it too. */
export type WithHeaders = Pick<StorageRequest, 'headers'>;
export type WithQuery = Pick<StorageRequest, 'query'>;

const PARAMETERS_MAX = 64;
const SECONDARY = '-secondary';

/**
 * Takes account, path below it and query apart.
 * @param service word in host names: `{account}.blob.core…`, `{account}.z01.blob.storage…`; at any other host
 * (an address, for clients without the proxy) the account is the first part of the path
 * @throws StorageFault InvalidUri
 */
export function readStorageRequest(
  raw: RawRequest,
  service: 'blob' | 'queue' | 'table',
): StorageRequest & { /** Below the account, as sent; begins with a slash. */ readonly path: string } {
  const cut = raw.target.indexOf('?');
  let rawPath = cut < 0 ? raw.target : raw.target.slice(0, cut);
  if (!rawPath.startsWith('/')) {
    // absolute form, as through a forward proxy
    const match = /^https?:\/\/[^/]+(\/.*)?$/.exec(rawPath);
    if (!match) throw storageFault('InvalidUri');
    rawPath = match[1] ?? '/';
  }
  const host = raw.headers.host ?? '';
  const { name, path, prefix } = splitAccount(host, rawPath, service);
  const isSecondary = name.endsWith(SECONDARY);
  return {
    method: raw.method,
    rawPath,
    account: isSecondary ? name.slice(0, -SECONDARY.length) : name,
    isSecondary,
    path,
    query: readQuery(cut < 0 ? '' : raw.target.slice(cut + 1)),
    headers: raw.headers,
    rawHeaders: raw.rawHeaders,
    endpoint: `${raw.isSecure ? 'https' : 'http'}://${host}${prefix}`,
    isSecure: raw.isSecure,
    remoteAddress: raw.remoteAddress,
    from: raw.from,
    arrivedAt: raw.arrivedAt,
  };
}

/** Account in a host name of this service; undefined for hosts that say nothing about it. */
export function accountOfHost(host: string, service: string): string | undefined {
  const name = host.replace(/:\d+$/, '').toLowerCase();
  const match = /^([a-z0-9-]+)\.(?:(?:z\d+|privatelink)\.)?([a-z]+)\./.exec(name);
  return match?.[2] === service ? match[1] : undefined;
}

function splitAccount(
  host: string,
  rawPath: string,
  service: string,
): { name: string; path: string; prefix: string } {
  const byHost = accountOfHost(host, service);
  if (byHost !== undefined) return { name: byHost, path: rawPath, prefix: '' };
  const slash = rawPath.indexOf('/', 1);
  const name = slash < 0 ? rawPath.slice(1) : rawPath.slice(1, slash);
  return { name, path: slash < 0 ? '/' : rawPath.slice(slash), prefix: `/${name}` };
}

/** @throws StorageFault InvalidUri for broken percent escapes */
export function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw storageFault('InvalidUri');
  }
}

/** @throws StorageFault InvalidUri */
export function readQuery(text: string): Map<string, string> {
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

export function header(request: WithHeaders, name: string): string | undefined {
  const value = request.headers[name];
  if (value === undefined) return undefined;
  return Array.isArray(value) ? value.join(',') : value;
}

/** @throws StorageFault MissingRequiredHeader */
export function requiredHeader(request: WithHeaders, name: string): string {
  const value = header(request, name);
  if (value === undefined || value === '')
    throw storageFault('MissingRequiredHeader', { detail: { HeaderName: name } });
  return value;
}

/** @throws StorageFault MissingRequiredQueryParameter */
export function requiredParameter(request: WithQuery, name: string): string {
  const value = request.query.get(name);
  if (value === undefined || value === '')
    throw storageFault('MissingRequiredQueryParameter', { detail: { QueryParameterName: name } });
  return value;
}

/** A whole number from a header. @throws StorageFault InvalidHeaderValue */
export function integerHeader(request: WithHeaders, name: string): number | undefined {
  const text = header(request, name);
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!/^\d{1,16}$/.test(text) || !Number.isSafeInteger(value)) throw badHeader(name, text);
  return value;
}

/** `maxresults`, at most `max`. @throws StorageFault */
export function maxResults(request: WithQuery, max: number): number {
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
export function readMetadata(request: Pick<StorageRequest, 'rawHeaders'>): Map<string, string> {
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
