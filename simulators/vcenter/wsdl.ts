/**
 * The WSDL at /sdk/vimService.wsdl, made from the schema and the method table at the server's API version: what clients
 * that generate themselves from it can rely on. They name that version in their SOAPAction, which the binding gives
 * them. Of types that the schema names and does not describe it has the names: no value of theirs is ever sent.
 */
import { XSD_NAMESPACE } from '#core/wire/xml/element.ts';
import { METHODS } from './methods/table.ts';
import { VIM_NAMESPACE } from './schema/decoder.ts';
import type { Field } from './schema/notation.ts';
import { allEnums, allTypes, enumValues, findType } from './schema/schema.ts';
import { type ApiVersion, VERSIONS } from './schema/versions.ts';

/** Types of XML Schema that values of anyType may be arrays of. */
const ARRAYS_OF = [
  'anyType',
  'anyURI',
  'base64Binary',
  'boolean',
  'byte',
  'double',
  'int',
  'long',
  'short',
  'string',
];
const EXTENDS_DYNAMIC_DATA =
  '<complexContent><extension base="vim25:DynamicData"><sequence/></extension></complexContent>';
const WSDL_NAMESPACE = 'http://schemas.xmlsoap.org/wsdl/';

export function wsdlDocument(version: ApiVersion): string {
  const isKnown = ({ since }: { readonly since: ApiVersion }) => since <= version;
  const elements = (fields: Iterable<Field>) => [...fields].filter(isKnown).map(elementXml).join('');
  // Fetch is not published.
  const methods = METHODS.filter((method) => isKnown(method) && method.on !== 'ManagedObject');
  const known = [...allTypes()].filter(isKnown);
  const types = known.filter(({ kind }) => kind === 'data');
  const named = namesIn([
    ...known.flatMap(({ own }) => own.filter(isKnown)),
    ...methods.flatMap(({ parameters, returns }) => [...parameters.values(), ...(returns ? [returns] : [])]),
  ]);
  const complexTypes = types.map(({ name, base, own }) => {
    const fields = `<sequence>${elements(own)}</sequence>`;
    const parent =
      base?.name ?? (name === 'MethodFault' || name === 'LocalizedMethodFault' ? undefined : 'DynamicData');
    return parent === undefined
      ? `<complexType name="${name}">${fields}</complexType>`
      : `<complexType name="${name}"><complexContent><extension base="vim25:${parent}">${fields}</extension></complexContent></complexType>`;
  });
  const arrays = [
    ...[...types, ...allEnums()].map(({ name }) => arrayXml(name, `vim25:${name}`)),
    ...[...named.data, ...named.enumeration].map((name) => arrayXml(name, `vim25:${name}`)),
    arrayXml('ManagedObjectReference', 'vim25:ManagedObjectReference'),
    ...ARRAYS_OF.map((name) => arrayXml(name, `xsd:${name}`)),
  ];
  const enums = [...allEnums()].map(
    ({ name, values }) =>
      `<simpleType name="${name}"><restriction base="xsd:string">${[...values].map((value) => `<enumeration value="${value}"/>`).join('')}</restriction></simpleType>`,
  );
  const onlyNamed = [
    ...named.data.map((name) => `<complexType name="${name}">${EXTENDS_DYNAMIC_DATA}</complexType>`),
    ...named.enumeration.map(
      (name) => `<simpleType name="${name}"><restriction base="xsd:string"/></simpleType>`,
    ),
  ];
  const requests = methods.map(
    ({ name, parameters, returns }) =>
      `<complexType name="${name}RequestType"><sequence><element name="_this" type="vim25:ManagedObjectReference"/>${elements(parameters.values())}</sequence></complexType>` +
      `<element name="${name}" type="vim25:${name}RequestType"/>` +
      `<element name="${name}Response"><complexType><sequence>${returns ? elementXml({ ...returns, name: 'returnval', isOptional: true, since: 0 }) : ''}</sequence></complexType></element>`,
  );
  const messages = methods.map(
    ({ name }) =>
      `<message name="${name}RequestMsg"><part name="parameters" element="vim25:${name}"/></message>` +
      `<message name="${name}ResponseMsg"><part name="parameters" element="vim25:${name}Response"/></message>`,
  );
  const operations = methods.map(
    ({ name }) =>
      `<operation name="${name}"><input message="vim25:${name}RequestMsg"/><output message="vim25:${name}ResponseMsg"/></operation>`,
  );
  const bindings = methods.map(
    ({ name }) =>
      `<operation name="${name}"><soap:operation soapAction="${VIM_NAMESPACE}/${VERSIONS[version]}" style="document"/><input><soap:body use="literal"/></input><output><soap:body use="literal"/></output></operation>`,
  );
  return (
    `<?xml version="1.0" encoding="UTF-8"?>\n<definitions targetNamespace="${VIM_NAMESPACE}" xmlns="${WSDL_NAMESPACE}" ` +
    `xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/" xmlns:vim25="${VIM_NAMESPACE}" xmlns:xsd="${XSD_NAMESPACE}">\n` +
    `<types><schema xmlns="${XSD_NAMESPACE}" targetNamespace="${VIM_NAMESPACE}" elementFormDefault="qualified">\n` +
    '<complexType name="ManagedObjectReference"><simpleContent><extension base="xsd:string"><attribute name="type" type="xsd:string"/></extension></simpleContent></complexType>\n' +
    '<complexType name="DynamicData"><sequence/></complexType>\n' +
    `${[...complexTypes, ...onlyNamed, ...arrays, ...enums, ...requests].join('\n')}\n</schema></types>\n` +
    `${messages.join('\n')}\n<portType name="VimPortType">\n${operations.join('\n')}\n</portType>\n` +
    '<binding name="VimBinding" type="vim25:VimPortType"><soap:binding style="document" transport="http://schemas.xmlsoap.org/soap/http"/>\n' +
    `${bindings.join('\n')}\n</binding>\n` +
    '<service name="VimService"><port name="VimPort" binding="vim25:VimBinding"><soap:address location="https://localhost/sdk"/></port></service>\n' +
    '</definitions>\n'
  );
}

function arrayXml(name: string, type: string): string {
  const title = name[0]!.toUpperCase() + name.slice(1);
  return `<complexType name="ArrayOf${title}"><sequence><element name="${name}" type="${type}" minOccurs="0" maxOccurs="unbounded"/></sequence></complexType>`;
}

/** Names that fields use and nothing describes, each once. */
function namesIn(
  fields: ReadonlyArray<Pick<Field, 'type' | 'kind'>>,
): Record<'data' | 'enumeration', string[]> {
  const names = (kind: Field['kind'], isDescribed: (type: string) => boolean) => [
    ...new Set(
      fields.filter((field) => field.kind === kind && !isDescribed(field.type)).map(({ type }) => type),
    ),
  ];
  return {
    data: names('data', (type) => findType(type) !== undefined),
    enumeration: names('enumeration', (type) => enumValues(type) !== undefined),
  };
}

function elementXml({ name, type, kind, isArray, isOptional }: Field): string {
  return `<element name="${name}" type="${xsdTypeOf(type, kind)}"${isOptional || isArray ? ' minOccurs="0"' : ''}${isArray ? ' maxOccurs="unbounded"' : ''}/>`;
}

function xsdTypeOf(type: string, kind: Field['kind']): string {
  switch (kind) {
    case 'reference':
      return 'vim25:ManagedObjectReference';
    case 'any':
      return 'xsd:anyType';
    case 'primitive':
      return `xsd:${type}`;
    case 'enumeration':
    case 'data':
      return `vim25:${type}`;
  }
}
