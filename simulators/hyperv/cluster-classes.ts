/** root/MSCluster: what any node says of the whole cluster. Machines of the cluster are groups that nodes own. */
import type { Cluster, Host, Machine } from '../estate/model.ts';
import type { AssociationSource, ClassSource } from '../winrm/cim/repository.ts';
import { cimClass } from '../winrm/cim/schema.ts';
import type { CimInstance, CimValue } from '../winrm/cim/values.ts';
import type { HypervHost } from './hyperv-host.ts';
import { machineGuid } from './names.ts';

const MSCLUSTER = 'root/MSCluster';
const GROUP_OF_MACHINE = 111;

/** NetBIOS name of a host. */
export function computerName({ name }: Host): string {
  return name.split('.')[0]!.toUpperCase().slice(0, 15);
}

export function clusterClasses(
  host: HypervHost,
  isUp: (host: Host) => boolean,
): { sources: ClassSource[]; associations: AssociationSource[] } {
  const { facts } = host.estate;
  const cluster = facts.clusters.find(({ id }) => id === host.host.clusterId);
  if (!cluster) return { sources: [], associations: [] };
  const nodes = facts.hosts.filter(({ clusterId }) => clusterId === cluster.id);
  const machines = (): Machine[] =>
    host.estate
      .machines()
      .filter(({ hostId, template }) => !template && nodes.some(({ id }) => id === hostId));
  const ownerOf = (machine: Machine): string => computerName(nodes.find(({ id }) => id === machine.hostId)!);

  const instances = {
    cluster: () => [make('MSCluster_Cluster', clusterRow(cluster))],
    nodes: () => nodes.map((node) => make('MSCluster_Node', nodeRow(node, isUp(node)))),
    groups: () =>
      machines().map((machine) =>
        make('MSCluster_ResourceGroup', {
          Name: machine.name,
          OwnerNode: ownerOf(machine),
          State: host.estate.power(machine.id) === 'on' ? 0 : 1,
          GroupType: GROUP_OF_MACHINE,
        }),
      ),
    resources: () => machines().flatMap((machine) => resourcesOf(host, machine, ownerOf(machine))),
    volumes: () => [
      make('MSCluster_ClusterSharedVolume', { Name: 'C:\\ClusterStorage\\Volume1', VolumeName: 'Volume1' }),
    ],
  };
  const source = (className: string, all: () => Iterable<CimInstance>): ClassSource => ({
    class: cimClass(MSCLUSTER, className),
    instances: all,
  });
  const named = (all: () => CimInstance[], property: string, value: CimValue | undefined): CimInstance[] =>
    all().filter(({ values }) => values[property] === value);
  const of = (className: string) => cimClass(MSCLUSTER, className);
  return {
    sources: [
      source('MSCluster_Cluster', instances.cluster),
      source('MSCluster_Node', instances.nodes),
      source('MSCluster_ResourceGroup', instances.groups),
      source('MSCluster_Resource', instances.resources),
      source('MSCluster_ClusterSharedVolume', instances.volumes),
    ],
    associations: [
      {
        class: of('MSCluster_ClusterToNode'),
        ends: [
          { role: 'Antecedent', of: of('MSCluster_Cluster'), others: instances.nodes },
          { role: 'Dependent', of: of('MSCluster_Node'), others: instances.cluster },
        ],
      },
      {
        class: of('MSCluster_NodeToActiveGroup'),
        ends: [
          {
            role: 'GroupComponent',
            of: of('MSCluster_Node'),
            others: ({ values }) => named(instances.groups, 'OwnerNode', values['Name']),
          },
          {
            role: 'PartComponent',
            of: of('MSCluster_ResourceGroup'),
            others: ({ values }) => named(instances.nodes, 'Name', values['OwnerNode']),
          },
        ],
      },
      {
        class: of('MSCluster_ResourceGroupToResource'),
        ends: [
          {
            role: 'GroupComponent',
            of: of('MSCluster_ResourceGroup'),
            others: ({ values }) => named(instances.resources, 'OwnerGroup', values['Name']),
          },
          {
            role: 'PartComponent',
            of: of('MSCluster_Resource'),
            others: ({ values }) => named(instances.groups, 'Name', values['OwnerGroup']),
          },
        ],
      },
    ],
  };
}

function make(className: string, values: Readonly<Record<string, CimValue>>): CimInstance {
  return { class: cimClass(MSCLUSTER, className), values };
}

function clusterRow({ name }: Cluster): Record<string, CimValue> {
  return { Name: name, Caption: name, Status: 'OK', CreationClassName: 'MSCluster_Cluster' };
}

/** State 0 up, 1 down. */
function nodeRow(node: Host, isUp: boolean): Record<string, CimValue> {
  return {
    Name: computerName(node),
    Caption: computerName(node),
    CreationClassName: 'MSCluster_Node',
    State: isUp ? 0 : 1,
  };
}

/** The machine and its configuration: two resources a machine. State 2 online, 3 offline. */
function resourcesOf(host: HypervHost, machine: Machine, ownerNode: string): CimInstance[] {
  const properties = make('MSCluster_Property', {
    VmID: machineGuid(machine),
    VmStoreRootPath: `C:\\ClusterStorage\\Volume1\\${machine.name}`,
  });
  const on = host.estate.power(machine.id) === 'on';
  const resource = (kind: string, state: number): CimInstance =>
    make('MSCluster_Resource', {
      Name: `${kind} ${machine.name}`,
      Id: host.entropy.uuid('hyperv.resource', machine.id, kind),
      Type: kind,
      OwnerNode: ownerNode,
      OwnerGroup: machine.name,
      State: state,
      PrivateProperties: properties,
    });
  return [resource('Virtual Machine', on ? 2 : 3), resource('Virtual Machine Configuration', 2)];
}
