/**
 * Leases: the right to fetch a machine's disks over /nfc, or to bring them, until it is given back or nobody
 * has said for five minutes that he goes on.
 */
import { MINUTE, SECOND } from '#core/units.ts';
import type { Epoch, VirtualDisk } from '../../estate/virtual-disk.ts';
import { localized, type VimFault, vimFault } from '../faults.ts';
import { type Entity, ManagedObject, type Properties } from '../objects/object.ts';
import type { Data } from '../values.ts';
import type { Vcenter } from '../vcenter.ts';

/** One disk of a lease. */
export interface LeaseDisk {
  /** "disk-0.vmdk" */
  readonly file: string;
  /** "/vm-42/VirtualLsiLogicController0:0" */
  readonly key: string;
  readonly importKey: string;
  readonly disk: VirtualDisk;
  /** What is fetched: the content frozen then. */
  readonly epoch: Epoch | undefined;
  /** Set once it has been fetched whole: what the manifest tells. */
  transferred?: { readonly sha1: string; readonly size: number } | undefined;
}

const TIMEOUT_SECONDS = 300;

export const LEASE: Properties<LeaseObject> = {
  initializeProgress: (self) => (self.state === 'initializing' ? 50 : 100),
  transferProgress: (self) => self.progress,
  mode: () => 'pushOrGet',
  capabilities: () => ({
    $: 'HttpNfcLeaseCapabilities',
    pullModeSupported: false,
    corsSupported: false,
  }),
  info: (self) => self.info,
  state: (self) => self.state,
  error: (self) => self.error && localized(self.error),
};

export class LeaseObject extends ManagedObject {
  state: 'initializing' | 'ready' | 'done' | 'error' = 'initializing';
  progress = 0;
  error: VimFault | undefined;
  /** The machine, or the vApp with its machines. */
  readonly subject: Entity;
  readonly disks: readonly LeaseDisk[];
  readonly isImport: boolean;
  readonly #vcenter: Vcenter;
  /** When somebody was last heard of. */
  #heardAt: number;
  readonly #onEnd: (isComplete: boolean) => void;

  /** @param onEnd called once, when the lease is given back or lost */
  constructor(
    id: string,
    vcenter: Vcenter,
    lease: {
      readonly subject: Entity;
      readonly disks: readonly LeaseDisk[];
      readonly isImport: boolean;
      readonly onEnd: (isComplete: boolean) => void;
    },
  ) {
    super('HttpNfcLease', id);
    this.#vcenter = vcenter;
    this.subject = lease.subject;
    this.disks = lease.disks;
    this.isImport = lease.isImport;
    this.#onEnd = lease.onEnd;
    this.#heardAt = vcenter.context.clock.wall();
  }

  protected get properties(): Properties<LeaseObject> {
    return LEASE;
  }

  override get label(): string {
    return this.subject.label;
  }

  override get entity(): Entity {
    return this.subject;
  }

  get info(): Data | undefined {
    if (this.state !== 'ready') return undefined;
    const thumbprint = '';
    return {
      $: 'HttpNfcLeaseInfo',
      lease: this.ref,
      entity: this.subject.ref,
      deviceUrl: this.disks.map(({ file, key, importKey, disk }) => ({
        $: 'HttpNfcLeaseDeviceUrl',
        key,
        importKey,
        url: `https://*/nfc/${this.ref.id}/${file}`,
        sslThumbprint: thumbprint,
        disk: true,
        targetId: file,
        datastoreKey: `https://*/nfc/${this.ref.id}/`,
        fileSize: this.isImport ? undefined : disk.facts.sizeBytes,
      })),
      totalDiskCapacityInKB: this.disks.reduce((sum, { disk }) => sum + disk.facts.sizeBytes / 1024, 0),
      leaseTimeout: TIMEOUT_SECONDS,
    };
  }

  /** What has been fetched so far. */
  manifest(): Data[] {
    return this.disks
      .filter(({ transferred }) => transferred)
      .map(({ file, disk, epoch, transferred }) => ({
        $: 'HttpNfcLeaseManifestEntry',
        key: file,
        sha1: transferred!.sha1,
        size: transferred!.size,
        disk: true,
        capacity: disk.facts.sizeBytes,
        populatedSize: disk.allocated(epoch).reduce((sum, { length }) => sum + length, 0),
      }));
  }

  /** It becomes ready a moment after it was asked for, or fails then. */
  begin(fault: VimFault | undefined): void {
    this.#vcenter.tasks.later(SECOND, () => {
      if (this.state !== 'initializing') return;
      if (fault) return this.fail(fault);
      this.state = 'ready';
      this.heard();
      this.#tell();
      this.#watch();
    });
  }

  /** Somebody goes on with it. */
  heard(): void {
    this.#heardAt = this.#vcenter.context.clock.wall();
  }

  complete(): void {
    this.state = 'done';
    this.#tell();
    this.#onEnd(true);
  }

  fail(fault: VimFault): void {
    this.state = 'error';
    this.error = fault;
    this.#tell();
    this.#onEnd(false);
  }

  #watch(): void {
    this.#vcenter.tasks.later(MINUTE, () => {
      if (this.state !== 'ready') return;
      const silence = this.#vcenter.context.clock.wall() - this.#heardAt;
      if (silence < TIMEOUT_SECONDS * SECOND) return this.#watch();
      this.fail(vimFault('Timedout', 'The lease has timed out: nobody told of its progress.'));
    });
  }

  #tell(): void {
    this.#vcenter.changes.changed(this, 'state', 'info', 'error', 'initializeProgress');
  }
}
