import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { SystemClock } from '#core/time/system-clock.ts';
import type { TraceEvent } from '#core/trace/recorder.ts';
import { META_TABLE, SCHEMA_STEPS } from './schema.ts';
import { openStore, type Store, type StoreOptions } from './store.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'drylift-store-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function options(more: Partial<StoreOptions> = {}): StoreOptions {
  return {
    path: join(folder, 'appliance.db'),
    clock: new SystemClock(),
    key: Buffer.alloc(32, 7),
    synchronous: 'off',
    ...more,
  };
}

const put = (store: Store, machine: string, window: number) =>
  store.transaction((db) =>
    db
      .insertInto('watermarks')
      .values({ machine, window })
      .onConflict((c) => c.column('machine').doUpdateSet({ window }))
      .execute(),
  );
const all = (store: Store) =>
  store.read((db) => db.selectFrom('watermarks').selectAll().orderBy('machine').execute());

test('a crash keeps what was flushed and loses what was not', async () => {
  const store = openStore(options());
  await put(store, 'a', 1);
  await store.flush();
  await put(store, 'a', 2);
  await put(store, 'b', 1);
  expect((await all(store)).length).toBe(2);
  store.crash();
  const again = openStore(options());
  expect(await all(again)).toEqual([{ machine: 'a', window: 1 }]);
  await again.close();
});

test('a unit that fails leaves nothing behind, and units before and after it stay', async () => {
  const store = openStore(options());
  await put(store, 'a', 1);
  await expect(
    store.transaction(async (db) => {
      await db.insertInto('watermarks').values({ machine: 'b', window: 1 }).execute();
      throw new Error('no');
    }),
  ).rejects.toThrow('no');
  await put(store, 'c', 1);
  await store.close();
  const again = openStore(options());
  expect((await all(again)).map((row) => row.machine)).toEqual(['a', 'c']);
  await again.close();
});

test('units do not interleave, whatever they await', async () => {
  const store = openStore(options());
  await put(store, 'n', 0);
  const increment = () =>
    store.transaction(async (db) => {
      const { window } = await db.selectFrom('watermarks').select('window').executeTakeFirstOrThrow();
      await Promise.resolve();
      await db
        .updateTable('watermarks')
        .set({ window: window + 1 })
        .execute();
    });
  await Promise.all(Array.from({ length: 20 }, increment));
  expect(await all(store)).toEqual([{ machine: 'n', window: 20 }]);
  await store.close();
});

test('a flush that a crash overtakes rejects instead of pretending', async () => {
  const store = openStore(options());
  const writing = put(store, 'a', 1);
  const flushing = store.flush();
  store.crash();
  await expect(writing).rejects.toThrow();
  await expect(flushing).rejects.toThrow();
  await expect(all(store)).rejects.toThrow('closed');
});

test('each flush that wrote something is one trace event, with a digest of what was written', async () => {
  const digests = async (window: number) => {
    const events: TraceEvent[] = [];
    const store = openStore(options({ path: ':memory:', recorder: { record: (e) => events.push(e) } }));
    await put(store, 'a', window);
    await store.flush();
    await store.flush();
    await store.close();
    return events.map((e) => `${e.kind} ${e.what} ${e.digest}`);
  };
  const [one, same, other] = [await digests(1), await digests(1), await digests(2)];
  expect(one).toHaveLength(1);
  expect(one).toEqual(same);
  expect(one).not.toEqual(other);
});

test('a second appliance on the same database is refused, and told so', async () => {
  const store = openStore(options());
  expect(() => openStore(options())).toThrow(expect.objectContaining({ code: 'store.locked' }));
  await store.close();
});

test('a database of an appliance that knew vCenters only is taken over as it is', async () => {
  const raw = new DatabaseSync(options().path);
  raw.exec(META_TABLE);
  for (const step of SCHEMA_STEPS.slice(0, 3)) for (const statement of step) raw.exec(statement);
  raw.exec(`insert into meta values ('schema', '3');
    insert into machines (source, instance_uuid, digest) values ('vc1', 'u', 'd');
    insert into outbox (kind, sequence, body, last_window, created_at, compacted) values ('points', 7, x'00', 5, 1, 0)`);
  raw.close();
  const store = openStore(options());
  const machines = await store.read((db) => db.selectFrom('machines').selectAll().execute());
  expect(machines).toEqual([{ source: 'vc1', instance_uuid: 'u', digest: 'd', via: '' }]);
  const batches = await store.read((db) => db.selectFrom('outbox').selectAll().execute());
  expect(batches).toMatchObject([{ site: 'vmware', kind: 'points', sequence: 7, sent_at: null }]);
  await store.close();
});

test('a database from the future is refused untouched; a file that is none is named', async () => {
  await openStore(options()).close();
  const raw = new DatabaseSync(options().path);
  raw.exec("update meta set value = '99' where key = 'schema'");
  raw.close();
  expect(() => openStore(options())).toThrow(expect.objectContaining({ code: 'store.newer' }));
  expect(() => openStore(options({ path: folder }))).toThrow(
    expect.objectContaining({ code: 'store.unusable' }),
  );
});

test('credentials lie sealed on the disk, open under their own name only, and only with the right key', async () => {
  const store = openStore(options());
  const box = store.secrets.seal('vcenter vc1', 'hunter2-hunter2');
  await store.transaction((db) => db.insertInto('secrets').values({ name: 'vcenter vc1', box }).execute());
  await store.close();
  for (const file of readdirSync(folder))
    expect(readFileSync(join(folder, file)).includes('hunter2')).toBe(false);
  const again = openStore(options());
  const row = await again.read((db) => db.selectFrom('secrets').selectAll().executeTakeFirstOrThrow());
  expect(again.secrets.open('vcenter vc1', row.box)).toBe('hunter2-hunter2');
  const unreadable = expect.objectContaining({ code: 'store.secret.unreadable' });
  expect(() => again.secrets.open('cloud', row.box)).toThrow(unreadable);
  await again.close();
  const wrongKey = openStore(options({ key: Buffer.alloc(32, 8) }));
  expect(() => wrongKey.secrets.open('vcenter vc1', row.box)).toThrow(unreadable);
  await wrongKey.close();
});
