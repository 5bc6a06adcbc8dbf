/** uPlot in the colours of the page: redrawn when the width, the theme or the medium changes. */
import type uPlotType from 'uplot';
import { h } from './dom.ts';

// The library is a classic script of its own before this one.
declare const uPlot: typeof uPlotType;

export interface Palette {
  readonly text: string;
  readonly muted: string;
  readonly grid: string;
  readonly accent: string;
  readonly soft: string;
  readonly mark: string;
  readonly band: string;
  readonly panel: string;
}

const COLOURS: Readonly<Record<keyof Palette, string>> = {
  text: '--text',
  muted: '--muted',
  grid: '--grid',
  accent: '--accent',
  soft: '--accent-soft',
  mark: '--mark',
  band: '--band',
  panel: '--panel',
};

/** Canvas knows no custom properties: an element resolves them. */
function palette(): Palette {
  const probe = h('span', { hidden: true });
  document.body.append(probe);
  const resolve = (name: string) => {
    probe.style.color = `var(${name})`;
    return getComputedStyle(probe).color;
  };
  const colours = Object.fromEntries(Object.entries(COLOURS).map(([key, name]) => [key, resolve(name)]));
  probe.remove();
  return colours as unknown as Palette;
}

export interface PlotSpec {
  readonly height: number;
  readonly data: uPlotType.AlignedData;
  /** Everything but size; made anew for each palette. */
  readonly options: (colours: Palette) => Omit<uPlotType.Options, 'width' | 'height'>;
}

export interface Plot {
  readonly element: HTMLElement;
  show(spec: PlotSpec): void;
}

const redraws = new Set<() => void>();

/** Draws every plot again, after the colours changed. */
export function redrawPlots(): void {
  for (const redraw of redraws) redraw();
}

/** @param description what a person who cannot see it should know. */
export function plot(description: string): Plot {
  const element = h('div', { class: 'plot', role: 'img', 'aria-label': description });
  let drawn: uPlotType | undefined;
  let spec: PlotSpec | undefined;
  let width = 0;
  const draw = () => {
    if (!spec || width < 40) return;
    drawn?.destroy();
    const colours = palette();
    const font = '12px system-ui, sans-serif';
    const options = spec.options(colours);
    const axes = (options.axes ?? [{}, {}]).map((axis) => ({
      font,
      stroke: colours.muted,
      grid: { stroke: colours.grid, width: 1 },
      ticks: { stroke: colours.grid, width: 1, size: 5 },
      ...axis,
    }));
    drawn = new uPlot({ ...options, axes, width, height: spec.height }, spec.data, element);
  };
  redraws.add(draw);
  new ResizeObserver(([box]) => {
    const next = Math.floor(box!.contentRect.width);
    if (next === width) return;
    width = next;
    if (drawn && spec) drawn.setSize({ width, height: spec.height });
    else draw();
  }).observe(element);
  return {
    element,
    show(next) {
      spec = next;
      draw();
    },
  };
}

/** The calendar of the story is UTC, wherever it is read. */
export function utcDate(seconds: number): Date {
  return uPlot.tzDate(new Date(seconds * 1000), 'Etc/UTC');
}

const CLOCK = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', timeZone: 'UTC' });
const DATE = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', timeZone: 'UTC' });

/** `12 Mar` for days; `08:00` within one, with the date under the first of each. */
export function timeLabels(
  _: uPlotType,
  seconds: number[],
  _axis: number,
  _space: number,
  step: number,
): string[] {
  let day = '';
  return seconds.map((at) => {
    const date = DATE.format(at * 1000);
    if (step >= 86_400) return date;
    const label = date === day ? '' : `\n${date}`;
    day = date;
    return `${CLOCK.format(at * 1000)}${label}`;
  });
}

export function dragToZoom(): uPlotType.Cursor {
  return { drag: { x: true, y: false }, points: { size: 7 } };
}

export function stepped(): uPlotType.Series.PathBuilder {
  return uPlot.paths.stepped!({ align: 1 });
}
