/**
 * HTTP/1.1 in its plainest form, as clients of one service speak it all the time: a request that comes alone, its head
 * in one piece, with a length and nothing that asks for more. It takes half of what node:http takes. Whatever else comes
 * is left to node:http, together with everything that follows on that connection: what an error is, and what the
 * rest of RFC 9112 means, is decided there alone. A property test holds the two against each other.
 */
import { type IncomingHttpHeaders, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { assert } from '../assert.ts';
import type { Clock } from '../time/clock.ts';
import type { Bytes } from '../units.ts';
import { httpDate } from './http-date.ts';

/** What a handler reads of a request, whoever has read it from the connection. */
export interface HttpRequestHead {
  readonly headers: IncomingHttpHeaders;
  readonly socket: { readonly remoteAddress?: string | undefined };
}

/** What a handler does with a response, whoever writes it to the connection. */
export interface HttpReply {
  operation?: string;
  statusCode: number;
  readonly headersSent: boolean;
  /** Nobody hears it any more. */
  readonly destroyed: boolean;
  setHeader(name: string, value: string | number): unknown;
  /** @returns false: wait for `drain`. */
  write(piece: Buffer): boolean;
  /** Ends it; if nothing has been written yet, with the only piece and a Content-Length that has been set. */
  end(only?: string | Buffer, encoding?: BufferEncoding): unknown;
  /** Cuts the connection. */
  destroy(): unknown;
  on(event: 'close' | 'drain', listener: () => void): unknown;
  off(event: 'close' | 'drain', listener: () => void): unknown;
}

interface Head {
  /** As it came, with the empty line. */
  readonly bytes: Buffer;
  /** "POST /sdk" */
  readonly asked: string;
  readonly headers: IncomingHttpHeaders;
  readonly contentLength: Bytes;
}

/** A request that has not come to its end. */
interface Part {
  readonly chunks: Buffer[];
  have: Bytes;
  readonly whole: Bytes;
}

export interface PlainService {
  readonly clock: Clock;
  /** Requests that are answered here: "POST /sdk". */
  readonly asked: string;
  handle(request: HttpRequestHead, body: Buffer, reply: HttpReply): void;
}

/**
 * Answers plain requests on a connection that nobody reads yet.
 * @param leave is given the connection, with what has not been answered still to be read, when something else comes.
 */
export function servePlainly(socket: Duplex, service: PlainService, leave: (socket: Duplex) => void): void {
  new PlainConnection(socket, service, leave).begin();
}

class PlainConnection {
  readonly socket: Duplex;
  readonly #service: PlainService;
  readonly #leave: (socket: Duplex) => void;
  /** Clients send the same head again and again. */
  #head: Head | undefined = undefined;
  #reply: PlainReply | undefined = undefined;
  /** A request that is still coming. */
  #part: Part | undefined = undefined;
  /** What came before the answer to what was before it. */
  #early: Buffer[] = [];

  constructor(socket: Duplex, service: PlainService, leave: (socket: Duplex) => void) {
    this.socket = socket;
    this.#service = service;
    this.#leave = leave;
  }

  begin(): void {
    const { socket } = this;
    socket.on('data', this.#onData).on('end', this.#onEnd).on('error', ignore);
    socket.on('drain', this.#onDrain).on('close', this.#onClose);
  }

  readonly #onData = (chunk: Buffer): void => {
    if (this.#part) return this.#add(chunk, this.#part);
    if (!this.#reply) return this.#take(chunk);
    this.#early.push(chunk);
    // read on for a while: the end of the connection is noticed by reading
    if (this.#early.length >= EARLY_CHUNKS_MAX) this.socket.pause();
  };

  readonly #onEnd = (): void => void this.socket.end();
  readonly #onDrain = (): void => this.#reply?.emit('drain');
  readonly #onClose = (): void => this.#reply?.emit('close');

  #take(chunk: Buffer): void {
    const head = headOf(chunk, this.#head);
    if (!head || head.asked !== this.#service.asked) return this.#giveUp(chunk);
    const bodyAt = head.bytes.length;
    const whole = bodyAt + head.contentLength;
    if (chunk.length > whole) return this.#giveUp(chunk);
    this.#head = head;
    if (chunk.length < whole) {
      this.#part = { chunks: [chunk], have: chunk.length, whole };
      return;
    }
    this.#reply = new PlainReply(this, this.#service.clock);
    const request = { headers: head.headers, socket: this.socket as HttpRequestHead['socket'] };
    this.#service.handle(request, chunk.subarray(bodyAt), this.#reply);
  }

  #add(chunk: Buffer, part: Part): void {
    part.chunks.push(chunk);
    part.have += chunk.length;
    if (part.have < part.whole) return;
    this.#part = undefined;
    this.#take(Buffer.concat(part.chunks));
  }

  /** The reply has ended. */
  done(): void {
    this.#reply = undefined;
    if (this.#early.length === 0) return;
    const chunk = Buffer.concat(this.#early);
    this.#early = [];
    this.socket.resume();
    this.#take(chunk);
  }

  #giveUp(chunk: Buffer): void {
    const { socket } = this;
    if (socket.readableEnded) return; // the client has closed its side, and ours is closed with it
    socket.off('data', this.#onData).off('end', this.#onEnd).off('error', ignore);
    socket.off('drain', this.#onDrain).off('close', this.#onClose);
    socket.pause();
    socket.unshift(chunk);
    this.#leave(socket);
    socket.resume();
  }
}

function ignore(): void {}

class PlainReply implements HttpReply {
  operation?: string;
  statusCode = 200;
  headersSent = false;
  readonly #connection: PlainConnection;
  readonly #clock: Clock;
  #headers = '';
  #hasLength = false;
  #listeners: Array<{ readonly event: 'close' | 'drain'; readonly listener: () => void }> | undefined =
    undefined;

  constructor(connection: PlainConnection, clock: Clock) {
    this.#connection = connection;
    this.#clock = clock;
  }

  get destroyed(): boolean {
    return this.#connection.socket.destroyed;
  }

  setHeader(name: string, value: string | number): void {
    assert(
      typeof value === 'number' || HEADER_VALUE.test(value),
      `the value of ${name} cannot stand in a header`,
    );
    if (name === 'Content-Length') this.#hasLength = true;
    this.#headers += `${name}: ${value}\r\n`;
  }

  write(piece: Buffer): boolean {
    const { socket } = this.#connection;
    socket.cork();
    if (!this.headersSent) socket.write(this.#head('Transfer-Encoding: chunked\r\n'), 'latin1');
    socket.write(`${piece.length.toString(16)}\r\n`, 'latin1');
    socket.write(piece);
    const takesMore = socket.write(HEADER_END, 'latin1');
    socket.uncork();
    return takesMore;
  }

  end(only: string | Buffer = '', encoding: BufferEncoding = 'utf8'): void {
    const { socket } = this.#connection;
    if (this.headersSent) socket.write('0\r\n\r\n', 'latin1');
    else {
      assert(this.#hasLength, 'an answer in one piece needs its length');
      const head = this.#head('');
      if (typeof only === 'string') socket.write(head + only, encoding);
      else {
        socket.cork();
        socket.write(head, 'latin1');
        socket.write(only);
        socket.uncork();
      }
    }
    this.#listeners = undefined;
    this.#connection.done();
  }

  destroy(): void {
    this.#connection.socket.destroy();
  }

  on(event: 'close' | 'drain', listener: () => void): void {
    this.#listeners ??= [];
    this.#listeners.push({ event, listener });
  }

  off(event: 'close' | 'drain', listener: () => void): void {
    this.#listeners = this.#listeners?.filter((each) => each.event !== event || each.listener !== listener);
  }

  emit(event: 'close' | 'drain'): void {
    for (const each of this.#listeners ?? []) if (each.event === event) each.listener();
  }

  /** Headers stand in the order that node:http gives them. */
  #head(encoding: string): string {
    this.headersSent = true;
    return (
      `HTTP/1.1 ${this.statusCode} ${STATUS_CODES[this.statusCode]}\r\nDate: ${httpDate(this.#clock.wall())}\r\n` +
      `${this.#headers}Connection: keep-alive\r\n${encoding}\r\n`
    );
  }
}

const HEADER_END = '\r\n';
const HEAD_END = '\r\n\r\n';
const HEAD_BYTES_MAX: Bytes = 8 * 1024;
/** Of at most 64 KiB each. */
const EARLY_CHUNKS_MAX = 16;
const HEADER_VALUE = /^[\x20-\x7e]*$/;
const START = /^([A-Z]+ \/[!-~]*) HTTP\/1\.1$/;
/** RFC 9110, 5.1 and 5.5, without what is rare. */
const HEADER = /^([\w!#$%&'*+.^`|~-]+):[ \t]*([\x20-\x7e\t]*)$/;
/** Of requests that want more than an answer. */
const DEMANDING = new Set(['transfer-encoding', 'expect', 'upgrade', 'trailer', 'te', 'proxy-connection']);

/**
 * The head of a plain request at the beginning of a chunk; undefined when it is of another kind.
 * @param before the head of the request before it.
 */
function headOf(chunk: Buffer, before: Head | undefined): Head | undefined {
  const length = before?.bytes.length ?? 0;
  if (before && chunk.length >= length && before.bytes.compare(chunk, 0, length) === 0) return before;
  const end = chunk.indexOf(HEAD_END);
  if (end < 0 || end > HEAD_BYTES_MAX) return undefined;
  return readHead(Buffer.from(chunk.subarray(0, end + HEAD_END.length)));
}

function readHead(bytes: Buffer): Head | undefined {
  const [start = '', ...lines] = bytes
    .toString('latin1', 0, bytes.length - HEAD_END.length)
    .split(HEADER_END);
  const asked = START.exec(start)?.[1];
  if (asked === undefined) return undefined;
  const headers: Record<string, string> = {};
  for (const line of lines) {
    const match = HEADER.exec(line);
    if (!match) return undefined;
    const name = match[1]!.toLowerCase();
    if (name in headers || DEMANDING.has(name)) return undefined;
    headers[name] = match[2]!.trim();
  }
  const { host, connection = 'keep-alive', 'content-length': length = '' } = headers;
  if (host === undefined || connection.toLowerCase() !== 'keep-alive' || !/^\d{1,6}$/.test(length))
    return undefined;
  return { bytes, asked, headers, contentLength: Number(length) };
}
