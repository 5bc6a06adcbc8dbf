import fc from 'fast-check';
import { expect, test } from 'vitest';
import { HOUR, MINUTE } from '#core/units.ts';
import {
  ITEM,
  inReplication,
  migrateBody,
  type ReplicationWorld,
  resumeBody,
  someContent,
  testBody,
  V,
} from '../testing/replication-world.ts';

/** What a person asks for, an appliance does, or time brings. */
const STEPS = [
  ...['TestMigrate', 'TestMigrateCleanup', 'Migrate', 'StartResync', 'PauseReplication', 'ResumeReplication'],
  ...['cycle', 'cycle', 'lostTrack', 'brokenCycle', 'sourceOff', 'minutes', 'minutes', 'jobFails'],
] as const;
type Step = (typeof STEPS)[number];

/** Operations that a repetition joins while what they began is under way (replication.md, 11). */
const UNDER_WAY: Readonly<Record<string, (state: string, test: string) => boolean>> = {
  TestMigrate: (_state, test) => test === 'TestMigrationInProgress',
  TestMigrateCleanup: (_state, test) => test === 'TestMigrationCleanupInProgress',
  Migrate: (state) => state === 'MigrationInProgress',
  PauseReplication: (state) => state === 'SuspendingProtection',
  ResumeReplication: (state) => state === 'ResumeInitiated' || state === 'ResumeInProgress',
  StartResync: (state) => state === 'InitialSeedingInProgress',
};

function requestOf(step: string, pointId: string): [action: string, body: object] {
  const details = { instanceType: 'VMwareCbt' };
  switch (step) {
    case 'TestMigrate':
      return ['testMigrate', testBody(pointId)];
    case 'TestMigrateCleanup':
      return ['testMigrateCleanup', { properties: {} }];
    case 'Migrate':
      return ['migrate', migrateBody('true')];
    case 'StartResync':
      return ['resync', { properties: { providerSpecificDetails: { ...details, skipCbtReset: 'true' } } }];
    case 'PauseReplication':
      return ['pauseReplication', { properties: details }];
    default:
      return ['resumeReplication', resumeBody];
  }
}

async function walk(world: ReplicationWorld, steps: readonly Step[]): Promise<void> {
  const { ask, plane, cycle, wait, replicating } = world;
  const { clock } = world.world.tier;
  const item = await replicating();
  let cycles = 0;
  const send = async (kind: 'delta' | 'resync', isBroken: boolean) => {
    const [work] = (await plane('GET', '/work?appliance=appliance-1')).json.items;
    if (work === undefined) return;
    const isFirst = !item.cycles.some(({ state }) => state === 'Applied');
    await cycle(item, {
      id: `c${++cycles}`,
      kind: isFirst ? 'initial' : work.command === 'cutover' ? 'final' : kind,
      disks: someContent(cycles),
      ...(isBroken ? { commitDirty: (dirty) => dirty.slice(1) } : {}),
    });
  };
  for (const step of steps) {
    const shown = (await ask('GET', ITEM, V)).json.properties;
    const allowed = shown['allowedOperations'] as readonly string[];
    const { migrationState, testMigrateState } = shown as unknown as Record<string, string>;
    switch (step) {
      case 'cycle':
      case 'brokenCycle':
        await send('delta', step === 'brokenCycle');
        break;
      case 'lostTrack':
        await send('resync', false);
        break;
      case 'sourceOff':
        await plane('PUT', `/items/${item.itemId}/source-state`, {
          poweredOff: true,
          at: new Date(clock.wall()).toISOString(),
        });
        break;
      case 'minutes':
        await wait(6 * MINUTE);
        break;
      case 'jobFails':
        world.world.context.faults.arm({
          id: 'unlucky',
          at: 'azure.job.TestMigrate',
          from: clock.wall(),
          until: clock.wall() + HOUR,
          times: 1,
          answer: 'fail',
        });
        break;
      default: {
        const points = (await ask('GET', `${ITEM}/migrationRecoveryPoints`, V)).json.value;
        const [action, body] = requestOf(step, points[0]?.id ?? `${ITEM}/migrationRecoveryPoints/none`);
        const { status, json } = await ask('POST', `${ITEM}/${action}`, V, { body });
        const joins = UNDER_WAY[step]!(migrationState!, testMigrateState!) && status === 202;
        if (!joins)
          expect([step, migrationState, testMigrateState, status], json.error?.message).toEqual([
            step,
            migrationState,
            testMigrateState,
            allowed.includes(step) ? 202 : 409,
          ]);
      }
    }
  }
  // whatever happened, the machine can be let go of, and nothing stays but what was made for good
  await wait(25 * HOUR);
  expect((await ask('DELETE', ITEM, V)).status).toBe(202);
  await wait(20 * MINUTE);
  expect((await ask('GET', ITEM, V)).status).toBe(404);
  expect(world.world.context.counters.toJSON()['bugs.azure']).toBeUndefined();
}

test('whatever happens to a machine, an operation is taken exactly when it is said to be allowed', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.constantFrom(...STEPS), { minLength: 4, maxLength: 18 }), (steps) =>
      inReplication((world) => walk(world, ['cycle', ...steps])),
    ),
    { numRuns: 12 },
  );
}, 120_000);
