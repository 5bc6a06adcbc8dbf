/**
 * Tasks. Every operation that changes a machine runs as one: it is returned running, takes a second or two of
 * the story's time, and turns to success only after what it changed can be read.
 */
import type { Entropy } from '#core/entropy/entropy.ts';
import type { Clock } from '#core/time/clock.ts';
import { MINUTE, type Millis, SECOND, type UnixMillis } from '#core/units.ts';
import type { Changes } from './changes.ts';
import { localized, VimFault, vimFault } from './faults.ts';
import { Entity, ManagedObject, type Properties } from './objects/object.ts';
import { accountName, type Session } from './sessions.ts';
import type { Data, Value } from './values.ts';

export const TASK: Properties<TaskObject> = {
  value: () => [],
  availableField: () => [],
  info: (self) => self.info,
};

interface TaskSpec {
  /** "CreateSnapshot_Task" */
  readonly method: string;
  /** "VirtualMachine.createSnapshot" */
  readonly descriptionId: string;
  readonly entity: ManagedObject;
  readonly session: Session | undefined;
  /** May its user give it up before its end? */
  readonly cancelable?: boolean;
}

/** What is to be done, and forgotten with all that it holds once it has been. */
interface TaskWork {
  /** At the end, before success is shown. @returns the task's result. @throws VimFault for an error. */
  readonly run: () => Value | undefined;
  /** Always called last, whatever the outcome. */
  readonly settled?: () => void;
}

export class TaskObject extends ManagedObject {
  readonly spec: TaskSpec;
  readonly number: number;
  readonly queueTime: UnixMillis;
  state: 'running' | 'success' | 'error' = 'running';
  progress = 0;
  completeTime: UnixMillis | undefined;
  result: Value | undefined;
  error: VimFault | undefined;
  isCanceled = false;
  /** Of the events that belong to it. */
  chain = 0;

  constructor(number: number, spec: TaskSpec, at: UnixMillis) {
    super('Task', `task-${number}`);
    this.number = number;
    this.spec = spec;
    this.queueTime = at;
  }

  override get entity(): Entity | undefined {
    return this.spec.entity.entity;
  }

  protected get properties(): Properties<TaskObject> {
    return TASK;
  }

  get info(): Data {
    const { spec } = this;
    return {
      $: 'TaskInfo',
      key: this.ref.id,
      task: this.ref,
      name: spec.method,
      descriptionId: spec.descriptionId,
      entity: spec.entity instanceof Entity ? spec.entity.ref : undefined,
      entityName: spec.entity.label,
      state: this.state,
      cancelled: this.isCanceled,
      cancelable: spec.cancelable === true && this.state === 'running',
      error: this.error && localized(this.error),
      result: this.result,
      progress: this.state === 'running' ? this.progress : undefined,
      reason: {
        $: 'TaskReasonUser',
        userName: spec.session ? accountName(spec.session.user.name) : '',
      },
      queueTime: this.queueTime,
      startTime: this.queueTime,
      completeTime: this.completeTime,
      eventChainId: this.chain,
    };
  }
}

/** Finished tasks stay readable so long, and at most so many of them. */
const KEPT_FOR = 10 * MINUTE;
const KEPT_MAX = 1000;
const HISTORY_MAX = 10_000;

export class Tasks {
  readonly #clock: Clock;
  readonly #entropy: Entropy;
  readonly #changes: Changes;
  readonly #tasks = new Map<string, TaskObject>();
  /** All tasks of late, oldest first: those that collectors can still tell of. */
  readonly #history: TaskObject[] = [];
  /** Told of every task that starts. */
  onStart: ((task: TaskObject) => void) | undefined;
  readonly #timers = new Set<{ cancel(): void }>();
  /** Of tasks that run: a finished one would hold its whole request for as long as it is remembered. */
  readonly #work = new Map<TaskObject, TaskWork>();
  #count = 0;

  constructor({ clock, entropy, changes }: { clock: Clock; entropy: Entropy; changes: Changes }) {
    this.#clock = clock;
    this.#entropy = entropy;
    this.#changes = changes;
  }

  find(id: string): TaskObject | undefined {
    return this.#tasks.get(id);
  }

  /** Running tasks and those that finished not long ago, oldest first. */
  recent(): TaskObject[] {
    return [...this.#tasks.values()];
  }

  /** Tasks of a long time, oldest first. */
  history(): readonly TaskObject[] {
    return this.#history;
  }

  recentOf(entity: ManagedObject): TaskObject[] {
    return this.#tasks.size === 0 ? [] : this.recent().filter((task) => task.spec.entity === entity);
  }

  /** Starts a task; an `injected` fault becomes its outcome in place of running it. */
  start({ run, settled, ...spec }: TaskSpec & TaskWork, injected?: VimFault): TaskObject {
    const now = Math.floor(this.#clock.wall());
    this.#forget(now);
    const number = ++this.#count;
    const task = new TaskObject(number, spec, now);
    this.#work.set(task, { run, ...(settled ? { settled } : {}) });
    this.#tasks.set(task.ref.id, task);
    this.#history.push(task);
    if (this.#history.length > HISTORY_MAX) this.#history.splice(0, HISTORY_MAX / 10);
    this.onStart?.(task);
    const duration = SECOND + this.#entropy.below(SECOND, 'vcenter.task', spec.method, number);
    this.#after(now + Math.floor(duration / 2), () => {
      if (task.state !== 'running') return;
      task.progress = 50;
      this.#changes.changed(task, 'info');
    });
    this.#after(now + duration, () => {
      if (task.state === 'running') this.#finish(task, injected);
    });
    this.#changes.changed(spec.entity, 'recentTask');
    return task;
  }

  /** A running task ends now, without having done anything. */
  cancel(task: TaskObject): void {
    task.isCanceled = true;
    this.#finish(task, vimFault('RequestCanceled', 'The task was canceled by a user.'));
  }

  /** Runs something later, unless the simulator has stopped by then. */
  later(ms: Millis, fn: () => void): void {
    this.#after(Math.floor(this.#clock.wall()) + ms, fn);
  }

  stop(): void {
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
    this.#work.clear();
  }

  #after(at: UnixMillis, fn: () => void): void {
    const timer = this.#clock.schedule(at, 'vcenter.task', () => {
      this.#timers.delete(timer);
      fn();
    });
    this.#timers.add(timer);
  }

  #finish(task: TaskObject, injected: VimFault | undefined): void {
    const { run, settled } = this.#work.get(task)!;
    this.#work.delete(task);
    try {
      if (injected) throw injected;
      task.result = run();
      task.state = 'success';
    } catch (fault) {
      if (!(fault instanceof VimFault)) throw fault;
      task.error = fault;
      task.state = 'error';
    }
    task.completeTime = Math.floor(this.#clock.wall());
    settled?.();
    this.#changes.changed(task, 'info');
    this.#changes.changed(task.spec.entity, 'recentTask');
  }

  #forget(now: UnixMillis): void {
    for (const task of this.#tasks.values()) {
      const isOld = task.completeTime !== undefined && task.completeTime + KEPT_FOR < now;
      if (!isOld && this.#tasks.size <= KEPT_MAX) return;
      if (task.completeTime === undefined) continue;
      this.#tasks.delete(task.ref.id);
      this.#changes.vanished(task);
    }
  }
}

/** What a machine that is being changed answers to others. */
export function taskInProgress(task: TaskObject): VimFault {
  return vimFault(
    'TaskInProgress',
    'The operation is not allowed in the current state: another task is already in progress.',
    {
      task: task.ref,
    },
  );
}
