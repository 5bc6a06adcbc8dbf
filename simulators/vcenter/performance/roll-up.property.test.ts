/**
 * Statistics of machines, hosts, clusters and pools at every interval, against the 20-second truth: the curves
 * at their plainest definition, one sample at a time, and which machine was on when, as the story had it.
 */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DAY, HOUR, KIB, MIB, SECOND } from '#core/units.ts';
import { generateEstate } from '../../estate/generate.ts';
import type { EstateFacts, Host, Machine } from '../../estate/model.ts';
import { type Curve, type Counter as CurveName, curveAt, curveOf } from '../../estate/workload-curve.ts';
import {
  refOf,
  refXml,
  type Soap,
  type TestVcenter,
  testVcenter,
  type Xml,
} from '../testing/test-vcenter.ts';
import { counterNamed } from './counters.ts';

const MANAGER = 'PerformanceManager:PerfMgr';
const PERIOD = 20 * SECOND;
let vc: TestVcenter;
let soap: Soap;
let facts: EstateFacts;
/** Machines that were on in the 20 seconds up to an instant, by id. */
const offFrom = new Map<string, number>();
const onFrom = new Map<string, number>();
let entities: Array<{
  readonly ref: string;
  readonly machines: readonly Machine[];
  readonly hosts: readonly Host[] | undefined;
}>;

beforeAll(async () => {
  facts = generateEstate({ seed: 'roll-up', machines: 7, hosts: 2 });
  facts = { ...facts, machines: facts.machines.map((machine) => ({ ...machine, power: 'on' })) };
  vc = await testVcenter({ facts });
  await vc.run(async () => {
    await vc.pass(2 * HOUR + 7 * SECOND);
    const stopped = facts.machines[1]!.id;
    vc.estate.setPower(stopped, 'off');
    offFrom.set(stopped, vc.tier.clock.wall());
    await vc.pass(25 * HOUR + 133 * SECOND);
    vc.estate.setPower(stopped, 'on');
    onFrom.set(stopped, vc.tier.clock.wall());
    await vc.pass(3 * HOUR);
    soap = await vc.session();
    const find = async (type: string) =>
      (
        await soap.read(
          refOf(
            (
              await soap.ask(
                'CreateContainerView',
                'ViewManager:ViewManager',
                `${refXml('container', 'Folder:group-d1')}<type>${type}</type><recursive>true</recursive>`,
              )
            ).at('returnval'),
          ),
          'view',
        )
      ).view!.children.map(refOf);
    entities = [];
    const byName = new Map(facts.machines.map((machine) => [machine.name, machine]));
    for (const ref of await find('VirtualMachine')) {
      const name = (await soap.read(ref, 'name')).name!.text;
      entities.push({ ref, machines: [byName.get(name)!], hosts: undefined });
    }
    for (const ref of await find('HostSystem')) {
      const name = (await soap.read(ref, 'name')).name!.text;
      const host = facts.hosts.find((each) => each.name === name)!;
      entities.push({
        ref,
        hosts: [host],
        machines: facts.machines.filter((machine) => machine.hostId === host.id),
      });
    }
    for (const ref of await find('ClusterComputeResource'))
      entities.push({ ref, hosts: facts.hosts, machines: facts.machines });
    for (const ref of await find('ResourcePool')) entities.push({ ref, hosts: [], machines: facts.machines });
  });
});
afterAll(() => vc[Symbol.asyncDispose]());

const wasOn = ({ id }: Machine, sample: number) => {
  const start = (sample - 1) * PERIOD;
  return !(start >= (offFrom.get(id) ?? Number.POSITIVE_INFINITY) && start < (onFrom.get(id) ?? 0));
};

const curves = new Map<string, Curve>();
function curve(machine: Machine, name: CurveName, instance: number): Curve {
  const key = `${machine.id} ${name} ${instance}`;
  const known = curves.get(key) ?? curveOf(facts, machine, name, instance);
  curves.set(key, known);
  return known;
}

/** What a machine has in one sample, as the README of the counters words it. */
function ofMachine(machine: Machine, counter: string, sample: number): number {
  const at = (name: CurveName, instance = 0) => curveAt(curve(machine, name, instance), sample);
  const sum = (many: readonly unknown[], ...names: CurveName[]) =>
    many.reduce((total: number, _, i) => total + names.reduce((all, name) => all + at(name, i), 0), 0);
  const host = facts.hosts.find(({ id }) => id === machine.hostId)!;
  const kib = (machine.memoryMiB * MIB) / KIB;
  switch (counter) {
    case 'cpu.usage':
      return at('cpu.usage');
    case 'cpu.usagemhz':
      return Math.floor((at('cpu.usage') * machine.cores * host.cpuMhz) / 10_000);
    case 'cpu.ready':
      return Math.floor((at('cpu.usage') ** 2 * machine.cores) / 500_000);
    case 'mem.usage':
      return at('mem.usage');
    case 'mem.consumed':
      return Math.floor((at('mem.usage') * kib) / 10_000);
    case 'disk.usage':
      return sum(machine.disks, 'virtualDisk.read', 'virtualDisk.write');
    case 'net.usage':
      return sum(machine.nics, 'net.received', 'net.transmitted');
    default:
      throw new Error(counter);
  }
}

/** One 20-second sample of an entity; undefined when there is none. */
function sampleOf(entity: (typeof entities)[number], counter: string, sample: number): number | undefined {
  const { machines, hosts } = entity;
  if (!hosts) return wasOn(machines[0]!, sample) ? ofMachine(machines[0]!, counter, sample) : undefined;
  const total = (name: string) =>
    machines.reduce(
      (sum, machine) => sum + (wasOn(machine, sample) ? ofMachine(machine, name, sample) : 0),
      0,
    );
  if (counter === 'cpu.usage') {
    const mhz = hosts.reduce((sum, host) => sum + host.cpuMhz * host.cpuCores, 0);
    return Math.min(10_000, Math.floor((total('cpu.usagemhz') * 10_000) / mhz));
  }
  if (counter === 'mem.usage') {
    const kib = hosts.reduce((sum, host) => sum + Math.floor(host.memoryBytes / KIB), 0);
    return Math.min(10_000, Math.floor((total('mem.consumed') * 10_000) / kib));
  }
  return Math.min(2 ** 31 - 1, total(counter));
}

const OF_MACHINES = [
  'cpu.usage',
  'cpu.usagemhz',
  'cpu.ready',
  'mem.usage',
  'mem.consumed',
  'disk.usage',
  'net.usage',
];
const OF_HOSTS = OF_MACHINES.filter((name) => name !== 'cpu.ready');
const OF_POOLS = ['cpu.usagemhz', 'mem.consumed'];

function rows(answer: Xml, format: string): Array<readonly [at: number, value: number]> {
  if (answer.all('value').length === 0) return [];
  if (format === 'csv') {
    const info = answer.at('returnval/sampleInfoCSV').text.split(',');
    const values = answer.at('returnval/value/value').text.split(',').map(Number);
    return values.map((value, i) => [Date.parse(info[2 * i + 1]!), value] as const);
  }
  const values = answer.at('returnval/value').children.filter(({ name }) => name === 'value');
  return answer
    .all('timestamp')
    .map((stamp, i) => [Date.parse(stamp.text), Number(values[i]!.text)] as const);
}

describe('statistics', () => {
  test('at every interval are what the 20-second truth adds up to, of machines, hosts, clusters and pools', () =>
    vc.run(() =>
      fc.assert(
        fc.asyncProperty(
          fc.nat(),
          fc.nat(),
          fc.constantFrom(20, 300, 1800, 7200, 86_400),
          fc.constantFrom('normal', 'csv'),
          fc.nat(20),
          fc.integer({ min: 1, max: 4 }),
          async (entityNumber, counterNumber, interval, format, back, length) => {
            const entity = entities[entityNumber % entities.length]!;
            const isCluster = entity.ref.startsWith('Cluster');
            const seconds = interval === 20 && isCluster ? 300 : interval;
            const names = !entity.hosts ? OF_MACHINES : entity.hosts.length > 0 ? OF_HOSTS : OF_POOLS;
            const counter = names[counterNumber % names.length]!;
            const now = vc.tier.clock.wall();
            const step = seconds * SECOND;
            const last = Math.floor(now / step) - (seconds < 7200 ? back : back % 2);
            const first = last - length + 1;
            const answer = await soap.ask(
              'QueryPerf',
              MANAGER,
              `<querySpec>${refXml('entity', entity.ref)}<startTime>${new Date((first - 1) * step).toISOString()}</startTime>` +
                `<endTime>${new Date(last * step).toISOString()}</endTime>` +
                `<metricId><counterId>${counterNamed(counter).id}</counterId><instance></instance></metricId>` +
                `<intervalId>${seconds}</intervalId><format>${format}</format></querySpec>`,
            );
            const expected: Array<readonly [number, number]> = [];
            const factor = seconds / 20;
            for (let window = first; window <= last; window++) {
              const samples: number[] = [];
              for (let sample = (window - 1) * factor + 1; sample <= window * factor; sample++) {
                const value = sampleOf(entity, counter, sample);
                if (value !== undefined) samples.push(value);
              }
              const sum = samples.reduce((total, value) => total + value, 0);
              if (samples.length > 0)
                expected.push([
                  window * step,
                  counter === 'cpu.ready' ? sum : Math.floor(sum / samples.length),
                ]);
            }
            expect(rows(answer, format)).toEqual(expected);
          },
        ),
        { numRuns: 80 },
      ),
    ));

  test('of a cluster are there for the past only, and a composite is the host and each machine on it', () =>
    vc.run(async () => {
      const cluster = entities.find(({ ref }) => ref.startsWith('Cluster'))!;
      const summary = await soap.ask('QueryPerfProviderSummary', MANAGER, refXml('entity', cluster.ref));
      expect(summary.at('returnval/currentSupported').text).toBe('false');
      const spec = (ref: string) =>
        `<querySpec>${refXml('entity', ref)}<maxSample>3</maxSample><metricId><counterId>${counterNamed('cpu.usagemhz').id}</counterId><instance></instance></metricId><intervalId>20</intervalId></querySpec>`;
      expect((await soap.call('QueryPerf', MANAGER, spec(cluster.ref))).fault).toBe('InvalidArgument');
      const host = entities.find(({ ref }) => ref.startsWith('HostSystem'))!;
      const composite = await soap.ask('QueryPerfComposite', MANAGER, spec(host.ref));
      const numbers = (metric: Xml) =>
        metric
          .at('value')
          .children.filter(({ name }) => name === 'value')
          .map(({ text }) => Number(text));
      const parts = composite.all('childEntity').map(numbers);
      expect(parts).toHaveLength(host.machines.length);
      expect(numbers(composite.at('returnval/entity'))).toEqual(
        [0, 1, 2].map((i) => parts.reduce((sum, part) => sum + part[i]!, 0)),
      );
      const vm = entities[0]!;
      const cores = await soap.ask(
        'QueryPerf',
        MANAGER,
        spec(vm.ref).replace('<instance></instance>', '<instance>*</instance>'),
      );
      const series = cores.at('returnval').children.filter(({ name }) => name === 'value');
      const [whole, ...shares] = series.map((each) =>
        each.children.filter(({ name }) => name === 'value').map(({ text }) => Number(text)),
      );
      expect(shares).toHaveLength(vm.machines[0]!.cores);
      expect(whole).toEqual(whole!.map((_, i) => shares.reduce((sum, share) => sum + share[i]!, 0)));
    }));

  test('reach back a day, a week, a month and a year', () =>
    vc.run(async () => {
      for (const [seconds, days] of [
        [300, 1],
        [1800, 7],
        [7200, 30],
        [86_400, 365],
      ] as const) {
        const answer = await soap.ask(
          'QueryPerf',
          MANAGER,
          `<querySpec>${refXml('entity', entities[0]!.ref)}<metricId><counterId>2</counterId><instance></instance></metricId><intervalId>${seconds}</intervalId><format>csv</format></querySpec>`,
        );
        const found = rows(answer, 'csv');
        expect(found.length).toBeLessThanOrEqual((days * DAY) / SECOND / seconds);
        // The machine has been on for as long as its uptime says, and no longer ago than that.
        expect(found.length).toBeGreaterThan(0);
        expect(vc.tier.clock.wall() - found[0]![0]).toBeLessThanOrEqual(days * DAY + seconds * SECOND);
      }
    }));
});
