import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Entropy } from './entropy.ts';
import { hashText, murmur3 } from './hash.ts';

describe('murmur3', () => {
  // Verification values of the reference implementation, as published with its test suite (SMHasher) and
  // reproduced in the Wikipedia article "MurmurHash".
  test.each([
    ['', 0, 0x00000000],
    ['', 1, 0x514e28b7],
    ['', 0xffffffff, 0x81f16f39],
    ['test', 0, 0xba6bd213],
    ['test', 0x9747b28c, 0x704b81dc],
    ['Hello, world!', 0, 0xc0363e43],
    ['Hello, world!', 0x9747b28c, 0x24884cba],
    ['The quick brown fox jumps over the lazy dog', 0, 0x2e4ff723],
    ['The quick brown fox jumps over the lazy dog', 0x9747b28c, 0x2fa826cd],
  ])('%j with seed %i', (text, seed, expected) => {
    expect(murmur3(Buffer.from(text), seed)).toBe(expected);
    expect(hashText(text, seed)).toBe(expected);
  });
});

test('the hash of text is that of its UTF-8 bytes, however long and whatever the characters', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 300 }), fc.nat(), (text, seed) => {
      expect(hashText(text, seed)).toBe(murmur3(new TextEncoder().encode(text), seed));
    }),
  );
  expect(hashText('x'.repeat(129))).toBe(murmur3(Buffer.from('x'.repeat(129)), 0));
});

describe('Entropy', () => {
  test('a draw depends on its address only, not on the draws before it', () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.array(fc.tuple(fc.string(), fc.maxSafeInteger()), { minLength: 1 }),
        fc.integer({ min: 0, max: 1000 }),
        (seed, addresses, pick) => {
          const [stream, key] = addresses[pick % addresses.length]!;
          const alone = new Entropy(seed).u32(stream, key);
          const after = new Entropy(seed);
          for (const [s, k] of addresses) after.u32(s, k);
          expect(after.u32(stream, key)).toBe(alone);
        },
      ),
    );
  });

  test('what a seed means is pinned', () => {
    const entropy = new Entropy('7');
    expect({
      u32: entropy.u32('a', 1, 'b'),
      ratio: entropy.ratio('a', 1),
      uuid: entropy.uuid('vm', 3),
      bytes: entropy.bytes(9, 'x').toString('hex'),
      sequence: Array.from({ length: 3 }, entropy.sequence('shuffle', 1)),
    }).toMatchInlineSnapshot(`
      {
        "bytes": "733be9fca2e8ae21a4",
        "ratio": 0.2040561767837692,
        "sequence": [
          0.7517983212601393,
          0.3441649067681283,
          0.004437543218955398,
        ],
        "u32": 3495667920,
        "uuid": "17bd773d-3df3-4aef-9edb-f07689e878d8",
      }
    `);
  });

  test('text and number keys, and key boundaries, give different addresses', () => {
    const entropy = new Entropy(1);
    const draws = [
      entropy.u32('s', '1'),
      entropy.u32('s', 1),
      entropy.u32('s', 1, 1),
      entropy.u32('s', '11'),
      entropy.u32('s1'),
      entropy.u32('s', 2 ** 40),
      entropy.u32('s', -1),
    ];
    expect(new Set(draws).size).toBe(draws.length);
  });

  test('ratios are spread evenly over [0, 1)', () => {
    const entropy = new Entropy('even');
    const buckets = new Array<number>(16).fill(0);
    const n = 64_000;
    for (let i = 0; i < n; i++) buckets[Math.floor(entropy.ratio('r', i) * 16)]!++;
    // chi-square with 15 degrees of freedom: 37.7 is exceeded once in a thousand seeds; this seed is fixed
    const expected = n / 16;
    const chi = buckets.reduce((sum, b) => sum + (b - expected) ** 2 / expected, 0);
    expect(chi).toBeLessThan(37.7);
  });
});
