/** Our vCenter, judged by Ansible's modules that manage: machines, pools, folders, licences, roles, hosts. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { requireInstalled } from '#core/testing/installed.ts';
import { generateEstate } from '#simulators/estate/generate.ts';
import { type Served, serveForClients } from './vcenter/harness.ts';
import { run } from './vcenter/run.ts';

const here = (name: string) => fileURLToPath(new URL(`./vcenter/${name}`, import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'drylift-manage-'));
const facts = generateEstate({ seed: 'crosscheck', machines: 6 });

let served: Served;
beforeAll(async () => {
  served = await serveForClients(facts, facts.machines[0]!.name);
});
afterAll(async () => {
  await served?.stop();
  rmSync(folder, { recursive: true, force: true });
});

test('Ansible makes a machine, clones, grows, marks and removes it, and manages what is around it', async (ctx) => {
  requireInstalled(ctx, 'ansible-playbook', ['--version'], 'ansible');
  requireInstalled(ctx, '/usr/bin/python3', ['-c', 'import pyVmomi'], 'python3-pyvmomi');
  const [cluster] = facts.clusters;
  const host = facts.hosts.find(({ clusterId }) => clusterId === cluster!.id)!;
  const variables = {
    sdk_port: served.port,
    sdk_user: served.user,
    sdk_password: served.password,
    datacenter: facts.datacenters[0]!.name,
    cluster: cluster!.name,
    host: host.name,
    started: facts.machines.find(({ hostId, template }) => hostId === host.id && !template)!.name,
    datastore: facts.datastores[0]!.name,
    network: facts.networks.find(({ kind }) => kind !== 'distributed')!.name,
    ansible_python_interpreter: '/usr/bin/python3',
  };
  writeFileSync(join(folder, 'variables.json'), JSON.stringify(variables));
  const said = await run(
    'ansible-playbook',
    ['-i', 'localhost,', '-c', 'local', '-e', `@${folder}/variables.json`, here('ansible/manage.yaml')],
    {
      ...process.env,
      ANSIBLE_STDOUT_CALLBACK: 'json',
      ANSIBLE_LOCAL_TEMP: join(folder, 'ansible'),
      PYTHONPATH: here('ansible'),
    },
  );
  const report = JSON.parse(said.slice(said.indexOf('{'))) as {
    plays: Array<{ tasks: Array<{ task: { name: string }; hosts: { localhost: Record<string, unknown> } }> }>;
  };
  const of = (name: string) => report.plays[0]!.tasks.find(({ task }) => task.name === name)!.hosts.localhost;

  expect(of('clusters').clusters).toMatchObject({ [cluster!.name]: { datacenter: variables.datacenter } });
  for (const name of ['role', 'license', 'pool', 'folder', 'machine', 'clone', 'attribute', 'start', 'gone'])
    expect([name, of(name).changed]).toEqual([name, true]);
  const made = served.estate.machines().filter(({ name }) => name.startsWith('made-'));
  expect(made.map(({ name, cores, memoryMiB, disks }) => [name, cores, memoryMiB, disks.length])).toEqual([
    ['made-1', 2, 512, 2],
  ]);
}, 240_000);
