/** Numbers and instants as text, the same in the page, in Markdown and on the terminal; always English, always UTC. */
import type { UnixMillis } from '#core/units.ts';

/** `4,320` */
export function formatCount(n: number): string {
  return n.toLocaleString('en-US');
}

/** At most `digits` decimals, thousands separated: `1,234.5`. */
export function formatDecimal(n: number, digits: number): string {
  return n.toLocaleString('en-US', { maximumFractionDigits: digits });
}

/** `$1,234.50`; a currency code that nobody knows stands behind the number instead. */
export function formatMoney(amount: number, currency: string): string {
  try {
    return amount.toLocaleString('en-US', { style: 'currency', currency });
  } catch {
    return `${amount.toFixed(2)} ${currency}`.trim();
  }
}

/** `2026-03-02 08:00:00 UTC`; an instant outside the calendar is shown as its number. */
export function formatUtc(at: UnixMillis): string {
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return String(at);
  return `${date.toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

/** A measured value with its unit, as exact as its size deserves: `37.2 %`, `1,204 KBps`. */
export function formatMeasure(value: number, unit: string): string {
  const size = Math.abs(value);
  const text = formatDecimal(value, size >= 1000 ? 0 : size >= 100 ? 1 : 2);
  const symbol = unit === 'percent' ? '%' : unit;
  return symbol === '' ? text : `${text} ${symbol}`;
}

/** `P95 = 37.2 % (rank 4,104 of 4,320)` */
export function formatPercentile(
  percentile: { readonly p: number; readonly value: number; readonly rank: number; readonly points: number },
  unit: string,
): string {
  const { p, value, rank, points } = percentile;
  return `P${p} = ${formatMeasure(value, unit)} (rank ${formatCount(rank)} of ${formatCount(points)})`;
}

/** `1 disk`, `2 disks`; `plural` where an s does not do. */
export function formatNumber(n: number, noun: string, plural = `${noun}s`): string {
  return `${formatCount(n)} ${n === 1 ? noun : plural}`;
}
