/**
 * What happened, as EventManager tells it: events with keys that grow, kept up to a number. Those of one
 * operation share its chain id.
 */
import type { Clock } from '#core/time/clock.ts';
import type { UnixMillis } from '#core/units.ts';
import type { Entity } from '../objects/object.ts';
import { accountName } from '../sessions.ts';
import type { Data, FieldValue, Value } from '../values.ts';
import { eventArguments } from './event-arguments.ts';
import { EVENT_TYPES, type Severity } from './event-types.ts';

export interface EventSpec {
  readonly type: string;
  /** What it is about; the whole vCenter when it is left out. */
  readonly about?: Entity | undefined;
  /** Name of a user of this vCenter; nobody when the system did it. */
  readonly user?: string | undefined;
  /** Of the operation that it belongs to; its own key when it belongs to none. */
  readonly chain?: number | undefined;
  /** Fields of the type. */
  readonly fields?: Readonly<Record<string, FieldValue>>;
  /** Words for the sentence that its arguments do not give. */
  readonly words?: Readonly<Record<string, string>>;
  readonly category?: Severity;
}

export interface LoggedEvent {
  readonly key: number;
  readonly chain: number;
  readonly at: UnixMillis;
  readonly user: string;
  readonly category: Severity;
  /** Entities that it is about and those that they are in, by id. */
  readonly scope: readonly string[];
  /** Id of what it is about. */
  readonly about: string | undefined;
  readonly data: Data;
}

const KEPT_MAX = 20_000;

export class EventLog {
  readonly #clock: Clock;
  readonly #events: LoggedEvent[] = [];
  readonly #listeners = new Set<(event: LoggedEvent) => void>();
  #lastKey = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Oldest first. */
  all(): readonly LoggedEvent[] {
    return this.#events;
  }

  get latest(): LoggedEvent | undefined {
    return this.#events.at(-1);
  }

  /** Key of the event that comes next. */
  get nextKey(): number {
    return this.#lastKey + 1;
  }

  post(spec: EventSpec): LoggedEvent {
    const { type, about, fields = {}, words = {} } = spec;
    const key = ++this.#lastKey;
    const at = Math.floor(this.#clock.wall());
    const chain = spec.chain ?? key;
    const user = spec.user === undefined ? '' : accountName(spec.user);
    const place = eventArguments(about);
    const described = EVENT_TYPES[type];
    const text = (described?.text ?? '').replace(
      /\{(\w+)\}/g,
      (_match, name: string) => words[name] ?? place.words[name] ?? '',
    );
    const event: LoggedEvent = {
      key,
      chain,
      at,
      user,
      category: spec.category ?? described?.category ?? 'info',
      scope: place.scope,
      about: about?.ref.id,
      data: {
        $: type,
        key,
        chainId: chain,
        createdTime: at,
        userName: user,
        ...place.fields,
        fullFormattedMessage: text,
        ...fields,
      },
    };
    this.#events.push(event);
    if (this.#events.length > KEPT_MAX) this.#events.splice(0, KEPT_MAX / 10);
    for (const listener of [...this.#listeners]) listener(event);
    return event;
  }

  listen(listener: (event: LoggedEvent) => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }
}

/** The text of an event as a data object, without the sentence for people where a filter does not want it. */
export function eventData(event: LoggedEvent, withMessage: boolean): Value {
  return withMessage ? event.data : { ...event.data, fullFormattedMessage: undefined };
}
