/** A whole datacentre in one run: every kind of source, faults in each, and the same story for the same seed. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { InputFiles } from './input-files.ts';
import { type RunOutcome, runScenario } from './runner.ts';

const SCENARIO = `drylift: scenario/v1
name: small-datacentre
says: A little of everything, with a node that fails, a server that restarts, and a crash.
estate:
  generate:
    vcenter: { servers: 1 }
    hyperv: { servers: 3, clusters: [2] }
    servers: { windows: 1, linux: 2, also: [web-h001] }
script:
  - register
  - discover
  - wait: 90m
faults:
  - { at: hyperv.node, after: wait, from: 6m, for: 8m, subject: hvc1-n2, answer: fails }
  - { at: linux.host, after: wait, from: 18m, for: 6m, subject: web-p001, answer: rebooting }
  - { machine: appliance, after: wait, from: 30m, do: crash, restart-after: 2m }
expect:
  - converges: 1h
`;

let runsFolder: string;
beforeEach(() => {
  runsFolder = mkdtempSync(join(tmpdir(), 'drylift-datacentre-'));
});
afterEach(() => rmSync(runsFolder, { recursive: true, force: true }));

const run = (seed: string): Promise<RunOutcome> =>
  runScenario({
    source: { file: 'datacentre.scenario.yaml', text: SCENARIO, folder: runsFolder },
    files: new InputFiles(runsFolder),
    tier: 'memory',
    runsFolder,
    interrupt: new AbortController().signal,
    seed,
  });

it('is discovered, measured and explained through faults, and told the same for the same seed', {
  timeout: 240_000,
}, async () => {
  const first = await run('a');
  expect(first.record.checks.filter(({ status }) => status === 'failed')).toEqual([]);
  expect(first.record.verdict).toBe('passed');
  const judged = first.record.checks.map(({ id }) => id);
  for (const id of [
    'hyperv-equals-estate',
    'servers-equal-estate',
    'live-points-equal-estate',
    'twins-are-recognised',
  ])
    expect(judged).toContain(id);
  const again = await run('a');
  expect(again.record.counters).toEqual(first.record.counters);
  expect(again.record.traceHash).toBe(first.record.traceHash);
});
