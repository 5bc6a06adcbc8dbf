/** Work counters beside those of an earlier run: exact integers, so every difference is one. */

export interface CounterRow {
  readonly name: string;
  /** Undefined: this run does not count it. */
  readonly now: number | undefined;
  /** Undefined: the earlier run did not count it, or there is none. */
  readonly before: number | undefined;
  /** now − before, a missing count being 0; undefined without an earlier run. */
  readonly change: number | undefined;
}

type Counts = Readonly<Record<string, number>>;

/** Every name of either run, sorted. */
export function compareCounters(now: Counts, before: Counts | undefined): CounterRow[] {
  const names = new Set([...Object.keys(now), ...Object.keys(before ?? {})]);
  return [...names].sort().map((name) => {
    const left = Object.hasOwn(now, name) ? now[name] : undefined;
    const right = before !== undefined && Object.hasOwn(before, name) ? before[name] : undefined;
    const change = before === undefined ? undefined : (left ?? 0) - (right ?? 0);
    return { name, now: left, before: right, change };
  });
}

/** `same`, `new`, `gone`, `+12 (×1.05)`, `−12 (×0.95)`. */
export function describeChange(row: CounterRow): string {
  if (row.change === undefined) return '';
  if (row.before === undefined) return 'new';
  if (row.now === undefined) return 'gone';
  if (row.change === 0) return 'same';
  const sign = row.change > 0 ? '+' : '−';
  const ratio = row.before === 0 ? '' : ` (×${(row.now / row.before).toFixed(2)})`;
  return `${sign}${Math.abs(row.change).toLocaleString('en-US')}${ratio}`;
}
