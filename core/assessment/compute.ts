/**
 * Second stage, compute: the cheapest size that satisfies everything (assessment.md §5). Candidates come
 * sorted by price, so the first that fits is the choice; each one before it is counted under every
 * criterion it fails, and the nearest misses are named.
 */
import { type SizeTable, SLACK } from './plan.ts';
import type { VmSize } from './vm-sizes.ts';
import type { VmExplanation } from './vocabulary.ts';

/** What a size must satisfy, in the order in which reasons are told. */
export const CRITERIA = [
  'cores',
  'memory',
  'dataDisks',
  'adapters',
  'bandwidth',
  'storageIops',
  'storageThroughput',
  'premiumStorage',
  'ultraStorage',
  'generation',
  'operatingSystem',
  'burstCredits',
] as const;
export type Criterion = (typeof CRITERIA)[number];

const BIT = Object.fromEntries(CRITERIA.map((criterion, i) => [criterion, 1 << i])) as Readonly<
  Record<Criterion, number>
>;

/** Effective need of a machine. */
export interface ComputeNeed {
  readonly cores: number;
  readonly memoryMiB: number;
  readonly dataDisks: number;
  readonly adapters: number;
  /** 10^6 bits per second outgoing; 0 when there is no data. */
  readonly networkMbps: number;
  /** Over all disks; 0 when there is no data. */
  readonly iops: number;
  readonly bytesPerSecond: number;
  readonly premium: boolean;
  readonly ultra: boolean;
  /** Undefined: any. */
  readonly generation: 1 | 2 | undefined;
  readonly windows: boolean;
}

export interface NearMiss {
  readonly size: string;
  readonly hourly: number;
  readonly fails: readonly Criterion[];
}

export interface SizeDecision {
  readonly need: ComputeNeed;
  readonly chosen: VmSize | undefined;
  /** An hour's price of the chosen size before the discount; 0 without one. */
  readonly hourly: number;
  /** Sizes looked at: the cheaper ones and the chosen one, or all when none fits. */
  readonly considered: number;
  /** How many of those fail each criterion; a size may fail several. */
  readonly failing: Readonly<Partial<Record<Criterion, number>>>;
  /** Up to MISSES_MAX cheaper sizes that fail fewest criteria, dearest first: they came closest. */
  readonly nearMisses: readonly NearMiss[];
  /** The next one in order of price that fits too. */
  readonly runnerUp: { readonly size: string; readonly hourly: number } | undefined;
  /** Why there is none. */
  readonly explanation: VmExplanation;
}

const MISSES_MAX = 3;

/** @param creditsLast asked only for a B-series size that fits otherwise. */
export function chooseSize(
  table: SizeTable,
  need: ComputeNeed,
  creditsLast: (size: VmSize) => boolean,
): SizeDecision {
  const count = table.sizes.length;
  const masks = new Uint16Array(count);
  const failuresOf = (i: number) => {
    const mask = failures(table, i, need);
    return mask === 0 && table.sizes[i]!.burst && !creditsLast(table.sizes[i]!) ? BIT.burstCredits : mask;
  };
  let chosen = 0;
  for (; chosen < count; chosen++) {
    masks[chosen] = failuresOf(chosen);
    if (masks[chosen] === 0) break;
  }
  let next = chosen + 1;
  while (next < count && failuresOf(next) !== 0) next++;
  const size = table.sizes[chosen];
  return {
    need,
    chosen: size,
    hourly: size ? table.hourly[chosen]! : 0,
    considered: Math.min(chosen + 1, count),
    failing: countFailing(masks, chosen),
    nearMisses: nearMisses(table, masks, chosen),
    runnerUp: next < count ? { size: table.sizes[next]!.name, hourly: table.hourly[next]! } : undefined,
    explanation: size ? 'NotApplicable' : whyNone(table, masks),
  };
}

/** Bits of the criteria that size `i` fails; 0: it fits (credits aside). */
function failures(table: SizeTable, i: number, need: ComputeNeed): number {
  const loose = 1 + SLACK;
  let mask = 0;
  if (need.cores > table.vCpus[i]! * loose) mask |= BIT.cores;
  if (need.memoryMiB > table.memoryMiB[i]! * loose) mask |= BIT.memory;
  if (need.dataDisks > table.dataDisks[i]!) mask |= BIT.dataDisks;
  if (need.adapters > table.nics[i]!) mask |= BIT.adapters;
  if (need.networkMbps > table.networkMbps[i]! * loose) mask |= BIT.bandwidth;
  if (need.iops > table.iops[i]! * loose) mask |= BIT.storageIops;
  if (need.bytesPerSecond > table.bytesPerSecond[i]! * loose) mask |= BIT.storageThroughput;
  const size = table.sizes[i]!;
  if (need.premium && !size.premium) mask |= BIT.premiumStorage;
  if (need.ultra && !size.ultra) mask |= BIT.ultraStorage;
  if (need.generation !== undefined && !size.generations.includes(need.generation)) mask |= BIT.generation;
  if (need.windows && size.linuxOnly) mask |= BIT.operatingSystem;
  return mask;
}

export interface ConsideredSize {
  readonly size: VmSize;
  readonly hourly: number;
  /** Empty: it fits. */
  readonly lacks: readonly Criterion[];
}

/**
 * The sizes of a decision one by one, in order of price: those before the chosen one with all that each lacks,
 * the chosen one, and the next that fits; all of them when none does.
 * @param table the one the decision was taken from.
 */
export function sizesConsidered(table: SizeTable, decision: SizeDecision): ConsideredSize[] {
  const list: ConsideredSize[] = [];
  const last = decision.runnerUp?.size ?? decision.chosen?.name;
  for (let i = 0; i < table.sizes.length; i++) {
    const size = table.sizes[i]!;
    const mask = failures(table, i, decision.need);
    const fits = size === decision.chosen || size.name === decision.runnerUp?.size;
    const isPast = list.length >= decision.considered;
    // What satisfies everything else and was still passed over had too few credits.
    const lacks = mask === 0 && !fits ? BIT.burstCredits : mask;
    if (!isPast || fits)
      list.push({
        size,
        hourly: table.hourly[i]!,
        lacks: CRITERIA.filter((criterion) => (lacks & BIT[criterion]) !== 0),
      });
    if (size.name === last) break;
  }
  return list;
}

function countFailing(masks: Uint16Array, end: number): Partial<Record<Criterion, number>> {
  const failing: Partial<Record<Criterion, number>> = {};
  for (const criterion of CRITERIA) {
    const bit = BIT[criterion];
    let count = 0;
    for (let i = 0; i < end; i++) if ((masks[i]! & bit) !== 0) count++;
    if (count > 0) failing[criterion] = count;
  }
  return failing;
}

function nearMisses(table: SizeTable, masks: Uint16Array, end: number): NearMiss[] {
  const found: NearMiss[] = [];
  const price = table.hourly[end];
  while (price !== undefined && end > 0 && table.hourly[end - 1] === price) end--; // not cheaper
  for (let fewest = 1; fewest <= 2 && found.length < MISSES_MAX; fewest++)
    for (let i = end - 1; i >= 0 && found.length < MISSES_MAX; i--)
      if (bitCount(masks[i]!) === fewest)
        found.push({
          size: table.sizes[i]!.name,
          hourly: table.hourly[i]!,
          fails: CRITERIA.filter((criterion) => (masks[i]! & BIT[criterion]) !== 0),
        });
  return found;
}

function bitCount(mask: number): number {
  let bits = 0;
  for (; mask !== 0; mask &= mask - 1) bits++;
  return bits;
}

const STORAGE = BIT.storageIops | BIT.storageThroughput;

/** Names the one thing in the way, where one thing is. */
function whyNone(table: SizeTable, masks: Uint16Array): VmExplanation {
  if (table.sizes.length === 0) {
    const { pricingTier, location } = table.excluded;
    if (pricingTier > 0) return 'NoVmSizeForSelectedPricingTier';
    return location > 0 ? 'NoVmSizeForSelectedAzureLocation' : 'NoSuitableVmSizeFound';
  }
  if (masks.some((mask) => (mask & ~STORAGE) === 0)) return 'NoVmSizeSupportsStoragePerformance';
  if (masks.some((mask) => (mask & ~BIT.bandwidth) === 0)) return 'NoVmSizeSupportsNetworkPerformance';
  return 'NoSuitableVmSizeFound';
}

/** Would some size do, were it not for the number of adapters? */
export function onlyAdaptersMissing(table: SizeTable, need: ComputeNeed): boolean {
  if (need.adapters === 0) return false;
  for (let i = 0; i < table.sizes.length; i++) if (failures(table, i, need) === BIT.adapters) return true;
  return false;
}
