/**
 * The estate in the course of a story: what changes (power, the bytes of disks) changes here, so that every
 * simulator, each a view of it, sees the same at every instant.
 */
import { assert } from '#core/assert.ts';
import type { Entropy } from '#core/entropy/entropy.ts';
import type { Clock } from '#core/time/clock.ts';
import { DAY, SECOND, type UnixMillis } from '#core/units.ts';
import type { DiskFacts, EstateFacts, Machine, PowerState } from './model.ts';
import { createDisk, type VirtualDisk } from './virtual-disk.ts';
import { SAMPLE_SECONDS } from './workload-curve.ts';

export type EstateChange =
  | { readonly kind: 'power'; readonly machineId: string }
  | { readonly kind: 'disk'; readonly machineId: string; readonly diskId: string };

interface PowerChange {
  readonly at: UnixMillis;
  readonly power: PowerState;
}

export class Estate {
  readonly facts: EstateFacts;
  readonly #clock: Clock;
  readonly #machines = new Map<string, Machine>();
  readonly #disks = new Map<string, { facts: DiskFacts; machineId: string; disk?: VirtualDisk }>();
  /** Changes by machine, oldest first; the first one holds for all time before it, too. */
  readonly #power = new Map<string, PowerChange[]>();
  readonly #listeners = new Set<(change: EstateChange) => void>();

  /** The story starts when this is called: the facts hold at `clock.wall()`. */
  constructor(facts: EstateFacts, { clock, entropy }: { clock: Clock; entropy: Entropy }) {
    this.facts = facts;
    this.#clock = clock;
    const start = clock.wall();
    const hosts = new Set(facts.hosts.map((host) => host.id));
    const datastores = new Set(facts.datastores.map((datastore) => datastore.id));
    const networks = new Set(facts.networks.map((network) => network.id));
    for (const machine of facts.machines) {
      assert(!this.#machines.has(machine.id), `two machines have the id ${machine.id}`);
      assert(hosts.has(machine.hostId), `machine ${machine.name} is on an unknown host ${machine.hostId}`);
      this.#machines.set(machine.id, machine);
      // Running machines were started some time in the last three months, at a whole second.
      const uptime = DAY + entropy.below((90 * DAY) / SECOND, 'estate.uptime', machine.id) * SECOND;
      this.#power.set(machine.id, [{ at: start - uptime, power: machine.power }]);
      for (const disk of machine.disks) {
        assert(!this.#disks.has(disk.id), `two disks have the id ${disk.id}`);
        assert(datastores.has(disk.datastoreId), `disk ${disk.id} is on an unknown datastore`);
        this.#disks.set(disk.id, { facts: disk, machineId: machine.id });
      }
      for (const nic of machine.nics)
        assert(networks.has(nic.networkId), `an adapter of ${machine.name} is on an unknown network`);
    }
  }

  machine(id: string): Machine | undefined {
    return this.#machines.get(id);
  }

  machines(): readonly Machine[] {
    return this.facts.machines;
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

  /** Calls the listener, synchronously and in the order of subscription, after every change of power or disk. */
  onChange(listener: (change: EstateChange) => void): Disposable {
    const own = (change: EstateChange) => listener(change);
    this.#listeners.add(own);
    return { [Symbol.dispose]: () => void this.#listeners.delete(own) };
  }

  #tell(change: EstateChange): void {
    for (const listener of this.#listeners) listener(change);
  }

  #changesOf(machineId: string): PowerChange[] {
    const changes = this.#power.get(machineId);
    assert(changes !== undefined, `the estate has no machine ${machineId}`);
    return changes;
  }
}
