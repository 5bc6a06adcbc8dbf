/** Our vCenter, judged by Ansible's VMware modules (community.vmware, over pyVmomi) and read by nbdkit as virt-v2v does. */
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { requireInstalled } from '#core/testing/installed.ts';
import { GUEST_NAME, type JudgedGuest, serveJudgedGuest } from './vcenter/judged-guest.ts';
import { run } from './vcenter/run.ts';

const here = (name: string) => fileURLToPath(new URL(`./vcenter/${name}`, import.meta.url));

let served: JudgedGuest;
beforeAll(async () => {
  served = await serveJudgedGuest();
});
afterAll(() => served?.stop());

interface Result {
  readonly changed: boolean;
  readonly [key: string]: unknown;
}

test('Ansible lists machines, describes one, takes and removes a snapshot, and drives its power', async (ctx) => {
  requireInstalled(ctx, 'ansible-playbook', ['--version'], 'ansible');
  requireInstalled(ctx, '/usr/bin/python3', ['-c', 'import pyVmomi'], 'python3-pyvmomi');
  const variables = {
    sdk_port: served.port,
    sdk_user: served.user,
    sdk_password: served.password,
    datacenter: served.datacenter,
    folder: served.inventoryFolder,
    machine: GUEST_NAME,
    host: served.hostPath.split('/')[1],
    ansible_python_interpreter: '/usr/bin/python3',
  };
  writeFileSync(join(served.folder, 'variables.json'), JSON.stringify(variables));
  const said = await run(
    'ansible-playbook',
    ['-i', 'localhost,', '-c', 'local', '-e', `@${served.folder}/variables.json`, here('ansible/play.yaml')],
    {
      ...process.env,
      ANSIBLE_STDOUT_CALLBACK: 'json',
      ANSIBLE_LOCAL_TEMP: join(served.folder, 'ansible'),
      PYTHONPATH: here('ansible'),
    },
  );
  const report = JSON.parse(said.slice(said.indexOf('{'))) as {
    plays: Array<{ tasks: Array<{ task: { name: string }; hosts: { localhost: Result } }> }>;
  };
  const results = new Map(report.plays[0]!.tasks.map(({ task, hosts }) => [task.name, hosts.localhost]));
  const of = (name: string): Result => results.get(name)!;
  const { machine, estate } = served;

  expect(of('about')).toMatchObject({ about_info: { api_type: 'VirtualCenter', product_line_id: 'vpx' } });
  const machines = of('machines')['virtual_machines'] as Array<{ guest_name: string; power_state: string }>;
  expect(machines.map(({ guest_name }) => guest_name).sort()).toEqual(
    estate
      .machines()
      .filter(({ template }) => !template)
      .map(({ name }) => name)
      .sort(),
  );
  expect(machines.find(({ guest_name }) => guest_name === GUEST_NAME)?.power_state).toBe('poweredOff');
  expect(of('guest')['instance']).toMatchObject({
    hw_name: GUEST_NAME,
    instance_uuid: machine.instanceUuid,
    hw_product_uuid: machine.biosUuid,
    hw_processor_count: machine.cores,
    hw_memtotal_mb: machine.memoryMiB,
    hw_power_status: 'poweredOff',
    hw_folder: served.inventoryFolder,
  });
  expect(of('properties')['instance']).toMatchObject({
    config: { hardware: { memoryMB: machine.memoryMiB }, firmware: 'bios' },
  });
  expect(of('disks')['guest_disk_info']).toMatchObject({
    0: { capacity_in_bytes: machine.disks[0]!.sizeBytes, backing_filename: machine.disks[0]!.path },
  });
  expect(of('take snapshot').changed).toBe(true);
  expect(of('snapshots')['guest_snapshots']).toMatchObject({ snapshots: [{ name: 'before' }] });
  expect(of('remove snapshot').changed).toBe(true);
  expect([of('power on'), of('power on again'), of('power off')].map(({ changed }) => changed)).toEqual([
    true,
    false,
    true,
  ]);
  expect(estate.power(machine.id)).toBe('off');
  expect((of('datastores')['datastores'] as unknown[]).length).toBe(estate.facts.datastores.length);
  expect(of('host')['ansible_facts']).toMatchObject({
    ansible_hostname: served.hostPath.split('/')[1],
    ansible_processor_vcpus: estate.facts.hosts.find(({ id }) => id === machine.hostId)!.cpuThreads,
    ansible_bios_date: '2021-07-09T00:00:00+00:00',
  });
}, 180_000);

test("nbdkit's curl plugin, which virt-v2v reads disks through, gives qemu-img the bytes of the disk", async (ctx) => {
  requireInstalled(ctx, 'nbdkit', ['--dump-plugin', 'curl'], 'nbdkit');
  requireInstalled(ctx, 'qemu-img', ['--version'], 'qemu-utils');
  const [, datastore, file] = /^\[(.*)\] (.*)\.vmdk$/.exec(served.machine.disks[0]!.path)!;
  const query = new URLSearchParams({ dcPath: served.datacenter, dsName: datastore! });
  writeFileSync(join(served.folder, 'password'), served.password, { mode: 0o600 });
  const copy = join(served.folder, 'copy.raw');
  await run('nbdkit', [
    '-r',
    '-U',
    '-',
    'curl',
    `url=https://127.0.0.1:${served.port}/folder/${file!.split('/').map(encodeURIComponent).join('/')}-flat.vmdk?${query}`,
    `cainfo=${served.folder}/ca.pem`,
    `user=${served.user}`,
    `password=+${served.folder}/password`,
    '--run',
    `qemu-img convert -f raw -O raw "$uri" '${copy}'`,
  ]);
  expect(createHash('sha256').update(readFileSync(copy)).digest('hex')).toBe(served.imageDigest);
}, 90_000);
