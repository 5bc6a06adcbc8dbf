/** Datastore access over HTTPS, and the datastore browser, which finds the same files. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MINUTE } from '#core/units.ts';
import { generateEstate } from '../../estate/generate.ts';
import {
  ADMIN,
  HOST,
  READER,
  refOf,
  type Soap,
  type TestVcenter,
  testVcenter,
  withSmallDisk,
} from '../testing/test-vcenter.ts';
import { spanOf } from './folder-handler.ts';

let vc: TestVcenter;
let soap: Soap;
let vm: string;
/** Of the first machine's files: datastore and directory. */
let datastore: string;
let directory: string;
let stem: string;

beforeAll(async () => {
  vc = await testVcenter({ facts: withSmallDisk(generateEstate({ seed: 'folder', machines: 3 })) });
  const machine = vc.estate.machines()[0]!;
  [, datastore, directory, stem] = /^\[(.+)\] (.+)\/(.+)\.vmdk$/.exec(machine.disks[0]!.path)! as unknown as [
    string,
    string,
    string,
    string,
  ];
  await vc.run(async () => {
    soap = await vc.session();
    vm = refOf(
      (
        await soap.ask(
          'FindByUuid',
          'SearchIndex:SearchIndex',
          `<uuid>${machine.biosUuid}</uuid><vmSearch>true</vmSearch>`,
        )
      ).at('returnval'),
    );
  });
});
afterAll(() => vc[Symbol.asyncDispose]());

const at = (path: string) => `/${path}?dcPath=DC0&dsName=${encodeURIComponent(datastore)}`;
const basic = (user = ADMIN) => ({
  authorization: `Basic ${Buffer.from(`${user.name}:${user.password}`).toString('base64')}`,
});
const diskOf = () => vc.estate.disk(vc.estate.machines()[0]!.disks[0]!.id);
const run = async (method: string, inner = '', self = vm) =>
  soap.finish((await soap.ask(method, self, inner)).at('returnval'));
const SNAPSHOT = '<name>s</name><memory>false</memory><quiesce>false</quiesce>';

describe('reading', () => {
  test('the flat file is the disk, whole and in ranges', () =>
    vc.run(async () => {
      const disk = diskOf();
      const size = disk.facts.sizeBytes;
      const url = at(`${directory}/${stem}-flat.vmdk`);
      const whole = await soap.file(url);
      expect([whole.status, whole.headers['content-length'], whole.headers['accept-ranges']]).toEqual([
        200,
        String(size),
        'bytes',
      ]);
      expect(whole.body.equals(disk.read(0, size))).toBe(true);
      for (const [range, start, length] of [
        ['bytes=0-511', 0, 512],
        ['bytes=100000-2200000', 100_000, 2_100_001],
        [`bytes=${size - 10}-`, size - 10, 10],
        ['bytes=-7', size - 7, 7],
        [`bytes=${size - 5}-${size + 1000}`, size - 5, 5],
      ] as const) {
        const part = await soap.file(url, { range });
        expect([part.status, part.headers['content-range']]).toEqual([
          206,
          `bytes ${start}-${start + length - 1}/${size}`,
        ]);
        expect(part.body.equals(disk.read(start, length)), range).toBe(true);
      }
      const beyond = await soap.file(url, { range: `bytes=${size}-` });
      expect([beyond.status, beyond.headers['content-range']]).toEqual([416, `bytes */${size}`]);
    }));

  test('with a snapshot the base stays as it was frozen while the guest writes on', () =>
    vc.run(async () => {
      const disk = diskOf();
      const snapshot = refOf((await run('CreateSnapshot_Task', SNAPSHOT)).at('result'));
      const frozen = disk.read(0, disk.facts.sizeBytes);
      disk.write(0, Buffer.alloc(131_072, 0x5a));
      const url = at(`${directory}/${stem}-flat.vmdk`);
      expect((await soap.file(url)).body.equals(frozen)).toBe(true);
      const delta = await soap.file(at(`${directory}/${stem}-000001.vmdk`));
      expect(delta.body.toString()).toMatch(/^# Disk DescriptorFile[\s\S]+parentFileNameHint="/);
      expect((await soap.file(at(`${directory}/${stem}-000001-sesparse.vmdk`))).status).toBe(403);
      const vmsd = (
        await soap.file(at(`${directory}/${vc.estate.machines()[0]!.name}.vmsd`))
      ).body.toString();
      expect(vmsd).toContain('snapshot.current = "1"');
      expect(vmsd).toContain(`snapshot0.disk0.fileName = "${stem}.vmdk"`);
      await run('RemoveSnapshot_Task', '<removeChildren>false</removeChildren>', snapshot);
      expect((await soap.file(url)).body.equals(disk.read(0, disk.facts.sizeBytes))).toBe(true);
      expect((await soap.file(at(`${directory}/${stem}-000001.vmdk`))).status).toBe(404);
    }));

  test('a copy whose snapshot is removed half-way is cut, not filled with other content', () =>
    vc.run(async () => {
      const snapshot = refOf((await run('CreateSnapshot_Task', SNAPSHOT)).at('result'));
      const { body } = await vc.client.request({
        method: 'GET',
        url: `https://vc.example.internal/folder${at(`${directory}/${stem}-flat.vmdk`)}`,
        headers: { cookie: soap.cookie! },
      });
      // Nobody reads: what fits into the buffers on the way waits there, and the server waits too.
      await run('RemoveSnapshot_Task', '<removeChildren>false</removeChildren>', snapshot);
      let bytes = 0;
      const reading = (async () => {
        for await (const chunk of body as AsyncIterable<Buffer>) bytes += chunk.length;
      })();
      await expect(reading).rejects.toThrow();
      expect(bytes).toBeLessThan(diskOf().facts.sizeBytes);
    }));

  test('descriptors name their extents, and the flat descriptor is one that qemu reads', () =>
    vc.run(async () => {
      const text = (await soap.file(at(`${directory}/${stem}.vmdk`))).body.toString();
      expect(text).toMatch(/^# Disk DescriptorFile\nversion=1\n/);
      expect(text).toContain('createType="vmfs"');
      expect(text).toContain(`RW ${diskOf().facts.sizeBytes / 512} VMFS "${stem}-flat.vmdk"`);
    }));

  test('directories are lists of links that lead on', () =>
    vc.run(async () => {
      const linksIn = (html: Buffer) =>
        [...html.toString().matchAll(/<a href="([^"]+)">/g)].map((match) =>
          match[1]!.replaceAll('&amp;', '&'),
        );
      const [datacenter] = linksIn((await soap.file('')).body);
      const datastores = linksIn((await soap.file(datacenter!.replace('/folder', ''))).body);
      const root = linksIn(
        (
          await soap.file(
            datastores.find((link) => link.includes(`dsName=${datastore}`))!.replace('/folder', ''),
          )
        ).body,
      );
      const inside = linksIn(
        (
          await soap.file(
            root.find((link) => link.startsWith(`/folder/${directory}`))!.replace('/folder', ''),
          )
        ).body,
      );
      for (const link of inside) {
        if (link.includes('.vswp')) continue;
        const head = await soap.file(link.replace('/folder', ''), {}, 'HEAD');
        expect(head.status, link).toBe(200);
      }
      expect(inside.some((link) => link.includes('-flat.vmdk'))).toBe(true);
    }));
});

describe('refusals', () => {
  test.each([
    ['no credentials', 401, {}],
    ['a wrong password', 401, basic({ ...ADMIN, password: 'no' })],
    ['half a header', 401, { authorization: 'Basic' }],
    ['an account that may not browse', 403, basic(READER)],
  ])('%s is %i', (_what, status, headers) =>
    vc.run(async () => {
      const answer = await vc
        .anonymous()
        .file(at(`${directory}/${stem}.vmdk`), headers as Record<string, string>);
      expect(answer.status).toBe(status);
      expect(answer.headers['www-authenticate'] !== undefined).toBe(status === 401);
    }));

  test.each([
    ['a file that is not there', 'x/y.vmdk?dcPath=DC0&dsName=DS', 404],
    ['a datastore that is not there', 'x/y.vmdk?dcPath=DC0&dsName=nowhere', 404],
    ['a datacenter that is not there', 'x/y.vmdk?dcPath=nowhere&dsName=DS', 404],
    ['no datacenter', 'x/y.vmdk?dsName=DS', 404],
    ['a way out', '%2e%2e%2f%2e%2e%2fetc%2fpasswd?dcPath=DC0&dsName=DS', 400],
    ['what is no UTF-8', '%ff%fe?dcPath=DC0&dsName=DS', 400],
  ])('%s is %i', (_what, path, status) =>
    vc.run(async () => {
      expect(
        (await soap.file(`/${path.replace('dsName=DS', `dsName=${encodeURIComponent(datastore)}`)}`)).status,
      ).toBe(status);
    }));

  test('files that belong to no machine are written and removed, those of machines and unknown methods refused', () =>
    vc.run(async () => {
      const send = (path: string, method: string, body?: string, user = ADMIN) =>
        vc.client.fetch({
          method,
          url: `https://${HOST}/folder${at(path)}`,
          headers: basic(user),
          ...(body === undefined ? {} : { body }),
        });
      expect((await send('own/deep/note.txt', 'PUT', 'first')).status).toBe(201);
      expect((await send('own/deep/note.txt', 'PUT', 'second')).status).toBe(200);
      expect((await send('own/deep/note.txt', 'GET')).body.toString()).toBe('second');
      expect((await send('own/deep', 'GET')).body.toString()).toContain('note.txt');
      expect((await send('own/deep/note.txt', 'PUT', 'x', READER)).status).toBe(403);
      expect((await send(`${directory}/${stem}.vmdk`, 'PUT', 'x')).status).toBe(403);
      expect((await send(`${directory}/${stem}-flat.vmdk`, 'DELETE')).status).toBe(403);
      expect((await send('own/deep/note.txt', 'DELETE')).status).toBe(204);
      expect((await send('own/deep/note.txt', 'DELETE')).status).toBe(404);
      expect((await send('own', 'PATCH', 'x')).status).toBe(405);
    }));

  test('one session serves all requests of a user with Basic, and its cookie is as good', () =>
    vc.run(async () => {
      const stranger = vc.anonymous();
      const cookies = new Set<string>();
      for (let i = 0; i < 5; i++)
        cookies.add(
          (await vc.anonymous().file(at(`${directory}/${stem}.vmdk`), basic(), 'HEAD')).headers[
            'set-cookie'
          ]![0]!,
        );
      expect(cookies.size).toBe(1);
      stranger.cookie = [...cookies][0]!;
      expect((await stranger.file(at(`${directory}/${stem}.vmdk`))).status).toBe(200);
      await vc.pass(31 * MINUTE);
      expect((await stranger.file(at(`${directory}/${stem}.vmdk`))).status).toBe(401);
      soap = await vc.session();
    }));
});

test.each([
  [undefined, 100, { start: 0, length: 100, isPart: false }],
  ['bytes=0-0', 100, { start: 0, length: 1, isPart: true }],
  ['bytes=99-', 100, { start: 99, length: 1, isPart: true }],
  ['bytes=-0', 100, undefined],
  ['bytes=-500', 100, { start: 0, length: 100, isPart: true }],
  ['bytes=100-', 100, undefined],
  ['bytes=5-1', 100, { start: 0, length: 100, isPart: false }],
  ['bytes=0-1,3-4', 100, { start: 0, length: 100, isPart: false }],
  ['items=0-1', 100, { start: 0, length: 100, isPart: false }],
  ['bytes=-', 100, { start: 0, length: 100, isPart: false }],
])('the range %s of %i bytes', (header, size, span) => expect(spanOf(header, size)).toEqual(span));

describe('the datastore browser', () => {
  const search = async (method: string, path: string, spec = '') => {
    const { browser } = await soap.read(`Datastore:${await datastoreId()}`, 'browser');
    return run(method, `<datastorePath>${path}</datastorePath>${spec}`, refOf(browser!));
  };
  const datastoreId = async () => {
    const { datastore: list } = await soap.read(vm, 'datastore');
    for (const reference of list!.children) {
      const { name } = await soap.read(refOf(reference), 'name');
      if (name!.text === datastore) return reference.text;
    }
    throw new Error('the machine is not on its datastore');
  };

  test('finds what /folder serves', () =>
    vc.run(async () => {
      const info = await search('SearchDatastore_Task', `[${datastore}] ${directory}`);
      expect(info.at('result').attributes['xsi:type']).toBe('HostDatastoreBrowserSearchResults');
      expect(info.at('result/folderPath').text).toBe(`[${datastore}] ${directory}/`);
      const names = info.all('path').map((path) => path.text);
      for (const name of [`${stem}.vmdk`, `${stem}-flat.vmdk`, `${vc.estate.machines()[0]!.name}.vmx`]) {
        expect(names).toContain(name);
        expect((await soap.file(at(`${directory}/${name}`), {}, 'HEAD')).status).toBe(200);
      }
    }));

  test('finds disks with their details through all folders, as libvirt asks', () =>
    vc.run(async () => {
      const spec =
        '<searchSpec><query xsi:type="VmDiskFileQuery"><details><diskType>true</diskType><capacityKb>true</capacityKb><hardwareVersion>false</hardwareVersion><controllerType>true</controllerType></details></query>' +
        `<details><fileType>true</fileType><fileSize>true</fileSize><modification>true</modification><fileOwner>false</fileOwner></details><matchPattern>${stem}*</matchPattern></searchSpec>`;
      const info = await search('SearchDatastoreSubFolders_Task', `[${datastore}]`, spec);
      expect(info.at('result').attributes['xsi:type']).toBe('ArrayOfHostDatastoreBrowserSearchResults');
      const files = info.all('file');
      expect(files.map((file) => [file.attributes['xsi:type'], file.at('path').text])).toEqual([
        ['VmDiskFileInfo', `${stem}.vmdk`],
      ]);
      expect(files[0]!.at('capacityKb').text).toBe(String(diskOf().facts.sizeBytes / 1024));
      expect(files[0]!.at('diskType').text).toBe('VirtualDiskFlatVer2BackingInfo');
    }));

  test("a folder that is not there is the task's FileNotFound; another datastore is refused at once", () =>
    vc.run(async () => {
      const info = await search('SearchDatastore_Task', `[${datastore}] nowhere`);
      expect(info.at('error/fault').attributes['xsi:type']).toBe('FileNotFound');
      const { browser } = await soap.read(`Datastore:${await datastoreId()}`, 'browser');
      for (const [path, fault] of [
        ['[elsewhere] x', 'InvalidDatastore'],
        ['x/y', 'InvalidDatastorePath'],
      ])
        expect(
          (await soap.call('SearchDatastore_Task', refOf(browser!), `<datastorePath>${path}</datastorePath>`))
            .fault,
        ).toBe(fault);
    }));
});
