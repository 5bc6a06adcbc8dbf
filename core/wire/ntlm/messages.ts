/** The three messages of NTLM and what is in them: [MS-NLMP] section 2.2. Reading and writing only; no keys. */
import { defineErrors } from '../../errors.ts';

export const errors = defineErrors({
  'ntlm.message': {
    blame: 'peer',
    why: 'An NTLM message has its signature, its type, and fields that lie within it.',
    next: 'Check what lies between: a proxy that changes Authorization headers breaks NTLM.',
  },
});

/** Bits of NegotiateFlags, section 2.2.2.5. */
export const FLAGS = {
  unicode: 0x1,
  requestTarget: 0x4,
  sign: 0x10,
  seal: 0x20,
  ntlm: 0x200,
  alwaysSign: 0x8000,
  targetTypeServer: 0x20000,
  extendedSessionSecurity: 0x80000,
  targetInfo: 0x800000,
  version: 0x2000000,
  key128: 0x20000000,
  keyExchange: 0x40000000,
  key56: 0x80000000,
} as const;

/** AvId of the AV pairs that are used here, section 2.2.2.1. */
export const AV = {
  end: 0,
  nbComputerName: 1,
  nbDomainName: 2,
  dnsComputerName: 3,
  dnsDomainName: 4,
  flags: 6,
  timestamp: 7,
  targetName: 9,
  channelBindings: 10,
} as const;

/** In MsvAvFlags: the AUTHENTICATE message has a MIC. */
export const AV_FLAG_MIC = 0x2;

/** By AvId, in the order in which they stand. */
export type AvPairs = ReadonlyMap<number, Buffer>;

export interface Negotiate {
  readonly flags: number;
}

export interface Challenge {
  readonly flags: number;
  readonly targetName: string;
  /** 8 bytes. */
  readonly serverChallenge: Buffer;
  readonly targetInfo: AvPairs;
}

export interface Authenticate {
  readonly flags: number;
  readonly domain: string;
  readonly user: string;
  readonly workstation: string;
  readonly lmResponse: Buffer;
  readonly ntResponse: Buffer;
  /** Empty without key exchange. */
  readonly encryptedSessionKey: Buffer;
}

const SIGNATURE = Buffer.from('NTLMSSP\0', 'latin1');
/** Windows 10.0 build 17763, revision 15 (NTLMSSP_REVISION_W2K3). */
const VERSION = Buffer.from([10, 0, 0x63, 0x45, 0, 0, 0, 15]);
/** Where the MIC stands in an AUTHENTICATE message with a version, and how long it is. */
export const MIC_AT = 72;
export const MIC_LENGTH = 16;

export function isNtlm(token: Uint8Array): boolean {
  return SIGNATURE.equals(token.subarray(0, SIGNATURE.length));
}

export function writeNegotiate({ flags }: Negotiate): Buffer {
  const fixed = header(1, 40);
  fixed.writeUInt32LE(flags >>> 0, 12);
  // no domain and no workstation: two fields of length 0 that point behind the message
  fixed.writeUInt32LE(40, 20);
  fixed.writeUInt32LE(40, 28);
  VERSION.copy(fixed, 32);
  return fixed;
}

/** @throws `ntlm.message` */
export function readNegotiate(message: Buffer): Negotiate {
  expectType(message, 1, 16);
  return { flags: message.readUInt32LE(12) };
}

export function writeChallenge({ flags, targetName, serverChallenge, targetInfo }: Challenge): Buffer {
  const fixed = header(2, 56);
  const payload = new Payload(fixed);
  payload.put(12, utf16(targetName));
  fixed.writeUInt32LE(flags >>> 0, 20);
  serverChallenge.copy(fixed, 24);
  payload.put(40, writeAvPairs(targetInfo));
  VERSION.copy(fixed, 48);
  return payload.message();
}

/** @throws `ntlm.message` */
export function readChallenge(message: Buffer): Challenge {
  expectType(message, 2, 48);
  return {
    flags: message.readUInt32LE(20),
    targetName: field(message, 12).toString('utf16le'),
    serverChallenge: Buffer.from(message.subarray(24, 32)),
    targetInfo: readAvPairs(field(message, 40)),
  };
}

/** Leaves room for a MIC, all zero. */
export function writeAuthenticate(content: Authenticate): Buffer {
  const fixed = header(3, MIC_AT + MIC_LENGTH);
  const payload = new Payload(fixed);
  payload.put(28, utf16(content.domain));
  payload.put(36, utf16(content.user));
  payload.put(44, utf16(content.workstation));
  payload.put(12, content.lmResponse);
  payload.put(20, content.ntResponse);
  payload.put(52, content.encryptedSessionKey);
  fixed.writeUInt32LE(content.flags >>> 0, 60);
  VERSION.copy(fixed, 64);
  return payload.message();
}

/** @throws `ntlm.message` */
export function readAuthenticate(message: Buffer): Authenticate {
  expectType(message, 3, 64);
  const flags = message.readUInt32LE(60);
  const name = (at: number): string =>
    field(message, at).toString(flags & FLAGS.unicode ? 'utf16le' : 'latin1');
  return {
    flags,
    domain: name(28),
    user: name(36),
    workstation: name(44),
    lmResponse: field(message, 12),
    ntResponse: field(message, 20),
    encryptedSessionKey: field(message, 52),
  };
}

export function writeAvPairs(pairs: AvPairs): Buffer {
  const parts: Buffer[] = [];
  for (const [id, value] of [...pairs, [AV.end, Buffer.alloc(0)] as const]) {
    const head = Buffer.alloc(4);
    head.writeUInt16LE(id, 0);
    head.writeUInt16LE(value.length, 2);
    parts.push(head, value);
  }
  return Buffer.concat(parts);
}

/** What follows the end marker is ignored. @throws `ntlm.message` */
export function readAvPairs(bytes: Buffer): AvPairs {
  const pairs = new Map<number, Buffer>();
  for (let at = 0; at + 4 <= bytes.length; ) {
    const id = bytes.readUInt16LE(at);
    const length = bytes.readUInt16LE(at + 2);
    if (id === AV.end) return pairs;
    if (at + 4 + length > bytes.length) throw malformed('an AV pair reaches beyond the target information');
    pairs.set(id, Buffer.from(bytes.subarray(at + 4, at + 4 + length)));
    at += 4 + length;
  }
  throw malformed('the target information has no end');
}

export function utf16(text: string): Buffer {
  return Buffer.from(text, 'utf16le');
}

/** Fields of variable length behind the fixed part: length, maximal length, offset. */
class Payload {
  readonly #fixed: Buffer;
  readonly #parts: Buffer[] = [];
  #at: number;

  constructor(fixed: Buffer) {
    this.#fixed = fixed;
    this.#at = fixed.length;
  }

  put(descriptorAt: number, value: Buffer): void {
    this.#fixed.writeUInt16LE(value.length, descriptorAt);
    this.#fixed.writeUInt16LE(value.length, descriptorAt + 2);
    this.#fixed.writeUInt32LE(this.#at, descriptorAt + 4);
    this.#parts.push(value);
    this.#at += value.length;
  }

  message(): Buffer {
    return Buffer.concat([this.#fixed, ...this.#parts]);
  }
}

function header(type: number, length: number): Buffer {
  const fixed = Buffer.alloc(length);
  SIGNATURE.copy(fixed);
  fixed.writeUInt32LE(type, 8);
  return fixed;
}

function expectType(message: Buffer, type: number, lengthMin: number): void {
  if (!isNtlm(message) || message.length < lengthMin)
    throw malformed(`${message.length} bytes that are no NTLM message`);
  const actual = message.readUInt32LE(8);
  if (actual !== type) throw malformed(`message type ${actual} where ${type} is due`);
}

function field(message: Buffer, descriptorAt: number): Buffer {
  const length = message.readUInt16LE(descriptorAt);
  const offset = message.readUInt32LE(descriptorAt + 4);
  if (length === 0) return Buffer.alloc(0);
  if (offset + length > message.length) throw malformed('a field reaches beyond the message');
  return Buffer.from(message.subarray(offset, offset + length));
}

function malformed(what: string): Error {
  return errors.make('ntlm.message', { what: `Received ${what}.` });
}
