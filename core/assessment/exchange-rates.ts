/**
 * Prices in other currencies. The dollar is the currency of record; the Retail Prices API gives others for
 * reference, each price converted [learn: azure-retail-prices]. At which rates is the scenario's to say.
 */
import type { ComputePrices, Licence, LocationPrices, RetailPriceItem } from './price-sheet.ts';

/** How much of a currency one US dollar is. */
export type ExchangeRates = Readonly<Record<string, number>>;

export const CURRENCY_OF_RECORD = 'USD';

/** Of the size that such rates have; invented, as the sample prices are: not for quotes. */
export const SAMPLE_RATES: ExchangeRates = {
  ...{ ARS: 1_400, AUD: 1.53, BRL: 5.4, CAD: 1.4, CHF: 0.8, CNY: 7.1, DKK: 6.45, EUR: 0.865, GBP: 0.76 },
  ...{ HKD: 7.78, IDR: 16_700, INR: 88.5, JPY: 155, KRW: 1_460, MXN: 18.4, MYR: 4.15, NOK: 10.1, NZD: 1.77 },
  ...{ RUB: 80, SAR: 3.75, SEK: 9.5, TRY: 42, TWD: 31, USD: 1, ZAR: 17.3 },
};

/** As the API writes it: eight digits that count. */
export function converted(item: RetailPriceItem, currencyCode: string, rate: number): RetailPriceItem {
  const times = (price: number) => Number((price * rate).toPrecision(8));
  const { savingsPlan } = item;
  return {
    ...item,
    currencyCode,
    retailPrice: times(item.retailPrice),
    unitPrice: times(item.unitPrice),
    ...(savingsPlan
      ? {
          savingsPlan: savingsPlan.map((plan) => ({
            ...plan,
            unitPrice: times(plan.unitPrice),
            retailPrice: times(plan.retailPrice),
          })),
        }
      : {}),
  };
}

/** A location's prices at another currency's rate; unrounded, as everything in an assessment is. */
export function convertedPrices(prices: LocationPrices, rate: number): LocationPrices {
  const each = <T extends object>(of: T): T =>
    Object.fromEntries(Object.entries(of).map(([name, price]) => [name, (price as number) * rate])) as T;
  const licences = (of: readonly Licence[]) =>
    of.map(({ vCpus, hourly }) => ({ vCpus, hourly: hourly * rate }));
  const { compute, disks, ultra, premiumV2, defender, licences: paid } = prices;
  return {
    compute: new Map([...compute].map(([size, of]) => [size, each<ComputePrices>(of)])),
    disks: new Map([...disks].map(([sku, price]) => [sku, price * rate])),
    ultra: ultra && each(ultra),
    premiumV2: premiumV2 && each(premiumV2),
    defender: defender === undefined ? undefined : defender * rate,
    licences: { rhel: licences(paid.rhel), sles: licences(paid.sles) },
    convertedAt: rate,
  };
}
