/** The official SDK, @azure/data-tables, at work. Prints what it saw; the test next door says what it should. */
import {
  AzureNamedKeyCredential,
  AzureSASCredential,
  generateTableSas,
  odata,
  TableClient,
  TableServiceClient,
  TableTransaction,
  type TransactionAction,
} from '@azure/data-tables';
import { all, finish, group, inOneHour, input, refusal, retryOptions, seen } from './case-kit.ts';

const { tableOrigin, account, key, bearer } = input;
const credential = new AzureNamedKeyCredential(account, key);
const base = `${tableOrigin}/${account}`;
const options = { retryOptions: { maxRetries: 1, retryDelayInMs: retryOptions.retryDelayInMs } };
const service = new TableServiceClient(base, credential, options);

const table = new TableClient(base, 'machines', credential, options);
const jobs = new TableClient(base, 'jobs', credential, options);
const sas = (values: Parameters<typeof generateTableSas>[2]): TableClient =>
  new TableClient(
    base,
    'jobs',
    new AzureSASCredential(generateTableSas('jobs', credential, { expiresOn: inOneHour, ...values })),
    options,
  );

async function tables(): Promise<void> {
  for (const name of ['machines', 'jobs', 'other']) await service.createTable(name);
  // the SDK takes this conflict for success
  await service.createTable('machines');
  await service.deleteTable('other');
  await service.deleteTable('other');
  seen['tables'] = (await all(service.listTables())).map(({ name }) => name);
  seen['tables by filter'] = (
    await all(service.listTables({ queryOptions: { filter: odata`TableName ge 'k'` } }))
  ).map(({ name }) => name);
  seen['table pages'] = (await all(service.listTables().byPage({ maxPageSize: 1 }))).map(
    (page) => page.length,
  );
  seen['bad table name'] = await refusal(() => service.createTable('1st'));
}

async function entities(): Promise<void> {
  const made = await table.createEntity({
    partitionKey: "site o'neil",
    rowKey: 'vm 1',
    name: 'web <&> "ü"',
    cores: 8,
    load: 0.5,
    whole: { type: 'Double', value: '3' },
    big: 9_007_199_254_740_993n,
    on: true,
    since: new Date(Date.UTC(2026, 10, 1)),
    id: { type: 'Guid', value: '0A1B2C3D-0000-4000-8000-000000000001' },
    raw: new Uint8Array([1, 2, 255]),
    nothing: null,
  });
  const got = await table.getEntity("site o'neil", 'vm 1');
  seen['entity'] = {
    ...got,
    timestamp: typeof got.timestamp,
    big: String(got.big),
    raw: [...(got.raw as Uint8Array)],
    etag: got.etag === made.etag,
    since: (got.since as Date).toISOString(),
    'odata.metadata': undefined,
  };
  const typed = await table.getEntity("site o'neil", 'vm 1', { disableTypeConversion: true });
  seen['typed'] = [typed.cores, typed.whole, typed.since, typed.big, typed.id];
  seen['created twice'] = await refusal(() =>
    table.createEntity({ partitionKey: "site o'neil", rowKey: 'vm 1' }),
  );
  seen['no such entity'] = await refusal(() => table.getEntity('a', 'b'));
  seen['no such table'] = await refusal(() =>
    new TableClient(base, 'nothing', credential, options).getEntity('a', 'b'),
  );
  seen['key with a slash'] = await refusal(() => table.createEntity({ partitionKey: 'a/b', rowKey: 'c' }));

  const one = { partitionKey: 'p', rowKey: 'r' };
  await table.upsertEntity({ ...one, a: 1, b: 2 }, 'Replace');
  await table.updateEntity({ ...one, b: 3, c: 4 }, 'Merge');
  const merged = await table.getEntity('p', 'r');
  seen['merged'] = [merged.a, merged.b, merged.c];
  await table.updateEntity({ ...one, only: 'this' }, 'Replace', { etag: merged.etag });
  const replaced = await table.getEntity('p', 'r');
  seen['replaced'] = [replaced.a, replaced.only];
  seen['stale tag'] = await refusal(() =>
    table.updateEntity({ ...one, x: 1 }, 'Merge', { etag: merged.etag }),
  );
  seen['update what is not there'] = await refusal(() =>
    table.updateEntity({ partitionKey: 'p', rowKey: 'nowhere' }, 'Merge'),
  );
  seen['delete with a stale tag'] = await refusal(() => table.deleteEntity('p', 'r', { etag: merged.etag }));
  await table.deleteEntity('p', 'r');
  seen['deleted'] = await refusal(() => table.getEntity('p', 'r'));
}

async function transactions(): Promise<void> {
  for (const partitionKey of ['b', 'a'])
    for (let from = 0; from < 250; from += 50) {
      const actions: TransactionAction[] = Array.from({ length: 50 }, (_, i) => [
        'create',
        {
          partitionKey,
          rowKey: String(from + i).padStart(4, '0'),
          number: from + i,
          due: new Date(Date.UTC(2026, 0, 1) + (from + i) * 86_400_000),
          size: BigInt(from + i) * 10_000_000_000n,
        },
      ]);
      const answer = await jobs.submitTransaction(actions);
      if (from === 0 && partitionKey === 'b')
        seen['transaction'] = [
          answer.status,
          answer.subResponses.length,
          answer.subResponses[3]?.status,
          answer.getResponseForEntity('0007')?.etag?.startsWith('W/"datetime'),
        ];
    }
}

async function queries(): Promise<void> {
  const count = async (filter: string): Promise<number> =>
    (await all(jobs.listEntities({ queryOptions: { filter } }))).length;
  seen['in order'] = (await all(jobs.listEntities({ queryOptions: { select: ['partitionKey', 'rowKey'] } })))
    .map(({ partitionKey, rowKey }) => `${partitionKey}${rowKey}`)
    .every((name, i, names) => i === 0 || names[i - 1]! < name);
  seen['pages'] = (await all(jobs.listEntities().byPage({ maxPageSize: 200 }))).map((page) => page.length);
  seen['filters'] = [
    await count(odata`PartitionKey eq ${'a'} and RowKey lt ${'0010'}`),
    await count(odata`number ge ${240}`),
    await count(odata`not (number lt ${245}) or (PartitionKey eq 'b' and number eq 0)`),
    await count(odata`due gt ${new Date(Date.UTC(2026, 0, 248))}`),
    await count(odata`size eq ${2_000_000_000_000n}`),
    await count('missing eq 1'),
  ];
  seen['bad filter'] = await refusal(() =>
    all(jobs.listEntities({ queryOptions: { filter: 'number equals 1' } })),
  );
  seen['selected'] = Object.keys(
    (await jobs.listEntities({ queryOptions: { select: ['number'] } }).next()).value as object,
  ).sort();
}

async function failingTransactions(): Promise<void> {
  const failing = new TableTransaction();
  failing.createEntity({ partitionKey: 'a', rowKey: 'new' });
  failing.updateEntity({ partitionKey: 'a', rowKey: '0000', number: -1 }, 'Replace');
  failing.createEntity({ partitionKey: 'a', rowKey: '0001' });
  seen['failing transaction'] = await refusal(() => jobs.submitTransaction(failing.actions));
  seen['nothing of it'] = [
    await refusal(() => jobs.getEntity('a', 'new')),
    (await jobs.getEntity('a', '0000')).number,
  ];
  seen['entity twice'] = await refusal(() =>
    jobs.submitTransaction([
      ['upsert', { partitionKey: 'a', rowKey: '0000' }],
      ['upsert', { partitionKey: 'a', rowKey: '0000' }],
    ]),
  );
  const mixed = new TableTransaction();
  mixed.deleteEntity('b', '0000');
  mixed.upsertEntity({ partitionKey: 'b', rowKey: '0001', number: 100 }, 'Merge');
  mixed.updateEntity({ partitionKey: 'b', rowKey: '0002', number: 200 }, 'Replace');
  seen['mixed transaction'] = (await jobs.submitTransaction(mixed.actions)).subResponses.map(
    ({ status }) => status,
  );
  seen['after it'] = [
    await refusal(() => jobs.getEntity('b', '0000')),
    (await jobs.getEntity('b', '0001')).number,
    (await jobs.getEntity('b', '0002')).due,
  ];
}

async function signatures(): Promise<void> {
  const reader = sas({ permissions: { query: true } });
  seen['sas reads'] = (await reader.getEntity('a', '0005')).number;
  seen['sas may not write'] = await refusal(() => reader.createEntity({ partitionKey: 'z', rowKey: 'z' }));
  const part = sas({
    permissions: { query: true, add: true, update: true },
    startPartitionKey: 'a',
    startRowKey: '0010',
    endPartitionKey: 'a',
    endRowKey: '0019',
  });
  seen['sas of a range'] = (await all(part.listEntities())).length;
  seen['outside the range'] = [
    await refusal(() => part.getEntity('a', '0020')),
    await refusal(() => part.upsertEntity({ partitionKey: 'b', rowKey: '0010' })),
  ];
  seen['tampered sas'] = await refusal(() =>
    new TableClient(
      base,
      'jobs',
      new AzureSASCredential(
        generateTableSas('jobs', credential, { permissions: { query: true }, expiresOn: inOneHour }).replace(
          'sp=r',
          'sp=raud',
        ),
      ),
      options,
    ).getEntity('a', '0005'),
  );
  const policy = { start: new Date(0), expiry: inOneHour, permission: 'r' };
  await jobs.setAccessPolicy([{ id: 'readers', accessPolicy: policy }]);
  seen['policy'] = (await jobs.getAccessPolicy()).map(({ id, accessPolicy }) => [
    id,
    accessPolicy?.permission,
  ]);
  const wrong = new AzureNamedKeyCredential(account, Buffer.from('wrong').toString('base64'));
  seen['wrong key'] = await refusal(() =>
    new TableClient(base, 'jobs', wrong, options).getEntity('a', '0005'),
  );
}

async function properties(): Promise<void> {
  const properties = await service.getProperties();
  seen['service properties'] = [properties.logging?.read, properties.hourMetrics?.enabled];
  await service.setProperties({
    ...properties,
    minuteMetrics: { ...properties.minuteMetrics!, enabled: true, includeAPIs: false },
  });
  seen['service properties set'] = (await service.getProperties()).minuteMetrics?.enabled;
}

async function tokens(): Promise<void> {
  const token = { getToken: async () => ({ token: bearer, expiresOnTimestamp: inOneHour.getTime() }) };
  seen['token'] = (await new TableClient(base, 'jobs', token, options).getEntity('a', '0005')).number;
}

for (const cases of [
  tables,
  entities,
  transactions,
  queries,
  failingTransactions,
  signatures,
  properties,
  tokens,
])
  await group(cases);
finish();
