/**
 * What the service knows of one site: machines, points of the last month, heartbeats. Points are packed per
 * series (core/metrics/points.ts), in the units in which an assessment reads them.
 */
import type { CounterName } from '#core/assessment/machine-facts.ts';
import { Points } from '#core/metrics/points.ts';
import { POINT_PERIOD_MS, type WindowIndex } from '#core/metrics/roll-up.ts';
import { DAY, type UnixMillis } from '#core/units.ts';
import { Dependencies } from './dependencies.ts';
import type { DependencyStatus, GuestError, GuestInventory } from './guest-shapes.ts';
import { assessedFacts, type DiscoveredMachine } from './machine-shape.ts';

export interface StoredMachine {
  readonly facts: DiscoveredMachine;
  readonly createdAt: UnixMillis;
  readonly updatedAt: UnixMillis;
  /** A machine that is gone stays listed. */
  readonly isDeleted: boolean;
  /** Grows when something that an assessment depends on has changed. */
  readonly factsVersion: number;
}

export interface HeartbeatView {
  readonly applianceName: string;
  readonly version: string;
  readonly services: ReadonlyArray<{
    readonly name: string;
    readonly version: string;
    readonly state: string;
  }>;
  /** Documented limits that the appliance is beyond. */
  readonly warnings?: ReadonlyArray<{ readonly code: string; readonly message: string }>;
  readonly at: UnixMillis;
}

/** What is known of the inside of a machine. */
export interface GuestFacts {
  /** The newest that succeeded. */
  readonly inventory: GuestInventory | undefined;
  /** Of the newest attempt; empty when it succeeded. */
  readonly errors: readonly GuestError[];
  readonly dependencies: (DependencyStatus & { readonly since: UnixMillis }) | undefined;
}

export interface VCenterReport {
  readonly fqdn: string;
  readonly instanceUuid: string;
  readonly version: string;
}

export interface RunAsAccount {
  readonly name: string;
  readonly displayName: string;
  readonly credentialType: string;
  readonly createdAt: UnixMillis;
  readonly updatedAt: UnixMillis;
}

/** The counters that appliances send, and what becomes of a value: all stored values are whole numbers, exact in 32 bits. */
export const COUNTERS: Readonly<
  Record<string, { readonly counter: CounterName; store(value: number): number }>
> = {
  'cpu.usage': { counter: 'cpu', store: (percent) => Math.round(percent * 100) },
  'mem.usage': { counter: 'memory', store: (percent) => Math.round(percent * 100) },
  'virtualDisk.read': { counter: 'readBps', store: (kilobytes) => kilobytes * 1024 },
  'virtualDisk.write': { counter: 'writeBps', store: (kilobytes) => kilobytes * 1024 },
  'virtualDisk.numberReadAveraged': { counter: 'readIops', store: (operations) => operations },
  'virtualDisk.numberWriteAveraged': { counter: 'writeIops', store: (operations) => operations },
  'net.received': { counter: 'inBps', store: (kilobytes) => kilobytes * 1024 },
  'net.transmitted': { counter: 'outBps', store: (kilobytes) => kilobytes * 1024 },
  // Hyper-V and the operating systems themselves count bytes
  'disk.readBytes': { counter: 'readBps', store: Math.round },
  'disk.writeBytes': { counter: 'writeBps', store: Math.round },
  'disk.reads': { counter: 'readIops', store: Math.round },
  'disk.writes': { counter: 'writeIops', store: Math.round },
  'net.receivedBytes': { counter: 'inBps', store: Math.round },
  'net.sentBytes': { counter: 'outBps', store: Math.round },
};

/** "The service keeps the points of the last month" (assessment.md, section 3). */
export const KEPT_WINDOWS = (31 * DAY) / POINT_PERIOD_MS;
/** Old windows are dropped a day at a time. */
const DROP_WINDOWS = DAY / POINT_PERIOD_MS;

export class SiteInventory {
  readonly #machines = new Map<string, StoredMachine>();
  /** By machine, then by "counter instance". */
  readonly #points = new Map<string, Map<string, Points>>();
  readonly #heartbeats = new Map<string, HeartbeatView>();
  readonly #runAsAccounts = new Map<string, RunAsAccount>();
  readonly #vcenters = new Map<string, VCenterReport>();
  readonly #guests = new Map<string, GuestFacts>();
  readonly dependencies = new Dependencies();
  #storedPoints = 0;
  /** Highest sequence stored, by kind. */
  inventorySequence = 0;
  pointsSequence = 0;
  applicationsSequence = 0;
  dependenciesSequence = 0;

  /** Undefined for a machine that nobody has looked into. */
  guest(instanceUuid: string): GuestFacts | undefined {
    return this.#guests.get(instanceUuid.toLowerCase());
  }

  /** A machine that is not known is passed over. */
  putGuest(inventory: GuestInventory): void {
    const key = inventory.instanceUuid.toLowerCase();
    if (!this.#machines.has(key)) return;
    const known = this.#guests.get(key);
    const succeeded = inventory.errors.length === 0;
    this.#guests.set(key, {
      inventory: succeeded ? inventory : known?.inventory,
      errors: inventory.errors,
      dependencies: known?.dependencies,
    });
  }

  putDependencyStatus(status: DependencyStatus, since: UnixMillis): void {
    const key = status.instanceUuid.toLowerCase();
    if (!this.#machines.has(key)) return;
    const known = this.#guests.get(key);
    this.#guests.set(key, {
      inventory: known?.inventory,
      errors: known?.errors ?? [],
      dependencies: { ...status, since: known?.dependencies?.since ?? since },
    });
  }

  /** By instance UUID in lower case, in the order in which they were first seen. */
  machines(): ReadonlyMap<string, StoredMachine> {
    return this.#machines;
  }

  /** Points received so far, repetitions included. */
  get storedPoints(): number {
    return this.#storedPoints;
  }

  heartbeats(): readonly HeartbeatView[] {
    return [...this.#heartbeats.values()];
  }

  beat(heartbeat: HeartbeatView): void {
    this.#heartbeats.set(heartbeat.applianceName.toLowerCase(), heartbeat);
  }

  runAsAccounts(): ReadonlyMap<string, RunAsAccount> {
    return this.#runAsAccounts;
  }

  putRunAsAccount(name: string, displayName: string, credentialType: string, now: UnixMillis): void {
    const createdAt = this.#runAsAccounts.get(name)?.createdAt ?? now;
    this.#runAsAccounts.set(name, { name, displayName, credentialType, createdAt, updatedAt: now });
  }

  /** What the appliance last said of a vCenter, by its address in lower case. */
  vcenters(): ReadonlyMap<string, VCenterReport> {
    return this.#vcenters;
  }

  putVCenter(report: VCenterReport): void {
    this.#vcenters.set(report.fqdn.toLowerCase(), report);
  }

  put(facts: DiscoveredMachine, now: UnixMillis): void {
    const key = facts.instanceUuid.toLowerCase();
    const known = this.#machines.get(key);
    const same = known !== undefined && assessedFacts(known.facts) === assessedFacts(facts);
    this.#machines.set(key, {
      facts,
      createdAt: known?.createdAt ?? now,
      updatedAt: now,
      isDeleted: false,
      factsVersion: known === undefined ? 1 : known.factsVersion + (same ? 0 : 1),
    });
  }

  markDeleted(instanceUuid: string, now: UnixMillis): void {
    const key = instanceUuid.toLowerCase();
    const known = this.#machines.get(key);
    if (known && !known.isDeleted) this.#machines.set(key, { ...known, isDeleted: true, updatedAt: now });
  }

  /** Stores one run of points; a window sent again takes the new value, `null` is no value. */
  putPoints(
    instanceUuid: string,
    vsphereCounter: string,
    instance: string,
    firstWindow: WindowIndex,
    values: ReadonlyArray<number | null>,
  ): number {
    const { counter, store } = COUNTERS[vsphereCounter]!;
    const series = this.#series(instanceUuid, `${counter} ${instance}`);
    let stored = 0;
    for (let i = 0; i < values.length; i++) {
      const value = values[i]!;
      if (value === null) continue;
      series.replace(firstWindow + i, store(value));
      stored++;
    }
    const { first, last } = series;
    if (first !== undefined && last! - first >= KEPT_WINDOWS + DROP_WINDOWS)
      series.dropBefore(last! - KEPT_WINDOWS + 1);
    this.#storedPoints += stored;
    return stored;
  }

  /** @param instance a disk's performance instance or an adapter's id; '' for the machine's own counters */
  points(instanceUuid: string, counter: CounterName, instance: string): Points | undefined {
    return this.#points.get(instanceUuid.toLowerCase())?.get(`${counter} ${instance}`);
  }

  #series(instanceUuid: string, key: string): Points {
    const machine = instanceUuid.toLowerCase();
    let ofMachine = this.#points.get(machine);
    if (!ofMachine) {
      ofMachine = new Map();
      this.#points.set(machine, ofMachine);
    }
    let series = ofMachine.get(key);
    if (!series) {
      series = new Points(POINT_PERIOD_MS);
      ofMachine.set(key, series);
    }
    return series;
  }
}
