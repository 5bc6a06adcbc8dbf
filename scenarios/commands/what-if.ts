/** `drylift what-if`: the same machines under several sets of properties, side by side; and what a percentile costs. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { RULESETS } from '#core/assessment/rulesets.ts';
import { type Comparison, WhatIf } from '#core/assessment/what-if.ts';
import { defineErrors } from '#core/errors.ts';
import { findRun, listRuns, RUNS_FOLDER } from '#reports/read.ts';
import { planOf } from '../assess/chunk.ts';
import { type AssessOptions, asOfOf, pricesOf, sheetOf, sourceOf, wordsOf } from '../assess/options.ts';
import { propertiesOf, readWords } from '../assess/property-words.ts';
import { runAssessmentFile } from '../assess/run-files.ts';
import { errors as runErrors } from '../kit/runs.ts';

export const errors = defineErrors({
  'whatIf.nothing': {
    blame: 'input',
    why: 'There is nothing to compare with.',
    next: 'Add one --with for each further set, such as --with percentile=99 --with savings=ri3; or --curve.',
  },
});

/** Asked for by --curve alone. */
const CURVE = [50, 60, 70, 75, 80, 85, 90, 92, 95, 97, 98, 99, 100];
const CHANGED_SHOWN = 20;
const BAR = 32;
const DEFAULT_DISKS = { PerformanceBased: 'StandardOrPremium', AsOnPremises: 'Premium' } as const;

interface Options extends AssessOptions {
  readonly run?: string;
  readonly with?: readonly string[];
  readonly curve?: boolean | string;
  readonly json?: boolean;
}

export async function whatIf(options: Options): Promise<void> {
  const base = baseOf(options);
  const source = await sourceOf(base.options);
  try {
    const asOf = base.asOf ?? asOfOf(base.options, source);
    const sheet = sheetOf(pricesOf(options));
    const words = new Map([...base.words, ...wordsOf(options)]);
    const sets = [
      { name: 'base', plan: planOf(propertiesOf(words), sheet, asOf) },
      ...(options.with ?? []).map((text) => ({
        name: text,
        plan: planOf(propertiesOf(new Map([...words, ...readWords(text)])), sheet, asOf),
      })),
    ];
    const curve =
      options.curve === true ? CURVE : typeof options.curve === 'string' ? percentiles(options.curve) : [];
    if (sets.length === 1 && curve.length === 0)
      throw errors.make('whatIf.nothing', { what: 'Only one set was given.' });
    const comparison = new WhatIf(sets, curve);
    for await (const { facts, points } of source.read(0, source.count)) comparison.add(facts, points);
    const result = comparison.result();
    const { currency } = sets[0]!.plan.properties;
    const text = options.json
      ? `${JSON.stringify({ currency, ...result, sets: result.sets.map((set, i) => ({ ...set, properties: sets[i]!.plan.properties })) }, null, 2)}\n`
      : told(result, currency);
    process.stdout.write(text);
  } finally {
    await source.close();
  }
}

interface Base {
  readonly options: AssessOptions;
  readonly words: ReadonlyMap<string, string>;
  readonly asOf: number | undefined;
}

/** --points as it stands, or the points, properties and instant of a run. */
function baseOf(options: Options): Base {
  if (options.points !== undefined || options.machines !== undefined)
    return { options, words: new Map(), asOf: undefined };
  const id = options.run ?? listRuns(RUNS_FOLDER).runs[0]?.id;
  if (id === undefined) throw runErrors.make('runs.none', { what: `There are no runs in ${RUNS_FOLDER}.` });
  const folder = dirname(findRun(id));
  const { properties, asOf } = runAssessmentFile(folder);
  const points = join(folder, 'points.db');
  const words = new Map<string, string>([
    ['ruleset', RULESETS.find((name) => name === properties.ruleset) ?? 'current'],
    ['region', properties.azureLocation],
    ['sizing', properties.sizingCriterion],
    ['percentile', properties.percentile.replace('Percentile', '')],
    ['history', properties.timeRange],
    ['comfort', String(properties.scalingFactor)],
    ['savings', properties.savingsOption],
    ['hybrid-benefit', properties.azureHybridUseBenefit],
    // The default goes with the sizing criterion, which a set may change.
    ...(properties.azureDiskTypes.join() === DEFAULT_DISKS[properties.sizingCriterion]
      ? []
      : [['disk-types', properties.azureDiskTypes.join('+')] as const]),
    ...(properties.azureVmFamilies.length > 0
      ? [['series', properties.azureVmFamilies.join('+')] as const]
      : []),
    ['discount', String(properties.discountPercentage)],
    ['uptime', `${properties.vmUptime.daysPerMonth}x${properties.vmUptime.hoursPerDay}`],
  ]);
  return {
    options: { ...options, points: existsSync(points) ? points : folder },
    words,
    asOf: Date.parse(asOf),
  };
}

function percentiles(text: string): number[] {
  const found = text.split(',').map(Number);
  for (const p of found)
    if (!(Number.isInteger(p) && p >= 1 && p <= 100)) propertiesOf(new Map([['percentile', String(p)]]));
  return found.toSorted((a, b) => a - b);
}

function told({ machines, sets, changed, differing, curve }: Comparison, currency: string): string {
  const money = (amount: number) =>
    amount.toLocaleString('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 });
  const lines: string[] = [];
  if (sets.length > 1) {
    const head = [
      'set',
      `total ${currency}`,
      'compute',
      'storage',
      'security',
      'vCPUs',
      'ready',
      'conditions',
      'not ready',
      'unknown',
      'changed',
    ];
    const rows = sets.map(({ name, totals, monthlyTotal }, i) => [
      name,
      money(monthlyTotal),
      money(totals.monthlyComputeCost),
      money(totals.monthlyStorageCost),
      money(totals.monthlySecurityCost),
      String(totals.recommendedCores),
      String(totals.bySuitability.Suitable),
      String(totals.bySuitability.ConditionallySuitable),
      String(totals.bySuitability.NotSuitable),
      String(totals.bySuitability.ReadinessUnknown),
      i === 0 ? '-' : String(differing[i]),
    ]);
    lines.push(
      ...columns([head, ...rows]),
      '',
      `${machines} machines, of which ${changed.length} do not come out the same.`,
    );
    for (const { displayName, outcomes } of changed.slice(0, CHANGED_SHOWN)) {
      lines.push(`  ${displayName.replace(/\p{Cc}/gu, ' ')}`);
      for (const [i, { size, disks, monthly, suitability }] of outcomes.entries())
        lines.push(
          `    ${sets[i]!.name}: ${size ?? suitability}${disks.length > 0 ? `, ${disks.join(' ')}` : ''}, ${money(monthly)}`,
        );
    }
    if (changed.length > CHANGED_SHOWN)
      lines.push(`  … ${changed.length - CHANGED_SHOWN} more; --json lists all`);
  }
  if (curve.length > 0) {
    const total = curve.map((point) => point.monthlyComputeCost + point.monthlyStorageCost);
    const most = Math.max(...total, 1);
    if (lines.length > 0) lines.push('');
    lines.push(
      `What a percentile costs, ${currency} a month (compute and storage, set ${sets[0]?.name ?? ''}):`,
    );
    for (const [i, { percentile, recommendedCores }] of curve.entries())
      lines.push(
        `  P${String(percentile).padEnd(3)} ${money(total[i]!).padStart(14)}  ${String(recommendedCores).padStart(6)} vCPUs  ${'█'.repeat(Math.max(1, Math.round((total[i]! / most) * BAR)))}`,
      );
  }
  return `${lines.join('\n')}\n`;
}

function columns(rows: ReadonlyArray<readonly string[]>): string[] {
  const widths = rows[0]!.map((_, i) => Math.max(...rows.map((row) => row[i]!.length)));
  return rows.map((row) =>
    row
      .map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)))
      .join('  ')
      .trimEnd(),
  );
}
