/** QueryPerfProviderSummary: has an entity real-time statistics, and how often? */
import { objectNotFound } from '../property/selection.ts';
import type { Ref } from '../values.ts';
import { defineMethod } from './method.ts';

const REFRESH_RATE_SECONDS = 20;

export const queryPerfProviderSummary = defineMethod<{ entity: Ref }>({
  on: 'PerformanceManager',
  name: 'QueryPerfProviderSummary',
  takes: 'entity &ManagedObject',
  returns: 'PerfProviderSummary',
  privilege: 'System.View',
  faults: ['InvalidArgument'],
  run({ entity }, call) {
    const object = call.find(entity);
    if (!object) throw objectNotFound(entity);
    const isRealTime = call.vcenter.performance.providerOf(object)?.isRealTime ?? false;
    return {
      $: 'PerfProviderSummary',
      entity: object.ref,
      currentSupported: isRealTime,
      summarySupported: true,
      refreshRate: isRealTime ? REFRESH_RATE_SECONDS : undefined,
    };
  },
});
