import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { quoteForShell, runServe, type ServeOutcome } from './serve.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'drylift-serve-test-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function outcome(stopped: string[]): ServeOutcome {
  const ca = { name: 'ca.pem', content: 'PEM\n' };
  return {
    exports: { URL: 'https://a:b@127.0.0.1:1/sdk', PASSWORD: `it's $HOME & "more"` },
    files: { CA: ca, OTHER_CA: ca },
    stop: async () => void stopped.push('stopped'),
  };
}

describe('serving', () => {
  test('prints what a shell reads, then ready, and writes the same as KEY=value for the user alone', async () => {
    const printed: string[] = [];
    const stopped: string[] = [];
    const envFile = join(folder, 'env');
    writeFileSync(envFile, 'OLD=1\n', { mode: 0o644 });
    await runServe(async () => outcome(stopped), {
      envFile,
      print: (line) => printed.push(line),
      untilStopped: async () => expect(stopped).toEqual([]),
    });
    const ca = join(folder, 'ca.pem');
    expect(printed).toEqual([
      'export URL=https://a:b@127.0.0.1:1/sdk',
      `export PASSWORD='it'\\''s $HOME & "more"'`,
      `export CA=${ca}`,
      `export OTHER_CA=${ca}`,
      'ready',
    ]);
    expect(readFileSync(envFile, 'utf8')).toBe(
      `URL=https://a:b@127.0.0.1:1/sdk\nPASSWORD=it's $HOME & "more"\nCA=${ca}\nOTHER_CA=${ca}\n`,
    );
    const exports = printed.slice(0, -1).join('\n');
    const taken = spawnSync('sh', ['-c', `${exports}\nprintf %s "$PASSWORD"`]);
    expect(taken.stdout.toString()).toBe(`it's $HOME & "more"`);
    for (const file of [envFile, ca]) expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readFileSync(ca, 'utf8')).toBe('PEM\n');
    expect(stopped).toEqual(['stopped']);
  });

  test('without an env file the certificate lies in a folder that is gone afterwards', async () => {
    const printed: string[] = [];
    let path = '';
    await runServe(async () => outcome([]), {
      print: (line) => printed.push(line),
      untilStopped: async () => {
        path = printed.find((line) => line.startsWith('export CA='))!.slice('export CA='.length);
        expect(existsSync(path)).toBe(true);
      },
    });
    expect(existsSync(path)).toBe(false);
  });

  test('a file that cannot be written is told, and nothing goes on running', async () => {
    const stopped: string[] = [];
    const served = runServe(async () => outcome(stopped), {
      envFile: join(folder, 'nowhere', 'env'),
      print: () => {},
      untilStopped: async () => {},
    });
    await expect(served).rejects.toMatchObject({ code: 'serve.write', blame: 'prepare' });
    expect(stopped).toEqual(['stopped']);
  });

  test('the first signal asks for a clean stop', async () => {
    const stopped: string[] = [];
    const served = runServe(async () => outcome(stopped), {
      print: (line) => {
        if (line === 'ready') queueMicrotask(() => process.emit('SIGTERM'));
      },
    });
    await served;
    expect(stopped).toEqual(['stopped']);
  });
});

test.each([
  ['plain', 'plain'],
  ['https://a%40b:c@1.2.3.4:5/sdk', 'https://a%40b:c@1.2.3.4:5/sdk'],
  ['two words', "'two words'"],
  ['', "''"],
  ["a'b", "'a'\\''b'"],
])('a shell reads %j as it was', (value, quoted) => expect(quoteForShell(value)).toBe(quoted));
