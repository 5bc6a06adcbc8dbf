/**
 * Collectors of history: a window over what a filter lets through, which grows while things happen. Reading
 * onwards begins at the oldest item, reading backwards at the newest, until the window has been moved.
 */
import { invalidArgument } from '../faults.ts';
import { ManagedObject, type Properties } from '../objects/object.ts';
import type { Session } from '../sessions.ts';
import type { Data, Value } from '../values.ts';

export const PAGE_MAX = 1000;
const PAGE_SIZE = 20;

export const HISTORY_COLLECTOR: Properties<HistoryCollectorObject> = {
  filter: (self) => self.filter,
  latestPage: (self) => self.latestPage(),
};

/** What a collector reads from: items in order, each with a number that grows. */
export interface History {
  /** Oldest first. */
  items(): ReadonlyArray<{ readonly key: number; readonly value: () => Value }>;
}

export class HistoryCollectorObject extends ManagedObject {
  readonly filter: Data;
  readonly session: Session;
  readonly #history: History;
  readonly #ended: Disposable;
  /** The item that was read last; the window is between it and its neighbour. */
  #at: { readonly key: number; readonly isBefore: boolean } | undefined;
  #pageSize = PAGE_SIZE;

  constructor(
    type: 'EventHistoryCollector' | 'TaskHistoryCollector',
    id: string,
    session: Session,
    filter: Data,
    history: History,
    ended: Disposable,
  ) {
    super(type, id);
    this.session = session;
    this.filter = filter;
    this.#history = history;
    this.#ended = ended;
  }

  protected get properties(): Properties<HistoryCollectorObject> {
    return HISTORY_COLLECTOR;
  }

  /** The newest items, newest first. */
  latestPage(): Value[] {
    return this.#history
      .items()
      .slice(-this.#pageSize)
      .reverse()
      .map(({ value }) => value());
  }

  /** Towards the newest, oldest first. @throws VimFault InvalidArgument */
  next(count: number): Value[] {
    checkCount(count);
    const { key, isBefore } = this.#at ?? { key: Number.NEGATIVE_INFINITY, isBefore: false };
    const page = this.#history
      .items()
      .filter((item) => (isBefore ? item.key >= key : item.key > key))
      .slice(0, count);
    if (page.length > 0) this.#at = { key: page.at(-1)!.key, isBefore: false };
    return page.map(({ value }) => value());
  }

  /** Towards the oldest, newest first. @throws VimFault InvalidArgument */
  previous(count: number): Value[] {
    checkCount(count);
    const { key, isBefore } = this.#at ?? { key: Number.POSITIVE_INFINITY, isBefore: true };
    const page = this.#history
      .items()
      .filter((item) => (isBefore ? item.key < key : item.key <= key))
      .slice(-count)
      .reverse();
    if (page.length > 0) this.#at = { key: page.at(-1)!.key, isBefore: true };
    return page.map(({ value }) => value());
  }

  /** To the oldest item. */
  rewind(): void {
    this.#at = { key: Number.NEGATIVE_INFINITY, isBefore: true };
  }

  /** To the newest. */
  reset(): void {
    this.#at = { key: this.#history.items().at(-1)?.key ?? 0, isBefore: false };
  }

  /** @throws VimFault InvalidArgument */
  setPageSize(count: number): void {
    checkCount(count);
    this.#pageSize = count;
  }

  destroy(): void {
    this.#ended[Symbol.dispose]();
    this.session.remove(this);
  }
}

function checkCount(count: number): void {
  if (count < 1 || count > PAGE_MAX) throw invalidArgument('maxCount');
}
