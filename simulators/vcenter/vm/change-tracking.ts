/**
 * Changed block tracking of one disk. A change id names a moment of tracking, `<uuid>/<sequence>`: same
 * uuid, higher sequence at each snapshot; another uuid when tracking began anew, after which old ids say
 * nothing.
 */
import type { Entropy } from '#core/entropy/entropy.ts';
import type { Bytes } from '#core/units.ts';
import type { Epoch, VirtualDisk } from '../../estate/virtual-disk.ts';
import { vmxUuid } from './paths.ts';

export class ChangeTracking {
  readonly disk: VirtualDisk;
  /** Were there snapshots when tracking began? Then `*` cannot be answered exactly. */
  readonly beganBelowSnapshots: boolean;
  /** Size of the disk when tracking began. */
  readonly sizeBytes: Bytes;
  readonly #uuid: string;
  /** Epoch of the disk by sequence number. */
  readonly #epochs: Epoch[];

  /** @param generation how often tracking of this disk has begun before. */
  constructor(disk: VirtualDisk, entropy: Entropy, generation: number, beganBelowSnapshots: boolean) {
    this.disk = disk;
    this.beganBelowSnapshots = beganBelowSnapshots;
    this.sizeBytes = disk.facts.sizeBytes;
    const digits = entropy.hex(30, 'vcenter.changeId', disk.facts.id, generation);
    this.#uuid = vmxUuid(`52${digits}`);
    const begin = disk.mark();
    disk.release(begin);
    this.#epochs = [begin];
  }

  /** The newest id: what has been frozen last. */
  get current(): string {
    return `${this.#uuid}/${this.#epochs.length - 1}`;
  }

  /** A snapshot froze the disk at `epoch`. @returns the snapshot's change id. */
  advance(epoch: Epoch): string {
    this.#epochs.push(epoch);
    return this.current;
  }

  /** Epoch that a change id names; undefined when it is of another tracking or of none. */
  epochOf(changeId: string): Epoch | undefined {
    const match = /^([^/]+)\/(\d{1,9})$/.exec(changeId);
    return match && match[1] === this.#uuid ? this.#epochs[Number(match[2])] : undefined;
  }
}
