#!/usr/bin/env -S node --
/**
 * Starts drylift with a Node that can run it. A fresh machine may have an older one; npm has then installed
 * the pinned Node beside our other dependencies, and this file starts itself again with it. TypeScript runs
 * as it is: the sources use erasable syntax only, which Node strips while loading.
 *
 * The `--` matters: without it Node takes our `--env-file` for its own, wherever it stands, and refuses to start
 * when that file is not there yet.
 */
import { spawnSync } from 'node:child_process';
import { constants as access, accessSync } from 'node:fs';
import * as modules from 'node:module';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';

const OLDEST = [24, 21];

const [major, minor] = process.versions.node.split('.').map(Number);
if (major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1])) {
  // what was compiled is kept from one start to the next; where that cannot be written, nothing is lost
  modules.enableCompileCache(fileURLToPath(new URL('../.cache/compile', import.meta.url)));
  await import('../drylift.ts');
} else {
  const pinned = pinnedNode();
  if (pinned === undefined) {
    console.error(
      [
        `cli.nodeTooOld  This is Node ${process.version}; drylift needs ${OLDEST.join('.')} or later.`,
        '  why:   The pinned Node is an optional dependency, and npm has none for this platform, or left it out.',
        '  next:  Run `npm ci` without --omit=optional, or install Node 24.21 or later.',
      ].join('\n'),
    );
    process.exit(4);
  }
  // Ctrl-C reaches the whole process group: the child ends in its own way, and its code is passed on.
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => {});
  const child = spawnSync(pinned, ['--', fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
    stdio: 'inherit',
  });
  if (child.error) throw child.error;
  process.exit(child.status ?? 128 + (constants.signals[child.signal] ?? 0));
}

function pinnedNode() {
  for (const name of [`node-${process.platform}-${process.arch}`, 'node']) {
    const path = fileURLToPath(new URL(`../node_modules/${name}/bin/node`, import.meta.url));
    try {
      accessSync(path, access.X_OK);
      return path;
    } catch {
      // not there: the next place
    }
  }
  return undefined;
}
