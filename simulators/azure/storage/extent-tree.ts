/**
 * Which chunk lies where in a sparse space: a tree of 256-way nodes, shared between a space and its
 * snapshots, copied on write node by node. A snapshot therefore costs one reference, the first write
 * afterwards four small copies, and a comparison only what differs.
 *
 * Reference counts are kept by hand: chunks live outside the garbage collector's sight.
 */
import type { ChunkPool } from './chunk-pool.ts';

const BITS = 8;
const FAN_OUT = 1 << BITS;
/** 2^32 chunks: with 64 KiB each, 256 TiB. */
const LEVELS = 4;
export const CHUNKS_MAX = 2 ** (BITS * LEVELS);

interface Inner {
  references: number;
  used: number;
  readonly children: Array<Inner | Leaf | undefined>;
}

interface Leaf {
  references: number;
  used: number;
  /** 0: none. */
  readonly ids: Uint32Array;
}

type Node = Inner | Leaf;

/** Chunks that one or the other of two trees has at a place; 0 where it has none. */
export interface ChunkDifference {
  readonly index: number;
  readonly now: number;
  readonly before: number;
}

/** What a tree must be told about chunks beyond their number of references. */
export interface ChunkCare {
  readonly pool: ChunkPool;
  /** The last reference to a chunk went. */
  dropped(id: number): void;
}

export class ExtentTree {
  readonly #care: ChunkCare;
  #root: Inner | undefined;

  constructor(care: ChunkCare, root?: Inner) {
    this.#care = care;
    this.#root = root;
  }

  /** A tree with the same content; from now on they differ where either is changed. */
  share(): ExtentTree {
    if (this.#root) this.#root.references++;
    return new ExtentTree(this.#care, this.#root);
  }

  release(): void {
    if (this.#root) this.#drop(this.#root, LEVELS - 1);
    this.#root = undefined;
  }

  /** Chunk at this index, or 0. */
  get(index: number): number {
    let node: Node | undefined = this.#root;
    for (let level = LEVELS - 1; level > 0; level--) {
      if (!node) return 0;
      node = (node as Inner).children[slotIn(index, level)];
    }
    return node ? (node as Leaf).ids[slotIn(index, 0)]! : 0;
  }

  /** Makes the chunk at an index `id` (0: none). The tree takes over the caller's reference to it. */
  set(index: number, id: number): void {
    if (id === 0 && this.get(index) === 0) return;
    const path: Inner[] = [];
    this.#root = this.#root ? this.#own(this.#root, LEVELS - 1) : newInner();
    let node: Node = this.#root;
    for (let level = LEVELS - 1; level > 0; level--) {
      const inner = node as Inner;
      path.push(inner);
      const slot = slotIn(index, level);
      const child = inner.children[slot];
      if (!child) inner.used++;
      const owned: Node = child ? this.#own(child, level - 1) : level === 1 ? newLeaf() : newInner();
      inner.children[slot] = owned;
      node = owned;
    }
    const leaf = node as Leaf;
    const slot = slotIn(index, 0);
    const before = leaf.ids[slot]!;
    leaf.ids[slot] = id;
    leaf.used += (id === 0 ? 0 : 1) - (before === 0 ? 0 : 1);
    if (before !== 0) this.#dropChunk(before);
    if (leaf.used === 0) this.#prune(path, index);
  }

  /** Makes the path to a chunk this tree's own. After it, a chunk that only this tree has is not shared. */
  own(index: number): number {
    if (!this.#root) return 0;
    this.#root = this.#own(this.#root, LEVELS - 1);
    let node: Node = this.#root;
    for (let level = LEVELS - 1; level > 0; level--) {
      const inner: Inner = node as Inner;
      const slot = slotIn(index, level);
      const child = inner.children[slot];
      if (!child) return 0;
      node = this.#own(child, level - 1);
      inner.children[slot] = node;
    }
    return (node as Leaf).ids[slotIn(index, 0)]!;
  }

  /** Drops the chunks with from ≤ index < to. */
  clear(from: number, to: number): void {
    if (!this.#root || from >= to) return;
    const left = this.#clearIn(this.#root, LEVELS - 1, 0, from, to);
    this.#root = left as Inner | undefined;
  }

  /** Chunks in order, from ≤ index < to. Not to be changed meanwhile. */
  *chunks(from: number, to: number): Generator<readonly [index: number, id: number]> {
    if (this.#root) yield* chunksIn(this.#root, LEVELS - 1, 0, from, to);
  }

  /** Places where this tree and an earlier one have different chunks, in order. */
  *differences(before: ExtentTree, from: number, to: number): Generator<ChunkDifference> {
    yield* differencesIn(this.#root, before.#root, LEVELS - 1, 0, from, to);
  }

  /** The node itself when nobody else has it, else a copy in its place. */
  #own<N extends Node>(node: N, level: number): N {
    if (node.references === 1) return node;
    node.references--;
    if (level === 0) {
      const ids = (node as Leaf).ids.slice();
      for (const id of ids) if (id !== 0) this.#care.pool.addReference(id);
      return { references: 1, used: node.used, ids } as Node as N;
    }
    const children = (node as Inner).children.slice();
    for (const child of children) if (child) child.references++;
    return { references: 1, used: node.used, children } as Node as N;
  }

  #prune(path: readonly Inner[], index: number): void {
    for (let depth = path.length - 1; depth >= 0; depth--) {
      const inner = path[depth]!;
      inner.children[slotIn(index, LEVELS - 1 - depth)] = undefined;
      if (--inner.used > 0) return;
    }
    this.#root = undefined;
  }

  #clearIn(node: Node, level: number, first: number, from: number, to: number): Node | undefined {
    const span = FAN_OUT ** level;
    if (from <= first && to >= first + span * FAN_OUT) {
      this.#drop(node, level);
      return undefined;
    }
    const owned = this.#own(node, level);
    const start = Math.max(0, Math.floor((from - first) / span));
    const end = Math.min(FAN_OUT, Math.ceil((to - first) / span));
    for (let slot = start; slot < end; slot++) {
      if (level === 0) {
        const { ids } = owned as Leaf;
        if (ids[slot] === 0) continue;
        this.#dropChunk(ids[slot]!);
        ids[slot] = 0;
        owned.used--;
        continue;
      }
      const { children } = owned as Inner;
      const child = children[slot];
      if (!child) continue;
      children[slot] = this.#clearIn(child, level - 1, first + slot * span, from, to);
      if (!children[slot]) owned.used--;
    }
    return owned.used > 0 ? owned : undefined;
  }

  #drop(node: Node, level: number): void {
    if (--node.references > 0) return;
    if (level === 0) {
      for (const id of (node as Leaf).ids) if (id !== 0) this.#dropChunk(id);
      return;
    }
    for (const child of (node as Inner).children) if (child) this.#drop(child, level - 1);
  }

  #dropChunk(id: number): void {
    if (this.#care.pool.dropReference(id)) this.#care.dropped(id);
  }
}

function slotIn(index: number, level: number): number {
  return (index >>> (BITS * level)) & (FAN_OUT - 1);
}

function newInner(): Inner {
  return { references: 1, used: 0, children: new Array<Node | undefined>(FAN_OUT).fill(undefined) };
}

function newLeaf(): Leaf {
  return { references: 1, used: 0, ids: new Uint32Array(FAN_OUT) };
}

function* chunksIn(
  node: Node,
  level: number,
  first: number,
  from: number,
  to: number,
): Generator<readonly [index: number, id: number]> {
  const span = FAN_OUT ** level;
  const end = Math.min(FAN_OUT, Math.ceil((to - first) / span));
  for (let slot = Math.max(0, Math.floor((from - first) / span)); slot < end; slot++) {
    if (level === 0) {
      const id = (node as Leaf).ids[slot]!;
      if (id !== 0) yield [first + slot, id];
      continue;
    }
    const child = (node as Inner).children[slot];
    if (child) yield* chunksIn(child, level - 1, first + slot * span, from, to);
  }
}

function* differencesIn(
  now: Node | undefined,
  before: Node | undefined,
  level: number,
  first: number,
  from: number,
  to: number,
): Generator<ChunkDifference> {
  if (now === before) return;
  const span = FAN_OUT ** level;
  const end = Math.min(FAN_OUT, Math.ceil((to - first) / span));
  for (let slot = Math.max(0, Math.floor((from - first) / span)); slot < end; slot++) {
    if (level === 0) {
      const a = (now as Leaf | undefined)?.ids[slot] ?? 0;
      const b = (before as Leaf | undefined)?.ids[slot] ?? 0;
      if (a !== b) yield { index: first + slot, now: a, before: b };
      continue;
    }
    yield* differencesIn(
      (now as Inner | undefined)?.children[slot],
      (before as Inner | undefined)?.children[slot],
      level - 1,
      first + slot * span,
      from,
      to,
    );
  }
}
