/**
 * Networks of a subscription: virtual networks with subnets, network security groups, public addresses and
 * network interfaces, with what ties them: an interface takes an address of a subnet, and nothing goes while
 * another thing uses it.
 */
import { assert } from '#core/assert.ts';
import { SECOND } from '#core/units.ts';
import type { SimulatorContext } from '../../kit/context.ts';
import { conflict } from '../arm/faults.ts';
import { ArmError, type ArmRequest } from '../arm/provider.ts';
import { ResourceShelf, type Shelved } from '../arm/resource-shelf.ts';
import { addressText, freeAddress, isUsable, type Prefix, parseAddress, parsePrefix } from './prefixes.ts';
import { type InterfaceProperties, readInterface, readPublicAddress } from './requests.ts';
import { actOnRules, makeSecurityGroup, type SecurityGroup, viewSecurityGroup } from './security-groups.ts';
import {
  actOnSubnets,
  makeNetwork,
  type Subnet,
  type VirtualNetwork,
  viewNetwork,
} from './virtual-networks.ts';

export const NETWORK_NAMESPACE = 'Microsoft.Network';
export const NETWORK_API_VERSIONS = [
  ...['2015-06-15', '2016-09-01', '2016-12-01', '2017-03-01', '2017-06-01', '2017-10-01', '2018-01-01'],
  ...['2018-02-01', '2018-04-01', '2018-06-01', '2018-07-01', '2018-08-01', '2018-10-01', '2018-12-01'],
  ...['2018-11-01', '2019-02-01', '2019-04-01', '2019-06-01', '2019-07-01', '2019-08-01', '2019-09-01'],
  ...['2019-11-01', '2019-12-01', '2020-03-01', '2020-04-01', '2020-05-01', '2020-06-01', '2020-07-01'],
  ...['2020-08-01', '2020-11-01', '2021-02-01', '2021-03-01', '2021-05-01', '2021-08-01', '2022-01-01'],
  ...['2022-05-01', '2022-07-01', '2022-09-01', '2022-11-01', '2023-02-01', '2023-04-01', '2023-05-01'],
  ...['2023-06-01', '2023-09-01', '2023-11-01', '2024-01-01', '2024-03-01', '2024-05-01', '2024-07-01'],
  ...['2024-10-01', '2025-01-01', '2025-03-01', '2025-05-01', '2026-01-01'],
];
const NAME = /^[a-zA-Z0-9](?:[\w.-]{0,78}\w)?$/;
const TAKES = { createTakesMs: 2 * SECOND, deleteTakesMs: 2 * SECOND };
/** Public addresses are of the ranges that documentation may use (RFC 5737), one after the other. */
const PUBLIC_RANGES: readonly Prefix[] = ['203.0.113.0/24', '198.51.100.0/24', '192.0.2.0/24'].map((text) => {
  const prefix = parsePrefix(text);
  assert(prefix, `${text} is a range`);
  return prefix;
});

export interface IpSetting {
  readonly name: string;
  readonly subnetId: string;
  readonly isStatic: boolean;
  readonly address: number;
  readonly publicAddressId: string | undefined;
  readonly primary: boolean;
}

export interface NetworkInterface {
  readonly settings: readonly IpSetting[];
  readonly securityGroupId: string | undefined;
  readonly kept: Partial<InterfaceProperties>;
  readonly macAddress: string;
  /** The machine that it is in. */
  machineId: string | undefined;
}

interface PublicAddress {
  readonly isStatic: boolean;
  readonly dnsLabel: string | undefined;
  readonly kept: Readonly<Record<string, unknown>>;
  /** Dynamic ones have an address only while they are used. */
  address: string | undefined;
}

export class Network {
  readonly #context: SimulatorContext;
  readonly networks: ResourceShelf<VirtualNetwork>;
  readonly securityGroups: ResourceShelf<SecurityGroup>;
  readonly publicAddresses: ResourceShelf<PublicAddress>;
  readonly interfaces: ResourceShelf<NetworkInterface>;

  constructor(context: SimulatorContext) {
    this.#context = context;
    const common = { namespace: NETWORK_NAMESPACE, apiVersions: NETWORK_API_VERSIONS, name: NAME, ...TAKES };
    this.networks = new ResourceShelf({
      ...common,
      type: 'virtualNetworks',
      read: (request, before) => makeNetwork(this, request, before),
      leaving: (network) => {
        for (const subnet of network.properties.subnets) this.requireUnusedSubnet(network, subnet);
      },
      view: (network) => viewNetwork(this, network),
      act: (network, request) => actOnSubnets(this, network, request),
    });
    this.securityGroups = new ResourceShelf({
      ...common,
      type: 'networkSecurityGroups',
      read: makeSecurityGroup,
      leaving: (group) => this.#requireUnusedGroup(group),
      view: (group) => viewSecurityGroup(this, group),
      act: (group, request) => actOnRules(this, group, request),
    });
    this.publicAddresses = new ResourceShelf({
      ...common,
      type: 'publicIPAddresses',
      read: (request, before) => this.#makePublicAddress(request, before),
      leaving: (address) => {
        const user = this.#userOf(address.id);
        if (user)
          throw badState(
            'PublicIPAddressCannotBeDeleted',
            `Public IP address ${address.id} can not be deleted since it is still allocated to resource ${user}.`,
          );
      },
      view: (address) => this.#viewPublicAddress(address),
    });
    this.interfaces = new ResourceShelf({
      ...common,
      type: 'networkInterfaces',
      read: (request, before) => this.#makeInterface(request, before),
      made: () => this.#allocateUsed(),
      leaving: ({ id, properties }) => {
        if (properties.machineId !== undefined)
          throw badState(
            'NicInUse',
            `Network Interface ${id} is used by existing resource ${properties.machineId}. In order to delete the network interface, it must be dissociated from the resource.`,
          );
      },
      left: () => this.#allocateUsed(),
      view: (nic) => this.#viewInterface(nic),
    });
  }

  /** @throws ArmError InvalidResourceReference */
  requireSubnet(id: string): { network: Shelved<VirtualNetwork>; subnet: Subnet } {
    const cut = id.toLowerCase().lastIndexOf('/subnets/');
    const network = cut < 0 ? undefined : this.networks.find(id.slice(0, cut));
    const name = id.slice(cut + '/subnets/'.length).toLowerCase();
    const subnet = network?.properties.subnets.find((known) => known.name.toLowerCase() === name);
    if (!network || !subnet) throw badReference(id);
    return { network, subnet };
  }

  subnetId(network: Shelved<VirtualNetwork>, subnet: Subnet): string {
    return `${network.id}/subnets/${subnet.name}`;
  }

  /** Settings of interfaces in a subnet. */
  *inSubnet(subnetId: string): Generator<{ nic: Shelved<NetworkInterface>; setting: IpSetting }> {
    const wanted = subnetId.toLowerCase();
    for (const nic of this.interfaces.all())
      for (const setting of nic.properties.settings)
        if (setting.subnetId.toLowerCase() === wanted) yield { nic, setting };
  }

  settingId(nic: Shelved<NetworkInterface>, { name }: IpSetting): string {
    return `${nic.id}/ipConfigurations/${name}`;
  }

  /** @throws ArmError InUseSubnetCannotBeDeleted */
  requireUnusedSubnet(network: Shelved<VirtualNetwork>, subnet: Subnet): void {
    for (const { nic, setting } of this.inSubnet(this.subnetId(network, subnet)))
      throw badState(
        'InUseSubnetCannotBeDeleted',
        `Subnet ${subnet.name} is in use by ${this.settingId(nic, setting)} and cannot be deleted. In order to delete the subnet, delete all the resources within the subnet.`,
      );
  }

  /** @throws ArmError InvalidResourceReference */
  requireSecurityGroup(id: string): string {
    const found = this.securityGroups.find(id);
    if (!found) throw badReference(id);
    return found.id;
  }

  /** @throws ArmError 409 when the interface cannot be put into that machine */
  requireAttachable(id: string, machineId: string): Shelved<NetworkInterface> {
    const nic = this.interfaces.find(id);
    if (!nic) throw badReference(id);
    const { machineId: now } = nic.properties;
    if (now !== undefined && now.toLowerCase() !== machineId.toLowerCase())
      throw badState(
        'NicInUse',
        `Network Interface ${nic.id} is used by existing resource ${now}. It cannot be attached to ${machineId}.`,
      );
    return nic;
  }

  #requireUnusedGroup({ id }: Shelved<SecurityGroup>): void {
    const used = [
      ...this.interfaces.all().filter(({ properties }) => properties.securityGroupId === id),
      ...this.networks
        .all()
        .filter(({ properties }) => properties.subnets.some((s) => s.securityGroupId === id)),
    ];
    if (used.length > 0)
      throw badState(
        'InUseNetworkSecurityGroupCannotBeDeleted',
        `Network security group ${id} cannot be deleted because it is in use by the following resources: ${used.map((user) => user.id).join(', ')}.`,
      );
  }

  #makePublicAddress(request: ArmRequest, before: Shelved<PublicAddress> | undefined) {
    const { location, tags = {}, sku, zones, properties = {} } = readPublicAddress(request.body, '');
    const { publicIPAllocationMethod, dnsSettings, idleTimeoutInMinutes, deleteOption, ipTags } = properties;
    const name = sku?.name ?? (before?.beside['sku'] as { name: string } | undefined)?.name ?? 'Basic';
    const isStatic = (publicIPAllocationMethod ?? (name === 'Standard' ? 'Static' : 'Dynamic')) === 'Static';
    if (name === 'Standard' && !isStatic)
      throw badState(
        'StandardSkuPublicIPAddressesMustBeStatic',
        'Standard sku publicIp must have AllocationMethod set to Static.',
      );
    const known = before?.properties.address;
    return {
      location,
      tags,
      beside: { sku: { name, tier: sku?.tier ?? 'Regional' }, ...(zones ? { zones } : {}) },
      properties: {
        isStatic,
        dnsLabel: dnsSettings?.domainNameLabel,
        kept: {
          idleTimeoutInMinutes: idleTimeoutInMinutes ?? 4,
          ipTags: ipTags ?? [],
          ...(deleteOption ? { deleteOption } : {}),
        },
        address: known ?? (isStatic ? this.#nextPublicAddress() : undefined),
      },
    };
  }

  #nextPublicAddress(): string {
    const used = new Set(this.publicAddresses.all().map(({ properties }) => properties.address));
    for (const { start, size } of PUBLIC_RANGES)
      for (let address = start + 1; address < start + size - 1; address++)
        if (!used.has(addressText(address))) return addressText(address);
    throw conflict('PublicIPAddressQuotaExceeded', 'There is no public address left.');
  }

  /** Dynamic addresses come and go with their use. */
  #allocateUsed(): void {
    for (const { id, properties } of this.publicAddresses.all()) {
      if (properties.isStatic) continue;
      const isUsed = this.#userOf(id) !== undefined;
      if (isUsed) properties.address ??= this.#nextPublicAddress();
      else properties.address = undefined;
    }
  }

  /** Id of the setting of an interface that uses a public address. */
  #userOf(publicAddressId: string): string | undefined {
    for (const nic of this.interfaces.all())
      for (const setting of nic.properties.settings)
        if (setting.publicAddressId?.toLowerCase() === publicAddressId.toLowerCase())
          return this.settingId(nic, setting);
    return undefined;
  }

  #viewPublicAddress({ id, location, properties, state }: Shelved<PublicAddress>): object {
    const { isStatic, dnsLabel, kept, address } = properties;
    const user = this.#userOf(id);
    return {
      provisioningState: state,
      resourceGuid: this.#guidOf(id),
      publicIPAddressVersion: 'IPv4',
      publicIPAllocationMethod: isStatic ? 'Static' : 'Dynamic',
      ...kept,
      ...(address === undefined ? {} : { ipAddress: address }),
      ...(dnsLabel === undefined
        ? {}
        : { dnsSettings: { domainNameLabel: dnsLabel, fqdn: `${dnsLabel}.${location}.cloudapp.azure.com` } }),
      ...(user === undefined ? {} : { ipConfiguration: { id: user } }),
    };
  }

  #makeInterface(request: ArmRequest, before: Shelved<NetworkInterface> | undefined) {
    const { location, tags = {}, properties } = readInterface(request.body, '');
    const { ipConfigurations, networkSecurityGroup, ...rest } = properties;
    if (ipConfigurations.length === 0)
      throw badState(
        'NetworkInterfaceMustHaveAtleastOneIpConfiguration',
        'An interface has an ip configuration.',
      );
    const own = before?.id.toLowerCase();
    const settings: IpSetting[] = [];
    for (const { name, properties: wanted } of ipConfigurations) {
      const { network, subnet } = this.requireSubnet(wanted.subnet.id);
      const subnetId = this.subnetId(network, subnet);
      const publicAddress = wanted.publicIPAddress && this.publicAddresses.find(wanted.publicIPAddress.id);
      if (wanted.publicIPAddress && !publicAddress) throw badReference(wanted.publicIPAddress.id);
      const user = publicAddress && this.#userOf(publicAddress.id);
      if (user !== undefined && !user.toLowerCase().startsWith(`${own}/`))
        throw badState(
          'PublicIPAddressInUse',
          `Resource ${request.name} is referencing public IP address ${publicAddress!.id} that is already allocated to resource ${user}.`,
        );
      const used = new Set(settings.filter((s) => s.subnetId === subnetId).map(({ address }) => address));
      for (const { nic, setting } of this.inSubnet(subnetId))
        if (nic.id.toLowerCase() !== own) used.add(setting.address);
      const kept = before?.properties.settings.find((s) => s.name === name && s.subnetId === subnetId);
      settings.push({
        name,
        subnetId,
        isStatic: wanted.privateIPAllocationMethod === 'Static',
        address: addressIn(subnet, wanted, kept?.address, used),
        publicAddressId: publicAddress?.id,
        primary: wanted.primary ?? settings.length === 0,
      });
    }
    const mac =
      before?.properties.macAddress ??
      macOf(this.#context.entropy.bytes(3, 'azure.nic', request.name, request.now));
    return {
      location,
      tags,
      properties: {
        settings,
        securityGroupId: networkSecurityGroup && this.requireSecurityGroup(networkSecurityGroup.id),
        kept: rest,
        macAddress: mac,
        machineId: before?.properties.machineId,
      },
    };
  }

  #viewInterface(nic: Shelved<NetworkInterface>): object {
    const { id, properties, state } = nic;
    const { settings, securityGroupId, kept, macAddress, machineId } = properties;
    return {
      provisioningState: state,
      resourceGuid: this.#guidOf(id),
      ipConfigurations: settings.map((setting) => ({
        id: this.settingId(nic, setting),
        name: setting.name,
        type: `${NETWORK_NAMESPACE}/networkInterfaces/ipConfigurations`,
        etag: this.interfaces.etagOf(nic),
        properties: {
          provisioningState: 'Succeeded',
          privateIPAddress: addressText(setting.address),
          privateIPAllocationMethod: setting.isStatic ? 'Static' : 'Dynamic',
          privateIPAddressVersion: 'IPv4',
          primary: setting.primary,
          subnet: { id: setting.subnetId },
          ...(setting.publicAddressId === undefined
            ? {}
            : { publicIPAddress: { id: setting.publicAddressId } }),
        },
      })),
      dnsSettings: { dnsServers: [], appliedDnsServers: [], ...kept.dnsSettings },
      enableAcceleratedNetworking: kept.enableAcceleratedNetworking ?? false,
      enableIPForwarding: kept.enableIPForwarding ?? false,
      disableTcpStateTracking: kept.disableTcpStateTracking ?? false,
      nicType: 'Standard',
      hostedWorkloads: [],
      tapConfigurations: [],
      ...(securityGroupId === undefined ? {} : { networkSecurityGroup: { id: securityGroupId } }),
      // an address of the hardware is given when the interface is in a machine
      ...(machineId === undefined ? {} : { macAddress, primary: true, virtualMachine: { id: machineId } }),
    };
  }

  #guidOf(id: string): string {
    return this.#context.entropy.uuid('azure.network', id.toLowerCase());
  }
}

function addressIn(
  { name, prefix }: Subnet,
  wanted: {
    privateIPAddress?: string | undefined;
    privateIPAllocationMethod?: 'Static' | 'Dynamic' | undefined;
  },
  kept: number | undefined,
  used: ReadonlySet<number>,
): number {
  if (wanted.privateIPAllocationMethod !== 'Static') {
    const address = kept ?? freeAddress(prefix, used);
    if (address === undefined)
      throw conflict('SubnetIsFull', `Subnet ${name} does not have enough capacity for 1 IP addresses.`);
    return address;
  }
  const text = wanted.privateIPAddress ?? '';
  const address = parseAddress(text);
  if (address === undefined || !isUsable(prefix, address))
    throw badState(
      'PrivateIPAddressNotInSubnet',
      `Private static IP address ${text} does not belong to the range of subnet ${name}.`,
    );
  if (used.has(address)) throw badState('PrivateIPAddressInUse', `IP address ${text} is in use.`);
  return address;
}

/** Microsoft's vendor prefix, as machines in Azure have it. */
function macOf(bytes: Buffer): string {
  return `00-0D-3A-${[...bytes].map((byte) => byte.toString(16).padStart(2, '0').toUpperCase()).join('-')}`;
}

export function badState(code: string, message: string): ArmError {
  return new ArmError(400, code, message);
}

function badReference(id: string): ArmError {
  return badState(
    'InvalidResourceReference',
    `Resource ${id} referenced by resource was not found. Please make sure that the referenced resource exists.`,
  );
}
