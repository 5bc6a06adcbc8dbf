import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { registerReports } from './cli.ts';
import { recordPath, writeRecord } from './read.ts';
import { buildSampleRecord } from './samples/sample-record.ts';

let runs: string;

beforeEach(() => {
  runs = mkdtempSync(join(tmpdir(), 'drylift-cli-'));
  for (const variant of ['passed', 'failed'] as const) {
    const { record, trace } = buildSampleRecord({ variant, machines: 2, events: 100 });
    const startedAt = variant === 'passed' ? '2026-01-01T00:00:00.000Z' : '2026-01-02T00:00:00.000Z';
    writeRecord(recordPath(runs, variant), { ...record, id: variant, startedAt }, trace);
  }
});
afterEach(() => {
  rmSync(runs, { recursive: true, force: true });
});

/** What the command prints. */
async function drylift(...args: string[]): Promise<string> {
  const program = new Command().exitOverride().configureOutput({ writeErr: () => {} });
  registerReports(program);
  const printed: string[] = [];
  const write = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    printed.push(String(text));
    return true;
  });
  try {
    await program.parseAsync([...args, '--runs', runs], { from: 'user' });
  } finally {
    write.mockRestore();
  }
  return printed.join('');
}

describe('drylift report', () => {
  test('writes the page beside the record and prints where', async () => {
    const file = join(runs, 'failed', 'report.html');
    expect(await drylift('report', 'fail')).toBe(`html      ${file}\n`);
    expect(readFileSync(file, 'utf8').startsWith('<!doctype html>')).toBe(true);
  });

  test('writes the forms asked for and no other, compared with the last green run', async () => {
    const junit = join(runs, 'out', 'junit.xml');
    const markdown = join(runs, 'out', 'summary.md');
    const printed = await drylift('report', 'failed', '--junit', junit, '--markdown', markdown, '--json');
    expect(JSON.parse(printed)).toEqual({ run: 'failed', verdict: 'failed', junit, markdown });
    expect(readFileSync(junit, 'utf8')).toContain('<testsuites name="drylift"');
    expect(readFileSync(markdown, 'utf8')).toContain('### Work counters since `passed`');
    expect(existsSync(join(runs, 'failed', 'report.html'))).toBe(false);
  });

  test('of an unknown run names the nearest', async () => {
    await expect(drylift('report', 'faild')).rejects.toMatchObject({
      code: 'record.notFound',
      next: expect.stringContaining('Nearest: failed') as string,
    });
  });
});

describe('drylift runs', () => {
  test('lists the youngest first, and what cannot be read last', async () => {
    mkdirSync(join(runs, 'broken'));
    writeFileSync(recordPath(runs, 'broken'), 'no');
    const lines = (await drylift('runs')).trimEnd().split('\n');
    expect(lines.map((line) => line.split(/ +/)[0])).toEqual(['failed', 'passed', 'broken']);
    expect(lines[0]).toContain('7 of 9 checks');
    expect(lines[2]).toContain('unreadable: ');
  });

  test('as JSON is one object', async () => {
    const { runs: listed } = JSON.parse(await drylift('runs', '--json', '--limit', '1')) as {
      runs: unknown[];
    };
    expect(listed).toEqual([
      expect.objectContaining({ id: 'failed', tier: 'memory', checks: { passed: 7, failed: 2, skipped: 1 } }),
    ]);
  });

  test('wants a whole number as limit', async () => {
    await expect(drylift('runs', '--limit', 'many')).rejects.toThrow('whole number');
  });
});
