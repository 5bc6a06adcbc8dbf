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

export class Fragments {
  readonly #byObject = new Map<ManagedObject, Map<PropertyPath, Buffer>>();
  readonly #bytesMax: Bytes;
  readonly #listening: Disposable;
  #bytes: Bytes = 0;
  #block = Buffer.alloc(0);
  #blockAt = 0;
  /** Of all blocks since they were last given up together: a block lives as long as one fragment of it. */
  #blockBytes: Bytes = 0;

  constructor(changes: Changes, bytesMax = BYTES_MAX) {
    this.#bytesMax = bytesMax;
    this.#listening = changes.listen((change) => this.#note(change));
  }

  /** Bytes kept now. */
  get bytes(): Bytes {
    return this.#bytes;
  }

  get(object: ManagedObject, path: PropertyPath): Buffer | undefined {
    return this.#byObject.get(object)?.get(path);
  }

  /** Keeps the XML if there is room. */
  keep(object: ManagedObject, path: PropertyPath, xml: string): Buffer {
    if (this.#bytes + xml.length + OVERHEAD_BYTES > this.#bytesMax) return Buffer.from(xml);
    const fragment = this.#cut(xml);
    const size = fragment.length + OVERHEAD_BYTES;
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
    if (this.#block.length - this.#blockAt < xml.length * 3) {
      if (this.#blockBytes + BLOCK_BYTES > 1.25 * this.#bytesMax) this.#clear();
      if (xml.length * 3 > BLOCK_BYTES / 8) return Buffer.from(xml);
      this.#block = Buffer.allocUnsafeSlow(BLOCK_BYTES);
      this.#blockBytes += BLOCK_BYTES;
      this.#blockAt = 0;
    }
    const from = this.#blockAt;
    this.#blockAt += this.#block.write(xml, from);
    return this.#block.subarray(from, this.#blockAt);
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
