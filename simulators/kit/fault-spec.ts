/**
 * Faults as the command line and the control endpoint take them, in the words of scenarios:
 * `at: vcenter.QueryPerf, answer: 503, from: 1m, for: 1h, times: 3, subject: web-01, retry-after: 30s`.
 */
import { defineErrors, nearest } from '#core/errors.ts';
import { DAY, parseDuration, type UnixMillis } from '#core/units.ts';
import type { Fault } from './fault-points.ts';

export const errors = defineErrors({
  'fault.badSpec': {
    blame: 'input',
    why: 'A fault is written as in scenarios: at and answer, and if need be from, for, times, subject, retry-after.',
    next: 'Write it as in "at: vcenter.QueryPerf, answer: 503, times: 3".',
  },
});

const WORDS = ['at', 'answer', 'from', 'for', 'times', 'subject', 'retry-after'];
const TIMES_MAX = 1_000_000;

/** @param now when "from" begins to count. @throws `fault.badSpec`, `units.badDuration` */
export function readFaultSpec(spec: string, id: string, now: UnixMillis): Fault {
  const bad = (what: string) => errors.make('fault.badSpec', { what });
  const words = new Map<string, string>();
  for (const part of spec
    .trim()
    .replace(/^\{(.*)\}$/s, '$1')
    .split(',')) {
    const [, word, value] = /^\s*([\w-]+)\s*:\s*(.+?)\s*$/.exec(part) ?? [];
    if (word === undefined || value === undefined)
      throw bad(`"${part.trim().slice(0, 80)}" is no word and value.`);
    if (!WORDS.includes(word)) {
      const near = nearest(word, WORDS);
      throw bad(`"${word}" is no word of a fault${near ? `; did you mean "${near}"?` : '.'}`);
    }
    if (words.has(word)) throw bad(`"${word}" stands there twice.`);
    words.set(word, value.replace(/^(["'])(.*)\1$/, '$2'));
  }
  const at = words.get('at');
  const answer = words.get('answer');
  if (at === undefined || answer === undefined) throw bad('A fault needs at and answer.');
  const times = Number(words.get('times') ?? 1);
  if (!(Number.isInteger(times) && times >= 1 && times <= TIMES_MAX))
    throw bad(`times must be a whole number from 1 to ${TIMES_MAX}.`);
  const duration = (word: string, otherwise: number) =>
    words.has(word) ? parseDuration(words.get(word)!) : otherwise;
  const from = now + duration('from', 0);
  const subject = words.get('subject');
  const retryAfter = duration('retry-after', 0);
  return {
    id,
    at,
    answer,
    times,
    from,
    until: from + duration('for', DAY),
    ...(subject === undefined ? {} : { subject }),
    ...(retryAfter === 0 ? {} : { retryAfterSeconds: Math.ceil(retryAfter / 1000) }),
  };
}
