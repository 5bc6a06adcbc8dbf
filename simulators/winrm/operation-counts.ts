/** How many operations each user has under way: MaxConcurrentOperationsPerUser counts calls and open enumerations. */
import type { Quotas } from './quotas.ts';
import { WsmanFault } from './wsman/fault.ts';

export class OperationCounts {
  readonly #quotas: Pick<Quotas, 'operationsPerUser'>;
  readonly #open = new Map<string, number>();

  constructor(quotas: Pick<Quotas, 'operationsPerUser'>) {
    this.#quotas = quotas;
  }

  /** Gives what ends it; call that once. @throws WsmanFault when the user has as many as are allowed */
  begin(user: string): () => void {
    const open = this.#open.get(user) ?? 0;
    if (open >= this.#quotas.operationsPerUser) throw new WsmanFault('operationsQuota');
    this.#open.set(user, open + 1);
    return () => {
      const left = this.#open.get(user)! - 1;
      if (left > 0) this.#open.set(user, left);
      else this.#open.delete(user);
    };
  }
}
