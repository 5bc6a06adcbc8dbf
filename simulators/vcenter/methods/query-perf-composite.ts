/**
 * QueryPerfComposite: the statistics of a host and, each by itself, of the machines on it: in one answer, so that
 * the parts and the whole are of the same samples. vSphere has it for hosts only.
 */
import { invalidArgument } from '../faults.ts';
import { HostObject } from '../objects/host.ts';
import { type PerfQuerySpec, planQuery, writeComposite } from '../performance/query.ts';
import { objectNotFound } from '../property/selection.ts';
import { defineMethod, Written } from './method.ts';

export const queryPerfComposite = defineMethod<{ querySpec: PerfQuerySpec }>({
  on: 'PerformanceManager',
  name: 'QueryPerfComposite',
  takes: 'querySpec PerfQuerySpec',
  returns: 'PerfCompositeMetric',
  privilege: 'System.View',
  faults: ['InvalidArgument'],
  run({ querySpec }, call) {
    const { performance } = call.vcenter;
    const host = call.find(querySpec.entity);
    if (!host) throw objectNotFound(querySpec.entity);
    if (!(host instanceof HostObject)) throw invalidArgument('querySpec.entity');
    const plan = (entity: HostObject | ReturnType<HostObject['vms']['list']>[number]) =>
      planQuery(performance, performance.providerOf(entity)!, querySpec, call.now);
    return new Written(writeComposite(plan(host), host.vms.list().map(plan), performance.times));
  },
});
