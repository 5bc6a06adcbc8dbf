import { describe, expect, test } from 'vitest';
import { marginOf } from './margin.ts';

describe('the margin of a check', () => {
  test.each([
    ['max < 15m', '9m 30s', '5m 30s left (37 %)'],
    ['max < 2h', '1h 04m', '56m 00s left (47 %)'],
    ['<= 20m', '20m', 'none left'],
    ['count < 9000', '9,214', '214 over (2 %)'],
    ['heap < 120MiB', '90 MiB', '30.0 MiB left (25 %)'],
    ['p(95) < 400ms', '350ms', '50 ms left (13 %)'],
    ['confidence >= 80 %', '92.5 %', '12.5 % above (16 %)'],
    ['stars at least 4', '3', '1 short (25 %)'],
    ['servers < 10 servers', '4 servers', '6 left (60 %)'],
  ])('%s against %s is %s', (limit, actual, text) => {
    expect(marginOf(limit, actual)?.text).toBe(text);
  });

  test.each([
    ['identical at every recovery point', '1 of 812 recovery points differs'],
    ['sizing == oracle, cost == oracle', 'equal'],
    ['p(95) < 15m, max < 2h', '9m'],
    ['max < 15m', '9 MiB'],
    ['max < 15m', '1 of 12'],
    ['max < soon', '9m'],
    ['', ''],
  ])('%s against %s has none, and none is invented', (limit, actual) => {
    expect(marginOf(limit, actual)).toBeUndefined();
  });

  test('says how much of an upper limit was used', () => {
    expect(marginOf('count < 200', '50')?.used).toBe(0.25);
    expect(marginOf('stars >= 4', '5')?.used).toBeUndefined();
  });
});
