/** WQL against the plainest evaluator: conditions are made as a tree, written as text, and judged twice. */
import '#core/testing/random-seed.ts';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { CimClass, CimInstance, CimValue } from '../cim/values.ts';
import type { SelectQuery } from './ast.ts';
import { satisfies } from './evaluate.ts';
import { parseWql } from './parse.ts';

const NUMBERS = ['N', 'M'] as const;
const TEXTS = ['S', 'T'] as const;
const cimClass: CimClass = {
  name: 'X',
  namespace: 'root/cimv2',
  superclass: undefined,
  keys: ['S'],
  properties: [...NUMBERS, ...TEXTS].map((name) => ({ name, type: 'string', array: false })),
};

/** true, false, or undefined for unknown */
type Truth = boolean | undefined;

interface Made {
  readonly text: string;
  judge(row: Readonly<Record<string, CimValue>>): Truth;
}

const number = fc.integer({ min: -3, max: 3 });
const word = fc.string({
  unit: fc.constantFrom('a', 'b', 'A', '%', '_', "'", '\\', '[', ']', '-', '^', '.'),
  maxLength: 4,
});
const quoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;

const COMPARE: Record<string, (a: number, b: number) => boolean> = {
  '=': (a, b) => a === b,
  '<>': (a, b) => a !== b,
  '!=': (a, b) => a !== b,
  '<': (a, b) => a < b,
  '>': (a, b) => a > b,
  '<=': (a, b) => a <= b,
  '>=': (a, b) => a >= b,
};
const operator = fc.constantFrom(...Object.keys(COMPARE));

const numberCondition = fc.tuple(fc.constantFrom(...NUMBERS), operator, number, fc.boolean()).map(
  ([name, sign, value, turned]): Made => ({
    text: turned ? `${value} ${sign} ${name}` : `${name} ${sign} ${value}`,
    judge: (row) => {
      const mine = row[name];
      if (typeof mine !== 'number') return undefined;
      return turned ? COMPARE[sign]!(value, mine) : COMPARE[sign]!(mine, value);
    },
  }),
);
const textCondition = fc.tuple(fc.constantFrom(...TEXTS), operator, word).map(
  ([name, sign, value]): Made => ({
    text: `${name.toLowerCase()} ${sign} ${quoted(value)}`,
    judge: (row) => {
      const mine = row[name];
      if (typeof mine !== 'string') return undefined;
      const [a, b] = [mine.toLowerCase(), value.toLowerCase()];
      return COMPARE[sign]!(a < b ? -1 : a > b ? 1 : 0, 0);
    },
  }),
);
const nullCondition = fc.tuple(fc.constantFrom(...NUMBERS, ...TEXTS), fc.boolean()).map(
  ([name, not]): Made => ({
    text: `${name} is ${not ? 'not ' : ''}null`,
    judge: (row) => (row[name] === null) !== not,
  }),
);
/** Patterns of % and _ alone, matched character by character. */
const likeCondition = fc
  .tuple(fc.constantFrom(...TEXTS), fc.string({ unit: fc.constantFrom('a', 'b', '%', '_'), maxLength: 4 }))
  .map(
    ([name, pattern]): Made => ({
      text: `${name} like ${quoted(pattern)}`,
      judge: (row) => {
        const mine = row[name];
        return typeof mine === 'string' ? matches(mine.toLowerCase(), pattern) : undefined;
      },
    }),
  );

function matches(text: string, pattern: string): boolean {
  if (pattern === '') return text === '';
  if (pattern[0] === '%')
    return matches(text, pattern.slice(1)) || (text !== '' && matches(text.slice(1), pattern));
  return (
    text !== '' && (pattern[0] === '_' || pattern[0] === text[0]) && matches(text.slice(1), pattern.slice(1))
  );
}

const { condition } = fc.letrec<{ condition: Made }>((tie) => ({
  condition: fc.oneof(
    { maxDepth: 4 },
    numberCondition,
    textCondition,
    nullCondition,
    likeCondition,
    tie('condition').map(
      (inner): Made => ({
        text: `NOT (${inner.text})`,
        judge: (row) => {
          const truth = inner.judge(row);
          return truth === undefined ? undefined : !truth;
        },
      }),
    ),
    fc.tuple(tie('condition'), tie('condition')).map(
      ([left, right]): Made => ({
        text: `(${left.text}) AND (${right.text})`,
        judge: (row) => {
          const both = [left.judge(row), right.judge(row)];
          return both.includes(false) ? false : both.includes(undefined) ? undefined : true;
        },
      }),
    ),
    fc.tuple(tie('condition'), tie('condition')).map(
      ([left, right]): Made => ({
        text: `(${left.text}) or (${right.text})`,
        judge: (row) => {
          const both = [left.judge(row), right.judge(row)];
          return both.includes(true) ? true : both.includes(undefined) ? undefined : false;
        },
      }),
    ),
  ),
}));

const row = fc.record({
  N: fc.option(number),
  M: fc.option(number),
  S: fc.option(word),
  T: fc.option(word),
});

test('a condition holds exactly where the plain reading of it holds', () => {
  fc.assert(
    fc.property(condition, fc.array(row, { minLength: 1, maxLength: 6 }), ({ text, judge }, rows) => {
      const query = parseWql(`SELECT * FROM X WHERE ${text}`) as SelectQuery;
      for (const values of rows) {
        const instance: CimInstance = { class: cimClass, values };
        expect(satisfies(instance, query.where!, { host: 'H' }), `${text} of ${JSON.stringify(values)}`).toBe(
          judge(values) === true,
        );
      }
    }),
    { numRuns: 500 },
  );
});

test('any text is a query or an error of the language, in time', () => {
  const piece = fc.oneof(
    fc.constantFrom(
      'select',
      '*',
      'from',
      'x',
      'where',
      'and',
      'not',
      '(',
      ')',
      '=',
      'like',
      "'a",
      '"',
      '{',
      '}',
      '1e999',
      '-',
      '__PATH',
      'associators of',
      '\\',
    ),
    fc.string({ maxLength: 5 }),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => {
      try {
        parseWql(pieces.join(' '));
      } catch (error) {
        expect((error as Error).message).toMatch(/at character \d+$/);
      }
    }),
    { numRuns: 500 },
  );
});
