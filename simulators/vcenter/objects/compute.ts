/** Clusters and stand-alone hosts' compute resources, and the resource pools in them. */
import { MIB } from '#core/units.ts';
import type { Data, Value } from '../values.ts';
import { DatastoreBrowserObject, type DatastoreObject, EnvironmentBrowserObject } from './datastore.ts';
import { type HostObject, hostMhz } from './host.ts';
import type { NetworkObject } from './network.ts';
import { ENTITY_PROPERTIES, Entity, type Properties, type Reading } from './object.ts';
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

const DAS_CONFIG: Data = {
  $: 'ClusterDasConfigInfo',
  enabled: true,
  failoverLevel: 1,
  admissionControlEnabled: true,
};
const DRS_CONFIG: Data = {
  $: 'ClusterDrsConfigInfo',
  enabled: true,
  enableVmBehaviorOverrides: true,
  defaultVmBehavior: 'fullyAutomated',
  vmotionRate: 3,
};

export const CLUSTER: Properties<ComputeObject> = {
  ...COMPUTE,
  summary: (self) => ({
    $: 'ClusterComputeResourceSummary',
    ...sumsOf(self),
    currentFailoverLevel: Math.max(0, self.hosts.length - 1),
    numVmotions: 0,
  }),
  configuration: () => ({ $: 'ClusterConfigInfo', dasConfig: DAS_CONFIG, drsConfig: DRS_CONFIG }),
  configurationEx: () => ({
    $: 'ClusterConfigInfoEx',
    vmSwapPlacement: 'vmDirectory',
    dasConfig: DAS_CONFIG,
    drsConfig: DRS_CONFIG,
  }),
  recommendation: () => [],
  drsRecommendation: () => [],
  migrationHistory: () => [],
  actionHistory: () => [],
  drsFault: () => [],
};

export class ComputeObject extends Entity {
  readonly hosts: HostObject[] = [];
  readonly pool: PoolObject;
  readonly environmentBrowser: EnvironmentBrowserObject;

  /** @param number gives the ids: domain-c<number> or domain-s<number>, and resgroup-<number + 1> of its pool. */
  constructor(kind: 'cluster' | 'host', number: number, name: string, parent: Entity) {
    super(
      kind === 'cluster' ? 'ClusterComputeResource' : 'ComputeResource',
      `${kind === 'cluster' ? 'domain-c' : 'domain-s'}${number}`,
      name,
      parent,
    );
    this.pool = new PoolObject(number + 1, 'Resources', this, this);
    this.environmentBrowser = new EnvironmentBrowserObject(
      `envbrowser-${number}`,
      new DatastoreBrowserObject(`datastoreBrowser-envbrowser-${number}`, () => this.datastores()),
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

export class PoolObject extends Entity {
  readonly owner: ComputeObject;
  readonly pools: PoolObject[] = [];
  readonly vms = new VmList();

  constructor(number: number, name: string, parent: Entity, owner: ComputeObject) {
    super('ResourcePool', `resgroup-${number}`, name, parent);
    this.owner = owner;
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
  const visit = (pool: PoolObject): void => {
    for (const vm of pool.vms.list()) {
      const use = vcenter.performance.usageNow(vm, now);
      overallCpuUsage += use.cpuMhz;
      guestMemoryUsage += use.memoryMiB;
    }
    pool.pools.forEach(visit);
  };
  visit(self);
  return { overallCpuUsage, guestMemoryUsage };
}

function poolRuntimeOf(self: PoolObject, reading: Reading): Data {
  const { overallCpuUsage, guestMemoryUsage } = usageOf(self, reading);
  const { totalCpu, totalMemory } = sumsOf(self.owner) as { totalCpu: number; totalMemory: number };
  const usage = (overallUsage: number, maxUsage: number): Data => ({
    $: 'ResourcePoolResourceUsage',
    reservationUsed: 0,
    reservationUsedForVm: 0,
    unreservedForPool: maxUsage,
    unreservedForVm: maxUsage,
    overallUsage,
    maxUsage,
  });
  return {
    $: 'ResourcePoolRuntimeInfo',
    memory: usage(guestMemoryUsage * MIB, totalMemory),
    cpu: usage(overallCpuUsage, totalCpu),
    overallStatus: 'green',
  };
}

function allocationOf(self: PoolObject): Data {
  const unlimited = (shares: number): Data => ({
    $: 'ResourceAllocationInfo',
    reservation: 0,
    expandableReservation: true,
    limit: -1,
    shares: { $: 'SharesInfo', shares, level: 'normal' },
  });
  return {
    $: 'ResourceConfigSpec',
    entity: self.ref,
    cpuAllocation: unlimited(4000),
    memoryAllocation: unlimited(163_840),
  };
}
