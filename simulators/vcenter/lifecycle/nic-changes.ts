/** Network adapters that a specification adds to a machine or changes. */
import type { Nic } from '../../estate/model.ts';
import { vimFault } from '../faults.ts';
import { type NetworkObject, PortgroupObject } from '../objects/network.ts';
import { type Data, isRef } from '../values.ts';
import { type Device, deviceFault } from './device-changes.ts';
import type { Draft } from './draft.ts';

export interface NicSpec extends Device {
  readonly addressType?: string;
  readonly macAddress?: string;
  readonly backing?: Data;
}

const ADAPTERS: Readonly<Record<string, Nic['adapter']>> = {
  VirtualVmxnet3: 'vmxnet3',
  VirtualVmxnet2: 'vmxnet2',
  VirtualPCNet32: 'pcnet32',
  VirtualSriovEthernetCard: 'sriov',
  VirtualE1000: 'e1000',
  VirtualE1000e: 'e1000e',
};
const ADAPTERS_MAX = 10;

export function addNic(draft: Draft, spec: NicSpec, deviceIndex: number): void {
  const adapter = ADAPTERS[spec.$];
  if (!adapter)
    throw vimFault('NotSupported', `Adapters of type ${spec.$} are not supported by this server.`);
  if (draft.nics.length >= ADAPTERS_MAX)
    throw deviceFault(deviceIndex, `a machine has at most ${ADAPTERS_MAX} adapters`);
  const index = Math.max(-1, ...draft.nics.map((nic) => nic.index)) + 1;
  draft.nics.push({
    index,
    adapter,
    networkId: networkOf(draft, spec, deviceIndex).facts.id,
    ...addressOf(draft, spec, deviceIndex),
    connected: startsConnected(spec) ?? true,
    ipAddresses: [],
  });
}

export function editNic(draft: Draft, nic: Nic, spec: NicSpec, deviceIndex: number): void {
  const isManual = spec.macAddress !== undefined && spec.macAddress !== '';
  const changed: Nic = {
    ...nic,
    ...(isManual && spec.macAddress !== nic.macAddress ? addressOf(draft, spec, deviceIndex) : {}),
    ...(spec.backing ? { networkId: networkOf(draft, spec, deviceIndex).facts.id } : {}),
    connected: startsConnected(spec) ?? nic.connected,
  };
  draft.nics = draft.nics.map((each) => (each === nic ? changed : each));
}

function startsConnected({ connectable }: NicSpec): boolean | undefined {
  return (connectable as { readonly startConnected?: boolean } | undefined)?.startConnected;
}

function networkOf(draft: Draft, { backing }: NicSpec, deviceIndex: number): NetworkObject {
  const { networks } = draft.host;
  let found: NetworkObject | undefined;
  if (backing?.$ === 'VirtualEthernetCardNetworkBackingInfo') {
    const { network, deviceName } = backing;
    found = isRef(network)
      ? networks.find((each) => each.ref.id === network.id)
      : networks.find((each) => each.name === deviceName);
  } else if (backing?.$ === 'VirtualEthernetCardDistributedVirtualPortBackingInfo') {
    const { portgroupKey, switchUuid } = backing.port as Data;
    found = networks.find(
      (each) =>
        each instanceof PortgroupObject &&
        (portgroupKey === undefined || each.ref.id === portgroupKey) &&
        each.switch.uuid === switchUuid,
    );
  } else found = backing ? undefined : networks[0];
  if (!found)
    throw vimFault(
      'InvalidDeviceBacking',
      `Invalid configuration for device '${deviceIndex}': the host has no such network.`,
      { property: `deviceChange[${deviceIndex}].device.backing`, deviceIndex },
    );
  return found;
}

/** An address of the range that vCenter assigns from, or the one that was asked for. */
function addressOf(
  draft: Draft,
  { addressType, macAddress }: NicSpec,
  deviceIndex: number,
): Pick<Nic, 'macAddress' | 'addressType'> {
  if (macAddress !== undefined && macAddress !== '') {
    if (!/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/i.test(macAddress))
      throw deviceFault(deviceIndex, 'the MAC address is none');
    return {
      macAddress: macAddress.toLowerCase(),
      addressType: addressType?.toLowerCase() === 'manual' ? 'manual' : 'assigned',
    };
  }
  return newAddress(draft);
}

export function newAddress({ vcenter }: Pick<Draft, 'vcenter'>): Pick<Nic, 'macAddress' | 'addressType'> {
  const digits = vcenter.context.entropy.hex(6, 'vcenter.mac', vcenter.nextNumber()).match(/../g)!;
  // 00:50:56:80 to bf is what vCenter assigns from.
  digits[0] = (0x80 + (Number.parseInt(digits[0]!, 16) & 0x3f)).toString(16);
  return { macAddress: ['00', '50', '56', ...digits].join(':'), addressType: 'assigned' };
}
