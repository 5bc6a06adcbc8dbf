/**
 * Enumerations and their pages: DSP0226 section 8, with Windows' readings of it. MaxElements counts 1 where it is
 * absent, a page ends before the envelope would be too large, and a context is looked up by itself alone.
 */
import type { Entropy } from '#core/entropy/entropy.ts';
import type { Clock } from '#core/time/clock.ts';
import type { UnixMillis } from '#core/units.ts';
import { child, childText, type XmlElement } from '#core/wire/xml/element.ts';
import { OperationCounts } from '../operation-counts.ts';
import type { Quotas } from '../quotas.ts';
import { WsmanFault } from './fault.ts';
import type { WsmanRequest } from './request.ts';

interface Context {
  readonly id: string;
  readonly owner: string;
  readonly items: Iterator<string>;
  /** The item that did not fit into the last page. */
  waiting: string | undefined;
  lastUsed: UnixMillis;
  /** It counts among its owner's operations until it ends. */
  readonly finish: () => void;
}

interface Page {
  readonly items: string;
  readonly done: boolean;
}

/** Room in a page for all that is not an item. */
const FRAME_UNITS = 2048;

export class Enumerations {
  readonly #clock: Clock;
  readonly #entropy: Entropy;
  readonly #quotas: Quotas;
  readonly #operations: OperationCounts;
  readonly #contexts = new Map<string, Context>();
  #opened = 0;

  constructor(options: { clock: Clock; entropy: Entropy; quotas: Quotas; operations?: OperationCounts }) {
    this.#clock = options.clock;
    this.#entropy = options.entropy;
    this.#quotas = options.quotas;
    this.#operations = options.operations ?? new OperationCounts(options.quotas);
  }

  /**
   * Inside of the EnumerateResponse.
   * @param items each the XML of one item, made when it is asked for
   * @throws WsmanFault
   */
  enumerate(request: WsmanRequest, owner: string, items: Iterable<string>): string {
    this.#forgetIdle();
    const context: Context = {
      id: this.#entropy.uuid('winrm.enumeration', this.#opened++).toUpperCase(),
      owner,
      items: items[Symbol.iterator](),
      waiting: undefined,
      lastUsed: this.#clock.wall(),
      finish: this.#operations.begin(owner),
    };
    const asked = request.body;
    if (!asked || !child(asked, 'OptimizeEnumeration')) {
      this.#contexts.set(context.id, context);
      return contextXml(context);
    }
    let page: Page;
    try {
      page = this.#page(context, asked, request.envelopeUnitsMax);
    } catch (error) {
      context.finish();
      throw error;
    }
    if (page.done) context.finish();
    else this.#contexts.set(context.id, context);
    const itemsXml = `<w:Items>${page.items}</w:Items>`;
    return page.done
      ? `<n:EnumerationContext></n:EnumerationContext>${itemsXml}<w:EndOfSequence></w:EndOfSequence>`
      : `${contextXml(context)}${itemsXml}`;
  }

  /** Inside of the PullResponse. @throws WsmanFault */
  pull(request: WsmanRequest, owner: string): string {
    this.#forgetIdle();
    const context = this.#find(request, owner);
    const page = this.#page(context, request.body!, request.envelopeUnitsMax);
    context.lastUsed = this.#clock.wall();
    if (page.done) this.#end(context);
    return page.done
      ? `<n:Items>${page.items}</n:Items><n:EndOfSequence></n:EndOfSequence>`
      : `${contextXml(context)}<n:Items>${page.items}</n:Items>`;
  }

  /** @throws WsmanFault */
  release(request: WsmanRequest, owner: string): void {
    this.#forgetIdle();
    const context = this.#find(request, owner);
    this.#end(context);
    context.items.return?.();
  }

  /** Forgets them all, as a host does that goes down. */
  clear(): void {
    for (const context of this.#contexts.values()) this.#end(context);
  }

  #end(context: Context): void {
    this.#contexts.delete(context.id);
    context.finish();
  }

  #find({ body }: WsmanRequest, owner: string): Context {
    const id = (body && childText(body, 'EnumerationContext')) ?? '';
    const context = this.#contexts.get(
      id
        .trim()
        .replace(/^uuid:/i, '')
        .toUpperCase(),
    );
    if (!context || context.owner !== owner) throw new WsmanFault('invalidContext');
    return context;
  }

  #page(context: Context, asked: XmlElement, envelopeUnitsMax: number): Page {
    const wanted = Number(childText(asked, 'MaxElements')?.trim() ?? 1);
    if (!Number.isSafeInteger(wanted) || wanted < 1)
      throw new WsmanFault('schemaValidation', 'MaxElements must be a positive whole number.');
    const elementsMax = Math.min(wanted, this.#quotas.batchItemsMax);
    const room = envelopeUnitsMax - FRAME_UNITS;
    let items = '';
    for (let n = 0; ; n++) {
      const item = context.waiting ?? next(context.items);
      context.waiting = undefined;
      if (item === undefined) return { items, done: true };
      if (n > 0 && items.length + item.length > room) {
        context.waiting = item;
        return { items, done: false };
      }
      if (item.length > room) throw new WsmanFault('encodingLimit');
      items += item;
      if (n + 1 < elementsMax) continue;
      context.waiting = next(context.items);
      return { items, done: context.waiting === undefined };
    }
  }

  #forgetIdle(): void {
    const oldest = this.#clock.wall() - this.#quotas.enumerationIdleMs;
    for (const context of this.#contexts.values())
      if (context.lastUsed < oldest) {
        this.#end(context);
        context.items.return?.();
      }
  }
}

function next(items: Iterator<string>): string | undefined {
  const step = items.next();
  return step.done === true ? undefined : step.value;
}

function contextXml({ id }: Context): string {
  return `<n:EnumerationContext>uuid:${id}</n:EnumerationContext>`;
}
