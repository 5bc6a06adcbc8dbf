/**
 * Accounts inside guests, and who may log in where. An estate has the accounts of a real one: one for all Linux
 * servers, a domain account for Windows, another one for the test machines, and here and there a server that only its
 * own administrator knows.
 */
import { Entropy } from '#core/entropy/entropy.ts';
import type { EstateFacts, Machine } from '../model.ts';
import type { GuestOs } from './guest-os.ts';
import { roleOf } from './stack.ts';

export interface GuestAccount {
  /** Names the account to scenarios: "linux", "windows", "test-linux". */
  readonly id: string;
  readonly family: 'linux' | 'windows';
  /** As it is typed: "svc-migrate", "EXAMPLE\svc-migrate". */
  readonly user: string;
  readonly password: string;
  /** Administrator, or may become root by sudo without a password. */
  readonly admin: boolean;
  /** On Linux, where it is no administrator: all of sudo with its password, or just what collecting takes. */
  readonly sudo?: 'password' | 'least';
}

/** What sudo allows: everything, with the password or without, nothing, or command lines that fit one of these. */
export type SudoRights = 'all' | 'password' | 'none' | readonly RegExp[];

/** Commands of the least-privilege list, without the folder that they are in. [facts: physical-servers §1] */
const LEAST: readonly RegExp[] = [
  /^dmidecode\b/,
  /^fdisk -l\b/,
  /^ls -l \/proc\//,
  /^netstat -(?:atnp|antp)$/,
  /^lvdisplay\b/,
];

export interface GuestUser {
  /** As processes show their owner. */
  readonly name: string;
  /** Without a domain. */
  readonly shortName: string;
  readonly isRoot: boolean;
  readonly sudo: SudoRights;
  readonly uid: number;
  readonly home: string;
}

/** The accounts that an organisation has for its estate. */
export function estateAccounts(seed: string): readonly GuestAccount[] {
  const entropy = new Entropy(seed);
  const password = (id: string) => `Pw-${entropy.hex(16, 'guest.password', id)}`;
  const account = (id: string, family: GuestAccount['family'], user: string): GuestAccount => ({
    id,
    family,
    user,
    password: password(id),
    admin: true,
  });
  return [
    account('linux', 'linux', 'svc-migrate'),
    account('windows', 'windows', 'EXAMPLE\\svc-migrate'),
    { ...account('least-linux', 'linux', 'svc-discover'), admin: false, sudo: 'least' },
    account('test-linux', 'linux', 'labadmin'),
    account('test-windows', 'windows', '.\\labadmin'),
  ];
}

/** One machine in so many is known to its own administrator only. */
const ORPHANS = 40;

/** The accounts that a machine accepts. */
export function accountsOf(facts: EstateFacts, machine: Machine, os: GuestOs): readonly GuestAccount[] {
  if (os.family === 'other') return [];
  const entropy = new Entropy(facts.seed);
  const own: GuestAccount = {
    id: 'own',
    family: os.family,
    user: os.family === 'linux' ? 'root' : 'Administrator',
    password: `Pw-${entropy.hex(16, 'guest.password', machine.id)}`,
    admin: true,
  };
  if (entropy.below(ORPHANS, 'guest.orphan', machine.id) === 0) return [own];
  const id = `${roleOf(machine) === 'test' ? 'test-' : ''}${os.family}`;
  return [
    ...estateAccounts(facts.seed).filter((account) => account.id === id || account.id === `least-${id}`),
    own,
  ];
}

/** Windows compares names without regard to case and knows a local account by ".\" or nothing before it as well. */
export function sameAccount(os: GuestOs, account: string, given: string): boolean {
  if (os.family !== 'windows') return account === given;
  const plain = (name: string) => name.replace(/^\.\\/, '').toLowerCase();
  const at = given.lastIndexOf('@');
  const asDomain = at < 0 ? given : `${given.slice(at + 1).split('.')[0]}\\${given.slice(0, at)}`;
  return plain(account) === plain(asDomain);
}

export function userOf(os: GuestOs, hostName: string, account: GuestAccount): GuestUser {
  const { user, admin } = account;
  const shortName = user.slice(user.lastIndexOf('\\') + 1);
  if (os.family === 'windows')
    return {
      name: user.includes('\\') && !user.startsWith('.\\') ? user : `${hostName.toUpperCase()}\\${shortName}`,
      shortName,
      isRoot: admin,
      sudo: 'none',
      uid: 500,
      home: `C:\\Users\\${shortName}`,
    };
  const isRoot = user === 'root';
  return {
    name: user,
    shortName,
    isRoot,
    sudo: isRoot || admin ? 'all' : account.sudo === 'least' ? LEAST : (account.sudo ?? 'none'),
    uid: isRoot ? 0 : account.sudo === 'least' ? 1001 : 1000,
    home: isRoot ? '/root' : `/home/${user}`,
  };
}
