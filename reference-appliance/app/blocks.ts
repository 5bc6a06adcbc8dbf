/**
 * Cutting changed ranges of a disk into blocks: aligned windows of 1 MiB, the extents inside each, what to read for
 * them, and the payload's digest and encoding. Pure. [docs/protocols/appliance-data-planes.md §2]
 */
import { createHash } from 'node:crypto';
import { constants, zstdCompressSync } from 'node:zlib';
import { assert } from '#core/assert.ts';
import { type Bytes, KIB, MIB } from '#core/units.ts';
import type { ByteRange } from './ports.ts';

export const WINDOW_BYTES: Bytes = MIB;
/** Extents nearer than this are read in one request: a request costs more than the bytes between. */
const READ_GAP_BYTES: Bytes = 128 * KIB;

/** Extents of one window, relative to its offset, sorted, apart from each other. */
export interface Window {
  readonly offset: Bytes;
  readonly extents: ReadonlyArray<readonly [start: Bytes, length: Bytes]>;
}

/** @param ranges sorted, disjoint. @returns windows that hold anything, in order; lazily, since disks are huge */
export function* windowsOf(ranges: Iterable<ByteRange>): Generator<Window> {
  let offset = -1;
  let extents: Array<readonly [Bytes, Bytes]> = [];
  let end = 0;
  for (const range of ranges) {
    assert(range.start >= end && range.length > 0, 'ranges are sorted, disjoint and not empty');
    end = range.start + range.length;
    for (let start = range.start; start < end; ) {
      const window = start - (start % WINDOW_BYTES);
      const stop = Math.min(end, window + WINDOW_BYTES);
      if (window !== offset) {
        if (extents.length > 0) yield { offset, extents };
        offset = window;
        extents = [];
      }
      const last = extents.at(-1);
      // ranges that touch become one extent
      if (last && last[0] + last[1] === start - window)
        extents[extents.length - 1] = [last[0], last[1] + stop - start];
      else extents.push([start - window, stop - start]);
      start = stop;
    }
  }
  if (extents.length > 0) yield { offset, extents };
}

/**
 * The next `size` items, fewer at the end. Not `iterator.take(size)`: that closes the iterator behind them, and
 * everything after the first batch would be lost.
 */
export function nextOf<T>(iterator: Iterator<T>, size: number): T[] {
  const items: T[] = [];
  while (items.length < size) {
    const { done, value } = iterator.next();
    if (done) break;
    items.push(value);
  }
  return items;
}

/** Ranges of the disk to read for a window, so that few requests and few needless bytes are spent. */
export function readsOf({ offset, extents }: Window): ByteRange[] {
  const reads: Array<{ start: Bytes; length: Bytes }> = [];
  for (const [start, length] of extents) {
    const last = reads.at(-1);
    const from = offset + start;
    if (last && from - (last.start + last.length) <= READ_GAP_BYTES) last.length = from + length - last.start;
    else reads.push({ start: from, length });
  }
  return reads;
}

/** The bytes of the window's extents one after another, out of what was read for it. */
export function payloadOf(
  { offset, extents }: Window,
  reads: readonly ByteRange[],
  contents: readonly Buffer[],
): Buffer {
  if (reads.length === 1 && extents.length === 1) return contents[0]!;
  const pieces = extents.map(([start, length]) => {
    const from = offset + start;
    const i = reads.findIndex((read) => from >= read.start && from + length <= read.start + read.length);
    const at = from - reads[i]!.start;
    return contents[i]!.subarray(at, at + length);
  });
  return Buffer.concat(pieces);
}

export type Encoded =
  | { readonly encoding: 'zero' }
  | { readonly encoding: 'zstd' | 'none'; readonly content: Buffer; readonly sha256: string };

const ZEROS = Buffer.alloc(WINDOW_BYTES);

/** Digest and encoding of a payload: nothing for zeros, zstd at its fastest named level where it helps. */
export function encode(payload: Buffer): Encoded {
  if (payload.equals(ZEROS.subarray(0, payload.length))) return { encoding: 'zero' };
  const sha256 = createHash('sha256').update(payload).digest('hex');
  const content = zstdCompressSync(payload, {
    params: { [constants.ZSTD_c_compressionLevel]: 1 },
    // one output chunk: by default zlib collects 16 KiB pieces, which costs a fifth of the time
    chunkSize: payload.length + (payload.length >> 7) + 1024,
  });
  return content.length < payload.length
    ? { encoding: 'zstd', content, sha256 }
    : { encoding: 'none', content: payload, sha256 };
}

export function totalBytes(ranges: Iterable<ByteRange>): Bytes {
  let total = 0;
  for (const { length } of ranges) total += length;
  return total;
}
