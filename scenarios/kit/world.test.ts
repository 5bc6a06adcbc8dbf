/** The promises of a run, on a small world: repeatable, stoppable, honest about what fails. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { TraceEvent } from '#core/trace/recorder.ts';
import { readRecord } from '#reports/read.ts';
import { InputFiles } from './input-files.ts';
import { type RunOptions, type RunOutcome, runScenario } from './runner.ts';

const SCENARIO = `drylift: scenario/v1
name: small
says: Three servers for half a day, one of them migrated, with a crash.
estate:
  generate: { vcenter: { servers: 3 } }
  machines: [ { name: tiny-01, disks: [ 2MiB ] } ]
script:
  - register
  - discover
  - wait: 12h
  - assess: { name: day, history: day }
  - replicate: { servers: tiny-01 }
  - wait: { until: delta sync, within: 2h }
  - cutover: { servers: tiny-01 }
faults:
  - { at: vcenter.session, from: 3h, answer: expire }
  - { machine: appliance, from: 6h, do: crash, restart-after: 5m }
  - { at: azure.PutPoints, from: 2h, times: 2, answer: 503 }
expect:
  - migrated: tiny-01
  - assessment day: sizing == oracle
`;

let runsFolder: string;
beforeEach(() => {
  runsFolder = mkdtempSync(join(tmpdir(), 'drylift-world-'));
});
afterEach(() => rmSync(runsFolder, { recursive: true, force: true }));

function run(options: Partial<RunOptions> = {}, text = SCENARIO): Promise<RunOutcome> {
  return runScenario({
    source: { file: 'small.scenario.yaml', text, folder: runsFolder },
    files: new InputFiles(runsFolder),
    tier: 'memory',
    runsFolder,
    interrupt: new AbortController().signal,
    ...options,
  });
}

const failures = ({ record }: RunOutcome) =>
  record.checks.filter(({ status }) => status === 'failed').concat((record.failure ?? []) as never);

describe('a run', () => {
  it('in the memory tier is the same for the same seed, and another for another', async () => {
    const first = await run({ seed: 'a' });
    expect(failures(first)).toEqual([]);
    expect(first.record.verdict).toBe('passed');
    const again = await run({ seed: 'a' });
    expect(again.record.traceHash).toBe(first.record.traceHash);
    expect(again.record.counters).toEqual(first.record.counters);
    expect((await run({ seed: 'b' })).record.traceHash).not.toBe(first.record.traceHash);
  });

  it('on loopback takes the same decisions for the same seed', async () => {
    const first = await run({ tier: 'loopback' });
    expect(failures(first)).toEqual([]);
    expect((await run({ tier: 'loopback' })).record.traceHash).toBe(first.record.traceHash);
  });

  it('leaves a record, a report, the assessment, its points, the disk and the log, and nothing else', async () => {
    const { folder, record, trace } = await run();
    expect(readdirSync(folder).sort()).toEqual([
      'appliance.log',
      'assessment.csv',
      'assessment.json',
      'points.db',
      'record.ndjson.gz',
      'report.html',
      'tiny-01-disk0.vhd',
    ]);
    const vhd = readFileSync(join(folder, 'tiny-01-disk0.vhd'));
    expect(vhd.length).toBe(2 * 2 ** 20 + 512);
    expect(vhd.toString('latin1', 2 * 2 ** 20, 2 * 2 ** 20 + 8)).toBe('conectix');
    const read = readRecord(join(folder, 'record.ndjson.gz'));
    expect(read.record).toEqual(record);
    expect(read.trace).toEqual(trace);
    expect(record.faults.map(({ fired }) => fired)).toEqual([1, 1, 2]);
    expect(record.replications[0]).toMatchObject({ machine: 'tiny-01', state: 'MigrationSucceeded' });
  });

  it('can be interrupted: the world stops and what happened is on record', async () => {
    const interrupt = new AbortController();
    const outcome = await run({
      interrupt: interrupt.signal,
      onStep: ({ name }) => name === 'assess' && interrupt.abort(),
    });
    expect(outcome.exitCode).toBe(130);
    expect(outcome.record).toMatchObject({ verdict: 'interrupted', failure: { code: 'run.interrupted' } });
    expect(outcome.record.traceEvents).toBeGreaterThan(100);
    expect(existsSync(join(outcome.folder, 'report.html'))).toBe(true);
  });

  it('can be stopped at an instant of the story, which concludes nothing', async () => {
    const { record, exitCode } = await run({ untilMs: 2 * 3_600_000 });
    expect(exitCode).toBe(3);
    expect(record.clock.end - record.clock.start).toBe(2 * 3_600_000);
    expect(record.failure?.code).toBe('run.until');
  });

  it('fails when a declared fault never acts, and says which', async () => {
    const text = SCENARIO.replace('from: 3h, answer: expire', 'from: 300d, answer: expire');
    const { record, exitCode } = await run({}, text);
    expect(exitCode).toBe(1);
    expect(failures({ record } as RunOutcome)[0]).toMatchObject({
      id: 'every-fault-fired',
      limit: '3 of 3',
      actual: '2 of 3',
      detail: expect.stringContaining('#1 vcenter.session answers expire'),
    });
  });

  it('fails at its limit, and names what would have come next', async () => {
    const text = SCENARIO.replace('script:', 'clock: { limit: 5h }\nscript:');
    const { record, exitCode } = await run({}, text);
    expect(exitCode).toBe(1);
    expect(record.failure?.code).toBe('time.limit');
  });

  it('is not begun, and nothing is written, when the input is wrong', async () => {
    const attempts: Array<readonly [from: string, to: string, code: string]> = [
      ['servers: tiny-01 }\n  - wait', 'servers: tinny }\n  - wait', 'story.unknownMachine'],
      ['azure.PutPoints', 'azure.PutPoint', 'fault.unknownPoint'],
      ['answer: expire', 'answer: explode', 'fault.unknownAnswer'],
      ['generate: { vcenter: { servers: 3 } }', 'import: { rvtools: none.xlsx }', 'scenario.cannotRead'],
    ];
    for (const [from, to, code] of attempts)
      await expect(run({}, SCENARIO.replace(from, to))).rejects.toMatchObject({ code, blame: 'input' });
    expect(readdirSync(runsFolder)).toEqual([]);
  });
});

describe('the checks', () => {
  it('find a secret in the trace', async () => {
    const { record } = await run({
      onStart(world) {
        const leak: TraceEvent = {
          at: world.start,
          kind: 'http',
          who: 'x',
          what: `GET /?p=${world.secrets[0]}`,
        };
        world.trace.record(leak);
        world.trace.record({ ...leak, what: 'PUT /log/1?sv=1&sig=abcdefgh12345678%3D' });
      },
    });
    const check = record.checks.find(({ id }) => id === 'no-secret');
    expect(check).toMatchObject({
      status: 'failed',
      actual: 'a password in the trace; a signature in the trace',
    });
  });

  it('find a disk that was written to after the cutover', async () => {
    const { record } = await run({
      onStart(world) {
        world.trace.listen(({ kind, what }) => {
          if (kind !== 'step' || what !== 'converge running') return;
          const machine = world.estate.machines().find(({ name }) => name === 'tiny-01')!;
          world.estate.disk(machine.disks[0]!.id).write(0, Buffer.alloc(512, 1));
        });
      },
    });
    expect(record.checks.find(({ id }) => id === 'target-equals-source')).toMatchObject({
      status: 'failed',
      actual: 'tiny-01 disk 0 differs',
    });
  });

  it('can be relaxed with a reason, which the report carries', async () => {
    const text = `${SCENARIO}watch: [ { check: no-sample-lost, relax: the crash is too long } ]\n`;
    const { record } = await run({}, text);
    expect(record.checks.find(({ id }) => id === 'no-sample-lost')).toMatchObject({
      status: 'skipped',
      detail: 'the crash is too long',
    });
    const misspelt = text.replace('no-sample-lost', 'no-sampel-lost');
    await expect(run({}, misspelt)).rejects.toThrow('did you mean "no-sample-lost"?');
  });
});
