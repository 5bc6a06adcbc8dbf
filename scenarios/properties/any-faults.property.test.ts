/**
 * Whatever goes wrong, and whenever: when it stops, the world comes to rest, no sample is lost that vCenter
 * still held, and the migrated disk equals its source. A failure prints the scenario, which can be run by itself.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { InputFiles } from '../kit/input-files.ts';
import { runScenario } from '../kit/runner.ts';
import { type ScenarioInput, scenario } from '../kit/scenario-builder.ts';

type FaultInput = NonNullable<ScenarioInput['faults']>[number];

/** Points with answers after which a client is to try again. */
const POINTS = {
  'vcenter.session': ['expire'],
  'vcenter.QueryPerf': ['NotAuthenticated', 'SystemError', '503', 'reset'],
  'vcenter.WaitForUpdatesEx': ['NotAuthenticated', 'SystemError', 'reset'],
  'vcenter.CreateSnapshot_Task': ['TaskInProgress', 'SystemError'],
  'vcenter.QueryChangedDiskAreas': ['SystemError', '503'],
  'vcenter.folder': ['503', 'reset'],
  'identity.token': ['503', '429'],
  'azure.PutPoints': ['429', '500', '503'],
  'azure.GetWork': ['500', '503'],
  'azure.PutCycle': ['503'],
  'azure.PutManifest': ['500', '503'],
  'azure.CommitCycle': ['503'],
  'azure.PutBlob': ['500', '503', 'OperationTimedOut', 'reset', 'lostAnswer'],
} as const;
const LINKS = ['appliance -> vcenter', 'appliance -> proxy', 'appliance -> *.blob.core.windows.net'] as const;
const EXCHANGES = [
  'vcenter.QueryPerf',
  'azure.PutPoints',
  'azure.PutBlob',
  'azure.PutManifest',
  'azure.CommitCycle',
];

const minutes = (min: number, max: number) => fc.integer({ min, max }).map((n) => `${n}m`);
const seconds = (min: number, max: number) => fc.integer({ min, max }).map((n) => `${n}s`);
/** Within the time that each step takes, so that most faults find something to act on. */
const when = fc
  .oneof(
    fc.record({ after: fc.constant('wait'), from: minutes(0, 55) }),
    fc.record({ after: fc.constant('replicate'), from: seconds(0, 400) }),
    fc.record({ after: fc.constant('cutover'), from: seconds(0, 60) }),
  )
  .map((timing) => ({ ...timing, 'may-miss': true }));

const pointFault = fc.constantFrom(...(Object.keys(POINTS) as Array<keyof typeof POINTS>)).chain((at) =>
  fc.record({
    at: fc.constant(at),
    answer: fc.constantFrom(...POINTS[at]),
    times: fc.integer({ min: 1, max: 3 }),
  }),
);
const linkFault = fc.record({
  link: fc.constantFrom(...LINKS),
  for: minutes(1, 8),
  action: fc.oneof(
    fc.constant({ do: 'stall' }),
    fc.constant({ do: 'refuse' }),
    fc.integer({ min: 1, max: 3000 }).map((ms) => ({ do: 'delay', ms: `${ms}ms` })),
    fc.integer({ min: 1, max: 200 }).map((kib) => ({ do: 'reset', bytes: `${kib}KiB`, times: 1 })),
  ),
});
const crash = fc.record({
  machine: fc.constant('appliance'),
  do: fc.constant('crash'),
  'restart-after': minutes(1, 12),
  on: fc.option(fc.constantFrom(...EXCHANGES), { nil: undefined }),
});

const faults = fc.array(
  fc
    .tuple(
      fc.oneof(
        pointFault,
        linkFault.map(({ action, ...link }) => ({ ...link, ...action })),
        crash,
      ),
      when,
    )
    .map(([fault, timing]) => JSON.parse(JSON.stringify({ ...fault, ...timing })) as FaultInput),
  { minLength: 1, maxLength: 6 },
);

/** A swarm: DRYLIFT_PROPERTY_RUNS=500 npx vitest run --project scenarios any-faults */
const RUNS = Number(process.env['DRYLIFT_PROPERTY_RUNS'] ?? 6);

/** What was found once stays tried. */
const FOUND: Array<[FaultInput[], number]> = [
  // the service finished the migration while the appliance was dead: nothing is asked for after its restart
  [
    [
      {
        machine: 'appliance',
        do: 'crash',
        on: 'azure.CommitCycle',
        'restart-after': '1m',
        after: 'cutover',
        from: '0s',
        'may-miss': true,
      },
    ],
    0,
  ],
];

test('the world converges and the disk arrives, whatever went wrong before', {
  timeout: 600_000,
}, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'drylift-any-'));
  try {
    await fc.assert(
      fc.asyncProperty(faults, fc.nat(), async (drawn, seed) => {
        const { yaml } = scenario({
          drylift: 'scenario/v1',
          name: 'any-faults',
          says: 'Two servers for an hour, a small one migrated, and anything going wrong.',
          seed,
          estate: {
            generate: { vcenter: { servers: 2 } },
            machines: [{ name: 'tiny-01', disks: ['3MiB'] }],
          },
          network: [{ link: 'appliance -> *.blob.core.windows.net', bandwidth: '512KiB' }],
          script: [
            'register',
            'discover',
            { wait: '1h' },
            { replicate: { servers: 'tiny-01' } },
            { wait: { until: 'delta sync', within: '1d' } },
            { cutover: { servers: 'tiny-01' } },
          ],
          faults: drawn,
          expect: [{ converges: '3h' }, { migrated: 'tiny-01' }],
        });
        const { record } = await runScenario({
          source: { file: 'any-faults.scenario.ts', text: yaml, folder },
          files: new InputFiles(folder),
          tier: 'memory',
          runsFolder: folder,
          interrupt: new AbortController().signal,
        });
        rmSync(join(folder, record.id), { recursive: true });
        const failed = record.checks.filter(({ status }) => status === 'failed');
        expect({ failure: record.failure, failed }, yaml).toEqual({ failure: undefined, failed: [] });
      }),
      { numRuns: RUNS, examples: FOUND },
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
