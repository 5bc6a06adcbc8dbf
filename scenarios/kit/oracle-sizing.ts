/**
 * What size and disks a machine should be given, by trying every one in the catalogue and keeping the
 * cheapest that suffices. Reads the catalogues as data; shares no code with the engine that it judges.
 * Rules: those of 2019 and 2020 (ruleset `seed`), pay-as-you-go with Hybrid Benefit.
 */
import { readFileSync } from 'node:fs';
import { GIB } from '#core/units.ts';
import type { Machine } from '#simulators/estate/model.ts';

/** Percentile of each counter over the history: per cent, operations/s, KB/s. Undefined: the machine was off. */
export interface TrueLoad {
  readonly cpuPercent: number | undefined;
  readonly memoryPercent: number | undefined;
  /** By disk index. */
  readonly disks: ReadonlyArray<{
    readonly readIops: number | undefined;
    readonly writeIops: number | undefined;
    readonly readKBps: number | undefined;
    readonly writeKBps: number | undefined;
  }>;
  /** Outgoing, by adapter index. */
  readonly sentKBps: ReadonlyArray<number | undefined>;
}

export interface TrueSizing {
  readonly size: string | undefined;
  /** By disk index: "Premium_P10". */
  readonly disks: ReadonlyArray<string | undefined>;
}

interface Size {
  readonly name: string;
  readonly family: string;
  readonly vCpus: number;
  readonly memoryMiB: number;
  readonly dataDisks: number;
  readonly nics: number;
  readonly networkMbps: number;
  readonly iops: number;
  readonly bytesPerSecond: number;
  readonly premium: number;
  readonly generations: readonly number[];
  readonly linuxOnly: number;
}

interface Disk {
  readonly sku: string;
  readonly type: string;
  readonly assessmentName: string;
  readonly in2019Api: number;
  readonly sizeGiB: number;
  readonly iops: number;
  readonly MBps: number;
}

/** A need that exceeds a limit by rounding error only is met. */
const SLACK = 1 + 1e-9;

/** @param location "westeurope" */
export function trueSizing(machine: Machine, load: TrueLoad, comfort: number, location: string): TrueSizing {
  const catalogue = read<{ families2019: string[] }>('vm-sizes');
  const prices = read<{
    compute: Record<string, Record<string, number>>;
    disks: Record<string, number>;
  }>('sample-prices');
  const sizes = rowsOf<Size>('vm-sizes');
  const skus = rowsOf<Disk>('disk-skus');

  let iops = 0;
  let bytesPerSecond = 0;
  let premium = false;
  const disks = machine.disks.map((disk, i) => {
    const d = load.disks[i]!;
    const known = [d.readIops, d.writeIops, d.readKBps, d.writeKBps].some((value) => value !== undefined);
    const needIops = ((d.readIops ?? 0) + (d.writeIops ?? 0)) * comfort;
    const needBytes = ((d.readKBps ?? 0) + (d.writeKBps ?? 0)) * 1024 * comfort;
    // without measurements: a standard SSD by size
    const types = known ? ['Standard', 'StandardSSD', 'Premium'] : ['StandardSSD'];
    iops += needIops;
    bytesPerSecond += needBytes;
    let best: Disk | undefined;
    for (const sku of skus) {
      if (!sku.in2019Api || !types.includes(sku.type)) continue;
      if (sku.sizeGiB * SLACK < disk.sizeBytes / GIB) continue;
      if (sku.iops * SLACK < needIops || sku.MBps * 1e6 * SLACK < needBytes) continue;
      if (prices.disks[sku.sku] === undefined) continue;
      if (best === undefined || prices.disks[sku.sku]! < prices.disks[best.sku]!) best = sku;
    }
    if (best?.type === 'Premium') premium = true;
    return best?.assessmentName;
  });

  // without measurements: what is allocated, without the factor
  const share = (percent: number | undefined) => (percent === undefined ? 1 : (percent / 100) * comfort);
  const cores = machine.cores * share(load.cpuPercent);
  const memoryMiB = machine.memoryMiB * share(load.memoryPercent);
  let sent = 0;
  for (const kilobytes of load.sentKBps) sent += (kilobytes ?? 0) * 1024;
  const megabits = (sent * comfort * 8) / 1e6;
  let best: Size | undefined;
  let bestPrice = Number.POSITIVE_INFINITY;
  for (const size of sizes) {
    const price = prices.compute[location]?.[size.name];
    if (price === undefined || !catalogue.families2019.includes(size.family)) continue;
    if (size.vCpus * SLACK < cores || size.memoryMiB * SLACK < memoryMiB) continue;
    if (size.dataDisks < machine.disks.length - 1 || size.nics < machine.nics.length) continue;
    if (size.networkMbps * SLACK < megabits) continue;
    if (size.iops * SLACK < iops || size.bytesPerSecond * SLACK < bytesPerSecond) continue;
    if (premium && !size.premium) continue;
    if (!size.generations.includes(1)) continue; // UEFI sources are converted to BIOS
    if (machine.os.family === 'windows' && size.linuxOnly) continue;
    if (best && !isBetter(size, price, best, bestPrice)) continue;
    best = size;
    bestPrice = price;
  }
  return { size: best?.name, disks };
}

/** Cheaper; at equal prices fewer vCPUs, less memory, then by name. */
function isBetter(a: Size, priceA: number, b: Size, priceB: number): boolean {
  if (priceA !== priceB) return priceA < priceB;
  if (a.vCpus !== b.vCpus) return a.vCpus < b.vCpus;
  if (a.memoryMiB !== b.memoryMiB) return a.memoryMiB < b.memoryMiB;
  return a.name < b.name;
}

function read<T>(name: string): T {
  return JSON.parse(
    readFileSync(new URL(`../../core/assessment/data/${name}.json`, import.meta.url), 'utf8'),
  ) as T;
}

function rowsOf<T>(name: string): T[] {
  const { columns, rows } = read<{ columns: string[]; rows: unknown[][] }>(name);
  return rows.map((row) => Object.fromEntries(columns.map((column, i) => [column, row[i]])) as T);
}
