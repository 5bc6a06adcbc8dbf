/** Requests of WS-Management as this client words them: DSP0226, [MS-WSMV] sections 2.2 and 3.1.4. */
import { type Millis, SECOND } from '#core/units.ts';
import { XmlWriter } from '#core/wire/xml/writer.ts';
import type { Selectors } from './types.ts';

const NS = {
  soap: 'http://www.w3.org/2003/05/soap-envelope',
  addressing: 'http://schemas.xmlsoap.org/ws/2004/08/addressing',
  transfer: 'http://schemas.xmlsoap.org/ws/2004/09/transfer',
  enumeration: 'http://schemas.xmlsoap.org/ws/2004/09/enumeration',
  wsman: 'http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd',
  microsoft: 'http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd',
  shell: 'http://schemas.microsoft.com/wbem/wsman/1/windows/shell',
  identity: 'http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd',
} as const;

export const ACTIONS = {
  get: `${NS.transfer}/Get`,
  create: `${NS.transfer}/Create`,
  delete: `${NS.transfer}/Delete`,
  enumerate: `${NS.enumeration}/Enumerate`,
  pull: `${NS.enumeration}/Pull`,
  release: `${NS.enumeration}/Release`,
  command: `${NS.shell}/Command`,
  send: `${NS.shell}/Send`,
  receive: `${NS.shell}/Receive`,
  signal: `${NS.shell}/Signal`,
} as const;

export const CMD_SHELL = `${NS.shell}/cmd`;
export const TERMINATE = `${NS.shell}/signal/terminate`;

/** What Windows allows by itself: 500 KiB, counted in UTF-16. */
const ENVELOPE_BYTES = 512_000;

export interface Request {
  readonly action: string;
  readonly resourceUri: string;
  readonly selectors?: Selectors;
  readonly options?: Readonly<Record<string, string>>;
  /** How long the host may take over it. */
  readonly timeoutMs: Millis;
  /** Inside of the Body. */
  readonly body: string;
}

/** "root/cimv2" and a class, or "*". */
export function wmiUri(namespace: string, className: string): string {
  return `http://schemas.microsoft.com/wbem/wsman/1/wmi/${namespace}/${className}`;
}

/** @param messageId UUID in upper case */
export function requestEnvelope(request: Request, to: string, messageId: string): string {
  const { action, resourceUri, selectors = {}, options = {}, timeoutMs, body } = request;
  const must = { 's:mustUnderstand': 'true' };
  const language = { 'xml:lang': 'en-US', 's:mustUnderstand': 'false' };
  const xml = new XmlWriter()
    .open('s:Envelope', {
      'xmlns:s': NS.soap,
      'xmlns:a': NS.addressing,
      'xmlns:n': NS.enumeration,
      'xmlns:w': NS.wsman,
      'xmlns:p': NS.microsoft,
      'xmlns:rsp': NS.shell,
    })
    .open('s:Header')
    .leaf('a:To', to)
    .leaf('w:ResourceURI', resourceUri, must)
    .open('a:ReplyTo')
    .leaf('a:Address', `${NS.addressing}/role/anonymous`, must)
    .close()
    .leaf('a:Action', action, must)
    .leaf('w:MaxEnvelopeSize', ENVELOPE_BYTES, must)
    .leaf('a:MessageID', `uuid:${messageId}`)
    .empty('w:Locale', language)
    .empty('p:DataLocale', language);
  writeSet(xml, 'w:SelectorSet', 'w:Selector', selectors);
  writeSet(xml, 'w:OptionSet', 'w:Option', options);
  return xml
    .leaf('w:OperationTimeout', `PT${(timeoutMs / SECOND).toFixed(3)}S`)
    .close()
    .open('s:Body')
    .raw(body)
    .close()
    .close()
    .toString();
}

function writeSet(xml: XmlWriter, set: string, item: string, values: Readonly<Record<string, string>>): void {
  const entries = Object.entries(values);
  if (entries.length === 0) return;
  xml.open(set);
  for (const [name, value] of entries) xml.leaf(item, value, { Name: name });
  xml.close();
}

export function identifyEnvelope(): string {
  return (
    `<s:Envelope xmlns:s="${NS.soap}" xmlns:wsmid="${NS.identity}"><s:Header/>` +
    '<s:Body><wsmid:Identify/></s:Body></s:Envelope>'
  );
}

/** As many items as fit into the envelope. */
const ITEMS_PER_PAGE = 32_000;

/** The first items come with the answer. */
export function enumerateBody(wql: string): string {
  return new XmlWriter()
    .open('n:Enumerate')
    .empty('w:OptimizeEnumeration')
    .leaf('w:MaxElements', ITEMS_PER_PAGE)
    .leaf('w:Filter', wql, { Dialect: 'http://schemas.microsoft.com/wbem/wsman/1/WQL' })
    .close()
    .toString();
}

export function pullBody(context: string): string {
  return new XmlWriter()
    .open('n:Pull')
    .leaf('n:EnumerationContext', context)
    .leaf('n:MaxElements', ITEMS_PER_PAGE)
    .close()
    .toString();
}

export function releaseBody(context: string): string {
  return new XmlWriter().open('n:Release').leaf('n:EnumerationContext', context).close().toString();
}

export function methodBody(
  uri: string,
  method: string,
  input: ReadonlyArray<readonly [name: string, value: string]>,
): string {
  const xml = new XmlWriter().open(`m:${method}_INPUT`, { 'xmlns:m': uri });
  for (const [name, value] of input) xml.leaf(`m:${name}`, value);
  return xml.close().toString();
}
