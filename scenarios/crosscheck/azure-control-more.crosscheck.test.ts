/**
 * `drylift serve azure`, judged by more official SDKs: an application that registers itself and signs in by its
 * certificate, networks and a machine, vaults, and clients that take an endpoint and no proxy.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import 'reflect-metadata';
import * as x509 from '@peculiar/x509';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { serveAzure } from '#simulators/azure/serve.ts';
import type { ServeOutcome } from '#simulators/kit/serve.ts';

/** Long operations take a second each. */
const PACE = 10;

let served: ServeOutcome;
let folder: string;
let seen: Record<string, unknown>;

beforeAll(async () => {
  served = await serveAzure({ seed: 'azure-control-more crosscheck', machines: 4, pace: PACE });
  folder = mkdtempSync(join(tmpdir(), 'drylift-control-more-'));
  const ca = join(folder, 'ca.pem');
  writeFileSync(ca, served.files!['NODE_EXTRA_CA_CERTS']!.content);
  const certificatePath = join(folder, 'application.pem');
  writeFileSync(certificatePath, await selfSigned());
  const script = new URL('./azure-control/more-clients.ts', import.meta.url).pathname;
  const { HTTPS_PROXY, NO_PROXY } = served.exports;
  const child = spawn(
    'env',
    [
      `HTTPS_PROXY=${HTTPS_PROXY}`,
      `NO_PROXY=${NO_PROXY}`,
      `NODE_EXTRA_CA_CERTS=${ca}`,
      process.execPath,
      '--import',
      'tsx',
      script,
    ],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  child.stdin.on('error', () => {}); // it may end without reading: what it says and its status are judged
  child.stdin.end(JSON.stringify({ env: served.exports, certificatePath }));
  seen = JSON.parse((await text(child.stdout)) || '{}') as Record<string, unknown>;
}, 240_000);

afterAll(async () => {
  await served?.stop();
  if (folder) rmSync(folder, { recursive: true });
});

/** An RSA key and a certificate of it, PEM, one after the other. */
async function selfSigned(): Promise<string> {
  const algorithm = {
    name: 'RSASSA-PKCS1-v1_5',
    hash: 'SHA-256',
    publicExponent: new Uint8Array([1, 0, 1]),
    modulusLength: 2048,
  };
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: '01',
    name: 'CN=appliance',
    notBefore: new Date('2020-01-01'),
    notAfter: new Date('2050-01-01'),
    keys,
    signingAlgorithm: algorithm,
  });
  const pkcs8 = Buffer.from(await crypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64');
  const key = `-----BEGIN PRIVATE KEY-----\n${pkcs8.replace(/(.{64})/g, '$1\n')}\n-----END PRIVATE KEY-----\n`;
  return `${certificate.toString('pem')}\n${key}`;
}

/** Every case named must have been seen, with this outcome. */
function expectSeen(expected: Record<string, unknown>): void {
  const those = Object.fromEntries(Object.keys(expected).map((name) => [name, seen[name]]));
  expect(those).toEqual(expected);
}

test('no client stopped in the middle', () => {
  expect(Object.entries(seen).filter(([name]) => name.endsWith(' stopped'))).toEqual([]);
});

describe('@azure/identity', () => {
  test('an application registers itself with a certificate and signs in by it', () => {
    expectSeen({
      'certificate: before there is a principal': 'unauthorized_client 700016',
      'certificate: principal is found': true,
      'certificate: token is for its application': true,
      'certificate: without a role': '403 AuthorizationFailed',
      'certificate: not registered on another application': 'invalid_client 700027',
    });
  });
});

describe('@azure/arm-resources', () => {
  test('tags of a group, resources by type', () => {
    expectSeen({ 'scopes: tags': '7', 'scopes: vaults': ['rehearsal-secrets'] });
  });
});

describe('without a proxy, by endpoints on this machine', () => {
  test('groups, a disk through its signature, blobs by key', () => {
    expectSeen({
      'direct: groups': true,
      'direct: signature is for this machine': '127.0.0.1',
      'direct: page read back': 7,
      'direct: blob by key': 'hello',
    });
  });
});

describe('@azure/arm-network and @azure/arm-compute', () => {
  test('a network with all that a machine needs', () => {
    expectSeen({
      'network: subnets': ['10.7.1.0/24', '10.7.2.0/24'],
      'network: overlapping subnet': '400 NetcfgSubnetRangesOverlap',
      'network: rules': [1, 6],
      'network: public address': '203.0.113.1',
      'network: private address': '10.7.1.4',
      'network: subnet in use': '400 InUseSubnetCannotBeDeleted',
    });
  });

  test('a machine from a disk, deallocated, its disk kept', () => {
    expectSeen({
      'machine: made': ['Succeeded', 'Standard_D2s_v3'],
      'machine: disk in it': 'Attached',
      'machine: disk cannot go': '409 OperationNotAllowed',
      'machine: power': ['PowerState/running', 'PowerState/deallocated'],
      'machine: snapshot': [true, 100],
      'machine: size is listed': true,
      'machine: disk after it': 'Unattached',
    });
  });
});

describe('@azure/keyvault-secrets', () => {
  test.each(['real name', 'direct'])('versions, deletion, recovery and the end, by %s', (how) => {
    expectSeen({
      [`vault ${how}: values`]: ['two', 'one', 2],
      [`vault ${how}: listed`]: true,
      [`vault ${how}: disabled`]: '403 Forbidden',
      [`vault ${how}: deleted`]: '404 SecretNotFound',
      [`vault ${how}: name kept`]: '409 Conflict',
      [`vault ${how}: recovered`]: 'two',
      [`vault ${how}: purged`]: 'again',
    });
  });
});
