/** The end of a run in the terminal: verdict, what must hold, faults, cycles, assessment, files. */
import { styleText } from 'node:util';
import type { RunRecord } from '#core/contracts/run-record.ts';
import { formatBytes, formatDuration, formatOffset } from '#core/units.ts';

const ROWS = 20;

/** @param files names in the folder of the run. @param folder as to be shown */
export function summaryOf(record: RunRecord, folder: string, files: readonly string[]): string {
  const virtualMs = record.clock.end - record.clock.start;
  const speed = Math.round(virtualMs / (record.wallSeconds * 1000)).toLocaleString('en-US');
  const lines = [
    '',
    `${verdict(record)}  ${record.scenario}  seed ${record.seed}  ${formatDuration(virtualMs)} in ${record.wallSeconds.toFixed(1)} s (×${speed}), ${formatBytes(record.peakMemoryBytes)}`,
  ];
  if (record.failure) {
    const { code, what, why, next } = record.failure;
    lines.push(`  ${code}  ${what}`, `    why:   ${why}`, `    next:  ${next}`);
  }
  lines.push(...checks(record), ...faults(record), ...cycles(record), ...assessment(record));
  lines.push(
    '',
    'Work',
    `  ${workLine(record)}`,
    '',
    'Files',
    ...files.map((name) => `  ${folder}/${name}`),
    '',
    `trace   ${record.traceHash.slice(0, 16)}  ${record.traceEvents.toLocaleString('en-US')} events  (${PROMISE[record.tier]})`,
    `again   ${record.replay}`,
  );
  return `${lines.join('\n')}\n`;
}

const PROMISE = {
  memory: 'the same seed gives the same hash',
  loopback: 'the same seed gives the same decisions',
  wall: 'nothing is promised of a second run',
} as const;

function verdict({ verdict: v }: RunRecord): string {
  return v === 'passed' ? styleText('green', 'PASSED') : styleText('red', v.toUpperCase());
}

function checks({ checks: all, clock }: RunRecord): string[] {
  if (all.length === 0) return [];
  const width = Math.max(...all.map(({ id }) => id.length));
  const lines = ['', 'Checks'];
  for (const { id, status, limit, actual, detail, firstBrokenAt } of all) {
    const mark =
      status === 'passed' ? styleText('green', '✓') : status === 'failed' ? styleText('red', '✗') : '-';
    const when = firstBrokenAt === undefined ? '' : `  at ${formatOffset(firstBrokenAt - clock.start)}`;
    lines.push(
      `  ${mark} ${id.padEnd(width)}  ${actual}${status === 'failed' ? `  (limit: ${limit})${when}` : ''}`,
    );
    if (detail && status !== 'passed') lines.push(`      ${detail}`);
  }
  return lines;
}

function faults({ faults: all, clock }: RunRecord): string[] {
  if (all.length === 0) return [];
  return [
    '',
    'Faults',
    ...all.map(
      ({ id, says, fired, firstAt }) =>
        `  ${id} ${says}: ${fired === 0 ? 'never acted' : `acted ${fired === 1 ? 'once' : `${fired} times`}, first at ${formatOffset(firstAt! - clock.start)}`}`,
    ),
  ];
}

function cycles({ replications, clock }: RunRecord): string[] {
  return replications.flatMap(({ machine, state, cycles: all, cutover }) => [
    '',
    `Replication of ${machine}: ${state}`,
    ...all.map((cycle) => {
      const took = cycle.to === undefined ? 'open' : formatDuration(cycle.to - cycle.from);
      const retries = cycle.retries > 0 ? `, ${cycle.retries} retries` : '';
      return `  ${formatOffset(cycle.from - clock.start).padStart(11)}  ${cycle.kind.padEnd(7)}  ${formatBytes(cycle.changedBytes).padStart(9)} changed, ${formatBytes(cycle.sentBytes).padStart(9)} sent in ${cycle.blocks} blocks, ${took}${retries}, ${cycle.state}`;
    }),
    ...(cutover ? [`  cut over in ${formatDuration(cutover.to - cutover.from)}`] : []),
  ]);
}

function assessment({ assessment: done }: RunRecord): string[] {
  if (!done) return [];
  const { readiness, currency } = done;
  const head = [
    'machine',
    'cores',
    'memory',
    'readiness',
    'size',
    'disks',
    `compute ${currency}`,
    `storage ${currency}`,
    'stars',
  ];
  const rows = done.machines
    .slice(0, ROWS)
    .map((machine) => [
      machine.name,
      String(machine.cores),
      formatBytes(machine.memoryMiB * 1024 * 1024),
      READINESS[machine.readiness],
      machine.size ?? '-',
      machine.disks.map(({ sku }) => sku?.replace(/^\w+_/, '') ?? '-').join(' '),
      money(machine.monthlyComputeCost),
      money(machine.monthlyStorageCost),
      machine.stars === undefined ? '-' : '★'.repeat(machine.stars),
    ]);
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]!.length)));
  const line = (cells: readonly string[]) =>
    `  ${cells.map((cell, i) => (NUMBERS.has(i) ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!))).join('  ')}`.trimEnd();
  const rest = done.machines.length - rows.length;
  return [
    '',
    `Assessment ${done.name} (${Object.entries(done.properties)
      .map(([name, value]) => `${name} ${value}`)
      .join(', ')})`,
    line(head),
    ...rows.map(line),
    ...(rest > 0 ? [`  … ${rest} more in assessment.csv`] : []),
    `  ${done.machines.length} machines: ${readiness.ready} ready, ${readiness.readyWithConditions} with conditions, ${readiness.notReady} not ready, ${readiness.unknown} unknown; ${currency} ${money(done.monthlyComputeCost)} compute and ${money(done.monthlyStorageCost)} storage a month; confidence ${done.confidencePercent.toFixed(1)} %`,
  ];
}

const NUMBERS = new Set([1, 2, 6, 7]);
const READINESS = {
  ready: 'ready',
  readyWithConditions: 'with conditions',
  notReady: 'not ready',
  unknown: 'unknown',
} as const;

function money(amount: number | undefined): string {
  return amount === undefined ? '-' : amount.toFixed(2);
}

function workLine({ counters }: RunRecord): string {
  const sum = (prefix: string) =>
    Object.entries(counters).reduce((n, [name, value]) => (name.startsWith(prefix) ? n + value : n), 0);
  const n = (value: number) => value.toLocaleString('en-US');
  return [
    `${n(sum('calls.'))} calls`,
    `${formatBytes(sum('bytes.'))} said`,
    `${n(counters['appliance.samples'] ?? 0)} samples`,
    `${n(counters['appliance.points'] ?? 0)} points`,
    `${n(sum('appliance.retries.'))} retries`,
    `${n(counters['appliance.store.flushes'] ?? 0)} durable writes`,
  ].join(', ');
}
