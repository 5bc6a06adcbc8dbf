/** HostNetworkInfo: the standard switches of a host with their port groups, its part in distributed ones, its cards. */
import { isIP } from 'node:net';
import { constant, type Data } from '../values.ts';
import type { HostObject } from './host.ts';
import { PortgroupObject, type SwitchObject } from './network.ts';

const CARDS = 4;
/** What a switch of vSphere has when it is made. */
const PORTS = 1536;

const ALLOW_NOTHING = constant({
  $: 'HostNetworkPolicy',
  security: {
    $: 'HostNetworkSecurityPolicy',
    allowPromiscuous: false,
    macChanges: false,
    forgedTransmits: false,
  },
});

const TEN_GIGABIT = constant({ $: 'PhysicalNicLinkInfo', speedMb: 10_000, duplex: true });

export function hostNetworkOf(host: HostObject): Data {
  const standard = new Map<string, Array<{ readonly name: string; readonly vlanId: number }>>();
  const distributed = new Set<SwitchObject>();
  for (const network of host.networks)
    if (network instanceof PortgroupObject) distributed.add(network.switch);
    else {
      const { switch: name = 'vSwitch0', vlanId = 0 } = network.facts;
      const groups = standard.get(name) ?? [];
      groups.push({ name: network.facts.name, vlanId });
      standard.set(name, groups);
    }
  const switches = [...standard.keys()];
  return {
    $: 'HostNetworkInfo',
    vswitch: () =>
      switches.map((name, index) =>
        virtualSwitch(
          name,
          index,
          standard.get(name)!.map((each) => each.name),
        ),
      ),
    proxySwitch: () => [...distributed].map(proxySwitch),
    portgroup: () =>
      switches.flatMap((vswitchName) =>
        standard.get(vswitchName)!.map(({ name, vlanId }) => ({
          $: 'HostPortGroup',
          key: groupKey(name),
          port: [],
          vswitch: switchKey(vswitchName),
          computedPolicy: ALLOW_NOTHING,
          spec: { $: 'HostPortGroupSpec', name, vlanId, vswitchName, policy: ALLOW_NOTHING },
        })),
      ),
    pnic: () => Array.from({ length: CARDS }, (_, index) => card(host, index)),
    vnic: () => [managementNic(host)],
    dnsConfig: dnsConfigOf(host.name),
  };
}

function groupKey(name: string): string {
  return `key-vim.host.PortGroup-${name}`;
}

function switchKey(name: string): string {
  return `key-vim.host.VirtualSwitch-${name}`;
}

function cardKey(index: number): string {
  return `key-vim.host.PhysicalNic-vmnic${index}`;
}

/** Cards are dealt out to standard switches in turn; distributed ones have the last two. */
function virtualSwitch(name: string, index: number, groups: readonly string[]): Data {
  const number = index % (CARDS - 2);
  return {
    $: 'HostVirtualSwitch',
    name,
    key: switchKey(name),
    numPorts: PORTS,
    numPortsAvailable: PORTS - groups.length,
    mtu: 1500,
    portgroup: groups.map(groupKey),
    pnic: [cardKey(number)],
    spec: {
      $: 'HostVirtualSwitchSpec',
      numPorts: 128,
      bridge: { $: 'HostVirtualSwitchBondBridge', nicDevice: [`vmnic${number}`] },
      policy: ALLOW_NOTHING,
      mtu: 1500,
    },
  };
}

function proxySwitch(carrier: SwitchObject): Data {
  const cards = [CARDS - 2, CARDS - 1];
  return {
    $: 'HostProxySwitch',
    dvsUuid: carrier.uuid,
    dvsName: carrier.name,
    key: `key-vim.host.ProxySwitch-DvsPortset-${carrier.ref.id}`,
    numPorts: PORTS,
    numPortsAvailable: PORTS - 16,
    uplinkPort: cards.map((_, index) => ({
      $: 'KeyValue',
      key: String(index),
      value: `Uplink ${index + 1}`,
    })),
    mtu: 1500,
    pnic: cards.map(cardKey),
    spec: {
      $: 'HostProxySwitchSpec',
      backing: {
        $: 'DistributedVirtualSwitchHostMemberPnicBacking',
        pnicSpec: cards.map((card, index) => ({
          $: 'DistributedVirtualSwitchHostMemberPnicSpec',
          pnicDevice: `vmnic${card}`,
          uplinkPortKey: String(index),
        })),
      },
    },
  };
}

function macOf(host: HostObject, index: number): string {
  const digits = host.facts.uuid.replaceAll('-', '').slice(-8);
  return `0c:c4:${digits.slice(0, 2)}:${digits.slice(2, 4)}:${digits.slice(4, 6)}:${digits.slice(6, 7)}${index}`;
}

function card(host: HostObject, index: number): Data {
  return {
    $: 'PhysicalNic',
    key: cardKey(index),
    device: `vmnic${index}`,
    pci: `0000:3d:00.${index}`,
    driver: 'i40en',
    linkSpeed: TEN_GIGABIT,
    validLinkSpecification: [],
    spec: {
      $: 'PhysicalNicSpec',
      ip: { $: 'HostIpConfig', dhcp: false, ipAddress: '', subnetMask: '' },
      linkSpeed: TEN_GIGABIT,
    },
    wakeOnLanSupported: false,
    mac: macOf(host, index),
  };
}

function managementNic(host: HostObject): Data {
  return {
    $: 'HostVirtualNic',
    device: 'vmk0',
    key: 'key-vim.host.VirtualNic-vmk0',
    portgroup: 'Management Network',
    spec: {
      $: 'HostVirtualNicSpec',
      ip: {
        $: 'HostIpConfig',
        dhcp: false,
        ipAddress: isIP(host.name) ? host.name : undefined,
        subnetMask: '255.255.255.0',
      },
      mac: macOf(host, 0),
      mtu: 1500,
    },
  };
}

/** Name and domain as the host knows them; a host that is known by its address has that for a name. */
function dnsConfigOf(name: string): Data {
  const dot = isIP(name) ? -1 : name.indexOf('.');
  const domainName = dot < 0 ? '' : name.slice(dot + 1);
  return {
    $: 'HostDnsConfig',
    dhcp: false,
    hostName: dot < 0 ? name : name.slice(0, dot),
    domainName,
    searchDomain: domainName === '' ? [] : [domainName],
  };
}
