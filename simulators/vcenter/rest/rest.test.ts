import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ADMIN, HOST, READER, type TestVcenter, testVcenter } from '../testing/test-vcenter.ts';

let vc: TestVcenter;
beforeAll(async () => {
  vc = await testVcenter();
});
afterAll(() => vc[Symbol.asyncDispose]());

const basic = ({ name, password }: { name: string; password: string }) => ({
  authorization: `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`,
});

async function send(method: string, path: string, headers: Record<string, string>, body?: unknown) {
  const answer = await vc.client.fetch({
    method,
    url: `https://${HOST}${path}`,
    headers: { 'content-type': 'application/json', ...headers },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = answer.body.toString();
  return { status: answer.status, json: text === '' ? undefined : JSON.parse(text) };
}

const login = async (user = ADMIN) => (await send('POST', '/api/session', basic(user))).json as string;

const session = async (user = ADMIN) => ({ 'vmware-api-session-id': await login(user) });

describe('sessions', () => {
  test('are made, shown and ended in both dialects', () =>
    vc.run(async () => {
      const old = await send('POST', '/rest/com/vmware/cis/session', basic(ADMIN));
      expect([old.status, Object.keys(old.json)]).toEqual([200, ['value']]);
      const made = await send('POST', '/api/session', basic(ADMIN));
      expect([made.status, typeof made.json]).toEqual([201, 'string']);
      const headers = { 'vmware-api-session-id': made.json };
      expect((await send('GET', '/api/session', headers)).json.user).toMatch(/administrator@vsphere.local/i);
      expect((await send('DELETE', '/api/session', headers)).status).toBe(204);
      expect((await send('GET', '/api/session', headers)).status).toBe(401);
    }));

  test('without one, or with a wrong password, everything is 401 in the words of the dialect', () =>
    vc.run(async () => {
      const wrong = basic({ ...ADMIN, password: 'no' });
      expect((await send('POST', '/api/session', wrong)).status).toBe(401);
      expect((await send('GET', '/api/vcenter/vm', {})).json.error_type).toBe('UNAUTHENTICATED');
      expect((await send('GET', '/rest/vcenter/vm', {})).json.type).toBe(
        'com.vmware.vapi.std.errors.unauthenticated',
      );
    }));
});

describe('the inventory', () => {
  test('machines are listed, filtered, shown and switched', () =>
    vc.run(async () => {
      const headers = await session();
      const all = (await send('GET', '/rest/vcenter/vm', headers)).json.value;
      expect(all.map((each: { name: string }) => each.name).sort()).toEqual(
        vc.estate
          .machines()
          .map(({ name }) => name)
          .sort(),
      );
      const [first] = vc.estate.machines();
      const found = (await send('GET', `/api/vcenter/vm?names=${first!.name}`, headers)).json;
      expect(found).toHaveLength(1);
      const at = `/api/vcenter/vm/${found[0].vm}`;
      expect((await send('GET', at, headers)).json.identity.instance_uuid).toBe(first!.instanceUuid);
      const isOn = vc.estate.power(first!.id) === 'on';
      const action = isOn ? 'stop' : 'start';
      expect((await send('POST', `${at}/power?action=${action}`, headers)).status).toBe(204);
      expect((await send('POST', `${at}/power?action=${action}`, headers)).status).toBe(400);
      expect(vc.estate.power(first!.id)).toBe(isOn ? 'off' : 'on');
      expect((await send('POST', `${at}/power?action=stop`, await session(READER))).status).toBe(403);
      expect((await send('GET', '/api/vcenter/vm/vm-999999', headers)).status).toBe(404);
      for (const kind of ['host', 'datacenter', 'cluster', 'folder', 'datastore', 'network', 'resource-pool'])
        expect((await send('GET', `/api/vcenter/${kind}`, headers)).json.length, kind).toBeGreaterThan(0);
    }));
});

describe('tags', () => {
  test('of a category with one tag an object have one each, and go with their category', () =>
    vc.run(async () => {
      const headers = await session();
      const spec = {
        name: 'tier',
        description: '',
        cardinality: 'SINGLE',
        associable_types: ['VirtualMachine'],
      };
      const category = (await send('POST', '/api/cis/tagging/category', headers, spec)).json;
      expect((await send('POST', '/api/cis/tagging/category', headers, spec)).status).toBe(400);
      const make = async (name: string) =>
        (
          await send('POST', '/rest/com/vmware/cis/tagging/tag', headers, {
            create_spec: { name, description: '', category_id: category },
          })
        ).json.value as string;
      const [gold, silver] = [await make('gold'), await make('silver')];
      const [vm] = (await send('GET', '/api/vcenter/vm', headers)).json;
      const object_id = { id: vm.vm, type: 'VirtualMachine' };
      const at = (tag: string, action: string) => `/api/cis/tagging/tag-association/${tag}?action=${action}`;
      expect((await send('POST', at(gold, 'attach'), headers, { object_id })).status).toBe(204);
      expect((await send('POST', at(silver, 'attach'), headers, { object_id })).status).toBe(400);
      const host = { id: (await send('GET', '/api/vcenter/host', headers)).json[0].host, type: 'HostSystem' };
      expect((await send('POST', at(gold, 'attach'), headers, { object_id: host })).status).toBe(400);
      const attached = '/rest/com/vmware/cis/tagging/tag-association?~action=list-attached-tags';
      expect((await send('POST', attached, headers, { object_id })).json.value).toContain(gold);
      expect((await send('POST', at(gold, 'list-attached-objects'), headers, {})).json).toEqual([object_id]);
      expect((await send('DELETE', `/api/cis/tagging/category/${category}`, headers)).status).toBe(204);
      expect((await send('GET', `/api/cis/tagging/tag/${gold}`, headers)).status).toBe(404);
      expect((await send('POST', attached, headers, { object_id })).json.value).not.toContain(gold);
    }));

  test.each([
    ['no JSON', '{', 400],
    ['no object', '[1]', 400],
    ['a field of another type', '{"name": 5}', 400],
    ['a body that is too large', `"${'x'.repeat(300_000)}"`, 413],
  ])('%s is refused', (_what, body, status) =>
    vc.run(async () => {
      expect((await send('POST', '/api/cis/tagging/category', await session(), body)).status).toBe(status);
    }));

  test('a path that no server has is 404', () =>
    vc.run(async () => {
      for (const path of ['/api/vcenter/nothing', '/rest/x', '/api/cis/tagging/tag/%ff'])
        expect((await send('GET', path, await session())).status).toBeGreaterThanOrEqual(400);
    }));
});
