/**
 * Space for chunks of one fixed size, with reference counts: what page blobs, disks, snapshots and blocks are
 * made of. The bytes are in memory, or in one file, so that a long-lived server's memory stays bounded.
 *
 * A chunk has an id; where it lies is the pool's business. When more than half of the space is free, chunks
 * at its end move to the front and the end is given back (Node cannot punch holes into a file), so memory or
 * disk never exceed twice what is live plus a margin.
 */
import { closeSync, ftruncateSync, openSync, readSync, writeSync, writevSync } from 'node:fs';
import { assert } from '#core/assert.ts';
import type { Bytes } from '#core/units.ts';

/** Where slots lie. A slot is a chunk-sized place; a segment is a run of slots that is got and given back. */
interface Backing {
  readonly slotsPerSegment: number;
  grow(segments: number): void;
  shrink(segments: number): void;
  write(at: Bytes, source: Uint8Array): void;
  writePieces(at: Bytes, sources: readonly Uint8Array[]): void;
  read(at: Bytes, into: Uint8Array): void;
  close(): void;
}

const MEMORY_SEGMENT_BYTES = 4 * 1024 * 1024;
const FILE_SEGMENT_BYTES = 64 * 1024 * 1024;
/** Free space that is kept without further thought. */
const SLACK_SEGMENTS = 2;
const NOWHERE = 0xffff_ffff;

export interface ChunkPoolOptions {
  readonly chunkBytes: Bytes;
  /** Path of the file that holds the bytes; created anew. Without it they are held in memory. */
  readonly file?: string;
}

export class ChunkPool {
  readonly chunkBytes: Bytes;
  readonly #backing: Backing;
  /** By id, from 1. */
  #slotOf = new Uint32Array(1024).fill(NOWHERE);
  #references = new Uint32Array(1024);
  #idsMade = 0;
  readonly #freeIds: number[] = [];
  /** By slot. */
  #idAt = new Uint32Array(0);
  #free = new SlotSet(0);
  #segments = 0;
  #live = 0;
  #closed = false;

  constructor({ chunkBytes, file }: ChunkPoolOptions) {
    this.chunkBytes = chunkBytes;
    this.#backing = file === undefined ? memoryBacking(chunkBytes) : fileBacking(chunkBytes, file);
  }

  get liveBytes(): Bytes {
    return this.#live * this.chunkBytes;
  }

  /** What memory or the file really hold. */
  get heldBytes(): Bytes {
    return this.#segments * this.#backing.slotsPerSegment * this.chunkBytes;
  }

  /** A chunk with one reference and undefined content. Ids are small integers, never 0. */
  allocate(): number {
    if (this.#live === this.#segments * this.#backing.slotsPerSegment) this.#resize(this.#segments + 1);
    const slot = this.#free.takeLowest();
    const id = this.#freeIds.pop() ?? ++this.#idsMade;
    if (id >= this.#slotOf.length) {
      this.#slotOf = grown(this.#slotOf, id + 1);
      this.#references = grown(this.#references, id + 1);
    }
    this.#slotOf[id] = slot;
    this.#idAt[slot] = id;
    this.#references[id] = 1;
    this.#live++;
    return id;
  }

  addReference(id: number): void {
    this.#references[id]!++;
  }

  isShared(id: number): boolean {
    return this.#references[id]! > 1;
  }

  /** @returns true when it was the last reference and the chunk is gone. */
  dropReference(id: number): boolean {
    assert(this.#references[id]! > 0, `chunk ${id} has no reference to drop`);
    if (--this.#references[id]! > 0) return false;
    const slot = this.#slotOf[id]!;
    this.#slotOf[id] = NOWHERE;
    this.#idAt[slot] = 0;
    this.#free.add(slot);
    this.#freeIds.push(id);
    this.#live--;
    return true;
  }

  write(id: number, at: Bytes, source: Uint8Array): void {
    this.#backing.write(this.#slotOf[id]! * this.chunkBytes + at, source);
  }

  /** Pieces one after another; together they lie inside the chunk. */
  writePieces(id: number, at: Bytes, sources: readonly Uint8Array[]): void {
    this.#backing.writePieces(this.#slotOf[id]! * this.chunkBytes + at, sources);
  }

  /** Reads whole chunks, one after another; neighbours in one go. */
  readChunks(ids: readonly number[], into: Uint8Array): void {
    for (let from = 0; from < ids.length; ) {
      const slot = this.#slotOf[ids[from]!]!;
      let to = from + 1;
      while (to < ids.length && this.#slotOf[ids[to]!] === slot + to - from) to++;
      const piece = into.subarray(from * this.chunkBytes, to * this.chunkBytes);
      this.#backing.read(slot * this.chunkBytes, piece);
      from = to;
    }
  }

  read(id: number, at: Bytes, into: Uint8Array): void {
    this.#backing.read(this.#slotOf[id]! * this.chunkBytes + at, into);
  }

  /** Gives space back. Call it after an operation that may have dropped much. */
  reclaim(): void {
    const { slotsPerSegment } = this.#backing;
    while (
      !this.#closed &&
      this.#segments > SLACK_SEGMENTS &&
      (this.#segments - SLACK_SEGMENTS) * slotsPerSegment > 2 * this.#live
    ) {
      const first = (this.#segments - 1) * slotsPerSegment;
      let buffer: Buffer | undefined;
      for (let slot = first; slot < first + slotsPerSegment; slot++) {
        const id = this.#idAt[slot]!;
        if (id === 0) continue;
        buffer ??= Buffer.allocUnsafe(this.chunkBytes);
        const target = this.#free.takeLowest();
        assert(target < first, 'half of the slots are free, so one is free below the last segment');
        this.#backing.read(slot * this.chunkBytes, buffer);
        this.#backing.write(target * this.chunkBytes, buffer);
        this.#slotOf[id] = target;
        this.#idAt[target] = id;
        this.#idAt[slot] = 0;
      }
      this.#resize(this.#segments - 1);
    }
  }

  close(): void {
    this.#closed = true;
    this.#backing.close();
  }

  #resize(segments: number): void {
    const { slotsPerSegment } = this.#backing;
    const before = this.#segments * slotsPerSegment;
    const after = segments * slotsPerSegment;
    assert(after < NOWHERE, 'a chunk pool cannot hold that many chunks');
    this.#segments = segments;
    this.#free.setCapacity(after);
    if (after > before) {
      this.#backing.grow(segments);
      if (after > this.#idAt.length) this.#idAt = grown(this.#idAt, after);
      for (let slot = before; slot < after; slot++) this.#free.add(slot);
    } else this.#backing.shrink(segments);
  }
}

/** At least `length`, and at least twice as long as before; new places of ids are empty. */
function grown(array: Uint32Array<ArrayBuffer>, length: number): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(Math.max(length, 2 * array.length));
  larger.set(array);
  return larger;
}

function memoryBacking(chunkBytes: Bytes): Backing {
  const segments: Buffer[] = [];
  const place = (at: Bytes): [segment: Buffer, offset: number] => [
    segments[Math.floor(at / MEMORY_SEGMENT_BYTES)]!,
    at % MEMORY_SEGMENT_BYTES,
  ];
  return {
    slotsPerSegment: MEMORY_SEGMENT_BYTES / chunkBytes,
    grow(count) {
      while (segments.length < count) segments.push(Buffer.allocUnsafeSlow(MEMORY_SEGMENT_BYTES));
    },
    shrink(count) {
      segments.length = count;
    },
    write(at, source) {
      const [segment, offset] = place(at);
      segment.set(source, offset);
    },
    writePieces(at, sources) {
      const [segment, start] = place(at);
      let offset = start;
      for (const source of sources) {
        segment.set(source, offset);
        offset += source.length;
      }
    },
    read(at, into) {
      for (let done = 0; done < into.length; ) {
        const [segment, offset] = place(at + done);
        const take = Math.min(segment.length - offset, into.length - done);
        into.set(segment.subarray(offset, offset + take), done);
        done += take;
      }
    },
    close() {
      segments.length = 0;
    },
  };
}

function fileBacking(chunkBytes: Bytes, file: string): Backing {
  const descriptor = openSync(file, 'w+', 0o600);
  return {
    slotsPerSegment: FILE_SEGMENT_BYTES / chunkBytes,
    grow(count) {
      ftruncateSync(descriptor, count * FILE_SEGMENT_BYTES);
    },
    shrink(count) {
      ftruncateSync(descriptor, count * FILE_SEGMENT_BYTES);
    },
    write(at, source) {
      for (let done = 0; done < source.length; )
        done += writeSync(descriptor, source, done, source.length - done, at + done);
    },
    writePieces(at, sources) {
      let length = 0;
      for (const source of sources) length += source.length;
      const done = writevSync(descriptor, sources, at);
      if (done === length) return;
      // a disk that is nearly full takes a part
      const whole = Buffer.concat(sources);
      this.write(at + done, whole.subarray(done));
    },
    read(at, into) {
      for (let done = 0; done < into.length; ) {
        const got = readSync(descriptor, into, done, into.length - done, at + done);
        assert(got > 0, 'the file of a chunk pool was shortened by somebody else');
        done += got;
      }
    },
    close() {
      closeSync(descriptor);
    },
  };
}

/** A set of slot numbers that gives its smallest in next to no time: a bitmap with a bitmap of its words. */
class SlotSet {
  #words: Uint32Array<ArrayBuffer>;
  #summary: Uint32Array<ArrayBuffer>;
  /** No word of the summary below this one has a bit. */
  #from = 0;

  constructor(capacity: number) {
    this.#words = new Uint32Array(Math.ceil(capacity / 32));
    this.#summary = new Uint32Array(Math.ceil(this.#words.length / 32));
  }

  /** Members at and above the capacity are forgotten. A multiple of 32. */
  setCapacity(capacity: number): void {
    const words = capacity / 32;
    if (words > this.#words.length) {
      this.#words = grown(this.#words, words);
      this.#summary = grown(this.#summary, Math.ceil(this.#words.length / 32));
    }
    for (let word = words; word < this.#words.length && (word === words || word % 32 !== 0); word++)
      this.#clearWord(word);
    for (let summary = Math.ceil(words / 32); summary < this.#summary.length; summary++) {
      if (this.#summary[summary] === 0) continue;
      for (let word = summary * 32; word < summary * 32 + 32; word++) this.#clearWord(word);
    }
  }

  add(slot: number): void {
    const word = slot >>> 5;
    this.#words[word]! |= 1 << (slot & 31);
    this.#summary[word >>> 5]! |= 1 << (word & 31);
    if (word >>> 5 < this.#from) this.#from = word >>> 5;
  }

  takeLowest(): number {
    while (this.#from < this.#summary.length && this.#summary[this.#from] === 0) this.#from++;
    assert(this.#from < this.#summary.length, 'a slot is free');
    const word = this.#from * 32 + lowestBit(this.#summary[this.#from]!);
    const bits = this.#words[word]!;
    const slot = word * 32 + lowestBit(bits);
    this.#words[word] = bits & (bits - 1);
    if (this.#words[word] === 0) this.#summary[word >>> 5]! &= ~(1 << (word & 31));
    return slot;
  }

  #clearWord(word: number): void {
    this.#words[word] = 0;
    this.#summary[word >>> 5]! &= ~(1 << (word & 31));
  }
}

function lowestBit(bits: number): number {
  return 31 - Math.clz32(bits & -bits);
}
