/**
 * What an operation of the blob service is. Operations stand one to a file and are listed in
 * operations/table.ts, which drives dispatch, authorization, faults and the coverage ledger.
 */
import { assert } from '#core/assert.ts';
import type { Bytes, UnixMillis } from '#core/units.ts';
import type { Blob, BlobEntry, Container, StorageAccount } from './blob-model.ts';
import type { BlobRequest } from './blob-request.ts';
import type { Content } from './content.ts';
import type { ExtentSpace, ExtentStore } from './extent-store.ts';
import { storageFault } from './storage-fault.ts';

/** What a request's body is to be, and what becomes of it. */
export type BodyKind =
  /** There is none. */
  | { readonly kind: 'none' }
  /** Held in memory: XML. */
  | { readonly kind: 'memory'; readonly bytesMax: Bytes }
  /** Streamed into the store: blocks, pages and whole blobs. */
  | { readonly kind: 'content'; readonly bytesMax: Bytes; readonly alwaysMd5?: boolean };

/** A complete body; an operation never sees part of one. */
export interface ReceivedBody {
  readonly length: Bytes;
  /** `memory`: the bytes, in the pieces in which they came. */
  readonly pieces: readonly Buffer[];
  /** `content`: whoever takes it must keep or release it. */
  takeContent(): Content;
  /** Makes a `content` pages of a space, in place of taking it. */
  moveInto(space: ExtentSpace, offset: Bytes): void;
  /** Gives up a content that nobody took. */
  discard(): void;
  /** Base64; there when the client sent one or the operation always wants it. */
  readonly md5: string | undefined;
  /** Base64; there when the client did not send an MD5. */
  readonly crc64: string | undefined;
  readonly wasStructured: boolean;
}

/** Content of an answer that is read while it is sent. */
export interface StreamedBody {
  readonly length: Bytes;
  read(offset: Bytes, length: Bytes): Buffer;
  /** Called once, sent or not. */
  release(): void;
}

export interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string | undefined>>;
  readonly body?: string | StreamedBody;
  /** Metadata to be sent as `x-ms-meta-` headers. */
  readonly metadata?: ReadonlyMap<string, string>;
}

/** Who the caller proved to be. */
export interface Grant {
  readonly kind: 'sharedKey' | 'accountSas' | 'serviceSas' | 'userDelegationSas' | 'token' | 'anonymous';
  /** Of a token: whom user delegation keys are made out to. */
  readonly objectId?: string;
  readonly tenantId?: string;
}

/** What operations may use of the service. */
export interface ServiceTools {
  readonly store: ExtentStore;
  /** A new entity tag and the time that goes with it. */
  stamp(now: UnixMillis): { etag: string; lastModified: UnixMillis };
  /** A new, unique time stamp for a snapshot. */
  snapshotId(now: UnixMillis): string;
  leaseId(): string;
  copyId(): string;
  /** Number for a blob that begins a new life. */
  nextGeneration(): number;
  account(name: string): StorageAccount | undefined;
  /** May the caller read this blob of ours by its URL alone? @throws StorageFault */
  authorizeUrl(url: string): Blob;
}

export interface Call {
  readonly request: BlobRequest;
  readonly account: StorageAccount;
  /** When the body was complete: the instant of the operation. */
  readonly now: UnixMillis;
  readonly version: string;
  readonly grant: Grant;
  readonly body: ReceivedBody;
  readonly tools: ServiceTools;
}

export interface Permission {
  /** Level of an account SAS: service, container or object. */
  readonly level: 's' | 'c' | 'o';
  /** Any of these letters is enough. */
  readonly letters: string;
  /** Any of these is enough while the blob does not exist. */
  readonly lettersToCreate?: string;
  /** Not with a service SAS, only with an account SAS, a key or a token. */
  readonly accountOnly?: boolean;
  /** Not with a SAS at all. */
  readonly keyOnly?: boolean;
}

export interface HeaderTest {
  readonly name: string;
  readonly value?: string;
}

export interface Operation {
  readonly name: string;
  readonly on: 'service' | 'container' | 'blob';
  readonly methods: readonly string[];
  readonly restype?: string;
  readonly comp?: string;
  /** Header that tells this operation from others with the same method and query; any value, or this one. */
  readonly header?: HeaderTest;
  readonly permission: Permission;
  readonly body?: BodyKind;
  /** Synchronous: a request is one step of the story. @throws StorageFault */
  run(call: Call): Reply;
}

/** Gives an operation its type; the table does the rest. */
export function defineOperation(operation: Operation): Operation {
  return operation;
}

export function containerOf({ request, account }: Pick<Call, 'request' | 'account'>): Container {
  assert(request.container !== undefined, 'the operation is on a container');
  const container = account.containers.get(request.container);
  if (!container) throw storageFault('ContainerNotFound');
  return container;
}

/** The entry of the request's blob name, if there is anything under it. */
export function entryOf(call: Pick<Call, 'request' | 'account'>): BlobEntry | undefined {
  return containerOf(call).blobs.get(call.request.blob!);
}

/** The blob, or the snapshot of it that the query names. @throws StorageFault */
export function blobOf(call: Pick<Call, 'request' | 'account'>): Blob {
  const entry = entryOf(call);
  const snapshot = call.request.query.get('snapshot');
  const blob =
    snapshot === undefined
      ? entry?.current
      : entry?.snapshots.find((candidate) => candidate.snapshot === snapshot);
  if (!blob) throw storageFault('BlobNotFound');
  return blob;
}

/** The blob itself; snapshots cannot be written. @throws StorageFault */
export function writableBlobOf(call: Call): Blob {
  const { query } = call.request;
  if (query.has('snapshot'))
    throw storageFault('InvalidQueryParameterValue', { detail: { QueryParameterName: 'snapshot' } });
  const blob = entryOf(call)?.current;
  if (!blob) throw storageFault('BlobNotFound');
  return blob;
}

/** Marks a blob or container as changed. */
export function touch(changed: { etag: string; lastModified: UnixMillis }, call: Call): void {
  const { etag, lastModified } = call.tools.stamp(call.now);
  changed.etag = etag;
  changed.lastModified = lastModified;
}

export function httpDate(at: UnixMillis): string {
  return new Date(at).toUTCString();
}

/** The headers that every answer about one blob or container carries. */
export function stampHeaders(of: { etag: string; lastModified: UnixMillis }): Record<string, string> {
  return { ETag: of.etag, 'Last-Modified': httpDate(of.lastModified) };
}

/** Headers with the checksums that were computed over an upload. */
export function checksumHeaders(body: ReceivedBody): Record<string, string | undefined> {
  return {
    'Content-MD5': body.md5,
    'x-ms-content-crc64': body.crc64,
    'x-ms-request-server-encrypted': 'true',
    ...(body.wasStructured ? { 'x-ms-structured-body': 'XSM/1.0; properties=crc64' } : {}),
  };
}
