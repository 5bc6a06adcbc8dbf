/**
 * The same cases, by the official SDKs, against our storage services and against Azurite 3.36 over its file store:
 * where the two differ, the difference is one that is known, and ours is what the service itself does. And the
 * appliance's storage client against Azurite.
 */
import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import {
  AccountSASPermissions,
  ContainerSASPermissions,
  generateAccountSASQueryParameters,
  generateBlobSASQueryParameters,
  StorageSharedKeyCredential,
} from '@azure/storage-blob';
import { afterAll, beforeAll, beforeEach, expect, type TestContext, test } from 'vitest';
import { replicationService } from '#appliance/targets/azure/replication-service.ts';
import { HttpClient } from '#core/net/http-client.ts';
import { LinkRules } from '#core/net/link-rules.ts';
import { TcpNetwork } from '#core/net/tcp-network.ts';
import { missing } from '#core/testing/installed.ts';
import { SystemClock } from '#core/time/system-clock.ts';
import { Counters } from '#core/trace/recorder.ts';
import { type Azurite, azuriteMain, startAzurite } from './azure-storage/azurite.ts';
import { ACCOUNT, type ServedStorage, servedStorage } from './azure-storage/served.ts';

let served: ServedStorage;
let azurite: Azurite;

beforeAll(async () => {
  if (azuriteMain() === undefined) return;
  served = await servedStorage();
  const folder = join(served.folder, 'azurite');
  mkdirSync(folder);
  azurite = await startAzurite({
    folder,
    identity: served.identity,
    account: ACCOUNT,
    key: served.input.key,
  });
}, 60_000);

beforeEach((context: TestContext) => {
  if (azuriteMain() === undefined) missing(context, 'azurite is not installed (npm)');
});

afterAll(async () => {
  await azurite?.stop();
  await served?.stop();
});

/** Names of cases in which Azurite says something else than we do, by why. */
type Differences = Readonly<Record<string, readonly string[]>>;

async function expectDifferences(script: string, expected: Differences): Promise<void> {
  const { origin, queueOrigin, tableOrigin } = azurite;
  const ours = await served.run(script);
  const theirs = await served.run(script, { origin, queueOrigin, tableOrigin });
  const differing = Object.keys(ours).filter(
    (name) => JSON.stringify(sorted(ours[name])) !== JSON.stringify(sorted(theirs[name])),
  );
  expect(differing.sort()).toEqual(Object.values(expected).flat().sort());
}

/** Members of objects in one order. */
function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value ?? null;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}

test(
  'blobs: 66 cases agree with Azurite; those that do not are its known gaps',
  () =>
    expectDifferences('./client.ts', {
      'gives what was not asked for in place of 416': ['past the end'],
      'another code': ['bad block id', 'odd size', 'pages past the end', 'pages not aligned', 'not offered'],
      'MD5 and CRC-64 are not checked, or answered otherwise': [
        ...['wrong md5', 'wrong crc64', 'range crc64', 'service crc64'],
        ...['structured round trip', 'structured is stored plainly', 'structured pages'],
      ],
      'no limits of pages': ['9 TiB', 'pages too large'],
      'ranges are neither joined nor paged': ['huge ranges', 'range pages'],
      'no differences of ranges': [
        ...['diff', 'diff of snapshots', 'diff to a missing snapshot', 'diff after recreation'],
      ],
      'snapshots are listed behind their blob': ['listed snapshots'],
      'a copied page blob shares its pages with the source': ['copy is apart'],
      'AuthorizationFailure for what is AuthenticationFailed': [
        ...['expired sas', 'tampered sas', 'revoked policy', 'wrong key', 'anonymous'],
      ],
      'tokens only with --oauth, and of any signer': ['token reads', 'bad token', 'user delegation sas'],
    }),
  60_000,
);

test(
  'queues: what the SDK does is the same but for tokens and defaults',
  () =>
    expectDifferences('./queues.ts', {
      'a folded page counts one more': ['pages'],
      'tokens only with --oauth': ['token', 'delegation sas'],
      'logging is on from the start': ['properties before'],
      'statistics of a secondary endpoint that no account has': ['statistics'],
    }),
  60_000,
);

test(
  'tables: what the SDK does is the same but for types, ranges of keys and tokens',
  () =>
    expectDifferences('./tables.ts', {
      'another code': ['bad table name', 'key with a slash'],
      'values are given back as they were sent': ['entity', 'typed'],
      '64-bit integers are compared as text': ['filters'],
      'ranges of keys in signatures are not kept to': ['sas of a range', 'outside the range'],
      'AuthorizationFailure for what is AuthenticationFailed': ['tampered sas', 'wrong key'],
      'logging is on from the start': ['service properties'],
      'tokens only with --oauth': ['token'],
    }),
  60_000,
);

test('the appliance stores its log blobs in Azurite, and understands its refusals', async () => {
  const credential = new StorageSharedKeyCredential(ACCOUNT, served.input.key);
  const clock = new SystemClock();
  const network = new TcpNetwork({ tier: 'wall', links: new LinkRules(clock) });
  const http = new HttpClient({
    transport: network.as('appliance'),
    clock,
    tls: { trust: [served.authorityPem] },
  });
  const containerUrl = (container: string, permissions: string): string =>
    `${azurite.origin}/${ACCOUNT}/${container}?${generateBlobSASQueryParameters(
      {
        containerName: container,
        permissions: ContainerSASPermissions.parse(permissions),
        expiresOn: new Date(clock.wall() + 3_600_000),
      },
      credential,
    )}`;
  const counters = new Counters();
  const unused = { base: 'https://unused.invalid', audience: '', applianceName: 'a' };
  const control = replicationService({ azure: undefined as never, http, counters, ...unused });
  const { signal } = new AbortController();
  const content = randomBytes(3_000_000);
  const put = (url: string) => control.putBlob(url, 'cycle-1/disk-0/0000', content, 'ab'.repeat(32), signal);
  await expect(put(containerUrl('logs', 'cw'))).rejects.toMatchObject({
    code: 'azure.blob.containerMissing',
  });
  const account = generateAccountSASQueryParameters(
    {
      expiresOn: new Date(clock.wall() + 3_600_000),
      permissions: AccountSASPermissions.parse('c'),
      resourceTypes: 'c',
      services: 'b',
    },
    credential,
  );
  const made = `${azurite.origin}/${ACCOUNT}/logs?restype=container&${account}`;
  expect((await http.fetch({ method: 'PUT', url: made, headers: {}, signal })).status).toBe(201);
  await put(containerUrl('logs', 'cw'));
  await put(containerUrl('logs', 'cw'));
  await expect(put(containerUrl('logs', 'r'))).rejects.toMatchObject({ code: 'azure.blob.forbidden' });
  await expect(put(`${containerUrl('logs', 'cw')}x`)).rejects.toMatchObject({ code: 'azure.blob.forbidden' });
  expect(counters.toJSON()['appliance.blob.bytes']).toBe(2 * content.length);
  const url = containerUrl('logs', 'r').replace('/logs?', '/logs/cycle-1/disk-0/0000?');
  const stored = await http.fetch({ method: 'GET', url, headers: {}, signal });
  expect(stored.body.equals(content)).toBe(true);
  expect(stored.headers['x-ms-meta-sha256']).toBe('ab'.repeat(32));
  http.close();
  await network.close();
});
