/**
 * Documented limits on replication at one time: disks per appliance, disks per ESXi host (its NFC buffer), disk
 * snapshots per datastore. A machine takes all that it needs or waits; who waits is served by priority, then by
 * arrival, and a small one may pass a large one that cannot start yet. [facts/replication.md §9]
 */
import { assert } from '#core/assert.ts';

export const LIMITS = { disksPerAppliance: 52, disksPerHost: 8, snapshotsPerDatastore: 15 } as const;

export interface SlotRequest {
  readonly host: string;
  /** One entry per disk. */
  readonly datastores: readonly string[];
  /** Lower is served first: a final cycle before first copies, those before deltas. */
  readonly priority: number;
}

interface Waiting {
  readonly request: SlotRequest;
  readonly order: number;
  readonly grant: () => void;
}

export class Slots {
  readonly #used = new Map<string, number>();
  readonly #waiting: Waiting[] = [];
  #order = 0;

  /** Disks that hold a slot. */
  get inUse(): number {
    return this.#used.get('appliance') ?? 0;
  }

  get queued(): number {
    return this.#waiting.length;
  }

  /** @returns gives the slots back when disposed. @throws the signal's reason */
  async take(request: SlotRequest, signal: AbortSignal): Promise<Disposable> {
    signal.throwIfAborted();
    await new Promise<void>((resolve, reject) => {
      const onAbort = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
        reject(signal.reason);
      };
      const waiting: Waiting = {
        request,
        order: this.#order++,
        grant: () => {
          signal.removeEventListener('abort', onAbort);
          resolve();
        },
      };
      this.#waiting.push(waiting);
      signal.addEventListener('abort', onAbort, { once: true });
      this.#serve();
    });
    const taken = needsOf(request);
    return {
      [Symbol.dispose]: () => {
        for (const { name, amount } of taken) {
          const left = this.#used.get(name)! - amount;
          assert(left >= 0, `slots of ${name} are given back once`);
          if (left === 0) this.#used.delete(name);
          else this.#used.set(name, left);
        }
        this.#serve();
      },
    };
  }

  #serve(): void {
    const queue = [...this.#waiting].sort(
      (a, b) => a.request.priority - b.request.priority || a.order - b.order,
    );
    for (const waiting of queue) {
      const needs = needsOf(waiting.request);
      // alone, a machine with more disks than a limit may still run
      const fits = needs.every(({ name, amount, limit }) => {
        const used = this.#used.get(name) ?? 0;
        return used === 0 || used + amount <= limit;
      });
      if (!fits) continue;
      for (const { name, amount } of needs) this.#used.set(name, (this.#used.get(name) ?? 0) + amount);
      this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
      waiting.grant();
    }
  }
}

function needsOf({ host, datastores }: SlotRequest): Array<{ name: string; amount: number; limit: number }> {
  const perDatastore = new Map<string, number>();
  for (const name of datastores) perDatastore.set(name, (perDatastore.get(name) ?? 0) + 1);
  return [
    { name: 'appliance', amount: datastores.length, limit: LIMITS.disksPerAppliance },
    { name: `host ${host}`, amount: datastores.length, limit: LIMITS.disksPerHost },
    ...[...perDatastore].map(([name, amount]) => ({
      name: `datastore ${name}`,
      amount,
      limit: LIMITS.snapshotsPerDatastore,
    })),
  ];
}
