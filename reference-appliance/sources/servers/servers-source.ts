/** A list of Linux and Windows servers as one source. */

import type { Entropy } from '#core/entropy/entropy.ts';
import type { Transport } from '#core/net/transport.ts';
import type { Clock } from '#core/time/clock.ts';
import type { Counters } from '#core/trace/recorder.ts';
import type { GuestCredential } from '../../app/ports.ts';
import type { Logger } from '../../log.ts';
import type { SourceMemory } from './memory.ts';
import type { ServerTarget } from './targets.ts';

export interface ServersOptions {
  /** Names the source in logs and the store. */
  readonly name: string;
  readonly targets: readonly ServerTarget[];
  /** Of both families; those of a target's family are tried in this order. */
  readonly credentials: readonly GuestCredential[];
  readonly memory: SourceMemory;
  readonly transport: Transport;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly counters: Counters;
  readonly log: Logger;
}
