/** The reader against an independent strict parser, the writer against the same, and both byte by byte. */
import { type XmlElement as OtherElement, parseXml as parseIndependently } from '@rgrove/parse-xml';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { XmlElement } from './element.ts';
import { parseXml, REPLY_LIMITS, XmlStream } from './reader.ts';
import { XmlWriter } from './writer.ts';

const name = fc.constantFrom('a', 'b', 'value', 'obj', 'propSet');
const text = fc
  .string({ unit: 'binary-ascii', maxLength: 20 })
  .filter((s) => !/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/.test(s));

interface Tree {
  name: string;
  attribute: string;
  text: string;
  children: Tree[];
}

/** Trees of at most `depth` levels. */
function trees(depth: number): fc.Arbitrary<Tree> {
  const children = depth > 1 ? fc.array(trees(depth - 1), { maxLength: 3 }) : fc.constant<Tree[]>([]);
  return fc.record({ name, attribute: text, text, children });
}

const tree = trees(4);

function write(writer: XmlWriter, node: Tree): XmlWriter {
  writer.open(node.name, { k: node.attribute }).text(node.text);
  for (const child of node.children) write(writer, child);
  return writer.close();
}

/** Attribute white space is normalised by XML itself (3.3.3); the writer escapes it so that it survives. */
function shapeOfOther(node: OtherElement): unknown {
  const texts = node.children.map((c) => (c.type === 'text' ? (c as unknown as { text: string }).text : ''));
  return {
    name: node.name,
    attribute: node.attributes.k,
    text: texts.join(''),
    children: node.children.filter((c) => c.type === 'element').map((c) => shapeOfOther(c as OtherElement)),
  };
}

function shapeOfOurs(node: XmlElement): unknown {
  return {
    name: node.name,
    attribute: node.attributes.get('k')?.value,
    text: node.text,
    children: node.children.map(shapeOfOurs),
  };
}

describe('XML', () => {
  test('what the writer writes, an independent parser reads back as it was meant', () => {
    fc.assert(
      fc.property(tree, (node) => {
        const xml = write(new XmlWriter(), node).toString();
        expect(shapeOfOther(parseIndependently(xml).root!)).toEqual({ ...node });
      }),
    );
  });

  test('our reader and the independent one see the same document, in chunks of any size', () => {
    fc.assert(
      fc.property(tree, fc.integer({ min: 1, max: 40 }), (node, size) => {
        const xml = Buffer.from(write(new XmlWriter(), node).toString());
        const seen: XmlElement[] = [];
        const stream = new XmlStream({ capture: (_n, depth) => depth === 0, onElement: (e) => seen.push(e) });
        for (let i = 0; i < xml.length; i += size) stream.write(xml.subarray(i, i + size));
        stream.end();
        expect(shapeOfOurs(seen[0]!)).toEqual(shapeOfOther(parseIndependently(xml.toString()).root!));
      }),
    );
  });

  test('bulk text reaches its sink whole, however the document is cut', () => {
    const series = fc.array(fc.integer({ min: -1, max: 99_999 }), { maxLength: 30 });
    fc.assert(
      fc.property(
        fc.array(series, { minLength: 1, maxLength: 5 }),
        fc.integer({ min: 1, max: 25 }),
        (all, size) => {
          const body = all
            .map(
              (s, i) =>
                `<value xsi:type="CSV"><id><counterId>${i}</counterId><instance/></id><value>${s.join(',')}</value></value>`,
            )
            .join('');
          const xml = Buffer.from(`<r xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">${body}</r>`);
          const got: string[] = [];
          const ids: string[] = [];
          let current = '';
          const stream = new XmlStream({
            capture: (n) => n === 'id',
            onElement: (id) => ids.push(id.children[0]!.text),
            bulk: {
              tag: 'value',
              sink: {
                bytes: (piece) => {
                  current += Buffer.from(piece).toString('latin1');
                },
                end: () => {
                  got.push(current);
                  current = '';
                },
              },
            },
          });
          for (let i = 0; i < xml.length; i += size) stream.write(xml.subarray(i, i + size));
          stream.end();
          expect(got).toEqual(all.map((s) => s.join(',')));
          expect(ids).toEqual(all.map((_, i) => String(i)));
        },
      ),
    );
  });

  test.each([
    ['a DOCTYPE', '<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>', 'xml.doctype'],
    ['an undefined entity', '<a>&x;</a>', 'xml.malformed'],
    ['an unbound prefix', '<p:a/>', 'xml.malformed'],
    ['a missing end', '<a><b></b>', 'xml.malformed'],
    ['crossed tags', '<a><b></a></b>', 'xml.malformed'],
    ['two roots', '<a/><b/>', 'xml.malformed'],
    ['nothing', '', 'xml.malformed'],
    ['plain text', 'not xml', 'xml.malformed'],
    ['a control character', '<a>\u0001</a>', 'xml.malformed'],
    ['nesting beyond the limit', '<a>'.repeat(100) + '</a>'.repeat(100), 'xml.limit'],
  ])('%s is refused', (_what, xml, code) => {
    expect(() => parseXml(xml)).toThrow(expect.objectContaining({ code }));
  });

  test('bytes that are not UTF-8 are refused', () => {
    expect(() => parseXml(Buffer.from([0x3c, 0x61, 0x3e, 0xff, 0xfe, 0x3c, 0x2f, 0x61, 0x3e]))).toThrow(
      expect.objectContaining({ code: 'xml.malformed' }),
    );
  });

  test('a document larger than the limit is refused before it is all read', () => {
    const stream = new XmlStream({
      limits: { ...REPLY_LIMITS, bytesMax: 100 },
      capture: () => false,
      onElement: () => {},
    });
    stream.write(Buffer.from('<a>'));
    expect(() => stream.write(Buffer.alloc(100, 0x20))).toThrow(
      expect.objectContaining({ code: 'xml.limit' }),
    );
  });
});
