/**
 * Content of disks, by identifier: what the services of the cloud write and read when no blob is involved.
 * The spaces are those of the same store as page blobs', so that a disk becomes a blob, a snapshot or a copy
 * without moving a byte.
 */
import { assert } from '#core/assert.ts';
import type { Bytes } from '#core/units.ts';
import type { ExtentSpace, ExtentStore } from './extent-store.ts';
import type { ByteRange } from './page-table.ts';

export class DiskSpaces {
  readonly #store: ExtentStore;
  readonly #spaces = new Map<string, ExtentSpace>();

  constructor(store: ExtentStore) {
    this.#store = store;
  }

  /** @param sizeBytes whole sectors of 512 bytes; reads as zeros and costs nothing until it is written. */
  createDisk(id: string, sizeBytes: Bytes): ExtentSpace {
    return this.adopt(id, this.#store.create(sizeBytes));
  }

  /** Makes a space, which is this collection's from now on, the content of a disk. */
  adopt(id: string, space: ExtentSpace): ExtentSpace {
    assert(!this.#spaces.has(id), `disk ${id} has content already`);
    this.#spaces.set(id, space);
    return space;
  }

  has(id: string): boolean {
    return this.#spaces.has(id);
  }

  space(id: string): ExtentSpace {
    const space = this.#spaces.get(id);
    assert(space, `disk ${id} has no content`);
    return space;
  }

  /** Whole sectors. */
  writeDisk(id: string, offset: Bytes, data: Uint8Array | readonly Uint8Array[]): void {
    this.space(id).write(offset, data);
  }

  /** Makes whole sectors a hole, which reads as zeros. */
  clearDisk(id: string, offset: Bytes, length: Bytes): void {
    this.space(id).clear(offset, length);
  }

  readDisk(id: string, offset: Bytes, length: Bytes): Buffer {
    return this.space(id).read(offset, length);
  }

  /** SHA-256, hex, over the whole disk. Takes about a second for each GiB, empty or not. */
  diskSha256(id: string): string {
    return this.space(id).sha256();
  }

  /** Ranges that were written, in order, joined where they touch. */
  allocatedRanges(id: string): Iterable<ByteRange> {
    return this.space(id).ranges();
  }

  deleteDisk(id: string): void {
    this.space(id).release();
    this.#spaces.delete(id);
  }
}
