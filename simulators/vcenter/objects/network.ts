/** Standard networks, distributed port groups and the distributed switch that carries a datacenter's. */
import type { DistributedSwitch, Network } from '../../estate/model.ts';
import type { Data } from '../values.ts';
import type { HostObject } from './host.ts';
import { ENTITY_PROPERTIES, Entity, type Properties } from './object.ts';
import { VmList } from './vm-list.ts';

export const NETWORK: Properties<NetworkObject> = {
  ...ENTITY_PROPERTIES,
  summary: (self) => ({
    $: 'NetworkSummary',
    network: self.ref,
    name: self.name,
    accessible: true,
    ipPoolName: '',
  }),
  host: (self) => self.hosts.map((host) => host.ref),
  vm: (self) => self.vms.refs(),
};

export class NetworkObject extends Entity {
  readonly facts: Network;
  readonly hosts: HostObject[] = [];
  readonly vms = new VmList();

  constructor(id: string, facts: Network, parent: Entity, type = 'Network') {
    super(type, id, facts.name, parent);
    this.facts = facts;
  }

  protected get properties(): Properties<NetworkObject> {
    return NETWORK;
  }
}

export const PORTGROUP: Properties<PortgroupObject> = {
  ...(NETWORK as Properties<PortgroupObject>),
  key: (self) => self.ref.id,
  config: (self) => ({
    $: 'DVPortgroupConfigInfo',
    key: self.ref.id,
    name: self.name,
    numPorts: 128,
    distributedVirtualSwitch: self.switch.ref,
    defaultPortConfig: () => ({
      $: 'VMwareDVSPortSetting',
      vlan: {
        $: 'VmwareDistributedVirtualSwitchVlanIdSpec',
        inherited: false,
        vlanId: self.facts.vlanId ?? 0,
      },
    }),
    type: 'earlyBinding',
    policy: {
      $: 'VMwareDVSPortgroupPolicy',
      vlanOverrideAllowed: false,
      uplinkTeamingOverrideAllowed: false,
      securityPolicyOverrideAllowed: false,
      blockOverrideAllowed: true,
      shapingOverrideAllowed: false,
      vendorConfigOverrideAllowed: false,
      livePortMovingAllowed: false,
      portConfigResetAtDisconnect: true,
    },
    configVersion: '1',
    autoExpand: true,
  }),
  portKeys: () => [],
};

export class PortgroupObject extends NetworkObject {
  readonly switch: SwitchObject;

  constructor(id: string, facts: Network, parent: Entity, carrier: SwitchObject) {
    super(id, facts, parent, 'DistributedVirtualPortgroup');
    this.switch = carrier;
  }

  protected override get properties(): Properties<NetworkObject> {
    return PORTGROUP as Properties<NetworkObject>;
  }
}

export const SWITCH: Properties<SwitchObject> = {
  ...ENTITY_PROPERTIES,
  uuid: (self) => self.uuid,
  capability: () => ({
    $: 'DVSCapability',
    dvsOperationSupported: true,
    dvPortGroupOperationSupported: true,
    dvPortOperationSupported: true,
  }),
  summary: (self) => ({
    $: 'DVSSummary',
    name: self.name,
    uuid: self.uuid,
    numPorts: 128 * self.portgroups.length,
    productInfo: productOf(self),
    vm: () => [
      ...new Map(
        self.portgroups.flatMap((portgroup) => portgroup.vms.refs().map((vm) => [vm.id, vm] as const)),
      ).values(),
    ],
    host: () => self.hosts.map((host) => host.ref),
    hostMember: () => self.hosts.map((host) => host.ref),
    portgroupName: self.portgroups.map((portgroup) => portgroup.name),
    numHosts: self.hosts.length,
  }),
  config: (self, { vcenter }) => ({
    $: 'VMwareDVSConfigInfo',
    uuid: self.uuid,
    name: self.name,
    numStandalonePorts: 0,
    numPorts: 128 * self.portgroups.length,
    maxPorts: 2_147_483_647,
    uplinkPortPolicy: {
      $: 'DVSNameArrayUplinkPortPolicy',
      uplinkPortName: ['Uplink 1', 'Uplink 2'],
    },
    uplinkPortgroup: [],
    defaultPortConfig: {
      $: 'VMwareDVSPortSetting',
      vlan: { $: 'VmwareDistributedVirtualSwitchVlanIdSpec', inherited: false, vlanId: 0 },
    },
    host: () =>
      self.hosts.map((host) => ({
        $: 'DistributedVirtualSwitchHostMember',
        config: {
          $: 'DistributedVirtualSwitchHostMemberConfigInfo',
          host: host.ref,
          maxProxySwitchPorts: 1536,
          backing: { $: 'DistributedVirtualSwitchHostMemberPnicBacking', pnicSpec: [] },
        },
        productInfo: productOf(self),
        uplinkPortKey: [],
        status: 'up',
      })),
    productInfo: productOf(self),
    configVersion: '1',
    contact: { $: 'DVSContactInfo' },
    createTime: vcenter.inventory.createdAt,
    networkResourceManagementEnabled: true,
    maxMtu: 1500,
    lacpApiVersion: 'multipleLag',
  }),
  portgroup: (self) => self.portgroups.map((portgroup) => portgroup.ref),
};

function productOf({ facts }: SwitchObject): Data {
  return {
    $: 'DistributedVirtualSwitchProductSpec',
    name: 'DVS',
    vendor: 'VMware, Inc.',
    version: facts.version,
    forwardingClass: 'etherswitch',
  };
}

export class SwitchObject extends Entity {
  /** "50 2f …-… …", as port connections name it. */
  readonly uuid: string;
  readonly facts: DistributedSwitch;
  readonly portgroups: PortgroupObject[] = [];
  readonly hosts: HostObject[] = [];

  constructor(id: string, facts: DistributedSwitch, parent: Entity, uuid: string) {
    super('VmwareDistributedVirtualSwitch', id, facts.name, parent);
    this.facts = facts;
    this.uuid = uuid;
  }

  protected get properties(): Properties<SwitchObject> {
    return SWITCH;
  }
}
