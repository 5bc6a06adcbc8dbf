/** Our Windows hosts, judged by pywinrm (NTLM with sealing, NTLM and Basic over TLS) and curl. Both come from Debian. */
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { missing } from '#core/testing/installed.ts';
import { serveHyperv } from '#simulators/hyperv/serve.ts';
import type { ServeOutcome } from '#simulators/kit/serve.ts';
import { serveWindows } from '#simulators/windows/serve.ts';

const PYTHON = '/usr/bin/python3';
const hasPywinrm = spawnSync(PYTHON, ['-c', 'import winrm, requests_ntlm, xmltodict']).status === 0;
const hasCurl = spawnSync('curl', ['--version'], { encoding: 'utf8' }).stdout?.includes('NTLM') === true;
const here = (name: string) => fileURLToPath(new URL(`./winrm/${name}`, import.meta.url));

let folder: string;
const served: Record<'hyperv' | 'windows', ServeOutcome | undefined> = {
  hyperv: undefined,
  windows: undefined,
};

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'drylift-winrm-'));
  const flags = { port: 0, basic: true, password: 'pass&<word> 1' };
  served.hyperv = await serveHyperv(flags);
  served.windows = await serveWindows(flags);
  for (const [kind, outcome] of Object.entries(served))
    writeFileSync(join(folder, `${kind}.pem`), outcome!.files!['WINRM_CA']!.content);
});

afterAll(async () => {
  await served.hyperv?.stop();
  await served.windows?.stop();
  if (folder) rmSync(folder, { recursive: true });
});

interface Seen {
  readonly [name: string]: unknown;
  readonly services: readonly string[];
  readonly states: readonly string[];
  readonly running: readonly string[];
}

async function pywinrm(
  kind: 'hyperv' | 'windows',
  scheme: 'http' | 'https',
  transport: string,
): Promise<Seen> {
  const { WINRM_PORT, WINRM_HTTPS_PORT, WINRM_USER, WINRM_PASS } = served[kind]!.exports;
  const url = `${scheme}://127.0.0.1:${scheme === 'http' ? WINRM_PORT : WINRM_HTTPS_PORT}/wsman`;
  const child = spawn(
    PYTHON,
    [here('client.py'), url, transport, WINRM_USER!, WINRM_PASS!, join(folder, `${kind}.pem`)],
    {
      // a bundle in the environment would win over the one given
      env: { PATH: process.env['PATH'], OPENSSL_CONF: here('legacy.cnf') },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  return JSON.parse((await text(child.stdout)) || '{}') as Seen;
}

describe.each([
  ['http', 'ntlm'],
  ['https', 'ntlm'],
  ['https', 'basic'],
] as const)('pywinrm over %s with %s', (scheme, transport) => {
  test('runs commands and queries on a Windows server', async (context) => {
    if (!hasPywinrm) return missing(context, 'pywinrm is not installed (Debian: python3-winrm)');
    const seen = await pywinrm('windows', scheme, transport);
    expect(seen['echo']).toEqual({ status: 0, out: 'one two\r\n', err: '' });
    expect(seen['unknown']).toMatchObject({
      status: 1,
      out: '',
      err: expect.stringMatching(/^'no-such-program' is not recognized/),
    });
    expect(seen['exit']).toMatchObject({ status: 7 });
    // more than one envelope holds
    const lines = Array.from(
      { length: 3000 },
      (_, i) => `a line of some length that is said often: ${i + 1}\r\n`,
    );
    expect(seen['long']).toEqual({ status: 0, out: lines.join('').length, err: '' });
    expect(seen['powershell']).toMatchObject({ status: 0, out: expect.stringContaining('Windows Server') });
    expect(seen['caption']).toEqual([expect.stringMatching(/^Microsoft Windows Server/)]);
    expect(seen.services.length).toBeGreaterThanOrEqual(10);
    expect(new Set(seen.services).size).toBe(seen.services.length);
    expect(new Set(seen.states)).toEqual(new Set(['Running', 'Stopped']));
    expect(seen.running).toHaveLength(seen.states.filter((state) => state === 'Running').length);
    expect((seen['disks'] as string[]).length).toBeGreaterThan(1);
    expect(seen['badQuery']).toContain('Invalid query');
    expect(seen['badClass']).toContain('Invalid class');
    expect(seen['wrongPassword']).toBe('InvalidCredentialsError');
  }, 120_000);
});

test('pywinrm finds the machines of a Hyper-V host', async (context) => {
  if (!hasPywinrm) return missing(context, 'pywinrm is not installed (Debian: python3-winrm)');
  const seen = await pywinrm('hyperv', 'http', 'ntlm');
  expect(seen['hostname']).toMatchObject({ status: 0 });
  expect((seen['machines'] as string[]).length).toBeGreaterThanOrEqual(2);
}, 120_000);

const IDENTIFY =
  '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:i="http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd"><s:Header/><s:Body><i:Identify/></s:Body></s:Envelope>';

/** What curl prints: head and body of each answer. */
async function curl(...more: string[]): Promise<string> {
  const { WINRM_HTTPS_PORT } = served.windows!.exports;
  const child = spawn('curl', [
    ...['-s', '-i', '--cacert', join(folder, 'windows.pem'), '-d', IDENTIFY, ...more],
    `https://127.0.0.1:${WINRM_HTTPS_PORT}/wsman`,
  ]);
  return text(child.stdout);
}

test('curl is told who is there: by NTLM all of it, without credentials nothing of the version', async (context) => {
  if (!hasCurl) return missing(context, 'curl with NTLM is not installed (Debian: curl)');
  const { WINRM_USER, WINRM_PASS } = served.windows!.exports;
  expect(await curl('--ntlm', '-u', `${WINRM_USER}:${WINRM_PASS}`)).toMatch(
    /OS: \d+\.\d+\.\d+ SP: 0\.0 Stack: [23]\.0/,
  );
  expect(await curl('-H', 'WSMANIDENTIFY: unauthenticated')).toContain('OS: 0.0.0 SP: 0.0 Stack: ');
  const refused = await curl('--ntlm', '-u', `${WINRM_USER}:wrong`);
  expect(refused).toContain('HTTP/1.1 401 Unauthorized');
  expect(refused).toContain('WWW-Authenticate: Negotiate');
});
