/**
 * Named points in simulators where a scenario may act. A simulator declares its points with the answers each
 * can give, in its protocol's own words, and asks `hit` at the point; a fault acts where the real one would.
 */
import { defineErrors, nearest } from '#core/errors.ts';
import type { Clock } from '#core/time/clock.ts';
import type { Recorder } from '#core/trace/recorder.ts';
import type { UnixMillis } from '#core/units.ts';

export const errors = defineErrors({
  'fault.unknownPoint': {
    blame: 'input',
    why: 'A fault can act only at a point that a simulator declares.',
    next: 'Use one of the points that `drylift explain points` lists.',
  },
  'fault.unknownAnswer': {
    blame: 'input',
    why: 'Each point knows the answers it can give; this is not one of them.',
    next: 'Use one of the answers named above.',
  },
});

export interface FaultPoint {
  /** "vcenter.QueryPerf", "azure.PutBlob" */
  readonly name: string;
  readonly says: string;
  /** Protocol words it can answer with: a fault type, an HTTP status. */
  readonly answers: readonly string[];
}

export interface Fault {
  readonly id: string;
  readonly at: string;
  readonly from: UnixMillis;
  readonly until: UnixMillis;
  /** Acts at most so often. */
  readonly times: number;
  readonly answer: string;
  /** Acts only on subjects (machine, disk, blob name) that contain this text. */
  readonly subject?: string;
  readonly retryAfterSeconds?: number;
}

export interface ArmedFault extends Fault {
  fired: number;
}

export class FaultPoints {
  readonly #clock: Clock;
  readonly #recorder: Recorder;
  readonly #points = new Map<string, FaultPoint>();
  readonly #armed: ArmedFault[] = [];
  readonly #watchers = new Map<string, Set<(fault: Fault) => void>>();

  constructor({ clock, recorder }: { clock: Clock; recorder: Recorder }) {
    this.#clock = clock;
    this.#recorder = recorder;
  }

  declare(points: readonly FaultPoint[]): void {
    for (const point of points) this.#points.set(point.name, point);
  }

  /** Told of every fault that is armed at the point: for points where nobody comes by, since they are states. */
  watch(point: string, watcher: (fault: Fault) => void): Disposable {
    const watchers = this.#watchers.get(point) ?? new Set();
    this.#watchers.set(point, watchers.add(watcher));
    return { [Symbol.dispose]: () => void watchers.delete(watcher) };
  }

  points(): readonly FaultPoint[] {
    return [...this.#points.values()];
  }

  /** @throws `fault.unknownPoint`, `fault.unknownAnswer` with the nearest right name */
  arm(fault: Fault): Disposable {
    const point = this.#points.get(fault.at);
    if (!point) {
      const near = nearest(fault.at, this.#points.keys());
      throw errors.make('fault.unknownPoint', {
        what: `There is no point "${fault.at}"${near ? `; did you mean "${near}"?` : '.'}`,
      });
    }
    if (!point.answers.includes(fault.answer))
      throw errors.make('fault.unknownAnswer', {
        what: `"${fault.at}" cannot answer "${fault.answer}"; it can answer ${point.answers.join(', ')}.`,
      });
    const armed: ArmedFault = { ...fault, fired: 0 };
    this.#armed.push(armed);
    for (const watcher of this.#watchers.get(fault.at) ?? []) watcher(armed);
    return { [Symbol.dispose]: () => void this.#armed.splice(this.#armed.indexOf(armed), 1) };
  }

  /** Does a fault act here, now, on this subject? Counts it when it does. */
  hit(point: string, subject = ''): Fault | undefined {
    const now = this.#clock.wall();
    for (const fault of this.#armed) {
      if (fault.at !== point || fault.fired >= fault.times || now < fault.from || now >= fault.until)
        continue;
      if (fault.subject !== undefined && !subject.includes(fault.subject)) continue;
      fault.fired++;
      this.#recorder.record({
        at: now,
        kind: 'fault',
        who: point,
        what: `${fault.id} ${fault.answer} ${subject}`.trim(),
      });
      return fault;
    }
    return undefined;
  }

  armed(): readonly ArmedFault[] {
    return this.#armed;
  }
}
