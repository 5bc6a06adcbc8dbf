/** One page of a collection: `value`, and `nextLink` where more follows (azure.md, section 4). */
import { badRequest } from './faults.ts';
import type { ArmList } from './provider.ts';

export const PAGE_ITEMS_MAX = 1_000;

/** @param url of the request as the client sent it; `$top` limits the page, `$skiptoken` says where it begins. */
export function pageOf(list: ArmList, url: URL): object {
  const top = positive(url.searchParams.get('$top') ?? url.searchParams.get('top'), '$top') ?? PAGE_ITEMS_MAX;
  const start = decodeToken(url.searchParams.get('$skiptoken'));
  const end = Math.min(start + Math.min(top, PAGE_ITEMS_MAX), list.count);
  const value: unknown[] = [];
  for (let i = start; i < end; i++) value.push(list.item(i));
  if (end >= list.count) return { value };
  const next = new URL(url);
  next.searchParams.set('$skiptoken', encodeToken(end));
  return { value, nextLink: next.href };
}

export function listOf(items: readonly unknown[]): ArmList {
  return { count: items.length, item: (index) => items[index] };
}

function encodeToken(start: number): string {
  return Buffer.from(`p${start}`).toString('base64url');
}

function decodeToken(token: string | null): number {
  if (token === null || token === '') return 0;
  const match = /^p(\d{1,10})$/.exec(Buffer.from(token, 'base64url').toString('latin1'));
  if (!match) throw badRequest('The $skiptoken is not valid.', '$skiptoken');
  return Number(match[1]);
}

function positive(text: string | null, name: string): number | undefined {
  if (text === null) return undefined;
  if (!/^[1-9]\d{0,9}$/.test(text)) throw badRequest(`${name} must be a positive whole number.`, name);
  return Number(text);
}
