/**
 * The writes between two states of a disk: what a guest must have written for one valid file system image to
 * become the next one.
 */
import { assert } from '#core/assert.ts';
import { type Bytes, KIB } from '#core/units.ts';

const FINE_BYTES = 4 * KIB;
/** Compared first, at memcmp speed; only where they differ does anyone look closer. */
const COARSE_BYTES = 256 * KIB;

export interface ChangedRun {
  readonly offset: Bytes;
  /** A view into `after`, not a copy. */
  readonly data: Buffer;
}

/**
 * Runs of changed bytes between two images of the same size: sorted, disjoint, not adjacent, multiples of
 * 4 KiB except at the end of an image whose size is not. Writing them in order over `before` gives `after`.
 */
export function blockDiff(before: Buffer, after: Buffer): ChangedRun[] {
  assert(before.length === after.length, `images differ in size: ${before.length} and ${after.length} bytes`);
  const runs: ChangedRun[] = [];
  let start = -1;
  const close = (end: Bytes) => {
    if (start >= 0) runs.push({ offset: start, data: after.subarray(start, end) });
    start = -1;
  };
  const same = (from: Bytes, to: Bytes) => before.compare(after, from, to, from, to) === 0;
  for (let coarse = 0; coarse < after.length; coarse += COARSE_BYTES) {
    const coarseEnd = Math.min(after.length, coarse + COARSE_BYTES);
    if (same(coarse, coarseEnd)) {
      close(coarse);
      continue;
    }
    for (let at = coarse; at < coarseEnd; at += FINE_BYTES)
      if (same(at, Math.min(coarseEnd, at + FINE_BYTES))) close(at);
      else if (start < 0) start = at;
  }
  close(after.length);
  return runs;
}
