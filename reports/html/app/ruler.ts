/**
 * The virtual-time ruler: the whole run on one line, in lanes, down to one entry. Drag or Shift+arrows move it,
 * the wheel with Ctrl, + and − stretch it, arrows go from entry to entry, Enter opens one.
 */
import type { RunRecord } from '#core/contracts/run-record.ts';
import { formatOffset } from '#core/units.ts';
import { formatUtc } from '../../view/format.ts';
import { type Item, layoutLane, panned, type Window, zoomed } from '../../view/ruler-layout.ts';
import { append, h, replace, s, section } from './dom.ts';
import { pointerMoves, stepSelect, zoomButtons } from './ruler-controls.ts';
import { entryDetails } from './ruler-details.ts';
import { drawItem, toneLegend } from './ruler-items.ts';
import { drawGrid, lanesOf, ROW, type Stage, setStage } from './ruler-lanes.ts';
import { overview } from './ruler-overview.ts';

export interface Ruler {
  readonly element: HTMLElement;
  /** Shows the surroundings of an instant of the story. */
  show(at: number): void;
}

/** Lane and first entry of the item that the keyboard is on: survives every redraw. */
interface Place {
  readonly lane: number;
  readonly entry: number;
}

export function rulerSection(
  record: RunRecord,
  notice: string | undefined,
  showTrace: (at: number) => void,
): Ruler {
  const { clock, timeline, steps } = record;
  const span = Math.max(clock.end - clock.start, 1000);
  // A little more than the run, so that what lies on its first and last instant is seen whole.
  const whole: Window = { from: clock.start - span * 0.015, to: clock.start + span * 1.04 };
  const lanes = lanesOf(timeline);
  let stage: Stage = setStage(lanes, 0);
  let view = whole;
  let current: Place | undefined;
  let drawn: Item[][] = [];

  const canvas = s('svg', { class: 'ruler', role: 'group', 'aria-label': 'Virtual-time ruler' });
  const frame = h('div', { class: 'ruler-frame' }, canvas);
  const range = h('output', { class: 'range' });
  const details = h('div', { class: 'entry-details', 'aria-live': 'polite' });

  const setView = (next: Window) => {
    view = next;
    draw();
  };
  const strip = overview(timeline, whole, setView);
  const around = (from: number, to: number, factor: number) =>
    setView(zoomed({ from, to: Math.max(to, from + 100) }, whole, factor, (from + to) / 2));
  const zoom = (factor: number, at = (view.from + view.to) / 2) => setView(zoomed(view, whole, factor, at));
  const pan = (by: number) => setView(panned(view, whole, by));

  const open = (lane: number, item: Item) => {
    const { entries, name } = lanes[lane]!;
    current = { lane, entry: item.entries[0]! };
    replace(
      details,
      entryDetails(
        item.entries.map((index) => entries[index]!),
        { start: clock.start, lane: name, zoomTo: (from, to) => around(from, to, 1.3), showTrace },
      ),
    );
    draw();
  };

  const draw = () => {
    if (stage.width <= 0) return;
    const { width, height, gutter } = stage;
    const inner = width - gutter;
    drawn = lanes.map((lane) => layoutLane(lane.entries, view, inner));
    const hadFocus = canvas.contains(document.activeElement);
    canvas.setAttribute('width', String(width));
    canvas.setAttribute('height', String(height));
    const clip = s('clipPath', { id: 'ruler-window' }, s('rect', { x: gutter, y: 0, width: inner, height }));
    canvas.replaceChildren(s('defs', {}, clip));
    append(canvas, [drawGrid(stage, view, clock.start), drawn.map(drawLane)]);
    const stop = canvas.querySelector('[data-current]') ?? canvas.querySelector('.item');
    stop?.setAttribute('tabindex', '0');
    if (hadFocus && stop instanceof SVGElement) stop.focus({ preventScroll: true });
    strip.setWindow(view);
    const from = Math.max(0, Math.floor(view.from - clock.start));
    const to = Math.min(clock.end - clock.start, Math.ceil(view.to - clock.start));
    range.textContent = `${formatOffset(from)} to ${formatOffset(to)}`;
    range.title = `${formatUtc(clock.start + from)} to ${formatUtc(clock.start + to)}`;
  };

  const drawLane = (items: readonly Item[], index: number) => {
    const lane = stage.lanes[index]!;
    const shapes = items.map((item, at) =>
      drawItem({
        item,
        entries: lane.entries,
        x: stage.gutter,
        y: lane.rowsTop + item.row * ROW,
        room: roomAfter(items, at, stage.width - stage.gutter),
        current: isCurrent(index, item),
        start: clock.start,
        open: () => open(index, item),
      }),
    );
    return s('g', { 'clip-path': 'url(#ruler-window)' }, shapes);
  };

  const isCurrent = (lane: number, item: Item) =>
    current?.lane === lane && item.entries.includes(current.entry);

  const step = (key: string) => {
    const next = neighbour(drawn, current, key);
    if (!next) return;
    current = next;
    draw();
  };

  canvas.addEventListener('keydown', (event) => {
    const quarter = (view.to - view.from) / 4;
    if (event.key === '+' || event.key === '=') zoom(0.5);
    else if (event.key === '-') zoom(2);
    else if (event.key === '0') setView(whole);
    else if (event.shiftKey && event.key === 'ArrowLeft') pan(-quarter);
    else if (event.shiftKey && event.key === 'ArrowRight') pan(quarter);
    else if (/^(?:Arrow(?:Left|Right|Up|Down)|Home|End)$/.test(event.key)) step(event.key);
    else return;
    event.preventDefault();
  });
  const timePerPx = () => (view.to - view.from) / (stage.width - stage.gutter);
  pointerMoves(canvas, {
    drag: (px) => pan(-px * timePerPx()),
    wheel: (factor, px) => zoom(factor, view.from + (px - stage.gutter) * timePerPx()),
  });
  new ResizeObserver(([box]) => {
    const width = Math.floor(box!.contentRect.width);
    if (width === stage.width) return;
    stage = setStage(lanes, width);
    strip.resize(stage.gutter, width);
    draw();
  }).observe(frame);

  const controls = h(
    'div',
    { class: 'controls' },
    zoomButtons(zoom, () => setView(whole)),
    stepSelect(steps, ({ from, to }) => around(from, to ?? clock.end, 1.1)),
    range,
  );
  const element = section(
    'timeline',
    'Timeline',
    [
      `The run in virtual time, from ${formatUtc(clock.start)}. Choose an entry for its details.`,
      notice && ` ${notice}`,
    ],
    h('div', { class: 'panel' }, controls, strip.element, frame, toneLegend(), details),
  );
  return { element, show: (at) => around(at - span / 120, at + span / 120, 1) };
}

/** The item before or after in its lane, or the nearest one of the lane above or below. */
function neighbour(
  drawn: ReadonlyArray<readonly Item[]>,
  current: Place | undefined,
  key: string,
): Place | undefined {
  const order = drawn.map((items) => [...items].sort((a, b) => a.x - b.x));
  let lane = current?.lane ?? order.findIndex((items) => items.length > 0);
  const items = order[lane];
  if (!items) return undefined;
  const position = items.findIndex((item) => current && item.entries.includes(current.entry));
  let target: Item | undefined;
  if (key === 'Home') target = items[0];
  else if (key === 'End') target = items.at(-1);
  else if (key === 'ArrowRight') target = items[position + 1];
  else if (key === 'ArrowLeft') target = items[Math.max(0, position - 1)];
  else {
    const x = items[Math.max(0, position)]?.x ?? 0;
    do lane += key === 'ArrowDown' ? 1 : -1;
    while (order[lane]?.length === 0);
    target = order[lane]?.reduce((a, b) => (Math.abs(b.x - x) < Math.abs(a.x - x) ? b : a));
  }
  return target && { lane, entry: target.entries[0]! };
}

/** Free px to the right of an item, for its label. */
function roomAfter(items: readonly Item[], at: number, width: number): number {
  const { x, row, kind } = items[at]!;
  if (kind !== 'mark') return 0;
  const next = items[at + 1];
  return (next?.row === row ? next.x - next.width / 2 : width) - x;
}
