import { describe, expect, test } from 'vitest';
import { compareCounters, describeChange } from './counters.ts';
import { formatMeasure, formatMoney, formatPercentile, formatUtc } from './format.ts';
import { digestsEqual, starsOf, starsReason } from './words.ts';

describe('stars', () => {
  // assessment.md §8: 0-20 one … 81-100 five, fractions as Microsoft's export tool has them; and its worked examples.
  test.each([
    [0, 1],
    [20, 1],
    [20.4, 2],
    [50, 3],
    [60, 3],
    [14.29, 1],
    [80, 4],
    [87.5, 5],
    [100, 5],
  ])('%d %% of the points give %d', (percent, stars) => {
    expect(starsOf(percent)).toBe(stars);
  });

  test('come with their reason', () => {
    expect(starsReason(78.31)).toBe(
      '78.3 % of the expected ten-minute points are there; 60–80 % gives 4 stars.',
    );
  });
});

describe('words for values', () => {
  test('are as exact as a person wants', () => {
    expect(formatPercentile({ p: 95, value: 37.2, rank: 4104, points: 4320 }, '%')).toBe(
      'P95 = 37.2 % (rank 4,104 of 4,320)',
    );
    expect(formatMeasure(1204.4, 'KBps')).toBe('1,204 KBps');
    expect(formatMoney(1234.5, 'USD')).toBe('$1,234.50');
    expect(formatMoney(12, 'no currency')).toBe('12.00 no currency');
    expect(formatUtc(Date.UTC(2026, 2, 2, 8))).toBe('2026-03-02 08:00:00 UTC');
  });

  test('say that disks are equal only when every digest is known', () => {
    const a = 'a'.repeat(64);
    const b = 'b'.repeat(64);
    expect(digestsEqual([{ sourceSha256: a, targetSha256: a }])).toBe(true);
    expect(
      digestsEqual([
        { sourceSha256: a, targetSha256: a },
        { sourceSha256: a, targetSha256: b },
      ]),
    ).toBe(false);
    expect(digestsEqual([{ sourceSha256: '', targetSha256: '' }])).toBeUndefined();
    expect(digestsEqual([])).toBeUndefined();
  });
});

test('counters of two runs stand side by side, also those that only one has', () => {
  const rows = compareCounters({ a: 10, b: 5, c: 1 }, { a: 10, b: 10, d: 3 });
  expect(rows.map((row) => [row.name, describeChange(row)])).toEqual([
    ['a', 'same'],
    ['b', '−5 (×0.50)'],
    ['c', 'new'],
    ['d', 'gone'],
  ]);
  expect(compareCounters({ constructor: 1 }, {}).map(describeChange)).toEqual(['new']);
});
