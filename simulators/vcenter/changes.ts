/** Who changed what: objects tell, property filters listen. */
import type { ManagedObject } from './objects/object.ts';

export type Change =
  | { readonly kind: 'changed'; readonly object: ManagedObject; readonly properties: readonly string[] }
  | { readonly kind: 'vanished'; readonly object: ManagedObject }
  /** Objects of the inventory came, went or moved: container views may hold others. */
  | { readonly kind: 'reshaped' }
  /** Roles or permissions are others: accounts may see other things. */
  | { readonly kind: 'rights' };

export class Changes {
  readonly #listeners = new Set<(change: Change) => void>();

  listen(listener: (change: Change) => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  /** These top-level properties may read differently from now on. */
  changed(object: ManagedObject, ...properties: readonly string[]): void {
    for (const listener of this.#listeners) listener({ kind: 'changed', object, properties });
  }

  /** The inventory has another shape. */
  reshaped(): void {
    for (const listener of this.#listeners) listener({ kind: 'reshaped' });
  }

  /** Accounts may see other things. */
  rights(): void {
    for (const listener of this.#listeners) listener({ kind: 'rights' });
  }

  /** The object exists no more. */
  vanished(object: ManagedObject): void {
    for (const listener of this.#listeners) listener({ kind: 'vanished', object });
  }
}
