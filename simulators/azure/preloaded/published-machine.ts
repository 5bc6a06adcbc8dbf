/**
 * A machine of an estate as an appliance would have sent it (docs/protocols/appliance-data-planes.md,
 * section 1), for a cloud that is served with its discovery already done.
 */
import type { EstateFacts, Machine, OsFamily } from '../../estate/model.ts';
import { type DiscoveredMachine, readMachine } from '../discovery-service/machine-shape.ts';

/** vSphere's key of the first disk and of the first adapter of a machine. */
const FIRST_DISK_KEY = 2000;
const FIRST_NIC_KEY = 4000;

export const VCENTER_FQDN = 'vcenter.rehearsal.test';
export const VCENTER_VERSION = '7.0.3';

const OS_TYPES: Readonly<Record<OsFamily, string>> = {
  windows: 'windowsguest',
  linux: 'linuxguest',
  other: 'Other',
};

/** @param host name and version of the host it runs on */
export function publishedMachine(
  facts: EstateFacts,
  machine: Machine,
  host: { name: string; version: string },
): DiscoveredMachine {
  const { os } = machine;
  const osName = os.toolsFullName ?? os.fullName;
  return readMachine(
    {
      displayName: machine.name,
      instanceUuid: machine.instanceUuid,
      biosGuid: machine.biosUuid,
      numberOfProcessorCore: machine.cores,
      allocatedMemoryInMB: machine.memoryMiB,
      operatingSystemDetails: {
        osType: OS_TYPES[os.family],
        osName,
        osVersion: /\b\d+(?:\.\d+)*\b/.exec(osName)?.[0] ?? '',
        osArchitecture: String(os.bits),
      },
      firmware: machine.firmware === 'efi' ? 'EFI' : 'BIOS',
      powerStatus: machine.power === 'on' ? 'ON' : 'OFF',
      vCenterFQDN: VCENTER_FQDN,
      vCenterId: facts.vcenterUuid,
      dataCenterScope: facts.datacenters.find(({ id }) => id === machine.datacenterId)?.name ?? '',
      hostName: host.name,
      hostVersion: host.version,
      vMwareToolsStatus: machine.tools === 'running' ? 'guestToolsRunning' : 'guestToolsNotRunning',
      description: machine.annotation,
      changeTrackingSupported: machine.hardwareVersion >= 7,
      changeTrackingEnabled: false,
      numberOfSnapshots: 0,
      diskEnabledUuid: 'true',
      isTemplate: machine.template,
      disks: machine.disks.map((disk) => ({
        uuid: disk.uuid,
        label: disk.label,
        diskProvisioningPolicy: disk.thin ? 'Thin' : 'Thick',
        diskMode: disk.mode,
        controllerType: disk.controller,
        maxSizeInBytes: disk.sizeBytes,
        name: diskInstance(disk),
        lun: disk.unit,
        path: disk.path,
        isOSDisk: String(disk.index === 0),
        key: FIRST_DISK_KEY + disk.index,
        instance: diskInstance(disk),
      })),
      networkAdapters: machine.nics.map((nic) => ({
        label: `Network adapter ${nic.index + 1}`,
        adapterType: nic.adapter,
        nicId: nicInstance(nic),
        macAddress: nic.macAddress,
        ipAddressList: nic.ipAddresses,
        networkName: facts.networks.find(({ id }) => id === nic.networkId)?.name ?? '',
      })),
    },
    machine.name,
  );
}

/** Instance of a disk in performance counters: "scsi0:1". */
export function diskInstance({ bus, unit }: { bus: number; unit: number }): string {
  return `scsi${bus}:${unit}`;
}

/** Instance of an adapter in performance counters: its device key. */
export function nicInstance({ index }: { index: number }): string {
  return String(FIRST_NIC_KEY + index);
}
