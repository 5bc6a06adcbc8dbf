/**
 * What a machine runs: the software of its operating system and of its role, as data. A stack names processes, the
 * ports they listen on, the services it uses on other machines, and what is installed for it.
 */
import { Entropy } from '#core/entropy/entropy.ts';
import type { Machine, Platform } from '../model.ts';
import { guessRole, type Role } from '../workload-guess.ts';
import type { GuestOs } from './guest-os.ts';
import { LINUX_BASE, LINUX_STACKS } from './linux-stacks.ts';
import { WINDOWS_BASE, WINDOWS_STACKS } from './windows-stacks.ts';

/** Services that machines of an estate offer each other. */
export type ServiceKind =
  | 'app'
  | 'sql'
  | 'ldap'
  | 'kerberos'
  | 'files'
  | 'smtp'
  | 'monitoring'
  | 'backup'
  | 'web';

export interface ProcessSpec {
  /** Names the process inside its stack. */
  readonly key: string;
  /** Short name: "nginx", "w3wp.exe". */
  readonly name: string;
  /** Whole path; empty for threads of the kernel. */
  readonly executable: string;
  /** Without the executable that it starts with. */
  readonly arguments: string;
  readonly user: string;
  /** Key of the parent in the same or the base stack; else the first process. */
  readonly parent?: string;
  /** How many alike. */
  readonly count?: number;
  /** Shares of the machine's CPU and memory among all processes. */
  readonly cpu: number;
  readonly memory: number;
}

export interface ListenSpec {
  readonly port: number;
  readonly process: string;
  /** Reached from the machine itself only. */
  readonly local?: boolean;
}

export interface PackageSpec {
  readonly name: string;
  readonly version: string;
  readonly vendor: string;
}

export interface ServiceSpec {
  readonly name: string;
  readonly displayName: string;
  /** Key of its process; undefined for one that is stopped. */
  readonly process?: string;
  readonly start: 'auto' | 'manual' | 'disabled';
}

export interface SqlInstance {
  readonly name: string;
  /** "MSSQL15.MSSQLSERVER" */
  readonly id: string;
  readonly edition: string;
  readonly version: string;
  readonly servicePack: string;
}

export interface Stack {
  readonly processes: readonly ProcessSpec[];
  readonly listens: readonly ListenSpec[];
  readonly offers: Readonly<
    Partial<Record<ServiceKind, { readonly port: number; readonly process: string }>>
  >;
  /** Process that is the client of a service. */
  readonly uses: Readonly<Partial<Record<ServiceKind, string>>>;
  readonly packages: readonly PackageSpec[];
  readonly services: readonly ServiceSpec[];
  /** Windows roles and features by name. */
  readonly features: readonly string[];
  readonly sql: readonly SqlInstance[];
}

const NOTHING: Stack = {
  processes: [],
  listens: [],
  offers: {},
  uses: {},
  packages: [],
  services: [],
  features: [],
  sql: [],
};

export function roleOf(machine: Machine): Role {
  return guessRole(machine.name, machine.os.fullName);
}

type Choices = Readonly<Partial<Record<Role, ReadonlyArray<Partial<Stack>>>>>;

/** Whole stacks by release and role: machines of one release share them. */
const STACKS = new Map<string, readonly Stack[]>();

/** Base and role of the machine as one. The seed decides where a role can be filled by several products. */
export function stackOf(seed: string, machine: Machine, os: GuestOs, platform: Platform = 'vmware'): Stack {
  if (os.family === 'other') return NOTHING;
  const role = roleOf(machine);
  const release =
    os.family === 'linux'
      ? `${os.id} ${os.versionId} ${os.architecture}`
      : `${os.release} ${os.version} ${os.architecture}`;
  const key = `${release} ${role} ${platform}`;
  let stacks = STACKS.get(key);
  if (!stacks) {
    const base: Stack = { ...NOTHING, ...(os.family === 'linux' ? LINUX_BASE(os) : WINDOWS_BASE(os)) };
    const byRole: Choices = os.family === 'linux' ? LINUX_STACKS(os) : WINDOWS_STACKS(os);
    stacks = (byRole[role] ?? [{}]).map((own) => onPlatform(joined(base, own), platform));
    STACKS.set(key, stacks);
  }
  return new Entropy(seed).pick(stacks, 'guest.stack', machine.id);
}

/** VMware's tools are on VMware's machines only. */
function onPlatform(stack: Stack, platform: Platform): Stack {
  if (platform === 'vmware') return stack;
  return {
    ...stack,
    processes: stack.processes.filter(({ key }) => key !== 'vmtoolsd'),
    packages: stack.packages.filter(({ name }) => name !== 'VMware Tools' && name !== 'open-vm-tools'),
    services: stack.services.filter(({ process }) => process !== 'vmtoolsd'),
  };
}

function joined(base: Stack, own: Partial<Stack>): Stack {
  return {
    processes: [...base.processes, ...(own.processes ?? [])],
    listens: [...base.listens, ...(own.listens ?? [])],
    offers: { ...base.offers, ...own.offers },
    uses: { ...base.uses, ...own.uses },
    packages: [...base.packages, ...(own.packages ?? [])],
    services: [...base.services, ...(own.services ?? [])],
    features: [...base.features, ...(own.features ?? [])],
    sql: own.sql ?? [],
  };
}
