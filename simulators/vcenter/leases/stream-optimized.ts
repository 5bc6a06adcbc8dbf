/**
 * Stream-optimized VMDK (VMware Virtual Disk Format 5.0, "Stream-Optimized Compressed Sparse Extents"): what
 * leases carry. 64 KiB grains, deflated, each behind a marker; grain tables behind their grains, the directory and
 * the footer at the end, so that it can be written and read front to back.
 */
import { deflateSync, inflateSync } from 'node:zlib';
import type { Bytes } from '#core/units.ts';
import type { Extent } from '../../estate/model.ts';

const SECTOR = 512;
const GRAIN_SECTORS = 128;
export const GRAIN_BYTES = GRAIN_SECTORS * SECTOR;
const ENTRIES_PER_TABLE = 512;
const DESCRIPTOR_SECTORS = 20;
/** Grains begin here. */
const OVERHEAD_SECTORS = 128;
const MAGIC = 0x564d_444b;
/** Line breaks are tested, grains are compressed, markers are there. */
const FLAGS = 0x3_0001;
const AT_END = 0xffff_ffff_ffff_ffffn;
const MARKER = { end: 0, table: 1, directory: 2, footer: 3 } as const;
const DEFLATE_LEVEL = 1;

export interface DiskImage {
  readonly sizeBytes: Bytes;
  /** Where bytes other than zero may be: sorted, disjoint. */
  readonly extents: readonly Extent[];
  /** Whole sectors within the disk; undefined when the content is no more. */
  read(offset: Bytes, length: Bytes): Buffer | undefined;
}

/** The image, piece by piece. Ends early when the content is no more. */
export function* streamOptimized(image: DiskImage, contentId: string): Generator<Buffer, boolean> {
  const sectors = Math.ceil(image.sizeBytes / SECTOR);
  const tables = Math.ceil(sectors / (GRAIN_SECTORS * ENTRIES_PER_TABLE));
  const directory = Buffer.alloc(roundUp(tables * 4));
  yield head(sectors, contentId);
  let at = OVERHEAD_SECTORS;
  let table = Buffer.alloc(ENTRIES_PER_TABLE * 4);
  let tableIndex = 0;
  let isUsed = false;
  const closed = (): Buffer[] => {
    if (!isUsed) return [];
    directory.writeUInt32LE(at + 1, tableIndex * 4);
    const out = [marker(table.length / SECTOR, MARKER.table), table];
    at += 1 + table.length / SECTOR;
    table = Buffer.alloc(ENTRIES_PER_TABLE * 4);
    isUsed = false;
    return out;
  };
  for (const grain of grainsOf(image)) {
    const index = Math.floor(grain / ENTRIES_PER_TABLE);
    if (index !== tableIndex) yield* closed();
    tableIndex = index;
    const offset = grain * GRAIN_BYTES;
    const content = image.read(offset, Math.min(GRAIN_BYTES, image.sizeBytes - offset));
    if (!content) return false;
    if (isZero(content)) continue;
    const whole = content.length === GRAIN_BYTES ? content : Buffer.concat([content], GRAIN_BYTES);
    const packed = deflateSync(whole, { level: DEFLATE_LEVEL });
    const piece = Buffer.alloc(roundUp(12 + packed.length));
    piece.writeBigUInt64LE(BigInt(grain * GRAIN_SECTORS), 0);
    piece.writeUInt32LE(packed.length, 8);
    packed.copy(piece, 12);
    table.writeUInt32LE(at, (grain % ENTRIES_PER_TABLE) * 4);
    isUsed = true;
    at += piece.length / SECTOR;
    yield piece;
  }
  yield* closed();
  const directoryAt = at + 1;
  yield marker(directory.length / SECTOR, MARKER.directory);
  yield directory;
  yield marker(1, MARKER.footer);
  yield header(sectors, BigInt(directoryAt));
  yield Buffer.alloc(SECTOR);
  return true;
}

/** Numbers of the grains that extents touch, ascending, each once. */
function* grainsOf({ extents }: DiskImage): Iterable<number> {
  let next = 0;
  for (const { start, length } of extents) {
    const last = Math.floor((start + length - 1) / GRAIN_BYTES);
    for (next = Math.max(next, Math.floor(start / GRAIN_BYTES)); next <= last; next++) yield next;
  }
}

function head(sectors: number, contentId: string): Buffer {
  const out = Buffer.alloc(OVERHEAD_SECTORS * SECTOR);
  header(sectors, AT_END).copy(out);
  const cylinders = Math.min(65_535, Math.max(1, Math.floor(sectors / (255 * 63))));
  out.write(
    [
      '# Disk DescriptorFile',
      'version=1',
      `CID=${contentId.slice(0, 8)}`,
      'parentCID=ffffffff',
      'createType="streamOptimized"',
      '',
      '# Extent description',
      `RDONLY ${sectors} SPARSE "disk.vmdk"`,
      '',
      '# The Disk Data Base',
      'ddb.adapterType = "lsilogic"',
      `ddb.geometry.cylinders = "${cylinders}"`,
      'ddb.geometry.heads = "255"',
      'ddb.geometry.sectors = "63"',
      'ddb.virtualHWVersion = "13"',
      '',
    ].join('\n'),
    SECTOR,
  );
  return out;
}

function header(sectors: number, directoryAt: bigint): Buffer {
  const out = Buffer.alloc(SECTOR);
  out.writeUInt32LE(MAGIC, 0);
  out.writeUInt32LE(3, 4);
  out.writeUInt32LE(FLAGS, 8);
  out.writeBigUInt64LE(BigInt(sectors), 12);
  out.writeBigUInt64LE(BigInt(GRAIN_SECTORS), 20);
  out.writeBigUInt64LE(1n, 28);
  out.writeBigUInt64LE(BigInt(DESCRIPTOR_SECTORS), 36);
  out.writeUInt32LE(ENTRIES_PER_TABLE, 44);
  out.writeBigUInt64LE(0n, 48);
  out.writeBigUInt64LE(directoryAt, 56);
  out.writeBigUInt64LE(BigInt(OVERHEAD_SECTORS), 64);
  out.write('\n \r\n', 73, 'latin1');
  out.writeUInt16LE(1, 77);
  return out;
}

function marker(sectors: number, type: number): Buffer {
  const out = Buffer.alloc(SECTOR);
  out.writeBigUInt64LE(BigInt(sectors), 0);
  out.writeUInt32LE(type, 12);
  return out;
}

function roundUp(bytes: number): number {
  return Math.ceil(bytes / SECTOR) * SECTOR;
}

const ZERO_GRAIN = Buffer.alloc(GRAIN_BYTES);

function isZero(content: Buffer): boolean {
  return ZERO_GRAIN.subarray(0, content.length).equals(content);
}

/** What is wrong with an image, in words for its sender. */
export class BadImage extends Error {}

/**
 * Reads an image as it comes in, in pieces of any size, and hands out its grains. Memory: one grain and what of
 * the last piece is not used up.
 */
export class StreamReader {
  readonly #onGrain: (offset: Bytes, content: Buffer) => void;
  #rest: Buffer = Buffer.alloc(0);
  #skip = 0;
  #state: 'header' | 'markers' | 'end' = 'header';
  #capacity: Bytes = 0;
  #hasTablesInFront = false;

  constructor(onGrain: (offset: Bytes, content: Buffer) => void) {
    this.#onGrain = onGrain;
  }

  /** Images with their tables in front, as qemu-img writes them, have no marker at their end. */
  get isComplete(): boolean {
    if (this.#state === 'end') return true;
    return this.#state === 'markers' && this.#hasTablesInFront && this.#skip === 0 && this.#rest.length === 0;
  }

  get capacity(): Bytes {
    return this.#capacity;
  }

  /** @throws BadImage */
  push(piece: Buffer): void {
    this.#rest = this.#rest.length === 0 ? piece : Buffer.concat([this.#rest, piece]);
    while (this.#step());
  }

  /** One header, marker or grain; false when it is not all there yet. */
  #step(): boolean {
    if (this.#skip > 0) {
      const now = Math.min(this.#skip, this.#rest.length);
      this.#rest = this.#rest.subarray(now);
      this.#skip -= now;
      return this.#skip === 0 && this.#rest.length > 0;
    }
    if (this.#state === 'end' || this.#rest.length < SECTOR) return false;
    if (this.#state === 'header') return this.#header();
    const size = this.#rest.readUInt32LE(8);
    const value = this.#rest.readBigUInt64LE(0);
    if (size === 0) return this.#marker(value, this.#rest.readUInt32LE(12));
    if (size > 2 * GRAIN_BYTES) throw new BadImage(`a grain takes ${size} bytes`);
    const whole = roundUp(12 + size);
    if (this.#rest.length < whole) return false;
    const offset = Number(value) * SECTOR;
    if (offset >= this.#capacity) throw new BadImage('a grain lies behind the end of the disk');
    this.#onGrain(offset, inflated(this.#rest.subarray(12, 12 + size)));
    this.#rest = this.#rest.subarray(whole);
    return true;
  }

  #header(): boolean {
    const rest = this.#rest;
    if (rest.readUInt32LE(0) !== MAGIC || (rest.readUInt32LE(8) & 0x3_0000) !== 0x3_0000)
      throw new BadImage('it is no stream-optimized VMDK');
    if (rest.readBigUInt64LE(20) !== BigInt(GRAIN_SECTORS)) throw new BadImage('its grains are not 64 KiB');
    this.#capacity = Number(rest.readBigUInt64LE(12)) * SECTOR;
    this.#hasTablesInFront = rest.readBigUInt64LE(56) !== AT_END;
    const overhead = rest.readBigUInt64LE(64);
    if (overhead < 1n || overhead > 1_000_000n) throw new BadImage('its header is too long');
    this.#skip = Number(overhead) * SECTOR;
    this.#state = 'markers';
    return true;
  }

  #marker(sectors: bigint, type: number): boolean {
    if (type === MARKER.end) {
      this.#state = 'end';
      return false;
    }
    if (sectors > 1_000_000n) throw new BadImage('a table is too long');
    this.#skip = (1 + Number(sectors)) * SECTOR;
    return true;
  }
}

function inflated(packed: Buffer): Buffer {
  try {
    return inflateSync(packed, { maxOutputLength: GRAIN_BYTES });
  } catch {
    throw new BadImage('a grain cannot be inflated');
  }
}
