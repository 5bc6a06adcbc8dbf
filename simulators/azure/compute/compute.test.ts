import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { GIB, HOUR, MIB } from '#core/units.ts';
import { BLOB_HOSTS, createStorage, type StorageService } from '../storage/service.ts';
import { makeVhdFooter } from '../storage/vhd-footer.ts';
import { type ArmWorld, armWorld, GROUP } from '../testing/arm-world.ts';
import type { Answer } from '../testing/test-world.ts';
import { DISK_TRANSITIONS, type DiskEvent, type DiskState, nextDiskState } from './disk-states.ts';
import { Disks } from './disks.ts';
import { computeProvider } from './provider.ts';

const VERSION = '2023-04-02';
const DISK_BYTES = 20 * MIB;
const UPLOAD = { createOption: 'Upload', uploadSizeBytes: DISK_BYTES + 512 };

let arm: ArmWorld;
let storage: StorageService;
let disks: Disks;

beforeEach(async () => {
  arm = await armWorld((world, _authorization, identity) => {
    storage = createStorage({ context: world.context, verifyToken: identity.verifyToken });
    disks = new Disks({ context: world.context, storage, region: 'westeurope' });
    return [computeProvider({ disks })];
  });
  await arm.world.serve(BLOB_HOSTS, storage.handler);
});
afterEach(async () => {
  await arm[Symbol.asyncDispose]();
  storage.close();
});

const path = (name: string, kind = 'disks') => `${GROUP}/providers/Microsoft.Compute/${kind}/${name}`;
const body = (creationData: object, more: object = {}) => ({
  body: { location: 'westeurope', properties: { creationData, ...more } },
});

async function done(method: string, at: string, options: object = {}): Promise<Answer> {
  const started = await arm.ask(method, at, VERSION, options);
  return started.status === 202 ? arm.finish(started) : started;
}

const refusal = ({ status, json }: Answer): string => `${status} ${json?.error?.code ?? json?.status}`;
const state = async (at: string): Promise<string> =>
  (await arm.ask('GET', at, VERSION)).json.properties.diskState;
const grant = async (at: string, access: 'Read' | 'Write', seconds = 3600): Promise<string> =>
  (await done('POST', `${at}/beginGetAccess`, { body: { access, durationInSeconds: seconds } })).json
    .properties.output.accessSAS;

const write = (sas: string, start: number, data: Buffer) =>
  arm.world.ask('PUT', `${sas}&comp=page`, {
    headers: {
      'x-ms-version': '2021-08-06',
      'x-ms-page-write': 'update',
      'x-ms-range': `bytes=${start}-${start + data.length - 1}`,
    },
    body: data,
  });
const code = ({ status, headers }: Answer): string =>
  `${status} ${String(headers['x-ms-error-code'] ?? '')}`.trim();
const footer = (sizeBytes = DISK_BYTES): Buffer =>
  makeVhdFooter({ sizeBytes, createdAt: 0, uniqueId: Buffer.alloc(16, 1) });

async function uploaded(name: string, content: Buffer): Promise<string> {
  await done('PUT', path(name), body(UPLOAD));
  const sas = await grant(path(name), 'Write');
  await write(sas, 0, content);
  await write(sas, DISK_BYTES, footer());
  await done('POST', `${path(name)}/endGetAccess`);
  return path(name);
}

test('a disk is uploaded as a page blob, finished, exported with a footer, and closed again', () =>
  arm.world.run(async () => {
    const made = await arm.ask('PUT', path('d'), VERSION, body(UPLOAD, { osType: 'Linux' }));
    expect(made.status).toBe(202);
    expect(made.json.properties).toMatchObject({ provisioningState: 'Updating', diskSizeGB: 1 });
    expect((await arm.finish(made)).json.status).toBe('Succeeded');
    expect(await state(path('d'))).toBe('ReadyToUpload');
    const sas = await grant(path('d'), 'Write');
    expect(sas).toMatch(
      /^https:\/\/md-impexp-[0-9a-f]{12}\.z01\.blob\.core\.windows\.net\/[0-9a-f]{12}\/abcd\?sv=[^&]+&sr=b&si=[^&]+&sig=[^&]+$/,
    );
    expect(await state(path('d'))).toBe('ActiveUpload');
    const head = await arm.world.ask('HEAD', sas);
    expect(head.headers).toMatchObject({
      'content-length': String(DISK_BYTES + 512),
      'x-ms-blob-type': 'PageBlob',
    });
    const content = Buffer.alloc(MIB, 'disk content');
    expect(code(await write(sas, 4 * MIB, content))).toBe('201');
    expect(code(await write(sas, DISK_BYTES, footer()))).toBe('201');
    expect((await done('POST', `${path('d')}/endGetAccess`)).json.status).toBe('Succeeded');
    expect(await state(path('d'))).toBe('Unattached');
    expect(code(await write(sas, 0, content))).toBe('403 AuthenticationFailed');
    expect(code(await arm.world.ask('GET', sas))).toBe('403 AuthenticationFailed');

    const read = await grant(path('d'), 'Read');
    expect(await state(path('d'))).toBe('ActiveSAS');
    const exported = (await arm.world.ask('GET', read)).body;
    expect(exported.length).toBe(DISK_BYTES + 512);
    expect(exported.subarray(4 * MIB, 5 * MIB).equals(content)).toBe(true);
    expect(exported.toString('latin1', DISK_BYTES, DISK_BYTES + 8)).toBe('conectix');
    const ranges = (await arm.world.ask('GET', `${read}&comp=pagelist`)).body.toString();
    expect(
      [...ranges.matchAll(/<Start>(\d+)<\/Start><End>(\d+)/g)].map(([, from, to]) => [
        Number(from),
        Number(to),
      ]),
    ).toEqual([
      [4 * MIB, 5 * MIB - 1],
      [DISK_BYTES, DISK_BYTES + 511],
    ]);
    expect(code(await write(read, 0, content))).toBe('403 AuthorizationPermissionMismatch');
    expect(refusal(await arm.ask('DELETE', path('d'), VERSION))).toBe('409 OperationNotAllowed');
    await done('POST', `${path('d')}/endGetAccess`);
    await done('DELETE', path('d'));
    expect(refusal(await arm.ask('GET', path('d'), VERSION))).toBe('404 ResourceNotFound');
    expect(storage.usage().liveBytes).toBe(0);
  }));

describe('an upload', () => {
  test('is refused as a disk while its footer is none, and can then be put right', () =>
    arm.world.run(async () => {
      await done('PUT', path('d'), body(UPLOAD));
      const sas = await grant(path('d'), 'Write');
      const end = () => done('POST', `${path('d')}/endGetAccess`);
      const failed = (await end()).json;
      expect([failed.status, failed.error.code]).toEqual(['Failed', 'InvalidVhd']);
      expect(failed.error.message).toContain('conectix');
      expect(await state(path('d'))).toBe('ActiveUpload');
      await write(sas, DISK_BYTES, footer(DISK_BYTES + MIB));
      expect((await end()).json.error.message).toContain('size');
      await write(sas, DISK_BYTES, footer());
      expect((await end()).json.status).toBe('Succeeded');
    }));

  test('takes pages, but its blob is neither replaced nor resized nor deleted', () =>
    arm.world.run(async () => {
      await done('PUT', path('d'), body(UPLOAD));
      const sas = await grant(path('d'), 'Write');
      const put = (query: string, headers: Record<string, string>) =>
        arm.world.ask('PUT', `${sas}${query}`, { headers }).then(code);
      const size = { 'x-ms-blob-content-length': '512' };
      expect(await put('', { 'x-ms-blob-type': 'PageBlob', ...size })).toBe('409 BlobOperationNotSupported');
      expect(await put('&comp=properties', size)).toBe('409 BlobOperationNotSupported');
      expect(await put('&comp=snapshot', {})).toBe('409 BlobOperationNotSupported');
      expect(code(await arm.world.ask('DELETE', sas))).toBe('403 AuthorizationPermissionMismatch');
    }));

  test('whose signature ran out can be granted again', () =>
    arm.world.run(async () => {
      await done('PUT', path('d'), body(UPLOAD));
      const sas = await grant(path('d'), 'Write', 60);
      const { clock } = arm.world.tier;
      await new Promise<void>((resolve) => void clock.schedule(clock.wall() + HOUR, 'test.wait', resolve));
      expect(code(await write(sas, 0, Buffer.alloc(512)))).toBe('403 AuthenticationFailed');
      expect(await state(path('d'))).toBe('ActiveUpload');
      expect(code(await write(await grant(path('d'), 'Write'), 0, Buffer.alloc(512)))).toBe('201');
    }));

  test.each([
    ['a size that is not whole MiB and a footer', { ...UPLOAD, uploadSizeBytes: DISK_BYTES }],
    ['a size below the least', { ...UPLOAD, uploadSizeBytes: 19 * MIB + 512 }],
    ['a size above the greatest', { ...UPLOAD, uploadSizeBytes: 35_183_298_347_520 + MIB }],
    ['no size', { createOption: 'Upload' }],
    ['a size for an empty disk', { createOption: 'Empty', uploadSizeBytes: DISK_BYTES + 512 }],
    ['no source for a copy', { createOption: 'Copy' }],
  ])('with %s is refused', (_what, creationData) =>
    arm.world.run(async () => {
      expect(refusal(await arm.ask('PUT', path('d'), VERSION, body(creationData)))).toBe(
        '400 InvalidParameter',
      );
    }));
});

test('snapshots of one disk are compared page by page through their exports', () =>
  arm.world.run(async () => {
    const disk = await uploaded('d', Buffer.alloc(MIB, 1));
    const snapshot = (name: string) =>
      done(
        'PUT',
        path(name, 'snapshots'),
        body({ createOption: 'Copy', sourceResourceId: disk }, { incremental: true }),
      );
    await snapshot('s1');
    disks.find(disk)!.space.write(8192, Buffer.alloc(512, 2));
    disks.find(disk)!.space.clear(65_536, 65_536);
    await snapshot('s2');
    disks.find(disk)!.space.write(0, Buffer.alloc(MIB, 3));
    const [first, second] = [
      await grant(path('s1', 'snapshots'), 'Read'),
      await grant(path('s2', 'snapshots'), 'Read'),
    ];
    const shown = (await arm.ask('GET', path('s2', 'snapshots'), VERSION)).json.properties;
    expect(shown).toMatchObject({ incremental: true, completionPercent: 100, diskState: 'ActiveSAS' });
    const diff = (url: string, previous: string) =>
      arm.world.ask('GET', `${url}&comp=pagelist`, {
        headers: { 'x-ms-version': '2021-08-06', 'x-ms-previous-snapshot-url': previous },
      });
    expect((await diff(second, first)).body.toString()).toContain(
      '<PageList><PageRange><Start>8192</Start><End>8703</End></PageRange><ClearRange><Start>65536</Start><End>131071</End></ClearRange>',
    );
    expect(code(await diff(second, first.replace(/sig=[^&]*/, 'sig=AAAA')))).toBe('403 AuthenticationFailed');
    const other = await uploaded('other', Buffer.alloc(MIB, 1));
    expect(code(await diff(second, await grant(other, 'Read')))).toBe('409 BlobOverwritten');

    const copied = await done(
      'PUT',
      path('copy'),
      body({ createOption: 'Copy', sourceResourceId: path('s2', 'snapshots') }, { diskSizeGB: 2 }),
    );
    expect(copied.json.properties.output.properties).toMatchObject({
      diskSizeBytes: 2 * GIB,
      diskState: 'Unattached',
    });
    expect(disks.find(path('copy'))!.space.read(8192, 1)[0]).toBe(2);
    expect(disks.find(path('copy'))!.space.read(0, 1)[0]).toBe(1);
  }));

test('empty disks of any size cost nothing, are listed, grow and do not shrink', () =>
  arm.world.run(async () => {
    await done('PUT', path('huge'), body({ createOption: 'Empty' }, { diskSizeGB: 32_767 }));
    await done('PUT', path('small'), body({ createOption: 'Empty' }, { diskSizeGB: 4 }));
    expect(storage.usage().heldBytes).toBe(0);
    const listed = (await arm.ask('GET', `${GROUP}/providers/Microsoft.Compute/disks`, VERSION)).json.value;
    expect(listed.map(({ name }: { name: string }) => name)).toEqual(['huge', 'small']);
    const patch = (diskSizeGB: number) =>
      done('PATCH', path('small'), { body: { properties: { diskSizeGB } } });
    expect((await patch(8)).json.properties.output.properties.diskSizeBytes).toBe(8 * GIB);
    expect((await patch(4)).json.error.code).toBe('ResizeDiskError');
    const again = await done('PUT', path('small'), body(UPLOAD));
    expect(refusal(again)).toBe('409 PropertyChangeNotAllowed');
  }));

test('what is not offered is refused: create options, actions, unknown properties, disks still being made', () =>
  arm.world.run(async () => {
    const put = async (creationData: object, more: object = {}) =>
      refusal(await arm.ask('PUT', path('d'), VERSION, body(creationData, more)));
    expect(await put({ createOption: 'Import' })).toBe('409 OperationNotAllowed');
    expect(await put({ createOption: 'Melt' })).toBe('400 InvalidRequestContent');
    expect(await put({ createOption: 'Empty' }, { diskSizeGB: 4, sparkle: true })).toBe(
      '400 InvalidRequestContent',
    );
    expect(await put({ createOption: 'Copy', sourceResourceId: path('none') })).toBe('404 NotFound');
    const started = await arm.ask(
      'PUT',
      path('d'),
      VERSION,
      body({ createOption: 'Empty' }, { diskSizeGB: 4 }),
    );
    const read = { body: { access: 'Read', durationInSeconds: 60 } };
    expect(refusal(await arm.ask('POST', `${path('d')}/beginGetAccess`, VERSION, read))).toBe(
      '409 OperationNotAllowed',
    );
    await arm.finish(started);
    const asWriter = { body: { access: 'Write', durationInSeconds: 60 } };
    expect(refusal(await arm.ask('POST', `${path('d')}/beginGetAccess`, VERSION, asWriter))).toBe(
      '409 OperationNotAllowed',
    );
    expect(refusal(await arm.ask('POST', `${path('d')}/explode`, VERSION))).toMatch(/^404/);
    expect((await arm.ask('DELETE', path('none'), VERSION)).status).toBe(204);
  }));

test('a disk made of a replica holds it, and is the subscription’s like any other', () =>
  arm.world.run(async () => {
    const content = storage.store.create(32 * MIB);
    content.write(512, Buffer.alloc(512, 9));
    const id = disks.createManagedDisk({
      name: 'vm-OSdisk-00',
      resourceGroupId: GROUP,
      sku: 'Premium_LRS',
      content,
    });
    const shown = (await arm.ask('GET', id, VERSION)).json;
    expect(shown).toMatchObject({
      id,
      sku: { name: 'Premium_LRS' },
      properties: { diskSizeBytes: 32 * MIB, diskState: 'Unattached' },
    });
    expect((await arm.world.ask('GET', await grant(id, 'Read'))).body[512]).toBe(9);
  }));

test('in every state, an event is either in the table or refused, and only a disk that nobody reads or runs can go', () => {
  const states = Object.keys(DISK_TRANSITIONS) as DiskState[];
  const event = fc.constantFrom<DiskEvent>(
    ...(['grantWrite', 'grantRead', 'revoke', 'delete', 'attach', 'detach', 'deallocate', 'start'] as const),
  );
  const idle: readonly (DiskState | 'gone')[] = ['ReadyToUpload', 'Unattached'];
  fc.assert(
    fc.property(fc.constantFrom(...states), fc.array(event, { maxLength: 20 }), (start, events) => {
      let now: DiskState | 'gone' = start;
      for (const next of events) {
        if (now === 'gone') break;
        const reached = nextDiskState(now, next);
        if (next === 'delete') expect(reached).toBe(idle.includes(now) ? 'gone' : undefined);
        if (next === 'attach') expect(reached).toBe(now === 'Unattached' ? 'Attached' : undefined);
        now = reached ?? now;
      }
    }),
  );
});
