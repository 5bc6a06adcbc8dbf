/** The command as people use it: exit codes, the form of errors, what is printed and what is written. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const BIN = fileURLToPath(new URL('../../bin/drylift.mjs', import.meta.url));
const SMALL = `drylift: scenario/v1
name: small
says: Two servers for an hour.
estate: { generate: { vcenter: { servers: 2 } } }
script: [ register, discover, wait: 1h ]
`;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'drylift-cli-'));
  writeFileSync(join(folder, 'small.scenario.yaml'), SMALL);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** @param onOutput may look at what was printed so far, and act */
function drylift(
  args: readonly string[],
  onOutput?: (out: string, child: ChildProcess) => void,
): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [BIN, ...args], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
    let out = '';
    let err = '';
    child.stdout.on('data', (chunk) => {
      out += chunk;
      onOutput?.(out, child);
    });
    child.stderr.on('data', (chunk) => {
      err += chunk;
    });
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, out, err }));
  });
}

describe('bad input ends with exit code 2, five parts, and nothing written', () => {
  const cases: ReadonlyArray<readonly [name: string, args: readonly string[], code: string, words: string]> =
    [
      ['an unknown command', ['rnu'], 'cli.usage', 'Did you mean run?'],
      ['an unknown option', ['run', 'hello', '--sede', '1'], 'cli.usage', '--seed'],
      [
        'an unknown scenario',
        ['run', 'first-migraton'],
        'scenario.unknown',
        'did you mean "first-migration"?',
      ],
      ['a missing workbook', ['run', 'hello', '--estate', 'none.xlsx'], 'scenario.cannotRead', 'none.xlsx'],
      [
        'a file that is no workbook',
        ['run', 'hello', '--estate', 'small.scenario.yaml'],
        'estate.',
        'small.scenario.yaml',
      ],
      [
        'a tier that does not exist',
        ['run', 'hello', '--tier', 'memroy'],
        'run.badOption',
        'memory or loopback',
      ],
      ['an offset that is none', ['run', 'hello', '--until', 'soon'], 'units.badDuration', '"soon"'],
      ['an unknown run', ['replay', 'nothing'], 'record.notFound', '"nothing"'],
      [
        'an unknown error code',
        ['explain', 'scenario.unknwon'],
        'explain.unknownCode',
        'did you mean "scenario.unknown"?',
      ],
    ];
  it.each(cases)('%s', async (_name, args, code, words) => {
    const { code: exit, out, err } = await drylift(args);
    expect(exit).toBe(2);
    expect(out).toBe('');
    expect(err.startsWith(code)).toBe(true);
    expect(err).toContain(words);
    expect(err).toMatch(/\n {2}why: .+\n {2}next: .+\n$/);
    expect(existsSync(join(folder, '.runs'))).toBe(false);
  });

  it('a misspelt field: the field, the nearest right one, the line', async () => {
    writeFileSync(join(folder, 'bad.scenario.yaml'), SMALL.replace('servers: 2', 'servres: 2'));
    const { code, err } = await drylift(['run', 'bad.scenario.yaml']);
    expect(code).toBe(2);
    expect(err).toContain('estate.generate.vcenter.servres is not a key');
    expect(err).toContain('did you mean "servers"?');
    expect(err).toContain('bad.scenario.yaml:4:');
    expect(err).toContain('\n         estate: { generate: { vcenter: { servres: 2 } } }\n');
  });
});

describe('drylift run', () => {
  it('--json prints exactly one object, with what programs need', async () => {
    const { code, out } = await drylift(['run', 'small.scenario.yaml', '--seed', '7', '--json']);
    expect(code).toBe(0);
    const told = JSON.parse(out) as Record<string, unknown>;
    expect(out.trimEnd().split('\n')).toHaveLength(1);
    expect(told).toMatchObject({ scenario: 'small', seed: '7', tier: 'memory', verdict: 'passed' });
    expect(told['traceHash']).toMatch(/^[0-9a-f]{64}$/);
    expect(told['virtualSeconds']).toBeGreaterThanOrEqual(3600);
    expect(existsSync(join(folder, told['report'] as string))).toBe(true);
  });

  it('bad input with --json is one object too', async () => {
    const { code, out, err } = await drylift(['run', 'nothing', '--json']);
    expect(code).toBe(2);
    expect(JSON.parse(out)).toMatchObject({
      verdict: 'error',
      error: { code: 'scenario.unknown' },
      exitCode: 2,
    });
    expect(err).toContain('scenario.unknown');
  });

  it('prints plain lines when it is no terminal, and a replay of the run is the same', async () => {
    const { code, out } = await drylift(['run', 'small.scenario.yaml']);
    expect(code).toBe(0);
    expect(out).toContain('PASSED  small');
    expect(out).toContain('✓ points-equal-estate');
    expect(out).not.toContain('\u001b');
    const [id] = readdirSync(join(folder, '.runs'));
    const again = await drylift(['replay', id!]);
    expect(again.out).toContain(`SAME  ${id}`);
    expect(again.code).toBe(0);
  });

  it('Ctrl-C ends it in order: exit code 130, the record written', async () => {
    writeFileSync(
      join(folder, 'long.scenario.yaml'),
      SMALL.replace('wait: 1h', 'wait: 300d').replace('small', 'long').concat('clock: { limit: 400d }\n'),
    );
    let isAsked = false; // a second Ctrl-C would end it at once
    const { code, out } = await drylift(['run', 'long.scenario.yaml'], (soFar, child) => {
      if (isAsked || !/wait {2}300d/.test(soFar)) return;
      isAsked = true;
      child.kill('SIGINT');
    });
    expect(code).toBe(130);
    expect(out).toContain('INTERRUPTED  long');
    const [id] = readdirSync(join(folder, '.runs'));
    expect(readdirSync(join(folder, '.runs', id!))).toContain('record.ndjson.gz');
  });
});

it('list, check and estate preview tell without running anything', async () => {
  const list = await drylift(['list']);
  expect(list.out).toMatch(/^first-migration {2}/m);
  expect((await drylift(['check', 'small.scenario.yaml'])).out).toBe(
    'ok  small: 2 machines, 3 steps, 0 faults, 0 expectations\n',
  );
  expect((await drylift(['check', '--schema'])).out).toContain('"write-disk-states"');
  const preview = await drylift(['estate', 'preview', '--machines', '3', '--json']);
  expect(JSON.parse(preview.out)).toMatchObject({ machines: 3, source: 'generated' });
  expect((await drylift(['explain', 'run.diverged'])).out).toContain('drylift itself (exit code 5)');
  expect(readdirSync(folder)).toEqual(['small.scenario.yaml']);
});
