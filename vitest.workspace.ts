/**
 * One test project per top-level folder. Vitest 4 and later no longer look for this file name by
 * themselves, so vitest.config.ts re-exports it; `npm run check` fails if a folder has no project here.
 */
import { defineConfig } from 'vitest/config';

export const FOLDERS = [
  'core',
  'simulators',
  'reference-appliance',
  'reports',
  'scenarios',
  'bench',
] as const;

export default defineConfig({
  test: {
    projects: FOLDERS.map((folder) => ({
      test: {
        name: folder,
        root: import.meta.dirname,
        include: [`${folder}/**/*.test.ts`],
        environment: 'node',
        testTimeout: 60_000,
        hookTimeout: 60_000,
        env: { TZ: 'UTC' },
      },
    })),
  },
});
