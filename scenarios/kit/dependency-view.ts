/** Who talks to whom, as the appliance saw it: for the run record, and as the CSV that the portal exports. */
import type { Dependency, DependencyEnd } from '#appliance/app/ports.ts';
import type { DependencyView } from '#core/contracts/run-record.ts';
import { HOUR } from '#core/units.ts';
import type { World } from './world.ts';

const SLOT = 6 * HOUR;

export async function dependencyViews(world: World): Promise<DependencyView[]> {
  const seen = (await world.appliance?.dependencies()) ?? [];
  return seen.map(({ source, destination, observations, firstSeen, lastSeen }: Dependency) => ({
    source: nameOf(source),
    sourceProcess: source.process ?? '',
    sourceApplication: source.application ?? '',
    destination: nameOf(destination),
    destinationIp: destination.ip,
    destinationProcess: destination.process ?? '',
    destinationApplication: destination.application ?? '',
    port: destination.port,
    observations,
    firstSeen,
    lastSeen,
  }));
}

/** Columns of the portal's export of agentless dependencies; the time slot is that of the first sighting. */
export function dependencyCsv(views: readonly DependencyView[]): string {
  const cell = (value: string | number) =>
    /[",\n]/.test(String(value)) ? `"${String(value).replaceAll('"', '""')}"` : String(value);
  const rows = views.map((view) => [
    new Date(Math.floor(view.firstSeen / SLOT) * SLOT).toISOString(),
    view.source,
    view.sourceApplication,
    view.sourceProcess,
    view.destination,
    view.destinationIp,
    view.destinationApplication,
    view.destinationProcess,
    view.port,
    view.observations,
  ]);
  const head = [
    'Time slot',
    'Source server name',
    'Source application',
    'Source process',
    'Destination server name',
    'Destination IP',
    'Destination application',
    'Destination process',
    'Destination port',
    'Observations',
  ];
  return [head, ...rows].map((row) => `${row.map(cell).join(',')}\n`).join('');
}

function nameOf({ serverName, ip }: DependencyEnd): string {
  return serverName ?? ip;
}
