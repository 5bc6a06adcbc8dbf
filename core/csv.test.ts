import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { csvRows, readNumber } from './csv.ts';

const rows = (text: string, cut = text.length): string[][] => {
  const chunks: string[] = [];
  for (let at = 0; at < text.length; at += cut) chunks.push(text.slice(at, at + cut));
  return [...csvRows(chunks, 'x.csv')].map(({ cells }) => [...cells]);
};

describe('rows', () => {
  test('commas, semicolons and tabs are told from the first row; blank lines and a byte-order mark are no rows', () => {
    expect(rows('\ufeffa,b\r\n\r\n1,2\n')).toEqual([
      ['a', 'b'],
      ['1', '2'],
    ]);
    expect(rows('a;b\n1,5;2')).toEqual([
      ['a', 'b'],
      ['1,5', '2'],
    ]);
    expect(rows('a\tb\n1\t')).toEqual([
      ['a', 'b'],
      ['1', ''],
    ]);
  });

  test('a quoted cell holds delimiters, line ends and doubled marks, and the next row knows its line', () => {
    const text = 'a,b\n"x, ""y""\nz",2\n3,4\n';
    expect(rows(text)).toEqual([
      ['a', 'b'],
      ['x, "y"\nz', '2'],
      ['3', '4'],
    ]);
    expect([...csvRows([text], 'x.csv')].map(({ line }) => line)).toEqual([1, 2, 4]);
  });

  test('a mark that is not closed, stands inside a cell or is followed by text is refused with line and column', () => {
    for (const [text, where] of [
      ['a,b\n1,"2\n3,4\n', { line: 2 }],
      ['a,b\n1,2"2"\n', { line: 2, column: 2 }],
      ['a,b\n"1"x,2\n', { line: 2, column: 1 }],
    ] as const)
      expect(() => rows(text)).toThrow(
        expect.objectContaining({ code: 'csv.malformed', where: { file: 'x.csv', ...where } }),
      );
  });

  test('a row without end is refused before memory is', () => {
    expect(() => rows('a,b\n'.padEnd(3 << 20, 'x'))).toThrow(/longer than/);
    expect(() => rows(`a,b\n${','.repeat(5_000)}x`)).toThrow(/more than 4096 cells/);
  });

  test('whatever is written is read back, cut anywhere', () => {
    const cell = fc
      .string({ unit: fc.constantFrom('a', '"', ',', ';', '\n', '7', 'é'), maxLength: 6 })
      .map((s) => s.trim());
    fc.assert(
      fc.property(
        fc.array(fc.array(cell, { minLength: 2, maxLength: 4 }), { maxLength: 6 }),
        fc.integer({ min: 1, max: 9 }),
        (table, cut) => {
          const text = [['"h",h'], ...table.map((r) => r.map((c) => `"${c.replaceAll('"', '""')}"`))]
            .map((r) => r.join(','))
            .join('\n');
          expect(rows(text, cut).slice(1)).toEqual(table.filter((r) => r.some((c) => c !== '')));
        },
      ),
    );
  });
});

test.each([
  ['1234.5', 1234.5],
  ['1,234.5', 1234.5],
  ['1.234,5', 1234.5],
  ['1 234,5', 1234.5],
  ['12,5', 12.5],
  ['1,234', 1234],
  ['1.234', 1.234],
  ['1.234.567', 1_234_567],
  ['-3e2', -300],
  ['', undefined],
  ['12a', undefined],
  ['1,2,3', undefined],
  ['0x10', undefined],
  ['=1+1', undefined],
])('%j is the number %j', (text, value) => expect(readNumber(text)).toBe(value));
