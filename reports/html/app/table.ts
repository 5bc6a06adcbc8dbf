/** A table that sorts by its headers, opens rows, and shows a page of rows at a time. */
import { formatCount } from '../../view/format.ts';
import { type Child, h, replace } from './dom.ts';

export interface Column<Row> {
  readonly label: string;
  readonly numeric?: boolean;
  /** Holds sentences: is given room even where there is little. */
  readonly prose?: boolean;
  /** What the column is sorted by; without it the header is no button. Undefined sorts last. */
  readonly sort?: (row: Row) => number | string | undefined;
  readonly cell: (row: Row) => Child;
}

export interface TableOptions<Row> {
  /** For screen readers. */
  readonly caption: string;
  readonly columns: ReadonlyArray<Column<Row>>;
  readonly rows: readonly Row[];
  /** What opens under a row. */
  readonly detail?: (row: Row) => Child;
  /** Name of a row, for the button that opens it. */
  readonly nameOf?: (row: Row) => string;
  readonly rowClass?: (row: Row) => string;
  readonly page?: number;
  /** Rows that are open at first. */
  readonly open?: (row: Row) => boolean;
  readonly empty: string;
}

export interface Table<Row> {
  readonly element: HTMLElement;
  setRows(rows: readonly Row[]): void;
}

export function dataTable<Row>(options: TableOptions<Row>): Table<Row> {
  const { caption, columns, detail, nameOf, rowClass, page = 100 } = options;
  let rows = options.rows;
  let shown = page;
  let sorted: { column: number; down: boolean } | undefined;
  const opened = new Set<Row>(options.open ? rows.filter(options.open) : []);
  const width = columns.length + (detail ? 1 : 0);

  const body = h('tbody');
  const more = h('div', { class: 'more' });
  const headers = columns.map((column, index) => headerOf(column, () => sortBy(index)));
  const element = h(
    'div',
    {},
    h(
      'div',
      { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': caption },
      h(
        'table',
        {},
        h('caption', { class: 'unseen' }, caption),
        h(
          'thead',
          {},
          h(
            'tr',
            {},
            detail ? h('td', { class: 'opener' }, h('span', { class: 'unseen' }, 'Details')) : null,
            headers,
          ),
        ),
        body,
      ),
    ),
    more,
  );

  const sortBy = (column: number) => {
    const numeric = columns[column]!.numeric ?? false;
    sorted = { column, down: sorted?.column === column ? !sorted.down : numeric };
    headers.forEach((header, index) => {
      if (columns[index]!.sort)
        header.setAttribute(
          'aria-sort',
          index !== column ? 'none' : sorted!.down ? 'descending' : 'ascending',
        );
    });
    draw();
  };

  const draw = () => {
    const list = sorted ? sortRows(rows, columns[sorted.column]!, sorted.down) : rows;
    const visible = list.slice(0, shown);
    replace(
      body,
      visible.map((row, index) => drawRow(row, index)),
      visible.length === 0 && h('tr', {}, h('td', { colspan: width, class: 'empty' }, options.empty)),
    );
    const left = list.length - visible.length;
    replace(
      more,
      left > 0 &&
        h(
          'button',
          {
            type: 'button',
            on: {
              click: () => {
                shown += page;
                draw();
              },
            },
          },
          `Show ${formatCount(Math.min(page, left))} more of ${formatCount(left)}`,
        ),
    );
  };

  const drawRow = (row: Row, index: number): Child => {
    const cells = columns.map((column) => h('td', { class: classOf(column) }, column.cell(row)));
    if (!detail) return h('tr', { class: rowClass?.(row) ?? '' }, cells);
    const isOpen = opened.has(row);
    const under = h(
      'tr',
      { class: 'detail', hidden: !isOpen },
      h('td', { colspan: width }, isOpen ? h('div', { class: 'detail-body' }, detail(row)) : null),
    );
    const toggle = () => {
      const open = !opened.has(row);
      if (open) opened.add(row);
      else opened.delete(row);
      under.hidden = !open;
      replace(under.firstElementChild!, open && h('div', { class: 'detail-body' }, detail(row)));
      button.setAttribute('aria-expanded', String(open));
    };
    const button = h('button', {
      type: 'button',
      class: 'opener',
      'aria-expanded': String(isOpen),
      'aria-label': `Details of ${nameOf?.(row) ?? `row ${index + 1}`}`,
    });
    const line = h(
      'tr',
      { class: `opens ${rowClass?.(row) ?? ''}` },
      h('td', { class: 'opener' }, button),
      cells,
    );
    // The whole row opens by pointer; the button is what the keyboard reaches. Marking text opens nothing.
    line.addEventListener('click', (event) => {
      if (event.target === button || String(getSelection()) === '') toggle();
    });
    return [line, under];
  };

  draw();
  return {
    element,
    setRows(next) {
      rows = next;
      shown = page;
      draw();
    },
  };
}

function classOf<Row>({ numeric, prose }: Column<Row>): string {
  return numeric ? 'number' : prose ? 'prose' : '';
}

function headerOf<Row>(column: Column<Row>, sort: () => void): HTMLTableCellElement {
  const props = { scope: 'col', class: classOf(column) };
  if (!column.sort) return h('th', props, column.label);
  return h(
    'th',
    { ...props, 'aria-sort': 'none' },
    h('button', { type: 'button', class: 'sort', on: { click: sort } }, column.label),
  );
}

function sortRows<Row>(rows: readonly Row[], column: Column<Row>, down: boolean): readonly Row[] {
  const keyed = rows.map((row) => ({ row, key: column.sort!(row) }));
  keyed.sort((a, b) => {
    if (a.key === b.key) return 0;
    if (a.key === undefined) return 1;
    if (b.key === undefined) return -1;
    const order =
      typeof a.key === 'number' && typeof b.key === 'number'
        ? a.key - b.key
        : String(a.key).localeCompare(String(b.key), 'en', { numeric: true });
    return down ? -order : order;
  });
  return keyed.map(({ row }) => row);
}
