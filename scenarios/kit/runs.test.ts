import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { newRun } from './runs.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'drylift-runs-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('the folder of runs', () => {
  it('names a run after seed, scenario and plan, and counts up when that exists', () => {
    expect(newRun(folder, '7', 'hello', 'plan').id).toMatch(/^7\.hello\.[0-9a-f]{4}$/);
    expect(newRun(folder, '7', 'hello', 'plan').id).toMatch(/^7\.hello\.[0-9a-f]{4}-2$/);
    expect(newRun(folder, '../../etc', 'hello', 'plan').id).toMatch(/^_+etc\.hello/);
  });
});
