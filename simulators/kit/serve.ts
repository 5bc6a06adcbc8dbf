/**
 * What every `drylift serve …` has in common once its servers listen: it writes what clients need to know
 * (shell exports on standard output, the same as KEY=value lines in a file that only the user can read), says
 * `ready`, and stops cleanly on Ctrl-C.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { assert } from '#core/assert.ts';
import { defineErrors } from '#core/errors.ts';

export const errors = defineErrors({
  'serve.write': {
    blame: 'prepare',
    retry: 'after-change',
    why: 'The file that tells clients where and how to connect could not be written.',
    next: 'Give --env-file a path in an existing folder that you may write to.',
  },
});

export interface ServeOutcome {
  /** Environment variables for clients, in the order to print them. Values are one line each. */
  exports: Record<string, string>;
  /**
   * Files for clients (certificates), by the variable that is to hold their absolute path. They are written
   * next to the env file, or in a temporary folder that is removed in the end when there is no env file.
   * Several variables may name the same file.
   */
  files?: Readonly<Record<string, { readonly name: string; readonly content: string }>>;
  stop(): Promise<void>;
}

export interface ServeOptions {
  /** Where to write the KEY=value lines, quoted for a shell, mode 0600. */
  envFile?: string;
  /** Where to print; standard output. */
  print?: (line: string) => void;
  /** Resolves when the servers shall stop; at the first SIGINT or SIGTERM. */
  untilStopped?: () => Promise<void>;
}

/**
 * Starts, tells, waits, stops. Resolves after a clean stop.
 *
 * @throws `serve.write`, and whatever `start` throws; nothing keeps running then.
 */
export async function runServe(start: () => Promise<ServeOutcome>, options: ServeOptions): Promise<void> {
  const print = options.print ?? ((line: string) => void process.stdout.write(`${line}\n`));
  const outcome = await start();
  let scratch: string | undefined;
  try {
    if (outcome.files && options.envFile === undefined) scratch = mkdtempSync(join(tmpdir(), 'drylift-'));
    const variables = {
      ...outcome.exports,
      ...writeFiles(outcome, scratch ?? dirname(options.envFile ?? '.')),
    };
    if (options.envFile !== undefined) writeSecretly(resolve(options.envFile), envLines(variables));
    for (const [key, value] of Object.entries(variables)) print(`export ${key}=${quoteForShell(value)}`);
    print('ready');
    await (options.untilStopped ?? stopSignal)();
  } finally {
    await outcome.stop();
    if (scratch !== undefined) rmSync(scratch, { recursive: true, force: true });
  }
}

function writeFiles(outcome: ServeOutcome, folder: string): Record<string, string> {
  const paths: Record<string, string> = {};
  for (const [key, { name, content }] of Object.entries(outcome.files ?? {})) {
    paths[key] = resolve(folder, name);
    writeSecretly(paths[key], content);
  }
  return paths;
}

function writeSecretly(path: string, content: string): void {
  try {
    rmSync(path, { force: true }); // `mode` is ignored for a file that exists
    writeFileSync(path, content, { mode: 0o600 });
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? 'unknown reason';
    throw errors.make('serve.write', { what: `Cannot write ${path} (${code}).`, cause });
  }
}

/** Values as they are, which is how Docker, systemd and programs that split at the = read them. Shells take the exports. */
function envLines(variables: Readonly<Record<string, string>>): string {
  let lines = '';
  for (const [key, value] of Object.entries(variables)) {
    assert(!/[\r\n]/.test(value), `the value of ${key} must be one line`);
    lines += `${key}=${value}\n`;
  }
  return lines;
}

/** Plain words stay plain; everything else in single quotes, as POSIX shells read it. */
export function quoteForShell(value: string): string {
  return /^[\w@%+=:,./-]+$/.test(value) ? value : `'${value.replaceAll("'", "'\\''")}'`;
}

/** The first SIGINT or SIGTERM asks for a clean stop; the second one ends the process at once. */
function stopSignal(): Promise<void> {
  return new Promise((done) => {
    const onSignal = (): void => {
      process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
      done();
    };
    process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  });
}
