/**
 * A price sheet in the form of the Azure Retail Prices API, read into what an assessment asks for.
 *
 * Reading rules (assessment.md §9): type Consumption is per hour, Reservation is the price of the whole term
 * (8,760 hours a year), DevTestConsumption is the dev/test offer; Windows meters have a productName ending in
 * "Windows"; Spot and Low Priority meters are skipped; armSkuName is the size. Managed disks are under
 * serviceName Storage, by the month. Meters that an assessment has no use for are passed over. Two prices for
 * the same thing: the one with the later effective date, then the lower.
 */
import { defineErrors } from '../errors.ts';
import { CURRENCY_OF_RECORD, convertedPrices, type ExchangeRates } from './exchange-rates.ts';
import type { PaidLinux } from './os-rules.ts';
import { locationName } from './regions.ts';

export const errors = defineErrors({
  'priceSheet.badItem': {
    blame: 'input',
    why: 'A price sheet is a list of items as the Azure Retail Prices API returns them.',
    next: 'Correct the item; `Items` of a saved response of prices.azure.com can be used as they are.',
  },
  'priceSheet.noPrices': {
    blame: 'input',
    why: 'The price sheet has no virtual machine prices for that location and currency.',
    next: 'Choose a location and currency that the sheet covers, or give a sheet that covers yours.',
  },
});

/** One item of the Retail Prices API, as far as it is used or shown; other members may stand beside these. */
export interface RetailPriceItem {
  readonly currencyCode: string;
  readonly tierMinimumUnits: number;
  readonly retailPrice: number;
  readonly unitPrice: number;
  readonly armRegionName: string;
  readonly location: string;
  readonly effectiveStartDate: string;
  readonly effectiveEndDate?: string;
  readonly meterId: string;
  readonly meterName: string;
  readonly productId: string;
  readonly skuId: string;
  readonly productName: string;
  readonly skuName: string;
  readonly serviceName: string;
  readonly serviceId: string;
  readonly serviceFamily: string;
  readonly unitOfMeasure: string;
  readonly type: string;
  readonly isPrimaryMeterRegion: boolean;
  readonly armSkuName: string;
  readonly reservationTerm?: string;
  readonly savingsPlan?: readonly {
    readonly unitPrice: number;
    readonly retailPrice: number;
    readonly term: string;
  }[];
}

/** Hourly prices of one size; absent: not offered that way. */
export interface ComputePrices {
  readonly linux?: number;
  readonly windows?: number;
  readonly linuxDevTest?: number;
  readonly windowsDevTest?: number;
  /** The term's price spread over its hours. Without any licence. */
  readonly reservation1Year?: number;
  readonly reservation3Years?: number;
  readonly linuxSavings1Year?: number;
  readonly linuxSavings3Years?: number;
  readonly windowsSavings1Year?: number;
  readonly windowsSavings3Years?: number;
}

/** Hourly prices of disks paid by what is provisioned. */
export interface ProvisionedPrices {
  readonly perGiB: number;
  readonly perIops: number;
  readonly perMBps: number;
}

export interface Licence {
  readonly vCpus: number;
  readonly hourly: number;
}

export interface LocationPrices {
  readonly compute: ReadonlyMap<string, ComputePrices>;
  /** Monthly, by SKU: "P10". */
  readonly disks: ReadonlyMap<string, number>;
  readonly ultra: ProvisionedPrices | undefined;
  readonly premiumV2: ProvisionedPrices | undefined;
  /** Hourly, per server. */
  readonly defender: number | undefined;
  /** Hourly licence of paid Linux for machines of at most so many vCPUs, smallest first. */
  readonly licences: Readonly<Record<PaidLinux, readonly Licence[]>>;
  /** Worked out from prices in US dollars at this rate. */
  readonly convertedAt?: number;
}

export interface PriceSheet {
  /** Where the prices come from, for results and reports. */
  readonly source: string;
  /** Latest effective date in the sheet, as written there. */
  readonly pricesTimestamp: string;
  /** Locations with virtual machine prices in that currency, sorted. */
  locations(currency: string): readonly string[];
  /** @throws `priceSheet.noPrices` */
  at(location: string, currency: string): LocationPrices;
}

/** Far above the public sheet of every region together. */
const ITEMS_MAX = 2_000_000;
const HOURS_PER_YEAR = 8_760;

type Slot<T> = { -readonly [K in keyof T]?: { price: number; since: string } };

interface Builder {
  compute: Map<string, Slot<ComputePrices>>;
  disks: Map<string, { price: number; since: string }>;
  ultra: Slot<ProvisionedPrices>;
  premiumV2: Slot<ProvisionedPrices>;
  defender: { defender?: { price: number; since: string } };
  licences: Record<PaidLinux, Map<number, { price: number; since: string }>>;
}

/**
 * @param rates of currencies in which the sheet has no prices of its own
 * @throws `priceSheet.badItem` with the position of the item (from 1) as line.
 */
export function readPriceSheet(
  items: Iterable<RetailPriceItem>,
  source: string,
  rates: ExchangeRates = {},
): PriceSheet {
  const places = new Map<string, Builder>();
  const spellings = new Map<string, Builder>();
  let position = 0;
  let latest = '';
  for (const item of items) {
    position++;
    checkItem(item, position);
    if (item.effectiveStartDate > latest) latest = item.effectiveStartDate;
    const written = `${item.currencyCode} ${item.armRegionName}`;
    let place = spellings.get(written);
    if (!place) {
      place = placeOf(places, `${item.currencyCode} ${locationName(item.armRegionName) || 'global'}`);
      spellings.set(written, place);
    }
    take(place, item);
  }
  const finished = new Map(
    [...places].map(([key, place]) => [
      key,
      finish(place, places.get(`${key.slice(0, key.indexOf(' '))} global`)),
    ]),
  );
  const own = (currency: string) =>
    [...finished]
      .filter(([key, prices]) => key.startsWith(`${currency} `) && prices.compute.size > 0)
      .map(([key]) => key.slice(currency.length + 1))
      .sort();
  const rateOf = (currency: string) =>
    own(currency).length === 0 && Object.hasOwn(rates, currency) ? rates[currency] : undefined;
  const locations = (currency: string) => own(rateOf(currency) === undefined ? currency : CURRENCY_OF_RECORD);
  const currencies = () => {
    const named = new Set([...finished.keys()].map((key) => key.slice(0, key.indexOf(' '))));
    return [...new Set([...named, ...Object.keys(rates)])].filter((one) => locations(one).length > 0).sort();
  };
  return {
    source,
    pricesTimestamp: latest,
    locations,
    at(location, currency) {
      const rate = rateOf(currency);
      const written = rate === undefined ? currency : CURRENCY_OF_RECORD;
      const prices = finished.get(`${written} ${locationName(location)}`);
      if (prices && prices.compute.size > 0)
        return rate === undefined ? prices : convertedPrices(prices, rate);
      const covered = locations(currency);
      throw errors.make('priceSheet.noPrices', {
        what: `There are no ${currency} prices for virtual machines in ${location} (${source}).`,
        next:
          covered.length === 0
            ? `Give a price sheet in that currency, or choose one that this sheet has: ${currencies().join(', ')}.`
            : `Locations covered in ${currency}: ${covered.join(', ')}.`,
      });
    },
  };
}

function placeOf(places: Map<string, Builder>, key: string): Builder {
  const known = places.get(key);
  if (known) return known;
  const place: Builder = {
    compute: new Map(),
    disks: new Map(),
    ultra: {},
    premiumV2: {},
    defender: {},
    licences: { rhel: new Map(), sles: new Map() },
  };
  places.set(key, place);
  return place;
}

const TEXTS = [
  'currencyCode',
  'armRegionName',
  'effectiveStartDate',
  'meterName',
  'productName',
  'skuName',
  'serviceName',
  'unitOfMeasure',
  'type',
] as const;

function checkItem(item: RetailPriceItem, position: number): void {
  const bad = (field: string, what: string) =>
    errors.make('priceSheet.badItem', { what, where: { line: position, field } });
  if (position > ITEMS_MAX) throw bad('Items', `The sheet has more than ${ITEMS_MAX} items.`);
  if (typeof item !== 'object' || item === null) throw bad('Items', `Item ${position} is not an object.`);
  for (const field of TEXTS)
    if (typeof item[field] !== 'string') throw bad(field, `Item ${position} has no text in ${field}.`);
  if (!(typeof item.retailPrice === 'number' && item.retailPrice >= 0 && item.retailPrice < 1e9))
    throw bad('retailPrice', `Item ${position} has a retailPrice of ${String(item.retailPrice)}.`);
  for (const plan of item.savingsPlan ?? [])
    if (!(typeof plan.retailPrice === 'number' && plan.retailPrice >= 0) || typeof plan.term !== 'string')
      throw bad('savingsPlan', `Item ${position} has a savings plan without price or term.`);
}

function take(place: Builder, item: RetailPriceItem): void {
  if ((item.tierMinimumUnits ?? 0) > 0) return;
  if (item.serviceName === 'Virtual Machines') takeCompute(place, item);
  else if (item.serviceName === 'Virtual Machines Licenses') takeLicence(place, item);
  else if (item.serviceName === 'Storage' && item.type === 'Consumption') takeDisk(place, item);
  else if (item.serviceName === 'Microsoft Defender for Cloud' && item.type === 'Consumption') {
    if (/Servers.*Plan 2|Plan 2.*Servers/i.test(`${item.productName} ${item.skuName} ${item.meterName}`))
      offer(place.defender, 'defender', item.retailPrice, item.effectiveStartDate);
  }
}

function takeCompute(place: Builder, item: RetailPriceItem): void {
  const size = item.armSkuName;
  if (typeof size !== 'string' || size === '') return;
  for (const name of [item.meterName, item.skuName])
    if (name.endsWith('Spot') || name.endsWith('Low Priority')) return;
  if (/cloud ?services/i.test(item.productName)) return;
  let slot = place.compute.get(size);
  if (!slot) {
    slot = {};
    place.compute.set(size, slot);
  }
  const windows = item.productName.endsWith('Windows');
  const since = item.effectiveStartDate;
  if (item.type === 'Reservation') {
    const years = item.reservationTerm === '1 Year' ? 1 : item.reservationTerm === '3 Years' ? 3 : 0;
    if (years > 0)
      offer(
        slot,
        years === 1 ? 'reservation1Year' : 'reservation3Years',
        item.retailPrice / (HOURS_PER_YEAR * years),
        since,
      );
    return;
  }
  if (item.unitOfMeasure !== '1 Hour') return;
  if (item.type === 'DevTestConsumption')
    offer(slot, windows ? 'windowsDevTest' : 'linuxDevTest', item.retailPrice, since);
  if (item.type !== 'Consumption') return;
  offer(slot, windows ? 'windows' : 'linux', item.retailPrice, since);
  for (const plan of item.savingsPlan ?? []) {
    if (plan.term === '1 Year')
      offer(slot, windows ? 'windowsSavings1Year' : 'linuxSavings1Year', plan.retailPrice, since);
    if (plan.term === '3 Years')
      offer(slot, windows ? 'windowsSavings3Years' : 'linuxSavings3Years', plan.retailPrice, since);
  }
}

/** Licences of paid Linux by vCPUs, the same in every region: general knowledge of the public sheet as well. */
function takeLicence(place: Builder, item: RetailPriceItem): void {
  const linux = /^Red Hat Enterprise Linux$/.test(item.productName)
    ? 'rhel'
    : /^SUSE (Linux )?Enterprise/.test(item.productName)
      ? 'sles'
      : undefined;
  const vCpus = Number(/(\d+) vCPU VM/.exec(item.skuName)?.[1]);
  if (linux === undefined || !(vCpus > 0)) return;
  if (item.type !== 'Consumption' || item.unitOfMeasure !== '1 Hour') return;
  const known = place.licences[linux].get(vCpus);
  if (!known || better(item.retailPrice, item.effectiveStartDate, known))
    place.licences[linux].set(vCpus, { price: item.retailPrice, since: item.effectiveStartDate });
}

/** Product and meter names of managed disks are general knowledge of the public sheet, not a stored text. */
function takeDisk(place: Builder, item: RetailPriceItem): void {
  const since = item.effectiveStartDate;
  if (/^(Standard HDD|Standard SSD|Premium SSD) Managed Disks$/.test(item.productName)) {
    const sku = /^([SEP]\d+) LRS$/.exec(item.skuName)?.[1];
    if (sku === undefined || item.unitOfMeasure !== '1/Month' || !/ Disks?$/.test(item.meterName)) return;
    const known = place.disks.get(sku);
    if (!known || better(item.retailPrice, since, known))
      place.disks.set(sku, { price: item.retailPrice, since });
    return;
  }
  const provisioned =
    item.productName === 'Ultra Disks'
      ? place.ultra
      : item.productName === 'Azure Premium SSD v2'
        ? place.premiumV2
        : undefined;
  if (!provisioned || !item.unitOfMeasure.endsWith('/Hour')) return;
  if (/Provisioned Capacity$/.test(item.meterName)) offer(provisioned, 'perGiB', item.retailPrice, since);
  else if (/Provisioned IOPS$/.test(item.meterName)) offer(provisioned, 'perIops', item.retailPrice, since);
  else if (/Provisioned Throughput( \(MBps\))?$/.test(item.meterName))
    offer(provisioned, 'perMBps', item.retailPrice, since);
}

function better(price: number, since: string, than: { price: number; since: string }): boolean {
  return since > than.since || (since === than.since && price < than.price);
}

function offer<T>(slot: Slot<T>, key: keyof T, price: number, since: string): void {
  const known = slot[key];
  if (!known || better(price, since, known)) slot[key] = { price, since };
}

function prices<T>(slot: Slot<T>): T {
  const entries = Object.entries(slot) as [string, { price: number }][];
  return Object.fromEntries(entries.map(([key, { price }]) => [key, price])) as T;
}

function licencesOf(place: Builder, everywhere: Builder | undefined, linux: PaidLinux): Licence[] {
  const merged = new Map([...(everywhere?.licences[linux] ?? []), ...place.licences[linux]]);
  return [...merged]
    .map(([vCpus, { price }]) => ({ vCpus, hourly: price }))
    .sort((a, b) => a.vCpus - b.vCpus);
}

function finish(place: Builder, everywhere: Builder | undefined): LocationPrices {
  const provisioned = (slot: Slot<ProvisionedPrices>): ProvisionedPrices | undefined =>
    slot.perGiB && slot.perIops && slot.perMBps ? prices(slot) : undefined;
  return {
    compute: new Map([...place.compute].map(([size, slot]) => [size, prices<ComputePrices>(slot)])),
    disks: new Map([...place.disks].map(([sku, { price }]) => [sku, price])),
    ultra: provisioned(place.ultra),
    premiumV2: provisioned(place.premiumV2),
    defender: place.defender.defender?.price,
    licences: { rhel: licencesOf(place, everywhere, 'rhel'), sles: licencesOf(place, everywhere, 'sles') },
  };
}
