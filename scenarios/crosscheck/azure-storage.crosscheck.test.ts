/** Our blob service, judged by the official SDK over real TLS. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MIB } from '#core/units.ts';
import { expectSeen as expectIn, type ServedStorage, servedStorage } from './azure-storage/served.ts';

let served: ServedStorage;
let seen: Record<string, unknown>;
let heldBytes: number;

beforeAll(async () => {
  served = await servedStorage();
  // the first two answers are errors, which the SDK has to get over by itself
  const once = { from: 0, until: Number.MAX_SAFE_INTEGER, times: 1 };
  served.faults.arm({ id: 'busy', at: 'azure.CreateContainer', answer: '503', ...once });
  served.faults.arm({ id: 'cut', at: 'azure.PutBlob', answer: 'reset', ...once });
  seen = await served.run('./client.ts');
  heldBytes = served.storage.usage().heldBytes;
}, 120_000);

afterAll(() => served.stop());

const expectSeen = (expected: Record<string, unknown>): void => expectIn(seen, expected);

describe('@azure/storage-blob takes the simulator for the blob service', () => {
  test('containers', () => {
    expectSeen({
      'container twice': '409 ContainerAlreadyExists',
      'container metadata': { made: 'box-a' },
      'container lease': 'available unlocked',
      'container metadata set': { colour: 'green' },
      'containers by prefix': ['box-a', 'box-b'],
      'container pages': [2, 1],
      'container gone': '404 ContainerNotFound',
      'two-letter container': '400 OutOfRangeInput',
      'container with capitals': '400 InvalidResourceName',
      'account kind': 'StorageV2',
    });
  });

  test('block blobs: blocks, ranges, lists, odd names', () => {
    expectSeen({
      'upload md5': '5d41402abc4b2a76b9719d911017c592',
      'blob properties': [
        'text/plain',
        'no-cache',
        5,
        '5d41402abc4b2a76b9719d911017c592',
        { author: 'me', a_b: '1', a1: '2', ab: '3' },
        'BlockBlob',
      ],
      'etag is stable': true,
      'range download': ['ell', 'bytes 1-3/5', 206],
      'past the end': '416 InvalidRange',
      'download all': 'hello',
      'no such blob': '404 BlobNotFound',
      'no such blob, read': '404 BlobNotFound',
      'empty blob': 0,
      'uncommitted blocks': [100_000, 100_001, 100_002],
      'uncommitted is no blob': '404 BlobNotFound',
      'unknown block': '400 InvalidBlockList',
      'blocks in order': true,
      'committed blocks': [100_002, 100_000, 100_001],
      recommitted: 100_000,
      'bad block id': '400 InvalidBlockId',
      'large round trip': true,
      'large in the middle': true,
      'page range of a block blob': '409 InvalidBlobType',
      'flat pages': [['tree/a/1', 'tree/a/2', 'tree/b/1'], ['tree/c']],
      'hierarchy pages': [
        [['tree/a/', 'tree/b/'], []],
        [[], ['tree/c']],
      ],
      'odd name': ['odd', 'odd/ü %41&x=1 #?.txt'],
    });
  });

  test('checksums: MD5, CRC-64 by the SDK’s own code, bodies in segments', () => {
    expectSeen({
      'wrong md5': '400 Md5Mismatch',
      'wrong crc64': '400 Crc64Mismatch',
      'checked size': 5 * MIB + 123,
      'range md5': true,
      'range crc64': 8,
      'structured round trip': true,
      'structured is stored plainly': true,
      'structured pages': true,
      'service crc64': expect.stringMatching(/^[0-9a-f]{16}$/),
    });
  });

  test('page blobs: 8 TiB, ranges, differences, snapshots, sequence numbers', () => {
    const TIB = 1024 ** 4;
    expectSeen({
      '9 TiB': '400 InvalidHeaderValue',
      'odd size': '400 InvalidHeaderValue',
      'huge ranges': `0+${4 * MIB + 512} ${8 * TIB - 1024}+1024`,
      'huge end': true,
      'pages past the end': '416 InvalidPageRange',
      'pages too large': '413 RequestBodyTooLarge',
      'pages not aligned': '416 InvalidPageRange',
      diff: [`1024+512 ${32 * MIB}+4096`, '65536+65536'],
      'diff of snapshots': [`1024+512 ${32 * MIB}+4096`, '65536+65536'],
      'ranges after clear': '',
      'snapshot kept': true,
      'diff to a missing snapshot': '409 PreviousSnapshotNotFound',
      'diff after recreation': '409 BlobOverwritten',
      'delete with snapshots': '409 SnapshotsPresent',
      'listed snapshots': ['first', 'second', 'base'],
      deleted: false,
      'range pages': [10, 10, 5],
      resized: [8192, '0+512'],
      'sequence number': 3,
      'sequence number raised': 4,
      'sequence number condition': '412 SequenceNumberConditionNotMet',
    });
    expect(heldBytes).toBeLessThan(150 * MIB);
  });

  test('leases and conditions', () => {
    expectSeen({
      'write without the lease': '412 LeaseIdMissing',
      'second lease': '409 LeaseAlreadyPresent',
      'write with another lease': '412 LeaseIdMismatchWithBlobOperation',
      leased: ['leased', 'locked', 'fixed'],
      break: 0,
      'renew when broken': '409 LeaseIsBrokenAndCannotBeRenewed',
      broken: 'broken',
      released: 'available',
      'break without a lease': '409 LeaseNotPresentWithLeaseOperation',
      'delete a leased container': '412 LeaseIdMissing',
      'create twice': '409 BlobAlreadyExists',
      unchanged: '304 ConditionNotMet',
      'changed meanwhile': '412 ConditionNotMet',
      'read what changed': '412 ConditionNotMet',
      'modified since': '412 ConditionNotMet',
    });
  });

  test('append blobs and copies', () => {
    expectSeen({
      appended: ['one two three', 3],
      'append position': '412 AppendPositionConditionNotMet',
      copy: 'success',
      'copy is apart': true,
      'copied ranges': '512+512',
      'not offered': '501 NotImplemented',
    });
  });

  test('who may do what: keys, signatures of every kind and age, policies, tokens', () => {
    expectSeen({
      'account sas reads': 'hello',
      'account sas lists': ['box-a'],
      'account sas writes': '403 AuthorizationPermissionMismatch',
      'container sas lists': ['by-sas'],
      'container sas may not read': '403 AuthorizationPermissionMismatch',
      'sas of older versions': ['sas', 'sas', 'sas', 'sas', 'sas', 'sas'],
      'expired sas': '403 AuthenticationFailed',
      'tampered sas': '403 AuthenticationFailed',
      'create-only sas overwrites': '403 AuthorizationPermissionMismatch',
      'stored policy': [['readers', 'r']],
      'policy sas reads': 'sas',
      'revoked policy': '403 AuthenticationFailed',
      'wrong key': '403 AuthenticationFailed',
      anonymous: '409 PublicAccessNotPermitted',
      'token reads': 'sas',
      'bad token': '401 InvalidAuthenticationInfo',
      'user delegation sas': 'sas',
    });
  });

  test('and met no bug of ours on the way', () => expect(served.bugs()).toBe(0));
});
