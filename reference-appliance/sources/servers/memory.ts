/**
 * What the source of servers knows beyond a restart: host keys that it saw first, and who was met at which address. Small
 * texts, kept in the appliance's store; they become durable with the next flush of whoever flushes.
 */
import type { Store } from '../../store/store.ts';

export interface SourceMemory {
  get(key: string): Promise<string | undefined>;
  set(key: string, value: string): Promise<void>;
}

/** @param prefix tells sources apart: "servers" */
export function storeMemory(store: Store, prefix: string): SourceMemory {
  const full = (key: string) => `${prefix}.${key}`;
  return {
    async get(key) {
      const row = await store.read((db) =>
        db.selectFrom('meta').select('value').where('key', '=', full(key)).executeTakeFirst(),
      );
      return row?.value;
    },
    async set(key, value) {
      await store.transaction(async (db) => {
        await db
          .insertInto('meta')
          .values({ key: full(key), value })
          .onConflict((c) => c.column('key').doUpdateSet({ value }))
          .execute();
      });
    },
  };
}
