/**
 * The WSDL at /sdk/vimService.wsdl, made from the schema and the method table: what clients that generate
 * themselves from it can rely on. Fields of types that the schema does not describe are left out.
 */
import { XSD_NAMESPACE } from '#core/wire/xml/element.ts';
import { METHODS as ALL_METHODS } from './methods/table.ts';
import { VIM_NAMESPACE } from './schema/decoder.ts';
import type { Field } from './schema/notation.ts';
import { allEnums, allTypes, enumValues, findType } from './schema/schema.ts';

/** Fetch is not published. */
const METHODS = ALL_METHODS.filter(({ on }) => on !== 'ManagedObject');

const WSDL_NAMESPACE = 'http://schemas.xmlsoap.org/wsdl/';

export function wsdlDocument(): string {
  const types = [...allTypes()].filter(({ kind }) => kind === 'data');
  const complexTypes = types.map(({ name, base, own }) => {
    const fields = `<sequence>${own.map(elementXml).join('')}</sequence>`;
    const parent =
      base?.name ?? (name === 'MethodFault' || name === 'LocalizedMethodFault' ? undefined : 'DynamicData');
    return parent === undefined
      ? `<complexType name="${name}">${fields}</complexType>`
      : `<complexType name="${name}"><complexContent><extension base="vim25:${parent}">${fields}</extension></complexContent></complexType>`;
  });
  const arrays = [...types.map(({ name }) => name), 'ManagedObjectReference'].map(
    (name) =>
      `<complexType name="ArrayOf${name}"><sequence><element name="${name}" type="vim25:${name}" minOccurs="0" maxOccurs="unbounded"/></sequence></complexType>`,
  );
  const enums = [...allEnums()].map(
    ({ name, values }) =>
      `<simpleType name="${name}"><restriction base="xsd:string">${[...values].map((value) => `<enumeration value="${value}"/>`).join('')}</restriction></simpleType>`,
  );
  const requests = METHODS.map(
    ({ name, parameters, returns }) =>
      `<complexType name="${name}RequestType"><sequence><element name="_this" type="vim25:ManagedObjectReference"/>${[...parameters.values()].map(elementXml).join('')}</sequence></complexType>` +
      `<element name="${name}" type="vim25:${name}RequestType"/>` +
      `<element name="${name}Response"><complexType><sequence>${returns ? elementXml({ ...returns, name: 'returnval', isOptional: true, since: 0 }) : ''}</sequence></complexType></element>`,
  );
  const messages = METHODS.map(
    ({ name }) =>
      `<message name="${name}RequestMsg"><part name="parameters" element="vim25:${name}"/></message>` +
      `<message name="${name}ResponseMsg"><part name="parameters" element="vim25:${name}Response"/></message>`,
  );
  const operations = METHODS.map(
    ({ name }) =>
      `<operation name="${name}"><input message="vim25:${name}RequestMsg"/><output message="vim25:${name}ResponseMsg"/></operation>`,
  );
  const bindings = METHODS.map(
    ({ name }) =>
      `<operation name="${name}"><soap:operation soapAction="" style="document"/><input><soap:body use="literal"/></input><output><soap:body use="literal"/></output></operation>`,
  );
  return (
    `<?xml version="1.0" encoding="UTF-8"?>\n<definitions targetNamespace="${VIM_NAMESPACE}" xmlns="${WSDL_NAMESPACE}" ` +
    `xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/" xmlns:vim25="${VIM_NAMESPACE}" xmlns:xsd="${XSD_NAMESPACE}">\n` +
    `<types><schema xmlns="${XSD_NAMESPACE}" targetNamespace="${VIM_NAMESPACE}" elementFormDefault="qualified">\n` +
    '<complexType name="ManagedObjectReference"><simpleContent><extension base="xsd:string"><attribute name="type" type="xsd:string"/></extension></simpleContent></complexType>\n' +
    '<complexType name="DynamicData"><sequence/></complexType>\n' +
    `${[...complexTypes, ...arrays, ...enums, ...requests].join('\n')}\n</schema></types>\n` +
    `${messages.join('\n')}\n<portType name="VimPortType">\n${operations.join('\n')}\n</portType>\n` +
    '<binding name="VimBinding" type="vim25:VimPortType"><soap:binding style="document" transport="http://schemas.xmlsoap.org/soap/http"/>\n' +
    `${bindings.join('\n')}\n</binding>\n` +
    '<service name="VimService"><port name="VimPort" binding="vim25:VimBinding"><soap:address location="https://localhost/sdk"/></port></service>\n' +
    '</definitions>\n'
  );
}

function elementXml({ name, type, kind, isArray, isOptional }: Field): string {
  const xsdType = xsdTypeOf(type, kind);
  if (xsdType === undefined) return '';
  return `<element name="${name}" type="${xsdType}"${isOptional || isArray ? ' minOccurs="0"' : ''}${isArray ? ' maxOccurs="unbounded"' : ''}/>`;
}

function xsdTypeOf(type: string, kind: Field['kind']): string | undefined {
  switch (kind) {
    case 'reference':
      return 'vim25:ManagedObjectReference';
    case 'any':
      return 'xsd:anyType';
    case 'primitive':
      return `xsd:${type}`;
    case 'enumeration':
      return enumValues(type) ? `vim25:${type}` : 'xsd:string';
    case 'data':
      return findType(type) ? `vim25:${type}` : undefined;
  }
}
