import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  addressText,
  contains,
  freeAddress,
  isUsable,
  overlap,
  parseAddress,
  parsePrefix,
} from './prefixes.ts';

const address = fc.nat(2 ** 32 - 1);
const prefix = fc.tuple(address, fc.integer({ min: 20, max: 32 })).map(([at, length]) => {
  const size = 2 ** (32 - length);
  return `${addressText(at - (at % size))}/${length}`;
});

describe('ranges of addresses', () => {
  test('an address reads back as it was written', () => {
    fc.assert(fc.property(address, (at) => parseAddress(addressText(at)) === at));
  });

  test('containing and overlapping are what they are of sets', () => {
    fc.assert(
      fc.property(prefix, prefix, (a, b) => {
        const [p, q] = [parsePrefix(a)!, parsePrefix(b)!];
        const members = ({ start, size }: { start: number; size: number }) =>
          new Set(Array.from({ length: size }, (_, i) => start + i));
        const [inP, inQ] = [members(p), members(q)];
        expect(contains(p, q)).toBe([...inQ].every((one) => inP.has(one)));
        expect(overlap(p, q)).toBe([...inQ].some((one) => inP.has(one)));
      }),
      { numRuns: 40 },
    );
  });

  test('a free address is usable and not taken, and there is one as long as one is left', () => {
    fc.assert(
      fc.property(fc.integer({ min: 24, max: 29 }), fc.array(fc.nat(255)), (length, taken) => {
        const subnet = parsePrefix(`10.0.0.0/${length}`)!;
        const used = new Set(taken.map((n) => subnet.start + n));
        const free = freeAddress(subnet, used);
        const usable = Array.from({ length: subnet.size }, (_, i) => subnet.start + i).filter((one) =>
          isUsable(subnet, one),
        );
        const left = usable.filter((one) => !used.has(one));
        expect(free).toBe(left[0]);
        expect(usable).toHaveLength(subnet.size - 5);
      }),
    );
  });

  test.each([
    '10.0.0.0',
    '10.0.0.1/24',
    '10.0.0.0/33',
    '256.0.0.0/8',
    '010.0.0.0/8',
    '10.0.0.0/8 ',
    '::/0',
    '10.0.0/8',
  ])('%j is none', (text) => expect(parsePrefix(text)).toBeUndefined());
});
