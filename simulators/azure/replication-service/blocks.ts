/**
 * Manifests of a replication cycle: reading them strictly, and the arithmetic of their extents
 * (docs/protocols/appliance-data-planes.md, section 2).
 */
import { createHash } from 'node:crypto';
import { type Bytes, MIB } from '#core/units.ts';
import { invalidProperty } from '../arm/faults.ts';
import { matching, oneOf, shape, whole } from '../shape.ts';

export const SECTOR_BYTES: Bytes = 512;
export const BLOCK_BYTES: Bytes = MIB;
export const BLOCKS_PER_MANIFEST_MAX = 2_000;
const RANGES_MAX = 2_000_000;

export type Range = readonly [start: Bytes, length: Bytes];

export interface Block {
  /** Of the aligned window on the disk. */
  readonly offset: Bytes;
  /** Relative to `offset`, sorted, disjoint, whole sectors. */
  readonly extents: readonly Range[];
  readonly payloadBytes: Bytes;
  readonly content:
    | { readonly encoding: 'zero' }
    | {
        readonly encoding: 'zstd' | 'none';
        readonly blob: string;
        readonly storedBytes: Bytes;
        /** Hex, of the payload before encoding. */
        readonly sha256: string;
      };
}

const readHead = shape(
  {
    offset: whole(0),
    extents: (value: unknown): unknown => value,
    encoding: oneOf('zstd', 'none', 'zero'),
  },
  {
    blob: matching(/^(?=.{1,1024}$)[\w.-]+(\/[\w.-]+)*$/, 'the name of a blob'),
    // what does not become smaller is sent as it is, so the overhead of an encoding is all there can be
    storedBytes: whole(0, 2 * BLOCK_BYTES),
    sha256: matching(/^[0-9a-f]{64}$/, '64 lower-case hex digits'),
  },
);

/** @param value the list of blocks @param capacityBytes of the disk. @throws ArmError 400 naming block and rule */
export function readBlocks(value: unknown, capacityBytes: Bytes): Block[] {
  if (!Array.isArray(value)) throw invalidProperty('blocks', 'a list');
  if (value.length > BLOCKS_PER_MANIFEST_MAX)
    throw invalidProperty('blocks', `at most ${BLOCKS_PER_MANIFEST_MAX} blocks, not ${value.length}`);
  return value.map((block: unknown, i) => readBlock(block, `blocks[${i}]`, capacityBytes));
}

function readBlock(value: unknown, path: string, capacityBytes: Bytes): Block {
  const { offset, extents: sent, encoding, blob, storedBytes, sha256 } = readHead(value, path);
  if (offset % BLOCK_BYTES !== 0 || offset >= capacityBytes)
    throw invalidProperty(`${path}.offset`, 'a multiple of 1 MiB inside the disk');
  const extents = readRanges(sent, Math.min(BLOCK_BYTES, capacityBytes - offset), `${path}.extents`);
  if (extents.length === 0) throw invalidProperty(`${path}.extents`, 'at least one extent');
  const payloadBytes = totalOf(extents);
  if (encoding === 'zero') {
    if (blob !== undefined) throw invalidProperty(`${path}.blob`, 'a zero block has none');
    if (storedBytes) throw invalidProperty(`${path}.storedBytes`, 'a zero block has none');
    if (sha256 !== undefined && sha256 !== sha256OfZeros(payloadBytes))
      throw invalidProperty(`${path}.sha256`, `the digest of ${payloadBytes} zeros`);
    return { offset, extents, payloadBytes, content: { encoding } };
  }
  if (blob === undefined) throw invalidProperty(`${path}.blob`, 'it is missing');
  if (storedBytes === undefined) throw invalidProperty(`${path}.storedBytes`, 'it is missing');
  if (sha256 === undefined) throw invalidProperty(`${path}.sha256`, 'it is missing');
  return { offset, extents, payloadBytes, content: { encoding, blob, storedBytes, sha256 } };
}

/**
 * `[[start, length], …]`: sorted, disjoint, whole sectors, none of them empty.
 * @param endBytes where the space ends that they lie in. @throws ArmError 400 naming `path`
 */
export function readRanges(value: unknown, endBytes: Bytes, path: string): Range[] {
  if (!Array.isArray(value)) throw invalidProperty(path, 'a list of [start, length]');
  if (value.length > RANGES_MAX) throw invalidProperty(path, `at most ${RANGES_MAX} ranges`);
  const ranges: Range[] = [];
  let end = 0;
  for (const [i, pair] of (value as unknown[]).entries()) {
    const [start, length] = Array.isArray(pair) && pair.length === 2 ? (pair as unknown[]) : [];
    if (!isSectors(start) || !isSectors(length) || length === 0)
      throw invalidProperty(`${path}[${i}]`, 'start and length in whole sectors of 512 bytes');
    if (start < end) throw invalidProperty(`${path}[${i}]`, 'sorted and apart from the one before');
    end = start + length;
    if (end > endBytes) throw invalidProperty(`${path}[${i}]`, `it ends at ${endBytes} or before`);
    ranges.push([start, length]);
  }
  return ranges;
}

function isSectors(value: unknown): value is Bytes {
  return Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) % SECTOR_BYTES === 0;
}

export function totalOf(ranges: readonly Range[]): Bytes {
  let total = 0;
  for (const [, length] of ranges) total += length;
  return total;
}

/** The union of ranges that may touch or overlap, as sorted ranges that do neither. */
export function union(ranges: Iterable<Range>): Range[] {
  const sorted = [...ranges].sort((a, b) => a[0] - b[0]);
  const out: Array<[Bytes, Bytes]> = [];
  for (const [start, length] of sorted) {
    const last = out.at(-1);
    if (last && start <= last[0] + last[1]) last[1] = Math.max(last[1], start + length - last[0]);
    else out.push([start, length]);
  }
  return out;
}

export function sameRanges(a: readonly Range[], b: readonly Range[]): boolean {
  return a.length === b.length && a.every(([start, length], i) => b[i]![0] === start && b[i]![1] === length);
}

const zeroDigests = new Map<Bytes, string>();

/** @param length whole sectors, at most a block: so there are at most 2,048 of them to remember */
function sha256OfZeros(length: Bytes): string {
  let digest = zeroDigests.get(length);
  if (digest === undefined) {
    digest = createHash('sha256').update(Buffer.alloc(length)).digest('hex');
    zeroDigests.set(length, digest);
  }
  return digest;
}
