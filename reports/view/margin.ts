/**
 * How far a check was from its limit. A record holds limit and actual as the text that people read
 * ("max < 15m", "9m 30s"); where both name one quantity of one kind, the room left can be computed. Where
 * they do not ("identical", "sizing == oracle"), there is no margin and none is invented.
 */
import { DAY, formatBytes, formatDuration, GIB, HOUR, KIB, MIB, MINUTE, SECOND, TIB } from '#core/units.ts';
import { formatDecimal } from './format.ts';

interface Quantity {
  readonly kind: 'duration' | 'size' | 'percent' | 'number';
  readonly value: number;
}

export interface Margin {
  /** `5m 30s left (37 %)`, `2 over`, `none left`. */
  readonly text: string;
  /** Part of an upper limit that was used, 0…; undefined for lower limits and a limit of 0. */
  readonly used: number | undefined;
}

const UNITS: Readonly<Record<string, readonly [Quantity['kind'], number]>> = {
  ms: ['duration', 1],
  s: ['duration', SECOND],
  m: ['duration', MINUTE],
  min: ['duration', MINUTE],
  h: ['duration', HOUR],
  d: ['duration', DAY],
  B: ['size', 1],
  bytes: ['size', 1],
  KiB: ['size', KIB],
  MiB: ['size', MIB],
  GiB: ['size', GIB],
  TiB: ['size', TIB],
  '%': ['percent', 1],
};

const LIMIT = /^[^<>≤≥=]*?(<=|>=|≤|≥|<|>|at most|at least)\s*([^<>≤≥=,;]+)$/;
const PART = /(-?\d[\d,]*(?:\.\d+)?)\s*([A-Za-z%]*)/y;

/** Undefined where limit or actual is no single quantity, or they are of different kinds. */
export function marginOf(limitText: string, actualText: string): Margin | undefined {
  const match = LIMIT.exec(limitText.trim());
  if (!match) return undefined;
  const limit = readQuantity(match[2]!);
  const actual = readQuantity(actualText.replace(/^(?:max|min|count|p\(\d+\))\s*[=:]?\s*/, ''));
  if (!limit || !actual || limit.kind !== actual.kind) return undefined;
  const upper = ['<', '<=', '≤', 'at most'].includes(match[1]!);
  const room = upper ? limit.value - actual.value : actual.value - limit.value;
  const amount = show({ kind: limit.kind, value: Math.abs(room) });
  const share = limit.value > 0 ? ` (${Math.round((Math.abs(room) / limit.value) * 100)} %)` : '';
  const text =
    room === 0
      ? 'none left'
      : `${amount} ${room > 0 ? (upper ? 'left' : 'above') : upper ? 'over' : 'short'}${share}`;
  return { text, used: upper && limit.value > 0 ? actual.value / limit.value : undefined };
}

/** `9m 30s`, `1d04h`, `4,999`, `37.2 %`, `512 MiB`, `12 servers`; undefined for anything else. */
function readQuantity(text: string): Quantity | undefined {
  const trimmed = text.trim();
  if (trimmed.length > 60) return undefined;
  let kind: Quantity['kind'] | undefined;
  let value = 0;
  let parts = 0;
  PART.lastIndex = 0;
  while (PART.lastIndex < trimmed.length) {
    const match = PART.exec(trimmed);
    if (!match) return undefined;
    const [, digits, word] = match as unknown as [string, string, string];
    const unit = Object.hasOwn(UNITS, word) ? UNITS[word]! : (['number', 1] as const);
    // Only durations have several parts; "1 of 812" is two numbers and no quantity.
    if (parts > 0 && (kind !== 'duration' || unit[0] !== 'duration')) return undefined;
    kind = unit[0];
    value += Number(digits.replaceAll(',', '')) * unit[1];
    parts++;
    while (trimmed[PART.lastIndex] === ' ') PART.lastIndex++;
  }
  return kind === undefined || !Number.isFinite(value) ? undefined : { kind, value };
}

function show({ kind, value }: Quantity): string {
  if (kind === 'duration') return formatDuration(value);
  if (kind === 'size') return formatBytes(value);
  return `${formatDecimal(value, 2)}${kind === 'percent' ? ' %' : ''}`;
}
