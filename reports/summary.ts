/**
 * A run in Markdown, for the step summary of a build: verdict, replay line, what failed first, then tables.
 * Build services cut or refuse summaries over 1 MiB, so the tables end where the room does, and say so.
 */
import type { RunRecord } from '#core/contracts/run-record.ts';
import { type Bytes, formatBytes, formatDuration, formatOffset, KIB, MIB } from '#core/units.ts';
import { compareCounters, describeChange } from './view/counters.ts';
import { formatCount, formatMoney, formatNumber, formatPercentile, formatUtc } from './view/format.ts';
import { marginOf } from './view/margin.ts';
import {
  digestsEqual,
  type FaultState,
  faultState,
  PROMISE_WORDS,
  READINESS_ORDER,
  READINESS_WORDS,
  SIMULATION_NOTICE,
  starsOf,
  tallyChecks,
  VERDICT_WORDS,
} from './view/words.ts';

export interface SummaryInput {
  readonly record: RunRecord;
  /** An earlier run, to say what grew. */
  readonly previous?: RunRecord | undefined;
  /** UTF-8 bytes that the text never exceeds; at least 4 KiB. */
  readonly maxBytes?: Bytes;
}

const DEFAULT_MAX: Bytes = MIB - KIB;
const CHECK_MARKS = { passed: '✅ held', failed: '❌ broken', skipped: '➖ skipped' } as const;
const FAULT_MARKS: Readonly<Record<FaultState, (fired: number) => string>> = {
  fired: (fired) => `${formatCount(fired)}×`,
  missed: () => '➖ missed, as allowed',
  neverFired: () => '❌ never',
};
const VERDICT_MARKS = { passed: '✅', failed: '❌', error: '❌', interrupted: '⚠️' } as const;

/** GitHub-flavoured Markdown; text of the record cannot become markup. */
export function renderSummary({ record, previous, maxBytes = DEFAULT_MAX }: SummaryInput): string {
  const out = boundedText(Math.max(4 * KIB, maxBytes));
  const tables = [
    headLines(record),
    checkLines(record),
    faultLines(record),
    assessmentLines(record),
    replicationLines(record),
    utilisationLines(record),
    counterLines(record, previous),
    estateLines(record),
  ];
  for (const lines of tables) out.block(lines);
  return out.text();
}

/** Takes whole lines while there is room, and keeps enough room to say that it stopped. */
function boundedText(maxBytes: Bytes) {
  const lines: string[] = [];
  let left = maxBytes - 100;
  let dropped = 0;
  return {
    block(block: readonly string[]) {
      for (const line of block) {
        const size = Buffer.byteLength(line) + 1;
        if (dropped > 0 || size > left) dropped++;
        else {
          lines.push(line);
          left -= size;
        }
      }
    },
    text: () =>
      `${lines.join('\n')}\n${dropped === 0 ? '' : `\n_${formatNumber(dropped, 'line')} more: see the report._\n`}`,
  };
}

function headLines(record: RunRecord): string[] {
  const { verdict, scenario, says, clock, wallSeconds, failure, tier } = record;
  const virtual = formatDuration(clock.end - clock.start);
  const promise = PROMISE_WORDS[tier];
  const lines = [
    `## ${VERDICT_MARKS[verdict]} ${plain(scenario)}: ${VERDICT_WORDS[verdict].toLowerCase()}`,
    '',
    plain(says),
    '',
    `Seed ${code(record.seed)}, tier ${tier} (promise: ${promise.word}), ${virtual} virtual in ${formatDuration(wallSeconds * 1000)}, trace ${code(record.traceHash.slice(0, 16))}. **${SIMULATION_NOTICE}.**`,
    '',
    `Again: ${code(record.replay)}`,
    '',
  ];
  if (!failure) return lines;
  const at = failure.at === undefined ? '' : ` at ${formatOffset(failure.at - clock.start)}`;
  return [
    ...lines,
    `> **${plain(failure.what)}**${at}`,
    '>',
    `> Why: ${plain(failure.why)}`,
    '>',
    `> Next: ${plain(failure.next)} (${code(failure.code)})`,
    '',
  ];
}

function checkLines({ checks, clock }: RunRecord): string[] {
  if (checks.length === 0) return [];
  const tally = tallyChecks(checks);
  const order = { failed: 0, passed: 1, skipped: 2 };
  const rows = [...checks]
    .sort((a, b) => order[a.status] - order[b.status])
    .map((check) => [
      CHECK_MARKS[check.status],
      `${code(check.id)} ${plain(check.says)}`,
      plain(check.limit),
      plain(check.actual),
      marginOf(check.limit, check.actual)?.text ?? '',
      check.firstBrokenAt === undefined ? '' : formatOffset(check.firstBrokenAt - clock.start),
    ]);
  return [
    `### Checks: ${tally.passed} held, ${tally.failed} broken, ${tally.skipped} skipped`,
    '',
    ...table(['State', 'Check', 'Limit', 'Actual', 'Margin', 'First broken'], rows),
  ];
}

function faultLines({ faults, clock, verdict }: RunRecord): string[] {
  if (faults.length === 0) return [];
  const rows = faults.map((fault) => [
    FAULT_MARKS[faultState(fault, verdict)](fault.fired),
    `${code(fault.id)} ${plain(fault.says)}`,
    `${formatOffset(fault.from - clock.start)} for ${formatDuration(fault.until - fault.from)}`,
    fault.firstAt === undefined ? '' : formatOffset(fault.firstAt - clock.start),
  ]);
  return ['### Faults', '', ...table(['Fired', 'Fault', 'Set', 'First acted'], rows)];
}

function assessmentLines({ assessment }: RunRecord): string[] {
  if (!assessment) return [];
  const { currency, readiness, machines } = assessment;
  const money = (amount: number | undefined) => (amount === undefined ? '' : formatMoney(amount, currency));
  const counts = READINESS_ORDER.filter((value) => readiness[value] > 0).map(
    (value) => `${formatCount(readiness[value])} ${READINESS_WORDS[value].toLowerCase()}`,
  );
  const rows = machines.map((machine) => [
    plain(machine.name),
    READINESS_WORDS[machine.readiness],
    machine.size === undefined ? '' : code(machine.size),
    money(machine.monthlyComputeCost),
    money(machine.monthlyStorageCost),
    machine.stars === undefined ? '' : `${machine.stars}/5`,
    plain(machine.reasons[0] ?? ''),
  ]);
  return [
    `### Assessment “${plain(assessment.name)}”`,
    '',
    `${counts.join(', ')}. ${money(assessment.monthlyComputeCost)} compute and ${money(assessment.monthlyStorageCost)} storage a month, confidence ${starsOf(assessment.confidencePercent)} of 5 stars.`,
    '',
    ...table(['Machine', 'Readiness', 'Size', 'Compute', 'Storage', 'Stars', 'Why'], rows),
  ];
}

function replicationLines({ replications }: RunRecord): string[] {
  if (replications.length === 0) return [];
  const rows = replications.map((view) => {
    const sum = (pick: (cycle: (typeof view.cycles)[number]) => number) =>
      view.cycles.reduce((total, cycle) => total + pick(cycle), 0);
    const equal = digestsEqual(view.disks);
    return [
      plain(view.machine),
      plain(view.state),
      equal === undefined ? 'not compared' : equal ? '✅ equals source' : '❌ differs',
      formatCount(view.cycles.length),
      formatBytes(sum((cycle) => cycle.changedBytes)),
      formatBytes(sum((cycle) => cycle.sentBytes)),
      formatCount(sum((cycle) => cycle.retries)),
      view.cutover ? formatDuration(view.cutover.to - view.cutover.from) : '',
    ];
  });
  const heads = ['Machine', 'State', 'Target', 'Cycles', 'Changed', 'Sent', 'Retries', 'Downtime'];
  return ['### Replication', '', ...table(heads, rows)];
}

/** The points stay in the report; the summary says what sizing took of the first machines. */
const UTILISATION_ROWS = 20;

function utilisationLines({ utilisation }: RunRecord): string[] {
  if (utilisation.length === 0) return [];
  const rows = utilisation
    .slice(0, UTILISATION_ROWS)
    .map(({ machine, counter, unit, percentile }) => [
      plain(machine),
      code(counter),
      formatPercentile(percentile, unit),
    ]);
  const more = utilisation.length - rows.length;
  return [
    '### Utilisation',
    '',
    ...table(['Machine', 'Counter', 'Percentile'], rows),
    ...(more > 0 ? [`${formatNumber(more, 'counter')} more in the report.`, ''] : []),
  ];
}

function counterLines({ counters }: RunRecord, previous: RunRecord | undefined): string[] {
  const rows = compareCounters(counters, previous?.counters);
  if (rows.length === 0) return [];
  const number = (n: number | undefined) => (n === undefined ? '' : formatCount(n));
  if (!previous)
    return [
      '### Work counters',
      '',
      ...table(
        ['Counter', 'This run'],
        rows.map((row) => [code(row.name), number(row.now)]),
      ),
    ];
  const changed = rows.filter((row) => row.change !== 0);
  return [
    `### Work counters since ${code(previous.id)}`,
    '',
    `${formatNumber(rows.length - changed.length, 'counter is', 'counters are')} the same.`,
    '',
    ...(changed.length === 0
      ? []
      : table(
          ['Counter', 'Before', 'This run', 'Change'],
          changed.map((row) => [code(row.name), number(row.before), number(row.now), describeChange(row)]),
        )),
  ];
}

function estateLines({ estate, clock, versions }: RunRecord): string[] {
  return [
    '### Estate',
    '',
    `${plain(estate.name)} from ${plain(estate.source)}: ${formatNumber(estate.machines, 'machine')} (${formatCount(estate.poweredOn)} on), ${formatNumber(estate.disks, 'disk')}, ${formatBytes(estate.capacityBytes)}, ${formatNumber(estate.hosts, 'host')}. Story from ${formatUtc(clock.start)}; drylift ${plain(versions.drylift)}, Node ${plain(versions.node)}.`,
    '',
    ...(estate.derived.length === 0
      ? []
      : table(
          ['Not said by the source', 'How often', 'Why, and from what'],
          estate.derived.map(({ field, count, reason }) => [code(field), formatCount(count), plain(reason)]),
        )),
  ];
}

function table(heads: readonly string[], rows: ReadonlyArray<readonly string[]>): string[] {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(heads), line(heads.map(() => '---')), ...rows.map(line), ''];
}

/** Everything that Markdown or HTML could read as markup becomes itself; line breaks become spaces. */
function plain(text: string): string {
  return oneLine(text)
    .replace(/[\\`*_{}[\]()#+!|~^$]/g, '\\$&')
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/(https?|www)(?=[:.])/gi, '$1&#8203;')
    .replace(/@(?=\w)/g, '@&#8203;');
}

/** A code span, unless the text could end the span or its table's cell, or looks like a tag. */
function code(text: string): string {
  const line = oneLine(text);
  return line === '' || /[`|<>]/.test(line) ? plain(line) : `\`${line}\``;
}

function oneLine(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f\u2028\u2029]+/g, ' ').trim();
}
