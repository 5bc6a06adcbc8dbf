/**
 * Running a scenario: everything is read and checked first; then the world is built, the story told with its
 * faults, the world brought to rest without them, everything judged, and the run record written. However it
 * ends, the world is stopped and what happened is on record.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { assessmentCsv, assessmentJson } from '#core/assessment/table.ts';
import {
  type CheckView,
  type DependencyView,
  type FailureView,
  RUN_RECORD_FORMAT,
  type RunRecord,
  type StepView,
  type Verdict,
} from '#core/contracts/run-record.ts';
import { hashText } from '#core/entropy/hash.ts';
import { DryliftError, defineErrors, exitCodeOf } from '#core/errors.ts';
import { SystemClock } from '#core/time/system-clock.ts';
import { traceHash } from '#core/trace/canonical.ts';
import type { TraceEvent } from '#core/trace/recorder.ts';
import { HOUR, type Millis } from '#core/units.ts';
import { renderReport } from '#reports/html/report.ts';
import { pruneRuns } from '#reports/prune.ts';
import { lastGreenBefore, recordPath, writeRecord } from '#reports/read.ts';
import { writeRunPoints } from '../assess/run-files.ts';
import type { ScenarioSource } from './catalogue.ts';
import { checkRelaxed, judge } from './checks/judge.ts';
import { replicationViews } from './checks/replications.ts';
import { dependencyCsv, dependencyViews } from './dependency-view.ts';
import { planEstate } from './estate-plan.ts';
import { estateView } from './estate-view.ts';
import { checkFaultPoints } from './fault-plan.ts';
import type { InputFiles } from './input-files.ts';
import { newRun } from './runs.ts';
import type { Scenario } from './scenario.ts';
import { parseScenario } from './scenario-yaml.ts';
import { Story, errors as storyErrors } from './story.ts';
import { assessmentView, timelineOf, utilisationViews } from './views.ts';
import { World } from './world.ts';

export const errors = defineErrors({
  'run.interrupted': {
    blame: 'check',
    retry: 'safe',
    why: 'Somebody pressed Ctrl-C, or asked the process to stop.',
    next: 'The record holds what happened until then; run again for the rest.',
  },
  'run.until': {
    blame: 'check',
    retry: 'safe',
    why: 'The run was asked to stop at this point of the story, before its end was judged.',
    next: 'Run without --until to hear the verdict.',
  },
  'run.checks': {
    blame: 'check',
    why: 'The story came to its end, and what must hold did not.',
    next: 'Look at the failed checks in the report.',
  },
});

export interface RunOptions {
  readonly source: ScenarioSource;
  readonly files: InputFiles;
  /** In place of the scenario's own. */
  readonly seed?: string | undefined;
  readonly tier: 'memory' | 'loopback';
  readonly runsFolder: string;
  /** Stop at this offset in the story. */
  readonly untilMs?: Millis | undefined;
  /** Aborted when somebody wants the run to end now. */
  readonly interrupt: AbortSignal;
  /** Told when the world stands, and of each step as it begins and ends. */
  readonly onStart?: (world: World, scenario: Scenario, seed: string) => void;
  readonly onStep?: (step: StepView) => void;
}

export interface RunOutcome {
  readonly record: RunRecord;
  readonly trace: readonly TraceEvent[];
  readonly folder: string;
  /** Names of files in the folder, for people. */
  readonly files: readonly string[];
  readonly exitCode: number;
}

const CONVERGE_WITHIN: Millis = HOUR;

/** @throws what is wrong with the input; nothing has been written then */
export async function runScenario(options: RunOptions): Promise<RunOutcome> {
  const { source, files, tier, runsFolder, interrupt } = options;
  const real = new SystemClock();
  const startedAt = new Date(real.wall()).toISOString();
  const scenario = parseScenario(source.text, source.file);
  const seed = options.seed ?? scenario.seed ?? String(hashText(scenario.name) % 1_000_000);
  checkRelaxed(scenario);
  const estate = planEstate(scenario.estate, seed, files);
  checkMachines(scenario, new Set(estate.facts.machines.map(({ name }) => name)));
  readDiskStates(scenario, files);

  const end = new AbortController();
  const onInterrupt = (): void =>
    end.abort(errors.make('run.interrupted', { what: 'The run was interrupted.' }));
  const world = await World.start({ scenario, estate, seed, tier, signal: end.signal });
  let folder: string;
  let id: string;
  try {
    checkFaultPoints(scenario.faults, world.points.points());
    ({ id, folder } = newRun(runsFolder, seed, scenario.name, `${tier}\n${source.text}`));
  } catch (error) {
    await world.stop();
    throw error;
  }
  interrupt.addEventListener('abort', onInterrupt, { once: true });
  if (interrupt.aborted) onInterrupt();
  if (options.untilMs !== undefined)
    world.clock.schedule(world.start + options.untilMs, 'run.until', () =>
      end.abort(errors.make('run.until', { what: 'The run has reached the point at which it was to stop.' })),
    );

  world.keepStoreIn(folder);
  const story = new Story({
    world,
    scenario,
    files,
    folder,
    signal: end.signal,
    onStep: (step) => options.onStep?.(step),
  });
  let checks: CheckView[] = [];
  let dependencies: readonly DependencyView[] = [];
  let failure: unknown;
  options.onStart?.(world, scenario, seed);
  try {
    await world.clock.run(orAborted(tellAndJudge(), end.signal), world.start + scenario.clock.limit);
  } catch (error) {
    failure = error;
  }
  async function tellAndJudge(): Promise<void> {
    await story.tell();
    const converges = scenario.expect.find((line) => line.subject === 'converges');
    await story.converge(converges?.subject === 'converges' ? converges.within : CONVERGE_WITHIN);
    checks = await judge({ world, story, scenario });
    dependencies = await dependencyViews(world);
  }

  const stopped = world.clock.wall();
  const replications = replicationViews(world, story);
  const faults = world.faults.views(stopped);
  const utilisation = utilisationViews(world, story);
  await world.stop();
  interrupt.removeEventListener('abort', onInterrupt);

  const failed = checks.filter(({ status }) => status === 'failed');
  if (failure === undefined && failed.length > 0)
    failure = errors.make('run.checks', {
      what: `${failed.length} of ${checks.length} checks failed: ${failed.map((check) => check.id).join(', ')}.`,
    });
  const trace = world.trace.events;
  const assessment = story.assessments.at(-1);
  const record: RunRecord = {
    format: RUN_RECORD_FORMAT,
    id,
    scenario: scenario.name,
    says: scenario.says.trim(),
    scenarioSource: source.text,
    seed,
    tier,
    versions: versions(),
    replay: `drylift replay ${id}`,
    startedAt,
    wallSeconds: Math.round(real.monotonic()) / 1000,
    peakMemoryBytes: process.resourceUsage().maxRSS * 1024,
    clock: { start: world.start, end: stopped },
    verdict: verdictOf(failure),
    ...(failure === undefined ? {} : { failure: failureView(failure, stopped) }),
    traceHash: traceHash(trace, tier),
    traceEvents: trace.length,
    estate: estateView(estate.facts, estate.source),
    steps: story.steps,
    timeline: timelineOf(world, story.steps, faults, replications),
    checks,
    faults,
    counters: world.counters.toJSON(),
    utilisation,
    ...(assessment ? { assessment: assessmentView(assessment) } : {}),
    replications,
    ...(dependencies.length > 0 ? { dependencies } : {}),
  };

  const written: string[] = [];
  const write = (name: string, content: string): void => {
    writeFileSync(join(folder, name), content);
    written.push(name);
  };
  files.keep(folder);
  writeRecord(recordPath(runsFolder, id), record, trace);
  write('report.html', renderReport({ record, trace, previous: lastGreenBefore(record, runsFolder) }));
  if (assessment) {
    write('assessment.csv', assessmentCsv(assessment.assessment));
    write('assessment.json', `${JSON.stringify(assessmentJson(assessment.assessment), null, 1)}\n`);
    written.push(writeRunPoints(folder, assessment.assessment));
  }
  if (dependencies.length > 0) write('dependencies.csv', dependencyCsv(dependencies));
  for (const { file } of story.migrated) written.push(file);
  write('appliance.log', world.log.join(''));
  for (const suffix of ['', '-wal', '-shm']) rmSync(world.storePath + suffix, { force: true });
  pruneRuns(runsFolder, { keep: [id] });
  return { record, trace, folder, files: written, exitCode: failure === undefined ? 0 : exitCode(failure) };
}

/** Rejects as soon as the signal says so, whatever the story is waiting for. */
function orAborted(story: Promise<void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    story.then(resolve, reject);
    const onAbort = (): void => reject(signal.reason);
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
  });
}

/** Names in the script must be in the estate: found before the run and not after a month of it. */
function checkMachines({ script }: Scenario, known: ReadonlySet<string>): void {
  for (const step of script) {
    const named =
      step.verb === 'replicate' || step.verb === 'cutover'
        ? step.servers
        : step.verb === 'write-disk-states'
          ? [step.machine]
          : [];
    for (const name of named)
      if (!known.has(name))
        throw storyErrors.make('story.unknownMachine', {
          what: `The step ${step.verb} names "${name}", which the estate does not have.`,
        });
  }
}

/** Reads the files that steps will need, so that a missing one is found before the run. */
function readDiskStates({ script }: Scenario, files: InputFiles): void {
  for (const step of script)
    if (step.verb === 'write-disk-states') for (const path of step.states) files.read(path);
}

function verdictOf(failure: unknown): Verdict {
  if (failure === undefined) return 'passed';
  if (!(failure instanceof DryliftError) || failure.blame === 'us') return 'error';
  return failure.code === 'run.interrupted' || failure.code === 'run.until' ? 'interrupted' : 'failed';
}

/** user-experience: 130 interrupted, 3 nothing was concluded, else by whose fault it is. */
function exitCode(failure: unknown): number {
  if (failure instanceof DryliftError && failure.code === 'run.interrupted') return 130;
  if (failure instanceof DryliftError && failure.code === 'run.until') return 3;
  return exitCodeOf(failure);
}

function failureView(failure: unknown, at: number): FailureView {
  if (failure instanceof DryliftError) {
    const { code, what, why, next } = failure;
    return { code, what, why, next, at };
  }
  return {
    code: 'drylift.bug',
    what: failure instanceof Error ? (failure.stack ?? failure.message) : String(failure),
    why: 'An exception that nobody expected.',
    next: 'This is our bug: please report it with the record of the run.',
    at,
  };
}

function versions(): RunRecord['versions'] {
  const root = new URL('../../', import.meta.url);
  const { version } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8')) as { version: string };
  const git = spawnSync('git', ['describe', '--always', '--dirty', '--abbrev=12'], {
    cwd: root,
    encoding: 'utf8',
  });
  const commit = git.status === 0 ? git.stdout.trim() : undefined;
  return { drylift: version, node: process.version, ...(commit === undefined ? {} : { commit }) };
}
