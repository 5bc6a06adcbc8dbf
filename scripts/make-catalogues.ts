/**
 * Makes core/assessment/data/*.json from the project's fact files (vm-sizes, disk-skus, os-support, regions,
 * price-samples). Facts carry over, each with its source; the form is ours. Figures that no stored source
 * holds are written here, and marked in the output as samples or as readings of ours.
 *
 *     node --import tsx scripts/make-catalogues.ts FACTS_DATA_DIRECTORY
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  ADDED_RULES,
  DEFENDER,
  FAMILIES_2019,
  LINUX,
  SAMPLE_DISKS,
  SAMPLE_LINUX_LICENCES,
  UEFI_NOT_READY,
  WITHOUT_ULTRA,
} from './catalogue-figures.ts';

const from = process.argv[2];
if (from === undefined) {
  console.error('usage: make-catalogues.ts FACTS_DATA_DIRECTORY');
  process.exit(2);
}
const into = join(import.meta.dirname, '..', 'core', 'assessment', 'data');

function facts<T>(name: string): T {
  return JSON.parse(readFileSync(join(from!, name), 'utf8')) as T;
}

/** JSON with one row or entry per line, so that a changed fact is a changed line. */
function write(name: string, value: Record<string, unknown>): void {
  const parts = Object.entries(value).map(([key, part]) => {
    if (Array.isArray(part) && part.length > 0)
      return `${JSON.stringify(key)}: [\n${part.map((row) => `    ${JSON.stringify(row)}`).join(',\n')}\n  ]`;
    if (typeof part === 'object' && part !== null && !Array.isArray(part))
      return `${JSON.stringify(key)}: {\n${Object.entries(part)
        .map(([k, v]) => `    ${JSON.stringify(k)}: ${JSON.stringify(v)}`)
        .join(',\n')}\n  }`;
    return `${JSON.stringify(key)}: ${JSON.stringify(part)}`;
  });
  writeFileSync(join(into, name), `{\n  ${parts.join(',\n  ')}\n}\n`);
  console.log(`${name} written`);
}

// ---------------------------------------------------------------- VM sizes

interface SizeFacts {
  name: string;
  series: string;
  apiFamily: string | null;
  category: string;
  vCpus: number;
  memoryGiB: number;
  maxDataDisks: number;
  maxNics: number;
  networkMbps?: number;
  maxUncachedIops?: number;
  maxUncachedMBps?: number;
  premiumStorage: boolean | null;
  generations: number[] | null;
  skuDump: { uncachedIops: number; uncachedMiBps: number };
  cpuBurst?: {
    baselinePercentOfOneVcpu: number;
    initialCredits: number;
    creditsPerHour: number;
    maxBankedCredits: number;
  };
  source: string;
}

function makeVmSizes(): void {
  const data = facts<{ source: string; sizes: SizeFacts[] }>('vm-sizes.json');
  const sources: string[] = [];
  const sourceIndex = (source: string) => {
    if (!sources.includes(source)) sources.push(source);
    return sources.indexOf(source);
  };
  /** Least published bandwidth among sizes with the most vCPUs that do not exceed `vCpus`. */
  const leastPublished = (vCpus: number) => {
    const published = data.sizes.filter((s) => s.networkMbps !== undefined && s.vCpus <= vCpus);
    const nearest = Math.max(...published.map((s) => s.vCpus));
    return Math.min(...published.filter((s) => s.vCpus === nearest).map((s) => s.networkMbps!));
  };
  const rows = data.sizes.map((s) => {
    const premium = s.premiumStorage === true;
    const burst = s.cpuBurst;
    return [
      s.name,
      s.series,
      s.apiFamily ?? `${s.series}_series`,
      s.category,
      s.vCpus,
      s.memoryGiB * 1024,
      s.maxDataDisks,
      s.maxNics,
      s.networkMbps ?? leastPublished(s.vCpus),
      s.networkMbps === undefined ? 0 : 1,
      s.maxUncachedIops ?? s.skuDump.uncachedIops,
      s.maxUncachedMBps === undefined ? s.skuDump.uncachedMiBps * 1_048_576 : s.maxUncachedMBps * 1e6,
      premium ? 1 : 0,
      premium && !WITHOUT_ULTRA.has(s.series) ? 1 : 0,
      s.generations ?? [1],
      s.name === 'Standard_B1ls' ? 1 : 0,
      burst
        ? [burst.baselinePercentOfOneVcpu, burst.initialCredits, burst.creditsPerHour, burst.maxBankedCredits]
        : null,
      sourceIndex(s.source),
    ];
  });
  write('vm-sizes.json', {
    source: data.source,
    remarks: [
      'networkMbps, iops and bytesPerSecond are the figures of the page named by source; where a page gives no uncached limit, that of the SKU table.',
      'networkPublished 0: no page read gives a bandwidth; the figure is a lower bound of ours, the least published one among sizes with the nearest number of vCPUs not above its own.',
      'premium 0 and generations [1] also stand for "not in the pages read": what cannot be shown to fit does not fit.',
      'ultra: our general knowledge (premium-capable series except B and DSv2), not in a stored text.',
      'linuxOnly: B1ls, a remark of the page on B-series sizes.',
      'burst: [baseline % of one vCPU, initial credits, credits per hour, most banked credits].',
    ],
    families2019: FAMILIES_2019,
    sources,
    columns: [
      'name',
      'series',
      'family',
      'category',
      'vCpus',
      'memoryMiB',
      'dataDisks',
      'nics',
      'networkMbps',
      'networkPublished',
      'iops',
      'bytesPerSecond',
      'premium',
      'ultra',
      'generations',
      'linuxOnly',
      'burst',
      'source',
    ],
    rows,
  });
}

// ---------------------------------------------------------------- Disks

interface DiskFacts {
  source: string;
  remarks: string[];
  fixed: {
    sku: string;
    family: string;
    assessmentName: string;
    in2019Api: boolean;
    sizeGiB: number;
    iops: number;
    MBps: number;
  }[];
  premiumSsdV2: {
    sizeGiB: { max: number };
    iops: { baselineFree: number; max: number };
    MBps: { baselineFree: number; max2022preview: number };
    source: string;
  };
  ultra: {
    model2022: {
      sizesGiB: number[];
      thenStepGiB: number;
      maxGiB: number;
      iopsPerGiB: number;
      maxIops: number;
      minIops: number;
      minIopsPerGiB: number;
      throughputKiBpsPerIops: number;
      minThroughputKiBpsPerIops: number;
      maxMBps: number;
      minMBps: number;
      source: string;
    };
  };
}

const DISK_TYPES: Record<string, string> = {
  StandardHDD: 'Standard',
  StandardSSD: 'StandardSSD',
  PremiumSSD: 'Premium',
};

function makeDiskSkus(): void {
  const data = facts<DiskFacts>('disk-skus.json');
  const { premiumSsdV2: v2, ultra } = data;
  write('disk-skus.json', {
    source: data.source,
    remarks: [
      ...data.remarks,
      'type is the azureDiskType of the assessment API; redundancy is LRS throughout.',
      'Premium SSD v2 and Ultra: the 2022 models (preview limits for v2), which the 2025-02 sizing text goes with.',
    ],
    columns: ['sku', 'type', 'assessmentName', 'in2019Api', 'sizeGiB', 'iops', 'MBps'],
    rows: data.fixed.map((s) => [
      s.sku,
      DISK_TYPES[s.family],
      s.assessmentName,
      s.in2019Api ? 1 : 0,
      s.sizeGiB,
      s.iops,
      s.MBps,
    ]),
    premiumV2: {
      source: v2.source,
      maxGiB: v2.sizeGiB.max,
      freeIops: v2.iops.baselineFree,
      iopsPerGiB: 500,
      freeIopsUpToGiB: 6,
      maxIops: v2.iops.max,
      freeMBps: v2.MBps.baselineFree,
      MBpsPerIops: 0.25,
      maxMBps: v2.MBps.max2022preview,
    },
    ultra: ultra.model2022,
  });
}

// ---------------------------------------------------------------- Operating systems

interface OsFacts {
  source: string;
  rules: {
    id: string;
    matchAnyLowercase: string[];
    status: { 'docs2020-01': string; 'docs2025-02': string };
    explanationCode: string;
    why: string;
  }[];
  endorsedLinux: {
    'partners2023-08': { source: string };
    'agentlessAutoPrepared2022-11': { source: string };
  };
  defenderForServers: { source: string; minVCpus: number; minMemoryGiB: number; diskGiB: number };
}

const SUITABILITY: Record<string, string> = {
  Ready: 'Suitable',
  ReadyWithConditions: 'ConditionallySuitable',
  Unknown: 'ReadinessUnknown',
  NotReady: 'NotSuitable',
};

function makeOsRules(): void {
  const data = facts<OsFacts>('os-support.json');
  const row = (rule: OsFacts['rules'][number], id: string, any: string[], why: string) => ({
    id,
    any,
    ...(id === 'other-unidentified' ? { exact: true } : {}),
    ...(id === 'linux-endorsed' ? { byVersion: true } : {}),
    ...(id === 'windows-server-2008' ? { also32Bit: true } : {}),
    ...(UEFI_NOT_READY.has(id) ? { uefiNotReadyInCurrent: true } : {}),
    seed: SUITABILITY[rule.status['docs2020-01']],
    current: SUITABILITY[rule.status['docs2025-02']],
    code: id === 'linux-endorsed' ? 'NotApplicable' : rule.explanationCode,
    why,
  });
  const rules = data.rules.flatMap((rule) => {
    const added = ADDED_RULES.filter((a) => a.before === rule.id).map((a) => {
      const like = data.rules.find((r) => r.id === a.like)!;
      return row(like, a.id, a.any, `${like.why} (not in the documentation's table; treated like ${a.like})`);
    });
    return [...added, row(rule, rule.id, rule.matchAnyLowercase, rule.why)];
  });
  write('os-rules.json', {
    source: data.source,
    remarks: [
      'The first rule with a part of the lowercase name wins (exact: the whole name); no rule: ReadinessUnknown.',
      'byVersion: Suitable when the endorsed list of the ruleset has the version, else with conditions.',
      'also32Bit: the row covers the 32-bit edition, so the 32-bit rule does not apply.',
    ],
    rules,
    linuxSources: [
      `seed: ${data.endorsedLinux['agentlessAutoPrepared2022-11'].source}`,
      `current: ${data.endorsedLinux['partners2023-08'].source}`,
    ],
    linux: LINUX,
    defenderLimits: {
      source: data.defenderForServers.source,
      minVCpus: data.defenderForServers.minVCpus,
      minMemoryMiB: data.defenderForServers.minMemoryGiB * 1024,
      minDiskGiB: data.defenderForServers.diskGiB,
    },
    defender: DEFENDER,
  });
}

// ---------------------------------------------------------------- Regions

interface RegionFacts {
  source: string;
  regions: { name: string; displayName: string; geographyGroup: string }[];
  assessmentTargets: Record<string, { source: string; names: string[] }>;
}

const plain = (name: string) => name.toLowerCase().replaceAll(' ', '');

function makeRegions(): void {
  const data = facts<RegionFacts>('regions.json');
  const targets = (...lists: string[]) =>
    [...new Set(lists.flatMap((list) => data.assessmentTargets[list]!.names.map(plain)))].sort();
  write('regions.json', {
    source: data.source,
    targetSources: ['docs2020-01', 'api2019-10-01', 'docs2025-02'].map(
      (list) => `${list}: ${data.assessmentTargets[list]!.source}`,
    ),
    columns: ['name', 'displayName', 'geographyGroup'],
    rows: data.regions.map((r) => [r.name, r.displayName, r.geographyGroup]),
    targets: {
      seed: targets('docs2020-01', 'api2019-10-01'),
      current: targets('docs2020-01', 'docs2025-02'),
    },
  });
}

// ---------------------------------------------------------------- Sample prices

/** Invented: what the Government cloud costs more. */
const GOVERNMENT_FACTOR = 1.25;

function governmentPrices(prices: Record<string, number>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(prices).map(([size, price]) => [size, Number((price * GOVERNMENT_FACTOR).toPrecision(8))]),
  );
}

interface PriceFacts {
  source: string;
  effective: string;
  prices: Record<string, Record<string, number>>;
}

function makeSamplePrices(): void {
  const data = facts<PriceFacts>('price-samples.json');
  const skus = facts<DiskFacts>('disk-skus.json').fixed;
  const disks = Object.fromEntries(skus.map((s) => [s.sku, SAMPLE_DISKS[s.sku[0]!]![s.sizeGiB]!]));
  write('sample-prices.json', {
    source: data.source,
    effective: data.effective,
    remarks: [
      'Samples for rehearsals and tests, not for quotes.',
      'compute: Linux pay-as-you-go per hour in USD, from the source, for eastus and westeurope; westus2 repeats eastus; usgovvirginia is eastus a quarter dearer (invented).',
      'Everything else is invented in a plausible order: Windows, dev/test, reservations, savings plans, disks, Defender.',
      'Sizes without a price (Dasv5, Dadsv5, Easv5, Eadsv5) are not offered; A-series has no reservation.',
    ],
    rates: {
      windowsPerVCpuHour: 0.046,
      reservation1Year: 0.6,
      reservation3Years: 0.4,
      withoutReservation: ['Av2'],
      savingsPlan1Year: 0.75,
      savingsPlan3Years: 0.55,
      defenderPerHour: 0.02,
    },
    compute: {
      ...data.prices,
      westus2: data.prices.eastus,
      usgovvirginia: governmentPrices(data.prices.eastus!),
    },
    displayNames: { usgovvirginia: 'US Gov Virginia' },
    diskFactor: { eastus: 1, westus2: 1, westeurope: 1.1, usgovvirginia: GOVERNMENT_FACTOR },
    linuxLicences: SAMPLE_LINUX_LICENCES,
    disks,
    ultraPerHour: { perGiB: 0.00016, perIops: 0.00007, perMBps: 0.0005 },
    premiumV2PerHour: { perGiB: 0.00011, perIops: 0.000007, perMBps: 0.000055 },
  });
}

makeVmSizes();
makeDiskSkus();
makeOsRules();
makeRegions();
makeSamplePrices();
