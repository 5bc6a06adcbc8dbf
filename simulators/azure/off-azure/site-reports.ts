/**
 * Reports of a site: its machines, what is installed on them, why they could not be looked into, and who talks to
 * whom. The published API leaves the results open ("unknown"): files are told as `{SASUri}`, maps as nodes and
 * edges (assumed).
 */
import { DAY, HOUR, SECOND, type UnixMillis } from '#core/units.ts';
import { invalidProperty } from '../arm/faults.ts';
import type { ArmAnswer, ArmRequest } from '../arm/provider.ts';
import { SLOT_LENGTH_MS, type StoredDependency } from '../discovery-service/dependencies.ts';
import { iso } from '../http.ts';
import { flag, instant, list, shape, text, whole } from '../shape.ts';
import type { OffAzureState } from './requests.ts';
import type { Site } from './sites.ts';
import { machineId, machineNamed } from './views.ts';

const FOLDER = 'reports';
const TAKES_MS = 5 * SECOND;
/** A map shows an hour to 30 days; the file the last 30 days. */
const SPAN_MS_MAX = 30 * DAY;
const IDS_MAX = 10_000;

const span = {
  startTime: instant,
  endTime: instant,
  filters: shape({}, { machineIds: list(text(1_024), IDS_MAX), processIds: list(text(1_024), IDS_MAX) }),
};
const readSpan = shape({}, span);
const readMachineMap = shape({ machineId: text(1_024) }, span);
const readClientGroup = shape(
  { machineId: text(1_024) },
  { ...span, processGroupName: text(1_024), processName: text(1_024) },
);
const readServerGroup = shape({ serverPort: whole(0, 65_535) }, span);
const readStatus = shape({
  machines: list(shape({ machineId: text(1_024), isDependencyMapToBeEnabled: flag }), 1_000),
});

/** @returns undefined for an action that sites do not have. @throws ArmError 400 */
export function exportAction(
  state: OffAzureState,
  site: Site,
  verb: string,
  { body = {}, now }: ArmRequest,
): ArmAnswer | undefined {
  switch (verb) {
    case 'exportmachines':
      return file(state, site, 'machines', () => machinesReport(site));
    case 'exportapplications':
      return file(state, site, 'applications', () => applicationsReport(site));
    case 'exportmachineerrors':
      return file(state, site, 'machine-errors', () => errorsReport(site));
    case 'exportdependencies': {
      const asked = spanOf(readSpan(body, ''), now);
      return file(state, site, 'dependencies', () => dependenciesReport(dependenciesIn(site, asked)));
    }
    case 'generatecoarsemap': {
      const asked = spanOf(readSpan(body, ''), now);
      return later(() => mapOf(site, dependenciesIn(site, asked), false));
    }
    case 'generatedetailedmap': {
      const read = readMachineMap(body, '');
      const uuid = uuidOf(site, read.machineId, 'machineId');
      const asked = spanOf(read, now);
      return later(() =>
        mapOf(
          site,
          dependenciesIn(site, asked).filter((dependency) => touches(dependency, uuid)),
          true,
        ),
      );
    }
    case 'clientgroupmembers': {
      const read = readClientGroup(body, '');
      const uuid = uuidOf(site, read.machineId, 'machineId');
      const asked = spanOf(read, now);
      const process = read.processName?.toLowerCase();
      const isServer = ({ destination }: StoredDependency) =>
        destination.instanceUuid?.toLowerCase() === uuid &&
        (process === undefined || destination.process?.toLowerCase() === process);
      return later(() => membersOf(dependenciesIn(site, asked).filter(isServer), 'source'));
    }
    case 'servergroupmembers': {
      const read = readServerGroup(body, '');
      const asked = spanOf(read, now);
      const isAsked = ({ destination }: StoredDependency) => destination.port === read.serverPort;
      return later(() => membersOf(dependenciesIn(site, asked).filter(isAsked), 'destination'));
    }
    case 'updatedependencymapstatus': {
      const { machines } = readStatus(body, '');
      for (const [i, { machineId: id }] of machines.entries()) uuidOf(site, id, `machines[${i}].machineId`);
      // whom it looks into is the appliance's own setting; the request is taken, and changes nothing
      return later(() => ({}));
    }
    default:
      return undefined;
  }
}

interface Asked {
  readonly from: UnixMillis;
  readonly to: UnixMillis;
  readonly machineIds: readonly string[];
  readonly processes: readonly string[];
}

/** The last 30 days where nothing is said. @throws ArmError 400 */
function spanOf(read: ReturnType<typeof readSpan>, now: UnixMillis): Asked {
  const to = read.endTime ?? now;
  const from = read.startTime ?? to - SPAN_MS_MAX;
  if (from > to) throw invalidProperty('startTime', 'before the endTime');
  if (to - from > SPAN_MS_MAX + HOUR)
    throw invalidProperty('startTime', 'at most 30 days before the endTime');
  const { machineIds = [], processIds = [] } = read.filters ?? {};
  return { from, to, machineIds, processes: processIds };
}

function dependenciesIn(site: Site, { from, to, machineIds, processes }: Asked): StoredDependency[] {
  const uuids = machineIds.flatMap(
    (id) => machineNamed(site, lastPart(id))?.facts.instanceUuid.toLowerCase() ?? [],
  );
  return site.inventory.dependencies
    .between(from, to)
    .filter(
      (dependency) =>
        (machineIds.length === 0 || uuids.some((uuid) => touches(dependency, uuid))) &&
        (processes.length === 0 ||
          [dependency.source, dependency.destination].some(
            ({ process }) => process !== undefined && processes.includes(process),
          )),
    );
}

const lastPart = (id: string): string => id.slice(id.lastIndexOf('/') + 1);

function touches({ source, destination }: StoredDependency, uuid: string): boolean {
  return [source, destination].some(({ instanceUuid }) => instanceUuid?.toLowerCase() === uuid);
}

function uuidOf(site: Site, id: string, path: string): string {
  const machine = machineNamed(site, lastPart(id));
  if (!machine || !id.toLowerCase().startsWith(`${site.id.toLowerCase()}/machines/`))
    throw invalidProperty(path, 'the id of a machine of this site');
  return machine.facts.instanceUuid.toLowerCase();
}

interface Edge {
  readonly source: string;
  readonly destination: string;
  readonly port: number;
  observations: number;
}

/** Nodes are machines, or the processes in them; an edge for each pair and port. */
function mapOf(site: Site, dependencies: readonly StoredDependency[], withProcesses: boolean): object {
  const nodes = new Map<string, object>();
  const edges = new Map<string, Edge>();
  const node = (end: StoredDependency['source']): string => {
    const { instanceUuid, ip, serverName = ip, process, application = '' } = end;
    const machine =
      instanceUuid === undefined ? undefined : site.inventory.machines().get(instanceUuid.toLowerCase());
    const base = machine ? machineId(site, machine.facts) : ip;
    const id = withProcesses ? `${base}#${process ?? ''}` : base;
    nodes.set(id, {
      id,
      kind: machine ? 'Machine' : 'Address',
      name: machine?.facts.displayName ?? serverName,
      ...(machine ? { machineId: base } : {}),
      ...(withProcesses && process !== undefined ? { process, application } : {}),
    });
    return id;
  };
  for (const { source, destination, observations } of dependencies) {
    const ends = { source: node(source), destination: node(destination), port: destination.port };
    const key = `${ends.source} ${ends.destination} ${ends.port}`;
    const known = edges.get(key);
    if (known) known.observations += observations;
    else edges.set(key, { ...ends, observations });
  }
  return { nodes: [...nodes.values()], edges: [...edges.values()] };
}

function membersOf(dependencies: readonly StoredDependency[], end: 'source' | 'destination'): object {
  const members = new Map<string, object>();
  for (const dependency of dependencies) {
    const { ip, serverName = '', process = '' } = dependency[end];
    members.set(`${ip} ${process}`, { ip, serverName, process, port: dependency.destination.port });
  }
  return { members: [...members.values()] };
}

function later(run: () => object): ArmAnswer {
  return { operation: { takesMs: TAKES_MS, status: 202, location: true, asyncOperation: false, run } };
}

function file({ files, context }: OffAzureState, site: Site, what: string, make: () => Buffer): ArmAnswer {
  return later(() => {
    const name = `${site.name}-${what}-${context.clock.wall()}.csv`;
    const { blobUri, sasToken } = files.publish(FOLDER, name, make(), 'text/csv');
    return { SASUri: `${blobUri}?${sasToken}` };
  });
}

const present = (site: Site) => [...site.inventory.machines().values()].filter(({ isDeleted }) => !isDeleted);
const gigabytes = (bytes: number) => String(Math.round(bytes / 2 ** 30));

function machinesReport(site: Site): Buffer {
  return csvOf(
    [
      'Machine',
      'Cores',
      'Memory (MB)',
      'Operating system',
      'Power status',
      'Disks',
      'Storage (GB)',
      'IP addresses',
    ],
    present(site).map(({ facts }) => [
      facts.displayName,
      String(facts.numberOfProcessorCore),
      String(facts.allocatedMemoryInMB),
      facts.operatingSystemDetails.osName ?? '',
      facts.powerStatus,
      String(facts.disks.length),
      gigabytes(facts.disks.reduce((sum, { maxSizeInBytes }) => sum + maxSizeInBytes, 0)),
      facts.networkAdapters.flatMap(({ ipAddressList = [] }) => ipAddressList).join(';'),
    ]),
  );
}

function applicationsReport(site: Site): Buffer {
  return csvOf(
    ['MachineName', 'ApplicationName', 'Version', 'Provider'],
    present(site).flatMap(({ facts }) =>
      (site.inventory.guest(facts.instanceUuid)?.inventory?.appsAndRoles?.applications ?? []).map(
        ({ name, version = '', provider = '' }) => [facts.displayName, name, version, provider],
      ),
    ),
  );
}

function errorsReport(site: Site): Buffer {
  return csvOf(
    ['MachineName', 'Code', 'Message', 'PossibleCauses', 'RecommendedAction'],
    present(site).flatMap(({ facts }) => {
      const guest = site.inventory.guest(facts.instanceUuid);
      return [...(guest?.errors ?? []), ...(guest?.dependencies?.errors ?? [])].map(
        ({ code, message, possibleCauses = '', recommendedAction = '' }) => [
          facts.displayName,
          code,
          message,
          possibleCauses,
          recommendedAction,
        ],
      );
    }),
  );
}

/** The columns of the documented file. */
function dependenciesReport(dependencies: readonly StoredDependency[]): Buffer {
  const end = ({ serverName = '', ip, application = '', process = '' }: StoredDependency['source']) => [
    serverName,
    ip,
    application,
    process,
  ];
  const columns = (which: string) =>
    ['server name', 'IP', 'application', 'process'].map((what) => `${which} ${what}`);
  return csvOf(
    ['Time slot', ...columns('Source'), ...columns('Destination'), 'Destination port'],
    dependencies.map(({ slot, source, destination }) => [
      `${iso(slot)}/${iso(slot + SLOT_LENGTH_MS)}`,
      ...end(source),
      ...end(destination),
      String(destination.port),
    ]),
  );
}

/** Text that a spreadsheet would take for a formula begins with an apostrophe. */
export function csvOf(head: readonly string[], rows: ReadonlyArray<readonly string[]>): Buffer {
  const cell = (value: string): string => {
    const isFormula = /^[=+\-@\t\r]/.test(value) && !/^-?\d+(?:\.\d+)?$/.test(value);
    const safe = isFormula ? `'${value}` : value;
    return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  };
  return Buffer.from([head, ...rows].map((row) => `${row.map(cell).join(',')}\r\n`).join(''));
}
