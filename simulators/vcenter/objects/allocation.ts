/** What pools give to what is in them: reservations, limits and shares of processors (MHz) and memory (MiB). */
import { MIB } from '#core/units.ts';
import type { ResourcePool } from '../../estate/model.ts';
import { invalidArgument, vimFault } from '../faults.ts';
import type { Data } from '../values.ts';
import type { PoolObject } from './pool.ts';

type Level = 'low' | 'normal' | 'high' | 'custom';

export interface Allocation {
  readonly reservation: number;
  /** May take what the pool above has left, beyond its own reservation. */
  readonly expandable: boolean;
  /** −1: none. */
  readonly limit: number;
  readonly level: Level;
  readonly shares: number;
}

export interface Allocations {
  readonly cpu: Allocation;
  readonly memory: Allocation;
}

/** Shares of a pool as its level gives them: processors, memory. */
const SHARES: Readonly<Record<Exclude<Level, 'custom'>, readonly [number, number]>> = {
  low: [2000, 81_920],
  normal: [4000, 163_840],
  high: [8000, 327_680],
};
const SHARES_MAX = 4_000_000;

export function allocationsOf(facts: ResourcePool | undefined): Allocations {
  const level = facts?.shares ?? 'normal';
  const [cpu, memory] = SHARES[level];
  return {
    cpu: {
      reservation: facts?.cpuReservationMhz ?? 0,
      expandable: true,
      limit: facts?.cpuLimitMhz ?? -1,
      level,
      shares: cpu,
    },
    memory: {
      reservation: facts?.memoryReservationMiB ?? 0,
      expandable: true,
      limit: facts?.memoryLimitMiB ?? -1,
      level,
      shares: memory,
    },
  };
}

interface AllocationSpec extends Data {
  readonly reservation?: number;
  readonly expandableReservation?: boolean;
  readonly limit?: number;
  readonly shares?: Data & { readonly shares: number; readonly level: Level };
}

/** ResourceConfigSpec as it comes in. */
export interface PoolSpec extends Data {
  readonly cpuAllocation: AllocationSpec;
  readonly memoryAllocation: AllocationSpec;
}

/**
 * What is asked for, on top of what there is.
 * @param parent the pool that it is in or shall be in
 * @throws VimFault InvalidArgument, InsufficientCpuResourcesFault, InsufficientMemoryResourcesFault
 */
export function changedAllocations(
  before: Allocations,
  spec: PoolSpec,
  parent: PoolObject | undefined,
): Allocations {
  const cpu = changed(before.cpu, spec.cpuAllocation, 0);
  const memory = changed(before.memory, spec.memoryAllocation, 1);
  if (parent)
    for (const [what, now, then] of [
      ['cpu', cpu, before.cpu],
      ['memory', memory, before.memory],
    ] as const) {
      const requested = now.reservation - then.reservation;
      const unreserved = unreservedOf(parent, what);
      if (requested > 0 && requested > unreserved)
        throw vimFault(
          what === 'cpu' ? 'InsufficientCpuResourcesFault' : 'InsufficientMemoryResourcesFault',
          `The available ${what === 'cpu' ? 'CPU' : 'memory'} resources in the parent resource pool are insufficient for the operation.`,
          {
            unreserved: what === 'cpu' ? unreserved : unreserved * MIB,
            requested: what === 'cpu' ? requested : requested * MIB,
          },
        );
    }
  return { cpu, memory };
}

function changed(before: Allocation, spec: AllocationSpec, which: 0 | 1): Allocation {
  const { reservation = before.reservation, limit = before.limit, shares } = spec;
  if (reservation < 0) throw invalidArgument('spec.reservation');
  if (limit < -1 || (limit !== -1 && limit < reservation)) throw invalidArgument('spec.limit');
  const level = shares?.level ?? before.level;
  const count = level === 'custom' ? (shares?.shares ?? before.shares) : SHARES[level][which];
  if (count < 0 || count > SHARES_MAX) throw invalidArgument('spec.shares.shares');
  return {
    reservation,
    expandable: spec.expandableReservation ?? before.expandable,
    limit,
    level,
    shares: count,
  };
}

/** What the pools in a pool have not reserved yet, of its own and of what is above it where it may take that. */
export function unreservedOf(pool: PoolObject, what: 'cpu' | 'memory'): number {
  const taken = pool.pools.reduce((sum, child) => sum + child.allocations[what].reservation, 0);
  const { reservation, expandable } = pool.allocations[what];
  if (!pool.parentPool) return pool.owner.capacity[what] - taken;
  return Math.max(0, reservation - taken) + (expandable ? unreservedOf(pool.parentPool, what) : 0);
}

export function allocationData(pool: PoolObject): Data {
  const data = ({ reservation, expandable, limit, level, shares }: Allocation): Data => ({
    $: 'ResourceAllocationInfo',
    reservation,
    expandableReservation: expandable,
    limit,
    shares: { $: 'SharesInfo', shares, level },
  });
  return {
    $: 'ResourceConfigSpec',
    entity: pool.ref,
    cpuAllocation: data(pool.allocations.cpu),
    memoryAllocation: data(pool.allocations.memory),
  };
}
