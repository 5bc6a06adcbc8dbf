import { describe, expect, test } from 'vitest';
import { lastSampleOf, PeakSink, RollUp, rollUpGrid, windowOfSample, windowStart } from './roll-up.ts';

const emitted = (sink: PeakSink) =>
  Array.from({ length: sink.length }, (_, i) => [sink.windows[i], sink.peaks[i]] as const);

describe('the grid', () => {
  test('a 20-second sample that stands at a window boundary belongs to the window that ends there', () => {
    const grid = rollUpGrid();
    expect(grid.samplesPerWindow).toBe(30);
    expect(windowOfSample(grid, 1)).toBe(0);
    expect(windowOfSample(grid, 30)).toBe(0); // stands at 00:10:00, measured over 00:09:40 … 00:10:00
    expect(windowOfSample(grid, 31)).toBe(1);
    expect(lastSampleOf(grid, 0)).toBe(30);
    expect(windowStart(grid.pointPeriodMs, 1)).toBe(600_000);
  });

  test('Hyper-V gives 20 samples to a ten-minute point, a physical server 2', () => {
    expect(rollUpGrid(30_000).samplesPerWindow).toBe(20);
    expect(rollUpGrid(300_000).samplesPerWindow).toBe(2);
    expect(rollUpGrid(20_000, 900_000).samplesPerWindow).toBe(45);
  });

  test('a point period other than 5, 10 or 15 minutes and a sample period that does not divide it are refused', () => {
    expect(() => rollUpGrid(20_000, 50 * 60_000)).toThrow(/5, 10 or 15 minutes/);
    expect(() => rollUpGrid(7_000, 600_000)).toThrow(/divide/);
    expect(() => rollUpGrid(0, 600_000)).toThrow();
  });
});

describe('roll-up of one series', () => {
  test('an hour of samples in order gives six points, each the largest of its thirty, each emitted once', () => {
    const samples = Int32Array.from({ length: 180 }, (_, i) => (i * 37) % 101);
    const sink = new PeakSink();
    new RollUp(rollUpGrid()).add(samples, 0, 180, 31, sink);
    const expected = [1, 2, 3, 4, 5, 6].map((w) => [w, Math.max(...samples.subarray((w - 1) * 30, w * 30))]);
    expect(emitted(sink)).toEqual(expected);
  });

  test('the window in progress is kept over a restart and finished afterwards', () => {
    const grid = rollUpGrid();
    const sink = new PeakSink();
    const before = new RollUp(grid);
    before.add(Int32Array.of(5, 900, 7), 0, 3, 1, sink);
    expect(sink.length).toBe(0);
    const saved = JSON.parse(JSON.stringify(before.state()));
    expect(saved).toEqual({ window: 0, peak: 900, watermark: 3 });
    const after = new RollUp(grid, saved);
    expect(after.watermark).toBe(3);
    after.add(new Int32Array(27).fill(10), 0, 27, 4, sink);
    expect(emitted(sink)).toEqual([[0, 900]]);
  });

  test('no data (-1) is absence: a window of nothing but -1 yields no point, zero yields a point of zero', () => {
    const sink = new PeakSink();
    const rollUp = new RollUp(rollUpGrid());
    rollUp.add(new Int32Array(30).fill(-1), 0, 30, 1, sink);
    rollUp.add(new Int32Array(30).fill(0), 0, 30, 31, sink);
    expect(emitted(sink)).toEqual([[1, 0]]);
  });

  test('a gap of hours leaves its windows out and emits the window before it as far as it was seen', () => {
    const sink = new PeakSink();
    const rollUp = new RollUp(rollUpGrid());
    rollUp.add(Int32Array.of(1, 8, 2), 0, 3, 1, sink);
    rollUp.add(Int32Array.of(4), 0, 1, 3001, sink);
    expect(emitted(sink)).toEqual([[0, 8]]);
    rollUp.close(3030, sink);
    expect(emitted(sink)).toEqual([
      [0, 8],
      [100, 4],
    ]);
  });

  test('closing inside a window keeps it open, closing at its end emits it once', () => {
    const sink = new PeakSink();
    const rollUp = new RollUp(rollUpGrid());
    rollUp.add(Int32Array.of(7), 0, 1, 5, sink);
    rollUp.close(29, sink);
    expect(sink.length).toBe(0);
    rollUp.close(30, sink);
    rollUp.close(30, sink);
    expect(emitted(sink)).toEqual([[0, 7]]);
    expect(rollUp.watermark).toBe(30);
  });

  test('a late batch raises the window that was emitted before', () => {
    const sink = new PeakSink();
    const rollUp = new RollUp(rollUpGrid());
    rollUp.add(new Int32Array(30).fill(3), 0, 30, 31, sink);
    rollUp.add(Int32Array.of(50), 0, 1, 40, sink);
    rollUp.add(Int32Array.of(60), 0, 1, 4, sink);
    expect(emitted(sink)).toEqual([
      [1, 3],
      [1, 50],
      [0, 60],
    ]);
  });

  test('the largest and the smallest 32-bit numbers are handled exactly', () => {
    const sink = new PeakSink();
    const samples = Int32Array.of(-2_147_483_648, 2_147_483_647, -1, 0);
    new RollUp(rollUpGrid(300_000)).add(samples, 0, 4, 1, sink);
    expect(emitted(sink)).toEqual([
      [0, 2_147_483_647],
      [1, 0],
    ]);
  });

  test('a batch outside its array, a sample number of 0 and a damaged state are refused', () => {
    const rollUp = new RollUp(rollUpGrid());
    const sink = new PeakSink();
    expect(() => rollUp.add(new Int32Array(3), 1, 3, 1, sink)).toThrow(/inside its array/);
    expect(() => rollUp.add(new Int32Array(3), 0, 3, 0, sink)).toThrow(/positive integer/);
    expect(() => new RollUp(rollUpGrid(), { window: 1, peak: -2, watermark: 0 })).toThrow();
    expect(() => new RollUp(rollUpGrid(), { window: 1, peak: 0, watermark: 0.5 })).toThrow();
  });
});
