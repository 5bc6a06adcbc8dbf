/**
 * The storage of a world's Azure: accounts, the blob service that clients speak to, and what other services
 * of the same cloud do with blobs and disks from the inside.
 */
import type { HttpHandler } from '#core/net/http-server.ts';
import type { Bytes, UnixMillis } from '#core/units.ts';
import { MINUTE } from '#core/units.ts';
import type { SimulatorContext } from '../../kit/context.ts';
import { type AllowsToken, authorize, type VerifyToken } from './authorization.ts';
import {
  type Blob,
  BlobIndex,
  bodyLength,
  type Container,
  type Metadata,
  type PageBody,
  readBody,
  releaseEntry,
  type StorageAccount,
} from './blob-model.ts';
import { readBlobRequest } from './blob-request.ts';
import { blobFaultPoints, blobHandler } from './blob-service.ts';
import { ExtentStore } from './extent-store.ts';
import { DOCUMENTED_LIMITS, LimitKeeper, type StorageLimits } from './limits.ts';
import { blobOf, type ServiceTools } from './operation.ts';
import { getBlob } from './operations/get-blob.ts';
import { makeServiceSas } from './sas.ts';
import { storageFault } from './storage-fault.ts';

/** Names that a certificate for the blob endpoints of the public cloud must carry. */
export const BLOB_HOSTS = ['*.blob.core.windows.net', '*.z01.blob.core.windows.net'];

export interface StorageOptions {
  readonly context: SimulatorContext;
  /** Accounts that are there from the start. */
  readonly accounts?: readonly AccountOptions[];
  readonly verifyToken: VerifyToken;
  /** Roles of token holders; without it, every verified token may do everything. */
  readonly allowsToken?: AllowsToken;
  /** Existing folder for content, which is then not held in memory. */
  readonly directory?: string;
  /** 'documented', or limits of one's own. Off by default: under a virtual clock a burst takes no time. */
  readonly limits?: 'documented' | StorageLimits;
  /** `blob.core.windows.net` by default. */
  readonly blobSuffix?: string;
  /** Origin of an account's blob endpoint in the URLs that the service hands out; by default https and its name. */
  readonly originOf?: (account: string) => string;
  /** For the challenge that goes with 401. */
  readonly authorizationUri?: string;
  /** How far a signed request's date may be off: 15 minutes by default; Infinity where times differ by design. */
  readonly dateToleranceMs?: number;
}

export interface AccountOptions {
  readonly name: string;
  /** Base64; derived from the world's seed by default. */
  readonly keys?: readonly [string, string];
  readonly allowPublicAccess?: boolean;
}

export interface StoredBlob {
  readonly content: Buffer;
  readonly metadata: Metadata;
  /** Base64. */
  readonly contentMd5: string | undefined;
}

export interface ContainerSasOptions {
  readonly account: string;
  readonly container: string;
  /** Letters in the order racwdxltmeop. */
  readonly permissions: string;
  readonly expiresAt: UnixMillis;
  readonly startsAt?: UnixMillis;
}

/** A page blob that stands for a disk, in an account of its own, reached by one signature. */
export interface DiskBlobOptions {
  /** Of the disk: names of account and container derive from it. */
  readonly key: string;
  /** Number of this grant among the disk's. */
  readonly grant: number;
  readonly body: PageBody;
  /** Of blobs that may be compared with each other. */
  readonly generation: number;
  readonly permissions: string;
  readonly expiresAt: UnixMillis;
}

export interface StorageService {
  /** For all blob endpoints: accounts by Host header, or as the first part of the path. */
  readonly handler: HttpHandler;
  /** Where all content lies; also of disks, which are spaces of it. */
  readonly store: ExtentStore;
  createAccount(name: string, options?: Omit<AccountOptions, 'name'>): StorageAccount;
  account(name: string): StorageAccount | undefined;
  /** Container of that name, made if it is not there. The account must be. */
  container(account: string, name: string): Container;
  deleteContainer(account: string, name: string): void;
  /** Names in order. */
  blobNames(account: string, container: string, prefix?: string): Iterable<string>;
  readBlob(account: string, container: string, name: string): StoredBlob | undefined;
  /** @returns false when there was none */
  deleteBlob(account: string, container: string, name: string): boolean;
  /** URL of a container with a signature for it. */
  issueContainerSas(options: ContainerSasOptions): string;
  /** @returns URL of the blob `abcd` with a signature by a stored policy. The content stays the caller's. */
  exposeDisk(options: DiskBlobOptions): string;
  /** Removes the policy: every further call with the URL is refused. */
  withdrawDisk(key: string): void;
  /** The disk is gone, and its names with it. */
  forgetDisk(key: string): void;
  nextGeneration(): number;
  /** Bytes that content occupies, and that memory or files really hold. */
  usage(): { liveBytes: Bytes; heldBytes: Bytes };
  close(): void;
}

const TICKS_AT_EPOCH = 621_355_968_000_000_000n;
const TICKS_PER_MS = 10_000n;

export function createStorage(options: StorageOptions): StorageService {
  const { context } = options;
  const suffix = options.blobSuffix ?? 'blob.core.windows.net';
  const originOf =
    options.originOf ??
    ((account: string) => `https://${account}.${account.startsWith('md-') ? `z01.${suffix}` : suffix}`);
  const store = new ExtentStore(options.directory === undefined ? {} : { directory: options.directory });
  const accounts = new Map<string, StorageAccount>();
  context.faults.declare(blobFaultPoints());

  let lastTick = 0n;
  const tick = (now: UnixMillis): bigint => {
    const at = BigInt(Math.floor(now)) * TICKS_PER_MS + TICKS_AT_EPOCH;
    lastTick = at > lastTick ? at : lastTick + 1n;
    return lastTick;
  };
  const numbers = { lease: 0, copy: 0, generation: 0 };
  const authorization = {
    verifyToken: options.verifyToken,
    ...(options.allowsToken ? { allowsToken: options.allowsToken } : {}),
    authorizationUri: options.authorizationUri ?? 'https://login.microsoftonline.com/common/oauth2/authorize',
    dateToleranceMs: options.dateToleranceMs ?? 15 * MINUTE,
  };
  const tools: ServiceTools = {
    store,
    stamp: (now) => ({
      etag: `"0x${tick(now).toString(16).toUpperCase()}"`,
      lastModified: now,
    }),
    snapshotId(now) {
      const ticks = tick(now) - TICKS_AT_EPOCH;
      const ms = Number(ticks / TICKS_PER_MS);
      return `${new Date(ms).toISOString().slice(0, -1)}${String(ticks % TICKS_PER_MS).padStart(4, '0')}Z`;
    },
    leaseId: () => context.entropy.uuid('azure.storage.lease', numbers.lease++),
    copyId: () => context.entropy.uuid('azure.storage.copy', numbers.copy++),
    nextGeneration: () => ++numbers.generation,
    account: (name) => accounts.get(name),
    authorizeUrl(url) {
      const cut = url.indexOf('/', url.indexOf('://') + 3);
      const request = readBlobRequest({
        method: 'GET',
        target: cut < 0 ? '/' : url.slice(cut),
        headers: { host: url.slice(url.indexOf('://') + 3, cut < 0 ? undefined : cut) },
        rawHeaders: [],
        isSecure: url.startsWith('https:'),
        remoteAddress: '',
        arrivedAt: context.clock.wall(),
      });
      const account = accounts.get(request.account);
      if (!account || request.blob === undefined) throw storageFault('CannotVerifyCopySource');
      authorize(request, account, getBlob, () => true, authorization);
      return blobOf({ request, account });
    },
  };
  const limits =
    options.limits === undefined
      ? undefined
      : new LimitKeeper(options.limits === 'documented' ? DOCUMENTED_LIMITS : options.limits);

  function requireAccount(name: string): StorageAccount {
    const account = accounts.get(name);
    if (!account) throw storageFault('ResourceNotFound');
    return account;
  }

  const diskNames = (key: string): [account: string, container: string] => [
    `md-impexp-${context.entropy.hex(12, 'azure.disk.account', key)}`,
    context.entropy.hex(12, 'azure.disk.container', key),
  ];

  function currentBlob(account: string, container: string, name: string): Blob | undefined {
    return accounts.get(account)?.containers.get(container)?.blobs.get(name)?.current;
  }

  const service: StorageService = {
    handler: blobHandler({ context, tools, authorization, limits }),
    store,
    createAccount(name, { keys, allowPublicAccess } = {}) {
      const made = (n: number) => context.entropy.bytes(64, 'azure.storage.key', name, n).toString('base64');
      const account: StorageAccount = {
        name,
        keys: keys ? [keys[0], keys[1]] : [made(1), made(2)],
        containers: new Map(),
        allowPublicAccess: allowPublicAccess ?? false,
      };
      accounts.set(name, account);
      return account;
    },
    account: (name) => accounts.get(name),
    container(account, name) {
      const { containers } = requireAccount(account);
      let container = containers.get(name);
      if (!container) {
        container = {
          name,
          blobs: new BlobIndex(),
          ...tools.stamp(context.clock.wall()),
          metadata: new Map(),
          lease: undefined,
          publicAccess: undefined,
          policies: [],
        };
        containers.set(name, container);
      }
      return container;
    },
    deleteContainer(account, name) {
      const containers = accounts.get(account)?.containers;
      for (const entry of containers?.get(name)?.blobs.values() ?? []) releaseEntry(entry);
      containers?.delete(name);
    },
    *blobNames(account, container, prefix = '') {
      const blobs = accounts.get(account)?.containers.get(container)?.blobs;
      for (const entry of blobs?.from(prefix, '') ?? []) if (entry.current) yield entry.name;
    },
    readBlob(account, container, name) {
      const blob = currentBlob(account, container, name);
      if (!blob) return undefined;
      return {
        content: readBody(blob.body, 0, bodyLength(blob.body)),
        metadata: blob.metadata,
        contentMd5: blob.http.contentMd5,
      };
    },
    deleteBlob(account, container, name) {
      const blobs = accounts.get(account)?.containers.get(container)?.blobs;
      const entry = blobs?.get(name);
      if (!blobs || !entry?.current) return false;
      releaseEntry(entry);
      entry.current = undefined;
      entry.snapshots.length = 0;
      blobs.prune(entry);
      return true;
    },
    issueContainerSas({ account, container, permissions, expiresAt, startsAt }) {
      const sas = makeServiceSas({
        target: { account, container },
        accountKey: requireAccount(account).keys[0],
        permissions,
        expiresAt,
        ...(startsAt === undefined ? {} : { startsAt }),
      });
      return `${originOf(account)}/${container}?${sas}`;
    },
    exposeDisk({ key, grant, body, generation, permissions, expiresAt }) {
      const [account, name] = diskNames(key);
      const policy = context.entropy.uuid('azure.disk.policy', key, grant);
      const { keys } = accounts.get(account) ?? service.createAccount(account);
      const container = service.container(account, name);
      // a container has at most five policies
      container.policies = [...container.policies.slice(-4), { id: policy, permissions, expiresAt }];
      const now = context.clock.wall();
      container.blobs.getOrAdd('abcd').current = {
        name: 'abcd',
        createdAt: now,
        generation,
        body,
        ...tools.stamp(now),
        http: { contentType: 'application/octet-stream' },
        metadata: new Map(),
        lease: undefined,
        isDisk: true,
      };
      const sas = makeServiceSas({
        target: { account, container: name, blob: 'abcd' },
        accountKey: keys[0],
        policy,
      });
      return `${originOf(account)}/${name}/abcd?${sas}`;
    },
    withdrawDisk(key) {
      const [account, name] = diskNames(key);
      const container = accounts.get(account)?.containers.get(name);
      if (!container) return;
      container.policies = [];
      const entry = container.blobs.get('abcd');
      if (entry) entry.current = undefined;
    },
    forgetDisk(key) {
      service.withdrawDisk(key);
      accounts.delete(diskNames(key)[0]);
    },
    nextGeneration: tools.nextGeneration,
    usage: () => store.usage(),
    close: () => store[Symbol.dispose](),
  };
  for (const { name, ...rest } of options.accounts ?? []) service.createAccount(name, rest);
  return service;
}
