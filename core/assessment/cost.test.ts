import { describe, expect, test } from 'vitest';
import { SAMPLE_RATES } from './exchange-rates.ts';
import { assessGroup, assessOne, disk, machine } from './machine.fixture.ts';
import { builtInCatalogue, type Catalogue } from './plan.ts';
import { type RetailPriceItem, readPriceSheet } from './price-sheet.ts';
import type { GivenProperties } from './properties.ts';
import { samplePriceItems } from './sample-prices.ts';

const LINUX = { name: 'Ubuntu', version: '20.04' };

describe('cost', () => {
  /** Two sizes at the prices of the worked examples, and one disk. */
  function sheet(): Catalogue {
    const like = [...samplePriceItems()].find(
      (i) => i.armSkuName === 'Standard_D2_v3' && i.type === 'Consumption',
    )!;
    const item = (stated: Partial<RetailPriceItem>): RetailPriceItem => ({
      ...like,
      savingsPlan: [],
      ...stated,
    });
    const windows = { productName: 'Virtual Machines Dv3 Series Windows' };
    const items = [
      item({ retailPrice: 0.096 }),
      item({ retailPrice: 0.188, ...windows }),
      item({ retailPrice: 2628, type: 'Reservation', reservationTerm: '3 Years' }),
      item({ retailPrice: 0.192, armSkuName: 'Standard_D4_v3' }),
      item({
        retailPrice: 40,
        serviceName: 'Storage',
        productName: 'Standard SSD Managed Disks',
        skuName: 'E10 LRS',
        meterName: 'E10 LRS Disk',
        unitOfMeasure: '1/Month',
      }),
    ];
    return builtInCatalogue(readPriceSheet(items, 'worked examples'));
  }
  const cost = (properties: Partial<GivenProperties>, cores = 2, windows = false, disks = 0) => {
    const facts = machine({
      cores,
      memoryMiB: 4096,
      os: windows ? { name: 'Windows Server 2016' } : LINUX,
      disks: Array.from({ length: disks }, (_, i) => disk(`d${i}`, 100, i === 0)),
    });
    const region = { ruleset: 'seed', azureLocation: 'eastus' } as const;
    return assessOne({ ...region, ...properties }, facts, {}, sheet());
  };

  test('0.096 an hour is 71.424 a month of 744 hours', () => {
    expect(cost({}).monthlyComputeCost).toBeCloseTo(71.424, 9);
  });

  test('0.192 on 22 days of 10 hours is 42.24', () => {
    expect(cost({ vmUptime: { daysPerMonth: 22, hoursPerDay: 10 } }, 4).monthlyComputeCost).toBeCloseTo(
      42.24,
      9,
    );
  });

  test('0.192 less 15 % is 121.4208', () => {
    expect(cost({ discountPercentage: 15 }, 4).monthlyComputeCost).toBeCloseTo(121.4208, 9);
  });

  test('2628 for three years is 74.40 a month, whatever uptime and discount say', () => {
    const found = cost({
      savingsOption: 'RI3Year',
      discountPercentage: 50,
      vmUptime: { daysPerMonth: 1, hoursPerDay: 1 },
    });
    expect(found.monthlyComputeCost).toBeCloseTo(74.4, 9);
  });

  test('Windows at 0.188 over 0.096: 71.424 with Hybrid Benefit, 139.872 without', () => {
    expect(cost({}, 2, true).monthlyComputeCost).toBeCloseTo(71.424, 9);
    expect(cost({ azureHybridUseBenefit: 'No' }, 2, true).monthlyComputeCost).toBeCloseTo(139.872, 9);
    expect(cost({ azureHybridUseBenefit: 'No' }, 2, false).monthlyComputeCost).toBeCloseTo(71.424, 9);
  });

  test('a reservation is without licence: Windows without benefit pays the difference by the hour', () => {
    const found = cost({ savingsOption: 'RI3Year', azureHybridUseBenefit: 'No' }, 2, true);
    expect(found.monthlyComputeCost).toBeCloseTo(744 * (0.1 + 0.188 - 0.096), 9);
  });

  test('the discount takes storage along unless it is for compute only; uptime leaves storage alone', () => {
    const half = { discountPercentage: 50, vmUptime: { daysPerMonth: 1, hoursPerDay: 1 } };
    expect(cost(half, 2, false, 3).monthlyStorageCost).toBeCloseTo(60, 9);
    expect(cost({ ...half, discountAppliesTo: 'compute' }, 2, false, 3).monthlyStorageCost).toBeCloseTo(
      120,
      9,
    );
    expect(
      cost({ discountPercentage: 50, savingsOption: 'RI3Year' }, 2, false, 3).monthlyStorageCost,
    ).toBeCloseTo(120, 9);
  });

  test('savings plans, dev/test and Defender are priced from the sheet, current ruleset', () => {
    const region: GivenProperties = {
      ruleset: 'current',
      azureLocation: 'eastus',
      azureVmFamilies: ['Dv3_series'],
      azureHybridUseBenefit: 'No',
    };
    const facts = machine({ cores: 2, memoryMiB: 4096 });
    const monthly = (properties: Partial<GivenProperties>) => assessOne({ ...region, ...properties }, facts);
    expect(monthly({}).monthlyComputeCost).toBeCloseTo(744 * 0.188, 9);
    expect(monthly({ savingsOption: 'SavingsPlan1Year' }).monthlyComputeCost).toBeCloseTo(
      744 * (0.096 * 0.75 + 0.092),
      6,
    );
    expect(monthly({ environmentType: 'DevTest' }).monthlyComputeCost).toBeCloseTo(744 * 0.096, 9);
    expect(monthly({}).security).toEqual({ suitability: 'Suitable', monthlyCost: 744 * 0.02 });
    expect(monthly({ azureSecurityOfferingType: 'NO' }).security).toBeUndefined();
    const refused = assessOne(region, machine({ os: { name: 'Other' } }));
    expect(refused.security).toEqual({ suitability: 'NotSuitable', monthlyCost: 0 });
  });

  test('in another currency the choice is the same, the cost is the rate’s, and the source says so', () => {
    const facts = machine({ cores: 2, memoryMiB: 4096, disks: [disk('d1', 100)] });
    const [dollars, euros] = ['USD', 'EUR'].map((currency) =>
      assessGroup({ ruleset: 'seed', azureLocation: 'westeurope', currency }, [[facts, {}]]),
    );
    const rate = SAMPLE_RATES['EUR']!;
    const [a, b] = [dollars!.machines[0]!, euros!.machines[0]!];
    expect(a.disks[0]!.choice).toBeDefined();
    expect([b.recommendedSize, b.disks[0]!.choice?.name]).toEqual([
      a.recommendedSize,
      a.disks[0]!.choice?.name,
    ]);
    expect(b.monthlyComputeCost).toBeCloseTo(a.monthlyComputeCost * rate, 9);
    expect(b.monthlyStorageCost).toBeCloseTo(a.monthlyStorageCost * rate, 9);
    expect(euros!.plan.priceSource).toContain(`converted from USD at ${rate}`);
  });

  test('a location without prices is refused before any machine is looked at', () => {
    expect(() => assessGroup({ ruleset: 'seed', azureLocation: 'Japan East' }, [])).toThrow(
      expect.objectContaining({ code: 'priceSheet.noPrices' }) as Error,
    );
  });
});
