/**
 * The inside of one machine, protocol-free: what vCenter's guest operations, an SSH session and CIM providers all
 * show. What a running system is made of is a pure function of seed, machine and time (and of when the machine was
 * started); what people did to it – files written, registry changed, programs started – is kept here, once.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { isIPv4 } from 'node:net';
import { Entropy } from '#core/entropy/entropy.ts';
import type { Millis, Ratio, UnixMillis } from '#core/units.ts';
import { DAY, SECOND } from '#core/units.ts';
import type { Estate } from '../estate.ts';
import type { EstateFacts, Machine, Nic, PowerState } from '../model.ts';
import type { Role } from '../workload-guess.ts';
import { accountsOf, type GuestAccount, type GuestUser, sameAccount, userOf } from './accounts.ts';
import { slotAt, TIME_WAIT } from './connections.ts';
import { FileTree } from './file-tree.ts';
import { type GuestOs, guestOsOf } from './guest-os.ts';
import type { Guests } from './guests.ts';
import { type Hardware, hardwareOf } from './hardware.ts';
import { linuxFiles } from './linux-files.ts';
import { cpuRatioAt } from './load.ts';
import { bootProcesses, FIRST_STARTED_PID, type GuestProcess } from './processes.ts';
import { type Registry, registryPath } from './registry.ts';
import { roleOf, type ServiceSpec, type Stack, stackOf } from './stack.ts';
import { BACKUP_PORT, type Link } from './topology.ts';
import { disksOf, type GuestDisk } from './volumes.ts';
import { type Feature, windowsFeatures, windowsFiles, windowsRegistry } from './windows-system.ts';

export interface Listener {
  readonly port: number;
  /** "0.0.0.0" or "127.0.0.1" */
  readonly address: string;
  readonly process: GuestProcess;
}

export interface Connection {
  readonly localAddress: string;
  readonly localPort: number;
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly state: 'ESTABLISHED' | 'TIME_WAIT';
  /** Undefined for a connection that nobody holds any more. */
  readonly process: GuestProcess | undefined;
  /** Did this machine open it? */
  readonly outbound: boolean;
}

export interface GuestService extends ServiceSpec {
  readonly state: 'running' | 'stopped';
  readonly pid: number;
}

/** A program that was started from outside, while it runs and for some time after. */
export interface StartedProgram {
  readonly process: GuestProcess;
  endsAt: UnixMillis;
  exitCode: number;
}

/** End and exit code of a program are remembered for so long [vSphere API, GuestProcessInfo.endTime]. */
const REMEMBERED: Millis = 5 * 60 * SECOND;
const PROGRAMS_MAX = 1000;
const SYSTEM_VARIABLES = registryPath(
  'HKLM\\SYSTEM\\CurrentControlSet\\Control\\Session Manager\\Environment',
)!;
/** Systems were installed some time in these years. */
const FIRST_INSTALLED: UnixMillis = Date.UTC(2017, 0, 2, 9);
const INSTALLED_OVER_DAYS = 1200;

export class Guest {
  readonly facts: EstateFacts;
  readonly machine: Machine;
  readonly os: GuestOs;
  readonly role: Role;
  readonly stack: Stack;
  readonly entropy: Entropy;
  readonly installedAt: UnixMillis;
  readonly #estate: Estate;
  readonly #guests: Guests;
  readonly #programs: StartedProgram[] = [];
  #boot: { at: UnixMillis; processes: GuestProcess[]; byKey: Map<string, GuestProcess> } | undefined;
  #files: FileTree | undefined;
  /** The last answer to `processes`, which many files of /proc ask for at one time. */
  #running: { at: UnixMillis; byPid: ReadonlyMap<number, GuestProcess> } | undefined;
  #registry: Registry | undefined;
  #disks: GuestDisk[] | undefined;
  #accounts: readonly GuestAccount[] | undefined;
  #hardware: Hardware | undefined;
  #started = 0;
  #restartedAt: UnixMillis = Number.NEGATIVE_INFINITY;

  constructor(estate: Estate, guests: Guests, machine: Machine) {
    const { facts } = estate;
    this.facts = facts;
    this.machine = machine;
    this.#estate = estate;
    this.#guests = guests;
    this.entropy = new Entropy(facts.seed);
    this.os = guestOsOf(facts.seed, machine);
    this.role = roleOf(machine);
    this.stack = stackOf(facts.seed, machine, this.os, facts.platform);
    this.installedAt =
      FIRST_INSTALLED +
      Math.floor(this.entropy.ratio('guest.installed', machine.id) * INSTALLED_OVER_DAYS) * DAY;
  }

  get files(): FileTree {
    this.#files ??= new FileTree(
      this.os.family === 'linux' ? linuxFiles(this, this.os) : windowsFiles(this),
      this.os.family === 'windows',
      this.#rootRoom(),
    );
    return this.#files;
  }

  /** Free on the volume of the system. */
  #rootRoom(): number | undefined {
    const root = this.disks()
      .flatMap(({ volumes }) => volumes)
      .find(({ mountPoint }) => mountPoint === '/' || mountPoint === 'C:\\');
    return root && root.sizeBytes - root.usedBytes;
  }

  get hostName(): string {
    return (this.machine.dnsName || this.machine.name).split('.')[0]!;
  }

  /** When the story began. */
  get storyStart(): UnixMillis {
    return this.#estate.start;
  }

  /** Of the power: of what it is worth depends on whether the machine is on. */
  bootedAt(): UnixMillis {
    return Math.max(this.#estate.powerSince(this.machine.id), this.#restartedAt);
  }

  /** The system is started anew from inside, now: what ran is gone, and all counters begin again. */
  restart(now: UnixMillis): void {
    this.#restartedAt = now;
  }

  isOn(): boolean {
    return this.#estate.power(this.machine.id) === 'on';
  }

  /** What a shutdown or a start does, whoever asked for it. */
  setPower(power: PowerState): void {
    this.#estate.setPower(this.machine.id, power);
  }

  uuid(stream: string, key: number): string {
    return this.entropy.uuid(stream, this.machine.id, key);
  }

  get hardware(): Hardware {
    this.#hardware ??= hardwareOf(this.facts, this.machine);
    return this.#hardware;
  }

  /** As SMBIOS has it. */
  serialNumber(): string {
    return this.hardware.serialNumber;
  }

  addresses(): string[] {
    return this.machine.nics.flatMap((nic) =>
      nic.connected ? nic.ipAddresses.filter((address) => isIPv4(address)) : [],
    );
  }

  /** "ens192", "eno1", "eth0", "Ethernet0" */
  interfaceName(nic: Nic): string {
    if (this.os.family !== 'linux') return `Ethernet${nic.index}`;
    if (this.os.systemd && this.facts.platform === 'physical') return `eno${nic.index + 1}`;
    return this.os.systemd && this.facts.platform !== 'hyperv'
      ? `ens${192 + 32 * nic.index}`
      : `eth${nic.index}`;
  }

  disks(): readonly GuestDisk[] {
    this.#disks ??= disksOf(this.facts.seed, this.machine, this.os);
    return this.#disks;
  }

  /** CPU use of the whole machine at the moment, 0…1: what the hypervisor shows as cpu.usage. */
  cpuRatio(now: UnixMillis): Ratio {
    return cpuRatioAt(this, now);
  }

  // ------------------------------------------------------------------ accounts

  accounts(): readonly GuestAccount[] {
    this.#accounts ??= accountsOf(this.facts, this.machine, this.os);
    return [...this.#accounts, ...this.#guests.everywhere(this.os.family)];
  }

  /** The user behind name and password; undefined when the guest refuses them. */
  logIn(name: string, password: string): GuestUser | undefined {
    const account = this.accounts().find(({ user }) => sameAccount(this.os, user, name));
    if (!sameSecret(account?.password ?? '', password) || !account) return undefined;
    return userOf(this.os, this.hostName, account);
  }

  // ----------------------------------------------------------------- processes

  /** Everything that runs at `now`, in order of pid. Empty while the machine is off. */
  processes(now: UnixMillis): GuestProcess[] {
    return [...this.#runningAt(now).values()];
  }

  process(pid: number, now: UnixMillis): GuestProcess | undefined {
    return this.#runningAt(now).get(pid);
  }

  #runningAt(now: UnixMillis): ReadonlyMap<number, GuestProcess> {
    if (!this.isOn()) return new Map();
    const booted = this.#booted();
    if (this.#running?.at !== now) {
      const programs = this.#programs.filter(
        ({ process, endsAt }) => process.startedAt <= now && now < endsAt,
      );
      const all = [
        ...booted.processes.filter(({ startedAt }) => startedAt <= now),
        ...programs.map(({ process }) => process),
      ];
      this.#running = { at: now, byPid: new Map(all.map((process) => [process.pid, process])) };
    }
    return this.#running.byPid;
  }

  /** Programs that were started from outside and have ended in the last minutes. */
  ended(now: UnixMillis): StartedProgram[] {
    return this.#programs.filter(({ endsAt }) => endsAt <= now && now < endsAt + REMEMBERED);
  }

  /** Enters a program that was started. */
  started(
    program: {
      name: string;
      executable: string;
      commandLine: string;
      user: string;
      endsAt: UnixMillis;
      exitCode: number;
    },
    now: UnixMillis,
  ): StartedProgram {
    const { name, executable, commandLine, user, endsAt, exitCode } = program;
    const step = this.os.family === 'windows' ? 4 : 1;
    const entry: StartedProgram = {
      process: {
        pid: FIRST_STARTED_PID + step * (this.#started++ % 10_000),
        parentPid: this.#booted().byKey.get('vmtoolsd')?.pid ?? 1,
        key: undefined,
        name,
        user,
        executable,
        commandLine,
        startedAt: now,
        cpuShare: 0,
        memoryShare: 0,
      },
      endsAt,
      exitCode,
    };
    while (
      this.#programs.length > 0 &&
      (this.#programs[0]!.endsAt + REMEMBERED <= now || this.#programs.length >= PROGRAMS_MAX)
    )
      this.#programs.shift();
    this.#programs.push(entry);
    this.#running = undefined;
    return entry;
  }

  /** Ends a process. @returns false when there is none with that pid. Processes of the system start again at once. */
  kill(pid: number, now: UnixMillis): boolean {
    const program = this.#programs.findLast(({ process, endsAt }) => process.pid === pid && now < endsAt);
    if (!program) return this.processes(now).some((process) => process.pid === pid);
    program.endsAt = now;
    this.#running = undefined;
    program.exitCode = this.os.family === 'windows' ? 1 : 137;
    return true;
  }

  services(now: UnixMillis): GuestService[] {
    return this.stack.services.map((service) => {
      const process = service.process === undefined ? undefined : this.#processOf(service.process, now);
      return { ...service, state: process ? 'running' : 'stopped', pid: process?.pid ?? 0 };
    });
  }

  // ------------------------------------------------------------------- network

  listeners(now: UnixMillis): Listener[] {
    const backup = this.#guests
      .topology()
      .linksTo(this.machine.id)
      .some(({ kind }) => kind === 'backup');
    return [...this.stack.listens, ...(backup ? [{ port: BACKUP_PORT, process: 'agent' }] : [])].flatMap(
      (listen) => {
        const process = this.#processOf(listen.process, now);
        return process
          ? [
              {
                port: listen.port,
                address: 'local' in listen && listen.local ? '127.0.0.1' : '0.0.0.0',
                process,
              },
            ]
          : [];
      },
    );
  }

  /** TCP connections at `now`, those that this machine opened first. Empty while the machine is off. */
  connections(now: UnixMillis): Connection[] {
    if (!this.isOn()) return [];
    const topology = this.#guests.topology();
    const { id } = this.machine;
    return [
      ...topology.linksFrom(id).flatMap((link) => this.#connectionsOf(link, now, true)),
      ...topology.linksTo(id).flatMap((link) => this.#connectionsOf(link, now, false)),
    ];
  }

  #connectionsOf(link: Link, now: UnixMillis, outbound: boolean): Connection[] {
    const { client, server } = link;
    const here = outbound ? client : server;
    const peer = this.#guests.guest(outbound ? server.machineId : client.machineId);
    if (!peer?.isOn()) return [];
    const clientGuest = outbound ? this : peer;
    const bootedAt = Math.max(this.bootedAt(), peer.bootedAt());
    const family = clientGuest.os.family === 'windows' ? 'windows' : 'linux';
    const slots = this.#guests.topology().slotsOf(client.machineId);
    const found: Connection[] = [];
    for (let slot = 0; slot < link.slots; slot++) {
      const span = slotAt(this.entropy, link, slot, family, slots, bootedAt, now);
      if (!span || now >= span.to + TIME_WAIT) continue;
      const isOpen = now < span.to;
      if (!isOpen && !outbound) continue; // the client closes, so it waits
      const process = isOpen ? this.#processOf(here.process, now) : undefined;
      if (isOpen && !process) continue;
      const ends = outbound
        ? {
            localAddress: client.address,
            localPort: span.clientPort,
            remoteAddress: server.address,
            remotePort: server.port,
          }
        : {
            localAddress: server.address,
            localPort: server.port,
            remoteAddress: client.address,
            remotePort: span.clientPort,
          };
      found.push({ ...ends, state: isOpen ? 'ESTABLISHED' : 'TIME_WAIT', process, outbound });
    }
    return found;
  }

  // ------------------------------------------------------- software and settings

  /** Windows only. */
  get registry(): Registry | undefined {
    if (this.os.family === 'windows') this.#registry ??= windowsRegistry(this, this.os);
    return this.#registry;
  }

  features(): Feature[] {
    return this.os.family === 'windows' && this.os.server ? windowsFeatures(this.stack.features) : [];
  }

  /** Variables of the system that somebody has set since it was installed. */
  #addedVariables(): Array<[string, string]> {
    const key = this.registry?.key(SYSTEM_VARIABLES);
    if (!key || key.writtenAt <= this.installedAt) return [];
    return [...key.values].flatMap(([name, { type, value }]) => (type === 'REG_SZ' ? [[name, value]] : []));
  }

  environment(user: GuestUser): Map<string, string> {
    if (this.os.family === 'windows')
      return new Map([
        ['ALLUSERSPROFILE', 'C:\\ProgramData'],
        ['COMPUTERNAME', this.hostName.toUpperCase()],
        ['ComSpec', 'C:\\Windows\\system32\\cmd.exe'],
        ['NUMBER_OF_PROCESSORS', String(this.machine.cores)],
        ['OS', 'Windows_NT'],
        [
          'Path',
          'C:\\Windows\\system32;C:\\Windows;C:\\Windows\\System32\\Wbem;C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\',
        ],
        ['PROCESSOR_ARCHITECTURE', this.os.architecture === '64-bit' ? 'AMD64' : 'x86'],
        ['ProgramFiles', 'C:\\Program Files'],
        ['SystemDrive', 'C:'],
        ['SystemRoot', 'C:\\Windows'],
        ['TEMP', `${user.home}\\AppData\\Local\\Temp`],
        ['TMP', `${user.home}\\AppData\\Local\\Temp`],
        ['USERDOMAIN', user.name.split('\\')[0]!],
        ['USERNAME', user.shortName],
        ['USERPROFILE', user.home],
        ['windir', 'C:\\Windows'],
        ...this.#addedVariables(),
      ]);
    return new Map([
      ['HOME', user.home],
      ['LANG', 'en_US.UTF-8'],
      ['LOGNAME', user.name],
      ['PATH', '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'],
      ['SHELL', '/bin/bash'],
      ['USER', user.name],
    ]);
  }

  /** A process of the stack at `now`; with the same key on both sides of a time. */
  #processOf(key: string, now: UnixMillis): GuestProcess | undefined {
    const process = this.isOn() ? this.#booted().byKey.get(key) : undefined;
    return process && process.startedAt <= now ? process : undefined;
  }

  #booted() {
    const at = this.bootedAt();
    if (this.#boot?.at !== at) {
      const processes = bootProcesses(this.entropy, this.machine.id, this.os, this.stack, at);
      const byKey = new Map<string, GuestProcess>();
      for (const process of processes)
        if (process.key !== undefined && !byKey.has(process.key)) byKey.set(process.key, process);
      this.#programs.length = 0;
      this.#running = undefined;
      this.#boot = { at, processes, byKey };
    }
    return this.#boot;
  }
}

function sameSecret(a: string, b: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}
