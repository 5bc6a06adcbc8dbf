/** Resource pools: what machines of a cluster or host share. */
import { MIB } from '#core/units.ts';
import type { ResourcePool } from '../../estate/model.ts';
import type { Data } from '../values.ts';
import type { VirtualMachine } from '../vm/virtual-machine.ts';
import { type Allocations, allocationData, allocationsOf, unreservedOf } from './allocation.ts';
import type { ComputeObject } from './compute.ts';
import { ENTITY_PROPERTIES, Entity, escapeName, type Properties, type Reading } from './object.ts';
import { VmList } from './vm-list.ts';

export const POOL: Properties<PoolObject> = {
  ...ENTITY_PROPERTIES,
  summary: (self, reading) => ({
    $: 'ResourcePoolSummary',
    name: self.name,
    config: () => allocationData(self),
    runtime: () => poolRuntimeOf(self, reading),
    quickStats: () => ({ $: 'ResourcePoolQuickStats', ...usageOf(self, reading) }),
  }),
  runtime: (self, reading) => poolRuntimeOf(self, reading),
  owner: (self) => self.owner.ref,
  resourcePool: (self) => self.pools.map((pool) => pool.ref),
  vm: (self) => self.vms.refs(),
  config: (self) => allocationData(self),
  childConfiguration: (self) => self.pools.map((pool) => allocationData(pool)),
};

export interface PoolSettings {
  readonly owner: ComputeObject;
  readonly parent: Entity;
  /** Names as the estate has them, from below the root pool; none for that itself. */
  readonly path: readonly string[];
  /** Limits; undefined for a pool that only machines name. */
  readonly facts: ResourcePool | undefined;
}

export class PoolObject extends Entity {
  readonly owner: ComputeObject;
  /** Reservations, limits and shares. */
  allocations: Allocations;
  path: readonly string[];
  readonly pools: PoolObject[] = [];
  readonly vms = new VmList();

  constructor(id: string, { owner, parent, path, facts }: PoolSettings, type = 'ResourcePool') {
    super(type, id, path.at(-1) ?? 'Resources', parent);
    this.owner = owner;
    this.allocations = allocationsOf(facts);
    this.path = path;
  }

  /** The pool that it is in; undefined for a root pool. */
  get parentPool(): PoolObject | undefined {
    return this.parent instanceof PoolObject ? this.parent : undefined;
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

export function usageOf(
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

export function poolRuntimeOf(self: PoolObject, reading: Reading): Data {
  const { overallCpuUsage, guestMemoryUsage } = usageOf(self, reading);
  const { capacity } = self.owner;
  const usage = (what: 'cpu' | 'memory', overallUsage: number, unit: number): Data => {
    const { limit, reservation } = self.allocations[what];
    const maxUsage = limit < 0 ? capacity[what] : Math.min(limit, capacity[what]);
    const taken = self.pools.reduce((sum, child) => sum + child.allocations[what].reservation, 0);
    const unreserved = unreservedOf(self, what);
    return {
      $: 'ResourcePoolResourceUsage',
      reservationUsed: taken * unit,
      reservationUsedForVm: 0,
      unreservedForPool: (self.parentPool ? Math.max(0, reservation - taken) : unreserved) * unit,
      unreservedForVm: unreserved * unit,
      overallUsage: Math.min(overallUsage, maxUsage) * unit,
      maxUsage: maxUsage * unit,
    };
  };
  return {
    $: 'ResourcePoolRuntimeInfo',
    memory: usage('memory', guestMemoryUsage, MIB),
    cpu: usage('cpu', overallCpuUsage, 1),
    overallStatus: 'green',
  };
}
