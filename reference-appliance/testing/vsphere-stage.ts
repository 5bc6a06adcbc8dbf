/** One vCenter source against a scripted vCenter, and the pieces of answers that tests of it are made of. */
import { vsphereSource } from '../sources/vsphere/vsphere-source.ts';
import { type FakeVcenter, fakeVcenter } from './fake-vcenter.ts';
import { type MemoryWorld, memoryWorld } from './memory-world.ts';

export const signal: AbortSignal = new AbortController().signal;

export async function connected(
  use: (it: {
    world: MemoryWorld;
    vcenter: FakeVcenter;
    source: ReturnType<typeof vsphereSource>;
  }) => Promise<void>,
  more: object = {},
) {
  await using world = await memoryWorld();
  const vcenter = fakeVcenter();
  await world.serve({ host: 'vc1.test', port: 443 }, vcenter.handler);
  const source = vsphereSource({
    host: 'vc1.test',
    port: 443,
    user: 'reader',
    password: 'right',
    tls: { trust: world.trust },
    scope: undefined,
    transport: world.transport,
    clock: world.clock,
    life: signal,
    log: world.log,
    counters: world.counters,
    ...more,
  });
  await world.run(() => use({ world, vcenter, source }));
}

export const val = (name: string, value: string, type = 'xsd:string') =>
  `<changeSet><name>${name}</name><op>assign</op><val xsi:type="${type}">${value}</val></changeSet>`;
export const prop = (name: string, value: string, type = 'xsd:string') =>
  `<propSet><name>${name}</name><val xsi:type="${type}">${value}</val></propSet>`;
export const ref = (name: string, type: string, id: string) =>
  `<changeSet><name>${name}</name><op>assign</op><val type="${type}" xsi:type="ManagedObjectReference">${id}</val></changeSet>`;
export const update = (kind: string, type: string, id: string, changes = '') =>
  `<objectSet><kind>${kind}</kind><obj type="${type}">${id}</obj>${changes}</objectSet>`;
export const updates = (version: string, objects: string, truncated = false) =>
  `<returnval><version>${version}</version><filterSet><filter type="PropertyFilter">f</filter>${objects}</filterSet><truncated>${truncated}</truncated></returnval>`;

export const SURROUNDINGS =
  update('enter', 'Folder', 'group-d1', val('name', 'Datacenters')) +
  update('enter', 'Datacenter', 'datacenter-2', val('name', 'DC%2f1') + ref('parent', 'Folder', 'group-d1')) +
  update('enter', 'Folder', 'group-v3', val('name', 'vm') + ref('parent', 'Datacenter', 'datacenter-2')) +
  update('enter', 'Folder', 'group-v4', val('name', 'Web') + ref('parent', 'Folder', 'group-v3')) +
  update(
    'enter',
    'ClusterComputeResource',
    'domain-c7',
    val('name', 'Gold') + ref('parent', 'Folder', 'group-h3'),
  ) +
  update(
    'enter',
    'HostSystem',
    'host-10',
    val('name', 'esx-1') +
      ref('parent', 'ClusterComputeResource', 'domain-c7') +
      val('summary.config.product.version', '8.0.3') +
      val('summary.hardware.cpuModel', 'Xeon') +
      val('summary.hardware.numCpuPkgs', '2', 'xsd:short'),
  ) +
  update(
    'enter',
    'ResourcePool',
    'resgroup-8',
    val('name', 'Resources') + ref('parent', 'ClusterComputeResource', 'domain-c7'),
  ) +
  update(
    'enter',
    'ResourcePool',
    'resgroup-9',
    val('name', 'Prod') + ref('parent', 'ResourcePool', 'resgroup-8'),
  ) +
  update(
    'enter',
    'VirtualApp',
    'resgroup-v10',
    val('name', 'Shop') +
      ref('parent', 'ResourcePool', 'resgroup-8') +
      ref('parentFolder', 'Folder', 'group-v4'),
  ) +
  update('enter', 'Network', 'network-1', val('name', 'Servers'));

const DEVICES =
  '<VirtualDevice xsi:type="ParaVirtualSCSIController"><key>1000</key><busNumber>0</busNumber></VirtualDevice>' +
  '<VirtualDevice xsi:type="VirtualAHCIController"><key>15000</key><busNumber>1</busNumber></VirtualDevice>' +
  '<VirtualDevice xsi:type="VirtualDisk"><key>2001</key><deviceInfo><label>Hard disk 2</label><summary>x</summary></deviceInfo>' +
  '<backing xsi:type="VirtualDiskFlatVer2BackingInfo"><fileName>[ds1] web/web_1.vmdk</fileName><datastore type="Datastore">datastore-5</datastore>' +
  '<diskMode>persistent</diskMode><thinProvisioned>false</thinProvisioned><uuid>6000c29a-0002</uuid></backing>' +
  '<controllerKey>15000</controllerKey><unitNumber>3</unitNumber><capacityInKB>2048</capacityInKB></VirtualDevice>' +
  '<VirtualDevice xsi:type="VirtualDisk"><key>2000</key><deviceInfo><label>Hard disk 1</label><summary>x</summary></deviceInfo>' +
  '<backing xsi:type="VirtualDiskFlatVer2BackingInfo"><fileName>[ds1] web/web.vmdk</fileName><datastore type="Datastore">datastore-5</datastore>' +
  '<diskMode>persistent</diskMode><thinProvisioned>true</thinProvisioned><uuid>6000c29a-0001</uuid></backing>' +
  '<controllerKey>1000</controllerKey><unitNumber>0</unitNumber><capacityInKB>0</capacityInKB><capacityInBytes>1049088</capacityInBytes></VirtualDevice>' +
  '<VirtualDevice xsi:type="VirtualVmxnet3"><key>4000</key><deviceInfo><label>Network adapter 1</label></deviceInfo>' +
  '<backing xsi:type="VirtualEthernetCardNetworkBackingInfo"><deviceName>old name</deviceName><network type="Network">network-1</network></backing>' +
  '<macAddress>00:50:56:00:00:01</macAddress></VirtualDevice>';

export const WEB = update(
  'enter',
  'VirtualMachine',
  'vm-20',
  val('name', 'web-01') +
    ref('parent', 'Folder', 'group-v4') +
    ref('resourcePool', 'ResourcePool', 'resgroup-9') +
    val('config.hardware.numCoresPerSocket', '2', 'xsd:int') +
    ref('runtime.host', 'HostSystem', 'host-10') +
    val('runtime.powerState', 'poweredOn', 'VirtualMachinePowerState') +
    val('config.instanceUuid', '50000000-0000-4000-8000-000000000020') +
    val('config.guestId', 'debian12_64Guest') +
    val('guest.guestFullName', 'Debian GNU/Linux 12 (64-bit)') +
    val('config.firmware', 'efi') +
    val('config.hardware.numCPU', '4', 'xsd:int') +
    val('config.hardware.memoryMB', '8192', 'xsd:int') +
    val('config.hardware.device', DEVICES, 'ArrayOfVirtualDevice') +
    val(
      'guest.net',
      '<GuestNicInfo xsi:type="GuestNicInfo"><network>Servers</network><ipAddress>10.0.0.9</ipAddress><macAddress>00:50:56:00:00:01</macAddress>' +
        '<ipConfig><ipAddress><ipAddress>10.0.0.5</ipAddress><prefixLength>24</prefixLength></ipAddress></ipConfig></GuestNicInfo>',
      'ArrayOfGuestNicInfo',
    ) +
    val(
      'snapshot',
      '<rootSnapshotList><snapshot type="VirtualMachineSnapshot">s1</snapshot><name>a</name><childSnapshotList><snapshot type="VirtualMachineSnapshot">s2</snapshot><name>b</name></childSnapshotList></rootSnapshotList>',
      'VirtualMachineSnapshotInfo',
    ),
);

export function withInventory(vcenter: FakeVcenter, replies: string[]): void {
  vcenter.methods.set('CreateContainerView', () => '<returnval type="ContainerView">view-1</returnval>');
  vcenter.methods.set('CreateFilter', () => '<returnval type="PropertyFilter">f</returnval>');
  vcenter.methods.set('WaitForUpdatesEx', () => replies.shift() ?? '');
}

export const UUID = '50000000-0000-4000-8000-000000000020';
