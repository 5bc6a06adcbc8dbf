import { generateKeyPairSync, pbkdf2Sync, randomFillSync } from 'node:crypto';
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { Entropy } from '../entropy/entropy.ts';
import { deadline, sleep, sleepUntil } from './clock.ts';
import { Quiescence } from './quiescence.ts';
import { VirtualClock } from './virtual-clock.ts';

const open: Quiescence[] = [];
afterEach(() => {
  for (const q of open.splice(0)) q[Symbol.dispose]();
});

function clockOf(seed: string | number): { clock: VirtualClock; quiescence: Quiescence; order: string[] } {
  const quiescence = new Quiescence();
  open.push(quiescence);
  const order: string[] = [];
  const clock = new VirtualClock({
    start: 1_000_000,
    entropy: new Entropy(seed),
    quiescence,
    onTimer: (at, label) => order.push(`${at - 1_000_000} ${label}`),
  });
  return { clock, quiescence, order };
}

describe('VirtualClock', () => {
  test('timers fire in the order of their instants, whatever the order they were set in', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 0, max: 5_000 }), { minLength: 1, maxLength: 60 }),
        async (delays) => {
          const { clock } = clockOf('order');
          const fired: number[] = [];
          await clock.run(
            Promise.all(
              delays.map((ms, i) => sleep(clock, ms, `t${i}`).then(() => fired.push(clock.monotonic()))),
            ),
          );
          expect(fired).toEqual([...delays].sort((a, b) => a - b));
        },
      ),
    );
  });

  test('equal instants are ordered by the seed: one seed repeats, other seeds explore', async () => {
    const orders = [];
    for (const seed of [1, 1, 2, 3, 4, 5]) {
      const { clock, order } = clockOf(seed);
      await clock.run(Promise.all(['a', 'b', 'c', 'd', 'e'].map((label) => sleep(clock, 10, label))));
      orders.push(order.join());
    }
    expect(orders[1]).toBe(orders[0]);
    expect(new Set(orders).size).toBeGreaterThan(3);
  });

  test('the tie of a timer does not depend on how many other timers were set', async () => {
    const labels = ['a', 'b', 'c', 'd', 'e', 'f'];
    const few = clockOf('ties');
    await few.clock.run(Promise.all(labels.map((label) => sleep(few.clock, 10, label))));
    const many = clockOf('ties');
    for (let i = 0; i < 100; i++) many.clock.schedule(2_000_000, `other ${i}`, () => {});
    await many.clock.run(Promise.all([...labels].reverse().map((label) => sleep(many.clock, 10, label))));
    expect(many.order).toEqual(few.order);
  });

  test('a hold keeps time still until it is released', async () => {
    const { clock, quiescence } = clockOf('hold');
    const hold = quiescence.hold('a worker computes');
    let turns = 0;
    const spin = (): void => void (++turns < 50 ? setImmediate(spin) : hold[Symbol.dispose]());
    setImmediate(spin);
    await clock.run(sleep(clock, 5, 'next'));
    expect(turns).toBe(50);
  });

  test('synchronous cryptography is not mistaken for work that is still under way', async () => {
    const { clock, quiescence } = clockOf('sync');
    generateKeyPairSync('ec', { namedCurve: 'P-256' });
    randomFillSync(Buffer.alloc(16));
    pbkdf2Sync('a', 'b', 1, 16, 'sha256');
    await clock.run(sleep(clock, 5, 'next'));
    expect(quiescence.inFlight()).toBe(0);
  });

  test('nobody left to act is a deadlock, and is reported as one', async () => {
    const { clock } = clockOf('dead');
    await expect(clock.run(new Promise(() => {}))).rejects.toMatchObject({ code: 'time.deadlock' });
  });

  test('a cancelled timer neither fires nor moves time', async () => {
    const { clock, order } = clockOf('cancel');
    clock.schedule(clock.wall() + 5, 'gone', () => {}).cancel();
    await clock.run(sleep(clock, 10, 'stays'));
    expect(order).toEqual(['10 stays']);
  });

  test('aborting a sleep removes its timer; an expired deadline aborts with its own reason', async () => {
    const { clock } = clockOf('abort');
    const controller = new AbortController();
    const cut = sleepUntil(clock, clock.wall() + 1_000, 'cut', controller.signal);
    controller.abort(new Error('stopped'));
    await expect(cut).rejects.toThrow('stopped');
    using limit = deadline(clock, 50, 'work');
    const late = new Promise((_, reject) =>
      limit.signal.addEventListener('abort', () => reject(limit.signal.reason)),
    );
    await expect(clock.run(late)).rejects.toThrow('work: no result within 50 ms');
    expect(clock.pending()).toEqual([]);
  });

  test('the limit of a run names what would have come next', async () => {
    const { clock } = clockOf('limit');
    await expect(clock.run(sleep(clock, 100, 'too late'), clock.wall() + 50)).rejects.toMatchObject({
      code: 'time.limit',
    });
  });
});
