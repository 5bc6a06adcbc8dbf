/** The assessment: readiness, cost and confidence at a glance, then machine by machine with the reasons. */
import type { AssessedMachineView, AssessmentView } from '#core/contracts/run-record.ts';
import { formatBytes, MIB } from '#core/units.ts';
import { formatCount, formatMoney } from '../../view/format.ts';
import { READINESS_ORDER, READINESS_WORDS, type Readiness, starsOf, starsReason } from '../../view/words.ts';
import { comparedSizes, whatIfPanel } from './assessment-what-if.ts';
import { badge, type Child, facts, h, s, section, type Tone } from './dom.ts';
import { type Column, dataTable } from './table.ts';

const TONES: Readonly<Record<Readiness, Tone | 'skip'>> = {
  ready: 'good',
  readyWithConditions: 'warning',
  notReady: 'bad',
  unknown: 'skip',
};

export function assessmentSection(view: AssessmentView, notice: string | undefined): HTMLElement {
  const money = (amount: number | undefined) =>
    amount === undefined ? '–' : formatMoney(amount, view.currency);
  const total = view.monthlyComputeCost + view.monthlyStorageCost;
  return section(
    'assessment',
    'Assessment',
    [
      `“${view.name}”: what Azure would be asked for, and why. Costs are list prices from this simulation’s catalogue.`,
      notice && ` ${notice}`,
    ],
    h(
      'div',
      { class: 'cards' },
      h('div', { class: 'panel readiness' }, donut(view), legend(view)),
      h(
        'div',
        { class: 'panel' },
        h('h3', {}, 'Monthly cost'),
        h('p', { class: 'big' }, money(total)),
        facts([
          ['Compute', money(view.monthlyComputeCost)],
          ['Storage', money(view.monthlyStorageCost)],
        ]),
      ),
      h(
        'div',
        { class: 'panel' },
        h('h3', {}, 'Confidence'),
        h('p', { class: 'big' }, stars(starsOf(view.confidencePercent))),
        h('p', { class: 'why' }, starsReason(view.confidencePercent)),
      ),
      h('div', { class: 'panel wide' }, h('h3', {}, 'Properties'), facts(Object.entries(view.properties))),
    ),
    machines(view, money),
    view.whatIf && whatIfPanel(view.whatIf, money),
  );
}

function machines(view: AssessmentView, money: (amount: number | undefined) => string): HTMLElement {
  let readiness: Readiness | undefined;
  let words = '';
  const table = dataTable<AssessedMachineView>({
    caption: 'Assessed machines',
    columns: columns(money),
    rows: view.machines,
    nameOf: ({ name }) => name,
    detail: (machine) => detail(machine, money),
    empty: 'No machine fits this filter.',
  });
  const buttons: HTMLButtonElement[] = [];
  const apply = () => {
    table.setRows(
      view.machines.filter(
        (machine) =>
          (readiness === undefined || machine.readiness === readiness) &&
          `${machine.name} ${machine.os} ${machine.size ?? ''}`.toLowerCase().includes(words),
      ),
    );
  };
  const filter = (value: Readiness | undefined, label: string, count: number) => {
    const button = h(
      'button',
      {
        type: 'button',
        'aria-pressed': String(value === readiness),
        on: {
          click: () => {
            readiness = value;
            for (const other of buttons) other.setAttribute('aria-pressed', String(other === button));
            apply();
          },
        },
      },
      `${label} ${formatCount(count)}`,
    );
    buttons.push(button);
    return button;
  };
  const search = h('input', {
    type: 'search',
    placeholder: 'a name, system or size',
    on: {
      input: () => {
        words = search.value.trim().toLowerCase();
        apply();
      },
    },
  });
  return h(
    'div',
    { class: 'panel' },
    h(
      'div',
      { class: 'controls' },
      h(
        'div',
        { class: 'button-group', role: 'group', 'aria-label': 'Readiness' },
        filter(undefined, 'All', view.machines.length),
        READINESS_ORDER.filter((value) => view.readiness[value] > 0).map((value) =>
          filter(value, READINESS_WORDS[value], view.readiness[value]),
        ),
      ),
      h('label', { class: 'field' }, 'Find', search),
    ),
    table.element,
  );
}

function columns(money: (amount: number | undefined) => string): Array<Column<AssessedMachineView>> {
  return [
    {
      label: 'Machine',
      sort: (m) => m.name,
      cell: (m) => h('strong', { class: 'name', title: m.name }, m.name),
    },
    {
      label: 'Readiness',
      sort: (m) => READINESS_ORDER.indexOf(m.readiness),
      cell: (m) => badge(TONES[m.readiness], READINESS_WORDS[m.readiness]),
    },
    { label: 'Size', sort: (m) => m.size, cell: (m) => (m.size === undefined ? '–' : h('code', {}, m.size)) },
    { label: 'Cores', numeric: true, sort: (m) => m.cores, cell: (m) => formatCount(m.cores) },
    { label: 'Memory', numeric: true, sort: (m) => m.memoryMiB, cell: (m) => formatBytes(m.memoryMiB * MIB) },
    {
      label: 'Compute',
      numeric: true,
      sort: (m) => m.monthlyComputeCost,
      cell: (m) => money(m.monthlyComputeCost),
    },
    {
      label: 'Storage',
      numeric: true,
      sort: (m) => m.monthlyStorageCost,
      cell: (m) => money(m.monthlyStorageCost),
    },
    {
      label: 'Confidence',
      sort: (m) => m.confidencePercent ?? m.stars,
      cell: (m) => (m.stars === undefined ? '–' : stars(m.stars)),
    },
    { label: 'Operating system', prose: true, sort: (m) => m.os, cell: (m) => m.os },
  ];
}

function detail(machine: AssessedMachineView, money: (amount: number | undefined) => string): Child {
  return [
    h(
      'div',
      {},
      h('h3', {}, 'Why'),
      h(
        'ol',
        {},
        machine.reasons.map((reason) => h('li', {}, reason)),
      ),
    ),
    comparedSizes(machine, money),
    machine.confidencePercent !== undefined &&
      h('p', { class: 'why' }, starsReason(machine.confidencePercent)),
    h(
      'div',
      {},
      h('h3', {}, 'Disks'),
      h(
        'table',
        { class: 'inner' },
        h(
          'thead',
          {},
          h(
            'tr',
            {},
            ['Disk', 'Size', 'Type', 'A month', 'Why'].map((name) => h('th', { scope: 'col' }, name)),
          ),
        ),
        h(
          'tbody',
          {},
          machine.disks.map((disk) =>
            h(
              'tr',
              {},
              h('td', {}, disk.name),
              h('td', {}, formatBytes(disk.sizeBytes)),
              h('td', {}, disk.sku ?? '–'),
              h('td', {}, money(disk.monthlyCost)),
              h('td', {}, disk.why),
            ),
          ),
        ),
      ),
    ),
  ];
}

/** Five shapes, of which `n` are filled, and the number in words. */
export function stars(n: number): HTMLElement {
  return h(
    'span',
    { class: 'stars', role: 'img', 'aria-label': `${n} of 5 stars` },
    Array.from({ length: 5 }, (_, i) =>
      h('span', { class: i < n ? 'star full' : 'star', 'aria-hidden': 'true' }, i < n ? '★' : '☆'),
    ),
  );
}

function donut(view: AssessmentView): SVGSVGElement {
  const total = READINESS_ORDER.reduce((sum, value) => sum + view.readiness[value], 0);
  const radius = 42;
  const length = 2 * Math.PI * radius;
  let turned = 0;
  const arcs = READINESS_ORDER.filter((value) => view.readiness[value] > 0).map((value) => {
    const share = view.readiness[value] / Math.max(1, total);
    // A gap of two units parts neighbours without colour.
    const arc = s('circle', {
      class: `arc ${value}`,
      r: radius,
      cx: 60,
      cy: 60,
      'stroke-dasharray': `${Math.max(1, share * length - 2).toFixed(2)} ${length.toFixed(2)}`,
      transform: `rotate(${(turned * 360 - 90).toFixed(2)} 60 60)`,
    });
    turned += share;
    return arc;
  });
  const label = READINESS_ORDER.map((value) => `${READINESS_WORDS[value]} ${view.readiness[value]}`).join(
    ', ',
  );
  return s(
    'svg',
    { class: 'donut', viewBox: '0 0 120 120', role: 'img', 'aria-label': label },
    arcs,
    s('text', { x: 60, y: 60, class: 'donut-value' }, formatCount(total)),
    s('text', { x: 60, y: 77, class: 'donut-name' }, 'machines'),
  );
}

function legend(view: AssessmentView): HTMLElement {
  return h(
    'ul',
    { class: 'legend-list' },
    READINESS_ORDER.map((value) =>
      h(
        'li',
        {},
        badge(TONES[value], READINESS_WORDS[value]),
        h('span', { class: 'number' }, formatCount(view.readiness[value])),
      ),
    ),
  );
}
