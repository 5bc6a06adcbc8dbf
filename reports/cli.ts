/** `drylift report` and `drylift runs`: forms of a run that is kept, and which runs are. */
import { type Command, InvalidArgumentError } from 'commander';

/** As in read.ts, which is loaded only when a command runs, so that `drylift --help` is quick. */
const RUNS_FOLDER = '.runs';

interface ReportOptions {
  readonly html?: string;
  readonly junit?: string;
  readonly markdown?: string;
  readonly against?: string;
  readonly runs: string;
  readonly json?: boolean;
}

interface RunsOptions {
  readonly runs: string;
  readonly limit: number;
  readonly json?: boolean;
}

/** Adds this folder's commands. Their errors are DryliftErrors, which the caller prints. */
export function registerReports(program: Command): void {
  program
    .command('report')
    .description('write the report of a run: HTML beside its record, or what is asked for')
    .argument('<run>', 'id of a run, the beginning of one, or the path of its record')
    .option('--html <file>', 'one HTML file that opens by double click')
    .option('--junit <file>', 'JUnit XML for a build service')
    .option('--markdown <file>', 'a summary in Markdown, under 1 MiB')
    .option('--against <run>', 'compare work counters with this run (default: the last green one before)')
    .option('--runs <folder>', 'where runs are kept', RUNS_FOLDER)
    .option('--json', 'print what was written as one JSON object')
    .action(report);
  program
    .command('runs')
    .description('list the runs kept here, youngest first')
    .option('--runs <folder>', 'where runs are kept', RUNS_FOLDER)
    .option('--limit <n>', 'at most so many', readLimit, 20)
    .option('--json', 'print one JSON object')
    .action(runs);
}

async function report(run: string, options: ReportOptions): Promise<void> {
  const { dirname, join } = await import('node:path');
  const { findRun, lastGreenBefore, readRecord, writeText } = await import('./read.ts');
  const { renderReport } = await import('./html/report.ts');
  const { renderJunit } = await import('./junit.ts');
  const { renderSummary } = await import('./summary.ts');
  const path = findRun(run, options.runs);
  const { record, trace } = readRecord(path);
  const previous =
    options.against === undefined
      ? lastGreenBefore(record, options.runs)
      : readRecord(findRun(options.against, options.runs)).record;
  const nothingAsked =
    options.html === undefined && options.junit === undefined && options.markdown === undefined;
  const html = nothingAsked ? join(dirname(path), 'report.html') : options.html;
  const written: Record<string, string> = {};
  const write = (form: string, file: string | undefined, render: () => string) => {
    if (file === undefined) return;
    writeText(file, render());
    written[form] = file;
  };
  write('html', html, () => renderReport({ record, trace, previous }));
  write('junit', options.junit, () => renderJunit([record]));
  write('markdown', options.markdown, () => renderSummary({ record, previous }));
  if (options.json) return print(JSON.stringify({ run: record.id, verdict: record.verdict, ...written }));
  for (const [form, file] of Object.entries(written)) print(`${form.padEnd(9)} ${file}`);
}

async function runs(options: RunsOptions): Promise<void> {
  const { formatDuration } = await import('#core/units.ts');
  const { listRuns } = await import('./read.ts');
  const { tallyChecks, VERDICT_WORDS } = await import('./view/words.ts');
  const { runs: kept, unreadable } = listRuns(options.runs);
  const shown = kept.slice(0, options.limit);
  if (options.json)
    return print(
      JSON.stringify({
        runs: shown.map(({ id, record }) => ({
          id,
          scenario: record.scenario,
          seed: record.seed,
          tier: record.tier,
          verdict: record.verdict,
          startedAt: record.startedAt,
          virtualSeconds: (record.clock.end - record.clock.start) / 1000,
          wallSeconds: record.wallSeconds,
          checks: tallyChecks(record.checks),
        })),
        unreadable: unreadable.map(({ id, error }) => ({ id, code: error.code, what: error.what })),
      }),
    );
  if (kept.length === 0 && unreadable.length === 0)
    return print(`No runs in ${options.runs}. Start one: drylift run first-migration`);
  const width = Math.min(60, Math.max(3, ...shown.map(({ id }) => id.length)));
  for (const { id, record } of shown) {
    const { passed, failed } = tallyChecks(record.checks);
    const virtual = formatDuration(record.clock.end - record.clock.start);
    const wall = formatDuration(record.wallSeconds * 1000);
    print(
      `${id.padEnd(width)}  ${VERDICT_WORDS[record.verdict].padEnd(11)}  ${virtual.padStart(9)} in ${wall.padEnd(8)}  ${`${passed} of ${passed + failed} checks`.padEnd(15)}  ${record.startedAt}`,
    );
  }
  if (kept.length > shown.length) print(`${kept.length - shown.length} older: --limit ${kept.length}`);
  for (const { id, error } of unreadable) print(`${id.padEnd(width)}  unreadable: ${error.what}`);
}

function readLimit(text: string): number {
  const limit = Number(text);
  if (!Number.isInteger(limit) || limit < 1)
    throw new InvalidArgumentError('A whole number from 1 is needed.');
  return limit;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
