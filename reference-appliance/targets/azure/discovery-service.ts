/** The discovery data plane: heartbeats, inventory and points. [docs/protocols/appliance-data-planes.md §1] */
import { z } from 'zod';
import { DryliftError } from '#core/errors.ts';
import type { UnixMillis } from '#core/units.ts';
import type { Accepted, Heartbeat, Sequences } from '../../app/ports.ts';
import { type AzureHttp, errors, readAs } from './azure-http.ts';

const TIME = z.object({ serverTime: z.iso.datetime() });
const STATE = z.object({ inventorySequence: z.int().min(0), pointsSequence: z.int().min(0) });
const GAP = z.object({
  error: z.object({ code: z.literal('SequenceGap') }).loose(),
  expected: z.int().min(1).optional(),
});

export interface DiscoveryOptions {
  azure: AzureHttp;
  /** The site's serviceEndpoint. */
  base: string;
  audience: string;
  applianceName: string;
}

export interface DiscoveryService {
  heartbeat(beat: Heartbeat, time: UnixMillis, signal: AbortSignal): Promise<UnixMillis>;
  sequences(signal: AbortSignal): Promise<Sequences>;
  send(kind: 'inventory' | 'points', sequence: number, body: Buffer, signal: AbortSignal): Promise<Accepted>;
}

export function discoveryService({
  azure,
  base,
  audience,
  applianceName,
}: DiscoveryOptions): DiscoveryService {
  const name = encodeURIComponent(applianceName);
  return {
    async heartbeat(beat, time, signal) {
      const { json } = await azure.send({
        method: 'PUT',
        url: `${base}/heartbeats/${name}`,
        audience,
        body: { ...beat, time: new Date(time).toISOString() },
        expect: [200],
        signal,
      });
      return Date.parse(readAs(TIME, 'a heartbeat', json).serverTime);
    },
    async sequences(signal) {
      const { json } = await azure.send({
        method: 'GET',
        url: `${base}/state/${name}`,
        audience,
        expect: [200],
        signal,
      });
      const { inventorySequence, pointsSequence } = readAs(STATE, 'the state', json);
      return { inventory: inventorySequence, points: pointsSequence };
    },
    async send(kind, sequence, body, signal) {
      const { status, json } = await azure.send({
        method: 'PUT',
        url: `${base}/${kind}/${sequence}`,
        audience,
        body,
        expect: [200, 409],
        signal,
      });
      if (status === 200) return { ok: true };
      const expected = expectedOf(json);
      if (expected === undefined)
        throw errors.make('azure.refused', {
          what: `The service refused ${kind} ${sequence} with a conflict that is no SequenceGap.`,
        });
      return { ok: false, expected };
    },
  };
}

/** `{expected}` beside or inside the error: both readings of "409 SequenceGap with {expected}" are taken. */
function expectedOf(json: unknown): number | undefined {
  const gap = GAP.safeParse(json);
  if (!gap.success) return undefined;
  const inside = z.object({ expected: z.int().min(1) }).safeParse(gap.data.error);
  return gap.data.expected ?? (inside.success ? inside.data.expected : undefined);
}

/** Was the request refused as a conflict of that code? */
export function isConflict(error: unknown, code: string): boolean {
  return error instanceof DryliftError && error.data['status'] === 409 && error.data['code'] === code;
}
