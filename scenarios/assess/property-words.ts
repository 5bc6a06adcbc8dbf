/**
 * Properties of an assessment as they are typed: `percentile=99`, `savings=ri3`, `region=westeurope`. One table for
 * the options of `drylift assess`, and for the sets of `drylift what-if --with`.
 */
import type { GivenProperties } from '#core/assessment/properties.ts';
import { defineErrors, nearest } from '#core/errors.ts';

export const errors = defineErrors({
  'assess.badWord': {
    blame: 'input',
    why: 'Properties are given as name=value, several parted by commas: percentile=99,savings=ri3.',
    next: 'See docs/guides/assess.md for the names and values.',
  },
});

/** Properties, and the percentile beside them: the engine takes any, the API four. */
export interface PropertySet {
  readonly given: Record<string, unknown>;
  readonly percentile: number | undefined;
}

interface Word {
  /** For help; the option's placeholder. */
  readonly value: string;
  readonly says: string;
  /** Fields of the API; throws nothing: bad values are refused with the others. */
  readonly set: (text: string) => Record<string, unknown>;
}

const list = (text: string): string[] => text.split(/[+\s]+/).filter(Boolean);
const number = (text: string): number => (text.trim() === '' ? Number.NaN : Number(text));
const named =
  (field: string, words: Readonly<Record<string, unknown>> = {}) =>
  (text: string): Record<string, unknown> => ({ [field]: words[text.toLowerCase()] ?? text });

const YES_NO = { yes: 'Yes', no: 'No' };
const DISK_TYPES: Readonly<Record<string, string>> = {
  automatic: 'StandardOrPremium',
  'standard-hdd': 'Standard',
  'standard-ssd': 'StandardSSD',
  premium: 'Premium',
  'premium-v2': 'PremiumV2',
  ultra: 'Ultra',
};

export const PROPERTY_WORDS: Readonly<Record<string, Word>> = {
  ruleset: { value: 'name', says: 'seed (2019-2020) or current (2024-2025)', set: named('ruleset') },
  percentile: {
    value: 'P',
    says: 'of the points: 50, 90, 95, 99 as in the portal, or any from 1 to 100',
    set: () => ({}),
  },
  comfort: { value: 'F', says: 'comfort factor, 1 to 2', set: (text) => ({ scalingFactor: number(text) }) },
  history: {
    value: 'range',
    says: 'day, week, month, or FROM..TO (ISO 8601)',
    set: (text) => {
      const [from, to] = text.split('..');
      if (to === undefined) return named('timeRange', { day: 'Day', week: 'Week', month: 'Month' })(text);
      return { timeRange: 'Custom', perfDataStartTime: Date.parse(from!), perfDataEndTime: Date.parse(to) };
    },
  },
  sizing: {
    value: 'how',
    says: 'performance or as-on-premises',
    set: named('sizingCriterion', { performance: 'PerformanceBased', 'as-on-premises': 'AsOnPremises' }),
  },
  region: {
    value: 'name',
    says: 'target location, such as westeurope or usgovvirginia',
    set: named('azureLocation'),
  },
  cloud: {
    value: 'name',
    says: 'public, usgovernment, china: the region must lie in it',
    set: named('targetCloud', {
      public: 'Public',
      usgovernment: 'USGovernment',
      china: 'China',
      germany: 'Germany',
    }),
  },
  'disk-types': {
    value: 'types',
    says: 'automatic, or some of standard-hdd+standard-ssd+premium+premium-v2+ultra',
    set: (text) => ({ azureDiskTypes: list(text).map((type) => DISK_TYPES[type.toLowerCase()] ?? type) }),
  },
  series: {
    value: 'names',
    says: 'VM series, such as Dsv3+Esv3; all by default',
    set: (text) => ({
      azureVmFamilies: list(text).map((name) => (/_series$/i.test(name) ? name : `${name}_series`)),
    }),
  },
  savings: {
    value: 'option',
    says: 'none, ri1, ri3 (reservations), sp1 or sp3 (savings plans)',
    set: named('savingsOption', {
      none: 'None',
      ri1: 'RI1Year',
      ri3: 'RI3Year',
      sp1: 'SavingsPlan1Year',
      sp3: 'SavingsPlan3Year',
    }),
  },
  'hybrid-benefit': {
    value: 'yes|no',
    says: 'Windows licences are brought along',
    set: named('azureHybridUseBenefit', YES_NO),
  },
  'linux-benefit': {
    value: 'yes|no',
    says: 'Red Hat and SUSE subscriptions are brought along',
    set: named('linuxHybridUseBenefit', YES_NO),
  },
  discount: {
    value: 'percent',
    says: 'of the pay-as-you-go price',
    set: (text) => ({ discountPercentage: number(text) }),
  },
  'discount-on': {
    value: 'what',
    says: 'all or compute',
    set: named('discountAppliesTo', { all: 'computeAndStorage', compute: 'compute' }),
  },
  uptime: {
    value: 'DxH',
    says: 'days a month and hours a day, such as 22x10',
    set: (text) => {
      const [days = '', hours = ''] = text.split('x');
      return { vmUptime: { daysPerMonth: number(days), hoursPerDay: number(hours) } };
    },
  },
  currency: { value: 'code', says: 'of the price sheet', set: (text) => ({ currency: text.toUpperCase() }) },
  environment: {
    value: 'kind',
    says: 'production or dev-test',
    set: named('environmentType', { production: 'Production', 'dev-test': 'DevTest' }),
  },
  offer: {
    value: 'code',
    says: 'pay-as-you-go, dev-test, ea, or the code',
    set: named('azureOfferCode', { 'pay-as-you-go': 'MSAZR0003P', 'dev-test': 'MSAZR0023P', ea: 'EA' }),
  },
  tier: {
    value: 'name',
    says: 'standard or basic',
    set: named('azurePricingTier', { standard: 'Standard', basic: 'Basic' }),
  },
  defender: {
    value: 'yes|no',
    says: 'Defender for Servers plan 2',
    set: named('azureSecurityOfferingType', { yes: 'MDC', no: 'NO' }),
  },
  'security-type': {
    value: 'type',
    says: 'standard, trusted-launch or confidential',
    set: named('vmSecurityType', { standard: 'Standard', 'trusted-launch': 'TVM', confidential: 'CVM' }),
  },
  capacity: {
    value: 'what',
    says: 'disks are sized by what is allocated or used',
    set: named('diskCapacity', { allocated: 'Allocated', used: 'Used' }),
  },
  period: {
    value: 'minutes',
    says: 'of the points: 5, 10 or 15',
    set: (text) => ({ pointPeriodMinutes: number(text) }),
  },
  'month-days': {
    value: 'n',
    says: 'days of the history month',
    set: (text) => ({ monthDays: number(text) }),
  },
  'processor-factor': {
    value: 'F',
    says: 'what a source core is worth on the target',
    set: (text) => ({ processorFactor: number(text) }),
  },
};

/** The set that options give; the ruleset is the current one unless it is named. */
export function propertiesOf(words: ReadonlyMap<string, string>): PropertySet {
  let given: Record<string, unknown> = { ruleset: 'current' };
  let percentile: number | undefined;
  for (const [name, text] of words) {
    const word = PROPERTY_WORDS[name];
    if (!word) {
      const near = nearest(name, Object.keys(PROPERTY_WORDS));
      throw errors.make('assess.badWord', {
        what: `There is no property ${name}${near ? `; did you mean ${near}?` : '.'}`,
      });
    }
    given = { ...given, ...word.set(text.trim()) };
    if (name === 'percentile') {
      percentile = number(text);
      if (!(Number.isInteger(percentile) && percentile >= 1 && percentile <= 100))
        throw errors.make('assess.badWord', {
          what: `percentile is ${text}; it is a whole number from 1 to 100.`,
        });
    }
  }
  if (percentile === 50 || percentile === 90 || percentile === 95 || percentile === 99)
    given['percentile'] = `Percentile${percentile}`;
  return { given, percentile };
}

/** `percentile=99,savings=ri3` as words. @throws `assess.badWord` */
export function readWords(text: string): Map<string, string> {
  const words = new Map<string, string>();
  for (const part of text.split(',').filter((each) => each.trim() !== '')) {
    const at = part.indexOf('=');
    if (at < 1) throw errors.make('assess.badWord', { what: `"${part}" is not name=value.` });
    words.set(part.slice(0, at).trim(), part.slice(at + 1).trim());
  }
  return words;
}

/** Checked by the engine when the plan is made. */
export function asGiven({ given }: PropertySet): GivenProperties {
  return given as unknown as GivenProperties;
}
