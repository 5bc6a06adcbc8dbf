/**
 * The folder of runs: `.runs/<id>/` holds the record, the report and what the run produced. Old runs make
 * room for new ones: the newest 20 are kept, and of those as many as fit into 500 MiB.
 */
import { existsSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { hashText } from '#core/entropy/hash.ts';
import { defineErrors } from '#core/errors.ts';
import { type Bytes, MIB } from '#core/units.ts';

export const RUNS_KEPT = 20;
export const RUNS_BYTES_MAX: Bytes = 500 * MIB;

export const errors = defineErrors({
  'runs.none': {
    blame: 'input',
    why: 'Runs are kept in the folder .runs of the directory in which drylift was started.',
    next: 'Run a scenario first: drylift run hello',
  },
  'runs.folder': {
    blame: 'prepare',
    why: 'A run writes its record and report into the folder .runs of the current directory.',
    next: 'Start drylift in a directory in which you may write.',
  },
});

/**
 * Makes the folder of a new run.
 * @param plan text that, with the seed, determines the run; its hash is part of the id.
 * @throws `runs.folder`
 */
export function newRun(
  runsFolder: string,
  seed: string,
  scenario: string,
  plan: string,
): { id: string; folder: string } {
  const hash = hashText(plan).toString(16).padStart(8, '0').slice(0, 4);
  const base = `${seed.replace(/[^\w-]/g, '_').slice(0, 40)}.${scenario}.${hash}`;
  for (let n = 1; ; n++) {
    const id = n === 1 ? base : `${base}-${n}`;
    const folder = join(runsFolder, id);
    if (existsSync(folder)) continue;
    try {
      mkdirSync(folder, { recursive: true });
    } catch (cause) {
      throw errors.make('runs.folder', {
        what: `${folder} cannot be made (${(cause as NodeJS.ErrnoException).code}).`,
        cause,
      });
    }
    return { id, folder };
  }
}

/** Removes the oldest runs until the rest is within the limits. The run `keep` stays whatever its size. */
export function pruneRuns(
  runsFolder: string,
  keep: string,
  limits = { runs: RUNS_KEPT, bytes: RUNS_BYTES_MAX },
): string[] {
  const runs = readdirSync(runsFolder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== keep)
    .map(({ name }) => ({ name, at: statSync(join(runsFolder, name)).mtimeMs }))
    .sort((a, b) => b.at - a.at);
  let bytes = sizeOf(join(runsFolder, keep));
  const removed: string[] = [];
  for (const [i, { name }] of runs.entries()) {
    bytes += sizeOf(join(runsFolder, name));
    if (i + 1 < limits.runs && bytes <= limits.bytes) continue;
    rmSync(join(runsFolder, name), { recursive: true, force: true });
    removed.push(name);
  }
  return removed;
}

function sizeOf(folder: string): Bytes {
  let bytes = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true }))
    if (entry.isFile()) bytes += statSync(join(entry.parentPath, entry.name)).size;
  return bytes;
}
