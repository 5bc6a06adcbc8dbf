/**
 * What makes a real estate hard to migrate, put into a generated one: every kind of device, disk, network,
 * datastore, place and state that the model knows, dealt out by machine index, so that an estate of 40 machines
 * has met them all. Hosts, clusters and machines stay as many as they were.
 */
import type { Entropy } from '#core/entropy/entropy.ts';
import { GIB, TIB } from '#core/units.ts';
import { vmfsUuid } from './addresses.ts';
import type {
  CustomAttribute,
  Datastore,
  DiskFacts,
  EstateFacts,
  Host,
  Machine,
  Network,
  ResourcePool,
  Tag,
  TagCategory,
} from './model.ts';

/** Gives a machine one peculiarity. */
type Peculiarity = (machine: Machine, more: Additions) => Machine;

/** What is added to the estate beside machines. */
interface Additions {
  readonly nfs: Datastore;
  readonly vsan: Datastore;
  readonly distributed: Network;
}

const firstDisk = (machine: Machine, change: Partial<DiskFacts>): Machine => ({
  ...machine,
  disks: machine.disks.map((disk, index) => (index === 0 ? { ...disk, ...change } : disk)),
});

/** Moves a machine's disks to another datastore. */
const onDatastore = (machine: Machine, { id, name }: Datastore): Machine => ({
  ...machine,
  disks: machine.disks.map((disk) => ({
    ...disk,
    datastoreId: id,
    path: disk.path.replace(/^\[[^\]]*\]/, `[${name}]`),
  })),
});

/** One more disk, on a bus of its own. */
const withDisk = (machine: Machine, change: Partial<DiskFacts>): Machine => {
  const { id, disks } = machine;
  const index = disks.length;
  const like = disks[0]!;
  const uuid = `${like.uuid.slice(0, -4)}${(0xd000 + index).toString(16)}`;
  const path = like.path.replace(/\.vmdk$/, `_extra${index}.vmdk`);
  const disk: DiskFacts = {
    ...like,
    id: `${id}/${index}`,
    index,
    label: `Hard disk ${index + 1}`,
    sizeBytes: 16 * GIB,
    bus: 3,
    unit: 0,
    path,
    uuid,
    ...change,
  };
  return { ...machine, disks: [...disks, disk] };
};

/** On EFI, as secure boot, TPM and encryption need it. */
const efi = (machine: Machine): Machine => ({ ...machine, firmware: 'efi' });

const PECULIARITIES: readonly Peculiarity[] = [
  (machine) => firstDisk(machine, { thin: false, eagerlyZeroed: true }),
  (machine) => firstDisk(machine, { thin: false, eagerlyZeroed: false }),
  (machine) => withDisk(machine, { mode: 'independent_persistent' }),
  (machine) => withDisk(machine, { mode: 'independent_nonpersistent' }),
  (machine) => withDisk(machine, { raw: true, rawMode: 'physical', busSharing: 'physical' }),
  (machine) => withDisk(machine, { raw: true, rawMode: 'virtual' }),
  (machine) => withDisk(machine, { shared: true, thin: false, eagerlyZeroed: true }),
  (machine) => withDisk(machine, { controller: 'buslogic' }),
  (machine) => withDisk(machine, { controller: 'lsilogic' }),
  (machine) => withDisk(machine, { controller: 'sata', bus: 0 }),
  (machine) => withDisk(machine, { controller: 'nvme', bus: 0 }),
  (machine) => withDisk(machine, { controller: 'ide', bus: 1, unit: 0 }),
  (machine, { nfs }) => onDatastore(machine, nfs),
  (machine, { vsan }) => onDatastore(machine, vsan),
  (machine, { distributed }) => ({
    ...machine,
    nics: machine.nics.map((nic) => ({ ...nic, networkId: distributed.id })),
  }),
  (machine) => ({ ...machine, nics: machine.nics.map((nic) => ({ ...nic, adapter: 'e1000e' })) }),
  (machine) => ({
    ...machine,
    nics: machine.nics.map((nic) => ({ ...nic, adapter: 'vmxnet2', addressType: 'generated' })),
  }),
  (machine) => ({
    ...machine,
    nics: machine.nics.map((nic) => ({ ...nic, adapter: 'pcnet32', addressType: 'manual' })),
  }),
  (machine) => ({ ...machine, nics: machine.nics.map((nic) => ({ ...nic, adapter: 'sriov' })) }),
  (machine) => efi({ ...machine, secureBoot: true, toolsState: 'current' }),
  (machine) => efi({ ...machine, secureBoot: true, encrypted: true, devices: [{ kind: 'tpm' }] }),
  (machine) => ({
    ...machine,
    devices: [
      { kind: 'usbController', version: 2 },
      { kind: 'usbController', version: 3 },
      { kind: 'usb', name: 'Aladdin HASP HL 3.25', vendor: 0x0529, product: 0x0001 },
    ],
  }),
  (machine) => ({
    ...machine,
    devices: [{ kind: 'pciPassthrough', name: 'NVIDIA Tesla T4', vendor: 0x10de, device: 0x1eb8 }],
  }),
  (machine) => ({
    ...machine,
    devices: [{ kind: 'floppy' }, { kind: 'serialPort' }, { kind: 'parallelPort' }, { kind: 'sound' }],
  }),
  (machine) => ({
    ...machine,
    devices: [
      { kind: 'iso', path: machine.disks[0]!.path.replace(/\].*/, '] iso/tools.iso'), connected: true },
    ],
  }),
  (machine) => ({ ...machine, power: 'off', tools: 'notRunning' }),
  (machine) => ({ ...machine, power: 'suspended', tools: 'notRunning' }),
  (machine) => ({ ...machine, power: 'off', tools: 'notRunning', template: true }),
  (machine) => ({ ...machine, connection: 'orphaned', power: 'off' }),
  (machine) => ({ ...machine, connection: 'inaccessible', power: 'off' }),
  (machine) => ({ ...machine, connection: 'disconnected' }),
  (machine) => ({ ...machine, faultTolerance: 'primary' }),
  (machine) => ({ ...machine, tools: 'notInstalled', toolsVersion: 0 }),
  (machine) => ({ ...machine, tools: 'notRunning' }),
  (machine) => ({ ...machine, toolsState: 'needUpgrade', toolsVersion: 10_282 }),
  (machine) => firstDisk(machine, { parentPath: machine.disks[0]!.path.replace('.vmdk', '-master.vmdk') }),
  (machine) => ({ ...machine, folder: ['Production', 'Tier 1', 'A/B & "C"'] }),
  (machine) => ({ ...machine, resourcePool: 'Resources/Gold' }),
  (machine) => ({ ...machine, resourcePool: 'Resources/Gold/Shop' }),
  (machine) => ({ ...machine, nics: [], tools: 'notRunning' }),
];

const ATTRIBUTES: readonly CustomAttribute[] = [
  { name: 'Owner' },
  { name: 'Cost centre', objectType: 'VirtualMachine' },
];

const CATEGORIES: readonly Omit<TagCategory, 'id'>[] = [
  { name: 'Environment', description: '', cardinality: 'single', objectTypes: ['VirtualMachine'] },
  { name: 'Migration wave', description: 'As planned', cardinality: 'multiple', objectTypes: [] },
];
const TAGS: ReadonlyArray<readonly [name: string, category: number]> = [
  ['production', 0],
  ['test', 0],
  ['wave 1', 1],
  ['wave 2', 1],
];

export function withVariety(facts: EstateFacts, entropy: Entropy): EstateFacts {
  const datacenter = facts.datacenters[0]!;
  const cluster = facts.clusters[0]!;
  const storage = (key: string, type: Datastore['type'], rest: Partial<Datastore>): Datastore => ({
    id: `datastore-${key}`,
    name: `${datacenter.name}_${key.toUpperCase()}`,
    datacenterId: datacenter.id,
    folder: ['Special'],
    type,
    capacityBytes: 200 * TIB,
    freeBytes: 150 * TIB,
    uuid: vmfsUuid(entropy, `datastore-${key}`),
    ...rest,
  });
  const additions: Additions = {
    nfs: storage('nfs', 'NFS', { nfs: { host: 'nas-1.example', path: '/vol/vms', version: '4.1' } }),
    vsan: storage('vsan', 'vsan', {}),
    distributed: {
      id: 'network-distributed',
      name: 'Distributed 100',
      datacenterId: datacenter.id,
      kind: 'distributed',
      switch: 'switch-1',
      vlanId: 100,
    },
  };
  const categories = CATEGORIES.map((category, index) => ({
    ...category,
    id: `urn:vmomi:InventoryServiceCategory:${entropy.uuid('estate.tagCategory', index)}:GLOBAL`,
  }));
  const tags = TAGS.map(
    ([name, category], index): Tag => ({
      id: `urn:vmomi:InventoryServiceTag:${entropy.uuid('estate.tag', index)}:GLOBAL`,
      name,
      description: '',
      categoryId: categories[category]!.id,
    }),
  );
  const pools: ResourcePool[] = [
    {
      kind: 'pool',
      clusterId: cluster.id,
      path: ['Gold'],
      shares: 'high',
      cpuReservationMhz: 4000,
      memoryReservationMiB: 8192,
      cpuLimitMhz: 40_000,
    },
    { kind: 'vApp', clusterId: cluster.id, path: ['Gold', 'Shop'], folder: ['Production'] },
  ];
  return {
    ...facts,
    datastores: [...facts.datastores, additions.nfs, additions.vsan],
    networks: [...facts.networks, additions.distributed],
    switches: [
      { id: 'switch-1', name: `${datacenter.name}_DVS`, datacenterId: datacenter.id, version: '7.0.3' },
    ],
    hosts: facts.hosts.map((host, index) => standAlone(host, index, facts.hosts.length)),
    machines: facts.machines.map((machine, index) => {
      const { hostId } = machine;
      const changed = PECULIARITIES[index % PECULIARITIES.length]!(machine, additions);
      const host = facts.hosts.findIndex((each) => each.id === hostId);
      const isAlone = isStandAlone(host, facts.hosts.length);
      // Pools with limits are those of the first cluster.
      const inPool = changed.resourcePool !== undefined && !isAlone && machine.clusterId === cluster.id;
      const { resourcePool, clusterId, ...rest } = changed;
      return {
        ...(isInFirst(machine, datacenter.id) ? rest : { ...rest, disks: machine.disks, nics: machine.nics }),
        ...(clusterId === undefined || isAlone ? {} : { clusterId }),
        ...(inPool ? { resourcePool: resourcePool! } : {}),
        attributes: { Owner: `team ${(index % 5) + 1}`, 'Cost centre': String(4000 + (index % 7)) },
        tagIds: [tags[machine.folder[0] === 'Test' ? 1 : 0]!.id, tags[2 + (index % 2)]!.id],
      };
    }),
    emptyFolders: [{ datacenterId: datacenter.id, path: ['Empty', 'Nested'] }],
    resourcePools: pools,
    customAttributes: ATTRIBUTES,
    tagCategories: categories,
    tags,
  };
}

function isInFirst(machine: Machine, datacenterId: string): boolean {
  return machine.datacenterId === datacenterId;
}

/** The last of several hosts belongs to no cluster. */
function isStandAlone(index: number, count: number): boolean {
  return count > 1 && index === count - 1;
}

function standAlone(host: Host, index: number, count: number): Host {
  if (!isStandAlone(index, count)) return host;
  const { clusterId: _, ...rest } = host;
  return { ...rest, folder: ['Stand-alone'] };
}
