import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LIMITS, type SlotRequest, Slots } from './slots.ts';

const never = new AbortController().signal;
const request = (disks: number, host = 'h', priority = 1, datastore = 'ds'): SlotRequest => ({
  host,
  datastores: Array.from({ length: disks }, () => datastore),
  priority,
});
/** Lets everything that can happen without time happen. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

test('limits hold at every moment, and everybody is served in the end', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.record({
          host: fc.constantFrom('a', 'b', 'c'),
          datastores: fc.array(fc.constantFrom('x', 'y'), { minLength: 1, maxLength: 12 }),
          priority: fc.nat(2),
        }),
        { maxLength: 40 },
      ),
      async (requests) => {
        const slots = new Slots();
        const running = new Set<SlotRequest>();
        let served = 0;
        const check = (): void => {
          const sum = (of: (r: SlotRequest) => number) => [...running].reduce((n, r) => n + of(r), 0);
          const alone = running.size <= 1;
          for (const host of ['a', 'b', 'c']) {
            const here = [...running].filter((r) => r.host === host);
            if (here.length > 1)
              expect(sum((r) => (r.host === host ? r.datastores.length : 0))).toBeLessThanOrEqual(
                LIMITS.disksPerHost,
              );
          }
          if (!alone) expect(sum((r) => r.datastores.length)).toBeLessThanOrEqual(LIMITS.disksPerAppliance);
        };
        await Promise.all(
          requests.map(async (r) => {
            using _taken = await slots.take(r, never);
            running.add(r);
            check();
            await settle();
            running.delete(r);
            served++;
          }),
        );
        expect(served).toBe(requests.length);
        expect([slots.inUse, slots.queued]).toEqual([0, 0]);
      },
    ),
    { numRuns: 50 },
  );
});

test('a final cycle passes everybody who waits', async () => {
  const slots = new Slots();
  const order: string[] = [];
  const first = await slots.take(request(8), never);
  const run = async (name: string, priority: number) => {
    using _taken = await slots.take(request(8, 'h', priority), never);
    order.push(name);
    await settle();
  };
  const all = [run('delta', 2), run('first copy', 1), run('final', 0)];
  await settle();
  first[Symbol.dispose]();
  await Promise.all(all);
  expect(order).toEqual(['final', 'first copy', 'delta']);
});

test('a machine with more disks than a limit runs alone instead of never', async () => {
  const slots = new Slots();
  using _taken = await slots.take(request(20), never);
  expect(slots.inUse).toBe(20);
});

test('who gives up waiting leaves the queue', async () => {
  const slots = new Slots();
  using _taken = await slots.take(request(8), never);
  const impatient = new AbortController();
  const waiting = slots.take(request(8), impatient.signal);
  impatient.abort(new Error('enough'));
  await expect(waiting).rejects.toThrow('enough');
  expect(slots.queued).toBe(0);
});
