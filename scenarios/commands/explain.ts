/** `drylift explain CODE`: the long form of an error, offline; `drylift explain points`: where faults can act. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { declaredErrors, defineErrors, nearest } from '#core/errors.ts';
import { faultPoints } from '../kit/declared-points.ts';

export const errors = defineErrors({
  'explain.unknownCode': {
    blame: 'input',
    why: 'Every error that drylift reports begins with its code; this is none of them.',
    next: 'Copy the code from the beginning of the message, or use the word points.',
  },
});

const FOLDERS = ['core', 'simulators', 'reference-appliance', 'scenarios', 'reports', 'bench'];
/** Modules that do something when loaded, and tests, declare nothing that users meet. */
const NOT_LOADED = /\.(test|bench|crosscheck)\.ts$|\/(cli|main|run)\.ts$|\/testing\/|\/fixtures\//;

export async function explain(code: string): Promise<void> {
  if (code === 'points') return explainPoints();
  await loadDeclarations();
  const found = declaredErrors().find(([name]) => name === code);
  if (!found) {
    const near = nearest(
      code,
      declaredErrors().map(([name]) => name),
    );
    throw errors.make('explain.unknownCode', {
      what: `There is no error "${code}"${near ? `; did you mean "${near}"?` : '.'}`,
    });
  }
  const [name, { blame, retry, why, next, more }] = found;
  const lines = [
    name,
    `  whose:  ${BLAMES[blame]}`,
    `  why:    ${why}`,
    `  next:   ${next}`,
    `  repeat: ${RETRIES[retry ?? 'never']}`,
    ...(more === undefined ? [] : ['', more]),
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}

const BLAMES = {
  input: 'a file, flag or value that was given (exit code 2)',
  prepare: 'the machine: a port, disk or permission (exit code 4)',
  check: 'a check or limit that did not hold (exit code 1)',
  peer: 'the other side of a connection (exit code 1)',
  us: 'drylift itself (exit code 5)',
} as const;

const RETRIES = {
  never: 'not useful as it is',
  safe: 'safe',
  'after-change': 'safe, after what is wrong has been changed',
  'outcome-unknown': 'look first whether it took effect',
} as const;

/** Loads every module that declares errors, whichever command would have needed it. */
export async function loadDeclarations(): Promise<void> {
  const root = fileURLToPath(new URL('../../', import.meta.url));
  for (const folder of FOLDERS)
    for (const file of readdirSync(root + folder, { recursive: true, encoding: 'utf8' }).sort()) {
      const path = `${root}${folder}/${file.replaceAll('\\', '/')}`;
      if (!path.endsWith('.ts') || NOT_LOADED.test(path)) continue;
      if (/\bdefineErrors\(\{/.test(readFileSync(path, 'utf8'))) await import(pathToFileURL(path).href);
    }
}

async function explainPoints(): Promise<void> {
  for (const { name, says, answers } of await faultPoints())
    process.stdout.write(`${name}\n  ${says}\n  answers: ${answers.join(', ')}\n`);
}
