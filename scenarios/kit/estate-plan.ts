/**
 * The estate of a scenario: imported from a workbook or generated, then changed by the scenario's named
 * exceptions, with real images under the disks that name one.
 */
import { basename } from 'node:path';
import { assert } from '#core/assert.ts';
import { Entropy } from '#core/entropy/entropy.ts';
import { nearest } from '#core/errors.ts';
import { GIB, MIB } from '#core/units.ts';
import { macAddress } from '#simulators/estate/addresses.ts';
import { generateEstate } from '#simulators/estate/generate.ts';
import { generateHyperv, generateServers } from '#simulators/estate/generate-sites.ts';
import type { DiskFacts, EstateFacts, Machine, OperatingSystem } from '#simulators/estate/model.ts';
import { recogniseOs } from '#simulators/estate/os-names.ts';
import { importRvtools } from '#simulators/estate/rvtools.ts';
import { guessRole, workloadFor } from '#simulators/estate/workload-guess.ts';
import { RELEASES } from '#simulators/hyperv/hyperv-host.ts';
import { unpackImage } from './disk-image.ts';
import type { InputFiles } from './input-files.ts';
import {
  type DiskPlan,
  errors,
  type MachinePlan,
  type OPERATING_SYSTEMS,
  type Scenario,
} from './scenario.ts';

export interface EstatePlan {
  /** What vCenter shows; without hosts where there is no vCenter. */
  readonly facts: EstateFacts;
  /** What Hyper-V shows, and the servers that stand by themselves. */
  readonly hyperv: EstateFacts;
  readonly servers: EstateFacts;
  /** Machines of vCenter or Hyper-V that are listed as servers, too. */
  readonly alsoServers: readonly string[];
  /** File name of the workbook, or "generated". */
  readonly source: string;
  /** Real images by disk id. */
  readonly images: ReadonlyMap<string, Buffer>;
}

/** vCenter's words for the operating systems that a scenario can name. */
const OS_NAMES: Readonly<Record<(typeof OPERATING_SYSTEMS)[number], string>> = {
  'ubuntu-22.04': 'Ubuntu Linux (64-bit)',
  'debian-12': 'Debian GNU/Linux 12 (64-bit)',
  'windows-2019': 'Microsoft Windows Server 2019 (64-bit)',
};

/** @throws `scenario.cannotRead`, the errors of the workbook's import, `image.bad` */
export function planEstate(plan: Scenario['estate'], seed: string, files: InputFiles): EstatePlan {
  const base = plan.import
    ? importRvtools(files.read(plan.import.rvtools), { fileName: basename(plan.import.rvtools), seed })
    : generated(plan.generate ?? {}, seed);
  const { hyperv, servers } = plan.generate ?? {};
  const parts = [
    base,
    hyperv
      ? generateHyperv(seed, { ...hyperv, version: RELEASES[hyperv.release].version })
      : noMachines(seed),
    servers ? generateServers(seed, servers) : noMachines(seed),
  ].map((facts) => ({ ...facts, machines: [...facts.machines] }));
  const images = new Map<string, Buffer>();
  for (const exception of plan.machines) {
    const part = parts.find(({ machines }) => machines.some(({ name }) => name === exception.name));
    const { machines } = part ?? parts[0]!;
    const index = machines.findIndex((machine) => machine.name === exception.name);
    const before = index >= 0 ? machines[index]! : newMachine(base, machines, exception);
    const after = changed(before, exception, part ?? base, files, images);
    if (index >= 0) machines[index] = after;
    else machines.push(after);
  }
  const alsoServers = servers?.also ?? [];
  checkAlso(alsoServers, [...parts[0]!.machines, ...parts[1]!.machines]);
  return {
    facts: parts[0]!,
    hyperv: parts[1]!,
    servers: parts[2]!,
    alsoServers,
    source: plan.import ? basename(plan.import.rvtools) : 'generated',
    images,
  };
}

function checkAlso(names: readonly string[], machines: readonly Machine[]): void {
  const known = machines.map(({ name }) => name);
  for (const name of names) {
    if (known.includes(name)) continue;
    const near = nearest(name, known);
    throw errors.make('scenario.badValue', {
      what: `Neither vCenter nor Hyper-V has a machine "${name}"${near ? `; did you mean "${near}"?` : '.'}`,
    });
  }
}

/** A datacentre with a vCenter and nothing beside. */
export function vcenterAlone(facts: EstateFacts): EstatePlan {
  const nothing = noMachines(facts.seed);
  return {
    facts,
    hyperv: nothing,
    servers: nothing,
    alsoServers: [],
    source: 'generated',
    images: new Map(),
  };
}

/** A part of the datacentre that is not there. */
function noMachines(seed: string): EstateFacts {
  return {
    seed,
    name: 'nothing',
    vcenterUuid: new Entropy(seed).uuid('estate.vcenter'),
    datacenters: [],
    clusters: [],
    hosts: [],
    datastores: [],
    networks: [],
    machines: [],
    cpuTraces: new Map(),
    derivations: [],
  };
}

function generated(plan: NonNullable<Scenario['estate']['generate']>, seed: string): EstateFacts {
  const { vcenter, mix, shapes } = plan;
  if (!vcenter) return noMachines(seed);
  return generateEstate({
    seed,
    machines: vcenter.servers,
    ...(vcenter.hosts === undefined ? {} : { hosts: vcenter.hosts }),
    ...(mix ? { mix } : {}),
    ...(shapes ? { shapes: Object.fromEntries(Object.entries(shapes).map(([k, v]) => [k, v ?? 0])) } : {}),
  });
}

/** A machine that the source of the estate does not have, on its first host. */
function newMachine(estate: EstateFacts, machines: readonly Machine[], { name }: MachinePlan): Machine {
  const [host] = estate.hosts;
  if (!host)
    throw errors.make('scenario.badValue', {
      what: `There is no machine "${name}", and no vCenter in which one could be made.`,
    });
  const here = <T extends { readonly datacenterId: string }>(items: readonly T[]) =>
    items.find((item) => item.datacenterId === host.datacenterId);
  const datastore = here(estate.datastores);
  const network = here(estate.networks);
  assert(datastore && network, 'every datacenter with a host has a datastore and a network');
  const number = 1 + Math.max(0, ...machines.map(({ id }) => Number(/\d+$/.exec(id)?.[0] ?? 0)));
  const id = `vm-${number}`;
  const entropy = new Entropy(estate.seed);
  const role = guessRole(name, OS_NAMES['ubuntu-22.04']);
  return {
    id,
    name,
    dnsName: `${name}.example`,
    datacenterId: host.datacenterId,
    ...(host.clusterId === undefined ? {} : { clusterId: host.clusterId }),
    hostId: host.id,
    folder: [],
    biosUuid: entropy.uuid('scenario.bios', name),
    instanceUuid: entropy.uuid('scenario.instance', name),
    template: false,
    cores: 2,
    sockets: 1,
    memoryMiB: 4096,
    firmware: 'bios',
    os: osNamed('ubuntu-22.04'),
    annotation: '',
    hardwareVersion: 14,
    tools: 'running',
    toolsVersion: 11333,
    disks: [diskOf(entropy, id, name, 0, 16 * GIB, datastore)],
    nics: [
      {
        index: 0,
        networkId: network.id,
        macAddress: macAddress(0x20_0000 + number),
        adapter: 'vmxnet3',
        connected: true,
        ipAddresses: [`10.200.${(number >> 8) & 0xff}.${1 + (number % 250)}`],
      },
    ],
    workload: workloadFor(entropy, id, role),
    power: 'on',
  };
}

function changed(
  machine: Machine,
  plan: MachinePlan,
  estate: EstateFacts,
  files: InputFiles,
  images: Map<string, Buffer>,
): Machine {
  const entropy = new Entropy(estate.seed);
  const datastore = estate.datastores.find(({ id }) => id === machine.disks[0]?.datastoreId);
  const disks = plan.disks?.map((disk, index): DiskFacts => {
    const image = disk.image === undefined ? undefined : readImage(files, disk.image);
    const sizeBytes = sizeOf(disk, image);
    const old = machine.disks[index];
    const facts = old
      ? { ...old, sizeBytes }
      : diskOf(entropy, machine.id, machine.name, index, sizeBytes, datastore ?? estate.datastores[0]!);
    if (image) images.set(facts.id, image);
    return facts;
  });
  return {
    ...machine,
    ...(plan.cores === undefined ? {} : { cores: plan.cores, sockets: 1 }),
    ...(plan.memory === undefined ? {} : { memoryMiB: Math.ceil(plan.memory / MIB) }),
    ...(plan.os === undefined ? {} : { os: osNamed(plan.os) }),
    ...(plan.shape === undefined ? {} : { workload: { ...machine.workload, shape: plan.shape } }),
    ...(disks ? { disks } : {}),
  };
}

function readImage(files: InputFiles, path: string): Buffer {
  return unpackImage(path, files.read(path));
}

function sizeOf(disk: DiskPlan, image: Buffer | undefined): number {
  const size = disk.size ?? image?.length;
  assert(size !== undefined, 'the schema asks for a size or an image');
  if (image && image.length > size)
    throw errors.make('scenario.badValue', {
      what: `The image ${disk.image} has ${image.length} bytes and does not fit on a disk of ${size} bytes.`,
      next: 'Leave `size` out: the disk is then as large as its image.',
    });
  return Math.ceil(size / MIB) * MIB;
}

function diskOf(
  entropy: Entropy,
  machineId: string,
  name: string,
  index: number,
  sizeBytes: number,
  datastore: EstateFacts['datastores'][number],
): DiskFacts {
  return {
    id: `${machineId}/${index}`,
    index,
    label: `Hard disk ${index + 1}`,
    sizeBytes,
    thin: true,
    controller: 'pvscsi',
    bus: 0,
    unit: index < 7 ? index : index + 1, // unit 7 is the controller's own
    mode: 'persistent',
    raw: false,
    shared: false,
    datastoreId: datastore.id,
    path: `[${datastore.name}] ${name}/${name}${index === 0 ? '' : `_${index}`}.vmdk`,
    uuid: entropy.uuid('scenario.disk', name, index),
  };
}

function osNamed(os: (typeof OPERATING_SYSTEMS)[number]): OperatingSystem {
  const fullName = OS_NAMES[os];
  const { family, guestId, bits } = recogniseOs(fullName);
  return { family, fullName, guestId, bits };
}
