/** What other properties would have given: sets side by side, what a percentile costs, and the machines that change. */
import type { AssessedMachineView, WhatIfView } from '#core/contracts/run-record.ts';
import { formatCount } from '../../view/format.ts';
import { type Child, h, s } from './dom.ts';

type Money = (amount: number | undefined) => string;

export function whatIfPanel(view: WhatIfView, money: Money): HTMLElement {
  return h(
    'div',
    { class: 'panel' },
    h('h3', {}, 'What if'),
    table(
      'Sets of properties',
      ['Properties', 'Compute', 'Storage', 'vCPUs', 'With a size', 'Machines that change'],
      view.sets.map((set, i) => [
        set.name,
        money(set.monthlyComputeCost),
        money(set.monthlyStorageCost),
        formatCount(set.vCpus),
        formatCount(set.sized),
        i === 0 ? '–' : formatCount(set.changed),
      ]),
    ),
    view.curve.length > 1 && [h('h3', {}, 'What a percentile costs'), curve(view, money)],
    view.changed.length > 0 &&
      h(
        'details',
        {},
        h('summary', {}, `${formatCount(view.changed.length)} machines change`),
        table(
          'Machines that change',
          ['Machine', ...view.sets.map(({ name }) => name)],
          view.changed.map(({ name, gives }) => [name, ...gives]),
        ),
      ),
  );
}

/** The sizes of one machine in order of price, and what each that fell out lacks. */
export function comparedSizes({ compared, fellOut }: AssessedMachineView, money: Money): Child {
  if (compared === undefined || compared.length === 0) return null;
  return h(
    'div',
    {},
    h('h3', {}, 'Sizes in order of price'),
    table(
      'Sizes in order of price',
      ['Size', 'A month', 'Lacks'],
      compared.map(({ size, monthly, lacks }) => [size, money(monthly), lacks === '' ? 'nothing' : lacks]),
    ),
    fellOut !== undefined &&
      fellOut.length > 0 &&
      h(
        'details',
        {},
        h('summary', {}, 'All that fell out'),
        table(
          'Sizes that fell out',
          ['Lacks', 'Sizes'],
          fellOut.map(({ lacks, sizes }) => [lacks, sizes.join(', ')]),
        ),
      ),
  );
}

/** Scrolls by itself where the page is narrower. */
function table(label: string, head: readonly string[], rows: ReadonlyArray<readonly string[]>): HTMLElement {
  return h(
    'div',
    { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': label },
    h(
      'table',
      { class: 'inner' },
      h(
        'thead',
        {},
        h(
          'tr',
          {},
          head.map((name) => h('th', { scope: 'col' }, name)),
        ),
      ),
      h(
        'tbody',
        {},
        rows.map((row) =>
          h(
            'tr',
            {},
            row.map((cell) => h('td', {}, cell)),
          ),
        ),
      ),
    ),
  );
}

const WIDTH = 640;
const HEIGHT = 180;
const LEFT = 90;
const RIGHT = 24;
const BOTTOM = 24;

/** P99 and P100 are too close for two labels. */
function isLabelled({ percentile }: WhatIfView['curve'][number]): boolean {
  return percentile !== 99;
}

/** Cost over percentile; the axis begins at nothing, so that differences look as large as they are. */
function curve({ curve: points }: WhatIfView, money: Money): SVGSVGElement {
  const most = Math.max(...points.map(({ compute, storage }) => compute + storage), 1);
  const low = points[0]!.percentile;
  const span = Math.max(1, points.at(-1)!.percentile - low);
  const x = (percentile: number) => LEFT + ((percentile - low) / span) * (WIDTH - LEFT - RIGHT);
  const y = (amount: number) => 10 + (1 - amount / most) * (HEIGHT - BOTTOM - 10);
  const line = (amount: (point: (typeof points)[number]) => number) =>
    points.map((point) => `${x(point.percentile).toFixed(1)},${y(amount(point)).toFixed(1)}`).join(' ');
  const total = points.map(
    ({ percentile, compute, storage }) => `P${percentile} ${money(compute + storage)}`,
  );
  return s(
    'svg',
    {
      class: 'curve',
      viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
      role: 'img',
      'aria-label': `Monthly cost: ${total.join(', ')}`,
    },
    [0, 0.5, 1].map((part) => [
      s('line', { x1: LEFT, x2: WIDTH - RIGHT, y1: y(most * part), y2: y(most * part), class: 'curve-grid' }),
      s('text', { x: LEFT - 8, y: y(most * part) + 4, class: 'curve-amount' }, money(most * part)),
    ]),
    points
      .filter(isLabelled)
      .map(({ percentile }) =>
        s('text', { x: x(percentile), y: HEIGHT - 6, class: 'curve-percentile' }, `P${percentile}`),
      ),
    s('polyline', { points: line(({ compute }) => compute), class: 'curve-compute' }),
    s('polyline', { points: line(({ compute, storage }) => compute + storage), class: 'curve-total' }),
    points.map((point) =>
      s(
        'circle',
        { cx: x(point.percentile), cy: y(point.compute + point.storage), r: 3, class: 'curve-point' },
        s(
          'title',
          {},
          `P${point.percentile}: ${money(point.compute + point.storage)}, of which compute ${money(point.compute)}`,
        ),
      ),
    ),
  );
}
