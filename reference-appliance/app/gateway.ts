/**
 * The gateway: carries out one replication cycle of one machine, from snapshot to applied.
 *
 * Every stage is durable before the next begins, and every request can be repeated, so that a cycle goes on after a
 * crash where it was: the snapshot is found by its name, blocks that were sent are sent again under the same name with
 * the same bytes (the snapshot froze them), a commit that may have arrived is asked about. The change ids of the
 * snapshot are durable before the snapshot is removed; the other order corrupts targets (kubev2v/forklift#1184).
 */
import { assert } from '#core/assert.ts';
import { DryliftError, defineErrors } from '#core/errors.ts';
import { type Clock, sleep } from '#core/time/clock.ts';
import type { Counters } from '#core/trace/recorder.ts';
import { MINUTE, type Millis, SECOND } from '#core/units.ts';
import type { Logger } from '../log.ts';
import { encode, payloadOf, readsOf, totalBytes, type Window, windowsOf } from './blocks.ts';
import { type CycleDisk, type CycleRecord, SNAPSHOT_PREFIX } from './cycle-record.ts';
import type {
  Block,
  ByteRange,
  Frozen,
  ReplicationControl,
  Source,
  SourceMachine,
  WorkDisk,
} from './ports.ts';
import type { Baseline } from './replication-item.ts';
import type { Patience, Retrier } from './retry.ts';
import type { UploadPace } from './upload-pace.ts';

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
  'replication.paused': {
    blame: 'peer',
    retry: 'after-change',
    why: 'Replication of the machine was paused or stopped while the appliance was not running.',
    next: 'Resume the replication of the machine.',
  },
  'replication.cycle.refused': {
    blame: 'peer',
    retry: 'safe',
    why: 'What arrived at the service is not what was read at the source, or was incomplete; nothing of the cycle counts.',
    next: 'Nothing is to be done: the next cycle sends the same ranges again.',
  },
});

/** Longer outages end the cycle: it begins again from nothing [am/tutorial-migrate-vmware]. */
const OUTAGE: Patience = { totalMs: 90 * MINUTE };
const BLOCKS_PER_MANIFEST = 256;
const POLL_MS: Millis = 5 * SECOND;
const REPORT_MS: Millis = 30 * SECOND;

export interface GatewayOptions {
  control: ReplicationControl;
  clock: Clock;
  retrier: Retrier;
  pace: UploadPace;
  counters: Counters;
  log: Logger;
  uploadsPerDisk: number;
}

export interface CycleInputs {
  readonly source: Source;
  readonly machine: SourceMachine;
  readonly disks: readonly WorkDisk[];
  readonly baseline: Baseline | undefined;
  /** Makes the record durable. */
  readonly save: (record: CycleRecord) => Promise<void>;
  /** Told now and then: per cent of the cycle's bytes. */
  readonly onProgress: (percent: number) => void;
}

export class Gateway {
  readonly #options: GatewayOptions;

  constructor(options: GatewayOptions) {
    this.#options = options;
  }

  /**
   * Takes the cycle to its end from whatever stage it is in, and releases its snapshot. Everything that the next
   * cycle needs is in the record then. @throws `vcenter.*`, `azure.*`, `net.*`, `replication.*`
   */
  async run(record: CycleRecord, inputs: CycleInputs, outer: AbortSignal): Promise<void> {
    // what is still under way when one disk fails must not go on behind the cycle's back
    const ended = new AbortController();
    const signal = AbortSignal.any([outer, ended.signal]);
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
  async release(source: Source, machine: SourceMachine, signal: AbortSignal): Promise<void> {
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
          this.#sendDisk(record, disk, index, changed, inputs, progress, signal),
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

  async #sendDisk(
    record: CycleRecord,
    disk: CycleDisk,
    index: number,
    ranges: readonly ByteRange[],
    inputs: CycleInputs,
    onSent: (bytes: number) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const { control, retrier, uploadsPerDisk } = this.#options;
    const asked = inputs.disks.find(({ diskId }) => diskId === disk.diskId);
    if (!asked) throw notAskedFor(inputs.machine.name);
    const container = { url: asked.logContainerUrl };
    const windows = windowsOf(ranges);
    for (let manifest = 0; ; manifest++) {
      const batch = [...windows.take(BLOCKS_PER_MANIFEST)];
      if (batch.length === 0) break;
      const bytes = batch.reduce((sum, window) => sum + extentBytes(window), 0);
      if (manifest < disk.manifests) {
        onSent(bytes); // sent before a crash
        continue;
      }
      const blocks: Block[] = new Array(batch.length);
      let next = 0;
      const lane = async (): Promise<void> => {
        for (let i = next++; i < batch.length; i = next++)
          blocks[i] = await this.#sendBlock(record, disk, index, batch[i]!, container, inputs, signal);
      };
      await Promise.all(Array.from({ length: Math.min(uploadsPerDisk, batch.length) }, lane));
      await retrier.run('replication', OUTAGE, signal, () =>
        control.putManifest(record.itemId, record.cycleId, disk.diskId, manifest, blocks, signal),
      );
      disk.manifests = manifest + 1;
      await inputs.save(record);
      onSent(bytes);
    }
  }

  async #sendBlock(
    record: CycleRecord,
    disk: CycleDisk,
    index: number,
    window: Window,
    container: { url: string },
    { source, machine }: CycleInputs,
    signal: AbortSignal,
  ): Promise<Block> {
    const { retrier, counters } = this.#options;
    const reads = readsOf(window);
    const contents: Buffer[] = [];
    for (const range of reads)
      contents.push(
        await retrier.run('vcenter', OUTAGE, signal, () =>
          source.read(machine.handle, { ...disk, uuid: disk.diskId }, range, signal),
        ),
      );
    const payload = payloadOf(window, reads, contents);
    const encoded = encode(payload);
    const readBytes = totalBytes(reads);
    record.readBytes += readBytes;
    record.blocks++;
    counters.add('appliance.replication.blocks');
    counters.add('appliance.replication.bytes.read', readBytes);
    const block = { offset: window.offset, extents: window.extents };
    if (encoded.encoding === 'zero') return { ...block, content: { encoding: 'zero' } };
    const { encoding, content, sha256 } = encoded;
    const blob = `${record.cycleId}/${index}/${(window.offset / 2 ** 20).toString(16).padStart(8, '0')}`;
    await this.#upload(record, disk, container, blob, content, sha256, signal);
    record.sentBytes += content.length;
    counters.add('appliance.replication.bytes.sent', content.length);
    return { ...block, content: { encoding, blob, storedBytes: content.length, sha256 } };
  }

  /** Busy, reset and silent: again, slower. Signature refused: a fresh one, once. */
  async #upload(
    record: CycleRecord,
    disk: CycleDisk,
    container: { url: string },
    name: string,
    content: Buffer,
    sha256: string,
    signal: AbortSignal,
  ): Promise<void> {
    const { control, retrier, pace, counters } = this.#options;
    let renewed = false;
    await retrier.run('upload.block', OUTAGE, signal, async () => {
      const { url } = container;
      try {
        await pace.run(signal, () => control.putBlob(url, name, content, sha256, signal));
        pace.good();
      } catch (error) {
        record.retries++;
        if (isCode(error, 'azure.blob.busy')) pace.busy();
        if (!isCode(error, 'azure.blob.forbidden') || renewed) throw error;
        renewed = true;
        // another upload of the same disk may have renewed it meanwhile
        if (container.url === url) {
          counters.add('appliance.retries.sas');
          container.url = await control.renewLogContainer(record.itemId, disk.diskId, signal);
        }
        await pace.run(signal, () => control.putBlob(container.url, name, content, sha256, signal));
      }
    });
  }

  async #awaitApplied(record: CycleRecord, { save }: CycleInputs, signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    for (;;) {
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
      await sleep(clock, POLL_MS, 'appliance.replication.applied', signal);
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

/** What is to be sent would have nowhere to go. */
export function notAskedFor(machineName: string): DryliftError {
  return errors.make('replication.paused', {
    what: `The service does not ask for ${machineName} at the moment.`,
  });
}

/** The frozen disks that are replicated, in the order in which the service names them. */
function wanted(frozen: Frozen, disks: readonly WorkDisk[]): Frozen['disks'][number][] {
  return disks.map(({ diskId }) => {
    const disk = frozen.disks.find(({ uuid }) => uuid.toLowerCase() === diskId.toLowerCase());
    if (!disk) throw errors.make('replication.disk.missing', { what: `The snapshot has no disk ${diskId}.` });
    return { ...disk, uuid: diskId };
  });
}

function extentBytes({ extents }: Window): number {
  return extents.reduce((sum, [, length]) => sum + length, 0);
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof DryliftError && error.code === code;
}
