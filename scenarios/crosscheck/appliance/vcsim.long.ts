/**
 * The appliance's vSphere client against a server that we did not write: vcsim of Debian's govmomi, over real TLS.
 * Building it takes half a minute. vcsim has no changed blocks, no disk content and no CSV counters; what it has, the
 * client must work with: versions, sign-in, views, filters and updates, tasks, snapshots, power.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ReplicationSource } from '#appliance/app/ports.ts';
import { createLog } from '#appliance/log.ts';
import { vsphereSource } from '#appliance/sources/vsphere/vsphere-source.ts';
import { LinkRules } from '#core/net/link-rules.ts';
import { TcpNetwork } from '#core/net/tcp-network.ts';
import { SystemClock } from '#core/time/system-clock.ts';
import { Counters } from '#core/trace/recorder.ts';
import { MINUTE } from '#core/units.ts';

const GO = 'go';
const GOPATH = '/usr/share/gocode';
const isThere =
  existsSync(`${GOPATH}/src/github.com/vmware/govmomi/simulator`) && spawnSync(GO, ['version']).status === 0;

const folder = mkdtempSync(join(tmpdir(), 'drylift-vcsim-'));
const clock = new SystemClock();
const network = new TcpNetwork({ tier: 'wall', links: new LinkRules(clock) });
const signal = new AbortController().signal;
let vcsim: ChildProcess | undefined;
let connect: (password: string) => ReplicationSource;

beforeAll(async () => {
  if (!isThere) return;
  const program = join(folder, 'vcsim');
  const built = spawnSync(
    GO,
    ['build', '-o', program, fileURLToPath(new URL('./vcsim.go', import.meta.url))],
    { env: { ...process.env, GOPATH, GO111MODULE: 'off', GOCACHE: join(folder, 'cache') }, encoding: 'utf8' },
  );
  expect(built.stderr).toBe('');
  vcsim = spawn(program, { stdio: ['ignore', 'pipe', 'ignore'] });
  let said = '';
  while (said.split('\n').length < 3) said += String((await once(vcsim.stdout!, 'data'))[0]);
  const [url, certificate] = said.split('\n');
  const { hostname: host, port } = new URL(url!);
  const pinSha256 = createHash('sha256').update(Buffer.from(certificate!, 'hex')).digest('hex');
  connect = (password) =>
    vsphereSource({
      host,
      port: Number(port),
      user: 'user',
      password,
      tls: { pinSha256 },
      scope: undefined,
      transport: network.as('appliance'),
      clock,
      life: signal,
      log: createLog({ clock, level: 'silent', write: () => {} }),
      counters: new Counters(),
    });
}, 10 * MINUTE);

afterAll(async () => {
  vcsim?.kill('SIGINT');
  await network.close();
  rmSync(folder, { recursive: true, force: true });
});

test('a foreign vCenter refuses a wrong password, and the client says so', async (context) => {
  if (!isThere)
    context.skip('Debian packages golang-go and golang-github-vmware-govmomi-dev are not installed');
  await expect(connect('wrong').about(signal)).rejects.toMatchObject({ code: 'vcenter.login.invalid' });
});

test('a foreign vCenter is discovered, followed and acted upon', async (context) => {
  if (!isThere)
    context.skip('Debian packages golang-go and golang-github-vmware-govmomi-dev are not installed');
  const source = connect('pass');
  expect(await source.about(signal)).toMatchObject({ version: '6.5.0' });

  const { full, machines } = await source.changes(0, signal);
  expect(full).toBe(true);
  expect(
    machines
      .map(({ name }) => name)
      .sort()
      .slice(0, 2),
  ).toEqual(['DC0_C0_RP0_VM0', 'DC0_C0_RP0_VM1']);
  const machine = machines.find(({ name }) => name === 'DC0_H0_VM0')!;
  expect(machine).toMatchObject({
    power: 'on',
    datacenter: 'DC0',
    folder: 'DC0/vm',
    host: 'DC0_H0',
    hostVersion: '6.5.0',
  });
  expect(machine.disks[0]).toMatchObject({ instance: 'scsi0:0', isOsDisk: true });
  expect(await source.changes(0, signal)).toEqual({ full: false, machines: [], removed: [], unreached: [] });
  expect(await source.prerequisites(signal)).toEqual(new Map());

  const snapshot = await source.createSnapshot(machine.handle, 'drylift-c1', signal);
  expect(await source.snapshots(machine.handle, signal)).toEqual([{ name: 'drylift-c1', snapshot }]);
  expect((await source.frozen(snapshot, signal)).disks[0]).toMatchObject({ key: machine.disks[0]!.key });
  await source.removeSnapshot(snapshot, signal);
  await source.removeSnapshot(snapshot, signal); // gone already: fine
  expect(await source.snapshots(machine.handle, signal)).toEqual([]);

  await source.changes(0, signal);
  // it is told while it waits, not when the wait is over
  const waiting = source.changes(5 * MINUTE, signal);
  await source.powerOff(machine.handle, signal);
  const told = await waiting;
  await source.powerOff(machine.handle, signal); // off already: fine
  expect(await source.powerState(machine.handle, signal)).toBe('off');
  expect(told.machines.map(({ name, power }) => [name, power])).toContainEqual(['DC0_H0_VM0', 'off']);

  await expect(source.powerState('vm-99999', signal)).rejects.toMatchObject({ code: 'vcenter.machine.gone' });
  await source.close();
});
