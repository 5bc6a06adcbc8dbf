import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { MIB } from '#core/units.ts';
import { addressesFor, PUBLIC_CLOUD } from '../cloud.ts';
import { Network } from '../network/network.ts';
import { networkProvider } from '../network/provider.ts';
import { createStorage, type StorageService } from '../storage/service.ts';
import { type ArmWorld, armWorld, GROUP } from '../testing/arm-world.ts';
import type { Answer } from '../testing/test-world.ts';
import { installedSystem } from './disk-inspection.ts';
import { Disks } from './disks.ts';
import { computeProvider } from './provider.ts';
import { VirtualMachines } from './virtual-machines.ts';

/** Not everywhere; where it is missing, what needs it is skipped. */
const MKE2FS = 'mke2fs';
const VM = '2022-11-01';
const NET = '2022-01-01';
const DISK = '2023-04-02';
const NETWORKS = `${GROUP}/providers/Microsoft.Network`;
const DISKS = `${GROUP}/providers/Microsoft.Compute/disks`;
const MACHINE = `${GROUP}/providers/Microsoft.Compute/virtualMachines/web-1`;
const SUBNET = `${NETWORKS}/virtualNetworks/vnet/subnets/front`;

let arm: ArmWorld;
let storage: StorageService;
let disks: Disks;
let machines: VirtualMachines;

beforeEach(async () => {
  arm = await armWorld(({ context }, _authorization, identity) => {
    storage = createStorage({ context, verifyToken: identity.verifyToken });
    disks = new Disks({ context, storage, region: 'westeurope' });
    const network = new Network(context);
    const addresses = addressesFor(PUBLIC_CLOUD, '');
    machines = new VirtualMachines({ context, disks, network, region: 'westeurope', addresses });
    return [computeProvider({ disks, machines }), networkProvider(network, 'westeurope')];
  });
});
afterEach(async () => {
  await arm[Symbol.asyncDispose]();
  storage.close();
});

const inWorld = (script: () => Promise<void>) => arm.world.run(script);
const refusal = ({ status, json }: Answer) => `${status} ${json.error?.code}`;
const location = 'westeurope';

async function put(path: string, version: string, body: object): Promise<Answer> {
  const started = await arm.ask('PUT', path, version, { body: { location, ...body } });
  if (started.status >= 400 || started.headers['azure-asyncoperation'] === undefined) return started;
  return arm.finish(started);
}

/** A managed disk with that content, as a migration makes it. */
function diskOf(name: string, content: Buffer, sku = 'Standard_LRS'): string {
  const space = storage.store.create(content.length);
  space.write(0, content);
  return disks.createManagedDisk({
    name,
    resourceGroupId: GROUP,
    sku,
    content: space,
    os: { type: 'Linux', generation: 'V1' },
  });
}

async function networked(nics = 1): Promise<string[]> {
  await put(`${NETWORKS}/virtualNetworks/vnet`, NET, {
    properties: {
      addressSpace: { addressPrefixes: ['10.0.0.0/16'] },
      subnets: [{ name: 'front', properties: { addressPrefix: '10.0.1.0/24' } }],
    },
  });
  const made: string[] = [];
  for (let i = 0; i < nics; i++) {
    const id = `${NETWORKS}/networkInterfaces/nic-${i}`;
    const ipConfigurations = [{ name: 'ip', properties: { subnet: { id: SUBNET } } }];
    await put(id, NET, { properties: { ipConfigurations } });
    made.push(id);
  }
  return made;
}

const machineBody = (osDisk: string, nics: readonly string[], more: object = {}) => ({
  properties: {
    hardwareProfile: { vmSize: 'Standard_D2s_v3' },
    storageProfile: {
      osDisk: { createOption: 'Attach', osType: 'Linux', managedDisk: { id: osDisk } },
      ...more,
    },
    networkProfile: { networkInterfaces: nics.map((id) => ({ id })) },
  },
});

const diskState = async (id: string) => (await arm.ask('GET', id, DISK)).json.properties.diskState;
const power = async (): Promise<string> => {
  const { json } = await arm.ask('GET', `${MACHINE}/instanceView`, VM);
  return (json['statuses'] as Array<{ code: string }>)[1]!.code;
};
const act = async (action: string, body?: object) => {
  const started = await arm.ask('POST', `${MACHINE}/${action}`, VM, body ? { body } : {});
  return started.status === 202 ? arm.finish(started) : started;
};

describe('a virtual machine', () => {
  test('is made of a disk in a network, stopped, deallocated, started and deleted', () =>
    inWorld(async () => {
      const os = diskOf('os', Buffer.alloc(MIB));
      const [nic = ''] = await networked();
      expect((await put(MACHINE, VM, machineBody(os, [nic]))).json.status).toBe('Succeeded');
      const shown = (await arm.ask('GET', MACHINE, VM)).json.properties;
      expect(shown).toMatchObject({
        provisioningState: 'Succeeded',
        hardwareProfile: { vmSize: 'Standard_D2s_v3' },
        storageProfile: { osDisk: { osType: 'Linux', managedDisk: { id: os } } },
      });
      expect(await power()).toBe('PowerState/running');
      expect(await diskState(os)).toBe('Attached');
      expect((await arm.ask('GET', nic, NET)).json.properties).toMatchObject({
        virtualMachine: { id: MACHINE },
        macAddress: expect.stringMatching(/^00-0D-3A-/),
      });
      for (const [action, then, disk] of [
        ['powerOff', 'PowerState/stopped', 'Attached'],
        ['deallocate', 'PowerState/deallocated', 'Reserved'],
        ['start', 'PowerState/running', 'Attached'],
      ] as const) {
        expect((await act(action)).json.status).toBe('Succeeded');
        expect([await power(), await diskState(os)]).toEqual([then, disk]);
      }
      expect(refusal(await arm.ask('DELETE', os, DISK))).toBe('409 OperationNotAllowed');
      expect(refusal(await arm.ask('DELETE', nic, NET))).toBe('400 NicInUse');
      expect((await arm.finish(await arm.ask('DELETE', MACHINE, VM))).json.status).toBe('Succeeded');
      expect(await diskState(os)).toBe('Unattached');
      expect((await arm.ask('GET', MACHINE, VM)).status).toBe(404);
    }));

  test('takes what exists and is free, in the numbers that its size allows', () =>
    inWorld(async () => {
      const os = diskOf('os', Buffer.alloc(MIB));
      const nics = await networked(3);
      const refused = async (body: object) => refusal(await put(MACHINE, VM, body));
      expect(await refused(machineBody(`${DISKS}/none`, []))).toBe('404 ResourceNotFound');
      expect(await refused(machineBody(os, nics))).toBe('409 NetworkInterfaceCountExceeded');
      const huge = machineBody(os, []);
      huge.properties.hardwareProfile.vmSize = 'Standard_Nothing';
      expect(await refused(huge)).toBe('400 InvalidParameter');
      const image = machineBody(os, [], { imageReference: { publisher: 'Canonical' } });
      expect(await refused(image)).toBe('404 PlatformImageNotFound');
      const dataDisks = Array.from({ length: 5 }, (_, lun) => ({
        lun,
        createOption: 'Empty',
        diskSizeGB: 4,
      }));
      expect(await refused(machineBody(os, [], { dataDisks }))).toBe('409 OperationNotAllowed');
      await put(MACHINE, VM, machineBody(os, nics.slice(0, 1)));
      const second = MACHINE.replace('web-1', 'web-2');
      expect(refusal(await put(second, VM, machineBody(os, [])))).toBe('409 OperationNotAllowed');
      const other = diskOf('other', Buffer.alloc(MIB));
      expect(refusal(await put(second, VM, machineBody(other, nics.slice(0, 1))))).toBe('400 NicInUse');
    }));

  test('goes with its group, whatever uses what in it', () =>
    inWorld(async () => {
      const [nic = ''] = await networked();
      await put(MACHINE, VM, machineBody(diskOf('os', Buffer.alloc(MIB)), [nic]));
      const deleting = await arm.ask('DELETE', GROUP, '2021-04-01');
      expect(deleting.status).toBe(202);
      await arm.finish(deleting);
      expect(refusal(await arm.ask('GET', GROUP, '2021-04-01'))).toBe('404 ResourceGroupNotFound');
      expect(disks.list('disks', GROUP)).toEqual([]);
    }));

  test('data disks come and go with what the client writes back', () =>
    inWorld(async () => {
      const os = diskOf('os', Buffer.alloc(MIB));
      const data = diskOf('data', Buffer.alloc(MIB));
      await put(MACHINE, VM, machineBody(os, []));
      const before = (await arm.ask('GET', MACHINE, VM)).json as unknown as {
        properties: { storageProfile: { dataDisks: object[] } };
      };
      before.properties.storageProfile.dataDisks.push({
        lun: 3,
        createOption: 'Attach',
        managedDisk: { id: data },
      });
      expect((await put(MACHINE, VM, before)).json.status).toBe('Succeeded');
      expect(await diskState(data)).toBe('Attached');
      before.properties.storageProfile.dataDisks = [];
      await put(MACHINE, VM, before);
      expect(await diskState(data)).toBe('Unattached');
    }));

  test('is made for the migration service with an interface of its own, and goes with it', () =>
    inWorld(async () => {
      await networked(0);
      const osDiskId = diskOf('os', Buffer.alloc(MIB));
      const id = machines.create({
        name: 'moved',
        resourceGroupId: GROUP,
        size: undefined,
        osType: 'Linux',
        osDiskId,
        dataDiskIds: [],
        networkId: `${NETWORKS}/virtualNetworks/vnet`,
        subnetName: 'front',
        tags: { wave: '1' },
      });
      expect((await arm.ask('GET', id, VM)).json).toMatchObject({ name: 'moved', tags: { wave: '1' } });
      const nic = await arm.ask('GET', `${NETWORKS}/networkInterfaces/nic-moved-00`, NET);
      expect(JSON.stringify(nic.json)).toContain('"10.0.1.4"');
      machines.delete(id);
      expect((await arm.ask('GET', `${NETWORKS}/networkInterfaces/nic-moved-00`, NET)).status).toBe(404);
      expect(await diskState(osDiskId)).toBe('Unattached');
    }));
});

/** A disk with one partition, in it an ext4 file system made by mke2fs; undefined where that is not installed. */
function linuxDisk(): { disk: Buffer; motd: string } | undefined {
  if (spawnSync(MKE2FS, ['-V']).error) return undefined;
  const folder = mkdtempSync(join(tmpdir(), 'drylift-ext4-'));
  try {
    const root = join(folder, 'root');
    mkdirSync(join(root, 'etc'), { recursive: true });
    mkdirSync(join(root, 'usr/lib'), { recursive: true });
    writeFileSync(join(root, 'usr/lib/os-release'), 'NAME="Ubuntu"\nID=ubuntu\nVERSION_ID="22.04"\n');
    symlinkSync('../usr/lib/os-release', join(root, 'etc/os-release'));
    writeFileSync(join(root, 'etc/hostname'), 'web-from-vmware\n');
    const motd = `moved\n${'many lines\n'.repeat(9_000)}`;
    writeFileSync(join(root, 'etc/motd'), motd);
    const image = join(folder, 'fs');
    execFileSync(MKE2FS, ['-q', '-t', 'ext4', '-L', 'root', '-d', root, image, '12M']);
    const fs = readFileSync(image);
    const disk = Buffer.alloc(MIB + fs.length);
    disk[446 + 4] = 0x83;
    disk.writeUInt32LE(MIB / 512, 446 + 8);
    disk.writeUInt32LE(fs.length / 512, 446 + 12);
    disk.writeUInt16LE(0xaa55, 510);
    fs.copy(disk, MIB);
    return { disk, motd };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe('a machine tells what its disk really holds', () => {
  test('name and system come from the file system on it, and commands read its bytes', (context) =>
    inWorld(async () => {
      const made = linuxDisk();
      if (!made) return context.skip('mke2fs is not installed (Debian: e2fsprogs)');
      const { disk, motd } = made;
      await put(MACHINE, VM, machineBody(diskOf('os', disk), []));
      expect((await arm.ask('GET', `${MACHINE}/instanceView`, VM)).json).toMatchObject({
        computerName: 'web-from-vmware',
        osName: 'ubuntu',
        osVersion: '22.04',
      });
      const run = async (...script: string[]) => {
        const { json } = await act('runCommand', { commandId: 'RunShellScript', script });
        return (json.properties.output.value[0] as unknown as { message: string }).message;
      };
      expect(await run('cat /etc/os-release')).toContain('VERSION_ID="22.04"');
      const sha256 = (data: Buffer | string) => createHash('sha256').update(data).digest('hex');
      expect(await run('sha256sum /etc/motd /dev/sda')).toContain(
        `${sha256(motd)}  /etc/motd\n${sha256(disk)}  /dev/sda\n`,
      );
      expect(await run('ls /etc')).toContain('hostname\nmotd\nos-release\n');
      expect(await run('lsblk')).toContain(`sda1 ${disk.length - MIB} part`);
      expect(await run('reboot-now')).toContain('reboot-now: not found');
    }));

  test('a disk without a system names none', () =>
    inWorld(async () => {
      await put(MACHINE, VM, machineBody(diskOf('os', Buffer.alloc(MIB)), []));
      const shown = (await arm.ask('GET', `${MACHINE}/instanceView`, VM)).json;
      expect(shown).toMatchObject({ computerName: 'web-1', osName: 'linux' });
    }));

  test('a file system that is broken anywhere is read to an end, and nothing is thrown', (context) => {
    const made = linuxDisk();
    if (!made) return context.skip('mke2fs is not installed (Debian: e2fsprogs)');
    const { disk } = made;
    const edit = fc.tuple(fc.nat(300_000), fc.integer({ min: 0, max: 255 }), fc.nat(64));
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 200 }), (edits) => {
        const broken = Buffer.from(disk.subarray(0, 2 * MIB));
        for (const [at, value, length] of edits) broken.fill(value, MIB + at, MIB + at + length);
        const space = storage.store.create(broken.length);
        space.write(0, broken);
        installedSystem(space);
        space.release();
      }),
      { numRuns: 60 },
    );
  });

  test('commands need a machine that runs', () =>
    inWorld(async () => {
      await put(MACHINE, VM, machineBody(diskOf('os', Buffer.alloc(MIB)), []));
      await act('powerOff');
      const body = { commandId: 'RunShellScript', script: ['hostname'] };
      expect(refusal(await act('runCommand', body))).toBe('409 OperationNotAllowed');
    }));
});

test('sizes are listed by region, with what they can do', () =>
  inWorld(async () => {
    const sub = GROUP.split('/').slice(0, 3).join('/');
    const skus = `${sub}/providers/Microsoft.Compute/skus?$filter=location eq 'northeurope'`;
    const { json } = await arm.ask('GET', skus, '2021-07-01');
    const d2 = json.value.find(({ name }) => name === 'Standard_D2s_v3');
    expect(d2).toMatchObject({ resourceType: 'virtualMachines', locations: ['northeurope'] });
    expect(d2!['capabilities']).toContainEqual({ name: 'vCPUs', value: '2' });
    const sizes = await arm.ask('GET', `${sub}/providers/Microsoft.Compute/locations/westeurope/vmSizes`, VM);
    expect(sizes.json.value.length).toBeGreaterThan(100);
  }));
