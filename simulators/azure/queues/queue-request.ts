/** A request to the queue service: which queue, which message. */
import { storageFault } from '../storage/storage-fault.ts';
import {
  decode,
  type RawRequest,
  readStorageRequest,
  type StorageRequest,
} from '../storage/storage-request.ts';

export type QueueLevel = 'service' | 'queue' | 'messages' | 'message';

export interface QueueRequest extends StorageRequest {
  readonly level: QueueLevel;
  readonly queue: string | undefined;
  readonly messageId: string | undefined;
}

/** @throws StorageFault for a path that cannot be understood */
export function readQueueRequest(raw: RawRequest): QueueRequest {
  const { path, ...request } = readStorageRequest(raw, 'queue');
  const [queue = '', messages, messageId, ...more] = path.slice(1).split('/').map(decode);
  if (more.length > 0 || (messages !== undefined && messages !== '' && messages !== 'messages'))
    throw storageFault('InvalidUri');
  if (queue !== '') checkQueueName(queue);
  const level: QueueLevel =
    queue === ''
      ? 'service'
      : !messages
        ? 'queue'
        : messageId === undefined || messageId === ''
          ? 'messages'
          : 'message';
  return {
    ...request,
    level,
    queue: queue === '' ? undefined : queue,
    messageId: level === 'message' ? messageId : undefined,
  };
}

function checkQueueName(name: string): void {
  if (name.length < 3 || name.length > 63)
    throw storageFault('OutOfRangeInput', {
      text: 'The specified resource name length is not within the permissible limits.',
    });
  if (!/^[a-z0-9](?:-?[a-z0-9])*$/.test(name)) throw storageFault('InvalidResourceName');
}
