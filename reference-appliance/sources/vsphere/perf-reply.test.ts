import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { SampleRun } from '../../app/ports.ts';
import { readPerfReply } from './perf-reply.ts';
import { parseSampleInfo } from './perf-samples.ts';

interface Series {
  counterId: number;
  instance: string;
  values: number[];
}
interface Entity {
  moid: string;
  instants: number[];
  series: Series[];
}

/** Remembers everything it is told. */
function remembering() {
  const told: Array<{ moid: string; runs: readonly SampleRun[]; series: Series[] }> = [];
  return {
    told,
    entity: (moid: string, runs: readonly SampleRun[]) => void told.push({ moid, runs, series: [] }),
    series: (counterId: number, instance: string, values: Int32Array, count: number) =>
      void told.at(-1)!.series.push({ counterId, instance, values: [...values.subarray(0, count)] }),
  };
}

const timeText = (sample: number): string => new Date(sample * 20_000).toISOString().replace('.000', '');

function entityXml({ moid, instants, series }: Entity, typed = true): string {
  const type = (name: string): string => (typed ? ` xsi:type="${name}"` : '');
  const info = instants.map((i) => `20,${timeText(i)}`).join(',');
  return (
    `<returnval${type('PerfEntityMetricCSV')}><entity type="VirtualMachine">${moid}</entity>` +
    (instants.length > 0 ? `<sampleInfoCSV>${info}</sampleInfoCSV>` : '') +
    series
      .map(
        ({ counterId, instance, values }) =>
          `<value${type('PerfMetricSeriesCSV')}><id><counterId>${counterId}</counterId><instance>${instance}</instance></id>` +
          `<value>${values.join(',')}</value></value>`,
      )
      .join('') +
    '</returnval>'
  );
}

function reply(inner: string): Buffer {
  return Buffer.from(
    '<?xml version="1.0" encoding="UTF-8"?>\n<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" ' +
      'xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body>' +
      `<QueryPerfResponse xmlns="urn:vim25">${inner}</QueryPerfResponse></soapenv:Body></soapenv:Envelope>`,
  );
}

/** A comment before anything else is not what the fast reader knows: the general one reads it. */
const slowly = (body: Buffer): Buffer =>
  Buffer.from(body.toString('utf8').replace('<returnval', '<!-- --><returnval'));

const entities = fc
  .array(
    fc
      .record({
        moid: fc.stringMatching(/^vm-\d{1,5}$/),
        first: fc.nat(200_000_000),
        gaps: fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 12 }),
        ids: fc.array(fc.tuple(fc.nat(500), fc.constantFrom('', '4000', 'scsi0:0', 'nvme1:12')), {
          maxLength: 4,
        }),
      })
      .chain(({ moid, first, gaps, ids }) => {
        const instants = gaps.map((_, i) => first + gaps.slice(0, i + 1).reduce((a, b) => a + b, 0));
        const values = fc.array(fc.oneof(fc.constant(-1), fc.nat(9), fc.nat(99_999), fc.nat(2 ** 31 - 1)), {
          minLength: instants.length,
          maxLength: instants.length,
        });
        return fc.record({
          moid: fc.constant(moid),
          instants: fc.constant(instants),
          series: fc.tuple(
            ...ids.map(([counterId, instance]) => values.map((v) => ({ counterId, instance, values: v }))),
          ),
        });
      }),
    { maxLength: 4 },
  )
  .map((list) => list as Entity[]);

describe('two readers of one reply', () => {
  test('tell the same, which is what was written', () => {
    fc.assert(
      fc.property(entities, fc.boolean(), (written, typed) => {
        fc.pre(written.length > 0);
        const body = reply(written.map((entity) => entityXml(entity, typed)).join(''));
        const fast = readPerfReply(body, remembering).told;
        const general = readPerfReply(slowly(body), remembering).told;
        expect(fast).toEqual(general);
        expect(fast.map(({ moid, series }) => ({ moid, series }))).toEqual(
          written.map(({ moid, series }) => ({ moid, series })),
        );
        for (const [i, { runs }] of fast.entries())
          expect(
            runs.flatMap(({ first, count }) => Array.from({ length: count }, (_, k) => first + k)),
          ).toEqual(written[i]!.instants);
      }),
    );
  });

  test('with a broken byte: what the fast one takes, the general one reads the same', () => {
    const body = reply(
      entityXml({
        moid: 'vm-1',
        instants: [1, 2],
        series: [{ counterId: 2, instance: '', values: [10, 20] }],
      }),
    );
    const outcome = (bytes: Buffer): unknown => {
      try {
        return readPerfReply(bytes, remembering).told;
      } catch {
        return 'refused';
      }
    };
    fc.assert(
      fc.property(fc.nat(body.length - 1), fc.nat(255), (at, byte) => {
        const broken = Buffer.from(body);
        broken[at] = byte;
        const fast = outcome(broken);
        // the envelope's namespace is seen by the fast one alone
        if (fast !== 'refused') expect(fast).toEqual(outcome(slowly(broken)));
      }),
      { numRuns: 500 },
    );
  });
});

test('a machine without samples has an entity and nothing else', () => {
  const { told } = readPerfReply(reply(entityXml({ moid: 'vm-9', instants: [], series: [] })), remembering);
  expect(told).toEqual([{ moid: 'vm-9', runs: [], series: [] }]);
});

test('a reply about nobody is empty', () => {
  expect(readPerfReply(reply(''), remembering).told).toEqual([]);
});

test('half a series is refused: values and time stamps must match', () => {
  const body = reply(
    entityXml({
      moid: 'vm-1',
      instants: [1, 2, 3],
      series: [{ counterId: 2, instance: '', values: [1, 2] }],
    }),
  );
  for (const bytes of [body, slowly(body)])
    expect(() => readPerfReply(bytes, remembering)).toThrow(
      expect.objectContaining({ code: 'vcenter.perf.malformed' }),
    );
});

test('references, prefixes and another order of things are read by the general reader', () => {
  const body = reply(
    '<returnval><entity type="VirtualMachine">vm-&#49;</entity><sampleInfoCSV>20,2026-01-02T03:04:00Z</sampleInfoCSV>' +
      '<value>\n<id><counterId>2</counterId><instance/></id>\n<value>7</value></value></returnval>',
  );
  expect(readPerfReply(body, remembering).told).toEqual([
    {
      moid: 'vm-1',
      runs: [{ first: Date.parse('2026-01-02T03:04:00Z') / 20_000, offset: 0, count: 1 }],
      series: [{ counterId: 2, instance: '', values: [7] }],
    },
  ]);
});

test('an answer in the normal form is refused: a server that ignores the format would lose every sample', () => {
  const body = reply(
    '<returnval xsi:type="PerfEntityMetric"><entity type="VirtualMachine">vm-1</entity><sampleInfo><timestamp>2026-01-02T03:04:00Z</timestamp>' +
      '<interval>20</interval></sampleInfo><value xsi:type="PerfMetricIntSeries"><id><counterId>2</counterId><instance/></id><value>7</value></value></returnval>',
  );
  expect(() => readPerfReply(body, remembering)).toThrow(
    expect.objectContaining({ code: 'vcenter.perf.malformed' }),
  );
});

test('what follows the last returnval is checked as well', () => {
  const body = reply(entityXml({ moid: 'vm-1', instants: [], series: [] }));
  expect(() => readPerfReply(Buffer.concat([body, Buffer.from('<x/>')]), remembering)).toThrow();
  expect(() => readPerfReply(body.subarray(0, body.length - 5), remembering)).toThrow();
});

test('time stamps: gaps end a run; another interval, disorder and odd counts are refused', () => {
  const [a, b, d] = [timeText(10), timeText(11), timeText(13)];
  expect(parseSampleInfo(`20,${a},20,${b},20,${d}`)).toEqual({
    count: 3,
    runs: [
      { first: 10, offset: 0, count: 2 },
      { first: 13, offset: 2, count: 1 },
    ],
  });
  // a sample that comes late or twice is told where it stands
  expect(parseSampleInfo(`20,${b},20,${a},20,${b},20,${b}`)).toEqual({
    count: 4,
    runs: [
      { first: 11, offset: 0, count: 1 },
      { first: 10, offset: 1, count: 2 },
      { first: 11, offset: 3, count: 1 },
    ],
  });
  // midnight, fractions and offsets are instants like all others
  expect(
    parseSampleInfo(
      '20,2026-01-01T23:59:40Z,20,2026-01-02T00:00:00Z,20,2026-01-02T00:00:20.000Z,20,2026-01-02T01:00:40+01:00',
    ).runs,
  ).toEqual([{ first: Date.parse('2026-01-01T23:59:40Z') / 20_000, offset: 0, count: 4 }]);
  for (const bad of [`300,${a}`, `20,${a},20`, '20,yesterday', `20,${a},20,1970-01-01T00:0:40Z!`])
    expect(() => parseSampleInfo(bad)).toThrow(expect.objectContaining({ code: 'vcenter.perf.malformed' }));
});
