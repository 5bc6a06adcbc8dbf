/** What VMware Tools report of the guest: only while they run. */
import { isIPv4 } from 'node:net';
import type { Machine, Nic } from '../../estate/model.ts';
import type { Reading } from '../objects/object.ts';
import type { Data, Value } from '../values.ts';
import { nicKey } from './devices.ts';
import type { VirtualMachine } from './virtual-machine.ts';

interface ToolsState {
  readonly status: string;
  readonly runningStatus: string;
  readonly versionStatus: string;
}

function toolsOf(vm: VirtualMachine): ToolsState {
  if (vm.machine.tools === 'notInstalled')
    return {
      status: 'toolsNotInstalled',
      runningStatus: 'guestToolsNotRunning',
      versionStatus: 'guestToolsNotInstalled',
    };
  const state = vm.machine.toolsState ?? 'unmanaged';
  const versionStatus = VERSION_STATUS[state];
  return vm.toolsRun
    ? {
        status: state === 'needUpgrade' ? 'toolsOld' : 'toolsOk',
        runningStatus: 'guestToolsRunning',
        versionStatus,
      }
    : { status: 'toolsNotRunning', runningStatus: 'guestToolsNotRunning', versionStatus };
}

const VERSION_STATUS: Readonly<Record<NonNullable<Machine['toolsState']>, string>> = {
  current: 'guestToolsCurrent',
  needUpgrade: 'guestToolsNeedUpgrade',
  unmanaged: 'guestToolsUnmanaged',
};

/** Tools that vSphere brings come from its image; the others from the guest's packages. */
export function toolsInstallType({ tools, toolsState = 'unmanaged' }: Machine): string | undefined {
  if (tools === 'notInstalled') return undefined;
  return toolsState === 'unmanaged' ? 'guestToolsTypeOpenVMTools' : 'guestToolsTypeMSI';
}

const FAMILIES: Readonly<Record<Machine['os']['family'], string>> = {
  windows: 'windowsGuest',
  linux: 'linuxGuest',
  other: 'otherGuestFamily',
};

export function guestSummaryOf(vm: VirtualMachine): Data {
  const { os, dnsName } = vm.machine;
  const tools = toolsOf(vm);
  const runs = vm.toolsRun;
  return {
    $: 'VirtualMachineGuestSummary',
    guestId: runs ? os.guestId : undefined,
    guestFullName: runs ? (os.toolsFullName ?? os.fullName) : undefined,
    toolsStatus: tools.status,
    toolsVersionStatus: tools.versionStatus,
    toolsVersionStatus2: tools.versionStatus,
    toolsRunningStatus: tools.runningStatus,
    hostName: runs && dnsName !== '' ? dnsName : undefined,
    ipAddress: runs ? primaryAddress(vm.machine) : undefined,
  };
}

export function guestOf(vm: VirtualMachine, { vcenter }: Reading): Data {
  const { machine } = vm;
  const runs = vm.toolsRun;
  const tools = toolsOf(vm);
  return {
    $: 'GuestInfo',
    toolsStatus: tools.status,
    toolsVersionStatus: tools.versionStatus,
    toolsVersionStatus2: tools.versionStatus,
    toolsRunningStatus: tools.runningStatus,
    toolsVersion: String(machine.tools === 'notInstalled' ? 0 : machine.toolsVersion),
    toolsInstallType: toolsInstallType(machine),
    guestId: runs ? machine.os.guestId : undefined,
    guestFamily: runs ? FAMILIES[machine.os.family] : undefined,
    guestFullName: runs ? (machine.os.toolsFullName ?? machine.os.fullName) : undefined,
    hostName: runs && machine.dnsName !== '' ? machine.dnsName : undefined,
    ipAddress: runs ? primaryAddress(machine) : undefined,
    net: () =>
      runs ? machine.nics.map((nic) => nicInfo(nic, vcenter.inventory.network(nic.networkId).name)) : [],
    ipStack: () => (runs ? stacksOf(machine) : []),
    disk: () => (runs ? fileSystemsOf(machine) : []),
    screen: { $: 'GuestScreenInfo', width: runs ? 1024 : -1, height: runs ? 768 : -1 },
    guestState: runs ? 'running' : 'notRunning',
    appHeartbeatStatus: 'appStatusGray',
    guestKernelCrashed: runs ? false : undefined,
    appState: 'none',
    guestOperationsReady: runs,
    interactiveGuestOperationsReady: false,
    guestStateChangeSupported: runs,
  };
}

/** The address that vCenter shows first: IPv4 before IPv6, adapters in order. */
export function primaryAddress(machine: Machine): string | undefined {
  const addresses = machine.nics.flatMap((nic) => (nic.connected ? nic.ipAddresses : []));
  return addresses.find((address) => isIPv4(address)) ?? addresses[0];
}

const IPV4_PREFIX = 24;
const IPV6_PREFIX = 64;

function nicInfo(nic: Nic, network: string): Data {
  return {
    $: 'GuestNicInfo',
    network,
    ipAddress: nic.ipAddresses,
    macAddress: nic.macAddress,
    connected: nic.connected,
    deviceConfigId: nicKey(nic),
    ipConfig: {
      $: 'NetIpConfigInfo',
      ipAddress: nic.ipAddresses.map((ipAddress) => ({
        $: 'NetIpConfigInfoIpAddress',
        ipAddress,
        prefixLength: isIPv4(ipAddress) ? IPV4_PREFIX : IPV6_PREFIX,
        state: 'preferred',
      })),
    },
  };
}

/** One IP stack: its names, and a default route by the first address of the network of each IPv4 adapter. */
function stacksOf(machine: Machine): Value {
  const [hostName, ...domain] = machine.dnsName.split('.');
  const gateways = machine.nics.flatMap((nic) => {
    const address = nic.connected ? nic.ipAddresses.find((candidate) => isIPv4(candidate)) : undefined;
    return address === undefined
      ? []
      : [{ device: String(nic.index), gateway: address.replace(/\d+$/, '1') }];
  });
  return [
    {
      $: 'GuestStackInfo',
      dnsConfig: {
        $: 'NetDnsConfigInfo',
        dhcp: false,
        hostName: hostName ?? '',
        domainName: domain.join('.'),
        ipAddress: gateways.slice(0, 1).map(({ gateway }) => gateway),
        searchDomain: domain.length > 0 ? [domain.join('.')] : [],
      },
      ipRouteConfig: {
        $: 'NetIpRouteConfigInfo',
        ipRoute: gateways.map(({ device, gateway }) => ({
          $: 'NetIpRouteConfigInfoIpRoute',
          network: '0.0.0.0',
          prefixLength: 0,
          gateway: { $: 'NetIpRouteConfigInfoGateway', ipAddress: gateway, device },
        })),
      },
    },
  ];
}

/** One file system a disk, for disks whose use the source of the estate told. */
function fileSystemsOf(machine: Machine): Data[] {
  return machine.disks.flatMap((disk) =>
    disk.usedBytes === undefined
      ? []
      : [
          {
            $: 'GuestDiskInfo',
            diskPath:
              machine.os.family === 'windows'
                ? `${String.fromCharCode(67 + (disk.index % 24))}:\\`
                : disk.index === 0
                  ? '/'
                  : `/data${disk.index}`,
            capacity: disk.sizeBytes,
            freeSpace: Math.max(0, disk.sizeBytes - disk.usedBytes),
          },
        ],
  );
}
