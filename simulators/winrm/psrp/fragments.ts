/**
 * Messages of PowerShell remoting and the fragments that carry them: [MS-PSRP] sections 2.2.1 and 2.2.4. A message is a
 * head of 40 bytes and CLIXML; a fragment a head of 21 bytes and a piece of a message.
 */
import type { Bytes } from '#core/units.ts';
import { WsmanFault } from '../wsman/fault.ts';

export const MESSAGE = {
  sessionCapability: 0x00010002,
  initRunspacePool: 0x00010004,
  publicKey: 0x00010005,
  setMaxRunspaces: 0x00021002,
  setMinRunspaces: 0x00021003,
  runspaceAvailability: 0x00021004,
  runspacePoolState: 0x00021005,
  createPipeline: 0x00021006,
  getAvailableRunspaces: 0x00021007,
  applicationPrivateData: 0x00021009,
  getCommandMetadata: 0x0002100a,
  pipelineInput: 0x00041002,
  endOfPipelineInput: 0x00041003,
  pipelineOutput: 0x00041004,
  errorRecord: 0x00041005,
  pipelineState: 0x00041006,
} as const;

export interface PsrpMessage {
  readonly type: number;
  /** GUIDs in upper case; of no pipeline, all zeros. */
  readonly poolId: string;
  readonly pipelineId: string;
  readonly xml: string;
}

export const NO_PIPELINE = '00000000-0000-0000-0000-000000000000';

const TO_CLIENT = 1;
const TO_SERVER = 2;
const MESSAGE_HEAD: Bytes = 40;
const FRAGMENT_HEAD: Bytes = 21;
const START = 1;
const END = 2;
const BYTE_ORDER_MARK = '\ufeff';
/** PSMaximumReceivedObjectSizeMB is 10 for what a client sends. */
const MESSAGE_BYTES_MAX: Bytes = 10 * 1024 * 1024;

/** As a server sends it. */
export function packMessage({ type, poolId, pipelineId, xml }: PsrpMessage): Buffer {
  const head = Buffer.alloc(MESSAGE_HEAD);
  head.writeUInt32LE(TO_CLIENT, 0);
  head.writeUInt32LE(type, 4);
  writeGuid(poolId, head, 8);
  writeGuid(pipelineId, head, 24);
  return Buffer.concat([head, Buffer.from(BYTE_ORDER_MARK + xml)]);
}

/** As a client sends it. @throws WsmanFault */
export function unpackMessage(bytes: Buffer): PsrpMessage {
  if (bytes.length < MESSAGE_HEAD || bytes.readUInt32LE(0) !== TO_SERVER) throw malformed('message');
  return {
    type: bytes.readUInt32LE(4),
    poolId: readGuid(bytes, 8),
    pipelineId: readGuid(bytes, 24),
    xml: bytes.toString('utf8', MESSAGE_HEAD).replace(BYTE_ORDER_MARK, ''),
  };
}

/** Puts messages together from what arrives, in order; pieces of one fragment do not come apart. */
export class FragmentReader {
  #pieces: Buffer[] = [];
  #bytes = 0;
  #objectId = 0n;
  #next = 0n;

  /** Messages that are complete now. @throws WsmanFault */
  push(bytes: Buffer): PsrpMessage[] {
    const messages: PsrpMessage[] = [];
    for (let at = 0; at < bytes.length; ) {
      if (bytes.length - at < FRAGMENT_HEAD) throw malformed('fragment');
      const objectId = bytes.readBigUInt64BE(at);
      const fragmentId = bytes.readBigUInt64BE(at + 8);
      const flags = bytes[at + 16]!;
      const length = bytes.readUInt32BE(at + 17);
      at += FRAGMENT_HEAD;
      if (length > bytes.length - at) throw malformed('fragment');
      const isStart = (flags & START) !== 0;
      if (isStart) {
        this.#pieces = [];
        this.#bytes = 0;
        this.#objectId = objectId;
        this.#next = 0n;
      }
      if (objectId !== this.#objectId || fragmentId !== this.#next) throw malformed('fragment');
      this.#next++;
      this.#bytes += length;
      if (this.#bytes > MESSAGE_BYTES_MAX) throw malformed('message (it is too large)');
      this.#pieces.push(Buffer.from(bytes.subarray(at, at + length)));
      at += length;
      if ((flags & END) === 0) continue;
      messages.push(unpackMessage(Buffer.concat(this.#pieces)));
      this.#pieces = [];
      this.#next = -1n; // nothing may follow the end
    }
    return messages;
  }
}

/** Numbers of objects, one count for a runspace pool and its pipelines. */
export class ObjectIds {
  #last = 0n;

  next(): bigint {
    return ++this.#last;
  }
}

/** Messages that wait to be fetched, cut as whoever fetches has room. */
export class FragmentQueue {
  readonly #ids: ObjectIds;
  readonly #waiting: Buffer[] = [];
  #sent = 0;
  #objectId = 0n;
  #fragmentId = 0n;

  constructor(ids: ObjectIds) {
    this.#ids = ids;
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  add(message: PsrpMessage): void {
    this.#waiting.push(packMessage(message));
  }

  /** The next fragment, at most of this size. Undefined when nothing waits. */
  take(bytesMax: Bytes): Buffer | undefined {
    const message = this.#waiting[0];
    if (!message) return undefined;
    if (this.#sent === 0) {
      this.#objectId = this.#ids.next();
      this.#fragmentId = 0n;
    }
    const piece = message.subarray(this.#sent, this.#sent + bytesMax - FRAGMENT_HEAD);
    const isEnd = this.#sent + piece.length === message.length;
    const head = Buffer.alloc(FRAGMENT_HEAD);
    head.writeBigUInt64BE(this.#objectId, 0);
    head.writeBigUInt64BE(this.#fragmentId++, 8);
    head[16] = (this.#sent === 0 ? START : 0) | (isEnd ? END : 0);
    head.writeUInt32BE(piece.length, 17);
    this.#sent += piece.length;
    if (isEnd) {
      this.#waiting.shift();
      this.#sent = 0;
    }
    return Buffer.concat([head, piece]);
  }
}

/** The first three fields of a GUID are little-endian. */
function writeGuid(guid: string, into: Buffer, at: number): void {
  const bytes = Buffer.from(guid.replaceAll('-', ''), 'hex');
  into.writeUInt32LE(bytes.readUInt32BE(0), at);
  into.writeUInt16LE(bytes.readUInt16BE(4), at + 4);
  into.writeUInt16LE(bytes.readUInt16BE(6), at + 6);
  bytes.copy(into, at + 8, 8);
}

function readGuid(from: Buffer, at: number): string {
  const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, '0');
  const tail = from.toString('hex', at + 8, at + 16);
  const parts = [
    hex(from.readUInt32LE(at), 8),
    hex(from.readUInt16LE(at + 4), 4),
    hex(from.readUInt16LE(at + 6), 4),
    tail.slice(0, 4),
    tail.slice(4),
  ];
  return parts.join('-').toUpperCase();
}

function malformed(what: string): WsmanFault {
  return new WsmanFault('schemaValidation', `The ${what} of PowerShell remoting is malformed.`);
}
