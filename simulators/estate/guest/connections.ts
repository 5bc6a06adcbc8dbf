/**
 * TCP connections between machines: pure functions of link, slot and time, so that both ends say the same at every
 * instant, in whatever order they are asked. Time is cut into periods, by link and slot with a phase of their own; in
 * each of them a slot holds one connection for a part of the period, from a client port that no other connection of
 * that client has at the time.
 */
import type { Entropy } from '#core/entropy/entropy.ts';
import { HOUR, MINUTE, type Millis, SECOND, type UnixMillis } from '#core/units.ts';
import type { ServiceKind } from './stack.ts';
import type { Link } from './topology.ts';

/** How connections of a kind come and go. */
const RHYTHM: Readonly<Record<ServiceKind, { period: Millis; alive: number }>> = {
  app: { period: 12 * MINUTE, alive: 0.7 },
  sql: { period: 2 * HOUR, alive: 0.97 },
  ldap: { period: 20 * MINUTE, alive: 0.6 },
  kerberos: { period: 10 * MINUTE, alive: 0.1 },
  files: { period: 4 * HOUR, alive: 0.9 },
  smtp: { period: 15 * MINUTE, alive: 0.25 },
  monitoring: { period: 10 * MINUTE, alive: 0.85 },
  backup: { period: 24 * HOUR, alive: 0.08 },
  web: { period: 5 * MINUTE, alive: 0.5 },
};
/** Services of a freshly started machine are up after so long. */
const START_UP: Millis = MINUTE;
/** The side that closes keeps the connection in TIME_WAIT for so long [RFC 9293, 2 MSL; Linux: 60 s]. */
export const TIME_WAIT: Millis = MINUTE;

const PORTS = {
  linux: { first: 32_768, count: 28_232 },
  windows: { first: 49_152, count: 16_384 },
} as const;

export interface Span {
  readonly from: UnixMillis;
  /** Exclusive. */
  readonly to: UnixMillis;
  readonly clientPort: number;
}

/**
 * The connection of a slot at an instant, or the last one when none stands then. A connection that one of the machines
 * slept through does not exist; one whose time has come begins when both have started up.
 *
 * @param clientSlots of all links of the client, which share its ports. @param bootedAt the later of both starts
 */
export function slotAt(
  entropy: Entropy,
  link: Link,
  slot: number,
  clientFamily: 'linux' | 'windows',
  clientSlots: number,
  bootedAt: UnixMillis,
  at: UnixMillis,
): Span | undefined {
  const { period, alive } = RHYTHM[link.kind];
  const phase = entropy.below(period / SECOND, 'guest.slot.phase', link.id, slot) * SECOND;
  const number = Math.floor((at + phase) / period);
  for (const turn of [number, number - 1]) {
    const begin = turn * period - phase;
    const length = Math.round(
      period * alive * (0.6 + 0.4 * entropy.ratio('guest.slot.length', link.id, slot, turn)),
    );
    const lead = Math.floor(entropy.ratio('guest.slot.lead', link.id, slot, turn) * (period - length));
    const from = Math.max(begin + lead, bootedAt + START_UP);
    const to = begin + lead + length;
    if (from >= to || at < from) continue;
    const { first, count } = PORTS[clientFamily];
    // every slot of the client has ports of its own, which its connections take in turn
    const own = Math.max(1, Math.floor(count / clientSlots));
    const clientPort = first + (((link.firstSlot + slot) * own + (turn % own)) % count);
    return { from, to, clientPort };
  }
  return undefined;
}
