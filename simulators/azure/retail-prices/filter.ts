/** `$filter` of the Retail Prices API: comparisons of fields with text, `contains`, joined by and, or, brackets. */
import type { RetailPriceItem } from '#core/assessment/price-sheet.ts';

export type PriceFilter = (item: RetailPriceItem) => boolean;

/** Fields that can be filtered by; the service compares values with case. */
const FIELDS: ReadonlySet<string> = new Set([
  ...['armRegionName', 'location', 'meterId', 'meterName', 'productId', 'skuId', 'productName', 'skuName'],
  ...['serviceName', 'serviceId', 'serviceFamily', 'priceType', 'armSkuName', 'type', 'reservationTerm'],
  'currencyCode',
]);

const CHARACTERS_MAX = 4_096;
const DEPTH_MAX = 16;
const TOKEN = /\s*(?:(and|or|eq|ne|contains)\b|([A-Za-z]+)|'((?:[^']|'')*)'|([(),]))/iy;

type Token =
  | { readonly kind: 'word'; readonly text: string }
  | { readonly kind: 'field'; readonly text: string }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'mark'; readonly text: string };

/** @throws Error with what is wrong, for the answer */
export function readPriceFilter(filter: string): PriceFilter {
  if (filter.trim() === '') return () => true;
  if (filter.length > CHARACTERS_MAX)
    throw new Error(`The filter is longer than ${CHARACTERS_MAX} characters.`);
  const tokens = tokensOf(filter);
  let at = 0;
  const peek = () => tokens[at];
  const take = (kind: Token['kind'], text?: string): string => {
    const token = tokens[at];
    if (token?.kind !== kind || (text !== undefined && token.text !== text))
      throw new Error(`Invalid OData parameters supplied: '${filter.slice(0, 200)}'.`);
    at++;
    return token.text;
  };
  const is = (kind: Token['kind'], text: string) => peek()?.kind === kind && peek()?.text === text;

  const either = (depth: number): PriceFilter => {
    const parts = [both(depth)];
    while (is('word', 'or')) {
      at++;
      parts.push(both(depth));
    }
    return (item) => parts.some((part) => part(item));
  };
  const both = (depth: number): PriceFilter => {
    const parts = [one(depth)];
    while (is('word', 'and')) {
      at++;
      parts.push(one(depth));
    }
    return (item) => parts.every((part) => part(item));
  };
  const one = (depth: number): PriceFilter => {
    if (depth > DEPTH_MAX) throw new Error('The filter is nested too deep.');
    if (is('mark', '(')) {
      at++;
      const inner = either(depth + 1);
      take('mark', ')');
      return inner;
    }
    if (is('word', 'contains')) {
      at++;
      take('mark', '(');
      const field = fieldOf(take('field'));
      take('mark', ',');
      const part = take('text');
      take('mark', ')');
      return (item) => field(item).includes(part);
    }
    const field = fieldOf(take('field'));
    const operator = take('word');
    if (operator !== 'eq' && operator !== 'ne')
      throw new Error(`The operator '${operator}' is not supported.`);
    const value = take('text');
    return (item) => (field(item) === value) === (operator === 'eq');
  };
  const result = either(0);
  if (at < tokens.length) throw new Error(`Invalid OData parameters supplied: '${filter.slice(0, 200)}'.`);
  return result;
}

function tokensOf(filter: string): Token[] {
  const tokens: Token[] = [];
  TOKEN.lastIndex = 0;
  while (filter.slice(TOKEN.lastIndex).trim() !== '') {
    const from = TOKEN.lastIndex;
    const match = TOKEN.exec(filter);
    if (!match) throw new Error(`Invalid OData parameters supplied at '${filter.slice(from, from + 40)}'.`);
    const [, word, field, text, mark] = match;
    if (word !== undefined) tokens.push({ kind: 'word', text: word.toLowerCase() });
    else if (field !== undefined) tokens.push({ kind: 'field', text: field });
    else if (text !== undefined) tokens.push({ kind: 'text', text: text.replaceAll("''", "'") });
    else tokens.push({ kind: 'mark', text: mark! });
  }
  return tokens;
}

function fieldOf(name: string): (item: RetailPriceItem) => string {
  const known = [...FIELDS].find((field) => field.toLowerCase() === name.toLowerCase());
  if (known === undefined) throw new Error(`There is no field '${name.slice(0, 60)}' to filter by.`);
  const member = known === 'priceType' ? 'type' : known;
  return (item) => String((item as unknown as Record<string, unknown>)[member] ?? '');
}
