/** `drylift why` and `drylift what-if` on the folder of a run. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { assess } from '#core/assessment/assess.ts';
import type { MachineFacts } from '#core/assessment/machine-facts.ts';
import { builtInCatalogue } from '#core/assessment/plan.ts';
import { assessmentProperties } from '#core/assessment/properties.ts';
import { assessmentJson } from '#core/assessment/table.ts';
import { Points } from '#core/metrics/points.ts';
import { GIB } from '#core/units.ts';
import { writeRecord } from '#reports/read.ts';
import { buildSampleRecord } from '#reports/samples/sample-record.ts';
import { writeRunPoints } from '../assess/run-files.ts';
import { pointSource } from '../assess/sources.ts';
import { whatIf } from './what-if.ts';
import { why } from './why.ts';

const folder = mkdtempSync(join(tmpdir(), 'drylift-why-'));
const run = join(folder, 'sample');
const record = join(run, 'record.ndjson.gz');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const db: MachineFacts = {
  id: '/sites/s/machines/7',
  displayName: 'db-\u001b[31m01',
  platform: 'VMware',
  cores: 8,
  memoryMiB: 65_536,
  bootType: 'BIOS',
  os: { name: 'Microsoft Windows Server 2016 (64-bit)' },
  disks: [{ id: 'uuid', label: 'Hard disk 1', sizeBytes: 200 * GIB, isOs: true }],
  nics: [{ id: '4000' }],
};

beforeAll(async () => {
  const series = (['cpu', 'memory'] as const).map((counter, c) => {
    const points = new Points(600_000);
    for (let w = 0; w < 144; w++) points.raise(2_900_000 + w, 100 * w * 0.5 + c);
    return { counter, instance: '', points };
  });
  const done = assess(
    assessmentProperties({ ruleset: 'seed', azureLocation: 'eastus' }),
    builtInCatalogue(),
    2_900_144 * 600_000,
    [{ facts: db, points: pointSource(series) }],
  );
  mkdirSync(run);
  const sample = buildSampleRecord();
  writeRecord(record, sample.record, sample.trace);
  writeFileSync(join(run, 'assessment.json'), JSON.stringify(assessmentJson(done)));
  writeRunPoints(run, done);
});

/** What is printed. */
async function printed(work: () => unknown): Promise<string> {
  const { write } = process.stdout;
  let text = '';
  process.stdout.write = (part: string | Uint8Array) => {
    text += String(part);
    return true;
  };
  try {
    await work();
  } finally {
    process.stdout.write = write;
  }
  return text;
}

describe('why', () => {
  test('tells the points by rank, the need, and what every other size lacked, without control characters', async () => {
    const text = await printed(() => why('/sites/s/machines/7', { run: record }));
    expect(text).toMatch(/cpu +68 percent +P95: point 137 of 144/);
    expect(text).toMatch(/Needs 7.07 cores \(P95, point 137 of 144, 68 % of 8 cores × 1.3\)/);
    expect(text).toMatch(/Sizes in order of price \(\d+ looked at\)\n {2}Standard_\w+ +\d+\.\d\d {2}lacks /);
    expect(text).toMatch(/Fell out\n {2}cores, memory: Standard_/);
    expect(text).toMatch(/The Hybrid Benefit takes off [\d.]+ a month/);
    expect(text).not.toContain('\u001b');
    const json = JSON.parse(
      await printed(() => why('/sites/s/machines/7', { run: record, json: true })),
    ) as object;
    expect(json).toMatchObject({
      recommendedSize: expect.any(String),
      why: { picked: [{ rank: 137 }, { rank: 137 }] },
    });
  });

  test('a name that is not there is refused', () => {
    expect(() => why('db-02', { run: record })).toThrow(
      expect.objectContaining({ code: 'assess.unknownMachine' }),
    );
  });
});

describe('what-if on a run', () => {
  test('the base is the assessment of the run; the other sets and the percentiles stand beside it', async () => {
    const text = await printed(() =>
      whatIf({ run: record, with: ['percentile=50', 'sizing=as-on-premises'], curve: '50,95', json: true }),
    );
    const result = JSON.parse(text) as {
      sets: Array<{ name: string; monthlyTotal: number; properties: { azureDiskTypes: string[] } }>;
      curve: Array<{ percentile: number; monthlyComputeCost: number; monthlyStorageCost: number }>;
      changed: Array<{ outcomes: Array<{ size: string }> }>;
    };
    expect(result.sets.map(({ name }) => name)).toEqual(['base', 'percentile=50', 'sizing=as-on-premises']);
    expect(result.sets[2]!.properties.azureDiskTypes).toEqual(['Premium']);
    const [p50, p95] = result.curve;
    expect(p95!.monthlyComputeCost + p95!.monthlyStorageCost).toBeCloseTo(result.sets[0]!.monthlyTotal, 9);
    expect(p50!.monthlyComputeCost + p50!.monthlyStorageCost).toBeCloseTo(result.sets[1]!.monthlyTotal, 9);
    expect(new Set(result.changed[0]!.outcomes.map(({ size }) => size)).size).toBeGreaterThan(1);
  });

  test('one set alone compares with nothing', async () => {
    await expect(whatIf({ run: record })).rejects.toMatchObject({ code: 'whatIf.nothing' });
  });
});
