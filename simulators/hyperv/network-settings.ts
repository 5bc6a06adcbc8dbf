/** Adapters, what they are plugged into, VLANs, and the addresses that guests tell. */
import { isIPv4 } from 'node:net';
import type { Nic } from '../estate/model.ts';
import type { CimInstance } from '../winrm/cim/values.ts';
import type { HypervHost } from './hyperv-host.ts';
import { ALLOCATED } from './machine-settings.ts';
import { isStruck, speaks } from './machine-state.ts';
import { instance, isLegacy, nicGuid, nicId, pathText, type Settings } from './names.ts';

/** Msvm_SyntheticEthernetPortSettingData; Msvm_EmulatedEthernetPortSettingData of legacy adapters. */
export function nicSettings(host: HypervHost, of: Settings): CimInstance[] {
  return of.machine.nics.map((nic) => nicSetting(host, of, nic));
}

function nicSetting(host: HypervHost, of: Settings, nic: Nic): CimInstance {
  const legacy = isLegacy(of.machine, nic);
  return instance(legacy ? 'Msvm_EmulatedEthernetPortSettingData' : 'Msvm_SyntheticEthernetPortSettingData', {
    ...ALLOCATED,
    Caption: 'Ethernet Port',
    Description: `Settings for the Microsoft ${legacy ? 'Emulated' : 'Synthetic'} Ethernet Port.`,
    ElementName: legacy ? 'Legacy Network Adapter' : 'Network Adapter',
    InstanceID: nicId(of, nic, host.entropy),
    Address: nic.macAddress.replaceAll(':', '').toUpperCase(),
    ResourceType: 10,
    ResourceSubType: legacy
      ? 'Microsoft:Hyper-V:Emulated Ethernet Port'
      : 'Microsoft:Hyper-V:Synthetic Ethernet Port',
    VirtualQuantity: 1,
    VirtualQuantityUnits: 'count',
    AllocationUnits: 'count',
    Reservation: 1,
    Limit: 1,
    Weight: 0,
    StaticMacAddress: nic.addressType === 'manual',
    ClusterMonitored: true,
    ...(legacy
      ? {}
      : {
          AllowPacketDirect: false,
          DeviceNamingEnabled: false,
          InterruptModeration: true,
          NumaAwarePlacement: false,
          VirtualSystemIdentifiers: [`{${nicGuid(of.machine, nic, host.entropy)}}`],
        }),
  });
}

function connectionId(host: HypervHost, of: Settings, nic: Nic): string {
  return `${nicId(of, nic, host.entropy)}\\C`;
}

/** What an adapter is plugged into: Msvm_EthernetPortAllocationSettingData. */
export function nicConnections(host: HypervHost, of: Settings): CimInstance[] {
  return of.machine.nics.map((nic) => {
    const network = switchOf(host, nic.networkId);
    return instance('Msvm_EthernetPortAllocationSettingData', {
      ...ALLOCATED,
      Caption: 'Ethernet Switch Port Settings',
      Description: 'Ethernet Switch Port Settings',
      ElementName: 'Dynamic Ethernet Switch Port',
      InstanceID: connectionId(host, of, nic),
      Parent: pathText(nicSetting(host, of, nic), host.computer),
      HostResource: network ? [pathText(network, host.computer)] : [],
      EnabledState: nic.connected ? 2 : 3,
      LastKnownSwitchName: String(network?.values['ElementName'] ?? ''),
      ResourceType: 33,
      ResourceSubType: 'Microsoft:Hyper-V:Ethernet Connection',
      AllocationUnits: 'count',
      VirtualQuantityUnits: 'count',
    });
  });
}

/** OperationMode of a port that knows one VLAN. */
const ACCESS = 1;

/** Msvm_EthernetSwitchPortVlanSettingData of the connections to networks with a VLAN; none of others. */
export function vlanSettings(host: HypervHost, of: Settings): CimInstance[] {
  return of.machine.nics.flatMap((nic) => {
    const vlan = host.estate.facts.networks.find(({ id }) => id === nic.networkId)?.vlanId ?? 0;
    if (vlan === 0) return [];
    return [
      instance('Msvm_EthernetSwitchPortVlanSettingData', {
        Caption: 'Ethernet Switch Port VLAN Settings',
        Description: 'Represents the port VLAN settings.',
        ElementName: 'Ethernet Switch Port VLAN Settings',
        InstanceID: `${connectionId(host, of, nic)}\\VLAN`,
        AccessVlanId: vlan,
        NativeVlanId: 0,
        OperationMode: ACCESS,
        PrimaryVlanId: 0,
        PvlanMode: 0,
        SecondaryVlanId: 0,
      }),
    ];
  });
}

export function switches(host: HypervHost): CimInstance[] {
  const { estate, host: place } = host;
  return estate.facts.networks
    .filter(({ datacenterId }) => datacenterId === place.datacenterId)
    .map((network) => switchNamed(host, network.id, network.name));
}

function switchNamed(host: HypervHost, networkId: string, name: string): CimInstance {
  return instance('Msvm_VirtualEthernetSwitch', {
    Caption: 'Virtual Switch',
    Description: 'Microsoft Virtual Switch',
    ElementName: name,
    CreationClassName: 'Msvm_VirtualEthernetSwitch',
    Name: host.entropy.uuid('hyperv.switch', host.host.id, networkId).toUpperCase(),
    EnabledState: 5,
    RequestedState: 12,
    HealthState: 5,
    OperationalStatus: [2],
    Status: 'OK',
    MaxIOVOffloads: 0,
    MaxVMQOffloads: 1,
  });
}

function switchOf(host: HypervHost, networkId: string): CimInstance | undefined {
  const network = host.estate.facts.networks.find(({ id }) => id === networkId);
  return network && switchNamed(host, network.id, network.name);
}

/** Msvm_SyntheticEthernetPort: the devices of the adapters. */
export function nicDevices(host: HypervHost, of: Settings): CimInstance[] {
  return of.machine.nics.flatMap((nic) =>
    isLegacy(of.machine, nic)
      ? []
      : [
          instance('Msvm_SyntheticEthernetPort', {
            Caption: 'Ethernet Port',
            Description: 'Microsoft Virtual Ethernet Port',
            ElementName: 'Network Adapter',
            CreationClassName: 'Msvm_SyntheticEthernetPort',
            DeviceID: nicId(of, nic, host.entropy),
            SystemCreationClassName: 'Msvm_ComputerSystem',
            SystemName: of.id,
            EnabledState: 2,
            HealthState: 5,
            OperationalStatus: [2],
            PermanentAddress: nic.macAddress.replaceAll(':', '').toUpperCase(),
          }),
        ],
  );
}

const V4 = 4096;
const V6 = 4097;
const BOTH = 4098;

/** Addresses that the guest's integration services tell; nothing without them. */
export function guestNetworks(host: HypervHost, of: Settings): CimInstance[] {
  const { machine } = of;
  const known = speaks(host, machine) && !isStruck(host, 'noAddresses', machine.name);
  return machine.nics.map((nic) => {
    const addresses = known && nic.connected ? nic.ipAddresses : [];
    const first = addresses.find((address) => isIPv4(address));
    const hasV6 = addresses.some((address) => !isIPv4(address));
    return instance('Msvm_GuestNetworkAdapterConfiguration', {
      InstanceID: nicId(of, nic, host.entropy).replace('Microsoft:', 'Microsoft:GuestNetwork\\'),
      IPAddresses: addresses,
      Subnets: addresses.map((address) => (isIPv4(address) ? '255.255.255.0' : '/64')),
      DefaultGateways: first === undefined ? [] : [first.replace(/\d+$/, '1')],
      DNSServers: first === undefined ? [] : [first.replace(/\d+$/, '2')],
      DHCPEnabled: false,
      ProtocolIFType: hasV6 ? (first === undefined ? V6 : BOTH) : V4,
      IPAddressOrigins: addresses.map(() => 3),
    });
  });
}
