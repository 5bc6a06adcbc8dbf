import { createHash } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { HOUR, MIB, MINUTE, SECOND } from '#core/units.ts';
import { DOCUMENTED_LIMITS } from './limits.ts';
import { OPERATIONS, REFUSED_OPERATIONS } from './operations/table.ts';
import { serviceSasStringToSign } from './sas.ts';
import { sign } from './shared-key.ts';
import { ACCOUNT, HOST, outcome, type StorageWorld, storageWorld } from './storage-world.ts';

const BLOCK = { 'x-ms-blob-type': 'BlockBlob' };
const pageBlob = (sizeBytes: number) => ({
  'x-ms-blob-type': 'PageBlob',
  'x-ms-blob-content-length': String(sizeBytes),
});
const pages = (start: number, length: number, write: 'update' | 'clear' = 'update') => ({
  'x-ms-page-write': write,
  'x-ms-range': `bytes=${start}-${start + length - 1}`,
});

async function inWorld(
  script: (world: StorageWorld) => Promise<void>,
  ...args: Parameters<typeof storageWorld>
) {
  await using world = await storageWorld(...args);
  await world.world.run(() => script(world));
  expect(world.world.context.counters.toJSON()['bugs.azure']).toBeUndefined();
}

function sasQuery(storage: StorageWorld['storage']): string {
  const expiresAt = Date.UTC(2027, 0);
  return storage
    .issueContainerSas({ account: ACCOUNT, container: 'box', permissions: 'w', expiresAt })
    .split('?')[1]!;
}

function putLine(blobAndQuery: string): string {
  return `PUT /box/${blobAndQuery} HTTP/1.1\r\nHost: ${ACCOUNT}.blob.core.windows.net\r\n`;
}

/** Sends a request byte for byte. @returns the status line */
async function raw({ world }: StorageWorld, request: string | Buffer): Promise<string> {
  const transport = world.tier.network.as('raw');
  const host = `${ACCOUNT}.blob.core.windows.net`;
  const pipe: Duplex = await transport.secureClient(await transport.dial({ host, port: 443 }), {
    serverName: host,
    trust: [world.tier.authority.certificatePem],
  });
  pipe.write(request);
  return new Promise((resolve) => {
    let text = '';
    pipe.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
      if (text.includes('\r\n\r\n')) resolve(text.slice(0, text.indexOf('\r\n')));
    });
    pipe.on('close', () => resolve('closed'));
  });
}

test('an error is XML; its code is that of the header, and it names the request and the time', () =>
  inWorld(async ({ box }) => {
    const answer = await box('GET', 'nothing', { 'x-ms-client-request-id': 'mine' });
    const id = String(answer.headers['x-ms-request-id']);
    expect(answer.body.toString()).toBe(
      `\ufeff<?xml version="1.0" encoding="utf-8"?><Error><Code>BlobNotFound</Code><Message>The specified blob does not exist.\nRequestId:${id}\nTime:2026-11-01T00:00:00.000Z</Message></Error>`,
    );
    expect(answer.headers).toMatchObject({
      'content-type': 'application/xml',
      'x-ms-error-code': 'BlobNotFound',
      'x-ms-version': '2023-11-03',
      'x-ms-client-request-id': 'mine',
      date: 'Sun, 01 Nov 2026 00:00:00 GMT',
    });
    const head = await box('HEAD', 'nothing');
    expect([outcome(head), head.body.length]).toEqual(['404 BlobNotFound', 0]);
  }));

test('what is not understood is refused in the service’s own words', () =>
  inWorld(async ({ box, world }) => {
    const put = (headers: Record<string, string>, query = '', length = 4) =>
      box('PUT', `blob${query}`, { ...BLOCK, ...headers }, Buffer.alloc(length, 1)).then(outcome);
    const version = (value: string) => put({ 'x-ms-version': value });
    expect(await version('2019-02-02')).toBe('400 InvalidHeaderValue');
    expect(await version('2099-01-01')).toBe('400 InvalidHeaderValue');
    expect(await version('2026-10-06')).toBe('201');
    expect(await put({}, '?comp=nonsense')).toBe('400 InvalidQueryParameterValue');
    expect(await put({ 'x-ms-blob-type': 'TapeBlob' })).toBe('400 InvalidHeaderValue');
    expect(outcome(await box('PUT', 'blob', {}, Buffer.alloc(4)))).toBe('400 MissingRequiredHeader');
    expect(outcome(await box('POST', 'blob'))).toBe('405 UnsupportedHttpVerb');
    expect(await put({ 'x-ms-tags': 'a=!' })).toBe('400 InvalidTag');
    expect(await put({ 'x-ms-encryption-scope': 'mine' })).toBe('400 UnsupportedHeader');
    expect(await put({ 'x-ms-encryption-key': 'secret' })).toBe('400 UnsupportedHeader');
    expect(await put({ 'content-md5': 'short' })).toBe('400 InvalidMd5');
    expect(await put({ 'x-ms-meta-1a': 'x' })).toBe('400 InvalidMetadata');
    expect(await put({ 'x-ms-meta-large': 'x'.repeat(9000) })).toBe('400 MetadataTooLarge');
    expect(await put({}, '?versionid=2026-11-01T00:00:00.0000000Z')).toBe('400 InvalidQueryParameterValue');
    expect(outcome(await box('PUT', 'blob?comp=expiry'))).toBe('501 NotImplemented');
    expect(await put({ 'x-ms-structured-body': 'XSM/9.0' })).toBe('400 InvalidHeaderValue');
    expect(outcome(await box('GET', 'blob', { 'x-ms-range': 'bytes=5-1' }))).toBe('400 InvalidHeaderValue');
    expect(outcome(await box('PUT', 'blob?comp=blocklist', {}, Buffer.from('<BlockList>')))).toBe(
      '400 InvalidXmlDocument',
    );
    expect(
      outcome(await box('PUT', 'blob?comp=blocklist', {}, Buffer.from('<!DOCTYPE x><BlockList/>'))),
    ).toBe('400 InvalidXmlDocument');
    const other = await world.ask('GET', 'https://nobody.blob.core.windows.net/box/blob');
    expect(outcome(other)).toBe('404 ResourceNotFound');
    for (const { name } of REFUSED_OPERATIONS) expect(OPERATIONS.some((o) => o.name === name)).toBe(false);
  }));

test('a name is a name: dots, slashes and percent signs lead nowhere else', () =>
  inWorld(async (whole) => {
    const { box, storage, world } = whole;
    const names = ['../other/blob', 'a/../../b', '.', '%2e%2e', 'a//b', 'ü/€', '\'"<>&;'];
    const sas = sasQuery(storage);
    for (const name of names) {
      // as it is where a request line can carry it: clients would take `..` away
      const path = [...name].map((c) => (/[\w/.]/.test(c) ? c : encodeURIComponent(c))).join('');
      const body = Buffer.from(name);
      const request = `${putLine(`${path}?${sas}`)}x-ms-blob-type: BlockBlob\r\nContent-Length: ${body.length}\r\n\r\n`;
      const status = await raw(whole, Buffer.concat([Buffer.from(request), body]));
      expect([name, status]).toEqual([name, 'HTTP/1.1 201 Created']);
    }
    expect([...storage.account(ACCOUNT)!.containers.keys()]).toEqual(['box']);
    expect([...storage.blobNames(ACCOUNT, 'box')]).toEqual([...names].sort());
    for (const name of names) expect(storage.readBlob(ACCOUNT, 'box', name)?.content.toString()).toBe(name);
    const listed = (await box('GET', '?restype=container&comp=list')).body.toString();
    expect(listed).toContain('<Name>\'"&lt;&gt;&amp;;</Name>');
    const ask = (path: string) => world.ask('GET', `${HOST}${path}`).then(outcome);
    expect(await ask('/box/%00')).toBe('400 InvalidUri');
    expect(await ask('/box/%zz')).toBe('400 InvalidUri');
    expect(await ask(`/box/${'x'.repeat(1025)}`)).toBe('400 OutOfRangeInput');
    expect(await ask('/BOX/blob')).toBe('400 InvalidResourceName');
  }));

test('lengths must be told, be right and be within limits; what is too long is refused before it is sent', () =>
  inWorld(async (world) => {
    const { storage } = world;
    const sas = sasQuery(storage);
    const start = (headers: string, query = '') => `${putLine(`blob?${sas}${query}`)}${headers}\r\n`;
    const block = 'x-ms-blob-type: BlockBlob\r\n';
    expect(await raw(world, `${start(`${block}Transfer-Encoding: chunked\r\n`)}0\r\n\r\n`)).toContain('411');
    expect(await raw(world, start(block))).toContain('411');
    expect(await raw(world, start(`${block}Content-Length: 5242880001\r\n`))).toContain('413');
    const page = 'x-ms-page-write: update\r\nx-ms-range: bytes=0-4194815\r\n';
    expect(await raw(world, start(`${page}Content-Length: 4194816\r\n`, '&comp=page'))).toContain('413');
    expect(await raw(world, start(`${block}Content-Length: -1\r\n`))).toContain('400');
    expect(await raw(world, start(`X-Large: ${'x'.repeat(40_000)}\r\nContent-Length: 0\r\n`))).toContain(
      '431',
    );
    expect(storage.readBlob(ACCOUNT, 'box', 'blob')).toBeUndefined();
  }));

describe('an upload is there whole or not at all', () => {
  const body = Buffer.alloc(3 * MIB, 7);
  const arm = ({ world }: StorageWorld, at: string, answer: string, more: object = {}) =>
    world.context.faults.arm({
      id: 'f',
      at,
      from: 0,
      until: Number.MAX_SAFE_INTEGER,
      times: 1,
      answer,
      ...more,
    });

  test('a connection cut in the middle leaves no blob, no block and no byte', () =>
    inWorld(async (world) => {
      const before = world.storage.usage().liveBytes;
      for (const [at, path] of [
        ['azure.PutBlob', 'cut'],
        ['azure.PutBlock', 'cut?comp=block&blockid=AAAA'],
      ] as const) {
        arm(world, at, 'reset');
        await expect(world.box('PUT', path, BLOCK, body)).rejects.toMatchObject({ code: 'net.reset' });
      }
      expect([...world.storage.blobNames(ACCOUNT, 'box')]).toEqual([]);
      expect(world.storage.account(ACCOUNT)!.containers.get('box')!.blobs.size).toBe(0);
      expect(world.storage.usage().liveBytes).toBe(before);
    }));

  test('the same when the link is cut by a rule, over real sockets', () =>
    inWorld(
      async (world) => {
        world.world.tier.links.add({
          id: 'cut',
          from: 'appliance',
          to: '*',
          direction: 'out',
          action: { do: 'reset', afterBytes: MIB },
          start: 0,
          end: Number.MAX_SAFE_INTEGER,
          times: 1,
        });
        await expect(world.box('PUT', 'cut', BLOCK, body)).rejects.toMatchObject({ code: 'net.reset' });
        expect(outcome(await world.box('HEAD', 'cut'))).toBe('404 BlobNotFound');
      },
      {},
      'cut',
      'loopback',
    ));

  test('a lost answer was carried out, and repeating it changes nothing', () =>
    inWorld(async (world) => {
      arm(world, 'azure.PutBlob', 'lostAnswer');
      await expect(world.box('PUT', 'kept', BLOCK, body)).rejects.toMatchObject({ code: 'net.reset' });
      expect(world.storage.readBlob(ACCOUNT, 'box', 'kept')?.content.equals(body)).toBe(true);
      expect(outcome(await world.box('PUT', 'kept', { ...BLOCK, 'if-none-match': '*' }, body))).toBe(
        '409 BlobAlreadyExists',
      );
    }));

  test('a busy service says when to come back, for the blob it was told to', () =>
    inWorld(async (world) => {
      arm(world, 'azure.PutPage', '503', { subject: 'disk-2', retryAfterSeconds: 7 });
      for (const name of ['disk-1', 'disk-2']) await world.box('PUT', name, pageBlob(MIB));
      const write = (name: string) =>
        world.box('PUT', `${name}?comp=page`, pages(0, 512), Buffer.alloc(512, 1));
      expect(outcome(await write('disk-1'))).toBe('201');
      const refused = await write('disk-2');
      expect([outcome(refused), refused.headers['retry-after']]).toEqual(['503 ServerBusy', '7']);
      expect(outcome(await write('disk-2'))).toBe('201');
      expect(outcome(await world.box('GET', 'disk-2?comp=pagelist'))).toBe('200');
    }));
});

test('checksums: given ones are checked, the service’s own are sent back', () =>
  inWorld(async ({ box }) => {
    const body = Buffer.from('123456789');
    const md5 = createHash('md5').update(body).digest('base64');
    const crc64 = 'iJh5CoYUi64=';
    const answer = await box('PUT', 'a', BLOCK, body);
    expect([answer.headers['content-md5'], answer.headers['x-ms-content-crc64']]).toEqual([md5, crc64]);
    const block = 'a?comp=block&blockid=AAAA';
    expect((await box('PUT', block, {}, body)).headers).toMatchObject({ 'x-ms-content-crc64': crc64 });
    const checked = await box('PUT', block, { 'content-md5': md5 }, body);
    expect(checked.headers).toMatchObject({ 'content-md5': md5 });
    expect(checked.headers['x-ms-content-crc64']).toBeUndefined();
    const wrong = await box('PUT', block, { 'x-ms-content-crc64': 'AAAAAAAAAAA=' }, body);
    expect(outcome(wrong)).toBe('400 Crc64Mismatch');
    expect(wrong.body.toString()).toContain(`<ServerCalculatedCrc>${crc64}</ServerCalculatedCrc>`);
    expect((await box('HEAD', 'a')).headers['content-md5']).toBe(md5);
  }));

test('a download is the blob at the instant of the request, whatever is written meanwhile', () =>
  inWorld(async ({ box, storage }) => {
    await box('PUT', 'disk', pageBlob(8 * MIB));
    const first = Buffer.alloc(4 * MIB, 1);
    await box('PUT', 'disk?comp=page', pages(0, 4 * MIB), first);
    const reading = box('GET', 'disk');
    const writing = box('PUT', 'disk?comp=page', pages(0, 4 * MIB), Buffer.alloc(4 * MIB, 2));
    const seen = (await reading).body;
    await writing;
    expect(new Set(seen.subarray(0, 4 * MIB)).size).toBe(1);
    expect(storage.readBlob(ACCOUNT, 'box', 'disk')!.content[0]).toBe(2);
    await box('PUT', 'disk', pageBlob(0));
    expect(storage.usage().liveBytes).toBe(0);
  }));

test('time is the world’s: signatures run out, leases end, dates are checked', () =>
  inWorld(async ({ box, storage, wait, world }) => {
    const url = storage.issueContainerSas({
      account: ACCOUNT,
      container: 'box',
      permissions: 'l',
      expiresAt: world.context.clock.wall() + HOUR,
    });
    const list = () => world.ask('GET', `${url}&restype=container&comp=list`);
    expect(outcome(await list())).toBe('200');
    await box('PUT', 'leased', BLOCK, Buffer.alloc(1));
    const lease = await box('PUT', 'leased?comp=lease', {
      'x-ms-lease-action': 'acquire',
      'x-ms-lease-duration': '15',
    });
    expect(outcome(await box('PUT', 'leased', BLOCK, Buffer.alloc(1)))).toBe('412 LeaseIdMissing');
    await wait(16 * SECOND);
    expect((await box('HEAD', 'leased')).headers['x-ms-lease-state']).toBe('expired');
    const id = String(lease.headers['x-ms-lease-id']);
    expect(outcome(await box('PUT', 'leased', { ...BLOCK, 'x-ms-lease-id': id }, Buffer.alloc(1)))).toBe(
      '412 LeaseLost',
    );
    expect(outcome(await box('PUT', 'leased', BLOCK, Buffer.alloc(1)))).toBe('201');
    await wait(HOUR);
    const expired = await list();
    expect(outcome(expired)).toBe('403 AuthenticationFailed');
    expect(expired.body.toString()).toMatch(
      /<AuthenticationErrorDetail>Signature not valid in the specified time frame/,
    );
    const signed = await world.ask('GET', `${HOST}/?comp=list`, {
      headers: {
        authorization: `SharedKey ${ACCOUNT}:AAAA`,
        'x-ms-date': new Date(world.context.clock.wall() - 16 * MINUTE).toUTCString(),
      },
    });
    expect(signed.body.toString()).toContain('Request date header too old');
  }));

test('signatures bound to a protocol or an address are refused elsewhere; nobody without credentials gets in', () =>
  inWorld(async ({ world, storage }) => {
    const ask = (method: string, path: string, headers = {}) =>
      world.ask(method, `${HOST}${path}`, { headers }).then(outcome);
    expect(await ask('GET', '/box/blob')).toBe('409 PublicAccessNotPermitted');
    expect(await ask('PUT', '/box/blob', BLOCK)).toBe('401 NoAuthenticationInformation');
    expect(await ask('GET', '/box/blob', { authorization: 'Basic eA==' })).toBe(
      '400 InvalidAuthenticationInfo',
    );
    expect(await ask('GET', '/box/blob', { authorization: 'Bearer bad' })).toBe(
      '401 InvalidAuthenticationInfo',
    );
    const challenge = await world.ask('PUT', `${HOST}/box/blob`, { headers: BLOCK });
    expect(challenge.headers['www-authenticate']).toContain('resource_id=https://storage.azure.com');
    storage.createAccount('openaccount', { allowPublicAccess: true });
    const open = storage.container('openaccount', 'public-box');
    const at = (path: string) =>
      world.ask('GET', `https://openaccount.blob.core.windows.net${path}`).then(outcome);
    expect(await at('/public-box/blob')).toBe('404 ResourceNotFound');
    open.publicAccess = 'blob';
    expect(await at('/public-box/blob')).toBe('404 BlobNotFound');
    expect(await at('/public-box?restype=container&comp=list')).toBe('404 ResourceNotFound');
    open.publicAccess = 'container';
    expect(await at('/public-box?restype=container&comp=list')).toBe('200');
  }));

test('a signature may set headers of the answer, but not with what a header cannot carry', () =>
  inWorld(async ({ box, storage, world }) => {
    await box('PUT', 'blob', BLOCK, Buffer.from('x'));
    const ask = (type: string) => {
      const account = storage.account(ACCOUNT)!;
      const query = new Map([
        ['sv', '2022-11-02'],
        ['se', '2027-01-01'],
        ['sr', 'b'],
        ['sp', 'r'],
        ['rsct', type],
      ]);
      const text = serviceSasStringToSign({ account: ACCOUNT, container: 'box', blob: 'blob' }, query);
      query.set('sig', sign(account.keys[1], text));
      const sas = [...query].map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&');
      return world.ask('GET', `${HOST}/box/blob?${sas}`);
    };
    expect((await ask('text/html; charset=utf-8')).headers['content-type']).toBe('text/html; charset=utf-8');
    expect(outcome(await ask('text/plain\r\nX-Evil: 1'))).toBe('400 InvalidQueryParameterValue');
    expect(outcome(await ask('€'))).toBe('400 InvalidQueryParameterValue');
  }));

test('what a role does not allow is refused to the holder of a good token', () =>
  inWorld(
    async ({ world }) => {
      const ask = (method: string, path: string) =>
        world.ask(method, `${HOST}${path}`, { token: 'good', headers: BLOCK }).then(outcome);
      expect(await ask('GET', '/box?restype=container&comp=list')).toBe('200');
      expect(await ask('DELETE', '/box?restype=container')).toBe('403 AuthorizationPermissionMismatch');
    },
    { allowsToken: (_claims, { action }) => action === 'read' },
  ));

test('over the documented limits of a page blob it is 503 until the second is over', () =>
  inWorld(
    async ({ box, wait }) => {
      await box('PUT', 'disk', pageBlob(256 * MIB));
      const write = (i: number) =>
        box('PUT', 'disk?comp=page', pages(i * 4 * MIB, 4 * MIB), Buffer.alloc(4 * MIB, i));
      const results: string[] = [];
      for (let i = 0; i < 16; i++) results.push(outcome(await write(i)));
      expect(results).toEqual([...new Array(15).fill('201'), '503 ServerBusy']);
      await wait(SECOND);
      expect(outcome(await write(15))).toBe('201');
      expect(DOCUMENTED_LIMITS.pageBlobBytesPerSecond / (4 * MIB)).toBe(15);
    },
    { limits: 'documented' },
  ));

test('one seed, one story: the same requests leave the same trace, entity tags and snapshots included', async () => {
  const play = async (): Promise<unknown> => {
    let trace: unknown;
    await inWorld(async ({ box, world, wait }) => {
      await box('PUT', 'disk', pageBlob(MIB));
      await box('PUT', 'disk?comp=page', pages(0, 512), Buffer.alloc(512, 1));
      await box('PUT', 'disk?comp=snapshot');
      await wait(SECOND);
      await box('PUT', 'log', BLOCK, Buffer.from('x'));
      await box('GET', '?restype=container&comp=list&include=snapshots');
      await box('GET', 'missing');
      trace = world.trace.filter(({ kind }) => kind === 'http').map(({ what, digest }) => [what, digest]);
    });
    return trace;
  };
  const first = await play();
  expect(first).toHaveLength(6);
  expect(await play()).toEqual(first);
});

test('every operation has a fault point of its name', () =>
  inWorld(async ({ world }) => {
    const points = world.context.faults.points().map(({ name }) => name);
    expect(points.sort()).toEqual(OPERATIONS.map(({ name }) => `azure.${name}`).sort());
    expect(new Set(points).size).toBe(points.length);
  }));
