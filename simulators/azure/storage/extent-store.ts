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
import { CHUNKS_MAX, ExtentTree } from './extent-tree.ts';
import {
  type ByteRange,
  CHUNK_BYTES,
  CHUNK_PAGES,
  type ChangedRange,
  PAGE_BYTES,
  PageTable,
} from './page-table.ts';

const HASH_WINDOW: Bytes = 1024 * 1024;
const SIZE_MAX: Bytes = CHUNKS_MAX * CHUNK_BYTES;

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
      const full = length === CHUNK_BYTES ? this.#fullChunks(index, out.length - done) : [];
      if (full.length > 1) {
        const bytes = full.length * CHUNK_BYTES;
        this.#store.chunks.readChunks(full, out.subarray(done, done + bytes));
        done += bytes;
        continue;
      }
      const piece = out.subarray(done, done + length);
      if (id === 0) piece.fill(0);
      else this.#store.pages.read(id, inChunk, piece);
      done += length;
    }
  }

  /** Chunks from an index on, as many as have all their pages and fit into so many bytes. */
  #fullChunks(index: number, bytes: Bytes): number[] {
    const ids: number[] = [];
    for (let at = index; (ids.length + 1) * CHUNK_BYTES <= bytes; at++) {
      const id = this.#tree.get(at);
      if (id === 0 || !this.#store.pages.isFull(id)) break;
      ids.push(id);
    }
    return ids;
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
