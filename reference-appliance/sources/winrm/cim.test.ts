/** Instances in all their forms, and how little their types are trusted. */
import { expect, test } from 'vitest';
import { parseXml } from '#core/wire/xml/reader.ts';
import { embedded, flag, number, readEmbedded, readInstance, text, texts } from './cim.ts';

const OBJECT = `<p:Msvm_X xmlns:p="urn:x" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:cim="urn:cim"
  xmlns:a="urn:a" xmlns:w="urn:w" xsi:type="p:Msvm_X_Type">
  <p:Name>a &amp; b</p:Name><p:Null xsi:nil="true"/><p:Empty></p:Empty><p:List>1</p:List><p:List>2</p:List>
  <p:At><cim:Datetime>2026-03-02T08:00:00Z</cim:Datetime></p:At>
  <p:Ref><a:Address>x</a:Address><a:ReferenceParameters><w:ResourceURI>urn:uri </w:ResourceURI>
    <w:SelectorSet><w:Selector Name="Key">v</w:Selector></w:SelectorSet></a:ReferenceParameters></p:Ref>
  <p:Inner xmlns:q="urn:q" xsi:type="q:Inner_Type"><q:VmID>G</q:VmID></p:Inner>
</p:Msvm_X>`;

test('scalars, nulls, arrays, instants, references and objects inside', () => {
  const instance = readInstance(parseXml(OBJECT));
  expect(instance.className).toBe('Msvm_X');
  expect(text(instance, 'Name')).toBe('a & b');
  expect(instance.properties.has('Null')).toBe(false);
  expect(text(instance, 'Empty')).toBe('');
  expect(texts(instance, 'List')).toEqual(['1', '2']);
  expect(text(instance, 'At')).toBe('2026-03-02T08:00:00Z');
  expect(instance.properties.get('Ref')).toEqual([
    { resourceUri: 'urn:uri', selectors: new Map([['Key', 'v']]) },
  ]);
  expect(embedded(instance, 'Inner').map((inner) => text(inner, 'VmID'))).toEqual(['G']);
});

test.each([
  ['12', 12, undefined],
  [' 18446744073709551616 ', 2 ** 64, undefined],
  ['1.5e3', 1500, undefined],
  ['true', undefined, true],
  ['FALSE', undefined, false],
  ['', undefined, undefined],
  ['NaN', undefined, undefined],
  ['0x10', undefined, undefined],
  ['1 2', undefined, undefined],
  ['Infinity', undefined, undefined],
])('%j is the number %s and the flag %s', (value, asNumber, asFlag) => {
  const instance = { className: '', properties: new Map([['X', [value]]]) };
  expect([number(instance, 'X'), flag(instance, 'X')]).toEqual([asNumber, asFlag]);
});

test('an object where a text is due, and a text where an object is due, are nothing', () => {
  const instance = readInstance(parseXml(OBJECT));
  expect([text(instance, 'Inner'), number(instance, 'Ref'), flag(instance, 'Inner')]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
  expect(embedded(instance, 'Name')).toEqual([]);
  expect(text(instance, 'Missing')).toBeUndefined();
});

test('an instance that stands as CIM-XML in a text', () => {
  const instance = readEmbedded(
    '<INSTANCE CLASSNAME="Msvm_VirtualHardDiskSettingData"><PROPERTY NAME="Type" TYPE="uint16"><VALUE>4</VALUE></PROPERTY>' +
      '<PROPERTY NAME="Caption" TYPE="string"></PROPERTY><PROPERTY.ARRAY NAME="Of"><VALUE.ARRAY><VALUE>a</VALUE><VALUE>b</VALUE></VALUE.ARRAY></PROPERTY.ARRAY></INSTANCE>',
  );
  expect(instance.className).toBe('Msvm_VirtualHardDiskSettingData');
  expect([number(instance, 'Type'), text(instance, 'Caption'), texts(instance, 'Of')]).toEqual([
    4,
    undefined,
    ['a', 'b'],
  ]);
  expect(() => readEmbedded('<!DOCTYPE x [<!ENTITY e "x">]><INSTANCE>&e;</INSTANCE>')).toThrow('DOCTYPE');
});
