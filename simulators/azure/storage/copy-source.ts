/** Where content comes from when a request names a URL in place of sending it. */
import { createHash } from 'node:crypto';
import type { Bytes } from '#core/units.ts';
import { clampRange } from './blob-headers.ts';
import { type Blob, readBody } from './blob-model.ts';
import { parseRange } from './blob-request.ts';
import { requireOnline } from './blob-writes.ts';
import { requireSourceConditions } from './conditions.ts';
import { type Content, ContentWriter } from './content.ts';
import { Crc64 } from './crc64.ts';
import type { Call } from './operation.ts';
import { StorageFault, storageFault } from './storage-fault.ts';
import { header, requiredHeader } from './storage-request.ts';

const PIECE_BYTES: Bytes = 1024 * 1024;
/** A URL with its query. */
const URL_MAX = 2048;

/**
 * The blob that `x-ms-copy-source` names, readable by the caller, under the source's conditions.
 * @throws StorageFault CannotVerifyCopySource, with the status of what is wrong
 */
export function sourceBlob(call: Call): Blob {
  const { request } = call;
  const url = requiredHeader(request, 'x-ms-copy-source');
  if (url.length > URL_MAX)
    throw storageFault('InvalidHeaderValue', { detail: { HeaderName: 'x-ms-copy-source' } });
  const authorization = header(request, 'x-ms-copy-source-authorization');
  let source: Blob;
  try {
    source = call.tools.openSource({ url, call, ...(authorization === undefined ? {} : { authorization }) });
  } catch (fault) {
    if (!(fault instanceof StorageFault)) throw fault;
    throw storageFault('CannotVerifyCopySource', {
      status: fault.status,
      text: fault.message,
      detail: { CopySourceStatusCode: String(fault.status), CopySourceErrorCode: fault.code },
    });
  }
  requireSourceConditions(request, source);
  requireOnline(source, call.now);
  return source;
}

/** `x-ms-copy-source` as it may be shown to others. */
export function shownSource(url: string): string {
  return url.replace(/([?&]sig=)[^&]*/i, '$1***');
}

/** Part of the source that `x-ms-source-range` names, all of it without. @throws StorageFault InvalidRange */
export function sourceRange({ request }: Call, source: Blob): { start: Bytes; length: Bytes } {
  return clampRange(parseRange(request, 'x-ms-source-range'), source);
}

export interface SourceContent {
  readonly content: Content;
  /** Base64; the one that the client wants to be checked, else the CRC-64. */
  readonly checksums: Readonly<Record<string, string | undefined>>;
}

/**
 * Copies a part of a source into the store.
 * @returns content that the caller must keep or release
 * @throws StorageFault Md5Mismatch, Crc64Mismatch
 */
export function copySource(call: Call, source: Blob, start: Bytes, length: Bytes): SourceContent {
  const { request } = call;
  const givenMd5 = header(request, 'x-ms-source-content-md5');
  const givenCrc = header(request, 'x-ms-source-content-crc64');
  const md5 = createHash('md5');
  const crc = new Crc64();
  const writer = new ContentWriter(call.tools.store);
  for (let at = 0; at < length; at += PIECE_BYTES) {
    const piece = readBody(source.body, start + at, Math.min(PIECE_BYTES, length - at));
    if (givenMd5 !== undefined) md5.update(piece);
    else crc.update(piece);
    writer.append(piece);
  }
  const checksums =
    givenMd5 !== undefined
      ? { 'Content-MD5': md5.digest('base64') }
      : { 'x-ms-content-crc64': crc.digest().toString('base64') };
  const content = writer.finish();
  if (givenMd5 !== undefined && givenMd5 !== checksums['Content-MD5']) {
    content.release();
    throw storageFault('Md5Mismatch');
  }
  if (givenMd5 === undefined && givenCrc !== undefined && givenCrc !== checksums['x-ms-content-crc64']) {
    content.release();
    throw storageFault('Crc64Mismatch');
  }
  return { content, checksums };
}
