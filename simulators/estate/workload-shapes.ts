/**
 * The named shapes of load over a week, as tables of whole numbers: no trigonometry, so every machine
 * computes the same values. A shape is written as one level for each hour of the week in UTC, Monday 00:00
 * first, with 256 for the plateau ("the busy part"), and handed out by five-minute block.
 */
import type { WorkloadShape } from './model.ts';

/** Which of a machine's counters a table is for; reads and writes differ because backups only read. */
export type LoadKind = 'cpu' | 'memory' | 'diskRead' | 'diskWrite' | 'network';

const HOURS_PER_WEEK = 168;
const BLOCKS_PER_HOUR = 12;
const BLOCKS_PER_WEEK = HOURS_PER_WEEK * BLOCKS_PER_HOUR;
/** The plateau as the shapes below are written … */
const PLATEAU = 256;
/** … and as the tables hold it: a power of two, so that scaling by it is exact. */
export const FULL_LEVEL = 4096;

/** A day by hour, 00:00 first. */
type Day = readonly number[];

const flat = (level: number): Day => Array.from({ length: 24 }, () => level);

const OFFICE_DAY: Day = [
  14, 12, 12, 12, 14, 20, 44, 120, 220, 256, 256, 256, 230, 256, 256, 256, 256, 210, 120, 64, 40, 30, 22, 16,
];
const BATCH_NIGHT: Day = [
  256, 256, 256, 256, 130, 24, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 16, 40, 120, 256, 256,
];
const IDLE_DAY: Day = [
  64, 64, 256, 96, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64,
];
/** Nightly backup from 01:00 to 03:00 reads the disks at full speed; nothing else is so regular. */
const BACKUP_HOURS: readonly number[] = [1, 2];

const withBackup = (day: Day): Day =>
  day.map((level, hour) => (BACKUP_HOURS.includes(hour) ? PLATEAU : level));

/** @param weekend the two last days; the same as the working days when left out. */
function week(day: Day, weekend: Day = day): readonly number[] {
  return [day, day, day, day, day, weekend, weekend].flat();
}

/** Grows from `from` to `to` over the week that begins with the weekly restart, Sunday 03:00. */
function leak(from: number, to: number): readonly number[] {
  const restart = 6 * 24 + 3;
  return Array.from({ length: HOURS_PER_WEEK }, (_, hour) => {
    const sinceRestart = (hour - restart + HOURS_PER_WEEK) % HOURS_PER_WEEK;
    return from + Math.floor(((to - from) * sinceRestart) / (HOURS_PER_WEEK - 1));
  });
}

const WEEKS: Readonly<Record<WorkloadShape, Readonly<Record<LoadKind, readonly number[]>>>> = {
  office: {
    cpu: week(OFFICE_DAY, flat(14)),
    memory: week(
      OFFICE_DAY.map((level) => 180 + Math.floor((level * 76) / PLATEAU)),
      flat(180),
    ),
    diskRead: week(withBackup(OFFICE_DAY), withBackup(flat(10))),
    diskWrite: week(OFFICE_DAY, flat(10)),
    network: week(OFFICE_DAY, flat(8)),
  },
  batch: {
    cpu: week(BATCH_NIGHT),
    memory: week(BATCH_NIGHT.map((level) => 120 + Math.floor((level * 136) / PLATEAU))),
    diskRead: week(BATCH_NIGHT),
    diskWrite: week(BATCH_NIGHT),
    network: week(BATCH_NIGHT.map((level) => Math.max(8, level >> 1))),
  },
  // The bursts themselves are addressed by five-minute block in workload-curve.ts; this is the quiet between.
  bursty: {
    cpu: week(flat(40)),
    memory: week(flat(PLATEAU)),
    diskRead: week(withBackup(flat(30))),
    diskWrite: week(flat(30)),
    network: week(flat(36)),
  },
  idle: {
    cpu: week(IDLE_DAY),
    memory: week(flat(PLATEAU)),
    diskRead: week(withBackup(flat(6))),
    diskWrite: week(flat(6)),
    network: week(flat(6)),
  },
  steady: {
    cpu: week(flat(PLATEAU)),
    memory: week(flat(PLATEAU)),
    diskRead: week(flat(PLATEAU)),
    diskWrite: week(flat(PLATEAU)),
    network: week(flat(PLATEAU)),
  },
  leaking: {
    cpu: leak(190, PLATEAU),
    memory: leak(96, PLATEAU),
    diskRead: leak(60, PLATEAU),
    diskWrite: leak(60, PLATEAU),
    network: week(flat(140)),
  },
};

/** All shapes there are. */
export const SHAPES = Object.keys(WEEKS) as readonly WorkloadShape[];

const TABLES = new Map<string, Int32Array>();
for (const [shape, kinds] of Object.entries(WEEKS))
  for (const [kind, hours] of Object.entries(kinds)) TABLES.set(`${shape} ${kind}`, interpolate(hours));

/** Five-minute blocks from hours, in a straight line from each hour's level to the next one's. */
function interpolate(hours: readonly number[]): Int32Array {
  return Int32Array.from({ length: BLOCKS_PER_WEEK }, (_, block) => {
    const hour = Math.floor(block / BLOCKS_PER_HOUR);
    const within = block % BLOCKS_PER_HOUR;
    const next = hours[(hour + 1) % HOURS_PER_WEEK]!;
    const twelfths = hours[hour]! * (BLOCKS_PER_HOUR - within) + next * within;
    return Math.floor((twelfths * FULL_LEVEL) / (PLATEAU * BLOCKS_PER_HOUR));
  });
}

/**
 * Levels by five-minute block of the week (`blockOfWeek`), FULL_LEVEL at the plateau. One table per shape
 * and kind, shared by all curves: do not write to it.
 */
export function weekOf(shape: WorkloadShape, kind: LoadKind): Int32Array {
  return TABLES.get(`${shape} ${kind}`)!;
}

/** 1970-01-01 was a Thursday: three days into a week that begins on Monday. */
const EPOCH_BLOCK_OF_WEEK = 3 * 24 * BLOCKS_PER_HOUR;

/** Block of the week (0 = Monday 00:00–00:05 UTC) of the block that many blocks after the Unix epoch. */
export function blockOfWeek(blockSinceEpoch: number): number {
  return (blockSinceEpoch + EPOCH_BLOCK_OF_WEEK) % BLOCKS_PER_WEEK;
}
