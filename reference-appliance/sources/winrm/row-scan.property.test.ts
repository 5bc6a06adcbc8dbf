/** Pages read without a tree give what the strict parser gives, or are handed to it. */
import '#core/testing/random-seed.ts';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseXml } from '#core/wire/xml/reader.ts';
import { escapeText } from '#core/wire/xml/writer.ts';
import { type CimInstance, readInstance, text } from './cim.ts';
import { RowScanner, scanInstances, splitPage } from './row-scan.ts';

const W = 'http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd';
const XSI = 'http://www.w3.org/2001/XMLSchema-instance';
const COLUMNS = ['Name', 'Value', 'Other'];

/** null: nil. */
type Row = readonly (string | null)[];

const value = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 12 }).map((s) => s.replace(/[\u0000-\u001f\ufffe\uffff]/g, '')),
  fc.constantFrom('', 'a & b', '<tag>', '&amp;', ']]>', '"\'', '  ', 'Größe'),
  fc.nat().map(String),
);
const rows = fc.array(fc.tuple(...COLUMNS.map(() => fc.option(value, { freq: 5 }))), { maxLength: 20 });

const itemXml = (row: Row): string =>
  `<w:XmlFragment xmlns:w="${W}" xmlns:xsi="${XSI}">${row
    .map((cell, i) =>
      cell === null
        ? `<${COLUMNS[i]} xsi:nil="true"/>`
        : `<${COLUMNS[i]}>${escapeText(cell)}</${COLUMNS[i]}>`,
    )
    .join('')}</w:XmlFragment>`;

const page = (items: string): string =>
  `<s:Envelope xmlns:s="urn:s" xmlns:w="${W}" xmlns:n="urn:n"><s:Body><n:PullResponse><n:Items>${items}</n:Items><n:EndOfSequence/></n:PullResponse></s:Body></s:Envelope>`;

function strictly(xml: string): CimInstance[] {
  return parseXml(xml).children[0]!.children[0]!.children[0]!.children.map(readInstance);
}

test('rows and instances of any texts are those of the strict parser, in any order of the columns', () => {
  const scanner = new RowScanner();
  fc.assert(
    fc.property(rows, fc.shuffledSubarray(COLUMNS, { minLength: 3 }), (list, columns) => {
      const xml = page(list.map(itemXml).join(''));
      const split = splitPage(xml)!;
      expect(parseXml(split.frame).children).toHaveLength(1);
      const seen: string[][] = [];
      expect(scanner.scan(split.items, columns, (row) => seen.push([...row]))).toBeUndefined();
      const strict = strictly(xml);
      expect(seen).toEqual(strict.map((one) => columns.map((column) => text(one, column) ?? '')));
      expect(scanInstances(split.items)).toEqual(strict);
    }),
  );
});

test.each([
  ['an attribute', '<Name a="b">x</Name><Value>1</Value><Other>2</Other>'],
  ['a datetime', '<Name><Datetime>2026</Datetime></Name><Value>1</Value><Other>2</Other>'],
  ['CDATA', '<Name><![CDATA[x]]></Name><Value>1</Value><Other>2</Other>'],
  ['a reference to a character', '<Name>&#65;</Name><Value>1</Value><Other>2</Other>'],
  ['another order', '<Value>1</Value><Name>x</Name><Other>2</Other>'],
  ['a column too many', '<Name>x</Name><Value>1</Value><Other>2</Other><More>3</More>'],
  ['a column too few', '<Name>x</Name>'],
])('an item with %s goes to the strict parser, and the ones before it are not told twice', (what, inside) => {
  const good = itemXml(['a', '1', '2']);
  const odd = `<w:XmlFragment xmlns:w="${W}" xmlns:xsi="${XSI}">${inside}</w:XmlFragment>`;
  const seen: string[] = [];
  const handed = new RowScanner().scan(`${good}${good}${odd}${good}`, COLUMNS, ([name]) => seen.push(name!));
  expect([handed, seen]).toEqual([2, ['a', 'a']]);
  // an order of its own is a form like any other, where all items have it
  const alone = new RowScanner().scan(odd, COLUMNS, () => {});
  expect(alone).toBe(what === 'another order' ? undefined : 0);
});

test('any cut and any noise in a page ends with a number of rows, never with an exception or without end', () => {
  const xml = page(Array.from({ length: 5 }, (_, i) => itemXml([`n${i}`, 'a & b', null])).join(''));
  fc.assert(
    fc.property(fc.nat({ max: xml.length - 1 }), fc.string({ maxLength: 5 }), (at, noise) => {
      for (const bad of [xml.slice(0, at), `${xml.slice(0, at)}${noise}${xml.slice(at + 1)}`]) {
        const split = splitPage(bad);
        if (!split) continue;
        let count = 0;
        new RowScanner().scan(split.items, COLUMNS, () => count++);
        scanInstances(split.items);
        expect(count).toBeLessThanOrEqual(5);
      }
    }),
  );
});
