/**
 * What is known of each chunk's 512-byte pages: which are there, and in which epoch each was last written. A
 * chunk whose pages were all written in one epoch costs one number; only mixed ones cost one for each page.
 */
import type { Bytes } from '#core/units.ts';
import type { ChunkPool } from './chunk-pool.ts';
import type { ChunkCare } from './extent-tree.ts';

export const PAGE_BYTES: Bytes = 512;
export const CHUNK_BYTES: Bytes = 64 * 1024;
export const CHUNK_PAGES = CHUNK_BYTES / PAGE_BYTES;
/** Bitmap words per chunk. */
const WORDS = CHUNK_PAGES / 32;
const ALL = 0xffff_ffff;
const MIXED = 0xffff_ffff;
const WRITTEN = 1;
const CLEARED = 2;

/** Whole pages; `start` in bytes from the beginning of the space. */
export interface ByteRange {
  readonly start: Bytes;
  readonly length: Bytes;
}

export interface ChangedRange extends ByteRange {
  /** The range held pages and holds none now. Otherwise it was written. */
  readonly cleared: boolean;
}

export class PageTable implements ChunkCare {
  readonly pool: ChunkPool;
  /** WORDS bitmap words per chunk. */
  #present = new Uint32Array(1024 * WORDS);
  /** Epoch of all pages of a chunk, where they have the same; else MIXED. */
  #written = new Uint32Array(1024);
  readonly #mixed = new Map<number, Uint32Array>();

  constructor(pool: ChunkPool) {
    this.pool = pool;
  }

  dropped(id: number): void {
    if (this.#written[id] === MIXED) this.#mixed.delete(id);
  }

  /** A new chunk: no page is there. */
  reset(id: number): void {
    if (id >= this.#written.length) {
      const larger = new Uint32Array(Math.max(id + 1, 2 * this.#written.length));
      larger.set(this.#written);
      this.#written = larger;
      const words = new Uint32Array(larger.length * WORDS);
      words.set(this.#present);
      this.#present = words;
    }
    this.#present.fill(0, id * WORDS, id * WORDS + WORDS);
    this.#written[id] = 0;
  }

  copy(from: number, to: number): void {
    const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
    this.pool.read(from, 0, buffer);
    this.pool.write(to, 0, buffer);
    this.#present.copyWithin(to * WORDS, from * WORDS, from * WORDS + WORDS);
    this.#written[to] = this.#written[from]!;
    if (this.#written[from] === MIXED) this.#mixed.set(to, this.#mixed.get(from)!.slice());
  }

  isEmpty(id: number): boolean {
    for (let word = id * WORDS; word < id * WORDS + WORDS; word++)
      if (this.#present[word] !== 0) return false;
    return true;
  }

  mark(id: number, from: number, to: number, epoch: number): void {
    const present = this.#present;
    if (from === 0 && to === CHUNK_PAGES) {
      present.fill(ALL, id * WORDS, id * WORDS + WORDS);
      this.dropped(id);
      this.#written[id] = epoch;
      return;
    }
    if (this.#written[id] !== epoch) {
      if (this.isEmpty(id)) {
        this.dropped(id);
        this.#written[id] = epoch;
      } else this.#epochsOf(id).fill(epoch, from, to);
    }
    for (let word = from >>> 5; word <= (to - 1) >>> 5; word++)
      present[id * WORDS + word]! |= maskOf(word, from, to);
  }

  unmark(id: number, from: number, to: number): void {
    for (let word = from >>> 5; word <= (to - 1) >>> 5; word++)
      this.#present[id * WORDS + word]! &= ~maskOf(word, from, to);
  }

  read(id: number, at: Bytes, into: Uint8Array): void {
    this.pool.read(id, at, into);
    if (this.isFull(id)) return;
    let hole = 0;
    const wipe = (from: Bytes, to: Bytes): void => {
      const start = Math.max(0, from - at);
      const end = Math.min(into.length, to - at);
      if (start < end) into.fill(0, start, end);
    };
    for (const run of this.runs(id)) {
      wipe(hole, run.start);
      hole = run.start + run.length;
    }
    wipe(hole, CHUNK_BYTES);
  }

  /** Ranges inside the chunk that hold pages. */
  runs(id: number): ByteRange[] {
    if (this.isFull(id)) return [{ start: 0, length: CHUNK_BYTES }];
    const base = id * WORDS;
    const present = this.#present;
    return runsWhere((page) => (present[base + (page >>> 5)]! >>> (page & 31)) & 1).map(
      ([start, length]) => ({
        start,
        length,
      }),
    );
  }

  /** Ranges written after epoch `since`, or there in chunk `before` and not in chunk `now`. 0: no chunk. */
  changes(now: number, before: number, since: number): ChangedRange[] {
    const epochs = now !== 0 && this.#written[now] === MIXED ? this.#mixed.get(now) : undefined;
    const uniform = now === 0 ? 0 : this.#written[now]!;
    if (now !== 0 && !epochs && uniform > since && this.isFull(now))
      return [{ start: 0, length: CHUNK_BYTES, cleared: false }];
    const has = (id: number, page: number): boolean =>
      id !== 0 && ((this.#present[id * WORDS + (page >>> 5)]! >>> (page & 31)) & 1) === 1;
    return runsWhere((page) => {
      if (has(now, page)) return (epochs ? epochs[page]! : uniform) > since ? WRITTEN : 0;
      return has(before, page) ? CLEARED : 0;
    }).map(([start, length, kind]) => ({ start, length, cleared: kind === CLEARED }));
  }

  isFull(id: number): boolean {
    for (let word = id * WORDS; word < id * WORDS + WORDS; word++)
      if (this.#present[word] !== ALL) return false;
    return true;
  }

  #epochsOf(id: number): Uint32Array {
    let epochs = this.#mixed.get(id);
    if (!epochs) {
      epochs = new Uint32Array(CHUNK_PAGES).fill(this.#written[id]!);
      this.#mixed.set(id, epochs);
      this.#written[id] = MIXED;
    }
    return epochs;
  }
}

/** Runs of pages of one chunk for which `kindOf` gives the same number, other than 0, in bytes. */
function runsWhere(kindOf: (page: number) => number): Array<[start: Bytes, length: Bytes, kind: number]> {
  const out: Array<[Bytes, Bytes, number]> = [];
  let start = 0;
  let kind = 0;
  for (let page = 0; page <= CHUNK_PAGES; page++) {
    const next = page === CHUNK_PAGES ? 0 : kindOf(page);
    if (next === kind) continue;
    if (kind !== 0) out.push([start * PAGE_BYTES, (page - start) * PAGE_BYTES, kind]);
    start = page;
    kind = next;
  }
  return out;
}

/** Bits of word `word` of a bitmap that lie in from ≤ bit < to. */
function maskOf(word: number, from: number, to: number): number {
  const low = Math.max(0, from - word * 32);
  const high = Math.min(32, to - word * 32);
  return (high - low === 32 ? ALL : (1 << (high - low)) - 1) << low;
}
