/**
 * One connection to a vCenter, without understanding what it says: requests go out as text, answers are counted. It
 * speaks HTTP/1.1 by itself and no more of it than it needs, since its own time stands in every figure of every server.
 */
import { connect, type TLSSocket } from 'node:tls';

export interface Answer {
  readonly bytes: number;
  /** The first part of the answer, enough for references. */
  readonly text: string;
}

const KEPT_BYTES = 64 * 1024;

interface Waiting {
  readonly request: string;
  resolve(answer: Answer): void;
  reject(error: Error): void;
}

export class SoapCaller {
  readonly #port: number;
  #socket: TLSSocket | undefined;
  #reader = new AnswerReader();
  #cookie = '';
  /** Asked one after another; the first is on its way. */
  #waiting: Waiting[] = [];

  constructor(port: number) {
    this.#port = port;
  }

  /** @param self "VirtualMachine:vm-42" */
  call(method: string, self: string, inner: string): Promise<Answer> {
    const [type, id] = self.split(':');
    return this.post(
      '<Envelope xmlns="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">' +
        `<Body><${method} xmlns="urn:vim25"><_this type="${type}">${id}</_this>${inner}</${method}></Body></Envelope>`,
    );
  }

  /** @param body ASCII */
  post(body: string): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const head =
        'POST /sdk HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: text/xml; charset=utf-8\r\nSOAPAction: urn:vim25/6.5\r\n';
      const request = `Content-Length: ${body.length}\r\n\r\n${body}`;
      this.#waiting.push({ request: head + this.#cookie + request, resolve, reject });
      if (this.#waiting.length === 1) this.#send();
    });
  }

  close(): void {
    this.#socket?.destroy();
  }

  #send(): void {
    this.#socket ??= this.#connect();
    this.#socket.write(this.#waiting[0]!.request, 'latin1');
  }

  #connect(): TLSSocket {
    const socket = connect({ host: '127.0.0.1', port: this.#port, rejectUnauthorized: false });
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => {
      if (this.#reader.read(chunk)) this.#answered();
    });
    const lost = (error?: Error): void => {
      if (this.#socket !== socket) return; // told already
      this.#socket = undefined; // servers close what is idle: the next call connects anew
      this.#reader = new AnswerReader();
      for (const { reject } of this.#waiting.splice(0))
        reject(error ?? new Error('the connection was closed'));
    };
    socket.on('error', lost).on('close', () => lost());
    return socket;
  }

  #answered(): void {
    const { status, cookie, bytes, text } = this.#reader;
    this.#reader = new AnswerReader();
    if (cookie !== undefined) this.#cookie = `Cookie: ${cookie}\r\n`;
    const { resolve, reject } = this.#waiting.shift()!;
    if (status === 200) resolve({ bytes, text });
    else reject(new Error(`answered ${status}: ${text.slice(0, 500)}`));
    if (this.#waiting.length > 0) this.#send();
  }
}

const HEAD_END = '\r\n\r\n';

/** An answer, in pieces as they come: a head, and a body with a length or in chunks (RFC 9112, 7.1). */
class AnswerReader {
  status = 0;
  cookie: string | undefined;
  bytes = 0;
  readonly #kept: Buffer[] = [];
  #start: Buffer = Buffer.alloc(0);
  #isChunked = false;
  /** Of the body or the chunk; -1: the line that says so has not come yet. */
  #left = -1;
  #line = '';

  get text(): string {
    return Buffer.concat(this.#kept).toString();
  }

  /** @returns whether the answer has come to its end */
  read(piece: Buffer): boolean {
    let rest = piece;
    if (this.status === 0) {
      this.#start = this.#start.length > 0 ? Buffer.concat([this.#start, piece]) : piece;
      const end = this.#start.indexOf(HEAD_END);
      if (end < 0) return false;
      this.#readHead(this.#start.toString('latin1', 0, end));
      rest = this.#start.subarray(end + HEAD_END.length);
    }
    if (this.#isChunked) return this.#readChunks(rest);
    this.#keep(rest);
    this.#left -= rest.length;
    return this.#left === 0;
  }

  #readHead(head: string): void {
    this.status = Number(head.slice(9, 12));
    this.cookie = /\r\nset-cookie: ([^;\r]+)/i.exec(head)?.[1];
    const length = /\r\ncontent-length: (\d+)/i.exec(head)?.[1];
    this.#isChunked = length === undefined;
    if (length !== undefined) this.#left = Number(length);
  }

  #readChunks(piece: Buffer): boolean {
    let at = 0;
    while (at < piece.length) {
      if (this.#left < 0) {
        const end = piece.indexOf(10, at);
        this.#line += piece.toString('latin1', at, end < 0 ? piece.length : end);
        if (end < 0) return false;
        at = end + 1;
        const line = this.#line.trim();
        this.#line = '';
        if (this.#left === LAST && line === '') return true;
        if (line !== '') this.#left = Number.parseInt(line, 16) || LAST;
      } else {
        const until = Math.min(piece.length, at + this.#left);
        this.#keep(piece.subarray(at, until));
        this.#left -= until - at;
        at = until;
        if (this.#left === 0) this.#left = -1;
      }
    }
    return false;
  }

  #keep(content: Buffer): void {
    if (this.bytes < KEPT_BYTES) this.#kept.push(content);
    this.bytes += content.length;
  }
}

/** In place of a length: the chunk of length 0 has come, and the empty line behind it has not. */
const LAST = -2;
