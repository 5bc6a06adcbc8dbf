/** All that one host says of itself and of its machines, read in a bounded number of questions. */
import { DryliftError } from '#core/errors.ts';
import { type Bytes, KIB, type Millis } from '#core/units.ts';
import type { Warning } from '../../app/ports.ts';
import type { HypervMachine } from '../../app/source-machines.ts';
import { type CimInstance, number, text } from '../winrm/cim.ts';
import type { WinrmConnection } from '../winrm/types.ts';
import { diskOf, readVhd, type VhdFacts } from './disks.ts';
import { errors } from './errors.ts';
import { shareOf } from './identifiers.ts';
import { draftMachines, type HostFacts, type MachineDraft, type MachineRows } from './machines.ts';
import { type ClassQuery, HOST_QUERIES, MACHINE_QUERIES, wqlOf } from './queries.ts';

export type HostMachine = Omit<HypervMachine, 'cluster' | 'highAvailability'>;

export interface HostReading {
  readonly host: HostFacts;
  readonly machines: readonly HostMachine[];
  /** Paths of virtual disks that could not be read there, each with the name of its machine. */
  readonly unreadable: ReadonlyMap<string, string>;
  /** Not even the host itself is among the systems: the account sees no machine. */
  readonly isBlind: boolean;
  readonly clockAheadMs: Millis | undefined;
}

/** Windows Server 2012 R2. */
const VERSION_MIN: readonly [number, number] = [6, 3];
const NAME_CHARACTERS_MAX = 255;

export class HostReader {
  readonly #connection: WinrmConnection;
  /** Classes that this release asks for with all their columns, since it lacks one of them. */
  readonly #whole = new Set<string>();
  /** Classes that this release does not have. */
  readonly #missing = new Set<string>();
  /** By path; a file that cannot be read for a while is what it was. */
  #vhds: ReadonlyMap<string, VhdFacts> = new Map();

  constructor(connection: WinrmConnection) {
    this.#connection = connection;
  }

  /** @throws `winrm.*`, `net.*`, `hyperv.version` */
  async host(signal: AbortSignal): Promise<HostFacts & { readonly domain: string }> {
    const [computer] = await this.#ask(HOST_QUERIES.computer, signal);
    const [system] = await this.#ask(HOST_QUERIES.system, signal);
    const processors = await this.#ask(HOST_QUERIES.processors, signal);
    const version = (system && text(system, 'Version')) ?? '';
    const [major = 0, minor = 0] = version.split('.').map(Number);
    if (major < VERSION_MIN[0] || (major === VERSION_MIN[0] && minor < VERSION_MIN[1]))
      throw errors.make('hyperv.version', {
        what: `${this.#connection.host} runs Windows ${version === '' ? 'of an unknown version' : version}.`,
      });
    const name =
      (computer && (text(computer, 'DNSHostName') || text(computer, 'Name'))) || this.#connection.host;
    const isMember = computer && text(computer, 'PartOfDomain')?.toLowerCase() === 'true';
    const domain = (isMember && text(computer, 'Domain')) || '';
    return {
      fqdn: `${name}${domain === '' || name.includes('.') ? '' : `.${domain}`}`
        .toLowerCase()
        .slice(0, NAME_CHARACTERS_MAX),
      domain: domain.toLowerCase(),
      version,
      processorModel: (processors[0] && text(processors[0], 'Name')?.trim()) ?? '',
      processorSockets: processors.length,
    };
  }

  /** @throws `winrm.*`, `net.*`, `hyperv.version` */
  async read(signal: AbortSignal): Promise<HostReading> {
    const host = await this.host(signal);
    const rows = {} as Record<keyof MachineRows, readonly CimInstance[]>;
    for (const [name, query] of Object.entries(MACHINE_QUERIES) as Array<[keyof MachineRows, ClassQuery]>)
      rows[name] = await this.#ask(query, signal);
    const drafts = draftMachines(host, rows);
    const passedThrough = new Map(
      rows.passThrough.map((disk) => [text(disk, 'DeviceID') ?? '', kilobytes(number(disk, 'MaxMediaSize'))]),
    );
    const { vhds, unreadable } = await this.#readFiles(drafts, signal);
    const machines: HostMachine[] = drafts.map(({ machine, disks }) => ({
      ...machine,
      disks: disks.map((disk, i) => diskOf(disk, vhds.get(disk.path), passedThrough, i)),
    }));
    this.#vhds = new Map(owned([...vhds]));
    return {
      host: owned(host),
      machines: owned(machines),
      unreadable: new Map(owned([...unreadable])),
      isBlind: rows.systems.length === 0,
      clockAheadMs: this.#connection.clockAheadMs,
    };
  }

  async #readFiles(
    drafts: readonly MachineDraft[],
    signal: AbortSignal,
  ): Promise<{ vhds: ReadonlyMap<string, VhdFacts>; unreadable: Map<string, string> }> {
    const vhds = new Map<string, VhdFacts>();
    const unreadable = new Map<string, string>();
    /** Where one file cannot be read for want of delegation, none can. */
    const deniedShares = new Set<string>();
    for (const { machine, disks } of drafts)
      for (const { path } of disks) {
        if (path === '' || vhds.has(path) || unreadable.has(path)) continue;
        const share = shareOf(path);
        const facts =
          share !== undefined && deniedShares.has(share)
            ? undefined
            : await readVhd(this.#connection, path, signal);
        const known = facts ?? this.#vhds.get(path);
        if (known) vhds.set(path, known);
        if (facts) continue;
        unreadable.set(path, machine.name);
        if (share !== undefined) deniedShares.add(share);
      }
    return { vhds, unreadable };
  }

  /** Instances of one class, as far as this release has it. */
  async #ask(query: ClassQuery, signal: AbortSignal): Promise<readonly CimInstance[]> {
    const { namespace, className } = query;
    if (this.#missing.has(className)) return [];
    try {
      return await this.#connection.query(namespace, wqlOf(query, this.#whole.has(className)), signal);
    } catch (error) {
      if (!(error instanceof DryliftError)) throw error;
      if (error.code === 'winrm.class.missing' && query.isOptional) {
        this.#missing.add(className);
        return [];
      }
      if (error.code !== 'winrm.fault' || this.#whole.has(className)) throw error;
      // a column that this release does not have makes the whole question an invalid one
      this.#whole.add(className);
      return await this.#ask(query, signal);
    }
  }
}

/** A copy with texts of its own: parts of an answer's text would keep all of it in memory. */
function owned<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}

function kilobytes(value: number | undefined): Bytes {
  const bytes = (value ?? 0) * KIB;
  return Number.isSafeInteger(bytes) && bytes >= 0 ? bytes : 0;
}

const SKEW_MAX_MS: Millis = 5 * 60_000;
const NAMED_MAX = 5;

/** What of a host works and yet somebody should know; by a key that stays the same. */
export function warningsOf({
  host,
  machines,
  unreadable,
  isBlind,
  clockAheadMs,
}: HostReading): Map<string, Warning> {
  const warnings = new Map<string, Warning>();
  const warn = (code: string, message: string, key = ''): void =>
    void warnings.set(`${code} ${host.fqdn} ${key}`.trim(), { code, message });
  if (isBlind)
    warn(
      'hyperv.group',
      `${host.fqdn} shows the account no machine, not even itself: make it a member of Hyper-V Administrators there.`,
    );
  if (clockAheadMs !== undefined && Math.abs(clockAheadMs) > SKEW_MAX_MS)
    warn(
      'winrm.clock',
      `The clock of ${host.fqdn} is ${Math.round(Math.abs(clockAheadMs) / 60_000)} min ${clockAheadMs > 0 ? 'ahead of' : 'behind'} the appliance's: ` +
        'see that both follow the same time source (w32tm /query /status).',
    );
  const silent = machines.filter(
    ({ power, integrationServicesState, os }) =>
      power === 'on' && (integrationServicesState !== 'OK' || os.name === ''),
  );
  if (silent.length > 0)
    warn(
      'hyperv.integrationServices',
      `${silent.length} machines on ${host.fqdn} tell neither operating system nor addresses (${namesOf(silent)}): ` +
        'install or start the integration services in them.',
    );
  const replicas = machines.filter(({ isReplica }) => isReplica);
  if (replicas.length > 0)
    warn(
      'hyperv.replica',
      `${replicas.length} machines on ${host.fqdn} are copies that Hyper-V Replica keeps (${namesOf(replicas)}): leave them out of assessments.`,
    );
  const byShare = Map.groupBy(unreadable.keys(), (path) => shareOf(path) ?? '');
  for (const [share, paths] of byShare)
    if (share === '')
      warn(
        'hyperv.disk',
        `${host.fqdn} cannot read ${paths.length} virtual disks (${paths.slice(0, NAMED_MAX).join(', ')}): their sizes are not known.`,
      );
    else
      warn(
        'hyperv.delegation',
        `${host.fqdn} may not read ${paths.length} virtual disks on ${share} in the appliance's name, so that their sizes are not known: ` +
          `enable CredSSP (on ${host.fqdn}: Enable-WSManCredSSP -Role Server -Force) and let the account read the share.`,
        share,
      );
  return warnings;
}

function namesOf(machines: ReadonlyArray<{ readonly name: string }>): string {
  const names = machines.slice(0, NAMED_MAX).map(({ name }) => name);
  return names.length < machines.length ? `${names.join(', ')}, …` : names.join(', ');
}
