import { expect, test } from 'vitest';
import { MIB } from '#core/units.ts';
import { leftBehind } from './young-garbage.ts';

test('pieces of bodies that nobody holds are given back before they pile up, and nobody is shown how', () => {
  const before = process.memoryUsage().arrayBuffers;
  let most = 0;
  for (let i = 0; i < 4_096; i++) {
    const piece = Buffer.from(new ArrayBuffer(64 * 1024));
    leftBehind(piece.length);
    if (i % 64 === 0) most = Math.max(most, process.memoryUsage().arrayBuffers - before);
  }
  // 256 MiB went by
  expect(most).toBeLessThan(64 * MIB);
  expect((globalThis as { gc?: unknown }).gc).toBeUndefined();
});
