/**
 * The bytes of one disk over the story: a base (generated, or a real image) under a log of writes kept by
 * 64 KiB block, with copy-on-write, so that content frozen by a mark stays readable while the disk is
 * written on. Changed block tracking, Hyper-V's RCT and a filter driver are views of `mark` and
 * `changedSince`.
 *
 * Time is counted in *intervals*: interval k lies between mark k and mark k + 1, interval 0 before the first
 * mark. Epoch k, what mark k froze, is the base plus all writes of intervals before k.
 */
import { createHash } from 'node:crypto';
import { assert } from '#core/assert.ts';
import { defineErrors } from '#core/errors.ts';
import { type Bytes, formatBytes, MIB } from '#core/units.ts';
import { contentDigestOf } from './content-digest.ts';
import {
  BLOCK_BYTES,
  contentKey,
  copiedContent,
  type DiskContent,
  generatedContent,
  imageContent,
  isZero,
  readGenerated,
} from './disk-content.ts';
import type { DiskFacts, Extent } from './model.ts';

export const errors = defineErrors({
  'estate.disk.badImage': {
    blame: 'input',
    why: 'A raw image is whole 512-byte sectors and no larger than the disk it is put on.',
    next: 'Make the disk as large as the image, or convert the image (qemu-img convert -O raw).',
  },
});

/** 0 = before the story; grows by one with each mark. */
export type Epoch = number;

export interface VirtualDisk {
  /** As they are now. */
  readonly facts: DiskFacts;
  readonly trackingGranularityBytes: 65536;
  /**
   * Bytes now, or as frozen when `epoch` was marked (0: before the story). O(length). A fresh buffer.
   * Reading a released epoch, or outside the disk, is a bug of the caller.
   */
  read(offset: Bytes, length: Bytes, epoch?: Epoch): Buffer;
  /**
   * A guest writes, now. Offset and length are whole 512-byte sectors within the disk; the data is copied.
   * Memory: each 64 KiB block that is written in part is held whole; whole blocks of zeros cost nothing.
   */
  write(offset: Bytes, data: Uint8Array): void;
  /**
   * A guest rewrites one whole 64 KiB block with generated content: as `write`, but only the number is kept.
   * @param generation a positive integer; another one gives other content.
   */
  writeGenerated(block: number, generation: number): void;
  /** Freezes "now" under a new epoch and returns it. Cost: the blocks written since the last mark, sorted. */
  mark(): Epoch;
  /** The frozen content is no longer needed: memory is reclaimed. `changedSince` still knows the epoch. Idempotent. */
  release(epoch: Epoch): void;
  /** Keeps a frozen epoch for one more holder: it goes with one more `release`. @returns the epoch */
  hold(epoch: Epoch): Epoch;
  /** True until the epoch is released; epoch 0 is always readable. */
  isReadable(epoch: Epoch): boolean;
  /**
   * Everything written after `from` was marked and before `to` was marked (or until now): sorted, merged,
   * multiples of 64 KiB except at the end of the disk. Released epochs are still valid here.
   */
  changedSince(from: Epoch, to: Epoch | 'now'): Extent[];
  /** Extents that may hold bytes other than zero, in the same form; the `*` of QueryChangedDiskAreas. */
  allocated(epoch?: Epoch): Extent[];
  /**
   * SHA-256 in hex over every byte of the disk, zeros included. Cost: linear in the *size* of the disk, about
   * a second per GiB; SHA-256 cannot skip zeros. The result is kept until the next write, and for a frozen
   * epoch until its release. For disks beyond a few GiB use `contentDigest`.
   */
  sha256(epoch?: Epoch): string;
  /** Digest of size and all blocks that are not zero, linear in *allocated* bytes; see `contentDigestOf`. */
  contentDigest(epoch?: Epoch): string;
  /** Bytes of content that the log of writes holds in memory, for the present and all epochs. O(blocks written). */
  heldBytes(): Bytes;
  /** Puts another base under the disk; only before anything was written or marked. */
  replaceBase(base: DiskContent): void;
  /**
   * Other facts of the same disk: where it is, and whose. It may have grown; the new part is zero, and has not
   * changed. @param onWrite is called after each write from now on.
   */
  setFacts(facts: DiskFacts, onWrite?: () => void): void;
}

/** A disk whose base is generated from the seed. `onWrite` is called after each write. */
export function createDisk(seed: string, facts: DiskFacts, onWrite?: () => void): VirtualDisk {
  return new LoggedDisk(facts, generatedContent(seed, facts), contentKey(seed, facts), onWrite ?? (() => {}));
}

/**
 * Puts a real raw image under a disk, zero-padded to the disk's size. The buffer is used, not copied.
 * @throws `estate.disk.badImage` when the image is larger than the disk or not whole sectors.
 */
export function attachImage(disk: VirtualDisk, image: Buffer): void {
  const { id, sizeBytes } = disk.facts;
  if (image.length % SECTOR_BYTES !== 0 || image.length > sizeBytes)
    throw errors.make('estate.disk.badImage', {
      what: `An image of ${image.length} bytes does not go on disk ${id} of ${sizeBytes} bytes (${formatBytes(sizeBytes)}).`,
    });
  disk.replaceBase(imageContent(image));
}

const SECTOR_BYTES = 512;
const STEP_BYTES = MIB;
const ZERO_STEP = Buffer.alloc(STEP_BYTES);
/** Content of a block in the log: bytes, or the generation of generated content, or this for zeros. */
const ZEROS = 0;

interface Version {
  readonly interval: number;
  readonly content: Buffer | number;
  /** The version before this one, if a frozen epoch still needs it. */
  older: Version | undefined;
}

class LoggedDisk implements VirtualDisk {
  facts: DiskFacts;
  readonly trackingGranularityBytes = BLOCK_BYTES as 65536;
  #base: DiskContent;
  readonly #contentKey: number;
  #onWrite: () => void;
  /** Newest version by block. */
  readonly #log = new Map<number, Version>();
  /** Current interval = number of marks so far. */
  #interval = 0;
  /** Epochs marked and not released, ascending. */
  #frozen: Epoch[] = [];
  /** Holders of an epoch beyond the first. */
  readonly #held = new Map<Epoch, number>();
  /** Blocks written in the current interval, and sorted in each interval before. */
  #written = new Set<number>();
  readonly #writtenBefore: Uint32Array[] = [];
  /** SHA-256 by epoch; 'now' until the next write. */
  readonly #hashes = new Map<Epoch | 'now', string>();

  constructor(facts: DiskFacts, base: DiskContent, key: number, onWrite: () => void) {
    assert(
      facts.sizeBytes > 0 && facts.sizeBytes % SECTOR_BYTES === 0,
      `disk ${facts.id} is not whole sectors`,
    );
    this.facts = facts;
    this.#base = base;
    this.#contentKey = key;
    this.#onWrite = onWrite;
  }

  read(offset: Bytes, length: Bytes, epoch?: Epoch): Buffer {
    this.#checkRange(offset, length);
    this.#checkReadable(epoch);
    const out = Buffer.alloc(length);
    for (let at = 0; at < length; ) {
      const block = Math.floor((offset + at) / BLOCK_BYTES);
      const inBlock = offset + at - block * BLOCK_BYTES;
      const part = Math.min(length - at, BLOCK_BYTES - inBlock);
      this.#readPart(block, inBlock, part, out, at, epoch);
      at += part;
    }
    return out;
  }

  write(offset: Bytes, data: Uint8Array): void {
    this.#checkRange(offset, data.length);
    assert(offset % SECTOR_BYTES === 0 && data.length % SECTOR_BYTES === 0, 'a write must be whole sectors');
    for (let at = 0; at < data.length; ) {
      const block = Math.floor((offset + at) / BLOCK_BYTES);
      const inBlock = offset + at - block * BLOCK_BYTES;
      const part = Math.min(data.length - at, BLOCK_BYTES - inBlock);
      const bytes = data.subarray(at, at + part);
      if (part === this.#blockLength(block)) this.#put(block, isZero(bytes) ? ZEROS : Buffer.from(bytes));
      else this.#patch(block, inBlock, bytes);
      at += part;
    }
    this.#wrote();
  }

  writeGenerated(block: number, generation: number): void {
    assert(Number.isInteger(generation) && generation > 0, `generation ${generation} must be positive`);
    this.#checkRange(block * BLOCK_BYTES, 1);
    this.#put(block, generation);
    this.#wrote();
  }

  mark(): Epoch {
    this.#writtenBefore.push(Uint32Array.from(this.#written).sort());
    this.#written = new Set();
    this.#interval++;
    this.#frozen.push(this.#interval);
    const hash = this.#hashes.get('now');
    if (hash !== undefined) this.#hashes.set(this.#interval, hash);
    return this.#interval;
  }

  release(epoch: Epoch): void {
    assert(
      Number.isInteger(epoch) && epoch >= 0 && epoch <= this.#interval,
      `epoch ${epoch} was never marked`,
    );
    const index = this.#frozen.indexOf(epoch);
    if (index < 0) return;
    const held = this.#held.get(epoch) ?? 0;
    if (held > 0) return void this.#held.set(epoch, held - 1);
    this.#frozen.splice(index, 1);
    this.#hashes.delete(epoch);
    // Only blocks written after this mark and before the next one still frozen can hold a version that
    // nobody but this epoch needed.
    const until = this.#frozen[index] ?? this.#interval + 1;
    for (let interval = epoch; interval < until; interval++)
      for (const block of this.#writtenBefore[interval] ?? this.#written) this.#prune(block);
  }

  hold(epoch: Epoch): Epoch {
    this.#checkReadable(epoch);
    this.#held.set(epoch, (this.#held.get(epoch) ?? 0) + 1);
    return epoch;
  }

  isReadable(epoch: Epoch): boolean {
    return epoch === 0 || this.#frozen.includes(epoch);
  }

  changedSince(from: Epoch, to: Epoch | 'now'): Extent[] {
    const until = to === 'now' ? this.#interval + 1 : to;
    assert(
      Number.isInteger(from) &&
        Number.isInteger(until) &&
        0 <= from &&
        from <= until &&
        until <= this.#interval + 1,
      `no changes between epochs ${from} and ${to} of ${this.#interval}`,
    );
    const blocks = new Set<number>();
    for (let interval = from; interval < until; interval++)
      for (const block of this.#writtenBefore[interval] ?? this.#written) blocks.add(block);
    return this.#extentsOf(Uint32Array.from(blocks).sort());
  }

  allocated(epoch?: Epoch): Extent[] {
    this.#checkReadable(epoch);
    const logged = Uint32Array.from(this.#log.keys()).sort();
    const blocks: number[] = []; // pairs: first block, block after the last
    const add = (from: number, to: number) => {
      if (from >= to) return;
      if (blocks.length > 0 && blocks[blocks.length - 1]! >= from) blocks[blocks.length - 1] = to;
      else blocks.push(from, to);
    };
    const base = this.#base.allocated();
    let at = 0; // first block not yet decided
    let next = 0; // index of the next base extent
    const addBaseUntil = (end: number) => {
      while (next < base.length && at < end) {
        const from = base[next]!.start / BLOCK_BYTES;
        const to = Math.ceil((base[next]!.start + base[next]!.length) / BLOCK_BYTES);
        add(Math.max(from, at), Math.min(to, end));
        if (to > end) break;
        next++;
      }
      at = end;
    };
    for (const block of logged) {
      const version = this.#versionOf(block, epoch);
      if (version === undefined) continue;
      addBaseUntil(block);
      if (version.content !== ZEROS) add(block, block + 1);
      at = block + 1;
    }
    addBaseUntil(Math.ceil(this.facts.sizeBytes / BLOCK_BYTES));
    const extents: Extent[] = [];
    for (let i = 0; i < blocks.length; i += 2) extents.push(this.#extent(blocks[i]!, blocks[i + 1]!));
    return extents;
  }

  sha256(epoch?: Epoch): string {
    this.#checkReadable(epoch);
    const known = this.#hashes.get(epoch ?? 'now');
    if (known !== undefined) return known;
    const hash = createHash('sha256');
    const extents = this.allocated(epoch);
    let next = 0;
    for (let at = 0; at < this.facts.sizeBytes; at += STEP_BYTES) {
      const length = Math.min(STEP_BYTES, this.facts.sizeBytes - at);
      while (next < extents.length && extents[next]!.start + extents[next]!.length <= at) next++;
      const empty = next === extents.length || extents[next]!.start >= at + length;
      hash.update(empty ? ZERO_STEP.subarray(0, length) : this.read(at, length, epoch));
    }
    const digest = hash.digest('hex');
    this.#hashes.set(epoch ?? 'now', digest);
    return digest;
  }

  contentDigest(epoch?: Epoch): string {
    return contentDigestOf(this.facts.sizeBytes, this.allocated(epoch), (offset, length) =>
      this.read(offset, length, epoch),
    );
  }

  heldBytes(): Bytes {
    let bytes = 0;
    for (const newest of this.#log.values())
      for (let version: Version | undefined = newest; version; version = version.older)
        if (typeof version.content !== 'number') bytes += version.content.length;
    return bytes;
  }

  replaceBase(base: DiskContent): void {
    assert(
      this.#interval === 0 && this.#log.size === 0,
      `disk ${this.facts.id} has been written or marked already`,
    );
    this.#base = base;
    this.#hashes.clear();
  }

  setFacts(facts: DiskFacts, onWrite?: () => void): void {
    const { sizeBytes } = this.facts;
    assert(
      facts.sizeBytes >= sizeBytes && facts.sizeBytes % SECTOR_BYTES === 0,
      `disk ${facts.id} cannot become smaller, or a part of a sector`,
    );
    if (facts.sizeBytes > sizeBytes) this.#grow(facts);
    this.facts = facts;
    if (onWrite) this.#onWrite = onWrite;
  }

  /** The last block may have ended early: what is in the log of it becomes whole, with zeros behind its end. */
  #grow(facts: DiskFacts): void {
    const { sizeBytes } = this.facts;
    const last = Math.floor(sizeBytes / BLOCK_BYTES);
    const used = sizeBytes - last * BLOCK_BYTES;
    const whole = Math.min(BLOCK_BYTES, facts.sizeBytes - last * BLOCK_BYTES);
    const padded = (version: Version): Version => {
      const content = version.content === ZEROS ? ZEROS : Buffer.alloc(whole);
      if (content instanceof Buffer) {
        if (typeof version.content === 'number')
          readGenerated(this.#contentKey, last, version.content, 0, used, content, 0);
        else version.content.copy(content);
      }
      return { interval: version.interval, content, older: version.older && padded(version.older) };
    };
    const newest = this.#log.get(last);
    if (newest && used > 0) this.#log.set(last, padded(newest));
    const base = this.#base;
    this.#base = copiedContent(
      sizeBytes,
      (offset, length) => {
        const part = Buffer.alloc(length);
        base.read(offset, length, part, 0);
        return part;
      },
      () => base.allocated(),
    );
    this.#hashes.clear();
  }

  #readPart(block: number, inBlock: number, length: number, out: Buffer, at: number, epoch?: Epoch): void {
    const content = this.#versionOf(block, epoch)?.content;
    if (content === undefined) this.#base.read(block * BLOCK_BYTES + inBlock, length, out, at);
    else if (typeof content !== 'number') content.copy(out, at, inBlock, inBlock + length);
    else if (content !== ZEROS) readGenerated(this.#contentKey, block, content, inBlock, length, out, at);
  }

  /** The block as seen at an epoch (now, if left out); undefined: the base shows through. */
  #versionOf(block: number, epoch?: Epoch): Version | undefined {
    let version = this.#log.get(block);
    if (epoch !== undefined) while (version && version.interval >= epoch) version = version.older;
    return version;
  }

  #put(block: number, content: Buffer | number): void {
    const last = this.#log.get(block);
    const older = last && this.#isFrozenBetween(last.interval, this.#interval) ? last : last?.older;
    this.#log.set(block, { interval: this.#interval, content, older });
    this.#written.add(block);
  }

  /** Writes part of a block: into the log's own bytes if nobody else needs them, else into a copy. */
  #patch(block: number, inBlock: number, bytes: Uint8Array): void {
    const last = this.#log.get(block);
    const own =
      last && last.content instanceof Buffer && !this.#isFrozenBetween(last.interval, this.#interval);
    const target = own ? (last.content as Buffer) : Buffer.alloc(this.#blockLength(block));
    if (!own) this.#readPart(block, 0, target.length, target, 0);
    target.set(bytes, inBlock);
    this.#put(block, target);
  }

  /** Does some frozen epoch see a version of interval `v` that is followed by one of interval `next`? */
  #isFrozenBetween(v: number, next: number): boolean {
    for (let i = this.#frozen.length - 1; i >= 0; i--) {
      const epoch = this.#frozen[i]!;
      if (epoch <= v) return false;
      if (epoch <= next) return true;
    }
    return false;
  }

  /** Drops versions that no frozen epoch sees any more. */
  #prune(block: number): void {
    for (let newer = this.#log.get(block); newer?.older; ) {
      if (this.#isFrozenBetween(newer.older.interval, newer.interval)) newer = newer.older;
      else newer.older = newer.older.older;
    }
  }

  #wrote(): void {
    this.#hashes.delete('now');
    this.#onWrite();
  }

  #blockLength(block: number): number {
    return Math.min(BLOCK_BYTES, this.facts.sizeBytes - block * BLOCK_BYTES);
  }

  #extent(from: number, to: number): Extent {
    const start = from * BLOCK_BYTES;
    return { start, length: Math.min(this.facts.sizeBytes, to * BLOCK_BYTES) - start };
  }

  #extentsOf(sorted: Uint32Array): Extent[] {
    const extents: Extent[] = [];
    for (let i = 0; i < sorted.length; ) {
      const from = sorted[i]!;
      let to = from + 1;
      for (i++; sorted[i] === to; i++) to++;
      extents.push(this.#extent(from, to));
    }
    return extents;
  }

  #checkRange(offset: Bytes, length: Bytes): void {
    if (
      !(Number.isSafeInteger(offset) && Number.isSafeInteger(length) && offset >= 0 && length >= 0) ||
      offset + length > this.facts.sizeBytes
    )
      assert(false, `bytes ${offset}+${length} are outside disk ${this.facts.id} of ${this.facts.sizeBytes}`);
  }

  #checkReadable(epoch: Epoch | undefined): void {
    if (epoch !== undefined && !this.isReadable(epoch))
      assert(false, `epoch ${epoch} of disk ${this.facts.id} was released or never marked`);
  }
}
