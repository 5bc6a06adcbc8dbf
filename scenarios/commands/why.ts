/** `drylift why MACHINE`: why a run gave this machine this size, figure by figure. */
import { dirname } from 'node:path';
import { defineErrors, nearest } from '#core/errors.ts';
import { findRun, listRuns, RUNS_FOLDER } from '#reports/read.ts';
import { type MachineOfRun, runAssessmentFile } from '../assess/run-files.ts';
import { errors as runErrors } from '../kit/runs.ts';

export const errors = defineErrors({
  'assess.unknownMachine': {
    blame: 'input',
    why: 'The assessment of the run has no machine of that name.',
    next: 'Copy the name from the assessment of the report, or name another run with --run.',
  },
});

/** Sizes of one reason that are named; --json has all. */
const NAMES_SHOWN = 8;

export function why(name: string, options: { run?: string; json?: boolean }): void {
  const id = options.run ?? listRuns(RUNS_FOLDER).runs[0]?.id;
  if (id === undefined) throw runErrors.make('runs.none', { what: `There are no runs in ${RUNS_FOLDER}.` });
  const assessment = runAssessmentFile(dirname(findRun(id)));
  const all = assessment.assessedMachines;
  const machine = all.find(({ displayName, id: machineId }) =>
    [displayName, machineId].some((each) => each.toLowerCase() === name.toLowerCase()),
  );
  if (!machine) {
    const near = nearest(
      name,
      all.map(({ displayName }) => displayName),
    );
    throw errors.make('assess.unknownMachine', {
      what: `There is no machine "${name}" in the assessment of ${id}${near ? `; did you mean ${near}?` : '.'}`,
    });
  }
  process.stdout.write(
    options.json ? `${JSON.stringify(machine, null, 2)}\n` : told(machine, assessment.prices.currency),
  );
}

function told(machine: MachineOfRun, currency: string): string {
  const { why: reasons } = machine;
  const head = machine.recommendedSize
    ? `${machine.recommendedSize}, ${currency} ${money(machine.monthlyComputeCostForRecommendedSize)} compute and ${money(machine.monthlyStorageCost)} storage a month`
    : 'no size';
  const lines = [
    `${machine.displayName}: ${machine.readiness}, ${head}`,
    '',
    ...machine.reasons.map((reason) => `  ${reason}`),
  ];
  if (reasons.picked.length > 0) lines.push('', 'Points', ...points(machine));
  if (reasons.sizes) {
    lines.push('', `Sizes in order of price (${reasons.sizes.looked} looked at)`);
    for (const { size, monthly, lacks } of reasons.sizes.prices)
      lines.push(
        `  ${size.padEnd(24)} ${money(monthly).padStart(12)}  ${lacks.length === 0 ? 'fits' : `lacks ${lacks.join(', ')}`}`,
      );
    lines.push(
      '',
      'Fell out',
      ...reasons.sizes.fellOut.map((group) => `  ${group.lacks.join(', ')}: ${some(group.names)}`),
    );
  }
  for (const disk of reasons.disks) {
    lines.push(
      '',
      `${disk.label}: ${disk.chosen ?? 'none fits'}${disk.next ? `, next ${disk.next.name} at ${money(disk.next.monthly)}` : ''}`,
    );
    for (const group of disk.fellOut)
      lines.push(`  short of ${group.lacks.join(', ')}: ${some(group.names)}`);
  }
  return `${lines.join('\n').replace(/[^\P{Cc}\n]/gu, ' ')}\n`;
}

function points({ why: { picked } }: MachineOfRun): string[] {
  return picked.map(({ counter, label, unit, percentile, rank, points: n, value }) => {
    const where = label === '' ? counter : `${counter} of ${label}`;
    const which = rank === null ? 'given' : `P${percentile}: point ${rank} of ${n}`;
    return `  ${where.padEnd(32)} ${String(Number(value.toFixed(2))).padStart(16)} ${unit.padEnd(12)}  ${which}`;
  });
}

function some(names: readonly string[]): string {
  const shown = names.slice(0, NAMES_SHOWN).join(' ');
  return names.length > NAMES_SHOWN ? `${shown} and ${names.length - NAMES_SHOWN} more` : shown;
}

function money(amount: number): string {
  return amount.toFixed(2);
}
