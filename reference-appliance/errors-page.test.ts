import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { declaredErrors } from '#core/errors.ts';
import { errorsPage } from './errors-page.ts';

const folder = fileURLToPath(new URL('.', import.meta.url));

/** Every module of the appliance that declares errors, and with it what it imports of core. */
async function declared() {
  const files = globSync('**/*.ts', { cwd: folder })
    .filter((file) => !/\.test\.ts$|\.property\.test\.ts$|^testing\//.test(file))
    .filter((file) => readFileSync(`${folder}/${file}`, 'utf8').includes('= defineErrors({'))
    .sort();
  for (const file of files) await import(/* @vite-ignore */ `${folder}/${file}`);
  return { files, codes: declaredErrors() };
}

test('docs/errors.md says what the tables say', async () => {
  const { files, codes } = await declared();
  expect(files.length).toBeGreaterThan(15);
  await expect(errorsPage(codes)).toMatchFileSnapshot('../docs/errors.md');
});

describe('every code', () => {
  test('of SSH and of servers is used somewhere', async () => {
    const { codes } = await declared();
    const sources = globSync('**/*.ts', { cwd: folder })
      .filter((file) => !/\.test\.ts$|^testing\//.test(file))
      .map((file) => readFileSync(`${folder}/${file}`, 'utf8'))
      .join('\n')
      // the declarations themselves
      .replace(/^ {2}'[\w.]+': \{$/gm, '');
    const own = codes.filter(([code]) => /^(ssh|server)\./.test(code));
    expect(own.map(([code]) => code).filter((code) => !sources.includes(`'${code}'`))).toEqual([]);
  });

  test('says why and what to do in whole sentences', async () => {
    const { codes } = await declared();
    const wrong = codes.filter(([, { why, next }]) => ![why, next].every((text) => /[.?!)]$/.test(text)));
    expect(wrong.map(([code]) => code)).toEqual([]);
  });
});
