/** The official SDK, @azure/storage-queue, at work. Prints what it saw; the test next door says what it should. */
import {
  generateQueueSASQueryParameters,
  QueueClient,
  QueueSASPermissions,
  QueueServiceClient,
  StorageSharedKeyCredential,
} from '@azure/storage-queue';
import { all, finish, group, inOneHour, input, refusal, retryOptions, seen } from './case-kit.ts';

const { queueOrigin, account, key, bearer } = input;
const credential = new StorageSharedKeyCredential(account, key);
const base = `${queueOrigin}/${account}`;
const service = new QueueServiceClient(base, credential, { retryOptions });

const queue = service.getQueueClient('tasks-a');
const sas = (permissions: string, extra: object = {}): string =>
  `${base}/tasks-a?${generateQueueSASQueryParameters(
    {
      queueName: 'tasks-a',
      permissions: QueueSASPermissions.parse(permissions),
      expiresOn: inOneHour,
      ...extra,
    },
    credential,
  )}`;

async function queues(): Promise<void> {
  for (const name of ['tasks-a', 'tasks-b', 'other'])
    await service.createQueue(name, { metadata: { made: name } });
  seen['created again'] = (await queue.create({ metadata: { made: 'tasks-a' } }))._response.status;
  seen['created differently'] = await refusal(() => queue.create({ metadata: { made: 'otherwise' } }));
  seen['create if not there'] = (await queue.createIfNotExists()).succeeded;
  seen['listed'] = (await all(service.listQueues({ prefix: 'tasks', includeMetadata: true }))).map((q) => [
    q.name,
    q.metadata,
  ]);
  seen['pages'] = (await all(service.listQueues().byPage({ maxPageSize: 2 }))).map(
    (p) => p.queueItems?.length,
  );
  seen['bad name'] = await refusal(() => service.createQueue('Tasks_A'));
  seen['missing'] = await refusal(() => service.getQueueClient('nothing').getProperties());
  await service.deleteQueue('other');
  seen['exists'] = [await queue.exists(), await service.getQueueClient('other').exists()];
}

async function messages(): Promise<void> {
  const sent = await queue.sendMessage('first <&> ü');
  seen['sent'] = [typeof sent.messageId, typeof sent.popReceipt, sent.expiresOn > new Date()];
  await queue.sendMessage('second', { messageTimeToLive: -1 });
  await queue.sendMessage('hidden', { visibilityTimeout: 60 });
  await queue.setMetadata({ colour: 'green' });
  const described = await queue.getProperties();
  seen['properties'] = [described.approximateMessagesCount, described.metadata];
  seen['peeked'] = (await queue.peekMessages({ numberOfMessages: 32 })).peekedMessageItems.map((m) => [
    m.messageText,
    m.dequeueCount,
  ]);
  const taken = await queue.receiveMessages({ numberOfMessages: 5, visibilityTimeout: 30 });
  seen['received'] = taken.receivedMessageItems.map((m) => [m.messageText, m.dequeueCount]);
  seen['received again'] = (await queue.receiveMessages()).receivedMessageItems.length;
  const [first, second] = taken.receivedMessageItems as [
    (typeof taken.receivedMessageItems)[0],
    (typeof taken.receivedMessageItems)[0],
  ];
  const updated = await queue.updateMessage(first.messageId, first.popReceipt, 'changed', 0);
  seen['old receipt'] = await refusal(() => queue.deleteMessage(first.messageId, first.popReceipt));
  seen['changed'] = (await queue.peekMessages()).peekedMessageItems[0]?.messageText;
  await queue.deleteMessage(first.messageId, updated.popReceipt!);
  await queue.deleteMessage(second.messageId, second.popReceipt);
  seen['deleted twice'] = await refusal(() => queue.deleteMessage(second.messageId, second.popReceipt));
  seen['left'] = (await queue.getProperties()).approximateMessagesCount;
  await queue.clearMessages();
  seen['cleared'] = (await queue.getProperties()).approximateMessagesCount;
  seen['too large'] = await refusal(() => queue.sendMessage('x'.repeat(64 * 1024 + 1)));
  seen['too many'] = await refusal(() => queue.receiveMessages({ numberOfMessages: 33 }));
  seen['hidden too long'] = await refusal(() => queue.sendMessage('x', { visibilityTimeout: 8 * 24 * 3600 }));
}

async function signatures(): Promise<void> {
  const adder = new QueueClient(sas('a'), undefined, { retryOptions });
  await adder.sendMessage('by sas');
  seen['sas may not read'] = await refusal(() => adder.peekMessages());
  seen['sas may not take'] = await refusal(() => adder.receiveMessages());
  const processor = new QueueClient(sas('rp'), undefined, { retryOptions });
  seen['sas takes'] = (await processor.receiveMessages()).receivedMessageItems[0]?.messageText;
  seen['sas of older version'] = (
    await new QueueClient(sas('r', { version: '2019-12-12' }), undefined, { retryOptions }).peekMessages()
  ).peekedMessageItems.length;
  seen['tampered sas'] = await refusal(() =>
    new QueueClient(sas('r').replace('sp=r', 'sp=raup'), undefined, { retryOptions }).peekMessages(),
  );
  await queue.setAccessPolicy([
    { id: 'readers', accessPolicy: { permissions: 'r', startsOn: new Date(0), expiresOn: inOneHour } },
  ]);
  seen['policy'] = (await queue.getAccessPolicy()).signedIdentifiers.map((p) => [
    p.id,
    p.accessPolicy.permissions,
  ]);
  const byPolicy = `${base}/tasks-a?${generateQueueSASQueryParameters(
    { queueName: 'tasks-a', identifier: 'readers' },
    credential,
  )}`;
  const policyQueue = new QueueClient(byPolicy, undefined, { retryOptions });
  seen['policy reads'] = (await policyQueue.peekMessages()).peekedMessageItems.length;
  await queue.setAccessPolicy([]);
  seen['policy withdrawn'] = await refusal(() => policyQueue.peekMessages());
  const wrong = new StorageSharedKeyCredential(account, Buffer.from('wrong').toString('base64'));
  seen['wrong key'] = await refusal(() =>
    new QueueServiceClient(base, wrong, { retryOptions }).getQueueClient('tasks-a').getProperties(),
  );
}

async function tokens(): Promise<void> {
  const token = (value: string) => ({
    getToken: async () => ({ token: value, expiresOnTimestamp: inOneHour.getTime() }),
  });
  const byToken = new QueueServiceClient(base, token(bearer), { retryOptions });
  seen['token'] = (await byToken.getQueueClient('tasks-a').getProperties()).approximateMessagesCount;
  const delegation = await byToken.getUserDelegationKey(new Date(Date.now() - 60_000), inOneHour);
  const delegated = `${base}/tasks-a?${generateQueueSASQueryParameters(
    { queueName: 'tasks-a', permissions: QueueSASPermissions.parse('r'), expiresOn: inOneHour },
    delegation,
    account,
  )}`;
  seen['delegation sas'] = (
    await new QueueClient(delegated, undefined, { retryOptions }).peekMessages()
  ).peekedMessageItems.length;
}

async function properties(): Promise<void> {
  const before = await service.getProperties();
  seen['properties before'] = [before.queueAnalyticsLogging?.read, before.cors?.length ?? 0];
  await service.setProperties({
    ...before,
    queueAnalyticsLogging: {
      ...before.queueAnalyticsLogging!,
      read: true,
      retentionPolicy: { enabled: true, days: 3 },
    },
    cors: [
      {
        allowedOrigins: 'https://example.com',
        allowedMethods: 'GET,PUT',
        allowedHeaders: 'x-ms-*',
        exposedHeaders: '',
        maxAgeInSeconds: 60,
      },
    ],
  });
  const after = await service.getProperties();
  seen['properties after'] = [after.queueAnalyticsLogging?.retentionPolicy, after.cors?.[0]?.allowedMethods];
  const secondary = new QueueServiceClient(`${queueOrigin}/${account}-secondary`, credential, {
    retryOptions,
  });
  seen['statistics'] = await refusal(() => secondary.getStatistics());
}

for (const cases of [queues, messages, signatures, tokens, properties]) await group(cases);
finish();
