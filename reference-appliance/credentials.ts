/**
 * Where secrets come from: the configuration, or the store. Those that the configuration gives are sealed in the store
 * at each start, so that they can be taken out of it afterwards.
 */
import { DryliftError, defineErrors } from '#core/errors.ts';
import type { GuestCredential, HostCredential } from './app/ports.ts';
import type { ApplianceConfig, CredentialConfig } from './config.ts';
import type { Store } from './store/store.ts';

export const errors = defineErrors({
  'config.noSecret': {
    blame: 'input',
    why: 'The configuration does not give the secret, and no earlier start stored one.',
    next: 'Add password or passwordFile to the vCenter or the credential (or its privateKey), clientSecret or clientSecretFile to cloud.',
  },
});

export interface Credentials {
  readonly clientSecret: string;
  /** By vCenter host. */
  readonly passwords: ReadonlyMap<string, string>;
  readonly guests: readonly GuestCredential[];
  /** Of Hyper-V hosts. */
  readonly hosts: readonly HostCredential[];
  /** Of Linux and Windows servers. */
  readonly servers: readonly GuestCredential[];
}

/** What is sealed of one credential: what the configuration gives of it replaces all that was stored. */
interface AccountSecrets {
  readonly password?: string | undefined;
  readonly privateKey?: string | undefined;
  readonly passphrase?: string | undefined;
}

/** Names of the secrets of a configuration, with the values that it gives. */
export function secretsOf({
  cloud,
  vcenters,
  guests,
  credentials,
}: ApplianceConfig): Map<string, string | undefined> {
  return new Map([
    [`cloud ${cloud.clientId}`, cloud.clientSecret],
    ...vcenters.map(({ host, user, password }) => [`vcenter ${host} ${user}`, password] as const),
    ...guests.credentials.map(({ name, user, password }) => [`guest ${name} ${user}`, password] as const),
    ...credentials.map((one) => [keyOf(one), givenOf(one)] as const),
  ]);
}

/** @throws `config.noSecret`, `store.secret.unreadable` */
export async function settleCredentials(config: ApplianceConfig, store: Store): Promise<Credentials> {
  const rows = await store.read((db) => db.selectFrom('secrets').selectAll().execute());
  const stored = new Map(rows.map(({ name, box }) => [name, box]));
  const secrets = new Map<string, string>();
  let isNew = false;
  for (const [name, given] of secretsOf(config)) {
    const box = stored.get(name);
    if (given === undefined) {
      if (!box) throw errors.make('config.noSecret', { what: `There is no secret for "${name}".` });
      secrets.set(name, store.secrets.open(name, box));
      continue;
    }
    secrets.set(name, given);
    if (box && opens(store, name, box) === given) continue;
    const sealed = store.secrets.seal(name, given);
    await store.transaction((db) =>
      db
        .insertInto('secrets')
        .values({ name, box: sealed })
        .onConflict((c) => c.column('name').doUpdateSet({ box: sealed }))
        .execute(),
    );
    isNew = true;
  }
  if (isNew) await store.flush();
  return credentialsFrom(config, secrets);
}

/** @param secrets by their names, all of them */
export function credentialsFrom(config: ApplianceConfig, secrets: ReadonlyMap<string, string>): Credentials {
  return {
    clientSecret: secrets.get(`cloud ${config.cloud.clientId}`)!,
    passwords: new Map(
      config.vcenters.map(({ host, user }) => [host, secrets.get(`vcenter ${host} ${user}`)!] as const),
    ),
    guests: config.guests.credentials.map(({ name, family, user }) => ({
      name,
      family,
      user,
      password: secrets.get(`guest ${name} ${user}`)!,
    })),
    hosts: config.credentials
      .filter(({ kind }) => kind === 'hyperv')
      .map((one) => ({ name: one.name, user: one.user, password: secretsIn(one, secrets).password ?? '' })),
    servers: config.credentials.flatMap((one): GuestCredential[] => {
      if (one.kind === 'hyperv') return [];
      const { password = '', privateKey, passphrase } = secretsIn(one, secrets);
      return [
        {
          name: one.name,
          family: one.kind,
          user: one.user,
          password,
          ...(privateKey === undefined ? {} : { privateKey }),
          ...(passphrase === undefined ? {} : { passphrase }),
        },
      ];
    }),
  };
}

function keyOf({ name, user }: CredentialConfig): string {
  return `credential ${name} ${user}`;
}

function givenOf({ password, privateKey, passphrase }: CredentialConfig): string | undefined {
  if (password === undefined && privateKey === undefined) return undefined;
  return JSON.stringify({ password, privateKey, passphrase } satisfies AccountSecrets);
}

function secretsIn(one: CredentialConfig, secrets: ReadonlyMap<string, string>): AccountSecrets {
  return JSON.parse(secrets.get(keyOf(one))!) as AccountSecrets;
}

/** A box of another key is replaced without a word: the configuration gives the secret anyway. */
function opens(store: Store, name: string, box: Uint8Array): string | undefined {
  try {
    return store.secrets.open(name, box);
  } catch (error) {
    if (error instanceof DryliftError) return undefined;
    throw error;
  }
}
