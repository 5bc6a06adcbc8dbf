/**
 * A month of points of many servers, for benches: twelve counters each, 4,320 points a counter, by a formula that
 * JavaScript and SQL can both compute, so that two engines are asked about the same points.
 */
import { DatabaseSync } from 'node:sqlite';
import type { CounterName, MachineFacts } from '#core/assessment/machine-facts.ts';
import { Points } from '#core/metrics/points.ts';
import { openPackedStore } from '#core/points/packed-store.ts';
import type { Series } from '#core/points/store.ts';
import { GIB } from '#core/units.ts';

export const MONTH = 4_320;
const PERIOD_MS = 600_000;
const FIRST_WINDOW = 2_900_000;
/** The instant at which the months are over. */
export const MONTHS_END = (FIRST_WINDOW + MONTH) * PERIOD_MS;

export const COUNTERS: ReadonlyArray<
  readonly [counter: CounterName, instance: string, below: number, unit: number]
> = [
  ['cpu', '', 9_973, 1],
  ['inBps', 'n0', 19_997, 1_024],
  ['memory', '', 9_973, 1],
  ['outBps', 'n0', 19_997, 1_024],
  ['readBps', 'd0', 19_997, 1_024],
  ['readBps', 'd1', 19_997, 1_024],
  ['readIops', 'd0', 997, 1],
  ['readIops', 'd1', 997, 1],
  ['writeBps', 'd0', 19_997, 1_024],
  ['writeBps', 'd1', 19_997, 1_024],
  ['writeIops', 'd0', 997, 1],
  ['writeIops', 'd1', 997, 1],
];

function monthOf(machine: number, counter: number): Float32Array {
  const [, , below, unit] = COUNTERS[counter]!;
  const slots = new Float32Array(MONTH);
  for (let w = 0; w < MONTH; w++)
    slots[w] = ((machine * 7_919 + counter * 104_729 + w * 31_337 + ((w * w) % 1_009) * 17) % below) * unit;
  return slots;
}

/** The same in SQL, over columns m, c and w. */
export const VALUE_SQL = `((m * 7919 + c * 104729 + w * 31337 + ((w * w) % 1009) * 17)
  % (CASE WHEN c IN (0, 2) THEN 9973 WHEN c IN (6, 7, 10, 11) THEN 997 ELSE 19997 END))
  * (CASE WHEN c IN (0, 2, 6, 7, 10, 11) THEN 1 ELSE 1024 END)`;

function factsOf(machine: number): MachineFacts {
  const isWindows = machine % 2 === 0;
  return {
    id: `m${machine}`,
    displayName: `srv-${String(machine).padStart(5, '0')}`,
    platform: 'VMware',
    cores: 2 + 2 * (machine % 8),
    memoryMiB: 4_096 * (1 + (machine % 12)),
    bootType: machine % 5 === 0 ? 'EFI' : 'BIOS',
    os: isWindows
      ? { name: 'Microsoft Windows Server 2016 (64-bit)' }
      : { name: 'Red Hat Enterprise Linux 7 (64-bit)', version: '7.9' },
    disks: [
      { id: 'd0', label: 'Hard disk 1', sizeBytes: 64 * GIB, isOs: true },
      { id: 'd1', label: 'Hard disk 2', sizeBytes: (100 + (machine % 900)) * GIB, isOs: false },
    ],
    nics: [{ id: 'n0' }],
  };
}

/** Writes a packed store of so many servers. About 104 kB each. */
export async function writeMonths(path: string, machines: number): Promise<void> {
  const store = openPackedStore(path, PERIOD_MS);
  const PER_SETTLE = 2_000;
  for (let machine = 0; machine < machines; machine++) {
    const facts = factsOf(machine);
    await store.putMachine(facts);
    const series = COUNTERS.map(
      ([counter, instance], c): Series => ({
        counter,
        instance,
        points: Points.ofSlots(PERIOD_MS, FIRST_WINDOW, monthOf(machine, c)),
      }),
    );
    await store.raise(facts.id, series);
    if (machine % PER_SETTLE === PER_SETTLE - 1) await store.settle();
  }
  await store.settle();
  await store.close();
}

/** Makes `times` as many servers of those that are there, under other names: what takes long is not their points. */
export function multiplyMonths(path: string, times: number): void {
  const db = new DatabaseSync(path);
  const { n } = db.prepare('SELECT count(*) AS n FROM machines').get() as { n: number };
  const copy = db.prepare(
    `INSERT INTO machines (id, facts, last, block)
       SELECT id || $suffix, json_set(facts, '$.id', id || $suffix, '$.displayName', (facts ->> 'displayName') || $suffix), last, block
       FROM machines WHERE no <= $n ORDER BY no`,
  );
  for (let time = 1; time < times; time++) copy.run({ suffix: `-${time}`, n });
  db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  db.close();
}
