/** What was read of a server, in the words of the domain. */
import type { ServerDisk, ServerMachine, ServerNic } from '../../app/source-machines.ts';
import type { LinuxFacts } from './linux-reader.ts';
import { labelOf, type ServerTarget } from './targets.ts';
import { identifier, uniqueIds, type WindowsFacts } from './windows-reader.ts';

interface Met {
  readonly target: ServerTarget;
  /** Name of the credential that let in. */
  readonly credential: string;
}

/** What a maker or model says of the layer below; the first that fits. */
const HYPERVISORS: ReadonlyArray<readonly [RegExp, string]> = [
  [/vmware/i, 'VMware'],
  [/microsoft corporation virtual machine/i, 'Hyper-V'],
  [/amazon ec2/i, 'Amazon EC2'],
  [/google compute engine/i, 'Google Compute Engine'],
  [/alibaba cloud/i, 'Alibaba Cloud'],
  [/openstack/i, 'OpenStack'],
  [/nutanix/i, 'Nutanix AHV'],
  [/virtualbox|innotek/i, 'VirtualBox'],
  [/xen/i, 'Xen'],
  [/qemu|kvm|rhev|ovirt/i, 'KVM'],
];

export function hypervisorOf(manufacturer: string, model: string): string {
  return HYPERVISORS.find(([pattern]) => pattern.test(`${manufacturer} ${model}`))?.[1] ?? '';
}

const CORES_MAX = 4096;
const SOCKETS_MAX = 256;
const ADDRESSES_MAX = 64;
/** 4 PiB */
const MEMORY_MIB_MAX = 2 ** 32;
const hasSize = ({ sizeBytes }: { readonly sizeBytes: number }) =>
  Number.isSafeInteger(sizeBytes) && sizeBytes > 0;

/** What a server says of itself, as the service takes it: one that says too much must not keep back a whole batch. */
function short(text: string, charsMax = 256): string {
  return text
    .replace(/\p{Cc}/gu, ' ')
    .trim()
    .slice(0, charsMax);
}

/** Identifiers of a machine's disks, or adapters, each its own. */
function distinct(ids: readonly string[]): string[] {
  return ids.map((id, i) => (id !== '' && ids.indexOf(id) === i ? id : `${id.slice(0, 120)}_${i}`));
}

/** What both systems tell in the same way. */
function common(
  { target, credential }: Met,
  instanceUuid: string,
  facts: LinuxFacts | WindowsFacts,
): Omit<ServerMachine, 'os' | 'disks' | 'nics' | 'domainOrWorkgroup'> {
  const label = labelOf(target);
  const cores = Math.min(facts.cores, CORES_MAX);
  const sockets = Math.min(facts.sockets, SOCKETS_MAX);
  const [manufacturer, model] = [short(facts.manufacturer), short(facts.model)];
  return {
    kind: 'server',
    handle: label,
    instanceUuid,
    // dmidecode writes small letters in some releases, the kernel and Windows capitals
    biosUuid: short(facts.uuid, 64).toUpperCase(),
    name: short(target.name || facts.hostName) || label,
    isTemplate: false,
    power: 'on',
    cores,
    coresPerSocket: Math.max(1, Math.floor(cores / sockets)),
    memoryMiB: Math.min(facts.memoryMiB, MEMORY_MIB_MAX),
    firmware: facts.firmware,
    description: '',
    guestHostName: short(facts.fqdn),
    processorModel: short(facts.processorModel),
    processorSockets: sockets,
    address: label,
    fqdn: short(facts.fqdn),
    biosSerialNumber: short(facts.serial, 128),
    manufacturer,
    model,
    hypervisor: hypervisorOf(manufacturer, model),
    credential,
  };
}

export function linuxMachine(met: Met, instanceUuid: string, facts: LinuxFacts): ServerMachine {
  const disks = facts.disks.filter(hasSize);
  const ids = distinct(uniqueIds(disks));
  const nicIds = distinct(facts.nics.map(({ name }) => identifier(name)));
  const dot = facts.fqdn.indexOf('.');
  return {
    ...common(met, instanceUuid, facts),
    os: {
      family: 'linux',
      name: short(facts.osName),
      version: short(facts.osVersion, 128),
      architecture: short(facts.architecture, 64),
    },
    domainOrWorkgroup: dot < 0 ? '' : facts.fqdn.slice(dot + 1),
    disks: disks.map(
      (disk, i): ServerDisk => ({
        uuid: ids[i]!,
        label: short(disk.model || disk.name),
        sizeBytes: disk.sizeBytes,
        instance: ids[i]!,
        isOsDisk: disk.isOsDisk,
        diskId: `/dev/${disk.name}`,
        diskType: 'disk',
        lun: disk.lun,
        generatedId: short(disk.serial),
      }),
    ),
    nics: facts.nics.map(
      (nic, i): ServerNic => ({
        id: nicIds[i]!,
        label: short(nic.name),
        macAddress: nic.mac,
        addresses: nic.addresses.slice(0, ADDRESSES_MAX),
        networkName: '',
      }),
    ),
  };
}

export function windowsMachine(met: Met, instanceUuid: string, facts: WindowsFacts): ServerMachine {
  return {
    ...common(met, instanceUuid, facts),
    os: {
      family: 'windows',
      name: short(facts.osName),
      version: short(facts.osVersion, 128),
      architecture: short(facts.architecture, 64),
    },
    domainOrWorkgroup: short(facts.domainOrWorkgroup),
    disks: facts.disks.filter(hasSize).map((disk) => ({
      ...disk,
      label: short(disk.label),
      diskId: short(disk.diskId),
      diskType: short(disk.diskType, 64),
      generatedId: short(disk.generatedId),
    })),
    nics: facts.nics.map((nic) => ({
      ...nic,
      label: short(nic.label),
      macAddress: short(nic.macAddress, 64),
      addresses: nic.addresses.map((address) => short(address, 64)).slice(0, ADDRESSES_MAX),
    })),
  };
}
