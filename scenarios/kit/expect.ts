/**
 * Limits as text: `rpo: "max < 2h"`, `assessment month: "stars == 5, sizing == oracle"`. A limit is parsed when
 * the scenario is read, so that a misspelt one is found before the run and not after it.
 */
import { z } from 'zod';
import { nearest } from '#core/errors.ts';
import { formatDuration, type Millis, parseDuration } from '#core/units.ts';
import { mistake } from './scenario-fields.ts';

const OPERATORS = ['==', '>=', '<=', '<', '>'] as const;
type Operator = (typeof OPERATORS)[number];

export interface Limit {
  readonly metric: string;
  readonly operator: Operator;
  /** A number (durations in milliseconds), or the word `oracle`. */
  readonly value: number | 'oracle';
  readonly text: string;
}

export type Expectation =
  | { readonly subject: 'inventory' | 'rpo' | 'downtime'; readonly limits: readonly Limit[] }
  | { readonly subject: 'assessment'; readonly name: string; readonly limits: readonly Limit[] }
  /** A work counter of the run, such as calls.vcenter.QueryPerf. */
  | { readonly subject: 'counter'; readonly name: string; readonly limits: readonly Limit[] }
  | { readonly subject: 'converges'; readonly within: Millis }
  | { readonly subject: 'migrated'; readonly servers: readonly string[] };

const METRICS = {
  inventory: ['servers', 'disks'],
  rpo: ['max'],
  downtime: ['max'],
  assessment: ['servers', 'ready', 'stars', 'sizing'],
  counter: ['count'],
} as const;

const SUBJECTS = ['inventory', 'rpo', 'downtime', 'assessment <name>', 'converges', 'migrated', 'calls.…'];

/** Names of work counters; those of ARM's operations hold slashes. */
const COUNTER = /^(?:answers|appliance|bytes|calls|guest|replication|timers)\.[\w./-]+$/;

/** One line of `expect`: a map with one key, the subject, and its limits as text. */
export const expectation = z
  .record(z.string(), z.union([z.string(), z.array(z.string())]))
  .transform((value, ctx): Expectation => {
    const [entry, ...others] = Object.entries(value);
    if (!entry || others.length > 0)
      return mistake(ctx, 'A line of expect has exactly one subject.', {
        code: 'badValue',
        candidates: SUBJECTS,
      });
    const [key, wanted] = entry;
    const words = key.trim().split(/\s+/);
    const text = typeof wanted === 'string' ? wanted : wanted.join(', ');
    const limitsFor = (subject: keyof typeof METRICS) => readLimits(ctx, key, text, METRICS[subject]);
    if (words.length === 1 && (key === 'inventory' || key === 'rpo' || key === 'downtime'))
      return { subject: key, limits: limitsFor(key) };
    if (words.length === 2 && words[0] === 'assessment')
      return { subject: 'assessment', name: words[1]!, limits: limitsFor('assessment') };
    if (words.length === 1 && COUNTER.test(key))
      return { subject: 'counter', name: key, limits: limitsFor('counter') };
    if (key === 'migrated')
      return { subject: 'migrated', servers: typeof wanted === 'string' ? [wanted] : wanted };
    if (key === 'converges') {
      try {
        return { subject: 'converges', within: parseDuration(text) };
      } catch {
        return mistake(ctx, `"${text}" is not a duration.`, { code: 'badDuration' }, [key]);
      }
    }
    const near = nearest(words[0]!, ['inventory', 'rpo', 'downtime', 'assessment', 'converges', 'migrated']);
    return mistake(
      ctx,
      `Nothing can be expected of "${key}"${near ? `; did you mean "${near}"?` : '.'}`,
      { code: 'badValue', candidates: SUBJECTS },
      [key],
    );
  });

function readLimits(
  ctx: z.core.$RefinementCtx<unknown>,
  key: string,
  text: string,
  metrics: readonly string[],
): readonly Limit[] {
  return text.split(',').map((part): Limit => {
    const match = /^\s*(\S+)\s*(==|>=|<=|<|>)\s*(\S+)\s*$/.exec(part);
    const bad = (message: string, candidates: readonly string[]) =>
      mistake(ctx, message, { code: 'badValue', candidates }, [key]);
    if (!match) return bad(`"${part.trim()}" is not a limit; write it like: ${metrics[0]} == 5`, OPERATORS);
    const [, metric, operator, wanted] = match;
    if (!metrics.includes(metric!)) return bad(`"${metric}" cannot be limited here.`, metrics);
    const value = wanted === 'oracle' ? wanted : numberOf(wanted!);
    if (value === undefined) return bad(`"${wanted}" is neither a number nor a duration.`, []);
    if ((metric === 'sizing') !== (value === 'oracle') || (value === 'oracle' && operator !== '=='))
      return bad(`Only "sizing == oracle" compares with the oracle.`, ['sizing == oracle']);
    return { metric: metric!, operator: operator as Operator, value, text: part.trim() };
  });
}

function numberOf(text: string): number | undefined {
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text);
  try {
    return parseDuration(text);
  } catch {
    return undefined;
  }
}

export function holds(limit: Limit, actual: number): boolean {
  const { operator, value } = limit;
  if (value === 'oracle') return false;
  switch (operator) {
    case '==':
      return actual === value;
    case '>=':
      return actual >= value;
    case '<=':
      return actual <= value;
    case '<':
      return actual < value;
    case '>':
      return actual > value;
  }
}

/** A figure in the unit its limit was written in. */
export function formatActual(limit: Limit, actual: number): string {
  return /\d(?:ms|s|m|h|d)$/.test(limit.text) ? formatDuration(actual) : String(actual);
}
