/** The small words of the scenario language: names, durations, sizes, instants, percentages, files. */
import { z } from 'zod';
import { DryliftError } from '#core/errors.ts';
import {
  type Bytes,
  type Millis,
  parseDuration,
  parseSize,
  type Ratio,
  type UnixMillis,
} from '#core/units.ts';

/** What a schema says about a mistake besides its message; `scenario-yaml.ts` makes a coded error of it. */
export interface IssueParams {
  readonly code: 'badDuration' | 'badValue';
  /** Permitted values, or keys, to choose from. */
  readonly candidates?: readonly string[];
}

/** Reports a mistake at the value being read, or below it at `path`. */
export function mistake(
  ctx: z.core.$RefinementCtx<unknown>,
  message: string,
  params: IssueParams,
  path: PropertyKey[] = [],
): never {
  ctx.addIssue({ code: 'custom', message, params: { ...params }, path });
  return z.NEVER;
}

export const scenarioName = z.string().transform((text, ctx): string => {
  if (/^[a-z0-9][a-z0-9-]{0,62}$/.test(text)) return text;
  return mistake(ctx, `"${text}" is not a name: lower-case letters, digits, hyphens; at most 63.`, {
    code: 'badValue',
  });
});

export const machineName = z.string().min(1).max(80).describe('name of a machine of the estate');

export const machineNames = z
  .union([machineName, z.array(machineName).min(1).max(1000)])
  .transform((names): readonly string[] => (typeof names === 'string' ? [names] : names));

export const filePath = z.string().min(1).max(1024).describe("path, relative to the scenario's own file");

export const duration = z
  .string()
  .meta({ description: '20s, 5m, 1d04h, 30d', pattern: '^(\\d+(\\.\\d+)?(ms|s|m|h|d))+$' })
  .transform((text, ctx): Millis => {
    try {
      return parseDuration(text);
    } catch {
      return mistake(ctx, `"${text}" is not a duration.`, { code: 'badDuration' });
    }
  });

export const size = z
  .string()
  .meta({ description: '512B, 64KiB, 40GiB, 2TiB', pattern: '^\\d+(\\.\\d+)?(B|KiB|MiB|GiB|TiB)$' })
  .transform((text, ctx): Bytes => {
    try {
      return parseSize(text);
    } catch (error) {
      const what = error instanceof DryliftError ? error.what : String(error);
      return mistake(ctx, `${what} Write for example 64KiB or 40GiB.`, { code: 'badValue' });
    }
  });

export const instant = z
  .string()
  .meta({ description: '2026-03-02T08:00:00Z', format: 'date-time' })
  .transform((text, ctx): UnixMillis => {
    const at = Date.parse(text);
    if (/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(text) && !Number.isNaN(at)) return at;
    return mistake(ctx, `"${text}" is not an instant; write it like 2026-03-02T08:00:00Z.`, {
      code: 'badValue',
    });
  });

export const percent = z
  .string()
  .meta({ description: '60%', pattern: '^\\d{1,3}%$' })
  .transform((text, ctx): Ratio => {
    const digits = /^(\d{1,3})%$/.exec(text)?.[1];
    if (digits !== undefined && Number(digits) <= 100) return Number(digits) / 100;
    return mistake(ctx, `"${text}" is not a percentage from 0% to 100%.`, { code: 'badValue' });
  });
