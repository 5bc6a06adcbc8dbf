/** `drylift estate preview`: the datacentre that a workbook or a generator gives, without running anything. */
import { formatBytes } from '#core/units.ts';
import type { EstateFacts } from '#simulators/estate/model.ts';
import { formatSummary, summariseEstate } from '#simulators/estate/preview.ts';
import { planEstate } from '../kit/estate-plan.ts';
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
  const summary = summariseEstate(facts);
  if (options.json)
    return void process.stdout.write(
      `${JSON.stringify({ ...summary, source, list: facts.machines.map(row) }, null, 2)}\n`,
    );
  const more = facts.machines.length - SHOWN;
  const lines = [
    ...table(facts),
    ...(more > 0 ? [`… ${more} more; --json lists all`] : []),
    '',
    formatSummary(summary),
  ];
  process.stdout.write(lines.join('\n'));
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
