/** Keeps the folder of runs to a stated size: the oldest go first. */
import { existsSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type Bytes, MIB } from '#core/units.ts';
import { recordPath } from './read.ts';

/** What `.runs/` is kept to, unless the caller says otherwise. */
export const RUNS_FOLDER_BYTES: Bytes = 512 * MIB;

export interface PruneOptions {
  readonly maxBytes?: Bytes;
  /** Ids that stay whatever the size: the run just made, one that is being compared with. */
  readonly keep?: readonly string[];
}

/**
 * Removes the runs whose records were written longest ago until the rest fit. Only folders that hold a record
 * are counted and touched: what else lies there is not ours.
 *
 * @returns ids of the runs that were removed, oldest first.
 */
export function pruneRuns(
  runsFolder: string,
  { maxBytes = RUNS_FOLDER_BYTES, keep = [] }: PruneOptions = {},
): string[] {
  if (!existsSync(runsFolder)) return [];
  const runs = readdirSync(runsFolder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(recordPath(runsFolder, entry.name)))
    .map(({ name }) => ({
      id: name,
      writtenAt: statSync(recordPath(runsFolder, name)).mtimeMs,
      bytes: folderBytes(join(runsFolder, name)),
    }))
    .sort((a, b) => a.writtenAt - b.writtenAt);
  let total = runs.reduce((sum, { bytes }) => sum + bytes, 0);
  const removed: string[] = [];
  for (const { id, bytes } of runs) {
    if (total <= maxBytes) break;
    if (keep.includes(id)) continue;
    rmSync(join(runsFolder, id), { recursive: true, force: true });
    total -= bytes;
    removed.push(id);
  }
  return removed;
}

function folderBytes(folder: string): Bytes {
  return readdirSync(folder, { withFileTypes: true, recursive: true }).reduce(
    (sum, entry) => sum + (entry.isFile() ? statSync(join(entry.parentPath, entry.name)).size : 0),
    0,
  );
}
