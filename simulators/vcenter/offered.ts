/** Which properties of which managed object types can be read: the tables that objects are read by. */
import { ALARM } from './alarms/alarms.ts';
import { HISTORY_COLLECTOR } from './events/history.ts';
import { LEASE } from './leases/lease.ts';
import { CLUSTER, COMPUTE } from './objects/compute.ts';
import { BROWSER, DATASTORE, ENVIRONMENT_BROWSER } from './objects/datastore.ts';
import { DATACENTER, FOLDER } from './objects/folder.ts';
import { HOST } from './objects/host.ts';
import { AUTO_START, DATE_TIME_SYSTEM, NETWORK_SYSTEM, SERVICE_SYSTEM } from './objects/host-managers.ts';
import { MANAGER_READERS } from './objects/managers.ts';
import { NETWORK, PORTGROUP, SWITCH } from './objects/network.ts';
import { POOL } from './objects/pool.ts';
import { VIRTUAL_APP } from './objects/vapp.ts';
import { COLLECTOR } from './property/collector.ts';
import { FILTER } from './property/filter.ts';
import { TASK } from './tasks.ts';
import { CONTAINER_VIEW, LIST_VIEW } from './views.ts';
import { SNAPSHOT } from './vm/snapshot.ts';
import { VIRTUAL_MACHINE } from './vm/virtual-machine.ts';

const TABLES: Readonly<Record<string, object>> = {
  ComputeResource: COMPUTE,
  ClusterComputeResource: CLUSTER,
  ResourcePool: POOL,
  VirtualApp: VIRTUAL_APP,
  Datastore: DATASTORE,
  HostDatastoreBrowser: BROWSER,
  EnvironmentBrowser: ENVIRONMENT_BROWSER,
  Folder: FOLDER,
  Datacenter: DATACENTER,
  HostSystem: HOST,
  HostAutoStartManager: AUTO_START,
  HostServiceSystem: SERVICE_SYSTEM,
  HostDateTimeSystem: DATE_TIME_SYSTEM,
  HostNetworkSystem: NETWORK_SYSTEM,
  Network: NETWORK,
  DistributedVirtualPortgroup: PORTGROUP,
  VmwareDistributedVirtualSwitch: SWITCH,
  PropertyCollector: COLLECTOR,
  PropertyFilter: FILTER,
  Task: TASK,
  EventHistoryCollector: HISTORY_COLLECTOR,
  TaskHistoryCollector: HISTORY_COLLECTOR,
  HttpNfcLease: LEASE,
  Alarm: ALARM,
  ContainerView: CONTAINER_VIEW,
  ListView: LIST_VIEW,
  VirtualMachineSnapshot: SNAPSHOT,
  VirtualMachine: VIRTUAL_MACHINE,
  ...MANAGER_READERS,
};

/** Type names, and the properties of each that have a reader, inherited ones included. */
export function offeredProperties(): ReadonlyMap<string, ReadonlySet<string>> {
  return new Map(
    Object.entries(TABLES).map(([type, readers]) => [type, new Set(Object.keys(readers))] as const),
  );
}
