/** The folder of a run, `.runs/<id>/`: the record, the report and what the run produced. */
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { hashText } from '#core/entropy/hash.ts';
import { defineErrors } from '#core/errors.ts';

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
