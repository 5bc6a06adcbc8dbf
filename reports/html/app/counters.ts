/** Work counters: exact, equal on every machine for one seed, so what grew is known and not guessed. */

import { type CounterRow, compareCounters, describeChange } from '../../view/counters.ts';
import { formatCount } from '../../view/format.ts';
import type { Payload } from '../../view/payload.ts';
import { badge, h, section } from './dom.ts';
import { type Column, dataTable } from './table.ts';

export function countersSection(
  counters: Readonly<Record<string, number>>,
  previous: Payload['previous'],
): HTMLElement | undefined {
  const rows = compareCounters(counters, previous?.counters);
  if (rows.length === 0) return undefined;
  let words = '';
  let onlyChanged = false;
  const number = (n: number | undefined) => (n === undefined ? '–' : formatCount(n));
  const columns: Array<Column<CounterRow>> = [
    { label: 'Counter', sort: (row) => row.name, cell: (row) => h('code', {}, row.name) },
    { label: 'This run', numeric: true, sort: (row) => row.now, cell: (row) => number(row.now) },
  ];
  if (previous)
    columns.push(
      { label: 'Before', numeric: true, sort: (row) => row.before, cell: (row) => number(row.before) },
      {
        label: 'Change',
        numeric: true,
        sort: (row) => row.change,
        cell: (row) =>
          row.change === 0 ? 'same' : badge((row.change ?? 0) > 0 ? 'warning' : 'plain', describeChange(row)),
      },
    );
  const table = dataTable<CounterRow>({
    caption: 'Work counters',
    rows,
    columns,
    page: 50,
    empty: 'No counter fits this filter.',
  });
  const apply = () =>
    table.setRows(
      rows.filter((row) => row.name.toLowerCase().includes(words) && (!onlyChanged || row.change !== 0)),
    );
  const search = h('input', {
    type: 'search',
    placeholder: 'such as vcenter.calls',
    on: {
      input: () => {
        words = search.value.trim().toLowerCase();
        apply();
      },
    },
  });
  const box = h('input', {
    type: 'checkbox',
    on: {
      change: () => {
        onlyChanged = box.checked;
        apply();
      },
    },
  });
  return section(
    'counters',
    'Work counters',
    previous
      ? ['Compared with run ', h('code', {}, previous.id), '.']
      : 'What the run did, in exact numbers. No earlier run to compare with was given.',
    h(
      'div',
      { class: 'panel' },
      h(
        'div',
        { class: 'controls' },
        h('label', { class: 'field' }, 'Find', search),
        previous && h('label', { class: 'field' }, box, 'Only what changed'),
      ),
      table.element,
    ),
  );
}
