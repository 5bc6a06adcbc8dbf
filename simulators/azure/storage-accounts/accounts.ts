/**
 * Microsoft.Storage: accounts as resources of ARM. What is in them is the storage service's (storage/); here they
 * are made, configured, given new keys, failed over and deleted, and their containers are seen from outside.
 */
import { SECOND, type UnixMillis } from '#core/units.ts';
import { conflict, methodNotAllowed, unknownAction } from '../arm/faults.ts';
import { listOf } from '../arm/paging.ts';
import { type ArmAnswer, ArmError, type ArmProvider, type ArmRequest } from '../arm/provider.ts';
import { ResourceShelf, type Shelved, type Stated } from '../arm/resource-shelf.ts';
import { iso } from '../http.ts';
import type { StorageService } from '../storage/service.ts';
import {
  type AccountRequestSettings,
  readAccount,
  readAccountPatch,
  readContainer,
  readKeyName,
  readName,
} from './requests.ts';

export const STORAGE_NAMESPACE = 'Microsoft.Storage';
const API_VERSIONS = [
  ...[
    '2018-07-01',
    '2018-11-01',
    '2019-04-01',
    '2019-06-01',
    '2020-08-01-preview',
    '2021-01-01',
    '2021-02-01',
  ],
  ...[
    '2021-04-01',
    '2021-06-01',
    '2021-08-01',
    '2021-09-01',
    '2022-05-01',
    '2022-09-01',
    '2023-01-01',
    '2023-04-01',
  ],
  ...['2023-05-01', '2024-01-01', '2025-01-01', '2025-06-01', '2026-01-01'],
];
const NAME = /^[a-z0-9]{3,24}$/;
const CONTAINER_NAME = /^(?:\$root|\$web|[a-z0-9](?:[a-z0-9]|-(?=[a-z0-9])){2,62})$/;
const CREATE_TAKES_MS = 4 * SECOND;
const FAILOVER_TAKES_MS = 60 * SECOND;

interface Account {
  readonly settings: AccountRequestSettings;
  sku: string;
  readonly createdAt: UnixMillis;
  keyMadeAt: [UnixMillis, UnixMillis];
}

export class StorageAccounts {
  readonly #storage: StorageService;
  readonly shelf: ResourceShelf<Account>;
  readonly provider: ArmProvider;

  constructor(storage: StorageService) {
    this.#storage = storage;
    this.shelf = new ResourceShelf({
      namespace: STORAGE_NAMESPACE,
      type: 'storageAccounts',
      apiVersions: API_VERSIONS,
      name: NAME,
      createTakesMs: CREATE_TAKES_MS,
      deleteTakesMs: 0,
      older: true,
      read: (request, before) => this.#read(request, before),
      made: (account, before) => this.#made(account, before === undefined),
      patch: (request, account) => this.#patch(request, account),
      left: ({ name }) => storage.deleteAccount(name),
      view: (account, request) => this.#view(account, request),
      act: (account, request) => this.#act(account, request),
    });
    const list = (handle: (request: ArmRequest) => ArmAnswer) => ({
      apiVersions: API_VERSIONS,
      holdsResources: false,
      handle,
    });
    this.provider = {
      namespace: STORAGE_NAMESPACE,
      types: {
        storageAccounts: this.shelf.type,
        checkNameAvailability: list((request) => this.#checkName(request)),
      },
    };
  }

  /** Id of the resource that stands for an account; undefined for one that only the cloud itself knows. */
  idOf(account: string): string | undefined {
    return this.shelf.all().find(({ name }) => name === account)?.id;
  }

  #read(request: ArmRequest, before: Shelved<Account> | undefined): Stated<Account> {
    const { location, tags = {}, sku, kind, properties = {} } = readAccount(request.body, '');
    const elsewhere = this.shelf.all().some((known) => known !== before && known.name === request.name);
    if (elsewhere)
      throw conflict(
        'StorageAccountAlreadyTaken',
        `The storage account named ${request.name} is already taken.`,
      );
    if (before && before.beside['kind'] !== kind)
      throw conflict(
        'AccountPropertyCannotBeUpdated',
        'The property kind was specified in the input, but it cannot be updated.',
      );
    const known = before?.properties;
    return {
      location: before?.location ?? location,
      tags,
      beside: { sku: skuView(sku.name), kind },
      properties: {
        settings: { ...known?.settings, ...properties },
        sku: sku.name,
        createdAt: known?.createdAt ?? request.now,
        keyMadeAt: known?.keyMadeAt ?? [request.now, request.now],
      },
    };
  }

  /** The service's account follows; one that the landing zone has made is taken over with its keys. */
  #made({ name, properties }: Shelved<Account>, isNew: boolean): void {
    if (isNew && !this.#storage.account(name)) this.#storage.createAccount(name);
    this.#configure(name, properties);
  }

  #configure(name: string, { settings, sku }: Account): void {
    this.#storage.updateAccount(name, {
      allowPublicAccess: settings.allowBlobPublicAccess ?? false,
      allowSharedKey: settings.allowSharedKeyAccess ?? true,
      // zones are not told apart: a region is one place here
      redundancy: /RAG/.test(sku) ? 'RA-GRS' : /_G/.test(sku) ? 'GRS' : 'LRS',
      ...(settings.publicNetworkAccess === undefined
        ? {}
        : {
            network: {
              privateEndpointNodes: this.#storage.account(name)?.settings.network.privateEndpointNodes ?? [],
              publicAccess: settings.publicNetworkAccess !== 'Disabled',
            },
          }),
    });
  }

  #patch(request: ArmRequest, account: Shelved<Account>) {
    const { tags, sku, kind, properties } = readAccountPatch(request.body, '');
    const before = account.properties;
    const changed = {
      ...before,
      settings: { ...before.settings, ...properties },
      sku: sku?.name ?? before.sku,
    };
    this.#configure(account.name, changed);
    return {
      properties: changed,
      beside: { sku: skuView(changed.sku), kind: kind ?? account.beside['kind'] },
      ...(tags ? { tags } : {}),
    };
  }

  #view(account: Shelved<Account>, request: ArmRequest): object {
    const { name, location, properties, state } = account;
    const { settings, sku, createdAt, keyMadeAt } = properties;
    const { addresses } = request;
    const endpoints = (at: string) => ({
      blob: `${addresses.storage(at, 'blob')}/`,
      queue: `${addresses.storage(at, 'queue')}/`,
      table: `${addresses.storage(at, 'table')}/`,
    });
    const geo = this.#storage.geoStatus(name);
    const wantsGeo = (request.query.get('$expand') ?? '').toLowerCase().includes('georeplicationstats');
    return {
      accessTier: 'Hot',
      supportsHttpsTrafficOnly: true,
      allowBlobPublicAccess: false,
      minimumTlsVersion: 'TLS1_2',
      networkAcls: { bypass: 'AzureServices', defaultAction: 'Allow', ipRules: [], virtualNetworkRules: [] },
      encryption: {
        keySource: 'Microsoft.Storage',
        services: {
          blob: { enabled: true, keyType: 'Account', lastEnabledTime: iso(createdAt) },
          file: { enabled: true, keyType: 'Account', lastEnabledTime: iso(createdAt) },
        },
      },
      ...settings,
      provisioningState: state === 'Creating' ? 'Creating' : 'Succeeded',
      creationTime: iso(createdAt),
      keyCreationTime: { key1: iso(keyMadeAt[0]), key2: iso(keyMadeAt[1]) },
      primaryEndpoints: endpoints(name),
      primaryLocation: location,
      statusOfPrimary: 'available',
      privateEndpointConnections: [],
      ...(sku.includes('RA') ? { secondaryEndpoints: endpoints(`${name}-secondary`) } : {}),
      ...(wantsGeo && geo.lastSyncTime !== undefined
        ? { geoReplicationStats: { status: 'Live', lastSyncTime: iso(geo.lastSyncTime), canFailover: true } }
        : {}),
    };
  }

  #act(account: Shelved<Account>, request: ArmRequest): ArmAnswer | undefined {
    const { method, segments } = request;
    const path = segments.map((part) => part.toLowerCase());
    if (path[0] === 'blobservices') return this.#blobServices(account, request);
    if (path.length !== 1) return undefined;
    if (!['listkeys', 'regeneratekey', 'failover'].includes(path[0]!)) return undefined;
    if (method !== 'POST') throw methodNotAllowed(method, `storageAccounts/${segments[0]}`);
    if (path[0] === 'listkeys') return { status: 200, body: this.#keys(account) };
    if (path[0] === 'failover') {
      if (!/G/.test(account.properties.sku))
        throw new ArmError(
          400,
          'AccountFailoverNotSupported',
          `Account ${account.name} is not geo-redundant.`,
        );
      const run = (): void => {
        const kind = request.query.get('failoverType')?.toLowerCase() === 'planned' ? 'planned' : 'unplanned';
        this.#storage.failOver(account.name, kind);
        if (kind === 'planned') return;
        account.properties.sku = 'Standard_LRS';
        account.beside = { ...account.beside, sku: skuView('Standard_LRS') };
      };
      return { operation: { takesMs: FAILOVER_TAKES_MS, status: 202, asyncOperation: false, run } };
    }
    const { keyName } = readKeyName(request.body, '');
    const which = keyName === 'key1' ? 1 : 2;
    this.#storage.regenerateKey(account.name, which);
    account.properties.keyMadeAt[which - 1] = request.now;
    return { status: 200, body: this.#keys(account) };
  }

  #keys({ name, properties }: Shelved<Account>): object {
    const keys = this.#storage.account(name)?.keys ?? [];
    return {
      keys: keys.map((value, i) => ({
        creationTime: iso(properties.keyMadeAt[i] ?? properties.createdAt),
        keyName: `key${i + 1}`,
        value,
        permissions: 'FULL',
      })),
    };
  }

  /** `blobServices[/default[/containers[/{name}]]]` */
  #blobServices(account: Shelved<Account>, request: ArmRequest): ArmAnswer | undefined {
    const { method, segments } = request;
    const [, service, kind, name, ...more] = segments;
    const serviceId = `${account.id}/blobServices/default`;
    const view = {
      id: serviceId,
      name: 'default',
      type: `${STORAGE_NAMESPACE}/storageAccounts/blobServices`,
      sku: account.beside['sku'],
      properties: { cors: { corsRules: [] }, deleteRetentionPolicy: { enabled: false } },
    };
    if (service === undefined) return { list: listOf([view]) };
    if (service.toLowerCase() !== 'default' || more.length > 0) return undefined;
    if (kind === undefined) {
      if (method !== 'GET') throw methodNotAllowed(method, 'storageAccounts/blobServices');
      return { status: 200, body: view };
    }
    if (kind.toLowerCase() !== 'containers') return undefined;
    const containers = this.#storage.account(account.name)?.containers;
    const show = (container: {
      name: string;
      etag: string;
      lastModified: number;
      publicAccess?: string | undefined;
    }) => ({
      id: `${serviceId}/containers/${container.name}`,
      name: container.name,
      type: `${STORAGE_NAMESPACE}/storageAccounts/blobServices/containers`,
      etag: container.etag,
      properties: {
        publicAccess:
          container.publicAccess === 'blob'
            ? 'Blob'
            : container.publicAccess === 'container'
              ? 'Container'
              : 'None',
        lastModifiedTime: iso(container.lastModified),
        leaseStatus: 'Unlocked',
        leaseState: 'Available',
        hasImmutabilityPolicy: false,
        hasLegalHold: false,
      },
    });
    if (name === undefined) {
      if (method !== 'GET') throw methodNotAllowed(method, 'blobServices/containers');
      return { list: listOf([...(containers?.values() ?? [])].map(show)) };
    }
    const known = containers?.get(name);
    switch (method) {
      case 'GET':
        if (!known) throw new ArmError(404, 'ContainerNotFound', 'The specified container does not exist.');
        return { status: 200, body: show(known) };
      case 'PUT': {
        if (!CONTAINER_NAME.test(name))
          throw new ArmError(400, 'ContainerInvalidName', `'${name}' is no name for a container.`);
        const { publicAccess = 'None' } = readContainer(request.body ?? {}, '').properties ?? {};
        if (publicAccess !== 'None' && !account.properties.settings.allowBlobPublicAccess)
          throw conflict(
            'PublicAccessNotPermitted',
            'Public access is not permitted on this storage account.',
          );
        const made = this.#storage.container(account.name, name);
        made.publicAccess =
          publicAccess === 'None' ? undefined : publicAccess === 'Blob' ? 'blob' : 'container';
        return { status: known ? 200 : 201, body: show(made) };
      }
      case 'DELETE':
        if (known) this.#storage.deleteContainer(account.name, name);
        return { status: known ? 200 : 204 };
      default:
        throw methodNotAllowed(method, 'blobServices/containers');
    }
  }

  #checkName(request: ArmRequest): ArmAnswer {
    if (request.method !== 'POST') throw methodNotAllowed(request.method, 'checkNameAvailability');
    if (request.name !== '') throw unknownAction('POST', 'checkNameAvailability');
    const { name } = readName(request.body, '');
    const not = (reason: string, message: string) => ({
      status: 200,
      body: { nameAvailable: false, reason, message },
    });
    if (!NAME.test(name))
      return not(
        'AccountNameInvalid',
        `${name} is not a valid storage account name: 3 to 24 lower-case letters and numbers.`,
      );
    if (this.#storage.account(name))
      return not('AlreadyExists', `The storage account named ${name} is already taken.`);
    return { status: 200, body: { nameAvailable: true } };
  }
}

function skuView(name: string): object {
  return { name, tier: name.split('_')[0] };
}
