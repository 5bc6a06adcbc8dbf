/** The lanes of the ruler, their places, and the grid of time behind them. */
import type { TimelineEntry } from '#core/contracts/run-record.ts';
import { barRows, tickLabel, ticks, type Window } from '../../view/ruler-layout.ts';
import { type Child, s } from './dom.ts';

const NAMES: Readonly<Record<TimelineEntry['lane'], string>> = {
  script: 'Script',
  fault: 'Faults',
  appliance: 'Appliance',
  vcenter: 'vCenter',
  azure: 'Azure',
  check: 'Checks',
};

const AXIS = 26;
export const ROW = 21;
const PAD = 8;
const TICK_ROOM = 112;
/** Names stand beside the lanes, or over them where there is no room. */
const GUTTER = 104;
const NAME_ROW = 16;
const ROOM_FOR_GUTTER = 560;

export interface LaneEntries {
  readonly name: string;
  /** In order of `from`. */
  readonly entries: readonly TimelineEntry[];
  readonly rows: number;
}

export interface Lane extends LaneEntries {
  readonly top: number;
  /** Where its first row begins. */
  readonly rowsTop: number;
}

export interface Stage {
  readonly width: number;
  readonly height: number;
  /** Left edge of the window; 0 where names stand over the lanes. */
  readonly gutter: number;
  readonly lanes: readonly Lane[];
}

/** Sorted once: a timeline may have tens of thousands of entries. */
export function lanesOf(timeline: readonly TimelineEntry[]): LaneEntries[] {
  return (Object.keys(NAMES) as Array<TimelineEntry['lane']>).map((lane) => {
    const entries = timeline.filter((entry) => entry.lane === lane).sort((a, b) => a.from - b.from);
    return { name: NAMES[lane], entries, rows: Math.max(2, 1 + barRows(entries)) };
  });
}

export function setStage(lanes: readonly LaneEntries[], width: number): Stage {
  const gutter = width >= ROOM_FOR_GUTTER ? GUTTER : 0;
  let top = AXIS;
  const placed = lanes.map((lane): Lane => {
    const rowsTop = top + PAD / 2 + (gutter > 0 ? 0 : NAME_ROW);
    const at = { ...lane, top, rowsTop };
    top = rowsTop + lane.rows * ROW + PAD / 2;
    return at;
  });
  return { width, height: top, gutter, lanes: placed };
}

export function drawGrid({ width, height, gutter, lanes }: Stage, view: Window, start: number): Child {
  const inner = width - gutter;
  const { step, at } = ticks(view, start, inner, TICK_ROOM);
  const xOf = (offset: number) => gutter + ((start + offset - view.from) / (view.to - view.from)) * inner;
  return [
    at
      .filter((offset) => offset >= 0)
      .map((offset) =>
        s(
          'g',
          { class: 'tick', transform: `translate(${xOf(offset).toFixed(1)} 0)` },
          s('line', { y1: AXIS - 6, y2: height }),
          s('text', { x: 4, y: 13 }, tickLabel(offset, step)),
        ),
      ),
    lanes.map(({ name, top, entries }) => {
      const count = entries.length === 0 ? 'nothing' : entries.length.toLocaleString('en-US');
      return [
        s('line', { class: 'lane-line', x1: 0, x2: width, y1: top, y2: top }),
        gutter > 0
          ? [
              s('text', { class: 'lane-name', x: 0, y: top + 19 }, name),
              s('text', { class: 'lane-count', x: 0, y: top + 35 }, count),
            ]
          : s('text', { class: 'lane-count', x: 2, y: top + 13 }, `${name} ${count}`),
      ];
    }),
  ];
}
