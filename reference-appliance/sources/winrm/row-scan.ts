/**
 * Pages of many small rows, without a tree: performance counters are thousands of items of a few short texts each, every
 * half minute. What stands around the items is parsed strictly; the items themselves must look exactly like the first one,
 * else the caller parses the page as any other.
 */

/** One page, split. */
export interface RowPage {
  /** The envelope without its items. */
  readonly frame: string;
  /** The items, one after the other. */
  readonly items: string;
}

const OPEN = /<(?:\w+:)?Items>/;

export function splitPage(page: string): RowPage | undefined {
  const open = OPEN.exec(page);
  if (!open) return undefined;
  const start = open.index + open[0].length;
  const end = page.lastIndexOf(`</${open[0].slice(1)}`);
  return end < start
    ? undefined
    : { frame: page.slice(0, start) + page.slice(end), items: page.slice(start, end) };
}

const ITEM_OPEN = /^<((?:\w+:)?XmlFragment)(?: [^<>]*[^<>/])?>/;
const COLUMN = /<(\w+)(?: xsi:nil="true")?\/?>/y;

/**
 * Hands out the rows in the order of `columns`; null is "". @returns false when the items are of another form: nothing
 * was handed out then
 */
export function scanRows(
  items: string,
  columns: readonly string[],
  onRow: (row: readonly string[]) => void,
): boolean {
  const form = formOf(items, columns);
  if (!form) return items === '';
  // twice: nothing is handed out unless all of it has the form
  return walk(items, form, undefined) && walk(items, form, onRow);
}

interface Form {
  readonly open: string;
  readonly close: string;
  /** In the order in which they stand. */
  readonly tags: ReadonlyArray<{ readonly open: string; readonly close: string; readonly nil: string }>;
  /** Place of each in the row. */
  readonly places: readonly number[];
  readonly width: number;
}

function formOf(items: string, columns: readonly string[]): Form | undefined {
  const open = ITEM_OPEN.exec(items);
  if (!open) return undefined;
  const close = `</${open[1]!}>`;
  const end = items.indexOf(close);
  if (end < 0) return undefined;
  const wanted = columns.map((column) => column.toLowerCase());
  const names: string[] = [];
  for (let at = open[0].length; at < end; ) {
    COLUMN.lastIndex = at;
    const match = COLUMN.exec(items);
    if (!match) return undefined;
    names.push(match[1]!);
    const closing = `</${match[1]!}>`;
    at = match[0].endsWith('/>') ? COLUMN.lastIndex : items.indexOf(closing, at) + closing.length;
    if (at < COLUMN.lastIndex) return undefined;
  }
  const places = names.map((name) => wanted.indexOf(name.toLowerCase()));
  if (names.length !== columns.length || new Set(places).size !== places.length || places.includes(-1))
    return undefined;
  return {
    open: open[0],
    close,
    tags: names.map((name) => ({
      open: `<${name}>`,
      close: `</${name}>`,
      nil: `<${name} xsi:nil="true"/>`,
    })),
    places,
    width: columns.length,
  };
}

function walk(items: string, form: Form, onRow: ((row: readonly string[]) => void) | undefined): boolean {
  const { open, close, tags, places } = form;
  const row: string[] = new Array<string>(form.width).fill('');
  let at = 0;
  while (at < items.length) {
    if (!items.startsWith(open, at)) return false;
    at += open.length;
    for (let i = 0; i < tags.length; i++) {
      const tag = tags[i]!;
      let value = '';
      if (items.startsWith(tag.open, at)) {
        const from = at + tag.open.length;
        const to = items.indexOf('<', from);
        if (to < 0 || !items.startsWith(tag.close, to)) return false;
        at = to + tag.close.length;
        if (onRow) value = items.slice(from, to);
        else if (!isPlain(items, from, to)) return false;
      } else if (items.startsWith(tag.nil, at)) at += tag.nil.length;
      else return false;
      if (onRow) row[places[i]!] = value.includes('&') ? unescaped(value) : value;
    }
    if (!items.startsWith(close, at)) return false;
    at += close.length;
    onRow?.(row);
  }
  return true;
}

const ENTITY = /&(?:amp|lt|gt|quot|apos);/g;
const CHARACTERS: Readonly<Record<string, string>> = {
  '&amp;': '&',
  '&lt;': '<',
  '&gt;': '>',
  '&quot;': '"',
  '&apos;': "'",
};

/** No entity but the five that are predefined, which `unescaped` knows. */
function isPlain(items: string, from: number, to: number): boolean {
  const first = items.indexOf('&', from);
  if (first < 0 || first >= to) return true;
  return !items.slice(from, to).replace(ENTITY, '').includes('&');
}

function unescaped(value: string): string {
  return value.replace(ENTITY, (entity) => CHARACTERS[entity]!);
}
