/**
 * XML of properties that has been made before, kept until the feed of changes says that it may read differently.
 * Only what is told of is kept: `ManagedObject.steady`. Bounded in bytes; when it is full it takes nothing more
 * until something goes, so that a walk over more than it can hold still finds most of it.
 */
import { type Bytes, MIB } from '#core/units.ts';
import type { Change, Changes } from '../changes.ts';
import type { ManagedObject } from '../objects/object.ts';
import type { PropertyPath } from './path.ts';

/** What 10,000 machines take when all that a discovery reads of them is asked for. */
const BYTES_MAX: Bytes = 208 * MIB;
/** What the tables take for a fragment beside its bytes. */
const OVERHEAD_BYTES: Bytes = 120;

/** Fragments are cut from blocks of this size: one by one, buffers cost as much as they hold. */
const BLOCK_BYTES: Bytes = MIB;
/** Longer ones have a buffer of their own. */
const CUT_BYTES_MAX: Bytes = BLOCK_BYTES / 8;
/** Blocks may hold so much that nobody needs any more, beside a quarter of what is needed. */
const WASTE_BYTES: Bytes = 16 * MIB;

export class Fragments {
  readonly #byObject = new Map<ManagedObject, Map<PropertyPath, Buffer>>();
  readonly #bytesMax: Bytes;
  readonly #listening: Disposable;
  #bytes: Bytes = 0;
  #block = Buffer.alloc(0);
  #blockAt = 0;
  /** Of all blocks since fragments were last put together: a block lives as long as one fragment of it. */
  #blockBytes: Bytes = 0;

  constructor(changes: Changes, bytesMax = BYTES_MAX) {
    this.#bytesMax = bytesMax;
    this.#listening = changes.listen((change) => this.#note(change));
  }

  /** Bytes kept now. */
  get bytes(): Bytes {
    return this.#bytes;
  }

  /** Of the blocks that they are in, with what in these is needed no more. */
  get blockBytes(): Bytes {
    return this.#blockBytes;
  }

  get(object: ManagedObject, path: PropertyPath): Buffer | undefined {
    return this.#byObject.get(object)?.get(path);
  }

  /** Keeps the XML if there is room. */
  keep(object: ManagedObject, path: PropertyPath, xml: string): Buffer {
    if (this.#bytes + xml.length + OVERHEAD_BYTES > this.#bytesMax) return Buffer.from(xml);
    const fragment = this.#cut(xml);
    const size = fragment.length + OVERHEAD_BYTES;
    if (this.#bytes + size > this.#bytesMax) return fragment; // more bytes than characters
    let fragments = this.#byObject.get(object);
    if (!fragments) {
      fragments = new Map();
      this.#byObject.set(object, fragments);
    }
    fragments.set(path, fragment);
    this.#bytes += size;
    return fragment;
  }

  stop(): void {
    this.#listening[Symbol.dispose]();
    this.#clear();
  }

  #cut(xml: string): Buffer {
    if (xml.length * 3 > CUT_BYTES_MAX) return Buffer.from(xml);
    this.#makeRoom(xml.length * 3);
    const from = this.#blockAt;
    this.#blockAt += this.#block.write(xml, from);
    return this.#block.subarray(from, this.#blockAt);
  }

  #makeRoom(bytes: Bytes): void {
    if (this.#block.length - this.#blockAt >= bytes) return;
    if (this.#blockBytes + BLOCK_BYTES > 1.25 * this.#bytes + WASTE_BYTES) this.#putTogether();
    if (this.#block.length - this.#blockAt < bytes) this.#takeBlock();
  }

  #takeBlock(): void {
    this.#block = Buffer.allocUnsafeSlow(BLOCK_BYTES);
    this.#blockBytes += BLOCK_BYTES;
    this.#blockAt = 0;
  }

  /** Moves what is needed to new blocks, so that the old ones can go. */
  #putTogether(): void {
    this.#blockBytes = 0;
    this.#takeBlock();
    for (const fragments of this.#byObject.values())
      for (const [path, fragment] of fragments) {
        if (fragment.length > CUT_BYTES_MAX) continue;
        if (this.#block.length - this.#blockAt < fragment.length) this.#takeBlock();
        const from = this.#blockAt;
        this.#blockAt += fragment.copy(this.#block, from);
        fragments.set(path, this.#block.subarray(from, this.#blockAt));
      }
  }

  #note(change: Change): void {
    if (change.kind === 'reshaped' || change.kind === 'rights') return;
    const { object } = change;
    const fragments = this.#byObject.get(object);
    if (change.kind === 'vanished') {
      for (const fragment of fragments?.values() ?? []) this.#bytes -= fragment.length + OVERHEAD_BYTES;
      this.#byObject.delete(object);
      return;
    }
    const { properties } = change;
    // Names of networks, datastores and hosts stand in what is kept of machines.
    if (object.ref.type !== 'VirtualMachine' && properties.includes('name')) return this.#clear();
    for (const [path, fragment] of fragments ?? [])
      if (properties.includes(path.root)) {
        fragments!.delete(path);
        this.#bytes -= fragment.length + OVERHEAD_BYTES;
      }
  }

  #clear(): void {
    this.#byObject.clear();
    this.#bytes = 0;
    this.#block = Buffer.alloc(0);
    this.#blockAt = 0;
    this.#blockBytes = 0;
  }
}
