/** QueryPerfCounter: counters by id, each once. An unknown id answers InvalidArgument. */
import { invalidArgument } from '../faults.ts';
import { counterById } from '../performance/counters.ts';
import { defineMethod } from './method.ts';

export const queryPerfCounter = defineMethod<{ counterId: readonly number[] }>({
  on: 'PerformanceManager',
  name: 'QueryPerfCounter',
  takes: 'counterId int[]!',
  returns: 'PerfCounterInfo[]',
  privilege: 'System.View',
  faults: ['InvalidArgument'],
  run: ({ counterId }) =>
    [...new Set(counterId)].map((id) => {
      const counter = counterById(id);
      if (!counter) throw invalidArgument('counterId');
      return counter.data;
    }),
});
