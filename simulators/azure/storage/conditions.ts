/**
 * Conditional headers.
 * @see learn.microsoft.com, rest/api/storageservices/specifying-conditional-headers-for-blob-service-operations
 */
import type { UnixMillis } from '#core/units.ts';
import { NO_TAGS, type Tags } from './blob-model.ts';
import type { BlobRequest } from './blob-request.ts';
import { parseTagCondition } from './blob-tags.ts';
import { badHeader, badParameter, storageFault } from './storage-fault.ts';
import { header, integerHeader, type WithHeaders } from './storage-request.ts';

export interface Tagged {
  readonly etag: string;
  readonly lastModified: UnixMillis;
  /** Of blobs. */
  readonly tags?: Tags;
}

interface ConditionHeaders {
  readonly match: string;
  readonly noneMatch: string;
  readonly modifiedSince: string;
  readonly unmodifiedSince: string;
  readonly tags: string;
}

const TARGET: ConditionHeaders = {
  match: 'if-match',
  noneMatch: 'if-none-match',
  modifiedSince: 'if-modified-since',
  unmodifiedSince: 'if-unmodified-since',
  tags: 'x-ms-if-tags',
};

const SOURCE: ConditionHeaders = {
  match: 'x-ms-source-if-match',
  noneMatch: 'x-ms-source-if-none-match',
  modifiedSince: 'x-ms-source-if-modified-since',
  unmodifiedSince: 'x-ms-source-if-unmodified-since',
  tags: 'x-ms-source-if-tags',
};

/** @throws StorageFault ConditionNotMet, 304 where the client has what it would be given, else 412 */
export function requireReadConditions(request: WithHeaders, tagged: Tagged): void {
  const failed = failedCondition(request, tagged, TARGET);
  if (failed) throw storageFault('ConditionNotMet', { status: failed === 'unchanged' ? 304 : 412 });
}

/**
 * @param tagged undefined while there is nothing to be overwritten
 * @throws StorageFault ConditionNotMet; BlobAlreadyExists for If-None-Match: *
 */
export function requireWriteConditions(request: WithHeaders, tagged: Tagged | undefined): void {
  if (tagged && header(request, 'if-none-match') === '*') throw storageFault('BlobAlreadyExists');
  if (failedCondition(request, tagged, TARGET)) throw storageFault('ConditionNotMet');
}

/** Of a copy's source. @throws StorageFault ConditionNotMet */
export function requireSourceConditions(request: WithHeaders, tagged: Tagged): void {
  if (failedCondition(request, tagged, SOURCE))
    throw storageFault('ConditionNotMet', {
      text: 'The source condition specified using HTTP conditional header(s) is not met.',
    });
}

/** `unchanged`: the client asked for a change since a state that is still the present one. */
function failedCondition(
  request: WithHeaders,
  tagged: Tagged | undefined,
  names: ConditionHeaders,
): 'changed' | 'unchanged' | undefined {
  const match = header(request, names.match);
  const noneMatch = header(request, names.noneMatch);
  const unmodifiedSince = dateHeader(request, names.unmodifiedSince);
  const modifiedSince = dateHeader(request, names.modifiedSince);
  const tags = header(request, names.tags);
  if (!tagged)
    return match !== undefined || unmodifiedSince !== undefined || tags !== undefined ? 'changed' : undefined;
  if (tags !== undefined && !parseTagCondition(names.tags, tags)(tagged.tags ?? NO_TAGS)) return 'changed';
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

function dateHeader(request: WithHeaders, name: string): UnixMillis | undefined {
  const text = header(request, name);
  if (text === undefined) return undefined;
  const at = Date.parse(text);
  if (Number.isNaN(at)) throw badHeader(name, text);
  return at;
}

/** `x-ms-if-sequence-number-le`, `-lt`, `-eq`. @throws StorageFault SequenceNumberConditionNotMet */
export function requireSequenceNumber(request: WithHeaders, sequenceNumber: number): void {
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
  ...['x-ms-encryption-key', 'x-ms-encryption-scope', 'x-ms-source-encryption-key'],
  ...['x-ms-encryption-algorithm', 'x-ms-encryption-key-sha256', 'x-ms-immutability-policy-until-date'],
  ...['x-ms-immutability-policy-mode', 'x-ms-legal-hold', 'x-ms-expiry-option'],
  ...['x-ms-default-encryption-scope', 'x-ms-deny-encryption-scope-override'],
];

/** @throws StorageFault UnsupportedHeader and the like: better than doing less than was asked */
export function refuseUnsupported({ headers, query }: BlobRequest): void {
  for (const name of NOT_OFFERED)
    if (headers[name] !== undefined)
      throw storageFault('UnsupportedHeader', { detail: { HeaderName: name } });
  // versions of blobs are not kept, and what was deleted is not deleted a second time
  for (const name of ['versionid', 'deletetype'])
    if (query.has(name)) throw badParameter(name, query.get(name)!);
}
