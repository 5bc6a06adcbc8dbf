/** Queues and their messages. A message is hidden or gone by what its times say; nothing has to happen for it. */
import type { Millis, UnixMillis } from '#core/units.ts';
import type { StoredPolicy } from '../storage/account.ts';

export interface Queue {
  readonly name: string;
  metadata: ReadonlyMap<string, string>;
  policies: readonly StoredPolicy[];
  /** By id, in the order in which they were put. */
  readonly messages: Map<string, Message>;
}

export interface Message {
  readonly id: string;
  readonly insertedAt: UnixMillis;
  /** Infinity: never. */
  readonly expiresAt: UnixMillis;
  text: string;
  visibleAt: UnixMillis;
  dequeueCount: number;
  /** Whoever shows it may delete or change the message; a new one with every change of its visibility. */
  popReceipt: string;
}

export type QueueAccount = Map<string, Queue>;

/** At most `max` messages that can be seen now, in order; the ones whose time is over are dropped on the way. */
export function visibleMessages({ messages }: Queue, max: number, now: UnixMillis): Message[] {
  const found: Message[] = [];
  for (const message of messages.values()) {
    if (message.expiresAt <= now) messages.delete(message.id);
    else if (message.visibleAt <= now) {
      found.push(message);
      if (found.length === max) break;
    }
  }
  return found;
}

/** How many there are, hidden ones too. */
export function messageCount({ messages }: Queue, now: UnixMillis): number {
  let count = 0;
  for (const message of messages.values()) if (message.expiresAt > now) count++;
  return count;
}

/** Hides a message from others for a while. */
export function hide(message: Message, forMs: Millis, popReceipt: string, now: UnixMillis): void {
  message.visibleAt = now + forMs;
  message.popReceipt = popReceipt;
}
