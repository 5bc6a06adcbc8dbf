/**
 * Migration items of a served cloud, in different states, through the service's own code: enabled through
 * ARM, their cycles opened, described and applied as an appliance's are. Only the blobs do not travel.
 *
 * A replica holds the beginning of what the source disk holds, not all of it: a served cloud starts at once.
 */
import { createHash } from 'node:crypto';
import { assert } from '#core/assert.ts';
import { type Bytes, HOUR, KIB, MIB, type Millis } from '#core/units.ts';
import type { EstateFacts, Machine } from '../../estate/model.ts';
import { createDisk, type VirtualDisk } from '../../estate/virtual-disk.ts';
import { ArmError } from '../arm/provider.ts';
import type { ArmService } from '../arm/service.ts';
import { BLOCK_BYTES, type Block, type Range, readBlocks } from '../replication-service/blocks.ts';
import { applyCommitted, openCycle, pauseReplication, putManifest } from '../replication-service/cycles.ts';
import type { CycleKind, MigrationItem } from '../replication-service/replicated-item.ts';
import type { LogBlob, ReplicationStorage } from '../replication-service/storage-port.ts';
import type { ReplicationStore } from '../replication-service/store.ts';

const API = '2023-06-01';
/** Of each disk. */
const CONTENT_BYTES: Bytes = 4 * MIB;
const CHURN_BYTES: Bytes = 64 * KIB;

/** What is to become of the machines that can be replicated, in their order. */
const STATES = [
  'Replicating',
  'InitialSeedingInProgress',
  'MigrationSucceeded',
  'ProtectionSuspended',
] as const;

export interface ReplicasOptions {
  readonly arm: ArmService;
  readonly store: ReplicationStore;
  readonly estate: EstateFacts;
  /** ARM ids. */
  readonly container: string;
  readonly policy: string;
  readonly targetGroup: string;
  machineId(machine: Machine): string;
}

/** @returns ARM ids of the items that were made, at most one for each state: fewer where machines cannot be replicated */
export function publishReplicas(options: ReplicasOptions): string[] {
  const made: string[] = [];
  for (const machine of options.estate.machines) {
    const state = STATES[made.length];
    if (state === undefined) break;
    if (machine.template || machine.disks.length === 0) continue;
    const item = enable(options, machine);
    if (!item) continue;
    made.push(item.armId);
    bringTo(state, new Source(options, machine, item));
  }
  return made;
}

/** @returns undefined for a machine that the service refuses to replicate (a disk too large, independent …) */
function enable(
  { arm, store, container, policy, targetGroup, machineId }: ReplicasOptions,
  machine: Machine,
) {
  const vmName = machine.name
    .replace(/[^a-z0-9-]+/gi, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 60);
  const armId = `${container}/replicationMigrationItems/${vmName}`;
  try {
    arm.apply('PUT', armId, API, {
      properties: {
        policyId: policy,
        providerSpecificDetails: {
          instanceType: 'VMwareCbt',
          vmwareMachineId: machineId(machine),
          targetResourceGroupId: targetGroup,
          targetVmName: vmName,
          disksToInclude: machine.disks.map((disk) => ({
            diskId: disk.uuid,
            isOSDisk: String(disk.index === 0),
            diskType: disk.index === 0 ? 'StandardSSD_LRS' : 'Standard_LRS',
          })),
        },
      },
    });
  } catch (error) {
    if (error instanceof ArmError) return undefined;
    throw error;
  }
  const item = store.byArmId(armId);
  assert(item, `${machine.name} was enabled`);
  return item;
}

function bringTo(state: (typeof STATES)[number], source: Source): void {
  const { item, store } = source;
  if (state === 'InitialSeedingInProgress') {
    item.progress = { phase: 'Initial replication', percent: 40, bytesSent: 0 };
    return;
  }
  source.cycle('initial', 3 * HOUR);
  source.cycle('delta', 2 * HOUR);
  source.cycle('delta', HOUR);
  item.progress = { phase: 'Delta sync', percent: 100, bytesSent: CONTENT_BYTES };
  if (state === 'ProtectionSuspended') pauseReplication(store, item);
  if (state === 'MigrationSucceeded') {
    store.beginMigration(item, false);
    source.cycle('final', 0);
  }
}

/** The machine at the source, and what an appliance would send of it. */
class Source {
  readonly item: MigrationItem;
  readonly store: ReplicationStore;
  readonly #disks: readonly VirtualDisk[];
  readonly #blobs = new Map<string, LogBlob>();
  readonly #storage: ReplicationStorage;
  #cycles = 0;

  constructor({ store, estate }: ReplicasOptions, machine: Machine, item: MigrationItem) {
    this.item = item;
    this.store = store;
    this.#disks = machine.disks.map((facts) => createDisk(estate.seed, facts));
    this.#storage = { ...store.storage, readLogBlob: (_container, name) => this.#blobs.get(name) };
  }

  /** @param ago how long before now the source was frozen */
  cycle(kind: CycleKind, ago: Millis): void {
    const { item, store } = this;
    const number = ++this.#cycles;
    const id = `${kind}-${number}`;
    openCycle(store, item, { id, kind, takenAt: store.context.clock.wall() - ago });
    const cycle = item.cycles.at(-1)!;
    const dirty = new Map<string, readonly Range[]>();
    for (const [i, disk] of item.disks.entries()) {
      const source = this.#disks[i]!;
      if (kind !== 'initial') source.writeGenerated(number, number);
      const length = Math.min(kind === 'initial' ? CONTENT_BYTES : CHURN_BYTES, disk.capacityBytes);
      const start = kind === 'initial' ? 0 : Math.min(number * CHURN_BYTES, disk.capacityBytes - length);
      dirty.set(disk.diskId, [[start, length]]);
      putManifest(cycle, disk, 0, this.#blocks(source, `${id}/${i}`, start, length));
    }
    cycle.dirty = dirty;
    cycle.state = 'Applying';
    applyCommitted(store, item, cycle, this.#storage);
    assert((cycle.state as string) === 'Applied', `cycle ${id} of ${item.name} was applied`);
    this.#blobs.clear();
  }

  #blocks(source: VirtualDisk, prefix: string, start: Bytes, length: Bytes): readonly Block[] {
    const entries: object[] = [];
    for (let at = start; at < start + length; ) {
      const offset = Math.floor(at / BLOCK_BYTES) * BLOCK_BYTES;
      const end = Math.min(offset + BLOCK_BYTES, start + length);
      const content = source.read(at, end - at);
      const sha256 = createHash('sha256').update(content).digest('hex');
      const blob = `${prefix}/${offset / BLOCK_BYTES}`;
      this.#blobs.set(blob, { content, sha256 });
      entries.push({
        offset,
        extents: [[at - offset, end - at]],
        encoding: 'none',
        blob,
        storedBytes: end - at,
        sha256,
      });
      at = end;
    }
    return readBlocks(entries, source.facts.sizeBytes);
  }
}
