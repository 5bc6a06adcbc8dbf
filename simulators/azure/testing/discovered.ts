/** A machine as an appliance would send it, for tests. */
export function discovered(n: number, change: object = {}): Record<string, unknown> {
  const digits = String(n).padStart(12, '0');
  return {
    displayName: `web-${n}`,
    instanceUuid: `50000000-0000-4000-8000-${digits}`,
    biosGuid: `42000000-0000-4000-8000-${digits}`,
    numberOfProcessorCore: 4,
    allocatedMemoryInMB: 8192,
    operatingSystemDetails: {
      osType: 'windowsguest',
      osName: 'Microsoft Windows Server 2016 (64-bit)',
      osVersion: '',
      osArchitecture: 'x64',
    },
    firmware: 'BIOS',
    powerStatus: 'ON',
    vCenterFQDN: 'vcenter.corp.test',
    hostName: 'esx-1.corp.test',
    hostVersion: '7.0.3',
    numberOfSnapshots: 0,
    disks: [
      {
        uuid: `6000c290-0000-4000-8000-${digits}`,
        label: 'Hard disk 1',
        diskProvisioningPolicy: 'Thin',
        diskMode: 'persistent',
        controllerType: 'pvscsi',
        maxSizeInBytes: 137_438_953_472,
        name: `web-${n}.vmdk`,
        lun: 0,
        path: `[ds] web-${n}/web-${n}.vmdk`,
        isOSDisk: 'true',
        key: 2000,
        instance: 'scsi0:0',
      },
    ],
    networkAdapters: [
      {
        label: 'Network adapter 1',
        adapterType: 'vmxnet3',
        nicId: '4000',
        macAddress: '00:50:56:00:00:01',
        ipAddressList: ['10.0.0.4'],
        networkName: 'VM Network',
      },
    ],
    ...change,
  };
}

export const VCENTER = { fqdn: 'vcenter.corp.test', instanceUuid: 'vc-uuid', version: '7.0.3' };
