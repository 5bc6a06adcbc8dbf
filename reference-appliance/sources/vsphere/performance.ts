/**
 * Real-time counters of many machines in one QueryPerf, in CSV form. [vSphere Web Services API,
 * PerformanceManager; PerfQuerySpec: startTime is exclusive, endTime inclusive]
 */
import type { UnixMillis } from '#core/units.ts';
import { child, childText, type XmlElement } from '#core/wire/xml/element.ts';
import {
  COUNTERS,
  type CounterName,
  type SampleQuery,
  type SampleRun,
  type SampleSink,
} from '../../app/ports.ts';
import { type VsphereConnection, writeReference } from './connection.ts';
import { readPerfReply } from './perf-reply.ts';
import { readObject } from './property-collector.ts';

/** Instance asked for: cpu and mem are of the whole machine, disks and adapters each have their own series. */
const INSTANCES: Readonly<Record<CounterName, '' | '*'>> = {
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
export type CounterIds = ReadonlyMap<number, CounterName>;

/** Counters are found by name: their numbers differ from server to server. */
export async function readCounterIds(
  connection: VsphereConnection,
  signal: AbortSignal,
): Promise<CounterIds> {
  const { perfManager } = await connection.content(signal);
  const values = await readObject(connection, perfManager, ['perfCounter'], signal);
  const ids = new Map<number, CounterName>();
  for (const counter of values.get('perfCounter')?.children ?? []) {
    const name = `${keyOf(counter, 'groupInfo')}.${keyOf(counter, 'nameInfo')}` as CounterName;
    if (childText(counter, 'rollupType') === 'average' && COUNTERS.includes(name))
      ids.set(Number(childText(counter, 'key')), name);
  }
  return ids;
}

function keyOf(counter: XmlElement, name: string): string {
  const info = child(counter, name);
  return (info && childText(info, 'key')) ?? '';
}

/** @throws VimFault, `vcenter.perf.malformed` */
export async function querySamples<Sink extends SampleSink>(
  connection: VsphereConnection,
  ids: CounterIds,
  query: SampleQuery,
  makeSink: () => Sink,
  signal: AbortSignal,
): Promise<Sink> {
  const { perfManager } = await connection.content(signal);
  const [startTime, endTime] = [timeText(query.after), timeText(query.through)];
  const reply = await connection.call(
    'QueryPerf',
    perfManager,
    (xml) => {
      for (const handle of query.handles) {
        xml.open('querySpec');
        writeReference(xml, 'entity', { type: 'VirtualMachine', id: handle });
        xml.leaf('startTime', startTime).leaf('endTime', endTime);
        for (const [id, name] of ids)
          xml.open('metricId').leaf('counterId', id).leaf('instance', INSTANCES[name]).close();
        xml.leaf('intervalId', 20).leaf('format', 'csv').close();
      }
    },
    signal,
  );
  return readPerfReply(reply, () => named(makeSink(), ids)).sink;
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
