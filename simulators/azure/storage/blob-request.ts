/** A request to the blob service: which container, which blob. `..` in a blob name is two dots. */
import { badHeader, storageFault } from './storage-fault.ts';
import {
  accountOfHost,
  decode,
  header,
  type RawRequest,
  readStorageRequest,
  type StorageRequest,
  type WithHeaders,
} from './storage-request.ts';

export interface BlobRequest extends StorageRequest {
  readonly container: string | undefined;
  readonly blob: string | undefined;
}

const BLOB_NAME_MAX = 1024;
const BLOB_SEGMENTS_MAX = 254;

/** @throws StorageFault for a path, query or name that cannot be understood */
export function readBlobRequest(raw: RawRequest): BlobRequest {
  const { path, ...request } = readStorageRequest(raw, 'blob');
  const slash = path.indexOf('/', 1);
  const first = decode(slash < 0 ? path.slice(1) : path.slice(1, slash));
  const rest = slash < 0 ? '' : decode(path.slice(slash + 1));
  const isContainer = rest === '' && (request.query.get('restype') === 'container' || slash >= 0);
  const container = first === '' ? undefined : isContainer || rest !== '' ? first : '$root';
  const blob = container === undefined || isContainer ? undefined : rest !== '' ? rest : first;
  if (container !== undefined) checkContainerName(container);
  if (blob !== undefined) checkBlobName(blob);
  return { ...request, container, blob };
}

/**
 * A URL of ours, for copy sources, as the request that reads it.
 * @param by the request that names it: hosts that are addresses are ours when it came to the same one
 * @returns undefined when it is somebody else's
 */
export function readBlobUrl(url: string, by: StorageRequest): BlobRequest | undefined {
  const match = /^(https?):\/\/([^/?#]+)([^#]*)$/.exec(url);
  if (!match) return undefined;
  const [, scheme, host, target] = match as unknown as [string, string, string, string];
  if (accountOfHost(host, 'blob') === undefined && host !== by.headers.host) return undefined;
  return readBlobRequest({
    method: 'GET',
    target: target.startsWith('/') ? target : `/${target}`,
    headers: { host },
    rawHeaders: [],
    isSecure: scheme === 'https',
    remoteAddress: by.remoteAddress,
    from: by.from,
    arrivedAt: by.arrivedAt,
  });
}

/** @throws StorageFault */
export function checkContainerName(name: string): void {
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

interface ByteSpan {
  readonly start: number;
  /** The last byte, inclusive; undefined: to the end. */
  readonly end: number | undefined;
}

/** `x-ms-range`, else `Range`. @throws StorageFault InvalidHeaderValue */
export function readRange(request: WithHeaders): ByteSpan | undefined {
  return parseRange(request, header(request, 'x-ms-range') !== undefined ? 'x-ms-range' : 'range');
}

/** A range in the header of that name. @throws StorageFault InvalidHeaderValue */
export function parseRange(request: WithHeaders, name: string): ByteSpan | undefined {
  const text = header(request, name);
  if (text === undefined) return undefined;
  const match = /^bytes=(\d{1,16})-(\d{1,16})?$/.exec(text);
  if (!match) throw badHeader(name, text);
  const start = Number(match[1]);
  const end = match[2] === undefined ? undefined : Number(match[2]);
  if (end !== undefined && end < start) throw badHeader(name, text);
  return { start, end };
}
