import { expect, test } from 'vitest';
import { compareCounters, parseBaseline } from './counters.ts';

test('what grew most stands first, and what is new counts from nothing', () => {
  const before = { 'calls.vcenter.QueryPerf': 1_440, 'bytes.azure.in': 100, same: 5, gone: 3 };
  const now = { 'calls.vcenter.QueryPerf': 2_880, 'bytes.azure.in': 101, same: 5, fresh: 9 };
  expect(compareCounters(before, now)).toEqual([
    { name: 'fresh', before: 0, now: 9 },
    { name: 'calls.vcenter.QueryPerf', before: 1_440, now: 2_880 },
    { name: 'bytes.azure.in', before: 100, now: 101 },
    { name: 'gone', before: 3, now: 0 },
  ]);
});

test.each(['no json', '{}', '{"format":"drylift/counters/v2","runs":{}}'])('%s is not a baseline', (text) => {
  expect(() => parseBaseline(text, 'b.json')).toThrow(expect.objectContaining({ code: 'bench.baseline' }));
});
