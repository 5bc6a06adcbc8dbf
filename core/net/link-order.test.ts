/** Timers of one instant are released in any order; what travels on one wire is not. */
import { expect, test } from 'vitest';
import { tierWorld } from '../testing/tier-world.ts';

test('chunks that were written at one instant arrive in their order through a link that delays', async () => {
  await using world = await tierWorld('memory');
  world.links.add({
    id: 'slow',
    from: '*',
    to: '*',
    direction: 'both',
    action: { do: 'delay', ms: 20 },
    start: 0,
    end: Number.MAX_SAFE_INTEGER,
  });
  const at = { host: 'there', port: 1 };
  await world.network.as('there').listen(at, (raw) => {
    // its own words and an echo: both directions have several chunks under way
    for (let i = 0; i < 50; i++) raw.write(`${i} `);
    raw.on('data', (chunk: Buffer) => raw.write(chunk));
  });
  await world.clock.run(
    (async () => {
      const raw = await world.network.as('here').dial(at);
      let text = '';
      const all = new Promise<void>((resolve) => {
        raw.on('data', (chunk: Buffer) => {
          text += chunk.toString();
          if (text.endsWith('end')) resolve();
        });
      });
      for (let i = 50; i < 100; i++) raw.write(`${i} `);
      raw.write('end');
      await all;
      const numbers = Array.from({ length: 100 }, (_, i) => `${i} `).join('');
      expect(text).toBe(`${numbers}end`);
    })(),
  );
});
