/**
 * What a machine used: a month of ten-minute peaks with the percentile that sizing took, one day of samples
 * to show what a peak is made of, and the points in ascending order to show where the rank lies.
 */
import type uPlotType from 'uplot';
import type { UtilisationView } from '#core/contracts/run-record.ts';
import { DAY } from '#core/units.ts';
import { formatCount, formatMeasure, formatPercentile, formatUtc } from '../../view/format.ts';
import { facts, h, replace, section } from './dom.ts';
import {
  dragToZoom,
  type Palette,
  type Plot,
  type PlotSpec,
  plot,
  stepped,
  timeLabels,
  utcDate,
} from './plots.ts';

type Series = UtilisationView['peaks'];

export function utilisationSection(
  views: readonly UtilisationView[],
  notice: string | undefined,
): HTMLElement | undefined {
  if (views.length === 0) return undefined;
  const machines = [...new Set(views.map(({ machine }) => machine))];
  const counters = [...new Set(views.map(({ counter }) => counter))];
  const machine = choice('Machine', machines, () => update());
  const counter = choice('Counter', counters, () => update());
  const step = (by: number) => {
    const at = machine.select.selectedIndex;
    machine.select.selectedIndex = (at + by + machines.length) % machines.length;
    update();
  };
  const month = figure('Ten-minute peaks of the whole history');
  const day = figure('20-second samples of one day, under their ten-minute peaks');
  const order = figure('The ten-minute points in ascending order');
  const summary = h('div', { class: 'plot-summary', 'aria-live': 'polite' });
  const stage = h(
    'div',
    { class: 'figures' },
    month.element,
    h('div', { class: 'pair' }, day.element, order.element),
  );
  const missing = h(
    'p',
    { class: 'empty', hidden: true },
    'This machine has no such counter: choose another.',
  );

  const update = () => {
    const view = views.find((v) => v.machine === machine.select.value && v.counter === counter.select.value);
    stage.hidden = view === undefined;
    missing.hidden = view !== undefined;
    replace(summary);
    if (!view) return;
    const label = formatPercentile(view.percentile, view.unit);
    replace(summary, summaryOf(view, label));
    month.show('Dashed: the percentile that sizing takes. Shaded: the day below.', monthPlot(view, label));
    day.show(
      `${formatUtc(view.samples.from).slice(0, 10)}, UTC. A peak is the highest sample of its ten minutes.`,
      dayPlot(view),
    );
    order.show(
      `Rank ${formatCount(view.percentile.rank)} of ${formatCount(view.percentile.points)} is the point that counts.`,
      orderPlot(view, label),
    );
  };

  const element = section(
    'utilisation',
    'Utilisation',
    ['Drag across a plot to zoom, double-click to see all of it again.', notice && ` ${notice}`],
    h(
      'div',
      { class: 'panel' },
      h(
        'div',
        { class: 'controls' },
        machine.element,
        h(
          'div',
          { class: 'button-group' },
          h(
            'button',
            { type: 'button', 'aria-label': 'Previous machine', on: { click: () => step(-1) } },
            '‹',
          ),
          h('button', { type: 'button', 'aria-label': 'Next machine', on: { click: () => step(1) } }, '›'),
        ),
        counter.element,
      ),
      summary,
      missing,
      stage,
    ),
  );
  update();
  return element;
}

function choice(label: string, values: readonly string[], change: () => void) {
  const select = h(
    'select',
    { on: { change } },
    values.map((value) => h('option', { value }, value)),
  );
  return { select, element: h('label', { class: 'field' }, label, select) };
}

function figure(title: string): { element: HTMLElement; show: (caption: string, spec: PlotSpec) => void } {
  const drawn: Plot = plot(title);
  const text = h('span', {});
  return {
    element: h('figure', {}, h('figcaption', {}, h('strong', {}, title), text), drawn.element),
    show(caption, spec) {
      text.textContent = caption;
      drawn.element.setAttribute('aria-label', `${title}. ${caption}`);
      drawn.show(spec);
    },
  };
}

function present(series: Series): number[] {
  return series.values.filter((value) => value !== null);
}

function summaryOf(view: UtilisationView, label: string) {
  const points = present(view.peaks);
  const highest = points.reduce((max, value) => Math.max(max, value), 0);
  const mean = points.reduce((sum, value) => sum + value, 0) / Math.max(1, points.length);
  const share = (100 * points.length) / Math.max(1, view.peaks.values.length);
  return [
    h('p', { class: 'percentile' }, label),
    facts([
      ['Highest peak', formatMeasure(highest, view.unit)],
      ['Mean of peaks', formatMeasure(mean, view.unit)],
      [
        'Points there',
        `${formatCount(points.length)} of ${formatCount(view.peaks.values.length)} (${share.toFixed(2)} %)`,
      ],
    ]),
  ];
}

function times({ from, periodSeconds, values }: Series): number[] {
  return values.map((_, i) => from / 1000 + i * periodSeconds);
}

function axes(unit: string): uPlotType.Axis[] {
  const values = (_: uPlotType, ticks: number[]) => ticks.map((tick) => formatMeasure(tick, unit));
  return [
    { space: 70, values: timeLabels },
    { values, size: 74 },
  ];
}

/** What the legend says about the point under the pointer; nothing while there is none. */
function shown(unit: string): NonNullable<uPlotType.Series['value']> {
  return (_, value, __, index) => {
    if (index === null || index === undefined) return '';
    return value === null || value === undefined ? 'none' : formatMeasure(value, unit);
  };
}

const UTC_TIME: uPlotType.Series = {
  label: 'UTC',
  value: (_, at) => (at === null || at === undefined ? '' : formatUtc(at * 1000).slice(0, 19)),
};

function monthPlot(view: UtilisationView, label: string): PlotSpec {
  const { unit, percentile, peaks, samples } = view;
  return {
    height: 250,
    data: [times(peaks), [...peaks.values]],
    options: (colours) => ({
      tzDate: utcDate,
      cursor: dragToZoom(),
      scales: { y: { range: zeroBased(percentile.value) } },
      axes: axes(unit),
      series: [
        UTC_TIME,
        {
          label: 'ten-minute peak',
          stroke: colours.accent,
          width: 1,
          points: { show: false },
          value: shown(unit),
        },
      ],
      hooks: {
        drawAxes: [(u) => shade(u, samples.from / 1000, (samples.from + DAY) / 1000, colours)],
        draw: [(u) => horizontal(u, percentile.value, label, colours)],
      },
    }),
  };
}

function dayPlot(view: UtilisationView): PlotSpec {
  const { unit, peaks, samples } = view;
  const x = times(samples);
  const peakAt = (at: number) =>
    peaks.values[Math.floor((at * 1000 - peaks.from) / (peaks.periodSeconds * 1000))];
  return {
    height: 230,
    data: [x, [...samples.values], x.map((at) => peakAt(at) ?? null)],
    options: (colours) => ({
      tzDate: utcDate,
      cursor: dragToZoom(),
      scales: { y: { range: zeroBased(0) } },
      axes: axes(unit),
      series: [
        UTC_TIME,
        {
          label: 'sample',
          stroke: colours.accent,
          fill: colours.soft,
          width: 1,
          points: { show: false },
          value: shown(unit),
        },
        {
          label: 'its peak',
          stroke: colours.mark,
          width: 1.5,
          points: { show: false },
          paths: stepped(),
          value: shown(unit),
        },
      ],
    }),
  };
}

function orderPlot(view: UtilisationView, label: string): PlotSpec {
  const { unit, percentile, peaks } = view;
  const sorted = present(peaks).sort((a, b) => a - b);
  return {
    height: 230,
    data: [sorted.map((_, i) => i + 1), sorted],
    options: (colours) => ({
      cursor: dragToZoom(),
      scales: { x: { time: false }, y: { range: zeroBased(percentile.value) } },
      axes: [
        { space: 60, values: (_: uPlotType, ticks: number[]) => ticks.map(formatCount) },
        ...axes(unit).slice(1),
      ],
      series: [
        { label: 'rank', value: (_, rank) => (rank === null || rank === undefined ? '' : formatCount(rank)) },
        {
          label: 'point',
          stroke: colours.accent,
          fill: colours.soft,
          width: 1.5,
          points: { show: false },
          value: shown(unit),
        },
      ],
      hooks: {
        draw: [
          (u) => {
            horizontal(u, percentile.value, '', colours);
            rankMark(u, percentile.rank, percentile.value, label, colours);
          },
        ],
      },
    }),
  };
}

/** From 0, with room above the highest value and above the percentile line's label. */
function zeroBased(atLeast: number) {
  return (_: uPlotType, _min: number | null, max: number | null): [number, number] => [
    0,
    Math.max(max ?? 0, atLeast, 0.01) * 1.12,
  ];
}

function shade(u: uPlotType, from: number, to: number, colours: Palette): void {
  const left = Math.max(u.bbox.left, u.valToPos(from, 'x', true));
  const right = Math.min(u.bbox.left + u.bbox.width, u.valToPos(to, 'x', true));
  if (right <= left) return;
  u.ctx.fillStyle = colours.band;
  u.ctx.fillRect(left, u.bbox.top, right - left, u.bbox.height);
}

/** A dashed line across the plot with its label on the panel's ground, so that it can be read over the curve. */
function horizontal(u: uPlotType, value: number, label: string, colours: Palette): void {
  const { ctx, bbox } = u;
  const y = Math.round(u.valToPos(value, 'y', true));
  ctx.save();
  ctx.strokeStyle = colours.mark;
  ctx.lineWidth = 1.5 * devicePixelRatio;
  ctx.setLineDash([6 * devicePixelRatio, 4 * devicePixelRatio]);
  ctx.beginPath();
  ctx.moveTo(bbox.left, y);
  ctx.lineTo(bbox.left + bbox.width, y);
  ctx.stroke();
  if (label !== '') tag(u, label, bbox.left + bbox.width, y, colours);
  ctx.restore();
}

function rankMark(u: uPlotType, rank: number, value: number, label: string, colours: Palette): void {
  const { ctx, bbox } = u;
  const x = Math.round(u.valToPos(rank, 'x', true));
  const y = Math.round(u.valToPos(value, 'y', true));
  ctx.save();
  ctx.strokeStyle = colours.mark;
  ctx.fillStyle = colours.mark;
  ctx.lineWidth = 1.5 * devicePixelRatio;
  ctx.setLineDash([3 * devicePixelRatio, 3 * devicePixelRatio]);
  ctx.beginPath();
  ctx.moveTo(x, bbox.top + bbox.height);
  ctx.lineTo(x, y);
  ctx.stroke();
  ctx.beginPath();
  ctx.arc(x, y, 4 * devicePixelRatio, 0, 2 * Math.PI);
  ctx.fill();
  tag(u, label, x - 10 * devicePixelRatio, y, colours);
  ctx.restore();
}

/** Text that ends at `right` and stands on the line at `y`. */
function tag(u: uPlotType, label: string, right: number, y: number, colours: Palette): void {
  const { ctx, bbox } = u;
  ctx.font = `600 ${12 * devicePixelRatio}px system-ui, sans-serif`;
  const most = bbox.width - 12 * devicePixelRatio;
  // Where there is no room for the rank the value alone stands there; the rank is in the text above.
  if (ctx.measureText(label).width > most) label = label.replace(/ \(.*$/, '');
  const width = ctx.measureText(label).width + 12 * devicePixelRatio;
  const height = 20 * devicePixelRatio;
  const left = Math.max(bbox.left, right - width - 4 * devicePixelRatio);
  const top = Math.max(bbox.top, y - height - 4 * devicePixelRatio);
  ctx.setLineDash([]);
  ctx.fillStyle = colours.panel;
  ctx.globalAlpha = 0.88;
  ctx.fillRect(left, top, width, height);
  ctx.globalAlpha = 1;
  ctx.fillStyle = colours.text;
  ctx.textAlign = 'left';
  ctx.textBaseline = 'middle';
  ctx.fillText(label, left + 6 * devicePixelRatio, top + height / 2);
}
