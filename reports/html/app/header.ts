/** What a reader wants first: did it pass, what was it, how to have it again; then the figures in tiles. */
import type { AssessmentView, RunRecord, Verdict } from '#core/contracts/run-record.ts';
import { formatBytes, formatDuration, formatOffset } from '#core/units.ts';
import { formatCount, formatMoney, formatNumber, formatUtc } from '../../view/format.ts';
import {
  digestsEqual,
  faultState,
  PROMISE_WORDS,
  READINESS_ORDER,
  SIMULATION_NOTICE,
  tallyChecks,
  VERDICT_WORDS,
} from '../../view/words.ts';
import { badge, type Child, copyButton, facts, h, icon, type Tone } from './dom.ts';

const VERDICT_TONES: Readonly<Record<Verdict, Tone>> = {
  passed: 'good',
  failed: 'bad',
  error: 'bad',
  interrupted: 'warning',
};

export function header(record: RunRecord, showAt: (at: number) => void): HTMLElement {
  const tone = VERDICT_TONES[record.verdict];
  const promise = PROMISE_WORDS[record.tier];
  return h(
    'header',
    { class: 'top' },
    h(
      'p',
      { class: 'brand' },
      h('strong', {}, 'drylift'),
      ' run report',
      h('span', { class: 'notice' }, SIMULATION_NOTICE),
    ),
    h(
      'div',
      { class: `verdict tone-${tone}` },
      icon(tone),
      h(
        'div',
        {},
        h('h1', {}, record.scenario, h('span', { class: 'verdict-word' }, VERDICT_WORDS[record.verdict])),
        h('p', {}, record.says),
      ),
    ),
    record.failure && failure(record, showAt),
    facts([
      ['Seed', h('code', {}, record.seed)],
      ['Tier', record.tier],
      ['Promise', h('span', {}, h('strong', {}, promise.word), `: ${promise.says}`)],
      ['Run', h('code', {}, record.id)],
    ]),
    h(
      'div',
      { class: 'replay' },
      h('span', { class: 'replay-label' }, 'Again'),
      h('code', { tabindex: 0 }, record.replay),
      copyButton(record.replay, 'the replay command'),
    ),
  );
}

function failure({ failure: view, clock }: RunRecord, showAt: (at: number) => void): Child {
  if (!view) return null;
  const { code, what, why, next, at } = view;
  return h(
    'div',
    { class: 'failure', role: 'group', 'aria-label': 'Why it did not pass' },
    h('p', { class: 'what' }, what),
    facts([
      ['Why', why],
      ['Next', next],
      ['Code', h('code', {}, code)],
      ...(at === undefined ? [] : [['At', instantLink(at, clock.start, showAt)] as const]),
    ]),
  );
}

/** An instant that takes the reader to its place on the ruler. */
export function instantLink(at: number, start: number, showAt: (at: number) => void): HTMLButtonElement {
  return h(
    'button',
    {
      type: 'button',
      class: 'link',
      title: `${formatUtc(at)}: show it on the timeline`,
      on: { click: () => showAt(at) },
    },
    formatOffset(at - start),
  );
}

export function tiles(record: RunRecord): HTMLElement {
  const { assessment, clock, estate, wallSeconds } = record;
  const virtual = clock.end - clock.start;
  const speed = wallSeconds > 0 ? Math.round(virtual / 1000 / wallSeconds) : 0;
  const pace = speed > 1 ? `, ×${formatCount(speed)}` : '';
  const size = `${formatCount(estate.poweredOn)} on, ${formatNumber(estate.disks, 'disk')}, ${formatBytes(estate.capacityBytes)}`;
  return h(
    'div',
    { class: 'tiles' },
    checksTile(record),
    tile(
      'Virtual time',
      formatDuration(virtual),
      `in ${formatDuration(wallSeconds * 1000)}${pace}`,
      '#timeline',
    ),
    tile('Machines', formatCount(estate.machines), size, '#estate'),
    assessment && assessmentTile(assessment),
    replicationTile(record),
    faultsTile(record),
    tile('Trace', formatCount(record.traceEvents), `hash ${record.traceHash.slice(0, 12)}`, '#trace'),
  );
}

function checksTile({ checks }: RunRecord): Child {
  const { passed, failed, skipped } = tallyChecks(checks);
  if (passed + failed === 0) return tile('Checks held', 'none', 'none was made', '#checks');
  const note =
    failed > 0
      ? badge('bad', `${failed} broken`)
      : badge('good', skipped > 0 ? `${skipped} skipped` : 'all of them');
  return tile('Checks held', `${passed} of ${passed + failed}`, note, '#checks');
}

function assessmentTile({
  readiness,
  monthlyComputeCost,
  monthlyStorageCost,
  currency,
}: AssessmentView): Child {
  const all = READINESS_ORDER.reduce((sum, value) => sum + readiness[value], 0);
  const ready = readiness.ready + readiness.readyWithConditions;
  const cost = formatMoney(monthlyComputeCost + monthlyStorageCost, currency);
  return tile(
    'Ready for Azure',
    `${formatCount(ready)} of ${formatCount(all)}`,
    `${cost} a month`,
    '#assessment',
  );
}

function replicationTile({ replications }: RunRecord): Child {
  if (replications.length === 0) return null;
  const migrated = replications.filter(({ cutover }) => cutover).length;
  const equal = replications.map(({ disks }) => digestsEqual(disks));
  const note = equal.includes(false)
    ? badge('bad', 'a target differs')
    : equal.includes(undefined)
      ? 'not all compared'
      : badge('good', 'targets equal sources');
  return tile('Migrated', `${migrated} of ${replications.length}`, note, '#replication');
}

function faultsTile({ faults, verdict }: RunRecord): Child {
  if (faults.length === 0) return null;
  const fired = faults.filter((fault) => fault.fired > 0).length;
  const never = faults.some((fault) => faultState(fault, verdict) === 'neverFired');
  const note = never ? badge('bad', 'some never fired') : badge('good', 'as declared');
  return tile('Faults fired', `${fired} of ${faults.length}`, note, '#faults');
}

function tile(name: string, value: string, note: string | HTMLElement, target: string): HTMLElement {
  return h(
    'a',
    { class: 'tile', href: target },
    h('span', { class: 'tile-name' }, name),
    h('span', { class: 'tile-value' }, value),
    typeof note === 'string' ? h('span', { class: 'tile-note' }, note) : note,
  );
}
