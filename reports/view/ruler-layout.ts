/**
 * Where the entries of one lane lie on the ruler. Thousands of entries must stay readable and quick, so what
 * is too short to be seen becomes a mark, marks that would touch become one cluster with a count, and bars
 * that overlap take further rows, of which there are few. What is drawn is bounded by the width, not by the
 * number of entries.
 */
import type { TimelineEntry } from '#core/contracts/run-record.ts';
import { DAY, HOUR, MINUTE, SECOND } from '#core/units.ts';

export interface Window {
  readonly from: number;
  readonly to: number;
}

export interface Item {
  readonly kind: 'bar' | 'mark' | 'cluster';
  /** Left edge of a bar, middle of a mark or cluster, in px from the left end of the window. */
  readonly x: number;
  readonly width: number;
  /** 0 holds the marks; bars begin at 1. */
  readonly row: number;
  /** Positions in the list given, in order. */
  readonly entries: readonly number[];
  /** The worst among its entries. */
  readonly tone: TimelineEntry['tone'];
}

export const MAX_BAR_ROWS = 2;
const SHORTEST_BAR = 7;
/** A mark or cluster for each so many px at most. */
const MARK_ROOM = 28;
const MARK_SLACK = 8;

const BADNESS: Readonly<Record<TimelineEntry['tone'], number>> = { plain: 0, good: 1, warning: 2, bad: 3 };

/**
 * @param entries of one lane, in order of `from`.
 * @param width   of the window, px.
 */
export function layoutLane(entries: readonly TimelineEntry[], window: Window, width: number): Item[] {
  const scale = width / (window.to - window.from);
  const bars: Item[] = [];
  const marks: Array<{ x: number; entry: number }> = [];
  const rowEnds: number[] = [];
  entries.forEach((entry, index) => {
    const to = entry.to ?? entry.from;
    if (to < window.from || entry.from > window.to) return;
    const left = Math.max(-1, (entry.from - window.from) * scale);
    const right = Math.min(width + 1, (to - window.from) * scale);
    const length = right - left;
    const row = length < SHORTEST_BAR ? -1 : freeRow(rowEnds, left);
    if (row < 0) {
      marks.push({ x: left + Math.max(0, length) / 2, entry: index });
      return;
    }
    rowEnds[row] = right;
    bars.push({ kind: 'bar', x: left, width: length, row: row + 1, entries: [index], tone: entry.tone });
  });
  const origin = (window.from - (entries[0]?.from ?? 0)) * scale;
  return [...clusterMarks(marks, entries, origin), ...bars];
}

/** -1 when all rows are taken at `left`. */
function freeRow(rowEnds: readonly number[], left: number): number {
  for (let row = 0; row < MAX_BAR_ROWS; row++) if ((rowEnds[row] ?? -Infinity) <= left) return row;
  return -1;
}

/** Clusters lie on a grid that is fixed in time, so that they do not change while the window is moved. */
function clusterMarks(
  marks: ReadonlyArray<{ readonly x: number; readonly entry: number }>,
  entries: readonly TimelineEntry[],
  origin: number,
): Item[] {
  const cells = new Map<number, { members: number[]; x: number; tone: TimelineEntry['tone'] }>();
  for (const { x, entry } of marks) {
    const number = Math.floor((x + origin) / MARK_ROOM);
    const cell = cells.get(number) ?? { members: [], x, tone: 'plain' };
    cells.set(number, cell);
    cell.members.push(entry);
    if (BADNESS[entries[entry]!.tone] > BADNESS[cell.tone]) cell.tone = entries[entry]!.tone;
  }
  return [...cells]
    .sort(([a], [b]) => a - b)
    .map(([number, { members, x, tone }]) => {
      const alone = members.length === 1;
      const middle = (number + 0.5) * MARK_ROOM - origin;
      // So that a lone mark does not lie under the count beside it, it may stand a few px off.
      const near = Math.min(middle + MARK_SLACK, Math.max(middle - MARK_SLACK, x));
      return {
        kind: alone ? 'mark' : 'cluster',
        x: alone ? near : middle,
        width: alone ? 0 : MARK_ROOM,
        row: 0,
        entries: members,
        tone,
      };
    });
}

/** Rows that the bars of a lane ever need, whatever the zoom: overlaps do not depend on it. */
export function barRows(entries: readonly TimelineEntry[]): number {
  const rowEnds: number[] = [];
  for (const { from, to } of entries) {
    if (to === undefined || to <= from) continue;
    const row = freeRow(rowEnds, from);
    if (row < 0) return MAX_BAR_ROWS;
    rowEnds[row] = to;
  }
  return rowEnds.length;
}

const STEPS = [
  10,
  50,
  100,
  500,
  ...[1, 5, 10, 30].map((n) => n * SECOND),
  ...[1, 5, 10, 30].map((n) => n * MINUTE),
  ...[1, 3, 6, 12].map((n) => n * HOUR),
  ...[1, 2, 5, 10, 30, 100, 365].map((n) => n * DAY),
];

/** Even places on the ruler, at least `room` px apart, as offsets from the start of the run, with their step. */
export function ticks(
  window: Window,
  start: number,
  width: number,
  room: number,
): { step: number; at: number[] } {
  const span = window.to - window.from;
  const step = STEPS.find((candidate) => (candidate / span) * width >= room) ?? STEPS.at(-1)!;
  const at: number[] = [];
  for (let t = Math.ceil((window.from - start) / step) * step; t <= window.to - start; t += step) at.push(t);
  return { step, at };
}

/** `12d`, `12d 06:30`, `12d 06:30:10`: as exact as the step. */
export function tickLabel(offset: number, step: number): string {
  const pad = (n: number) => String(n).padStart(2, '0');
  const day = `${Math.floor(offset / DAY)}d`;
  if (step >= DAY) return day;
  const clock = `${pad(Math.floor((offset % DAY) / HOUR))}:${pad(Math.floor((offset % HOUR) / MINUTE))}`;
  const seconds = step >= MINUTE ? '' : `:${pad(Math.floor((offset % MINUTE) / SECOND))}`;
  const fraction = step >= SECOND ? '' : `.${String(Math.floor(offset % SECOND)).padStart(3, '0')}`;
  return `${day} ${clock}${seconds}${fraction}`;
}

/** Moves and stretches a window; it stays inside `whole` and no shorter than a tenth of a second. */
export function zoomed(window: Window, whole: Window, factor: number, around: number): Window {
  const span = Math.min(whole.to - whole.from, Math.max(100, (window.to - window.from) * factor));
  const ratio = (around - window.from) / (window.to - window.from);
  return inside(around - span * ratio, span, whole);
}

export function panned(window: Window, whole: Window, by: number): Window {
  return inside(window.from + by, window.to - window.from, whole);
}

function inside(from: number, span: number, whole: Window): Window {
  const start = Math.max(whole.from, Math.min(from, whole.to - span));
  return { from: start, to: start + span };
}
