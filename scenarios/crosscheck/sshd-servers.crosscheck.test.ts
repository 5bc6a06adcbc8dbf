/**
 * The appliance's source of servers against this very Debian machine, through Debian's sshd: what it tells is what plain
 * tools and the kernel's own files say. Then the same shell, without a network, as an old or a bare system.
 */
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer, connect as dial } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import {
  DEPENDENCY_SCRIPTS,
  INVENTORY_SCRIPTS,
  readConnections,
  readInventory,
} from '#appliance/app/guest-scripts.ts';
import type { GuestCredential, LiveSource } from '#appliance/app/ports.ts';
import type { ServerMachine } from '#appliance/app/source-machines.ts';
import { createLog } from '#appliance/log.ts';
import { readConfiguration, readCounters } from '#appliance/sources/servers/linux-reader.ts';
import { CONFIGURATION, SAMPLE, SHELL, scriptOf } from '#appliance/sources/servers/linux-script.ts';
import { serversSource } from '#appliance/sources/servers/servers-source.ts';
import { Entropy } from '#core/entropy/entropy.ts';
import { LinkRules } from '#core/net/link-rules.ts';
import { TcpNetwork } from '#core/net/tcp-network.ts';
import { missing } from '#core/testing/installed.ts';
import { SystemClock } from '#core/time/system-clock.ts';
import { Counters } from '#core/trace/recorder.ts';
import { userOf } from '#simulators/estate/guest/accounts.ts';
import { runShell } from '#simulators/estate/guest/shell/sh.ts';
import { serversStage } from '../servers/servers-stage.ts';
import { isRoot, isSshdThere, type Sshd, startSshd, throwAwayUser } from './sshd/sshd.ts';

const clock = new SystemClock();
const network = new TcpNetwork({ tier: 'wall', links: new LinkRules(clock) });
const signal = new AbortController().signal;
const sources: LiveSource[] = [];
let sshd: Sshd;

beforeAll(async () => {
  if (isSshdThere) sshd = await startSshd();
});
beforeEach((context) => {
  if (!isSshdThere) missing(context, 'sshd is not installed (Debian: openssh-server)');
});
afterAll(async () => {
  for (const source of sources) await source.close();
  await sshd?.[Symbol.asyncDispose]();
  await network.close();
});

function sourceOf(credentials: readonly GuestCredential[]): LiveSource {
  const memory = new Map<string, string>();
  const source = serversSource({
    name: 'servers',
    targets: [
      {
        address: '127.0.0.1',
        os: 'linux',
        port: sshd.port,
        credential: undefined,
        name: undefined,
        hostKey: undefined,
        tls: {},
      },
    ],
    credentials,
    memory: { get: async (key) => memory.get(key), set: async (key, value) => void memory.set(key, value) },
    transport: network.as('appliance'),
    clock,
    entropy: new Entropy('sshd'),
    counters: new Counters(),
    log: createLog({ clock, level: 'silent', write: () => {} }),
  });
  sources.push(source);
  return source;
}

const byKey = (): GuestCredential => ({
  name: 'key',
  family: 'linux',
  user: sshd.user,
  password: '',
  privateKey: sshd.privateKey,
});

const file = (path: string) => readFileSync(path, 'utf8');
const tool = (command: string) => {
  const { stdout } = spawnSync('/bin/sh', ['-c', command], {
    encoding: 'utf8',
    env: { ...process.env, LC_ALL: 'C' },
  });
  return stdout.trim();
};

test('this machine is told as plain tools and the kernel tell it', async () => {
  const source = sourceOf([byKey()]);
  const { machines, unreached, full } = await source.changes(0, signal);
  expect([full, unreached, machines.length]).toEqual([true, [], 1]);
  const machine = machines[0] as ServerMachine;
  expect(machine).toMatchObject({
    kind: 'server',
    address: `127.0.0.1:${sshd.port}`,
    name: file('/proc/sys/kernel/hostname').trim(),
    cores: Number(tool('getconf _NPROCESSORS_ONLN')),
    memoryMiB: Math.round(Number(/MemTotal:\s+(\d+)/.exec(file('/proc/meminfo'))![1]) / 1024),
    firmware: existsSync('/sys/firmware/efi') ? 'EFI' : 'BIOS',
    processorModel: /model name\s*: (.*)/.exec(file('/proc/cpuinfo'))?.[1] ?? '',
    credential: 'key',
    os: {
      family: 'linux',
      name: /PRETTY_NAME="(.*)"/.exec(file('/etc/os-release'))![1],
      version: /VERSION_ID="(.*)"/.exec(file('/etc/os-release'))![1],
      architecture: tool('uname -m'),
    },
  });
  // sectors of 512 bytes, as the kernel counts them
  const disks = readdirSync('/sys/block')
    .filter((name) => !/^(loop|ram|zram|sr|fd|nbd|md|dm-)/.test(name))
    .map((name) => [`/dev/${name}`, Number(file(`/sys/block/${name}/size`)) * 512] as const)
    .filter(([, size]) => size > 0);
  expect(machine.disks.map(({ diskId, sizeBytes }) => [diskId, sizeBytes]).sort()).toEqual(disks.sort());
  expect(machine.disks.filter(({ isOsDisk }) => isOsDisk)).toHaveLength(disks.length > 0 ? 1 : 0);
  for (const { id, macAddress } of machine.nics)
    expect(macAddress).toBe(file(`/sys/class/net/${id}/address`).trim());
  const addresses = tool("ip -o -4 addr show scope global | awk '{print $4}' | cut -d/ -f1").split('\n');
  const own = machine.nics.flatMap((nic) => nic.addresses).filter((address) => address.includes('.'));
  for (const address of own) expect(addresses).toContain(address);
  expect(own.length).toBeGreaterThan(0);

  const again = (await source.changes(0, signal)).machines[0];
  expect(again).toEqual(machine);
});

test('two samples of this machine give its use and its rates', async () => {
  const source = sourceOf([byKey()]);
  const { machines } = await source.changes(0, signal);
  const take = async () => {
    const seen = new Map<string, number>();
    await source.sample(
      machines,
      (_handle, counter, instance, value) => void seen.set(`${counter} ${instance}`, value),
      signal,
    );
    return seen;
  };
  const first = await take();
  expect([...first.keys()]).toEqual(['mem.usage ']);
  const before = Number(tool("awk '/^cpu /{print $2+$3+$4}' /proc/stat"));
  await delay(1500);
  const second = await take();
  const machine = machines[0] as ServerMachine;
  expect([...second.keys()].sort()).toEqual(
    [
      'cpu.usage ',
      'mem.usage ',
      ...machine.disks.flatMap(({ instance }) =>
        ['disk.readBytes', 'disk.writeBytes', 'disk.reads', 'disk.writes'].map(
          (name) => `${name} ${instance}`,
        ),
      ),
      ...machine.nics.flatMap(({ id }) => [`net.receivedBytes ${id}`, `net.sentBytes ${id}`]),
    ].sort(),
  );
  for (const value of second.values()) expect(value).toBeGreaterThanOrEqual(0);
  expect(second.get('cpu.usage ')).toBeLessThanOrEqual(10_000);
  if (Number(tool("awk '/^cpu /{print $2+$3+$4}' /proc/stat")) > before)
    expect(second.get('cpu.usage ')).toBeGreaterThan(0);
});

test('its applications are those of dpkg, and a connection is found with its process', async () => {
  const source = sourceOf([byKey()]);
  const [machine] = (await source.changes(0, signal)).machines;
  const inventory = readInventory(
    'linux',
    await source.runInGuest(machine!, byKey(), INVENTORY_SCRIPTS.linux, signal),
  )!;
  const packages = tool(
    "dpkg-query -W -f='\u0024{db:Status-Abbrev}|\u0024{Package}|\u0024{Version}\\n' | grep ^ii",
  )
    .split('\n')
    .map((line) => line.split('|').slice(1).join(' '));
  expect(inventory.applications.map(({ name, version }) => `${name} ${version}`).sort()).toEqual(
    packages.sort(),
  );

  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.2', resolve));
  const { port } = server.address() as { port: number };
  const client = dial({ host: '127.0.0.2', port, localAddress: '127.0.0.1' });
  await new Promise((resolve) => client.once('connect', resolve));
  try {
    const connections = readConnections(
      'linux',
      await source.runInGuest(machine!, byKey(), DEPENDENCY_SCRIPTS.linux, signal),
    )!;
    expect(
      connections
        .filter((each) => each.port === port)
        .map(({ localAddress, remoteAddress, outbound }) => [localAddress, remoteAddress, outbound])
        .sort(),
    ).toEqual([
      ['127.0.0.1', '127.0.0.2', true],
      ['127.0.0.2', '127.0.0.1', false],
    ]);
  } finally {
    client.destroy();
    server.close();
  }
});

test('without the rights of root all but serial number and UUID is there, and it says what lacks', async (context) => {
  if (!isRoot) return context.skip('a user can be made by root only');
  using user = throwAwayUser();
  const credential = { name: 'plain', family: 'linux', user: user.name, password: user.password } as const;
  const source = sourceOf([{ ...credential, name: 'stale', password: 'old' }, credential]);
  const { machines, unreached } = await source.changes(0, signal);
  expect(unreached).toEqual([]);
  const machine = machines[0] as ServerMachine;
  expect(machine).toMatchObject({ credential: 'plain', cores: Number(tool('nproc')) });
  const warnings = [...(await source.prerequisites(signal)).values()];
  expect(warnings.map(({ code }) => code)).toEqual([expect.stringMatching(/^ssh\.sudo\.(missing|denied)$/)]);
  expect(warnings[0]!.message).toContain(user.name);
  expect(JSON.stringify([warnings, machine])).not.toContain(user.password);
});

test('the same questions give answers of the same shape here and on every simulated distribution', async () => {
  const judge = (who: string, configuration: string, counters: string) => {
    const facts = readConfiguration(configuration);
    const seen = readCounters(counters);
    expect([who, facts === undefined, seen === undefined]).toEqual([who, false, false]);
    const { hostName, cores, memoryMiB, osName, osVersion, architecture, disks, nics, epochSeconds } = facts!;
    for (const text of [hostName, osName, osVersion, architecture])
      expect([who, text]).not.toEqual([who, '']);
    for (const amount of [cores, memoryMiB, epochSeconds]) expect(amount).toBeGreaterThan(0);
    expect([who, disks.filter(({ isOsDisk }) => isOsDisk).length]).toEqual([who, 1]);
    expect(nics.some(({ mac, addresses }) => mac !== '' && addresses.length > 0)).toBe(true);
    expect(seen!.uptime).toBeGreaterThan(0);
    expect(seen!.cpu!.total).toBeGreaterThanOrEqual(seen!.cpu!.busy);
    expect(seen!.memory).toBeGreaterThan(0);
    expect([...seen!.disks.keys()]).toEqual(expect.arrayContaining(disks.map(({ name }) => name)));
    expect([...seen!.nics.keys()]).toEqual(expect.arrayContaining(nics.map(({ name }) => name)));
    expect(seen!.macs).toEqual(expect.arrayContaining(nics.map(({ mac }) => mac)));
  };
  const here = (script: string) =>
    spawnSync('/bin/sh', ['-s'], { input: script, encoding: 'utf8', env: process.env }).stdout;
  judge('this machine', here(scriptOf(CONFIGURATION, '')), here(scriptOf(SAMPLE, '')));
  await using stage = await serversStage('linux: 30');
  const releases = new Set<string>();
  for (const { address } of stage.targets) {
    const guest = stage.guest(address);
    const [account] = guest.accounts();
    const there = (script: string) =>
      runShell(SHELL, {
        guest,
        user: userOf(guest.os, guest.hostName, account!),
        now: stage.world.clock.wall() + 60_000,
        stdin: Buffer.from(script),
      }).stdout.toString();
    const release = guest.os.family === 'linux' ? guest.os.prettyName : '';
    judge(release, there(scriptOf(CONFIGURATION, account!.password)), there(scriptOf(SAMPLE, '')));
    releases.add(release);
  }
  expect(releases.size).toBeGreaterThan(3);
});

test('systems that lack the better programs are read by the published ones, each failure by itself', () => {
  const folder = mkdtempSync(join(tmpdir(), 'drylift-path-'));
  try {
    for (const name of 'id date cat hostname grep egrep df uname ip ls'.split(' ')) {
      const path = tool(`command -v ${name}`);
      if (path.startsWith('/')) symlinkSync(path, join(folder, name));
    }
    const stub = (name: string, text: string) =>
      writeFileSync(join(folder, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
    stub(
      'fdisk',
      'printf "Disk /dev/sda: 644.2 GB, 644245094400 bytes, 1258291200 sectors\\nDisk /dev/loop0: 1 MB, 1000000 bytes\\n"',
    );
    stub('lsblk', 'echo "lsblk: invalid option -- J" >&2; exit 1');
    stub(
      'dmidecode',
      'printf "System Information\\n\\tManufacturer: HP\\n\\tSerial Number: CZJ1230ABC\\n\\tUUID: 11112222-3333-4444-5555-666677778888\\n"',
    );
    const run = (script: string) =>
      spawnSync('/bin/sh', ['-s'], {
        // the script's own additions to PATH lead to the real programs: they are taken out
        input: script.replace(/:\/usr\/local\/sbin:\/usr\/sbin:\/sbin/, ''),
        encoding: 'utf8',
        env: { PATH: folder },
      }).stdout;
    const facts = readConfiguration(run(scriptOf(CONFIGURATION, '')))!;
    expect(facts).toMatchObject({
      cores: Number(tool('nproc')),
      serial: 'CZJ1230ABC',
      manufacturer: 'HP',
      disks: [{ name: 'sda', sizeBytes: 644_245_094_400, isOsDisk: true }],
    });
    if (!existsSync('/sys/class/dmi/id/product_uuid'))
      expect(facts.uuid).toBe('11112222-3333-4444-5555-666677778888');
    const counters = readCounters(run(scriptOf(SAMPLE, '')))!;
    expect(counters.memory).toBeGreaterThan(0);
    expect(counters.cpu!.total).toBeGreaterThan(counters.cpu!.busy);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
