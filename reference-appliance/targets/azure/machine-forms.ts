/**
 * Machines as the service takes them. [docs/protocols/appliance-data-planes.md §1; property names of Microsoft.OffAzure
 * 2020-07-07 (VMware) and 2023-06-06 (Hyper-V, servers)]
 */
import { assert } from '#core/assert.ts';
import type {
  HypervAbout,
  HypervMachine,
  ServerMachine,
  SourceAbout,
  SourceMachine,
  SourceOs,
  VmwareAbout,
  VmwareMachine,
} from '../../app/source-machines.ts';

export function machineView(machine: SourceMachine, about: SourceAbout): Record<string, unknown> {
  if (machine.kind === 'vmware' && about.kind === 'vmware') return vmwareView(machine, about);
  if (machine.kind === 'hyperv' && about.kind === 'hyperv') return hypervView(machine, about);
  assert(machine.kind === 'server', 'a machine is of the kind of its source');
  return serverView(machine);
}

function osView({ family, name, version, architecture }: SourceOs): Record<string, unknown> {
  return {
    osType: family === 'other' ? 'Other' : `${family}guest`,
    osName: name,
    osVersion: version ?? /\b\d+(?:\.\d+)*\b/.exec(name)?.[0] ?? '',
    osArchitecture: architecture === undefined ? bitsInName(name) : bitsOf(architecture),
  };
}

/** "Debian GNU/Linux 12 (64-bit)" */
function bitsInName(name: string): string {
  return /\b(64|32)-bit/.exec(name)?.[1] ?? '';
}

/** "64-bit", "x86_64", "aarch64", "i686" */
function bitsOf(architecture: string): string {
  if (architecture.includes('64')) return '64';
  return /32|86/.test(architecture) ? '32' : '';
}

function vmwareView(machine: VmwareMachine, about: VmwareAbout): Record<string, unknown> {
  return {
    displayName: machine.name,
    instanceUuid: machine.instanceUuid,
    biosGuid: machine.biosUuid,
    numberOfProcessorCore: machine.cores,
    allocatedMemoryInMB: machine.memoryMiB,
    operatingSystemDetails: osView(machine.os),
    firmware: machine.firmware,
    powerStatus: machine.power === 'on' ? 'ON' : 'OFF',
    vCenterFQDN: about.fqdn,
    vCenterId: about.instanceUuid,
    dataCenterScope: machine.datacenter,
    hostName: machine.host,
    hostVersion: machine.hostVersion,
    vMwareToolsStatus: machine.toolsStatus,
    description: machine.description,
    changeTrackingSupported: machine.changeTrackingSupported,
    changeTrackingEnabled: machine.changeTrackingEnabled,
    numberOfSnapshots: machine.snapshots,
    diskEnabledUuid: machine.diskUuidEnabled,
    isTemplate: machine.isTemplate,
    managedObjectId: machine.handle,
    disks: machine.disks.map((disk) => ({
      uuid: disk.uuid,
      label: disk.label,
      diskProvisioningPolicy: disk.provisioning,
      diskMode: disk.mode,
      controllerType: disk.controllerType,
      maxSizeInBytes: disk.sizeBytes,
      name: disk.instance,
      lun: disk.unit,
      path: disk.path,
      isOSDisk: String(disk.isOsDisk),
      key: disk.key,
      instance: disk.instance,
    })),
    networkAdapters: machine.nics.map((nic) => ({
      label: nic.label,
      adapterType: nic.adapterType,
      nicId: nic.id,
      macAddress: nic.macAddress,
      ipAddressList: nic.addresses,
      networkName: nic.networkName,
    })),
    fabric: {
      licenseProductName: about.licenseProductName,
      processorModel: machine.processorModel,
      processorSockets: machine.processorSockets,
      coresPerSocket: machine.coresPerSocket,
      toolsVersion: machine.toolsVersion,
      guestHostName: machine.guestHostName,
      clusterName: machine.cluster,
      resourcePool: machine.resourcePool,
      inventoryPath: machine.path,
      disks: machine.disks.map(({ key, controllerKey, unit, sizeText }) => ({
        key,
        controllerKey,
        unitNumber: unit,
        name: `disk-${controllerKey}-${unit}-${key}`,
        sizeText,
      })),
    },
  };
}

function hypervView(machine: HypervMachine, about: HypervAbout): Record<string, unknown> {
  const { dynamicMemory, security, version } = machine;
  return {
    ...commonView(machine),
    instanceUuid: machine.instanceUuid,
    hostFqdn: machine.host,
    ...(about.type === 'Cluster' ? { clusterFqdn: about.fqdn } : {}),
    managementServerType: about.type,
    generation: machine.generation,
    version,
    highAvailability: machine.highAvailability,
    isDynamicMemoryEnabled: dynamicMemory !== undefined,
    maxMemoryMb: dynamicMemory?.maximumMiB ?? machine.memoryMiB,
    ...security,
    disks: machine.disks.map((disk) => ({
      instanceId: disk.uuid,
      name: disk.label,
      maxSizeInBytes: disk.sizeBytes,
      diskType: disk.diskType,
      lun: disk.lun,
      path: disk.path,
      vhdId: disk.vhdId,
      isOSDisk: String(disk.isOsDisk),
    })),
    networkAdapters: machine.nics.map((nic) => ({
      ...nicView(nic),
      networkId: nic.networkId,
      nicType: nic.nicType,
    })),
  };
}

function serverView(machine: ServerMachine): Record<string, unknown> {
  const { fqdn, hypervisor } = machine;
  return {
    ...commonView(machine),
    id: machine.instanceUuid,
    fqdn,
    processorInfo: {
      name: machine.processorModel,
      numberOfSockets: machine.processorSockets,
      numberOfCoresPerSocket: machine.coresPerSocket,
    },
    discoverySource: 'Appliance',
    ...(hypervisor === '' ? {} : { hypervisor }),
    disks: machine.disks.map((disk) => ({
      id: disk.uuid,
      name: disk.label,
      maxSizeInBytes: disk.sizeBytes,
      diskType: disk.diskType,
      lun: disk.lun,
      diskId: disk.diskId,
      generatedId: disk.generatedId,
      isOSDisk: String(disk.isOsDisk),
    })),
    networkAdapters: machine.nics.map(nicView),
  };
}

function commonView(machine: HypervMachine | ServerMachine): Record<string, unknown> {
  return {
    displayName: machine.name,
    numberOfProcessorCore: machine.cores,
    allocatedMemoryInMb: machine.memoryMiB,
    operatingSystemDetails: osView(machine.os),
    firmware: machine.firmware,
    biosGuid: machine.biosUuid,
    biosSerialNumber: machine.biosSerialNumber,
    powerStatus: machine.power === 'on' ? 'Running' : 'PowerOff',
  };
}

function nicView({
  id,
  macAddress,
  addresses,
  networkName,
}: HypervMachine['nics'][number] | ServerMachine['nics'][number]) {
  return { nicId: id, macAddress, ipAddressList: addresses, networkName };
}
