/**
 * Is anything in flight? The virtual clock moves only when nothing is.
 *
 * In flight means: bytes on a connection that their reader has not been given (transports register as
 * sources), work on libuv's thread pool (seen by an async hook), and counted holds that code takes around
 * anything else, such as a message to a worker thread.
 */
import { type AsyncHook, createHook } from 'node:async_hooks';
import { defineErrors } from '../errors.ts';

export const errors = defineErrors({
  'time.neverQuiet': {
    blame: 'us',
    why: 'Virtual time can only move when nothing is in flight, and something stayed in flight for 10 real seconds.',
    next: 'Look at the connections and holds named above; a hold that is never released is a bug.',
  },
});

export interface InFlightSource {
  inFlight(): number;
  /** One line per thing in flight, for the report of a run that never settles. */
  describe(): string[];
}

/**
 * One-shot requests on the thread pool: in flight from creation until their callback starts. Promises are
 * not tracked (they cost every await); a request made through a promise API has a request object as well.
 * Not seen: asynchronous zlib streams, whose one handle serves many calls (use the synchronous functions, or a
 * hold), and worker threads (a hold around each message).
 */
const OFF_THREAD = new Set([
  'FSREQCALLBACK',
  'FSREQPROMISE',
  'FILEHANDLECLOSEREQ',
  'GETADDRINFOREQWRAP',
  'GETNAMEINFOREQWRAP',
  'PBKDF2REQUEST',
  'SCRYPTREQUEST',
  'RANDOMBYTESREQUEST',
  'RANDOMPRIMEREQUEST',
  'CHECKPRIMEREQUEST',
  'KEYPAIRGENREQUEST',
  'KEYGENREQUEST',
  'KEYEXPORTREQUEST',
  'CIPHERREQUEST',
  'DERIVEBITSREQUEST',
  'HASHREQUEST',
  'SIGNREQUEST',
  'HKDFREQUEST',
  'SHUTDOWNWRAP',
  'TCPCONNECTWRAP',
]);

const PATIENCE_MS = 10_000;

export class Quiescence implements Disposable {
  readonly #sources = new Set<InFlightSource>();
  readonly #holds = new Map<number, string>();
  readonly #offThread = new Map<number, { type: string; resource: object }>();
  readonly #hook: AsyncHook;
  #nextHold = 0;

  constructor() {
    const done = (id: number) => void this.#offThread.delete(id);
    this.#hook = createHook({
      init: (id, type, _trigger, resource) => {
        if (OFF_THREAD.has(type)) this.#offThread.set(id, { type, resource });
      },
      before: done,
      destroy: done,
      trackPromises: false,
    } as Parameters<typeof createHook>[0]);
    this.#hook.enable();
  }

  [Symbol.dispose](): void {
    this.#hook.disable();
  }

  /** A transport tells how many of its bytes or connects are under way. */
  register(source: InFlightSource): Disposable {
    this.#sources.add(source);
    return { [Symbol.dispose]: () => void this.#sources.delete(source) };
  }

  /** Keeps virtual time still until the returned handle is disposed. */
  hold(reason: string): Disposable {
    const id = this.#nextHold++;
    this.#holds.set(id, reason);
    return { [Symbol.dispose]: () => void this.#holds.delete(id) };
  }

  inFlight(): number {
    // node:crypto's synchronous functions make the same objects, without a callback, and are done by now
    for (const [id, { resource }] of this.#offThread)
      if (resource.constructor.name.endsWith('Job') && !('ondone' in resource)) this.#offThread.delete(id);
    let n = this.#holds.size + this.#offThread.size;
    for (const source of this.#sources) n += source.inFlight();
    return n;
  }

  describe(): string[] {
    const lines = [...this.#holds.values()].map((reason) => `hold: ${reason}`);
    for (const [id, { type }] of this.#offThread) lines.push(`off-thread: ${type} #${id}`);
    for (const source of this.#sources) lines.push(...source.describe());
    return lines;
  }

  /** Resolves when two macrotask boundaries in a row find nothing in flight. @throws `time.neverQuiet` */
  async settle(): Promise<void> {
    let calm = 0;
    let waitingSince: number | undefined;
    while (calm < 2) {
      await macrotask();
      if (this.inFlight() === 0) {
        calm++;
        continue;
      }
      calm = 0;
      waitingSince ??= performance.now();
      if (performance.now() - waitingSince > PATIENCE_MS)
        throw errors.make('time.neverQuiet', {
          what: `The world never came to rest:\n    ${this.describe().join('\n    ')}`,
        });
    }
  }
}

function macrotask(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
