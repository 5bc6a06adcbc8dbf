/**
 * What goes wrong in a story: at a named point of a simulator, on a link, or with the appliance itself. Every
 * fault has a beginning and an end; one that never fires fails the run, unless it says that it may.
 */
import { z } from 'zod';
import type { LinkAction } from '#core/net/link-rules.ts';
import { DAY, type Millis, parseDuration, type Ratio } from '#core/units.ts';
import { duration, mistake, size } from './scenario-fields.ts';
import { VERBS, type Verb } from './scenario-steps.ts';

export interface FaultTiming {
  /** The step from whose beginning the fault's is counted; without it, from the start of the story. */
  readonly after?: Verb;
  readonly from: Millis;
  /** Of the waiting time of the `after` step; counted on top of `from`. */
  readonly fromShare: Ratio;
  readonly mayMiss: boolean;
}

export interface PointFault extends FaultTiming {
  readonly kind: 'point';
  readonly at: string;
  readonly answer: string;
  readonly times: number;
  readonly forMs: Millis;
  readonly subject?: string;
  readonly retryAfterSeconds?: number;
}

export interface LinkFault extends FaultTiming {
  readonly kind: 'link';
  readonly link: Link;
  readonly direction: 'out' | 'in' | 'both';
  readonly action: LinkAction;
  readonly forMs: Millis;
  readonly times?: number;
}

export interface CrashFault extends FaultTiming {
  readonly kind: 'crash';
  readonly machine: 'appliance';
  readonly restartAfterMs: Millis;
  /** Waits for the appliance's next exchange of this kind: "azure.PutBlob". */
  readonly on?: string;
}

export type Fault = PointFault | LinkFault | CrashFault;

export interface Link {
  /** Node that dials: appliance, operator. */
  readonly from: string;
  /** Host that is dialled: a name, `*.suffix` or `*`. */
  readonly to: string;
}

export const link = z
  .string()
  .meta({ description: 'appliance -> *.blob.core.windows.net' })
  .transform((text, ctx): Link => {
    const match = /^(\S+) -> (\S+)$/.exec(text.trim());
    if (match) return { from: match[1]!, to: match[2]! };
    return mistake(ctx, `"${text}" is not a link; write it like: appliance -> vcenter`, { code: 'badValue' });
  });

const beginning = z
  .string()
  .meta({ description: '3d, or 40% of the waiting time of the `after` step' })
  .transform((text, ctx): { from: Millis; fromShare: Ratio } => {
    const share = /^(\d{1,3})%$/.exec(text)?.[1];
    if (share !== undefined && Number(share) <= 100) return { from: 0, fromShare: Number(share) / 100 };
    try {
      return { from: parseDuration(text), fromShare: 0 };
    } catch {
      return mistake(ctx, `"${text}" is neither a duration nor a percentage up to 100%.`, {
        code: 'badDuration',
      });
    }
  });

const LINK_ACTIONS = ['delay', 'stall', 'throttle', 'reset', 'refuse'] as const;
const COMMON_KEYS = ['at', 'link', 'machine', 'after', 'from', 'may-miss'];
const KEYS_OF = {
  at: ['answer', 'times', 'for', 'subject', 'retry-after'],
  link: ['do', 'for', 'times', 'ms', 'bytes', 'direction'],
  machine: ['do', 'restart-after', 'on'],
} as const;

export const fault = z
  .strictObject({
    at: z.string().optional().describe('a named point; `drylift explain points` lists them'),
    link: link.optional(),
    machine: z.literal('appliance').optional(),
    after: z.enum(VERBS).optional().describe('`from` counts from the beginning of this step'),
    from: beginning.optional(),
    for: duration.optional().describe('a point: one day unless said otherwise'),
    times: z.int().min(1).max(1000).optional().describe('a point: once unless said otherwise'),
    answer: z.union([z.string(), z.int().transform(String)]).optional(),
    subject: z.string().min(1).optional().describe('only where machine, disk or blob contains this text'),
    'retry-after': duration.optional(),
    do: z.enum([...LINK_ACTIONS, 'crash']).optional(),
    ms: duration.optional().describe('delay: by so much'),
    bytes: size.optional().describe('reset: after so many; throttle: so many per second'),
    direction: z.enum(['out', 'in', 'both']).optional(),
    'restart-after': duration.optional(),
    on: z
      .string()
      .regex(/^[a-z]+\.\w+$/, 'an exchange is named like azure.PutBlob')
      .optional()
      .describe('crash: waits, after `from`, for the next exchange of this kind, such as azure.PutBlob'),
    'may-miss': z.boolean().optional(),
  })
  .transform((value, ctx): Fault => {
    const kinds = (['at', 'link', 'machine'] as const).filter((key) => value[key] !== undefined);
    const kind = kinds[0];
    if (!kind || kinds.length > 1)
      return mistake(ctx, 'A fault acts on exactly one of: at, link, machine.', { code: 'badValue' });
    const allowed: readonly string[] = [...COMMON_KEYS, ...KEYS_OF[kind]];
    for (const key of Object.keys(value))
      if (!allowed.includes(key))
        return mistake(
          ctx,
          `"${key}" does not go with "${kind}".`,
          { code: 'badValue', candidates: KEYS_OF[kind] },
          [key],
        );
    const need = <K extends keyof typeof value>(key: K): NonNullable<(typeof value)[K]> =>
      value[key] ?? mistake(ctx, `A fault with "${kind}" needs "${key}".`, { code: 'badValue' });

    const timing = {
      ...(value.after === undefined ? {} : { after: value.after }),
      ...(value.from ?? { from: 0, fromShare: 0 }),
      mayMiss: value['may-miss'] ?? false,
    };
    const times = value.times === undefined ? {} : { times: value.times };
    if (kind === 'at')
      return {
        kind: 'point',
        at: value.at!,
        answer: need('answer'),
        times: value.times ?? 1,
        forMs: value.for ?? DAY,
        ...(value.subject === undefined ? {} : { subject: value.subject }),
        ...(value['retry-after'] === undefined ? {} : { retryAfterSeconds: value['retry-after'] / 1000 }),
        ...timing,
      };
    const action = need('do');
    if (kind === 'machine' && action === 'crash')
      return {
        kind: 'crash',
        machine: 'appliance',
        restartAfterMs: need('restart-after'),
        ...(value.on === undefined ? {} : { on: value.on }),
        ...timing,
      };
    if (kind === 'machine' || action === 'crash')
      return mistake(ctx, 'A machine can crash; a link cannot, and nothing else can be done to a machine.', {
        code: 'badValue',
        candidates: kind === 'machine' ? ['crash'] : LINK_ACTIONS,
      });
    return {
      kind: 'link',
      link: value.link!,
      direction: value.direction ?? 'both',
      action:
        action === 'delay'
          ? { do: action, ms: need('ms') }
          : action === 'throttle'
            ? { do: action, bytesPerSecond: need('bytes') }
            : action === 'reset'
              ? { do: action, afterBytes: value.bytes ?? 0 }
              : { do: action },
      forMs: need('for'),
      ...times,
      ...timing,
    };
  });
