/**
 * Bodies of requests to Microsoft.Network: virtual networks with subnets, security groups with rules, public
 * addresses, network interfaces. What is not simulated but harmless is kept and given back as it was sent.
 *
 * @see Azure/azure-rest-api-specs, network/resource-manager/Microsoft.Network, 2022-01-01 and later.
 */

import { invalidProperty } from '../arm/faults.ts';
import { readLocation, readTags } from '../arm/groups.ts';
import { ENVELOPE } from '../arm/resource-shelf.ts';
import { flag, list, matching, oneOfAnyCase, type Reader, shape, text, whole } from '../shape.ts';

const anything: Reader<unknown> = (value) => value;
const ref = shape({ id: text(2_048) }, { properties: anything, resourceGroup: text(90) });
const READ_ONLY = { provisioningState: anything, resourceGuid: anything };
const envelope = { ...ENVELOPE, tags: (value: unknown) => readTags(value), extendedLocation: notOffered };
const location = (value: unknown): string => readLocation(value);

function notOffered(value: unknown, path: string): unknown {
  if (value === undefined || (Array.isArray(value) && value.length === 0)) return value;
  throw invalidProperty(path, 'it is not offered here');
}

const subnetProperties = shape(
  {},
  {
    addressPrefix: text(64),
    addressPrefixes: list(text(64), 1),
    networkSecurityGroup: ref,
    routeTable: notOffered,
    natGateway: notOffered,
    serviceEndpoints: list(anything, 50),
    serviceEndpointPolicies: notOffered,
    delegations: list(anything, 10),
    defaultOutboundAccess: flag,
    privateEndpointNetworkPolicies: oneOfAnyCase(
      'Enabled',
      'Disabled',
      'NetworkSecurityGroupEnabled',
      'RouteTableEnabled',
    ),
    privateLinkServiceNetworkPolicies: oneOfAnyCase('Enabled', 'Disabled'),
    ipConfigurations: anything,
    purpose: anything,
    ...READ_ONLY,
  },
);
export const readSubnet = shape({ properties: subnetProperties }, { ...ENVELOPE, resourceGroup: text(90) });
const subnetInNetwork = shape(
  { name: text(80), properties: subnetProperties },
  { id: text(2_048), etag: text(128), type: text(128), resourceGroup: text(90) },
);
export type SubnetProperties = ReturnType<typeof subnetProperties>;

export const readNetwork = shape(
  {
    location,
    properties: shape(
      {
        addressSpace: shape(
          { addressPrefixes: list(text(64), 100) },
          { ipamPoolPrefixAllocations: notOffered },
        ),
      },
      {
        subnets: list(subnetInNetwork, 3_000),
        dhcpOptions: shape({}, { dnsServers: list(text(64), 20) }),
        enableDdosProtection: flag,
        enableVmProtection: flag,
        flowTimeoutInMinutes: whole(4, 30),
        privateEndpointVNetPolicies: oneOfAnyCase('Disabled', 'Basic'),
        encryption: anything,
        virtualNetworkPeerings: notOffered,
        ddosProtectionPlan: notOffered,
        bgpCommunities: notOffered,
        ...READ_ONLY,
      },
    ),
  },
  envelope,
);

const ruleProperties = shape(
  {
    protocol: oneOfAnyCase('Tcp', 'Udp', 'Icmp', 'Esp', 'Ah', '*'),
    access: oneOfAnyCase('Allow', 'Deny'),
    priority: whole(100, 4_096),
    direction: oneOfAnyCase('Inbound', 'Outbound'),
  },
  {
    description: text(140),
    sourcePortRange: text(64),
    destinationPortRange: text(64),
    sourceAddressPrefix: text(128),
    destinationAddressPrefix: text(128),
    sourcePortRanges: list(text(64), 1_000),
    destinationPortRanges: list(text(64), 1_000),
    sourceAddressPrefixes: list(text(128), 4_000),
    destinationAddressPrefixes: list(text(128), 4_000),
    sourceApplicationSecurityGroups: notOffered,
    destinationApplicationSecurityGroups: notOffered,
    ...READ_ONLY,
  },
);
export type RuleProperties = ReturnType<typeof ruleProperties>;
export const readRule = shape({ properties: ruleProperties }, ENVELOPE);

export const readSecurityGroup = shape(
  {
    location,
    properties: shape(
      {},
      {
        securityRules: list(
          shape(
            { name: text(80), properties: ruleProperties },
            { id: text(2_048), etag: text(128), type: text(128) },
          ),
          1_000,
        ),
        flushConnection: flag,
        defaultSecurityRules: anything,
        subnets: anything,
        networkInterfaces: anything,
        ...READ_ONLY,
      },
    ),
  },
  envelope,
);

export const readPublicAddress = shape(
  { location },
  {
    ...envelope,
    sku: shape({ name: oneOfAnyCase('Basic', 'Standard') }, { tier: oneOfAnyCase('Regional', 'Global') }),
    zones: list(text(8), 3),
    properties: shape(
      {},
      {
        publicIPAllocationMethod: oneOfAnyCase('Static', 'Dynamic'),
        publicIPAddressVersion: oneOfAnyCase('IPv4'),
        idleTimeoutInMinutes: whole(4, 30),
        deleteOption: oneOfAnyCase('Delete', 'Detach'),
        dnsSettings: shape(
          {},
          {
            domainNameLabel: matching(/^[a-z][a-z0-9-]{1,61}[a-z0-9]$/, 'a label of DNS'),
            fqdn: anything,
            reverseFqdn: text(255),
          },
        ),
        ipAddress: anything,
        ipTags: list(anything, 10),
        ddosSettings: anything,
        ipConfiguration: anything,
        ...READ_ONLY,
      },
    ),
  },
);

const ipConfiguration = shape(
  {
    name: text(80),
    properties: shape(
      { subnet: ref },
      {
        privateIPAllocationMethod: oneOfAnyCase('Static', 'Dynamic'),
        privateIPAddress: text(64),
        privateIPAddressVersion: oneOfAnyCase('IPv4'),
        publicIPAddress: ref,
        primary: flag,
        applicationSecurityGroups: notOffered,
        loadBalancerBackendAddressPools: notOffered,
        loadBalancerInboundNatRules: notOffered,
        applicationGatewayBackendAddressPools: notOffered,
        ...READ_ONLY,
      },
    ),
  },
  { id: text(2_048), etag: text(128), type: text(128) },
);

export const readInterface = shape(
  {
    location,
    properties: shape(
      { ipConfigurations: list(ipConfiguration, 256) },
      {
        networkSecurityGroup: ref,
        dnsSettings: shape(
          {},
          {
            dnsServers: list(text(64), 20),
            appliedDnsServers: anything,
            internalDnsNameLabel: text(63),
            internalFqdn: anything,
            internalDomainNameSuffix: anything,
          },
        ),
        enableAcceleratedNetworking: flag,
        enableIPForwarding: flag,
        disableTcpStateTracking: flag,
        nicType: oneOfAnyCase('Standard'),
        auxiliaryMode: oneOfAnyCase('None'),
        auxiliarySku: oneOfAnyCase('None'),
        macAddress: anything,
        primary: anything,
        virtualMachine: anything,
        hostedWorkloads: anything,
        tapConfigurations: notOffered,
        vnetEncryptionSupported: anything,
        allowPort25Out: anything,
        defaultOutboundConnectivityEnabled: anything,
        ...READ_ONLY,
      },
    ),
  },
  envelope,
);
export type InterfaceProperties = ReturnType<typeof readInterface>['properties'];
