import { expect, test } from 'vitest';
import { DAY, HOUR, MINUTE } from '#core/units.ts';
import { readFaultSpec } from './fault-spec.ts';

test('a fault is read in the words of scenarios', () => {
  expect(readFaultSpec('at: vcenter.QueryPerf, answer: 503', 'f', 1000)).toEqual({
    id: 'f',
    at: 'vcenter.QueryPerf',
    answer: '503',
    times: 1,
    from: 1000,
    until: 1000 + DAY,
  });
  const full =
    '{ at: vcenter.folder, answer: reset, from: 1m, for: 1h, times: 3, subject: "web 1", retry-after: 30s }';
  expect(readFaultSpec(full, 'f', 0)).toMatchObject({
    times: 3,
    from: MINUTE,
    until: MINUTE + HOUR,
    subject: 'web 1',
    retryAfterSeconds: 30,
  });
});

test.each([
  ['', /no word/],
  ['at: a', /needs at and answer/],
  ['at: a, answer: b, tmies: 3', /did you mean "times"/],
  ['at: a, at: b, answer: c', /twice/],
  ['at: a, answer: b, times: 0', /times/],
  ['at: a, answer: b, for: soon', /duration/],
])('%j is told what is wrong with it', (spec, what) => {
  expect(() => readFaultSpec(spec, 'f', 0)).toThrow(what);
});
