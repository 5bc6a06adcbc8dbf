/**
 * What a person sees while a run goes on: where the story is, how much faster than life, and what was done so
 * far. One live line on a terminal; plain lines, a few of them, anywhere else. Real time only decides when to
 * print: nothing of the run depends on it.
 */
import type { Timer } from '#core/time/clock.ts';
import { SystemClock } from '#core/time/system-clock.ts';
import { DAY, formatBytes, formatDuration, type Millis, SECOND } from '#core/units.ts';

/** State of the story when asked. */
export interface Snapshot {
  /** Since the story began. */
  readonly virtualMs: Millis;
  readonly step: string;
  readonly counters: Readonly<Record<string, number>>;
}

export interface Progress {
  step(name: string, detail: string): void;
  note(text: string): void;
  /** Removes the live line; nothing is printed afterwards. */
  end(): void;
}

export const SILENT: Progress = { step() {}, note() {}, end() {} };

const LIVE_EVERY_MS: Millis = 120;
const PLAIN_EVERY_MS: Millis = 5 * SECOND;

export interface ProgressOptions {
  readonly out: NodeJS.WriteStream;
  readonly look: () => Snapshot;
}

export function startProgress({ out, look }: ProgressOptions): Progress {
  const clock = new SystemClock();
  const started = clock.monotonic();
  const live = out.isTTY === true;
  let timer: Timer | undefined;
  let ended = false;

  const line = (): string => {
    const { virtualMs, step, counters } = look();
    const wallMs = Math.max(1, clock.monotonic() - started);
    const speed = Math.round(virtualMs / wallMs);
    return [
      virtualTime(virtualMs),
      `×${speed.toLocaleString('en-US')}`,
      formatDuration(wallMs),
      step,
      ...counts(counters),
    ].join('  ');
  };
  const clear = (): void => void (live && out.write('\r\u001b[K'));
  const print = (text: string): void => {
    clear();
    out.write(`${text}\n`);
  };
  const tick = (): void => {
    if (ended) return;
    if (live) out.write(`\r\u001b[K${line().slice(0, Math.max(20, (out.columns || 100) - 1))}`);
    else print(`        ${line()}`);
    arm();
  };
  const arm = (): void => {
    const everyMs = live ? LIVE_EVERY_MS : PLAIN_EVERY_MS;
    timer = clock.schedule(clock.wall() + everyMs, 'progress', tick);
  };
  arm();

  return {
    step: (name, detail) =>
      print(`  ${virtualTime(look().virtualMs)}  ${name}${detail ? `  ${detail}` : ''}`),
    note: (text) => print(`  ${virtualTime(look().virtualMs)}    ${text}`),
    end() {
      if (ended) return;
      ended = true;
      timer?.cancel();
      clear();
    },
  };
}

/** ` 12d 04:20:00`: always equally wide. */
function virtualTime(ms: Millis): string {
  const days = Math.floor(ms / DAY);
  const time = new Date(ms % DAY).toISOString().slice(11, 19);
  return `${String(days).padStart(3)}d ${time}`;
}

function counts(counters: Readonly<Record<string, number>>): string[] {
  let calls = 0;
  let bytes = 0;
  for (const [name, n] of Object.entries(counters)) {
    if (name.startsWith('calls.')) calls += n;
    if (name.startsWith('bytes.')) bytes += n;
  }
  const samples = counters['appliance.samples'];
  return [
    `${calls.toLocaleString('en-US')} calls`,
    formatBytes(bytes),
    ...(samples === undefined ? [] : [`${(samples / 1e6).toFixed(1)} M samples`]),
  ];
}
