import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { SystemClock } from '#core/time/system-clock.ts';
import type { ApplianceConfig, CredentialConfig } from './config.ts';
import { settleCredentials } from './credentials.ts';
import { openStore, type Store } from './store/store.ts';

const folder = mkdtempSync(join(tmpdir(), 'drylift-credentials-'));
afterAll(() => rmSync(folder, { recursive: true }));

const credential = (name: string, kind: CredentialConfig['kind'], more: Partial<CredentialConfig> = {}) => ({
  ...{ name, kind, user: `${name}-user`, password: undefined, privateKey: undefined, passphrase: undefined },
  ...more,
});
const config = (credentials: readonly CredentialConfig[]): ApplianceConfig =>
  ({
    cloud: { clientId: 'c', clientSecret: 's' },
    vcenters: [],
    guests: { credentials: [] },
    credentials,
  }) as unknown as ApplianceConfig;

async function settled(credentials: readonly CredentialConfig[], file = ':memory:') {
  const store: Store = openStore({
    path: file,
    clock: new SystemClock(),
    key: Buffer.alloc(32, 7),
    synchronous: 'off',
  });
  try {
    return await settleCredentials(config(credentials), store);
  } finally {
    await store.close();
  }
}

test('accounts of hosts and of servers are kept apart; keys and passwords go together', async () => {
  const { hosts, servers } = await settled([
    credential('hv', 'hyperv', { password: 'pw-hv' }),
    credential('root', 'linux', { password: 'pw-sudo', privateKey: 'KEY', passphrase: 'open' }),
    credential('key', 'linux', { privateKey: 'KEY2' }),
    credential('win', 'windows', { password: 'pw-win' }),
  ]);
  expect(hosts).toEqual([{ name: 'hv', user: 'hv-user', password: 'pw-hv' }]);
  expect(servers).toEqual([
    {
      ...{ name: 'root', family: 'linux', user: 'root-user' },
      ...{ password: 'pw-sudo', privateKey: 'KEY', passphrase: 'open' },
    },
    { name: 'key', family: 'linux', user: 'key-user', password: '', privateKey: 'KEY2' },
    { name: 'win', family: 'windows', user: 'win-user', password: 'pw-win' },
  ]);
});

test('what was given once lies sealed and is used again; what is given anew replaces all of it', async () => {
  const file = join(folder, 'a.db');
  const both = { password: 'hunter2-hunter2', privateKey: 'hunter3-key' };
  await settled([credential('root', 'linux', both)], file);
  for (const name of readdirSync(folder))
    expect(readFileSync(join(folder, name)).includes('hunter')).toBe(false);
  expect((await settled([credential('root', 'linux')], file)).servers).toMatchObject([both]);
  // a password in place of the key: the key is gone, so that nobody wonders which one was tried
  await settled([credential('root', 'linux', { password: 'new' })], file);
  const [after] = (await settled([credential('root', 'linux')], file)).servers;
  expect(after).toEqual({ name: 'root', family: 'linux', user: 'root-user', password: 'new' });
});

test('a credential without any secret, given or stored, is named', async () => {
  await expect(settled([credential('win', 'windows')])).rejects.toMatchObject({
    code: 'config.noSecret',
    what: 'There is no secret for "credential win win-user".',
  });
});
