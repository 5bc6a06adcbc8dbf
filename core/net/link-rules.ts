/**
 * What the wires of a world do to bytes: delay, stall, throttle, reset, refuse. A rule holds for one link
 * (who dials → whom), in one or both directions, from one instant to another; the same rules act in every
 * tier, in a wrapper around the dialler's end.
 */
import { Duplex } from 'node:stream';
import type { Clock, Timer } from '../time/clock.ts';
import type { Millis, UnixMillis } from '../units.ts';
import { socketError } from './memory-pipe.ts';
import { matchesHost } from './transport.ts';

export type LinkAction =
  | { readonly do: 'delay'; readonly ms: Millis }
  /** Accepted and not delivered until the rule ends. */
  | { readonly do: 'stall' }
  | { readonly do: 'throttle'; readonly bytesPerSecond: number }
  /** Cut when this many bytes have passed in the rule's directions since it began. */
  | { readonly do: 'reset'; readonly afterBytes: number }
  /** New connections are refused. */
  | { readonly do: 'refuse' };

export interface LinkRule {
  readonly id: string;
  /** Node that dials, or `*`. */
  readonly from: string;
  /** Host that is dialled: a name, `*.suffix` or `*`. */
  readonly to: string;
  readonly direction: 'out' | 'in' | 'both';
  readonly action: LinkAction;
  readonly start: UnixMillis;
  readonly end: UnixMillis;
  /** Stop acting after so many times (resets and refusals). */
  readonly times?: number;
}

interface RuleState {
  readonly rule: LinkRule;
  fired: number;
  bytes: number;
  /** Throttle: instant until which the link is busy. */
  busyUntil: UnixMillis;
}

export class LinkRules {
  readonly #clock: Clock;
  readonly #states: RuleState[] = [];
  readonly #onFire: ((rule: LinkRule, note: string) => void) | undefined;

  constructor(clock: Clock, onFire?: (rule: LinkRule, note: string) => void) {
    this.#clock = clock;
    this.#onFire = onFire;
  }

  /** Adds a rule; disposing removes it. Connections made before a link's first rule are not affected. */
  add(rule: LinkRule): Disposable {
    const state: RuleState = { rule, fired: 0, bytes: 0, busyUntil: 0 };
    this.#states.push(state);
    return { [Symbol.dispose]: () => void this.#states.splice(this.#states.indexOf(state), 1) };
  }

  /** How often each rule has acted, for "a declared fault that never fired". */
  fired(): ReadonlyArray<{ rule: LinkRule; fired: number }> {
    return this.#states.map(({ rule, fired }) => ({ rule, fired }));
  }

  /** Is this dial refused just now? */
  refuses(from: string, to: string): boolean {
    for (const state of this.#active(from, to)) {
      if (state.rule.action.do !== 'refuse') continue;
      this.#fire(state, 'refused a connection');
      return true;
    }
    return false;
  }

  /** Wraps the dialler's end if any rule, now or later, concerns the link. */
  apply(from: string, to: string, raw: Duplex): Duplex {
    const concerned = this.#states.some(({ rule }) => matches(rule, from, to) && rule.action.do !== 'refuse');
    return concerned ? new RuledConnection(raw, this, this.#clock, from, to) : raw;
  }

  /** What happens to `bytes` that set out now: cut, or arrive at an instant. */
  decide(from: string, to: string, direction: 'out' | 'in', bytes: number): 'reset' | UnixMillis {
    const now = this.#clock.wall();
    let arrival = now;
    for (const state of this.#active(from, to)) {
      const { rule } = state;
      if (rule.direction !== 'both' && rule.direction !== direction) continue;
      switch (rule.action.do) {
        case 'delay':
          arrival = Math.max(arrival, now + rule.action.ms);
          this.#fire(state, `delayed ${bytes} bytes`);
          break;
        case 'stall':
          arrival = Math.max(arrival, rule.end);
          this.#fire(state, `stalled ${bytes} bytes`);
          break;
        case 'throttle': {
          const transferMs = (bytes / rule.action.bytesPerSecond) * 1000;
          state.busyUntil = Math.max(state.busyUntil, now) + transferMs;
          arrival = Math.max(arrival, Math.ceil(state.busyUntil));
          this.#fire(state, `throttled ${bytes} bytes`);
          break;
        }
        case 'reset':
          state.bytes += bytes;
          if (state.bytes >= rule.action.afterBytes) {
            state.bytes = 0;
            this.#fire(state, 'reset the connection');
            return 'reset';
          }
          break;
        case 'refuse':
          break;
      }
    }
    return arrival;
  }

  *#active(from: string, to: string): Generator<RuleState> {
    const now = this.#clock.wall();
    for (const state of this.#states) {
      const { rule } = state;
      if (!matches(rule, from, to) || now < rule.start || now >= rule.end) continue;
      if (rule.times !== undefined && state.fired >= rule.times) continue;
      yield state;
    }
  }

  #fire(state: RuleState, note: string): void {
    state.fired++;
    this.#onFire?.(state.rule, note);
  }
}

function matches(rule: LinkRule, from: string, to: string): boolean {
  return (rule.from === '*' || rule.from === from) && matchesHost(rule.to, to);
}

/** The dialler's end of a ruled link. Order is kept in each direction whatever the rules say. */
class RuledConnection extends Duplex {
  readonly connecting = false;
  readonly #raw: Duplex;
  readonly #rules: LinkRules;
  readonly #clock: Clock;
  readonly #from: string;
  readonly #to: string;
  readonly #timers = new Set<Timer>();
  /** What is on its way, in order: timers of one instant are released in any. */
  readonly #outgoing: Array<() => void> = [];
  readonly #incoming: Array<() => void> = [];
  #outFreeAt: UnixMillis = 0;
  #inFreeAt: UnixMillis = 0;
  #inQueued = 0;

  constructor(raw: Duplex, rules: LinkRules, clock: Clock, from: string, to: string) {
    super({ allowHalfOpen: false, highWaterMark: 256 * 1024 });
    this.#raw = raw;
    this.#rules = rules;
    this.#clock = clock;
    this.#from = from;
    this.#to = to;
    raw.on('data', (chunk: Buffer) => this.#receive(chunk));
    raw.on('end', () => this.#receive(null));
    raw.on('error', (error) => this.destroy(error));
    raw.on('close', () => {
      if (!raw.readableEnded) this.destroy();
    });
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
    const decision = this.#rules.decide(this.#from, this.#to, 'out', chunk.length);
    if (decision === 'reset') {
      this.#cut();
      return done(socketError('ECONNRESET', 'write'));
    }
    this.#outFreeAt = Math.max(this.#outFreeAt, decision);
    this.#after(this.#outgoing, this.#outFreeAt, () =>
      this.#raw.write(chunk, (error) => done(error ?? undefined)),
    );
  }

  override _final(done: (error?: Error) => void): void {
    this.#after(this.#outgoing, this.#outFreeAt, () => this.#raw.end(() => done()));
  }

  override _read(): void {
    if (this.#inQueued === 0) this.#raw.resume();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
    this.#raw.destroy();
    done(error);
  }

  #receive(chunk: Buffer | null): void {
    const decision = chunk ? this.#rules.decide(this.#from, this.#to, 'in', chunk.length) : this.#inFreeAt;
    if (decision === 'reset') return this.#cut();
    this.#inFreeAt = Math.max(this.#inFreeAt, decision);
    this.#inQueued++;
    this.#after(this.#incoming, this.#inFreeAt, () => {
      this.#inQueued--;
      if (!this.push(chunk)) this.#raw.pause();
    });
  }

  #cut(): void {
    const raw = this.#raw as Duplex & { resetAndDestroy?: () => void };
    if (raw.resetAndDestroy) raw.resetAndDestroy();
    else raw.destroy();
    this.destroy(socketError('ECONNRESET', 'read'));
  }

  #after(queue: Array<() => void>, at: UnixMillis, fn: () => void): void {
    if (queue.length === 0 && at <= this.#clock.wall()) return fn();
    queue.push(fn);
    const timer = this.#clock.schedule(at, `link ${this.#from} -> ${this.#to}`, () => {
      this.#timers.delete(timer);
      queue.shift()!();
    });
    this.#timers.add(timer);
  }
}
