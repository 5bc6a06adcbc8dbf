/** A simulator that met an exception of its own answered something that the product would not. */
import { type Check, someOf } from './check.ts';

export const noSimulatorBug: Check = {
  id: 'no-simulator-bug',
  says: 'no simulator failed by itself',
  judge({ world }) {
    const bugs = Object.entries(world.counters.toJSON()).filter(([name]) => name.startsWith('bugs.'));
    return {
      holds: bugs.length === 0,
      limit: '0',
      actual: bugs.length === 0 ? '0' : someOf(bugs.map(([name, n]) => `${name}: ${n}`)),
    };
  },
};
