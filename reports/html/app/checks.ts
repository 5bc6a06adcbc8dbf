/** Checks with their limits, and the faults they had to hold under. */
import type { CheckView, FaultView, RunRecord } from '#core/contracts/run-record.ts';
import { formatDuration, formatOffset } from '#core/units.ts';
import { formatCount } from '../../view/format.ts';
import { marginOf } from '../../view/margin.ts';
import { type FaultState, faultState, tallyChecks } from '../../view/words.ts';
import { badge, type Child, h, section } from './dom.ts';
import { instantLink } from './header.ts';
import { dataTable } from './table.ts';

const CHECK_TONES = { passed: 'good', failed: 'bad', skipped: 'skip' } as const;
const CHECK_WORDS = { passed: 'held', failed: 'broken', skipped: 'skipped' } as const;
const CHECK_ORDER = { failed: 0, passed: 1, skipped: 2 } as const;

type ShowAt = (at: number) => void;

export function checksSection(checks: readonly CheckView[], start: number, showAt: ShowAt): HTMLElement {
  const tally = tallyChecks(checks);
  const parts = [
    `${tally.passed} held`,
    tally.failed > 0 && `${tally.failed} broken`,
    tally.skipped > 0 && `${tally.skipped} skipped`,
  ];
  const table = dataTable<CheckView>({
    caption: 'Checks',
    rows: [...checks].sort((a, b) => CHECK_ORDER[a.status] - CHECK_ORDER[b.status]),
    rowClass: ({ status }) => (status === 'failed' ? 'row-bad' : ''),
    columns: [
      {
        label: 'State',
        sort: (c) => CHECK_ORDER[c.status],
        cell: (c) => badge(CHECK_TONES[c.status], CHECK_WORDS[c.status]),
      },
      {
        label: 'Check',
        prose: true,
        sort: (c) => c.id,
        cell: (c) => [
          h('code', {}, c.id),
          h('div', { class: 'says' }, c.says),
          c.detail && h('div', { class: 'says' }, c.detail),
        ],
      },
      { label: 'Limit', prose: true, cell: (c) => c.limit },
      { label: 'Actual', prose: true, cell: (c) => c.actual || '–' },
      { label: 'Margin', cell: margin },
      {
        label: 'First broken',
        sort: (c) => c.firstBrokenAt,
        cell: (c) => (c.firstBrokenAt === undefined ? '–' : instantLink(c.firstBrokenAt, start, showAt)),
      },
    ],
    empty: 'This scenario declares no checks.',
  });
  return section(
    'checks',
    'Checks',
    checks.length > 0 && `${parts.filter(Boolean).join(', ')}.`,
    h('div', { class: 'panel' }, table.element),
  );
}

function margin(check: CheckView): Child {
  if (check.status === 'skipped') return '–';
  const found = marginOf(check.limit, check.actual);
  if (!found) return '–';
  const { text, used } = found;
  if (used === undefined) return text;
  const meter = h('span', { class: `meter ${used > 1 ? 'over' : ''}`, 'aria-hidden': 'true' }, h('span', {}));
  (meter.firstElementChild as HTMLElement).style.width =
    `${Math.min(100, Math.max(0, used * 100)).toFixed(1)}%`;
  return [h('div', { class: 'room' }, text), meter];
}

export function faultsSection(
  faults: readonly FaultView[],
  { clock, verdict }: RunRecord,
  showAt: ShowAt,
): HTMLElement | undefined {
  if (faults.length === 0) return undefined;
  const stateOf = (fault: FaultView) => faultState(fault, verdict);
  const never = faults.filter((fault) => stateOf(fault) === 'neverFired').length;
  const lead =
    never === 0
      ? 'Each fault has a point or link, a start and an end. One that never fires fails the run, unless it may.'
      : `${never === 1 ? 'One fault' : `${never} faults`} never fired: the scenario did not test what it says.`;
  const table = dataTable<FaultView>({
    caption: 'Faults',
    rows: faults,
    rowClass: (fault) => (stateOf(fault) === 'neverFired' ? 'row-bad' : ''),
    columns: [
      { label: 'Fired', sort: (f) => f.fired, cell: (f) => firedBadge(f, stateOf(f)) },
      {
        label: 'Fault',
        prose: true,
        sort: (f) => f.id,
        cell: (f) => [h('code', {}, f.id), h('div', { class: 'says' }, f.says)],
      },
      {
        label: 'Set',
        sort: (f) => f.from,
        cell: (f) => `${formatOffset(f.from - clock.start)} for ${formatDuration(f.until - f.from)}`,
      },
      {
        label: 'First acted',
        sort: (f) => f.firstAt,
        cell: (f) => (f.firstAt === undefined ? '–' : instantLink(f.firstAt, clock.start, showAt)),
      },
    ],
    empty: '',
  });
  return section('faults', 'Faults', lead, h('div', { class: 'panel' }, table.element));
}

function firedBadge({ fired }: FaultView, state: FaultState): HTMLElement {
  if (state === 'fired') return badge('good', `${formatCount(fired)}×`);
  return state === 'missed' ? badge('skip', 'missed, as allowed') : badge('bad', 'never');
}
