/** `drylift run`: a scenario from its name or file to its report. */
import { relative } from 'node:path';
import { formatDuration, parseDuration } from '#core/units.ts';
import { RUNS_FOLDER } from '#reports/read.ts';
import { findScenario } from '../kit/catalogue.ts';
import { says } from '../kit/fault-words.ts';
import { InputFiles } from '../kit/input-files.ts';
import { errors, type Overrides, override } from '../kit/overrides.ts';
import type { RunOptions, RunOutcome } from '../kit/runner.ts';
import type { World } from '../kit/world.ts';
import { type Progress, SILENT, startProgress } from './progress.ts';
import { summaryOf } from './summary.ts';

export interface RunCommandOptions extends Overrides {
  readonly seed?: string;
  readonly tier?: string;
  readonly until?: string;
  readonly json?: boolean;
}

/** @returns the exit code */
export async function run(nameOrFile: string, options: RunCommandOptions): Promise<number> {
  const tier = tierOf(options.tier ?? 'memory');
  const untilMs = options.until === undefined ? undefined : parseDuration(options.until);
  const found = await findScenario(nameOrFile);
  const source = { ...found, text: override(found.text, options) };
  const files = new InputFiles(found.folder);
  if (options.estate !== undefined) files.alias(options.estate);
  const outcome = await runWithProgress(
    { source, files, seed: options.seed, tier, untilMs, runsFolder: RUNS_FOLDER },
    options.json === true,
  );
  if (options.json) process.stdout.write(`${JSON.stringify(jsonOf(outcome))}\n`);
  else process.stdout.write(summaryOf(outcome.record, folderOf(outcome), outcome.files));
  return outcome.exitCode;
}

function tierOf(text: string): 'memory' | 'loopback' {
  if (text === 'memory' || text === 'loopback') return text;
  throw errors.make('run.badOption', {
    what: `--tier takes memory or loopback, not "${text}".`,
    next: "For other people's clients over real time, use `drylift serve`.",
  });
}

/** Runs with live progress, and with Ctrl-C as an orderly end. */
export async function runWithProgress(
  options: Omit<RunOptions, 'interrupt' | 'onStart' | 'onStep'>,
  quiet: boolean,
): Promise<RunOutcome> {
  const { runScenario } = await import('../kit/runner.ts'); // late: a mistake in the arguments is told at once
  const interrupt = new AbortController();
  const onSignal = (): void => interrupt.abort();
  process.once('SIGINT', onSignal).once('SIGTERM', onSignal);
  let progress: Progress = SILENT;
  let step = '';
  try {
    return await runScenario({
      ...options,
      interrupt: interrupt.signal,
      onStart(world, scenario, seed) {
        if (quiet) return;
        process.stdout.write(
          [
            `${scenario.name}  seed ${seed}  ${world.tier} tier`,
            `  ${scenario.says.trim()}`,
            `  ${[world.estate, world.hyperv, world.servers].reduce((sum, part) => sum + part.machines().length, 0)} machines; ${scenario.faults.length === 0 ? 'no faults' : 'faults:'}`,
            ...scenario.faults.map((fault, i) => `    #${i + 1} ${says(fault)}`),
            '',
          ].join('\n'),
        );
        progress = startProgress({ out: process.stdout, look: () => look(world, step) });
        world.trace.listen(({ kind, who, what }) => {
          if (kind === 'fault' || kind === 'link')
            progress.note(`${what}${kind === 'link' ? ` (${who})` : ''}`);
        });
      },
      onStep(view) {
        step = view.name;
        if (view.state === 'running') progress.step(view.name, view.detail);
        else if (view.state === 'failed')
          progress.note(`${view.name} failed after ${formatDuration((view.to ?? view.from) - view.from)}`);
      },
    });
  } finally {
    progress.end();
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
  }
}

function look(world: World, step: string) {
  return { virtualMs: world.clock.monotonic(), step, counters: world.counters.toJSON() };
}

function folderOf({ folder }: RunOutcome): string {
  return relative('.', folder);
}

/** What `--json` prints: stable names, for programs. */
export function jsonOf(outcome: RunOutcome): Record<string, unknown> {
  const { record } = outcome;
  return {
    scenario: record.scenario,
    seed: record.seed,
    tier: record.tier,
    verdict: record.verdict,
    exitCode: outcome.exitCode,
    traceHash: record.traceHash,
    traceEvents: record.traceEvents,
    virtualSeconds: (record.clock.end - record.clock.start) / 1000,
    wallSeconds: record.wallSeconds,
    peakMemoryBytes: record.peakMemoryBytes,
    checks: record.checks,
    faults: record.faults,
    ...(record.failure ? { failure: record.failure } : {}),
    report: `${folderOf(outcome)}/report.html`,
    record: `${folderOf(outcome)}/record.ndjson.gz`,
    run: record.id,
    replay: record.replay,
    counters: record.counters,
  };
}
