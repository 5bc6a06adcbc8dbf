/**
 * Our vCenter, judged by pyVmomi, libvirt, curl, qemu-img and, where a Go compiler is, govmomi, over real TLS. All of them come
 * from Debian.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { missing } from '#core/testing/installed.ts';
import { MIB } from '#core/units.ts';
import { generateEstate } from '#simulators/estate/generate.ts';
import type { EstateFacts, Machine } from '#simulators/estate/model.ts';
import { importRvtools } from '#simulators/estate/rvtools.ts';
import { type Served, serveForClients } from './vcenter/harness.ts';

const PYTHON = '/usr/bin/python3';
const WORKBOOK = new URL('../../../shared/data/rvtools/next-133-machines.xlsx', import.meta.url);
const here = (name: string) => fileURLToPath(new URL(`./vcenter/${name}`, import.meta.url));

const hasPyvmomi = spawnSync(PYTHON, ['-c', 'import pyVmomi']).status === 0;
/** Where Debian puts the sources of Go libraries. Opt-in: CI does not install a Go compiler. */
const GOCODE = '/usr/share/gocode';
const hasGovmomi =
  existsSync(join(GOCODE, 'src/github.com/vmware/govmomi')) && spawnSync('go', ['version']).status === 0;
const hasZeep = spawnSync(PYTHON, ['-c', 'import zeep']).status === 0;
const hasCurl = spawnSync('curl', ['--version']).status === 0;
const hasQemu = spawnSync('qemu-img', ['--version']).status === 0;
const hasVirsh = spawnSync('virsh', ['--version']).status === 0;

/** A machine that can be replicated as a whole in a test: running, ordinary, its first disk small. */
function withSmallMachine(facts: EstateFacts): { facts: EstateFacts; machine: Machine } {
  const machine = facts.machines.find(
    ({ power, disks, tools }) =>
      power === 'on' &&
      tools === 'running' &&
      disks[0]?.mode === 'persistent' &&
      !disks.some((disk) => disk.raw || disk.shared),
  )!;
  const disks = machine.disks.map((disk) => (disk.index === 0 ? { ...disk, sizeBytes: 32 * MIB } : disk));
  return {
    facts: { ...facts, machines: facts.machines.map((m) => (m === machine ? { ...m, disks } : m)) },
    machine,
  };
}

function run(command: string, args: string[], env = process.env): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], env });
    let said = '';
    let complained = '';
    child.stdout.on('data', (chunk) => {
      said += chunk;
    });
    child.stderr.on('data', (chunk) => {
      complained += chunk;
    });
    child.on('close', (code) => (code === 0 ? resolve(said) : reject(new Error(complained || said))));
  });
}

const ESTATES: ReadonlyArray<{ name: string; facts: () => EstateFacts | undefined }> = [
  { name: 'a generated estate', facts: () => generateEstate({ seed: 'crosscheck', machines: 12 }) },
  {
    name: 'a real workbook',
    facts: () =>
      existsSync(WORKBOOK)
        ? importRvtools(readFileSync(WORKBOOK), { fileName: 'next-133-machines.xlsx', seed: 'crosscheck' })
        : undefined,
  },
];

describe.each(ESTATES)('$name', ({ facts: makeFacts }) => {
  let served: Served | undefined;
  let machine: Machine;
  let place: { datacenter: string; path: string };

  beforeAll(async () => {
    const made = makeFacts();
    if (!made) return;
    const { facts, machine: chosen } = withSmallMachine(made);
    machine = chosen;
    const host = facts.hosts.find(({ id }) => id === machine.hostId)!;
    const cluster = facts.clusters.find(({ id }) => id === host.clusterId);
    place = {
      datacenter: facts.datacenters.find(({ id }) => id === host.datacenterId)!.name,
      path: `${cluster?.name ?? host.name}/${host.name}`,
    };
    served = await serveForClients(facts, machine.name);
  });
  afterAll(() => served?.stop());

  test('pyVmomi sees what the estate holds, reads every counter as it is and copies a disk by its changes', async (ctx) => {
    if (!hasPyvmomi) return missing(ctx, 'python3-pyvmomi is not installed');
    if (!served) return ctx.skip('the workbook is not there');
    const done = JSON.parse(await run(PYTHON, [here('walk.py'), `${served.folder}/facts.json`])) as {
      machines: number;
      performance: { 'samples checked': number };
      history: { 'values checked': number };
    };
    expect(done.machines).toBe(served.estate.machines().length);
    expect(done.performance['samples checked']).toBeGreaterThan(1000);
    expect(done.history['values checked']).toBeGreaterThan(1000);
  }, 240_000);

  test('zeep makes a client of the WSDL, and reads every property of every entity strictly by it', async (ctx) => {
    if (!hasZeep) return missing(ctx, 'python3-zeep is not installed');
    if (!served) return ctx.skip('the workbook is not there');
    const seen = JSON.parse(await run(PYTHON, [here('wsdl.py'), `${served.folder}/facts.json`])) as Record<
      string,
      { objects: number; properties: number }
    >;
    expect(seen.VirtualMachine!.objects).toBe(served.estate.machines().length);
    expect(seen.HostSystem!.properties).toBeGreaterThan(10 * seen.HostSystem!.objects);
  }, 240_000);

  test('libvirt lists and dumps every machine and drives one through power states and snapshots', async (ctx) => {
    if (!hasVirsh) return missing(ctx, 'libvirt-clients is not installed');
    if (!served) return ctx.skip('the workbook is not there');
    const said = await run('bash', [
      here('virsh.sh'),
      served.folder,
      String(served.port),
      place.datacenter,
      place.path,
      machine.name,
    ]);
    expect(said).toContain('power and snapshots: ok');
    expect(said).toMatch(/machines: [1-9]/);
  }, 240_000);

  test('curl reads a disk whole and in ranges, and qemu-img opens it by its descriptor', async (ctx) => {
    if (!hasCurl) return missing(ctx, 'curl is not installed');
    if (!hasQemu) return missing(ctx, 'qemu-utils is not installed');
    if (!served) return ctx.skip('the workbook is not there');
    const said = await run('bash', [
      here('files.sh'),
      served.folder,
      String(served.port),
      place.datacenter,
      machine.disks[0]!.path,
      served.user,
      served.password,
    ]);
    expect(said).toContain('the same bytes');
  }, 60_000);

  test('govmomi finds machines by their paths, samples counters by name and waits for tasks and properties', async (ctx) => {
    if (!hasGovmomi) return ctx.skip('golang-go and golang-github-vmware-govmomi-dev are not installed');
    if (!served) return ctx.skip('the workbook is not there');
    const walk = join(served.folder, 'walk');
    const env = { ...process.env, GO111MODULE: 'off', GOPATH: GOCODE };
    await run('go', ['build', '-o', walk, here('walk.go')], env);
    const done = JSON.parse(await run(walk, [`${served.folder}/facts.json`])) as { machines: number };
    expect(done.machines).toBe(served.estate.machines().length);
  }, 600_000);
});

test('every type, field and method is as pyVmomi has it: name, order, kind, optionality, first version, privilege', async (ctx) => {
  if (!hasPyvmomi) return missing(ctx, 'python3-pyvmomi is not installed');
  const schema = spawnSync(process.execPath, ['--import', 'tsx', here('print-schema.ts')], {
    maxBuffer: 16 * MIB,
  });
  const verdict = spawnSync(PYTHON, [here('schema.py')], { input: schema.stdout });
  expect(String(verdict.stdout).match(/^differs: .*/gm) ?? []).toEqual([]);
  expect(verdict.status).toBe(0);
});
