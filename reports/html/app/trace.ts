/** The trace: what was said above TLS, every timer, every durable write; searched and shown a part at a time. */
import type { TraceEvent } from '#core/trace/recorder.ts';
import { formatBytes, formatOffset } from '#core/units.ts';
import { formatCount, formatUtc } from '../../view/format.ts';
import { TRACE_KINDS, type TraceTable } from '../../view/payload.ts';
import { h, replace, section } from './dom.ts';
import { dataTable } from './table.ts';

/** A person reads no more than that; a search finds the rest. */
const MOST = 2_000;
const PAGE = 50;

export interface TraceSection {
  readonly element: HTMLElement;
  /** Shows what happened from an instant of the story on. */
  showFrom(at: number): void;
}

export function traceSection(trace: TraceTable, start: number, notice: string | undefined): TraceSection {
  let from: number | undefined;
  const textOf = textIndex(trace);
  const search = h('input', {
    type: 'search',
    placeholder: 'such as QueryPerf vm-1003',
    on: { input: () => apply() },
  });
  const kind = h(
    'select',
    { on: { change: () => apply() } },
    h('option', { value: '' }, 'everything'),
    TRACE_KINDS.map((name) => h('option', { value: name }, name)),
  );
  const end = h(
    'select',
    { on: { change: () => apply() } },
    h('option', { value: 'first' }, 'the beginning'),
    h('option', { value: 'last' }, 'the end'),
  );
  const since = h('span', {});
  const found = h('output', { class: 'range' });
  const table = dataTable<number>({
    caption: 'Trace events',
    rows: [],
    page: PAGE,
    columns: [
      { label: 'Event', numeric: true, cell: (i) => formatCount(trace.index(i) + 1) },
      {
        label: 'Virtual time',
        cell: (i) => h('span', { title: formatUtc(trace.at[i]!) }, formatOffset(trace.at[i]! - start)),
      },
      { label: 'Kind', cell: (i) => h('span', { class: 'kind' }, trace.kind(i)) },
      { label: 'Who', cell: (i) => trace.who(i) },
      { label: 'What', prose: true, cell: (i) => h('code', { class: 'event' }, trace.what(i)) },
      { label: 'Bytes', numeric: true, cell: (i) => bytesOf(trace.bytes(i)) },
      { label: 'Digest', cell: (i) => (trace.digest(i) ? h('code', {}, `${trace.digest(i)}…`) : '') },
    ],
    empty: 'No event fits.',
  });

  const apply = () => {
    const { rows, matches } = select(trace, {
      words: search.value.trim().toLowerCase().split(/\s+/).filter(Boolean),
      kind: kind.value,
      from,
      fromEnd: end.value === 'last',
      textOf,
    });
    table.setRows(rows);
    found.textContent =
      matches <= rows.length
        ? `${formatCount(matches)} events`
        : `${formatCount(rows.length)} of ${formatCount(matches)} events`;
    replace(
      since,
      from !== undefined &&
        h(
          'button',
          {
            type: 'button',
            on: {
              click: () => {
                from = undefined;
                apply();
              },
            },
          },
          `since ${formatOffset(from - start)} ✕`,
          h('span', { class: 'unseen' }, ' (show all again)'),
        ),
    );
  };

  const element = section(
    'trace',
    'Trace',
    [
      `The first ${formatCount(MOST)} events that fit are listed; words are searched in who and what. Digests are cut to ${trace.digestDigits} digits; the record has all of them.`,
      notice && ` ${notice}`,
    ],
    h(
      'div',
      { class: 'panel' },
      h(
        'div',
        { class: 'controls' },
        h('label', { class: 'field grow' }, 'Find', search),
        h('label', { class: 'field' }, 'Kind', kind),
        h('label', { class: 'field' }, 'From', end),
        since,
        found,
      ),
      table.element,
    ),
  );
  apply();
  return {
    element,
    showFrom(at) {
      from = at;
      end.value = 'first';
      apply();
      element.scrollIntoView();
    },
  };
}

function bytesOf(bytes: number | undefined): string {
  return bytes === undefined ? '' : formatBytes(bytes);
}

/** What is searched, made once per event: typing a word asks for it with every letter. */
function textIndex(trace: TraceTable): (i: number) => string {
  const texts: string[] = [];
  return (i) => {
    texts[i] ??= `${trace.who(i)} ${trace.what(i)}`.toLowerCase();
    return texts[i];
  };
}

interface Wanted {
  readonly words: readonly string[];
  readonly kind: TraceEvent['kind'] | string;
  readonly from: number | undefined;
  readonly fromEnd: boolean;
  readonly textOf: (i: number) => string;
}

/** Positions of the events that fit, at most `MOST`, in the order in which they happened; and how many fit. */
function select(
  trace: TraceTable,
  { words, kind, from, fromEnd, textOf }: Wanted,
): { rows: number[]; matches: number } {
  const rows: number[] = [];
  let matches = 0;
  for (let n = 0; n < trace.count; n++) {
    const i = fromEnd ? trace.count - 1 - n : n;
    if (from !== undefined && trace.at[i]! < from) continue;
    if (kind !== '' && trace.kind(i) !== kind) continue;
    if (words.length > 0) {
      const text = textOf(i);
      if (!words.every((word) => text.includes(word))) continue;
    }
    matches++;
    if (rows.length < MOST) rows.push(i);
  }
  return { rows: fromEnd ? rows.reverse() : rows, matches };
}
