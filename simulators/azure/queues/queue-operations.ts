/**
 * The operations of the queue service.
 * @see learn.microsoft.com, rest/api/storageservices/queue-service-rest-api
 */
import { DAY, type Millis, SECOND, type UnixMillis } from '#core/units.ts';
import { childText } from '#core/wire/xml/element.ts';
import { XmlWriter } from '#core/wire/xml/writer.ts';
import type { Reply, ServiceCall, ServiceOperation } from '../storage/operation.ts';
import { delegationKeyReply } from '../storage/operations/account-information.ts';
import {
  PROPERTIES_XML_LIMITS,
  readServiceProperties,
  writeServiceProperties,
  writeServiceStats,
} from '../storage/service-properties.ts';
import { badParameter, storageFault } from '../storage/storage-fault.ts';
import { maxResults, readMetadata, requiredParameter } from '../storage/storage-request.ts';
import { POLICIES_XML_LIMITS, readPolicies, writePolicies } from '../storage/stored-policies.ts';
import { readXmlBody } from '../storage/xml-body.ts';
import {
  hide,
  type Message,
  messageCount,
  type Queue,
  type QueueAccount,
  visibleMessages,
} from './queue-model.ts';
import type { QueueLevel, QueueRequest } from './queue-request.ts';

export interface QueueCall extends ServiceCall<QueueRequest> {
  readonly queues: QueueAccount;
  readonly tools: QueueTools;
}

export interface QueueTools {
  messageId(): string;
  popReceipt(): string;
  geoStatus(account: QueueCall['account']): Parameters<typeof writeServiceStats>[1];
}

export interface QueueOperation extends ServiceOperation {
  readonly on: QueueLevel;
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE';
  readonly restype?: string;
  readonly comp?: string;
  /** `peekonly=true` tells looking from taking. */
  readonly peek?: boolean;
  /** @throws StorageFault */
  run(call: QueueCall): Reply;
}

const PAGE_MAX = 5000;
const MESSAGE_BYTES_MAX = 64 * 1024;
/** A text in which every character is an escape. */
const MESSAGE_XML_LIMITS = { bytesMax: 8 * MESSAGE_BYTES_MAX, depthMax: 4, elementsMax: 8 };
const DELEGATION_BYTES_MAX = 16 * 1024;
const MESSAGES_MAX = 32;
const VISIBILITY_MAX: Millis = 7 * DAY;
const LIFE: Millis = 7 * DAY;
const NEVER = Number.POSITIVE_INFINITY;
/** How the service writes a time that does not come. */
const NEVER_TEXT = 'Fri, 31 Dec 9999 23:59:59 GMT';

function queueOf({ request, queues }: QueueCall): Queue {
  const queue = queues.get(request.queue!);
  if (!queue) throw storageFault('QueueNotFound');
  return queue;
}

function httpDate(at: UnixMillis): string {
  return at === NEVER ? NEVER_TEXT : new Date(at).toUTCString();
}

function seconds(call: QueueCall, name: string, min: number, max: number): number | undefined {
  const text = call.request.query.get(name);
  if (text === undefined) return undefined;
  if (!/^-?\d{1,12}$/.test(text)) throw badParameter(name, text, 'Invalid integer');
  const value = Number(text);
  if (value < min || value > max)
    throw storageFault('OutOfRangeQueryParameterValue', {
      detail: {
        QueryParameterName: name,
        QueryParameterValue: text,
        MinimumAllowed: String(min),
        MaximumAllowed: String(max),
      },
    });
  return value;
}

function visibility(call: QueueCall, otherwise: number, min = 0): Millis {
  return (seconds(call, 'visibilitytimeout', min, VISIBILITY_MAX / SECOND) ?? otherwise) * SECOND;
}

/** The text of a message. @throws StorageFault */
function readText({ body }: QueueCall): string {
  const root = readXmlBody(Buffer.concat(body.pieces), MESSAGE_XML_LIMITS, 'QueueMessage');
  const text = childText(root, 'MessageText');
  if (text === undefined) throw storageFault('InvalidXmlDocument');
  if (Buffer.byteLength(text) > MESSAGE_BYTES_MAX)
    throw storageFault('RequestBodyTooLarge', { detail: { MaxLimit: String(MESSAGE_BYTES_MAX) } });
  return text;
}

function sameMetadata(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): boolean {
  return a.size === b.size && [...a].every(([name, value]) => b.get(name) === value);
}

/** What a list of messages says of one; the receipt only to whom it is given. */
function writeMessage(out: XmlWriter, message: Message, show: 'sent' | 'taken' | 'peeked'): void {
  out.open('QueueMessage').leaf('MessageId', message.id);
  out.leaf('InsertionTime', httpDate(message.insertedAt)).leaf('ExpirationTime', httpDate(message.expiresAt));
  if (show !== 'peeked')
    out.leaf('PopReceipt', message.popReceipt).leaf('TimeNextVisible', httpDate(message.visibleAt));
  if (show !== 'sent') out.leaf('DequeueCount', message.dequeueCount).leaf('MessageText', message.text);
  out.close();
}

function list(messages: readonly Message[], show: 'sent' | 'taken' | 'peeked'): string {
  const out = new XmlWriter().open('QueueMessagesList');
  for (const message of messages) writeMessage(out, message, show);
  return out.close().toString();
}

/** The message that the path names, for whom the receipt was given to. @throws StorageFault */
function heldMessage(call: QueueCall): { queue: Queue; message: Message } {
  const queue = queueOf(call);
  const receipt = requiredParameter(call.request, 'popreceipt');
  const message = queue.messages.get(call.request.messageId!);
  if (!message || message.expiresAt <= call.now) throw storageFault('MessageNotFound');
  if (message.popReceipt !== receipt) throw storageFault('PopReceiptMismatch');
  return { queue, message };
}

const KEY_ONLY = { level: 'c', keyOnly: true } as const;

export const QUEUE_OPERATIONS: readonly QueueOperation[] = [
  {
    name: 'ListQueues',
    on: 'service',
    method: 'GET',
    comp: 'list',
    permission: { level: 's', letters: 'l', accountOnly: true },
    run({ request, queues }) {
      const prefix = request.query.get('prefix') ?? '';
      const marker = request.query.get('marker') ?? '';
      const max = maxResults(request, PAGE_MAX);
      const include = request.query.get('include') ?? '';
      if (include !== '' && include !== 'metadata') throw badParameter('include', include);
      const names = [...queues.keys()].filter((name) => name.startsWith(prefix) && name >= marker).sort();
      const out = new XmlWriter().open('EnumerationResults', { ServiceEndpoint: `${request.endpoint}/` });
      if (prefix !== '') out.leaf('Prefix', prefix);
      if (marker !== '') out.leaf('Marker', marker);
      if (request.query.has('maxresults')) out.leaf('MaxResults', max);
      out.open('Queues');
      for (const name of names.slice(0, max)) {
        out.open('Queue').leaf('Name', name);
        if (include === 'metadata') {
          out.open('Metadata');
          for (const [key, value] of queues.get(name)!.metadata) out.leaf(key, value);
          out.close();
        }
        out.close();
      }
      return {
        status: 200,
        body: out
          .close()
          .leaf('NextMarker', names[max] ?? '')
          .close()
          .toString(),
      };
    },
  },
  {
    name: 'GetQueueServiceProperties',
    on: 'service',
    method: 'GET',
    restype: 'service',
    comp: 'properties',
    permission: { level: 's', letters: 'r', accountOnly: true },
    run: ({ account }) => ({ status: 200, body: writeServiceProperties(account.properties.queue, 'queue') }),
  },
  {
    name: 'SetQueueServiceProperties',
    on: 'service',
    method: 'PUT',
    restype: 'service',
    comp: 'properties',
    permission: { level: 's', letters: 'w', accountOnly: true },
    body: { kind: 'memory', bytesMax: PROPERTIES_XML_LIMITS.bytesMax },
    run({ account, body }) {
      const { queue } = account.properties;
      account.properties.queue = readServiceProperties(Buffer.concat(body.pieces), queue, 'queue');
      return { status: 202 };
    },
  },
  {
    name: 'GetQueueServiceStats',
    on: 'service',
    method: 'GET',
    restype: 'service',
    comp: 'stats',
    permission: { level: 's', letters: 'r', accountOnly: true },
    run({ request, account, tools }) {
      if (!request.isSecondary) throw badParameter('comp', 'stats');
      const out = new XmlWriter();
      writeServiceStats(out, tools.geoStatus(account));
      return { status: 200, body: out.toString() };
    },
  },
  {
    name: 'GetQueueUserDelegationKey',
    on: 'service',
    method: 'POST',
    restype: 'service',
    comp: 'userdelegationkey',
    permission: { level: 's', letters: 'w', accountOnly: true },
    body: { kind: 'memory', bytesMax: DELEGATION_BYTES_MAX },
    run: (call) => delegationKeyReply(call, 'q'),
  },
  {
    name: 'CreateQueue',
    on: 'queue',
    method: 'PUT',
    permission: { level: 'c', letters: 'cw', accountOnly: true },
    run({ request, queues }) {
      const metadata = readMetadata(request);
      const before = queues.get(request.queue!);
      if (before) {
        if (!sameMetadata(before.metadata, metadata)) throw storageFault('QueueAlreadyExists');
        return { status: 204 };
      }
      queues.set(request.queue!, { name: request.queue!, metadata, policies: [], messages: new Map() });
      return { status: 201 };
    },
  },
  {
    name: 'DeleteQueue',
    on: 'queue',
    method: 'DELETE',
    permission: { level: 'c', letters: 'd', accountOnly: true },
    run(call) {
      call.queues.delete(queueOf(call).name);
      return { status: 204 };
    },
  },
  {
    name: 'GetQueueMetadata',
    on: 'queue',
    method: 'GET',
    comp: 'metadata',
    permission: { level: 'c', letters: 'r' },
    run(call) {
      const queue = queueOf(call);
      return {
        status: 200,
        headers: { 'x-ms-approximate-messages-count': String(messageCount(queue, call.now)) },
        metadata: queue.metadata,
      };
    },
  },
  {
    name: 'SetQueueMetadata',
    on: 'queue',
    method: 'PUT',
    comp: 'metadata',
    permission: { level: 'c', letters: 'w', accountOnly: true },
    run(call) {
      queueOf(call).metadata = readMetadata(call.request);
      return { status: 204 };
    },
  },
  {
    name: 'GetQueueACL',
    on: 'queue',
    method: 'GET',
    comp: 'acl',
    permission: { ...KEY_ONLY, letters: 'r' },
    run: (call) => ({ status: 200, body: writePolicies(queueOf(call).policies) }),
  },
  {
    name: 'SetQueueACL',
    on: 'queue',
    method: 'PUT',
    comp: 'acl',
    permission: { ...KEY_ONLY, letters: 'w' },
    body: { kind: 'memory', bytesMax: POLICIES_XML_LIMITS.bytesMax },
    run(call) {
      queueOf(call).policies = readPolicies(Buffer.concat(call.body.pieces));
      return { status: 204 };
    },
  },
  {
    name: 'PutMessage',
    on: 'messages',
    method: 'POST',
    permission: { level: 'o', letters: 'a', action: 'write' },
    body: { kind: 'memory', bytesMax: MESSAGE_XML_LIMITS.bytesMax },
    run(call) {
      const { now, tools } = call;
      const queue = queueOf(call);
      const text = readText(call);
      const life = seconds(call, 'messagettl', -1, Number.MAX_SAFE_INTEGER);
      if (life === 0) throw badParameter('messagettl', '0');
      const lifeMs = life === -1 ? NEVER : life === undefined ? LIFE : life * SECOND;
      const hidden = visibility(call, 0);
      if (hidden > 0 && hidden >= lifeMs) throw badParameter('visibilitytimeout', String(hidden / SECOND));
      const message: Message = {
        id: tools.messageId(),
        insertedAt: now,
        expiresAt: now + lifeMs,
        text,
        visibleAt: now + hidden,
        dequeueCount: 0,
        popReceipt: tools.popReceipt(),
      };
      queue.messages.set(message.id, message);
      return { status: 201, body: list([message], 'sent') };
    },
  },
  {
    name: 'PeekMessages',
    on: 'messages',
    method: 'GET',
    peek: true,
    permission: { level: 'o', letters: 'r' },
    run(call) {
      const count = seconds(call, 'numofmessages', 1, MESSAGES_MAX) ?? 1;
      return { status: 200, body: list(visibleMessages(queueOf(call), count, call.now), 'peeked') };
    },
  },
  {
    name: 'GetMessages',
    on: 'messages',
    method: 'GET',
    permission: { level: 'o', letters: 'p', action: 'write' },
    run(call) {
      const { now, tools } = call;
      const count = seconds(call, 'numofmessages', 1, MESSAGES_MAX) ?? 1;
      const hidden = visibility(call, 30, 1);
      const messages = visibleMessages(queueOf(call), count, now);
      for (const message of messages) {
        message.dequeueCount++;
        hide(message, hidden, tools.popReceipt(), now);
      }
      return { status: 200, body: list(messages, 'taken') };
    },
  },
  {
    name: 'ClearMessages',
    on: 'messages',
    method: 'DELETE',
    permission: { level: 'o', letters: 'd', accountOnly: true },
    run(call) {
      queueOf(call).messages.clear();
      return { status: 204 };
    },
  },
  {
    name: 'UpdateMessage',
    on: 'message',
    method: 'PUT',
    permission: { level: 'o', letters: 'u', action: 'write' },
    body: { kind: 'memory', bytesMax: MESSAGE_XML_LIMITS.bytesMax },
    run(call) {
      const { now, tools } = call;
      requiredParameter(call.request, 'visibilitytimeout');
      const hidden = visibility(call, 0);
      const text = call.body.length > 0 ? readText(call) : undefined;
      const { message } = heldMessage(call);
      if (now + hidden >= message.expiresAt) throw badParameter('visibilitytimeout', String(hidden / SECOND));
      if (text !== undefined) message.text = text;
      hide(message, hidden, tools.popReceipt(), now);
      return {
        status: 204,
        headers: {
          'x-ms-popreceipt': message.popReceipt,
          'x-ms-time-next-visible': httpDate(message.visibleAt),
        },
      };
    },
  },
  {
    name: 'DeleteMessage',
    on: 'message',
    method: 'DELETE',
    permission: { level: 'o', letters: 'p', action: 'delete' },
    run(call) {
      const { queue, message } = heldMessage(call);
      queue.messages.delete(message.id);
      return { status: 204 };
    },
  },
];
