/**
 * Units. Numbers are plain; the alias in a signature says the unit, and units stand last in names
 * (`sizeBytes`, `latencyMs`). Durations and sizes are whole numbers wherever they can be.
 */
import { defineErrors } from './errors.ts';

/** A duration in milliseconds. */
export type Millis = number;
/** An instant: milliseconds since 1970-01-01T00:00:00Z. */
export type UnixMillis = number;
/** A size in bytes (2^53 is enough for the largest disk). */
export type Bytes = number;
/** 0…1 */
export type Ratio = number;
/** Number of a sample on its grid: floor(instant / period), counted from the Unix epoch. */
export type SampleIndex = number;

export const SECOND: Millis = 1000;
export const MINUTE: Millis = 60 * SECOND;
export const HOUR: Millis = 60 * MINUTE;
export const DAY: Millis = 24 * HOUR;

export const KIB: Bytes = 1024;
export const MIB: Bytes = 1024 * KIB;
export const GIB: Bytes = 1024 * MIB;
export const TIB: Bytes = 1024 * GIB;

export const errors = defineErrors({
  'units.badDuration': {
    blame: 'input',
    why: 'A duration is one or more numbers with a unit, largest unit first.',
    next: 'Write for example 20s, 5m, 1d04h or 30d; units are ms, s, m, h, d.',
  },
  'units.badSize': {
    blame: 'input',
    why: 'A size is a number with a unit.',
    next: 'Write for example 512B, 64KiB, 40GiB or 2TiB.',
  },
});

const DURATION_UNITS: Readonly<Record<string, Millis>> = { ms: 1, s: SECOND, m: MINUTE, h: HOUR, d: DAY };

/** `20s`, `5m`, `1d04h`, `250ms`. @throws `units.badDuration` */
export function parseDuration(text: string): Millis {
  const parts = [...text.trim().matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/gy)];
  const bad = () => errors.make('units.badDuration', { what: `"${text}" is not a duration.` });
  if (parts.length === 0 || parts.reduce((n, p) => n + p[0].length, 0) !== text.trim().length) throw bad();
  let total = 0;
  let previous = Number.POSITIVE_INFINITY;
  for (const [, digits, unit] of parts) {
    const factor = DURATION_UNITS[unit!]!;
    if (factor >= previous) throw bad();
    previous = factor;
    total += Number(digits) * factor;
  }
  return Math.round(total);
}

const SIZE_UNITS: Readonly<Record<string, Bytes>> = { B: 1, KiB: KIB, MiB: MIB, GiB: GIB, TiB: TIB };

/** `64KiB`, `40GiB`, `512B`. @throws `units.badSize` */
export function parseSize(text: string): Bytes {
  const match = /^(\d+(?:\.\d+)?)(B|KiB|MiB|GiB|TiB)$/.exec(text.trim());
  if (!match) throw errors.make('units.badSize', { what: `"${text}" is not a size.` });
  return Math.round(Number(match[1]) * SIZE_UNITS[match[2]!]!);
}

/** `30d 00h`, `2d 06h`, `14:22:10`, `4.1 s`: as exact as a person wants at that scale. */
export function formatDuration(ms: Millis): string {
  const pad = (n: number) => String(n).padStart(2, '0');
  if (ms >= DAY) return `${Math.floor(ms / DAY)}d ${pad(Math.floor((ms % DAY) / HOUR))}h`;
  if (ms >= HOUR) return `${Math.floor(ms / HOUR)}h ${pad(Math.floor((ms % HOUR) / MINUTE))}m`;
  if (ms >= MINUTE) return `${Math.floor(ms / MINUTE)}m ${pad(Math.floor((ms % MINUTE) / SECOND))}s`;
  return ms >= SECOND ? `${(ms / SECOND).toFixed(1)} s` : `${Math.round(ms)} ms`;
}

/** An offset on the virtual-time ruler: `1d14:22:10`, with `.250` only where it is not a whole second. */
export function formatOffset(ms: Millis): string {
  const pad = (n: number, width = 2) => String(n).padStart(width, '0');
  const clock = `${pad(Math.floor((ms % DAY) / HOUR))}:${pad(Math.floor((ms % HOUR) / MINUTE))}:${pad(Math.floor((ms % MINUTE) / SECOND))}`;
  const fraction = ms % SECOND === 0 ? '' : `.${pad(Math.floor(ms % SECOND), 3)}`;
  return `${ms >= DAY ? `${Math.floor(ms / DAY)}d` : ''}${clock}${fraction}`;
}

/** `40.0 GiB`, `512 B`. */
export function formatBytes(bytes: Bytes): string {
  for (const [unit, factor] of [
    ['TiB', TIB],
    ['GiB', GIB],
    ['MiB', MIB],
    ['KiB', KIB],
  ] as const)
    if (bytes >= factor) return `${(bytes / factor).toFixed(1)} ${unit}`;
  return `${bytes} B`;
}
