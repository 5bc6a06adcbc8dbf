/** `drylift estate preview`: the datacentre that a workbook or a generator gives, without running anything. */
import { formatBytes } from '#core/units.ts';
import type { EstateFacts } from '#simulators/estate/model.ts';
import { planEstate } from '../kit/estate-plan.ts';
import { estateView } from '../kit/estate-view.ts';
import { InputFiles } from '../kit/input-files.ts';
import { estateOverride } from '../kit/overrides.ts';

const SHOWN = 20;

export function preview(options: {
  estate?: string;
  machines?: string;
  seed?: string;
  json?: boolean;
}): void {
  const override = estateOverride(options) ?? { import: { rvtools: SAMPLE } };
  const { facts, source } = planEstate(
    { machines: [], ...override },
    options.seed ?? '1',
    new InputFiles('.'),
  );
  const view = estateView(facts, source);
  if (options.json)
    return void process.stdout.write(
      `${JSON.stringify({ ...view, list: facts.machines.map(row) }, null, 2)}\n`,
    );
  const lines = [
    `${view.name}: ${view.machines} machines (${view.poweredOn} on, ${view.templates} templates), ${view.disks} disks, ${formatBytes(view.capacityBytes)}, ${view.hosts} hosts`,
    '',
    ...table(facts),
  ];
  if (facts.machines.length > SHOWN) lines.push(`… ${facts.machines.length - SHOWN} more; --json lists all`);
  if (view.derived.length > 0) lines.push('', 'What the source does not say, and what was taken:');
  for (const { field, reason, count, example } of view.derived)
    lines.push(`  ${field} ×${count}: ${reason} (${example})`);
  process.stdout.write(`${lines.join('\n')}\n`);
}

const SAMPLE = new URL('../../simulators/estate/samples/harbour.xlsx', import.meta.url).pathname;

function row(machine: EstateFacts['machines'][number]) {
  const { name, os, cores, memoryMiB, disks, power, template, workload } = machine;
  return {
    name,
    os: os.fullName,
    cores,
    memoryMiB,
    disks: disks.map(({ sizeBytes }) => formatBytes(sizeBytes)),
    power: template ? 'template' : power,
    shape: workload.shape,
  };
}

function table(facts: EstateFacts): string[] {
  const head = ['name', 'power', 'cores', 'memory', 'disks', 'load', 'operating system'];
  const rows = facts.machines.slice(0, SHOWN).map((machine) => {
    const r = row(machine);
    const memory = formatBytes(r.memoryMiB * 1024 * 1024);
    return [r.name, r.power, String(r.cores), memory, r.disks.join(' + '), r.shape, r.os];
  });
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((cells) => cells[i]!.length)));
  return [head, ...rows].map((cells) =>
    cells
      .map((cell, i) => cell.padEnd(widths[i]!))
      .join('  ')
      .trimEnd(),
  );
}
