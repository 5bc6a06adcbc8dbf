/**
 * `drylift serve azure`, judged by Debian's Azure CLI: a registered cloud by its direct origins, and the built-in
 * public cloud through the proxy. Some of its commands
 * (`az network`, `az keyvault secret`, `az role assignment list`, and `az vm` outside of the hybrid profile) end in
 * errors of that package.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { requireInstalled } from '#core/testing/installed.ts';
import { serveAzure } from '#simulators/azure/serve.ts';
import type { ServeOutcome } from '#simulators/kit/serve.ts';

/** Long operations take a second each. */
const PACE = 10;
const run = promisify(execFile);

let served: ServeOutcome;
let folder: string;
let ca: string;

beforeAll(async () => {
  served = await serveAzure({ seed: 'azure-control-cli crosscheck', machines: 4, pace: PACE });
  folder = mkdtempSync(join(tmpdir(), 'drylift-control-cli-'));
  ca = join(folder, 'ca.pem');
  writeFileSync(ca, served.files!['REQUESTS_CA_BUNDLE']!.content);
}, 60_000);

afterAll(async () => {
  await served?.stop();
  if (folder) rmSync(folder, { recursive: true });
});

/** One command, its settings in a folder of its own. @returns what it prints; a refusal is told as "!" and its text */
async function az(settings: string, ...args: string[]): Promise<string> {
  const { HTTPS_PROXY, NO_PROXY } = served.exports;
  const environment = [
    `AZURE_CONFIG_DIR=${join(folder, settings)}`,
    'AZURE_CORE_COLLECT_TELEMETRY=0',
    'AZURE_CORE_ONLY_SHOW_ERRORS=1',
    `REQUESTS_CA_BUNDLE=${ca}`,
    `HTTPS_PROXY=${HTTPS_PROXY}`,
    `NO_PROXY=${NO_PROXY}`,
  ];
  try {
    const { stdout } = await run('env', [...environment, 'az', ...args], { timeout: 90_000 });
    return stdout.trim();
  } catch (error) {
    return `! ${(error as { stderr: string }).stderr}`;
  }
}

describe('the Azure CLI', () => {
  test('signs in to a registered cloud by its direct origins, and works in it', async (context) => {
    requireInstalled(context, 'az', ['version'], 'azure-cli');
    const env = served.exports;
    // MSAL asks the real sign-in host about an authority that it does not know: through the proxy
    const near = (...args: string[]) => az('near', ...args);
    const group = ['-g', env['AZ_RG']!];
    // the profile of versions for which that package has its modules
    const registered = await near(
      ...['cloud', 'register', '-n', 'Drylift', '--profile', '2020-09-01-hybrid'],
      ...['--endpoint-resource-manager', env['AZ_ARM']!],
      ...['--endpoint-active-directory', env['AZ_LOGIN']!],
      ...['--endpoint-active-directory-resource-id', 'https://management.core.windows.net/'],
      ...['--suffix-storage-endpoint', 'core.windows.net'],
    );
    expect([registered, await near('cloud', 'set', '-n', 'Drylift')]).toEqual(['', '']);
    const login = ['login', '--service-principal', '-u', env['AZ_CLIENT']!, '-p', env['AZ_SECRET']!];
    expect(await near(...login, '--tenant', env['AZ_TENANT']!, '--query', '[0].id', '-o', 'tsv')).toBe(
      env['AZ_SUBSCRIPTION'],
    );
    expect(
      await near(
        'disk',
        'create',
        ...group,
        '-n',
        'cli-disk',
        '--size-gb',
        '4',
        '--query',
        'diskState',
        '-o',
        'tsv',
      ),
    ).toBe('Unattached');
    const machine = ['-n', 'cli-vm', '--attach-os-disk', 'cli-disk', '--os-type', 'linux'];
    const made = [
      '--size',
      'Standard_D2s_v3',
      '--public-ip-address',
      '',
      '--query',
      '[powerState, privateIpAddress]',
    ];
    expect(JSON.parse(await near('vm', 'create', ...group, ...machine, ...made))).toEqual([
      'VM running',
      '10.0.0.4',
    ]);
    const command = ['--command-id', 'RunShellScript', '--scripts', 'lsblk', '--query', 'value[0].message'];
    expect(await near('vm', 'run-command', 'invoke', ...group, '-n', 'cli-vm', ...command)).toContain(
      'sda 4294967296 disk',
    );
    expect(
      await near('lock', 'create', ...group, '-n', 'hold', '--lock-type', 'CanNotDelete', '--query', 'level'),
    ).toBe('"CanNotDelete"');
    expect(await near('disk', 'delete', ...group, '-n', 'cli-disk', '--yes')).toMatch(/^! .*ScopeLocked/s);
  }, 240_000);

  test('takes the simulator for the public cloud through the proxy', async (context) => {
    requireInstalled(context, 'az', ['version'], 'azure-cli');
    const env = served.exports;
    const far = (...args: string[]) => az('far', ...args);
    const login = ['login', '--service-principal', '-u', env['AZ_CLIENT']!, '-p', 'not the secret'];
    expect(await far(...login, '--tenant', env['AZ_TENANT']!)).toContain('AADSTS7000215');
    await far(...login.slice(0, -1), env['AZ_SECRET']!, '--tenant', env['AZ_TENANT']!);
    const account = ['--account-name', 'driftcli'];
    expect(
      await far(
        'storage',
        'account',
        'create',
        '-g',
        env['AZ_RG']!,
        '-n',
        'driftcli',
        '--query',
        'provisioningState',
      ),
    ).toBe('"Succeeded"');
    expect(
      await far(
        'storage',
        'container',
        'create',
        '-n',
        'box',
        ...account,
        '--auth-mode',
        'login',
        '--query',
        'created',
      ),
    ).toBe('true');
    expect(
      await far(
        'keyvault',
        'create',
        '-g',
        env['AZ_RG']!,
        '-n',
        'drift-kv-cli',
        '--query',
        'properties.accessPolicies[0].objectId',
      ),
    ).toMatch(/^"[0-9a-f-]{36}"$/);
    expect(
      await far(
        'resource',
        'list',
        '--resource-type',
        'Microsoft.KeyVault/vaults',
        '--query',
        '[].name',
        '-o',
        'tsv',
      ),
    ).toContain('drift-kv-cli');
    const group = env['AZ_RG']!;
    const lines = async (...args: string[]) => (await far(...args, '-o', 'tsv')).split('\n').sort();
    const url = `https://management.azure.com/subscriptions/${env['AZURE_SUBSCRIPTION_ID']}/resourceGroups/${group}/providers/Microsoft.Migrate/assessmentProjects?api-version=2019-10-01`;
    expect(await lines('rest', '--url', url, '--query', 'value[].name')).toEqual([env['AZ_MIGRATE_PROJECT']]);
    expect(await lines('backup', 'vault', 'list', '-g', group, '--query', '[].name')).toEqual([
      env['AZ_VAULT'],
    ]);
    // `az role` of that package ends in an AttributeError of its own
    // the story runs ahead of this machine's clock
    const span = ['--start-time', '2026-01-01', '--end-time', '2099-01-01'];
    const activity = ['monitor', 'activity-log', 'list', '-g', group, ...span, '--query'];
    expect(await lines(...activity, '[].operationName.value')).toContain(
      'Microsoft.Storage/storageAccounts/write',
    );
  }, 240_000);
});
