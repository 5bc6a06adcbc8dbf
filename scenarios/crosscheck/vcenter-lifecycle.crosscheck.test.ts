/**
 * What changes in our vCenter, judged by pyVmomi, qemu-img, curl, libvirt and, where a Go compiler is, govmomi, over real TLS: machines that are made
 * and go, events, permissions, disks through leases, tags through REST, one host by itself.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { missing } from '#core/testing/installed.ts';
import type { ServeOutcome } from '#simulators/kit/serve.ts';
import { serveVcenter } from '#simulators/vcenter/serve.ts';

const PYTHON = '/usr/bin/python3';
const hasPyvmomi = spawnSync(PYTHON, ['-c', 'import pyVmomi']).status === 0;
const hasQemu = spawnSync('qemu-img', ['--version']).status === 0;
const hasCurl = spawnSync('curl', ['--version']).status === 0;
const hasVirsh = spawnSync('virsh', ['--version']).status === 0;
/** Where Debian puts the sources of Go libraries. Opt-in: CI does not install a Go compiler. */
const GOCODE = '/usr/share/gocode';
const hasGovmomi =
  existsSync(join(GOCODE, 'src/github.com/vmware/govmomi')) && spawnSync('go', ['version']).status === 0;
const PASSWORD = 'drylift-1';
/** Story seconds per second: tasks that take a second or two are over at once. */
const PACE = 20;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'drylift-lifecycle-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

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

async function serving(
  options: Parameters<typeof serveVcenter>[0],
  work: (served: ServeOutcome, url: URL, ca: string) => Promise<void>,
): Promise<void> {
  const served = await serveVcenter({ port: 0, password: PASSWORD, pace: PACE, ...options });
  const ca = join(folder, 'ca.pem');
  writeFileSync(ca, served.files!.VSPHERE_CA!.content);
  try {
    await work(served, new URL(served.exports.VSPHERE_URL!), ca);
  } finally {
    await served.stop();
  }
}

describe('a vCenter', () => {
  test('pyVmomi makes, changes, clones, moves and removes machines, and qemu-img reads their disks', async (ctx) => {
    if (!hasPyvmomi) return missing(ctx, 'python3-pyvmomi is not installed');
    if (!hasQemu) return missing(ctx, 'qemu-utils is not installed');
    await serving({ machines: 6 }, async (served, url, ca) => {
      const facts = join(folder, 'server.json');
      writeFileSync(
        facts,
        JSON.stringify({
          address: url.hostname,
          port: Number(url.port),
          ca,
          user: served.exports.VSPHERE_USER,
          password: PASSWORD,
          reader: 'reader@vsphere.local',
        }),
      );
      const script = fileURLToPath(new URL('./vcenter/lifecycle.py', import.meta.url));
      const done = JSON.parse(await run(PYTHON, [script, facts]));
      expect(done['disks fetched']).toBeGreaterThan(0);
      expect(done.events).toBeGreaterThan(20);
    });
  });

  test('govmomi makes a machine, tags it by REST, fetches its disk and reads its events', async (ctx) => {
    if (!hasGovmomi) return ctx.skip('golang-go and golang-github-vmware-govmomi-dev are not installed');
    await serving({ machines: 3 }, async (served) => {
      const judge = join(folder, 'changes');
      const source = fileURLToPath(new URL('./vcenter/changes.go', import.meta.url));
      await run('go', ['build', '-o', judge, source], { ...process.env, GO111MODULE: 'off', GOPATH: GOCODE });
      expect(await run(judge, [served.exports.GOVC_URL!])).toContain('done');
    });
  }, 600_000);

  test('curl logs in by REST, lists machines and tags one', async (ctx) => {
    if (!hasCurl) return missing(ctx, 'curl is not installed');
    await serving({ machines: 3 }, async (served, url, ca) => {
      const send = async (path: string, ...args: string[]) =>
        run('curl', ['-sS', '--fail', '--cacert', ca, ...args, `${url.origin}${path}`]);
      const json = ['-H', 'Content-Type: application/json'];
      const session = JSON.parse(
        await send('/api/session', '-X', 'POST', '-u', `${served.exports.VSPHERE_USER}:${PASSWORD}`),
      );
      const header = ['-H', `vmware-api-session-id: ${session}`];
      const machines = JSON.parse(await send('/rest/vcenter/vm', ...header)).value;
      expect(machines).toHaveLength(3);
      const post = (path: string, body: unknown) =>
        send(path, ...header, ...json, '-d', JSON.stringify(body));
      const category = JSON.parse(
        await post('/api/cis/tagging/category', {
          name: 'wave',
          description: '',
          cardinality: 'SINGLE',
          associable_types: [],
        }),
      );
      const tag = JSON.parse(
        await post('/api/cis/tagging/tag', { name: 'first', description: '', category_id: category }),
      );
      const object_id = { id: machines[0].vm, type: 'VirtualMachine' };
      await post(`/api/cis/tagging/tag-association/${tag}?action=attach`, { object_id });
      const attached = await post('/api/cis/tagging/tag-association?action=list-attached-tags', {
        object_id,
      });
      expect(JSON.parse(attached)).toEqual([tag]);
    });
  });
});

test('virsh lists and dumps the machines of one ESXi host, and switches one', async (ctx) => {
  if (!hasVirsh) return missing(ctx, 'libvirt with its ESX driver is not installed');
  await serving({ machines: 6, flavour: 'esx' }, async (_served, url) => {
    const auth = join(folder, 'auth.conf');
    writeFileSync(
      auth,
      `[credentials-x]\nusername=root\npassword=${PASSWORD}\n[auth-esx-${url.hostname}]\ncredentials=x\n`,
    );
    const virsh = (...args: string[]) =>
      run('virsh', ['-q', '-c', `esx://root@${url.host}/?no_verify=1&authfile=${auth}`, ...args]);
    const names = (await virsh('list', '--all', '--name')).split('\n').filter((name) => name !== '');
    expect(names.length).toBeGreaterThan(0);
    for (const name of names) expect(await virsh('dumpxml', name)).toContain("<domain type='vmware'");
    const [running] = (await virsh('list', '--name')).split('\n');
    await virsh('destroy', running!);
    expect((await virsh('domstate', running!)).trim()).toBe('shut off');
  });
});
