/**
 * The footer of a fixed VHD: 512 bytes that follow the disk's content, which is otherwise stored as it is.
 * Managed disks are uploaded with one and exported with one.
 *
 * @see Microsoft, Virtual Hard Disk Image Format Specification, version 1.0 (2006), "Hard Disk Footer Format"
 * and appendix "CHS Calculation". All numbers are big-endian.
 */
import { assert } from '#core/assert.ts';
import type { Bytes, UnixMillis } from '#core/units.ts';

export const VHD_FOOTER_BYTES: Bytes = 512;
const SECTOR_BYTES: Bytes = 512;
const COOKIE = 'conectix';
const FORMAT_VERSION = 0x0001_0000;
/** "Reserved", which is always set. */
const FEATURES = 2;
const FIXED = 2;
const NO_OFFSET = 0xffff_ffff_ffff_ffffn;
const EPOCH = Date.UTC(2000, 0, 1);
const CHECKSUM_AT = 64;

export interface VhdGeometry {
  readonly cylinders: number;
  readonly heads: number;
  readonly sectorsPerTrack: number;
}

export interface VhdFooterOptions {
  /** Of the disk, without the footer; whole sectors. */
  readonly sizeBytes: Bytes;
  readonly createdAt: UnixMillis;
  /** 16 bytes. */
  readonly uniqueId: Uint8Array;
}

export function makeVhdFooter({ sizeBytes, createdAt, uniqueId }: VhdFooterOptions): Buffer {
  assert(
    sizeBytes % SECTOR_BYTES === 0 && uniqueId.length === 16,
    'a VHD holds whole sectors and has a UUID',
  );
  const footer = Buffer.alloc(VHD_FOOTER_BYTES);
  const { cylinders, heads, sectorsPerTrack } = vhdGeometry(sizeBytes);
  footer.write(COOKIE, 0, 'latin1');
  footer.writeUInt32BE(FEATURES, 8);
  footer.writeUInt32BE(FORMAT_VERSION, 12);
  footer.writeBigUInt64BE(NO_OFFSET, 16);
  footer.writeUInt32BE(Math.max(0, Math.floor((createdAt - EPOCH) / 1000)), 24);
  // readers take the size from the size field, not from the geometry, when the creator is Windows
  footer.write('win ', 28, 'latin1');
  footer.writeUInt32BE(0x000a_0000, 32);
  footer.write('Wi2k', 36, 'latin1');
  footer.writeBigUInt64BE(BigInt(sizeBytes), 40);
  footer.writeBigUInt64BE(BigInt(sizeBytes), 48);
  footer.writeUInt16BE(cylinders, 56);
  footer.writeUInt8(heads, 58);
  footer.writeUInt8(sectorsPerTrack, 59);
  footer.writeUInt32BE(FIXED, 60);
  footer.set(uniqueId, 68);
  footer.writeUInt32BE(vhdChecksum(footer), CHECKSUM_AT);
  return footer;
}

/** Ones' complement of the sum of all bytes, the checksum's own field taken as zero. */
export function vhdChecksum(footer: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i < VHD_FOOTER_BYTES; i++) if (i < CHECKSUM_AT || i >= CHECKSUM_AT + 4) sum += footer[i]!;
  return ~sum >>> 0;
}

/** The appendix's procedure, in the words of its variables. */
export function vhdGeometry(sizeBytes: Bytes): VhdGeometry {
  const totalSectors = Math.min(sizeBytes / SECTOR_BYTES, 65_535 * 16 * 255);
  let sectorsPerTrack: number;
  let heads: number;
  let cylinderTimesHeads: number;
  if (totalSectors >= 65_535 * 16 * 63) {
    sectorsPerTrack = 255;
    heads = 16;
    cylinderTimesHeads = Math.floor(totalSectors / sectorsPerTrack);
  } else {
    sectorsPerTrack = 17;
    cylinderTimesHeads = Math.floor(totalSectors / sectorsPerTrack);
    heads = Math.max(4, Math.floor((cylinderTimesHeads + 1023) / 1024));
    if (cylinderTimesHeads >= heads * 1024 || heads > 16) {
      sectorsPerTrack = 31;
      heads = 16;
      cylinderTimesHeads = Math.floor(totalSectors / sectorsPerTrack);
    }
    if (cylinderTimesHeads >= heads * 1024) {
      sectorsPerTrack = 63;
      heads = 16;
      cylinderTimesHeads = Math.floor(totalSectors / sectorsPerTrack);
    }
  }
  return { cylinders: Math.floor(cylinderTimesHeads / heads), heads, sectorsPerTrack };
}

/** What is wrong with a footer: the first thing found, or undefined. */
export type VhdFooterFault = 'cookie' | 'checksum' | 'version' | 'type' | 'size';

/** Is this the footer of a fixed VHD of that size? @param sizeBytes of the content before it */
export function vhdFooterFault(footer: Buffer, sizeBytes: Bytes): VhdFooterFault | undefined {
  assert(footer.length === VHD_FOOTER_BYTES, 'a footer has 512 bytes');
  if (footer.toString('latin1', 0, 8) !== COOKIE) return 'cookie';
  if (footer.readUInt32BE(CHECKSUM_AT) !== vhdChecksum(footer)) return 'checksum';
  if (footer.readUInt32BE(12) >>> 16 !== FORMAT_VERSION >>> 16) return 'version';
  if (footer.readUInt32BE(60) !== FIXED) return 'type';
  return footer.readBigUInt64BE(48) === BigInt(sizeBytes) ? undefined : 'size';
}
