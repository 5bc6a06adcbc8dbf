/**
 * QueryPerf. One answer for each query whose entity has statistics, in order. An unknown `format`, interval or
 * counter answers InvalidArgument. The answer is written straight into buffers.
 */
import { noPermission } from '../faults.ts';
import { type PerfQuerySpec, type PlannedQuery, planQuery, writeQueries } from '../performance/query.ts';
import { objectNotFound } from '../property/selection.ts';
import { defineMethod, Written } from './method.ts';

export const queryPerf = defineMethod<{ querySpec: readonly PerfQuerySpec[] }>({
  on: 'PerformanceManager',
  name: 'QueryPerf',
  takes: 'querySpec PerfQuerySpec[]!',
  returns: 'PerfEntityMetricBase[]',
  privilege: 'System.View',
  faults: ['InvalidArgument'],
  run({ querySpec }, call) {
    const { performance } = call.vcenter;
    const planned: PlannedQuery[] = [];
    const sight = call.session?.sight();
    for (const spec of querySpec) {
      const entity = call.find(spec.entity);
      if (!entity) throw objectNotFound(spec.entity);
      if (sight && entity.entity && sight.lacks(entity, 'summary') !== undefined)
        throw noPermission(entity.ref, 'System.Read');
      const provider = performance.providerOf(entity);
      if (provider) planned.push(planQuery(performance, provider, spec, call.now));
    }
    return new Written(writeQueries(planned, performance.times));
  },
});
