/** The state of one simulated vCenter: what its methods work on. */

import type { Millis, UnixMillis } from '#core/units.ts';
import type { Estate } from '../estate/estate.ts';
import type { SimulatorContext } from '../kit/context.ts';
import { Alarms } from './alarms/alarms.ts';
import { Authorization } from './authorization/authorization.ts';
import { Changes } from './changes.ts';
import { CustomFields } from './custom-fields.ts';
import { EventLog } from './events/event-log.ts';
import { keepJournal } from './events/journal.ts';
import { DatastoreFiles } from './folder/datastore-files.ts';
import { followHostFaults } from './host-outages.ts';
import { Inventory } from './inventory.ts';
import type { LeaseObject } from './leases/lease.ts';
import { Licenses } from './licenses.ts';
import type { Unregistered } from './lifecycle/removal.ts';
import { MachineIndex } from './machine-index.ts';
import { ANONYMOUS_COLLECTOR, type Managers, managersOf } from './objects/managers.ts';
import type { ManagedObject, Reading } from './objects/object.ts';
import { Performance } from './performance/performance.ts';
import { CollectorObject, DEFAULT_COLLECTOR } from './property/collector.ts';
import { Fragments } from './property/fragments.ts';
import type { Find } from './property/selection.ts';
import { Tags } from './rest/tags.ts';
import { isA } from './schema/schema.ts';
import { type ApiVersion, VERSIONS, versionOf } from './schema/versions.ts';
import { type Session, Sessions, type User } from './sessions.ts';
import { Tasks } from './tasks.ts';
import type { Data, Value } from './values.ts';
import type { SnapshotObject } from './vm/snapshot.ts';

/** Products that can be shown, with the build and API version that each announces. */
const PRODUCTS = {
  '7.0.3': { build: '21477706', api: '7.0.3.0' },
  '8.0.3': { build: '24022515', api: '8.0.3.0' },
} as const;

export type ProductVersion = keyof typeof PRODUCTS;

/** Leases that are remembered, ended ones too. */
const LEASES_MAX = 1000;

export interface VcenterSettings {
  readonly context: SimulatorContext;
  readonly estate: Estate;
  readonly users: readonly User[];
  readonly version: ProductVersion;
  readonly sessionIdleMinutes: number;
  /** A vCenter, unless it is one host by itself. */
  readonly flavour?: 'vcenter' | 'esx';
}

export class Vcenter {
  readonly context: SimulatorContext;
  readonly estate: Estate;
  readonly about: Data;
  /** Newest API version that it speaks. */
  readonly apiVersion: ApiVersion;
  readonly startedAt: UnixMillis;
  readonly changes = new Changes();
  readonly fragments = new Fragments(this.changes);
  readonly inventory: Inventory;
  readonly machineIndex: MachineIndex;
  readonly authorization: Authorization;
  readonly sessions: Sessions;
  readonly events: EventLog;
  readonly tasks: Tasks;
  readonly performance: Performance;
  readonly files: DatastoreFiles;
  readonly tags: Tags;
  readonly alarms: Alarms;
  readonly licenses: Licenses;
  readonly customFields: CustomFields;
  /** Options that were set, beside those that every vCenter has. */
  readonly settings = new Map<string, Value>();
  /** Machines that were unregistered, by the path of their configuration file. */
  readonly leases = new Map<string, LeaseObject>();
  /** Disks that are fetched or brought just now. */
  transfers = 0;
  readonly unregistered = new Map<string, Unregistered>();
  readonly managers: Managers;
  readonly #snapshots = new Map<string, SnapshotObject>();
  readonly #listening: Disposable;
  readonly #journal: Disposable;
  readonly #outages: Disposable;
  #snapshotCount = 0;
  #made = 0;
  #sessionObjects = 0;

  constructor(settings: VcenterSettings) {
    const { context, estate, users, version, sessionIdleMinutes, flavour } = settings;
    const { clock, entropy } = context;
    this.context = context;
    this.estate = estate;
    this.about = flavour === 'esx' ? aboutHost(version, estate) : aboutOf(version, estate);
    this.apiVersion = versionOf(PRODUCTS[version].api);
    this.startedAt = Math.floor(clock.wall());
    this.inventory = new Inventory(estate, {
      entropy,
      startedAt: this.startedAt,
      changes: this.changes,
    });
    this.machineIndex = new MachineIndex(estate);
    this.authorization = new Authorization(this.inventory.root, users);
    this.sessions = new Sessions({
      users,
      clock,
      entropy,
      idleMinutes: sessionIdleMinutes,
      authorization: this.authorization,
    });
    this.events = new EventLog(clock);
    this.tasks = new Tasks({ clock, entropy, changes: this.changes });
    this.performance = new Performance(estate, this.inventory);
    this.files = new DatastoreFiles(this.inventory);
    this.alarms = new Alarms(this.inventory.root, this.inventory.createdAt);
    this.customFields = new CustomFields(estate.facts.customAttributes);
    this.licenses = new Licenses(
      this.inventory,
      { id: estate.facts.vcenterUuid, name: estate.facts.name },
      this.startedAt,
    );
    this.tags = new Tags(estate, entropy, this.inventory.hosts());
    this.managers = managersOf();
    this.#journal = keepJournal(this);
    this.#outages = followHostFaults(this);
    this.#listening = estate.onChange((change) => {
      this.performance.follow(change);
      this.inventory.follow(change);
      this.machineIndex.follow(change);
      this.files.follow(change);
    });
  }

  /** Newest API version, as text. */
  get apiVersionId(): string {
    return VERSIONS[this.apiVersion]!;
  }

  stop(): void {
    this.#listening[Symbol.dispose]();
    this.#journal[Symbol.dispose]();
    this.#outages[Symbol.dispose]();
    this.sessions.onChange = undefined;
    this.tasks.stop();
    this.fragments.stop();
    for (const session of this.sessions.all()) this.sessions.end(session);
  }

  /**
   * The object that a reference names, if the session may know it and the reference's type fits. The default
   * property collector is another object for each session.
   */
  find(
    reference: { readonly type: string; readonly id: string },
    session: Session | undefined,
  ): ManagedObject | undefined {
    const { id } = reference;
    const object =
      id === DEFAULT_COLLECTOR
        ? (session?.find(id) ?? this.#defaultCollector(session))
        : (this.inventory.find(id) ??
          this.managers.get(id) ??
          this.tasks.find(id) ??
          this.#snapshots.get(id) ??
          this.leases.get(id) ??
          this.alarms.find(id) ??
          session?.find(id));
    return object && isA(object.ref.type, reference.type) ? object : undefined;
  }

  findFor(session: Session | undefined): Find {
    return (reference) => this.find(reference, session);
  }

  reading(session: Session | undefined): Reading {
    return { vcenter: this, now: Math.floor(this.context.clock.wall()), session, sight: session?.sight() };
  }

  /** An id for an object of a session, in the form that vCenter gives them. */
  sessionObjectId(session: Session): string {
    return `session[${session.key}]${this.context.entropy.uuid('vcenter.sessionObject', this.#sessionObjects++)}`;
  }

  /** Lets time pass before something goes on. */
  pause(ms: Millis): Promise<void> {
    return new Promise((resolve) => this.tasks.later(ms, resolve));
  }

  /** Its options, as OptionManager shows them. */
  options(): Data[] {
    const all = new Map<string, Value>([
      ['VirtualCenter.InstanceName', this.estate.facts.name],
      ['config.vpxd.stats.maxQueryMetrics', -1],
      ...this.settings,
    ]);
    return [...all].map(([key, value]) => ({ $: 'OptionValue', key, value }));
  }

  /** Counts what is made in the course of the story: machines, disks, adapters. */
  nextNumber(): number {
    return ++this.#made;
  }

  /** A lease's id, which is also the secret in the addresses of its disks. */
  leaseId(): string {
    return `52${this.context.entropy.uuid('vcenter.lease', this.nextNumber()).slice(2)}`;
  }

  keepLease(lease: LeaseObject): void {
    this.leases.set(lease.ref.id, lease);
    if (this.leases.size > LEASES_MAX) this.leases.delete(this.leases.keys().next().value!);
  }

  nextSnapshotId(): string {
    return `snapshot-${++this.#snapshotCount}`;
  }

  keepSnapshot(snapshot: SnapshotObject): void {
    this.#snapshots.set(snapshot.ref.id, snapshot);
  }

  dropSnapshot(snapshot: SnapshotObject): void {
    this.#snapshots.delete(snapshot.ref.id);
    this.changes.vanished(snapshot);
  }

  /** Before login the collector reads for anybody and keeps nothing. */
  #defaultCollector(session: Session | undefined): ManagedObject {
    if (!session) return ANONYMOUS_COLLECTOR;
    const collector = new CollectorObject(DEFAULT_COLLECTOR, session, this);
    session.add(collector);
    return collector;
  }
}

function aboutOf(version: ProductVersion, estate: Estate): Data {
  const { build, api } = PRODUCTS[version];
  return {
    $: 'AboutInfo',
    name: 'VMware vCenter Server',
    fullName: `VMware vCenter Server ${version} build-${build}`,
    vendor: 'VMware, Inc.',
    version,
    build,
    localeVersion: 'INTL',
    localeBuild: '000',
    osType: 'linux-x64',
    productLineId: 'vpx',
    apiType: 'VirtualCenter',
    apiVersion: api,
    instanceUuid: estate.facts.vcenterUuid,
    licenseProductName: 'VMware VirtualCenter Server',
    licenseProductVersion: `${version.split('.')[0]}.0`,
  };
}

/** What an ESXi host says of itself: it has no instance UUID. */
function aboutHost(version: ProductVersion, estate: Estate): Data {
  const { api } = PRODUCTS[version];
  const host = estate.facts.hosts[0]!;
  return {
    $: 'AboutInfo',
    name: 'VMware ESXi',
    fullName: `VMware ESXi ${version} build-${host.build}`,
    vendor: 'VMware, Inc.',
    version,
    build: host.build,
    localeVersion: 'INTL',
    localeBuild: '000',
    osType: 'vmnix-x86',
    productLineId: 'embeddedEsx',
    apiType: 'HostAgent',
    apiVersion: api,
    licenseProductName: 'VMware ESX Server',
    licenseProductVersion: `${version.split('.')[0]}.0`,
  };
}
