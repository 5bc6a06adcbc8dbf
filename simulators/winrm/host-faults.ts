/** The faults of one host: asks the scenario's points with the host's name in front of each subject. */
import type { Fault, FaultPoints } from '../kit/fault-points.ts';

export class HostFaults {
  readonly #faults: FaultPoints;
  readonly #host: string;

  constructor(faults: FaultPoints, host: string) {
    this.#faults = faults;
    this.#host = host;
  }

  /** @param subject what beside the host it is about, asked for only when a fault is armed at all */
  hit(point: string, subject: () => ReadonlyArray<string | undefined>): Fault | undefined {
    if (this.#faults.armed().length === 0) return undefined;
    return this.#faults.hit(point, [this.#host, ...subject()].filter(Boolean).join(' '));
  }

  /** Told of each fault that is armed at the point and may be this host's. */
  watch(point: string, watcher: (fault: Fault) => void): Disposable {
    return this.#faults.watch(point, (fault) => {
      if (fault.subject === undefined || this.#host.includes(fault.subject)) watcher(fault);
    });
  }
}
