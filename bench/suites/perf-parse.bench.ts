/**
 * The appliance's hottest path: a QueryPerf reply in CSV form, from bytes to ten-minute peaks. A month of the
 * RVTools workbook is 200 million samples in 1.5 GB of text; 50 ns a sample is the budget. The peer is the XML parser
 * on the same bytes, doing nothing with what it finds.
 */
import { PeaksOfBatch, SeriesNames } from '#appliance/app/peaks.ts';
import type { CounterName, SampleRun } from '#appliance/app/ports.ts';
import { readPerfReply } from '#appliance/sources/vsphere/perf-reply.ts';
import { Entropy } from '#core/entropy/entropy.ts';
import { XmlStream } from '#core/wire/xml/reader.ts';
import type { BenchSuite } from '../suite.ts';

const MACHINES = 50;
const SERIES = 12;
/** A Monday morning, in samples of 20 s since the epoch; on the ten-minute grid. */
const FIRST_SAMPLE = Date.parse('2026-03-02T08:00:00Z') / 20_000;

/** As vCenter sends it: half an hour or an hour of `MACHINES` machines with one disk pair and two adapters each. */
function reply(samples: number): Buffer {
  const entropy = new Entropy('perf-parse');
  const times = Array.from({ length: samples }, (_, i) =>
    new Date((FIRST_SAMPLE + 1 + i) * 20_000).toISOString().replace('.000', ''),
  );
  const info = times.map((time) => `20,${time}`).join(',');
  let body = '';
  for (let machine = 0; machine < MACHINES; machine++) {
    const next = entropy.sequence('values', machine);
    body += `<returnval xsi:type="PerfEntityMetricCSV"><entity type="VirtualMachine">vm-${machine}</entity><sampleInfoCSV>${info}</sampleInfoCSV>`;
    for (let series = 0; series < SERIES; series++) {
      const limit = series < 2 ? 10_000 : 90_000;
      const values = times.map(() => Math.floor(next() * limit)).join(',');
      body += `<value xsi:type="PerfMetricSeriesCSV"><id><counterId>${series + 1}</counterId><instance>scsi0:${series}</instance></id><value>${values}</value></value>`;
    }
    body += '</returnval>';
  }
  return Buffer.from(
    '<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" ' +
      'xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body>' +
      `<QueryPerfResponse xmlns="urn:vim25">${body}</QueryPerfResponse></soapenv:Body></soapenv:Envelope>`,
  );
}

const UUIDS = new Map(Array.from({ length: MACHINES }, (_, i) => [`vm-${i}`, `uuid-${i}`] as const));

const NAMES = new SeriesNames();

function parseAndRollUp(body: Buffer, samples: number): number {
  const firstWindow = FIRST_SAMPLE / 30;
  const sink = readPerfReply(body, () => {
    const peaks = new PeaksOfBatch(firstWindow, firstWindow + samples / 30 - 1, UUIDS, NAMES);
    return {
      peaks,
      entity: (moid: string, runs: readonly SampleRun[]) => peaks.machine(moid, runs),
      series: (id: number, instance: string, values: Int32Array, count: number) =>
        peaks.series(`c${id}` as CounterName, instance, values, count),
    };
  });
  return sink.peaks.points;
}

/** Every byte through the XML parser, whose sink only looks at it. */
function parseOnly(body: Buffer): number {
  let bytes = 0;
  const stream = new XmlStream({
    capture: (name) => name === 'entity' || name === 'sampleInfoCSV' || name === 'id',
    onElement: () => {},
    bulk: {
      tag: 'value',
      sink: {
        bytes: (piece) => {
          bytes += piece.length;
        },
        end: () => {},
      },
    },
  });
  stream.write(body);
  stream.end();
  return bytes;
}

export const suite: BenchSuite = {
  name: 'perf-parse',
  benches: () =>
    [90, 180].map((samples) => {
      const body = reply(samples);
      return {
        name: `QueryPerf CSV to peaks, ${samples} samples a series`,
        unit: 'samples',
        work: MACHINES * SERIES * samples,
        run: () => parseAndRollUp(body, samples),
        peer: { name: 'XML parser alone', run: () => parseOnly(body) },
      };
    }),
};
