/** What lies under one item of the ruler. */
import type { TimelineEntry } from '#core/contracts/run-record.ts';
import { formatDuration, formatOffset } from '#core/units.ts';
import { formatCount, formatUtc } from '../../view/format.ts';
import { badge, type Child, h } from './dom.ts';
import { TONE_WORDS } from './ruler-items.ts';

export interface DetailsOptions {
  readonly start: number;
  readonly lane: string;
  readonly zoomTo: (from: number, to: number) => void;
  readonly showTrace: (at: number) => void;
}

const MOST = 50;

export function entryDetails(entries: readonly TimelineEntry[], options: DetailsOptions): Child {
  const { start, lane, zoomTo, showTrace } = options;
  const from = entries[0]!.from;
  const to = entries.reduce((last, entry) => Math.max(last, entry.to ?? entry.from), from);
  const title = entries.length === 1 ? entries[0]!.label : `${formatCount(entries.length)} entries`;
  return [
    h('h3', {}, `${lane}: ${title}`),
    h(
      'div',
      { class: 'controls' },
      h('button', { type: 'button', on: { click: () => zoomTo(from, to) } }, 'Zoom to it'),
      h('button', { type: 'button', on: { click: () => showTrace(from) } }, 'Show the trace from here'),
    ),
    h(
      'ul',
      { class: 'entries' },
      entries
        .slice(0, MOST)
        .map((entry) =>
          h(
            'li',
            {},
            whenOf(entry, start),
            badge(entry.tone, TONE_WORDS[entry.tone]),
            h('span', {}, entry.label),
          ),
        ),
      entries.length > MOST &&
        h('li', {}, `and ${formatCount(entries.length - MOST)} more: zoom in to part them`),
    ),
  ];
}

function whenOf({ from, to }: TimelineEntry, start: number): HTMLElement {
  const until = to === undefined ? '' : `, ${formatDuration(to - from)}`;
  return h('span', { class: 'when', title: formatUtc(from) }, `${formatOffset(from - start)}${until}`);
}
