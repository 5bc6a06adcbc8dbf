/** A strip over the ruler that always shows the whole run: where it is busy, where it is bad, what is in view. */
import type { TimelineEntry } from '#core/contracts/run-record.ts';
import type { Window } from '../../view/ruler-layout.ts';
import { append, h, s, type Tone } from './dom.ts';

const HEIGHT = 34;
const CELL = 4;

export interface Overview {
  readonly element: HTMLElement;
  setWindow(window: Window): void;
  resize(gutter: number, width: number): void;
}

/** Dragging over the strip chooses the window. For the keyboard the ruler itself has the same. */
export function overview(
  timeline: readonly TimelineEntry[],
  whole: Window,
  choose: (window: Window) => void,
): Overview {
  const canvas = s('svg', { class: 'overview', height: HEIGHT, 'aria-hidden': 'true' });
  const frame = s('rect', { class: 'in-view', y: 0.5, height: HEIGHT - 1, rx: 3 });
  const element = h('div', { class: 'overview-frame' }, canvas);
  let left = 0;
  let width = 0;
  const span = whole.to - whole.from;
  const timeAt = (clientX: number) => {
    const ratio = (clientX - canvas.getBoundingClientRect().left - left) / width;
    return whole.from + Math.min(1, Math.max(0, ratio)) * span;
  };
  let anchor: number | undefined;
  canvas.addEventListener('pointerdown', (event) => {
    anchor = timeAt(event.clientX);
    canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener('pointermove', (event) => {
    if (anchor === undefined) return;
    const at = timeAt(event.clientX);
    if (Math.abs(at - anchor) > span / width)
      choose({ from: Math.min(anchor, at), to: Math.max(anchor, at) });
  });
  const end = () => {
    anchor = undefined;
  };
  canvas.addEventListener('pointerup', end);
  canvas.addEventListener('pointercancel', end);

  return {
    element,
    setWindow({ from, to }) {
      frame.setAttribute('x', (left + ((from - whole.from) / span) * width + 0.5).toFixed(1));
      frame.setAttribute('width', Math.max(3, ((to - from) / span) * width - 1).toFixed(1));
    },
    resize(gutter, total) {
      left = gutter;
      width = total - gutter;
      canvas.setAttribute('width', String(total));
      canvas.replaceChildren();
      append(canvas, [
        columns(timeline, whole, width).map(({ x, height, tone }) =>
          s('rect', {
            class: `density tone-${tone}`,
            x: left + x,
            y: HEIGHT - 2 - height,
            width: CELL - 1,
            height,
          }),
        ),
        frame,
      ]);
    },
  };
}

/** How many entries begin in each few px, on a logarithmic scale: one is visible beside a thousand. */
function columns(timeline: readonly TimelineEntry[], whole: Window, width: number) {
  const cells = new Map<number, { n: number; tone: Tone }>();
  for (const { from, tone } of timeline) {
    const cell = Math.floor((((from - whole.from) / (whole.to - whole.from)) * width) / CELL);
    const seen = cells.get(cell) ?? { n: 0, tone: 'plain' };
    const worse = tone === 'bad' || (tone === 'warning' && seen.tone !== 'bad');
    cells.set(cell, { n: seen.n + 1, tone: worse ? tone : seen.tone });
  }
  const most = Math.max(1, ...[...cells.values()].map(({ n }) => n));
  return [...cells].map(([cell, { n, tone }]) => ({
    x: cell * CELL,
    height: Math.max(4, Math.round(((HEIGHT - 6) * Math.log(1 + n)) / Math.log(1 + most))),
    tone,
  }));
}
