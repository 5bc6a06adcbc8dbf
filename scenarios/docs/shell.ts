/**
 * Runs the commands of a page as a reader would: with bash, one block after the other, in a folder that looks like
 * the root of the repository. It is one of links, so that files and runs that a page makes do not land in
 * anybody's working tree. What a block exports and leaves running in the background is there for the next one.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from './pages.ts';

export interface Outcome {
  /** Exit code; the signal's name when the block was killed. */
  readonly code: number | string;
  /** Standard output and error, as they came. */
  readonly output: string;
}

/** Not linked: the reader's runs and caches, and what belongs to git. */
const OWN = ['.git', '.runs', '.cache'];
/** Variables of the blocks before. */
const VARIABLES = '.docs-variables';

export class Sandbox {
  readonly folder = mkdtempSync(join(tmpdir(), 'drylift-docs-'));
  readonly #blocks: ChildProcess[] = [];

  constructor() {
    for (const name of readdirSync(ROOT))
      if (!OWN.includes(name)) symlinkSync(join(ROOT, name), join(this.folder, name));
  }

  /**
   * Runs one block; a command that fails ends it.
   * @param limitMs after which the block is killed.
   */
  run(block: string, limitMs: number): Promise<Outcome> {
    const output = join(this.folder, `.docs-output-${this.#blocks.length}`);
    const script = [
      `if [ -f ${VARIABLES} ]; then . ./${VARIABLES}; fi`,
      `exec > '${output}' 2>&1`, // a pipe would stay open with what goes on in the background
      'set -euo pipefail',
      block,
      `export -p > ${VARIABLES}`,
    ].join('\n');
    return new Promise((resolve, reject) => {
      const child = spawn('bash', ['-c', script], {
        cwd: this.folder,
        detached: true, // a process group of its own, which can be stopped as a whole
        stdio: 'ignore',
        timeout: limitMs,
      });
      this.#blocks.push(child);
      child.on('error', reject);
      child.on('exit', (code, signal) =>
        resolve({ code: code ?? signal ?? '', output: readFileSync(output, 'utf8') }),
      );
    });
  }

  /** Ends what the blocks left running, and the folder with it. */
  remove(): void {
    for (const { pid } of this.#blocks) stopGroup(pid!);
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function stopGroup(group: number): void {
  try {
    process.kill(-group, 'SIGKILL');
  } catch {
    // nothing was left running
  }
}
