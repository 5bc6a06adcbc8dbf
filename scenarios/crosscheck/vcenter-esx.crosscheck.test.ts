/** A host by itself, `drylift serve esx`, judged by libvirt with esx://; and what the appliance says of one. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createLog } from '#appliance/log.ts';
import { vsphereSource } from '#appliance/sources/vsphere/vsphere-source.ts';
import { LinkRules } from '#core/net/link-rules.ts';
import { TcpNetwork } from '#core/net/tcp-network.ts';
import { requireInstalled } from '#core/testing/installed.ts';
import { SystemClock } from '#core/time/system-clock.ts';
import { Counters } from '#core/trace/recorder.ts';
import { run } from './vcenter/run.ts';

const DRYLIFT = fileURLToPath(new URL('../../bin/drylift.mjs', import.meta.url));
const VIRSH = fileURLToPath(new URL('./vcenter/virsh.sh', import.meta.url));

const folder = mkdtempSync(join(tmpdir(), 'drylift-esx-'));
let served: ChildProcess;
let variables: Map<string, string>;
let port: number;

beforeAll(async () => {
  served = spawn(
    process.execPath,
    ['--', DRYLIFT, 'serve', 'esx', '--machines', '5', '--port', '0', '--pace', '20'],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
      cwd: folder,
    },
  );
  let said = '';
  for await (const chunk of served.stdout!) {
    said += String(chunk);
    if (/^ready$/m.test(said)) break;
  }
  variables = new Map([...said.matchAll(/^export (\w+)=(.*)$/gm)].map(([, name, value]) => [name!, value!]));
  port = Number(new URL(variables.get('VSPHERE_URL')!).port);
}, 60_000);
afterAll(() => {
  served?.kill('SIGINT');
  rmSync(folder, { recursive: true, force: true });
});

test('libvirt lists and dumps the machines of a host and drives one through power states and snapshots', async (ctx) => {
  requireInstalled(ctx, 'virsh', ['--version'], 'libvirt-clients');
  const login = `username=${variables.get('VSPHERE_USER')}\npassword=${variables.get('VSPHERE_PASSWORD')}`;
  writeFileSync(
    join(folder, 'auth.conf'),
    `[credentials-host]\n${login}\n\n[auth-esx-127.0.0.1]\ncredentials=host\n`,
    { mode: 0o600 },
  );
  const said = await run('bash', [VIRSH, folder, String(port), '-', '-', 'web-001']);
  expect(said).toContain('machines: 5');
  expect(said).toContain('power and snapshots: ok');
}, 180_000);

test('the appliance says that a host is no vCenter, before it signs in', async () => {
  const clock = new SystemClock();
  const network = new TcpNetwork({ tier: 'wall', links: new LinkRules(clock) });
  const signal = new AbortController().signal;
  const source = vsphereSource({
    host: '127.0.0.1',
    port,
    user: 'root',
    password: 'wrong',
    tls: { trust: [readFileSync(variables.get('VSPHERE_CA')!, 'utf8')] },
    scope: undefined,
    transport: network.as('appliance'),
    clock,
    life: signal,
    log: createLog({ clock, level: 'silent', write: () => {} }),
    counters: new Counters(),
  });
  await expect(source.about(signal)).rejects.toMatchObject({ code: 'vcenter.isHost' });
  await source.close();
  await network.close();
});
