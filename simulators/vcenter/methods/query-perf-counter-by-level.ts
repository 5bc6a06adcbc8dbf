/** QueryPerfCounterByLevel: counters that history keeps at a statistics level, 1 to 4. */
import { invalidArgument } from '../faults.ts';
import { COUNTERS } from '../performance/counters.ts';
import { defineMethod } from './method.ts';

export const queryPerfCounterByLevel = defineMethod<{ level: number }>({
  on: 'PerformanceManager',
  name: 'QueryPerfCounterByLevel',
  takes: 'level int',
  returns: 'PerfCounterInfo[]',
  privilege: 'System.View',
  faults: ['InvalidArgument'],
  run({ level }) {
    if (level < 1 || level > 4) throw invalidArgument('level');
    return COUNTERS.filter((counter) => counter.level <= level).map((counter) => counter.data);
  },
});
