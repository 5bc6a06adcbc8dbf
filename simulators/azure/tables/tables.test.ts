/** What tables refuse, and filters beside plain JavaScript. The official SDK judges the rest (scenarios/crosscheck). */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DAY } from '#core/units.ts';
import { accountSasStringToSign, sasTime } from '../storage/sas.ts';
import { sign } from '../storage/shared-key.ts';
import { StorageFault } from '../storage/storage-fault.ts';
import { ACCOUNT, outcome, type StorageWorld, storageWorld } from '../storage/storage-world.ts';
import type { EdmValue } from './edm.ts';
import { parseFilter } from './filter.ts';
import { createTables, TABLE_HOSTS } from './service.ts';
import { TABLE_OPERATIONS } from './table-operations.ts';

const HOST = `https://${ACCOUNT}.table.core.windows.net`;

type Ask = (
  method: string,
  path: string,
  body?: unknown,
  headers?: Record<string, string>,
) => ReturnType<StorageWorld['box']>;

async function inWorld(script: (ask: Ask, world: StorageWorld) => Promise<void>) {
  await using world = await storageWorld();
  const { storage } = world;
  await world.world.serve(TABLE_HOSTS, createTables({ context: world.world.context, storage }).handler);
  const sas = new Map([
    ['sv', '2019-02-02'],
    ['ss', 't'],
    ['srt', 'sco'],
    ['sp', 'rwdlacu'],
    ['se', sasTime(world.world.context.clock.wall() + DAY)],
  ]);
  sas.set('sig', sign(storage.account(ACCOUNT)!.keys[0], accountSasStringToSign(ACCOUNT, sas)));
  const query = new URLSearchParams([...sas]).toString();
  await world.world.run(() =>
    script(
      (method, path, body, headers = {}) =>
        world.world.ask(method, `${HOST}${path}${path.includes('?') ? '&' : '?'}${query}`, {
          headers: { 'x-ms-version': '2019-02-02', ...headers },
          ...(body === undefined ? {} : { body }),
        }),
      world,
    ),
  );
  expect(world.world.context.counters.toJSON()['bugs.azure']).toBeUndefined();
}

test('an error is JSON of the table service; what is not understood is refused', () =>
  inWorld(async (ask, { world }) => {
    const missing = await ask('GET', '/nothing()');
    expect(missing.json['odata.error']).toEqual({
      code: 'TableNotFound',
      message: {
        lang: 'en-US',
        value: expect.stringMatching(/^The table specified does not exist\.\nRequestId:.*\nTime:/),
      },
    });
    expect(outcome(await ask('POST', '/Tables', { TableName: 'jobs' }))).toBe('201');
    const insert = (entity: object) =>
      ask('POST', '/jobs', { PartitionKey: 'p', RowKey: 'r', ...entity }).then(outcome);
    expect(await insert({ PartitionKey: undefined })).toBe('400 PropertiesNeedValue');
    expect(await insert({ nested: { a: 1 } })).toBe('400 InvalidInput');
    expect(await insert({ 'bad-name': 1 })).toBe('400 PropertyNameInvalid');
    expect(await insert({ ['x'.repeat(256)]: 1 })).toBe('400 PropertyNameTooLong');
    expect(await insert({ long: 'x'.repeat(40_000) })).toBe('400 PropertyValueTooLarge');
    expect(await insert(Object.fromEntries(Array.from({ length: 253 }, (_, i) => [`p${i}`, i])))).toBe(
      '400 TooManyProperties',
    );
    expect(
      await insert(Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`p${i}`, 'x'.repeat(30_000)]))),
    ).toBe('400 EntityTooLarge');
    expect(await insert({ RowKey: 'x'.repeat(600) })).toBe('400 KeyValueTooLarge');
    expect(await insert({ big: '99999999999999999999', 'big@odata.type': 'Edm.Int64' })).toBe(
      '400 InvalidInput',
    );
    expect(await insert({ when: 'yesterday', 'when@odata.type': 'Edm.DateTime' })).toBe('400 InvalidInput');
    expect(await insert({ what: 1, 'what@odata.type': 'Edm.Decimal' })).toBe('400 InvalidInput');
    expect(await insert({ __proto__: null })).toBe('201');
    const raw = (body: string) => ask('POST', '/jobs', body).then(outcome);
    expect(await raw('[')).toBe('400 InvalidInput');
    expect(await raw('[]')).toBe('400 InvalidInput');
    expect(outcome(await ask('GET', '/jobs()', undefined, { accept: 'application/atom+xml' }))).toBe(
      '415 AtomFormatNotSupported',
    );
    expect(outcome(await ask('GET', '/jobs()?$top=many'))).toBe('400 InvalidQueryParameterValue');
    expect(outcome(await ask('GET', '/jobs()?NextPartitionKey=x'))).toBe('400 InvalidQueryParameterValue');
    expect(outcome(await ask('DELETE', "/jobs(PartitionKey='p',RowKey='r')"))).toBe(
      '400 MissingRequiredHeader',
    );
    expect(outcome(await ask('PUT', "/jobs(PartitionKey='p',RowKey='r')", { RowKey: 'other' }))).toBe(
      '400 InvalidInput',
    );
    expect(outcome(await ask('POST', '/Tables', { TableName: 'JOBS' }))).toBe('409 TableAlreadyExists');
    expect(outcome(await ask('POST', '/Tables', { TableName: 'tables' }))).toBe('400 InvalidResourceName');
    const multipart = { 'content-type': 'multipart/mixed; boundary=b' };
    expect(outcome(await ask('POST', '/$batch', '--b--', multipart))).toBe('400 InvalidInput');
    const nobody = await world.ask('GET', `${HOST}/jobs()`);
    expect(outcome(nobody)).toBe('401 NoAuthenticationInformation');
    const points = new Set(world.context.faults.points().map(({ name }) => name));
    expect(TABLE_OPERATIONS.filter(({ name }) => !points.has(`azure.${name}`))).toEqual([]);
  }));

type Node =
  | { readonly is: 'and' | 'or'; readonly left: Node; readonly right: Node }
  | { readonly is: 'not'; readonly of: Node }
  | { readonly is: 'compare'; readonly name: 'a' | 'b'; readonly operator: string; readonly value: number };

const compare: fc.Arbitrary<Node> = fc.record({
  is: fc.constant('compare' as const),
  name: fc.constantFrom('a' as const, 'b' as const),
  operator: fc.constantFrom('eq', 'ne', 'lt', 'le', 'gt', 'ge'),
  value: fc.integer({ min: -3, max: 3 }),
});
const node: fc.Arbitrary<Node> = fc.letrec<{ node: Node }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    compare,
    fc.record({ is: fc.constantFrom('and' as const, 'or' as const), left: tie('node'), right: tie('node') }),
    fc.record({ is: fc.constant('not' as const), of: tie('node') }),
  ),
})).node;

function textOf(n: Node): string {
  if (n.is === 'compare') return `${n.name} ${n.operator} ${n.value}`;
  if (n.is === 'not') return `not (${textOf(n.of)})`;
  return `(${textOf(n.left)}) ${n.is} (${textOf(n.right)})`;
}

function holds(n: Node, entity: { a: number; b: number }): boolean {
  if (n.is === 'not') return !holds(n.of, entity);
  if (n.is !== 'compare') {
    const [left, right] = [holds(n.left, entity), holds(n.right, entity)];
    return n.is === 'and' ? left && right : left || right;
  }
  const x = entity[n.name];
  const { value: y } = n;
  const holding: Record<string, boolean> = {
    eq: x === y,
    ne: x !== y,
    lt: x < y,
    le: x <= y,
    gt: x > y,
    ge: x >= y,
  };
  return holding[n.operator]!;
}

test('a filter holds where the same comparison in JavaScript does', () =>
  fc.assert(
    fc.property(node, fc.integer({ min: -3, max: 3 }), fc.integer({ min: -3, max: 3 }), (n, a, b) => {
      const values: Record<string, EdmValue> = {
        a: { type: 'Edm.Int32', value: a },
        b: { type: 'Edm.Int64', value: String(b) },
      };
      expect(parseFilter(textOf(n)).matches((name) => values[name])).toBe(holds(n, { a, b }));
    }),
  ));

test.each([
  '',
  'a',
  'a eq',
  "a eq 'x",
  'a eq 1 and',
  '(a eq 1',
  'a eq 1)',
  'eq 1',
  'a is 1',
  '('.repeat(200),
])('a filter that is none is refused: %s', (text) => {
  if (text === 'a') expect(parseFilter(text).matches(() => undefined)).toBe(false);
  else expect(() => parseFilter(text)).toThrow(StorageFault);
});
