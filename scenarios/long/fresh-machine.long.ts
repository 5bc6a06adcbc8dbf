/**
 * The README's first command on a machine that has only Node 20 and npm: a clean container without network
 * access beyond the package registry; prints how long it took (to reach: three minutes). Needs a container engine and the image
 * node:20-slim; says so and skips where there is none.
 */
import { spawnSync } from 'node:child_process';
import { GenericContainer } from 'testcontainers';
import { expect, test } from 'vitest';

const IMAGE = 'node:20-slim';

/** An engine can answer and still have no way to the image; both are asked before a container is tried. */
function whyNot(): string | undefined {
  if (spawnSync('docker', ['info'], { stdio: 'ignore' }).status !== 0) return 'no container engine answers';
  const there = spawnSync('docker', ['image', 'inspect', IMAGE], { stdio: 'ignore' }).status === 0;
  if (!there && spawnSync('docker', ['pull', IMAGE], { stdio: 'ignore' }).status !== 0)
    return `${IMAGE} cannot be pulled`;
  return undefined;
}

test('npm ci and the first migration work on a fresh machine', async (context) => {
  const reason = whyNot();
  if (reason) return context.skip(reason);
  const archive = spawnSync('git', ['archive', '--format=tar', 'HEAD'], { maxBuffer: 512 * 2 ** 20 });
  const container = await new GenericContainer(IMAGE)
    .withCommand(['sleep', 'infinity'])
    .withCopyArchivesToContainer([{ tar: archive.stdout as never, target: '/clone' }])
    .start();
  try {
    const started = performance.now();
    const { exitCode, output } = await container.exec([
      'sh',
      '-c',
      'cd /clone && npm ci && npx drylift run first-migration',
    ]);
    expect({ exitCode, output }).toMatchObject({ exitCode: 0 });
    process.stdout.write(
      `fresh clone to a finished first run: ${((performance.now() - started) / 1000).toFixed(0)} s\n`,
    );
  } finally {
    await container.stop();
  }
});
