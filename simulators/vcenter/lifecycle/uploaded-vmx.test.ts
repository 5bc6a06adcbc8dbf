import { expect, test } from 'vitest';
import { HOST, refOf, refXml, type Soap, testVcenter } from '../testing/test-vcenter.ts';

async function at(soap: Soap, path: string): Promise<string> {
  const answer = await soap.ask(
    'FindByInventoryPath',
    'SearchIndex:SearchIndex',
    `<inventoryPath>${path}</inventoryPath>`,
  );
  return refOf(answer.at('returnval'));
}

const VMX = `#!/usr/bin/vmware
.encoding = "UTF-8"
config.version = "8"
virtualHW.version = "17"
displayName = "hand made"
annotation = "two|0Alines"
guestOS = "ubuntu-64"
uuid.bios = "56 4d 3c 07 aa bb cc dd-11 22 33 44 55 66 77 88"
memSize = "2048"
numvcpus = "4"
cpuid.coresPerSocket = "2"
firmware = "efi"
scsi0.present = "TRUE"
scsi0.virtualDev = "pvscsi"
scsi0:1.present = "TRUE"
scsi0:1.deviceType = "scsi-hardDisk"
scsi0:1.fileName = "data.vmdk"
ethernet0.present = "TRUE"
ethernet0.virtualDev = "vmxnet3"
ethernet0.networkName = "NETWORK"
ethernet0.addressType = "static"
ethernet0.address = "00:50:56:3f:00:01"
`;

test('a configuration file that was uploaded becomes the machine that it describes', async () => {
  await using vc = await testVcenter({ machines: 3 });
  await vc.run(async () => {
    const soap = await vc.session();
    const { name: datastore } = vc.estate.facts.datastores[0]!;
    const network = vc.estate.facts.networks.find(({ kind }) => kind !== 'distributed')!.name;
    const folder = await at(soap, 'DC0/vm');
    const pool = await at(soap, 'DC0/host/DC0_C0/Resources');
    const datacenter = await at(soap, 'DC0');
    const path = `[${datastore}] own/hand made.vmx`;
    const upload = async (text: string) => {
      const answer = await vc.client.fetch({
        method: 'PUT',
        url: `https://${HOST}/folder/own/hand%20made.vmx?dcPath=DC0&dsName=${datastore}`,
        headers: { cookie: soap.cookie! },
        body: text,
      });
      expect(answer.status).toBeLessThan(300);
    };
    const register = async () => {
      const task = await soap.ask(
        'RegisterVM_Task',
        folder,
        `<path>${path}</path><asTemplate>false</asTemplate>${refXml('pool', pool)}`,
      );
      const info = await soap.finish(task.at('returnval'));
      return info.at('state').text === 'success'
        ? refOf(info.at('result'))
        : info.at('error').at('fault').attributes['xsi:type'];
    };
    expect(await register()).toBe('FileNotFound');
    await upload('no settings at all\n');
    expect(await register()).toBe('GenericVmConfigFault');
    await upload('displayName = "x"\n');
    expect(await register()).toBe('GenericVmConfigFault');
    await upload(VMX.replace('"4"', '"four"'));
    expect(await register()).toBe('GenericVmConfigFault');
    const good = VMX.replace('NETWORK', network);
    await upload(good);
    expect(await register()).toBe('FileNotFound'); // its disk
    const disk = await soap.ask(
      'CreateVirtualDisk_Task',
      'VirtualDiskManager:virtualDiskManager',
      `<name>[${datastore}] own/data.vmdk</name>${refXml('datacenter', datacenter)}<spec xsi:type="FileBackedVirtualDiskSpec"><diskType>thin</diskType><adapterType>lsiLogic</adapterType><capacityKb>4096</capacityKb></spec>`,
    );
    expect((await soap.finish(disk.at('returnval'))).at('state').text).toBe('success');
    const vm = (await register())!;
    expect(vm).toMatch(/^VirtualMachine:/);
    const { config } = await soap.read(vm, 'config');
    expect(
      [
        'name',
        'annotation',
        'guestId',
        'uuid',
        'version',
        'firmware',
        'files/vmPathName',
        'hardware/numCPU',
        'hardware/numCoresPerSocket',
        'hardware/memoryMB',
      ].map((each) => config!.at(each).text),
    ).toEqual([
      'hand made',
      'two\nlines',
      'ubuntu64Guest',
      '564d3c07-aabb-ccdd-1122-334455667788',
      'vmx-17',
      'efi',
      path,
      '4',
      '2',
      '2048',
    ]);
    const devices = config!.at('hardware').all('device');
    const of = (type: string) => devices.find((each) => each.attributes['xsi:type'] === type)!;
    expect(of('VirtualDisk').at('unitNumber').text).toBe('1');
    expect(of('VirtualDisk').at('capacityInKB').text).toBe('4096');
    expect(of('VirtualVmxnet3').at('macAddress').text).toBe('00:50:56:3f:00:01');
    expect(of('VirtualVmxnet3').at('backing/deviceName').text).toBe(network);
    // It can be read again at its place, and is registered but once.
    const answer = await soap.file(`/own/hand%20made.vmx?dcPath=DC0&dsName=${datastore}`);
    expect(answer.body.toString()).toContain('displayName = "hand made"');
    expect(await register()).toBe('AlreadyExists');
  });
});
