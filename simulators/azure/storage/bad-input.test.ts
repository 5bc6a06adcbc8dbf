/** What nobody sends by mistake: each is answered with the service's own error, and leaves nothing behind. */
import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { HOUR, MIB } from '#core/units.ts';
import { ACCOUNT, HOST, outcome, type StorageWorld, storageWorld } from './storage-world.ts';

const BLOCK = { 'x-ms-blob-type': 'BlockBlob' };

async function inWorld(script: (world: StorageWorld) => Promise<void>): Promise<void> {
  await using world = await storageWorld();
  await world.world.run(() => script(world));
  expect(world.world.context.counters.toJSON()['bugs.azure']).toBeUndefined();
}

test('a signature that was changed in any field is worth nothing, and one may not do more than it says', () =>
  inWorld(async ({ box, storage, world }) => {
    await box('PUT', 'blob', BLOCK, Buffer.from('x'));
    const expiresAt = world.context.clock.wall() + HOUR;
    const url = storage
      .issueContainerSas({ account: ACCOUNT, container: 'box', permissions: 'r', expiresAt })
      .replace('?', '/blob?');
    const ask = async (change: (query: URLSearchParams) => void, method = 'GET') => {
      const [path, text] = url.split('?');
      const query = new URLSearchParams(text);
      change(query);
      return outcome(await world.ask(method, `${path}?${query}`, { headers: method === 'PUT' ? BLOCK : {} }));
    };
    expect(await ask(() => {})).toBe('200');
    const refused = '403 AuthenticationFailed';
    expect(await ask((q) => q.set('sp', 'rw'))).toBe(refused);
    expect(await ask((q) => q.set('se', '2099-01-01T00:00:00Z'))).toBe(refused);
    expect(await ask((q) => q.set('sr', 'b'))).toBe(refused);
    expect(await ask((q) => q.set('sv', '2021-06-08'))).toBe(refused);
    expect(await ask((q) => q.set('sv', '1999-01-01'))).toBe(refused);
    expect(await ask((q) => q.set('sip', '1.2.3.4'))).toBe(refused);
    expect(await ask((q) => q.set('spr', 'http'))).toBe(refused);
    expect(await ask((q) => q.set('rsct', 'text/html'))).toBe(refused);
    expect(await ask((q) => q.set('si', 'policy'))).toBe(refused);
    expect(await ask((q) => q.delete('se'))).toBe(refused);
    expect(await ask((q) => q.set('sig', ''))).toBe(refused);
    expect(await ask((q) => q.set('sig', q.get('sig')!.slice(1)))).toBe(refused);
    expect(await ask((q) => q.set('ss', 'b'))).toBe(refused);
    expect(await ask((q) => q.append('sp', 'w'))).toBe(refused);
    expect(await ask(() => {}, 'PUT')).toBe('403 AuthorizationPermissionMismatch');
    expect(await ask(() => {}, 'DELETE')).toBe('403 AuthorizationPermissionMismatch');
  }));

test('XML that is large, deep, long, of another kind or none is refused', () =>
  inWorld(async ({ box, storage }) => {
    const put = (path: string, xml: string | Buffer) => box('PUT', path, {}, Buffer.from(xml)).then(outcome);
    const list = 'blob?comp=blocklist';
    const bomb = `<!DOCTYPE l [<!ENTITY a "${'x'.repeat(1000)}"><!ENTITY b "${'&a;'.repeat(1000)}">]><BlockList><Latest>&b;</Latest></BlockList>`;
    expect(await put(list, bomb)).toBe('400 InvalidXmlDocument');
    expect(await put(list, `<BlockList>${'<Latest>'.repeat(50)}`)).toBe('400 InvalidXmlDocument');
    expect(await put(list, `<BlockList>${'<Latest>AAAA</Latest>'.repeat(50_001)}</BlockList>`)).toBe(
      '400 BlockListTooLong',
    );
    expect(await put(list, Buffer.alloc(8 * MIB + 1, 0x20))).toBe('413 RequestBodyTooLarge');
    expect(await put(list, '<BlockList><Newest>AAAA</Newest></BlockList>')).toBe('400 InvalidXmlNodeValue');
    expect(await put(list, '<Blocks/>')).toBe('400 InvalidXmlDocument');
    expect(await put(list, Buffer.from([0xff, 0xfe, 0x00]))).toBe('400 InvalidXmlDocument');
    expect(await put(list, '<BlockList><Latest>never/put</Latest></BlockList>')).toBe('400 InvalidBlockList');
    await box('PUT', 'tagged', BLOCK, Buffer.from('x'));
    expect(await put('tagged?comp=tags', '<Tags><TagSet><Tag><Key>a</Key></Tag></TagSet></Tags>')).toBe(
      '400 InvalidXmlDocument',
    );
    expect(storage.readBlob(ACCOUNT, 'box', 'blob')).toBeUndefined();
  }));

test('ranges, lengths and checksums that do not fit are refused, each in its own words', () =>
  inWorld(async ({ box, storage }) => {
    await box('PUT', 'disk', { 'x-ms-blob-type': 'PageBlob', 'x-ms-blob-content-length': String(MIB) });
    const pages = (range: string, length: number, more: Record<string, string> = {}) =>
      box(
        'PUT',
        'disk?comp=page',
        { 'x-ms-page-write': 'update', 'x-ms-range': range, ...more },
        Buffer.alloc(length, 1),
      ).then(outcome);
    expect(await pages('bytes=0-511', 1024)).toBe('400 InvalidHeaderValue');
    expect(await pages('bytes=0-', 512)).toBe('400 MissingRequiredHeader');
    expect(await pages('bytes=-512', 512)).toBe('400 InvalidHeaderValue');
    expect(await pages('bytes=511-0', 512)).toBe('400 InvalidHeaderValue');
    expect(await pages('bytes=1-512', 512)).toBe('416 InvalidPageRange');
    expect(await pages('bytes=0-99999999999999999', 512)).toBe('400 InvalidHeaderValue');
    expect(await pages(`bytes=${MIB - 512}-${MIB + 511}`, 1024)).toBe('416 InvalidPageRange');
    expect(await pages('pages=0-511', 512)).toBe('400 InvalidHeaderValue');
    const wrong = createHash('md5').update('other').digest('base64');
    expect(await pages('bytes=0-511', 512, { 'content-md5': wrong })).toBe('400 Md5Mismatch');
    expect(await pages('bytes=0-511', 512, { 'content-md5': 'bm90IG1kNQ==' })).toBe('400 InvalidMd5');
    expect(await pages('bytes=0-511', 512, { 'x-ms-content-crc64': 'AAAAAAAAAAA=' })).toBe(
      '400 Crc64Mismatch',
    );
    expect(await pages('bytes=0-511', 512, { 'x-ms-content-crc64': 'AAAA' })).toBe('400 InvalidHeaderValue');
    expect(await pages('bytes=0-511', 512, { 'x-ms-if-sequence-number-eq': '7' })).toBe(
      '412 SequenceNumberConditionNotMet',
    );
    const get = (range: string, more: Record<string, string> = {}) =>
      box('GET', 'disk', { 'x-ms-range': range, ...more }).then(outcome);
    expect(await get(`bytes=${MIB}-`)).toBe('416 InvalidRange');
    expect(await get('bytes=0-9999999999999999')).toBe('206');
    expect(await get('bytes=0-10,20-30')).toBe('400 InvalidHeaderValue');
    expect(await get('bytes=0-', { 'x-ms-range-get-content-md5': 'maybe' })).toBe('400 InvalidHeaderValue');
    expect((await box('GET', 'disk?comp=pagelist')).body.toString()).not.toContain('<PageRange>');
    expect(storage.usage().liveBytes).toBe(0);
    const log = await box('PUT', 'log', { 'x-ms-blob-type': 'AppendBlob' });
    expect(outcome(log)).toBe('201');
    const append = (headers: Record<string, string>) =>
      box('PUT', 'log?comp=appendblock', headers, Buffer.from('abc')).then(outcome);
    expect(await append({ 'x-ms-blob-condition-maxsize': '2' })).toBe('412 MaxBlobSizeConditionNotMet');
    expect(await append({ 'x-ms-blob-condition-appendpos': '1' })).toBe('412 AppendPositionConditionNotMet');
    expect(await append({ 'x-ms-blob-condition-maxsize': '-2' })).toBe('400 InvalidHeaderValue');
  }));

test('copy sources, batches and conditions that are made up are refused', () =>
  inWorld(async ({ box, world, storage }) => {
    await box('PUT', 'blob', BLOCK, Buffer.from('x'));
    const copy = (source: string) => box('PUT', 'copy', { 'x-ms-copy-source': source }).then(outcome);
    expect(await copy('file:///etc/passwd')).toBe('404 CannotVerifyCopySource');
    expect(await copy('https://169.254.169.254/metadata/identity')).toBe('404 CannotVerifyCopySource');
    expect(await copy(`${HOST}/box/blob`)).toBe('409 CannotVerifyCopySource');
    expect(await copy(`${HOST}/box/`)).toBe('404 CannotVerifyCopySource');
    expect(await copy(`${HOST}/${'x'.repeat(3000)}`)).toBe('400 InvalidHeaderValue');
    const condition = (text: string) => box('GET', 'blob', { 'x-ms-if-tags': text }).then(outcome);
    expect(await condition(`a = 'b' OR`)).toBe('400 InvalidHeaderValue');
    expect(await condition(`@container = 'box'`)).toBe('400 InvalidHeaderValue');
    expect(await condition(`a = 'b'; drop`)).toBe('400 InvalidHeaderValue');
    expect(await condition(`"a" = 'it''s'`)).toBe('412 ConditionNotMet');
    const batch = (body: string, type = 'multipart/mixed; boundary=b') =>
      box('POST', '?restype=container&comp=batch', { 'content-type': type }, Buffer.from(body));
    const part = (request: string) => `--b\r\nContent-Type: application/http\r\n\r\n${request}\r\n\r\n`;
    expect(outcome(await batch('', 'text/plain'))).toBe('400 InvalidHeaderValue');
    expect(outcome(await batch('nothing'))).toBe('400 InvalidInput');
    expect(outcome(await batch(`${part('DELETE /box/blob HTTP/1.1').repeat(257)}--b--`))).toBe(
      '400 InvalidInput',
    );
    const answers = await batch(
      `${part('DELETE /box/blob HTTP/1.1')}${part('GET /box/blob HTTP/1.1')}${part('DELETE /other/blob HTTP/1.1')}--b--\r\n`,
    );
    expect(outcome(answers)).toBe('202');
    expect([...answers.body.toString().matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status)).toEqual([
      '401',
      '400',
      '400',
    ]);
    expect(storage.readBlob(ACCOUNT, 'box', 'blob')).toBeDefined();
    const token = await world.ask('GET', `${HOST}/box/blob`, { token: 'forged' });
    expect(outcome(token)).toBe('401 InvalidAuthenticationInfo');
  }));
