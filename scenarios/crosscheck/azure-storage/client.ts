/**
 * The official SDK, @azure/storage-blob, at work against a blob endpoint given on the command line. Runs in a
 * process of its own, because NODE_EXTRA_CA_CERTS is read only at its start. Prints one JSON object:
 * what the SDK saw, case by case; the test next door says what it should have seen.
 */
import { createHash } from 'node:crypto';
import { text } from 'node:stream/consumers';
import type { AppendBlobClient } from '@azure/storage-blob';
import { service } from './blob-account.ts';
import { all, bytes, finish, group, ranges, refusal, seen } from './case-kit.ts';
import { signatures } from './signatures.ts';

const MIB = 1024 * 1024;

const sha256 = (data: Uint8Array): string => createHash('sha256').update(data).digest('hex').slice(0, 16);

async function containers(): Promise<void> {
  for (const name of ['box-a', 'box-b', 'other'])
    await service.createContainer(name, { metadata: { made: name } });
  const box = service.getContainerClient('box-a');
  seen['container twice'] = await refusal(() => box.create());
  const properties = await box.getProperties();
  seen['container metadata'] = properties.metadata;
  seen['container lease'] = `${properties.leaseState} ${properties.leaseStatus}`;
  await box.setMetadata({ colour: 'green' });
  seen['container metadata set'] = (await box.getProperties()).metadata;
  seen['containers by prefix'] = (await all(service.listContainers({ prefix: 'box' }))).map(
    ({ name }) => name,
  );
  const pages = await all(service.listContainers({ includeMetadata: true }).byPage({ maxPageSize: 2 }));
  seen['container pages'] = pages.map(({ containerItems }) => containerItems.length);
  await service.deleteContainer('box-b');
  seen['container gone'] = await refusal(() => service.getContainerClient('box-b').getProperties());
  seen['two-letter container'] = await refusal(() => service.createContainer('ab'));
  seen['container with capitals'] = await refusal(() => service.createContainer('Box-c'));
}

async function blockBlobs(): Promise<void> {
  const box = service.getContainerClient('box-a');
  const small = box.getBlockBlobClient('docs/hello.txt');
  const made = await small.upload('hello', 5, {
    blobHTTPHeaders: { blobContentType: 'text/plain', blobCacheControl: 'no-cache' },
    // the service sorts these names as words, not by their codes, when it checks the signature
    metadata: { Author: 'me', a_b: '1', a1: '2', ab: '3' },
  });
  seen['upload md5'] = Buffer.from(made.contentMD5 ?? []).toString('hex');
  const properties = await small.getProperties();
  seen['blob properties'] = [
    properties.contentType,
    properties.cacheControl,
    properties.contentLength,
    Buffer.from(properties.contentMD5 ?? []).toString('hex'),
    properties.metadata,
    properties.blobType,
  ];
  seen['etag is stable'] = properties.etag === made.etag;
  const download = await small.download(1, 3);
  seen['range download'] = [
    await text(download.readableStreamBody!),
    download.contentRange,
    download._response.status,
  ];
  seen['past the end'] = await refusal(() => small.download(5, 3));
  seen['download all'] = (await small.downloadToBuffer()).toString();
  seen['no such blob'] = await refusal(() => box.getBlobClient('nope').getProperties());
  seen['no such blob, read'] = await refusal(() => box.getBlobClient('nope').download());
  seen['empty blob'] = (
    await box
      .getBlockBlobClient('empty')
      .upload('', 0)
      .then(() => box.getBlobClient('empty').downloadToBuffer())
  ).length;

  const staged = box.getBlockBlobClient('staged');
  const ids = ['first', 'secnd', 'third'].map((name) => Buffer.from(name).toString('base64'));
  for (const [i, id] of ids.entries()) await staged.stageBlock(id, bytes(100_000 + i, i), 100_000 + i);
  const before = await staged.getBlockList('all');
  seen['uncommitted blocks'] = before.uncommittedBlocks?.map(({ size }) => size);
  seen['uncommitted is no blob'] = await refusal(() => staged.getProperties());
  seen['unknown block'] = await refusal(() =>
    staged.commitBlockList([ids[0]!, Buffer.from('fourt').toString('base64')]),
  );
  await staged.commitBlockList([ids[2]!, ids[0]!, ids[1]!]);
  const expected = Buffer.concat([bytes(100_002, 2), bytes(100_000, 0), bytes(100_001, 1)]);
  seen['blocks in order'] = (await staged.downloadToBuffer()).equals(expected);
  seen['committed blocks'] = (await staged.getBlockList('committed')).committedBlocks?.map(
    ({ size }) => size,
  );
  await staged.commitBlockList([ids[0]!]);
  seen['recommitted'] = (await staged.getProperties()).contentLength;
  seen['bad block id'] = await refusal(() => staged.stageBlock('not base64!', 'x', 1));

  const large = box.getBlockBlobClient('large');
  const data = bytes(21 * MIB + 5, 7);
  await large.uploadData(data, { blockSize: 8 * MIB, concurrency: 3, maxSingleShotSize: MIB });
  seen['large round trip'] = sha256(await large.downloadToBuffer()) === sha256(data);
  seen['large in the middle'] = (await large.downloadToBuffer(8 * MIB - 3, 10)).equals(
    data.subarray(8 * MIB - 3, 8 * MIB + 7),
  );
  seen['page range of a block blob'] = await refusal(() =>
    box.getPageBlobClient('large').getPageRanges(0, 512),
  );

  for (const name of ['a/1', 'a/2', 'b/1', 'c'])
    await box.getBlockBlobClient(`tree/${name}`).upload(name, name.length);
  const flat = await all(box.listBlobsFlat({ prefix: 'tree/' }).byPage({ maxPageSize: 3 }));
  seen['flat pages'] = flat.map(({ segment }) => segment.blobItems.map(({ name }) => name));
  const levels = await all(box.listBlobsByHierarchy('/', { prefix: 'tree/' }).byPage({ maxPageSize: 2 }));
  seen['hierarchy pages'] = levels.map(({ segment }) => [
    (segment.blobPrefixes ?? []).map(({ name }) => name),
    segment.blobItems.map(({ name }) => name),
  ]);
  const odd = box.getBlockBlobClient('odd/ü %41&x=1 #?.txt');
  await odd.upload('odd', 3);
  seen['odd name'] = [
    (await odd.downloadToBuffer()).toString(),
    (await all(box.listBlobsFlat({ prefix: 'odd' })))[0]?.name,
  ];
}

async function checksums(): Promise<void> {
  const box = service.getContainerClient('box-a');
  const blob = box.getBlockBlobClient('checked');
  const data = bytes(5 * MIB + 123, 3);
  const md5 = (of: Uint8Array): Buffer => createHash('md5').update(of).digest();
  const id = Buffer.from('0001').toString('base64');
  await blob.stageBlock(id, data, data.length, { transactionalContentMD5: md5(data) });
  seen['wrong md5'] = await refusal(() =>
    blob.stageBlock(id, data, data.length, { transactionalContentMD5: md5(bytes(1, 1)) }),
  );
  seen['wrong crc64'] = await refusal(() =>
    blob.stageBlock(id, data, data.length, { transactionalContentCrc64: new Uint8Array(8) }),
  );
  await blob.commitBlockList([id]);
  seen['checked size'] = (await blob.getProperties()).contentLength;
  const range = await blob.download(100, 1000, { rangeGetContentMD5: true });
  await text(range.readableStreamBody!);
  seen['range md5'] = Buffer.from(range.contentMD5 ?? []).equals(md5(data.subarray(100, 1100)));
  const rangeCrc = await blob.download(100, 1000, { rangeGetContentCrc64: true });
  await text(rangeCrc.readableStreamBody!);
  seen['range crc64'] = Buffer.from(rangeCrc.contentCrc64 ?? []).length;

  // the SDK computes and checks CRC-64 itself, with its own code, and sends and reads bodies in segments
  const checked = { contentChecksumAlgorithm: 'StorageCrc64' } as const;
  const structured = box.getBlockBlobClient('structured');
  await structured.upload(data, data.length, checked);
  const body = await structured.download(0, undefined, checked);
  const chunks: Buffer[] = [];
  for await (const chunk of body.readableStreamBody! as AsyncIterable<Buffer>) chunks.push(chunk);
  seen['structured round trip'] = Buffer.concat(chunks).equals(data);
  seen['structured is stored plainly'] = (await structured.downloadToBuffer()).equals(data);
  const page = box.getPageBlobClient('structured-pages');
  await page.create(MIB);
  await page.uploadPages(data.subarray(0, 4096), 512, 4096, checked);
  seen['structured pages'] = (await page.downloadToBuffer(512, 4096)).equals(data.subarray(0, 4096));
  const stored = await box.getBlockBlobClient('crc').stageBlock(id, data, data.length);
  seen['service crc64'] = Buffer.from(stored.xMsContentCrc64 ?? []).toString('hex');
}

async function pageBlobs(): Promise<void> {
  const box = service.getContainerClient('box-a');
  const TIB = 1024 ** 4;
  const huge = box.getPageBlobClient('huge.vhd');
  await huge.create(8 * TIB, { blobSequenceNumber: 3 });
  seen['9 TiB'] = await refusal(() => box.getPageBlobClient('huger').create(9 * TIB));
  seen['odd size'] = await refusal(() => box.getPageBlobClient('odd').create(1000));
  const data = bytes(4 * MIB, 5);
  await huge.uploadPages(data, 0, data.length);
  await huge.uploadPages(data.subarray(0, 1024), 8 * TIB - 1024, 1024);
  await huge.uploadPages(data.subarray(0, 512), 4 * MIB, 512);
  seen['huge ranges'] = ranges((await huge.getPageRanges(0, 8 * TIB)).pageRange);
  seen['huge end'] = (await huge.downloadToBuffer(8 * TIB - 2048, 2048)).equals(
    Buffer.concat([Buffer.alloc(1024), data.subarray(0, 1024)]),
  );
  seen['pages past the end'] = await refusal(() => huge.uploadPages(data.subarray(0, 512), 8 * TIB, 512));
  seen['pages too large'] = await refusal(() => huge.uploadPages(bytes(4 * MIB + 512, 1), 0, 4 * MIB + 512));
  seen['pages not aligned'] = await refusal(() => huge.uploadPages(data.subarray(0, 512), 100, 512));

  const disk = box.getPageBlobClient('disk.vhd');
  await disk.create(64 * MIB);
  await disk.uploadPages(data.subarray(0, MIB), 0, MIB);
  const first = (await disk.createSnapshot()).snapshot!;
  await disk.uploadPages(data.subarray(0, 512), 1024, 512);
  await disk.uploadPages(data.subarray(0, 4096), 32 * MIB, 4096);
  await disk.clearPages(65_536, 65_536);
  seen['diff'] = await disk
    .getPageRangesDiff(0, 64 * MIB, first)
    .then((d) => [ranges(d.pageRange), ranges(d.clearRange)]);
  const second = (await disk.createSnapshot()).snapshot!;
  await disk.clearPages(0, 64 * MIB);
  seen['diff of snapshots'] = await disk
    .withSnapshot(second)
    .getPageRangesDiff(0, 64 * MIB, first)
    .then((d) => [ranges(d.pageRange), ranges(d.clearRange)]);
  seen['ranges after clear'] = ranges((await disk.getPageRanges(0, 64 * MIB)).pageRange);
  seen['snapshot kept'] = (await disk.withSnapshot(first).downloadToBuffer(0, MIB)).equals(
    data.subarray(0, MIB),
  );
  seen['diff to a missing snapshot'] = await refusal(() =>
    disk.getPageRangesDiff(0, 512, '2020-01-01T00:00:00.0000000Z'),
  );
  await disk.create(64 * MIB);
  seen['diff after recreation'] = await refusal(() => disk.getPageRangesDiff(0, 512, first));
  seen['delete with snapshots'] = await refusal(() => disk.delete());
  const listed = await all(box.listBlobsFlat({ prefix: 'disk.vhd', includeSnapshots: true }));
  seen['listed snapshots'] = listed.map(({ snapshot }) =>
    snapshot === first ? 'first' : snapshot === second ? 'second' : 'base',
  );
  await disk.delete({ deleteSnapshots: 'include' });
  seen['deleted'] = await disk.exists();

  const scattered = box.getPageBlobClient('scattered');
  await scattered.create(64 * MIB);
  for (let i = 0; i < 25; i++) await scattered.uploadPages(data.subarray(0, 512), i * 8192, 512);
  const pages = await all(scattered.listPageRanges(0, 64 * MIB).byPage({ maxPageSize: 10 }));
  seen['range pages'] = pages.map(({ pageRange }) => pageRange?.length);
  await scattered.resize(8192);
  seen['resized'] = [
    (await scattered.getProperties()).contentLength,
    ranges((await scattered.getPageRanges(0, 8192)).pageRange),
  ];

  const numbered = box.getPageBlobClient('huge.vhd');
  seen['sequence number'] = (await numbered.getProperties()).blobSequenceNumber;
  await numbered.updateSequenceNumber('increment');
  await numbered.updateSequenceNumber('max', 2);
  seen['sequence number raised'] = (await numbered.getProperties()).blobSequenceNumber;
  seen['sequence number condition'] = await refusal(() =>
    numbered.uploadPages(data.subarray(0, 512), 0, 512, { conditions: { ifSequenceNumberLessThan: 4 } }),
  );
}

async function leases(): Promise<void> {
  const blob = service.getContainerClient('box-a').getBlockBlobClient('leased');
  await blob.upload('x', 1);
  const lease = blob.getBlobLeaseClient();
  const { leaseId } = await lease.acquireLease(15);
  const conditions = { leaseId: leaseId! };
  seen['write without the lease'] = await refusal(() => blob.upload('y', 1));
  seen['second lease'] = await refusal(() => blob.getBlobLeaseClient().acquireLease(15));
  const other = '11111111-2222-3333-4444-555555555555';
  seen['write with another lease'] = await refusal(() =>
    blob.upload('y', 1, { conditions: { leaseId: other } }),
  );
  await blob.upload('y', 1, { conditions });
  await lease.renewLease();
  await lease.changeLease(other);
  seen['leased'] = await blob.getProperties().then((p) => [p.leaseState, p.leaseStatus, p.leaseDuration]);
  seen['break'] = (await lease.breakLease(0)).leaseTime;
  seen['renew when broken'] = await refusal(() => lease.renewLease());
  seen['broken'] = (await blob.getProperties()).leaseState;
  await lease.releaseLease();
  seen['released'] = (await blob.getProperties()).leaseState;
  seen['break without a lease'] = await refusal(() => lease.breakLease(0));
  const boxLease = service.getContainerClient('other').getBlobLeaseClient();
  await boxLease.acquireLease(-1);
  seen['delete a leased container'] = await refusal(() => service.deleteContainer('other'));
  await service.deleteContainer('other', { conditions: { leaseId: boxLease.leaseId } });
}

async function conditions(): Promise<void> {
  const blob = service.getContainerClient('box-a').getBlockBlobClient('conditional');
  const { etag } = await blob.upload('1', 1, { conditions: { ifNoneMatch: '*' } });
  seen['create twice'] = await refusal(() => blob.upload('2', 1, { conditions: { ifNoneMatch: '*' } }));
  seen['unchanged'] = await refusal(() => blob.download(0, 1, { conditions: { ifNoneMatch: etag! } }));
  await blob.upload('2', 1, { conditions: { ifMatch: etag! } });
  seen['changed meanwhile'] = await refusal(() => blob.upload('3', 1, { conditions: { ifMatch: etag! } }));
  seen['read what changed'] = await refusal(() => blob.download(0, 1, { conditions: { ifMatch: etag! } }));
  const past = new Date(Date.now() - 3_600_000);
  seen['modified since'] = await refusal(() =>
    blob.getProperties({ conditions: { ifUnmodifiedSince: past } }),
  );
}

async function appendAndCopy(): Promise<void> {
  const box = service.getContainerClient('box-a');
  const log: AppendBlobClient = box.getAppendBlobClient('log');
  await log.create();
  for (const part of ['one ', 'two ', 'three']) await log.appendBlock(part, part.length);
  seen['appended'] = [
    (await log.downloadToBuffer()).toString(),
    (await log.getProperties()).blobCommittedBlockCount,
  ];
  seen['append position'] = await refusal(() =>
    log.appendBlock('x', 1, { conditions: { appendPosition: 3 } }),
  );
  const source = box.getPageBlobClient('to-copy');
  await source.create(MIB);
  await source.uploadPages(bytes(512, 1), 512, 512);
  const target = box.getPageBlobClient('copied');
  const poller = await target.beginCopyFromURL(source.url);
  seen['copy'] = (await poller.pollUntilDone()).copyStatus;
  await source.uploadPages(bytes(512, 2), 512, 512);
  seen['copy is apart'] = (await target.downloadToBuffer(512, 512)).equals(bytes(512, 1));
  seen['copied ranges'] = ranges((await target.getPageRanges(0, MIB)).pageRange);
  seen['not offered'] = await refusal(() => box.getBlobClient('docs/hello.txt').setLegalHold(true));
}

async function information(): Promise<void> {
  seen['account kind'] = (await service.getAccountInfo()).accountKind;
}

const groups = [containers, blockBlobs, checksums, pageBlobs, leases, conditions, appendAndCopy, signatures];
for (const cases of [...groups, information]) await group(cases);
finish();
