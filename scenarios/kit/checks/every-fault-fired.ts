/** A declared fault that never acted proves nothing: the scenario is wrong, or what it meant is gone. */
import { type Check, someOf } from './check.ts';

export const everyFaultFired: Check = {
  id: 'every-fault-fired',
  says: 'every declared fault acted at least once',
  judge({ world, scenario }) {
    const expected = scenario.faults.filter(({ mayMiss }) => !mayMiss).length;
    if (expected === 0) return undefined;
    const missed = world.faults.missed().map(({ id, says }) => `${id} ${says}`);
    return {
      holds: missed.length === 0,
      limit: `${expected} of ${expected}`,
      actual: `${expected - missed.length} of ${expected}`,
      ...(missed.length > 0
        ? { detail: `Never acted: ${someOf(missed)}. Move it, or mark it "may-miss: true".` }
        : {}),
    };
  },
};
