/** QueryAvailablePerfMetric: counters and instances that an entity has. Without an interval: in history. */
import type { UnixMillis } from '#core/units.ts';
import { invalidArgument } from '../faults.ts';
import { HISTORICAL_INTERVALS, HISTORY_LEVEL } from '../performance/counters.ts';
import { objectNotFound } from '../property/selection.ts';
import type { Ref } from '../values.ts';
import { defineMethod } from './method.ts';

interface Args {
  readonly entity: Ref;
  readonly beginTime?: UnixMillis;
  readonly endTime?: UnixMillis;
  readonly intervalId?: number;
}

const REALTIME_SECONDS = 20;

export const queryAvailablePerfMetric = defineMethod<Args>({
  on: 'PerformanceManager',
  name: 'QueryAvailablePerfMetric',
  takes: 'entity &ManagedObject, beginTime dateTime?, endTime dateTime?, intervalId int?',
  returns: 'PerfMetricId[]',
  privilege: 'System.View',
  faults: ['InvalidArgument'],
  run({ entity, intervalId }, call) {
    const object = call.find(entity);
    if (!object) throw objectNotFound(entity);
    const isRealtime = intervalId === REALTIME_SECONDS;
    if (
      !isRealtime &&
      intervalId !== undefined &&
      !HISTORICAL_INTERVALS.some(({ seconds }) => seconds === intervalId)
    )
      throw invalidArgument('intervalId');
    const provider = call.vcenter.performance.providerOf(object);
    if (isRealtime && !provider?.isRealTime) return [];
    return (provider?.series ?? [])
      .filter(
        ({ counter, instance }) =>
          isRealtime || (instance === '' ? counter.level : counter.perDeviceLevel) <= HISTORY_LEVEL,
      )
      .map(({ counter, instance }) => ({ $: 'PerfMetricId', counterId: counter.id, instance }));
  },
});
