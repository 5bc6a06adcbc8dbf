/** `drylift serve azure`, judged by the official SDKs on the real host names, through the proxy. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { serveAzure } from '#simulators/azure/serve.ts';
import type { ServeOutcome } from '#simulators/kit/serve.ts';

/** Long operations take a second each. */
const PACE = 10;

let served: ServeOutcome;
let folder: string;
let seen: Record<string, unknown>;

beforeAll(async () => {
  served = await serveAzure({ seed: 'azure-control crosscheck', machines: 4, pace: PACE });
  folder = mkdtempSync(join(tmpdir(), 'drylift-control-'));
  const ca = join(folder, 'ca.pem');
  writeFileSync(ca, served.files!['NODE_EXTRA_CA_CERTS']!.content);
  const { exports } = served;
  const script = new URL('./azure-control/client.ts', import.meta.url).pathname;
  const input = {
    tenantId: exports['AZURE_TENANT_ID'],
    clientId: exports['AZURE_CLIENT_ID'],
    clientSecret: exports['AZURE_CLIENT_SECRET'],
    subscriptionId: exports['AZURE_SUBSCRIPTION_ID'],
    resourceGroup: exports['AZ_RG'],
    project: exports['AZ_MIGRATE_PROJECT'],
  };
  const child = spawn(
    'env',
    [
      `HTTPS_PROXY=${exports['HTTPS_PROXY']}`,
      `NODE_EXTRA_CA_CERTS=${ca}`,
      process.execPath,
      '--import',
      'tsx',
      script,
      JSON.stringify(input),
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  seen = JSON.parse((await text(child.stdout)) || '{}') as Record<string, unknown>;
}, 180_000);

afterAll(async () => {
  await served?.stop();
  if (folder) rmSync(folder, { recursive: true });
});

/** Every case named must have been seen, with this outcome. */
function expectSeen(expected: Record<string, unknown>): void {
  const those = Object.fromEntries(Object.keys(expected).map((name) => [name, seen[name]]));
  expect(those).toEqual(expected);
}

test('no client stopped in the middle', () => {
  expect(Object.entries(seen).filter(([name]) => name.endsWith(' stopped'))).toEqual([]);
});

describe('@azure/identity takes the simulator for Entra ID', () => {
  test('tokens and refusals', () => {
    expectSeen({
      'token is for this application': true,
      'token lives about an hour': true,
      'wrong secret': 'invalid_client 7000215',
      'unknown resource': 'invalid_resource 500011',
    });
  });
});

describe('@azure/arm-resources takes the simulator for ARM', () => {
  test('groups, providers, resources', () => {
    expectSeen({
      'group made': ['sdk-group', 'westeurope', 'by the SDK', 'Succeeded'],
      groups: ['rehearsal', 'sdk-group'],
      'group deleted': '404 ResourceGroupNotFound',
      'resources by type': ['Microsoft.RecoveryServices/vaults'],
      'unknown subscription': '404 SubscriptionNotFound',
    });
    expect(seen['providers']).toEqual(
      [
        ...['Authorization', 'Compute', 'Insights', 'KeyVault', 'Migrate', 'Network', 'OffAzure'],
        ...['RecoveryServices', 'Resources', 'Storage'],
      ].map((name) => `Microsoft.${name}`),
    );
  });
});

describe('@azure/arm-compute and @azure/storage-blob upload a disk', () => {
  test('created, granted, written page by page, revoked, read back', () => {
    expectSeen({
      'disk made': ['ReadyToUpload', 20 * 1024 * 1024 + 512],
      'upload url': true,
      'disk uploaded': 'Unattached',
      'revoked url': expect.stringMatching(/^403/),
      'disk read back': true,
      'disk deleted': '404 ResourceNotFound',
    });
  });
});

describe('@azure/core-rest-pipeline reaches what has no client', () => {
  test('a site, its data plane, the project, and what is refused', () => {
    expectSeen({
      'site made': [201, 'westeurope.discoverysrv.windowsazure.com'],
      'inventory sent': [200, { sequence: 1, machines: 1 }],
      'machine early': ['sdk-machine', 4096],
      'machine late': 4096,
      project: 200,
      'bad api-version': [400, 'NoRegisteredProviderFound'],
      'token of another service': [401, 'InvalidAuthenticationTokenAudience'],
      'unknown name': [502, 'nowhere.example:443 is not known on this internet.'],
    });
  });
});
