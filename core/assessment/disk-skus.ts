/** Managed disks. Data: data/disk-skus.json. */
import { assert } from '../assert.ts';
import json from './data/disk-skus.json' with { type: 'json' };
import type { DiskType } from './vocabulary.ts';

export interface DiskSku {
  /** "P10" */
  readonly sku: string;
  readonly type: DiskType;
  /** `recommendedDiskSize` of the assessment API: "Premium_P10". */
  readonly assessmentName: string;
  readonly in2019Api: boolean;
  readonly sizeGiB: number;
  readonly iops: number;
  /** 10^6 bytes per second */
  readonly MBps: number;
}

export const DISK_SKUS: readonly DiskSku[] = json.rows.map((row) => {
  const [sku, type, assessmentName, in2019Api, sizeGiB, iops, MBps] = row;
  assert(
    typeof sku === 'string' &&
      (type === 'Standard' || type === 'StandardSSD' || type === 'Premium') &&
      typeof assessmentName === 'string' &&
      typeof sizeGiB === 'number' &&
      typeof iops === 'number' &&
      typeof MBps === 'number',
    'a row of disk-skus.json is a SKU with its limits',
  );
  return { sku, type, assessmentName, in2019Api: in2019Api === 1, sizeGiB, iops, MBps };
});

/** Limits of Premium SSD v2 (2022 figures, which the 2025-02 sizing text goes with). */
export const PREMIUM_V2 = json.premiumV2;
/** Model of Ultra disks of 2022: offered sizes, IOPS per GiB, throughput per IOPS. */
export const ULTRA = json.ultra;
