/** Network security groups and their rules: no two of one direction with the same priority or name. */
import { methodNotAllowed, resourceNotFound } from '../arm/faults.ts';
import { listOf } from '../arm/paging.ts';
import type { ArmAnswer, ArmRequest } from '../arm/provider.ts';
import type { Shelved, Stated } from '../arm/resource-shelf.ts';
import { badState, NETWORK_NAMESPACE, type Network } from './network.ts';
import { type RuleProperties, readRule, readSecurityGroup } from './requests.ts';

interface Rule {
  readonly name: string;
  readonly properties: RuleProperties;
}

export interface SecurityGroup {
  rules: readonly Rule[];
}

/** What every group has, at the end of its list. */
const DEFAULT_RULES: readonly Rule[] = [
  defaultRule('AllowVnetInBound', 'Inbound', 65_000, 'Allow', 'VirtualNetwork', 'VirtualNetwork'),
  defaultRule('AllowAzureLoadBalancerInBound', 'Inbound', 65_001, 'Allow', 'AzureLoadBalancer', '*'),
  defaultRule('DenyAllInBound', 'Inbound', 65_500, 'Deny', '*', '*'),
  defaultRule('AllowVnetOutBound', 'Outbound', 65_000, 'Allow', 'VirtualNetwork', 'VirtualNetwork'),
  defaultRule('AllowInternetOutBound', 'Outbound', 65_001, 'Allow', '*', 'Internet'),
  defaultRule('DenyAllOutBound', 'Outbound', 65_500, 'Deny', '*', '*'),
];

function defaultRule(
  name: string,
  direction: 'Inbound' | 'Outbound',
  priority: number,
  access: 'Allow' | 'Deny',
  sourceAddressPrefix: string,
  destinationAddressPrefix: string,
): Rule {
  const ports = { sourcePortRange: '*', destinationPortRange: '*' };
  return {
    name,
    properties: {
      protocol: '*',
      access,
      priority,
      direction,
      sourceAddressPrefix,
      destinationAddressPrefix,
      ...ports,
    },
  };
}

/** @throws ArmError 400 */
export function makeSecurityGroup(
  request: ArmRequest,
  before: Shelved<SecurityGroup> | undefined,
): Stated<SecurityGroup> {
  const { location, tags = {}, properties } = readSecurityGroup(request.body, '');
  const { securityRules } = properties;
  const rules: Rule[] = [];
  for (const { name, properties: wanted } of securityRules ?? [])
    rules.push(checked({ name, properties: wanted }, rules));
  return { location, tags, properties: { rules: securityRules ? rules : (before?.properties.rules ?? []) } };
}

function checked(rule: Rule, others: readonly Rule[]): Rule {
  const { direction, priority } = rule.properties;
  const same = others.find(
    ({ properties }) => properties.direction === direction && properties.priority === priority,
  );
  if (same)
    throw badState(
      'SecurityRuleConflict',
      `Security rule ${rule.name} conflicts with rule ${same.name}. Rules cannot have the same Priority and Direction.`,
    );
  for (const range of portsOf(rule.properties))
    if (!isPortRange(range))
      throw badState(
        'SecurityRuleInvalidPortRange',
        `Security rule has invalid Port range. Value provided: ${range}.`,
      );
  return rule;
}

function portsOf(rule: RuleProperties): string[] {
  const { sourcePortRange, destinationPortRange, sourcePortRanges, destinationPortRanges } = rule;
  const single = [sourcePortRange, destinationPortRange].filter(
    (range) => range !== undefined && range !== '',
  );
  return [...(single as string[]), ...(sourcePortRanges ?? []), ...(destinationPortRanges ?? [])];
}

function isPortRange(text: string): boolean {
  if (text === '*') return true;
  const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text);
  const low = Number(match?.[1]);
  const high = Number(match?.[2] ?? low);
  return match !== null && low <= high && high <= 65_535;
}

export function viewSecurityGroup(network: Network, group: Shelved<SecurityGroup>): object {
  const { id, properties, state } = group;
  const refs = (ids: readonly string[]) => (ids.length === 0 ? undefined : ids.map((one) => ({ id: one })));
  const subnets = network.networks
    .all()
    .flatMap((vnet) =>
      vnet.properties.subnets
        .filter(({ securityGroupId }) => securityGroupId === id)
        .map((subnet) => network.subnetId(vnet, subnet)),
    );
  const interfaces = network.interfaces
    .all()
    .filter((nic) => nic.properties.securityGroupId === id)
    .map((nic) => nic.id);
  return {
    provisioningState: state,
    securityRules: properties.rules.map((rule) => viewRule(network, group, rule, 'securityRules')),
    defaultSecurityRules: DEFAULT_RULES.map((rule) => viewRule(network, group, rule, 'defaultSecurityRules')),
    subnets: refs(subnets),
    networkInterfaces: refs(interfaces),
  };
}

function viewRule(
  network: Network,
  group: Shelved<SecurityGroup>,
  { name, properties }: Rule,
  kind: string,
): object {
  return {
    id: `${group.id}/${kind}/${name}`,
    name,
    type: `${NETWORK_NAMESPACE}/networkSecurityGroups/${kind}`,
    etag: network.securityGroups.etagOf(group),
    properties: {
      sourcePortRanges: [],
      destinationPortRanges: [],
      sourceAddressPrefixes: [],
      destinationAddressPrefixes: [],
      ...properties,
      provisioningState: 'Succeeded',
    },
  };
}

/** `{group}/securityRules[/{name}]` */
export function actOnRules(
  network: Network,
  group: Shelved<SecurityGroup>,
  request: ArmRequest,
): ArmAnswer | undefined {
  const [kind, name, ...more] = request.segments;
  const isDefault = kind?.toLowerCase() === 'defaultsecurityrules';
  if ((kind?.toLowerCase() !== 'securityrules' && !isDefault) || more.length > 0) return undefined;
  const type = isDefault ? 'defaultSecurityRules' : 'securityRules';
  const rules = isDefault ? DEFAULT_RULES : group.properties.rules;
  const show = (rule: Rule) => viewRule(network, group, rule, type);
  if (name === undefined) {
    if (request.method !== 'GET') throw methodNotAllowed(request.method, `networkSecurityGroups/${type}`);
    return { list: listOf(rules.map(show)) };
  }
  const known = rules.find((rule) => rule.name.toLowerCase() === name.toLowerCase());
  if (request.method === 'GET') {
    if (known) return { status: 200, body: show(known) };
    throw resourceNotFound(
      { ...request, type: `networkSecurityGroups/${type}`, names: [request.name, name] },
      NETWORK_NAMESPACE,
    );
  }
  if (isDefault) throw methodNotAllowed(request.method, `networkSecurityGroups/${type}`);
  const keep = (next: readonly Rule[]): void => {
    group.properties.rules = next;
    group.version++;
  };
  if (request.method === 'PUT') {
    const { properties } = readRule(request.body, '');
    const others = rules.filter((rule) => rule !== known);
    const made = checked({ name: known?.name ?? name, properties }, others);
    keep([...others, made]);
    return {
      operation: { takesMs: 1_000, status: known ? 200 : 201, body: show(made), run: () => show(made) },
    };
  }
  if (request.method !== 'DELETE') throw methodNotAllowed(request.method, `networkSecurityGroups/${type}`);
  if (!known) return { status: 204 };
  const run = (): void => keep(group.properties.rules.filter((rule) => rule.name !== known.name));
  return { operation: { takesMs: 1_000, status: 202, location: true, run } };
}
