/**
 * `drylift replay RUN`: the same scenario, seed and tier again, from the record alone, and a comparison event
 * by event. A difference is a bug of ours, unless the code or the Node is another one than then.
 */
import { dirname, relative } from 'node:path';
import type { RunRecord } from '#core/contracts/run-record.ts';
import { defineErrors, formatError } from '#core/errors.ts';
import { canonicalLines, type Divergence, firstDivergence } from '#core/trace/canonical.ts';
import type { TraceEvent } from '#core/trace/recorder.ts';
import { formatOffset } from '#core/units.ts';
import { findRun, RUNS_FOLDER, readRecord } from '#reports/read.ts';
import { InputFiles } from '../kit/input-files.ts';
import { jsonOf, runWithProgress } from './run.ts';

export const errors = defineErrors({
  'run.diverged': {
    blame: 'us',
    why: 'The same seed, code and Node must give the same run; something depended on chance, time or order.',
    next: 'This is our bug: please report it with both records; the event named above is where it begins.',
  },
  'replay.wall': {
    blame: 'input',
    why: 'A run at wall time is not repeatable: its seed narrows it, and does not fix it.',
    next: 'Run the scenario in the memory tier, which can be repeated event by event.',
  },
  'replay.interrupted': {
    blame: 'check',
    retry: 'safe',
    why: 'The repetition was ended before it could be compared.',
    next: 'Run it again and let it finish.',
  },
});

/** @returns the exit code: 0 the same, 5 diverged, 1 differs on other code or another Node */
export async function replay(run: string, { json = false }: { json?: boolean }): Promise<number> {
  const path = findRun(run);
  const { record: before, trace } = readRecord(path);
  const { tier } = before;
  if (tier === 'wall') throw errors.make('replay.wall', { what: `${before.id} ran at wall time.` });
  const folder = dirname(path);
  const outcome = await runWithProgress(
    {
      source: { file: `${before.scenario}.scenario.yaml`, text: before.scenarioSource, folder },
      files: new InputFiles(folder, folder),
      seed: before.seed,
      tier,
      // a run that was stopped is repeated up to where it stopped
      untilMs: before.verdict === 'interrupted' ? before.clock.end - before.clock.start : undefined,
      runsFolder: RUNS_FOLDER,
    },
    json,
  );
  const { record: after } = outcome;
  if (after.verdict === 'interrupted' && before.verdict !== 'interrupted')
    throw errors.make('replay.interrupted', { what: `The repetition of ${before.id} was interrupted.` });
  const [then, now] = comparable(before, canonicalLines(trace, tier), canonicalLines(outcome.trace, tier));
  const divergence = firstDivergence(then, now);
  const same = divergence === undefined;
  const changed = changes(before, after);
  const exitCode = same ? 0 : changed.length > 0 ? 1 : 5;
  if (json) {
    const told = divergence && { ...divergence, changed };
    process.stdout.write(
      `${JSON.stringify({ ...jsonOf(outcome), replayOf: before.id, same, divergence: told, exitCode })}\n`,
    );
    return exitCode;
  }
  const lines = [
    '',
    same
      ? `SAME  ${before.id}: ${after.traceEvents.toLocaleString('en-US')} events, trace ${after.traceHash.slice(0, 16)}`
      : `DIFFERENT  ${before.id}: trace ${before.traceHash.slice(0, 16)} then, ${after.traceHash.slice(0, 16)} now`,
    `  ${after.verdict} (then: ${before.verdict}), ${after.wallSeconds.toFixed(1)} s (then: ${before.wallSeconds.toFixed(1)} s)`,
    ...(divergence ? describe(divergence, before, trace) : []),
    ...changed.map((change) => `  ${change}`),
    `  report  ${relative('.', outcome.folder)}/report.html`,
    '',
  ];
  process.stdout.write(lines.join('\n'));
  if (exitCode === 5)
    process.stderr.write(
      `${formatError(errors.make('run.diverged', { what: `The repetition of ${before.id} differs at event ${divergence!.index}.` }))}\n`,
    );
  return exitCode;
}

/** A run that was stopped is the beginning of one: compared as far as it went, without the timer that stops. */
function comparable(before: RunRecord, then: string[], now: string[]): [string[], string[]] {
  if (before.verdict !== 'interrupted') return [then, now];
  const told = (lines: string[]) => lines.filter((line) => !line.includes('"run.until"'));
  const [a, b] = [told(then), told(now)];
  const length = Math.min(a.length, b.length);
  return [a.slice(0, length), b.slice(0, length)];
}

function describe(
  { index, left, right }: Divergence,
  before: RunRecord,
  trace: readonly TraceEvent[],
): string[] {
  const at = trace[index]?.at ?? before.clock.end;
  return [
    `  first difference: event ${index.toLocaleString('en-US')} at ${formatOffset(at - before.clock.start)}`,
    `    then  ${left ?? '(the trace ended here)'}`,
    `    now   ${right ?? '(the trace ended here)'}`,
  ];
}

/** What else is different, and so explains a difference. */
function changes(before: RunRecord, after: RunRecord): string[] {
  const lines: string[] = [];
  for (const key of ['drylift', 'node', 'commit'] as const)
    if (before.versions[key] !== after.versions[key])
      lines.push(
        `${key} was ${before.versions[key] ?? 'unknown'} then and is ${after.versions[key] ?? 'unknown'} now`,
      );
  return lines;
}
