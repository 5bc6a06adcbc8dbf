/** The datacentre the run was about, what its source left unsaid, and how the run itself was made. */
import type { EstateView, RunRecord } from '#core/contracts/run-record.ts';
import { formatBytes, formatDuration } from '#core/units.ts';
import { formatCount, formatNumber, formatUtc } from '../../view/format.ts';
import { SIMULATION_NOTICE } from '../../view/words.ts';
import { facts, h, section } from './dom.ts';
import { dataTable } from './table.ts';

export function estateSection(estate: EstateView): HTMLElement {
  const { derived } = estate;
  const table = dataTable<EstateView['derived'][number]>({
    caption: 'What was derived',
    rows: derived,
    page: 50,
    columns: [
      { label: 'Field', sort: (d) => d.field, cell: (d) => h('code', {}, d.field) },
      { label: 'How often', numeric: true, sort: (d) => d.count, cell: (d) => formatCount(d.count) },
      { label: 'Why, and from what', prose: true, cell: (d) => d.reason },
      { label: 'For example', prose: true, cell: (d) => d.example },
    ],
    empty: 'The source said everything that was needed.',
  });
  return section(
    'estate',
    'Estate',
    ['“', estate.name, '”, from ', estate.source, '.'],
    h(
      'div',
      { class: 'panel' },
      facts([
        ['Machines', `${formatCount(estate.machines)}, ${formatCount(estate.poweredOn)} powered on`],
        ['Templates', formatCount(estate.templates)],
        ['Hosts', formatCount(estate.hosts)],
        ['Disks', `${formatCount(estate.disks)}, ${formatBytes(estate.capacityBytes)}`],
      ]),
      h('h3', {}, 'What the source did not say'),
      table.element,
    ),
  );
}

export function runSection(record: RunRecord): HTMLElement {
  const { clock, versions, steps } = record;
  return section(
    'run',
    'This run',
    `${SIMULATION_NOTICE}: every figure comes from simulators on one machine. Nothing was asked of Azure, and no price is a quote.`,
    h(
      'div',
      { class: 'panel' },
      facts([
        ['Began', formatUtc(Date.parse(record.startedAt))],
        ['Wall time', formatDuration(record.wallSeconds * 1000)],
        ['Peak memory', formatBytes(record.peakMemoryBytes)],
        ['Virtual time from', formatUtc(clock.start)],
        ['Virtual time to', formatUtc(clock.end)],
        ['Steps', formatNumber(steps.length, 'step')],
        ['drylift', `${versions.drylift}${versions.commit ? ` (${versions.commit})` : ''}`],
        ['Node', versions.node],
        ['Trace hash', h('code', { class: 'hash' }, record.traceHash), 'long'],
      ]),
      h(
        'details',
        {},
        h('summary', {}, 'The scenario as it was run'),
        h('pre', { tabindex: 0 }, h('code', {}, record.scenarioSource)),
      ),
    ),
  );
}
