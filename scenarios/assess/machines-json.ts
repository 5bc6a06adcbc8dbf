/**
 * Machines and their points in one JSON file: facts, and arrays of points oldest first, the last of which ends when
 * the assessment is made (or at `end`). null is a window without a point. The form is in docs/guides/assess.md.
 */
import { z } from 'zod';
import type { MachineFacts } from '#core/assessment/machine-facts.ts';
import { defineErrors } from '#core/errors.ts';
import { counterNamed } from '#core/points/counter-names.ts';
import { PointTable, readInstant } from '#core/points/point-table.ts';
import { GIB, MINUTE } from '#core/units.ts';

export const errors = defineErrors({
  'assess.badJson': {
    blame: 'input',
    why: 'The file does not have the form that docs/guides/assess.md describes.',
    next: 'Correct what is named, by its place in the file.',
  },
});

/** A year of five-minute points, as everywhere. */
const POINTS_MAX = 366 * 288;
const name = z.string().min(1).max(256);

/** By hand: zod asks forty times as long for each number. */
function arePoints(value: unknown): boolean {
  if (!Array.isArray(value) || value.length > POINTS_MAX) return false;
  for (const point of value)
    if (point !== null && !(typeof point === 'number' && point >= 0 && point < 1e12)) return false;
  return true;
}
const points = z.custom<Array<number | null>>(
  arePoints,
  `a list of at most ${POINTS_MAX} numbers that are not negative, and nulls`,
);

const DISK_COUNTERS = [
  'readIops',
  'writeIops',
  'readBps',
  'writeBps',
  'readKBps',
  'writeKBps',
  'readMBps',
  'writeMBps',
] as const;
const NIC_COUNTERS = ['inBps', 'outBps', 'inKBps', 'outKBps', 'inMBps', 'outMBps'] as const;
const seriesOf = <const N extends readonly string[]>(names: N) =>
  Object.fromEntries(names.map((each) => [each, points.optional()])) as Record<
    N[number],
    z.ZodOptional<typeof points>
  >;

const disk = z.strictObject({
  id: name.optional(),
  label: name.optional(),
  sizeGiB: z.number().positive().max(262_144),
  usedGiB: z.number().min(0).max(262_144).optional(),
  isOs: z.boolean().optional(),
  ...seriesOf(DISK_COUNTERS),
});

const adapter = z.strictObject({
  id: name.optional(),
  mac: z.string().max(64).optional(),
  ip: z.array(z.string().max(64)).max(64).optional(),
  ...seriesOf(NIC_COUNTERS),
});

const rate = z.number().min(0).max(1e12).optional();
const rates = z.strictObject({ readIops: rate, writeIops: rate, readMBps: rate, writeMBps: rate });

const machine = z.strictObject({
  id: name.optional(),
  name,
  platform: z.enum(['VMware', 'HyperV', 'Physical', 'Import']).optional(),
  cores: z.number().int().min(1).max(4_096),
  memoryGiB: z.number().positive().max(65_536).optional(),
  memoryMiB: z.number().positive().max(67_108_864).optional(),
  firmware: z.enum(['BIOS', 'UEFI', 'EFI', 'Unknown']).optional(),
  os: z.union([
    z.string().max(256),
    z.strictObject({
      name: z.string().max(256),
      family: z.enum(['windows', 'linux', 'other']).optional(),
      bits: z.union([z.literal(32), z.literal(64)]).optional(),
      version: z.string().max(64).optional(),
    }),
  ]),
  disks: z.array(disk).max(256).optional(),
  adapters: z.array(adapter).max(256).optional(),
  cpu: points.optional(),
  memory: points.optional(),
  /** Only with platform Import. */
  given: z
    .strictObject({
      cpuPercent: z.number().min(0).max(100).optional(),
      memoryPercent: z.number().min(0).max(100).optional(),
      totals: rates.optional(),
      outMBps: rate,
    })
    .optional(),
});

const schema = z.strictObject({
  end: z.union([z.string(), z.number()]).optional(),
  periodMinutes: z.union([z.literal(5), z.literal(10), z.literal(15)]).optional(),
  machines: z.array(machine).min(1).max(100_000),
});
type MachineJson = z.infer<typeof machine>;

export interface MachinesOfFile {
  readonly machines: readonly MachineFacts[];
  readonly table: PointTable;
}

/** Arrays without an `end` end here: only their order means anything. */
const TIMELESS_END = 3_000_000;

/** @throws `assess.badJson` by path, `points.badFile` */
export function readMachinesJson(text: string, fileName: string): MachinesOfFile {
  const bad = (what: string, why?: string) =>
    errors.make('assess.badJson', { what, where: { file: fileName }, ...(why ? { why } : {}) });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw bad(`${fileName} is no JSON: ${(error as Error).message.slice(0, 200)}.`);
  }
  const result = schema.safeParse(Array.isArray(value) ? { machines: value } : value);
  if (!result.success) {
    const shown = result.error.issues
      .slice(0, 20)
      .map(({ path, message }) => `${pathText(path)}: ${message}`);
    throw bad(`${fileName} has ${result.error.issues.length} mistakes.`, shown.join('\n'));
  }
  const { machines, end, periodMinutes = 10 } = result.data;
  const at = end === undefined ? undefined : typeof end === 'number' ? end * 1_000 : readInstant(end);
  if (end !== undefined && at === undefined) throw bad(`end: "${end}" is not an instant (ISO 8601).`);
  const periodMs = periodMinutes * MINUTE;
  const table = new PointTable({ periodMs });
  table.begin(fileName);
  const endWindow = at === undefined ? TIMELESS_END : Math.floor(at / periodMs);
  const ids = new Set<string>();
  const facts = machines.map((given, i) => {
    const read = factsOf(given);
    if (ids.has(read.id)) throw bad(`machines[${i}].name: "${read.id}" is there twice.`);
    ids.add(read.id);
    if (given.memoryGiB === undefined && given.memoryMiB === undefined)
      throw bad(`machines[${i}]: memoryGiB is missing.`);
    takePoints(table, given, read, endWindow, `machines[${i}]`);
    return read;
  });
  return { machines: facts, table: table.finish() };
}

function factsOf(given: MachineJson): MachineFacts {
  const { disks = [], adapters = [], os } = given;
  const hasOsDisk = disks.some(({ isOs }) => isOs === true);
  const firmware = given.firmware ?? 'Unknown';
  const facts: MachineFacts = {
    id: given.id ?? given.name,
    displayName: given.name,
    platform: given.platform ?? 'VMware',
    cores: given.cores,
    memoryMiB: given.memoryMiB ?? (given.memoryGiB ?? 0) * 1024,
    bootType: firmware === 'UEFI' ? 'EFI' : firmware,
    os: typeof os === 'string' ? { name: os } : defined(os),
    disks: disks.map(({ id, label, sizeGiB, usedGiB, isOs }, i) => ({
      id: id ?? `disk${i + 1}`,
      label: label ?? id ?? `Disk ${i + 1}`,
      sizeBytes: Math.round(sizeGiB * GIB),
      isOs: hasOsDisk ? isOs === true : i === 0,
      ...(usedGiB === undefined ? {} : { usedBytes: Math.round(usedGiB * GIB) }),
    })),
    nics: adapters.map(({ id, mac, ip }, i) => ({
      id: id ?? `nic${i + 1}`,
      ...(mac === undefined ? {} : { macAddress: mac }),
      ...(ip === undefined ? {} : { ipAddresses: ip }),
    })),
  };
  return facts.platform === 'Import' && given.given ? { ...facts, given: utilizationOf(given.given) } : facts;
}

function utilizationOf({ cpuPercent, memoryPercent, totals, outMBps }: NonNullable<MachineJson['given']>) {
  return defined({
    cpuPercent,
    memoryPercent,
    totals: totals && {
      ...defined({ readIops: totals.readIops, writeIops: totals.writeIops }),
      ...(totals.readMBps === undefined ? {} : { readBps: totals.readMBps * 1e6 }),
      ...(totals.writeMBps === undefined ? {} : { writeBps: totals.writeMBps * 1e6 }),
    },
    outBps: outMBps === undefined ? undefined : outMBps * 1e6,
  });
}

type Defined<T> = { [K in keyof T]: Exclude<T[K], undefined> };

/** Without the members that are undefined. */
function defined<T extends object>(value: T): Defined<T> {
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as Defined<T>;
}

function takePoints(
  table: PointTable,
  given: MachineJson,
  facts: MachineFacts,
  end: number,
  path: string,
): void {
  const take = (
    counter: string,
    instance: string,
    values: ReadonlyArray<number | null> | undefined,
    at: string,
  ) => {
    if (values === undefined) return;
    const named = counterNamed(counter)!;
    for (const [i, value] of values.entries())
      if (value !== null)
        table.raise(facts.id, named, instance, end - values.length + i, value, {
          column: `${at}.${counter}[${i}]`,
        });
  };
  take('cpu', '', given.cpu, path);
  take('memory', '', given.memory, path);
  for (const [i, each] of (given.disks ?? []).entries())
    for (const counter of DISK_COUNTERS)
      take(counter, facts.disks[i]!.id, each[counter], `${path}.disks[${i}]`);
  for (const [i, each] of (given.adapters ?? []).entries())
    for (const counter of NIC_COUNTERS)
      take(counter, facts.nics[i]!.id, each[counter], `${path}.adapters[${i}]`);
}

function pathText(path: readonly PropertyKey[]): string {
  return (
    path
      .map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`))
      .join('')
      .replace(/^\./, '') || 'file'
  );
}
