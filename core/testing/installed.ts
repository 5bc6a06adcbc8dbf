/**
 * Is a program that we did not write there to judge us? Locally a crosscheck without its judge is skipped
 * with a reason; with DRYLIFT_CI=1 that is a failure.
 */
import { spawnSync } from 'node:child_process';
import type { TestContext } from 'vitest';

/** Skips the test, or fails it in CI, unless `command` can be run. */
export function requireInstalled(
  context: TestContext,
  command: string,
  args: readonly string[],
  debianPackage: string,
): void {
  const { error, status } = spawnSync(command, args, { stdio: 'ignore' });
  if (!error && status === 0) return;
  missing(context, `${command} is not installed (Debian: ${debianPackage})`);
}

/** Skips the test with the reason, or fails it in CI. */
export function missing(context: TestContext, reason: string): void {
  if (process.env.DRYLIFT_CI === '1') throw new Error(`a crosscheck may not be skipped in CI: ${reason}`);
  context.skip(reason);
}
