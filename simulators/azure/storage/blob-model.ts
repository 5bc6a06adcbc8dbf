/** What an account holds: containers, blobs, snapshots and their content. Knows no HTTP. */
import { assert } from '#core/assert.ts';
import type { Bytes, UnixMillis } from '#core/units.ts';
import type { StoredPolicy } from './account.ts';
import type { Content } from './content.ts';
import type { ExtentSpace } from './extent-store.ts';
import type { Lease } from './lease.ts';

/** In the order in which they were set, names in the case in which they were sent. */
export type Metadata = ReadonlyMap<string, string>;

/** Blob index tags, sorted by key. */
export type Tags = ReadonlyMap<string, string>;

export const NO_TAGS: Tags = new Map();

export interface Container {
  readonly name: string;
  readonly blobs: BlobIndex;
  etag: string;
  lastModified: UnixMillis;
  metadata: Metadata;
  lease: Lease | undefined;
  publicAccess: 'blob' | 'container' | undefined;
  policies: readonly StoredPolicy[];
}

/** Everything under one blob name. */
export interface BlobEntry {
  readonly name: string;
  /** Absent while there are only blocks that were not committed. */
  current: Blob | undefined;
  /** Oldest first. */
  readonly snapshots: Blob[];
  /** By block id, in the order of arrival. */
  readonly uncommitted: Map<string, Content>;
  /** Soft-deleted ones, oldest first. At most one of them is no snapshot: the blob itself. */
  readonly deleted: DeletedBlob[];
}

export interface DeletedBlob {
  readonly blob: Blob;
  readonly deletedAt: UnixMillis;
  readonly expiresAt: UnixMillis;
}

/** Properties that a client sets and reads back. */
export interface BlobHttpProperties {
  readonly contentType: string;
  readonly contentEncoding?: string;
  readonly contentLanguage?: string;
  readonly contentDisposition?: string;
  readonly cacheControl?: string;
  /** Base64. */
  readonly contentMd5?: string;
}

/** The last copy operation whose destination a blob was. */
export interface CopyState {
  readonly id: string;
  /** With the signature masked. */
  readonly source: string;
  readonly bytes: Bytes;
  readonly startedAt: UnixMillis;
  /** When it was, or will be, done. */
  readonly completedAt: UnixMillis;
  status: 'pending' | 'success' | 'aborted';
  /** Of an incremental copy: the snapshot that it made of its destination. */
  readonly destinationSnapshot?: string;
}

export type AccessTier = 'Hot' | 'Cool' | 'Cold' | 'Archive';

export interface Blob {
  readonly name: string;
  readonly createdAt: UnixMillis;
  /** Number of the Put Blob (or first block list, or copy) that made it; snapshots of it carry the same. */
  readonly generation: number;
  /** Of a snapshot: its time stamp, which names it. */
  readonly snapshot?: string;
  body: BlobBody;
  etag: string;
  lastModified: UnixMillis;
  http: BlobHttpProperties;
  metadata: Metadata;
  tags: Tags;
  lease: Lease | undefined;
  accessTier?: AccessTier | undefined;
  tierChangedAt?: UnixMillis | undefined;
  /** On the way out of the archive: where to, and when it is there. */
  rehydration?: { readonly to: AccessTier; readonly at: UnixMillis; readonly priority: string } | undefined;
  copy?: CopyState | undefined;
  /** Of append blobs: nothing more is appended. */
  isSealed?: boolean;
  /** Stands for a managed disk: its pages may be written, the blob itself neither replaced nor resized. */
  readonly isDisk?: boolean;
}

export type BlobBody = BlockBody | PageBody;

/** Of block and append blobs: contents one after another. */
export interface BlockBody {
  readonly type: 'BlockBlob' | 'AppendBlob';
  readonly blocks: BlockList;
}

export interface PageBody {
  readonly type: 'PageBlob';
  readonly space: ExtentSpace;
  /** Read-only bytes that follow the space: the footer of an exported disk. Whole pages. */
  readonly footer?: Buffer;
  sequenceNumber: number;
}

export interface Block {
  /** Base64, as sent; empty for a blob that was put whole and for appended pieces. */
  readonly id: string;
  readonly content: Content;
}

/** Blocks with the offset at which each begins. */
export class BlockList {
  readonly blocks: Block[] = [];
  readonly #starts: number[] = [];
  #length = 0;

  constructor(blocks: Iterable<Block> = []) {
    for (const block of blocks) this.append(block);
  }

  get length(): Bytes {
    return this.#length;
  }

  /** Takes over the caller's share of the content. */
  append(block: Block): void {
    this.blocks.push(block);
    this.#starts.push(this.#length);
    this.#length += block.content.length;
  }

  readInto(offset: Bytes, out: Uint8Array): void {
    let low = 0;
    for (let high = this.blocks.length; high - low > 1; ) {
      const middle = (low + high) >>> 1;
      if (this.#starts[middle]! <= offset) low = middle;
      else high = middle;
    }
    for (let done = 0; done < out.length; low++) {
      const { content } = this.blocks[low]!;
      const from = offset + done - this.#starts[low]!;
      const take = Math.min(content.length - from, out.length - done);
      if (take > 0) content.readInto(from, out.subarray(done, done + take));
      done += Math.max(0, take);
    }
  }

  share(): BlockList {
    for (const { content } of this.blocks) content.share();
    return new BlockList(this.blocks);
  }

  release(): void {
    for (const { content } of this.blocks) content.release();
    this.blocks.length = 0;
  }
}

export function bodyLength(body: BlobBody): Bytes {
  return body.type === 'PageBlob' ? body.space.sizeBytes + (body.footer?.length ?? 0) : body.blocks.length;
}

export function readBody(body: BlobBody, offset: Bytes, length: Bytes): Buffer {
  const out = Buffer.allocUnsafe(length);
  readBodyInto(body, offset, out);
  return out;
}

export function readBodyInto(body: BlobBody, offset: Bytes, out: Buffer): void {
  const { length } = out;
  if (body.type !== 'PageBlob') body.blocks.readInto(offset, out);
  else {
    const inSpace = Math.max(0, Math.min(length, body.space.sizeBytes - offset));
    if (inSpace > 0) body.space.readInto(offset, out.subarray(0, inSpace));
    if (inSpace < length) {
      const from = offset + inSpace - body.space.sizeBytes;
      body.footer!.copy(out, inSpace, from, from + length - inSpace);
    }
  }
}

/** The same content, unaffected by later writes; costs next to nothing. */
export function freezeBody(body: BlobBody): BlobBody {
  return body.type === 'PageBlob'
    ? { ...body, space: body.space.snapshot() }
    : { ...body, blocks: body.blocks.share() };
}

/** The same content, to be written separately. */
export function copyBody(body: BlobBody): BlobBody {
  if (body.type !== 'PageBlob') return freezeBody(body);
  assert(!body.footer, 'an exported disk is copied by its own means');
  return { ...body, space: body.space.copy() };
}

export function releaseBody(body: BlobBody): void {
  if (body.type === 'PageBlob') body.space.release();
  else body.blocks.release();
}

/** Releases everything under a name. */
export function releaseEntry(entry: BlobEntry): void {
  if (entry.current) releaseBody(entry.current.body);
  for (const snapshot of entry.snapshots) releaseBody(snapshot.body);
  for (const { blob } of entry.deleted) releaseBody(blob.body);
  releaseUncommitted(entry);
}

export function releaseUncommitted(entry: BlobEntry): void {
  for (const content of entry.uncommitted.values()) content.release();
  entry.uncommitted.clear();
}

/** Blobs of a container by name; sorted when somebody lists them. */
export class BlobIndex {
  readonly #entries = new Map<string, BlobEntry>();
  #sorted: string[] | undefined;

  get size(): number {
    return this.#entries.size;
  }

  get(name: string): BlobEntry | undefined {
    return this.#entries.get(name);
  }

  getOrAdd(name: string): BlobEntry {
    let entry = this.#entries.get(name);
    if (!entry) {
      entry = { name, current: undefined, snapshots: [], uncommitted: new Map(), deleted: [] };
      this.#entries.set(name, entry);
      this.#sorted = undefined;
    }
    return entry;
  }

  /** Removes the name when nothing is left under it. */
  prune(entry: BlobEntry): void {
    if (entry.current || entry.snapshots.length > 0 || entry.uncommitted.size > 0) return;
    if (entry.deleted.length > 0) return;
    if (this.#entries.delete(entry.name)) this.#sorted = undefined;
  }

  values(): IterableIterator<BlobEntry> {
    return this.#entries.values();
  }

  /** Names that begin with `prefix` and are not before `from`, in order. */
  *from(prefix: string, from: string): Generator<BlobEntry> {
    this.#sorted ??= [...this.#entries.keys()].sort((a, b) => (a < b ? -1 : 1));
    const start = from > prefix ? from : prefix;
    let low = 0;
    for (let high = this.#sorted.length; low < high; ) {
      const middle = (low + high) >>> 1;
      if (this.#sorted[middle]! < start) low = middle + 1;
      else high = middle;
    }
    for (; low < this.#sorted.length; low++) {
      const name = this.#sorted[low]!;
      if (!name.startsWith(prefix)) return;
      yield this.#entries.get(name)!;
    }
  }
}
