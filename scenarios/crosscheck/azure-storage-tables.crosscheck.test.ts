/** Our table service, judged by the official SDK over real TLS. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { expectSeen, type ServedStorage, servedStorage } from './azure-storage/served.ts';

let served: ServedStorage;
let seen: Record<string, unknown>;

beforeAll(async () => {
  served = await servedStorage();
  seen = await served.run('./tables.ts');
}, 60_000);

afterAll(() => served.stop());

test('@azure/data-tables: tables, and entities of every type', () => {
  expectSeen(seen, {
    tables: ['jobs', 'machines'],
    'tables by filter': ['machines'],
    'table pages': [1, 1],
    'bad table name': '400 InvalidResourceName',
    entity: {
      partitionKey: "site o'neil",
      rowKey: 'vm 1',
      etag: true,
      timestamp: 'string',
      name: 'web <&> "ü"',
      cores: 8,
      load: 0.5,
      whole: 3,
      big: '9007199254740993',
      on: true,
      since: '2026-11-01T00:00:00.000Z',
      id: { type: 'Guid', value: '0a1b2c3d-0000-4000-8000-000000000001' },
      raw: [1, 2, 255],
    },
    typed: [
      { type: 'Int32', value: '8' },
      { type: 'Double', value: 3 },
      { type: 'DateTime', value: '2026-11-01T00:00:00Z' },
      { type: 'Int64', value: '9007199254740993' },
      { type: 'Guid', value: '0a1b2c3d-0000-4000-8000-000000000001' },
    ],
    'created twice': '409 EntityAlreadyExists',
    'no such entity': '404 ResourceNotFound',
    'no such table': '404 TableNotFound',
    'key with a slash': '400 OutOfRangeInput',
    merged: [1, 3, 4],
    replaced: [null, 'this'],
    'stale tag': '412 UpdateConditionNotSatisfied',
    'update what is not there': '404 ResourceNotFound',
    'delete with a stale tag': '412 UpdateConditionNotSatisfied',
    deleted: '404 ResourceNotFound',
  });
});

test('@azure/data-tables: queries with filters, in pages, in order', () => {
  expectSeen(seen, {
    'in order': true,
    pages: [200, 200, 100],
    filters: [10, 20, 11, 4, 2, 0],
    'bad filter': '400 InvalidInput',
    selected: ['etag', 'number'],
  });
});

test('@azure/data-tables: transactions are done whole or not at all', () => {
  expectSeen(seen, {
    transaction: [202, 50, 204, true],
    'failing transaction': '409 EntityAlreadyExists',
    'nothing of it': ['404 ResourceNotFound', 0],
    'entity twice': '400 InvalidDuplicateRow',
    'mixed transaction': [204, 204, 204],
    'after it': ['404 ResourceNotFound', 100, null],
  });
});

test('@azure/data-tables: keys, signatures, ranges of keys, policies, tokens, properties', () => {
  expectSeen(seen, {
    'sas reads': 5,
    'sas may not write': '403 AuthorizationPermissionMismatch',
    'sas of a range': 10,
    'outside the range': ['404 ResourceNotFound', '403 AuthorizationPermissionMismatch'],
    'tampered sas': '403 AuthenticationFailed',
    policy: [['readers', 'r']],
    'wrong key': '403 AuthenticationFailed',
    token: 5,
    'service properties': [false, false],
    'service properties set': true,
  });
});

test('and met no bug of ours on the way', () => expect(served.bugs()).toBe(0));
