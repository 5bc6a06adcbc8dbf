/** Batches of several sites in one store: each site counts for itself. */
import { expect, test } from 'vitest';
import { sleep } from '#core/time/clock.ts';
import { MINUTE, SECOND } from '#core/units.ts';
import { openStore } from '../store/store.ts';
import { fakeCloud } from '../testing/fake-cloud.ts';
import { memoryWorld } from '../testing/memory-world.ts';
import { Outbox } from './outbox.ts';
import { Problems } from './problems.ts';
import { Retrier } from './retry.ts';
import type { SourceKind } from './source-machines.ts';

test('sites are numbered, sent and lost apart: what one service forgot is numbered anew there only', async () => {
  await using world = await memoryWorld();
  const { clock, counters, log } = world;
  const store = openStore({ path: ':memory:', clock, key: Buffer.alloc(32), synchronous: 'off' });
  const problems = new Problems({ clock, log });
  const retrier = new Retrier({ ...world, incarnation: 1 });
  const end = new AbortController();
  const site = (kind: SourceKind) => {
    const cloud = fakeCloud(clock, kind);
    const outbox = new Outbox({ store, cloud, clock, retrier, problems, counters, log });
    const add = async (text: string): Promise<void> => {
      await store.transaction((db) => outbox.add(db, 'inventory', Buffer.from(text), 0));
      await store.flush();
      outbox.wake();
    };
    return { cloud, outbox, add };
  };
  await world.run(async () => {
    const [vmware, hyperv] = [site('vmware'), site('hyperv')];
    let isDown = true;
    hyperv.cloud.trouble = () => {
      if (isDown) throw new Error('away');
    };
    for (const { outbox } of [vmware, hyperv]) void outbox.run(end.signal);
    for (const text of ['a', 'b']) {
      await vmware.add(`v-${text}`);
      await hyperv.add(`h-${text}`);
    }
    await sleep(clock, MINUTE, 'test');
    expect([...vmware.cloud.stored.inventory]).toEqual([
      [1, 'v-a'],
      [2, 'v-b'],
    ]);
    expect([vmware.outbox.pending, hyperv.outbox.pending]).toEqual([0, 2]);
    expect(problems.list().map(({ job }) => job)).toEqual(['upload hyperv']);

    isDown = false;
    await sleep(clock, 2 * MINUTE, 'test');
    expect([...hyperv.cloud.stored.inventory]).toEqual([
      [1, 'h-a'],
      [2, 'h-b'],
    ]);
    // the service of one site comes back empty
    hyperv.cloud.stored.inventory.clear();
    await hyperv.add('h-c');
    await vmware.add('v-c');
    await sleep(clock, 10 * SECOND, 'test');
    expect([...hyperv.cloud.stored.inventory]).toEqual([[1, 'h-c']]);
    expect([...vmware.cloud.stored.inventory].at(-1)).toEqual([3, 'v-c']);
    end.abort();
  });
  await store.close();
});
