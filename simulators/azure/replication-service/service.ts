/**
 * Control plane of replication, as appliances see it (docs/protocols/appliance-data-planes.md, section 2).
 * Every mutation names itself, so repeating one changes nothing.
 */
import type { HttpHandler } from '#core/net/http-server.ts';
import { type Bytes, MIB } from '#core/units.ts';
import type { SimulatorContext } from '../../kit/context.ts';
import type { Authorization } from '../arm/authorization.ts';
import { conflict, forbidden, invalidProperty } from '../arm/faults.ts';
import { ArmError } from '../arm/provider.ts';
import type { Cloud } from '../cloud.ts';
import { createPlane, type PlaneCall, type PlaneRoute } from '../data-plane.ts';
import { iso } from '../http.ts';
import type { IdentityService } from '../identity/service.ts';
import { finite, flag, list, oneOf, type Reader, shape, text, whole } from '../shape.ts';
import { type Range, readBlocks, readRanges } from './blocks.ts';
import { commitCycle, openCycle, putManifest } from './cycles.ts';
import { commandFor } from './migration-item.ts';
import type { Cycle, MigrationItem, ProtectedDisk } from './replicated-item.ts';
import type { ReplicationStore } from './store.ts';

export interface ReplicationServiceOptions {
  readonly context: SimulatorContext;
  readonly cloud: Cloud;
  readonly identity: IdentityService;
  readonly authorization: Authorization;
  readonly tenantId: string;
  readonly store: ReplicationStore;
}

const BODY_BYTES_MAX: Bytes = 32 * MIB;
const DISKS_MAX = 64;
/** Phase that an appliance reports when it holds nothing at the source any more. */
const STOPPED = 'stopped';

/** An instant with its zone: without one it would depend on where the simulator runs. */
const utc: Reader<number> = (value, path) => {
  const isUtc = typeof value === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z$/.test(value);
  const at = isUtc ? Date.parse(value) : Number.NaN;
  if (Number.isNaN(at)) throw invalidProperty(path, 'a time in ISO 8601 that ends in Z');
  return at;
};
/** Checked by whoever knows the disk. */
const later: Reader<unknown> = (value) => value;

const readCycle = shape({
  kind: oneOf('initial', 'delta', 'final', 'resync'),
  takenAt: utc,
  disks: list(shape({ diskId: text(128), capacityInBytes: whole(0) }), DISKS_MAX),
});
const readManifest = shape({ blocks: later });
const readCommit = shape({
  disks: list(shape({ diskId: text(128), manifests: whole(0), dirty: later }), DISKS_MAX),
});
const readProgress = shape(
  {
    phase: text(64),
    percent: finite(0, 100),
    bytesSent: whole(0),
    health: list(
      shape({ code: text(128), message: text(8_192), cause: text(8_192), remedy: text(8_192) }),
      100,
    ),
  },
  { nextCycleAt: utc },
);
const readSourceState = shape({ poweredOff: flag, at: utc });
const readSas = shape({ diskId: text(128) });

const VAULT = '/v1/vaults/:vault';
const ITEM = `${VAULT}/items/:item`;
const CYCLE = `${ITEM}/cycles/:cycle`;

/** Offered operations; also the coverage ledger's. */
export function replicationRoutes({
  store,
  authorization,
}: Pick<ReplicationServiceOptions, 'store' | 'authorization'>): readonly PlaneRoute[] {
  const vaultOf = ({ params, principal }: PlaneCall): string => {
    const vaultId = store.vaultByToken(params['vault']!);
    if (vaultId === undefined)
      throw new ArmError(404, 'VaultNotFound', `There is no vault '${params['vault']}' here.`);
    const action = 'Microsoft.RecoveryServices/vaults/write';
    if (!authorization.allows(principal, action, vaultId)) throw forbidden(principal, action, vaultId);
    return vaultId;
  };

  const findItem = (call: PlaneCall): MigrationItem | undefined => {
    const vaultId = vaultOf(call);
    const item = store.byId(call.params['item']!);
    if (item?.vaultId.toLowerCase() !== vaultId.toLowerCase()) return undefined;
    item.heardAt = call.now;
    return item;
  };

  const itemOf = (call: PlaneCall): MigrationItem => {
    const item = findItem(call);
    if (!item) throw new ArmError(404, 'ItemNotFound', `This vault has no item '${call.params['item']}'.`);
    return item;
  };

  return [
    {
      method: 'GET',
      path: `${VAULT}/work`,
      operation: 'GetWork',
      says: 'an appliance asks what it shall replicate',
      handle(call) {
        const vaultId = vaultOf(call).toLowerCase();
        const appliance = call.query.get('appliance')?.toLowerCase();
        if (!appliance) throw invalidProperty('appliance', 'it is missing');
        const mine = store
          .items()
          .filter(
            (item) =>
              item.vaultId.toLowerCase() === vaultId &&
              item.machine.applianceName.toLowerCase() === appliance,
          );
        return { status: 200, body: { items: mine.flatMap((item) => workOf(store, item) ?? []) } };
      },
    },
    {
      method: 'PUT',
      path: CYCLE,
      operation: 'PutCycle',
      says: 'an appliance begins a cycle',
      handle(call) {
        const item = itemOf(call);
        const id = call.params['cycle']!;
        if (!/^[\w-]{1,64}$/.test(id))
          throw invalidProperty('cycleId', 'letters, digits, hyphens and underscores, at most 64');
        const { kind, takenAt, disks } = readCycle(call.body, '');
        const sizes = eachDisk(item, disks);
        for (const [disk, { capacityInBytes }] of sizes)
          if (capacityInBytes !== disk.capacityBytes)
            throw conflict(
              'DiskSizeChanged',
              `${disk.label} has ${disk.capacityBytes} bytes here, not ${capacityInBytes}; stop the replication of ${item.name} and enable it again.`,
            );
        const isNew = openCycle(store, item, { id, kind, takenAt });
        return { status: isNew ? 201 : 200, body: cycleView(cycleOf(item, call)) };
      },
    },
    {
      method: 'GET',
      path: CYCLE,
      operation: 'GetCycle',
      says: 'an appliance asks how far a cycle is',
      handle: (call) => ({ status: 200, body: cycleView(cycleOf(itemOf(call), call)) }),
    },
    {
      method: 'PUT',
      path: `${CYCLE}/disks/:disk/manifests/:number`,
      operation: 'PutManifest',
      says: 'an appliance describes blocks that it has uploaded',
      handle(call) {
        const item = itemOf(call);
        const cycle = cycleOf(item, call);
        const disk = diskOf(item, call.params['disk']!);
        const number = call.params['number']!;
        if (!/^(?:0|[1-9]\d{0,5})$/.test(number))
          throw invalidProperty('n', 'a whole number below 1,000,000');
        const blocks = readBlocks(readManifest(call.body, '').blocks, disk.capacityBytes);
        putManifest(cycle, disk, Number(number), blocks);
        return { status: 200, body: { blocks: blocks.length } };
      },
    },
    {
      method: 'POST',
      path: `${CYCLE}/commit`,
      operation: 'CommitCycle',
      says: 'an appliance has sent a whole cycle',
      handle(call) {
        const item = itemOf(call);
        const cycle = cycleOf(item, call);
        const asked = eachDisk(item, readCommit(call.body, '').disks);
        if (cycle.state === 'Open') {
          const dirty = new Map<string, readonly Range[]>();
          for (const [disk, { manifests, dirty: ranges, path }] of asked) {
            const here = cycle.manifests.get(disk.diskId)?.size ?? 0;
            if (manifests !== here)
              throw conflict(
                'ManifestMissing',
                `${disk.label} has ${here} manifests here, not ${manifests}; send those that are missing and commit again.`,
              );
            dirty.set(disk.diskId, readRanges(ranges, disk.capacityBytes, `${path}.dirty`));
          }
          commitCycle(store, item, cycle, dirty);
        }
        return { status: 202, body: cycleView(cycle) };
      },
    },
    {
      method: 'PUT',
      path: `${ITEM}/progress`,
      operation: 'PutProgress',
      says: 'an appliance tells how the replication of a machine stands',
      handle(call) {
        const { health, ...progress } = readProgress(call.body, '');
        const item = findItem(call);
        // the answer to the first "stopped" may have been lost
        if (!item && progress.phase === STOPPED && store.wasRemoved(call.params['item']!))
          return { status: 200, body: {} };
        const known = item ?? itemOf(call);
        known.progress = progress;
        known.health = health;
        if (progress.phase === STOPPED && known.state === 'DisableMigrationInProgress') store.stop(known);
        return { status: 200, body: {} };
      },
    },
    {
      method: 'PUT',
      path: `${ITEM}/source-state`,
      operation: 'PutSourceState',
      says: 'an appliance has found the source powered off, or on',
      handle(call) {
        const item = itemOf(call);
        const { poweredOff, at } = readSourceState(call.body, '');
        item.poweredOffAt = poweredOff ? at : undefined;
        store.completeMigration(item);
        return { status: 200, body: {} };
      },
    },
    {
      method: 'POST',
      path: `${ITEM}/sas`,
      operation: 'PostSas',
      says: 'an appliance asks for a fresh signature for the log container of a disk',
      handle(call) {
        const disk = diskOf(itemOf(call), readSas(call.body, '').diskId);
        const { logContainerUrl, expiresAt } = store.grant(disk);
        return { status: 200, body: { logContainerUrl, expiresAt: iso(expiresAt) } };
      },
    },
  ];
}

export function createReplicationService(options: ReplicationServiceOptions): HttpHandler {
  return createPlane({
    ...options,
    audiences: options.cloud.audiences.replication,
    routes: replicationRoutes(options),
    bodyBytesMax: BODY_BYTES_MAX,
  });
}

/** What the appliance shall do with an item; undefined for nothing. */
function workOf(store: ReplicationStore, item: MigrationItem): object | undefined {
  const command = commandFor(item.state);
  if (!command) return undefined;
  const lastAppliedCycleId = store.lastApplied(item)?.id;
  return {
    itemId: item.itemId,
    instanceUuid: item.machine.instanceUuid,
    machineName: item.machine.displayName,
    command,
    performShutdown: item.performShutdown,
    migration: item.cutovers,
    disks: item.disks.map((disk) => {
      const { logContainerUrl, expiresAt } = store.grant(disk);
      return {
        diskId: disk.diskId,
        logContainerUrl,
        sasExpiresAt: iso(expiresAt),
        isOSDisk: disk.isOsDisk,
        ...(lastAppliedCycleId === undefined ? {} : { lastAppliedCycleId }),
      };
    }),
  };
}

/** Entries by the disk they name. @throws ArmError 400 unless each disk of the item is named once */
function eachDisk<T extends { readonly diskId: string }>(
  item: MigrationItem,
  entries: readonly T[],
): Map<ProtectedDisk, T & { path: string }> {
  const found = new Map<ProtectedDisk, T & { path: string }>();
  for (const [i, entry] of entries.entries()) {
    const disk = diskOf(item, entry.diskId);
    if (found.has(disk)) throw invalidProperty(`disks[${i}].diskId`, 'each disk once');
    found.set(disk, { ...entry, path: `disks[${i}]` });
  }
  if (found.size !== item.disks.length)
    throw invalidProperty('disks', `all ${item.disks.length} disks of the item`);
  return found;
}

function cycleOf(item: MigrationItem, { params }: PlaneCall): Cycle {
  const cycle = item.cycles.find(({ id }) => id === params['cycle']);
  if (!cycle) throw new ArmError(404, 'CycleNotFound', `${item.name} has no cycle '${params['cycle']}'.`);
  return cycle;
}

function diskOf(item: MigrationItem, diskId: string): ProtectedDisk {
  const disk = item.disks.find((candidate) => candidate.diskId.toLowerCase() === diskId.toLowerCase());
  if (!disk) throw new ArmError(404, 'DiskNotFound', `${item.name} replicates no disk '${diskId}'.`);
  return disk;
}

function cycleView({ id, kind, state, appliedBytes, error }: Cycle): object {
  return { cycleId: id, kind, state, appliedBytes, ...(error ? { error } : {}) };
}
