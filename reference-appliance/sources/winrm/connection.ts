/**
 * The operations of WS-Management over one channel: Identify, Enumerate and Pull, Get, methods, and shells. Answers are
 * matched to their requests; enumerations end after a bounded number of items and of pages without any.
 */

import { DryliftError } from '#core/errors.ts';
import type { Millis } from '#core/units.ts';
import { MINUTE, SECOND } from '#core/units.ts';
import { type Envelope, parseEnvelope } from '#core/wire/soap/envelope.ts';
import { child, childText, type XmlElement } from '#core/wire/xml/element.ts';
import { WinrmChannel } from './channel.ts';
import { type CimInstance, readInstance, text } from './cim.ts';
import {
  ACTIONS,
  enumerateBody,
  identifyEnvelope,
  methodBody,
  pullBody,
  type Request,
  releaseBody,
  requestEnvelope,
  wmiUri,
} from './envelope.ts';
import { errors, isForgotten, isTimedOut, readFault, told } from './errors.ts';
import { RowScanner, scanInstances, splitPage } from './row-scan.ts';
import { type Call, runCommand } from './shell.ts';
import type { WinrmConnection, WinrmOptions } from './types.ts';

/** Windows' MaxTimeoutms: it takes no longer, whatever is asked. */
const OPERATION_MS: Millis = MINUTE;
/** How much later than the operation its answer may arrive. */
const GRACE_MS: Millis = 15 * SECOND;
const ANSWER_LIMITS = { bytesMax: 2 * 1024 * 1024, depthMax: 64, elementsMax: 300_000 };
const ITEMS_MAX = 500_000;
/** Pages in a row that hold nothing, and time-outs in a row. */
const EMPTY_PAGES_MAX = 20;
const TIMEOUTS_MAX = 3;

interface Page {
  /** Of the next page; `undefined`: there is none. */
  readonly context: string | undefined;
  readonly items: number;
}

/** Takes the plain answer of an Enumerate or a Pull. */
type ReadPage = (body: Buffer, messageId: string) => Page;

export function winrmConnection(options: WinrmOptions): WinrmConnection {
  const { host, entropy, purpose } = options;
  const channel = new WinrmChannel(options);
  const scanner = new RowScanner();
  let messages = 0;

  /** Sends; @returns the answer as it came, its faults thrown. */
  async function post(request: Request, signal: AbortSignal): Promise<{ body: Buffer; messageId: string }> {
    const messageId = entropy.uuid('appliance.winrm.message', host, purpose, messages++).toUpperCase();
    const message = Buffer.from(requestEnvelope(request, channel.url, messageId));
    const { status, body } = await channel.post(message, request.timeoutMs + GRACE_MS, signal);
    if (status !== 200) {
      const fault = opened(body, messageId).body[0];
      if (fault?.name !== 'Fault')
        throw errors.make('winrm.protocol', { what: `${host} answered with status ${status} and no fault.` });
      throw readFault(fault);
    }
    return { body, messageId };
  }

  function opened(source: Buffer | string, messageId: string): Envelope {
    const envelope = parsed(source);
    const relatesTo = envelope.header.find(({ name }) => name === 'RelatesTo')?.text.trim();
    if (relatesTo !== undefined && relatesTo !== `uuid:${messageId}`)
      throw errors.make('winrm.protocol', { what: `${host} answered another message than was asked.` });
    return envelope;
  }

  function parsed(source: Buffer | string): Envelope {
    try {
      return parseEnvelope(source, ANSWER_LIMITS);
    } catch (cause) {
      if (!(cause instanceof DryliftError)) throw cause;
      throw errors.make('winrm.protocol', {
        what: `${host} answered with what is no SOAP message: ${cause.what}`,
        cause,
      });
    }
  }

  const call: Call = async (request, signal) => {
    const { body, messageId } = await post(request, signal);
    return opened(body, messageId).body[0];
  };

  async function telling<T>(doing: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw told(error, host, doing);
    }
  }

  // ---------------------------------------------------------- enumerations

  async function enumerate(
    namespace: string,
    wql: string,
    readPage: ReadPage,
    signal: AbortSignal,
  ): Promise<void> {
    const resourceUri = wmiUri(namespace, '*');
    const request = (action: string, body: string): Request => ({
      action,
      resourceUri,
      timeoutMs: OPERATION_MS,
      body,
    });
    const first = await post(request(ACTIONS.enumerate, enumerateBody(wql)), signal);
    let { context, items: total } = readPage(first.body, first.messageId);
    let empty = 0;
    let timeouts = 0;
    while (context !== undefined) {
      let page: Page;
      try {
        const { body, messageId } = await post(request(ACTIONS.pull, pullBody(context)), signal);
        page = readPage(body, messageId);
      } catch (error) {
        if (isTimedOut(error) && ++timeouts < TIMEOUTS_MAX) continue;
        throw error;
      }
      timeouts = 0;
      total += page.items;
      empty = page.items === 0 ? empty + 1 : 0;
      context = page.context ?? undefined;
      if (context === undefined || (total <= ITEMS_MAX && empty <= EMPTY_PAGES_MAX)) continue;
      // whatever becomes of it: the host forgets it by itself
      await post(request(ACTIONS.release, releaseBody(context)), signal).catch(() => {});
      throw errors.make('winrm.protocol', {
        what:
          total > ITEMS_MAX
            ? `${host} has more than ${ITEMS_MAX} items for one question.`
            : `${host} goes on with pages that hold nothing.`,
      });
    }
  }

  function pageOf(response: XmlElement | undefined): { page: XmlElement; context: string | undefined } {
    if (response?.name !== 'EnumerateResponse' && response?.name !== 'PullResponse')
      throw errors.make('winrm.protocol', {
        what: `${host} answered an enumeration with <${response?.name ?? 'nothing'}>.`,
      });
    const context = childText(response, 'EnumerationContext')?.trim() ?? '';
    const isDone = child(response, 'EndOfSequence') !== undefined;
    if (!isDone && context === '')
      throw errors.make('winrm.protocol', { what: `${host} gave neither an end nor a next page.` });
    return { page: response, context: isDone ? undefined : context };
  }

  function itemsOf(page: XmlElement): readonly XmlElement[] {
    return child(page, 'Items')?.children ?? [];
  }

  /** Once more from its beginning, when the host forgot it half-way, as long as nothing was handed on. */
  async function twice(
    work: () => Promise<void>,
    mayRepeat: () => boolean,
    signal: AbortSignal,
  ): Promise<void> {
    try {
      return await work();
    } catch (error) {
      const isCut = error instanceof DryliftError && error.code === 'net.reset';
      if (!(isCut || isForgotten(error)) || signal.aborted || !mayRepeat()) throw error;
      return work();
    }
  }

  return {
    host,
    get credential() {
      return channel.credential;
    },
    get clockAheadMs() {
      return channel.clockAheadMs;
    },
    identify: (signal) =>
      telling('tell what it is', async () => {
        const answer = await channel.post(Buffer.from(identifyEnvelope()), SECOND * 30, signal);
        const [response] = parsed(answer.body).body;
        if (response?.name === 'Fault') throw readFault(response);
        if (response?.name !== 'IdentifyResponse')
          throw errors.make('winrm.protocol', { what: `${host} does not say what it is.` });
        return {
          vendor: childText(response, 'ProductVendor') ?? '',
          osVersion: /OS:\s*([\d.]+)/.exec(childText(response, 'ProductVersion') ?? '')?.[1] ?? '',
        };
      }),
    query: (namespace, wql, signal) =>
      telling(`read ${namespace}`, async () => {
        let found: CimInstance[] = [];
        const readPage: ReadPage = (body, messageId) => {
          const split = splitPage(body.toString('utf8'));
          const instances = split && scanInstances(split.items);
          if (split && instances) {
            const { context } = pageOf(opened(split.frame, messageId).body[0]);
            for (const instance of instances) found.push(instance);
            return { context, items: instances.length };
          }
          const { page, context } = pageOf(opened(body, messageId).body[0]);
          const items = itemsOf(page);
          for (const item of items) found.push(readInstance(item));
          return { context, items: items.length };
        };
        const all = (): Promise<void> => {
          found = [];
          return enumerate(namespace, wql, readPage, signal);
        };
        await twice(all, () => true, signal);
        return found;
      }),
    rows: (namespace, className, columns, onRow, signal) =>
      telling(`read ${namespace}`, async () => {
        let rows = 0;
        const count = (row: readonly string[]): void => {
          rows++;
          onRow(row);
        };
        const readPage: ReadPage = (body, messageId) => {
          const before = rows;
          const split = splitPage(body.toString('utf8'));
          let skip = 0;
          if (split) {
            const { context } = pageOf(opened(split.frame, messageId).body[0]);
            const handed = scanner.scan(split.items, columns, count);
            if (handed === undefined) return { context, items: rows - before };
            skip = handed;
          }
          const { page, context } = pageOf(opened(body, messageId).body[0]);
          for (const item of itemsOf(page).slice(skip)) {
            const instance = readInstance(item);
            count(columns.map((column) => text(instance, column) ?? ''));
          }
          return { context, items: rows - before };
        };
        const wql = `select ${columns.join(', ')} from ${className}`;
        await twice(
          () => enumerate(namespace, wql, readPage, signal),
          () => rows === 0,
          signal,
        );
      }),
    get: (namespace, className, selectors, signal) =>
      telling(`read ${namespace}/${className}`, async () => {
        const answer = await call(
          {
            action: ACTIONS.get,
            resourceUri: wmiUri(namespace, className),
            selectors,
            timeoutMs: OPERATION_MS,
            body: '',
          },
          signal,
        );
        if (!answer) throw errors.make('winrm.protocol', { what: `${host} answered Get with nothing.` });
        return readInstance(answer);
      }),
    invoke: (namespace, className, method, selectors, input, signal) =>
      telling(`call ${className}.${method} in ${namespace}`, async () => {
        const resourceUri = wmiUri(namespace, className);
        const answer = await call(
          {
            action: `${resourceUri}/${method}`,
            resourceUri,
            selectors,
            timeoutMs: OPERATION_MS,
            body: methodBody(resourceUri, method, input),
          },
          signal,
        );
        if (answer?.name !== `${method}_OUTPUT`)
          throw errors.make('winrm.protocol', {
            what: `${host} answered ${method} with <${answer?.name ?? 'nothing'}>.`,
          });
        return readInstance(answer);
      }),
    run: (line, runOptions, signal) =>
      telling('run a command', () =>
        runCommand({ host, clock: options.clock, call }, line, runOptions, signal),
      ),
    close: () => channel.close(),
  };
}
