import { describe, expect, test } from 'vitest';
import { DISK_SKUS } from './disk-skus.ts';
import { REGIONS, targetLocations } from './regions.ts';
import { samplePriceItems, samplePriceSheet } from './sample-prices.ts';
import { VM_SIZES } from './vm-sizes.ts';

describe('sizes', () => {
  test('323 sizes, each with a source, limits above zero and a generation', () => {
    expect(VM_SIZES.length).toBe(323);
    expect(new Set(VM_SIZES.map((s) => s.name)).size).toBe(323);
    for (const size of VM_SIZES) {
      expect(size.source, size.name).toMatch(/Microsoft/);
      for (const limit of [
        size.vCpus,
        size.memoryMiB,
        size.dataDisks,
        size.nics,
        size.networkMbps,
        size.iops,
      ])
        expect(limit, size.name).toBeGreaterThan(0);
      expect(size.generations.length, size.name).toBeGreaterThan(0);
    }
  });

  test('Standard_D4s_v3 is as documented', () => {
    expect(VM_SIZES.find((s) => s.name === 'Standard_D4s_v3')).toMatchObject({
      family: 'Dsv3_series',
      vCpus: 4,
      memoryMiB: 16 * 1024,
      dataDisks: 8,
      nics: 2,
      networkMbps: 2000,
      networkPublished: true,
      iops: 6400,
      bytesPerSecond: 96e6,
      premium: true,
      generations: [1, 2],
    });
  });

  test('a series without premium storage takes its uncached limits from the SKU table, in bytes', () => {
    expect(VM_SIZES.find((s) => s.name === 'Standard_D2_v2')).toMatchObject({
      premium: false,
      iops: 6400,
      bytesPerSecond: 91 * 1_048_576,
    });
  });

  test('only B-series have credits, and no published bandwidth', () => {
    const burst = VM_SIZES.filter((s) => s.burst);
    expect(burst.length).toBe(10);
    expect(VM_SIZES.filter((s) => !s.networkPublished)).toEqual(burst);
    expect(burst.find((s) => s.name === 'Standard_B2s')).toMatchObject({
      networkMbps: 500,
      burst: { baselinePercentOfOneVcpu: 40, initial: 60, perHour: 24, max: 576 },
    });
  });
});

describe('disks', () => {
  test('39 SKUs of three types, the 2019 API knowing those of 32 GiB and more', () => {
    expect(DISK_SKUS.length).toBe(39);
    for (const sku of DISK_SKUS) expect(sku.in2019Api, sku.sku).toBe(sku.sizeGiB >= 32);
    expect(DISK_SKUS.find((s) => s.sku === 'P15')).toMatchObject({ sizeGiB: 256, iops: 1100, MBps: 125 });
  });
});

describe('regions', () => {
  test('every seed target but the retired clouds is a region, and the default is among both lists', () => {
    expect(REGIONS.length).toBe(58);
    for (const ruleset of ['seed', 'current'] as const)
      expect(targetLocations(ruleset)).toEqual(expect.arrayContaining(['westus2', 'eastus', 'westeurope']));
    expect(targetLocations('seed')).not.toContain('norwayeast');
    expect(targetLocations('current')).toContain('norwayeast');
  });
});

describe('sample prices', () => {
  const sheet = samplePriceSheet();

  test('three public regions and a government one, and items in the form of the Retail Prices API', () => {
    expect(sheet.locations('USD')).toEqual(['eastus', 'usgovvirginia', 'westeurope', 'westus2']);
    expect(sheet.source).toMatch(/not for quotes/);
    const d2 = [...samplePriceItems()].find(
      (i) => i.armSkuName === 'Standard_D2_v3' && i.armRegionName === 'eastus' && i.type === 'Consumption',
    );
    expect(d2).toMatchObject({ retailPrice: 0.096, serviceFamily: 'Compute', unitOfMeasure: '1 Hour' });
  });

  test('premium is dearer than standard SSD, standard SSD than HDD, and larger than smaller', () => {
    const { disks } = sheet.at('westeurope', 'USD');
    const price = (type: string, sizeGiB: number) =>
      disks.get(DISK_SKUS.find((s) => s.type === type && s.sizeGiB === sizeGiB)?.sku ?? '') ?? Number.NaN;
    for (const sizeGiB of new Set(DISK_SKUS.map((s) => s.sizeGiB))) {
      expect(price('Premium', sizeGiB)).toBeGreaterThan(price('StandardSSD', sizeGiB));
      if (sizeGiB >= 32) expect(price('StandardSSD', sizeGiB)).toBeGreaterThan(price('Standard', sizeGiB));
    }
    for (const type of ['Standard', 'StandardSSD', 'Premium']) {
      const row = DISK_SKUS.filter((s) => s.type === type).sort((a, b) => a.sizeGiB - b.sizeGiB);
      for (let i = 1; i < row.length; i++)
        expect(price(type, row[i]!.sizeGiB)).toBeGreaterThan(price(type, row[i - 1]!.sizeGiB));
    }
  });

  test('Windows is dearer than Linux, three reserved years cheaper than one, one cheaper than none', () => {
    for (const [name, prices] of sheet.at('eastus', 'USD').compute) {
      if (prices.windows !== undefined) expect(prices.windows, name).toBeGreaterThan(prices.linux!);
      expect(prices.linuxDevTest, name).toBe(prices.linux);
      if (prices.reservation1Year === undefined) expect(name).toMatch(/^Standard_A/);
      else {
        expect(prices.reservation3Years!, name).toBeLessThan(prices.reservation1Year);
        expect(prices.reservation1Year, name).toBeLessThan(prices.linux!);
      }
    }
  });
});
