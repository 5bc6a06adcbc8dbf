/**
 * The appliance as a process, against servers on real sockets: what is wrong with a configuration is told in five
 * parts with exit code 2, before anything is written; what is right runs and stops cleanly.
 */

import { X509Certificate } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { DryliftError, exitCodeOf, formatError } from '#core/errors.ts';
import { type CertificateAuthority, createAuthority } from '#core/net/certificates.ts';
import { type HttpHandler, serveHttp } from '#core/net/http-server.ts';
import { LinkRules } from '#core/net/link-rules.ts';
import { TcpNetwork } from '#core/net/tcp-network.ts';
import type { Listener } from '#core/net/transport.ts';
import { SystemClock } from '#core/time/system-clock.ts';
import { checkAppliance, runAppliance } from './main.ts';
import { fakeVcenter } from './testing/fake-vcenter.ts';

const clock = new SystemClock();
const network = new TcpNetwork({ tier: 'wall', links: new LinkRules(clock) });
let authority: CertificateAuthority;
let vcenter: Listener;
let login: Listener;
let certificatePem: string;
let tokenAnswer: { status: number; body: object };
let folder: string;

const GOOD_TOKEN = { status: 200, body: { token_type: 'Bearer', expires_in: 3599, access_token: 't' } };

beforeAll(async () => {
  authority = await createAuthority('test', { from: clock.wall() - 3_600_000, to: clock.wall() + 3_600_000 });
  const identity = await authority.issue(['127.0.0.1']);
  certificatePem = identity.certificatePem;
  const serve = (handler: HttpHandler) =>
    serveHttp({
      transport: network.as('server'),
      at: { host: '127.0.0.1', port: 0 },
      identity,
      clock,
      handler,
    });
  vcenter = await serve(fakeVcenter({ user: 'reader', password: 'right' }).handler);
  login = await serve((request, response) => {
    request.resume();
    const body = JSON.stringify(tokenAnswer.body);
    response.writeHead(tokenAnswer.status, {
      'Content-Type': 'application/json',
      'Content-Length': body.length,
    });
    response.end(body);
  });
});
afterAll(() => network.close());
/** What the process would have printed. */
let printed: string[];
const write = process.stdout.write;
beforeEach(() => {
  printed = [];
  process.stdout.write = ((text: string) => printed.push(text) > 0) as typeof process.stdout.write;
  tokenAnswer = GOOD_TOKEN;
  folder = mkdtempSync(join(tmpdir(), 'drylift-main-'));
  writeFileSync(join(folder, 'ca.pem'), authority.certificatePem);
});
afterEach(() => {
  process.stdout.write = write;
  rmSync(folder, { recursive: true, force: true });
});

interface Change {
  password?: string;
  port?: number;
  host?: string;
  trust?: string;
  text?: (yaml: string) => string;
}

function config({
  password = 'password: right',
  port = vcenter.endpoint.port,
  host = '127.0.0.1',
  trust = 'ca: ca.pem',
  text = (yaml) => yaml,
}: Change = {}): string {
  const path = join(folder, 'appliance.yaml');
  const yaml = `drylift: appliance/v1
applianceName: appl01
dataDirectory: data
${trust}
cloud:
  authorityHost: https://127.0.0.1:${login.endpoint.port}
  arm: https://127.0.0.1:${login.endpoint.port}
  tenantId: 11111111-1111-4111-8111-111111111111
  clientId: 22222222-2222-4222-8222-222222222222
  clientSecret: the-client-secret
  subscriptionId: 33333333-3333-4333-8333-333333333333
  resourceGroup: rg
  project: project
  siteName: appl01site
  region: westeurope
vcenters:
  - host: ${host}
    port: ${port}
    user: reader
    ${password}
`;
  writeFileSync(path, text(yaml));
  return path;
}

/** Runs it and says what it failed with; nothing may have been written. */
async function failure(path: string): Promise<DryliftError> {
  const before = readdirSync(folder).sort();
  let caught: unknown;
  try {
    await runAppliance(path);
  } catch (error) {
    caught = error;
  }
  expect(caught).toBeInstanceOf(DryliftError);
  expect(exitCodeOf(caught)).toBe(2);
  expect(readdirSync(folder).sort()).toEqual(before);
  const told = formatError(caught);
  for (const part of [/^[a-z]+\.\S+ {2}\S/, /\n {2}why: {3}\S/, /\n {2}next: {2}\S/])
    expect(told).toMatch(part);
  expect(told).not.toMatch(/the-client-secret|wrong-password/);
  return caught as DryliftError;
}

/** A port where nothing listens. */
async function closedPort(): Promise<number> {
  const server = createTcpServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

describe('appliance run refuses, with exit code 2 and nothing written,', () => {
  test('a wrong password', async () => {
    const error = await failure(config({ password: 'password: wrong-password' }));
    expect(error.code).toBe('vcenter.login.invalid');
  });

  test('a certificate that it has no reason to trust', async () => {
    const error = await failure(config({ trust: '' }));
    expect(error.code).toBe('vcenter.untrusted');
    expect(error.next).toContain('fingerprint');
  });

  test('a certificate other than the pinned one', async () => {
    const pinned = `password: right\n    fingerprint: ${'ab'.repeat(32)}`;
    expect((await failure(config({ password: pinned }))).code).toBe('vcenter.untrusted');
  });

  test('an address where nothing answers', async () => {
    const error = await failure(config({ port: await closedPort() }));
    expect(error.code).toBe('vcenter.unreachable');
    expect(error.what).toContain('refused');
  });

  test('a name that nobody knows', async () => {
    expect((await failure(config({ host: 'vcenter.invalid' }))).code).toBe('vcenter.unreachable');
  });

  test('a server that is no vCenter', async () => {
    expect((await failure(config({ port: login.endpoint.port }))).code).toBe('vcenter.notVcenter');
  });

  test('an expired client secret', async () => {
    tokenAnswer = {
      status: 401,
      body: {
        error: 'invalid_client',
        error_description: 'AADSTS7000222: The provided client secret keys are expired. Trace ID: x',
      },
    };
    const error = await failure(config());
    expect(error.code).toBe('azure.login.secretExpired');
    expect(error.next).toContain('new secret');
  });

  test('an authority that cannot be reached', async () => {
    const port = await closedPort();
    const path = config({
      text: (yaml) =>
        yaml.replace(
          `authorityHost: https://127.0.0.1:${login.endpoint.port}`,
          `authorityHost: https://127.0.0.1:${port}`,
        ),
    });
    expect((await failure(path)).code).toBe('azure.unreachable');
  });

  test('a proxy that is not there', async () => {
    const path = config({ text: (yaml) => yaml.replace('cloud:', `proxy: http://127.0.0.1:1\ncloud:`) });
    expect((await failure(path)).code).toBe('azure.unreachable');
  });

  test('a misspelt key', async () => {
    const error = await failure(config({ text: (yaml) => yaml.replace('    user:', '    usr:') }));
    expect(error).toMatchObject({ code: 'config.unknownKey', where: { line: 19, column: 5 } });
    expect(error.next).toBe('Write user.');
  });

  test('a file that is not there, its own or one that it names', async () => {
    expect((await failure(join(folder, 'nowhere.yaml'))).code).toBe('config.missing');
    expect((await failure(config({ trust: 'ca: nowhere.pem' }))).what).toContain('nowhere.pem');
  });

  test('a secret that is given nowhere', async () => {
    expect((await failure(config({ password: '' }))).code).toBe('config.noSecret');
  });
});

test('check says what is in order, and writes nothing; a pinned certificate needs no authority', async () => {
  const pin = new X509Certificate(certificatePem).fingerprint256;
  await checkAppliance(config({ password: `password: right\n    fingerprint: ${pin}` }));
  expect(printed.join('')).toMatch(
    /^ok {2}vCenter 127\.0\.0\.1:\d+: signed in, version 8\.0\.3.*\nok {2}Azure: signed in/,
  );
  expect(existsSync(join(folder, 'data'))).toBe(false);
});

test('a first start refuses a vCenter that does not answer; one that has worked starts, tries again and says so', async () => {
  const until = async (line: RegExp, path: string): Promise<void> => {
    const said = Promise.withResolvers<void>();
    process.stdout.write = ((text: string) => {
      printed.push(text);
      if (line.test(text)) said.resolve();
      return true;
    }) as typeof process.stdout.write;
    const running = runAppliance(path);
    await Promise.race([said.promise, running]);
    process.emit('SIGTERM', 'SIGTERM');
    await running;
  };
  const writeError = process.stderr.write;
  process.stderr.write = (() => true) as typeof process.stderr.write;
  try {
    const port = await closedPort();
    await expect(runAppliance(config({ port }))).rejects.toMatchObject({ code: 'vcenter.unreachable' });
    await until(/^ready/, config());
    await until(/!! discover 127\.0\.0\.1: net\.refused: /, config({ port }));
  } finally {
    process.stderr.write = writeError;
  }
  expect(printed.filter((line) => line === 'stopped\n')).toHaveLength(2);
}, 20_000);

test('run starts, seals its secrets behind a key of its own, stops at SIGTERM, and starts again without them', async () => {
  const log: string[] = [];
  const writeError = process.stderr.write;
  process.stderr.write = ((text: string) => log.push(text) > 0) as typeof process.stderr.write;
  /** Runs until it says that it is ready, then ends it as a supervisor would. */
  const runOnce = async (path: string): Promise<void> => {
    const ready = Promise.withResolvers<void>();
    process.stdout.write = ((text: string) => {
      printed.push(text);
      if (text.startsWith('ready')) ready.resolve();
      return true;
    }) as typeof process.stdout.write;
    const running = runAppliance(path);
    await Promise.race([ready.promise, running]);
    process.emit('SIGTERM', 'SIGTERM');
    await running;
  };
  try {
    await runOnce(config());
    expect(statSync(join(folder, 'data', 'appliance.key')).mode & 0o777).toBe(0o600);
    for (const name of readdirSync(join(folder, 'data')))
      expect(readFileSync(join(folder, 'data', name)).includes('the-client-secret')).toBe(false);
    expect(log.join('')).not.toMatch(/the-client-secret|"right"/);
    await runOnce(config({ password: '', text: (yaml) => yaml.replace(/ {2}clientSecret:.*\n/, '') }));
  } finally {
    process.stderr.write = writeError;
  }
  expect(printed.filter((line) => line === 'stopped\n')).toHaveLength(2);
});
