/**
 * A run as JUnit XML, which every build service shows: each check is a test case, each declared fault one that
 * fails when it never fired, and the run itself one that holds the verdict.
 *
 * There is no standard; this is the common ground of the Ant schema and what readers accept: `testsuites`,
 * `testsuite` with counts, `testcase` with `failure`, `error` or `skipped`, `properties`, `system-out`.
 */
import type { CheckView, FaultView, RunRecord } from '#core/contracts/run-record.ts';
import { formatDuration, formatOffset } from '#core/units.ts';
import { marginOf } from './view/margin.ts';
import { faultState, PROMISE_WORDS, SIMULATION_NOTICE } from './view/words.ts';

type Outcome =
  | { readonly kind: 'passed' }
  | { readonly kind: 'skipped'; readonly message: string }
  | {
      readonly kind: 'failure' | 'error';
      readonly type: string;
      readonly message: string;
      readonly text: string;
    };

interface TestCase {
  readonly group: string;
  readonly name: string;
  readonly seconds: number;
  readonly outcome: Outcome;
}

/** One `testsuite` per run, in the order given. */
export function renderJunit(records: readonly RunRecord[]): string {
  const suites = records.map(suite);
  const sum = (pick: (counts: Counts) => number) => suites.reduce((n, { counts }) => n + pick(counts), 0);
  const total = {
    tests: sum((c) => c.tests),
    failures: sum((c) => c.failures),
    errors: sum((c) => c.errors),
    skipped: sum((c) => c.skipped),
  };
  const seconds = records.reduce((n, record) => n + record.wallSeconds, 0);
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="drylift"${countAttributes(total)} time="${time(seconds)}">`,
    ...suites.map(({ xml }) => xml),
    '</testsuites>',
    '',
  ].join('\n');
}

interface Counts {
  readonly tests: number;
  readonly failures: number;
  readonly errors: number;
  readonly skipped: number;
}

function suite(record: RunRecord): { xml: string; counts: Counts } {
  const cases = [
    runCase(record),
    ...record.checks.map((check) => checkCase(record, check)),
    ...record.faults.map((fault) => faultCase(record, fault)),
  ];
  const having = (kind: Outcome['kind']) => cases.filter(({ outcome }) => outcome.kind === kind).length;
  const counts = {
    tests: cases.length,
    failures: having('failure'),
    errors: having('error'),
    skipped: having('skipped'),
  };
  const properties: ReadonlyArray<readonly [string, string]> = [
    ['seed', record.seed],
    ['tier', record.tier],
    ['promise', PROMISE_WORDS[record.tier].word],
    ['replay', record.replay],
    ['traceHash', record.traceHash],
    ['drylift', record.versions.drylift],
    ['notice', SIMULATION_NOTICE],
  ];
  const xml = [
    `  <testsuite name="${attribute(record.scenario)}"${countAttributes(counts)} time="${time(record.wallSeconds)}" timestamp="${attribute(record.startedAt.replace(/\.\d+Z$|Z$/, ''))}">`,
    '    <properties>',
    ...properties.map(([name, value]) => `      <property name="${name}" value="${attribute(value)}"/>`),
    '    </properties>',
    ...cases.map((testCase) => caseXml(record, testCase)),
    '  </testsuite>',
  ].join('\n');
  return { xml, counts };
}

/** Holds the whole time; an error or an interruption belongs to no check. */
function runCase(record: RunRecord): TestCase {
  const { verdict, failure, says, wallSeconds } = record;
  const base = { group: 'run', name: says, seconds: wallSeconds };
  const broken =
    record.checks.some(({ status }) => status === 'failed') || record.faults.some(({ fired }) => fired === 0);
  // A failed run whose reason is a check or fault below is counted there, once.
  if (verdict === 'passed' || (verdict === 'failed' && broken))
    return { ...base, outcome: { kind: 'passed' } };
  const text = failure
    ? [failure.what, `why:  ${failure.why}`, `next: ${failure.next}`].join('\n')
    : `The run ended as ${verdict}.`;
  return {
    ...base,
    outcome: {
      kind: verdict === 'failed' ? 'failure' : 'error',
      type: failure?.code ?? verdict,
      message: failure?.what ?? verdict,
      text: `${text}\nagain: ${record.replay}`,
    },
  };
}

function checkCase(record: RunRecord, check: CheckView): TestCase {
  return {
    group: 'checks',
    name: `${check.id}: ${check.says}`,
    seconds: 0,
    outcome: checkOutcome(record, check),
  };
}

function checkOutcome(record: RunRecord, check: CheckView): Outcome {
  if (check.status === 'passed') return { kind: 'passed' };
  if (check.status === 'skipped') return { kind: 'skipped', message: check.detail ?? 'skipped' };
  const margin = marginOf(check.limit, check.actual);
  const lines = [
    `limit:  ${check.limit}`,
    `actual: ${check.actual}`,
    ...(margin ? [`margin: ${margin.text}`] : []),
    ...(check.firstBrokenAt === undefined
      ? []
      : [`first broken at ${formatOffset(check.firstBrokenAt - record.clock.start)}`]),
    ...(check.detail === undefined ? [] : [check.detail]),
    `again:  ${record.replay}`,
  ];
  return {
    kind: 'failure',
    type: check.id,
    message: `limit ${check.limit}, actual ${check.actual}`,
    text: lines.join('\n'),
  };
}

function faultCase(record: RunRecord, fault: FaultView): TestCase {
  const window = `${formatOffset(fault.from - record.clock.start)} for ${formatDuration(fault.until - fault.from)}`;
  return {
    group: 'faults',
    name: `${fault.id}: ${fault.says}`,
    seconds: 0,
    outcome: faultOutcome(record, fault, window),
  };
}

function faultOutcome(record: RunRecord, fault: FaultView, window: string): Outcome {
  const state = faultState(fault, record.verdict);
  if (state === 'fired') return { kind: 'passed' };
  if (state === 'missed') return { kind: 'skipped', message: `did not fire at ${window}, which was allowed` };
  return {
    kind: 'failure',
    type: 'fault.neverFired',
    message: `declared at ${window} and never fired`,
    text: `Nothing passed the fault's point in its window, ${window}.\nagain: ${record.replay}`,
  };
}

function caseXml(record: RunRecord, { group, name, seconds, outcome }: TestCase): string {
  const open = `    <testcase classname="${attribute(`${record.scenario}.${group}`)}" name="${attribute(name)}" time="${time(seconds)}"`;
  if (outcome.kind === 'passed') return `${open}/>`;
  const inner =
    outcome.kind === 'skipped'
      ? `<skipped message="${attribute(outcome.message)}"/>`
      : `<${outcome.kind} type="${attribute(outcome.type)}" message="${attribute(outcome.message)}">${content(outcome.text)}</${outcome.kind}>`;
  return `${open}>\n      ${inner}\n    </testcase>`;
}

function countAttributes({ tests, failures, errors, skipped }: Counts): string {
  return ` tests="${tests}" failures="${failures}" errors="${errors}" skipped="${skipped}"`;
}

function time(seconds: number): string {
  return Math.max(0, seconds).toFixed(3);
}

/** XML 1.0 §2.2 has no place for most control characters, not even as references. */
function legal(text: string): string {
  return text.replace(/[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu, '\ufffd');
}

function content(text: string): string {
  return legal(text)
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/\r/g, '&#13;');
}

function attribute(text: string): string {
  return content(text).replace(/"/g, '&quot;').replace(/\n/g, '&#10;').replace(/\t/g, '&#9;');
}
