/** What was read of a server, in the words of the domain. */
import type { ServerDisk, ServerMachine, ServerNic } from '../../app/ports.ts';
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

/** What both systems tell in the same way. */
function common(
  { target, credential }: Met,
  instanceUuid: string,
  facts: LinuxFacts | WindowsFacts,
): Omit<ServerMachine, 'os' | 'disks' | 'nics' | 'domainOrWorkgroup'> {
  const label = labelOf(target);
  return {
    kind: 'server',
    handle: label,
    instanceUuid,
    biosUuid: facts.uuid.trim(),
    name: target.name || facts.hostName,
    isTemplate: false,
    power: 'on',
    cores: facts.cores,
    coresPerSocket: Math.max(1, Math.floor(facts.cores / facts.sockets)),
    memoryMiB: facts.memoryMiB,
    firmware: facts.firmware,
    description: '',
    guestHostName: facts.fqdn,
    processorModel: facts.processorModel,
    processorSockets: facts.sockets,
    address: label,
    fqdn: facts.fqdn,
    biosSerialNumber: facts.serial.trim(),
    manufacturer: facts.manufacturer,
    model: facts.model,
    hypervisor: hypervisorOf(facts.manufacturer, facts.model),
    credential,
  };
}

export function linuxMachine(met: Met, instanceUuid: string, facts: LinuxFacts): ServerMachine {
  const ids = uniqueIds(facts.disks);
  const dot = facts.fqdn.indexOf('.');
  return {
    ...common(met, instanceUuid, facts),
    os: {
      family: 'linux',
      name: facts.osName,
      version: facts.osVersion,
      architecture: facts.architecture,
    },
    domainOrWorkgroup: dot < 0 ? '' : facts.fqdn.slice(dot + 1),
    disks: facts.disks.map(
      (disk, i): ServerDisk => ({
        uuid: ids[i]!,
        label: disk.model || disk.name,
        sizeBytes: disk.sizeBytes,
        instance: ids[i]!,
        isOsDisk: disk.isOsDisk,
        diskId: `/dev/${disk.name}`,
        diskType: 'disk',
        lun: disk.lun,
        generatedId: disk.serial,
      }),
    ),
    nics: facts.nics.map(
      (nic): ServerNic => ({
        id: identifier(nic.name),
        label: nic.name,
        macAddress: nic.mac,
        addresses: nic.addresses,
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
      name: facts.osName,
      version: facts.osVersion,
      architecture: facts.architecture,
    },
    domainOrWorkgroup: facts.domainOrWorkgroup,
    disks: facts.disks,
    nics: facts.nics,
  };
}
