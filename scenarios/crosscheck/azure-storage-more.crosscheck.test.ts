/** The less common operations of our blob service, judged by the official SDK over real TLS. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { SECOND } from '#core/units.ts';
import { ACCOUNT, expectSeen, type ServedStorage, servedStorage } from './azure-storage/served.ts';

let served: ServedStorage;
let seen: Record<string, unknown>;

beforeAll(async () => {
  served = await servedStorage({ geoLagMs: SECOND });
  const { storage } = served;
  storage.updateAccount(ACCOUNT, { containerRetentionDays: 7 });
  seen = await served.run('./blobs-more.ts', {
    otherKey: storage.createAccount('otheraccount').keys[0],
    readableKey: storage.createAccount('readable', { redundancy: 'RA-GRS' }).keys[0],
  });
}, 60_000);

afterAll(() => served.stop());

test('copies from URLs: at once, block by block, page by page; pending and aborted between accounts', () => {
  expectSeen(seen, {
    synced: 201,
    'synced properties': ['text/plain', { made: 'here' }, 1],
    'synced content': true,
    blocks: true,
    pages: true,
    'pages beyond': '416 InvalidRange',
    'pages not whole': '416 InvalidPageRange',
    appended: true,
    sealed: '409 BlobIsSealed',
    'source gone': '403 CannotVerifyCopySource',
    'source forbidden': 'accepted',
    'source changed': '412 ConditionNotMet',
    'source checksum': '400 Md5Mismatch',
    'foreign source': '404 CannotVerifyCopySource',
    'copied from url': 'success',
    'by token': 201,
    pending: ['pending', 0],
    'written while pending': '409 PendingCopyOperation',
    'aborted with a wrong id': '409 CopyIdMismatch',
    aborted: ['aborted', 0],
    'aborted twice': '409 NoPendingCopyOperation',
    across: ['success', 'small'],
  });
});

test('incremental copies follow the snapshots of a page blob', () => {
  expectSeen(seen, {
    incremental: 'success',
    'incremental again': 'success',
    'incremental properties': [true, 'string'],
    'incremental content': true,
    'incremental backwards': '409 IncrementalCopyOfEarlierSnapshotNotAllowed',
    'incremental of no snapshot': '409 IncrementalCopySourceMustBeSnapshot',
    'incremental is not read': '409 BlobOperationNotSupported',
  });
});

test('tags are set, found by and asked for as conditions', () => {
  expectSeen(seen, {
    tags: { kind: 'test', project: 'alpha' },
    'tags set': { 'a b': 'c:d', project: 'gamma' },
    found: ['box/t3'],
    'found in a container': ['box/t1', 'box/t2'],
    'found by container': [['t2', { project: 'beta' }]],
    'found in pages': [2, 1],
    'bad query': '400 InvalidQueryParameterValue',
    'too many tags': '400 TagsTooLarge',
    'bad tag': '400 InvalidTag',
    'if tags': ['412 ConditionNotMet', 'accepted'],
    'listed tags': { kind: 'test', project: 'beta' },
  });
});

test('tiers and batches', () => {
  expectSeen(seen, {
    tier: 'Cool',
    archived: ['Archive', '409 BlobArchived'],
    rehydrating: [202, 'rehydrate-pending-to-hot', 'Archive'],
    'bad tier': '400 InvalidHeaderValue',
    'tier of pages': '409 InvalidBlobType',
    'batch tiers': [
      1,
      [
        [200, null],
        [404, 'BlobNotFound'],
      ],
      'Cool',
    ],
    'batch deletes': [3, [202, 202, 202], false],
    'container batch': [202, 202, 202],
  });
});

test('what was deleted or overwritten can be had back while it is kept', () => {
  expectSeen(seen, {
    'retention before': false,
    retention: { enabled: true, days: 7 },
    gone: '404 BlobNotFound',
    'listed deleted': [
      [true, true, 7],
      [true, false, 7],
    ],
    back: 'two',
    overwritten: 'one',
    'nothing to undelete': '404 BlobNotFound',
    'deleted container': ['kept', 7],
    restored: 'inside',
  });
});

test('the secondary endpoint is read, a little later, and not written', () => {
  expectSeen(seen, {
    behind: '404 ContainerNotFound',
    'caught up': 'hello',
    'written there': '403 InsufficientAccountPermissions',
    statistics: ['live', true],
    'statistics here': '400 InvalidQueryParameterValue',
    account: 'Standard_RAGRS',
  });
});

test('signatures and requests for what is not offered are refused', () => {
  expectSeen(seen, {
    'sas for a scope': '404 EncryptionScopeNotFound',
    'sas from elsewhere': '403 AuthorizationSourceIPMismatch',
    'sas from here': 'accepted',
    'sas not yet': '403 AuthenticationFailed',
    'customer key': '400 UnsupportedHeader',
    versions: '400 InvalidQueryParameterValue',
  });
});

test('and met no bug of ours on the way', () => expect(served.bugs()).toBe(0));
