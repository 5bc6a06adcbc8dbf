/** root/MSCluster: what any node says of the whole cluster. Machines of the cluster are groups that nodes own. */
import type { Cluster, Host, Machine } from '../estate/model.ts';
import type { CimMethod, MethodResult } from '../winrm/cim/cim-service.ts';
import type { AssociationSource, ClassSource } from '../winrm/cim/repository.ts';
import { cimClass } from '../winrm/cim/schema.ts';
import type { CimClass, CimInstance, CimValue } from '../winrm/cim/values.ts';
import type { Nodes } from './cluster.ts';
import { type HypervHost, machineGuid } from './hyperv-host.ts';

const MSCLUSTER = 'root/MSCluster';
const GROUP_OF_MACHINE = 111;
const GROUP_OF_CORE = 1;
const VOLUME = 'C:\\ClusterStorage\\Volume1';
/** State of nodes, groups and resources. */
const NODE = { up: 0, down: 1, paused: 2 } as const;
const GROUP = { online: 0, offline: 1 } as const;
const RESOURCE = { online: 2, offline: 3 } as const;
/** Win32 errors of the cluster's methods. */
const DONE = 0;
const NO_SUCH_NODE = 5042;
const NODE_DOWN = 5050;

/** NetBIOS name of a host. */
export function computerName({ name }: Host): string {
  return name.split('.')[0]!.toUpperCase().slice(0, 15);
}

export function clusterClasses(
  host: HypervHost,
  nodes: Nodes,
): { sources: ClassSource[]; associations: AssociationSource[]; methods: CimMethod[] } {
  const { facts } = host.estate;
  const cluster = facts.clusters.find(({ id }) => id === host.host.clusterId);
  if (!cluster) return { sources: [], associations: [], methods: [] };
  const members = facts.hosts.filter(({ clusterId }) => clusterId === cluster.id);
  const nameOf = new Map(members.map((member) => [member.id, computerName(member)]));
  const machines = (): Machine[] =>
    host.estate.machines().filter(({ hostId, template }) => !template && nameOf.has(hostId));
  const coreOwner = (): string => computerName(members.find(({ id }) => nodes.isUp(id)) ?? members[0]!);

  const instances = {
    cluster: () => [make('MSCluster_Cluster', clusterRow(cluster, host.host))],
    nodes: () => members.map((node, i) => make('MSCluster_Node', nodeRow(node, i, nodes))),
    groups: () => [
      make('MSCluster_ResourceGroup', {
        Name: 'Cluster Group',
        Id: host.entropy.uuid('hyperv.clusterGroup', cluster.id),
        OwnerNode: coreOwner(),
        State: GROUP.online,
        GroupType: GROUP_OF_CORE,
        IsCore: true,
      }),
      ...machines().map((machine) =>
        make('MSCluster_ResourceGroup', {
          Name: machine.name,
          Id: host.entropy.uuid('hyperv.group', machine.id),
          OwnerNode: nameOf.get(machine.hostId)!,
          State: host.estate.power(machine.id) === 'on' ? GROUP.online : GROUP.offline,
          GroupType: GROUP_OF_MACHINE,
          IsCore: false,
          Priority: 2000,
        }),
      ),
    ],
    resources: () => [
      ...coreResources(host, cluster, coreOwner()),
      ...machines().flatMap((machine) => resourcesOf(host, machine, nameOf.get(machine.hostId)!)),
    ],
    volumes: () => [
      make('MSCluster_ClusterSharedVolume', {
        Name: VOLUME,
        VolumeName: `\\\\?\\Volume{${host.entropy.uuid('hyperv.csv', cluster.id)}}\\`,
        VolumeOffset: 135_266_304,
        FaultState: 0,
        BackupState: 0,
      }),
    ],
  };
  const source = (className: string, all: () => Iterable<CimInstance>): ClassSource => ({
    class: cimClass(MSCLUSTER, className),
    instances: all,
  });
  return {
    sources: [
      source('MSCluster_Cluster', instances.cluster),
      source('MSCluster_Node', instances.nodes),
      source('MSCluster_ResourceGroup', instances.groups),
      source('MSCluster_Resource', instances.resources),
      source('MSCluster_ClusterSharedVolume', instances.volumes),
    ],
    associations: associations(instances),
    methods: groupMethods(host, nodes, members, machines),
  };
}

type Instances = Readonly<
  Record<'cluster' | 'nodes' | 'groups' | 'resources' | 'volumes', () => CimInstance[]>
>;

function associations({ cluster, nodes, groups, resources }: Instances): AssociationSource[] {
  const of = (className: string) => cimClass(MSCLUSTER, className);
  /** What names what is above it, by a property. */
  const below = (
    name: string,
    [above, aboveAll]: readonly [string, () => CimInstance[]],
    [part, partAll]: readonly [string, () => CimInstance[]],
    by: string,
  ): AssociationSource => ({
    class: of(name),
    ends: [
      {
        role: 'GroupComponent',
        of: of(above),
        others: (one) => partAll().filter(({ values }) => values[by] === one.values['Name']),
      },
      {
        role: 'PartComponent',
        of: of(part),
        others: (one) => aboveAll().filter(({ values }) => values['Name'] === one.values[by]),
      },
    ],
  });
  const whole = (
    name: string,
    roles: readonly [string, string],
    part: string,
    all: () => CimInstance[],
  ): AssociationSource => ({
    class: of(name),
    ends: [
      { role: roles[0], of: of('MSCluster_Cluster'), others: all },
      { role: roles[1], of: of(part), others: cluster },
    ],
  });
  const parts = ['GroupComponent', 'PartComponent'] as const;
  return [
    whole('MSCluster_ClusterToNode', ['Antecedent', 'Dependent'], 'MSCluster_Node', nodes),
    whole('MSCluster_ClusterToResourceGroup', parts, 'MSCluster_ResourceGroup', groups),
    whole('MSCluster_ClusterToResource', parts, 'MSCluster_Resource', resources),
    below(
      'MSCluster_NodeToActiveGroup',
      ['MSCluster_Node', nodes],
      ['MSCluster_ResourceGroup', groups],
      'OwnerNode',
    ),
    below(
      'MSCluster_NodeToActiveResource',
      ['MSCluster_Node', nodes],
      ['MSCluster_Resource', resources],
      'OwnerNode',
    ),
    below(
      'MSCluster_ResourceGroupToResource',
      ['MSCluster_ResourceGroup', groups],
      ['MSCluster_Resource', resources],
      'OwnerGroup',
    ),
  ];
}

/** Moving a machine's group to another node: what Failover Cluster Manager does for a live migration. */
function groupMethods(
  host: HypervHost,
  nodes: Nodes,
  members: readonly Host[],
  machines: () => Machine[],
): CimMethod[] {
  const group = cimClass(MSCLUSTER, 'MSCluster_ResourceGroup');
  const answer = (returnValue: number): MethodResult => ({ returnValue, outputs: {} });
  const machineOf = ({ values }: CimInstance): Machine | undefined =>
    machines().find(({ name }) => name === values['Name']);
  const power =
    (to: 'on' | 'off'): CimMethod['run'] =>
    ({ self }) => {
      const machine = machineOf(self);
      if (machine) host.estate.setPower(machine.id, to);
      return answer(DONE);
    };
  return [
    {
      class: group,
      name: 'MoveToNewNode',
      outputs: [],
      run({ self, texts }) {
        const wanted = (texts('NodeName')[0] ?? '').trim().toLowerCase();
        const node = members.find((member) => computerName(member).toLowerCase() === wanted);
        const machine = machineOf(self);
        if (!machine) return answer(DONE); // the core group may stand anywhere
        if (wanted === '') return answer(nodes.evacuate(machine.id) ? DONE : NODE_DOWN);
        if (!node) return answer(NO_SUCH_NODE);
        return answer(nodes.migrate(machine.id, node.id) ? DONE : NODE_DOWN);
      },
    },
    { class: group, name: 'BringOnline', outputs: [], run: power('on') },
    { class: group, name: 'TakeOffline', outputs: [], run: power('off') },
  ];
}

function make(className: string, values: Readonly<Record<string, CimValue>>): CimInstance {
  return { class: cimClass(MSCLUSTER, className), values };
}

function clusterRow({ name }: Cluster, host: Host): Record<string, CimValue> {
  const domain = host.name.split('.').slice(1).join('.');
  return {
    Name: name,
    Caption: name,
    Status: 'OK',
    CreationClassName: 'MSCluster_Cluster',
    Fqdn: domain === '' ? name : `${name}.${domain}`,
    EnableSharedVolumes: 1,
    SharedVolumesRoot: 'C:\\ClusterStorage',
    ClusterFunctionalLevel: 10,
    QuorumTypeValue: 2,
    QuorumType: 'NodeAndDiskMajority',
  };
}

function nodeRow(node: Host, index: number, nodes: Nodes): Record<string, CimValue> {
  const paused = node.maintenance || nodes.isDrained(node.id);
  const [major = 0, minor = 0, build = 0] = node.version.split('.').map(Number);
  return {
    Name: computerName(node),
    Caption: computerName(node),
    CreationClassName: 'MSCluster_Node',
    Id: String(index + 1),
    NodeInstanceID: node.uuid,
    State: nodes.isUp(node.id) ? (paused ? NODE.paused : NODE.up) : NODE.down,
    NodeDrainStatus: nodes.isDrained(node.id) ? 2 : 0,
    NodeWeight: 1,
    DynamicWeight: nodes.isUp(node.id) ? 1 : 0,
    MajorVersion: major,
    MinorVersion: minor,
    BuildNumber: build,
  };
}

/** MSCluster_Property has the properties that the resource has: it is another class for each type of resource. */
function propertyClass(names: readonly string[]): CimClass {
  const base = cimClass(MSCLUSTER, 'MSCluster_Property');
  return { ...base, properties: names.map((name) => ({ name, type: 'string', array: false })) };
}
const MACHINE_PROPERTIES = propertyClass(['VmID', 'VmStoreRootPath']);

function resource(host: HypervHost, key: string, values: Readonly<Record<string, CimValue>>): CimInstance {
  return make('MSCluster_Resource', {
    Id: host.entropy.uuid('hyperv.resource', key),
    State: RESOURCE.online,
    ...values,
  });
}

/** The machine and its configuration: two resources a machine. */
function resourcesOf(host: HypervHost, machine: Machine, ownerNode: string): CimInstance[] {
  const properties: CimInstance = {
    class: MACHINE_PROPERTIES,
    values: { VmID: machineGuid(machine).toLowerCase(), VmStoreRootPath: `${VOLUME}\\${machine.name}` },
  };
  const on = host.estate.power(machine.id) === 'on';
  return ['Virtual Machine', 'Virtual Machine Configuration'].map((kind) =>
    resource(host, `${machine.id} ${kind}`, {
      Name: `${kind} ${machine.name}`,
      Type: kind,
      OwnerNode: ownerNode,
      OwnerGroup: machine.name,
      State: kind === 'Virtual Machine' && !on ? RESOURCE.offline : RESOURCE.online,
      PrivateProperties: properties,
    }),
  );
}

/** The cluster's own name, address and volume. */
function coreResources(host: HypervHost, cluster: Cluster, ownerNode: string): CimInstance[] {
  const core = (name: string, type: string, more: Record<string, CimValue> = {}): CimInstance =>
    resource(host, `${cluster.id} ${name}`, {
      Name: name,
      Type: type,
      OwnerNode: ownerNode,
      OwnerGroup: 'Cluster Group',
      CoreResource: true,
      ...more,
    });
  return [
    core('Cluster Name', 'Network Name'),
    core('Cluster IP Address', 'IP Address'),
    core('Cluster Disk 1', 'Physical Disk', { IsClusterSharedVolume: true, CoreResource: false }),
  ];
}
