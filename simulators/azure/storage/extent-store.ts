/**
 * Sparse byte spaces: what page blobs, managed disks and the snapshots of both are.
 *
 * A space is a tree of 64 KiB chunks (extent-tree.ts) in a pool (chunk-pool.ts). Each chunk knows which of its
 * 512-byte pages are there, and since which snapshot of the store each was last written; so ranges and
 * differences are exact to the page, a page written again with the same bytes counts as changed (as it does in
 * the service), and clearing costs no writing. Nothing is stored for what was never written: 8 TiB cost
 * nothing. Data that is overwritten lies where it lay, data that is dropped gives its place back.
 */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { assert } from '#core/assert.ts';
import type { Bytes } from '#core/units.ts';
import { ChunkPool } from './chunk-pool.ts';
import { CHUNKS_MAX, type ChunkCare, ExtentTree } from './extent-tree.ts';

export const PAGE_BYTES: Bytes = 512;
export const CHUNK_BYTES: Bytes = 64 * 1024;
const CHUNK_PAGES = CHUNK_BYTES / PAGE_BYTES;
const WORDS = CHUNK_PAGES / 32;
const ALL = 0xffff_ffff;
const HASH_WINDOW: Bytes = 1024 * 1024;
const SIZE_MAX: Bytes = CHUNKS_MAX * CHUNK_BYTES;

/** Whole pages; `start` in bytes from the beginning of the space. */
export interface ByteRange {
  readonly start: Bytes;
  readonly length: Bytes;
}

export interface ChangedRange extends ByteRange {
  /** The range held pages and holds none now. Otherwise it was written. */
  readonly cleared: boolean;
}

export interface ExtentStoreOptions {
  /** Existing folder for the bytes, which are then not held in memory. Nothing in it outlives the store. */
  readonly directory?: string;
}

/** Owns the space of all blobs and disks of one service. */
export class ExtentStore implements Disposable {
  /** Chunks of spaces, and the whole chunks of blocks (content.ts). */
  readonly chunks: ChunkPool;
  /** Ends of blocks, in pieces of 4 KiB. */
  readonly ends: ChunkPool;
  readonly pages: PageTable;
  #epoch = 1;

  constructor({ directory }: ExtentStoreOptions = {}) {
    const file = (name: string) => (directory === undefined ? {} : { file: join(directory, name) });
    this.chunks = new ChunkPool({ chunkBytes: CHUNK_BYTES, ...file('chunks.bin') });
    this.ends = new ChunkPool({ chunkBytes: 4096, ...file('ends.bin') });
    this.pages = new PageTable(this.chunks);
  }

  /** @param sizeBytes whole pages, at most 256 TiB. */
  create(sizeBytes: Bytes): ExtentSpace {
    return new ExtentSpace(this, new ExtentTree(this.pages), sizeBytes, 0);
  }

  /** Bytes that spaces and blocks occupy, and bytes that memory or the files really hold. */
  usage(): { liveBytes: Bytes; heldBytes: Bytes } {
    return {
      liveBytes: this.chunks.liveBytes + this.ends.liveBytes,
      heldBytes: this.chunks.heldBytes + this.ends.heldBytes,
    };
  }

  /** Counts the snapshots of all spaces; pages remember it. */
  get epoch(): number {
    return this.#epoch;
  }

  /** @returns the epoch that has just ended */
  nextEpoch(): number {
    return this.#epoch++;
  }

  reclaim(): void {
    this.chunks.reclaim();
    this.ends.reclaim();
  }

  [Symbol.dispose](): void {
    this.chunks.close();
    this.ends.close();
  }
}

export class ExtentSpace {
  readonly #store: ExtentStore;
  readonly #tree: ExtentTree;
  /** Everything in this space was written in this epoch or before. 0: it can still be written. */
  readonly #frozenAt: number;
  #sizeBytes: Bytes;
  #released = false;

  constructor(store: ExtentStore, tree: ExtentTree, sizeBytes: Bytes, frozenAt: number) {
    assertSize(sizeBytes);
    this.#store = store;
    this.#tree = tree;
    this.#sizeBytes = sizeBytes;
    this.#frozenAt = frozenAt;
  }

  get sizeBytes(): Bytes {
    return this.#sizeBytes;
  }

  /** Any range inside the space; holes read as zeros. */
  read(offset: Bytes, length: Bytes): Buffer {
    const out = Buffer.allocUnsafe(length);
    this.readInto(offset, out);
    return out;
  }

  readInto(offset: Bytes, out: Uint8Array): void {
    this.#assertInside(offset, out.length);
    for (let done = 0; done < out.length; ) {
      const at = offset + done;
      const index = Math.floor(at / CHUNK_BYTES);
      const inChunk = at - index * CHUNK_BYTES;
      const length = Math.min(CHUNK_BYTES - inChunk, out.length - done);
      const id = this.#tree.get(index);
      const piece = out.subarray(done, done + length);
      if (id === 0) piece.fill(0);
      else this.#store.pages.read(id, inChunk, piece);
      done += length;
    }
  }

  /** Writes the pieces one after another; together they are whole pages. */
  write(offset: Bytes, data: Uint8Array | readonly Uint8Array[]): void {
    const pieces = data instanceof Uint8Array ? [data] : data;
    let length = 0;
    for (const piece of pieces) length += piece.length;
    this.#assertChangeable(offset, length);
    const { chunks, pages, epoch } = this.#store;
    let piece = 0;
    let inPiece = 0;
    for (let done = 0; done < length; ) {
      const at = offset + done;
      const index = Math.floor(at / CHUNK_BYTES);
      const inChunk = at - index * CHUNK_BYTES;
      const end = Math.min(CHUNK_BYTES, inChunk + length - done);
      const id = this.#writable(index, inChunk, end);
      for (let to = inChunk; to < end; ) {
        const source = pieces[piece]!;
        const take = Math.min(source.length - inPiece, end - to);
        if (take > 0)
          chunks.write(id, to, take === source.length ? source : source.subarray(inPiece, inPiece + take));
        to += take;
        inPiece += take;
        if (inPiece === source.length) {
          piece++;
          inPiece = 0;
        }
      }
      pages.mark(id, inChunk / PAGE_BYTES, end / PAGE_BYTES, epoch);
      done += end - inChunk;
    }
  }

  /** Puts a full chunk of the store's in the place of what is there. The space takes over the reference. */
  adoptChunk(offset: Bytes, id: number): void {
    this.#assertChangeable(offset, CHUNK_BYTES);
    assert(offset % CHUNK_BYTES === 0, 'a chunk lies at a multiple of its size');
    const { pages, epoch } = this.#store;
    pages.reset(id);
    pages.mark(id, 0, CHUNK_PAGES, epoch);
    this.#tree.set(offset / CHUNK_BYTES, id);
  }

  /** Makes the range a hole. Whole pages. */
  clear(offset: Bytes, length: Bytes): void {
    this.#assertChangeable(offset, length);
    const end = offset + length;
    const firstWhole = Math.ceil(offset / CHUNK_BYTES);
    const lastWhole = Math.floor(end / CHUNK_BYTES);
    if (firstWhole > lastWhole) this.#clearInChunk(lastWhole, offset, end);
    else {
      this.#clearInChunk(firstWhole - 1, offset, firstWhole * CHUNK_BYTES);
      this.#tree.clear(firstWhole, lastWhole);
      this.#clearInChunk(lastWhole, lastWhole * CHUNK_BYTES, end);
    }
    this.#store.reclaim();
  }

  /** Ranges that hold pages, in order, joined where they touch, cut to from ≤ offset < to. */
  *ranges(from: Bytes = 0, to: Bytes = this.#sizeBytes): Generator<ByteRange> {
    let start = -1;
    let end = -1;
    for (const [index, id] of this.#tree.chunks(Math.floor(from / CHUNK_BYTES), Math.ceil(to / CHUNK_BYTES)))
      for (const run of this.#store.pages.runs(id)) {
        const runStart = Math.max(from, index * CHUNK_BYTES + run.start);
        const runEnd = Math.min(to, index * CHUNK_BYTES + run.start + run.length);
        if (runStart >= runEnd) continue;
        if (runStart !== end) {
          if (start >= 0) yield { start, length: end - start };
          start = runStart;
        }
        end = runEnd;
      }
    if (start >= 0) yield { start, length: end - start };
  }

  /** Bytes in pages that are there. */
  allocatedBytes(): Bytes {
    let total = 0;
    for (const range of this.ranges()) total += range.length;
    return total;
  }

  /** This space as it is now, for ever: it can be read, compared and copied from, not written. */
  snapshot(): ExtentSpace {
    this.#assertHere();
    const frozenAt = this.#frozenAt === 0 ? this.#store.nextEpoch() : this.#frozenAt;
    return new ExtentSpace(this.#store, this.#tree.share(), this.#sizeBytes, frozenAt);
  }

  /** A new space with the same content, that can be written. */
  copy(): ExtentSpace {
    this.#assertHere();
    if (this.#frozenAt === 0) this.#store.nextEpoch();
    return new ExtentSpace(this.#store, this.#tree.share(), this.#sizeBytes, 0);
  }

  /**
   * What changed since a snapshot of this space, or of the one this is a later snapshot of: ranges written
   * and ranges cleared, in order, joined where they touch.
   */
  *diff(previous: ExtentSpace, from: Bytes = 0, to: Bytes = this.#sizeBytes): Generator<ChangedRange> {
    assert(previous.#frozenAt > 0, 'only a snapshot can be compared with');
    let start = -1;
    let end = -1;
    let cleared = false;
    const { pages } = this.#store;
    const differences = this.#tree.differences(
      previous.#tree,
      Math.floor(from / CHUNK_BYTES),
      Math.ceil(to / CHUNK_BYTES),
    );
    for (const { index, now, before } of differences)
      for (const run of pages.changes(now, before, previous.#frozenAt)) {
        const runStart = Math.max(from, index * CHUNK_BYTES + run.start);
        const runEnd = Math.min(to, index * CHUNK_BYTES + run.start + run.length);
        if (runStart >= runEnd) continue;
        if (runStart !== end || run.cleared !== cleared) {
          if (start >= 0) yield { start, length: end - start, cleared };
          start = runStart;
          cleared = run.cleared;
        }
        end = runEnd;
      }
    if (start >= 0) yield { start, length: end - start, cleared };
  }

  /** What lies beyond a smaller size is gone, also when the space grows again. */
  resize(sizeBytes: Bytes): void {
    assertSize(sizeBytes);
    const before = this.#sizeBytes;
    if (sizeBytes < before) this.clear(sizeBytes, before - sizeBytes);
    this.#sizeBytes = sizeBytes;
  }

  /** Gives everything back. The space must not be used afterwards. */
  release(): void {
    this.#assertHere();
    this.#released = true;
    this.#tree.release();
    this.#store.reclaim();
  }

  /** SHA-256, hex, over the first `length` bytes (default: all), holes as zeros. */
  sha256(length: Bytes = this.#sizeBytes): string {
    const hash = createHash('sha256');
    const zeros = Buffer.alloc(HASH_WINDOW);
    const buffer = Buffer.allocUnsafe(HASH_WINDOW);
    for (let at = 0; at < length; at += HASH_WINDOW) {
      const window = Math.min(HASH_WINDOW, length - at);
      const first = Math.floor(at / CHUNK_BYTES);
      const hole = this.#tree.chunks(first, first + HASH_WINDOW / CHUNK_BYTES).next().done === true;
      if (!hole) this.readInto(at, buffer.subarray(0, window));
      hash.update((hole ? zeros : buffer).subarray(0, window));
    }
    return hash.digest('hex');
  }

  /** A chunk of this space alone; of its old content, all that lies outside from…to is kept. */
  #writable(index: number, from: Bytes, to: Bytes): number {
    const { chunks, pages } = this.#store;
    const before = this.#tree.own(index);
    if (before !== 0 && !chunks.isShared(before)) return before;
    const id = chunks.allocate();
    pages.reset(id);
    if (before !== 0 && (from > 0 || to < CHUNK_BYTES)) pages.copy(before, id);
    this.#tree.set(index, id);
    return id;
  }

  #clearInChunk(index: number, start: Bytes, end: Bytes): void {
    if (start >= end || this.#tree.get(index) === 0) return;
    const { pages } = this.#store;
    const base = index * CHUNK_BYTES;
    const id = this.#writable(index, start - base, end - base);
    pages.unmark(id, (start - base) / PAGE_BYTES, (end - base) / PAGE_BYTES);
    if (pages.isEmpty(id)) this.#tree.set(index, 0);
  }

  #assertChangeable(offset: Bytes, length: Bytes): void {
    assert(this.#frozenAt === 0, 'a snapshot is not written');
    assert(offset % PAGE_BYTES === 0 && length % PAGE_BYTES === 0, 'whole pages are written');
    this.#assertInside(offset, length);
  }

  #assertInside(offset: Bytes, length: Bytes): void {
    this.#assertHere();
    assert(offset >= 0 && offset + length <= this.#sizeBytes, 'the range lies inside the space');
  }

  #assertHere(): void {
    assert(!this.#released, 'the space was released');
  }
}

function assertSize(sizeBytes: Bytes): void {
  assert(
    Number.isSafeInteger(sizeBytes) &&
      sizeBytes >= 0 &&
      sizeBytes % PAGE_BYTES === 0 &&
      sizeBytes <= SIZE_MAX,
    'a space has whole pages',
  );
}

/** What is known of each chunk's pages: which are there, and in which epoch each was last written. */
class PageTable implements ChunkCare {
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
    if (this.#isFull(id)) return;
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
    if (this.#isFull(id)) return [{ start: 0, length: CHUNK_BYTES }];
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
    if (now !== 0 && !epochs && uniform > since && this.#isFull(now))
      return [{ start: 0, length: CHUNK_BYTES, cleared: false }];
    const has = (id: number, page: number): boolean =>
      id !== 0 && ((this.#present[id * WORDS + (page >>> 5)]! >>> (page & 31)) & 1) === 1;
    return runsWhere((page) => {
      if (has(now, page)) return (epochs ? epochs[page]! : uniform) > since ? WRITTEN : 0;
      return has(before, page) ? CLEARED : 0;
    }).map(([start, length, kind]) => ({ start, length, cleared: kind === CLEARED }));
  }

  #isFull(id: number): boolean {
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

const MIXED = 0xffff_ffff;
const WRITTEN = 1;
const CLEARED = 2;

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
