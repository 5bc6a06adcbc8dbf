/**
 * Points or raw samples of anybody's machines, as they come out of a CSV or JSON file: by machine, counter and
 * instance, in the engine's units. Everything that is wrong is collected by place, and told at once.
 */
import { defineErrors } from '../errors.ts';
import { Points } from '../metrics/points.ts';
import { rollUpGrid, type WindowIndex, windowOfSample } from '../metrics/roll-up.ts';
import type { Millis, UnixMillis } from '../units.ts';
import type { NamedCounter } from './counter-names.ts';
import type { Series } from './store.ts';

export const errors = defineErrors({
  'points.badFile': {
    blame: 'input',
    why: 'These values cannot be used as points.',
    next: 'Correct them; docs/guides/assess.md describes the form. Nothing has been assessed.',
  },
  'points.noColumn': {
    blame: 'input',
    why: 'A file of points has a column of values for each counter, or the columns counter and value.',
    next: 'Name the columns machine, time, and cpu, memory, readIops:disk1 … as in docs/guides/assess.md.',
  },
});

/** How the rows of a file are meant. */
export interface TableOptions {
  readonly periodMs: Millis;
  /**
   * Undefined: the rows are points, stamped with the start of their window. A number: they are samples of that
   * period, stamped with the end of the interval each was measured over, and are rolled up by peak.
   */
  readonly samplePeriodMs?: Millis;
}

const PROBLEMS_SHOWN = 20;
/** Rows of one file; more belong into a store. */
const VALUES_MAX = 100_000_000;

interface Problem {
  readonly place: string;
  readonly what: string;
}

export class PointTable {
  readonly #options: TableOptions;
  #fileName = '';
  readonly #machines = new Map<string, Map<string, Series>>();
  readonly #problems: Problem[] = [];
  #problemCount = 0;
  #values = 0;
  #firstLine: number | undefined;

  constructor(options: TableOptions) {
    this.#options = options;
  }

  /** From here on values and problems are those of this file. */
  begin(fileName: string): void {
    this.#fileName = fileName;
  }

  get periodMs(): Millis {
    return this.#options.periodMs;
  }

  /** Machines in the order in which they came. */
  get machines(): readonly string[] {
    return [...this.#machines.keys()];
  }

  seriesOf(machine: string): readonly Series[] {
    return [...(this.#machines.get(machine)?.values() ?? [])];
  }

  /** The window after the last one that has a point; undefined without points. */
  get end(): WindowIndex | undefined {
    let end: number | undefined;
    for (const series of this.#machines.values())
      for (const { points } of series.values())
        if (points.last !== undefined && (end === undefined || points.last >= end)) end = points.last + 1;
    return end;
  }

  /** The window that an instant stands for. */
  windowAt(at: UnixMillis): WindowIndex {
    const { periodMs, samplePeriodMs } = this.#options;
    if (samplePeriodMs === undefined) return Math.floor(at / periodMs);
    // A sample is numbered by the end of its interval; one that is stamped in between counts as the next.
    return windowOfSample(rollUpGrid(samplePeriodMs, periodMs), Math.ceil(at / samplePeriodMs));
  }

  /** Raises one value, in the unit that the counter's name says. */
  raise(
    machine: string,
    named: NamedCounter,
    instance: string,
    window: WindowIndex,
    value: number,
    place: Place,
  ): void {
    if (!(value >= 0 && value <= named.largest)) {
      this.problem(place, `${value} is not between 0 and ${named.largest}`);
      return;
    }
    if (!(window >= 0 && window <= 0xffff_ffff)) {
      this.problem(place, 'is a time before 1970 or after 2100');
      return;
    }
    if (++this.#values > VALUES_MAX)
      throw this.#refused(`has more than ${VALUES_MAX.toLocaleString('en')} values`);
    const { counter, factor } = named;
    const series = this.#seriesFor(machine, counter, instance);
    // Hundredths of a percent and whole bytes are exact; a factor may leave 2469.9999999999995 of 24.7.
    const scaled = value * factor;
    const whole = Math.round(scaled);
    series.points.raise(window, Math.abs(scaled - whole) <= 1e-9 * whole ? whole : scaled);
  }

  problem(place: Place, what: string): void {
    this.#problemCount++;
    this.#firstLine ??= place.line;
    if (this.#problems.length < PROBLEMS_SHOWN) this.#problems.push({ place: placeText(place), what });
  }

  /** @throws `points.badFile` when anything was wrong. */
  finish(): this {
    if (this.#problemCount > 0) throw this.#refused(`has ${this.#problemCount} values that cannot be used`);
    return this;
  }

  #seriesFor(machine: string, counter: Series['counter'], instance: string): Series {
    let series = this.#machines.get(machine);
    if (!series) {
      series = new Map();
      this.#machines.set(machine, series);
    }
    const key = `${counter} ${instance}`;
    let found = series.get(key);
    if (!found) {
      found = { counter, instance, points: new Points(this.#options.periodMs) };
      series.set(key, found);
    }
    return found;
  }

  #refused(what: string) {
    const shown = this.#problems.map(({ place, what: told }) => `${place}: ${told}`);
    const more = this.#problemCount - shown.length;
    return errors.make('points.badFile', {
      what: `${this.#fileName} ${what}.`,
      ...(shown.length > 0 ? { why: `${shown.join('\n')}${more > 0 ? `\n… and ${more} more` : ''}` } : {}),
      where: { file: this.#fileName, ...(this.#firstLine === undefined ? {} : { line: this.#firstLine }) },
      data: { problems: this.#problemCount },
    });
  }
}

export interface Place {
  readonly line?: number;
  /** Header of the column, or path in a JSON file. */
  readonly column?: string;
}

function placeText({ line, column }: Place): string {
  return [line === undefined ? '' : `line ${line}`, column === undefined ? '' : column]
    .filter(Boolean)
    .join(', column ');
}

/** An instant as ISO 8601 (UTC unless it says otherwise), or as seconds or milliseconds since 1970. */
export function readInstant(text: string): UnixMillis | undefined {
  if (/^\d{1,11}(\.\d+)?$/.test(text)) return Number(text) * 1_000;
  if (/^\d{12,14}$/.test(text)) return Number(text);
  if (!/^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?\s*(Z|[+-]\d{2}:?\d{2})?)?$/.test(text))
    return undefined;
  const isZoned = /(Z|[+-]\d{2}:?\d{2})$/.test(text) && text.length > 10;
  const at = Date.parse(
    isZoned || text.length === 10 ? text.replace(' ', 'T') : `${text.replace(' ', 'T')}Z`,
  );
  return Number.isNaN(at) ? undefined : at;
}
