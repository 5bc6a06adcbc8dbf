/** What Windows calls the disks and adapters of a machine, by what the machine runs on. */
import type { Nic } from '../model.ts';
import type { Guest } from './guest.ts';

const DEVICES = {
  vmware: {
    disk: 'VMware Virtual disk SCSI Disk Device',
    hardwareId: 'SCSI\\DISK&VEN_VMWARE&PROD_VIRTUAL_DISK',
    maker: 'VMware, Inc.',
  },
  hyperv: {
    disk: 'Microsoft Virtual Disk',
    hardwareId: 'SCSI\\DISK&VEN_MSFT&PROD_VIRTUAL_DISK',
    maker: 'Microsoft',
  },
  physical: {
    disk: 'HPE LOGICAL VOLUME SCSI Disk Device',
    hardwareId: 'SCSI\\DISK&VEN_HPE&PROD_LOGICAL_VOLUME',
    maker: 'HPE',
  },
} as const;

const INTEL = 'Intel(R) 82574L Gigabit Network Connection';

function platformOf({ facts }: Guest): keyof typeof DEVICES {
  return facts.platform ?? 'vmware';
}

export function windowsDevices(guest: Guest): (typeof DEVICES)[keyof typeof DEVICES] {
  return DEVICES[platformOf(guest)];
}

/** "vmxnet3 Ethernet Adapter", "vmxnet3 Ethernet Adapter #2" … */
export function adapterName(guest: Guest, { adapter, index }: Nic): string {
  const product = {
    vmware: adapter === 'vmxnet3' ? 'vmxnet3 Ethernet Adapter' : INTEL,
    hyperv: 'Microsoft Hyper-V Network Adapter',
    physical: 'HPE Ethernet 10Gb 2-port 562FLR-SFP+ Adapter',
  }[platformOf(guest)];
  return index === 0 ? product : `${product} #${index + 1}`;
}

export function adapterDriver(guest: Guest, { adapter }: Nic): string {
  return {
    vmware: adapter === 'vmxnet3' ? 'vmxnet3ndis6' : 'E1G60',
    hyperv: 'netvsc',
    physical: 'i40ei65',
  }[platformOf(guest)];
}

export function adapterMaker(guest: Guest, { adapter }: Nic): string {
  const platform = platformOf(guest);
  return platform === 'vmware' && adapter !== 'vmxnet3' ? 'Intel Corporation' : DEVICES[platform].maker;
}
