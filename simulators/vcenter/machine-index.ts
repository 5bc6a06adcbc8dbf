/**
 * Machines by what clients of SearchIndex look for. Made at the first search, and kept up change by change from then on,
 * so that a client that looks up every machine of an estate asks for no more than it gets.
 */
import type { Estate, EstateChange } from '../estate/estate.ts';
import type { Machine } from '../estate/model.ts';

export type MachineKey = 'biosUuid' | 'instanceUuid' | 'dnsName' | 'ipAddress';

const KEYS: Readonly<Record<MachineKey, (machine: Machine) => readonly string[]>> = {
  biosUuid: ({ biosUuid }) => [biosUuid.toLowerCase()],
  instanceUuid: ({ instanceUuid }) => [instanceUuid.toLowerCase()],
  dnsName: ({ dnsName }) => (dnsName === '' ? [] : [dnsName.toLowerCase()]),
  ipAddress: ({ nics }) => nics.flatMap(({ ipAddresses }) => ipAddresses),
};

/** Ids of machines by value. */
type Ids = Map<string, readonly string[]>;

export class MachineIndex {
  readonly #estate: Estate;
  readonly #made = new Map<MachineKey, Ids>();

  constructor(estate: Estate) {
    this.#estate = estate;
  }

  /** @param value UUIDs and names in whatever case. @returns ids of machines, whose facts have it now */
  find(key: MachineKey, value: string): readonly string[] {
    let ids = this.#made.get(key);
    if (!ids) {
      ids = new Map();
      for (const machine of this.#estate.machines()) add(ids, KEYS[key](machine), machine.id);
      this.#made.set(key, ids);
    }
    return ids.get(key === 'ipAddress' ? value : value.toLowerCase()) ?? [];
  }

  /** Entries that are kept, of all keys. */
  get size(): number {
    let size = 0;
    for (const ids of this.#made.values()) size += ids.size;
    return size;
  }

  follow(change: EstateChange): void {
    if (change.kind !== 'added' && change.kind !== 'removed' && change.kind !== 'changed') return;
    const { machineId } = change;
    const was =
      change.kind === 'removed' ? change.machine : change.kind === 'changed' ? change.before : undefined;
    const is = this.#estate.machine(machineId);
    for (const [key, ids] of this.#made) {
      if (was) remove(ids, KEYS[key](was), machineId);
      if (is) add(ids, KEYS[key](is), machineId);
    }
  }
}

function add(ids: Ids, values: readonly string[], id: string): void {
  for (const value of new Set(values)) ids.set(value, [...(ids.get(value) ?? []), id]);
}

function remove(ids: Ids, values: readonly string[], id: string): void {
  for (const value of values) {
    const others = ids.get(value)?.filter((other) => other !== id) ?? [];
    if (others.length > 0) ids.set(value, others);
    else ids.delete(value);
  }
}
