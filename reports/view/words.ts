/**
 * The words that every form of a report uses for the values of a run record, so that the page, the Markdown
 * and the terminal never call one thing by two names.
 */
import type {
  AssessedMachineView,
  CheckView,
  FaultView,
  RunRecord,
  Verdict,
} from '#core/contracts/run-record.ts';

export const SIMULATION_NOTICE = 'Simulation, not Azure';

export const VERDICT_WORDS: Readonly<Record<Verdict, string>> = {
  passed: 'Passed',
  failed: 'Failed',
  error: 'Error',
  interrupted: 'Interrupted',
};

/** What a tier promises about a second run with the same seed: a word, and the sentence behind it. */
export const PROMISE_WORDS: Readonly<Record<RunRecord['tier'], { word: string; says: string }>> = {
  memory: { word: 'bytes', says: 'the same seed gives the same bytes, event for event' },
  loopback: {
    word: 'decisions',
    says: 'the same seed gives the same decisions; order inside one instant may differ',
  },
  wall: { word: 'none', says: 'real sockets at wall time: a second run may differ' },
};

export type Readiness = AssessedMachineView['readiness'];

/** In the order in which a reader wants them. */
export const READINESS_WORDS: Readonly<Record<Readiness, string>> = {
  ready: 'Ready',
  readyWithConditions: 'Ready with conditions',
  notReady: 'Not ready',
  unknown: 'Readiness unknown',
};

export const READINESS_ORDER = Object.keys(READINESS_WORDS) as readonly Readiness[];

/**
 * Stars of a confidence rating: 0–20 % one … 81–100 % five (assessment.md §8). Fractions follow
 * Microsoft's own export tool: at most 20, 40, 60, 80, else five.
 */
export function starsOf(confidencePercent: number): number {
  const above = [20, 40, 60, 80].filter((limit) => confidencePercent > limit);
  return above.length + 1;
}

/** `4 stars: 78.3 % of the expected points are there (60–80 % gives four)`, as a sentence. */
export function starsReason(confidencePercent: number): string {
  const stars = starsOf(confidencePercent);
  const band = `${(stars - 1) * 20}–${stars * 20} %`;
  const percent = `${Math.round(confidencePercent * 10) / 10} %`;
  return `${percent} of the expected ten-minute points are there; ${band} gives ${stars} ${stars === 1 ? 'star' : 'stars'}.`;
}

export type FaultState = 'fired' | 'missed' | 'neverFired';

/**
 * A fault that was declared and never acted proves nothing: the scenario did not test what it says, and
 * fails. Where the run passed all the same, the scenario had said that this fault may miss.
 */
export function faultState(fault: FaultView, verdict: Verdict): FaultState {
  if (fault.fired > 0) return 'fired';
  return verdict === 'passed' ? 'missed' : 'neverFired';
}

export interface CheckTally {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

export function tallyChecks(checks: readonly CheckView[]): CheckTally {
  const tally = { passed: 0, failed: 0, skipped: 0 };
  for (const check of checks) tally[check.status]++;
  return tally;
}

/** True when every disk of the machine reads the same at source and target; undefined without digests. */
export function digestsEqual(
  disks: ReadonlyArray<{ readonly sourceSha256: string; readonly targetSha256: string }>,
): boolean | undefined {
  if (disks.length === 0 || disks.some((disk) => disk.sourceSha256 === '' || disk.targetSha256 === ''))
    return undefined;
  return disks.every((disk) => disk.sourceSha256 === disk.targetSha256);
}
