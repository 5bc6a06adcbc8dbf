/**
 * One test project per top-level folder. Vitest 4 and later no longer look for this file name by
 * themselves, so vitest.config.ts re-exports it; `npm run check` fails if a folder has no project here.
 *
 * All random tests of one run share one seed, printed first: repeat a run with DRYLIFT_TEST_SEED=<seed>.
 */
import { randomInt } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

const FOLDERS = ['core', 'simulators', 'reference-appliance', 'reports', 'scenarios', 'bench'] as const;

if (process.env.DRYLIFT_TEST_SEED === undefined) {
  process.env.DRYLIFT_TEST_SEED = String(randomInt(0x7fff_ffff));
  if (!process.argv.includes('--json'))
    console.log(`random tests: DRYLIFT_TEST_SEED=${process.env.DRYLIFT_TEST_SEED}`);
}
const seed = process.env.DRYLIFT_TEST_SEED;

export default defineConfig({
  test: {
    // vitest leaves a core free, which of two is half of them; many tests wait for programs that they started
    maxWorkers: Math.max(2, availableParallelism() - 1),
    projects: FOLDERS.map((folder) => ({
      test: {
        name: folder,
        root: import.meta.dirname,
        include: [`${folder}/**/*.test.ts`],
        environment: 'node',
        setupFiles: ['core/testing/random-seed.ts'],
        testTimeout: 120_000,
        hookTimeout: 120_000,
        env: { TZ: 'UTC', DRYLIFT_TEST_SEED: seed },
      },
    })),
  },
});
