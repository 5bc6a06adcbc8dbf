/**
 * The estate in the course of a story: what changes (machines and the folders and pools that hold them, power,
 * the bytes of disks) changes here, so that every simulator, each a view of it, sees the same at every instant.
 */
import { assert } from '#core/assert.ts';
import type { Entropy } from '#core/entropy/entropy.ts';
import type { Clock } from '#core/time/clock.ts';
import { type Bytes, DAY, SECOND, type UnixMillis } from '#core/units.ts';
import { blankContent, copiedContent, generatedBytes } from './disk-content.ts';
import type { DiskFacts, EstateFacts, Machine, PowerState } from './model.ts';
import { Places } from './places.ts';
import { createDisk, type Epoch, type VirtualDisk } from './virtual-disk.ts';
import { SAMPLE_SECONDS } from './workload-curve.ts';

export type EstateChange =
  | { readonly kind: 'power'; readonly machineId: string }
  | { readonly kind: 'disk'; readonly machineId: string; readonly diskId: string }
  | { readonly kind: 'added'; readonly machineId: string }
  /** `machine`: its last facts; the estate knows them no more. */
  | { readonly kind: 'removed'; readonly machineId: string; readonly machine: Machine }
  /** Its facts are others now: name, place, size, devices. */
  | { readonly kind: 'changed'; readonly machineId: string; readonly before: Machine }
  /**
   * A folder of machines, or a resource pool, below its datacenter or its cluster (or stand-alone host), by the
   * names on the way to it. No `before`: made; no `after`: removed; both: renamed or moved, with all that is in
   * it. The machines inside have their new facts then, and no changes of their own are told.
   */
  | {
      readonly kind: 'folder' | 'pool';
      readonly ownerId: string;
      readonly before?: readonly string[];
      readonly after?: readonly string[];
    };

/**
 * What a new disk holds: nothing; what another disk holds, now or at an epoch that is kept readable from here
 * on; generated content, as disks of the facts have; or a disk that was taken off a machine before.
 */
export type DiskOrigin =
  | 'blank'
  | 'generated'
  | { readonly copyOf: VirtualDisk; readonly epoch?: Epoch }
  | { readonly existing: VirtualDisk };

interface PowerChange {
  readonly at: UnixMillis;
  readonly power: PowerState;
}

export class Estate {
  /** As the story began; `machines()` is how it is now. */
  readonly facts: EstateFacts;
  /** When the facts held. */
  readonly start: UnixMillis;
  readonly #clock: Clock;
  /** In the order of the facts, then of their being added. */
  readonly #machines = new Map<string, Machine>();
  #list: readonly Machine[] | undefined;
  readonly #disks = new Map<string, { facts: DiskFacts; machineId: string; disk?: VirtualDisk }>();
  readonly #hostIds: ReadonlySet<string>;
  readonly #datastoreIds: ReadonlySet<string>;
  readonly #networkIds: ReadonlySet<string>;
  readonly #folders = new Places();
  readonly #pools = new Places();
  /** Changes by machine, oldest first; the first one holds for all time before it, too. */
  readonly #power = new Map<string, PowerChange[]>();
  readonly #listeners = new Set<(change: EstateChange) => void>();

  /** The story starts when this is called: the facts hold at `clock.wall()`. */
  constructor(facts: EstateFacts, { clock, entropy }: { clock: Clock; entropy: Entropy }) {
    this.facts = facts;
    this.#clock = clock;
    const start = clock.wall();
    this.start = start;
    this.#hostIds = new Set(facts.hosts.map((host) => host.id));
    this.#datastoreIds = new Set(facts.datastores.map((datastore) => datastore.id));
    this.#networkIds = new Set(facts.networks.map((network) => network.id));
    for (const machine of facts.machines) {
      this.#keep(machine);
      // Running machines were started some time in the last three months, at a whole second.
      const uptime = DAY + entropy.below((90 * DAY) / SECOND, 'estate.uptime', machine.id) * SECOND;
      this.#power.set(machine.id, [{ at: start - uptime, power: machine.power }]);
      for (const disk of machine.disks) this.#keepDisk(machine.id, disk);
    }
    this.#list = facts.machines;
    for (const { datacenterId, path } of facts.emptyFolders ?? []) this.#folders.make(datacenterId, path);
    for (const { clusterId, hostId, path } of facts.resourcePools ?? [])
      this.#pools.make(clusterId ?? hostId!, path);
  }

  machine(id: string): Machine | undefined {
    return this.#machines.get(id);
  }

  /** All machines now, in the order of the facts, then of their being added. A list that is never changed. */
  machines(): readonly Machine[] {
    this.#list ??= [...this.#machines.values()];
    return this.#list;
  }

  /**
   * A new machine, in the state that its facts say.
   * @param origins of its disks, by id; blank where none is given.
   */
  add(machine: Machine, origins: ReadonlyMap<string, DiskOrigin> = new Map()): void {
    const now = this.#clock.wall();
    this.#keep(machine);
    // Before it was made it was not on.
    const changes: PowerChange[] = [{ at: now, power: 'off' }];
    if (machine.power !== 'off') changes.push({ at: now, power: machine.power });
    this.#power.set(machine.id, changes);
    for (const disk of machine.disks) this.#addDisk(machine.id, disk, origins.get(disk.id));
    this.#list = undefined;
    this.#tell({ kind: 'added', machineId: machine.id });
  }

  /** The machine is no more; whoever holds one of its disks can still read that. */
  remove(machineId: string): void {
    const machine = this.#known(machineId);
    this.#machines.delete(machineId);
    this.#power.delete(machineId);
    for (const { id } of machine.disks) this.#disks.delete(id);
    this.#count(machine, -1);
    this.#list = undefined;
    this.#tell({ kind: 'removed', machineId, machine });
  }

  /**
   * Other facts of a machine that is known by its id: name, place, size, devices. Its power stays. Disks that
   * it had before go on with their bytes, and may have grown; disks that are missing go.
   * @param origins of disks that are new, by id; blank where none is given.
   */
  replace(machine: Machine, origins: ReadonlyMap<string, DiskOrigin> = new Map()): void {
    const before = this.#known(machine.id);
    this.#count(before, -1);
    this.#keep(machine, before);
    const kept = new Set(machine.disks.map((disk) => disk.id));
    for (const { id } of before.disks) if (!kept.has(id)) this.#disks.delete(id);
    for (const disk of machine.disks) {
      const entry = this.#disks.get(disk.id);
      if (!entry) {
        this.#addDisk(machine.id, disk, origins.get(disk.id));
        continue;
      }
      assert(!origins.has(disk.id), `disk ${disk.id} is not new`);
      if (entry.facts === disk) continue;
      // Content that nobody looked at yet is generated from the facts as they were.
      if (entry.facts.sizeBytes !== disk.sizeBytes) this.disk(disk.id);
      entry.disk?.setFacts(disk);
      entry.facts = disk;
    }
    this.#list = undefined;
    this.#tell({ kind: 'changed', machineId: machine.id, before });
  }

  /** Folders of machines in a datacenter, each as the names on the way to it, outer ones first. */
  folders(datacenterId: string): ReadonlyArray<readonly string[]> {
    return this.#folders.of(datacenterId);
  }

  /** Resource pools below the root pool of a cluster or stand-alone host, by its id, as `folders` has them. */
  pools(ownerId: string): ReadonlyArray<readonly string[]> {
    return this.#pools.of(ownerId);
  }

  /** Makes an empty folder or pool; what is around it has to be there. */
  addPlace(kind: 'folder' | 'pool', ownerId: string, path: readonly string[]): void {
    const places = kind === 'folder' ? this.#folders : this.#pools;
    places.add(ownerId, path);
    this.#tell({ kind, ownerId, after: path });
  }

  /** Removes a folder or pool that has nothing in it. */
  removePlace(kind: 'folder' | 'pool', ownerId: string, path: readonly string[]): void {
    const places = kind === 'folder' ? this.#folders : this.#pools;
    places.remove(ownerId, path);
    this.#tell({ kind, ownerId, before: path });
  }

  /** Gives a folder or pool another name or another place, with all that is in it. Linear in the machines. */
  movePlace(
    kind: 'folder' | 'pool',
    ownerId: string,
    before: readonly string[],
    after: readonly string[],
  ): void {
    const places = kind === 'folder' ? this.#folders : this.#pools;
    places.move(ownerId, before, after);
    for (const machine of this.#machines.values()) {
      const [owner, path] = kind === 'folder' ? folderOf(machine) : poolOf(machine);
      if (owner !== ownerId || !before.every((name, depth) => path[depth] === name)) continue;
      const moved = [...after, ...path.slice(before.length)];
      this.#machines.set(
        machine.id,
        kind === 'folder'
          ? { ...machine, folder: moved }
          : { ...machine, resourcePool: ['Resources', ...moved].join('/') },
      );
    }
    this.#list = undefined;
    this.#tell({ kind, ownerId, before, after });
  }

  /** Power now. */
  power(machineId: string): PowerState {
    return this.#changesOf(machineId).at(-1)!.power;
  }

  /** Instant of the last change of power: the boot time of a machine that is on. */
  powerSince(machineId: string): UnixMillis {
    return this.#changesOf(machineId).at(-1)!.at;
  }

  /**
   * Was the machine on at the start of the 20-second window that ends at `at`, so that the window has a
   * sample? Before the story began machines were as they are in the facts.
   */
  wasOn(machineId: string, at: UnixMillis): boolean {
    const changes = this.#changesOf(machineId);
    const windowStart = at - SAMPLE_SECONDS * SECOND;
    let index = changes.length - 1;
    while (index > 0 && changes[index]!.at > windowStart) index--;
    return changes[index]!.power === 'on';
  }

  /** Changes power now. Setting what is already so changes nothing and tells nobody. */
  setPower(machineId: string, power: PowerState): void {
    const changes = this.#changesOf(machineId);
    if (changes.at(-1)!.power === power) return;
    assert(!this.#machines.get(machineId)!.template, `template ${machineId} cannot be powered`);
    changes.push({ at: this.#clock.wall(), power });
    this.#tell({ kind: 'power', machineId });
  }

  /** @param diskId "<machineId>/<index>", as in the facts. The same object each time. */
  disk(diskId: string): VirtualDisk {
    const entry = this.#disks.get(diskId);
    assert(entry !== undefined, `the estate has no disk ${diskId}`);
    entry.disk ??= createDisk(this.facts.seed, entry.facts, () =>
      this.#tell({ kind: 'disk', machineId: entry.machineId, diskId }),
    );
    return entry.disk;
  }

  /** Bytes of a disk that are not known to be zero now. Of a disk that nobody looked at nothing is made for it. */
  allocatedBytes(diskId: string): Bytes {
    const entry = this.#disks.get(diskId);
    assert(entry !== undefined, `the estate has no disk ${diskId}`);
    if (!entry.disk) return generatedBytes(this.facts.seed, entry.facts);
    return entry.disk.allocated().reduce((sum, { length }) => sum + length, 0);
  }

  /** A disk that belongs to no machine, blank or a copy. The estate forgets it. */
  looseDisk(
    facts: DiskFacts,
    origin: Extract<DiskOrigin, 'blank' | { readonly copyOf: VirtualDisk }>,
    onWrite: () => void = () => {},
  ): VirtualDisk {
    const made = createDisk(this.facts.seed, facts, onWrite);
    if (origin === 'blank') made.replaceBase(blankContent());
    else {
      const { copyOf, epoch = copyOf.mark() } = origin;
      made.replaceBase(
        copiedContent(
          copyOf.facts.sizeBytes,
          (offset, length) => copyOf.read(offset, length, epoch),
          () => copyOf.allocated(epoch),
        ),
      );
    }
    return made;
  }

  /** Calls the listener, synchronously and in the order of subscription, after every change of power or disk. */
  onChange(listener: (change: EstateChange) => void): Disposable {
    const own = (change: EstateChange) => listener(change);
    this.#listeners.add(own);
    return { [Symbol.dispose]: () => void this.#listeners.delete(own) };
  }

  #tell(change: EstateChange): void {
    for (const listener of this.#listeners) listener(change);
  }

  #known(machineId: string): Machine {
    const machine = this.#machines.get(machineId);
    assert(machine !== undefined, `the estate has no machine ${machineId}`);
    return machine;
  }

  #keep(machine: Machine, before?: Machine): void {
    const { id, name } = machine;
    assert(this.#machines.get(id) === before, `two machines have the id ${id}`);
    assert(this.#hostIds.has(machine.hostId), `machine ${name} is on an unknown host ${machine.hostId}`);
    for (const disk of machine.disks)
      assert(this.#datastoreIds.has(disk.datastoreId), `disk ${disk.id} is on an unknown datastore`);
    for (const nic of machine.nics)
      assert(this.#networkIds.has(nic.networkId), `an adapter of ${name} is on an unknown network`);
    this.#machines.set(id, machine);
    this.#count(machine, 1);
  }

  /** Folders and pools exist from the first machine in them on, and stay when they are empty. */
  #count(machine: Machine, by: 1 | -1): void {
    this.#folders.count(...folderOf(machine), by);
    this.#pools.count(...poolOf(machine), by);
  }

  #keepDisk(machineId: string, disk: DiskFacts, content?: VirtualDisk): void {
    assert(!this.#disks.has(disk.id), `two disks have the id ${disk.id}`);
    this.#disks.set(disk.id, {
      facts: disk,
      machineId,
      ...(content === undefined ? {} : { disk: content }),
    });
  }

  #addDisk(machineId: string, disk: DiskFacts, origin: DiskOrigin = 'blank'): void {
    const onWrite = () => this.#tell({ kind: 'disk', machineId, diskId: disk.id });
    if (origin === 'generated') return this.#keepDisk(machineId, disk);
    if (origin !== 'blank' && 'existing' in origin) {
      origin.existing.setFacts(disk, onWrite);
      return this.#keepDisk(machineId, disk, origin.existing);
    }
    this.#keepDisk(machineId, disk, this.looseDisk(disk, origin, onWrite));
  }

  #changesOf(machineId: string): PowerChange[] {
    const changes = this.#power.get(machineId);
    assert(changes !== undefined, `the estate has no machine ${machineId}`);
    return changes;
  }
}

function folderOf(machine: Machine): [datacenterId: string, path: readonly string[]] {
  return [machine.datacenterId, machine.folder];
}

/** The pool that a machine is in, by the names below the root pool, which is called "Resources". */
function poolOf(machine: Machine): [ownerId: string, path: readonly string[]] {
  const names = (machine.resourcePool ?? '').split('/').filter((name) => name !== '');
  return [machine.clusterId ?? machine.hostId, names.slice(names.lastIndexOf('Resources') + 1)];
}
