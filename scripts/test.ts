/**
 * `npm test`: the checks, then every test. The last line sums all runners: `N passed, N failed, N skipped`,
 * where each step of the checks counts as one.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const RESULTS = join('.cache', 'test-results.json');

const tally = { passed: 0, failed: 0, skipped: 0 };

const check = spawnSync(process.execPath, ['--import', 'tsx', 'scripts/check.ts'], {
  encoding: 'utf8',
  stdio: ['ignore', 'pipe', 'inherit'],
});
process.stdout.write(check.stdout);
tally.passed += check.stdout.match(/^ok {2}/gm)?.length ?? 0;
tally.failed += check.stdout.match(/^FAIL/gm)?.length ?? 0;
if (check.status !== 0 && tally.failed === 0) tally.failed++;

mkdirSync('.cache', { recursive: true });
rmSync(RESULTS, { force: true });
const vitest = spawnSync(
  'vitest',
  ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${RESULTS}`],
  { stdio: 'inherit' },
);
try {
  const results = JSON.parse(readFileSync(RESULTS, 'utf8')) as {
    numPassedTests: number;
    numFailedTests: number;
    numPendingTests: number;
    numTodoTests: number;
  };
  tally.passed += results.numPassedTests;
  tally.failed += results.numFailedTests;
  tally.skipped += results.numPendingTests + results.numTodoTests;
} catch {
  tally.failed++;
}
if (vitest.status !== 0 && tally.failed === 0) tally.failed++;

console.log(`${tally.passed} passed, ${tally.failed} failed, ${tally.skipped} skipped`);
process.exitCode = tally.failed === 0 ? 0 : 1;
