/** QueryPerf over the wire, against the estate's curves by their plainest definition. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DAY, HOUR, MINUTE, SECOND } from '#core/units.ts';
import { generateEstate } from '../../estate/generate.ts';
import type { EstateFacts } from '../../estate/model.ts';
import { COUNTERS as CURVES, curveAt, curveOf, SAMPLE_SECONDS } from '../../estate/workload-curve.ts';
import {
  refOf,
  refXml,
  type Soap,
  type TestVcenter,
  testVcenter,
  type Xml,
} from '../testing/test-vcenter.ts';
import { COUNTERS, counterNamed } from './counters.ts';

const MANAGER = 'PerformanceManager:PerfMgr';
const PERIOD = SAMPLE_SECONDS * SECOND;
let vc: TestVcenter;
let soap: Soap;
let facts: EstateFacts;
/** References of the estate's machines. */
let vms: string[];
let host: string;

beforeAll(async () => {
  facts = generateEstate({ seed: 'query-perf', machines: 6 });
  facts = {
    ...facts,
    machines: facts.machines.map((machine, i) => ({
      ...machine,
      template: false,
      power: i === 5 ? 'off' : 'on',
    })),
  };
  vc = await testVcenter({ facts });
  await vc.run(async () => {
    await vc.pass(7 * SECOND); // the clock stands between two samples
    soap = await vc.session();
    vms = [];
    for (const { biosUuid } of facts.machines)
      vms.push(
        refOf(
          (
            await soap.ask(
              'FindByUuid',
              'SearchIndex:SearchIndex',
              `<uuid>${biosUuid}</uuid><vmSearch>true</vmSearch>`,
            )
          ).at('returnval'),
        ),
      );
    host = refOf((await soap.read(vms[0]!, 'runtime.host'))['runtime.host']!);
  });
});
afterAll(() => vc[Symbol.asyncDispose]());

interface Asked {
  readonly format?: string;
  readonly interval?: number | undefined;
  readonly from?: number;
  readonly to?: number;
  readonly max?: number;
  readonly metrics?: ReadonlyArray<readonly [counter: number, instance: string]>;
}

const iso = (at: number) => new Date(at).toISOString();

function spec(
  entity: string,
  { format = 'csv', interval = 20, from, to, max, metrics = [] }: Asked = {},
): string {
  return (
    `<querySpec>${refXml('entity', entity)}` +
    (from === undefined ? '' : `<startTime>${iso(from)}</startTime>`) +
    (to === undefined ? '' : `<endTime>${iso(to)}</endTime>`) +
    (max === undefined ? '' : `<maxSample>${max}</maxSample>`) +
    metrics
      .map(
        ([id, instance]) =>
          `<metricId><counterId>${id}</counterId><instance>${instance}</instance></metricId>`,
      )
      .join('') +
    `<intervalId>${interval}</intervalId><format>${format}</format></querySpec>`
  );
}

interface Answered {
  readonly entity: string;
  readonly stamps: number[];
  readonly series: Map<string, number[]>;
}

function read(returnval: Xml): Answered {
  const isCsv = returnval.attributes['xsi:type'] === 'PerfEntityMetricCSV';
  const stamps = isCsv
    ? (/^./.test(returnval.at('sampleInfoCSV').text) ? returnval.at('sampleInfoCSV').text.split(',') : [])
        .filter((_, i) => i % 2 === 1)
        .map((stamp) => Date.parse(stamp))
    : returnval.all('timestamp').map((stamp) => Date.parse(stamp.text));
  const series = new Map<string, number[]>();
  for (const one of returnval.children.filter((child) => child.name === 'value')) {
    const values = one.children.filter((child) => child.name === 'value').map((value) => value.text);
    series.set(
      `${one.at('id/counterId').text} ${one.at('id/instance').text}`,
      (isCsv ? (values[0] ?? '').split(',') : values).map(Number),
    );
  }
  return { entity: refOf(returnval.at('entity')), stamps, series };
}

async function query(...specs: string[]): Promise<Answered[]> {
  return (await soap.ask('QueryPerf', MANAGER, specs.join(''))).children.map(read);
}

/** Values that the estate says, for all the curves of a machine. */
function truth(index: number, stamps: readonly number[]): Map<string, number[]> {
  const machine = facts.machines[index]!;
  const series = new Map<string, number[]>();
  for (const name of CURVES) {
    const { id } = counterNamed(name);
    const [group] = name.split('.');
    const instances =
      group === 'virtualDisk'
        ? machine.disks.map((disk) => `scsi${disk.bus}:${disk.unit}`)
        : group === 'net'
          ? machine.nics.map((nic) => String(4000 + nic.index))
          : [''];
    instances.forEach((instance, i) => {
      const curve = curveOf(facts, machine, name, i);
      series.set(
        `${id} ${instance}`,
        stamps.map((stamp) => curveAt(curve, stamp / PERIOD)),
      );
    });
  }
  return series;
}

const lastSample = () => Math.floor(vc.tier.clock.wall() / PERIOD) * PERIOD;

describe('real time', () => {
  test("an hour of every counter is the estate's curves, in both formats", () =>
    vc.run(async () => {
      for (const format of ['csv', 'normal'])
        for (const [index, vm] of vms.slice(0, 5).entries()) {
          const [answer] = await query(spec(vm, { format }));
          expect(answer!.stamps).toHaveLength(180);
          expect(answer!.stamps.at(-1)).toBe(lastSample());
          for (const [key, values] of truth(index, answer!.stamps))
            expect(answer!.series.get(key), key).toEqual(values);
        }
    }));

  test('the start is exclusive, the end inclusive, and a longer ask gives no more than the hour', () =>
    vc.run(async () => {
      const last = lastSample();
      const stampsOf = async (asked: Asked) => (await query(spec(vms[0]!, asked)))[0]!.stamps;
      expect(await stampsOf({ from: last - 2 * PERIOD, to: last })).toEqual([last - PERIOD, last]);
      expect(await stampsOf({ from: last - 2 * PERIOD - 1, to: last - 1 })).toEqual([
        last - 2 * PERIOD,
        last - PERIOD,
      ]);
      expect(await stampsOf({ from: last, to: last + DAY })).toEqual([]);
      expect(await stampsOf({ from: last - DAY })).toHaveLength(180);
      expect(await stampsOf({ to: last - 2 * HOUR })).toEqual([]);
      expect(await stampsOf({ max: 3 })).toEqual([last - 2 * PERIOD, last - PERIOD, last]);
      expect(await stampsOf({ max: 2, to: last - MINUTE })).toEqual([last - MINUTE - PERIOD, last - MINUTE]);
    }));

  test('one answer for each entity, in the order asked; the counters asked for and no others', () =>
    vc.run(async () => {
      const metrics = [
        [2, ''],
        [24, ''],
      ] as const;
      const answers = await query(
        spec(vms[3]!, { metrics }),
        spec(host, { metrics }),
        spec(vms[1]!, { metrics }),
      );
      expect(answers.map((answer) => answer.entity)).toEqual([vms[3], host, vms[1]]);
      for (const answer of answers) expect([...answer.series.keys()]).toEqual(['2 ', '24 ']);
    }));

  test('an instance that the machine does not have is left out; "" is the aggregate, "*" is all of them', () =>
    vc.run(async () => {
      const ask = async (instance: string) => [
        ...(await query(spec(vms[0]!, { metrics: [[148, instance]] })))[0]!.series.keys(),
      ];
      expect(await ask('')).toEqual(['148 ']);
      expect(await ask('4000')).toEqual(['148 4000']);
      expect(await ask('9999')).toEqual([]);
      const nics = facts.machines[0]!.nics.map((nic) => `148 ${4000 + nic.index}`);
      expect(await ask('*')).toEqual(['148 ', ...nics]);
      const [answer] = await query(spec(vms[0]!, { metrics: [[148, '*']] }));
      const aggregate = answer!.series.get('148 ')!;
      expect(aggregate).toEqual(
        aggregate.map((_, i) => nics.reduce((sum, key) => sum + answer!.series.get(key)![i]!, 0)),
      );
    }));

  test('a machine that is off has an answer without samples; one that was off for a while has a gap', () =>
    vc.run(async () => {
      const [off] = await query(spec(vms[5]!));
      expect([off!.stamps.length, off!.series.size]).toEqual([0, 0]);
      await vc.pass(10 * MINUTE);
      const stopped = vc.tier.clock.wall();
      vc.estate.setPower(facts.machines[4]!.id, 'off');
      await vc.pass(5 * MINUTE);
      const started = vc.tier.clock.wall();
      vc.estate.setPower(facts.machines[4]!.id, 'on');
      await vc.pass(10 * MINUTE);
      for (const format of ['csv', 'normal']) {
        const [answer] = await query(spec(vms[4]!, { format }));
        const missing = (stamp: number) => stamp - PERIOD >= stopped && stamp - PERIOD < started;
        const all = Array.from({ length: 180 }, (_, i) => lastSample() - (179 - i) * PERIOD);
        expect(answer!.stamps).toEqual(all.filter((stamp) => !missing(stamp)));
        expect(answer!.stamps.length).toBeLessThan(180);
        for (const [key, values] of truth(4, answer!.stamps))
          expect(answer!.series.get(key), key).toEqual(values);
      }
    }));

  test('what a host uses is what its machines use', () =>
    vc.run(async () => {
      const on = facts.machines.flatMap((machine, i) =>
        machine.hostId === facts.machines[0]!.hostId ? [vms[i]!] : [],
      );
      const metrics = [
        [6, ''],
        [98, ''],
      ] as const;
      const window = { metrics, from: lastSample() - 5 * MINUTE };
      const [whole] = await query(spec(host, window));
      const parts = await query(...on.map((vm) => spec(vm, window)));
      for (const key of ['6 ', '98 '])
        expect(whole!.series.get(key)).toEqual(
          whole!.stamps.map((stamp) => {
            let sum = 0;
            for (const part of parts) {
              const at = part.stamps.indexOf(stamp);
              if (at >= 0) sum += part.series.get(key)![at]!;
            }
            return sum;
          }),
        );
    }));
});

describe('history', () => {
  test.each([
    [300, DAY],
    [1800, 7 * DAY],
    [7200, 30 * DAY],
    [86_400, 365 * DAY],
  ])('values of %i s are averages of the 20-second samples, as far back as is kept', (seconds, length) =>
    vc.run(async () => {
      const [answer] = await query(
        spec(vms[0]!, {
          interval: seconds,
          metrics: [
            [2, ''],
            [173, '*'],
          ],
        }),
      );
      // disk rates are of level 2, and history is kept at level 1
      expect([...answer!.series.keys()]).toEqual(['2 ']);
      expect(answer!.stamps).toHaveLength(length / SECOND / seconds);
      const curve = curveOf(facts, facts.machines[0]!, 'cpu.usage', 0);
      for (const at of [0, answer!.stamps.length - 1]) {
        const end = answer!.stamps[at]! / PERIOD;
        const count = seconds / SAMPLE_SECONDS;
        let sum = 0;
        for (let i = 0; i < count; i++) sum += curveAt(curve, end - i);
        expect(answer!.series.get('2 ')![at]).toBe(Math.floor(sum / count));
      }
    }));
});

describe('what is asked wrongly', () => {
  test.each([
    ['an unknown counter', (vm: string) => spec(vm, { metrics: [[99_999, '']] })],
    ['an unknown format', (vm: string) => spec(vm, { format: 'xml' })],
    ['an unknown interval', (vm: string) => spec(vm, { interval: 60 })],
    ['no samples at all', (vm: string) => spec(vm, { max: 0 })],
  ])('%s is InvalidArgument', (_what, make) =>
    vc.run(async () => {
      expect((await soap.call('QueryPerf', MANAGER, make(vms[0]!))).fault).toBe('InvalidArgument');
    }));

  test('an entity that does not exist is ManagedObjectNotFound; one without statistics has no answer', () =>
    vc.run(async () => {
      expect((await soap.call('QueryPerf', MANAGER, spec('VirtualMachine:vm-1'))).fault).toBe(
        'ManagedObjectNotFound',
      );
      expect(await query(spec('Folder:group-d1'))).toEqual([]);
    }));
});

describe('the performance manager', () => {
  test('lists its counters, by id and by level, and the intervals that vCenter keeps', () =>
    vc.run(async () => {
      const { perfCounter, historicalInterval } = await soap.read(
        MANAGER,
        'perfCounter',
        'historicalInterval',
      );
      const ids = perfCounter!.children.map((counter) => Number(counter.at('key').text));
      expect(ids).toEqual(COUNTERS.map((counter) => counter.id));
      expect(historicalInterval!.all('samplingPeriod').map((period) => period.text)).toEqual([
        '300',
        '1800',
        '7200',
        '86400',
      ]);
      const one = await soap.ask(
        'QueryPerfCounter',
        MANAGER,
        '<counterId>173</counterId><counterId>2</counterId>',
      );
      expect(one.children.map((counter) => counter.at('key').text)).toEqual(['173', '2']);
      expect((await soap.call('QueryPerfCounter', MANAGER, '<counterId>7</counterId>')).fault).toBe(
        'InvalidArgument',
      );
      const first = await soap.ask('QueryPerfCounterByLevel', MANAGER, '<level>1</level>');
      expect(first.all('level').every((level) => level.text === '1')).toBe(true);
      expect((await soap.call('QueryPerfCounterByLevel', MANAGER, '<level>5</level>')).fault).toBe(
        'InvalidArgument',
      );
    }));

  test('tells who has real-time statistics, and which counters', () =>
    vc.run(async () => {
      const summary = async (entity: string) =>
        (await soap.ask('QueryPerfProviderSummary', MANAGER, refXml('entity', entity))).at('returnval');
      expect((await summary(vms[0]!)).at('refreshRate').text).toBe('20');
      expect((await summary('Datacenter:datacenter-2')).at('currentSupported').text).toBe('false');
      const available = async (interval: string) =>
        (
          await soap.ask('QueryAvailablePerfMetric', MANAGER, `${refXml('entity', vms[0]!)}${interval}`)
        ).children.map((metric) => `${metric.at('counterId').text} ${metric.at('instance').text}`);
      const [answer] = await query(spec(vms[0]!));
      expect(await available('<intervalId>20</intervalId>')).toEqual([...answer!.series.keys()]);
      expect(await available('')).toContain('2 ');
      expect(await available('')).not.toContain('173 scsi0:0');
    }));
});
