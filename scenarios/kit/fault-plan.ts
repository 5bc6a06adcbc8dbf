/**
 * The faults of a scenario in one run: armed when their time can be known (at the start of the story, or when
 * the step they follow begins), counted when they act, all lifted when the safety phase ends.
 */
import type { FaultView } from '#core/contracts/run-record.ts';
import { nearest } from '#core/errors.ts';
import type { LinkRule, LinkRules } from '#core/net/link-rules.ts';
import type { Clock, Timer } from '#core/time/clock.ts';
import type { TraceEvent } from '#core/trace/recorder.ts';
import type { Millis, UnixMillis } from '#core/units.ts';
import { type FaultPoint, type FaultPoints, errors as pointErrors } from '#simulators/kit/fault-points.ts';
import { says } from './fault-words.ts';
import type { Fault } from './scenario-faults.ts';
import type { Verb } from './scenario-steps.ts';

export interface FaultPlanOptions {
  faults: readonly Fault[];
  clock: Clock;
  points: FaultPoints;
  links: LinkRules;
  /** Kills the appliance: what it had not made durable is lost. False when none was running. */
  crash: () => boolean;
  restart: () => Promise<void>;
  /** Told when a crash or restart happens, for the trace. */
  onAct: (id: string, what: string) => void;
}

interface Declared {
  readonly id: string;
  readonly fault: Fault;
  from: UnixMillis;
  until: UnixMillis;
  fired: number;
  firstAt: UnixMillis | undefined;
  /** Link faults: the rule, there from the start so that connections made early are concerned too. */
  rule: { -readonly [K in keyof LinkRule]: LinkRule[K] } | undefined;
  armed: Disposable | undefined;
  /** Crash: its time has come, and it waits for an exchange. */
  isWaiting: boolean;
}

const NEVER: UnixMillis = Number.POSITIVE_INFINITY;

export class FaultPlan {
  readonly #options: FaultPlanOptions;
  readonly #declared: readonly Declared[];
  readonly #timers = new Set<Timer>();
  readonly #restarts = new Map<Declared, Promise<void>>();
  #lifted = false;

  /** Link rules begin to exist here, without acting; point faults need the simulators' points first. */
  constructor(options: FaultPlanOptions) {
    this.#options = options;
    this.#declared = options.faults.map((fault, i): Declared => {
      const id = `#${i + 1}`;
      const declared: Declared = {
        id,
        fault,
        from: NEVER,
        until: NEVER,
        fired: 0,
        firstAt: undefined,
        rule: undefined,
        armed: undefined,
        isWaiting: false,
      };
      if (fault.kind === 'link') {
        declared.rule = {
          id,
          ...fault.link,
          direction: fault.direction,
          action: fault.action,
          start: NEVER,
          end: NEVER,
          ...(fault.times === undefined ? {} : { times: fault.times }),
        };
        declared.armed = options.links.add(declared.rule);
      }
      return declared;
    });
  }

  /** The story begins: faults that count from its start are armed. */
  start(): void {
    for (const declared of this.#declared)
      if (declared.fault.after === undefined) this.#arm(declared, declared.fault.from);
  }

  /** A step begins. @param waitMs how long it waits, when that is known */
  stepBegins(verb: Verb, waitMs = 0): void {
    for (const declared of this.#declared) {
      const { after, from, fromShare } = declared.fault;
      if (after === verb && declared.from === NEVER && !this.#lifted)
        this.#arm(declared, from + Math.floor(fromShare * waitMs));
    }
  }

  /** Counts what acted; called with every event of the trace. */
  observe(event: TraceEvent): void {
    if (event.kind === 'http') return this.#observeExchange(event);
    if (event.kind !== 'fault' && event.kind !== 'link') return;
    const id = event.what.split(' ', 1)[0];
    const declared = this.#declared.find((d) => d.id === id);
    if (!declared || declared.fault.kind === 'crash') return;
    declared.fired++;
    declared.firstAt ??= event.at;
    if (declared.fault.kind === 'point' && declared.fired >= declared.fault.times) this.#disarm(declared);
  }

  /** The end of the safety phase: nothing acts any more, and what was crashed is up again. */
  async lift(): Promise<void> {
    this.#lifted = true;
    for (const timer of this.#timers) timer.cancel();
    for (const declared of this.#declared) this.#disarm(declared);
    await this.settle();
  }

  /** Resolves when no restart is under way. */
  async settle(): Promise<void> {
    await Promise.all(this.#restarts.values());
  }

  /** Faults that have not acted though they should have. */
  missed(): ReadonlyArray<{ id: string; says: string }> {
    return this.#declared
      .filter(({ fault, fired }) => fired === 0 && !fault.mayMiss)
      .map(({ id, fault }) => ({ id, says: says(fault) }));
  }

  /** How often a point has given one of these answers because of a fault. */
  timesAnswered(answers: ReadonlySet<string>): number {
    let times = 0;
    for (const { fault, fired } of this.#declared)
      if (fault.kind === 'point' && answers.has(fault.answer)) times += fired;
    return times;
  }

  /** @param end of the story, for faults that never began. */
  views(end: UnixMillis): FaultView[] {
    return this.#declared.map(({ id, fault, from, until, fired, firstAt }) => ({
      id,
      says: says(fault),
      from: Math.min(from, end),
      until: Math.min(until, end),
      fired,
      ...(firstAt === undefined ? {} : { firstAt }),
    }));
  }

  /** When each of the faults that began could act, and what it is. */
  spans(): ReadonlyArray<{ readonly fault: Fault; readonly from: UnixMillis; readonly until: UnixMillis }> {
    return this.#declared
      .filter(({ from }) => from !== NEVER)
      .map(({ fault, from, until }) => ({ fault, from, until }));
  }

  #arm(declared: Declared, delayMs: Millis): void {
    const { fault, id } = declared;
    const { clock, points } = this.#options;
    declared.from = clock.wall() + delayMs;
    if (fault.kind === 'crash') {
      declared.until = declared.from + fault.restartAfterMs;
      this.#at(declared.from, `fault ${id} crash`, () => {
        if (fault.on === undefined) this.#crash(declared, fault.restartAfterMs);
        else declared.isWaiting = true;
      });
      return;
    }
    declared.until = declared.from + fault.forMs;
    if (fault.kind === 'link') {
      declared.rule!.start = declared.from;
      declared.rule!.end = declared.until;
      return;
    }
    // a simulator that has nothing armed need not work out what a call is about: armed just before its time
    const arm = (): void => {
      declared.armed = points.arm({
        id,
        at: fault.at,
        from: declared.from,
        until: declared.until,
        times: fault.times,
        answer: fault.answer,
        ...(fault.subject === undefined ? {} : { subject: fault.subject }),
        ...(fault.retryAfterSeconds === undefined ? {} : { retryAfterSeconds: fault.retryAfterSeconds }),
      });
      this.#at(declared.until, `fault ${id} over`, () => this.#disarm(declared));
    };
    if (delayMs <= 1) arm();
    else this.#at(declared.from - 1, `fault ${id}`, arm);
  }

  /** Idempotent. */
  #disarm(declared: Declared): void {
    declared.armed?.[Symbol.dispose]();
    declared.armed = undefined;
  }

  /** The exchange that a crash waits for has just ended: the appliance dies before it can go on. */
  #observeExchange({ who, what }: TraceEvent): void {
    for (const declared of this.#declared) {
      const { fault, id } = declared;
      if (!declared.isWaiting || this.#lifted || fault.kind !== 'crash' || fault.on === undefined) continue;
      const [server, operation] = fault.on.split('.') as [string, string];
      if (!who.startsWith(`appliance -> ${server}`) || what.split(' ').at(-2) !== operation) continue;
      declared.isWaiting = false;
      this.#at(this.#options.clock.wall(), `fault ${id} crash`, () =>
        this.#crash(declared, fault.restartAfterMs),
      );
    }
  }

  #crash(declared: Declared, restartAfterMs: Millis): void {
    const { clock, crash, restart, onAct } = this.#options;
    if (!crash()) return;
    declared.fired++;
    declared.firstAt ??= clock.wall();
    onAct(declared.id, 'the appliance was killed');
    this.#restarts.set(
      declared,
      new Promise((resolve, reject) => {
        clock.schedule(clock.wall() + restartAfterMs, `fault ${declared.id} restart`, () => {
          onAct(declared.id, 'the appliance was started again');
          restart().then(resolve, reject);
        });
      }),
    );
    this.#restarts.get(declared)!.catch(() => {}); // settle() passes it on
  }

  #at(at: UnixMillis, label: string, fn: () => void): void {
    const timer = this.#options.clock.schedule(at, label, () => {
      this.#timers.delete(timer);
      fn();
    });
    this.#timers.add(timer);
  }
}

/** @throws `fault.unknownPoint`, `fault.unknownAnswer` before anything runs */
export function checkFaultPoints(faults: readonly Fault[], known: readonly FaultPoint[]): void {
  for (const fault of faults) {
    if (fault.kind !== 'point') continue;
    const point = known.find(({ name }) => name === fault.at);
    if (!point) {
      const near = nearest(
        fault.at,
        known.map(({ name }) => name),
      );
      throw pointErrors.make('fault.unknownPoint', {
        what: `There is no point "${fault.at}"${near ? `; did you mean "${near}"?` : '.'}`,
      });
    }
    if (!point.answers.includes(fault.answer))
      throw pointErrors.make('fault.unknownAnswer', {
        what: `"${fault.at}" cannot answer "${fault.answer}"; it can answer ${point.answers.join(', ')}.`,
      });
  }
}
