import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { countPresent, Points, WINDOWS_MAX } from './points.ts';
import { PeakSink } from './roll-up.ts';

const PERIOD = 600_000;

function filled(entries: Iterable<readonly [number, number]>): Points {
  const points = new Points(PERIOD);
  for (const [window, value] of entries) points.raise(window, value);
  return points;
}

describe('points of a series', () => {
  test('the larger value stands, and a repetition changes nothing', () => {
    const points = new Points(PERIOD);
    expect(points.raise(100, 5)).toBe(true);
    expect(points.raise(100, 5)).toBe(false);
    expect(points.raise(100, 4)).toBe(false);
    expect(points.raise(100, 6)).toBe(true);
    expect(points.at(100)).toBe(6);
    expect(points.at(99)).toBeUndefined();
  });

  test('a replaced point is the last word, larger or smaller, wherever it lies', () => {
    const points = filled([[100, 5]]);
    points.replace(100, 3);
    points.replace(99, 7);
    for (let window = 101; window < 200; window++) points.replace(window, window);
    expect([points.at(99), points.at(100), points.at(150)]).toEqual([7, 3, 150]);
    expect(points.count()).toBe(101);
  });

  test('windows before, after and between what is stored are absent until raised', () => {
    const points = filled([
      [100, 1],
      [103, 2],
      [98, 3],
    ]);
    expect([...points.entries()]).toEqual([
      [98, 3],
      [100, 1],
      [103, 2],
    ]);
    expect([points.first, points.last, points.count()]).toEqual([98, 103, 3]);
    expect(countPresent(points.slots(99, 103))).toBe(1);
    expect(points.count(101, 500)).toBe(1);
    expect(points.slots(0, 50).length).toBe(0);
  });

  test('a zero is a point', () => {
    const points = filled([[7, 0]]);
    expect(points.at(7)).toBe(0);
    expect(points.raise(7, -0)).toBe(false);
  });

  test('a sink is taken over with its unit: KB/s become bytes per second exactly', () => {
    const sink = new PeakSink();
    sink.push(10, 16_777_215);
    sink.push(11, 3);
    const points = new Points(PERIOD);
    expect(points.raiseAll(sink, 1024)).toBe(2);
    expect(points.at(10)).toBe(16_777_215 * 1024);
    expect(points.raiseAll(sink, 1024)).toBe(0);
  });

  test('months that are over are dropped', () => {
    const points = filled([
      [10, 1],
      [20, 2],
      [30, 3],
    ]);
    points.dropBefore(11);
    expect([...points.entries()]).toEqual([
      [20, 2],
      [30, 3],
    ]);
    points.dropBefore(31);
    expect(points.first).toBeUndefined();
    expect(points.encode()).toEqual(new Points(PERIOD).encode());
    points.raise(5, 1);
    expect(points.at(5)).toBe(1);
  });

  test('negative, infinite and missing numbers are not points; a year is the widest series', () => {
    const points = filled([[0, 1]]);
    expect(() => points.raise(1, -1)).toThrow();
    expect(() => points.raise(1, Number.POSITIVE_INFINITY)).toThrow();
    expect(() => points.raise(1, Number.NaN)).toThrow();
    expect(() => points.raise(1, 1e39)).toThrow();
    expect(() => points.raise(WINDOWS_MAX, 1)).toThrow(
      expect.objectContaining({ code: 'points.tooWide' }) as Error,
    );
    expect(points.raise(WINDOWS_MAX - 1, 1)).toBe(true);
  });
});

describe('DPT1', () => {
  test('three points over four windows are these bytes', () => {
    const bytes = filled([
      [0x01020304, 1],
      [0x01020305, 2.5],
      [0x01020307, 0],
    ]).encode();
    expect(bytes.toString('hex')).toBe(
      '44505431' + // DPT1
        'c0270900' + // 600,000 ms
        '04030201' + // first window
        '04000000' + // four windows
        '0b' + // 1101 from the lowest bit: windows 0, 1 and 3
        '0000803f' +
        '00002040' +
        '00000000',
    );
  });

  test('a month of points is 17,836 bytes', () => {
    const month = new Points(PERIOD);
    for (let i = 0; i < 4320; i++) month.raise(2_900_000 + i, i);
    expect(month.encode().length).toBe(17_836);
  });

  test('what is read is what was written', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(5_000), fc.float({ min: 0, noNaN: true, noDefaultInfinity: true }))),
        fc.nat(2 ** 31),
        (entries, base) => {
          const points = filled(entries.map(([w, v]) => [w + base, v] as const));
          const back = Points.decode(points.encode());
          expect([...back.entries()]).toEqual([...points.entries()]);
          expect(back.periodMs).toBe(PERIOD);
          back.raise(base + 5_001, 1); // it is a container like any other
          expect(back.at(base + 5_001)).toBe(1);
        },
      ),
    );
  });

  test('the order in which points came leaves no trace in the bytes', () => {
    fc.assert(
      fc.property(
        fc
          .array(fc.tuple(fc.nat(300), fc.nat(100)))
          .chain((list) =>
            fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length })),
          ),
        ([list, shuffled]) => {
          expect(filled(list).encode()).toEqual(filled(shuffled).encode());
        },
      ),
    );
  });

  test('merging is taking the larger of both, from either side', () => {
    const entries = fc.array(fc.tuple(fc.nat(200), fc.nat(100)));
    fc.assert(
      fc.property(entries, entries, (a, b) => {
        const ab = filled(a);
        ab.merge(filled(b));
        const ba = filled(b);
        ba.merge(filled(a));
        expect(ab.encode()).toEqual(ba.encode());
        expect(ab.encode()).toEqual(filled([...a, ...b]).encode());
      }),
    );
  });

  test('every cut, and every byte too many, is refused', () => {
    const bytes = filled([
      [10, 1],
      [12, 2],
      [30, 3],
    ]).encode();
    const refused = expect.objectContaining({ code: 'points.badBytes' }) as Error;
    for (let length = 0; length < bytes.length; length++)
      expect(() => Points.decode(bytes.subarray(0, length)), `cut at ${length}`).toThrow(refused);
    expect(() => Points.decode(Buffer.concat([bytes, Buffer.alloc(1)]))).toThrow(refused);
  });

  test('whatever is accepted is canonical: it encodes to the same bytes', () => {
    const good = filled([
      [10, 1],
      [12, 2],
    ]).encode();
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.nat(255), (at, value) => {
        const bytes = Buffer.from(good);
        bytes[at] = value;
        let read: Points;
        try {
          read = Points.decode(bytes);
        } catch (error) {
          expect(error).toMatchObject({ code: 'points.badBytes' });
          return;
        }
        expect(read.encode()).toEqual(bytes);
      }),
      { numRuns: 1000 },
    );
  });
});

test('a series of stored numbers is the series of their values, whatever is asked of it first', () => {
  const numbers = fc.uint16Array({ minLength: 1, maxLength: 60 });
  fc.assert(
    fc.property(
      numbers,
      fc.constantFrom(1, 1024),
      fc.nat(70),
      fc.nat(70),
      fc.nat(2),
      (stored, scale, a, b, first) => {
        const [from, to] = [100 + Math.min(a, b), 100 + Math.max(a, b)];
        const packed = Points.ofNumbers(600_000, 105, stored, scale);
        const plain = new Points(600_000);
        for (const [i, n] of stored.entries()) plain.raise(105 + i, n * scale);
        const ask = [
          (of: Points) => of.percentile(95, from, to),
          (of: Points) => of.count(from, to),
          (of: Points) => of.at(from),
        ];
        for (let i = 0; i < 3; i++)
          expect(ask[(first + i) % 3]!(packed)).toEqual(ask[(first + i) % 3]!(plain));
        packed.raise(120, 5e6);
        plain.raise(120, 5e6);
        expect(packed.percentile(95, from, to)).toEqual(plain.percentile(95, from, to));
        expect(packed.encode().equals(plain.encode())).toBe(true);
      },
    ),
  );
});
