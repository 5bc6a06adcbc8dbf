/**
 * Hosts of an estate as nodes: which are up, and what becomes of machines when one goes down or is emptied. A machine
 * changes its host in the estate, so that all hosts' answers agree at every instant. One service for an estate.
 */
import type { Clock } from '#core/time/clock.ts';
import { type Millis, SECOND } from '#core/units.ts';
import type { Estate } from '../estate/estate.ts';
import type { Guest } from '../estate/guest/guest.ts';
import type { Guests } from '../estate/guest/guests.ts';
import type { Host, Machine } from '../estate/model.ts';

/** The cluster waits so long before it starts what a failed node ran [SameSubnetThreshold, and starting]. */
const FAIL_OVER_TAKES: Millis = 20 * SECOND;

export class Nodes {
  readonly #estate: Estate;
  readonly #insides: Guests;
  readonly #clock: Clock;
  /** What ran when its host went down, by host: it starts again with the host, or on another node. */
  readonly #stranded = new Map<string, string[]>();
  /** Nodes that take no machines. */
  readonly #drained = new Set<string>();

  constructor(options: { estate: Estate; insides: Guests; clock: Clock }) {
    this.#estate = options.estate;
    this.#insides = options.insides;
    this.#clock = options.clock;
  }

  #inside(hostId: string): Guest {
    return this.#insides.guest(hostId)!;
  }

  isUp(hostId: string): boolean {
    return this.#inside(hostId).isOn();
  }

  isDrained(hostId: string): boolean {
    return this.#drained.has(hostId);
  }

  /** A host's power changed: to be called by whoever hears of it first. */
  powerChanged(hostId: string): void {
    if (this.isUp(hostId)) this.#cameUp(hostId);
    else this.#wentDown(hostId);
  }

  /**
   * Moves a machine to another node of its cluster while it runs.
   * @returns false when it cannot go there: no such node, not up, or another cluster.
   */
  migrate(machineId: string, hostId: string): boolean {
    const machine = this.#estate.machine(machineId);
    const to = this.#estate.facts.hosts.find(({ id }) => id === hostId);
    if (!machine || !to || !this.#isPartner(machine.hostId, to) || !this.isUp(to.id)) return false;
    this.#estate.replace({ ...machine, hostId });
    return true;
  }

  /** Moves a machine to the best node that is up. @returns false when there is none */
  evacuate(machineId: string): boolean {
    const machine = this.#estate.machine(machineId);
    const to = machine && this.#refuge(machine.hostId);
    return machine !== undefined && to !== undefined && this.migrate(machineId, to.id);
  }

  /** Pauses a node and empties it. */
  drain(hostId: string): void {
    this.#drained.add(hostId);
    for (const machine of this.#on(hostId)) this.evacuate(machine.id);
  }

  resume(hostId: string): void {
    this.#drained.delete(hostId);
  }

  /** From inside: what has another place goes there before the host goes down. */
  shutdown(hostId: string): void {
    for (const machine of this.#on(hostId)) this.evacuate(machine.id);
    this.#inside(hostId).setPower('off');
  }

  fail(hostId: string): void {
    this.#inside(hostId).setPower('off');
  }

  start(hostId: string): void {
    this.#inside(hostId).setPower('on');
  }

  #on(hostId: string): Machine[] {
    return this.#estate.machines().filter((machine) => machine.hostId === hostId && !machine.template);
  }

  #isPartner(hostId: string, other: Host): boolean {
    const own = this.#estate.facts.hosts.find(({ id }) => id === hostId);
    return own?.clusterId !== undefined && other.clusterId === own.clusterId;
  }

  /** The node that is up, takes machines and holds least memory of them. */
  #refuge(hostId: string): Host | undefined {
    const load = ({ id }: Host): number => this.#on(id).reduce((sum, { memoryMiB }) => sum + memoryMiB, 0);
    return this.#estate.facts.hosts
      .filter(
        (host) =>
          host.id !== hostId &&
          this.#isPartner(hostId, host) &&
          this.isUp(host.id) &&
          !this.#drained.has(host.id),
      )
      .map((host) => ({ host, load: load(host) }))
      .sort((a, b) => a.load - b.load)[0]?.host;
  }

  #wentDown(hostId: string): void {
    const ran = this.#on(hostId).filter(({ id }) => this.#estate.power(id) === 'on');
    for (const { id } of ran) this.#estate.setPower(id, 'off');
    this.#stranded.set(
      hostId,
      ran.map(({ id }) => id),
    );
    this.#clock.schedule(this.#clock.wall() + FAIL_OVER_TAKES, 'hyperv.failOver', () =>
      this.#failOver(hostId),
    );
  }

  /** Starts elsewhere what a node that is still down ran, where there is another one. */
  #failOver(hostId: string): void {
    if (this.isUp(hostId)) return;
    for (const machine of this.#on(hostId)) this.evacuate(machine.id);
    this.#restart(hostId);
  }

  #cameUp(hostId: string): void {
    this.#restart(hostId);
    // and what others left behind when there was no node at all
    this.#clock.schedule(this.#clock.wall() + FAIL_OVER_TAKES, 'hyperv.failOver', () => {
      for (const other of this.#stranded.keys()) this.#failOver(other);
    });
  }

  /** Starts what was stranded and has a host again. */
  #restart(hostId: string): void {
    const waiting = this.#stranded.get(hostId) ?? [];
    this.#stranded.set(
      hostId,
      waiting.filter((id) => {
        const machine = this.#estate.machine(id);
        if (machine && !this.isUp(machine.hostId)) return true;
        if (machine) this.#estate.setPower(id, 'on');
        return false;
      }),
    );
  }
}
