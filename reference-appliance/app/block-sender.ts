/**
 * Sends what changed on one disk: reads window by window, encodes, uploads several at a time, and tells the service
 * what it sent in manifests. Manifests are durable steps: after a crash the windows of those that the service has are
 * passed over, and all others are read and sent again, with the same bytes under the same names.
 */
import { DryliftError, defineErrors } from '#core/errors.ts';
import type { Counters } from '#core/trace/recorder.ts';
import { MINUTE } from '#core/units.ts';
import {
  encode,
  nextOf,
  payloadOf,
  readsOf,
  totalBytes,
  WINDOW_BYTES,
  type Window,
  windowsOf,
} from './blocks.ts';
import type { Block, ReplicationControl, WorkDisk } from './cloud-ports.ts';
import type { CycleDisk, CycleRecord } from './cycle-record.ts';
import type { ByteRange, ReplicationSource } from './ports.ts';
import type { Patience, Retrier } from './retry.ts';
import type { VmwareMachine } from './source-machines.ts';
import type { UploadPace } from './upload-pace.ts';

export const errors = defineErrors({
  'replication.paused': {
    blame: 'peer',
    retry: 'after-change',
    why: 'Replication of the machine was paused or stopped while the appliance was not running.',
    next: 'Resume the replication of the machine.',
  },
});

/** Longer outages end the cycle: it begins again from nothing [am/tutorial-migrate-vmware]. */
export const OUTAGE: Patience = { totalMs: 90 * MINUTE };
const BLOCKS_PER_MANIFEST = 256;

export interface BlockSenderOptions {
  control: ReplicationControl;
  retrier: Retrier;
  pace: UploadPace;
  counters: Counters;
  uploadsPerDisk: number;
}

/** One disk of one cycle. */
export interface Sending {
  readonly record: CycleRecord;
  readonly disk: CycleDisk;
  /** Of the disk in the record: part of the blobs' names. */
  readonly index: number;
  readonly ranges: readonly ByteRange[];
  readonly source: ReplicationSource;
  readonly machine: VmwareMachine;
  readonly disks: readonly WorkDisk[];
  /** Makes the record durable. */
  readonly save: (record: CycleRecord) => Promise<void>;
  /** Told how many bytes of the ranges are done with. */
  readonly onSent: (bytes: number) => void;
}

/** Where blobs go; its signature is renewed for all uploads of a disk together. */
interface Container {
  url: string;
  /** The renewal under way: uploads that meet the same expiry share it. */
  renewal: Promise<void> | undefined;
}

export class BlockSender {
  readonly #options: BlockSenderOptions;

  constructor(options: BlockSenderOptions) {
    this.#options = options;
  }

  /** @throws `replication.paused`, `vcenter.*`, `azure.*`, `net.*` when patience ends */
  async send(sending: Sending, signal: AbortSignal): Promise<void> {
    const { control, retrier, uploadsPerDisk } = this.#options;
    const { record, disk, ranges, save, onSent } = sending;
    const container = containerOf(sending);
    const windows = windowsOf(ranges);
    for (let manifest = 0; ; manifest++) {
      const batch = nextOf(windows, BLOCKS_PER_MANIFEST);
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
          blocks[i] = await this.#block(sending, batch[i]!, container, signal);
      };
      await Promise.all(Array.from({ length: Math.min(uploadsPerDisk, batch.length) }, lane));
      await retrier.run('replication', OUTAGE, signal, () =>
        control.putManifest(record.itemId, record.cycleId, disk.diskId, manifest, blocks, signal),
      );
      disk.manifests = manifest + 1;
      await save(record);
      onSent(bytes);
    }
  }

  async #block(sending: Sending, window: Window, container: Container, signal: AbortSignal): Promise<Block> {
    const { retrier, counters } = this.#options;
    const { record, disk, index, source, machine } = sending;
    const reads = readsOf(window);
    const contents: Buffer[] = [];
    for (const range of reads)
      contents.push(
        await retrier.run('vcenter', OUTAGE, signal, () =>
          source.read(machine.handle, { ...disk, uuid: disk.diskId }, range, signal),
        ),
      );
    const encoded = encode(payloadOf(window, reads, contents));
    const readBytes = totalBytes(reads);
    record.readBytes += readBytes;
    record.blocks++;
    counters.add('appliance.replication.blocks');
    counters.add('appliance.replication.bytes.read', readBytes);
    const block = { offset: window.offset, extents: window.extents };
    if (encoded.encoding === 'zero') return { ...block, content: { encoding: 'zero' } };
    const { encoding, content, sha256 } = encoded;
    const number = (window.offset / WINDOW_BYTES).toString(16).padStart(8, '0');
    const blob = `${record.cycleId}/${index}/${number}`;
    await this.#upload(sending, container, blob, content, sha256, signal);
    record.sentBytes += content.length;
    counters.add('appliance.replication.bytes.sent', content.length);
    return { ...block, content: { encoding, blob, storedBytes: content.length, sha256 } };
  }

  /** Busy, reset and silent: again, slower. Signature refused: a fresh one, once. */
  async #upload(
    sending: Sending,
    container: Container,
    name: string,
    content: Buffer,
    sha256: string,
    signal: AbortSignal,
  ): Promise<void> {
    const { control, retrier, pace } = this.#options;
    const put = (url: string) => pace.run(signal, () => control.putBlob(url, name, content, sha256, signal));
    let isRenewed = false;
    await retrier.run('upload.block', OUTAGE, signal, async () => {
      const { url } = container;
      try {
        await put(url);
        pace.good();
      } catch (error) {
        sending.record.retries++;
        if (isCode(error, 'azure.blob.busy')) pace.busy();
        if (!isCode(error, 'azure.blob.forbidden') || isRenewed) throw error;
        // another upload of the same disk may have renewed it meanwhile
        if (container.url === url) await this.#renew(sending, container, signal);
        isRenewed = true;
        await put(container.url);
      }
    });
  }

  #renew({ record, disk }: Sending, container: Container, signal: AbortSignal): Promise<void> {
    const { control, counters } = this.#options;
    container.renewal ??= (async () => {
      counters.add('appliance.retries.sas');
      try {
        container.url = await control.renewLogContainer(record.itemId, disk.diskId, signal);
      } finally {
        container.renewal = undefined;
      }
    })();
    return container.renewal;
  }
}

function containerOf({ disk, disks, machine }: Sending): Container {
  const asked = disks.find(({ diskId }) => diskId === disk.diskId);
  if (!asked) throw notAskedFor(machine.name);
  return { url: asked.logContainerUrl, renewal: undefined };
}

export function notAskedFor(machine: string): DryliftError {
  return errors.make('replication.paused', {
    what: `The service does not ask for ${machine} at the moment.`,
  });
}

function extentBytes({ extents }: Window): number {
  return extents.reduce((sum, [, length]) => sum + length, 0);
}

export function isCode(error: unknown, code: string): boolean {
  return error instanceof DryliftError && error.code === code;
}
