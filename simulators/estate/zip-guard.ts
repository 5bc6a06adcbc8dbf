/**
 * Looks a zip archive over before a library reads it: whether it is whole, and how much it would inflate to.
 * The sizes that an archive states may lie, so every entry is really inflated, under a limit.
 *
 * PKWARE APPNOTE.TXT 6.3.10: end of central directory 4.3.16, central directory 4.3.12, local header 4.3.7.
 */
import { crc32, inflateRawSync } from 'node:zlib';
import type { Bytes } from '#core/units.ts';

export interface ZipEntry {
  readonly name: string;
  readonly content: Buffer;
}

/** What is wrong with an archive. `tooLarge`: it goes beyond a limit; else it is damaged or not a zip. */
export class ZipRefused extends Error {
  override readonly name = 'ZipRefused';
  readonly tooLarge: boolean;
  constructor(message: string, tooLarge: boolean) {
    super(message);
    this.tooLarge = tooLarge;
  }
}

const END_SIGNATURE = 0x06054b50;
const CENTRAL_SIGNATURE = 0x02014b50;
const LOCAL_SIGNATURE = 0x04034b50;
const END_BYTES = 22;
const CENTRAL_BYTES = 46;
const LOCAL_BYTES = 30;
const MAX_COMMENT_BYTES = 0xffff;
const MAX_ENTRIES = 10_000;

/**
 * The entries of an archive, inflated one at a time, so that only one is in memory; directories are left out.
 * @param maxInflatedBytes of all entries together.
 * @throws ZipRefused
 */
export function* zipEntries(archive: Buffer, maxInflatedBytes: Bytes): Generator<ZipEntry, void, void> {
  const end = findEnd(archive);
  const count = archive.readUInt16LE(end + 10);
  if (count > MAX_ENTRIES) throw new ZipRefused(`it holds ${count} entries`, true);
  let at = archive.readUInt32LE(end + 16);
  let left = maxInflatedBytes;
  for (let i = 0; i < count; i++) {
    if (at + CENTRAL_BYTES > archive.length || archive.readUInt32LE(at) !== CENTRAL_SIGNATURE)
      throw new ZipRefused('its directory is damaged', false);
    const nameLength = archive.readUInt16LE(at + 28);
    const name = archive.toString('utf8', at + CENTRAL_BYTES, at + CENTRAL_BYTES + nameLength);
    const content = inflateEntry(archive, at, name, left);
    left -= content.length;
    if (!name.endsWith('/')) yield { name, content };
    at += CENTRAL_BYTES + nameLength + archive.readUInt16LE(at + 30) + archive.readUInt16LE(at + 32);
  }
}

function findEnd(archive: Buffer): number {
  const first = Math.max(0, archive.length - END_BYTES - MAX_COMMENT_BYTES);
  for (let at = archive.length - END_BYTES; at >= first; at--)
    if (archive.readUInt32LE(at) === END_SIGNATURE) return at;
  throw new ZipRefused('its end is missing', false);
}

function inflateEntry(archive: Buffer, central: number, name: string, left: Bytes): Buffer {
  const damaged = (what: string) => new ZipRefused(`its part ${name.slice(0, 80)} ${what}`, false);
  const flags = archive.readUInt16LE(central + 8);
  const method = archive.readUInt16LE(central + 10);
  const checksum = archive.readUInt32LE(central + 16);
  const packedBytes = archive.readUInt32LE(central + 20);
  const statedBytes = archive.readUInt32LE(central + 24);
  const local = archive.readUInt32LE(central + 42);
  if (flags & 1) throw damaged('is encrypted');
  if (local + LOCAL_BYTES > archive.length || archive.readUInt32LE(local) !== LOCAL_SIGNATURE)
    throw damaged('is not where the directory says');
  const start = local + LOCAL_BYTES + archive.readUInt16LE(local + 26) + archive.readUInt16LE(local + 28);
  if (start + packedBytes > archive.length) throw damaged('is cut short');
  const packed = archive.subarray(start, start + packedBytes);
  let content: Buffer;
  if (method === 0) content = packed;
  else if (method === 8) {
    try {
      content = inflateRawSync(packed, { maxOutputLength: Math.max(1, left) });
    } catch (error) {
      if ((error as { code?: string }).code === 'ERR_BUFFER_TOO_LARGE')
        throw new ZipRefused(`its part ${name.slice(0, 80)} inflates beyond the limit`, true);
      throw damaged('cannot be inflated');
    }
  } else throw damaged(`is packed by method ${method}`);
  if (content.length > left) throw new ZipRefused('it inflates beyond the limit', true);
  if (content.length !== statedBytes || crc32(content) !== checksum) throw damaged('fails its checksum');
  return content;
}
