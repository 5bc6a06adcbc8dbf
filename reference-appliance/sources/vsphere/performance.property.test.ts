/**
 * The promise of queries for samples: whatever limit a server has, and whether or not it says so, every counter of every
 * machine is asked for exactly once, and no query is larger than what the server is known to take.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { child, childrenOf, childText } from '#core/wire/xml/element.ts';
import type { SampleSink } from '../../app/ports.ts';
import { VMWARE_COUNTERS } from '../../app/ports.ts';
import type { Answer } from '../../testing/fake-vcenter.ts';
import { connected, signal } from '../../testing/vsphere-stage.ts';

const LAST = Date.parse('2026-03-02T08:00:00Z');

const CATALOGUE = VMWARE_COUNTERS.map((name, i) => {
  const [group, counter] = name.split('.');
  return `<PerfCounterInfo><key>${100 + i}</key><nameInfo><key>${counter}</key></nameInfo><groupInfo><key>${group}</key></groupInfo><rollupType>average</rollupType></PerfCounterInfo>`;
}).join('');

/** One value for each counter and machine, so that a mix-up is seen. */
const sampleOf = (machine: string, counter: number): number => Number(machine.slice(3)) * 1000 + counter;

/** Remembers what it is told. */
class Told implements SampleSink {
  readonly values: Array<[string, string, string, number]> = [];
  #machine = '';
  machine(handle: string): void {
    this.#machine = handle;
  }
  series(counter: string, instance: string, values: Int32Array): void {
    this.values.push([this.#machine, counter, instance, values[0]!]);
  }
}

test('every counter of every machine once, in queries no larger than the server takes', async () => {
  const servers = fc.record({
    machines: fc.integer({ min: 1, max: 40 }),
    limit: fc.oneof(fc.constant(Number.POSITIVE_INFINITY), fc.integer({ min: 1, max: 400 })),
    says: fc.constantFrom('the limit', 'more', 'nothing', 'no such option', 'any number'),
  });
  await fc.assert(
    fc.asyncProperty(servers, async ({ machines, limit, says }) => {
      await connected(async ({ vcenter, source }) => {
        const accepted: number[] = [];
        const refused: number[] = [];
        vcenter.methods.set('QueryOptions', (): Answer => {
          const option = (value: number) =>
            `<returnval><key>config.vpxd.stats.maxQueryMetrics</key><value xsi:type="xsd:string">${value}</value></returnval>`;
          if (says === 'no such option') return { fault: 'InvalidName', fields: '<name>x</name>' };
          if (says === 'any number' || !Number.isFinite(limit)) return option(-1);
          return says === 'nothing' ? '' : option(says === 'more' ? limit * 3 : limit);
        });
        vcenter.methods.set(
          'RetrievePropertiesEx',
          () =>
            `<returnval><objects><obj type="PerformanceManager">pm</obj><propSet><name>perfCounter</name><val>${CATALOGUE}</val></propSet></objects></returnval>`,
        );
        vcenter.methods.set('QueryPerf', (call): Answer => {
          const specs = childrenOf(call, 'querySpec');
          const metrics = specs.reduce((n, spec) => n + childrenOf(spec, 'metricId').length, 0);
          if (metrics > limit) {
            refused.push(metrics);
            return { fault: 'InvalidArgument', fields: '<invalidProperty>querySpec.size</invalidProperty>' };
          }
          accepted.push(metrics);
          return specs
            .map((spec) => {
              const id = child(spec, 'entity')!.text;
              const series = childrenOf(spec, 'metricId').map((metric) => {
                const counter = Number(childText(metric, 'counterId'));
                const instance = childText(metric, 'instance') === '*' ? '4000' : '';
                return `<value xsi:type="PerfMetricSeriesCSV"><id><counterId>${counter}</counterId><instance>${instance}</instance></id><value>${sampleOf(id, counter)}</value></value>`;
              });
              return `<returnval xsi:type="PerfEntityMetricCSV"><entity type="VirtualMachine">${id}</entity><sampleInfoCSV>20,2026-03-02T08:00:00Z</sampleInfoCSV>${series.join('')}</returnval>`;
            })
            .join('');
        });
        const handles = Array.from({ length: machines }, (_, i) => `vm-${i + 1}`);
        const ask = () =>
          source.samples({ handles, after: LAST - 600_000, through: LAST }, () => new Told(), signal);
        const told = (await ask()).flatMap(({ values }) => values).sort();
        const expected = handles.flatMap((handle) =>
          VMWARE_COUNTERS.map((name, i) => [
            handle,
            name,
            /^(cpu|mem)\./.test(name) ? '' : '4000',
            sampleOf(handle, 100 + i),
          ]),
        );
        expect(told).toEqual(expected.sort());
        expect(accepted.reduce((sum, n) => sum + n, 0)).toBe(machines * VMWARE_COUNTERS.length);
        if (says === 'the limit') expect(refused).toEqual([]);
        // what was learnt is remembered
        refused.length = 0;
        await ask();
        expect(refused).toEqual([]);
      });
    }),
    { numRuns: 40 },
  );
});

test('a server whose limit leaves no room for a single counter is told as such', async () => {
  await connected(async ({ vcenter, source }) => {
    vcenter.methods.set(
      'RetrievePropertiesEx',
      () =>
        `<returnval><objects><obj type="PerformanceManager">pm</obj><propSet><name>perfCounter</name><val>${CATALOGUE}</val></propSet></objects></returnval>`,
    );
    vcenter.methods.set('QueryPerf', () => ({
      fault: 'InvalidArgument',
      fields: '<invalidProperty>querySpec.size</invalidProperty>',
    }));
    await expect(
      source.samples(
        { handles: ['vm-1', 'vm-2'], after: LAST - 600_000, through: LAST },
        () => new Told(),
        signal,
      ),
    ).rejects.toMatchObject({ code: 'vcenter.perf.refused' });
  });
});
