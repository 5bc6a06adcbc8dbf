/** Secrets as Key Vault shows them. */
import { SECOND, type UnixMillis } from '#core/units.ts';
import type { Shelved } from '../arm/resource-shelf.ts';
import type { DeletedSecret, SecretVersion } from './secrets.ts';
import type { Vault } from './vaults.ts';

/** Of a call: where what is shown lies. */
interface Shown {
  readonly vault: Shelved<Vault>;
  /** Origin of identifiers: the vault's own address as this client spells it. */
  readonly base: string;
  readonly parts: readonly string[];
}

function attributesOf({ properties }: Shelved<Vault>, one: SecretVersion): object {
  const { enabled, createdAt, updatedAt, expiresAt, notBefore } = one;
  const at = (instant: UnixMillis) => Math.floor(instant / SECOND);
  return {
    enabled,
    ...(notBefore === undefined ? {} : { nbf: at(notBefore) }),
    ...(expiresAt === undefined ? {} : { exp: at(expiresAt) }),
    created: at(createdAt),
    updated: at(updatedAt),
    recoveryLevel: properties.purgeProtected ? 'Recoverable' : 'Recoverable+Purgeable',
    recoverableDays: properties.retentionDays,
  };
}

export function item(call: Shown, name: string, one: SecretVersion, withVersion: boolean) {
  return {
    id: `${call.base}/secrets/${name}${withVersion ? `/${one.version}` : ''}`,
    attributes: attributesOf(call.vault, one),
    ...(one.contentType === undefined ? {} : { contentType: one.contentType }),
    tags: one.tags,
  };
}

export function bundle(call: Shown, name: string, one: SecretVersion) {
  return { value: one.value, ...item(call, name, one, true) };
}

export function viewDeleted(call: Shown, { name, current, deletedAt, purgedAt }: DeletedSecret): object {
  return {
    recoveryId: `${call.base}/deletedsecrets/${name}`,
    deletedDate: Math.floor(deletedAt / SECOND),
    scheduledPurgeDate: Math.floor(purgedAt / SECOND),
    ...item(call, name, current, call.parts.length > 1),
  };
}
