/**
 * The official SDK, @azure/storage-blob, at the less common operations: copies from URLs, tags, tiers, batches,
 * soft delete, service properties, the secondary endpoint. Prints what it saw; the test next door says what it
 * should have seen.
 */
import { text } from 'node:stream/consumers';
import {
  BlobBatchClient,
  BlobSASPermissions,
  BlobServiceClient,
  BlockBlobClient,
  ContainerClient,
  generateBlobSASQueryParameters,
  type PageBlobClient,
  StorageSharedKeyCredential,
} from '@azure/storage-blob';
import { all, bytes, finish, group, inOneHour, input, refusal, retryOptions, seen } from './case-kit.ts';

const MIB = 1024 * 1024;
const { origin, account, key, bearer } = input;
const { otherKey, readableKey } = input as unknown as { otherKey: string; readableKey: string };
const credential = new StorageSharedKeyCredential(account, key);
const options = { retryOptions };
const service = new BlobServiceClient(`${origin}/${account}`, credential, options);
await service.createContainer('box');
const box = service.getContainerClient('box');

async function copies(): Promise<void> {
  const data = bytes(3 * MIB + 7, 1);
  const source = box.getBlockBlobClient('source');
  await source.uploadData(data, {
    metadata: { made: 'here' },
    blobHTTPHeaders: { blobContentType: 'text/plain' },
    tags: { kind: 'source' },
  });
  const sas = await source.generateSasUrl({
    permissions: BlobSASPermissions.parse('rt'),
    expiresOn: inOneHour,
  });
  const synced = box.getBlockBlobClient('synced');
  seen['synced'] = (await synced.syncUploadFromURL(sas, { tags: { kind: 'copy' } }))._response.status;
  const properties = await synced.getProperties();
  seen['synced properties'] = [properties.contentType, properties.metadata, properties.tagCount];
  seen['synced content'] = (await synced.downloadToBuffer()).equals(data);
  const blocks = box.getBlockBlobClient('blocks');
  const ids = ['0001', '0002'].map((id) => Buffer.from(id).toString('base64'));
  await blocks.stageBlockFromURL(ids[0]!, sas, MIB, 2 * MIB);
  await blocks.stageBlockFromURL(ids[1]!, sas, 0, 10);
  await blocks.commitBlockList([ids[1]!, ids[0]!]);
  seen['blocks'] = (await blocks.downloadToBuffer()).equals(
    Buffer.concat([data.subarray(0, 10), data.subarray(MIB, 3 * MIB)]),
  );
  const pages = box.getPageBlobClient('pages');
  await pages.create(4 * MIB);
  await pages.uploadPagesFromURL(sas, 512, MIB, MIB);
  seen['pages'] = (await pages.downloadToBuffer(MIB, MIB)).equals(data.subarray(512, MIB + 512));
  seen['pages beyond'] = await refusal(() => pages.uploadPagesFromURL(sas, 3 * MIB, 0, MIB));
  seen['pages not whole'] = await refusal(() => pages.uploadPagesFromURL(sas, 1, 0, 512));
  const log = box.getAppendBlobClient('log');
  await log.create();
  await log.appendBlockFromURL(sas, 3, 5);
  await log.appendBlockFromURL(sas, 0, 2);
  seen['appended'] = (await log.downloadToBuffer()).equals(
    Buffer.concat([data.subarray(3, 8), data.subarray(0, 2)]),
  );
  await log.seal();
  seen['sealed'] = await refusal(() => log.appendBlock('x', 1));
  seen['source gone'] = await refusal(() => synced.syncUploadFromURL(sas.replace('source', 'nothing')));
  seen['source forbidden'] = await refusal(() => synced.syncUploadFromURL(source.url));
  seen['source changed'] = await refusal(() =>
    synced.syncUploadFromURL(sas, { sourceConditions: { ifMatch: '"0x1"' } }),
  );
  seen['source checksum'] = await refusal(() =>
    synced.syncUploadFromURL(sas, { sourceContentMD5: new Uint8Array(16) }),
  );
  seen['foreign source'] = await refusal(() => synced.syncUploadFromURL('https://example.com/box/blob'));
  seen['copied from url'] = (await box.getBlobClient('waited').syncCopyFromURL(sas)).copyStatus;
  const token = { scheme: 'Bearer', value: bearer };
  seen['by token'] = (
    await synced.syncUploadFromURL(source.url, { sourceAuthorization: token })
  )._response.status;

  // between accounts a copy takes the time that its bytes take
  const other = new StorageSharedKeyCredential('otheraccount', otherKey);
  const away = new BlobServiceClient(`${origin}/otheraccount`, other, options);
  await away.createContainer('far');
  const large = away.getContainerClient('far').getPageBlobClient('large');
  await large.create(1024 * MIB);
  await large.uploadPages(data.subarray(0, MIB), 0, MIB);
  const largeUrl = await large.generateSasUrl({
    permissions: BlobSASPermissions.parse('r'),
    expiresOn: inOneHour,
  });
  const target = box.getPageBlobClient('arriving');
  const poller = await target.beginCopyFromURL(largeUrl, { intervalInMs: 10_000 });
  const pending = await target.getProperties();
  seen['pending'] = [pending.copyStatus, pending.contentLength];
  seen['written while pending'] = await refusal(() => target.uploadPages(data.subarray(0, 512), 0, 512));
  seen['aborted with a wrong id'] = await refusal(() =>
    target.abortCopyFromURL('11111111-2222-3333-4444-555555555555'),
  );
  await target.abortCopyFromURL(pending.copyId!);
  const aborted = await target.getProperties();
  seen['aborted'] = [aborted.copyStatus, aborted.contentLength];
  seen['aborted twice'] = await refusal(() => target.abortCopyFromURL(pending.copyId!));
  poller.stopPolling();
  const small = away.getContainerClient('far').getBlockBlobClient('small');
  await small.upload('small', 5);
  const smallUrl = await small.generateSasUrl({
    permissions: BlobSASPermissions.parse('r'),
    expiresOn: inOneHour,
  });
  const done = await (await box.getBlobClient('small').beginCopyFromURL(smallUrl)).pollUntilDone();
  seen['across'] = [done.copyStatus, (await box.getBlobClient('small').downloadToBuffer()).toString()];
}

async function incremental(): Promise<void> {
  const disk = box.getPageBlobClient('disk');
  await disk.create(MIB);
  await disk.uploadPages(bytes(512, 1), 0, 512);
  const snapshot = async (): Promise<PageBlobClient> =>
    disk.withSnapshot((await disk.createSnapshot()).snapshot!);
  const backup = box.getPageBlobClient('backup');
  const first = await snapshot();
  const copy = async (from: PageBlobClient) => (await backup.startCopyIncremental(from.url)).copyStatus;
  seen['incremental'] = await copy(first);
  await disk.uploadPages(bytes(512, 2), 512, 512);
  const second = await snapshot();
  seen['incremental again'] = await copy(second);
  const properties = await backup.getProperties();
  seen['incremental properties'] = [properties.isIncrementalCopy, typeof properties.destinationSnapshot];
  seen['incremental content'] = (
    await backup.withSnapshot(properties.destinationSnapshot!).downloadToBuffer(0, 1024)
  ).equals(Buffer.concat([bytes(512, 1), bytes(512, 2)]));
  seen['incremental backwards'] = await refusal(() => copy(first));
  seen['incremental of no snapshot'] = await refusal(() => copy(disk));
  seen['incremental is not read'] = await refusal(() => backup.download());
}

async function tags(): Promise<void> {
  for (const [name, project] of [
    ['t1', 'alpha'],
    ['t2', 'beta'],
    ['t3', 'alpha'],
  ] as const)
    await box.getBlockBlobClient(name).upload(name, name.length, { tags: { project, kind: 'test' } });
  const blob = box.getBlockBlobClient('t1');
  seen['tags'] = (await blob.getTags()).tags;
  await blob.setTags({ project: 'gamma', 'a b': 'c:d' });
  seen['tags set'] = (await blob.getTags()).tags;
  const found = async (where: string) =>
    (await all(service.findBlobsByTags(where))).map((b) => `${b.containerName}/${b.name}`);
  seen['found'] = await found(`project='alpha' AND kind='test'`);
  seen['found in a container'] = await found(`@container='box' AND project > 'alpha'`);
  seen['found by container'] = (await all(box.findBlobsByTags(`project='beta'`))).map((b) => [
    b.name,
    b.tags,
  ]);
  seen['found in pages'] = (
    await all(service.findBlobsByTags(`project >= 'a'`).byPage({ maxPageSize: 2 }))
  ).map((page) => page.blobs.length);
  seen['bad query'] = await refusal(() => found('project is alpha'));
  seen['too many tags'] = await refusal(() =>
    blob.setTags(Object.fromEntries(Array.from({ length: 11 }, (_, i) => [`k${i}`, 'v']))),
  );
  seen['bad tag'] = await refusal(() => blob.setTags({ k: 'a!b' }));
  seen['if tags'] = [
    await refusal(() => blob.upload('x', 1, { conditions: { tagConditions: `project = 'alpha'` } })),
    await refusal(() =>
      blob.getProperties({ conditions: { tagConditions: `project = 'gamma' OR x = 'y'` } }),
    ),
  ];
  const listed = await all(box.listBlobsFlat({ prefix: 't2', includeTags: true }));
  seen['listed tags'] = listed[0]?.tags;
}

async function tiersAndBatches(): Promise<void> {
  const cold = box.getBlockBlobClient('cold');
  await cold.upload('cold', 4, { tier: 'Cool' });
  seen['tier'] = (await cold.getProperties()).accessTier;
  await cold.setAccessTier('Archive');
  seen['archived'] = [(await cold.getProperties()).accessTier, await refusal(() => cold.download())];
  const back = await cold.setAccessTier('Hot', { rehydratePriority: 'High' });
  const properties = await cold.getProperties();
  seen['rehydrating'] = [back._response.status, properties.archiveStatus, properties.accessTier];
  seen['bad tier'] = await refusal(() => cold.setAccessTier('P10'));
  seen['tier of pages'] = await refusal(() => box.getPageBlobClient('disk').setAccessTier('Cool'));

  const names = ['b1', 'b2', 'b3'];
  for (const name of names) await box.getBlockBlobClient(name).upload(name, 2);
  const batch = service.getBlobBatchClient();
  const tiers = await batch.setBlobsAccessTier(
    ['b1', 'nothing'].map((name) => box.getBlobClient(name)),
    'Cool',
  );
  seen['batch tiers'] = [
    tiers.subResponsesSucceededCount,
    tiers.subResponses.map((r) => [r.status, r.errorCode]),
    (await box.getBlobClient('b1').getProperties()).accessTier,
  ];
  const deleted = await batch.deleteBlobs(names.map((name) => box.getBlobClient(name)));
  seen['batch deletes'] = [
    deleted.subResponsesSucceededCount,
    deleted.subResponses.map((r) => r.status),
    await box.getBlobClient('b2').exists(),
  ];
  for (const name of names) await box.getBlockBlobClient(name).upload(name, 2);
  const containerSas = `${origin}/${account}/box?${generateBlobSASQueryParameters(
    { containerName: 'box', permissions: BlobSASPermissions.parse('d'), expiresOn: inOneHour },
    credential,
  )}`;
  const byContainer = new ContainerClient(containerSas, undefined, options);
  const inContainer = new BlobBatchClient(containerSas, undefined, options);
  const some = await inContainer.deleteBlobs(names.map((name) => byContainer.getBlobClient(name)));
  seen['container batch'] = some.subResponses.map((r) => r.status);
}

async function undeleting(): Promise<void> {
  const before = await service.getProperties();
  seen['retention before'] = before.deleteRetentionPolicy?.enabled;
  await service.setProperties({ ...before, deleteRetentionPolicy: { enabled: true, days: 7 } });
  seen['retention'] = (await service.getProperties()).deleteRetentionPolicy;
  const blob = box.getBlockBlobClient('precious');
  await blob.upload('one', 3);
  await blob.upload('two', 3);
  await blob.delete();
  seen['gone'] = await refusal(() => blob.download());
  const listed = await all(
    box.listBlobsFlat({ prefix: 'precious', includeDeleted: true, includeSnapshots: true }),
  );
  seen['listed deleted'] = listed.map((b) => [
    b.deleted,
    b.snapshot !== undefined,
    b.properties.remainingRetentionDays,
  ]);
  await blob.undelete();
  seen['back'] = (await blob.downloadToBuffer()).toString();
  const after = await all(box.listBlobsFlat({ prefix: 'precious', includeSnapshots: true }));
  const old = after.find(({ snapshot }) => snapshot !== undefined)!;
  seen['overwritten'] = (await blob.withSnapshot(old.snapshot!).downloadToBuffer()).toString();
  seen['nothing to undelete'] = await refusal(() => box.getBlobClient('never').undelete());
  await service.setProperties({ ...before, deleteRetentionPolicy: { enabled: false } });

  await service.createContainer('kept');
  await service.getContainerClient('kept').getBlockBlobClient('inside').upload('inside', 6);
  await service.deleteContainer('kept');
  const deleted = (await all(service.listContainers({ includeDeleted: true }))).find((c) => c.deleted);
  seen['deleted container'] = [deleted?.name, deleted?.properties.remainingRetentionDays];
  const { containerClient } = await service.undeleteContainer('kept', deleted!.version!);
  seen['restored'] = (await containerClient.getBlobClient('inside').downloadToBuffer()).toString();
}

async function secondary(): Promise<void> {
  const credentials = new StorageSharedKeyCredential('readable', readableKey);
  const primary = new BlobServiceClient(`${origin}/readable`, credentials, options);
  const second = new BlobServiceClient(`${origin}/readable-secondary`, credentials, options);
  await primary.createContainer('box');
  const blob = primary.getContainerClient('box').getBlockBlobClient('blob');
  await blob.upload('hello', 5);
  seen['behind'] = await refusal(() => second.getContainerClient('box').getBlobClient('blob').download());
  for (let tries = 0; tries < 100 && !(await second.getContainerClient('box').exists()); tries++)
    await new Promise((done) => setTimeout(done, 50));
  const there = await second.getContainerClient('box').getBlobClient('blob').download();
  seen['caught up'] = await text(there.readableStreamBody!);
  seen['written there'] = await refusal(() => second.createContainer('more'));
  const statistics = await second.getStatistics();
  seen['statistics'] = [
    statistics.geoReplication?.status,
    statistics.geoReplication?.lastSyncOn instanceof Date,
  ];
  seen['statistics here'] = await refusal(() => primary.getStatistics());
  seen['account'] = (await primary.getAccountInfo()).skuName;
}

async function refusals(): Promise<void> {
  const url = (extra: object): string =>
    `${origin}/${account}/box/source?${generateBlobSASQueryParameters(
      {
        containerName: 'box',
        blobName: 'source',
        permissions: BlobSASPermissions.parse('r'),
        expiresOn: inOneHour,
        ...extra,
      },
      credential,
    )}`;
  const read = (extra: object) =>
    refusal(() => new BlockBlobClient(url(extra), undefined, options).getProperties());
  seen['sas for a scope'] = await read({ encryptionScope: 'mine' });
  seen['sas from elsewhere'] = await read({ ipRange: { start: '10.0.0.1', end: '10.0.0.9' } });
  seen['sas from here'] = await read({ ipRange: { start: '127.0.0.1' } });
  seen['sas not yet'] = await read({ startsOn: inOneHour });
  seen['customer key'] = await refusal(() =>
    box.getBlockBlobClient('x').upload('x', 1, {
      customerProvidedKey: { encryptionKey: 'a', encryptionKeySha256: 'b', encryptionAlgorithm: 'AES256' },
    }),
  );
  seen['versions'] = await refusal(() => all(box.listBlobsFlat({ includeVersions: true })));
}

for (const cases of [copies, incremental, tags, tiersAndBatches, undeleting, secondary, refusals])
  await group(cases);
finish();
