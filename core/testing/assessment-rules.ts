/** What the tests of rules by id share: the page that has the same ids, and short ways to ask the engine. */
import { readFileSync } from 'node:fs';
import { expect } from 'vitest';
import { AS_OF, assessOne, flat, machine } from '../assessment/machine.fixture.ts';
import type { MachineFacts } from '../assessment/machine-facts.ts';
import { builtInCatalogue, planAssessment } from '../assessment/plan.ts';
import { assessmentProperties, type GivenProperties } from '../assessment/properties.ts';

export type Rule = readonly [id: string, says: string, check: () => void];

export const SEED: GivenProperties = { ruleset: 'seed', azureLocation: 'eastus' };
export const CURRENT: GivenProperties = { ruleset: 'current', azureLocation: 'eastus' };
export const BUSY = { cpu: flat(5_000), memory: flat(5_000) };

export const size = (properties: GivenProperties, facts: MachineFacts = machine(), series = {}) =>
  assessOne(properties, facts, series).recommendedSize;
export const planOf = (given: GivenProperties) =>
  planAssessment(assessmentProperties(given), builtInCatalogue(), AS_OF);
export const refused = (given: GivenProperties) =>
  expect(() => assessmentProperties(given)).toThrow(
    expect.objectContaining({ code: 'assessment.badProperty' }),
  );

const PAGE = readFileSync(new URL('../../docs/assessment.md', import.meta.url), 'utf8');

/** Does docs/assessment.md state each of these rules? */
export function expectOnPage(ids: readonly string[]): void {
  for (const id of ids) expect(PAGE, id).toMatch(new RegExp(`[|\`] ?${id.replaceAll('.', '\\.')} ?[|\`]`));
}
