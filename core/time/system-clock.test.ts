/** Clocks on real time. Nothing here asserts how long something took, only order and what the story says. */
import { expect, test } from 'vitest';
import { sleep, sleepUntil } from './clock.ts';
import { PacedClock, SystemClock } from './system-clock.ts';

const START = Date.parse('2026-03-02T08:00:00Z');
const HOUR = 3_600_000;

test('the system clock tells real time, runs timers in order and lets go of cancelled ones', async () => {
  const clock = new SystemClock();
  expect(Math.abs(clock.wall() - Date.now())).toBeLessThan(1_000);
  const order: string[] = [];
  clock.schedule(clock.wall() + 5, 'gone', () => order.push('gone')).cancel();
  await Promise.all([
    sleep(clock, 30, 'late').then(() => order.push('late')),
    sleep(clock, 1, 'early').then(() => order.push('early')),
  ]);
  expect(order).toEqual(['early', 'late']);
});

test('a timer due in the past runs soon, never at once', async () => {
  const clock = new SystemClock();
  let ran = false;
  const done = new Promise<void>((resolve) =>
    clock.schedule(clock.wall() - HOUR, 'past', () => {
      ran = true;
      resolve();
    }),
  );
  expect(ran).toBe(false);
  await done;
});

test('a paced story passes an hour in a moment', async () => {
  const clock = new PacedClock({ start: START, pace: HOUR });
  await sleepUntil(clock, START + HOUR, 'hour');
  expect(clock.wall()).toBeGreaterThanOrEqual(START + HOUR);
  expect(clock.pace).toBe(HOUR);
});

test('a paused story stands still until it goes on', async () => {
  const clock = new PacedClock({ start: START, pace: 1 });
  clock.setPace(0);
  const at = clock.wall();
  let fired = false;
  clock.schedule(at + 1, 'waits', () => {
    fired = true;
  });
  await sleep(new SystemClock(), 20, 'real');
  expect([clock.wall(), fired, clock.pace]).toEqual([at, false, 0]);
  clock.setPace(1_000);
  await sleepUntil(clock, at + 5, 'goes on');
  expect(fired).toBe(true);
});

test('a jump to the next event fires what was due on the way, in order', async () => {
  const clock = new PacedClock({ start: START, pace: 1 });
  clock.setPace(0);
  const order: string[] = [];
  const both = new Promise<void>((resolve) => {
    clock.schedule(START + 2 * HOUR, 'second', () => {
      order.push('second');
      resolve();
    });
    clock.schedule(START + HOUR, 'first', () => order.push('first'));
    clock.schedule(START + 3 * HOUR, 'third', () => order.push('third'));
  });
  expect(clock.nextEvent()).toBe(START + HOUR);
  clock.jumpTo(START + 2 * HOUR);
  await both;
  expect(order).toEqual(['first', 'second']);
  expect(clock.wall()).toBe(START + 2 * HOUR);
  clock.jumpTo(START);
  expect(clock.wall()).toBe(START + 2 * HOUR);
});
