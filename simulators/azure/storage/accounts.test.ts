/** What concerns whole accounts: the way in, regions, limits, keys, and what happens as time goes by. */
import { expect, test } from 'vitest';
import { HttpClient } from '#core/net/http-client.ts';
import { DAY, HOUR, MIB, MINUTE, SECOND } from '#core/units.ts';
import { DOCUMENTED_LIMITS } from './limits.ts';
import { ACCOUNT, HOST, outcome, type StorageWorld, storageWorld } from './storage-world.ts';

const BLOCK = { 'x-ms-blob-type': 'BlockBlob' };

async function inWorld(
  script: (world: StorageWorld) => Promise<void>,
  ...args: Parameters<typeof storageWorld>
) {
  await using world = await storageWorld(...args);
  await world.world.run(() => script(world));
  expect(world.world.context.counters.toJSON()['bugs.azure']).toBeUndefined();
}

/** A signature for all of an account's container, at either endpoint. */
function signed(
  { storage, world }: StorageWorld,
  account: string,
  container = 'box',
): (path: string) => string {
  const expiresAt = world.context.clock.wall() + 30 * DAY;
  const [, query] = storage
    .issueContainerSas({ account, container, permissions: 'racwdl', expiresAt })
    .split('?');
  return (path) => `${path}${path.includes('?') ? '&' : '?'}${query}`;
}

test('without public access only nodes with a private endpoint get in', () =>
  inWorld(async ({ box, storage, world }) => {
    await box('PUT', 'blob', BLOCK, Buffer.from('x'));
    const network = { publicAccess: false, privateEndpointNodes: ['branch'] };
    storage.updateAccount(ACCOUNT, { network });
    const refused = await box('GET', 'blob');
    expect([outcome(refused), refused.body.toString()]).toEqual([
      '403 AuthorizationFailure',
      expect.stringContaining('This request is not authorized to perform this operation.'),
    ]);
    using branch = closing(
      new HttpClient({
        transport: world.tier.network.as('branch'),
        clock: world.tier.clock,
        tls: { trust: [world.tier.authority.certificatePem] },
      }),
    );
    const url = storage.issueContainerSas({
      account: ACCOUNT,
      container: 'box',
      permissions: 'r',
      expiresAt: world.context.clock.wall() + HOUR,
    });
    const answer = await branch.client.fetch({ method: 'GET', url: url.replace('?', '/blob?'), headers: {} });
    expect(answer.body.toString()).toBe('x');
    storage.updateAccount(ACCOUNT, { network: { publicAccess: true, privateEndpointNodes: [] } });
    expect(outcome(await box('GET', 'blob'))).toBe('200');
  }));

function closing(client: HttpClient): Disposable & { readonly client: HttpClient } {
  return { client, [Symbol.dispose]: () => client.close() };
}

test('the paired region is minutes behind; failing over loses what it lacks, and the account is alone afterwards', () =>
  inWorld(async (whole) => {
    const { storage, wait, world } = whole;
    storage.createAccount('twin', { redundancy: 'RA-GRS' });
    storage.container('twin', 'box');
    const at = signed(whole, 'twin');
    const ask = (method: string, path: string, body?: Buffer, host = 'twin') =>
      world.ask(method, at(`https://${host}.blob.core.windows.net/box${path}`), {
        headers: { 'x-ms-version': '2023-11-03', ...(body ? BLOCK : {}) },
        ...(body ? { body } : {}),
      });
    const there = async (path: string) => outcome(await ask('GET', path, undefined, 'twin-secondary'));
    expect(outcome(await ask('PUT', '/first', Buffer.from('first')))).toBe('201');
    expect(await there('/first')).toBe('404 ContainerNotFound');
    await wait(6 * MINUTE);
    expect(await there('/first')).toBe('200');
    const synced = storage.geoStatus('twin').lastSyncTime!;
    await ask('PUT', '/second', Buffer.from('second'));
    await ask('PUT', '/first', Buffer.from('overwritten'));
    await wait(MINUTE);
    expect(await there('/second')).toBe('404 BlobNotFound');
    expect(storage.geoStatus('twin').lastSyncTime! - synced).toBeLessThan(MINUTE);
    expect(outcome(await ask('PUT', '/third', Buffer.from('x'), 'twin-secondary'))).toBe(
      '403 InsufficientAccountPermissions',
    );
    storage.failOver('twin', 'unplanned');
    expect((await ask('GET', '/first')).body.toString()).toBe('first');
    expect(outcome(await ask('GET', '/second'))).toBe('404 BlobNotFound');
    expect(await there('/first')).toBe('404 ResourceNotFound');
    expect(storage.geoStatus('twin')).toEqual({ status: 'unavailable', lastSyncTime: undefined });
    expect(outcome(await ask('PUT', '/second', Buffer.from('again')))).toBe('201');
    storage.updateAccount('twin', { redundancy: 'RA-GRS' });
    expect(await there('/second')).toBe('200');
    await ask('PUT', '/kept', Buffer.from('kept'));
    storage.failOver('twin', 'planned');
    expect([outcome(await ask('GET', '/kept')), await there('/kept')]).toEqual(['200', '200']);
    storage.deleteAccount('twin');
    expect(storage.usage().liveBytes).toBe(0);
  }));

test('an account can have limits of its own, for requests and for bandwidth either way', () =>
  inWorld(async ({ box, storage, wait }) => {
    const limits = { ...DOCUMENTED_LIMITS, accountRequestsPerSecond: 5 };
    storage.updateAccount(ACCOUNT, { limits });
    const results: string[] = [];
    for (let i = 0; i < 6; i++) results.push(outcome(await box('HEAD', 'nothing')));
    expect(results).toEqual([...new Array(5).fill('404 BlobNotFound'), '503 ServerBusy']);
    await wait(SECOND);
    storage.updateAccount(ACCOUNT, { limits: { ...DOCUMENTED_LIMITS, accountIngressBytesPerSecond: MIB } });
    const put = () => box('PUT', 'blob', BLOCK, Buffer.alloc(0.75 * MIB)).then(outcome);
    expect([await put(), await put()]).toEqual(['201', '503 ServerBusy']);
    await wait(2 * SECOND);
    storage.updateAccount(ACCOUNT, { limits: { ...DOCUMENTED_LIMITS, accountEgressBytesPerSecond: MIB } });
    const get = () => box('GET', 'blob').then(outcome);
    expect([await get(), await get()]).toEqual(['200', '503 ServerBusy']);
    storage.updateAccount(ACCOUNT, { limits: undefined });
    expect(await get()).toBe('200');
  }));

test('a new key makes what was signed with the old one worthless; keys can be forbidden altogether', () =>
  inWorld(async ({ box, storage }) => {
    await box('PUT', 'blob', BLOCK, Buffer.from('x'));
    const before = storage.account(ACCOUNT)!.keys[0];
    expect(storage.regenerateKey(ACCOUNT, 1)).not.toBe(before);
    expect(outcome(await box('GET', 'blob'))).toBe('403 AuthenticationFailed');
    storage.updateAccount(ACCOUNT, { allowSharedKey: false });
    expect(outcome(await box('GET', 'blob'))).toBe('403 KeyBasedAuthenticationNotPermitted');
  }));

test('the account stands in the path where the host is an address, with its secondary beside it', async () => {
  await using whole = await storageWorld();
  const { storage, world } = whole;
  await world.serve(['10.1.2.3', 'localhost'], storage.handler);
  await world.run(async () => {
    const at = signed(whole, ACCOUNT);
    const ask = (method: string, path: string, body?: Buffer) =>
      world.ask(method, at(`https://10.1.2.3${path}`), {
        headers: { 'x-ms-version': '2023-11-03', ...(body ? BLOCK : {}) },
        ...(body ? { body } : {}),
      });
    expect(outcome(await ask('PUT', `/${ACCOUNT}/box/a/b`, Buffer.from('x')))).toBe('201');
    const listed = (await ask('GET', `/${ACCOUNT}/box?restype=container&comp=list`)).body.toString();
    expect(listed).toContain(`ServiceEndpoint="https://10.1.2.3/${ACCOUNT}/"`);
    expect(storage.readBlob(ACCOUNT, 'box', 'a/b')?.content.toString()).toBe('x');
    expect(outcome(await ask('GET', `/${ACCOUNT}-secondary/box/a/b`))).toBe('404 ResourceNotFound');
    expect(outcome(await ask('GET', '/nobody/box/a/b'))).toBe('404 ResourceNotFound');
  });
});

test('a copy between accounts arrives after the time that its bytes take, as the source was', () =>
  inWorld(async (whole) => {
    const { box, storage, wait, world } = whole;
    storage.createAccount('other');
    storage.container('other', 'far');
    const at = signed(whole, 'other', 'far');
    const source = at('https://other.blob.core.windows.net/far/disk');
    const page = (fill: number) =>
      world.ask('PUT', `${source}&comp=page`, {
        headers: { 'x-ms-page-write': 'update', 'x-ms-range': 'bytes=0-511' },
        body: Buffer.alloc(512, fill),
      });
    await world.ask('PUT', source, {
      headers: { 'x-ms-blob-type': 'PageBlob', 'x-ms-blob-content-length': String(300 * MIB) },
    });
    await page(1);
    const answer = await box('PUT', 'copy', { 'x-ms-copy-source': source });
    expect([outcome(answer), answer.headers['x-ms-copy-status']]).toEqual(['202', 'pending']);
    await page(2);
    await wait(1500);
    const half = (await box('HEAD', 'copy')).headers;
    expect([half['x-ms-copy-progress'], half['content-length']]).toEqual([`${150 * MIB}/${300 * MIB}`, '0']);
    expect(String(half['x-ms-copy-source'])).toContain('sig=***');
    expect(outcome(await box('DELETE', 'copy'))).toBe('409 PendingCopyOperation');
    await wait(2 * SECOND);
    const done = (await box('HEAD', 'copy')).headers;
    expect([done['x-ms-copy-status'], done['content-length']]).toEqual(['success', String(300 * MIB)]);
    expect((await box('GET', 'copy', { range: 'bytes=0-0' })).body[0]).toBe(1);
  }));

test('what was deleted is kept for its days, and the archive is left after its hours', () =>
  inWorld(async (whole) => {
    const { storage, wait, world } = whole;
    const account = storage.account(ACCOUNT)!;
    account.properties.blob = { ...account.properties.blob, deleteRetention: { enabled: true, days: 2 } };
    const at = signed(whole, ACCOUNT);
    const ask = (method: string, path: string, headers: Record<string, string> = {}, body?: Buffer) =>
      world.ask(method, at(`${HOST}/box${path}`), {
        headers: { 'x-ms-version': '2023-11-03', ...headers },
        ...(body ? { body } : {}),
      });
    await ask('PUT', '/blob', BLOCK, Buffer.alloc(MIB, 1));
    await ask('DELETE', '/blob');
    await wait(DAY);
    expect(outcome(await ask('PUT', '/blob?comp=undelete'))).toBe('200');
    await ask('DELETE', '/blob');
    const list = async () =>
      (await ask('GET', '?restype=container&comp=list&include=deleted')).body.toString();
    expect(await list()).toContain('<RemainingRetentionDays>2</RemainingRetentionDays>');
    expect(storage.usage().liveBytes).toBe(MIB);
    await wait(2 * DAY);
    expect(await list()).not.toContain('<Blob>');
    expect(storage.usage().liveBytes).toBe(0);
    expect(outcome(await ask('PUT', '/blob?comp=undelete'))).toBe('404 BlobNotFound');

    await ask('PUT', '/cold', { ...BLOCK, 'x-ms-access-tier': 'Archive' }, Buffer.from('cold'));
    expect(outcome(await ask('GET', '/cold'))).toBe('409 BlobArchived');
    const hot = { 'x-ms-access-tier': 'Hot' };
    expect(outcome(await ask('PUT', '/cold?comp=tier', hot))).toBe('202');
    await wait(14 * HOUR);
    expect(outcome(await ask('GET', '/cold'))).toBe('409 BlobBeingRehydrated');
    await wait(HOUR);
    const answer = await ask('GET', '/cold');
    expect([answer.body.toString(), answer.headers['x-ms-access-tier']]).toEqual(['cold', 'Hot']);
  }));

test('space is given back: overwritten, cleared, deleted and copied content never piles up', () =>
  inWorld(async ({ box, storage }) => {
    const pages = (from: number, write: 'update' | 'clear') => ({
      'x-ms-page-write': write,
      'x-ms-range': `bytes=${from}-${from + 4 * MIB - 1}`,
    });
    await box('PUT', 'disk', {
      'x-ms-blob-type': 'PageBlob',
      'x-ms-blob-content-length': String(8 * 1024 ** 4),
    });
    for (let i = 0; i < 20; i++) {
      await box('PUT', 'disk?comp=page', pages(0, 'update'), Buffer.alloc(4 * MIB, i + 1));
      await box('PUT', 'block', BLOCK, Buffer.alloc(4 * MIB, i + 1));
    }
    expect(storage.usage().liveBytes).toBe(8 * MIB);
    expect(storage.usage().heldBytes).toBeLessThanOrEqual(32 * MIB);
    for (let i = 0; i < 20; i++) {
      await box('PUT', `copy-${i}`, { 'x-ms-copy-source': `${HOST}/box/block` });
      await box('PUT', 'disk?comp=snapshot');
    }
    expect(storage.usage().liveBytes).toBe(8 * MIB);
    await box('PUT', 'disk?comp=page', pages(0, 'clear'));
    for (let i = 0; i < 20; i++) await box('DELETE', `copy-${i}`);
    await box('DELETE', 'block');
    await box('DELETE', 'disk', { 'x-ms-delete-snapshots': 'include' });
    expect(storage.usage().liveBytes).toBe(0);
    expect(storage.usage().heldBytes).toBeLessThanOrEqual(16 * MIB);
  }));

test('pages elsewhere may ask what the service’s rules allow, and no others', () =>
  inWorld(async ({ box, storage, world }) => {
    const account = storage.account(ACCOUNT)!;
    const rule = {
      origins: ['https://portal.example'],
      methods: ['GET', 'PUT'],
      allowedHeaders: ['x-ms-*'],
      exposedHeaders: ['ETag'],
      maxAgeSeconds: 60,
    };
    account.properties.blob = { ...account.properties.blob, cors: [rule] };
    const preflight = (origin: string, headers = 'x-ms-date') =>
      world.ask('OPTIONS', `${HOST}/box/blob`, {
        headers: {
          origin,
          'access-control-request-method': 'PUT',
          'access-control-request-headers': headers,
        },
      });
    const allowed = await preflight('https://portal.example');
    expect([outcome(allowed), allowed.headers['access-control-allow-origin']]).toEqual([
      '200',
      'https://portal.example',
    ]);
    expect(outcome(await preflight('https://evil.example'))).toBe('403 CorsPreflightFailure');
    expect(outcome(await preflight('https://portal.example', 'authorization'))).toBe(
      '403 CorsPreflightFailure',
    );
    const answer = await box('GET', 'nothing', { origin: 'https://portal.example' });
    expect(answer.headers['access-control-expose-headers']).toBe('ETag');
  }));
