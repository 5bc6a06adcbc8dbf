/**
 * drylift's own price sheet, in the form of the Retail Prices API: for rehearsals and tests, not for quotes.
 *
 * Linux pay-as-you-go prices are stored figures of two regions; everything else is invented in a plausible
 * order (data/sample-prices.json says what is which). A scenario with better prices brings its own sheet.
 */
import { assert } from '../assert.ts';
import { Entropy } from '../entropy/entropy.ts';
import json from './data/sample-prices.json' with { type: 'json' };
import { SAMPLE_RATES } from './exchange-rates.ts';
import { type PriceSheet, type RetailPriceItem, readPriceSheet } from './price-sheet.ts';
import { REGIONS } from './regions.ts';
import { VM_SIZES } from './vm-sizes.ts';

const SOURCE = 'drylift sample prices (not for quotes)';
const SINCE = `${json.effective}T00:00:00Z`;
const HOURS_PER_YEAR = 8_760;
const DISK_PRODUCTS: Readonly<Record<string, string>> = {
  S: 'Standard HDD Managed Disks',
  E: 'Standard SSD Managed Disks',
  P: 'Premium SSD Managed Disks',
};

/** Prices have a finite number of decimals in the public sheet; so have ours. */
const rounded = (price: number) => Number(price.toPrecision(8));

type Stated = Pick<
  RetailPriceItem,
  | 'meterName'
  | 'productName'
  | 'skuName'
  | 'serviceName'
  | 'serviceFamily'
  | 'unitOfMeasure'
  | 'type'
  | 'armSkuName'
> &
  Partial<Pick<RetailPriceItem, 'reservationTerm' | 'savingsPlan'>>;

/** Every item, in a fixed order: by region, then compute, disks, Defender. */
export function* samplePriceItems(): Generator<RetailPriceItem> {
  const ids = new Entropy('drylift sample prices');
  const made = new Map<string, string>();
  const id = (name: string) => {
    let text = made.get(name);
    if (text === undefined) {
      text = `DZH3${ids.hex(8, 'id', name).toUpperCase()}`;
      made.set(name, text);
    }
    return text;
  };
  for (const [region, compute] of Object.entries<Record<string, number>>(json.compute)) {
    const location =
      REGIONS.find((r) => r.name === region)?.displayName ??
      (json.displayNames as Record<string, string>)[region];
    assert(location !== undefined, `sample prices are for a known region, got ${region}`);
    const item = (price: number, stated: Stated): RetailPriceItem => ({
      currencyCode: 'USD',
      tierMinimumUnits: 0,
      retailPrice: price,
      unitPrice: price,
      armRegionName: region,
      location,
      effectiveStartDate: SINCE,
      meterId: ids.uuid('meter', region, stated.productName, stated.meterName),
      productId: id(stated.productName),
      skuId: `${id(stated.productName)}/${id(stated.skuName).slice(-4)}`,
      serviceId: id(stated.serviceName),
      isPrimaryMeterRegion: true,
      ...stated,
    });
    yield* computeItems(compute, item);
    yield* diskItems(json.diskFactor[region as keyof typeof json.diskFactor], item);
    yield* licenceItems(item);
    yield item(json.rates.defenderPerHour, {
      meterName: 'Standard P2 Node',
      productName: 'Microsoft Defender for Servers',
      skuName: 'Plan 2',
      serviceName: 'Microsoft Defender for Cloud',
      serviceFamily: 'Security',
      unitOfMeasure: '1 Hour',
      type: 'Consumption',
      armSkuName: '',
    });
  }
}

/** Licences of paid Linux are sold by vCPUs, the same in every region. */
function* licenceItems(item: MakeItem): Generator<RetailPriceItem> {
  for (const [linux, productName] of [
    ['rhel', 'Red Hat Enterprise Linux'],
    ['sles', 'SUSE Linux Enterprise Server'],
  ] as const)
    for (const [vCpus, price] of Object.entries<number>(json.linuxLicences[linux]))
      yield item(price, {
        meterName: `${vCpus} vCPU VM License`,
        productName,
        skuName: `${vCpus} vCPU VM`,
        serviceName: 'Virtual Machines Licenses',
        serviceFamily: 'Compute',
        unitOfMeasure: '1 Hour',
        type: 'Consumption',
        armSkuName: '',
      });
}

type MakeItem = (price: number, stated: Stated) => RetailPriceItem;

function* computeItems(compute: Record<string, number>, item: MakeItem): Generator<RetailPriceItem> {
  const { rates } = json;
  for (const size of VM_SIZES) {
    const linux = compute[size.name];
    if (linux === undefined) continue;
    const windows = rounded(linux + rates.windowsPerVCpuHour * size.vCpus);
    const meter = size.name.replace('Standard_', '').replaceAll('_', ' ');
    const stated = {
      meterName: meter,
      skuName: meter,
      serviceName: 'Virtual Machines',
      serviceFamily: 'Compute',
      unitOfMeasure: '1 Hour',
      armSkuName: size.name,
    };
    const product = `Virtual Machines ${size.series} Series`;
    const plans = (licence: number) =>
      (
        [
          ['1 Year', rates.savingsPlan1Year],
          ['3 Years', rates.savingsPlan3Years],
        ] as const
      ).map(([term, rate]) => {
        const price = rounded(linux * rate + licence);
        return { unitPrice: price, retailPrice: price, term };
      });
    yield item(linux, { ...stated, productName: product, type: 'Consumption', savingsPlan: plans(0) });
    if (!size.linuxOnly)
      yield item(windows, {
        ...stated,
        productName: `${product} Windows`,
        type: 'Consumption',
        savingsPlan: plans(windows - linux),
      });
    // The dev/test offer takes the Windows licence off and leaves Linux as it is.
    yield item(linux, { ...stated, productName: product, type: 'DevTestConsumption' });
    if (!size.linuxOnly)
      yield item(linux, { ...stated, productName: `${product} Windows`, type: 'DevTestConsumption' });
    if (rates.withoutReservation.includes(size.series)) continue;
    for (const [term, years, rate] of [
      ['1 Year', 1, rates.reservation1Year],
      ['3 Years', 3, rates.reservation3Years],
    ] as const)
      yield item(Math.round(linux * rate * HOURS_PER_YEAR * years), {
        ...stated,
        productName: product,
        type: 'Reservation',
        reservationTerm: term,
      });
  }
}

function* diskItems(factor: number, item: MakeItem): Generator<RetailPriceItem> {
  const stated = { serviceName: 'Storage', serviceFamily: 'Storage', type: 'Consumption', armSkuName: '' };
  for (const [sku, price] of Object.entries(json.disks))
    yield item(rounded(price * factor), {
      ...stated,
      meterName: `${sku} LRS Disk`,
      productName: DISK_PRODUCTS[sku[0]!]!,
      skuName: `${sku} LRS`,
      unitOfMeasure: '1/Month',
    });
  for (const [productName, skuName, rate] of [
    ['Ultra Disks', 'Ultra LRS', json.ultraPerHour],
    ['Azure Premium SSD v2', 'Premium LRS', json.premiumV2PerHour],
  ] as const)
    for (const [what, unitOfMeasure, price] of [
      ['Provisioned Capacity', '1 GiB/Hour', rate.perGiB],
      ['Provisioned IOPS', '1/Hour', rate.perIops],
      ['Provisioned Throughput (MBps)', '1/Hour', rate.perMBps],
    ] as const)
      yield item(rounded(price * factor), {
        ...stated,
        meterName: `${skuName} ${what}`,
        productName,
        skuName,
        unitOfMeasure,
      });
}

let sheet: PriceSheet | undefined;

/** The sample sheet, read once. */
export function samplePriceSheet(): PriceSheet {
  sheet ??= readPriceSheet(samplePriceItems(), SOURCE, SAMPLE_RATES);
  return sheet;
}
