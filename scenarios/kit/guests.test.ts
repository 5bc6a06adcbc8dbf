/** The inside of guests, end to end on a small world: what is told is what is there, and it repeats. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { InputFiles } from './input-files.ts';
import { runScenario } from './runner.ts';

const SCENARIO = `drylift: scenario/v1
name: inside
says: Twelve servers are looked into for two hours; the first account is out of date, and the appliance is killed.
seed: inside
estate:
  generate: { vcenter: { servers: 12 } }
appliance: { guests: [stale-linux, linux, windows, test-linux, test-windows] }
script:
  - register
  - discover
  - wait: 100m
faults:
  - { machine: appliance, from: 60m, do: crash, restart-after: 2m }
`;

let runsFolder: string;
beforeEach(() => {
  runsFolder = mkdtempSync(join(tmpdir(), 'drylift-guests-'));
});
afterEach(() => rmSync(runsFolder, { recursive: true, force: true }));

it('applications and dependencies of every guest are told, agree with the estate, and repeat', async () => {
  const run = () =>
    runScenario({
      source: { file: 'inside.scenario.yaml', text: SCENARIO, folder: runsFolder },
      files: new InputFiles(runsFolder),
      tier: 'memory',
      runsFolder,
      interrupt: new AbortController().signal,
    });
  const first = await run();
  const status = new Map(
    first.record.checks.map((check) => [check.id, `${check.status} ${check.detail ?? ''}`]),
  );
  expect(status.get('guests-equal-estate')).toBe('passed ');
  expect(status.get('dependencies-equal-estate')).toBe('passed ');
  expect(first.record.verdict).toBe('passed');
  expect(
    first.record.dependencies!.some(
      ({ sourceProcess, destinationProcess }) => sourceProcess !== '' && destinationProcess !== '',
    ),
  ).toBe(true);
  const csv = readFileSync(join(first.folder, 'dependencies.csv'), 'utf8').trim().split('\n');
  expect(csv).toHaveLength(1 + first.record.dependencies!.length);
  const again = await run();
  expect(again.record.traceHash).toBe(first.record.traceHash);
}, 120_000);
