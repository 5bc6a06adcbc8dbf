/**
 * QueryPerf on the wire: an hour of 20-second samples of the eight counters that an appliance collects, of
 * 100 machines in one request, through HTTP in the memory tier, without parsing the answer. The peer fills the
 * same curves and writes nothing: what knowing the values costs.
 */
import { COUNTERS, type Curve, curveOf, fillCurve } from '#simulators/estate/workload-curve.ts';
import { counterNamed } from '#simulators/vcenter/performance/counters.ts';
import type { Bench, BenchSuite } from '../suite.ts';
import { vcenterWorld } from './vcenter-world.ts';

const MACHINES = 100;
const SAMPLES = 180;

export const suite: BenchSuite = {
  name: 'query-perf',
  async benches(): Promise<Bench[]> {
    const world = await vcenterWorld(MACHINES);
    const curves: Curve[] = world.facts.machines.flatMap((machine) =>
      COUNTERS.flatMap((counter) => {
        const instances = counter.startsWith('virtualDisk.')
          ? machine.disks.length
          : counter.startsWith('net.')
            ? machine.nics.length
            : 1;
        return Array.from({ length: instances }, (_, i) => curveOf(world.facts, machine, counter, i));
      }),
    );
    // The aggregates of the two network counters come on top.
    const series = curves.length + 2 * MACHINES;
    const metrics = COUNTERS.map(
      (name) => `<metricId><counterId>${counterNamed(name).id}</counterId><instance>*</instance></metricId>`,
    ).join('');
    const request = (format: string) =>
      world.machines
        .map(
          (id) =>
            `<querySpec><entity type="VirtualMachine">${id}</entity>${metrics}<intervalId>20</intervalId><format>${format}</format></querySpec>`,
        )
        .join('');
    const out = new Int32Array(SAMPLES);
    const first = Math.floor(Date.UTC(2026, 10, 2, 9) / 20_000);
    const peer = {
      name: 'filling the curves',
      run: () => {
        for (const curve of curves) fillCurve(curve, first, SAMPLES, out);
        return out[0];
      },
    };
    const bench = (format: string): Bench => ({
      name: `an hour of ${series} series of ${MACHINES} machines, ${format}`,
      unit: 'samples',
      work: series * SAMPLES,
      peer,
      run: () => world.call('QueryPerf', 'PerformanceManager:PerfMgr', request(format)),
    });
    return [bench('csv'), bench('normal')];
  },
};
