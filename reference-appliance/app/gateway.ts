/**
 * The gateway: carries out one replication cycle of one machine, from snapshot to applied.
 *
 * Every stage is durable before the next begins, and every request can be repeated, so that a cycle goes on after a
 * crash where it was: the snapshot is found by its name, blocks that were sent are sent again under the same name with
 * the same bytes (the snapshot froze them), a commit that may have arrived is asked about. The change ids of the
 * snapshot are durable before the snapshot is removed; the other order corrupts targets (kubev2v/forklift#1184).
 */
import { setMaxListeners } from 'node:events';
import { assert } from '#core/assert.ts';
import { defineErrors } from '#core/errors.ts';
import { type Clock, sleep } from '#core/time/clock.ts';
import { type Millis, SECOND } from '#core/units.ts';
import type { Logger } from '../log.ts';
import { BlockSender, type BlockSenderOptions, isCode, OUTAGE } from './block-sender.ts';
import { totalBytes } from './blocks.ts';
import type { WorkDisk } from './cloud-ports.ts';
import { type CycleDisk, type CycleRecord, SNAPSHOT_PREFIX } from './cycle-record.ts';
import type { ByteRange, Frozen, ReplicationSource } from './ports.ts';
import type { Baseline } from './replication-item.ts';
import type { VmwareMachine } from './source-machines.ts';

export const errors = defineErrors({
  'replication.disk.missing': {
    blame: 'peer',
    retry: 'after-change',
    why: 'A disk that was chosen for replication is not on the machine any more.',
    next: 'Stop the replication of the machine and enable it again with the disks that it has.',
  },
  'replication.tracking.notEffective': {
    blame: 'peer',
    retry: 'safe',
    why: 'Changed block tracking is switched on but its mark is missing on a disk, even after a snapshot was taken and removed.',
    next: 'Power the machine off and on once; look for ctkEnabled of that disk in its configuration.',
  },
  'replication.cycle.refused': {
    blame: 'peer',
    retry: 'safe',
    why: 'What arrived at the service is not what was read at the source, or was incomplete; nothing of the cycle counts.',
    next: 'Nothing is to be done: the next cycle sends the same ranges again.',
  },
});

const POLL_MS: Millis = 5 * SECOND;
const LONGEST_POLL_MS: Millis = 60 * SECOND;
const REPORT_MS: Millis = 30 * SECOND;

export interface GatewayOptions extends BlockSenderOptions {
  clock: Clock;
  log: Logger;
}

export interface CycleInputs {
  readonly source: ReplicationSource;
  readonly machine: VmwareMachine;
  readonly disks: readonly WorkDisk[];
  readonly baseline: Baseline | undefined;
  /** Makes the record durable. */
  readonly save: (record: CycleRecord) => Promise<void>;
  /** Told now and then: per cent of the cycle's bytes. */
  readonly onProgress: (percent: number) => void;
}

export class Gateway {
  readonly #options: GatewayOptions;
  readonly #sender: BlockSender;

  constructor(options: GatewayOptions) {
    this.#options = options;
    this.#sender = new BlockSender(options);
  }

  /**
   * Takes the cycle to its end from whatever stage it is in, and releases its snapshot. Everything that the next
   * cycle needs is in the record then. @throws `vcenter.*`, `azure.*`, `net.*`, `replication.*`
   */
  async run(record: CycleRecord, inputs: CycleInputs, outer: AbortSignal): Promise<void> {
    // what is still under way when one disk fails must not go on behind the cycle's back
    const ended = new AbortController();
    const signal = AbortSignal.any([outer, ended.signal]);
    setMaxListeners(0, signal); // every wait of every upload listens to it
    try {
      await this.#stages(record, inputs, signal);
    } finally {
      ended.abort(new Error('the cycle is over'));
    }
  }

  async #stages(record: CycleRecord, inputs: CycleInputs, signal: AbortSignal): Promise<void> {
    if (record.stage === 'begun') await this.#freeze(record, inputs, signal);
    if (record.stage === 'frozen') await this.#send(record, inputs, signal);
    if (record.stage === 'committed') await this.#awaitApplied(record, inputs, signal);
    await this.release(inputs.source, inputs.machine, signal);
  }

  /** Removes every snapshot of this appliance from the machine. @throws `vcenter.*`, `net.*` */
  async release(source: ReplicationSource, machine: VmwareMachine, signal: AbortSignal): Promise<void> {
    const { retrier } = this.#options;
    for (const { name, snapshot } of await retrier.run('vcenter', OUTAGE, signal, () =>
      source.snapshots(machine.handle, signal),
    ))
      if (name.startsWith(SNAPSHOT_PREFIX))
        await retrier.run('vcenter', OUTAGE, signal, () => source.removeSnapshot(snapshot, signal));
  }

  /** As `release`, one attempt, and no matter if it fails. */
  async releaseNow({ source, machine }: CycleInputs, signal: AbortSignal): Promise<void> {
    try {
      for (const { name, snapshot } of await source.snapshots(machine.handle, signal))
        if (name.startsWith(SNAPSHOT_PREFIX)) await source.removeSnapshot(snapshot, signal);
    } catch (error) {
      this.#options.log.info({ machine: machine.name, err: error }, 'a snapshot stays for now');
    }
  }

  /** Takes the snapshot and learns what it froze. */
  async #freeze(record: CycleRecord, inputs: CycleInputs, signal: AbortSignal): Promise<void> {
    const { retrier, clock } = this.#options;
    const { source, machine, disks, baseline, save } = inputs;
    const name = `${SNAPSHOT_PREFIX}${record.cycleId}`;
    // looks before it acts: an attempt whose answer was lost may have made the snapshot
    const take = () =>
      retrier.run('vcenter', OUTAGE, signal, async () => {
        const existing = await source.snapshots(machine.handle, signal);
        for (const other of existing)
          if (other.name.startsWith(SNAPSHOT_PREFIX) && other.name !== name)
            await source.removeSnapshot(other.snapshot, signal);
        const snapshot =
          existing.find((candidate) => candidate.name === name)?.snapshot ??
          (await source.createSnapshot(machine.handle, name, signal));
        return source.frozen(snapshot, signal);
      });
    let frozen = await take();
    record.takenAt = clock.wall();
    if (wanted(frozen, disks).some(({ changeId }) => changeId === undefined)) {
      // tracking takes effect at the next stun: taking and removing this snapshot was one
      await retrier.run('vcenter', OUTAGE, signal, () => source.removeSnapshot(frozen.snapshot, signal));
      frozen = await take();
      record.takenAt = clock.wall();
    }
    const isFull = record.kind === 'initial' || record.kind === 'resync';
    record.disks = wanted(frozen, disks).map((disk) => {
      if (disk.changeId === undefined)
        throw errors.make('replication.tracking.notEffective', {
          what: `Disk ${disk.key} of ${machine.name} is not tracked.`,
        });
      const since = isFull ? undefined : baseline?.changeIds[disk.uuid];
      assert(isFull || since !== undefined, 'a delta has a baseline for each of its disks');
      return {
        diskId: disk.uuid,
        key: disk.key,
        sizeBytes: disk.sizeBytes,
        location: disk.location,
        changeId: disk.changeId,
        since,
        manifests: 0,
        changedBytes: 0,
      };
    });
    record.snapshot = frozen.snapshot;
    record.stage = 'frozen';
    await save(record);
  }

  async #send(record: CycleRecord, inputs: CycleInputs, signal: AbortSignal): Promise<void> {
    const { control, retrier } = this.#options;
    const { itemId, cycleId, kind, takenAt } = record;
    await retrier.run('replication', OUTAGE, signal, () =>
      control.openCycle(
        itemId,
        cycleId,
        {
          kind,
          takenAt,
          disks: record.disks.map(({ diskId, sizeBytes }) => ({ diskId, sizeBytes })),
        },
        signal,
      ),
    );
    // a crash may have come between commit and its record
    const known = await this.#ask(record, signal);
    if (known?.state === 'Open') {
      const progress = this.#progressOf(record, inputs);
      const ranges = new Map<CycleDisk, ByteRange[]>();
      for (const disk of record.disks) {
        const changed = await this.#rangesOf(record, disk, inputs, signal);
        disk.changedBytes = totalBytes(changed);
        ranges.set(disk, changed);
      }
      await Promise.all(
        [...ranges].map(([disk, changed], index) =>
          this.#sender.send({ ...inputs, record, disk, index, ranges: changed, onSent: progress }, signal),
        ),
      );
      await retrier.run('replication', OUTAGE, signal, () =>
        control.commit(
          itemId,
          cycleId,
          [...ranges].map(([{ diskId, manifests }, dirty]) => ({ diskId, manifests, dirty })),
          signal,
        ),
      );
    }
    record.stage = 'committed';
    await inputs.save(record);
  }

  /** What has to be sent of a disk. "In use" may not be known for it: then all of it. */
  async #rangesOf(
    { snapshot }: CycleRecord,
    disk: CycleDisk,
    { source, machine }: CycleInputs,
    signal: AbortSignal,
  ): Promise<ByteRange[]> {
    const frozen = { ...disk, uuid: disk.diskId };
    try {
      return await this.#options.retrier.run('vcenter', OUTAGE, signal, () =>
        source.changedRanges(machine.handle, snapshot!, frozen, disk.since, signal),
      );
    } catch (error) {
      if (disk.since !== undefined || !isCode(error, 'vcenter.cbt.reset')) throw error;
      return [{ start: 0, length: disk.sizeBytes }];
    }
  }

  async #awaitApplied(record: CycleRecord, { save }: CycleInputs, signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    for (let wait = POLL_MS; ; wait = Math.min(wait + POLL_MS, LONGEST_POLL_MS)) {
      const known = await this.#ask(record, signal);
      if (known?.state === 'Applied') break;
      if (known?.state !== 'Applying')
        throw errors.make('replication.cycle.refused', {
          what: `The service did not apply cycle ${record.cycleId}: ${
            known?.error
              ? `${known.error.code}: ${known.error.message}`
              : `it is ${known?.state ?? 'unknown there'}.`
          }`,
          data: { code: known?.error?.code ?? '' },
        });
      await sleep(clock, wait, 'appliance.replication.applied', signal);
    }
    record.stage = 'applied';
    await save(record);
  }

  #ask({ itemId, cycleId }: CycleRecord, signal: AbortSignal) {
    const { retrier, control } = this.#options;
    return retrier.run('replication', OUTAGE, signal, () => control.cycle(itemId, cycleId, signal));
  }

  /** Turns bytes done into per cent, told at most twice a minute. */
  #progressOf(record: CycleRecord, { onProgress }: CycleInputs): (bytes: number) => void {
    const { clock } = this.#options;
    let done = 0;
    let toldAt = clock.wall();
    return (bytes) => {
      done += bytes;
      if (clock.wall() - toldAt < REPORT_MS) return;
      toldAt = clock.wall();
      const all = record.disks.reduce((sum, { changedBytes }) => sum + changedBytes, 0);
      onProgress(all === 0 ? 100 : Math.floor((done / all) * 100));
    };
  }
}

/** The frozen disks that are replicated, in the order in which the service names them. */
function wanted(frozen: Frozen, disks: readonly WorkDisk[]): Frozen['disks'][number][] {
  return disks.map(({ diskId }) => {
    const disk = frozen.disks.find(({ uuid }) => uuid.toLowerCase() === diskId.toLowerCase());
    if (!disk) throw errors.make('replication.disk.missing', { what: `The snapshot has no disk ${diskId}.` });
    return { ...disk, uuid: diskId };
  });
}
