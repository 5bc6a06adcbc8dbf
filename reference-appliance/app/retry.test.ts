import { expect, test } from 'vitest';
import { DryliftError } from '#core/errors.ts';
import { errors as netErrors } from '#core/net/transport.ts';
import { HOUR, MINUTE, SECOND } from '#core/units.ts';
import { memoryWorld } from '../testing/memory-world.ts';
import { Retrier } from './retry.ts';
import { UploadPace } from './upload-pace.ts';

const signal = new AbortController().signal;
const reset = () => netErrors.make('net.reset', { what: 'cut' });
const busy = (retryAfterSeconds: number) =>
  new DryliftError(
    't.busy',
    { blame: 'peer', retry: 'safe', why: '', next: '' },
    { what: 'busy', data: { retryAfterSeconds } },
  );

test('what fails is repeated until it works, at growing and never equal distances', async () => {
  await using world = await memoryWorld();
  const retrier = new Retrier({ ...world, incarnation: 1 });
  const at: number[] = [];
  await world.run(() =>
    retrier.run('t', { totalMs: HOUR }, signal, async () => {
      at.push(world.clock.monotonic());
      if (at.length < 12) throw reset();
    }),
  );
  const waits = at.slice(1).map((t, i) => t - at[i]!);
  for (const [i, wait] of waits.entries()) expect(wait).toBeLessThanOrEqual(Math.min(800 * 2 ** i, MINUTE));
  expect(new Set(waits).size).toBe(waits.length);
  expect(world.counters.toJSON()).toEqual({ 'appliance.retries.t': 11 });
});

test('a peer that says when to come back is not asked before', async () => {
  await using world = await memoryWorld();
  const retrier = new Retrier({ ...world, incarnation: 1 });
  let failures = 0;
  await world.run(() =>
    retrier.run('t', { totalMs: HOUR }, signal, async () => {
      if (failures++ === 0) throw busy(120);
    }),
  );
  expect(world.clock.monotonic()).toBeGreaterThanOrEqual(120 * SECOND);
  expect(world.clock.monotonic()).toBeLessThan(121 * SECOND);
});

test('patience ends, and the last error is what is told', async () => {
  await using world = await memoryWorld();
  const retrier = new Retrier({ ...world, incarnation: 1 });
  await expect(
    world.run(() => retrier.run('t', { totalMs: 10 * MINUTE }, signal, () => Promise.reject(reset()))),
  ).rejects.toMatchObject({ code: 'net.reset' });
  expect(world.clock.monotonic()).toBeLessThanOrEqual(10 * MINUTE);
});

test('what cannot help is not repeated', async () => {
  await using world = await memoryWorld();
  const retrier = new Retrier({ ...world, incarnation: 1 });
  let calls = 0;
  await expect(
    world.run(() =>
      retrier.run('t', { totalMs: HOUR }, signal, async () => {
        calls++;
        throw netErrors.make('net.tls.untrusted', { what: 'no' });
      }),
    ),
  ).rejects.toMatchObject({ code: 'net.tls.untrusted' });
  expect(calls).toBe(1);
});

test('one life of the appliance draws other waits than the next', async () => {
  await using world = await memoryWorld();
  const draw = (incarnation: number) => new Retrier({ ...world, incarnation }).waitAfter('t', 5);
  expect(draw(1)).toBe(draw(1));
  expect(draw(1)).not.toBe(draw(2));
});

test('a busy account halves the uploads once per complaint, and calm brings them back one by one', async () => {
  await using world = await memoryWorld();
  const pace = new UploadPace(world.clock);
  const pass = (ms: number) =>
    world.run(
      () => new Promise<void>((resolve) => world.clock.schedule(world.clock.wall() + ms, 't', resolve)),
    );
  await pass(SECOND);
  for (let i = 0; i < 10; i++) pace.busy();
  expect(pace.limit).toBe(8);
  pace.good();
  expect(pace.limit).toBe(8);
  await pass(61 * SECOND);
  pace.good();
  expect(pace.limit).toBe(10);
});

test('no more uploads run than the pace allows, and who gives up does not take a turn', async () => {
  await using world = await memoryWorld();
  const pace = new UploadPace(world.clock);
  await world.run(
    () => new Promise<void>((resolve) => world.clock.schedule(world.clock.wall() + SECOND, 't', resolve)),
  );
  for (let i = 0; i < 4; i++) {
    pace.busy();
    await world.run(
      () => new Promise<void>((resolve) => world.clock.schedule(world.clock.wall() + 1, 't', resolve)),
    );
  }
  expect(pace.limit).toBe(1);
  let running = 0;
  let most = 0;
  const upload = async () => {
    most = Math.max(most, ++running);
    await Promise.resolve();
    running--;
  };
  const gone = new AbortController();
  const all = [1, 2, 3].map(() => pace.run(signal, upload));
  const impatient = pace.run(gone.signal, upload);
  gone.abort(new Error('enough'));
  await expect(impatient).rejects.toThrow('enough');
  await Promise.all(all);
  expect(most).toBe(1);
});
