/**
 * Vitest no longer finds vitest.workspace.ts by itself. This makes sure that what vitest runs from is that
 * file: one project for each top-level folder of sources, each with at least one test.
 */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

export function checkProjects(): string[] {
  const folders = readdirSync('.', { withFileTypes: true })
    .filter(
      (entry) =>
        entry.isDirectory() &&
        /^[a-z]/.test(entry.name) &&
        !['node_modules', 'docs', 'scripts', 'bin', 'coverage'].includes(entry.name),
    )
    .map((entry) => entry.name);
  if (!readFileSync('vitest.config.ts', 'utf8').includes("export { default } from './vitest.workspace.ts'"))
    return ['vitest.config.ts: must re-export vitest.workspace.ts, or bare vitest runs without projects'];
  const listing = spawnSync('vitest', ['list', '--json', '--filesOnly'], { encoding: 'utf8' });
  if (listing.status !== 0) return [`vitest list failed: ${listing.stderr}`];
  const seen = new Set(
    (JSON.parse(listing.stdout) as Array<{ projectName: string }>).map((f) => f.projectName),
  );
  return [
    ...folders.filter((f) => !seen.has(f)).map((f) => `vitest.workspace.ts: no project runs tests of ${f}/`),
    ...[...seen]
      .filter((p) => !folders.includes(p))
      .map((p) => `vitest.workspace.ts: project ${p} has no folder`),
  ];
}
