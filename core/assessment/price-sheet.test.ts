import { describe, expect, test } from 'vitest';
import { type RetailPriceItem, readPriceSheet } from './price-sheet.ts';

function item(stated: Partial<RetailPriceItem>): RetailPriceItem {
  return {
    currencyCode: 'USD',
    tierMinimumUnits: 0,
    retailPrice: 0.1,
    unitPrice: 0.1,
    armRegionName: 'eastus',
    location: 'US East',
    effectiveStartDate: '2020-01-01T00:00:00Z',
    meterId: 'm',
    meterName: 'D2 v3',
    productId: 'p',
    skuId: 's',
    productName: 'Virtual Machines Dv3 Series',
    skuName: 'D2 v3',
    serviceName: 'Virtual Machines',
    serviceId: 'v',
    serviceFamily: 'Compute',
    unitOfMeasure: '1 Hour',
    type: 'Consumption',
    isPrimaryMeterRegion: true,
    armSkuName: 'Standard_D2_v3',
    ...stated,
  };
}

const compute = (...items: RetailPriceItem[]) =>
  readPriceSheet(items, 'test').at('East US', 'USD').compute.get('Standard_D2_v3');

describe('reading retail prices', () => {
  test('Windows meters are told by the end of the product name', () => {
    expect(
      compute(
        item({ retailPrice: 0.096 }),
        item({ retailPrice: 0.188, productName: 'Virtual Machines Dv3 Series Windows' }),
      ),
    ).toEqual({ linux: 0.096, windows: 0.188 });
  });

  test('Spot, Low Priority, cloud services and tiers above the first are passed over', () => {
    expect(
      compute(
        item({ retailPrice: 0.096 }),
        item({ retailPrice: 0.01, meterName: 'D2 v3 Spot' }),
        item({ retailPrice: 0.02, skuName: 'D2 v3 Low Priority' }),
        item({ retailPrice: 0.03, productName: 'Dv3 Series Cloud Services' }),
        item({ retailPrice: 0.04, tierMinimumUnits: 100 }),
      ),
    ).toEqual({ linux: 0.096 });
  });

  test('a reservation is the price of the whole term: 2628 for three years is 0.10 an hour', () => {
    const prices = compute(
      item({ retailPrice: 2628, type: 'Reservation', reservationTerm: '3 Years' }),
      item({ retailPrice: 876, type: 'Reservation', reservationTerm: '1 Year' }),
      item({ retailPrice: 9999, type: 'Reservation', reservationTerm: '5 Years' }),
    );
    expect(prices!.reservation3Years).toBeCloseTo(0.1, 12);
    expect(prices!.reservation1Year).toBeCloseTo(0.1, 12);
    expect(Object.keys(prices!)).toHaveLength(2);
  });

  test('savings plans and dev/test prices are read per operating system', () => {
    const windows = { productName: 'Virtual Machines Dv3 Series Windows' };
    const plan = (term: string, retailPrice: number) => ({ term, retailPrice, unitPrice: retailPrice });
    expect(
      compute(
        item({ savingsPlan: [plan('1 Year', 0.08), plan('3 Years', 0.06)] }),
        item({ ...windows, retailPrice: 0.2, savingsPlan: [plan('1 Year', 0.17)] }),
        item({ type: 'DevTestConsumption', retailPrice: 0.09 }),
        item({ ...windows, type: 'DevTestConsumption', retailPrice: 0.11 }),
      ),
    ).toEqual({
      linux: 0.1,
      windows: 0.2,
      linuxSavings1Year: 0.08,
      linuxSavings3Years: 0.06,
      windowsSavings1Year: 0.17,
      linuxDevTest: 0.09,
      windowsDevTest: 0.11,
    });
  });

  test('of two prices for one thing the later stands, of equally late ones the lower', () => {
    const later = { effectiveStartDate: '2021-01-01T00:00:00Z' };
    const items = [
      item({ retailPrice: 5 }),
      item({ retailPrice: 9, ...later }),
      item({ retailPrice: 8, ...later }),
    ];
    expect(compute(...items)).toEqual({ linux: 8 });
    expect(compute(...items.reverse())).toEqual({ linux: 8 });
    expect(readPriceSheet(items, 'test').pricesTimestamp).toBe('2021-01-01T00:00:00Z');
  });

  test('disks are read by SKU and month, mounts and operations are not disks', () => {
    const disk = (stated: Partial<RetailPriceItem>) =>
      item({
        serviceName: 'Storage',
        productName: 'Premium SSD Managed Disks',
        skuName: 'P10 LRS',
        meterName: 'P10 LRS Disk',
        unitOfMeasure: '1/Month',
        armSkuName: '',
        ...stated,
      });
    const sheet = readPriceSheet(
      [
        item({}),
        disk({ retailPrice: 21 }),
        disk({ retailPrice: 1, meterName: 'P10 LRS Disk Mount' }),
        disk({ retailPrice: 2, skuName: 'P15 ZRS', meterName: 'P15 ZRS Disk' }),
        disk({ retailPrice: 3, skuName: 'P20 LRS', meterName: 'P20 LRS Disk', unitOfMeasure: '1/Hour' }),
      ],
      'test',
    );
    expect([...sheet.at('eastus', 'USD').disks]).toEqual([['P10', 21]]);
  });

  test('a location or currency the sheet does not cover is refused with those it does', () => {
    const sheet = readPriceSheet([item({}), item({ armRegionName: 'westeurope' })], 'mine.json');
    expect(() => sheet.at('japaneast', 'USD')).toThrow(
      expect.objectContaining({
        code: 'priceSheet.noPrices',
        next: 'Locations covered in USD: eastus, westeurope.',
      }) as Error,
    );
    expect(() => sheet.at('eastus', 'EUR')).toThrow(
      expect.objectContaining({
        what: expect.stringContaining('no EUR prices') as string,
        next: 'Give a price sheet in that currency, or choose one that this sheet has: USD.',
      }) as Error,
    );
  });

  test('a currency without prices of its own is worked out from dollars, and says so; one with them is left alone', () => {
    const items = [item({}), item({ currencyCode: 'EUR', retailPrice: 0.5 })];
    const sheet = readPriceSheet(items, 'mine.json', { EUR: 0.9, SEK: 10 });
    const of = (currency: string) => sheet.at('eastus', currency);
    expect(of('EUR').compute.get('Standard_D2_v3')!.linux).toBe(0.5);
    expect(of('SEK').compute.get('Standard_D2_v3')!.linux).toBe(
      10 * of('USD').compute.get('Standard_D2_v3')!.linux!,
    );
    expect([of('EUR').convertedAt, of('SEK').convertedAt]).toEqual([undefined, 10]);
    expect(() => of('JPY')).toThrow(
      expect.objectContaining({ next: expect.stringContaining('EUR, SEK, USD') as string }) as Error,
    );
  });

  test.each([
    ['retailPrice', { retailPrice: -1 }],
    ['retailPrice', { retailPrice: '0.1' }],
    ['meterName', { meterName: undefined }],
    ['savingsPlan', { savingsPlan: [{ term: '1 Year' }] }],
  ])('an item with a bad %s is refused with its position', (field, stated) => {
    const items = [item({}), item(stated as unknown as Partial<RetailPriceItem>)];
    expect(() => readPriceSheet(items, 'test')).toThrow(
      expect.objectContaining({ code: 'priceSheet.badItem', where: { line: 2, field } }) as Error,
    );
  });
});
