/**
 * Our Windows hosts, judged by winrmcp (Go, Basic), and by pywinrm and curl with a certificate in place of a password.
 * All come from Debian.
 */
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createAuthority } from '#core/net/certificates.ts';
import { missing } from '#core/testing/installed.ts';
import { SystemClock } from '#core/time/system-clock.ts';
import { DAY } from '#core/units.ts';
import type { ServeOutcome } from '#simulators/kit/serve.ts';
import { serveWindows } from '#simulators/windows/serve.ts';

const PYTHON = '/usr/bin/python3';
const WINRMCP = 'winrmcp';
const hasPywinrm = spawnSync(PYTHON, ['-c', 'import winrm']).status === 0;
const hasWinrmcp = spawnSync(WINRMCP, ['-help']).error === undefined;
const hasCurl = spawnSync('curl', ['--version']).status === 0;
const CLIENT = fileURLToPath(new URL('./winrm/certificate.py', import.meta.url));
const MUTUAL = 'http://schemas.dmtf.org/wbem/wsman/1/wsman/secprofile/https/mutual';

const IDENTIFY =
  '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:i="http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd"><s:Header/><s:Body><i:Identify/></s:Body></s:Envelope>';

let folder: string;
let served: ServeOutcome;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'drylift-winrm-'));
  served = await serveWindows({ port: 0, basic: true, allowUnencrypted: true, certificate: true });
  for (const { name, content } of Object.values(served.files!)) writeFileSync(join(folder, name), content);
});

afterAll(async () => {
  await served?.stop();
  if (folder) rmSync(folder, { recursive: true });
});

const file = (variable: string): string => join(folder, served.files![variable]!.name);
const address = (variable: string): string => `127.0.0.1:${served.exports[variable]}`;

async function run(program: string, ...args: readonly string[]): Promise<{ code: number; out: string }> {
  const child = spawn(program, args, { env: { PATH: process.env['PATH'] } });
  const ended = new Promise<number>((resolve) => {
    child.once('close', (code) => resolve(code ?? -1));
  });
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { code: await ended, out: out + err };
}

/** What a command says, asked with a certificate. */
async function remote(
  certificate: string,
  key: string,
  ...command: readonly string[]
): Promise<Record<string, unknown>> {
  const url = `https://${address('WINRM_HTTPS_PORT')}/wsman`;
  const { out } = await run(PYTHON, CLIENT, url, file('WINRM_CA'), certificate, key, ...command);
  return JSON.parse(out) as Record<string, unknown>;
}

describe('winrmcp', () => {
  // more than one command line holds, and more than one shell may do
  const content = Buffer.from(Array.from({ length: 100_000 }, (_, n) => (n * 7919) >> 3));

  for (const [scheme, port, more] of [
    ['HTTPS', 'WINRM_HTTPS_PORT', ['-https', '-tlsservername', 'localhost']],
    ['HTTP', 'WINRM_PORT', []],
  ] as const)
    test(`copies a file by Basic over ${scheme}, and every byte is there`, async (context) => {
      if (!hasWinrmcp) return missing(context, 'winrmcp is not installed (Debian: winrmcp)');
      if (!hasPywinrm) return missing(context, 'pywinrm is not installed (Debian: python3-winrm)');
      const local = join(folder, 'file.bin');
      writeFileSync(local, content);
      const target = `C:\\Windows\\Temp\\by-${scheme}.bin`;
      const { WINRM_USER, WINRM_PASS } = served.exports;
      const copied = await run(
        WINRMCP,
        ...[...more, '-cacert', file('WINRM_CA'), '-addr', address(port)],
        ...['-user', WINRM_USER!, '-pass', WINRM_PASS!, local, target.replaceAll('\\', '/')],
      );
      expect(copied).toEqual({ code: 0, out: '' });
      const seen = await remote(file('WINRM_CERT'), file('WINRM_CERT_KEY'), 'type', target);
      expect(seen).toMatchObject({ status: 0, sha256: createHash('sha256').update(content).digest('hex') });
    }, 60_000);

  // a request right behind a large answer once cut the connection, one time in ten
  test('what it copied is read again and again', async (context) => {
    if (!hasWinrmcp) return missing(context, 'winrmcp is not installed (Debian: winrmcp)');
    if (!hasPywinrm) return missing(context, 'pywinrm is not installed (Debian: python3-winrm)');
    const read = () =>
      remote(file('WINRM_CERT'), file('WINRM_CERT_KEY'), 'type', 'C:\\Windows\\Temp\\by-HTTPS.bin');
    const seen: Array<Record<string, unknown>> = [];
    // as many at a time as the oldest Windows gives shells to one user
    for (let round = 0; round < 8; round++)
      seen.push(...(await Promise.all(Array.from({ length: 4 }, read))));
    const sha256 = createHash('sha256').update(content).digest('hex');
    expect(seen.map(({ problem, sha256 }) => problem ?? sha256)).toEqual(seen.map(() => sha256));
  }, 60_000);
});

describe('a certificate in place of a password', () => {
  test('pywinrm runs commands as the account that it is mapped to', async (context) => {
    if (!hasPywinrm) return missing(context, 'pywinrm is not installed (Debian: python3-winrm)');
    const seen = await remote(file('WINRM_CERT'), file('WINRM_CERT_KEY'), 'whoami');
    expect(seen).toMatchObject({ status: 0, out: expect.stringMatching(/\\administrator\r\n$/) });
  });

  test('of an authority that only has the same name lets nobody in', async (context) => {
    if (!hasPywinrm) return missing(context, 'pywinrm is not installed (Debian: python3-winrm)');
    const now = new SystemClock().wall();
    const validity = { from: now - DAY, to: now + DAY };
    const { certificatePem, privateKeyPem } = await (
      await createAuthority('drylift serve windows', validity)
    ).issueForClient('Administrator@localhost');
    const [certificate, key] = [join(folder, 'other.pem'), join(folder, 'other-key.pem')];
    writeFileSync(certificate, certificatePem);
    writeFileSync(key, privateKeyPem);
    expect(await remote(certificate, key, 'whoami')).toEqual({ problem: 'InvalidCredentialsError' });
  });

  test('curl is told who is there, and without the certificate nothing', async (context) => {
    if (!hasCurl) return missing(context, 'curl is not installed (Debian: curl)');
    const ask = (...more: readonly string[]) =>
      run(
        'curl',
        ...['-s', '-i', '--cacert', file('WINRM_CA'), '-H', `Authorization: ${MUTUAL}`, '-d', IDENTIFY],
        ...[...more, `https://${address('WINRM_HTTPS_PORT')}/wsman`],
      );
    const shown = await ask('--cert', file('WINRM_CERT'), '--key', file('WINRM_CERT_KEY'));
    expect(shown.out).toMatch(/OS: \d+\.\d+\.\d+ SP: \d\.0 Stack: \d\.0/);
    expect((await ask()).out).toContain('HTTP/1.1 401 Unauthorized');
  });
});
