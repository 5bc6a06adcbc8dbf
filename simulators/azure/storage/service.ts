/**
 * The storage of a world's Azure: accounts, the blob service that clients speak to, and what other services
 * of the same cloud do with blobs and disks from the inside.
 */
import type { HttpHandler } from '#core/net/http-server.ts';
import type { Timer } from '#core/time/clock.ts';
import { type Bytes, MINUTE, type Millis, type UnixMillis } from '#core/units.ts';
import type { SimulatorContext } from '../../kit/context.ts';
import { type AccountSettings, NEW_ACCOUNT, newServiceProperties, type StorageAccount } from './account.ts';
import type { AllowsToken, AuthorizationOptions, VerifyToken } from './authorization.ts';
import {
  type Blob,
  BlobIndex,
  BlockList,
  bodyLength,
  type Container,
  type Metadata,
  NO_TAGS,
  type PageBody,
  readBody,
  releaseEntry,
} from './blob-model.ts';
import { blobHandler } from './blob-service.ts';
import { ContentWriter } from './content.ts';
import { ExtentStore } from './extent-store.ts';
import { GeoReplication } from './geo.ts';
import { DOCUMENTED_LIMITS, LimitKeeper, type StorageLimits } from './limits.ts';
import type { GeoStatus, ServiceTools } from './operation.ts';
import { OPERATIONS } from './operations/table.ts';
import { makeServiceSas } from './sas.ts';
import { storageFaultPoints } from './service-handler.ts';
import { serviceTools } from './service-tools.ts';
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
  /** How far the paired region of a geo-redundant account is behind: 5 minutes by default. */
  readonly geoLagMs?: Millis;
  /** How far a signed request's date may be off: 15 minutes by default; Infinity where times differ by design. */
  readonly dateToleranceMs?: number;
}

export interface AccountOptions extends Partial<AccountSettings> {
  readonly name: string;
  /** Base64; derived from the world's seed by default. */
  readonly keys?: readonly [string, string];
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

export interface SharedServices {
  readonly tools: ServiceTools;
  readonly authorization: AuthorizationOptions;
  readonly limits: LimitKeeper;
}

export interface StorageService {
  /** For all blob endpoints: accounts by Host header, or as the first part of the path. */
  readonly handler: HttpHandler;
  /** What queues and tables of the same accounts are served with. */
  readonly shared: SharedServices;
  /** Where all content lies; also of disks, which are spaces of it. */
  readonly store: ExtentStore;
  createAccount(name: string, options?: Omit<AccountOptions, 'name'>): StorageAccount;
  account(name: string): StorageAccount | undefined;
  /** Changes what is given of an account's settings. The account must be. */
  updateAccount(name: string, settings: Partial<AccountSettings>): void;
  /** With all that is in it. */
  deleteAccount(name: string): void;
  /** @returns the new key; what was signed with the old one is refused from now on */
  regenerateKey(account: string, which: 1 | 2): string;
  geoStatus(account: string): GeoStatus;
  /** To the paired region (geo.ts). Nothing happens to an account that is locally redundant. */
  failOver(account: string, kind: 'planned' | 'unplanned'): void;
  /** Container of that name, made if it is not there. The account must be. */
  container(account: string, name: string): Container;
  deleteContainer(account: string, name: string): void;
  /** Names in order. */
  blobNames(account: string, container: string, prefix?: string): Iterable<string>;
  readBlob(account: string, container: string, name: string): StoredBlob | undefined;
  /** A block blob of another service of the cloud, in the place of what is under that name. The account must be. */
  putBlob(account: string, container: string, name: string, content: Uint8Array, contentType: string): void;
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

export function createStorage(options: StorageOptions): StorageService {
  const { context } = options;
  const suffix = options.blobSuffix ?? 'blob.core.windows.net';
  const originOf =
    options.originOf ??
    ((account: string) => `https://${account}.${account.startsWith('md-') ? `z01.${suffix}` : suffix}`);
  const store = new ExtentStore(options.directory === undefined ? {} : { directory: options.directory });
  const accounts = new Map<string, StorageAccount>();
  context.faults.declare(storageFaultPoints('blob', OPERATIONS));

  const timers = new Set<Timer>();
  const later = (at: UnixMillis, work: () => void): void => {
    const timer = context.clock.schedule(at, 'azure.storage', () => {
      timers.delete(timer);
      work();
    });
    timers.add(timer);
  };
  const geo = new GeoReplication({
    lagMs: options.geoLagMs ?? 5 * MINUTE,
    later,
    now: () => context.clock.wall(),
  });
  const authorization: AuthorizationOptions = {
    verifyToken: options.verifyToken,
    ...(options.allowsToken ? { allowsToken: options.allowsToken } : {}),
    authorizationUri: options.authorizationUri ?? 'https://login.microsoftonline.com/common/oauth2/authorize',
    dateToleranceMs: options.dateToleranceMs ?? 15 * MINUTE,
  };
  const tools = serviceTools({ context, store, accounts, authorization, geo, later });
  const limits = new LimitKeeper(options.limits === 'documented' ? DOCUMENTED_LIMITS : options.limits);

  function requireAccount(name: string): StorageAccount {
    const account = accounts.get(name);
    if (!account) throw storageFault('ResourceNotFound');
    return account;
  }

  let keyGeneration = 0;
  const newKey = (name: string, which: number, ...generation: readonly number[]): string =>
    context.entropy.bytes(64, 'azure.storage.key', name, which, ...generation).toString('base64');

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
    shared: { tools, authorization, limits },
    createAccount(name, { keys, ...settings } = {}) {
      const account: StorageAccount = {
        name,
        keys: keys ? [keys[0], keys[1]] : [newKey(name, 1), newKey(name, 2)],
        containers: new Map(),
        deletedContainers: [],
        settings: { ...NEW_ACCOUNT, ...settings },
        properties: {
          blob: newServiceProperties(),
          queue: newServiceProperties(),
          table: newServiceProperties(),
        },
      };
      accounts.set(name, account);
      geo.follow(account);
      return account;
    },
    account: (name) => accounts.get(name),
    updateAccount(name, settings) {
      const account = requireAccount(name);
      account.settings = { ...account.settings, ...settings };
      geo.follow(account);
    },
    deleteAccount(name) {
      const account = accounts.get(name);
      if (!account) return;
      account.settings = { ...account.settings, redundancy: 'LRS' };
      geo.follow(account);
      for (const container of [...account.containers.keys()]) service.deleteContainer(name, container);
      accounts.delete(name);
    },
    regenerateKey(name, which) {
      const account = requireAccount(name);
      const generation = ++keyGeneration;
      account.keys[which - 1] = newKey(name, which, generation);
      return account.keys[which - 1]!;
    },
    geoStatus: (name) => geo.status(requireAccount(name)),
    failOver: (name, kind) => geo.failOver(requireAccount(name), kind),
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
    putBlob(account, container, name, content, contentType) {
      service.deleteBlob(account, container, name);
      const writer = new ContentWriter(store);
      writer.append(content);
      const now = context.clock.wall();
      service.container(account, container).blobs.getOrAdd(name).current = {
        name,
        createdAt: now,
        generation: tools.nextGeneration(),
        body: { type: 'BlockBlob', blocks: new BlockList([{ id: '', content: writer.finish() }]) },
        ...tools.stamp(now),
        http: { contentType },
        metadata: new Map(),
        tags: NO_TAGS,
        lease: undefined,
      };
    },
    deleteBlob(account, container, name) {
      const blobs = accounts.get(account)?.containers.get(container)?.blobs;
      const entry = blobs?.get(name);
      if (!blobs || !entry?.current) return false;
      releaseEntry(entry);
      entry.current = undefined;
      entry.snapshots.length = 0;
      entry.deleted.length = 0;
      blobs.prune(entry);
      geo.wrote(accounts.get(account)!, context.clock.wall());
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
        tags: NO_TAGS,
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
    close() {
      for (const timer of timers) timer.cancel();
      store[Symbol.dispose]();
    },
  };
  for (const { name, ...rest } of options.accounts ?? []) service.createAccount(name, rest);
  return service;
}
