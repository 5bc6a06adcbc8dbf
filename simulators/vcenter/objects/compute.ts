/** Clusters, and the compute resources of stand-alone hosts. */
import { MIB } from '#core/units.ts';
import type { Cluster } from '../../estate/model.ts';
import type { Data, Value } from '../values.ts';
import { DatastoreBrowserObject, type DatastoreObject, EnvironmentBrowserObject } from './datastore.ts';
import type { FolderObject } from './folder.ts';
import { type HostObject, hostMhz } from './host.ts';
import type { NetworkObject } from './network.ts';
import { ENTITY_PROPERTIES, Entity, type Properties } from './object.ts';
import { PoolObject } from './pool.ts';

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

function clusterSummaryOf(self: ComputeObject): Data {
  return {
    $: 'ClusterComputeResourceSummary',
    ...sumsOf(self),
    currentFailoverLevel: Math.max(0, self.hosts.length - 1),
    numVmotions: 0,
  };
}

export const CLUSTER: Properties<ComputeObject> = {
  ...COMPUTE,
  summary: clusterSummaryOf,
  summaryEx: clusterSummaryOf,
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

  /** Of all its hosts, in MHz and MiB. */
  get capacity(): { readonly cpu: number; readonly memory: number } {
    const sum = (pick: (host: HostObject) => number) =>
      this.hosts.reduce((total, host) => total + pick(host), 0);
    return {
      cpu: sum(({ facts }) => hostMhz(facts)),
      memory: Math.floor(sum(({ facts }) => facts.memoryBytes) / MIB),
    };
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
