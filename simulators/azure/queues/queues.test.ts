/** Queues under the world's clock, and what they refuse. The official SDK judges the rest (scenarios/crosscheck). */
import { expect, test } from 'vitest';
import { DAY, SECOND } from '#core/units.ts';
import { accountSasStringToSign, sasTime } from '../storage/sas.ts';
import { sign } from '../storage/shared-key.ts';
import { ACCOUNT, outcome, type StorageWorld, storageWorld } from '../storage/storage-world.ts';
import { QUEUE_OPERATIONS } from './queue-operations.ts';
import { createQueues, QUEUE_HOSTS } from './service.ts';

async function inWorld(
  script: (
    ask: (method: string, path: string, body?: string) => ReturnType<StorageWorld['box']>,
    world: StorageWorld,
  ) => Promise<void>,
) {
  await using world = await storageWorld();
  const { storage } = world;
  await world.world.serve(QUEUE_HOSTS, createQueues({ context: world.world.context, storage }).handler);
  const sas = new Map([
    ['sv', '2022-11-02'],
    ['ss', 'q'],
    ['srt', 'sco'],
    ['sp', 'rwdlacup'],
    ['se', sasTime(world.world.context.clock.wall() + 30 * DAY)],
  ]);
  sas.set('sig', sign(storage.account(ACCOUNT)!.keys[0], accountSasStringToSign(ACCOUNT, sas)));
  const query = new URLSearchParams([...sas]).toString();
  await world.world.run(() =>
    script((method, path, body) => {
      const url = `https://${ACCOUNT}.queue.core.windows.net${path}`;
      return world.world.ask(method, `${url}${path.includes('?') ? '&' : '?'}${query}`, {
        headers: { 'x-ms-version': '2023-11-03' },
        ...(body === undefined ? {} : { body: Buffer.from(body) }),
      });
    }, world),
  );
  expect(world.world.context.counters.toJSON()['bugs.azure']).toBeUndefined();
}

const message = (text: string): string => `<QueueMessage><MessageText>${text}</MessageText></QueueMessage>`;
const texts = (xml: Buffer): string[] =>
  [...xml.toString().matchAll(/<MessageText>(.*?)<\/MessageText>/g)].map(([, text]) => text!);

test('a message that was taken comes back when nobody deletes it, and goes when its life is over', () =>
  inWorld(async (ask, { wait }) => {
    await ask('PUT', '/work');
    await ask('POST', '/work/messages?messagettl=120', message('a'));
    await ask('POST', '/work/messages?visibilitytimeout=10', message('b'));
    const take = async () => texts((await ask('GET', '/work/messages?numofmessages=32')).body);
    expect(await take()).toEqual(['a']);
    expect(await take()).toEqual([]);
    await wait(10 * SECOND);
    expect(await take()).toEqual(['b']);
    await wait(21 * SECOND);
    expect(await take()).toEqual(['a']);
    await wait(90 * SECOND);
    expect(await take()).toEqual(['b']);
    const metadata = await ask('GET', '/work?comp=metadata');
    expect(metadata.headers['x-ms-approximate-messages-count']).toBe('1');
    await wait(7 * DAY);
    expect(await take()).toEqual([]);
  }));

test('what a queue does not understand it refuses in the service’s words', () =>
  inWorld(async (ask, { world }) => {
    await ask('PUT', '/work');
    const put = (body: string, query = '') => ask('POST', `/work/messages${query}`, body).then(outcome);
    expect(await put('<QueueMessage>')).toBe('400 InvalidXmlDocument');
    expect(await put('<!DOCTYPE a><QueueMessage/>')).toBe('400 InvalidXmlDocument');
    expect(await put('<Message><MessageText>x</MessageText></Message>')).toBe('400 InvalidXmlDocument');
    expect(await put(message('x'.repeat(70_000)))).toBe('413 RequestBodyTooLarge');
    expect(await put(message('x'), '?messagettl=0')).toBe('400 InvalidQueryParameterValue');
    expect(await put(message('x'), '?messagettl=5&visibilitytimeout=6')).toBe(
      '400 InvalidQueryParameterValue',
    );
    expect(await put(message('x'), '?visibilitytimeout=604801')).toBe('400 OutOfRangeQueryParameterValue');
    expect(outcome(await ask('GET', '/work/messages?numofmessages=0'))).toBe(
      '400 OutOfRangeQueryParameterValue',
    );
    expect(outcome(await ask('DELETE', '/work/messages/x'))).toBe('400 MissingRequiredQueryParameter');
    expect(outcome(await ask('DELETE', '/work/messages/x?popreceipt=y'))).toBe('404 MessageNotFound');
    expect(outcome(await ask('PUT', '/work/other'))).toBe('400 InvalidUri');
    expect(outcome(await ask('PUT', '/work/messages/x/y'))).toBe('400 InvalidUri');
    expect(outcome(await ask('PATCH', '/work/messages'))).toBe('405 UnsupportedHttpVerb');
    expect(outcome(await ask('PUT', '/work?comp=nonsense'))).toBe('400 InvalidQueryParameterValue');
    expect(outcome(await ask('GET', '/?comp=stats&restype=service'))).toBe('400 InvalidQueryParameterValue');
    const nobody = await world.ask('GET', `https://${ACCOUNT}.queue.core.windows.net/work/messages`);
    expect(outcome(nobody)).toBe('401 NoAuthenticationInformation');
  }));

test('every operation has a fault point of its name', () =>
  inWorld(async (ask, { world }) => {
    world.context.faults.arm({
      id: 'f',
      at: 'azure.PutMessage',
      from: 0,
      until: 1e15,
      times: 1,
      answer: '503',
    });
    await ask('PUT', '/work');
    expect(outcome(await ask('POST', '/work/messages', message('a')))).toBe('503 ServerBusy');
    const points = new Set(world.context.faults.points().map(({ name }) => name));
    expect(QUEUE_OPERATIONS.filter(({ name }) => !points.has(`azure.${name}`))).toEqual([]);
  }));
