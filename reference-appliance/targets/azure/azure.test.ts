/** The Azure clients against answers that a simulator would never give, and those that it gives rarely. */
import { HttpResponse, http } from 'msw';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { DryliftError } from '#core/errors.ts';
import { HOUR, MINUTE } from '#core/units.ts';
import { type Intercepted, intercepted } from '../../testing/intercepted.ts';
import { type ArmClient, armClient } from './arm-client.ts';
import { AzureHttp } from './azure-http.ts';
import { discoveryMessages } from './discovery-messages.ts';
import { type DiscoveryService, discoveryService } from './discovery-service.ts';
import { replicationService } from './replication-service.ts';
import { TokenClient } from './token-client.ts';

const LOGIN = 'https://login.microsoftonline.com';
const ARM = 'https://management.azure.com';
const TENANT = '11111111-1111-4111-8111-111111111111';
const TOKEN_URL = `${LOGIN}/${TENANT}/oauth2/v2.0/token`;
const signal = new AbortController().signal;

let it: Intercepted;
let tokens: TokenClient;
let azure: AzureHttp;
let arm: ArmClient;
let discovery: DiscoveryService;
let issued: number;

beforeAll(() => {
  it = intercepted();
});
afterAll(() => it.close());
afterEach(() => it.server.resetHandlers());
beforeEach(() => {
  issued = 0;
  it.clock.waits.length = 0;
  tokens = new TokenClient({
    ...it,
    authorityHost: LOGIN,
    tenantId: TENANT,
    clientId: 'app',
    clientSecret: 's3cr3t',
  });
  azure = new AzureHttp({ ...it, tokens, incarnation: 1 });
  arm = armClient({ azure, clock: it.clock, endpoint: ARM });
  discovery = discoveryService({
    azure,
    base: 'https://d.test/v1/sites/s',
    audience: 'https://d',
    applianceName: 'a1',
  });
  it.server.use(
    http.post(TOKEN_URL, () =>
      HttpResponse.json({ token_type: 'Bearer', expires_in: 3599, access_token: `t${++issued}` }),
    ),
  );
});

/** What a promise fails with. */
async function failure(promise: Promise<unknown>): Promise<DryliftError> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof DryliftError) return error;
    throw error;
  }
  throw new Error('it succeeded');
}

const aadsts = (number: number, error = 'invalid_client', status = 401) =>
  http.post(TOKEN_URL, () =>
    HttpResponse.json(
      {
        error,
        error_description: `AADSTS${number}: Something is wrong. Trace ID: abc Correlation ID: def Timestamp: 2026-03-02 08:00:00Z`,
        error_codes: [number],
      },
      { status },
    ),
  );

describe('signing in', () => {
  test.each([
    [7000215, 'azure.login.secretInvalid'],
    [7000222, 'azure.login.secretExpired'],
    [700016, 'azure.login.applicationUnknown'],
    [90002, 'azure.login.tenantUnknown'],
    [500011, 'azure.login.resourceUnknown'],
    [7000218, 'azure.login.refused'],
  ])('AADSTS%i is %s, told without ids and secrets', async (number, code) => {
    it.server.use(aadsts(number));
    const error = await failure(tokens.token(ARM, signal));
    expect(error.code).toBe(code);
    expect(error.what).toContain(`AADSTS${number}`);
    expect(error.what).not.toMatch(/Trace ID|s3cr3t/);
  });

  test('an expired secret is a mistake in the configuration', async () => {
    it.server.use(aadsts(7000222));
    expect((await failure(tokens.token(ARM, signal))).blame).toBe('input');
  });

  test.each([
    ['a page of a captive portal', () => HttpResponse.html('<html>sign in to the hotel</html>')],
    ['JSON of somebody else', () => HttpResponse.json({ hello: 'world' })],
    ['an empty 404', () => new HttpResponse(null, { status: 404 })],
  ])('%s is not taken for Entra ID', async (_, answer) => {
    it.server.use(http.post(TOKEN_URL, answer));
    expect((await failure(tokens.token(ARM, signal))).code).toBe('azure.login.strange');
  });

  test('a busy endpoint may be asked again', async () => {
    it.server.use(http.post(TOKEN_URL, () => new HttpResponse('busy', { status: 503 })));
    expect(await failure(tokens.token(ARM, signal))).toMatchObject({
      code: 'azure.login.busy',
      retry: 'safe',
    });
  });

  test('the form is what the protocol asks for', async () => {
    let form = '';
    it.server.use(
      http.post(TOKEN_URL, async ({ request }) => {
        form = await request.text();
        return HttpResponse.json({ access_token: 't', expires_in: 3599 });
      }),
    );
    await tokens.token('https://management.core.windows.net/', signal);
    expect(Object.fromEntries(new URLSearchParams(form))).toEqual({
      grant_type: 'client_credentials',
      client_id: 'app',
      client_secret: 's3cr3t',
      scope: 'https://management.core.windows.net//.default',
    });
  });

  test('one token serves until five minutes before its end, and callers at one time share a request', async () => {
    await Promise.all([tokens.token(ARM, signal), tokens.token(ARM, signal)]);
    it.clock.now += 54 * MINUTE;
    await tokens.token(ARM, signal);
    expect(issued).toBe(1);
    it.clock.now += 2 * MINUTE;
    await tokens.token(ARM, signal);
    expect(issued).toBe(2);
  });

  test('a token that lives a minute is used for half of it, not asked for with every call', async () => {
    it.server.use(
      http.post(TOKEN_URL, () => HttpResponse.json({ access_token: `t${++issued}`, expires_in: '60' })),
    );
    await tokens.token(ARM, signal);
    await tokens.token(ARM, signal);
    expect(issued).toBe(1);
  });
});

describe('requests', () => {
  const url = `${ARM}/x`;
  const ask = () => azure.send({ method: 'GET', url, audience: ARM, expect: [200], signal });

  test('a token that is refused is replaced once', async () => {
    const seen: Array<string | null> = [];
    it.server.use(
      http.get(url, ({ request }) => {
        seen.push(request.headers.get('authorization'));
        return seen.length === 1
          ? HttpResponse.json(
              { error: { code: 'ExpiredAuthenticationToken', message: 'm' } },
              { status: 401 },
            )
          : HttpResponse.json({ fine: true });
      }),
    );
    expect((await ask()).json).toEqual({ fine: true });
    expect(seen).toEqual(['Bearer t1', 'Bearer t2']);
  });

  test.each([
    [401, 'InvalidAuthenticationToken', 'azure.unauthorised', 'after-change'],
    [403, 'AuthorizationFailed', 'azure.forbidden', 'after-change'],
    [404, 'ResourceGroupNotFound', 'azure.notFound', 'after-change'],
    [409, 'Conflict', 'azure.refused', 'never'],
    [400, 'NoRegisteredProviderFound', 'azure.refused', 'never'],
    [429, 'TooManyRequests', 'azure.busy', 'safe'],
    [503, 'ServiceUnavailable', 'azure.busy', 'safe'],
  ])('%i %s is %s', async (status, code, ours, retry) => {
    it.server.use(
      http.get(url, () =>
        HttpResponse.json({ error: { code, message: 'why' } }, { status, headers: { 'Retry-After': '17' } }),
      ),
    );
    const error = await failure(ask());
    expect(error).toMatchObject({ code: ours, retry, data: { status, code, retryAfterSeconds: 17 } });
    expect(error.what).toContain(`${status} ${code}`);
  });

  test('an error that is no JSON is still an error with its status', async () => {
    it.server.use(http.get(url, () => new HttpResponse('<h1>Bad Gateway</h1>', { status: 502 })));
    expect(await failure(ask())).toMatchObject({ code: 'azure.busy', data: { status: 502, code: '' } });
  });

  test('an answer that is no JSON is told as such', async () => {
    it.server.use(http.get(url, () => HttpResponse.text('<html>')));
    expect((await failure(ask())).code).toBe('azure.protocol');
  });

  test('signatures in URLs are not part of messages', async () => {
    it.server.use(http.get(`${ARM}/x`, () => new HttpResponse(null, { status: 404 })));
    const error = await failure(
      azure.send({ method: 'GET', url: `${ARM}/x?sig=topsecret`, audience: ARM, expect: [200], signal }),
    );
    expect(error.what).not.toContain('topsecret');
  });
});

describe('long-running operations', () => {
  const id = '/subscriptions/s/providers/X/y';
  const url = `${ARM}${id}`;
  const operation = `${ARM}/operations/1`;
  const done = { id, properties: { provisioningState: 'Succeeded', answer: 42 } };

  test('are followed by Azure-AsyncOperation at the pace the service asks for, then the resource is read', async () => {
    const statuses = ['InProgress', 'Running', 'Succeeded'];
    it.server.use(
      http.put(url, () =>
        HttpResponse.json(
          { properties: { provisioningState: 'Accepted' } },
          {
            status: 201,
            headers: { 'Azure-AsyncOperation': `${operation}?api-version=1`, 'Retry-After': '30' },
          },
        ),
      ),
      http.get(operation, () =>
        HttpResponse.json({ status: statuses.shift() }, { headers: { 'Retry-After': '10' } }),
      ),
      http.get(url, () => HttpResponse.json(done)),
    );
    expect(await arm.put(id, '1', {}, signal)).toEqual(done);
    expect(it.clock.waits).toEqual([30_000, 10_000, 10_000]);
  });

  test('are followed by Location while it answers 202', async () => {
    const statuses = [202, 202, 200];
    it.server.use(
      http.put(url, () => new HttpResponse(null, { status: 202, headers: { Location: operation } })),
      http.get(operation, () => HttpResponse.json({}, { status: statuses.shift()! })),
      http.get(url, () => HttpResponse.json(done)),
    );
    expect(await arm.put(id, '1', {}, signal)).toEqual(done);
    expect(it.clock.waits).toEqual([2000, 2000, 2000]);
  });

  test('without either header the resource itself tells', async () => {
    let asked = 0;
    it.server.use(
      http.put(url, () =>
        HttpResponse.json({ properties: { provisioningState: 'Creating' } }, { status: 201 }),
      ),
      http.get(url, () =>
        HttpResponse.json(++asked < 3 ? { properties: { provisioningState: 'Updating' } } : done),
      ),
    );
    expect(await arm.put(id, '1', {}, signal)).toEqual(done);
    expect(asked).toBe(3);
  });

  test('that fail are told with the code of the service', async () => {
    it.server.use(
      http.put(url, () =>
        HttpResponse.json({}, { status: 201, headers: { 'Azure-AsyncOperation': operation } }),
      ),
      http.get(operation, () =>
        HttpResponse.json({ status: 'Failed', error: { code: 'QuotaExceeded', message: 'too many' } }),
      ),
    );
    const error = await failure(arm.put(id, '1', {}, signal));
    expect(error).toMatchObject({ code: 'azure.operation.failed', data: { code: 'QuotaExceeded' } });
  });

  test('that never end are given up', async () => {
    it.server.use(
      http.put(url, () =>
        HttpResponse.json({}, { status: 201, headers: { 'Azure-AsyncOperation': operation } }),
      ),
      http.get(operation, () =>
        HttpResponse.json({ status: 'InProgress' }, { headers: { 'Retry-After': '1800' } }),
      ),
    );
    expect((await failure(arm.put(id, '1', {}, signal))).code).toBe('azure.operation.failed');
    expect(it.clock.waits.reduce((a, b) => a + b)).toBeLessThan(2 * HOUR);
  });

  test('whose status has no shape are refused', async () => {
    it.server.use(
      http.put(url, () =>
        HttpResponse.json({}, { status: 201, headers: { 'Azure-AsyncOperation': operation } }),
      ),
      http.get(operation, () => HttpResponse.json({ state: 'done' })),
    );
    expect((await failure(arm.put(id, '1', {}, signal))).code).toBe('azure.protocol');
  });
});

describe('the discovery data plane', () => {
  const base = 'https://d.test/v1/sites/s';

  test('a gap is told with the number that is expected', async () => {
    it.server.use(
      http.put(`${base}/points/9`, () =>
        HttpResponse.json({ error: { code: 'SequenceGap', message: 'm' }, expected: 7 }, { status: 409 }),
      ),
    );
    expect(await discovery.send('points', 9, Buffer.from('{}'), signal)).toEqual({ ok: false, expected: 7 });
  });

  test('another conflict is an error, not a gap', async () => {
    it.server.use(
      http.put(`${base}/points/9`, () =>
        HttpResponse.json({ error: { code: 'Locked', message: 'm' } }, { status: 409 }),
      ),
    );
    expect((await failure(discovery.send('points', 9, Buffer.from('{}'), signal))).code).toBe(
      'azure.refused',
    );
  });

  test('a state that is not whole is refused', async () => {
    it.server.use(
      http.get(`${base}/state/a1`, () => HttpResponse.json({ inventorySequence: -1, pointsSequence: 2 })),
    );
    expect((await failure(discovery.sequences(signal))).what).toContain('inventorySequence');
  });

  test('points that are worded and read back are the same', () => {
    const batch = {
      firstWindow: 2_954_064,
      windows: 3,
      series: [
        { machine: 'm1', counter: 'cpu.usage', instance: '' },
        { machine: 'm1', counter: 'virtualDisk.read', instance: 'scsi0:0' },
      ],
      peaks: Float64Array.from([1234, -1, 10_000, 0, 99, -1]),
    } as const;
    const body = discoveryMessages.points(batch);
    expect(JSON.parse(body.toString()).series[0].values).toEqual([12.34, null, 100]);
    expect(discoveryMessages.readPoints(body)).toEqual(batch);
  });
});

describe('log blobs', () => {
  const container = 'https://log.blob.core.windows.net/c1?sv=2021-06-08&sig=abc';
  const blob = 'https://log.blob.core.windows.net/c1/c5/0/00000001';
  const put = () =>
    replicationService({ ...it, azure, base: 'https://r.test', audience: 'r', applianceName: 'a1' }).putBlob(
      container,
      'c5/0/00000001',
      Buffer.from('content'),
      'd1gest',
      signal,
    );

  test('are block blobs with digest and checksum, under the signature of their container', async () => {
    let seen: Request | undefined;
    it.server.use(
      http.put(blob, ({ request }) => {
        seen = request;
        return new HttpResponse(null, { status: 201 });
      }),
    );
    await put();
    expect(new URL(seen!.url).searchParams.get('sig')).toBe('abc');
    expect(
      Object.fromEntries(
        ['x-ms-blob-type', 'x-ms-meta-sha256', 'content-md5', 'authorization'].map((name) => [
          name,
          seen!.headers.get(name),
        ]),
      ),
    ).toEqual({
      'x-ms-blob-type': 'BlockBlob',
      'x-ms-meta-sha256': 'd1gest',
      'content-md5': 'mgNkuembtIDdJeHwKEyFVQ==',
      authorization: null,
    });
  });

  test.each([
    [403, 'AuthenticationFailed', 'azure.blob.forbidden', 'after-change'],
    [404, 'ContainerNotFound', 'azure.blob.containerMissing', 'after-change'],
    [503, 'ServerBusy', 'azure.blob.busy', 'safe'],
    [500, 'OperationTimedOut', 'azure.blob.busy', 'safe'],
    [400, 'Md5Mismatch', 'azure.blob.refused', 'never'],
    [412, 'LeaseIdMissing', 'azure.blob.refused', 'never'],
  ])('%i %s is %s', async (status, code, ours, retry) => {
    it.server.use(
      http.put(blob, () => new HttpResponse(null, { status, headers: { 'x-ms-error-code': code } })),
    );
    const error = await failure(put());
    expect(error).toMatchObject({ code: ours, retry });
    expect(error.what).not.toContain('abc');
  });

  test.each([
    'BlobAlreadyExists',
    'UnauthorizedBlobOverwrite',
  ])('%s means that it was stored before', async (code) => {
    it.server.use(
      http.put(blob, () => new HttpResponse(null, { status: 409, headers: { 'x-ms-error-code': code } })),
    );
    await put();
  });
});

describe('work', () => {
  const service = () =>
    replicationService({ ...it, azure, base: 'https://r.test', audience: 'r', applianceName: 'a 1' });

  test('is read as documented', async () => {
    it.server.use(
      http.get('https://r.test/work', ({ request }) => {
        expect(new URL(request.url).searchParams.get('appliance')).toBe('a 1');
        return HttpResponse.json({
          items: [
            {
              itemId: 'i',
              instanceUuid: 'u',
              machineName: 'web',
              command: 'cutover',
              performShutdown: false,
              migration: 3,
              disks: [
                {
                  diskId: 'd',
                  logContainerUrl: 'https://x.test/c?sig=1',
                  sasExpiresAt: '2026-01-01T00:00:00Z',
                  isOSDisk: true,
                },
              ],
            },
          ],
        });
      }),
    );
    expect(await service().work(signal)).toEqual([
      {
        itemId: 'i',
        instanceUuid: 'u',
        machineName: 'web',
        command: 'cutover',
        performShutdown: false,
        migration: 3,
        disks: [expect.objectContaining({ diskId: 'd', isOsDisk: true, lastAppliedCycleId: undefined })],
      },
    ]);
  });

  test('with an unknown command is refused rather than guessed', async () => {
    it.server.use(
      http.get('https://r.test/work', () =>
        HttpResponse.json({
          items: [{ itemId: 'i', instanceUuid: 'u', machineName: 'w', command: 'explode', disks: [] }],
        }),
      ),
    );
    expect((await failure(service().work(signal))).code).toBe('azure.protocol');
  });

  test('an unknown cycle is unknown, not an error', async () => {
    it.server.use(
      http.get('https://r.test/items/i/cycles/c', () =>
        HttpResponse.json({ error: { code: 'CycleNotFound' } }, { status: 404 }),
      ),
    );
    expect(await service().cycle('i', 'c', signal)).toBeUndefined();
  });
});
