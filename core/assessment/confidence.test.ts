import { describe, expect, test } from 'vitest';
import { confidenceOf, starsOf } from './confidence.ts';
import { assessGroup, assessOne, disk, flat, machine } from './machine.fixture.ts';

const COUNTERS = [
  'cpu',
  'memory',
  'readIops d1',
  'writeIops d1',
  'readBps d1',
  'writeBps d1',
  'inBps n1',
  'outBps n1',
];
const all = (count: number) => Object.fromEntries(COUNTERS.map((counter) => [counter, flat(10, count)]));

describe('stars', () => {
  test.each([
    [0, 1],
    [20, 1],
    [20.4, 2],
    [40, 2],
    [40.0001, 3],
    [60, 3],
    [61, 4],
    [80, 4],
    [80.5, 5],
    [100, 5],
  ])('%f %% is %i', (percent, stars) => {
    expect(starsOf(percent)).toBe(stars);
  });

  test('nothing expected, nothing rated', () => {
    expect(confidenceOf(0, 0)).toBeUndefined();
  });
});

describe('rating of a machine with one disk and one adapter', () => {
  test('a day is 8 counters of 144 points: all there is five stars', () => {
    expect(assessOne({ ruleset: 'seed' }, machine(), all(144)).confidence).toEqual({
      present: 1152,
      expected: 1152,
      percent: 100,
      stars: 5,
    });
  });

  test('off for twelve hours: 576 of 1152, three stars', () => {
    expect(assessOne({ ruleset: 'seed' }, machine(), all(72)).confidence).toEqual({
      present: 576,
      expected: 1152,
      percent: 50,
      stars: 3,
    });
  });

  test('a week asked for after one day of discovery: 14.29 %, one star', () => {
    const { confidence } = assessOne({ ruleset: 'seed', timeRange: 'Week' }, machine(), all(144));
    expect(confidence!.percent).toBeCloseTo(100 / 7, 10);
    expect(confidence!.stars).toBe(1);
  });

  test('memory never collected, all else full: 87.5 %, five stars', () => {
    const { memory: _, ...rest } = all(144);
    expect(assessOne({ ruleset: 'seed' }, machine(), rest).confidence).toMatchObject({
      percent: 87.5,
      stars: 5,
    });
  });

  test('a month is 30 days of 144 points, and a setting', () => {
    expect(assessOne({ ruleset: 'seed', timeRange: 'Month' }, machine()).confidence!.expected).toBe(8 * 4320);
    const of31 = assessOne({ ruleset: 'seed', timeRange: 'Month', monthDays: 31 }, machine());
    expect(of31.confidence!.expected).toBe(8 * 4464);
  });

  test('points outside the history do not count', () => {
    expect(assessOne({ ruleset: 'seed' }, machine(), all(4000)).confidence!.present).toBe(1152);
  });

  test('neither as-on-premises nor an import is rated', () => {
    expect(
      assessOne({ ruleset: 'seed', sizingCriterion: 'AsOnPremises' }, machine(), all(144)).confidence,
    ).toBeUndefined();
    expect(
      assessOne({ ruleset: 'seed' }, machine({ platform: 'Import' }), all(144)).confidence,
    ).toBeUndefined();
  });

  test('a group is rated over the pooled points of its machines', () => {
    const idle = machine({ id: 'm-2', disks: [disk('d1', 10), disk('d2', 10), disk('d3', 10)] });
    const { confidence } = assessGroup({ ruleset: 'seed' }, [
      [machine(), all(144)],
      [idle, {}],
    ]);
    expect(confidence).toMatchObject({ present: 1152, expected: 1152 + 16 * 144 });
  });
});
