/** The quick reader against the strict one: the same element, or none. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { XmlElement } from '#core/wire/xml/element.ts';
import { parseXml } from '#core/wire/xml/reader.ts';
import { parseQuickly } from './quick-xml.ts';

function plain({ name, namespace, attributes, children, text, scope }: XmlElement): unknown {
  return [name, namespace, [...attributes], text, [...scope].sort(), children.map(plain)];
}

function strictly(document: string): unknown {
  try {
    return plain(parseXml(document));
  } catch {
    return 'refused';
  }
}

const word = fc.constantFrom('a', 'obj', '_this', 'pathSet', 'x-1', 'Envelope');
const prefix = fc.constantFrom('', 's:', 'xsi:', 'q:', 'xml:');
const text = fc.oneof(
  fc.constantFrom(
    '',
    ' ',
    '\n',
    'vm-42',
    'config.hardware.device[2000]',
    'a "b" \'c\'',
    ']]',
    ']]>',
    '&amp;',
    '&',
    'ü',
    '\t',
    '\r',
    '>',
  ),
  fc.string({ unit: 'grapheme-ascii', maxLength: 6 }),
);
const attribute = fc
  .tuple(
    fc.constantFrom(
      'type',
      'xsi:type',
      'xmlns',
      'xmlns:s',
      'xmlns:xsi',
      'xmlns:q',
      'q:k',
      'xmlns:xml',
      'a:b:c',
    ),
    fc.constantFrom('"', "'"),
    fc.constantFrom(
      '',
      'urn:vim25',
      'urn:other',
      'VirtualMachine',
      'a b',
      'a<b',
      'x&y',
      'http://www.w3.org/2000/xmlns/',
    ),
    fc.constantFrom(' ', '  ', '\n', ''),
  )
  .map(([name, quote, value, space]) => `${space}${name}=${quote}${value}${quote}`);

const { document } = fc.letrec<{ element: string; document: string }>((tie) => ({
  element: fc.oneof(
    { maxDepth: 4 },
    text,
    fc
      .record({
        name: fc.tuple(prefix, word).map((parts) => parts.join('')),
        attributes: fc.array(attribute, { maxLength: 3 }).map((all) => all.join('')),
        content: fc.array(tie('element'), { maxLength: 3 }).map((all) => all.join('')),
        close: fc.constantFrom('right', 'right', 'right', 'short', 'wrong', 'none'),
        before: fc.constantFrom('', '', '', '<!-- c -->', '<![CDATA[x]]>', '<?pi x?>'),
      })
      .map(({ name, attributes, content, close, before }) =>
        close === 'short'
          ? `${before}<${name}${attributes}/>`
          : `${before}<${name}${attributes}>${content}${close === 'none' ? '' : `</${close === 'wrong' ? 'z' : name}>`}`,
      ),
  ),
  document: fc
    .tuple(
      fc.constantFrom(
        '',
        '',
        '<?xml version="1.0" encoding="UTF-8"?>',
        "<?xml version='1.0'?>\n",
        '<?xml version="1.0"?>',
      ),
      fc.constantFrom('', '\n', 'x'),
      tie('element'),
      fc.constantFrom('', '\n', '<b/>'),
    )
    .map(
      ([declaration, before, inside, after]) =>
        `${declaration}${before}<s:Envelope xmlns:s="urn:s" xmlns:xsi="urn:xsi" xmlns="urn:d">${inside}</s:Envelope>${after}`,
    ),
}));

describe('the quick reader', () => {
  test('gives what the strict one gives, or nothing', () => {
    fc.assert(
      fc.property(document, (xml) => {
        const quick = parseQuickly(xml);
        if (quick) expect(plain(quick)).toEqual(strictly(xml));
      }),
      { numRuns: 3000 },
    );
  });

  test('takes the dialects of govmomi, pyVmomi and libvirt', () => {
    const requests = [
      '<?xml version="1.0" encoding="UTF-8"?>\n<Envelope xmlns="http://schemas.xmlsoap.org/soap/envelope/"><Body><CurrentTime xmlns="urn:vim25"><_this type="ServiceInstance">ServiceInstance</_this></CurrentTime></Body></Envelope>',
      '<?xml version="1.0" encoding="UTF-8"?>\n<soapenv:Envelope xmlns:soapenc="http://schemas.xmlsoap.org/soap/encoding/" xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">\n<soapenv:Body><RetrievePropertiesEx xmlns="urn:vim25"><_this versionId="6.5" xsi:type="ManagedObjectReference" type="PropertyCollector">propertyCollector</_this></RetrievePropertiesEx></soapenv:Body></soapenv:Envelope>',
      '<?xml version="1.0" encoding="UTF-8"?>\n<soapenv:Envelope\n xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/">\n</soapenv:Envelope>',
    ];
    expect(requests.map((xml) => parseQuickly(xml) && plain(parseQuickly(xml)!))).toEqual([
      strictly(requests[0]!),
      strictly(requests[1]!),
      strictly(requests[2]!),
    ]);
  });
});
