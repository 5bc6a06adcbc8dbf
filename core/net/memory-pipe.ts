/**
 * Two connected Duplex ends in one process. They carry real bytes with back-pressure, deliver in the order
 * written, one tick later, and never touch the event loop's I/O: same writes, same deliveries.
 */
import { Duplex } from 'node:stream';

/** An errno-style error, as a socket would raise it. */
export function socketError(
  code: 'ECONNRESET' | 'EPIPE' | 'ECONNREFUSED' | 'ENOTFOUND',
  what: string,
): Error {
  return Object.assign(new Error(`${what}: ${code}`), { code });
}

/** One end. The no-op methods are those of net.Socket that node:http, node:tls and ssh2 call. */
export class PipeEnd extends Duplex {
  readonly connecting = false;
  readonly remoteAddress: string;
  #peer: PipeEnd | undefined;
  #undelivered = 0;
  #resume: (() => void) | undefined;

  constructor(remoteAddress: string) {
    super({ allowHalfOpen: false, highWaterMark: 256 * 1024 });
    this.remoteAddress = remoteAddress;
  }

  static pair(clientName: string, serverName: string): [client: PipeEnd, server: PipeEnd] {
    const client = new PipeEnd(serverName);
    const server = new PipeEnd(clientName);
    client.#peer = server;
    server.#peer = client;
    return [client, server];
  }

  /** Deliveries that have been written by the other end and not yet been given to this one. */
  get undelivered(): number {
    return this.#undelivered;
  }

  /** Cuts both ends the way a TCP reset does: what was under way is lost. */
  resetAndDestroy(): this {
    const peer = this.#peer;
    this.destroy();
    peer?.destroy(socketError('ECONNRESET', 'read'));
    return this;
  }

  setTimeout(): this {
    return this;
  }
  setNoDelay(): this {
    return this;
  }
  setKeepAlive(): this {
    return this;
  }
  ref(): this {
    return this;
  }
  unref(): this {
    return this;
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error) => void): void {
    const peer = this.#peer;
    if (!peer || peer.destroyed) return done(socketError('EPIPE', 'write'));
    peer.#deliver(chunk, done);
  }

  override _read(): void {
    const resume = this.#resume;
    this.#resume = undefined;
    resume?.();
  }

  override _final(done: (error?: Error) => void): void {
    const peer = this.#peer;
    if (peer) peer.#deliver(null, () => {});
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    const peer = this.#peer;
    this.#resume?.();
    this.#resume = undefined;
    if (peer && !peer.destroyed) peer.#deliver(null, () => {});
    done(error);
  }

  #deliver(chunk: Buffer | null, done: () => void): void {
    this.#undelivered++;
    process.nextTick(() => {
      this.#undelivered--;
      if (this.destroyed || this.readableEnded) return done();
      if (this.push(chunk) || chunk === null) done();
      else this.#resume = done;
    });
  }
}
