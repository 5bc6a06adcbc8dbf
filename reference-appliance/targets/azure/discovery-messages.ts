/**
 * Bodies of the discovery data plane. [docs/protocols/appliance-data-planes.md §1; property names of
 * Microsoft.OffAzure]
 */
import type { BatchForms, SeriesName } from '../../app/cloud-ports.ts';
import type { CounterName, GuestFailure, GuestReport } from '../../app/ports.ts';
import type { SourceAbout } from '../../app/source-machines.ts';
import { machineView } from './machine-forms.ts';

export const POINT_PERIOD_SECONDS = 600;

/** Raw units per unit sent: vSphere gives percentages in hundredths. */
function scaleOf(counter: CounterName): number {
  return counter === 'cpu.usage' || counter === 'mem.usage' ? 100 : 1;
}

export const discoveryMessages: BatchForms = {
  machine: (machine, about) => JSON.stringify(machineView(machine, about)),
  inventory: (about, full, machines, removed) =>
    Buffer.from(
      `{${sourceOf(about)}"full":${full},"machines":[${machines.join(',')}],"removed":${JSON.stringify(removed)}}`,
    ),
  points({ firstWindow, windows, series, peaks }) {
    // by hand: a month of samples makes 300 MB of these
    let body = `{"periodSeconds":${POINT_PERIOD_SECONDS},"series":[`;
    let isFirst = true;
    for (let i = 0; i < series.length; i++) {
      if (isAbsent(peaks, i * windows, windows)) continue;
      const name = series[i]!;
      const scale = scaleOf(name.counter);
      body += `${isFirst ? '' : ','}${headOf(name)}${firstWindow},"values":[`;
      isFirst = false;
      const end = (i + 1) * windows;
      for (let at = i * windows; at < end; at++) {
        const peak = peaks[at]!;
        body += `${at === end - windows ? '' : ','}${peak < 0 ? 'null' : peak / scale}`;
      }
      body += ']}';
    }
    return Buffer.from(`${body}]}`);
  },
  guestReport: (report) => JSON.stringify(guestView(report)),
  guestReports: (reports) => Buffer.from(`{"machines":[${reports.join(',')}]}`),
  dependencies: (start, end, statuses, dependencies) =>
    Buffer.from(
      JSON.stringify({
        timeslot: { start: new Date(start).toISOString(), end: new Date(end).toISOString() },
        machines: statuses.map(({ instanceUuid, collections, failure }) => ({
          instanceUuid,
          status: failure ? 'Failed' : 'Enabled',
          collections,
          errors: failure ? [errorView(failure)] : [],
        })),
        dependencies: dependencies.map((dependency) => ({
          ...dependency,
          firstSeen: new Date(dependency.firstSeen).toISOString(),
          lastSeen: new Date(dependency.lastSeen).toISOString(),
        })),
      }),
    ),
  readPoints(body) {
    const { series } = JSON.parse(Buffer.from(body).toString('utf8')) as StoredPoints;
    const windows = series[0]?.values.length ?? 0;
    const peaks = new Float64Array(series.length * windows).fill(-1);
    for (const [i, { counter, values }] of series.entries())
      for (const [w, value] of values.entries())
        if (value !== null) peaks[i * windows + w] = Math.round(value * scaleOf(counter));
    return {
      firstWindow: series[0]?.firstWindow ?? 0,
      windows,
      series: series.map(({ machine, counter, instance }) => ({ machine, counter, instance })),
      peaks,
    };
  },
};

/** A body of `points`, which is read back only where it was written. */
interface StoredPoints {
  readonly series: ReadonlyArray<SeriesName & { firstWindow: number; values: ReadonlyArray<number | null> }>;
}

/** Whose machines they are; of servers nobody's: their list is all of the site. */
function sourceOf(about: SourceAbout): string {
  if (about.kind === 'server') return '';
  const { fqdn, version } = about;
  return about.kind === 'vmware'
    ? `"vcenter":${JSON.stringify({ fqdn, instanceUuid: about.instanceUuid, version })},`
    : `"source":${JSON.stringify({ fqdn, type: about.type, version })},`;
}

/** Has a series no point at all? */
function isAbsent(peaks: ArrayLike<number>, from: number, windows: number): boolean {
  for (let at = from; at < from + windows; at++) if (peaks[at]! >= 0) return false;
  return true;
}

const heads = new WeakMap<SeriesName, string>();

/** `{"machine":…,"firstWindow":`, worked out once for each series. */
function headOf(name: SeriesName): string {
  let head = heads.get(name);
  if (head === undefined) {
    const { machine, counter, instance } = name;
    head = `${JSON.stringify({ machine, counter, instance }).slice(0, -1)},"firstWindow":`;
    heads.set(name, head);
  }
  return head;
}

function errorView({ code, what, why, next }: GuestFailure): Record<string, string> {
  return { code, message: what, possibleCauses: why, recommendedAction: next };
}

function guestView({ machine, at, credential, inventory, failure }: GuestReport): Record<string, unknown> {
  const base = { instanceUuid: machine.instanceUuid, discoveredAt: new Date(at).toISOString() };
  if (failure || !inventory) return { ...base, errors: failure ? [errorView(failure)] : [] };
  const { osName, osVersion, osArchitecture, applications, features, sqlServers } = inventory;
  return {
    ...base,
    runAsAccount: credential,
    guestOsDetails: { osType: `${machine.os.family}guest`, osName, osVersion, osArchitecture },
    appsAndRoles: {
      applications,
      features: features.map(({ name, featureType, parent }) => ({
        name,
        featureType,
        parent,
        status: 'Installed',
      })),
      sqlServers,
    },
    errors: [],
  };
}
