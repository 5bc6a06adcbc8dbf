/** Tables and their entities, in the order of their keys. Knows no HTTP. */
import type { StoredPolicy } from '../storage/account.ts';
import type { EdmValue } from './edm.ts';

export interface Entity {
  readonly partitionKey: string;
  readonly rowKey: string;
  /** With seven digits of the second; the entity tag says it as well. */
  readonly timestamp: string;
  /** Without keys and time. */
  readonly properties: ReadonlyMap<string, EdmValue>;
}

export interface Table {
  /** As it was created; names compare without case. */
  readonly name: string;
  readonly entities: EntityIndex;
  policies: readonly StoredPolicy[];
}

/** By name in lower case. */
export type TableAccount = Map<string, Table>;

interface Partition {
  readonly rows: Map<string, Entity>;
  sorted: string[] | undefined;
}

const byCode = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Keys are sorted when somebody asks for them in order. */
export class EntityIndex {
  readonly #partitions = new Map<string, Partition>();
  #sorted: string[] | undefined;

  get(partitionKey: string, rowKey: string): Entity | undefined {
    return this.#partitions.get(partitionKey)?.rows.get(rowKey);
  }

  set(entity: Entity): void {
    let partition = this.#partitions.get(entity.partitionKey);
    if (!partition) {
      partition = { rows: new Map(), sorted: undefined };
      this.#partitions.set(entity.partitionKey, partition);
      this.#sorted = undefined;
    }
    if (!partition.rows.has(entity.rowKey)) partition.sorted = undefined;
    partition.rows.set(entity.rowKey, entity);
  }

  delete(partitionKey: string, rowKey: string): void {
    const partition = this.#partitions.get(partitionKey);
    if (!partition?.rows.delete(rowKey)) return;
    partition.sorted = undefined;
    if (partition.rows.size > 0) return;
    this.#partitions.delete(partitionKey);
    this.#sorted = undefined;
  }

  /** From a key on, in order; of one partition where it is named. Not to be changed meanwhile. */
  *from(partitionKey: string, rowKey: string, only?: string): Generator<Entity> {
    this.#sorted ??= [...this.#partitions.keys()].sort(byCode);
    const keys = only === undefined ? this.#sorted : this.#partitions.has(only) ? [only] : [];
    for (const key of keys) {
      if (key < partitionKey) continue;
      const partition = this.#partitions.get(key)!;
      partition.sorted ??= [...partition.rows.keys()].sort(byCode);
      for (const row of partition.sorted)
        if (key > partitionKey || row >= rowKey) yield partition.rows.get(row)!;
    }
  }
}

export function entityTag({ timestamp }: Entity): string {
  return `W/"datetime'${encodeURIComponent(timestamp)}'"`;
}
