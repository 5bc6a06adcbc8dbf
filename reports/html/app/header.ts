/** What a reader wants first: did it pass, what was it, how to have it again; then the figures in tiles. */
import type { RunRecord, Verdict } from '#core/contracts/run-record.ts';
import { formatBytes, formatDuration, formatOffset } from '#core/units.ts';
import { formatCount, formatMoney, formatUtc } from '../../view/format.ts';
import {
  digestsEqual,
  faultState,
  PROMISE_WORDS,
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
  const { assessment, checks, clock, estate, faults, replications, wallSeconds } = record;
  const virtual = clock.end - clock.start;
  const tally = tallyChecks(checks);
  const ran = checks.length - tally.skipped;
  const fired = faults.filter((fault) => fault.fired > 0).length;
  const neverFired = faults.some((fault) => faultState(fault, record.verdict) === 'neverFired');
  const migrated = replications.filter(({ cutover }) => cutover).length;
  const equal = replications.map(({ disks }) => digestsEqual(disks));
  const speed = wallSeconds > 0 ? Math.round(virtual / 1000 / wallSeconds) : 0;
  return h(
    'div',
    { class: 'tiles' },
    tile(
      'Checks held',
      `${tally.passed} of ${ran}`,
      tally.failed > 0
        ? ['bad', `${tally.failed} broken`]
        : ['good', tally.skipped > 0 ? `${tally.skipped} skipped` : 'all of them'],
      '#checks',
    ),
    tile(
      'Virtual time',
      formatDuration(virtual),
      [undefined, `in ${formatDuration(wallSeconds * 1000)}${speed > 1 ? `, ×${formatCount(speed)}` : ''}`],
      '#timeline',
    ),
    tile(
      'Machines',
      formatCount(estate.machines),
      [
        undefined,
        `${formatCount(estate.poweredOn)} on, ${formatCount(estate.disks)} disks, ${formatBytes(estate.capacityBytes)}`,
      ],
      '#estate',
    ),
    assessment &&
      tile(
        'Ready for Azure',
        `${formatCount(assessment.readiness.ready + assessment.readiness.readyWithConditions)} of ${formatCount(assessment.machines.length)}`,
        [
          undefined,
          `${formatMoney(assessment.monthlyComputeCost + assessment.monthlyStorageCost, assessment.currency)} a month`,
        ],
        '#assessment',
      ),
    replications.length > 0 &&
      tile(
        'Migrated',
        `${migrated} of ${replications.length}`,
        equal.includes(false)
          ? ['bad', 'a target differs']
          : equal.every((same) => same === true)
            ? ['good', 'targets equal sources']
            : [undefined, 'not compared'],
        '#replication',
      ),
    faults.length > 0 &&
      tile(
        'Faults fired',
        `${fired} of ${faults.length}`,
        neverFired ? ['bad', 'some never fired'] : ['good', 'as declared'],
        '#faults',
      ),
    tile(
      'Trace',
      formatCount(record.traceEvents),
      [undefined, `hash ${record.traceHash.slice(0, 12)}`],
      '#trace',
    ),
  );
}

function tile(
  name: string,
  value: string,
  [tone, note]: readonly [Tone | undefined, string],
  target: string,
): HTMLElement {
  return h(
    'a',
    { class: 'tile', href: target },
    h('span', { class: 'tile-name' }, name),
    h('span', { class: 'tile-value' }, value),
    tone ? badge(tone, note) : h('span', { class: 'tile-note' }, note),
  );
}
