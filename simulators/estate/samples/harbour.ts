/**
 * The sample workbook: a small, invented datacentre as RVTools 4 would export it. Names, addresses and sizes
 * are made up; `make-harbour.ts` writes it to harbour.xlsx.
 */
import { utils, write } from '@e965/xlsx';
import { Entropy } from '#core/entropy/entropy.ts';
import { macAddress } from '../addresses.ts';

interface SampleMachine {
  readonly name: string;
  readonly os: string;
  readonly toolsOs?: string;
  readonly cpus: number;
  readonly memoryMiB: number;
  readonly host: 1 | 2 | 3;
  readonly folder: string;
  readonly network: 'Servers' | 'DMZ';
  readonly datastore: 'quay-vmfs-1' | 'quay-vmfs-2' | 'quay-nfs';
  readonly controller: string;
  readonly firmware: 'bios' | 'efi';
  /** MiB each; the first is the OS disk. */
  readonly disks: readonly number[];
  /** Mount point, disk, and MiB of capacity and in use. */
  readonly partitions: readonly (readonly [string, number, number, number])[];
  readonly power?: 'poweredOff';
  readonly template?: true;
  readonly note?: string;
}

const LSI_SAS = 'LSI Logic SAS';
const PARAVIRTUAL = 'VMware paravirtual SCSI';
const GIB = 1024;

const MACHINES: readonly SampleMachine[] = [
  {
    name: 'files-01',
    os: 'Ubuntu Linux (64-bit)',
    cpus: 2,
    memoryMiB: 4096,
    host: 1,
    folder: 'Office',
    network: 'Servers',
    datastore: 'quay-vmfs-1',
    controller: PARAVIRTUAL,
    firmware: 'bios',
    disks: [16],
    partitions: [['/srv', 0, 15, 6]],
    note: 'Small file server; its disk holds one ext4 file system.',
  },
  {
    name: 'web-01',
    os: 'Ubuntu Linux (64-bit)',
    cpus: 2,
    memoryMiB: 4096,
    host: 1,
    folder: 'Web',
    network: 'DMZ',
    datastore: 'quay-vmfs-1',
    controller: PARAVIRTUAL,
    firmware: 'bios',
    disks: [40 * GIB],
    partitions: [['/', 0, 38_912, 11_260]],
  },
  {
    name: 'web-02',
    os: 'Red Hat Enterprise Linux 8 (64-bit)',
    cpus: 2,
    memoryMiB: 4096,
    host: 2,
    folder: 'Web',
    network: 'DMZ',
    datastore: 'quay-vmfs-1',
    controller: PARAVIRTUAL,
    firmware: 'efi',
    disks: [40 * GIB],
    partitions: [
      ['/boot', 0, 1014, 240],
      ['/', 0, 39_000, 9870],
    ],
  },
  {
    name: 'app-01',
    os: 'Microsoft Windows Server 2019 (64-bit)',
    cpus: 4,
    memoryMiB: 16_384,
    host: 2,
    folder: 'Orders',
    network: 'Servers',
    datastore: 'quay-vmfs-1',
    controller: LSI_SAS,
    firmware: 'efi',
    disks: [80 * GIB, 100 * GIB],
    partitions: [
      ['C:\\', 0, 81_308, 43_700],
      ['D:\\', 1, 102_397, 61_250],
    ],
  },
  {
    name: 'app-02',
    os: 'Microsoft Windows Server 2016 (64-bit)',
    cpus: 4,
    memoryMiB: 8192,
    host: 3,
    folder: 'Orders',
    network: 'Servers',
    datastore: 'quay-vmfs-2',
    controller: LSI_SAS,
    firmware: 'bios',
    disks: [60 * GIB],
    partitions: [['C:\\', 0, 61_438, 38_020]],
  },
  {
    name: 'db-01',
    os: 'Microsoft Windows Server 2016 (64-bit)',
    cpus: 8,
    memoryMiB: 65_536,
    host: 3,
    folder: 'Orders',
    network: 'Servers',
    datastore: 'quay-vmfs-2',
    controller: PARAVIRTUAL,
    firmware: 'bios',
    disks: [80 * GIB, 500 * GIB, 200 * GIB],
    partitions: [
      ['C:\\', 0, 81_918, 40_330],
      ['E:\\', 1, 511_997, 322_800],
      ['L:\\', 2, 204_797, 55_120],
    ],
    note: 'SQL Server; data on E:, log on L:.',
  },
  {
    name: 'db-02',
    os: 'Red Hat Enterprise Linux 7 (64-bit)',
    cpus: 8,
    memoryMiB: 32_768,
    host: 1,
    folder: 'Warehouse',
    network: 'Servers',
    datastore: 'quay-vmfs-2',
    controller: PARAVIRTUAL,
    firmware: 'bios',
    disks: [40 * GIB, 250 * GIB],
    partitions: [
      ['/boot', 0, 1014, 190],
      ['/', 0, 39_000, 12_400],
      ['/var/lib/pgsql', 1, 255_888, 143_700],
    ],
  },
  {
    name: 'dc-01',
    os: 'Microsoft Windows Server 2012 (64-bit)',
    cpus: 2,
    memoryMiB: 4096,
    host: 2,
    folder: 'Infrastructure',
    network: 'Servers',
    datastore: 'quay-vmfs-1',
    controller: LSI_SAS,
    firmware: 'bios',
    disks: [60 * GIB],
    partitions: [['C:\\', 0, 61_438, 24_060]],
  },
  {
    name: 'batch-01',
    os: 'CentOS 7 (64-bit)',
    cpus: 4,
    memoryMiB: 8192,
    host: 3,
    folder: 'Warehouse',
    network: 'Servers',
    datastore: 'quay-nfs',
    controller: PARAVIRTUAL,
    firmware: 'bios',
    disks: [40 * GIB, 120 * GIB],
    partitions: [
      ['/', 0, 39_936, 8210],
      ['/data', 1, 122_870, 71_400],
    ],
  },
  {
    name: 'legacy-01',
    os: 'Microsoft Windows Server 2003 Standard (32-bit)',
    cpus: 1,
    memoryMiB: 2048,
    host: 1,
    folder: 'Infrastructure',
    network: 'Servers',
    datastore: 'quay-nfs',
    controller: 'LSI Logic',
    firmware: 'bios',
    disks: [20 * GIB],
    partitions: [['C:\\', 0, 20_473, 9180]],
    note: 'Nobody dares to touch it.',
  },
  {
    name: 'test-01',
    os: 'SUSE Linux Enterprise 12 (64-bit)',
    cpus: 2,
    memoryMiB: 4096,
    host: 3,
    folder: 'Test',
    network: 'Servers',
    datastore: 'quay-nfs',
    controller: PARAVIRTUAL,
    firmware: 'bios',
    disks: [30 * GIB],
    partitions: [],
    power: 'poweredOff',
  },
  {
    name: 'tmpl-debian-10',
    os: 'Debian GNU/Linux 10 (64-bit)',
    cpus: 1,
    memoryMiB: 1024,
    host: 2,
    folder: 'Templates',
    network: 'Servers',
    datastore: 'quay-nfs',
    controller: PARAVIRTUAL,
    firmware: 'bios',
    disks: [16 * GIB],
    partitions: [],
    power: 'poweredOff',
    template: true,
  },
];

const DATACENTER = 'Harbour';
const CLUSTER = 'Quay';
const SERVER = 'vcenter.harbour.example';
const hostName = (host: number) => `esx-${host}.harbour.example`;

/** The workbook's bytes: the same every time. */
export function harbourWorkbook(): Buffer {
  const entropy = new Entropy('harbour');
  const vcenterUuid = entropy.uuid('vcenter');
  const source = { 'VI SDK Server': SERVER, 'VI SDK UUID': vcenterUuid };

  /** What every sheet with machines repeats. */
  const identity = (machine: SampleMachine) => ({
    VM: machine.name,
    Powerstate: machine.power ?? 'poweredOn',
    Template: machine.template ? 'True' : 'False',
    'SRM Placeholder': 'False',
  });
  const place = (machine: SampleMachine, index: number) => ({
    Datacenter: DATACENTER,
    Cluster: CLUSTER,
    Host: hostName(machine.host),
    Folder: `/${DATACENTER}/vm/${machine.folder}`,
    'OS according to the configuration file': machine.os,
    'OS according to the VMware Tools': machine.power ? undefined : (machine.toolsOs ?? machine.os),
    'VM ID': `vm-${101 + index}`,
    'VM UUID': entropy.uuid('instance', index),
    ...source,
  });
  const file = (machine: SampleMachine, disk: number) =>
    `[${machine.datastore}] ${machine.name}/${machine.name}${disk === 0 ? '' : `_${disk}`}.vmdk`;
  const address = (index: number) => `192.0.2.${11 + index}`;
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

  const vInfo = MACHINES.map((machine, index) => ({
    ...identity(machine),
    'Config status': 'green',
    'DNS Name': machine.template ? undefined : `${machine.name}.harbour.example`,
    'Guest state': machine.power ? 'notRunning' : 'running',
    CPUs: machine.cpus,
    Memory: machine.memoryMiB,
    NICs: 1,
    Disks: machine.disks.length,
    'Total disk capacity MiB': sum(machine.disks),
    EnableUUID: 'True',
    CBT: 'False',
    'Primary IP Address': machine.power ? undefined : address(index),
    'Network #1': machine.network,
    'Resource pool': `/${DATACENTER}/host/${CLUSTER}/Resources`,
    'Provisioned MiB': sum(machine.disks) + machine.memoryMiB,
    'In Use MiB': sum(machine.disks),
    Firmware: machine.firmware,
    'HW version': machine.os.includes('2003') ? 8 : 15,
    Path: `[${machine.datastore}] ${machine.name}/${machine.name}.vmx`,
    Annotation: machine.note,
    ...place(machine, index),
    'SMBIOS UUID': entropy.uuid('bios', index),
  }));
  const vDisk = MACHINES.flatMap((machine, index) =>
    machine.disks.map((capacity, disk) => ({
      ...identity(machine),
      Disk: `Hard disk ${disk + 1}`,
      'Disk Key': 2000 + disk,
      'Disk UUID': entropy.uuid('disk', index, disk),
      'Disk Path': file(machine, disk),
      'Capacity MiB': capacity,
      Raw: 'False',
      'Disk Mode': 'persistent',
      'Sharing mode': 'sharingNone',
      Thin: machine.datastore === 'quay-nfs' ? 'True' : 'False',
      Controller: machine.controller,
      Label: 'SCSI controller 0',
      'SCSI Unit #': 7,
      'Unit #': disk,
      'Shared Bus': 'noSharing',
      Path: file(machine, disk),
      ...place(machine, index),
    })),
  );
  const vPartition = MACHINES.flatMap((machine, index) =>
    machine.partitions.map(([mount, disk, capacity, consumed]) => ({
      ...identity(machine),
      'Disk Key': 2000 + disk,
      Disk: mount,
      'Capacity MiB': capacity,
      'Consumed MiB': consumed,
      'Free MiB': capacity - consumed,
      'Free %': Math.floor(((capacity - consumed) * 100) / capacity),
      ...place(machine, index),
    })),
  );
  const vNetwork = MACHINES.map((machine, index) => ({
    ...identity(machine),
    'NIC label': 'Network adapter 1',
    Adapter: machine.os.includes('2003') ? 'E1000' : 'Vmxnet3',
    Network: machine.network,
    Switch: 'vSwitch0',
    Connected: machine.power ? 'False' : 'True',
    'Starts Connected': 'True',
    'Mac Address': macAddress(0x2_0000 + index),
    Type: 'assigned',
    'IPv4 Address': machine.power ? undefined : address(index),
    ...place(machine, index),
  }));
  const vCluster = [
    {
      Name: CLUSTER,
      'Config status': 'green',
      NumHosts: 3,
      TotalCpu: 3 * 32 * 2100,
      NumCpuCores: 96,
      TotalMemory: 3 * 256 * GIB,
      'HA enabled': 'True',
      'DRS enabled': 'True',
      'Object ID': 'domain-c7',
      ...source,
    },
  ];
  const vHost = ([1, 2, 3] as const).map((host) => ({
    Host: hostName(host),
    Datacenter: DATACENTER,
    Cluster: CLUSTER,
    'Config status': 'green',
    'in Maintenance Mode': 'False',
    'CPU Model': 'Intel(R) Xeon(R) Gold 6130 CPU @ 2.10GHz',
    Speed: 2100,
    'HT Available': 'True',
    'HT Active': 'True',
    '# CPU': 2,
    'Cores per CPU': 16,
    '# Cores': 32,
    '# Memory': 256 * GIB,
    '# VMs': MACHINES.filter((machine) => machine.host === host && !machine.template).length,
    'ESX Version': 'VMware ESXi 7.0.3 build-21424296',
    Vendor: 'Example Systems',
    Model: 'Rack 32',
    'Object ID': `host-${10 + host}`,
    UUID: entropy.uuid('host', host),
    ...source,
  }));
  const vDatastore = (
    [
      ['quay-vmfs-1', 'VMFS', 2048],
      ['quay-vmfs-2', 'VMFS', 4096],
      ['quay-nfs', 'NFS', 2048],
    ] as const
  ).map(([name, type, capacityGiB], index) => {
    const used = sum(MACHINES.filter(({ datastore }) => datastore === name).flatMap(({ disks }) => disks));
    return {
      Name: name,
      'Config status': 'green',
      Accessible: 'True',
      Type: type,
      'Capacity MiB': capacityGiB * GIB,
      'Provisioned MiB': used,
      'In Use MiB': used,
      'Free MiB': capacityGiB * GIB - used,
      '# Hosts': 3,
      Hosts: [1, 2, 3].map(hostName).join(', '),
      URL: `ds:///vmfs/volumes/${entropy.hex(8, 'ds', index)}-${entropy.hex(8, 'ds2', index)}-${entropy.hex(4, 'ds3', index)}-${entropy.hex(12, 'ds4', index)}/`,
      'Object ID': `datastore-${20 + index}`,
      ...source,
    };
  });

  const workbook = utils.book_new();
  for (const [name, rows] of Object.entries({
    vInfo,
    vDisk,
    vPartition,
    vNetwork,
    vCluster,
    vHost,
    vDatastore,
  }))
    utils.book_append_sheet(workbook, utils.json_to_sheet<object>(rows), name);
  // SheetJS deflates in JavaScript and writes no times, so the bytes depend on nothing else.
  return write(workbook, { type: 'buffer', bookType: 'xlsx', compression: true, bookSST: true }) as Buffer;
}
