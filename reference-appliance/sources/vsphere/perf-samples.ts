/** Which samples a QueryPerf reply in CSV form holds: "20,<time>,20,<time>…" as numbers on the 20-second grid. */
import { defineErrors } from '#core/errors.ts';
import type { UnixMillis } from '#core/units.ts';
import type { SampleRun } from '../../app/ports.ts';

export const errors = defineErrors({
  'vcenter.perf.refused': {
    blame: 'peer',
    retry: 'after-change',
    why: 'The limit of vCenter on the size of queries for performance leaves no room for any.',
    next: 'Raise config.vpxd.stats.maxQueryMetrics in the advanced settings of vCenter, or remove it.',
  },
  'vcenter.perf.malformed': {
    blame: 'peer',
    why: 'The reply to QueryPerf does not follow the vSphere Web Services API.',
    next: 'Look at the server named above; a proxy or an unsupported product may answer in its place.',
  },
});

const SAMPLE_PERIOD_MS = 20_000;
/** A machine has 180 real-time samples; this is what one series may hold before it is called malformed. */
const SAMPLES_MAX = 10_000;

export interface SampleInfo {
  readonly runs: readonly SampleRun[];
  readonly count: number;
}

export const NO_SAMPLES: SampleInfo = { runs: [], count: 0 };

/** Which samples a sampleInfoCSV text names. @throws `vcenter.perf.malformed` */
export function parseSampleInfo(text: string): SampleInfo {
  if (text === '') return NO_SAMPLES;
  const parts = text.split(',');
  if (parts.length % 2 !== 0 || parts.length / 2 > SAMPLES_MAX)
    throw malformed(`sampleInfoCSV has ${parts.length} parts.`);
  const runs: Array<{ first: number; offset: number; count: number }> = [];
  let previous = -1;
  const instant = instantReader();
  for (let i = 0; i < parts.length; i += 2) {
    const at = instant(parts[i + 1]!);
    if (parts[i] !== '20' || Number.isNaN(at))
      throw malformed(`sampleInfoCSV holds "${parts[i]},${parts[i + 1]}".`);
    const sample = Math.round(at / SAMPLE_PERIOD_MS);
    const run = runs.at(-1);
    if (run && sample === previous + 1) run.count++;
    else runs.push({ first: sample, offset: i / 2, count: 1 });
    previous = sample;
  }
  return { runs, count: parts.length / 2 };
}

/** Reads time stamps that follow each other: those of one day, in whole seconds UTC, at a tenth of the price. */
function instantReader(): (text: string) => UnixMillis {
  let day = '';
  let dayStart = 0;
  return (text) => {
    if (text.length !== 20 || !text.startsWith(day) || day === '') {
      day = text.slice(0, 11);
      dayStart = Date.parse(`${day}00:00:00Z`);
      return Date.parse(text);
    }
    const [hours, minutes, seconds] = [twoDigits(text, 11), twoDigits(text, 14), twoDigits(text, 17)];
    const isTime = text[13] === ':' && text[16] === ':' && text[19] === 'Z';
    return isTime && hours < 24 && minutes < 60 && seconds < 60
      ? dayStart + ((hours * 60 + minutes) * 60 + seconds) * 1000
      : Date.parse(text);
  };
}

/** NaN when there are none. */
function twoDigits(text: string, at: number): number {
  const tens = text.charCodeAt(at) - 48;
  const ones = text.charCodeAt(at + 1) - 48;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : Number.NaN;
}

export function malformed(what: string): Error {
  return errors.make('vcenter.perf.malformed', { what });
}

/** Every series has exactly as many values as there are time stamps. */
export function checkCount(n: number, count: number, counterId: number, moid: string): void {
  if (n !== count)
    throw malformed(`Counter ${counterId} of ${moid} has ${n} values for ${count} time stamps.`);
}
