/** Replication, machine by machine: cycles as bars and rows, what was sent, how long cutover took, are the disks equal. */
import type { CycleView, ReplicationView } from '#core/contracts/run-record.ts';
import { formatBytes, formatDuration, formatOffset, KIB } from '#core/units.ts';
import { formatCount } from '../../view/format.ts';
import { digestsEqual } from '../../view/words.ts';
import { badge, type Child, facts, h, s, section } from './dom.ts';
import { type Column, dataTable } from './table.ts';

const KINDS: Readonly<Record<CycleView['kind'], string>> = {
  initial: 'initial',
  delta: 'delta',
  final: 'final',
  resync: 'resync',
};

export function replicationSection(
  replications: readonly ReplicationView[],
  start: number,
  notice: string | undefined,
): HTMLElement | undefined {
  if (replications.length === 0) return undefined;
  const sum = (view: ReplicationView, pick: (cycle: CycleView) => number) =>
    view.cycles.reduce((total, cycle) => total + pick(cycle), 0);
  const columns: Array<Column<ReplicationView>> = [
    {
      label: 'Machine',
      sort: (r) => r.machine,
      cell: (r) => h('strong', { class: 'name', title: r.machine }, r.machine),
    },
    { label: 'State', sort: (r) => r.state, cell: (r) => r.state },
    {
      label: 'Target',
      sort: (r) => String(digestsEqual(r.disks)),
      cell: (r) => equality(digestsEqual(r.disks)),
    },
    {
      label: 'Cycles',
      numeric: true,
      sort: (r) => r.cycles.length,
      cell: (r) => formatCount(r.cycles.length),
    },
    ...bytes<ReplicationView>('Changed', (r) => sum(r, (c) => c.changedBytes)),
    ...bytes<ReplicationView>('Read', (r) => sum(r, (c) => c.readBytes)),
    ...bytes<ReplicationView>('Sent', (r) => sum(r, (c) => c.sentBytes)),
    {
      label: 'Retries',
      numeric: true,
      sort: (r) => sum(r, (c) => c.retries),
      cell: (r) => formatCount(sum(r, (c) => c.retries)),
    },
    {
      label: 'Downtime',
      numeric: true,
      sort: (r) => r.cutover && r.cutover.to - r.cutover.from,
      cell: (r) => (r.cutover ? formatDuration(r.cutover.to - r.cutover.from) : '–'),
    },
  ];
  const table = dataTable<ReplicationView>({
    caption: 'Replicated machines',
    rows: replications,
    columns,
    nameOf: ({ machine }) => machine,
    detail: (view) => detail(view, start),
    open: (view) => view === replications[0],
    empty: '',
  });
  return section(
    'replication',
    'Replication',
    [
      'Blocks that changed since the last cycle are read, compressed and sent; the target is compared by the hash of the whole disk.',
      notice && ` ${notice}`,
    ],
    h('div', { class: 'panel' }, table.element),
  );
}

function bytes<Row>(label: string, pick: (row: Row) => number): Array<Column<Row>> {
  return [{ label, numeric: true, sort: pick, cell: (row) => formatBytes(pick(row)) }];
}

function equality(equal: boolean | undefined): HTMLElement {
  if (equal === undefined) return badge('skip', 'not compared');
  return equal ? badge('good', 'equals source') : badge('bad', 'differs');
}

function detail(view: ReplicationView, start: number): Child {
  const { cutover } = view;
  return [
    view.cycles.length > 0 &&
      h(
        'figure',
        {},
        h(
          'figcaption',
          {},
          h('strong', {}, 'Bytes of each cycle'),
          h('span', {}, 'logarithmic; pale: read, solid: sent, ▲: retries'),
        ),
        bars(view.cycles, start),
      ),
    cutover &&
      h(
        'div',
        {},
        h('h3', {}, 'Cutover'),
        facts([
          ['Began', formatOffset(cutover.from - start)],
          ['Downtime', formatDuration(cutover.to - cutover.from)],
          ['Source', cutover.sourcePoweredOff ? 'powered off' : 'left running'],
        ]),
      ),
    h(
      'div',
      {},
      h('h3', {}, 'Disks'),
      h(
        'ul',
        { class: 'digests' },
        view.disks.map((disk) =>
          h(
            'li',
            {},
            h('span', {}, `${disk.name}, ${formatBytes(disk.sizeBytes)}`),
            equality(digestsEqual([disk])),
            h(
              'code',
              { title: `source ${disk.sourceSha256}` },
              `source ${disk.sourceSha256.slice(0, 16) || 'none'}`,
            ),
            h(
              'code',
              { title: `target ${disk.targetSha256}` },
              `target ${disk.targetSha256.slice(0, 16) || 'none'}`,
            ),
          ),
        ),
      ),
    ),
    cycleTable(view.cycles, start),
  ];
}

function cycleTable(cycles: readonly CycleView[], start: number): HTMLElement {
  return dataTable<CycleView>({
    caption: 'Cycles',
    rows: cycles,
    page: 12,
    columns: [
      {
        label: 'Cycle',
        sort: (c) => cycles.indexOf(c),
        cell: (c) => h('span', { class: 'name', title: c.id }, c.id),
      },
      { label: 'Kind', sort: (c) => c.kind, cell: (c) => KINDS[c.kind] },
      { label: 'Began', sort: (c) => c.from, cell: (c) => formatOffset(c.from - start) },
      {
        label: 'Took',
        numeric: true,
        sort: (c) => (c.to === undefined ? undefined : c.to - c.from),
        cell: (c) => (c.to === undefined ? 'not ended' : formatDuration(c.to - c.from)),
      },
      { label: 'Blocks', numeric: true, sort: (c) => c.blocks, cell: (c) => formatCount(c.blocks) },
      ...bytes<CycleView>('Changed', (c) => c.changedBytes),
      ...bytes<CycleView>('Read', (c) => c.readBytes),
      ...bytes<CycleView>('Sent', (c) => c.sentBytes),
      {
        label: 'Retries',
        numeric: true,
        sort: (c) => c.retries,
        cell: (c) => (c.retries > 0 ? badge('warning', String(c.retries)) : '0'),
      },
      { label: 'State', sort: (c) => c.state, cell: (c) => c.state },
    ],
    empty: 'No cycle ran.',
  }).element;
}

const BAR_AREA = 130;
const LEFT = 64;

/** The first cycle moves a thousand times what a later one does, hence the logarithm. */
function bars(cycles: readonly CycleView[], start: number): HTMLElement {
  const shown = cycles.slice(0, 400);
  const pitch = Math.min(34, Math.max(9, 860 / shown.length));
  const top = Math.max(1024 * KIB, ...shown.map((cycle) => Math.max(cycle.readBytes, cycle.sentBytes)));
  const floor = 16 * KIB;
  const heightOf = (value: number) =>
    value <= 0
      ? 0
      : Math.max(2, (BAR_AREA * Math.log(Math.max(floor, value) / floor)) / Math.log(top / floor));
  const width = LEFT + shown.length * pitch + 8;
  const lines: number[] = [];
  for (let value = 64 * KIB; value <= top; value *= 32) lines.push(value);
  const chart = s(
    'svg',
    {
      class: 'bars',
      width,
      height: BAR_AREA + 44,
      viewBox: `0 0 ${width} ${BAR_AREA + 44}`,
      role: 'img',
      'aria-label': `${shown.length} cycles; the table below has the figures`,
    },
    lines.map((value) => {
      const y = 18 + BAR_AREA - heightOf(value);
      return [
        s('line', { class: 'grid', x1: LEFT, x2: width, y1: y, y2: y }),
        s('text', { class: 'axis', x: LEFT - 6, y: y + 4, 'text-anchor': 'end' }, formatBytes(value)),
      ];
    }),
    s('line', { class: 'base', x1: LEFT, x2: width, y1: 18 + BAR_AREA, y2: 18 + BAR_AREA }),
    shown.map((cycle, i) => {
      const x = LEFT + i * pitch + 2;
      const read = heightOf(cycle.readBytes);
      const sent = heightOf(cycle.sentBytes);
      const wide = pitch - 4;
      return s(
        'g',
        {},
        s(
          'title',
          {},
          `${cycle.id} (${cycle.kind}) at ${formatOffset(cycle.from - start)}: read ${formatBytes(cycle.readBytes)}, sent ${formatBytes(cycle.sentBytes)}, ${cycle.retries} retries`,
        ),
        s('rect', { class: 'read', x, y: 18 + BAR_AREA - read, width: wide, height: read }),
        s('rect', {
          class: 'sent',
          x: x + wide * 0.2,
          y: 18 + BAR_AREA - sent,
          width: wide * 0.6,
          height: sent,
        }),
        cycle.retries > 0 &&
          s(
            'text',
            { class: 'retry', x: x + wide / 2, y: 13 + BAR_AREA - read, 'text-anchor': 'middle' },
            '▲',
          ),
        cycle.kind !== 'delta' &&
          s(
            'text',
            {
              class: 'axis',
              x: x + wide / 2,
              y: BAR_AREA + 32,
              'text-anchor': i === 0 ? 'start' : i > shown.length - 3 ? 'end' : 'middle',
            },
            cycle.kind,
          ),
      );
    }),
  );
  return h(
    'div',
    { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': 'Bytes of each cycle' },
    chart,
  );
}
