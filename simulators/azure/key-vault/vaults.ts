/**
 * Microsoft.KeyVault: vaults with access policies or roles, and vaults that were deleted and can be recovered
 * until their retention is over or somebody purges them. Names are unique in the cloud.
 *
 * @see Azure/azure-rest-api-specs, keyvault/resource-manager/Microsoft.KeyVault, 2022-07-01.
 */
import { DAY, SECOND, type UnixMillis } from '#core/units.ts';
import { badRequest, conflict, methodNotAllowed, unknownAction } from '../arm/faults.ts';
import { readLocation, readTags } from '../arm/groups.ts';
import { listOf } from '../arm/paging.ts';
import { type ArmAnswer, ArmError, type ArmProvider, type ArmRequest } from '../arm/provider.ts';
import { ENVELOPE, ResourceShelf, type Shelved, type Stated } from '../arm/resource-shelf.ts';
import { iso } from '../http.ts';
import { flag, list, matching, oneOf, type Reader, shape, text, whole } from '../shape.ts';
import { Secrets } from './secrets.ts';

export const VAULT_NAMESPACE = 'Microsoft.KeyVault';
const API_VERSIONS = [
  ...[
    '2016-10-01',
    '2018-02-14',
    '2019-09-01',
    '2020-04-01-preview',
    '2021-04-01-preview',
    '2021-06-01-preview',
  ],
  ...[
    '2021-10-01',
    '2021-11-01-preview',
    '2022-07-01',
    '2023-02-01',
    '2023-07-01',
    '2024-11-01',
    '2024-12-01-preview',
  ],
  ...['2025-05-01', '2026-02-01'],
];
const NAME = /^[a-zA-Z](?!.*--)[a-zA-Z0-9-]{1,22}[a-zA-Z0-9]$/;
const GUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const RETENTION_DAYS = 90;
const PURGE_TAKES_MS = 2 * SECOND;

const anything: Reader<unknown> = (value) => value;
const permissions = shape(
  {},
  {
    secrets: list(text(32), 16),
    keys: list(text(32), 32),
    certificates: list(text(32), 32),
    storage: list(text(32), 32),
  },
);
const accessPolicy = shape(
  { tenantId: matching(GUID, 'a GUID'), objectId: matching(GUID, 'a GUID'), permissions },
  { applicationId: matching(GUID, 'a GUID') },
);
export type AccessPolicy = ReturnType<typeof accessPolicy>;
const accessPolicies = list(accessPolicy, 1_024);

const settings = {
  accessPolicies,
  enableRbacAuthorization: flag,
  enabledForDeployment: flag,
  enabledForDiskEncryption: flag,
  enabledForTemplateDeployment: flag,
  enableSoftDelete: flag,
  enablePurgeProtection: flag,
  softDeleteRetentionInDays: whole(7, 90),
  networkAcls: anything,
  publicNetworkAccess: oneOf('Enabled', 'Disabled', 'enabled', 'disabled'),
};
const readVault = shape(
  {
    location: (value: unknown) => readLocation(value),
    properties: shape(
      { tenantId: matching(GUID, 'a GUID') },
      {
        ...settings,
        sku: shape({ family: oneOf('A'), name: oneOf('standard', 'premium') }),
        createMode: oneOf('default', 'recover'),
        vaultUri: anything,
        hsmPoolResourceId: anything,
        provisioningState: anything,
        privateEndpointConnections: anything,
      },
    ),
  },
  { ...ENVELOPE, tags: (value: unknown) => readTags(value) },
);
const readPatch = shape(
  {},
  { tags: (value: unknown) => readTags(value), properties: shape({}, { ...settings, sku: anything }) },
);
const readPolicies = shape({ properties: shape({ accessPolicies }) }, ENVELOPE);
const readName = shape({ name: text(64) }, { type: text(64) });

export interface Vault {
  readonly settings: Readonly<Record<string, unknown>>;
  policies: readonly AccessPolicy[];
  /** By roles rather than by policies. */
  readonly usesRoles: boolean;
  readonly retentionDays: number;
  readonly purgeProtected: boolean;
  readonly secrets: Secrets;
}

interface DeletedVault {
  readonly vault: Shelved<Vault>;
  readonly subscriptionId: string;
  readonly deletedAt: UnixMillis;
  readonly purgedAt: UnixMillis;
}

export class KeyVaults {
  readonly #tenantId: string;
  readonly #deleted = new Map<string, DeletedVault>();
  readonly shelf: ResourceShelf<Vault>;
  readonly provider: ArmProvider;

  constructor(tenantId: string) {
    this.#tenantId = tenantId;
    this.shelf = new ResourceShelf({
      namespace: VAULT_NAMESPACE,
      type: 'vaults',
      apiVersions: API_VERSIONS,
      name: NAME,
      createTakesMs: 0,
      deleteTakesMs: 0,
      read: (request, before) => this.#read(request, before),
      patch: (request, vault) => patched(request, vault),
      left: (vault, request) => this.#left(vault, request),
      view: (vault, { addresses }) => ({
        ...this.#shown(vault),
        vaultUri: `${addresses.vault(vault.name)}/`,
      }),
      act: (vault, request) => actOnPolicies(vault, request),
    });
    const type = (handle: (request: ArmRequest) => ArmAnswer) => ({
      apiVersions: API_VERSIONS,
      holdsResources: false,
      handle,
    });
    this.provider = {
      namespace: VAULT_NAMESPACE,
      types: {
        vaults: this.shelf.type,
        deletedVaults: type((request) => this.#listDeleted(request)),
        'locations/deletedVaults': type((request) => this.#onDeleted(request)),
        checkNameAvailability: type((request) => this.#checkName(request)),
      },
    };
  }

  /** A vault by the name in its address. */
  named(name: string): Shelved<Vault> | undefined {
    return this.shelf.all().find((vault) => vault.name.toLowerCase() === name.toLowerCase());
  }

  #shown({ properties, state }: Shelved<Vault>): Record<string, unknown> {
    const { settings: kept, policies, usesRoles, retentionDays, purgeProtected } = properties;
    return {
      sku: { family: 'A', name: 'standard' },
      tenantId: this.#tenantId,
      accessPolicies: policies,
      enabledForDeployment: false,
      ...kept,
      enableSoftDelete: true,
      softDeleteRetentionInDays: retentionDays,
      enableRbacAuthorization: usesRoles,
      ...(purgeProtected ? { enablePurgeProtection: true } : {}),
      provisioningState: state,
      publicNetworkAccess: 'Enabled',
    };
  }

  #read(request: ArmRequest, before: Shelved<Vault> | undefined): Stated<Vault> {
    this.#forgetOld(request.now);
    const { location, tags = {}, properties } = readVault(request.body, '');
    const { tenantId, createMode, softDeleteRetentionInDays, enablePurgeProtection, enableSoftDelete } =
      properties;
    if (tenantId.toLowerCase() !== this.#tenantId.toLowerCase())
      throw badRequest(`The tenant ${tenantId} is not that of the subscription.`, 'properties.tenantId');
    if (enableSoftDelete === false)
      throw badRequest(
        'The property "enableSoftDelete" can be set to false only for creating new vault... no more: soft delete cannot be turned off.',
      );
    const deleted = this.#deleted.get(request.name.toLowerCase());
    if (!before && this.named(request.name))
      throw conflict(
        'VaultAlreadyExists',
        `The vault name '${request.name}' is already in use. Vault names are globally unique so it is possible that the name is already taken.`,
      );
    if (createMode === 'recover') {
      if (!deleted)
        throw new ArmError(
          404,
          'DeletedVaultNotFound',
          `The specified deleted vault '${request.name}' does not exist.`,
        );
      this.#deleted.delete(request.name.toLowerCase());
      return { location, tags: { ...deleted.vault.tags, ...tags }, properties: deleted.vault.properties };
    }
    if (deleted)
      throw conflict(
        'ConflictError',
        `A vault with the same name already exists in deleted state. You need to either recover or purge existing key vault. Follow this link https://go.microsoft.com/fwlink/?linkid=2149745 for more information on soft delete.`,
      );
    if (before?.properties.purgeProtected && enablePurgeProtection === false)
      throw badRequest('The property "enablePurgeProtection" cannot be set to false.');
    const { accessPolicies: policies, enableRbacAuthorization } = properties;
    return {
      location,
      tags,
      properties: {
        settings: keptOf(properties),
        policies: policies ?? [],
        usesRoles: enableRbacAuthorization ?? before?.properties.usesRoles ?? false,
        retentionDays: before?.properties.retentionDays ?? softDeleteRetentionInDays ?? RETENTION_DAYS,
        purgeProtected: enablePurgeProtection ?? before?.properties.purgeProtected ?? false,
        secrets: before?.properties.secrets ?? new Secrets(),
      },
    };
  }

  #left(vault: Shelved<Vault>, { now, subscriptionId }: ArmRequest): void {
    const purgedAt = now + vault.properties.retentionDays * DAY;
    this.#deleted.set(vault.name.toLowerCase(), { vault, subscriptionId, deletedAt: now, purgedAt });
  }

  #forgetOld(now: UnixMillis): void {
    for (const [name, { purgedAt }] of this.#deleted) if (purgedAt <= now) this.#deleted.delete(name);
  }

  #listDeleted(request: ArmRequest): ArmAnswer {
    const { method, name, segments, subscriptionId } = request;
    if (name !== '' || segments.length > 0) throw unknownAction(method, 'deletedVaults');
    if (method !== 'GET') throw methodNotAllowed(method, 'deletedVaults');
    this.#forgetOld(request.now);
    const mine = [...this.#deleted.values()].filter((deleted) => deleted.subscriptionId === subscriptionId);
    return { list: listOf(mine.map(deletedView)) };
  }

  /** `locations/{l}/deletedVaults/{name}[/purge]` */
  #onDeleted(request: ArmRequest): ArmAnswer {
    const { method, names, name, segments, subscriptionId } = request;
    this.#forgetOld(request.now);
    const deleted = this.#deleted.get(name.toLowerCase());
    if (
      !deleted ||
      deleted.subscriptionId !== subscriptionId ||
      deleted.vault.location !== readLocation(names[0])
    )
      throw new ArmError(
        404,
        'DeletedVaultNotFound',
        `The specified deleted vault '${name}' does not exist.`,
      );
    if (segments.length === 0 && method === 'GET') return { status: 200, body: deletedView(deleted) };
    if (segments.join('/').toLowerCase() !== 'purge' || method !== 'POST')
      throw unknownAction(method, `deletedVaults/${segments.join('/')}`);
    if (deleted.vault.properties.purgeProtected)
      throw new ArmError(
        400,
        'MethodNotAllowed',
        `Operation 'DeletedVaultPurge' is not allowed: the vault '${name}' has purge protection on.`,
      );
    const run = (): void => void this.#deleted.delete(name.toLowerCase());
    return { operation: { takesMs: PURGE_TAKES_MS, status: 202, asyncOperation: false, run } };
  }

  #checkName(request: ArmRequest): ArmAnswer {
    if (request.method !== 'POST') throw methodNotAllowed(request.method, 'checkNameAvailability');
    const { name } = readName(request.body, '');
    if (!NAME.test(name))
      return {
        status: 200,
        body: { nameAvailable: false, reason: 'AccountNameInvalid', message: 'The vault name is not valid.' },
      };
    const isTaken = this.named(name) !== undefined || this.#deleted.has(name.toLowerCase());
    return {
      status: 200,
      body: isTaken
        ? { nameAvailable: false, reason: 'AlreadyExists', message: `The name '${name}' is already in use.` }
        : { nameAvailable: true },
    };
  }
}

const KEPT = [
  'sku',
  'enabledForDeployment',
  'enabledForDiskEncryption',
  'enabledForTemplateDeployment',
  'networkAcls',
];

function keptOf(properties: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    KEPT.filter((key) => properties[key] !== undefined).map((key) => [key, properties[key]]),
  );
}

function patched(request: ArmRequest, vault: Shelved<Vault>) {
  const { tags, properties = {} } = readPatch(request.body, '');
  const before = vault.properties;
  if (before.purgeProtected && properties.enablePurgeProtection === false)
    throw badRequest('The property "enablePurgeProtection" cannot be set to false.');
  return {
    ...(tags ? { tags } : {}),
    properties: {
      ...before,
      settings: { ...before.settings, ...keptOf(properties) },
      policies: properties.accessPolicies ?? before.policies,
      usesRoles: properties.enableRbacAuthorization ?? before.usesRoles,
      purgeProtected: properties.enablePurgeProtection ?? before.purgeProtected,
    },
  };
}

/** `PUT {vault}/accessPolicies/add|replace|remove` */
function actOnPolicies(vault: Shelved<Vault>, request: ArmRequest): ArmAnswer | undefined {
  const [kind, verb, ...more] = request.segments.map((part) => part.toLowerCase());
  if (kind !== 'accesspolicies' || more.length > 0 || !['add', 'replace', 'remove'].includes(verb ?? ''))
    return undefined;
  if (request.method !== 'PUT') throw methodNotAllowed(request.method, 'vaults/accessPolicies');
  const given = readPolicies(request.body, '').properties.accessPolicies;
  const { properties } = vault;
  const others = properties.policies.filter(
    (known) => !given.some(({ objectId }) => objectId.toLowerCase() === known.objectId.toLowerCase()),
  );
  properties.policies =
    verb === 'remove' ? others : verb === 'add' ? merged(properties.policies, given) : [...others, ...given];
  vault.version++;
  return {
    status: 200,
    body: {
      id: `${vault.id}/accessPolicies/`,
      type: `${VAULT_NAMESPACE}/vaults/accessPolicies`,
      properties: { accessPolicies: properties.policies },
    },
  };
}

function merged(known: readonly AccessPolicy[], given: readonly AccessPolicy[]): AccessPolicy[] {
  const result = [...known];
  for (const policy of given) {
    const at = result.findIndex(({ objectId }) => objectId.toLowerCase() === policy.objectId.toLowerCase());
    const secrets = [
      ...new Set([...(result[at]?.permissions.secrets ?? []), ...(policy.permissions.secrets ?? [])]),
    ];
    const both = { ...policy, permissions: { ...result[at]?.permissions, ...policy.permissions, secrets } };
    if (at < 0) result.push(both);
    else result[at] = both;
  }
  return result;
}

function deletedView({ vault, subscriptionId, deletedAt, purgedAt }: DeletedVault): object {
  return {
    id: `/subscriptions/${subscriptionId}/providers/${VAULT_NAMESPACE}/locations/${vault.location}/deletedVaults/${vault.name}`,
    name: vault.name,
    type: `${VAULT_NAMESPACE}/deletedVaults`,
    properties: {
      vaultId: vault.id,
      location: vault.location,
      tags: vault.tags,
      deletionDate: iso(deletedAt),
      scheduledPurgeDate: iso(purgedAt),
    },
  };
}
