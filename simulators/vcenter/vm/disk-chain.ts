/**
 * The files that hold one virtual disk: a base, and a delta on top of it for every snapshot, so that the
 * snapshot's content stays as it was. Only names and epochs are kept here; the bytes are the estate's.
 */
import type { Epoch, VirtualDisk } from '../../estate/virtual-disk.ts';
import { withoutExtension } from './paths.ts';

export interface DiskLink {
  /** "[ds] dir/x.vmdk" or "[ds] dir/x-000001.vmdk" */
  fileName: string;
  parent: DiskLink | undefined;
  /** The epoch of the disk that this link was frozen at by a snapshot; undefined while it is written to. */
  frozenAt: Epoch | undefined;
}

export class DiskChain {
  readonly disk: VirtualDisk;
  baseName: string;
  /** The link that the machine writes to. */
  live: DiskLink;
  /** Links that snapshots hold, and live; in order of creation. */
  readonly #links: Set<DiskLink>;
  /** Links that a snapshot holds. */
  readonly #held = new Set<DiskLink>();

  constructor(disk: VirtualDisk) {
    this.disk = disk;
    this.baseName = disk.facts.path;
    this.live = { fileName: this.baseName, parent: undefined, frozenAt: undefined };
    this.#links = new Set([this.live]);
  }

  /** Freezes the content: what was written to becomes read-only and a new delta goes on top. */
  freeze(): DiskLink {
    const frozen = this.live;
    frozen.frozenAt = this.disk.mark();
    this.live = { fileName: this.#freeName(), parent: frozen, frozenAt: undefined };
    this.#links.add(this.live);
    this.#held.add(frozen);
    return frozen;
  }

  /** A snapshot gives up its link. */
  drop(link: DiskLink): void {
    this.#held.delete(link);
    this.#consolidate();
  }

  /** Makes the content what it was at `link`, in a new delta on top of it. */
  revertTo(link: DiskLink): void {
    const epoch = link.frozenAt!;
    const stepBytes = 1024 * 1024;
    for (const { start, length } of this.disk.changedSince(epoch, 'now'))
      for (let at = 0; at < length; at += stepBytes)
        this.disk.write(start + at, this.disk.read(start + at, Math.min(stepBytes, length - at), epoch));
    this.#links.delete(this.live);
    this.live = { fileName: this.#freeName(), parent: link, frozenAt: undefined };
    this.#links.add(this.live);
    this.#consolidate();
  }

  /** The files go to another place, under the name of the new base. */
  moveTo(baseName: string): void {
    const before = withoutExtension(this.baseName);
    for (const link of this.#links)
      if (link.fileName.startsWith(before))
        link.fileName = withoutExtension(baseName) + link.fileName.slice(before.length);
    this.baseName = baseName;
  }

  /** All files of the disk, the base first. */
  links(): DiskLink[] {
    return [...this.#links].sort((a, b) => depthOf(a) - depthOf(b));
  }

  /** What the base file holds: a frozen epoch, or the live disk when no snapshot is on top of it. */
  get baseEpoch(): Epoch | undefined {
    let link: DiskLink = this.live;
    while (link.parent) link = link.parent;
    return link.frozenAt;
  }

  /**
   * A frozen link that no snapshot holds is merged with the one link on top of it, under the older name; with
   * nothing on top it goes; with several links on top it has to stay until there is one.
   */
  #consolidate(): void {
    for (let again = true; again; ) {
      again = false;
      for (const link of this.#links) {
        if (link === this.live || this.#held.has(link)) continue;
        const above = [...this.#links].filter((other) => other.parent === link);
        if (above.length > 1) continue;
        this.#links.delete(link);
        if (above[0]) {
          above[0].fileName = link.fileName;
          above[0].parent = link.parent;
        }
        if (link.frozenAt !== undefined) this.disk.release(link.frozenAt);
        again = true;
      }
    }
  }

  #freeName(): string {
    const stem = withoutExtension(this.baseName);
    const used = new Set([...this.#links].map((link) => link.fileName));
    for (let n = 1; ; n++) {
      const name = `${stem}-${String(n).padStart(6, '0')}.vmdk`;
      if (!used.has(name)) return name;
    }
  }
}

/** Links from this one down to the base: `VirtualDiskFlatVer2BackingInfo.parent`, one by one. */
export function chainOf(link: DiskLink): DiskLink[] {
  const chain: DiskLink[] = [];
  for (let at: DiskLink | undefined = link; at; at = at.parent) chain.push(at);
  return chain;
}

function depthOf(link: DiskLink): number {
  return chainOf(link).length;
}
