import { describe, expect, test } from 'vitest';
import type { Points } from '../metrics/points.ts';
import { assessOne, disk, flat, machine } from './machine.fixture.ts';
import type { GivenProperties } from './properties.ts';
import type { AzureDiskType } from './vocabulary.ts';

/** A machine with an OS disk of 10 GiB and one data disk; its rates in operations and 10^6 bytes a second. */
function dataDisk(
  properties: GivenProperties,
  sizeGiB: number,
  rates: { readIops?: number; writeIops?: number; readMBps?: number; writeMBps?: number } | undefined,
) {
  const series: Record<string, Points> = {};
  const add = (counter: string, value: number | undefined) => {
    if (value !== undefined) series[`${counter} d2`] = flat(value);
  };
  add('readIops', rates?.readIops);
  add('writeIops', rates?.writeIops);
  add('readBps', rates?.readMBps === undefined ? undefined : rates.readMBps * 1e6);
  add('writeBps', rates?.writeMBps === undefined ? undefined : rates.writeMBps * 1e6);
  const facts = machine({ cores: 1, memoryMiB: 512, disks: [disk('d1', 10, true), disk('d2', sizeGiB)] });
  return assessOne({ scalingFactor: 1, ...properties }, facts, series).disks[1]!;
}

const seed = (...azureDiskTypes: AzureDiskType[]): GivenProperties => ({
  ruleset: 'seed',
  ...(azureDiskTypes.length > 0 ? { azureDiskTypes } : {}),
});
const current = (...azureDiskTypes: AzureDiskType[]): GivenProperties => ({
  ...seed(...azureDiskTypes),
  ruleset: 'current',
});
const idle = { readIops: 0, writeIops: 0, readMBps: 0, writeMBps: 0 };

describe('the documented examples', () => {
  test('32 GB with 800 IOPS, read plus write: P15 of 256 GB and 1100 IOPS', () => {
    const rates = { ...idle, readIops: 500, writeIops: 300 };
    for (const properties of [seed('Premium'), seed()])
      expect(dataDisk(properties, 32, rates).choice).toMatchObject({
        name: 'Premium_P15',
        sizeGiB: 256,
        iops: 1100,
      });
  });

  test('128 GiB at (180 + 150) IOPS × 1.3 is P10; 300 GiB at (700 + 250) × 1.3 is P20', () => {
    const properties = { ...seed('Premium'), scalingFactor: 1.3 };
    const small = dataDisk(properties, 128, { ...idle, readIops: 180, writeIops: 150 });
    expect(small.need!.iops).toBeCloseTo(429, 9);
    expect(small.choice!.name).toBe('Premium_P10');
    const large = dataDisk(properties, 300, { ...idle, readIops: 700, writeIops: 250 });
    expect(large.need!.iops).toBeCloseTo(1235, 9);
    expect(large.choice).toMatchObject({ name: 'Premium_P20', sizeGiB: 512, iops: 2300 });
  });
});

describe('types', () => {
  test('automatic takes the cheapest that covers, which for a slow disk is a standard HDD', () => {
    expect(dataDisk(seed(), 100, idle).choice!.name).toBe('Standard_S10');
    expect(dataDisk(seed(), 100, { ...idle, readMBps: 61 }).choice!.name).toBe('StandardSSD_E10');
    expect(dataDisk(seed(), 100, { ...idle, readMBps: 101 }).choice!.name).toBe('Premium_P15');
  });

  test('a named type keeps to its SKUs, and of several named ones the cheapest is taken', () => {
    expect(dataDisk(seed('Standard'), 100, idle).choice!.name).toBe('Standard_S10');
    expect(dataDisk(seed('StandardSSD'), 100, idle).choice!.name).toBe('StandardSSD_E10');
    expect(dataDisk(seed('Premium'), 100, idle).choice!.name).toBe('Premium_P10');
    expect(dataDisk(current('Premium', 'StandardSSD'), 100, idle).choice!.name).toBe('StandardSSD_E10');
  });

  test('the seed knows no SKU below 32 GiB', () => {
    expect(dataDisk(seed('Premium'), 3, idle).choice!.name).toBe('Premium_P4');
    expect(dataDisk(current('Premium'), 3, idle).choice!.name).toBe('Premium_P1');
  });
});

describe('no performance data', () => {
  test('performance-based: a standard SSD by size', () => {
    const found = dataDisk(seed(), 100, undefined);
    expect(found).toMatchObject({
      basis: 'standardSsd',
      need: undefined,
      choice: { name: 'StandardSSD_E10' },
    });
    expect(found.detail).toBe('NumberOfReadOperationsPerSecondMissing');
    expect(dataDisk(seed('Premium'), 100, undefined).choice!.name).toBe('StandardSSD_E10');
  });

  test('with a preferred type the current ruleset keeps to it', () => {
    expect(dataDisk(current('Premium'), 100, undefined)).toMatchObject({
      basis: 'size',
      choice: { name: 'Premium_P10' },
    });
    expect(dataDisk(current(), 100, undefined).choice!.name).toBe('StandardSSD_E10');
  });

  test('one missing counter is named and counts as nothing', () => {
    const found = dataDisk(seed('Premium'), 32, { readIops: 200, readMBps: 1, writeMBps: 1 });
    expect(found).toMatchObject({
      basis: 'performance',
      need: { iops: 200, MBps: 2 },
      detail: 'NumberOfWriteOperationsPerSecondMissing',
      choice: { name: 'Premium_P6' },
    });
  });
});

describe('as on-premises', () => {
  test('disks by size in the chosen type, premium unless said otherwise; performance is not looked at', () => {
    const onPremises = { ...seed(), sizingCriterion: 'AsOnPremises' } as const;
    const busy = { ...idle, readIops: 19_000 };
    expect(dataDisk(onPremises, 100, busy)).toMatchObject({
      basis: 'size',
      detail: 'None',
      choice: { name: 'Premium_P10' },
    });
    expect(dataDisk({ ...onPremises, azureDiskTypes: ['StandardSSD'] }, 100, busy).choice!.name).toBe(
      'StandardSSD_E10',
    );
  });
});

describe('no disk fits', () => {
  test.each([
    ['DiskSizeGreaterThanSupported', 32_768, idle],
    ['NoSuitableDiskSizeForIops', 100, { ...idle, readIops: 20_001 }],
    ['NoSuitableDiskSizeForThroughput', 100, { ...idle, readMBps: 901 }],
  ])('%s', (code, sizeGiB, rates) => {
    expect(dataDisk(seed(), sizeGiB, rates)).toMatchObject({
      suitability: 'NotSuitable',
      explanation: code,
      choice: undefined,
      monthlyCost: 0,
    });
  });

  test('another redundancy than LRS has no SKU', () => {
    expect(dataDisk({ ...seed(), azureStorageRedundancy: 'GeoRedundant' }, 100, idle).explanation).toBe(
      'NoDiskSizeFoundForSelectedRedundancy',
    );
  });

  test('the machine is then not suitable, and says which disk and why', () => {
    const facts = machine({ disks: [disk('d1', 10, true), disk('d2', 32_768)] });
    expect(assessOne(seed(), facts)).toMatchObject({
      suitability: 'NotSuitable',
      suitabilityExplanation: 'OneOrMoreDisksNotSuitable',
      stoppedAt: 'storage',
      size: undefined,
      monthlyStorageCost: 0,
      findings: [{ diskId: 'd2', why: 'Hard disk 2: DiskSizeGreaterThanSupported' }],
    });
  });
});

describe('Premium SSD v2 and Ultra, current ruleset', () => {
  test('v2 is paid by the GiB with 3000 IOPS and 125 MB/s free', () => {
    expect(
      dataDisk(current('PremiumV2'), 100, { ...idle, readIops: 3000, readMBps: 125 }).choice,
    ).toMatchObject({
      type: 'PremiumV2',
      name: 'PremiumV2_100',
      iops: 3000,
      MBps: 125,
      monthly: expect.closeTo(744 * 0.00011 * 100, 9) as number,
    });
  });

  test('v2: IOPS pull the size up at 500 a GiB, throughput pulls IOPS up at 0.25 MB/s each', () => {
    expect(dataDisk(current('PremiumV2'), 10, { ...idle, readIops: 20_000 }).choice).toMatchObject({
      sizeGiB: 40,
      iops: 20_000,
    });
    expect(dataDisk(current('PremiumV2'), 10, { ...idle, readMBps: 1000 }).choice).toMatchObject({
      sizeGiB: 10,
      iops: 4000,
      MBps: 1000,
    });
    expect(dataDisk(current('PremiumV2'), 10, { ...idle, readIops: 80_001 }).explanation).toBe(
      'NoSuitableDiskSizeForIops',
    );
  });

  test('Ultra: 200 GiB is billed as 256, and one machine of Ultra needs a size that takes it', () => {
    expect(dataDisk(current('Ultra'), 200, idle).choice).toMatchObject({
      name: 'Ultra_256',
      sizeGiB: 256,
      iops: 256,
      MBps: 1,
    });
    expect(dataDisk(current('Ultra'), 600, idle).choice!.sizeGiB).toBe(1024);
    expect(dataDisk(current('Ultra'), 1025, idle).choice!.sizeGiB).toBe(2048);
  });

  test('Ultra: size for IOPS at 300 a GiB; throughput beyond 256 KiB/s an I/O raises the IOPS', () => {
    expect(dataDisk(current('Ultra'), 10, { ...idle, readIops: 9_000 }).choice).toMatchObject({
      sizeGiB: 32,
      iops: 9_000,
    });
    // 2,000 MB/s × 1024 / 256 = 8,000 IOPS, which 27 GiB would give: offered is 32.
    expect(dataDisk(current('Ultra'), 10, { ...idle, readIops: 100, readMBps: 2_000 }).choice).toMatchObject({
      sizeGiB: 32,
      iops: 8_000,
      MBps: 2_000,
    });
  });

  test('automatic reaches for Ultra only where nothing else suffices; the OS disk never does', () => {
    expect(dataDisk(current(), 100, { ...idle, readIops: 25_000 }).choice!.type).toBe('Ultra');
    const facts = machine({ disks: [disk('d1', 100, true)] });
    const os = (types: AzureDiskType[]) =>
      assessOne({ ...current(...types), scalingFactor: 1 }, facts, { 'readIops d1': flat(400) }).disks[0]!;
    expect(os(['Ultra']).choice!.type).toBe('Premium');
    expect(os(['PremiumV2']).choice!.type).toBe('Premium');
    expect(os(['Ultra', 'StandardSSD']).choice!.type).toBe('StandardSSD');
  });
});
