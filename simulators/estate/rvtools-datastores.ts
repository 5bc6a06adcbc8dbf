/**
 * The datastores of an imported estate: those of vDatastore, those that disk paths name beyond them, and, for
 * disks of which no path is known, derived ones.
 */
import type { Entropy } from '#core/entropy/entropy.ts';
import { type Bytes, formatBytes, MIB, TIB } from '#core/units.ts';
import { vmfsUuid } from './addresses.ts';
import type { Datacenter, Datastore, Host } from './model.ts';
import { Ids } from './rvtools-ids.ts';
import type { Findings, Table } from './rvtools-table.ts';

/** A derived datastore takes disks until it would grow beyond this; VMFS ends at 64 TiB. */
const DERIVED_DATASTORE_BYTES: Bytes = 32 * TIB;
const MAX_DATASTORE_MIB = 4_294_967_296;

interface Draft {
  readonly id: string;
  readonly name: string;
  /** Undefined until something in a datacenter uses it: vDatastore names hosts at best. */
  datacenterId: string | undefined;
  readonly type: Datastore['type'];
  /** Undefined: derived from what lies on it. */
  readonly capacityBytes: Bytes | undefined;
  readonly freeBytes: Bytes | undefined;
  readonly uuid: string | undefined;
  usedBytes: Bytes;
}

export class Datastores {
  readonly #entropy: Entropy;
  readonly #findings: Findings;
  readonly #ids = new Ids('datastore-', 301);
  readonly #drafts: Draft[] = [];
  /** The derived datastore that the next disk of a cluster or stand-alone host goes on. */
  readonly #filling = new Map<string, Draft>();

  constructor(entropy: Entropy, findings: Findings) {
    this.#entropy = entropy;
    this.#findings = findings;
  }

  /** Reads vDatastore. The datacenter of a datastore is that of the first known host that mounts it. */
  read(table: Table<'vDatastore'>, hostNamed: (name: string) => Host | undefined): void {
    const seen = new Set<string>();
    for (const row of table.rows()) {
      const name = row.text('name', 255);
      if (name === undefined) {
        if (row.isBlank('name')) row.report('name', 'is empty: the datastore has no name');
        continue;
      }
      const hostNames = (row.text('hosts') ?? '').split(/[,;]\s*/);
      const host = hostNames.map((each) => hostNamed(each.trim())).find((each) => each);
      const key = `${host?.datacenterId ?? ''}/${name}`;
      if (seen.has(key)) {
        row.report('name', `"${name}" is there twice`);
        continue;
      }
      seen.add(key);
      const capacity = row.whole('capacityMiB', 0, MAX_DATASTORE_MIB);
      const free = row.whole('freeMiB', 0, MAX_DATASTORE_MIB);
      if (capacity !== undefined && free !== undefined && free > capacity)
        row.report('freeMiB', `"${free}" is more than the capacity`);
      this.#drafts.push({
        id: this.#ids.take(row.text('objectId', 64)),
        name,
        datacenterId: host?.datacenterId,
        type: this.#typeOf(name, row.text('type', 64)),
        capacityBytes: capacity === undefined || capacity === 0 ? undefined : capacity * MIB,
        freeBytes: free === undefined ? undefined : free * MIB,
        uuid: /\/vmfs\/volumes\/([^/]+)/.exec(row.text('url') ?? '')?.[1],
        usedBytes: 0,
      });
    }
  }

  /** The id of the datastore that a disk's path names; derived when vDatastore does not have it. */
  named(name: string, datacenterId: string, diskBytes: Bytes): string {
    let found =
      this.#drafts.find((each) => each.name === name && each.datacenterId === datacenterId) ??
      this.#drafts.find((each) => each.name === name && each.datacenterId === undefined);
    if (!found) {
      this.#findings.derive(`datastore ${name}`, 'everything but the name', 'VMFS', 'not in vDatastore');
      found = this.#add(name, datacenterId);
    }
    found.datacenterId ??= datacenterId;
    found.usedBytes += diskBytes;
    return found.id;
  }

  /** A datastore for a disk of which no path is known. */
  any(host: Host, diskBytes: Bytes): { readonly id: string; readonly name: string } {
    const place = host.clusterId ?? host.id;
    let store = this.#filling.get(place);
    if (!store || (store.usedBytes > 0 && store.usedBytes + diskBytes > DERIVED_DATASTORE_BYTES)) {
      store = this.#add(this.#freeName(), host.datacenterId);
      this.#filling.set(place, store);
      this.#findings.derive(
        `datastore ${store.name}`,
        'name',
        store.name,
        'the workbook names no disk paths',
      );
    }
    store.usedBytes += diskBytes;
    return store;
  }

  /** All of them, after the last disk was placed; every datacenter gets at least one. */
  finish(datacenters: readonly Datacenter[]): Datastore[] {
    for (const { id } of datacenters) {
      if (this.#drafts.some((each) => each.datacenterId === id)) continue;
      const free = this.#drafts.find((each) => each.datacenterId === undefined);
      if (free) free.datacenterId = id;
      else this.#add(this.#freeName(), id);
    }
    return this.#drafts.map((draft) => this.#finishOne(draft, datacenters[0]!.id));
  }

  #finishOne(draft: Draft, anyDatacenterId: string): Datastore {
    let { capacityBytes } = draft;
    if (capacityBytes === undefined) {
      capacityBytes = Math.max(1, Math.ceil((draft.usedBytes * 1.25) / TIB)) * TIB;
      this.#findings.derive(
        `datastore ${draft.name}`,
        'capacity',
        formatBytes(capacityBytes),
        'what lies on it and a quarter more',
      );
    }
    return {
      id: draft.id,
      name: draft.name,
      datacenterId: draft.datacenterId ?? anyDatacenterId,
      type: draft.type,
      capacityBytes,
      freeBytes: draft.freeBytes ?? Math.max(0, capacityBytes - draft.usedBytes),
      uuid: draft.uuid ?? vmfsUuid(this.#entropy, draft.id),
    };
  }

  #typeOf(name: string, type: string | undefined): Datastore['type'] {
    const lower = type?.toLowerCase() ?? '';
    if (lower.startsWith('nfs')) return 'NFS';
    if (lower.startsWith('vsan')) return 'vsan';
    if (lower !== 'vmfs') {
      const why = type === undefined ? 'the workbook does not say' : `${type} is not modelled`;
      this.#findings.derive(`datastore ${name}`, 'type', 'VMFS', why);
    }
    return 'VMFS';
  }

  #add(name: string, datacenterId: string): Draft {
    const draft: Draft = {
      id: this.#ids.take(),
      name,
      datacenterId,
      type: 'VMFS',
      capacityBytes: undefined,
      freeBytes: undefined,
      uuid: undefined,
      usedBytes: 0,
    };
    this.#drafts.push(draft);
    return draft;
  }

  #freeName(): string {
    for (let number = 1; ; number++) {
      const name = `datastore${number}`;
      if (!this.#drafts.some((each) => each.name === name)) return name;
    }
  }
}
