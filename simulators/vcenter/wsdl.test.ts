/** The WSDL by itself; a client that is made of it: scenarios/crosscheck/vcenter/wsdl.py. */
import { expect, test } from 'vitest';
import type { XmlElement } from '#core/wire/xml/element.ts';
import { parseXml } from '#core/wire/xml/reader.ts';
import { VERSIONS, versionOf } from './schema/versions.ts';
import { wsdlDocument } from './wsdl.ts';

const LIMITS = { bytesMax: 16 * 1024 * 1024, depthMax: 32, elementsMax: 200_000 };

function* everyElement(element: XmlElement): Iterable<XmlElement> {
  yield element;
  for (const child of element.children) yield* everyElement(child);
}

test.each(VERSIONS)('at version %s every name that is used is defined, once', (id) => {
  const definitions = parseXml(wsdlDocument(versionOf(id)), LIMITS);
  const schema = definitions.children.find(({ name }) => name === 'types')!.children[0]!;
  const defined = (elements: readonly XmlElement[]) =>
    elements.map((element) => element.attributes.get('name')!.value).sort();
  const types = defined(schema.children.filter(({ name }) => name !== 'element'));
  const elements = defined(schema.children.filter(({ name }) => name === 'element'));
  const messages = defined(definitions.children.filter(({ name }) => name === 'message'));
  for (const names of [types, elements, messages]) expect([...new Set(names)]).toEqual(names);

  const used = { type: new Set<string>(), element: new Set<string>(), message: new Set<string>() };
  for (const { attributes } of everyElement(definitions))
    for (const [attribute, kind] of [
      ['type', 'type'],
      ['base', 'type'],
      ['element', 'element'],
      ['message', 'message'],
    ] as const) {
      const [prefix, name] = attributes.get(attribute)?.value.split(':') ?? [];
      if (prefix === 'vim25') used[kind].add(name!);
    }
  used.type.delete('VimPortType');
  expect([...used.type].filter((name) => !types.includes(name))).toEqual([]);
  expect([...used.element].filter((name) => !elements.includes(name))).toEqual([]);
  expect([...used.message].filter((name) => !messages.includes(name))).toEqual([]);
  expect(elements.includes('RetrievePropertiesEx')).toBe(versionOf(id) >= versionOf('4.1'));
});
