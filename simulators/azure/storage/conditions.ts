/**
 * Conditional headers.
 * @see learn.microsoft.com, rest/api/storageservices/specifying-conditional-headers-for-blob-service-operations
 */
import type { UnixMillis } from '#core/units.ts';
import { type BlobRequest, header, integerHeader } from './blob-request.ts';
import { badHeader, storageFault } from './storage-fault.ts';

export interface Tagged {
  readonly etag: string;
  readonly lastModified: UnixMillis;
}

interface ConditionHeaders {
  readonly match: string;
  readonly noneMatch: string;
  readonly modifiedSince: string;
  readonly unmodifiedSince: string;
}

const TARGET: ConditionHeaders = {
  match: 'if-match',
  noneMatch: 'if-none-match',
  modifiedSince: 'if-modified-since',
  unmodifiedSince: 'if-unmodified-since',
};

const SOURCE: ConditionHeaders = {
  match: 'x-ms-source-if-match',
  noneMatch: 'x-ms-source-if-none-match',
  modifiedSince: 'x-ms-source-if-modified-since',
  unmodifiedSince: 'x-ms-source-if-unmodified-since',
};

/** @throws StorageFault ConditionNotMet, 304 where the client has what it would be given, else 412 */
export function requireReadConditions(request: BlobRequest, tagged: Tagged): void {
  const failed = failedCondition(request, tagged, TARGET);
  if (failed) throw storageFault('ConditionNotMet', { status: failed === 'unchanged' ? 304 : 412 });
}

/**
 * @param tagged undefined while there is nothing to be overwritten
 * @throws StorageFault ConditionNotMet; BlobAlreadyExists for If-None-Match: *
 */
export function requireWriteConditions(request: BlobRequest, tagged: Tagged | undefined): void {
  if (tagged && header(request, 'if-none-match') === '*') throw storageFault('BlobAlreadyExists');
  if (failedCondition(request, tagged, TARGET)) throw storageFault('ConditionNotMet');
}

/** Of a copy's source. @throws StorageFault ConditionNotMet */
export function requireSourceConditions(request: BlobRequest, tagged: Tagged): void {
  if (failedCondition(request, tagged, SOURCE))
    throw storageFault('ConditionNotMet', {
      text: 'The source condition specified using HTTP conditional header(s) is not met.',
    });
}

/** `unchanged`: the client asked for a change since a state that is still the present one. */
function failedCondition(
  request: BlobRequest,
  tagged: Tagged | undefined,
  names: ConditionHeaders,
): 'changed' | 'unchanged' | undefined {
  const match = header(request, names.match);
  const noneMatch = header(request, names.noneMatch);
  const unmodifiedSince = dateHeader(request, names.unmodifiedSince);
  const modifiedSince = dateHeader(request, names.modifiedSince);
  if (!tagged) return match !== undefined || unmodifiedSince !== undefined ? 'changed' : undefined;
  const modified = Math.floor(tagged.lastModified / 1000) * 1000;
  if (match !== undefined && !listsTag(match, tagged.etag)) return 'changed';
  if (unmodifiedSince !== undefined && modified > unmodifiedSince) return 'changed';
  if (noneMatch !== undefined && listsTag(noneMatch, tagged.etag)) return 'unchanged';
  if (modifiedSince !== undefined && modified <= modifiedSince && noneMatch === undefined) return 'unchanged';
  return undefined;
}

/** Entity tags in a list, quoted or not, or `*`. */
function listsTag(list: string, etag: string): boolean {
  const plain = (text: string): string => text.trim().replace(/^(?:W\/)?"?|"$/g, '');
  return list.trim() === '*' || list.split(',').some((item) => plain(item) === plain(etag));
}

function dateHeader(request: BlobRequest, name: string): UnixMillis | undefined {
  const text = header(request, name);
  if (text === undefined) return undefined;
  const at = Date.parse(text);
  if (Number.isNaN(at)) throw badHeader(name, text);
  return at;
}

/** `x-ms-if-sequence-number-le`, `-lt`, `-eq`. @throws StorageFault SequenceNumberConditionNotMet */
export function requireSequenceNumber(request: BlobRequest, sequenceNumber: number): void {
  const atMost = integerHeader(request, 'x-ms-if-sequence-number-le');
  const below = integerHeader(request, 'x-ms-if-sequence-number-lt');
  const equal = integerHeader(request, 'x-ms-if-sequence-number-eq');
  if (
    (atMost !== undefined && sequenceNumber > atMost) ||
    (below !== undefined && sequenceNumber >= below) ||
    (equal !== undefined && sequenceNumber !== equal)
  )
    throw storageFault('SequenceNumberConditionNotMet');
}

/** Headers that would change what an operation does and that this service does not offer. */
const NOT_OFFERED = [
  ...['x-ms-if-tags', 'x-ms-source-if-tags', 'x-ms-tags', 'x-ms-encryption-key', 'x-ms-encryption-scope'],
  ...['x-ms-encryption-algorithm', 'x-ms-encryption-key-sha256', 'x-ms-immutability-policy-until-date'],
  ...['x-ms-immutability-policy-mode', 'x-ms-legal-hold', 'x-ms-rehydrate-priority', 'x-ms-expiry-option'],
  ...['x-ms-source-content-crc64', 'x-ms-source-content-md5', 'x-ms-copy-source-authorization'],
  ...['x-ms-default-encryption-scope', 'x-ms-deny-encryption-scope-override', 'x-ms-seal-blob'],
  ...['x-ms-copy-source-tag-option', 'x-ms-delete-type-permanent'],
];

/** @throws StorageFault UnsupportedHeader: better than doing less than was asked */
export function refuseUnsupportedHeaders(request: BlobRequest): void {
  for (const name of NOT_OFFERED)
    if (request.headers[name] !== undefined)
      throw storageFault('UnsupportedHeader', { detail: { HeaderName: name } });
}
