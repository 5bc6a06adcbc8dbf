/**
 * The Retail Prices API: public, without a token, in pages of 1,000 with NextPageLink.
 *
 * @see learn.microsoft.com, rest/api/cost-management/retail-prices/azure-retail-prices. The sheet is the scenario's.
 */

import {
  CURRENCY_OF_RECORD,
  converted,
  type ExchangeRates,
  SAMPLE_RATES,
} from '#core/assessment/exchange-rates.ts';
import type { RetailPriceItem } from '#core/assessment/price-sheet.ts';
import type { HttpHandler, HttpResponseOut } from '#core/net/http-server.ts';
import type { SimulatorContext } from '../../kit/context.ts';
import { sendJson } from '../http.ts';
import { type PriceFilter, readPriceFilter } from './filter.ts';

export const RETAIL_PRICES_HOST = 'prices.azure.com';
const PATH = '/api/retail/prices';
const PAGE_ITEMS = 1_000;
const API_VERSIONS = ['2021-10-01-preview', '2023-01-01-preview'];

export interface RetailPricesOptions {
  readonly context: SimulatorContext;
  /** In a fixed order. */
  readonly items: () => Iterable<RetailPriceItem>;
  /** Of currencies that the sheet has no prices in; drylift's own sample by default. */
  readonly rates?: ExchangeRates;
}

/** Those of the page; an assessment knows eight more. */
const CURRENCIES: ReadonlySet<string> = new Set(
  'USD AUD BRL CAD CHF CNY DKK EUR GBP INR JPY KRW NOK NZD RUB SEK TWD'.split(' '),
);

export const PRICE_FAULT_POINTS = [
  {
    name: 'azure.retailPrices',
    says: 'a page of retail prices; the subject is the filter',
    answers: ['429', '500', '503'],
  },
] as const;

export function createRetailPrices({
  context,
  items,
  rates = SAMPLE_RATES,
}: RetailPricesOptions): HttpHandler {
  context.faults.declare(PRICE_FAULT_POINTS);
  let own: ReadonlySet<string> = new Set();
  let sheet: readonly RetailPriceItem[] | undefined;
  return (request, response: HttpResponseOut) => {
    request.resume();
    response.operation = 'RetailPrices';
    const origin = `https://${request.headers.host ?? RETAIL_PRICES_HOST}`;
    const url = new URL(request.url ?? '/', origin);
    const refuse = (status: number, message: string, headers = {}) =>
      sendJson(response, status, { Error: { Code: String(status), Message: message } }, headers);
    if (request.method !== 'GET' || url.pathname !== PATH) return refuse(404, 'There is nothing here.');
    const fault = context.faults.hit('azure.retailPrices', url.searchParams.get('$filter') ?? '');
    if (fault)
      return refuse(Number(fault.answer), 'Try again later.', {
        'Retry-After': String(fault.retryAfterSeconds ?? 1),
      });
    const version = url.searchParams.get('api-version');
    if (version !== null && !API_VERSIONS.includes(version))
      return refuse(400, `The api-version '${version.slice(0, 40)}' is not supported.`);
    const currency = (url.searchParams.get('currencyCode') ?? 'USD').replace(/^'|'$/g, '').toUpperCase();
    const skip = Number(url.searchParams.get('$skip') ?? '0');
    let filter: PriceFilter;
    try {
      filter = readPriceFilter(url.searchParams.get('$filter') ?? '');
    } catch (error) {
      return refuse(400, error instanceof Error ? error.message : 'The filter is not valid.');
    }
    if (!Number.isInteger(skip) || skip < 0) return refuse(400, '$skip is a whole number.');
    if (!sheet) {
      sheet = [...items()];
      own = new Set(sheet.map(({ currencyCode }) => currencyCode));
    }
    const rate = own.has(currency) ? undefined : rates[currency];
    if (!own.has(currency) && (!CURRENCIES.has(currency) || rate === undefined))
      return refuse(
        400,
        `The currency '${currency.slice(0, 20)}' is not supported. Supported are: ${[...new Set([...own, ...[...CURRENCIES].filter((one) => one in rates)])].sort().join(', ')}.`,
      );
    const written = rate === undefined ? currency : CURRENCY_OF_RECORD;
    const page: RetailPriceItem[] = [];
    let matched = 0;
    let hasMore = false;
    const wantsPrimary = /^'?primary'?$/i.test(url.searchParams.get('meterRegion') ?? '');
    for (const listed of sheet) {
      if (listed.currencyCode !== written || (wantsPrimary && !listed.isPrimaryMeterRegion)) continue;
      const item = rate === undefined ? listed : converted(listed, currency, rate);
      if (!filter(item)) continue;
      if (matched++ < skip) continue;
      if (page.length === PAGE_ITEMS) {
        hasMore = true;
        break;
      }
      page.push(item);
    }
    // savings plans came with the preview versions
    const shown = version === null ? page.map(({ savingsPlan: _plan, ...item }) => item) : page;
    const next = new URL(url);
    next.searchParams.set('$skip', String(skip + PAGE_ITEMS));
    sendJson(response, 200, {
      BillingCurrency: currency,
      CustomerEntityId: 'Default',
      CustomerEntityType: 'Retail',
      Items: shown,
      NextPageLink: hasMore ? next.href : null,
      Count: shown.length,
    });
  };
}
