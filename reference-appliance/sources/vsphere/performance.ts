/**
 * Real-time counters of many machines in one QueryPerf, in CSV form. [vSphere Web Services API,
 * PerformanceManager; PerfQuerySpec: startTime is exclusive, endTime inclusive]
 */
import { DryliftError } from '#core/errors.ts';
import type { UnixMillis } from '#core/units.ts';
import { child, childText, type XmlElement } from '#core/wire/xml/element.ts';
import {
  type SampleQuery,
  type SampleRun,
  type SampleSink,
  VMWARE_COUNTERS,
  type VmwareCounter,
} from '../../app/ports.ts';
import type { Logger } from '../../log.ts';
import { type ManagedObject, type VsphereConnection, writeReference } from './connection.ts';
import { VimFault } from './faults.ts';
import { readPerfReply } from './perf-reply.ts';
import { errors } from './perf-samples.ts';
import { readObject } from './property-collector.ts';

/** Instance asked for: cpu and mem are of the whole machine, disks and adapters each have their own series. */
const INSTANCES: Readonly<Record<VmwareCounter, '' | '*'>> = {
  'cpu.usage': '',
  'mem.usage': '',
  'virtualDisk.read': '*',
  'virtualDisk.write': '*',
  'virtualDisk.numberReadAveraged': '*',
  'virtualDisk.numberWriteAveraged': '*',
  'net.received': '*',
  'net.transmitted': '*',
};

/** The server's number for each counter; one that the server lacks is missing. */
export type CounterIds = ReadonlyMap<number, VmwareCounter>;

/** Counters are found by name: their numbers differ from server to server. */
export async function readCounterIds(
  connection: VsphereConnection,
  signal: AbortSignal,
): Promise<CounterIds> {
  const { perfManager } = await connection.content(signal);
  const values = await readObject(connection, perfManager, ['perfCounter'], signal);
  const ids = new Map<number, VmwareCounter>();
  for (const counter of values.get('perfCounter')?.children ?? []) {
    const name = `${keyOf(counter, 'groupInfo')}.${keyOf(counter, 'nameInfo')}` as VmwareCounter;
    if (childText(counter, 'rollupType') === 'average' && VMWARE_COUNTERS.includes(name))
      ids.set(Number(childText(counter, 'key')), name);
  }
  return ids;
}

function keyOf(counter: XmlElement, name: string): string {
  const info = child(counter, name);
  return (info && childText(info, 'key')) ?? '';
}

/** The option in which vCenter states how many metrics (machines times counters) one query may name; -1: any number. */
const LIMIT_OPTION = 'config.vpxd.stats.maxQueryMetrics';

/** What one QueryPerf is about. */
interface Part {
  readonly handles: readonly string[];
  readonly ids: CounterIds;
}

/**
 * Questions for samples, cut to the server's measure: to the limit that it states, or, where it refuses one as too
 * large without having stated one, to half of that, and so on.
 */
export class PerformanceQueries {
  readonly #connection: VsphereConnection;
  readonly #log: Logger;
  #session = -1;
  /** Metrics of one query; as large as asked for when nothing is known against it. */
  #metricsMax = Number.POSITIVE_INFINITY;

  constructor(connection: VsphereConnection, log: Logger) {
    this.#connection = connection;
    this.#log = log;
  }

  /** @returns one sink for each part. @throws VimFault, `vcenter.perf.malformed`, `vcenter.perf.refused` */
  async samples<Sink extends SampleSink>(
    ids: CounterIds,
    query: SampleQuery,
    makeSink: () => Sink,
    signal: AbortSignal,
  ): Promise<Sink[]> {
    await this.#learnLimit(signal);
    const sinks: Sink[] = [];
    const parts = this.#partsOf({ handles: query.handles, ids });
    for (let part = parts.shift(); part; part = parts.shift())
      try {
        sinks.push(await this.#ask(part, query, makeSink, signal));
      } catch (error) {
        if (!isTooLarge(error)) throw error;
        const metrics = part.handles.length * part.ids.size;
        if (metrics <= 1)
          throw errors.make('vcenter.perf.refused', {
            what: `${this.#connection.host} refuses a query for one counter of one machine as too large.`,
            cause: error,
          });
        this.#metricsMax = Math.min(this.#metricsMax, Math.floor(metrics / 2));
        this.#log.info(
          { vcenter: this.#connection.host, metrics, next: this.#metricsMax },
          'a query for samples was too large for the server',
        );
        parts.unshift(...this.#partsOf(part), ...parts.splice(0).flatMap((other) => this.#partsOf(other)));
      }
    return sinks;
  }

  /** Once per session: a server that was configured anew has been started anew. */
  async #learnLimit(signal: AbortSignal): Promise<void> {
    const { setting } = await this.#connection.content(signal);
    if (this.#session === this.#connection.session) return;
    const { session } = this.#connection;
    const stated = setting && (await this.#statedLimit(setting, signal));
    this.#metricsMax = stated !== undefined && stated > 0 ? stated : Number.POSITIVE_INFINITY;
    this.#session = session;
  }

  /** @returns undefined when the server has no such option, or does not tell this account */
  async #statedLimit(setting: ManagedObject, signal: AbortSignal): Promise<number | undefined> {
    try {
      const [option] = await this.#connection.ask(
        'QueryOptions',
        setting,
        (xml) => xml.leaf('name', LIMIT_OPTION),
        signal,
      );
      const value = Number(option && childText(option, 'value'));
      return Number.isInteger(value) ? value : undefined;
    } catch (error) {
      if (error instanceof VimFault) return undefined;
      throw error;
    }
  }

  /** As many machines as the limit allows with all counters; when not even one, its counters apart. */
  #partsOf({ handles, ids }: Part): Part[] {
    const machines = Math.floor(this.#metricsMax / ids.size);
    if (machines >= handles.length) return [{ handles, ids }];
    const parts: Part[] = [];
    if (machines > 0)
      for (let i = 0; i < handles.length; i += machines)
        parts.push({ handles: handles.slice(i, i + machines), ids });
    else
      for (const handle of handles) {
        const all = [...ids];
        for (let i = 0; i < all.length; i += this.#metricsMax)
          parts.push({ handles: [handle], ids: new Map(all.slice(i, i + this.#metricsMax)) });
      }
    return parts;
  }

  async #ask<Sink extends SampleSink>(
    { handles, ids }: Part,
    query: SampleQuery,
    makeSink: () => Sink,
    signal: AbortSignal,
  ): Promise<Sink> {
    const { perfManager } = await this.#connection.content(signal);
    const [startTime, endTime] = [timeText(query.after), timeText(query.through)];
    const reply = await this.#connection
      .call(
        'QueryPerf',
        perfManager,
        (xml) => {
          for (const handle of handles) {
            xml.open('querySpec');
            writeReference(xml, 'entity', { type: 'VirtualMachine', id: handle });
            xml.leaf('startTime', startTime).leaf('endTime', endTime);
            for (const [id, name] of ids)
              xml.open('metricId').leaf('counterId', id).leaf('instance', INSTANCES[name]).close();
            xml.leaf('intervalId', 20).leaf('format', 'csv').close();
          }
        },
        signal,
      )
      .catch((error: unknown) => {
        // QueryPerf words a machine that is gone in either way
        if (isFaultAbout(error, /entity/i))
          throw new VimFault('ManagedObjectNotFound', error.message, error.detail);
        throw error;
      });
    return readPerfReply(reply, () => named(makeSink(), ids)).sink;
  }
}

function isFaultAbout(error: unknown, property: RegExp): error is VimFault {
  return (
    error instanceof VimFault &&
    error.type === 'InvalidArgument' &&
    property.test(error.field('invalidProperty') ?? '')
  );
}

/** "A specified parameter was not correct: querySpec.size" is how vCenter words it [KB 2107096]; or the reply is. */
function isTooLarge(error: unknown): boolean {
  return (
    isFaultAbout(error, /^querySpec(\.size)?$/i) ||
    (error instanceof DryliftError && error.code === 'net.tooLarge')
  );
}

/** Translates numbers to names, and leaves out series that were not asked for. */
function named<Sink extends SampleSink>(sink: Sink, ids: CounterIds) {
  return {
    sink,
    entity: (handle: string, runs: readonly SampleRun[]) => sink.machine(handle, runs),
    series: (counterId: number, instance: string, values: Int32Array, count: number) => {
      const name = ids.get(counterId);
      // "*" also matches the sum over all adapters, whose instance is ""
      if (name === undefined || (INSTANCES[name] === '*') === (instance === '')) return;
      sink.series(name, instance, values, count);
    },
  };
}

function timeText(at: UnixMillis): string {
  return new Date(at).toISOString();
}
