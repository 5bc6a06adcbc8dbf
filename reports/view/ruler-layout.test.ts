import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { TimelineEntry } from '#core/contracts/run-record.ts';
import { DAY, HOUR, MINUTE } from '#core/units.ts';
import { barRows, layoutLane, MAX_BAR_ROWS, panned, tickLabel, ticks, zoomed } from './ruler-layout.ts';

const WIDTH = 1000;
const whole = { from: 0, to: 30 * DAY };

function entry(from: number, to?: number, tone: TimelineEntry['tone'] = 'plain'): TimelineEntry {
  return { lane: 'script', from, ...(to !== undefined && { to }), label: `at ${from}`, tone };
}

const laneOfEntries = fc
  .array(
    fc.record({
      from: fc.integer({ min: 0, max: 30 * DAY }),
      length: fc.option(fc.integer({ min: 0, max: 5 * DAY }), { nil: undefined }),
      tone: fc.constantFrom('plain', 'good', 'warning', 'bad' as const),
    }),
    { maxLength: 300 },
  )
  .map((drafts) =>
    drafts
      .map(({ from, length, tone }) => entry(from, length === undefined ? undefined : from + length, tone))
      .sort((a, b) => a.from - b.from),
  );

describe('a lane of the ruler', () => {
  test('shows every entry in view exactly once, however many there are', () => {
    fc.assert(
      fc.property(
        laneOfEntries,
        fc.integer({ min: 0, max: 29 }),
        fc.integer({ min: 1, max: 30 }),
        (entries, day, days) => {
          const window = { from: day * DAY, to: (day + days) * DAY };
          const shown = layoutLane(entries, window, WIDTH).flatMap((item) => item.entries);
          const inView = entries.flatMap((e, i) =>
            (e.to ?? e.from) < window.from || e.from > window.to ? [] : [i],
          );
          expect(shown.sort((a, b) => a - b)).toEqual(inView);
        },
      ),
    );
  });

  test('never lets bars of a row overlap, nor needs more rows than it was given', () => {
    fc.assert(
      fc.property(laneOfEntries, (entries) => {
        const rows = barRows(entries);
        const bars = layoutLane(entries, whole, WIDTH).filter(({ kind }) => kind === 'bar');
        for (let row = 1; row <= MAX_BAR_ROWS; row++) {
          const inRow = bars.filter((bar) => bar.row === row);
          inRow.slice(1).forEach((bar, i) => {
            expect(bar.x).toBeGreaterThanOrEqual(inRow[i]!.x + inRow[i]!.width - 1e-6);
          });
        }
        expect(Math.max(0, ...bars.map(({ row }) => row))).toBeLessThanOrEqual(rows);
      }),
    );
  });

  test('draws no more than its width has room for, and one bad entry among thousands is seen', () => {
    const entries = Array.from({ length: 20_000 }, (_, i) =>
      entry((i * 30 * DAY) / 20_000, undefined, i === 7_777 ? 'bad' : 'plain'),
    );
    const items = layoutLane(entries, whole, WIDTH);
    expect(items.length).toBeLessThan(WIDTH / 20);
    expect(items.filter(({ tone }) => tone === 'bad')).toHaveLength(1);
  });

  test('keeps its clusters while it is moved', () => {
    const entries = Array.from({ length: 720 }, (_, i) => entry(i * HOUR));
    const sizes = (shift: number) =>
      layoutLane(entries, { from: 5 * DAY + shift, to: 15 * DAY + shift }, WIDTH)
        .slice(2, -2)
        .map((item) => item.entries.join());
    const before = new Set(sizes(0));
    expect(sizes(3 * MINUTE).every((members) => before.has(members))).toBe(true);
  });
});

describe('the window', () => {
  test('stays inside the run whatever is done to it', () => {
    const steps = fc.array(
      fc.oneof(
        fc.record({
          zoom: fc.double({ min: 0.01, max: 100, noNaN: true }),
          at: fc.double({ min: 0, max: 1, noNaN: true }),
        }),
        fc.record({ pan: fc.integer({ min: -60 * DAY, max: 60 * DAY }) }),
      ),
    );
    fc.assert(
      fc.property(steps, (list) => {
        let view = whole;
        for (const step of list)
          view =
            'zoom' in step
              ? zoomed(view, whole, step.zoom, view.from + (view.to - view.from) * step.at)
              : panned(view, whole, step.pan);
        expect(view.from).toBeGreaterThanOrEqual(whole.from);
        expect(view.to).toBeLessThanOrEqual(whole.to + 1e-3);
        expect(view.to - view.from).toBeGreaterThanOrEqual(99);
      }),
    );
  });

  test('has ticks at round offsets, labelled as exactly as they lie apart', () => {
    const { step, at } = ticks(whole, 0, WIDTH, 96);
    expect([step, at.length]).toEqual([5 * DAY, 7]);
    expect(tickLabel(12 * DAY, step)).toBe('12d');
    expect(tickLabel(12 * DAY + 6 * HOUR + 30 * MINUTE, 30 * MINUTE)).toBe('12d 06:30');
    expect(tickLabel(1_250, 50)).toBe('0d 00:00:01.250');
  });
});
