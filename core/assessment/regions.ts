/** Regions, and which of them a ruleset accepts as target location. Data: data/regions.json. */
import { assert } from '../assert.ts';
import json from './data/regions.json' with { type: 'json' };
import type { RulesetName } from './rulesets.ts';

export interface Region {
  /** "westeurope" */
  readonly name: string;
  /** "West Europe" */
  readonly displayName: string;
  readonly geographyGroup: string;
}

export const REGIONS: readonly Region[] = json.rows.map((row) => {
  const [name, displayName, geographyGroup] = row;
  assert(name && displayName && geographyGroup, 'a row of regions.json has three names');
  return { name, displayName, geographyGroup };
});

/** "West Europe", "WestEurope" (API 2019-10-01) and "westeurope" are one. */
export function locationName(text: string): string {
  return text.toLowerCase().replaceAll(' ', '');
}

export const TARGET_CLOUDS = ['Public', 'USGovernment', 'China', 'Germany'] as const;
export type TargetCloud = (typeof TARGET_CLOUDS)[number];

/** The cloud a location belongs to; each has identities, endpoints and prices of its own. */
export function cloudOf(location: string): TargetCloud {
  const name = locationName(location);
  if (/^us(gov|dod)/.test(name)) return 'USGovernment';
  if (name.startsWith('china')) return 'China';
  return /^germany(central|northeast)$/.test(name) ? 'Germany' : 'Public';
}

/** Target locations the assessment service accepted in the years of a ruleset, as plain names. */
export function targetLocations(ruleset: RulesetName): readonly string[] {
  return json.targets[ruleset];
}
