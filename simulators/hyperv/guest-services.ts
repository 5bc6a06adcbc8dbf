/** Integration services of a machine: what the guest tells of itself, and that it is alive. */
import { isIPv4 } from 'node:net';
import { escapeText } from '#core/wire/xml/writer.ts';
import type { Machine } from '../estate/model.ts';
import type { CimInstance } from '../winrm/cim/values.ts';
import { type HypervHost, machineGuid } from './hyperv-host.ts';
import { isStruck, speaks } from './machine-state.ts';
import { instance } from './names.ts';

const deviceKeys = (machine: Machine, className: string, id: string) => ({
  CreationClassName: className,
  DeviceID: `Microsoft:${machineGuid(machine)}\\${id}`,
  SystemCreationClassName: 'Msvm_ComputerSystem',
  SystemName: machineGuid(machine),
});

/** Msvm_KvpExchangeComponent: what the guest says of itself, as strings of CIM-XML. */
export function kvpExchange(host: HypervHost, machine: Machine): CimInstance {
  const known = speaks(host, machine);
  return instance('Msvm_KvpExchangeComponent', {
    ...deviceKeys(machine, 'Msvm_KvpExchangeComponent', '2A34B1C2-FD73-4043-8A5B-DD2159BC743F'),
    Caption: 'Key-Value Pair Exchange',
    Description: 'Microsoft Key-Value Pair Exchange Component',
    ElementName: 'Key-Value Pair Exchange',
    EnabledState: 2,
    HealthState: 5,
    OperationalStatus: known ? [2] : [12],
    GuestExchangeItems: [],
    GuestIntrinsicExchangeItems: known ? kvpItems(host, machine).map(kvpItem) : [],
  });
}

function kvpItems(host: HypervHost, machine: Machine): Array<readonly [string, string]> {
  const guest = host.guests.guest(machine.id);
  const addresses = isStruck(host, 'noAddresses', machine.name)
    ? []
    : machine.nics.flatMap((nic) => (nic.connected ? nic.ipAddresses : []));
  const common: Array<readonly [string, string]> = [
    ['FullyQualifiedDomainName', machine.dnsName],
    ['NetworkAddressIPv4', addresses.filter((address) => isIPv4(address)).join(';')],
    ['NetworkAddressIPv6', addresses.filter((address) => !isIPv4(address)).join(';')],
  ];
  if (guest?.os.family === 'windows') {
    const [major = '', minor = '', build = ''] = guest.os.version.split('.');
    return [
      ...common,
      ['OSName', guest.os.caption.replace('Microsoft ', '')],
      ['OSVersion', guest.os.version],
      ['OSMajorVersion', major],
      ['OSMinorVersion', minor],
      ['OSBuildNumber', build],
      ['OSPlatformId', '2'],
      ['ServicePackMajor', '0'],
      ['ServicePackMinor', '0'],
      ['ProductType', guest.os.server ? '3' : '1'],
      ['ProcessorArchitecture', guest.os.architecture === '64-bit' ? '9' : '0'],
      ['IntegrationServicesVersion', guest.os.version],
    ];
  }
  if (guest?.os.family === 'linux')
    return [
      ...common,
      ['OSName', guest.os.name],
      ['OSVersion', guest.os.kernel],
      ['OSDistributionName', guest.os.name],
      ['OSDistributionData', guest.os.versionId],
      ['OSKernelVersion', guest.os.kernel],
      ['OSMajorVersion', guest.os.versionId.split('.')[0] ?? ''],
      ['OSMinorVersion', guest.os.versionId.split('.')[1] ?? '0'],
      ['ProcessorArchitecture', guest.os.architecture],
      ['IntegrationServicesVersion', '3.1'],
    ];
  return common;
}

/** Msvm_KvpExchangeDataItem as a string (DSP0201). */
function kvpItem([name, data]: readonly [string, string]): string {
  const property = (key: string, type: string, value: string): string =>
    `<PROPERTY NAME="${key}" TYPE="${type}"><VALUE>${escapeText(value)}</VALUE></PROPERTY>`;
  return (
    '<INSTANCE CLASSNAME="Msvm_KvpExchangeDataItem">' +
    `<PROPERTY NAME="Caption" TYPE="string"></PROPERTY>${property('Data', 'string', data)}` +
    '<PROPERTY NAME="Description" TYPE="string"></PROPERTY><PROPERTY NAME="ElementName" TYPE="string"></PROPERTY>' +
    `${property('Name', 'string', name)}${property('Source', 'uint16', '2')}</INSTANCE>`
  );
}

/** What integration services offer beside telling of themselves: one device each. */
const COMPONENTS = [
  ['Msvm_HeartbeatComponent', '84EAAE65-2F2E-45F5-9BB5-0E857DC8EB47', 'Heartbeat'],
  ['Msvm_ShutdownComponent', '9F8233AC-BE49-4C79-8EE3-E7E1985B2077', 'Operating System Shutdown'],
  ['Msvm_TimeSyncComponent', '2497F4DE-E9FA-4204-80E4-4B75C46419C0', 'Time Synchronization'],
] as const;

export function components(host: HypervHost, machine: Machine): CimInstance[] {
  return COMPONENTS.map(([className, id, name]) =>
    instance(className, {
      ...deviceKeys(machine, className, id),
      Caption: name,
      Description: `Microsoft Virtual Machine ${name} Component`,
      ElementName: name,
      EnabledState: 2,
      HealthState: 5,
      OperationalStatus: speaks(host, machine) ? [2] : [12],
    }),
  );
}
