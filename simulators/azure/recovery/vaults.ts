/**
 * Vaults themselves, and those that were deleted and can be had back (Microsoft.RecoveryServices; the names are
 * those of arm-recoveryservices 7.2, which has `deletedVaults`: get, list, undelete).
 *
 * A vault that holds something is not deleted. Soft delete is on unless the vault says otherwise, for 14 days
 * [learn: azure/backup/secure-by-default]; afterwards the vault is gone, and nobody can hasten that: no purge
 * is published. That a deleted vault's name is an id of its own, and that its old name can be taken meanwhile, is
 * assumed.
 */
import { DAY, SECOND, type UnixMillis } from '#core/units.ts';
import type { SimulatorContext } from '../../kit/context.ts';
import {
  conflict,
  methodNotAllowed,
  parentNotFound,
  resourceNotFound,
  unknownAction,
} from '../arm/faults.ts';
import { readLocation, readTags } from '../arm/groups.ts';
import { listOf } from '../arm/paging.ts';
import { type ArmAnswer, ArmError, type ArmRequest } from '../arm/provider.ts';
import { iso } from '../http.ts';
import { matching, oneOf, shape, text, whole } from '../shape.ts';
import { idOf, NAMESPACE } from './ids.ts';
import type { Resource, VaultResources } from './vault-resources.ts';

const RETENTION_DAYS = 14;
const RETENTION_DAYS_MAX = 180;
const UNDELETE_TAKES_MS = 30 * SECOND;

const readProperties = shape(
  {},
  {
    publicNetworkAccess: oneOf('Enabled', 'Disabled'),
    provisioningState: text(64),
    securitySettings: shape(
      {},
      {
        softDeleteSettings: shape(
          {},
          {
            softDeleteState: oneOf('Enabled', 'Disabled', 'AlwaysON'),
            softDeleteRetentionPeriodInDays: whole(RETENTION_DAYS, RETENTION_DAYS_MAX),
            enhancedSecurityState: oneOf('Enabled', 'Disabled', 'AlwaysON'),
          },
        ),
      },
    ),
  },
);

const shared = {
  id: text(1_024),
  name: text(256),
  type: text(256),
  etag: text(128),
  eTag: text(128),
  sku: shape({ name: oneOf('Standard', 'RS0') }, { tier: text(64) }),
  tags: (value: unknown) => readTags(value),
  properties: readProperties,
};
const readVault = shape({ location: (value: unknown) => readLocation(value) }, shared);
const readUpdate = shape({}, { ...shared, location: text(64) });
const readUndelete = shape({
  properties: shape({
    recoveryResourceGroupId: matching(
      /^\/subscriptions\/[^/]{1,64}\/resourceGroups\/[^/]{1,90}$/i,
      'the id of a resource group',
    ),
  }),
});

interface DeletedVault {
  readonly name: string;
  readonly subscriptionId: string;
  readonly vault: Resource;
  /** Settings that went with it. */
  readonly within: readonly Resource[];
  readonly deletedAt: UnixMillis;
  readonly purgedAt: UnixMillis;
}

export interface VaultsOptions {
  readonly context: SimulatorContext;
  readonly resources: VaultResources;
  /** Is there such a resource group? */
  readonly knowsGroup?: (subscriptionId: string, group: string) => boolean;
}

export class Vaults {
  readonly #options: VaultsOptions;
  /** By name in lower case. */
  readonly #deleted = new Map<string, DeletedVault>();
  #deletions = 0;

  constructor(options: VaultsOptions) {
    this.#options = options;
  }

  /** Vaults are there at once, and gone at once. */
  handle(request: ArmRequest): ArmAnswer {
    const { method, name, segments, type } = request;
    const { resources } = this.#options;
    if (segments.length > 0) throw unknownAction(method, `${NAMESPACE}/${type}/${segments.join('/')}`);
    if (name === '') {
      if (method !== 'GET') throw methodNotAllowed(method, `${NAMESPACE}/${type}`);
      return resources.list(request);
    }
    const known = resources.find(idOf(request));
    if (method === 'PUT') return this.#put(request, known);
    if (method === 'DELETE') return known ? this.#delete(request, known) : { status: 204 };
    if (method !== 'GET' && method !== 'PATCH') throw methodNotAllowed(method, `${NAMESPACE}/${type}`);
    if (!known) throw resourceNotFound(request, NAMESPACE);
    return { status: 200, body: method === 'GET' ? known : this.#patch(request, known) };
  }

  #put(request: ArmRequest, known: Resource | undefined): ArmAnswer {
    const { location, sku = { name: 'Standard' }, tags = {}, properties = {} } = readVault(request.body, '');
    if (known && known['location'] !== location)
      throw conflict(
        'InvalidResourceLocation',
        `The vault '${request.name}' already exists in location '${String(known['location'])}'.`,
      );
    requireStaysOn(known, properties);
    const body = this.#options.resources.set(request, {
      location,
      sku,
      tags,
      properties: { publicNetworkAccess: 'Enabled', ...secured(properties), provisioningState: 'Succeeded' },
    });
    return { status: known ? 200 : 201, body };
  }

  #patch(request: ArmRequest, known: Resource): Resource {
    const { sku, tags, properties = {} } = readUpdate(request.body, '');
    requireStaysOn(known, properties);
    return this.#options.resources.set(request, {
      ...known,
      ...(sku ? { sku } : {}),
      ...(tags ? { tags } : {}),
      properties: { ...known.properties, ...secured(properties, known), provisioningState: 'Succeeded' },
    });
  }

  #delete({ subscriptionId, now }: ArmRequest, known: Resource): ArmAnswer {
    const { context, resources } = this.#options;
    const holds = resources.heldBy(known);
    if (holds.length > 0)
      throw conflict(
        'ServiceResourceNotEmptyWithContainerDetails',
        `Vault cannot be deleted as there are existing resources within the vault. : ${holds.slice(0, 5).join(', ')}\nUnregister all containers from the vault and then retry to delete vault.`,
      );
    const within = resources.forgetVault(known);
    const { softDeleteState, softDeleteRetentionPeriodInDays } = softDeleteOf(known);
    if (softDeleteState !== 'Disabled') {
      const name = context.entropy.uuid('azure.vault.deleted', known.id.toLowerCase(), this.#deletions++);
      const purgedAt = now + softDeleteRetentionPeriodInDays * DAY;
      this.#deleted.set(name, { name, subscriptionId, vault: known, within, deletedAt: now, purgedAt });
    }
    return { status: 200 };
  }

  /** `locations/{l}/deletedVaults[/{name}[/undelete]]` */
  handleDeleted(request: ArmRequest): ArmAnswer {
    const { method, names, name, segments, subscriptionId, type, now } = request;
    for (const [key, { purgedAt }] of this.#deleted) if (purgedAt <= now) this.#deleted.delete(key);
    const location = readLocation(names[0]);
    const here = [...this.#deleted.values()].filter(
      (one) => one.subscriptionId === subscriptionId && one.vault['location'] === location,
    );
    if (name === '') {
      if (method !== 'GET') throw methodNotAllowed(method, `${NAMESPACE}/${type}`);
      return { list: listOf(here.map(viewOf)) };
    }
    const deleted = here.find((one) => one.name === name.toLowerCase());
    if (!deleted)
      throw new ArmError(404, 'DeletedVaultNotFound', `The deleted vault '${name}' does not exist.`);
    if (segments.length === 0) {
      if (method === 'GET') return { status: 200, body: viewOf(deleted) };
      throw methodNotAllowed(method, `${NAMESPACE}/${type}`);
    }
    if (segments.join('/').toLowerCase() !== 'undelete' || method !== 'POST')
      throw unknownAction(method, `${NAMESPACE}/${type}/${segments.join('/')}`);
    return this.#undelete(request, deleted);
  }

  #undelete(request: ArmRequest, deleted: DeletedVault): ArmAnswer {
    const { resources, knowsGroup = () => true } = this.#options;
    const group = readUndelete(request.body, '').properties.recoveryResourceGroupId;
    const [, , subscriptionId = '', , groupName = ''] = group.split('/');
    if (subscriptionId.toLowerCase() !== request.subscriptionId || !knowsGroup(subscriptionId, groupName))
      throw parentNotFound(group);
    const { vault, within, name } = deleted;
    const id = `${group}/providers/${NAMESPACE}/vaults/${vault.name}`;
    const requireFree = (): void => {
      if (resources.find(id))
        throw conflict('VaultAlreadyExists', `The vault '${vault.name}' is there already in '${group}'.`);
    };
    requireFree();
    return {
      operation: {
        takesMs: UNDELETE_TAKES_MS,
        status: 202,
        location: true,
        run: () => {
          requireFree();
          this.#deleted.delete(name);
          return resources.restoreVault({ ...vault, id }, within, vault.id);
        },
      },
    };
  }
}

/** @param names location and name */
export function deletedVaultId({
  subscriptionId,
  names: [location, name],
}: Pick<ArmRequest, 'subscriptionId' | 'names'>): string {
  return `/subscriptions/${subscriptionId}/providers/${NAMESPACE}/locations/${location}/deletedVaults/${name}`;
}

/** As ARM lists it, below the location in which the vault was. */
function viewOf({ name, subscriptionId, vault, deletedAt, purgedAt }: DeletedVault): object {
  return {
    id: deletedVaultId({ subscriptionId, names: [String(vault['location']), name] }),
    name,
    type: `${NAMESPACE}/locations/deletedVaults`,
    properties: { vaultId: vault.id, vaultDeletionTime: iso(deletedAt), purgeAt: iso(purgedAt) },
  };
}

type Properties = ReturnType<typeof readProperties>;
type SoftDelete = Required<
  Pick<
    NonNullable<NonNullable<Properties['securitySettings']>['softDeleteSettings']>,
    'softDeleteState' | 'softDeleteRetentionPeriodInDays'
  >
>;

function softDeleteOf(vault: Pick<Resource, 'properties'> | undefined): SoftDelete {
  const { securitySettings } = (vault?.properties ?? {}) as Properties;
  return {
    softDeleteState: 'Enabled',
    softDeleteRetentionPeriodInDays: RETENTION_DAYS,
    ...securitySettings?.softDeleteSettings,
  };
}

/** Properties with the soft delete that holds: what is given over what was, over the defaults. */
function secured(properties: Properties, before?: Resource): Properties {
  const softDeleteSettings = {
    enhancedSecurityState: 'Enabled' as const,
    ...softDeleteOf(before),
    ...properties.securitySettings?.softDeleteSettings,
  };
  return { ...properties, securitySettings: { softDeleteSettings } };
}

/** @throws ArmError 400: what is always on is never turned off */
function requireStaysOn(before: Resource | undefined, after: Properties): void {
  const asked = after.securitySettings?.softDeleteSettings?.softDeleteState;
  if (softDeleteOf(before).softDeleteState === 'AlwaysON' && asked !== undefined && asked !== 'AlwaysON')
    throw new ArmError(
      400,
      'BMSUserErrorSoftDeleteStateChangeNotAllowed',
      'Soft delete of this vault is always on and cannot be turned off.',
    );
}
