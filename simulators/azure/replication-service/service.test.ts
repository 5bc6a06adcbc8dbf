import { describe, expect, test } from 'vitest';
import { HOUR } from '#core/units.ts';
import { OWNER, READER } from '../testing/arm-world.ts';
import { holds, ITEM, inReplication, machine, someContent, V, WORK } from '../testing/replication-world.ts';

const AUDIENCE = 'https://hypervrecoverymanager.windowsazure.com';

const TAKEN_AT = '2026-11-01T00:10:00Z';

describe('who may ask', () => {
  test('an appliance with a token for this service and rights over the vault; others learn why not', () =>
    inReplication(async ({ world, plane, token, replicating }) => {
      const item = await replicating();
      const url = `https://pod01.westeurope.hypervrecoverymanager.windowsazure.com/v1/vaults/x${WORK}`;
      const anonymous = await world.ask('GET', url);
      expect(anonymous).toMatchObject({ status: 401, json: { error: { code: 'AuthenticationFailed' } } });
      expect(anonymous.headers['www-authenticate']).toContain('authorization_uri');
      expect((await plane('GET', WORK, undefined, await token())).json.error.code).toBe(
        'InvalidAuthenticationTokenAudience',
      );
      const reader = await token(READER, AUDIENCE);
      expect((await plane('GET', WORK, undefined, reader)).json.error.code).toBe('AuthorizationFailed');
      const sas = `/items/${item.itemId}/sas`;
      expect((await plane('POST', sas, { diskId: 'x' }, reader)).status).toBe(403);
      const owner = await token(OWNER, AUDIENCE);
      expect((await world.ask('GET', url, { token: owner })).json.error.code).toBe('VaultNotFound');
      expect((await plane('GET', '/items/none/cycles/c1')).json.error.code).toBe('ItemNotFound');
      expect((await plane('GET', '/nothing')).json.error.code).toBe('OperationNotFound');
    }));
});

describe('work', () => {
  test('is what this appliance shall do, with a signature for each disk, and nobody else’s', () =>
    inReplication(async (world) => {
      const { world: clocked, plane, cycle, replicating } = world;
      const item = await replicating();
      const sasExpiresAt = new Date(clocked.tier.clock.wall() + 12 * HOUR).toISOString();
      const { items } = (await plane('GET', '/work?appliance=APPLIANCE-1')).json;
      expect(items).toEqual([
        {
          itemId: item.itemId,
          instanceUuid: machine(1)['instanceUuid'],
          machineName: 'web-1',
          command: 'replicate',
          performShutdown: false,
          migration: 0,
          disks: item.disks.map(({ diskId, container }, i) => ({
            diskId,
            logContainerUrl: expect.stringContaining(
              `https://migratelsa1.blob.core.windows.net/${container}?`,
            ),
            sasExpiresAt,
            isOSDisk: i === 0,
          })),
        },
      ]);
      expect((await plane('GET', '/work?appliance=appliance-2')).json.items).toEqual([]);
      expect((await plane('GET', '/work')).status).toBe(400);
      await cycle(item, { id: 'c1', kind: 'initial', disks: someContent() });
      const [{ disks }] = (await plane('GET', WORK)).json.items;
      expect(disks.map((disk: { lastAppliedCycleId: string }) => disk.lastAppliedCycleId)).toEqual([
        'c1',
        'c1',
      ]);
    }));

  test('signatures end after twelve hours and allow writing only; a fresh one can be had', () =>
    inReplication(async ({ world, wait, plane, upload, replicating }) => {
      const item = await replicating();
      const content = Buffer.from('log');
      const [{ disks }] = (await plane('GET', WORK)).json.items;
      const url: string = disks[0].logContainerUrl;
      expect((await upload(url, 'a/1', content, 'x')).status).toBe(201);
      expect((await upload(url, 'a/1', content, 'x')).status).toBe(201);
      const headers = { 'x-ms-version': '2021-08-06' };
      expect((await world.ask('GET', url.replace('?', '/a/1?'), { headers })).status).toBe(403);
      await wait(12 * HOUR);
      expect((await upload(url, 'a/2', content, 'x')).status).toBe(403);
      const fresh = await plane('POST', `/items/${item.itemId}/sas`, { diskId: disks[0].diskId });
      expect(fresh.json.expiresAt).toBe(new Date(world.tier.clock.wall() + 12 * HOUR).toISOString());
      expect((await upload(fresh.json.logContainerUrl, 'a/2', content, 'x')).status).toBe(201);
      const other = await plane('POST', `/items/${item.itemId}/sas`, { diskId: 'other' });
      expect(other).toMatchObject({ status: 404, json: { error: { code: 'DiskNotFound' } } });
      expect(JSON.stringify(world.trace)).not.toMatch(/sig=(?!\*\*\*)/);
    }));
});

describe('what appliances tell', () => {
  const issue = { code: 'cbt', message: 'reset', cause: 'a storage vMotion', remedy: 'wait' };
  const progress = { phase: 'initial', percent: 41.6, bytesSent: 5, health: [issue] };

  test('shows in ARM: phase, percentage, health', () =>
    inReplication(async ({ ask, plane, replicating }) => {
      const item = await replicating();
      const told = { ...progress, nextCycleAt: '2026-11-01T01:00:00Z' };
      expect((await plane('PUT', `/items/${item.itemId}/progress`, told)).status).toBe(200);
      expect((await ask('GET', ITEM, V)).json.properties).toMatchObject({
        replicationStatus: 'initial',
        health: 'Warning',
        healthErrors: [
          {
            errorCode: 'cbt',
            errorMessage: 'reset',
            possibleCauses: 'a storage vMotion',
            recommendedAction: 'wait',
          },
        ],
        providerSpecificDetails: { initialSeedingProgressPercentage: 42 },
      });
      await plane('PUT', `/items/${item.itemId}/progress`, { ...progress, health: [] });
      expect((await ask('GET', ITEM, V)).json.properties.health).toBe('Normal');
    }));

  test('is read strictly', () =>
    inReplication(async ({ plane, replicating }) => {
      const item = await replicating();
      for (const [path, body] of [
        ['progress', { ...progress, percent: 101 }],
        ['progress', { ...progress, bytesSent: -1 }],
        ['progress', { ...progress, phase: 'x'.repeat(65) }],
        ['progress', { ...progress, health: undefined }],
        ['progress', { ...progress, health: [{ ...issue, cause: undefined }] }],
        ['progress', { ...progress, nextCycleAt: 'soon' }],
        ['source-state', { poweredOff: 'true', at: TAKEN_AT }],
        ['source-state', { poweredOff: true, at: '2026-11-01' }],
        ['source-state', { poweredOff: true }],
      ] as const)
        expect((await plane('PUT', `/items/${item.itemId}/${path}`, body)).status, JSON.stringify(body)).toBe(
          400,
        );
    }));
});

test('a fault answers with Retry-After and leaves the cycle as it was', () =>
  inReplication(async (world) => {
    const { world: clocked, send, wait, plane, replicating } = world;
    const item = await replicating();
    const now = clocked.tier.clock.wall();
    const fault = { id: 'f', from: now, until: now + HOUR, times: 1 };
    clocked.context.faults.arm({ ...fault, at: 'azure.CommitCycle', answer: '503', retryAfterSeconds: 7 });
    clocked.context.faults.arm({ ...fault, at: 'azure.GetWork', answer: '429', subject: '/work' });
    expect(await plane('GET', WORK)).toMatchObject({ status: 429, headers: { 'retry-after': '1' } });
    const refused = await send(item, { id: 'c1', kind: 'initial', disks: someContent() });
    expect(refused).toMatchObject({
      status: 503,
      headers: { 'retry-after': '7' },
      json: { error: { code: 'ServiceUnavailable' } },
    });
    await wait(HOUR);
    expect((await plane('GET', `/items/${item.itemId}/cycles/c1`)).json.state).toBe('Open');
    const disks = item.disks.map(({ diskId }, i) => ({
      diskId,
      manifests: 1,
      dirty: someContent()[i]!.dirty,
    }));
    await plane('POST', `/items/${item.itemId}/cycles/c1/commit`, { disks });
    await wait(3000);
    expect(holds(item, someContent())).toBe(true);
    expect(clocked.context.counters.toJSON()['bugs.azure']).toBeUndefined();
  }));
