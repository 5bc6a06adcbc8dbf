/**
 * What an operation of a storage service is, and of the blob service in particular. The blob service's stand one
 * to a file and are listed in operations/table.ts, which drives dispatch, authorization, faults and the coverage
 * ledger.
 */
import { assert } from '#core/assert.ts';
import type { Bytes, Millis, UnixMillis } from '#core/units.ts';
import type { StorageAccount } from './account.ts';
import type { Blob, BlobEntry, Container } from './blob-model.ts';
import type { BlobRequest } from './blob-request.ts';
import type { Content } from './content.ts';
import type { ExtentSpace, ExtentStore } from './extent-store.ts';
import { purge } from './soft-delete.ts';
import { storageFault } from './storage-fault.ts';
import type { StorageRequest } from './storage-request.ts';

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
  /** The same into a buffer of the reader's. */
  readInto?(offset: Bytes, out: Buffer): void;
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
  /** Of a signature: its letters. */
  readonly permissions?: string;
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
  /** The account as the request's endpoint shows it. @throws StorageFault ResourceNotFound */
  reading(request: Pick<StorageRequest, 'account' | 'isSecondary'>): StorageAccount;
  /** The account was written to: what of it is kept in another region is behind. */
  wrote(account: StorageAccount, now: UnixMillis): void;
  geoStatus(account: StorageAccount): GeoStatus;
  /** Account of ours that a URL names. */
  accountOf(url: string, by: StorageRequest): string | undefined;
  /** A blob by a URL that carries what allows reading it. @throws StorageFault */
  openSource(source: BlobSource): Blob;
  /** Does the work at that instant. */
  later(at: UnixMillis, work: () => void): void;
  /** Time that a copy between accounts takes. */
  copyMillis(bytes: Bytes): Millis;
  /** Runs a request that came inside another, and says what it would be answered. */
  perform(part: BatchPart): PartReply;
}

/** A URL, and the caller's right to read what it names. */
export interface BlobSource {
  readonly url: string;
  readonly call: Call;
  /** `Bearer …`, from x-ms-copy-source-authorization. */
  readonly authorization?: string | undefined;
}

/** A request of a multipart/mixed body. */
export interface BatchPart {
  readonly method: string;
  readonly target: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly call: Call;
  /** It must be one of these operations. */
  readonly allowed: readonly string[];
}

export interface PartReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: string;
}

export interface GeoStatus {
  readonly status: 'live' | 'bootstrap' | 'unavailable';
  /** All that was written before it is in the other region. */
  readonly lastSyncTime: UnixMillis | undefined;
}

/** What every operation of every storage service is given. */
export interface ServiceCall<R extends StorageRequest> {
  readonly request: R;
  readonly account: StorageAccount;
  /** When the body was complete: the instant of the operation. */
  readonly now: UnixMillis;
  readonly version: string;
  readonly grant: Grant;
  readonly body: ReceivedBody;
}

export interface Call extends ServiceCall<BlobRequest> {
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
  /** What a role must allow the holder of a token; where it is left out, the first letter says it. */
  readonly action?: 'read' | 'write' | 'delete';
}

export interface HeaderTest {
  readonly name: string;
  readonly value?: string;
}

/** What authorization and the HTTP side ask about an operation of any service. */
export interface ServiceOperation {
  /** Also names its fault point, `azure.{name}`. */
  readonly name: string;
  readonly permission: Permission;
  readonly body?: BodyKind;
}

export interface Operation extends ServiceOperation {
  readonly on: 'service' | 'container' | 'blob';
  readonly methods: readonly string[];
  readonly restype?: string;
  readonly comp?: string;
  /** Header that tells this operation from others with the same method and query; any value, or this one. */
  readonly header?: HeaderTest;
  /** And this one besides. */
  readonly andHeader?: HeaderTest;
  /** First version of the service that has it. */
  readonly since?: string;
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
export function entryOf(call: Pick<Call, 'request' | 'account' | 'now'>): BlobEntry | undefined {
  const container = containerOf(call);
  const entry = container.blobs.get(call.request.blob!);
  if (entry) purge(container, entry, call.now);
  return entry;
}

/** The blob, or the snapshot of it that the query names. @throws StorageFault */
export function blobOf(call: Pick<Call, 'request' | 'account' | 'now'>): Blob {
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
