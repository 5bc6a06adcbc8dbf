import { describe, expect, test } from 'vitest';
import { HOUR, SECOND } from '#core/units.ts';
import { inSites, SITES, V23 } from '../testing/sites-world.ts';

describe('an import site', () => {
  const SITE = `${SITES}/ImportSites/lists`;
  const HEADER =
    'Server name,Cores,Memory,OS name,Disk 1 size,CPU utilization percentage,Memory utilization percentage';

  test('takes servers from a file that is brought to it, and tells what is wrong row by row', () =>
    inSites(async ({ ask, make, files, wait }) => {
      await make('ImportSites', 'lists');
      const asked = await ask('POST', `${SITE}/importUri`, V23, { body: {} });
      expect(asked.status).toBe(200);
      const { uri, jobArmId } = asked.json as unknown as { uri: string; jobArmId: string };
      expect((await ask('GET', jobArmId, V23)).json.properties).toMatchObject({
        status: 'InProgress',
        jobResult: 'WaitingForBlobUpload',
      });
      const name = new URL(uri).pathname.slice(1);
      const rows = [
        'srv-1,4,8192,Windows Server 2019,100,30,50',
        'srv-2,many,8192,Ubuntu 22.04,40,10,10',
        'srv-3,2,2048,Ubuntu 22.04,40,10,10',
      ];
      files.stored.set(name, Buffer.from([HEADER, ...rows].join('\r\n')));
      await wait(15 * SECOND);
      expect((await ask('GET', jobArmId, V23)).json.properties).toMatchObject({
        status: 'Completed',
        jobResult: 'CompletedWithErrors',
        numberOfMachinesImported: 2,
        errorSummary: { errorCount: 1 },
        errors: [{ code: 'InvalidRow', message: expect.stringContaining('Line 3, Cores') }],
      });
      expect(String(files.stored.get(name.replace('.csv', '-errors.csv')))).toContain('Cores');
      const machines = (await ask('GET', `${SITE}/machines`, V23)).json.value;
      expect(machines[0].properties).toMatchObject({
        displayName: 'srv-1',
        allocatedMemoryInMb: 8192,
        percentageCpuUtilization: 30,
        numberOfDisks: 1,
      });
      expect((await ask('DELETE', machines[0].id, V23)).status).toBe(200);
      const exported = (await ask('POST', `${SITE}/exportUri`, V23, { body: {} })).json as unknown as {
        uri: string;
      };
      expect(String(files.stored.get(new URL(exported.uri).pathname.slice(1)))).toBe(
        'Server name,Cores,Memory,OS name\r\nsrv-3,2,2048,Ubuntu 22.04\r\n',
      );
      await ask('POST', `${SITE}/deleteImportedMachines`, V23, { body: {} });
      expect((await ask('POST', `${SITE}/exportUri`, V23, { body: {} })).status).toBe(400);
    }));

  test.each([
    ['no list of servers', 'Name,Colour\r\nx,red\r\n', 'InvalidFile'],
    ['an open quotation mark', `${HEADER}\r\n"srv,1,2`, 'InvalidFile'],
  ])('fails on %s, and nothing is taken', (_what, content, code) =>
    inSites(async ({ ask, make, files, wait }) => {
      await make('ImportSites', 'lists');
      const { uri, jobArmId } = (await ask('POST', `${SITE}/importUri`, V23, { body: {} }))
        .json as unknown as {
        uri: string;
        jobArmId: string;
      };
      files.stored.set(new URL(uri).pathname.slice(1), Buffer.from(content));
      await wait(15 * SECOND);
      expect((await ask('GET', jobArmId, V23)).json.properties).toMatchObject({
        jobResult: 'Failed',
        errors: [{ code }],
      });
      expect((await ask('GET', `${SITE}/machines`, V23)).json.value).toEqual([]);
    }));

  test('does not wait for a file for ever, and has no appliance', () =>
    inSites(async ({ ask, make, wait }) => {
      const plane = await make('ImportSites', 'lists');
      const { jobArmId } = (await ask('POST', `${SITE}/importUri`, V23, { body: {} })).json as unknown as {
        jobArmId: string;
      };
      await wait(4 * HOUR + 20 * SECOND);
      expect((await ask('GET', jobArmId, V23)).json.properties).toMatchObject({
        errors: [{ code: 'BlobNotUploaded' }],
      });
      expect(
        (await plane('PUT', '/inventory/1', { full: true, machines: [], removed: [] })).json.error.code,
      ).toBe('SiteHasNoAppliance');
    }));
});
