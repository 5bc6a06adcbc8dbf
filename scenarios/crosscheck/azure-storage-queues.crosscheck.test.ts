/** Our queue service, judged by the official SDK over real TLS. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { expectSeen, type ServedStorage, servedStorage } from './azure-storage/served.ts';

let served: ServedStorage;
let seen: Record<string, unknown>;

beforeAll(async () => {
  served = await servedStorage();
  seen = await served.run('./queues.ts');
}, 60_000);

afterAll(() => served.stop());

test('@azure/storage-queue: queues are made, listed, described and deleted', () => {
  expectSeen(seen, {
    'created again': 204,
    'created differently': '409 QueueAlreadyExists',
    'create if not there': false,
    listed: [
      ['tasks-a', { made: 'tasks-a' }],
      ['tasks-b', { made: 'tasks-b' }],
    ],
    pages: [2, 1],
    'bad name': '400 InvalidResourceName',
    missing: '404 QueueNotFound',
    exists: [true, false],
    'properties before': [false, 0],
    'properties after': [{ enabled: true, days: 3 }, 'GET,PUT'],
    statistics: '404 ResourceNotFound',
  });
});

test('@azure/storage-queue: messages are put, peeked at, taken, changed, deleted, and hidden meanwhile', () => {
  expectSeen(seen, {
    sent: ['string', 'string', true],
    properties: [3, { colour: 'green' }],
    peeked: [
      ['first <&> ü', 0],
      ['second', 0],
    ],
    received: [
      ['first <&> ü', 1],
      ['second', 1],
    ],
    'received again': 0,
    'old receipt': '400 PopReceiptMismatch',
    changed: 'changed',
    'deleted twice': '404 MessageNotFound',
    left: 1,
    cleared: 0,
    'too large': '413 RequestBodyTooLarge',
    'too many': '400 OutOfRangeQueryParameterValue',
    'hidden too long': '400 OutOfRangeQueryParameterValue',
  });
});

test('@azure/storage-queue: keys, signatures, policies, tokens and delegations', () => {
  expectSeen(seen, {
    'sas may not read': '403 AuthorizationPermissionMismatch',
    'sas may not take': '403 AuthorizationPermissionMismatch',
    'sas takes': 'by sas',
    'sas of older version': 0,
    'tampered sas': '403 AuthenticationFailed',
    policy: [['readers', 'r']],
    'policy reads': 0,
    'policy withdrawn': '403 AuthenticationFailed',
    'wrong key': '403 AuthenticationFailed',
    token: 1,
    'delegation sas': 0,
  });
});

test('and met no bug of ours on the way', () => expect(served.bugs()).toBe(0));
