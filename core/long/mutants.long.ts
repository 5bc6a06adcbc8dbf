/**
 * Mutants: small mistakes put on purpose into the code that both sides share (core/wire, core/metrics), where a
 * wrong byte would be invisible to our own pair of client and server. The unit tests must notice.
 * Up to ten seconds a mutant; DRYLIFT_MUTANTS=n tries n of them (default 40), drawn by DRYLIFT_TEST_SEED.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { Entropy } from '../entropy/entropy.ts';

const FOLDERS = ['core/wire', 'core/metrics', 'core/entropy'];

/**
 * Of the mutants drawn, so many must be noticed. The others are printed and looked at: most change nothing that
 * can be seen (a limit at its very edge, a fast way that falls back to the slow one with the same result).
 */
const KILLED_AT_LEAST = 0.5;

interface Mutant {
  readonly file: string;
  readonly line: number;
  readonly before: string;
  readonly after: string;
}

const MUTATIONS: ReadonlyArray<readonly [RegExp, (match: string) => string]> = [
  [/===/g, () => '!=='],
  [/!==/g, () => '==='],
  [/ <= /g, () => ' < '],
  [/ >= /g, () => ' > '],
  [/ < /g, () => ' <= '],
  [/ > /g, () => ' >= '],
  [/ \+ 1\b/g, () => ' + 2'],
  [/ - 1\b/g, () => ' - 2'],
  [/ && /g, () => ' || '],
  [/ \|\| /g, () => ' && '],
  [/\b0x[0-9a-f]{2,8}\b/g, (hex) => `0x${(Number(hex) ^ 1).toString(16)}`],
  [/'&(amp|lt|gt|quot);'/g, () => "'&apos;'"],
];

function mutantsOf(file: string): Mutant[] {
  const found: Mutant[] = [];
  readFileSync(file, 'utf8')
    .split('\n')
    .forEach((text, i) => {
      if (
        /^\s*(\*|\/\/|\/\*|import|export (interface|type))/.test(text) ||
        /errors\.make|what:|why:|next:|instead:/.test(text)
      )
        return;
      for (const [pattern, mutate] of MUTATIONS)
        for (const match of text.matchAll(pattern)) {
          const after =
            text.slice(0, match.index) + mutate(match[0]) + text.slice(match.index + match[0].length);
          if (after !== text) found.push({ file, line: i + 1, before: text, after });
        }
    });
  return found;
}

function sources(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
    .map((name) => join(folder, name));
}

test('the unit tests of shared code notice small mistakes in it', () => {
  const seed = process.env.DRYLIFT_TEST_SEED ?? '1';
  const entropy = new Entropy(seed);
  const wanted = Number(process.env.DRYLIFT_MUTANTS ?? 40);
  const all = FOLDERS.flatMap(sources).flatMap(mutantsOf);
  const drawn = all
    .map((mutant, i) => ({ mutant, order: entropy.u32('mutant', i) }))
    .sort((a, b) => a.order - b.order)
    .slice(0, wanted)
    .map(({ mutant }) => mutant);

  const folder = mkdtempSync(join(tmpdir(), 'drylift-mutants-'));
  const survivors: Mutant[] = [];
  try {
    for (const name of [
      'core',
      'package.json',
      'tsconfig.base.json',
      'vitest.config.ts',
      'vitest.workspace.ts',
    ])
      cpSync(name, join(folder, name), { recursive: true });
    symlinkSync(resolve('node_modules'), join(folder, 'node_modules'));
    const testsPass = (): boolean =>
      spawnSync('vitest', ['run', '--project', 'core', '--bail', '1', ...FOLDERS], {
        cwd: folder,
        stdio: 'ignore',
        timeout: 60_000, // an endless loop is noticed too
        env: { ...process.env, DRYLIFT_TEST_SEED: seed },
      }).status === 0;
    expect(testsPass(), 'the tests pass before anything is changed').toBe(true);
    for (const mutant of drawn) {
      const path = join(folder, mutant.file);
      const original = readFileSync(path, 'utf8');
      const lines = original.split('\n');
      lines[mutant.line - 1] = mutant.after;
      writeFileSync(path, lines.join('\n'));
      const noticed = !testsPass();
      writeFileSync(path, original);
      if (!noticed) survivors.push(mutant);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  for (const { file, line, before, after } of survivors)
    process.stdout.write(`survived: ${file}:${line}\n   ${before.trim()}\n   ${after.trim()}\n`);
  process.stdout.write(
    `mutants: ${drawn.length} of ${all.length} tried (seed ${seed}), ${survivors.length} survived\n`,
  );
  expect(survivors.length).toBeLessThanOrEqual(drawn.length * (1 - KILLED_AT_LEAST));
});
