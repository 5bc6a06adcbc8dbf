/** Property collectors: one-off reads in pages, and waiting for updates. */
import { type Bytes, MIB, SECOND } from '#core/units.ts';
import type { Change } from '../changes.ts';
import { invalidArgument, vimFault } from '../faults.ts';
import { ManagedObject, type Properties, type Reading } from '../objects/object.ts';
import type { Session } from '../sessions.ts';
import type { Vcenter } from '../vcenter.ts';
import type { FilterObject, ObjectUpdate } from './filter.ts';
import type { Pieces } from './object-content.ts';
import type { PropertyPath } from './path.ts';
import type { Find } from './selection.ts';

export const COLLECTOR: Properties<CollectorObject> = {
  filter: (self) => [...self.filters].map((filter) => filter.ref),
};

/** The collector that ServiceContent names; each session has its own behind this id. */
export const DEFAULT_COLLECTOR = 'propertyCollector';

/** A client that never asks for the rest of its pages leaves at most so many behind. */
const TOKENS_MAX = 100;
/** Policy for clients that set no limit of their own. */
const LONGEST_WAIT_SECONDS = 1800;
/**
 * What one answer tells, all of which is held until it is sent; the client asks again for the rest. vSphere Web Services
 * API, WaitOptions.maxObjectUpdates: policy may limit the number of objects where the client does not.
 */
const UPDATES_BYTES_MAX: Bytes = 64 * MIB;

/** What is new to a client. */
export interface Updates {
  /** The inside of an UpdateSet, without `truncated`, which API versions before 4.1 do not have. */
  readonly pieces: Pieces;
  /** Is there more to tell? */
  readonly isTruncated: boolean;
}

export interface WaitOptions {
  readonly maxWaitSeconds?: number;
  readonly maxObjectUpdates?: number;
}

/** Pages of a read that are still to come. */
export interface Rest {
  readonly objects: readonly Selected[];
  readonly pageSize: number;
}

/** An object that a read selected, and what to read of it. */
export interface Selected {
  readonly object: ManagedObject;
  readonly paths: readonly PropertyPath[];
}

export class CollectorObject extends ManagedObject {
  readonly session: Session;
  readonly filters = new Set<FilterObject>();
  readonly #tokens = new Map<string, Rest>();
  readonly #wake = new Set<() => void>();
  readonly #cancel = new Set<(fault: Error) => void>();
  readonly #listening: Disposable;
  #sequence = 0;
  #tokenCount = 0;

  constructor(id: string, session: Session, vcenter: Vcenter) {
    super('PropertyCollector', id);
    this.session = session;
    this.#listening = vcenter.changes.listen((change) => this.#note(change));
    session.onEnd(() =>
      this.end(vimFault('NotAuthenticated', 'The session ended.', notAuthenticatedFields(this))),
    );
  }

  protected get properties(): Properties<CollectorObject> {
    return COLLECTOR;
  }

  /** Keeps the rest of a read for ContinueRetrievePropertiesEx. */
  keep(rest: Rest): string {
    const token = String(this.#tokenCount++);
    this.#tokens.set(token, rest);
    if (this.#tokens.size > TOKENS_MAX) this.#tokens.delete(this.#tokens.keys().next().value!);
    return token;
  }

  /** A token works once. @throws VimFault InvalidProperty for one that is unknown, used or given up */
  take(token: string): Rest {
    const rest = this.#tokens.get(token);
    if (!rest)
      throw vimFault('InvalidProperty', 'The token is not one that this collector gave out and has kept.', {
        name: 'token',
      });
    this.#tokens.delete(token);
    return rest;
  }

  /** Waiting calls end with this fault; filters and pages are gone. */
  end(fault: Error): void {
    this.cancel(fault);
    this.#listening[Symbol.dispose]();
    for (const filter of this.filters) this.session.remove(filter);
    this.filters.clear();
    this.#tokens.clear();
  }

  cancel(fault: Error): void {
    for (const cancel of [...this.#cancel]) cancel(fault);
  }

  /**
   * Takes a filter, after looking once at what it selects; whoever waits has news.
   * @throws VimFault ManagedObjectNotFound, NotSupported
   */
  add(filter: FilterObject, find: Find, reading: Reading): void {
    filter.evaluate(find, reading, () => ++this.#sequence);
    this.session.add(filter);
    this.filters.add(filter);
    for (const wake of this.#wake) wake();
  }

  /**
   * Updates that a client at `version` does not have; undefined when there are none within the time allowed. Asked again with the same version, it answers the same again.
   *
   * @throws VimFault InvalidCollectorVersion, InvalidArgument, RequestCanceled
   */
  async wait(
    version: string,
    options: WaitOptions,
    find: Find,
    reading: () => Reading,
    signal: AbortSignal,
  ): Promise<Updates | undefined> {
    const { maxWaitSeconds = LONGEST_WAIT_SECONDS, maxObjectUpdates } = options;
    if (maxWaitSeconds < 0) throw invalidArgument('options.maxWaitSeconds');
    if (maxObjectUpdates !== undefined && maxObjectUpdates <= 0)
      throw invalidArgument('options.maxObjectUpdates');
    const known = this.#parseVersion(version);
    const { clock } = reading().vcenter.context;
    const until = clock.wall() + maxWaitSeconds * SECOND;
    this.session.waiting++;
    try {
      for (;;) {
        const updates = this.#updates(known, maxObjectUpdates, find, reading());
        if (updates !== undefined) return updates;
        if (clock.wall() >= until) return undefined;
        await this.#change(until, clock, signal);
      }
    } finally {
      this.session.waiting--;
      this.session.lastActive = Math.floor(clock.wall());
    }
  }

  #parseVersion(version: string): number {
    if (version === '') return -1;
    const number = /^\d{1,15}$/.test(version) ? Number(version) : Number.NaN;
    const oldest = [...this.filters].reduce((most, filter) => Math.max(most, filter.oldestVersion), 0);
    if (!(number <= this.#sequence && number >= oldest))
      throw vimFault(
        'InvalidCollectorVersion',
        'The version is not one that this collector gave out and still knows.',
      );
    return number;
  }

  #updates(known: number, max: number | undefined, find: Find, reading: Reading): Updates | undefined {
    for (const filter of this.filters) filter.evaluate(find, reading, () => ++this.#sequence);
    const updates: ObjectUpdate[] = [];
    for (const filter of this.filters)
      for (const update of filter.updatesSince(known, reading)) updates.push(update);
    if (updates.length === 0 && !(known < 0 && this.filters.size > 0)) return undefined;
    updates.sort((a, b) => a.sequence - b.sequence);
    const byFilter = new Map<FilterObject, Pieces>();
    let told = 0;
    let characters = 0;
    while (told < updates.length && told !== max && characters < UPDATES_BYTES_MAX) {
      const update = updates[told++]!;
      const pieces = byFilter.get(update.filter) ?? [];
      byFilter.set(update.filter, pieces);
      const from = pieces.length;
      update.write(pieces);
      for (let i = from; i < pieces.length; i++) characters += pieces[i]!.length;
    }
    const isTruncated = told < updates.length;
    const version = isTruncated ? updates[told - 1]!.sequence : this.#sequence;
    const out: Pieces = [`<version>${version}</version>`];
    for (const [filter, pieces] of byFilter) {
      out.push(`<filterSet><filter type="PropertyFilter">${filter.ref.id}</filter>`);
      for (const piece of pieces) out.push(piece);
      out.push('</filterSet>');
    }
    return { pieces: out, isTruncated };
  }

  #note(change: Change): void {
    let concerns = false;
    for (const filter of this.filters) concerns = filter.note(change) || concerns;
    if (concerns) for (const wake of this.#wake) wake();
  }

  /** Resolves at the next change that concerns a filter, or at `until`. */
  #change(until: number, clock: Vcenter['context']['clock'], signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = clock.schedule(until, 'vcenter.waitForUpdates', () => settle(resolve));
      const settle = (then: () => void): void => {
        timer.cancel();
        this.#wake.delete(wake);
        this.#cancel.delete(cancel);
        signal.removeEventListener('abort', onAbort);
        then();
      };
      const wake = (): void => settle(resolve);
      const cancel = (fault: Error): void => settle(() => reject(fault));
      const onAbort = (): void => settle(() => reject(signal.reason as Error));
      this.#wake.add(wake);
      this.#cancel.add(cancel);
      if (signal.aborted) onAbort();
      else signal.addEventListener('abort', onAbort, { once: true });
    });
  }
}

function notAuthenticatedFields(collector: CollectorObject) {
  return { object: collector.ref, privilegeId: 'System.View' };
}
