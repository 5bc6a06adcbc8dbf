/** `drylift bench …`: what the gate compares. Composition root: reads files, prints, sets exit codes. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import { type CounterBaseline, compareCounters, errors, parseBaseline } from './counters.ts';

interface CountersOptions {
  run?: string;
  baseline?: string;
  write?: string;
  json?: boolean;
}

export function registerBench(program: Command): void {
  const bench = program
    .command('bench')
    .description('work counters against a baseline (timings: npm run bench)');
  bench
    .command('counters')
    .description('exact work counters of a run: what grew since the baseline')
    .option('--run <run>', 'run to look at: its id or folder (default: the newest)')
    .option('--baseline <file>', 'compare with this baseline; exit code 1 if anything differs')
    .option('--write <file>', 'put the counters of the run into this baseline')
    .option('--json', 'print one JSON object')
    .action(counters);
}

async function counters(options: CountersOptions): Promise<void> {
  const { findRun, listRuns, RUNS_FOLDER, readRecord, recordPath } = await import('#reports/read.ts');
  const newest = listRuns(RUNS_FOLDER).runs[0];
  if (!options.run && !newest) throw errors.make('bench.noRun', { what: `${RUNS_FOLDER} holds no run.` });
  const { record } = readRecord(options.run ? findRun(options.run) : recordPath(RUNS_FOLDER, newest!.id));
  if (options.write) {
    const before: CounterBaseline = existsSync(options.write)
      ? parseBaseline(readFileSync(options.write, 'utf8'), options.write)
      : { format: 'drylift/counters/v1', runs: {} };
    const runs = { ...before.runs, [record.scenario]: { seed: record.seed, counters: record.counters } };
    writeFileSync(options.write, `${JSON.stringify({ ...before, runs }, null, 2)}\n`);
    console.log(`${options.write}: counters of ${record.scenario}, seed ${record.seed}`);
    return;
  }
  if (!options.baseline) {
    const width = Math.max(...Object.keys(record.counters).map((name) => name.length));
    if (options.json)
      console.log(
        JSON.stringify({ scenario: record.scenario, seed: record.seed, counters: record.counters }),
      );
    else
      for (const [name, n] of Object.entries(record.counters))
        console.log(`${name.padEnd(width)} ${n.toLocaleString('en').padStart(16)}`);
    return;
  }
  if (!existsSync(options.baseline))
    throw errors.make('bench.baseline', {
      what: `There is no file ${options.baseline}.`,
      where: { file: options.baseline },
    });
  const baseline = parseBaseline(readFileSync(options.baseline, 'utf8'), options.baseline).runs[
    record.scenario
  ];
  if (baseline?.seed !== record.seed)
    throw errors.make('bench.noBaseline', {
      what: `${options.baseline} has no counters of ${record.scenario} with seed ${record.seed}.`,
      where: { file: options.baseline },
    });
  const changes = compareCounters(baseline.counters, record.counters);
  if (options.json) console.log(JSON.stringify({ scenario: record.scenario, seed: record.seed, changes }));
  else if (changes.length === 0)
    console.log(`work   ${record.scenario}   all ${Object.keys(record.counters).length} counters the same`);
  else
    for (const { name, before, now } of changes) {
      const factor = before === 0 ? 'new' : `×${(now / before).toFixed(2)}`;
      console.log(
        `work   ${record.scenario}   ${name}   ${before.toLocaleString('en')} → ${now.toLocaleString('en')}   ${now > before ? 'GREW' : 'shrank'} ${factor}`,
      );
    }
  process.exitCode = changes.length === 0 ? 0 : 1;
}
