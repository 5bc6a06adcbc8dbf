/** Which values a query means, and their time stamps as XML. */
import { SECOND } from '#core/units.ts';
import { SAMPLE_SECONDS } from '../../estate/workload-curve.ts';

/** Numbers of values on their grid, ascending: a run without gaps, or each by itself. */
export type Windows = { readonly first: number; readonly count: number } | readonly number[];

interface Asked {
  readonly windows: Windows;
  /** 20-second samples that make up one value. */
  readonly factor: number;
  readonly format: 'normal' | 'csv';
}

export function listOf(windows: Windows): readonly number[] {
  if (Array.isArray(windows)) return windows as readonly number[];
  const { first, count } = windows as { first: number; count: number };
  return Array.from({ length: count }, (_, i) => first + i);
}

export function countOf(windows: Windows): number {
  return Array.isArray(windows) ? windows.length : (windows as { count: number }).count;
}

/** Time stamps of samples as XML: the same for all entities of a query, so they are kept. */
export class TimeTexts {
  readonly #kept = new Map<string, Buffer>();
  readonly #max: number;

  constructor(max = 64) {
    this.#max = max;
  }

  of({ windows, factor, format }: Asked): Buffer {
    if (Array.isArray(windows)) return timesXml(listOf(windows), factor, format);
    const { first, count } = windows as { first: number; count: number };
    const key = `${format} ${factor} ${first} ${count}`;
    let xml = this.#kept.get(key);
    if (!xml) {
      xml = timesXml(listOf(windows), factor, format);
      if (this.#kept.size >= this.#max) this.#kept.delete(this.#kept.keys().next().value!);
      this.#kept.set(key, xml);
    }
    return xml;
  }
}

const TWO_DIGITS = Array.from({ length: 60 }, (_, value) => String(value).padStart(2, '0'));
const DAY_SECONDS = 86_400;

/** "2026-01-02T03:04:00Z" for whole seconds since the epoch; the day is worked out once for all of its stamps. */
function stampWriter(): (seconds: number) => string {
  let day = -1;
  let date = '';
  return (seconds) => {
    const today = Math.floor(seconds / DAY_SECONDS);
    if (today !== day) {
      day = today;
      date = new Date(today * DAY_SECONDS * SECOND).toISOString().slice(0, 11);
    }
    const rest = seconds - today * DAY_SECONDS;
    const minutes = Math.floor(rest / 60);
    return `${date}${TWO_DIGITS[Math.floor(minutes / 60)]}:${TWO_DIGITS[minutes % 60]}:${TWO_DIGITS[rest % 60]}Z`;
  };
}

function timesXml(windows: readonly number[], factor: number, format: 'normal' | 'csv'): Buffer {
  const seconds = factor * SAMPLE_SECONDS;
  const stamp = stampWriter();
  if (format === 'csv')
    return Buffer.from(
      `<sampleInfoCSV>${windows.map((window) => `${seconds},${stamp(window * seconds)}`).join(',')}</sampleInfoCSV>`,
    );
  return Buffer.from(
    windows
      .map(
        (window) =>
          `<sampleInfo><timestamp>${stamp(window * seconds)}</timestamp><interval>${seconds}</interval></sampleInfo>`,
      )
      .join(''),
  );
}
