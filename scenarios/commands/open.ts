/** `drylift open [run]`: the report of a run in the browser, or its path where there is none. */
import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { findRun, listRuns, RUNS_FOLDER } from '#reports/read.ts';
import { errors } from '../kit/runs.ts';

export function open(run?: string): void {
  const latest = run ?? listRuns(RUNS_FOLDER).runs[0]?.id;
  if (latest === undefined) throw errors.make('runs.none', { what: `There are no runs in ${RUNS_FOLDER}.` });
  const report = join(dirname(findRun(latest)), 'report.html');
  process.stdout.write(`${report}\n`);
  const opener = process.platform === 'darwin' ? 'open' : 'xdg-open';
  spawn(opener, [report], { stdio: 'ignore', detached: true })
    .on('error', () => {}) // no browser here: the path was printed
    .unref();
}
