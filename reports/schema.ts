/**
 * The shape of a run record as it must be on disk. Records travel between machines and outlive the code that
 * wrote them, so a reader checks what it was given before anything is shown. Further fields are let through:
 * the version in `format` changes when the meaning of one does.
 */
import { z } from 'zod';
import { PROMISES, RUN_RECORD_FORMAT, type RunRecord } from '#core/contracts/run-record.ts';
import type { TraceEvent } from '#core/trace/recorder.ts';
import { TRACE_KINDS } from './view/payload.ts';
import { READINESS_ORDER } from './view/words.ts';

/** Nothing a person reads is longer; the scenario's source is. */
const text = z.string().max(20_000);
const instant = z.number().min(-8.64e15).max(8.64e15);
const count = z.number().int();
const sha256 = z.string().regex(/^([0-9a-f]{64})?$/);

const MOST_POINTS = 200_000;

/** By hand: a record holds millions of points, and zod asks forty times as long for each. */
function arePoints(value: unknown): boolean {
  if (!Array.isArray(value) || value.length > MOST_POINTS) return false;
  for (const point of value) if (point !== null && typeof point !== 'number') return false;
  return true;
}

const series = z.object({
  from: instant,
  periodSeconds: z.number().positive(),
  values: z.custom<Array<number | null>>(arePoints, `a list of at most ${MOST_POINTS} numbers and nulls`),
});

const disk = z.object({ name: text, sizeBytes: count });
const readiness = z.enum(READINESS_ORDER);

const schema = z.object({
  format: z.literal(RUN_RECORD_FORMAT),
  id: z.string().min(1).max(200),
  scenario: text,
  says: text,
  scenarioSource: z.string().max(4_000_000),
  seed: text,
  tier: z.enum(Object.keys(PROMISES) as Array<keyof typeof PROMISES>),
  versions: z.object({ drylift: text, node: text, commit: text.optional() }),
  replay: text,
  startedAt: text,
  wallSeconds: z.number(),
  peakMemoryBytes: z.number(),
  clock: z.object({ start: instant, end: instant }),
  verdict: z.enum(['passed', 'failed', 'error', 'interrupted']),
  failure: z.object({ code: text, what: text, why: text, next: text, at: instant.optional() }).optional(),
  traceHash: text,
  traceEvents: count,
  estate: z.object({
    name: text,
    source: text,
    machines: count,
    poweredOn: count,
    templates: count,
    disks: count,
    hosts: count,
    capacityBytes: z.number(),
    derived: z.array(z.object({ field: text, reason: text, count, example: text })).max(10_000),
  }),
  steps: z
    .array(
      z.object({
        name: text,
        detail: text,
        from: instant,
        to: instant.optional(),
        state: z.enum(['done', 'failed', 'running']),
      }),
    )
    .max(100_000),
  timeline: z
    .array(
      z.object({
        lane: z.enum(['script', 'fault', 'appliance', 'vcenter', 'azure', 'check']),
        from: instant,
        to: instant.optional(),
        label: text,
        tone: z.enum(['plain', 'good', 'warning', 'bad']),
      }),
    )
    .max(2_000_000),
  checks: z
    .array(
      z.object({
        id: text,
        says: text,
        status: z.enum(['passed', 'failed', 'skipped']),
        limit: text,
        actual: text,
        firstBrokenAt: instant.optional(),
        detail: text.optional(),
      }),
    )
    .max(100_000),
  faults: z
    .array(
      z.object({
        id: text,
        says: text,
        from: instant,
        until: instant,
        fired: count,
        firstAt: instant.optional(),
      }),
    )
    .max(100_000),
  counters: z.record(text, z.number()),
  utilisation: z
    .array(
      z.object({
        machine: text,
        counter: text,
        unit: text,
        samples: series,
        peaks: series,
        percentile: z.object({ p: z.number(), value: z.number(), rank: count, points: count }),
      }),
    )
    .max(100_000),
  assessment: z
    .object({
      name: text,
      properties: z.record(text, text),
      currency: text,
      monthlyComputeCost: z.number(),
      monthlyStorageCost: z.number(),
      confidencePercent: z.number().min(0).max(100),
      readiness: z.record(readiness, count),
      machines: z
        .array(
          z.object({
            name: text,
            os: text,
            cores: z.number(),
            memoryMiB: z.number(),
            readiness,
            size: text.optional(),
            disks: z
              .array(disk.extend({ sku: text.optional(), monthlyCost: z.number().optional(), why: text }))
              .max(1_000),
            monthlyComputeCost: z.number().optional(),
            monthlyStorageCost: z.number().optional(),
            stars: z.number().int().min(1).max(5).optional(),
            confidencePercent: z.number().min(0).max(100).optional(),
            reasons: z.array(text).max(1_000),
            compared: z
              .array(z.object({ size: text, monthly: z.number(), lacks: text }))
              .max(100)
              .optional(),
            fellOut: z
              .array(z.object({ lacks: text, sizes: z.array(text).max(10_000) }))
              .max(10_000)
              .optional(),
          }),
        )
        .max(200_000),
      whatIf: z
        .object({
          sets: z
            .array(
              z.object({
                name: text,
                monthlyComputeCost: z.number(),
                monthlyStorageCost: z.number(),
                vCpus: z.number(),
                sized: count,
                changed: count,
              }),
            )
            .max(100),
          changed: z.array(z.object({ name: text, gives: z.array(text).max(100) })).max(10_000),
          curve: z
            .array(
              z.object({
                percentile: z.number().min(1).max(100),
                compute: z.number(),
                storage: z.number(),
              }),
            )
            .max(100),
        })
        .optional(),
    })
    .optional(),
  dependencies: z
    .array(
      z.object({
        source: text,
        sourceProcess: text,
        sourceApplication: text,
        destination: text,
        destinationIp: text,
        destinationProcess: text,
        destinationApplication: text,
        port: count,
        observations: count,
        firstSeen: instant,
        lastSeen: instant,
      }),
    )
    .max(200_000)
    .optional(),
  replications: z
    .array(
      z.object({
        machine: text,
        disks: z.array(disk.extend({ sourceSha256: sha256, targetSha256: sha256 })).max(1_000),
        cycles: z
          .array(
            z.object({
              id: text,
              kind: z.enum(['initial', 'delta', 'final', 'resync']),
              from: instant,
              to: instant.optional(),
              changedBytes: z.number(),
              readBytes: z.number(),
              sentBytes: z.number(),
              blocks: count,
              retries: count,
              state: text,
            }),
          )
          .max(1_000_000),
        cutover: z.object({ from: instant, to: instant, sourcePoweredOff: z.boolean() }).optional(),
        state: text,
      }),
    )
    .max(200_000),
});

// Fails to compile when the contract has a field that is not checked here. (Optional fields differ: zod
// allows an explicit `undefined`, which JSON cannot hold.)
type Checked = z.infer<typeof schema>;
type Missing = Exclude<keyof RunRecord, keyof Checked>;
const complete: [Missing] extends [never] ? true : Missing = true;

/** What is wrong with a record, as `checks[3].status: …`; undefined when it is right. */
export function problemWithRecord(value: unknown): string | undefined {
  const result = schema.safeParse(value);
  if (result.success && complete) return undefined;
  const issue = result.error?.issues[0];
  if (issue === undefined) return undefined;
  const path = issue.path.map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`)).join('');
  return `${path.replace(/^\./, '') || 'record'}: ${issue.message}`;
}

const kinds = new Set<unknown>(TRACE_KINDS);

/** By hand: a trace has hundreds of thousands of lines. */
export function isTraceEvent(value: unknown): value is TraceEvent {
  if (typeof value !== 'object' || value === null) return false;
  const { at, kind, who, what, digest, bytes } = value as Partial<Record<keyof TraceEvent, unknown>>;
  return (
    typeof at === 'number' &&
    Number.isFinite(at) &&
    kinds.has(kind) &&
    typeof who === 'string' &&
    typeof what === 'string' &&
    (digest === undefined || typeof digest === 'string') &&
    (bytes === undefined || typeof bytes === 'number')
  );
}
