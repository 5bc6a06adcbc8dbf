/** Virtual networks and their subnets: ranges that lie in each other and do not overlap. */
import { methodNotAllowed, resourceNotFound, unknownAction } from '../arm/faults.ts';
import { listOf } from '../arm/paging.ts';
import type { ArmAnswer, ArmRequest } from '../arm/provider.ts';
import type { Shelved, Stated } from '../arm/resource-shelf.ts';
import { badState, NETWORK_NAMESPACE, type Network } from './network.ts';
import { contains, overlap, type Prefix, parsePrefix } from './prefixes.ts';
import { readNetwork, readSubnet, type SubnetProperties } from './requests.ts';

export interface Subnet {
  readonly name: string;
  readonly text: string;
  readonly prefix: Prefix;
  readonly securityGroupId: string | undefined;
  readonly kept: Readonly<Record<string, unknown>>;
}

export interface VirtualNetwork {
  readonly ranges: ReadonlyArray<{ readonly text: string; readonly prefix: Prefix }>;
  subnets: readonly Subnet[];
  readonly kept: Readonly<Record<string, unknown>>;
}

const SUBNET_NAME = /^[a-zA-Z0-9](?:[\w.-]{0,78}\w)?$/;
const SMALLEST_SUBNET = 29;

/** @throws ArmError 400 for ranges that do not fit, 400 InUseSubnetCannotBeDeleted for one that is left out */
export function makeNetwork(
  network: Network,
  request: ArmRequest,
  before: Shelved<VirtualNetwork> | undefined,
): Stated<VirtualNetwork> {
  const { location, tags = {}, properties } = readNetwork(request.body, '');
  const { addressSpace, subnets, dhcpOptions, enableDdosProtection, flowTimeoutInMinutes } = properties;
  const ranges = addressSpace.addressPrefixes.map((text) => ({ text, prefix: requirePrefix(text) }));
  if (ranges.length === 0)
    throw badState('InvalidAddressPrefixFormat', 'A virtual network has an address space.');
  for (const [i, { text, prefix }] of ranges.entries())
    for (const other of ranges.slice(0, i))
      if (overlap(prefix, other.prefix))
        throw badState(
          'NetcfgInvalidVirtualNetworkSite',
          `Address prefixes ${text} and ${other.text} overlap.`,
        );
  const made: Subnet[] = [];
  // a PUT without subnets leaves them, as the service has it since 2023
  for (const { name, properties: wanted } of subnets ?? [])
    made.push(makeSubnet(network, name, wanted, ranges, made));
  const kept = subnets === undefined ? (before?.properties.subnets ?? []) : made;
  for (const subnet of kept) requireInside(subnet, ranges);
  if (before)
    for (const subnet of before.properties.subnets)
      if (!kept.some(({ name, text }) => name === subnet.name && text === subnet.text))
        network.requireUnusedSubnet(before, subnet);
  return {
    location,
    tags,
    properties: {
      ranges,
      subnets: kept,
      kept: {
        enableDdosProtection: enableDdosProtection ?? false,
        ...(dhcpOptions ? { dhcpOptions } : {}),
        ...(flowTimeoutInMinutes === undefined ? {} : { flowTimeoutInMinutes }),
      },
    },
  };
}

function makeSubnet(
  network: Network,
  name: string,
  wanted: SubnetProperties,
  ranges: VirtualNetwork['ranges'],
  others: readonly Subnet[],
): Subnet {
  if (!SUBNET_NAME.test(name)) throw badState('InvalidResourceName', `'${name}' is no name for a subnet.`);
  const text = wanted.addressPrefix ?? wanted.addressPrefixes?.[0] ?? '';
  const { networkSecurityGroup: group, serviceEndpoints, delegations } = wanted;
  const subnet: Subnet = {
    name,
    text,
    prefix: requirePrefix(text),
    securityGroupId: group && network.requireSecurityGroup(group.id),
    kept: {
      privateEndpointNetworkPolicies: wanted.privateEndpointNetworkPolicies ?? 'Disabled',
      privateLinkServiceNetworkPolicies: wanted.privateLinkServiceNetworkPolicies ?? 'Enabled',
      delegations: delegations ?? [],
      ...(serviceEndpoints ? { serviceEndpoints } : {}),
      ...(wanted.defaultOutboundAccess === undefined
        ? {}
        : { defaultOutboundAccess: wanted.defaultOutboundAccess }),
    },
  };
  requireInside(subnet, ranges);
  for (const other of others)
    if (overlap(other.prefix, subnet.prefix))
      throw badState(
        'NetcfgSubnetRangesOverlap',
        `Subnet '${name}' is not valid because its IP address range overlaps with that of an existing subnet, '${other.name}'.`,
      );
  return subnet;
}

function requirePrefix(text: string): Prefix {
  const prefix = parsePrefix(text);
  if (!prefix)
    throw badState(
      'InvalidAddressPrefixFormat',
      `Address prefix ${text.slice(0, 60)} is not formatted correctly. It should follow CIDR notation, for example 10.0.0.0/24.`,
    );
  return prefix;
}

function requireInside({ name, prefix }: Subnet, ranges: VirtualNetwork['ranges']): void {
  if (prefix.length > SMALLEST_SUBNET || !ranges.some((range) => contains(range.prefix, prefix)))
    throw badState('NetcfgInvalidSubnet', `Subnet '${name}' is not valid in virtual network.`);
}

export function viewNetwork(network: Network, resource: Shelved<VirtualNetwork>): object {
  const { properties, state } = resource;
  return {
    provisioningState: state,
    addressSpace: { addressPrefixes: properties.ranges.map(({ text }) => text) },
    ...properties.kept,
    subnets: properties.subnets.map((subnet) => viewSubnet(network, resource, subnet)),
    virtualNetworkPeerings: [],
  };
}

function viewSubnet(network: Network, resource: Shelved<VirtualNetwork>, subnet: Subnet): object {
  const id = network.subnetId(resource, subnet);
  const used = [...network.inSubnet(id)].map(({ nic, setting }) => ({ id: network.settingId(nic, setting) }));
  return {
    id,
    name: subnet.name,
    type: `${NETWORK_NAMESPACE}/virtualNetworks/subnets`,
    etag: network.networks.etagOf(resource),
    properties: {
      provisioningState: 'Succeeded',
      addressPrefix: subnet.text,
      ...subnet.kept,
      ...(subnet.securityGroupId === undefined
        ? {}
        : { networkSecurityGroup: { id: subnet.securityGroupId } }),
      ...(used.length === 0 ? {} : { ipConfigurations: used }),
    },
  };
}

/** `{network}/subnets[/{name}]` */
export function actOnSubnets(
  network: Network,
  resource: Shelved<VirtualNetwork>,
  request: ArmRequest,
): ArmAnswer | undefined {
  const [kind, name, ...more] = request.segments;
  if (kind?.toLowerCase() !== 'subnets' || more.length > 0) return undefined;
  const { properties } = resource;
  const show = (subnet: Subnet) => viewSubnet(network, resource, subnet);
  if (name === undefined) {
    if (request.method !== 'GET') throw methodNotAllowed(request.method, 'virtualNetworks/subnets');
    return { list: listOf(properties.subnets.map(show)) };
  }
  const known = properties.subnets.find((subnet) => subnet.name.toLowerCase() === name.toLowerCase());
  const below = { ...request, type: 'virtualNetworks/subnets', names: [request.name, name] };
  switch (request.method) {
    case 'GET':
      if (!known) throw resourceNotFound(below, NETWORK_NAMESPACE);
      return { status: 200, body: show(known) };
    case 'PUT': {
      const others = properties.subnets.filter((subnet) => subnet !== known);
      const wanted = readSubnet(request.body, '').properties;
      const made = makeSubnet(network, known?.name ?? name, wanted, properties.ranges, others);
      if (known && made.text !== known.text) network.requireUnusedSubnet(resource, known);
      properties.subnets = known
        ? properties.subnets.map((subnet) => (subnet === known ? made : subnet))
        : [...properties.subnets, made];
      resource.version++;
      return {
        operation: { takesMs: 1_000, status: known ? 200 : 201, body: show(made), run: () => show(made) },
      };
    }
    case 'DELETE':
      if (!known) return { status: 204 };
      network.requireUnusedSubnet(resource, known);
      return {
        operation: {
          takesMs: 1_000,
          status: 202,
          location: true,
          run() {
            network.requireUnusedSubnet(resource, known);
            properties.subnets = properties.subnets.filter((subnet) => subnet.name !== known.name);
            resource.version++;
          },
        },
      };
    default:
      throw unknownAction(request.method, 'subnets');
  }
}
