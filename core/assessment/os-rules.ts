/** Which operating systems are ready for Azure. Data: data/os-rules.json. */
import { assert } from '../assert.ts';
import json from './data/os-rules.json' with { type: 'json' };
import type { OsOfMachine } from './machine-facts.ts';
import type { RulesetName } from './rulesets.ts';
import type { Suitability, VmExplanation } from './vocabulary.ts';

export interface OsVerdict {
  readonly suitability: Suitability;
  readonly code: VmExplanation;
  readonly why: string;
  /** The row covers the 32-bit edition too (Windows Server 2008, A9). */
  readonly also32Bit: boolean;
  /** One of the four Windows Servers that the current ruleset refuses with UEFI. */
  readonly uefiNotReadyInCurrent: boolean;
}

type Row = (typeof json.rules)[number];

const NO_RULE: OsVerdict = {
  suitability: 'ReadinessUnknown',
  code: 'GuestOperatingSystemUnknown',
  why: 'no operating system is known by that name',
  also32Bit: false,
  uefiNotReadyInCurrent: false,
};

/** The verdict on an operating system by itself; architecture and boot type are judged elsewhere. */
export function judgeOs(os: OsOfMachine, ruleset: RulesetName): OsVerdict {
  const name = os.name.trim().toLowerCase();
  if (name === '') return { ...NO_RULE, why: 'the name of the operating system could not be read' };
  const row = json.rules.find((rule) => matches(rule, name));
  if (row === undefined) return NO_RULE;
  const verdict = row.byVersion === true ? judgeLinux(name, os.version, ruleset) : plainVerdict(row, ruleset);
  return {
    ...verdict,
    also32Bit: row.also32Bit === true,
    uefiNotReadyInCurrent: row.uefiNotReadyInCurrent === true,
  };
}

function matches(rule: Row, name: string): boolean {
  return rule.exact === true ? rule.any.includes(name) : rule.any.some((part) => name.includes(part));
}

type Verdict = Pick<OsVerdict, 'suitability' | 'code' | 'why'>;

function plainVerdict(row: Row, ruleset: RulesetName): Verdict {
  return { suitability: row[ruleset] as Suitability, code: row.code as VmExplanation, why: row.why };
}

/** Endorsed distributions: ready when the version is known and on the list of the ruleset. */
function judgeLinux(name: string, version: string | undefined, ruleset: RulesetName): Verdict {
  const distro = json.linux.find((d) => d.any.some((part) => name.includes(part)));
  assert(distro !== undefined, `os-rules.json: a distribution for "${name}"`);
  if (version === undefined || version.trim() === '')
    return {
      suitability: 'ConditionallySuitable',
      code: distro.check as VmExplanation,
      why: 'endorsed by version, and the version is not known without guest credentials',
    };
  const endorsed: readonly string[] = distro[ruleset];
  if (endorsed.some((prefix) => prefix === '*' || startsWithVersion(version, prefix)))
    return { suitability: 'Suitable', code: 'NotApplicable', why: `version ${version} is endorsed` };
  return {
    suitability: 'ConditionallySuitable',
    code: 'EndorsedWithConditionsLinuxDistributions',
    why: `version ${version} is not on the endorsed list`,
  };
}

/** "15 SP1" is 15.1, "20.04.6 LTS" is 20.4.6: the numbers of a version, in order. */
function versionNumbers(version: string): number[] {
  return (version.match(/\d+/g) ?? []).slice(0, 4).map(Number);
}

function startsWithVersion(version: string, prefix: string): boolean {
  const numbers = versionNumbers(version);
  return versionNumbers(prefix).every((n, i) => numbers[i] === n);
}

/** Is the system on Defender for Servers' list? Versions there are the lowest of their major. */
export function onDefenderList(os: OsOfMachine): boolean {
  const name = os.name.toLowerCase();
  const entry = json.defender.find((d) => d.any.some((part) => name.includes(part)));
  if (entry === undefined) return false;
  if (entry.versions.includes('*')) return true;
  const [major, minor = 0] = versionNumbers(os.version ?? '');
  return entry.versions.some((lowest) => {
    const [lowMajor, lowMinor = 0] = versionNumbers(lowest);
    return major === lowMajor && minor >= lowMinor;
  });
}

export const DEFENDER_LIMITS = json.defenderLimits;

/** Does Windows run on it, so that a Windows licence has to be paid? */
export function isWindows(os: OsOfMachine): boolean {
  return os.family === undefined ? os.name.toLowerCase().includes('windows') : os.family === 'windows';
}

/** Linux that is paid for by the hour unless a licence is brought along. */
export const PAID_LINUX = ['rhel', 'sles'] as const;
export type PaidLinux = (typeof PAID_LINUX)[number];

export function paidLinuxOf(os: OsOfMachine): PaidLinux | undefined {
  const name = os.name.toLowerCase();
  if (name.includes('red hat enterprise linux')) return 'rhel';
  return name.includes('suse linux enterprise') ? 'sles' : undefined;
}

/** Bits of the system: as stated, else from the name as vCenter words it, else 64. */
export function bitsOf(os: OsOfMachine): 32 | 64 {
  return os.bits ?? (os.name.toLowerCase().includes('(32-bit)') ? 32 : 64);
}
