/**
 * What Hyper-V knows of a machine beyond the estate: that it is starting or pausing, its checkpoints and reference
 * points, and what a scenario does to it. One state for an estate, so that a machine takes it along from host to host.
 */
import { MINUTE, type UnixMillis } from '#core/units.ts';
import type { Estate } from '../estate/estate.ts';
import type { DiskFacts, Machine } from '../estate/model.ts';
import type { Epoch } from '../estate/virtual-disk.ts';
import type { FaultPoints } from '../kit/fault-points.ts';
import type { HypervHost } from './hyperv-host.ts';

export interface Checkpoint {
  /** GUID in upper case, of its settings. */
  readonly id: string;
  readonly name: string;
  readonly createdAt: UnixMillis;
  /** A user's, or one that backup made. */
  readonly kind: 'user' | 'recovery';
  /** As the machine was. */
  readonly machine: Machine;
  /** What froze each disk, by id. */
  readonly epochs: ReadonlyMap<string, Epoch>;
  /** GUID in the names of the files that took the writes from then on. */
  readonly fileId: string;
}

/** Since when changes of disks are tracked. */
export interface ReferencePoint {
  readonly id: string;
  readonly createdAt: UnixMillis;
  readonly epochs: ReadonlyMap<string, Epoch>;
}

/** EnabledState of a machine between two states. */
export type Transition = 'starting' | 'stopping' | 'saving' | 'pausing' | 'resuming';

/** Names of a machine's instances in performance classes. */
export interface InstanceNames {
  readonly fileId: string | undefined;
  readonly disks: readonly string[];
  readonly nics: readonly string[];
}

export class HypervState {
  /** Found once, since counters are polled: by machine as its facts are. */
  readonly dynamicMemory = new WeakMap<Machine, boolean>();
  readonly instanceNames = new WeakMap<Machine, InstanceNames>();
  readonly transitions = new Map<string, Transition>();
  /** Machines that are suspended in memory, not on disk. */
  readonly paused = new Set<string>();
  /** By machine, oldest first. */
  readonly #checkpoints = new Map<string, Checkpoint[]>();
  readonly #referencePoints = new Map<string, ReferencePoint[]>();

  checkpoints(machineId: string): readonly Checkpoint[] {
    return this.#checkpoints.get(machineId) ?? [];
  }

  addCheckpoint(machineId: string, checkpoint: Checkpoint): void {
    this.#checkpoints.set(machineId, [...this.checkpoints(machineId), checkpoint]);
  }

  removeCheckpoint(machineId: string, id: string): void {
    this.#checkpoints.set(
      machineId,
      this.checkpoints(machineId).filter((each) => each.id !== id),
    );
  }

  referencePoints(machineId: string): readonly ReferencePoint[] {
    return this.#referencePoints.get(machineId) ?? [];
  }

  addReferencePoint(machineId: string, point: ReferencePoint): void {
    this.#referencePoints.set(machineId, [...this.referencePoints(machineId), point]);
  }

  removeReferencePoint(machineId: string, id: string): void {
    this.#referencePoints.set(
      machineId,
      this.referencePoints(machineId).filter((each) => each.id !== id),
    );
  }
}

const STATES = new WeakMap<Estate, HypervState>();

export function stateOf(estate: Estate): HypervState {
  let state = STATES.get(estate);
  if (!state) {
    state = new HypervState();
    STATES.set(estate, state);
  }
  return state;
}

/** EnabledState of Msvm_ComputerSystem. */
const ENABLED = { running: 2, off: 3, stopping: 4, saved: 6, paused: 9, starting: 10 } as const;
const IN_TRANSITION: Readonly<Record<Transition, number>> = {
  starting: ENABLED.starting,
  stopping: ENABLED.stopping,
  saving: 32773,
  pausing: 32776,
  resuming: 32777,
};
/** Stopped by Hyper-V itself since its storage is gone. */
const PAUSED_CRITICAL = 32768;

export function enabledState(host: HypervHost, { id, name }: Machine): number {
  const state = stateOf(host.estate);
  const transition = state.transitions.get(id);
  if (transition !== undefined) return IN_TRANSITION[transition];
  switch (host.estate.power(id)) {
    case 'on':
      return isStruck(host, 'critical', name) ? PAUSED_CRITICAL : ENABLED.running;
    case 'off':
      return ENABLED.off;
    case 'suspended':
      return state.paused.has(id) ? ENABLED.paused : ENABLED.saved;
  }
}

/** On, and not stopped by Hyper-V: it has counters. */
export function isRunning(host: HypervHost, { id, name }: Machine): boolean {
  return host.estate.power(id) === 'on' && !isStruck(host, 'critical', name);
}

/** Running, with integration services: the estate's word for them is the tools of the machine. */
export function speaks(host: HypervHost, machine: Machine): boolean {
  return (
    isRunning(host, machine) &&
    machine.tools === 'running' &&
    !isStruck(host, 'noIntegrationServices', machine.name)
  );
}

export const MACHINE_POINT = 'hyperv.machine';

/** Is the machine in that state by the will of the scenario, now? */
export function isStruck(host: HypervHost, answer: string, machine: string): boolean {
  return (
    host.faults !== undefined && stateFault(host.faults, MACHINE_POINT, answer, machine, host.clock.wall())
  );
}

/** A fault that is a state: it holds as long as it lasts, however often it is looked at, and counts once. */
function stateFault(
  faults: FaultPoints,
  point: string,
  answer: string,
  subject: string,
  now: UnixMillis,
): boolean {
  for (const fault of faults.armed()) {
    if (fault.at !== point || fault.answer !== answer || now < fault.from || now >= fault.until) continue;
    if (fault.subject !== undefined && !subject.includes(fault.subject)) continue;
    if (fault.fired === 0) faults.hit(point, subject);
    return true;
  }
  return false;
}

/** Jobs are remembered for so long after they ended. */
export const JOB_REMEMBERED = 5 * MINUTE;

/** Name of the file that a machine writes to, as far as checkpoints decide it: that of the last one, or none. */
export function writtenFile(host: HypervHost, machine: Machine): string | undefined {
  return stateOf(host.estate).checkpoints(machine.id).at(-1)?.fileId;
}

/** Disks that a checkpoint or a reference point freezes: those that are files of the machine's own. */
export function ownDisks({ disks }: Machine): readonly DiskFacts[] {
  return disks.filter(({ raw, shared }) => !raw && !shared);
}
