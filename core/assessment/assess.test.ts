import { describe, expect, test } from 'vitest';
import { explain } from './explanation.ts';
import { AS_OF, assessGroup, assessOne, disk, END_WINDOW, flat, machine, points } from './machine.fixture.ts';
import { builtInCatalogue } from './plan.ts';
import type { GivenProperties } from './properties.ts';

const LINUX = { name: 'Ubuntu', version: '20.04' };

describe('effective cores and memory', () => {
  test.each([
    [10, 20, 1, 2],
    [10, 20, 2, 4],
    [4, 50, 1.3, 2.6],
    [4, 20, 1.3, 1.04],
    [4, 50, 1, 2],
  ])('%i cores at %i %% and factor %f are %f cores', (cores, percent, scalingFactor, expected) => {
    const found = assessOne({ ruleset: 'seed', scalingFactor }, machine({ cores }), {
      cpu: flat(percent * 100),
    });
    expect(found.cores.value).toBeCloseTo(expected, 12);
    expect(found.cores.basis).toBe('measured');
  });

  test('4 cores at 50 % and 8 GB at 50 % with factor 1.3 need 2.6 cores and 5.2 GB: a size of 4 and 8', () => {
    const found = assessOne({ ruleset: 'seed', azureVmFamilies: ['Fsv2_series'] }, machine(), {
      cpu: flat(5000),
      memory: flat(5000),
    });
    expect(found.memoryMiB.value / 1024).toBeCloseTo(5.2, 12);
    expect(found).toMatchObject({
      recommendedSize: 'Standard_F4s_v2',
      size: { chosen: { vCpus: 4, memoryMiB: 8192 } },
    });
  });

  test('a need that only rounding pushes over a limit still fits: 12.5 cores × 1.12 in 14', () => {
    const catalogue = builtInCatalogue();
    const [like] = catalogue.sizes;
    const fourteen = { ...like!, name: 'Standard_A1_v2', vCpus: 14, memoryMiB: 1e6, dataDisks: 64, nics: 8 };
    const facts = machine({ cores: 25, os: LINUX });
    const found = assessOne(
      { ruleset: 'seed', scalingFactor: 1.12, azureDiskTypes: ['Standard'] },
      facts,
      { cpu: flat(5000), memory: flat(100) },
      { ...catalogue, sizes: [fourteen] },
    );
    expect(found.cores.value).toBeGreaterThan(14); // 14.000000000000002
    expect(found.recommendedSize).toBe('Standard_A1_v2');
  });

  test('more than 100 % of CPU is capped and said; of Hyper-V memory it is kept', () => {
    const series = { cpu: flat(12_000), memory: flat(15_000) };
    const vmware = assessOne({ ruleset: 'seed', scalingFactor: 1 }, machine(), series);
    expect(vmware).toMatchObject({
      cores: { value: 4 },
      memoryMiB: { value: 8192 },
      details: ['PercentageOfCoresUtilizedOutOfRange', 'PercentageOfMemoryUtilizedOutOfRange'],
    });
    const hyperv = assessOne({ ruleset: 'seed', scalingFactor: 1 }, machine({ platform: 'HyperV' }), series);
    expect(hyperv.memoryMiB.value).toBe(12_288);
    expect(hyperv.details).toEqual(['PercentageOfCoresUtilizedOutOfRange']);
  });

  test('the processor factor scales measured cores, current ruleset only', () => {
    const found = assessOne({ ruleset: 'current', processorFactor: 0.5 }, machine(), {
      cpu: flat(5000),
      memory: flat(5000),
    });
    expect(found).toMatchObject({ cores: { value: 1 }, memoryMiB: { value: 4096 } });
  });

  test('without a counter the allocated figure stands in, with the factor in the current ruleset only', () => {
    const seed = assessOne({ ruleset: 'seed' }, machine(), { memory: flat(5000) });
    expect(seed.cores).toEqual({ value: 4, basis: 'allocated' });
    expect(seed.suitabilityDetail).toBe('PercentageOfCoresUtilizedMissing');
    const current = assessOne({ ruleset: 'current', scalingFactor: 1.3 }, machine(), { cpu: flat(5000) });
    expect(current.memoryMiB).toEqual({ value: 8192 * 1.3, basis: 'allocated' });
    expect(current.suitabilityDetail).toBe('PercentageOfMemoryUtilizedMissing');
  });

  test('readiness judges utilized cores where there is history: 200 cores at 30 % pass, unmeasured they do not', () => {
    const facts = machine({ cores: 200 });
    expect(assessOne({ ruleset: 'seed' }, facts, { cpu: flat(3000) }).suitability).toBe('Suitable');
    expect(assessOne({ ruleset: 'seed' }, facts, {})).toMatchObject({
      suitability: 'NotSuitable',
      stoppedAt: 'readiness',
      disks: [],
    });
  });
});

describe('the percentile of a counter', () => {
  test('points inside the history count, those before and after it do not', () => {
    const cpu = points([...Array(10).fill(9000), ...Array(144).fill(1000)]);
    cpu.raise(END_WINDOW, 8000);
    expect(assessOne({ ruleset: 'seed' }, machine(), { cpu }).utilization.cpuPercent).toEqual({
      value: 10,
      rank: 137,
      n: 144,
    });
  });

  test('P50, P90, P95 and P99 of a day are its 72nd, 130th, 137th and 143rd point', () => {
    const cpu = points(Array.from({ length: 144 }, (_, i) => (i + 1) * 10));
    for (const [percentile, rank] of [
      ['Percentile50', 72],
      ['Percentile90', 130],
      ['Percentile95', 137],
      ['Percentile99', 143],
    ] as const)
      expect(assessOne({ ruleset: 'seed', percentile }, machine(), { cpu }).utilization.cpuPercent).toEqual({
        value: rank / 10,
        rank,
        n: 144,
      });
  });

  test('a custom history takes the windows that lie wholly in it', () => {
    const cpu = points(Array.from({ length: 6 }, (_, i) => (i + 1) * 1000));
    const hour = (minutes: number) => AS_OF - 3_600_000 + minutes * 60_000;
    const found = assessOne(
      { ruleset: 'seed', timeRange: 'Custom', perfDataStartTime: hour(5), perfDataEndTime: hour(45) },
      machine(),
      { cpu },
    );
    expect(found.utilization.cpuPercent).toEqual({ value: 40, rank: 3, n: 3 });
    expect(found.confidence!.expected).toBe(8 * 3);
  });

  test('five-minute points are a setting, and points of another period are not taken for them', () => {
    const properties: GivenProperties = { ruleset: 'seed', pointPeriodMinutes: 5 };
    const five = assessOne(properties, machine(), { cpu: flat(1000, 288, 300_000), memory: flat(1000) });
    expect(five.utilization.cpuPercent).toMatchObject({ n: 288 });
    expect(five.utilization.memoryPercent).toBeUndefined();
    expect(five.confidence).toMatchObject({ present: 288, expected: 8 * 288 });
  });
});

describe('the worked example', () => {
  const facts = machine({
    cores: 8,
    memoryMiB: 32 * 1024,
    os: LINUX,
    disks: [disk('d1', 128, true), disk('d2', 300)],
    nics: [{ id: 'n1' }, { id: 'n2' }],
  });
  const series = {
    cpu: flat(3500),
    memory: flat(4000),
    'readIops d1': flat(180),
    'writeIops d1': flat(150),
    'readIops d2': flat(700),
    'writeIops d2': flat(250),
    'outBps n1': flat(60e6),
    'outBps n2': flat(25e6),
  };
  const group = assessGroup({ ruleset: 'seed', azureLocation: 'eastus', azureDiskTypes: ['Premium'] }, [
    [facts, series],
  ]);
  const found = group.machines[0]!;

  test('8 cores at 35 % and 32 GiB at 40 % need 3.64 and 16.64: D4s_v3 fails on memory, E4s_v3 passes', () => {
    expect(found.cores.value).toBeCloseTo(3.64, 12);
    expect(found.memoryMiB.value / 1024).toBeCloseTo(16.64, 12);
    expect(found).toMatchObject({ suitability: 'Suitable', recommendedSize: 'Standard_E4s_v3' });
    expect(found.size!.nearMisses).toContainEqual({
      size: 'Standard_D4s_v3',
      hourly: 0.192,
      fails: ['memory'],
    });
  });

  test('outgoing 60 and 25 MB/s are 884 Mbit/s; the disks are P10 and P20', () => {
    expect(found.size!.need.networkMbps).toBeCloseTo(884, 9);
    expect(found.disks.map((d) => d.choice!.name)).toEqual(['Premium_P10', 'Premium_P20']);
    expect(found.size!.need).toMatchObject({ dataDisks: 1, adapters: 2, premium: true, generation: 1 });
    expect(found.size!.need.iops).toBeCloseTo(429 + 1235, 9);
  });

  test('the explanation tells the points, the factor, what fell out and what comes next', () => {
    const text = explain(group.plan, found).join('\n');
    expect(text).toContain('3.64 cores (P95, point 137 of 144, 35 % of 8 cores × 1.3)');
    expect(text).toContain('Hard disk 1 (OS): 128 GiB, 429 IOPS and 0 MB/s at P95 × 1.3: Premium_P10');
    expect(text).toContain('Standard_D4s_v3, 142.85 a month, lacks memory.');
    expect(text).toContain('Next that fits: Standard_DS12_v2');
  });
});

describe('choosing a size', () => {
  const sizeOf = (properties: Partial<GivenProperties>, stated: Parameters<typeof machine>[0], series = {}) =>
    assessOne(
      { ruleset: 'seed', azureLocation: 'eastus', ...properties },
      machine({ os: LINUX, ...stated }),
      series,
    );

  test('no use at all gives the cheapest size that satisfies the rest', () => {
    expect(sizeOf({}, {}, { cpu: flat(0), memory: flat(0) }).recommendedSize).toBe('Standard_A1_v2');
  });

  test('equal prices: fewer vCPUs, then less memory, then the name', () => {
    // D2_v3 and D2s_v3 cost the same and are equal: the name decides.
    const found = sizeOf(
      { azureVmFamilies: ['Dv3_series', 'Dsv3_series'] },
      {},
      { cpu: flat(1000), memory: flat(1000) },
    );
    expect(found).toMatchObject({
      recommendedSize: 'Standard_D2_v3',
      size: { runnerUp: { size: 'Standard_D2s_v3' } },
    });
  });

  test('more adapters than any size has pass readiness and fail sizing, which is said', () => {
    const nics = Array.from({ length: 9 }, (_, i) => ({ id: `n${i}` }));
    expect(sizeOf({}, { nics })).toMatchObject({
      suitability: 'NotSuitable',
      suitabilityExplanation: 'NoSuitableVmSizeFound',
      suitabilityDetail: 'RecommendedSizeHasLessNetworkAdapters',
      stoppedAt: 'compute',
      recommendedSize: undefined,
      monthlyComputeCost: 0,
      monthlyStorageCost: 0,
    });
  });

  test('too much storage and too much network have codes of their own', () => {
    const disks = Array.from({ length: 30 }, (_, i) => disk(`d${i}`, 10, i === 0));
    const busy = Object.fromEntries(disks.map((d) => [`readIops ${d.id}`, flat(15_000)]));
    expect(sizeOf({}, { disks }, busy).suitabilityExplanation).toBe('NoVmSizeSupportsStoragePerformance');
    expect(sizeOf({}, {}, { 'outBps n1': flat(10e9) }).suitabilityExplanation).toBe(
      'NoVmSizeSupportsNetworkPerformance',
    );
  });

  test('no family, no tier and no price left are told apart', () => {
    expect(sizeOf({ azurePricingTier: 'Basic' }, {}).suitabilityExplanation).toBe(
      'NoVmSizeForSelectedPricingTier',
    );
    expect(sizeOf({ azureVmFamilies: ['G_series'] }, {}).suitabilityExplanation).toBe(
      'NoSuitableVmSizeFound',
    );
    expect(
      sizeOf({ azureVmFamilies: ['Av2_series'], savingsOption: 'RI1Year' }, {}).suitabilityExplanation,
    ).toBe(
      'NoSuitableVmSizeFound', // A-series has no reservation in the sheet
    );
  });

  test('the seed has no sizes that came later and no B-series', () => {
    const { plan } = assessGroup({ ruleset: 'seed' }, []);
    expect(new Set(plan.unlicensed.sizes.map((s) => s.family))).toEqual(
      new Set(['Av2', 'Dv2', 'DSv2', 'Dv3', 'Dsv3', 'Ev3', 'Esv3', 'Fsv2', 'M'].map((f) => `${f}_series`)),
    );
    const { excluded, sizes } = plan.unlicensed;
    expect(sizes.length + Object.values(excluded).reduce((a, b) => a + b)).toBe(323);
  });

  test('UEFI stays UEFI on generation 2 today, and becomes BIOS on generation 1 in the seed', () => {
    const efi = { bootType: 'EFI', os: { name: 'Windows Server 2019' } } as const;
    expect(assessOne({ ruleset: 'current' }, machine(efi)).size!.need.generation).toBe(2);
    expect(assessOne({ ruleset: 'current' }, machine(efi)).size!.chosen!.generations).toContain(2);
    expect(assessOne({ ruleset: 'seed' }, machine(efi)).size!.need.generation).toBe(1);
  });

  test('a size of generation 2 only is none for BIOS, one of generation 1 only none for UEFI', () => {
    const of = (family: string, bootType: 'BIOS' | 'EFI') =>
      assessOne(
        {
          ruleset: 'current',
          azureLocation: 'eastus',
          azureVmFamilies: [family],
          azureDiskTypes: ['Standard'],
        },
        machine({ bootType, os: { name: 'Windows Server 2019' } }),
      );
    expect(of('Msv2_series', 'BIOS').size!.failing.generation).toBeGreaterThan(0);
    expect(of('Msv2_series', 'BIOS').recommendedSize).toBeUndefined();
    expect(of('Msv2_series', 'EFI').recommendedSize).toMatch(/_v2$/);
    expect(of('Dv4_series', 'EFI').recommendedSize).toBeUndefined();
    expect(of('Dv4_series', 'BIOS').recommendedSize).toMatch(/_v4$/);
  });

  test('as on-premises: allocated figures and adapters by count; the factor counts today only', () => {
    const properties = { sizingCriterion: 'AsOnPremises', scalingFactor: 1.5 } as const;
    const busy = { cpu: flat(100), 'outBps n1': flat(10e9) };
    expect(assessOne({ ruleset: 'seed', ...properties }, machine(), busy)).toMatchObject({
      cores: { value: 4, basis: 'allocated' },
      size: { need: { networkMbps: 0, iops: 0 } },
      details: [],
    });
    expect(assessOne({ ruleset: 'current', ...properties }, machine(), busy).cores.value).toBe(6);
  });
});

describe('B-series', () => {
  const busy = (value: number, count = 1008) => flat(value, count);
  const cheap: GivenProperties = { ruleset: 'current', azureLocation: 'eastus' };
  const facts = machine({ cores: 2, memoryMiB: 4096, os: LINUX, disks: [disk('d1', 30, true)] });

  test('an idle machine with seven days of points gets one, without the seventh day or in the seed it does not', () => {
    const series = { cpu: busy(500), memory: busy(5000) };
    expect(assessOne(cheap, facts, series).recommendedSize).toBe('Standard_B1ms');
    expect(assessOne({ ...cheap, ruleset: 'seed' }, facts, series).recommendedSize).not.toMatch(/_B/);
    const short = { cpu: busy(500, 1007), memory: busy(5000) };
    const found = assessOne(cheap, facts, short);
    expect(found.recommendedSize).not.toMatch(/_B/);
    expect(found.size!.failing.burstCredits).toBeGreaterThan(0);
  });

  test('bursts that the credits do not cover rule it out', () => {
    // Half of two cores all day is 100 % of one vCPU: above every baseline of that price.
    const found = assessOne({ ...cheap, percentile: 'Percentile50' }, facts, {
      cpu: busy(5000),
      memory: busy(5000),
    });
    expect(found.recommendedSize).not.toMatch(/_B/);
  });

  test('the 60 credits B2s starts with pay three windows of full use in a row, not four', () => {
    // B2s: baseline 0.4, start 60. Using 2 vCPUs costs 16 credits a window: three windows are paid, a fourth not.
    const only = {
      ...builtInCatalogue(),
      sizes: builtInCatalogue().sizes.filter((s) => s.name === 'Standard_B2s'),
    };
    const bursts = (n: number) => points([...Array(n).fill(10_000), ...Array(1008 - n).fill(0)]);
    const properties = { ...cheap, percentile: 'Percentile50' } as const;
    const series = (n: number) => ({ cpu: bursts(n), memory: busy(1000) });
    expect(assessOne(properties, facts, series(3), only).recommendedSize).toBe('Standard_B2s');
    expect(assessOne(properties, facts, series(4), only).suitability).toBe('NotSuitable');
  });

  test('B1ls is for Linux only', () => {
    const tiny = machine({
      cores: 1,
      memoryMiB: 512,
      os: { name: 'Windows Server 2016' },
      disks: [disk('d1', 30, true)],
    });
    const series = { cpu: busy(100), memory: busy(9000) };
    expect(assessOne(cheap, tiny, series).recommendedSize).toBe('Standard_B1s');
    expect(assessOne(cheap, { ...tiny, os: LINUX }, series).recommendedSize).toBe('Standard_B1ls');
  });
});

describe('imports', () => {
  test('given utilization is used as it is, times the factor, without history, percentile or rating', () => {
    const facts = machine({
      platform: 'Import',
      bootType: 'Unknown',
      given: {
        cpuPercent: 50,
        memoryPercent: 50,
        disks: { d1: { readIops: 300, writeIops: 200 } },
        outBps: 1e6,
      },
    });
    const found = assessOne({ ruleset: 'seed', azureDiskTypes: ['Premium'] }, facts);
    expect(found.cores.value).toBeCloseTo(2.6, 12);
    expect(found.disks[0]!.choice!.name).toBe('Premium_P15');
    expect(found.size!.need.networkMbps).toBeCloseTo(10.4, 12);
    expect(found.confidence).toBeUndefined();
    expect(found.suitability).toBe('Suitable');
  });

  test('totals without disks constrain the VM size; no disk is sized, no storage cost told', () => {
    const facts = machine({
      platform: 'Import',
      disks: [],
      given: { cpuPercent: 10, memoryPercent: 10, totals: { readIops: 20_000, writeIops: 10_000 } },
    });
    const found = assessOne({ ruleset: 'seed', scalingFactor: 1 }, facts);
    expect(found.size!.need.iops).toBe(30_000);
    expect(found.size!.chosen!.iops).toBeGreaterThanOrEqual(30_000);
    expect(found).toMatchObject({
      disks: [],
      monthlyStorageCost: 0,
      suitabilityDetail: 'CannotReportStorageCost',
    });
  });
});
