/** Buttons, the list of steps, and what the pointer does on the ruler. */
import type { StepView } from '#core/contracts/run-record.ts';
import { h } from './dom.ts';

export function zoomButtons(zoom: (factor: number) => void, reset: () => void): HTMLElement {
  const button = (text: string, label: string, click: () => void) =>
    h('button', { type: 'button', 'aria-label': label, title: label, on: { click } }, text);
  return h(
    'div',
    { class: 'button-group' },
    button('−', 'Zoom out', () => zoom(2)),
    button('+', 'Zoom in', () => zoom(0.5)),
    h('button', { type: 'button', on: { click: reset } }, 'Whole run'),
  );
}

/** More steps than that nobody looks through. */
const MOST_STEPS = 500;

export function stepSelect(steps: readonly StepView[], show: (step: StepView) => void): HTMLElement {
  const select = h(
    'select',
    {
      on: {
        change: () => {
          const step = select.value === '' ? undefined : steps[Number(select.value)];
          if (step) show(step);
        },
      },
    },
    h('option', { value: '' }, 'a step …'),
    steps.slice(0, MOST_STEPS).map(({ name, detail }, i) => h('option', { value: i }, `${name}: ${detail}`)),
  );
  return h('label', { class: 'field' }, 'Go to', select);
}

export interface Moves {
  readonly drag: (px: number) => void;
  readonly wheel: (factor: number, px: number) => void;
}

export function pointerMoves(canvas: SVGSVGElement, { drag, wheel }: Moves): void {
  let from: number | undefined;
  let moved = false;
  canvas.addEventListener('pointerdown', (event) => {
    if (event.button !== 0) return;
    from = event.clientX;
    moved = false;
  });
  canvas.addEventListener('pointermove', (event) => {
    if (from === undefined) return;
    const px = event.clientX - from;
    if (!moved && Math.abs(px) < 4) return;
    // Captured only once it is a drag: a click must still reach the entry under it.
    if (!moved) canvas.setPointerCapture(event.pointerId);
    moved = true;
    from = event.clientX;
    drag(px);
  });
  const end = () => {
    from = undefined;
  };
  canvas.addEventListener('pointerup', end);
  canvas.addEventListener('pointercancel', end);
  canvas.addEventListener(
    'wheel',
    (event) => {
      // Without Ctrl the wheel scrolls the page, as everywhere.
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      wheel(event.deltaY > 0 ? 1.25 : 0.8, event.clientX - canvas.getBoundingClientRect().left);
    },
    { passive: false },
  );
}
