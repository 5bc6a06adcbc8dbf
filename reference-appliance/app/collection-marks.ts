/** How far collection of each machine has come, and what was not had on the way: written in one unit with the points. */
import type { Database } from '../store/store.ts';

/** Windows of a machine without points, and why. */
export interface Gap {
  readonly machine: string;
  readonly first: number;
  readonly last: number;
  /** 'no samples': it was asked and had none. Nobody asked: 'too late' for what vCenter kept, 'not asked' of a source that keeps nothing. */
  readonly reason: 'no samples' | 'too late' | 'not asked';
}

/** The newest window of a machine that is settled. */
export interface Watermark {
  readonly machine: string;
  readonly window: number;
}

const ROWS_PER_STATEMENT = 500;

export async function readWatermarks(db: Database): Promise<Map<string, number>> {
  const rows = await db.selectFrom('watermarks').selectAll().execute();
  return new Map(rows.map(({ machine, window }) => [machine, window]));
}

/** A gap that was written before stays as it was. */
export async function writeProgress(
  db: Database,
  marks: readonly Watermark[],
  gaps: readonly Gap[],
): Promise<void> {
  for (let i = 0; i < marks.length; i += ROWS_PER_STATEMENT)
    await db
      .insertInto('watermarks')
      .values(marks.slice(i, i + ROWS_PER_STATEMENT))
      .onConflict((c) => c.column('machine').doUpdateSet((e) => ({ window: e.ref('excluded.window') })))
      .execute();
  for (let i = 0; i < gaps.length; i += ROWS_PER_STATEMENT)
    await db
      .insertInto('gaps')
      .values(gaps.slice(i, i + ROWS_PER_STATEMENT))
      .onConflict((c) => c.columns(['machine', 'first']).doNothing())
      .execute();
}

/** Windows in all of those gaps that have this reason. */
export function windowsOf(gaps: readonly Gap[], reason: Gap['reason']): number {
  return gaps.reduce((sum, gap) => sum + (gap.reason === reason ? gap.last - gap.first + 1 : 0), 0);
}
