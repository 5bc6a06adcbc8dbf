/** The queue service of a cloud's storage accounts: same accounts, keys, networks and limits as their blobs. */
import type { HttpHandler } from '#core/net/http-server.ts';
import type { SimulatorContext } from '../../kit/context.ts';
import type { StorageAccount } from '../storage/account.ts';
import { type AuthorizationRules, authorize } from '../storage/authorization.ts';
import { queueDelegationSasStringToSign, queueSasStringToSign } from '../storage/sas.ts';
import type { SharedServices } from '../storage/service.ts';
import {
  type StorageProtocol,
  serviceHandler,
  storageFaultPoints,
  writeXmlFault,
} from '../storage/service-handler.ts';
import { sharedKeyStringToSign } from '../storage/shared-key.ts';
import { badParameter, storageFault } from '../storage/storage-fault.ts';
import { OLDEST_VERSION } from '../storage/versions.ts';
import type { QueueAccount } from './queue-model.ts';
import { QUEUE_OPERATIONS, type QueueOperation, type QueueTools } from './queue-operations.ts';
import { type QueueRequest, readQueueRequest } from './queue-request.ts';

/** Names that a certificate for the queue endpoints of the public cloud must carry. */
export const QUEUE_HOSTS = ['*.queue.core.windows.net'];

export interface QueueServiceOptions {
  readonly context: SimulatorContext;
  readonly storage: { readonly shared: SharedServices };
}

export interface QueueService {
  /** For all queue endpoints: accounts by Host header, or as the first part of the path. */
  readonly handler: HttpHandler;
}

export function createQueues({ context, storage }: QueueServiceOptions): QueueService {
  const { tools: storageTools, authorization, limits } = storage.shared;
  context.faults.declare(storageFaultPoints('queue', QUEUE_OPERATIONS));
  // by what an account and its secondary view share, so that they go when the account goes
  const accounts = new WeakMap<object, QueueAccount>();
  const queuesOf = ({ properties }: StorageAccount): QueueAccount => {
    const queues = accounts.get(properties) ?? new Map();
    accounts.set(properties, queues);
    return queues;
  };
  const rules = queueRules(queuesOf);
  const numbers = { message: 0, receipt: 0 };
  const tools: QueueTools = {
    messageId: () => context.entropy.uuid('azure.queue.message', numbers.message++),
    popReceipt: () => context.entropy.bytes(16, 'azure.queue.receipt', numbers.receipt++).toString('base64'),
    geoStatus: (account) => storageTools.geoStatus(account),
  };
  const protocol: StorageProtocol<QueueRequest, QueueOperation> = {
    service: 'queue',
    server: 'Windows-Azure-Queue/1.0 Microsoft-HTTPAPI/2.0',
    oldestVersion: OLDEST_VERSION,
    tools: storageTools,
    read: readQueueRequest,
    operationFor,
    authorize: (request, account, operation) =>
      authorize(rules, request, account, operation, () => true, authorization),
    run(operation, call) {
      // messages are not kept in the other region: only statistics are read there
      if (call.request.isSecondary && operation.on !== 'service') throw storageFault('QueueNotFound');
      return operation.run({ ...call, queues: queuesOf(call.account), tools });
    },
    subject: ({ account, queue }) => (queue === undefined ? account : `${account}/${queue}`),
    writeFault: writeXmlFault,
  };
  return { handler: serviceHandler({ context, protocol, limits }) };
}

/** @throws StorageFault */
function operationFor({ level, method, query }: QueueRequest): QueueOperation {
  const comp = query.get('comp')?.toLowerCase();
  const restype = query.get('restype');
  const peek = query.get('peekonly') === 'true';
  const here = QUEUE_OPERATIONS.filter(
    (operation) => operation.on === level && operation.comp === comp && operation.restype === restype,
  );
  const asked = method === 'HEAD' && comp !== undefined ? 'GET' : method;
  const found = here.find((operation) => operation.method === asked && (operation.peek ?? false) === peek);
  if (found) return found;
  if (here.length > 0) throw storageFault('UnsupportedHttpVerb');
  for (const name of ['comp', 'restype']) if (query.has(name)) throw badParameter(name, query.get(name)!);
  throw storageFault('InvalidUri');
}

function queueRules(
  queuesOf: (account: StorageAccount) => QueueAccount,
): AuthorizationRules<QueueRequest, QueueOperation> {
  return {
    service: 'queue',
    schemes: { SharedKey: sharedKeyStringToSign },
    serviceSasText: ({ query, queue }, account) => queueSasStringToSign(account, queue!, query),
    delegationSasText: ({ query, queue }, account) => queueDelegationSasStringToSign(account, queue!, query),
    policies: ({ queue }, account) => queuesOf(account).get(queue ?? '')?.policies,
    serviceSasReaches: () => true,
    container: ({ queue }) => queue,
  };
}
