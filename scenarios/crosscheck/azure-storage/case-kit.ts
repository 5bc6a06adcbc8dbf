/** What client scripts share: their input, and recording what happened. */
import { RestError } from '@azure/core-rest-pipeline';
import type { ClientInput } from './served.ts';

export const input = JSON.parse(process.argv[2]!) as ClientInput;
export const seen: Record<string, unknown> = {};
/** The SDKs repeat what may be repeated; tests do not wait for it. */
export const retryOptions = { maxTries: 2, retryDelayInMs: 1, maxRetryDelayInMs: 2 };
export const inOneHour = new Date(Date.now() + 3_600_000);

/** Status and code of the error a call ends with. */
export async function refusal(call: () => Promise<unknown>): Promise<string> {
  try {
    await call();
    return 'accepted';
  } catch (error) {
    if (!(error instanceof RestError)) throw error;
    const details = error.details as { errorCode?: string; odataError?: { code?: string } } | undefined;
    const code = error.code ?? details?.errorCode ?? details?.odataError?.code ?? '';
    return `${error.statusCode} ${code}`.trim();
  }
}

export async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const out: T[] = [];
  for await (const item of items) out.push(item);
  return out;
}

export function bytes(length: number, seed: number): Buffer {
  return Buffer.from(Uint8Array.from({ length }, (_, i) => (i * 31 + seed * 17 + (i >> 8)) & 255));
}

/** One group of cases; one that breaks off leaves the rest of its cases unseen, and no others. */
export async function group(cases: () => Promise<void>): Promise<void> {
  try {
    await cases();
  } catch (error) {
    process.stderr.write(`${cases.name}: ${error instanceof Error ? error.stack : String(error)}\n`);
  }
}

/** Of page ranges as the SDK gives them: its count is one less than a range covers. */
export function ranges(list: ReadonlyArray<{ offset: number; count?: number }> | undefined): string {
  return (list ?? []).map(({ offset, count }) => `${offset}+${(count ?? 0) + 1}`).join(' ');
}

export function finish(): void {
  process.stdout.write(JSON.stringify(seen));
}
