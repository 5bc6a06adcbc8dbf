/**
 * Immutable byte strings: what blocks and appended pieces are. A content is written once, while it arrives,
 * and shared by reference afterwards: committing a block list or taking a snapshot copies nothing.
 *
 * Whole 64 KiB lie in the store's large chunks, the rest in 4 KiB pieces, and very small contents in the object.
 */
import { assert } from '#core/assert.ts';
import type { Bytes } from '#core/units.ts';
import type { ExtentSpace, ExtentStore } from './extent-store.ts';

/** Up to here a piece of the store would waste more than it holds. */
const INLINE_BYTES: Bytes = 1024;

export class Content {
  readonly length: Bytes;
  readonly #store: ExtentStore;
  readonly #chunks: readonly number[];
  readonly #ends: readonly number[];
  readonly #inline: Buffer;
  #references = 1;

  constructor(
    store: ExtentStore,
    parts: { length: Bytes; chunks: readonly number[]; ends: readonly number[]; inline: Buffer },
  ) {
    this.#store = store;
    this.length = parts.length;
    this.#chunks = parts.chunks;
    this.#ends = parts.ends;
    this.#inline = parts.inline;
  }

  readInto(offset: Bytes, out: Uint8Array): void {
    assert(this.#references > 0 && offset + out.length <= this.length, 'the range lies inside the content');
    const { chunks, ends } = this.#store;
    const wholeBytes = this.#chunks.length * chunks.chunkBytes;
    for (let done = 0; done < out.length; ) {
      const at = offset + done;
      const inWhole = at < wholeBytes;
      const pool = inWhole ? chunks : ends;
      const ids = inWhole ? this.#chunks : this.#ends;
      const from = inWhole ? at : at - wholeBytes;
      if (ids.length === 0) {
        this.#inline.copy(out, done, from, from + out.length - done);
        return;
      }
      const index = Math.floor(from / pool.chunkBytes);
      const inChunk = from - index * pool.chunkBytes;
      const take = Math.min(pool.chunkBytes - inChunk, out.length - done);
      pool.read(ids[index]!, inChunk, out.subarray(done, done + take));
      done += take;
    }
  }

  share(): this {
    this.#references++;
    return this;
  }

  /** The last owner's release gives the space back. */
  release(): void {
    assert(this.#references > 0, 'a content is released once by each owner');
    if (--this.#references > 0) return;
    for (const id of this.#chunks) this.#store.chunks.dropReference(id);
    for (const id of this.#ends) this.#store.ends.dropReference(id);
    this.#store.reclaim();
  }
}

/** Takes a content piece by piece, as it arrives. Either finish it or abandon it. */
export class ContentWriter {
  readonly #store: ExtentStore;
  #chunks: number[] = [];
  #length = 0;
  /** Of the last chunk: what has arrived and is not yet written. Chunks are written whole, in one go. */
  #pending: Uint8Array[] = [];
  #pendingBytes = 0;

  constructor(store: ExtentStore) {
    this.#store = store;
  }

  get length(): Bytes {
    return this.#length;
  }

  append(bytes: Uint8Array): void {
    const { chunks } = this.#store;
    for (let done = 0; done < bytes.length; ) {
      const inChunk = this.#length % chunks.chunkBytes;
      if (inChunk === 0) this.#chunks.push(chunks.allocate());
      const take = Math.min(chunks.chunkBytes - inChunk, bytes.length - done);
      this.#pending.push(take === bytes.length ? bytes : bytes.subarray(done, done + take));
      this.#pendingBytes += take;
      done += take;
      this.#length += take;
      if (inChunk + take === chunks.chunkBytes) this.#flush();
    }
  }

  #flush(): void {
    if (this.#pendingBytes === 0) return;
    const { chunks } = this.#store;
    const end = this.#length - (this.#chunks.length - 1) * chunks.chunkBytes;
    chunks.writePieces(this.#chunks.at(-1)!, end - this.#pendingBytes, this.#pending);
    this.#pending = [];
    this.#pendingBytes = 0;
  }

  /**
   * Makes what has arrived pages of a space. Chunks that lie as the space's do become the space's own, so that
   * they are written once, when they arrive. The writer is empty afterwards.
   */
  moveInto(space: ExtentSpace, offset: Bytes): void {
    this.#flush();
    const { chunks } = this.#store;
    const ids = this.#chunks;
    this.#chunks = [];
    let buffer: Buffer | undefined;
    for (const [i, id] of ids.entries()) {
      const at = i * chunks.chunkBytes;
      const length = Math.min(chunks.chunkBytes, this.#length - at);
      if (length === chunks.chunkBytes && (offset + at) % chunks.chunkBytes === 0) {
        space.adoptChunk(offset + at, id);
        continue;
      }
      buffer ??= Buffer.allocUnsafe(chunks.chunkBytes);
      const piece = buffer.subarray(0, length);
      chunks.read(id, 0, piece);
      chunks.dropReference(id);
      space.write(offset + at, piece);
    }
  }

  finish(): Content {
    this.#flush();
    const { chunks, ends } = this.#store;
    const restBytes = this.#length % chunks.chunkBytes;
    const pieces: number[] = [];
    let inline = Buffer.alloc(0);
    // a rest that is nearly a whole chunk stays where it is
    if (restBytes > 0 && restBytes <= chunks.chunkBytes - ends.chunkBytes) {
      const rest = Buffer.allocUnsafe(restBytes);
      const id = this.#chunks.pop()!;
      chunks.read(id, 0, rest);
      chunks.dropReference(id);
      if (this.#length <= INLINE_BYTES) inline = rest;
      else
        for (let at = 0; at < restBytes; at += ends.chunkBytes) {
          const piece = ends.allocate();
          ends.write(piece, 0, rest.subarray(at, at + ends.chunkBytes));
          pieces.push(piece);
        }
    }
    const content = new Content(this.#store, {
      length: this.#length,
      chunks: this.#chunks,
      ends: pieces,
      inline,
    });
    this.#chunks = [];
    return content;
  }

  abandon(): void {
    this.#pending = [];
    this.#pendingBytes = 0;
    for (const id of this.#chunks) this.#store.chunks.dropReference(id);
    this.#chunks = [];
    this.#store.reclaim();
  }
}
