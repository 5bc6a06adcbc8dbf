/**
 * What the command line changes in a scenario: another estate, another length. The changes are made in the
 * text, so that the run record holds the scenario as it was run.
 */
import { basename } from 'node:path';
import { isMap, isScalar, isSeq, parseDocument } from 'yaml';
import { DryliftError, defineErrors } from '#core/errors.ts';
import { DAY, type Millis, parseDuration } from '#core/units.ts';

export const errors = defineErrors({
  'run.badOption': {
    blame: 'input',
    why: 'The value of an option is not one that it takes.',
    next: 'Run `drylift run --help` for the options and their values.',
  },
});

export interface Overrides {
  /** Path of a workbook, relative to the current directory. */
  readonly estate?: string;
  readonly machines?: string;
  readonly days?: string;
}

const MACHINES_MAX = 10_000;
const DAYS_MAX = 400;

/** The `estate` that the options ask for; undefined when they ask for none. @throws `run.badOption` */
export function estateOverride({
  estate,
  machines,
}: Pick<Overrides, 'estate' | 'machines'>):
  | { import: { rvtools: string } }
  | { generate: { vcenter: { servers: number } } }
  | undefined {
  if (estate !== undefined && machines !== undefined)
    throw errors.make('run.badOption', { what: '--estate and --machines exclude each other.' });
  if (estate !== undefined) return { import: { rvtools: estate } };
  if (machines === undefined) return undefined;
  const count = Number(machines);
  if (!/^\d+$/.test(machines) || count < 1 || count > MACHINES_MAX)
    throw errors.make('run.badOption', {
      what: `--machines takes a whole number from 1 to ${MACHINES_MAX}, not "${machines}".`,
    });
  return { generate: { vcenter: { servers: count } } };
}

/**
 * The scenario's text with the changes made. A workbook is named by its file name only: the caller knows
 * where it lies.
 * @throws `run.badOption`
 */
export function override(text: string, options: Overrides): string {
  const estate = estateOverride(options);
  if (!estate && options.days === undefined) return text;
  const document = parseDocument(text);
  if (document.errors.length > 0) return text; // reading it will say what is wrong
  if (estate) {
    document.deleteIn(['estate', 'import']);
    document.deleteIn(['estate', 'generate']);
    if ('import' in estate)
      document.setIn(['estate', 'import'], { rvtools: basename(estate.import.rvtools) });
    else document.setIn(['estate', 'generate'], estate.generate);
  }
  if (options.days !== undefined) {
    const days = Number(options.days);
    if (!(days > 0 && days <= DAYS_MAX))
      throw errors.make('run.badOption', {
        what: `--days takes a number above 0 and up to ${DAYS_MAX}, not "${options.days}".`,
      });
    const longest = longestWait(document.get('script'));
    if (longest === undefined)
      throw errors.make('run.badOption', { what: '--days: this scenario has no wait of a given length.' });
    document.setIn(['script', longest, 'wait'], `${Math.round(days * DAY)}ms`);
  }
  return document.toString();
}

/** Index of the step that waits longest. */
function longestWait(script: unknown): number | undefined {
  let longest: { index: number; ms: Millis } | undefined;
  if (!isSeq(script)) return undefined;
  for (const [index, item] of script.items.entries()) {
    const wait = isMap(item) ? item.get('wait', true) : undefined;
    const ms = isScalar(wait) && typeof wait.value === 'string' ? durationOf(wait.value) : undefined;
    if (ms !== undefined && ms > (longest?.ms ?? 0)) longest = { index, ms };
  }
  return longest?.index;
}

function durationOf(text: string): Millis | undefined {
  try {
    return parseDuration(text);
  } catch (error) {
    if (error instanceof DryliftError) return undefined;
    throw error;
  }
}
