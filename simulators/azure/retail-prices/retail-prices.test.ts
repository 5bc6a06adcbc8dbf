import { describe, expect, test } from 'vitest';
import { type RetailPriceItem, readPriceSheet } from '#core/assessment/price-sheet.ts';
import { samplePriceItems, samplePriceSheet } from '#core/assessment/sample-prices.ts';
import { type TestWorld, testWorld } from '../testing/test-world.ts';
import { createRetailPrices, RETAIL_PRICES_HOST } from './service.ts';

const URL_BASE = `https://${RETAIL_PRICES_HOST}/api/retail/prices`;

interface Page {
  readonly BillingCurrency: string;
  readonly Items: RetailPriceItem[];
  readonly NextPageLink: string | null;
  readonly Count: number;
}

async function inWorld(script: (world: TestWorld) => Promise<void>): Promise<void> {
  await using world = await testWorld();
  const handler = createRetailPrices({ context: world.context, items: samplePriceItems });
  await world.serve([RETAIL_PRICES_HOST], handler);
  await world.run(() => script(world));
}

const query = (filter: string, more = '') => `${URL_BASE}?$filter=${encodeURIComponent(filter)}${more}`;
const page = async (world: TestWorld, url: string) => (await world.ask('GET', url)).json as unknown as Page;

describe('retail prices', () => {
  test('are found by filter, without a token', () =>
    inWorld(async (world) => {
      const found = await page(
        world,
        query(
          "armRegionName eq 'westeurope' and armSkuName eq 'Standard_D2s_v3' and priceType eq 'Consumption'",
        ),
      );
      expect(found).toMatchObject({ BillingCurrency: 'USD', NextPageLink: null, Count: found.Items.length });
      expect(found.Items.map(({ productName }) => productName)).toEqual(
        expect.arrayContaining([expect.stringContaining('Windows')]),
      );
      const either = await page(
        world,
        query(
          "armRegionName eq 'westeurope' and (armSkuName eq 'Standard_D2s_v3' or contains(armSkuName, 'D4s_v3'))",
        ),
      );
      expect(new Set(either.Items.map(({ armSkuName }) => armSkuName))).toEqual(
        new Set(['Standard_D2s_v3', 'Standard_D4s_v3']),
      );
    }));

  test('page by page they are the whole sheet, as an assessment reads it', () =>
    inWorld(async (world) => {
      const items: RetailPriceItem[] = [];
      let pages = 0;
      for (let url: string | null = `${URL_BASE}?api-version=2023-01-01-preview`; url !== null; pages++) {
        const { Items, NextPageLink } = await page(world, url);
        items.push(...Items);
        url = NextPageLink;
      }
      expect(pages).toBeGreaterThan(1);
      const whole = [...samplePriceItems()].filter(({ currencyCode }) => currencyCode === 'USD');
      expect(items).toEqual(JSON.parse(JSON.stringify(whole)));
      expect(readPriceSheet(items, 'served').locations('USD')).toEqual(
        readPriceSheet(whole, 'own').locations('USD'),
      );
    }));

  test('in another currency every price is that of the rate, as an assessment has it; an unknown one is refused with the list', () =>
    inWorld(async (world) => {
      const filter = "armRegionName eq 'westeurope' and armSkuName eq 'Standard_D2s_v3'";
      const found = await page(world, query(filter, "&currencyCode='EUR'&api-version=2023-01-01-preview"));
      expect(found.BillingCurrency).toBe('EUR');
      expect(new Set(found.Items.map(({ currencyCode }) => currencyCode))).toEqual(new Set(['EUR']));
      const served = readPriceSheet(found.Items, 'served').at('westeurope', 'EUR').compute;
      const assessed = samplePriceSheet().at('westeurope', 'EUR').compute.get('Standard_D2s_v3')!;
      for (const [name, price] of Object.entries(served.get('Standard_D2s_v3')!))
        expect(price, name).toBeCloseTo(assessed[name as keyof typeof assessed]!, 7);
      const refused = await world.ask('GET', `${URL_BASE}?currencyCode=XTS`);
      expect(refused).toMatchObject({
        status: 400,
        json: { Error: { Message: expect.stringContaining('AUD, BRL, CAD, CHF') } },
      });
    }));

  test.each([
    "armRegionName = 'x'",
    "nothing eq 'x'",
    "armRegionName eq 'x' and",
    "(armRegionName eq 'x'",
    "armRegionName gt 'x'",
  ])('a filter that is not understood is refused: %s', (filter) =>
    inWorld(async (world) => {
      expect((await world.ask('GET', query(filter))).status).toBe(400);
    }));
});
