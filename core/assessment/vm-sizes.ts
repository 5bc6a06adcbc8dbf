/** Sizes of virtual machines. Data: data/vm-sizes.json, with the source of every row. */
import { assert } from '../assert.ts';
import json from './data/vm-sizes.json' with { type: 'json' };

export interface VmSize {
  /** "Standard_D4s_v3" */
  readonly name: string;
  /** "Dsv3" */
  readonly series: string;
  /** As in azureVmFamilies: "Dsv3_series". */
  readonly family: string;
  readonly category: string;
  readonly vCpus: number;
  readonly memoryMiB: number;
  /** Data disks, the OS disk not counted. */
  readonly dataDisks: number;
  readonly nics: number;
  /** 10^6 bits per second, outgoing, over all adapters. */
  readonly networkMbps: number;
  /** False: no page gives a figure; networkMbps is a lower bound of ours. */
  readonly networkPublished: boolean;
  /** Over all uncached data disks. */
  readonly iops: number;
  readonly bytesPerSecond: number;
  readonly premium: boolean;
  readonly ultra: boolean;
  readonly generations: readonly number[];
  readonly linuxOnly: boolean;
  /** B-series: CPU credits; one credit is one vCPU for one minute. */
  readonly burst: BurstCredits | undefined;
  readonly source: string;
}

export interface BurstCredits {
  readonly baselinePercentOfOneVcpu: number;
  readonly initial: number;
  readonly perHour: number;
  readonly max: number;
}

/** Families that the 2019-10-01 API knows. */
export const FAMILIES_2019: ReadonlySet<string> = new Set(json.families2019);

/** Confidential sizes: DCas, DCads, ECas, ECads (general knowledge; the catalogue of the facts has none). */
export function isConfidential({ series }: VmSize): boolean {
  return /^[DE]Ca/.test(series);
}

export const VM_SIZES: readonly VmSize[] = json.rows.map((row) => {
  const cells = new Map<string, unknown>(json.columns.map((column, i) => [column, row[i]]));
  const text = (column: string) => {
    const cell = cells.get(column);
    assert(typeof cell === 'string' && cell !== '', `vm-sizes.json: ${column} is a text`);
    return cell;
  };
  const number = (column: string) => {
    const cell = cells.get(column);
    assert(typeof cell === 'number' && cell >= 0, `vm-sizes.json: ${column} is a number`);
    return cell;
  };
  const numbers = (column: string) => {
    const cell = cells.get(column);
    assert(Array.isArray(cell) && cell.every((n) => typeof n === 'number'), `vm-sizes.json: ${column}`);
    return cell as number[];
  };
  const [baselinePercentOfOneVcpu, initial, perHour, max] = cells.get('burst') ? numbers('burst') : [];
  return {
    name: text('name'),
    series: text('series'),
    family: text('family'),
    category: text('category'),
    vCpus: number('vCpus'),
    memoryMiB: number('memoryMiB'),
    dataDisks: number('dataDisks'),
    nics: number('nics'),
    networkMbps: number('networkMbps'),
    networkPublished: number('networkPublished') === 1,
    iops: number('iops'),
    bytesPerSecond: number('bytesPerSecond'),
    premium: number('premium') === 1,
    ultra: number('ultra') === 1,
    generations: numbers('generations'),
    linuxOnly: number('linuxOnly') === 1,
    burst:
      baselinePercentOfOneVcpu === undefined
        ? undefined
        : { baselinePercentOfOneVcpu, initial: initial!, perHour: perHour!, max: max! },
    source: json.sources[number('source')]!,
  };
});

/** Families that may be named: those of the 2019-10-01 API and those of the catalogue. */
export const FAMILIES: readonly string[] = [
  ...new Set([...json.families2019, ...VM_SIZES.map(({ family }) => family)]),
];
