/** Clusters and stand-alone hosts' compute resources, and the resource pools in them. */
import { MIB } from '#core/units.ts';
import type { Cluster, ResourcePool } from '../../estate/model.ts';
import type { Data, Value } from '../values.ts';
import type { VirtualMachine } from '../vm/virtual-machine.ts';
import { DatastoreBrowserObject, type DatastoreObject, EnvironmentBrowserObject } from './datastore.ts';
import type { FolderObject } from './folder.ts';
import { type HostObject, hostMhz } from './host.ts';
import type { NetworkObject } from './network.ts';
import { ENTITY_PROPERTIES, Entity, escapeName, type Properties, type Reading } from './object.ts';
import { VmList } from './vm-list.ts';

export const COMPUTE: Properties<ComputeObject> = {
  ...ENTITY_PROPERTIES,
  resourcePool: (self) => self.pool.ref,
  host: (self) => self.hosts.map((host) => host.ref),
  datastore: (self) => self.datastores().map((datastore) => datastore.ref),
  network: (self) => self.networks().map((network) => network.ref),
  summary: (self) => ({ $: 'ComputeResourceSummary', ...sumsOf(self) }),
  environmentBrowser: (self) => self.environmentBrowser.ref,
  configurationEx: () => ({ $: 'ComputeResourceConfigInfo', vmSwapPlacement: 'vmDirectory' }),
};

function dasConfigOf({ cluster }: ComputeObject): Data {
  const enabled = cluster?.ha ?? true;
  return {
    $: 'ClusterDasConfigInfo',
    enabled,
    hostMonitoring: 'enabled',
    vmMonitoring: 'vmMonitoringDisabled',
    failoverLevel: enabled ? 1 : 0,
    admissionControlEnabled: enabled,
  };
}

function drsConfigOf({ cluster }: ComputeObject): Data {
  const drs = cluster?.drs ?? 'fullyAutomated';
  return {
    $: 'ClusterDrsConfigInfo',
    enabled: drs !== 'off',
    enableVmBehaviorOverrides: true,
    defaultVmBehavior: drs === 'off' ? 'fullyAutomated' : drs,
    vmotionRate: 3,
  };
}

/** Every real vCenter sends it, with vSAN and without; Ansible's vmware_cluster_info takes it for granted. */
function vsanConfigOf(self: ComputeObject): Data {
  const enabled = self.datastores().some(({ facts }) => facts.type === 'vsan');
  return {
    $: 'VsanClusterConfigInfo',
    enabled,
    defaultConfig: { $: 'VsanClusterConfigInfoHostDefaultInfo', autoClaimStorage: false },
  };
}

export const CLUSTER: Properties<ComputeObject> = {
  ...COMPUTE,
  summary: (self) => ({
    $: 'ClusterComputeResourceSummary',
    ...sumsOf(self),
    currentFailoverLevel: Math.max(0, self.hosts.length - 1),
    numVmotions: 0,
  }),
  configuration: (self) => ({
    $: 'ClusterConfigInfo',
    dasConfig: dasConfigOf(self),
    drsConfig: drsConfigOf(self),
  }),
  configurationEx: (self) => ({
    $: 'ClusterConfigInfoEx',
    vmSwapPlacement: 'vmDirectory',
    dasConfig: dasConfigOf(self),
    drsConfig: drsConfigOf(self),
    dpmConfigInfo: {
      $: 'ClusterDpmConfigInfo',
      enabled: false,
      defaultDpmBehavior: 'automated',
      hostPowerActionRate: 3,
    },
    vsanConfigInfo: vsanConfigOf(self),
  }),
  recommendation: () => [],
  drsRecommendation: () => [],
  migrationHistory: () => [],
  actionHistory: () => [],
  drsFault: () => [],
};

export class ComputeObject extends Entity {
  /** Id in the estate: of the cluster, or of the stand-alone host. */
  readonly factsId: string;
  readonly cluster: Cluster | undefined;
  /** The datacenter in the estate. */
  readonly datacenterId: string;
  readonly hosts: HostObject[] = [];
  readonly pool: PoolObject;
  readonly environmentBrowser: EnvironmentBrowserObject;

  /** @param number gives the ids: domain-c<number> or domain-s<number>, and resgroup-<number + 1> of its pool. */
  constructor(
    kind: 'cluster' | 'host',
    factsId: string,
    number: number,
    name: string,
    parent: FolderObject,
    cluster: Cluster | undefined,
  ) {
    super(
      kind === 'cluster' ? 'ClusterComputeResource' : 'ComputeResource',
      `${kind === 'cluster' ? 'domain-c' : 'domain-s'}${number}`,
      name,
      parent,
    );
    this.factsId = factsId;
    this.cluster = cluster;
    this.datacenterId = parent.place!.datacenterId;
    this.pool = new PoolObject(`resgroup-${number + 1}`, {
      owner: this,
      parent: this,
      path: [],
      facts: undefined,
    });
    this.environmentBrowser = new EnvironmentBrowserObject(
      `envbrowser-${number}`,
      new DatastoreBrowserObject(`datastoreBrowser-envbrowser-${number}`, () => this.datastores()),
      this,
    );
  }

  protected get properties(): Properties<ComputeObject> {
    return this.ref.type === 'ClusterComputeResource' ? CLUSTER : COMPUTE;
  }

  datastores(): DatastoreObject[] {
    return [...new Set(this.hosts.flatMap((host) => host.datastores))];
  }

  networks(): NetworkObject[] {
    return [...new Set(this.hosts.flatMap((host) => host.networks))];
  }

  override children(): Iterable<Entity> {
    return [...this.hosts, this.pool];
  }

  override members(): Iterable<Entity> {
    return [...this.hosts, this.pool, ...this.datastores(), ...this.networks()];
  }
}

function sumsOf({ hosts }: ComputeObject): Record<string, Value> {
  const sum = (pick: (host: HostObject) => number) => hosts.reduce((total, host) => total + pick(host), 0);
  const usable = hosts.filter((host) => !host.facts.maintenance);
  return {
    totalCpu: sum((host) => hostMhz(host.facts)),
    totalMemory: sum((host) => host.facts.memoryBytes),
    numCpuCores: sum((host) => host.facts.cpuCores),
    numCpuThreads: sum((host) => host.facts.cpuThreads),
    // vSphere counts what machines can have in MHz and MiB, after the hypervisor's own share.
    effectiveCpu: Math.floor(usable.reduce((total, { facts }) => total + hostMhz(facts), 0) * 0.96),
    effectiveMemory: Math.floor(
      (usable.reduce((total, { facts }) => total + facts.memoryBytes, 0) / MIB) * 0.97,
    ),
    numHosts: hosts.length,
    numEffectiveHosts: usable.length,
    overallStatus: 'green',
  };
}

export const POOL: Properties<PoolObject> = {
  ...ENTITY_PROPERTIES,
  summary: (self, reading) => ({
    $: 'ResourcePoolSummary',
    name: self.name,
    config: () => allocationOf(self),
    runtime: () => poolRuntimeOf(self, reading),
    quickStats: () => ({ $: 'ResourcePoolQuickStats', ...usageOf(self, reading) }),
  }),
  runtime: (self, reading) => poolRuntimeOf(self, reading),
  owner: (self) => self.owner.ref,
  resourcePool: (self) => self.pools.map((pool) => pool.ref),
  vm: (self) => self.vms.refs(),
  config: (self) => allocationOf(self),
  childConfiguration: (self) => self.pools.map((pool) => allocationOf(pool)),
};

interface PoolSettings {
  readonly owner: ComputeObject;
  readonly parent: Entity;
  /** Names as the estate has them, from below the root pool; none for that itself. */
  readonly path: readonly string[];
  /** Limits; undefined for a pool that only machines name. */
  readonly facts: ResourcePool | undefined;
}

export class PoolObject extends Entity {
  readonly owner: ComputeObject;
  readonly facts: ResourcePool | undefined;
  path: readonly string[];
  readonly pools: PoolObject[] = [];
  readonly vms = new VmList();

  constructor(id: string, { owner, parent, path, facts }: PoolSettings, type = 'ResourcePool') {
    super(type, id, path.at(-1) ?? 'Resources', parent);
    this.owner = owner;
    this.facts = facts;
    this.path = path;
  }

  drop(child: PoolObject): void {
    const at = this.pools.indexOf(child);
    if (at >= 0) this.pools.splice(at, 1);
  }

  /** Goes into another pool, under the last name of the path. The old one has dropped it. */
  moveTo(parent: PoolObject, path: readonly string[]): void {
    this.parent = parent;
    this.name = escapeName(path.at(-1)!);
    this.#relocate(path);
    parent.pools.push(this);
  }

  /** All machines in it and in the pools below it. */
  *allVms(): Iterable<VirtualMachine> {
    yield* this.vms.list();
    for (const pool of this.pools) yield* pool.allVms();
  }

  #relocate(path: readonly string[]): void {
    this.path = path;
    for (const pool of this.pools) pool.#relocate([...path, pool.path.at(-1)!]);
  }

  protected get properties(): Properties<PoolObject> {
    return POOL;
  }

  override children(): Iterable<Entity> {
    return this.pools;
  }

  override members(): Iterable<Entity> {
    return [...this.pools, ...this.vms.list()];
  }
}

function usageOf(
  self: PoolObject,
  { vcenter, now }: Reading,
): { overallCpuUsage: number; guestMemoryUsage: number } {
  let overallCpuUsage = 0;
  let guestMemoryUsage = 0;
  for (const vm of self.allVms()) {
    const use = vcenter.performance.usageNow(vm, now);
    overallCpuUsage += use.cpuMhz;
    guestMemoryUsage += use.memoryMiB;
  }
  return { overallCpuUsage, guestMemoryUsage };
}

function poolRuntimeOf(self: PoolObject, reading: Reading): Data {
  const { overallCpuUsage, guestMemoryUsage } = usageOf(self, reading);
  const { totalCpu, totalMemory } = sumsOf(self.owner) as { totalCpu: number; totalMemory: number };
  const { cpu, memory } = limitsOf(self);
  const usage = (overallUsage: number, capacity: number, reserved: number, limit: number): Data => {
    const maxUsage = limit < 0 ? capacity : Math.min(limit, capacity);
    const below = self.pools.length > 0 ? reserved : 0;
    return {
      $: 'ResourcePoolResourceUsage',
      reservationUsed: below,
      reservationUsedForVm: 0,
      unreservedForPool: maxUsage - below,
      unreservedForVm: maxUsage - below,
      overallUsage: Math.min(overallUsage, maxUsage),
      maxUsage,
    };
  };
  return {
    $: 'ResourcePoolRuntimeInfo',
    memory: usage(
      guestMemoryUsage * MIB,
      totalMemory,
      memory.reservation * MIB,
      memory.limit < 0 ? -1 : memory.limit * MIB,
    ),
    cpu: usage(overallCpuUsage, totalCpu, cpu.reservation, cpu.limit),
    overallStatus: 'green',
  };
}

interface Limits {
  /** MHz or MiB. */
  readonly reservation: number;
  /** -1: none. */
  readonly limit: number;
}

function limitsOf({ facts }: PoolObject): { readonly cpu: Limits; readonly memory: Limits } {
  return {
    cpu: { reservation: facts?.cpuReservationMhz ?? 0, limit: facts?.cpuLimitMhz ?? -1 },
    memory: { reservation: facts?.memoryReservationMiB ?? 0, limit: facts?.memoryLimitMiB ?? -1 },
  };
}

/** Shares of a pool as its level gives them. */
const SHARES = {
  low: [2000, 81_920],
  normal: [4000, 163_840],
  high: [8000, 327_680],
} as const;

function allocationOf(self: PoolObject): Data {
  const level = self.facts?.shares ?? 'normal';
  const { cpu, memory } = limitsOf(self);
  const allocation = ({ reservation, limit }: Limits, shares: number): Data => ({
    $: 'ResourceAllocationInfo',
    reservation,
    expandableReservation: true,
    limit,
    shares: { $: 'SharesInfo', shares, level },
  });
  return {
    $: 'ResourceConfigSpec',
    entity: self.ref,
    cpuAllocation: allocation(cpu, SHARES[level][0]),
    memoryAllocation: allocation(memory, SHARES[level][1]),
  };
}

export const VIRTUAL_APP: Properties<VirtualAppObject> = {
  ...(POOL as Properties<VirtualAppObject>),
  summary: (self, reading) => ({
    $: 'VirtualAppSummary',
    name: self.name,
    config: () => allocationOf(self),
    runtime: () => poolRuntimeOf(self, reading),
    quickStats: () => ({ $: 'ResourcePoolQuickStats', ...usageOf(self, reading) }),
    vAppState: isStarted(self) ? 'started' : 'stopped',
    suspended: false,
    installBootRequired: false,
  }),
  parentFolder: (self) => self.folder.ref,
  datastore: (self) =>
    [...new Set([...self.allVms()].flatMap((vm) => vm.datastores()))].map(({ ref }) => ref),
  network: (self) => [...new Set([...self.allVms()].flatMap((vm) => vm.networks()))].map(({ ref }) => ref),
  vAppConfig: (self) => ({
    $: 'VAppConfigInfo',
    ipAssignment: {
      $: 'VAppIPAssignmentInfo',
      ipAllocationPolicy: 'fixedPolicy',
      ipProtocol: 'IPv4',
    },
    installBootRequired: false,
    installBootStopDelay: 0,
    annotation: '',
    instanceUuid: self.ref.id,
    entityConfig: self.vms.list().map((vm) => ({
      $: 'VAppEntityConfigInfo',
      key: vm.ref,
      tag: vm.name,
      startOrder: 0,
      startDelay: 120,
      waitingForGuest: false,
      startAction: 'powerOn',
      stopDelay: 120,
      stopAction: 'powerOff',
      destroyWithParent: true,
    })),
  }),
  parentVApp: (self) => (self.parent instanceof VirtualAppObject ? self.parent.ref : undefined),
  childLink: () => [],
};

function isStarted(self: VirtualAppObject): boolean {
  for (const vm of self.allVms()) if (vm.isOn) return true;
  return false;
}

/** A pool that also stands in a folder, as machines do. */
export class VirtualAppObject extends PoolObject {
  readonly folder: FolderObject;

  constructor(number: number, settings: PoolSettings, folder: FolderObject) {
    super(`resgroup-v${number}`, settings, 'VirtualApp');
    this.folder = folder;
  }

  protected override get properties(): Properties<PoolObject> {
    return VIRTUAL_APP as Properties<PoolObject>;
  }

  override children(): Iterable<Entity> {
    return [...this.pools, ...this.vms.list()];
  }
}
