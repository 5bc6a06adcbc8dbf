/**
 * The comparable form of a trace, its hash, and where two traces part.
 *
 * In the memory tier the form is the trace itself. On loopback the order of events inside one instant is not
 * promised, so events of one instant are sorted; of an exchange the request counts and not the answer, since
 * servers number what they answer in the order of arrival (request ids, ETags); and sizes and digests that depend
 * on ports or chunking play no part (the transports leave them out already).
 */
import { createHash } from 'node:crypto';
import type { Tier } from '../net/transport.ts';
import type { TraceEvent } from './recorder.ts';

/** One line per event; lines never contain a line break. */
export function canonicalLines(trace: readonly TraceEvent[], tier: Tier): string[] {
  const lines = trace.map((event) => line(event, tier));
  if (tier === 'memory') return lines;
  const out: string[] = [];
  let instant: string[] = [];
  for (let i = 0; i < trace.length; i++) {
    instant.push(lines[i]!);
    if (trace[i + 1]?.at !== trace[i]!.at) {
      out.push(...instant.sort());
      instant = [];
    }
  }
  return out;
}

function line(event: TraceEvent, tier: Tier): string {
  const { at, kind, who, what, bytes = '' } = event;
  const whole = event.digest ?? '';
  const digest = tier !== 'memory' && kind === 'http' ? whole.slice(0, whole.length / 2) : whole;
  return JSON.stringify([at, kind, who, what, digest, bytes]);
}

/** SHA-256, hex. */
export function traceHash(trace: readonly TraceEvent[], tier: Tier): string {
  const hash = createHash('sha256');
  for (const text of canonicalLines(trace, tier)) hash.update(text).update('\n');
  return hash.digest('hex');
}

export interface Divergence {
  /** Number of the first event that differs, from 0. */
  readonly index: number;
  /** Undefined where the trace ended before. */
  readonly left: string | undefined;
  readonly right: string | undefined;
}

/** The first event in which two traces differ; undefined when they are equal. */
export function firstDivergence(left: readonly string[], right: readonly string[]): Divergence | undefined {
  const length = Math.max(left.length, right.length);
  for (let index = 0; index < length; index++)
    if (left[index] !== right[index]) return { index, left: left[index], right: right[index] };
  return undefined;
}
