/** Tokens of SPNEGO: RFC 4178 section 4.2. Which mechanism they carry is not its business. */
import { der, readDer, readOne } from './der.ts';

/** Object identifiers as their DER content, in hex. */
export const MECHANISMS = {
  spnego: '2b0601050502',
  ntlm: '2b06010401823702020a',
  kerberos: '2a864886f712010202',
  /** The wrong value that Windows 2000 sent, and clients still list. */
  msKerberos: '2a864882f712010202',
} as const;

export type NegState = 'accept-completed' | 'accept-incomplete' | 'reject' | 'request-mic';
const NEG_STATES: readonly NegState[] = ['accept-completed', 'accept-incomplete', 'reject', 'request-mic'];

export interface NegTokenInit {
  /** Hex of the identifiers, the preferred one first. */
  readonly mechanisms: readonly string[];
  /** For the first of them. */
  readonly token?: Buffer;
}

export interface NegTokenResp {
  readonly state?: NegState;
  readonly mechanism?: string;
  readonly token?: Buffer;
  readonly mechListMic?: Buffer;
}

const SEQUENCE = 0x30;
const OID = 0x06;
const OCTETS = 0x04;
const ENUMERATED = 0x0a;
const APPLICATION_0 = 0x60;
const context = (n: number): number => 0xa0 | n;

/** What the MIC is made over: the list of mechanisms as the client sent it. */
export function mechanismList(mechanisms: readonly string[]): Buffer {
  return der(SEQUENCE, ...mechanisms.map((oid) => der(OID, Buffer.from(oid, 'hex'))));
}

export function writeNegTokenInit({ mechanisms, token }: NegTokenInit): Buffer {
  const fields = [der(context(0), mechanismList(mechanisms))];
  if (token) fields.push(der(context(2), der(OCTETS, token)));
  return der(
    APPLICATION_0,
    der(OID, Buffer.from(MECHANISMS.spnego, 'hex')),
    der(context(0), der(SEQUENCE, ...fields)),
  );
}

export function writeNegTokenResp({ state, mechanism, token, mechListMic }: NegTokenResp): Buffer {
  const fields: Buffer[] = [];
  if (state !== undefined)
    fields.push(der(context(0), der(ENUMERATED, Buffer.from([NEG_STATES.indexOf(state)]))));
  if (mechanism !== undefined) fields.push(der(context(1), der(OID, Buffer.from(mechanism, 'hex'))));
  if (token) fields.push(der(context(2), der(OCTETS, token)));
  if (mechListMic) fields.push(der(context(3), der(OCTETS, mechListMic)));
  return der(context(1), der(SEQUENCE, ...fields));
}

/** Is it an initial token? Others are answers, or raw tokens of a mechanism. */
export function isNegTokenInit(token: Uint8Array): boolean {
  return token[0] === APPLICATION_0;
}

/** @throws `der.malformed` */
export function readNegTokenInit(bytes: Buffer): NegTokenInit {
  const inner = readDer(readOne(bytes, APPLICATION_0));
  const fields = fieldsOf(inner.find(({ tag }) => tag === context(0))?.content ?? Buffer.alloc(0));
  const list = fields.get(0);
  const token = fields.get(2);
  return {
    mechanisms: list ? readDer(readOne(list, SEQUENCE)).map(({ content }) => content.toString('hex')) : [],
    ...(token ? { token: readOne(token, OCTETS) } : {}),
  };
}

/** @throws `der.malformed` */
export function readNegTokenResp(bytes: Buffer): NegTokenResp {
  const fields = fieldsOf(readOne(bytes, context(1)));
  const state = fields.get(0);
  const mechanism = fields.get(1);
  const token = fields.get(2);
  const mic = fields.get(3);
  const known = state && NEG_STATES[readOne(state, ENUMERATED)[0] ?? -1];
  return {
    ...(known ? { state: known } : {}),
    ...(mechanism ? { mechanism: readOne(mechanism, OID).toString('hex') } : {}),
    ...(token ? { token: readOne(token, OCTETS) } : {}),
    ...(mic ? { mechListMic: readOne(mic, OCTETS) } : {}),
  };
}

function fieldsOf(sequence: Buffer): Map<number, Buffer> {
  return new Map(readDer(readOne(sequence, SEQUENCE)).map(({ tag, content }) => [tag & 0x1f, content]));
}
