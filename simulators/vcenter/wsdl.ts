/**
 * The WSDL at /sdk/vimService.wsdl, made from the schema and the method table at the server's API version: what clients
 * that generate themselves from it can rely on. They name that version in their SOAPAction, which the binding gives
 * them. Of types that the schema names and does not describe it has the names: no value of theirs is ever sent.
 */
import { XSD_NAMESPACE } from '#core/wire/xml/element.ts';
import type { Method } from './methods/method.ts';
import { METHODS } from './methods/table.ts';
import { VIM_NAMESPACE } from './schema/decoder.ts';
import type { Field } from './schema/notation.ts';
import { allEnums, allTypes, enumValues, findType, type SchemaType } from './schema/schema.ts';
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
const WSDL_NAMESPACE = 'http://schemas.xmlsoap.org/wsdl/';

export function wsdlDocument(version: ApiVersion): string {
  const isKnown = ({ since }: { readonly since: ApiVersion }) => since <= version;
  const elements: Elements = (fields) => [...fields].filter(isKnown).map(elementXml).join('');
  // Fetch is not published.
  const methods = METHODS.filter((method) => isKnown(method) && method.on !== 'ManagedObject');
  const known = [...allTypes()].filter(isKnown);
  const types = known.filter(({ kind }) => kind === 'data');
  const enums = [...allEnums()];
  const faults = types.filter(({ lineage }) => lineage.has('MethodFault')).map(({ name }) => name);
  const named = namesIn([
    ...known.flatMap(({ own }) => own.filter(isKnown)),
    ...methods.flatMap(({ parameters, returns }) => [...parameters.values(), ...(returns ? [returns] : [])]),
  ]);
  const ours = [...types, ...enums].map(({ name }) => name);
  const schema = [
    '<complexType name="ManagedObjectReference"><simpleContent><extension base="xsd:string"><attribute name="type" type="xsd:string"/></extension></simpleContent></complexType>',
    '<complexType name="DynamicData"><sequence/></complexType>',
    ...types.map((type) => dataTypeXml(type, elements)),
    ...named.data.map(
      (name) => `<complexType name="${name}">${extendedXml('DynamicData', '')}</complexType>`,
    ),
    ...enums.map(enumXml),
    ...named.enumeration.map((name) => enumXml({ name, values: [] })),
    ...[...ours, ...named.data, ...named.enumeration, 'ManagedObjectReference'].map((name) =>
      arrayXml(name, `vim25:${name}`),
    ),
    ...ARRAYS_OF.map((name) => arrayXml(name, `xsd:${name}`)),
    ...faults.map((name) => `<element name="${name}Fault" type="vim25:${name}"/>`),
    ...methods.map((method) => callXml(method, elements)),
  ];
  const messages = [
    ...methods.map(
      ({ name }) => messageXml(`${name}Request`, name) + messageXml(`${name}Response`, `${name}Response`),
    ),
    ...faults.map((name) => messageXml(`${name}Fault`, `${name}Fault`)),
  ];
  // Whatever a method declares, it may also end with a fault of the server.
  const endings = (method: Method) =>
    [...method.faults, 'RuntimeFault'].filter((name) => faults.includes(name));
  const operations = methods.map((method) => operationXml(method, endings(method)));
  const soapAction = `${VIM_NAMESPACE}/${VERSIONS[version]}`;
  const bindings = methods.map((method) => bindingXml(method, endings(method), soapAction));
  return (
    `<?xml version="1.0" encoding="UTF-8"?>\n<definitions targetNamespace="${VIM_NAMESPACE}" xmlns="${WSDL_NAMESPACE}" ` +
    `xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/" xmlns:vim25="${VIM_NAMESPACE}" xmlns:xsd="${XSD_NAMESPACE}">\n` +
    `<types><schema xmlns="${XSD_NAMESPACE}" targetNamespace="${VIM_NAMESPACE}" elementFormDefault="qualified">\n` +
    `${schema.join('\n')}\n</schema></types>\n` +
    `${messages.join('\n')}\n<portType name="VimPortType">\n${operations.join('\n')}\n</portType>\n` +
    '<binding name="VimBinding" type="vim25:VimPortType"><soap:binding style="document" transport="http://schemas.xmlsoap.org/soap/http"/>\n' +
    `${bindings.join('\n')}\n</binding>\n` +
    '<service name="VimService"><port name="VimPort" binding="vim25:VimBinding"><soap:address location="https://localhost/sdk"/></port></service>\n' +
    '</definitions>\n'
  );
}

/** Elements of the fields that the version has. */
type Elements = (fields: Iterable<Field>) => string;

function dataTypeXml({ name, base, own }: SchemaType, elements: Elements): string {
  const isRoot = base === undefined && (name === 'MethodFault' || name === 'LocalizedMethodFault');
  const content = isRoot
    ? `<sequence>${elements(own)}</sequence>`
    : extendedXml(base?.name ?? 'DynamicData', elements(own));
  return `<complexType name="${name}">${content}</complexType>`;
}

function extendedXml(base: string, elements: string): string {
  return `<complexContent><extension base="vim25:${base}"><sequence>${elements}</sequence></extension></complexContent>`;
}

function enumXml({ name, values }: { readonly name: string; readonly values: Iterable<string> }): string {
  const facets = [...values].map((value) => `<enumeration value="${value}"/>`);
  return `<simpleType name="${name}"><restriction base="xsd:string">${facets.join('')}</restriction></simpleType>`;
}

/** What goes out and what comes back. */
function callXml({ name, parameters, returns }: Method, elements: Elements): string {
  const result = returns ? elements([{ ...returns, name: 'returnval', isOptional: true, since: 0 }]) : '';
  return (
    `<complexType name="${name}RequestType"><sequence><element name="_this" type="vim25:ManagedObjectReference"/>${elements(parameters.values())}</sequence></complexType>` +
    `<element name="${name}" type="vim25:${name}RequestType"/>` +
    `<element name="${name}Response"><complexType><sequence>${result}</sequence></complexType></element>`
  );
}

function messageXml(name: string, element: string): string {
  const part = element.endsWith('Fault') ? 'fault' : 'parameters';
  return `<message name="${name}Msg"><part name="${part}" element="vim25:${element}"/></message>`;
}

function operationXml({ name }: Method, faults: readonly string[]): string {
  const ends = faults.map((fault) => `<fault name="${fault}" message="vim25:${fault}FaultMsg"/>`);
  return `<operation name="${name}"><input message="vim25:${name}RequestMsg"/><output message="vim25:${name}ResponseMsg"/>${ends.join('')}</operation>`;
}

function bindingXml({ name }: Method, faults: readonly string[], soapAction: string): string {
  const body = '<soap:body use="literal"/>';
  const ends = faults.map(
    (fault) => `<fault name="${fault}"><soap:fault name="${fault}" use="literal"/></fault>`,
  );
  return `<operation name="${name}"><soap:operation soapAction="${soapAction}" style="document"/><input>${body}</input><output>${body}</output>${ends.join('')}</operation>`;
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
