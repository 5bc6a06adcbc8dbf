/**
 * The long tier, `npm run test:long`: soaks, swarms, mutants and A/A runs, for which CI has no time.
 * Files are named *.long.ts; how long each takes is said at its top.
 */
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['{core,simulators,reference-appliance,reports,scenarios,bench}/**/*.long.ts'],
    environment: 'node',
    testTimeout: 2 * 60 * 60 * 1000,
    fileParallelism: false,
    execArgv: ['--expose-gc'],
    env: { TZ: 'UTC' },
  },
});
