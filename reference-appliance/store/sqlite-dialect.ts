/**
 * kysely over node:sqlite. kysely's own SqliteDialect expects better-sqlite3's shape: parameters as one array and
 * a `reader` flag on statements. This adapter gives it that, keeps prepared statements, and lets one watcher
 * see every statement that writes.
 */
import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import { SqliteDialect } from 'kysely';

/** Statements kept prepared; multi-row inserts of many sizes would otherwise pile up. */
const STATEMENTS_MAX = 200;

export type OnWrite = (sql: string, parameters: readonly unknown[]) => void;

/** @param onWrite told of every statement that returns no rows, after it succeeded. */
export function sqliteDialect(database: DatabaseSync, onWrite: OnWrite): SqliteDialect {
  const prepared = new Map<string, { statement: StatementSync; reader: boolean }>();
  const prepare = (sql: string) => {
    let entry = prepared.get(sql);
    if (!entry) {
      const statement = database.prepare(sql);
      entry = { statement, reader: statement.columns().length > 0 };
      if (prepared.size >= STATEMENTS_MAX) prepared.delete(prepared.keys().next().value!);
      prepared.set(sql, entry);
    }
    return entry;
  };
  return new SqliteDialect({
    database: {
      close: () => {},
      prepare: (sql) => {
        const { statement, reader } = prepare(sql);
        return {
          reader,
          all: (parameters) => statement.all(...(parameters as SQLInputValue[])),
          run: (parameters) => {
            const { changes, lastInsertRowid } = statement.run(...(parameters as SQLInputValue[]));
            onWrite(sql, parameters);
            return { changes, lastInsertRowid };
          },
          iterate: (parameters) =>
            statement.iterate(...(parameters as SQLInputValue[])) as IterableIterator<unknown>,
        };
      },
    },
  });
}
