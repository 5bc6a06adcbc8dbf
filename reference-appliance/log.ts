/**
 * The appliance's log: JSON lines by pino, stamped by the Clock, with everything that may be a secret taken out.
 * Redaction is the second line of defence; the first is not to log such things.
 */
import { type DestinationStream, type Logger, pino } from 'pino';
import { DryliftError } from '#core/errors.ts';
import type { Clock } from '#core/time/clock.ts';

export type { Logger };

const SECRET_KEYS = [
  'password',
  'clientSecret',
  'authorization',
  'cookie',
  'token',
  'accessToken',
  'sas',
  'key',
];

/** Signatures in URLs, bearer tokens, session cookies: where they may stand inside a text. */
const SECRET_TEXTS: ReadonlyArray<readonly [RegExp, string]> = [
  [/([?&](?:sig|token|code|ticket)=)[^&\s"]*/gi, '$1***'],
  [/(Bearer )[\w.~+/-]+=*/g, '$1***'],
  [/(vmware_soap_session=)[^;\s]+/g, '$1***'],
  [/(client_secret=)[^&\s]+/g, '$1***'],
];

export function maskSecrets(text: string): string {
  let masked = text;
  for (const [pattern, replacement] of SECRET_TEXTS) masked = masked.replace(pattern, replacement);
  return masked;
}

export interface LogOptions {
  clock: Clock;
  level: 'debug' | 'info' | 'warn' | 'error' | 'silent';
  /** Takes each line, with its line break. */
  write: (line: string) => void;
}

export function createLog({ clock, level, write }: LogOptions): Logger {
  const destination: DestinationStream = { write: (line) => write(maskSecrets(line)) };
  return pino(
    {
      level,
      base: { who: 'appliance' },
      timestamp: () => `,"time":"${new Date(clock.wall()).toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: SECRET_KEYS.flatMap((key) => [key, `*.${key}`, `*.*.${key}`]), censor: '***' },
      serializers: { err: describeError },
    },
    destination,
  );
}

/** What of an error belongs in a log: code and texts, causes included; no stack, no payload. */
export function describeError(error: unknown): Record<string, unknown> {
  if (error instanceof DryliftError)
    return {
      ...error.data,
      code: error.code,
      what: error.what,
      ...(error.cause ? { cause: describeError(error.cause) } : {}),
    };
  if (error instanceof Error)
    return {
      name: error.name,
      message: error.message,
      ...(error.cause ? { cause: describeError(error.cause) } : {}),
    };
  return { message: String(error) };
}
