/**
 * Pages of projected items without a tree: performance counters are thousands of items of a few short texts, an inventory
 * some megabytes of them. What stands around the items is parsed strictly; the items themselves must be of the plain form
 * that Windows writes – elements without attributes that hold text, or `xsi:nil` – else the caller parses the page as any
 * other. Both give the same (row-scan.property.test.ts).
 */
import type { CimInstance } from './cim.ts';

/** One page, split. */
export interface SplitPage {
  /** The envelope without its items. */
  readonly frame: string;
  /** The items, one after the other. */
  readonly items: string;
}

const OPEN = /<(?:\w+:)?Items>/;

export function splitPage(page: string): SplitPage | undefined {
  const open = OPEN.exec(page);
  if (!open) return undefined;
  const start = open.index + open[0].length;
  const end = page.lastIndexOf(`</${open[0].slice(1)}`);
  if (end < start) return undefined;
  return { frame: page.slice(0, start) + page.slice(end), items: page.slice(start, end) };
}

const ITEM_OPEN = /^<((?:\w+:)?XmlFragment)(?: [^<>]*[^<>/])?>/;
const NIL = ' xsi:nil="true"/>';

interface Frame {
  /** With its declarations, which are the same on every item. */
  readonly open: string;
  readonly close: string;
  /** There is something to unescape somewhere. */
  readonly hasEntities: boolean;
}

function frameOf(items: string): Frame | undefined {
  const open = ITEM_OPEN.exec(items);
  return open ? { open: open[0], close: `</${open[1]!}>`, hasEntities: items.includes('&') } : undefined;
}

interface Form {
  /** One item, with a group for each column. */
  readonly pattern: RegExp;
  /** Of the groups in the row. */
  readonly places: readonly number[];
}

/** Reads rows, and remembers what they look like: a pattern that was used before is compiled. */
export class RowScanner {
  /** By question and the beginning of an item. */
  readonly #forms = new Map<string, Form>();

  /**
   * Hands out rows in the order of `columns`; null is "". The row is reused. @returns how many of the items were handed
   * out: `undefined`, all of them; else the caller goes on from there
   */
  scan(
    items: string,
    columns: readonly string[],
    onRow: (row: readonly string[]) => void,
  ): number | undefined {
    if (items === '') return undefined;
    const frame = frameOf(items);
    const form = frame && this.#formOf(items, frame, columns);
    if (!frame || !form) return 0;
    const { pattern, places } = form;
    const row: string[] = columns.map(() => '');
    let count = 0;
    for (pattern.lastIndex = 0; pattern.lastIndex < items.length; count++) {
      const match = pattern.exec(items);
      if (!match) return count;
      for (let i = 0; i < places.length; i++) {
        let value = match[i + 1] ?? '';
        if (frame.hasEntities && value.includes('&')) {
          const plain = unescaped(value);
          if (plain === undefined) return count;
          value = plain;
        }
        row[places[i]!] = value;
      }
      onRow(row);
    }
    return undefined;
  }

  /** All items look like the first one. */
  #formOf(items: string, frame: Frame, columns: readonly string[]): Form | undefined {
    const key = `${columns.join()} ${frame.open}`;
    const known = this.#forms.get(key);
    if (known) {
      known.pattern.lastIndex = 0;
      if (known.pattern.test(items)) return known;
    }
    const form = makeForm(items, frame, columns);
    if (form && this.#forms.size < FORMS_MAX) this.#forms.set(key, form);
    return form;
  }
}

const FORMS_MAX = 100;

function makeForm(items: string, frame: Frame, columns: readonly string[]): Form | undefined {
  const first = readItem(items, frame.open.length, frame);
  if (!first) return undefined;
  const wanted = columns.map((column) => column.toLowerCase());
  const places = first.names.map((name) => wanted.indexOf(name.toLowerCase()));
  if (places.length !== columns.length || new Set(places).size !== places.length || places.includes(-1))
    return undefined;
  const inside = first.names.map((name) => `<${name}(?:>([^<]*)</${name}>|${NIL})`).join('');
  return {
    pattern: new RegExp(`${literal(frame.open)}${inside}${literal(frame.close)}`, 'y'),
    places,
  };
}

/** Text as a pattern of itself. */
function literal(text: string): string {
  return text.replace(/[.*+?^$()|[\]{}\\/]/g, '\\$&');
}

/** @returns undefined when the items are of another form: nothing was handed out then */
export function scanInstances(items: string): CimInstance[] | undefined {
  if (items === '') return [];
  const frame = frameOf(items);
  if (!frame) return undefined;
  const instances: CimInstance[] = [];
  for (let at = 0; at < items.length; ) {
    if (!items.startsWith(frame.open, at)) return undefined;
    const item = readItem(items, at + frame.open.length, frame);
    if (!item) return undefined;
    instances.push({ className: '', properties: item.properties });
    at = item.end;
  }
  return instances;
}

/** The children of one item, up to behind its end. */
function readItem(
  items: string,
  start: number,
  { close, hasEntities }: Frame,
): { properties: Map<string, string[]>; names: string[]; end: number } | undefined {
  const properties = new Map<string, string[]>();
  const names: string[] = [];
  for (let at = start; ; ) {
    if (items.startsWith(close, at)) return { properties, names, end: at + close.length };
    if (items.charCodeAt(at) !== LESS_THAN) return undefined;
    const tag = items.indexOf('>', at);
    if (tag < 0) return undefined;
    let name = items.slice(at + 1, tag);
    if (name.endsWith(NIL.slice(0, -1))) {
      name = name.slice(0, 1 - NIL.length);
      if (!isName(name)) return undefined;
      names.push(name);
      at = tag + 1;
      continue;
    }
    if (!isName(name)) return undefined;
    const to = items.indexOf('<', tag);
    if (to < 0 || !items.startsWith(name, to + 2) || items.charCodeAt(to + 1) !== SLASH) return undefined;
    const end = to + 2 + name.length;
    if (items.charCodeAt(end) !== GREATER_THAN) return undefined;
    let value: string | undefined = items.slice(tag + 1, to);
    if (hasEntities && value.includes('&')) value = unescaped(value);
    if (value === undefined) return undefined;
    const values = properties.get(name);
    if (values) values.push(value);
    else properties.set(name, [value]);
    names.push(name);
    at = end + 1;
  }
}

const LESS_THAN = 0x3c;
const GREATER_THAN = 0x3e;
const SLASH = 0x2f;

const NAME = /^[A-Za-z_]\w*$/;

function isName(text: string): boolean {
  return NAME.test(text);
}

const STRANGE_ENTITY = /&(?!(?:amp|lt|gt|quot|apos);)/;

/** @returns undefined when there is another entity than the five that are predefined */
function unescaped(value: string): string | undefined {
  if (STRANGE_ENTITY.test(value)) return undefined;
  return value
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&apos;', "'")
    .replaceAll('&amp;', '&');
}
