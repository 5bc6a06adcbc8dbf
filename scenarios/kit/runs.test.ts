import { existsSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { newRun, pruneRuns } from './runs.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'drylift-runs-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A run of `bytes`, `age` seconds old. */
function aRun(id: string, bytes: number, age: number): void {
  mkdirSync(join(folder, id), { recursive: true });
  writeFileSync(join(folder, id, 'record.ndjson.gz'), Buffer.alloc(bytes));
  utimesSync(join(folder, id), 1_800_000_000 - age, 1_800_000_000 - age);
}

describe('the folder of runs', () => {
  it('names a run after seed, scenario and plan, and counts up when that exists', () => {
    expect(newRun(folder, '7', 'hello', 'plan').id).toMatch(/^7\.hello\.[0-9a-f]{4}$/);
    expect(newRun(folder, '7', 'hello', 'plan').id).toMatch(/^7\.hello\.[0-9a-f]{4}-2$/);
    expect(newRun(folder, '../../etc', 'hello', 'plan').id).toMatch(/^_+etc\.hello/);
  });

  it('keeps the newest runs and removes the others', () => {
    for (let i = 0; i < 6; i++) aRun(`run-${i}`, 10, i);
    expect(pruneRuns(folder, 'run-5', { runs: 3, bytes: 1000 })).toEqual(['run-2', 'run-3', 'run-4']);
    expect(['run-0', 'run-1', 'run-5'].every((id) => existsSync(join(folder, id)))).toBe(true);
  });

  it('keeps as many as fit, and the run just made whatever its size', () => {
    aRun('new', 900, 0);
    aRun('old-1', 80, 1);
    aRun('old-2', 80, 2);
    expect(pruneRuns(folder, 'new', { runs: 20, bytes: 1000 })).toEqual(['old-2']);
    expect(pruneRuns(folder, 'new', { runs: 20, bytes: 1 })).toEqual(['old-1']);
    expect(existsSync(join(folder, 'new'))).toBe(true);
  });
});
