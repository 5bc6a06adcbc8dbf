import fc from 'fast-check';
import { expect, test } from 'vitest';
import { AsciiWriter } from './ascii-writer.ts';

const numbers = fc.oneof(
  fc.nat(9),
  fc.nat(10_000),
  fc.constantFrom(9, 10, 99, 100, 999, 1000, 9999, 10_000, 99_999, 100_000_000, 2 ** 31 - 1),
  fc.integer({ min: 0, max: 2 ** 31 - 1 }),
);

test('digits written straight into a buffer are those that a string would have', () => {
  fc.assert(
    fc.property(fc.array(numbers, { maxLength: 300 }), (values) => {
      const csv = new AsciiWriter();
      csv.text('[');
      csv.commaSeparated(Int32Array.from(values), values.length);
      csv.text(']');
      expect(Buffer.concat(csv.take(true)).toString()).toBe(`[${values.join(',')}]`);
      const xml = new AsciiWriter();
      xml.valueElements(Int32Array.from(values), values.length);
      expect(Buffer.concat(xml.take(true)).toString()).toBe(
        values.map((value) => `<value>${value}</value>`).join(''),
      );
    }),
  );
});

test('pieces follow each other without a gap, however much is written', () => {
  const writer = new AsciiWriter();
  const values = Int32Array.from({ length: 4000 }, (_, i) => i * 524_287);
  const pieces: Buffer[] = [];
  for (let i = 0; i < 100; i++) {
    writer.commaSeparated(values, values.length);
    writer.text('ü;');
    pieces.push(...writer.take(false));
  }
  pieces.push(...writer.take(true));
  expect(Buffer.concat(pieces).toString()).toBe(`${values.join(',')}ü;`.repeat(100));
  expect(pieces.length).toBeGreaterThan(1);
});
