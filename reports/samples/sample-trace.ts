/** A trace like that of a real run: what is said to vCenter and Azure, timers and durable writes, in order. */
import type { TimelineEntry } from '#core/contracts/run-record.ts';
import type { Entropy } from '#core/entropy/entropy.ts';
import type { TraceEvent } from '#core/trace/recorder.ts';
import type { UnixMillis } from '#core/units.ts';

export interface SampleTraceOptions {
  readonly entropy: Entropy;
  readonly events: number;
  readonly start: UnixMillis;
  readonly end: UnixMillis;
  readonly machines: number;
  /** Steps, faults and checks appear in the trace where they appear on the ruler. */
  readonly timeline: readonly TimelineEntry[];
}

type Draft = Omit<TraceEvent, 'at' | 'digest'> & { readonly digest?: true };
const LANE_KINDS = { script: 'step', fault: 'fault', check: 'check' } as const;

export function sampleTrace(options: SampleTraceOptions): TraceEvent[] {
  const { entropy, events, start, end, timeline } = options;
  const next = entropy.sequence('sample.trace');
  const below = (n: number) => Math.floor(next() * n);
  const marks = timeline.flatMap(({ lane, from, label }): TraceEvent[] =>
    lane in LANE_KINDS
      ? [{ at: from, kind: LANE_KINDS[lane as keyof typeof LANE_KINDS], who: 'scenario', what: label }]
      : [],
  );
  const wanted = Math.max(0, events - marks.length);
  const rest = Array.from({ length: wanted }, (_, i): TraceEvent => {
    const at = start + Math.floor(((end - start) * i) / Math.max(1, wanted));
    const { digest, ...draft } = draftOf(i, options.machines, below);
    return { at, ...draft, ...(digest && { digest: entropy.hex(64, 'sample.digest', i) }) };
  });
  return [...marks, ...rest].sort((a, b) => a.at - b.at);
}

function draftOf(i: number, machines: number, below: (n: number) => number): Draft {
  const vm = 1_000 + below(machines);
  switch (i % 10) {
    case 0:
    case 1:
      return {
        kind: 'http',
        who: 'appliance',
        what: `POST vc.contoso.local:443/sdk QueryPerf vm-${vm}`,
        bytes: 912,
        digest: true,
      };
    case 2:
    case 3:
      return {
        kind: 'http',
        who: 'vcenter',
        what: '200 QueryPerfResponse',
        bytes: 21_400 + below(900),
        digest: true,
      };
    case 4:
      return { kind: 'timer', who: 'appliance', what: `collect vm-${vm} window ${Math.floor(i / 10)}` };
    case 5:
      return { kind: 'timer', who: 'vcenter', what: 'session keep-alive' };
    case 6:
      return {
        kind: 'durable',
        who: 'appliance.store',
        what: `points vm-${vm} 6 rows`,
        bytes: 96,
        digest: true,
      };
    case 7:
      return {
        kind: 'http',
        who: 'gateway',
        what: `PUT seed0001.blob.core.windows.net:443/disk-${below(24)}?comp=page bytes=${below(60_000) * 65_536}`,
        bytes: 65_536,
        digest: true,
      };
    case 8:
      return { kind: 'timer', who: 'azure', what: `operation ${i} poll` };
    default:
      return { kind: 'durable', who: 'appliance.store', what: `cursor vm-${vm}`, bytes: 24 };
  }
}
