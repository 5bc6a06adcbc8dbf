/** A request of WS-Management: its headers, checked, and its body. [MS-WSMV] section 2.2.1, DSP0226 sections 5 and 6. */
import { DryliftError } from '#core/errors.ts';
import type { Bytes, Millis } from '#core/units.ts';
import { parseEnvelope } from '#core/wire/soap/envelope.ts';
import { attribute, child, childrenOf, childText, type XmlElement } from '#core/wire/xml/element.ts';
import type { Quotas } from '../quotas.ts';
import { WsmanFault } from './fault.ts';
import { NS, XPATH_DIALECT } from './names.ts';

export type SelectorValue = string | EndpointReference;

export interface EndpointReference {
  readonly address: string;
  readonly resourceUri: string;
  /** By name in lower case. */
  readonly selectors: ReadonlyMap<string, SelectorValue>;
}

export interface WsmanRequest {
  readonly action: string;
  /** As sent: clients compare RelatesTo with it. */
  readonly messageId: string;
  readonly resourceUri: string;
  /** By name in lower case. */
  readonly selectors: ReadonlyMap<string, SelectorValue>;
  readonly options: ReadonlyMap<string, string>;
  readonly operationTimeoutMs: Millis;
  /** Of the answer, in UTF-16 code units of two bytes each. */
  readonly envelopeUnitsMax: number;
  /** Only this part of the resource is meant (DSP0226 section 7.7). */
  readonly fragment?: { readonly dialect: string; readonly path: string };
  readonly body: XmlElement | undefined;
}

/** The least that a client may ask for. */
const ENVELOPE_BYTES_MIN: Bytes = 8192;
const STRUCTURE_LIMITS = { depthMax: 64, elementsMax: 50_000 };
const EPR_DEPTH_MAX = 4;

const UNDERSTOOD = new Set([
  'To',
  'ReplyTo',
  'FaultTo',
  'From',
  'Action',
  'MessageID',
  'RelatesTo',
  'ResourceURI',
  'SelectorSet',
  'OptionSet',
  'OperationTimeout',
  'MaxEnvelopeSize',
  'Locale',
  'DataLocale',
  'SessionId',
  'OperationID',
  'SequenceId',
  'ActivityId',
  'CompressionType',
  'RequestEPR',
  'FragmentTransfer',
]);

type Limits = Pick<Quotas, 'envelopeBytesMax' | 'timeoutMsMax'>;

/** @throws WsmanFault; `xml.*` and `soap.*` when it is no SOAP message at all */
export function readRequest(body: Buffer, limits: Limits): WsmanRequest {
  const envelope = parseEnvelope(decoded(body), { ...STRUCTURE_LIMITS, bytesMax: limits.envelopeBytesMax });
  if (envelope.version !== '1.2') throw new WsmanFault('versionMismatch');
  const header = (namespace: string, name: string): XmlElement | undefined =>
    envelope.header.find((element) => element.name === name && element.namespace === namespace);
  const text = (namespace: string, name: string): string => header(namespace, name)?.text.trim() ?? '';

  const stranger = envelope.header.find(
    (element) => attribute(element, NS.s, 'mustUnderstand') === 'true' && !UNDERSTOOD.has(element.name),
  );
  if (stranger) throw new WsmanFault('mustUnderstand', `The header ${stranger.name} is not understood.`);
  const action = text(NS.a, 'Action');
  if (action === '' && envelope.body[0]?.namespace !== NS.identity)
    throw new WsmanFault('headerRequired', 'The Action header is missing.');
  const selectorSet = header(NS.w, 'SelectorSet');
  const fragment = header(NS.w, 'FragmentTransfer');
  return {
    action,
    messageId: text(NS.a, 'MessageID'),
    resourceUri: text(NS.w, 'ResourceURI'),
    selectors: selectorSet ? selectorsOf(selectorSet, 0) : new Map(),
    options: optionsOf(header(NS.w, 'OptionSet')),
    operationTimeoutMs: timeoutOf(text(NS.w, 'OperationTimeout'), limits),
    envelopeUnitsMax: envelopeUnits(text(NS.w, 'MaxEnvelopeSize'), limits),
    ...(fragment
      ? {
          fragment: {
            dialect: fragment.attributes.get('Dialect')?.value ?? XPATH_DIALECT,
            path: fragment.text.trim(),
          },
        }
      : {}),
    body: envelope.body[0],
  };
}

/** UTF-16 with its mark, or UTF-8. */
function decoded(body: Buffer): Buffer | string {
  const little = body[0] === 0xff && body[1] === 0xfe;
  const big = body[0] === 0xfe && body[1] === 0xff;
  if (!little && !big) return body;
  if (body.length % 2 === 1) throw new WsmanFault('schemaValidation');
  const units = Buffer.from(body.subarray(2));
  return (big ? units.swap16() : units).toString('utf16le').replace(/^<\?xml[^>]*\?>/, '');
}

/** By name in lower case. @throws WsmanFault */
export function selectorsOf(set: XmlElement, depth = 0): ReadonlyMap<string, SelectorValue> {
  if (depth > EPR_DEPTH_MAX) throw new WsmanFault('invalidSelectors');
  const selectors = new Map<string, SelectorValue>();
  for (const selector of childrenOf(set, 'Selector')) {
    const name = (selector.attributes.get('Name')?.value ?? '').toLowerCase();
    if (selectors.has(name)) throw new WsmanFault('duplicateSelectors');
    const reference = child(selector, 'EndpointReference');
    selectors.set(name, reference ? endpointReference(reference, depth + 1) : selector.text);
  }
  return selectors;
}

/** Address and ReferenceParameters, wherever they stand: in a selector, or as the value of a parameter. */
export function endpointReference(element: XmlElement, depth = 0): EndpointReference {
  const parameters = child(element, 'ReferenceParameters');
  const set = parameters && child(parameters, 'SelectorSet');
  return {
    address: childText(element, 'Address')?.trim() ?? '',
    resourceUri: (parameters && childText(parameters, 'ResourceURI')?.trim()) ?? '',
    selectors: set ? selectorsOf(set, depth) : new Map(),
  };
}

function optionsOf(set: XmlElement | undefined): ReadonlyMap<string, string> {
  const options = set ? childrenOf(set, 'Option') : [];
  return new Map(options.map((option) => [option.attributes.get('Name')?.value ?? '', option.text.trim()]));
}

const DURATION = /^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$/;

function timeoutOf(text: string, { timeoutMsMax }: Limits): Millis {
  if (text === '') return timeoutMsMax;
  const [, days, hours, minutes, seconds] = DURATION.exec(text) ?? badHeader('OperationTimeout');
  const inSeconds =
    ((Number(days ?? 0) * 24 + Number(hours ?? 0)) * 60 + Number(minutes ?? 0)) * 60 + Number(seconds ?? 0);
  return Math.min(inSeconds * 1000, timeoutMsMax);
}

function envelopeUnits(text: string, { envelopeBytesMax }: Limits): number {
  if (text === '') return envelopeBytesMax / 2;
  const bytes = Number(text);
  if (!Number.isSafeInteger(bytes) || bytes < ENVELOPE_BYTES_MIN) badHeader('MaxEnvelopeSize');
  return Math.floor(Math.min(bytes, envelopeBytesMax) / 2);
}

function badHeader(name: string): never {
  throw new WsmanFault('invalidHeader', `The value of the header ${name} is not valid.`);
}

/** Why a body is no request, in the words of a fault. */
export function faultOfBody(error: unknown): WsmanFault {
  if (error instanceof WsmanFault) return error;
  if (error instanceof DryliftError) return new WsmanFault('schemaValidation', error.what);
  throw error;
}
