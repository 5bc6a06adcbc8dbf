/**
 * Operating systems as vCenter names them, and their guest ids (VirtualMachineGuestOsIdentifier in the
 * vSphere Web Services API). A workbook holds only the names; a simulator also needs the id, family and bits.
 */
import type { OsFamily } from './model.ts';

interface OsRule {
  readonly pattern: RegExp;
  readonly family: OsFamily;
  /** Guest id of the 32-bit edition, if there is one … */
  readonly id32?: string;
  /** … and of the 64-bit edition. `$1` is the version that the pattern caught. */
  readonly id64?: string;
  /** Guests of this kind boot by EFI unless the source says otherwise: vSphere's recommended firmware. */
  readonly efi?: boolean;
}

const windows = (
  pattern: RegExp,
  id32: string | undefined,
  id64: string | undefined,
  efi = false,
): OsRule => ({
  pattern,
  family: 'windows',
  ...(id32 === undefined ? {} : { id32 }),
  ...(id64 === undefined ? {} : { id64 }),
  efi,
});
const linux = (pattern: RegExp, id32: string | undefined, id64: string, efi = false): OsRule => ({
  pattern,
  family: 'linux',
  ...(id32 === undefined ? {} : { id32 }),
  id64,
  efi,
});
const other = (pattern: RegExp, id32: string | undefined, id64: string | undefined): OsRule => ({
  pattern,
  family: 'other',
  ...(id32 === undefined ? {} : { id32 }),
  ...(id64 === undefined ? {} : { id64 }),
});

/** First match wins, so exact names stand before their prefixes. Patterns are tried on lower-case names. */
const RULES: readonly OsRule[] = [
  windows(/windows server 2025/, undefined, 'windows2022srvNext_64Guest', true),
  windows(/windows server 2022/, undefined, 'windows2019srvNext_64Guest', true),
  windows(/windows server 2019/, undefined, 'windows2019srv_64Guest', true),
  windows(/windows server (2016|threshold)/, undefined, 'windows9Server64Guest'),
  windows(/windows server 2012/, undefined, 'windows8Server64Guest'),
  windows(/windows (web )?server 2008 r2/, undefined, 'windows7Server64Guest'),
  windows(/windows server (\(r\) )?2008/, 'winLonghornGuest', 'winLonghorn64Guest'),
  windows(/windows server 2003,? (web|standard|enterprise|datacenter)/, 'winNet$1Guest', 'winNet$164Guest'),
  windows(/windows server 2003/, 'winNetStandardGuest', 'winNetStandard64Guest'),
  windows(/small business server 2003/, 'winNetBusinessGuest', undefined),
  windows(/windows 11/, undefined, 'windows11_64Guest', true),
  windows(/windows 10/, 'windows9Guest', 'windows9_64Guest'),
  windows(/windows 8/, 'windows8Guest', 'windows8_64Guest'),
  windows(/windows 7/, 'windows7Guest', 'windows7_64Guest'),
  windows(/windows vista/, 'winVistaGuest', 'winVista64Guest'),
  windows(/windows xp/, 'winXPProGuest', 'winXPPro64Guest'),
  windows(/windows 2000 (advanced)/, 'win2000AdvServGuest', undefined),
  windows(/windows 2000 (server)/, 'win2000ServGuest', undefined),
  windows(/windows 2000/, 'win2000ProGuest', undefined),
  windows(/windows nt/, 'winNTGuest', undefined),
  windows(/windows 98/, 'win98Guest', undefined),
  windows(/windows 95/, 'win95Guest', undefined),
  windows(/windows 3/, 'win31Guest', undefined),
  linux(/red hat enterprise linux (9|10)/, undefined, 'rhel$1_64Guest', true),
  linux(/red hat enterprise linux (8)/, undefined, 'rhel8_64Guest'),
  linux(/red hat enterprise linux ([2-7])/, 'rhel$1Guest', 'rhel$1_64Guest'),
  linux(/red hat enterprise linux/, 'rhel7Guest', 'rhel7_64Guest'),
  linux(/red hat fedora|fedora/, 'fedoraGuest', 'fedora64Guest'),
  linux(/red hat/, 'redhatGuest', 'otherLinux64Guest'),
  linux(/centos (4\/5)/, 'centosGuest', 'centos64Guest'),
  linux(/centos (8|9)/, undefined, 'centos$1_64Guest'),
  linux(/centos (6|7)/, 'centos$1Guest', 'centos$1_64Guest'),
  linux(/centos/, 'centosGuest', 'centos64Guest'),
  linux(/oracle linux (8|9)/, undefined, 'oracleLinux$1_64Guest'),
  linux(/oracle linux (6|7)/, 'oracleLinux$1Guest', 'oracleLinux$1_64Guest'),
  linux(/oracle linux/, 'oracleLinuxGuest', 'oracleLinux64Guest'),
  linux(/suse linux enterprise (15|16)/, undefined, 'sles$1_64Guest', true),
  linux(/suse linux enterprise (10|11|12)/, 'sles$1Guest', 'sles$1_64Guest'),
  linux(/suse linux enterprise/, 'slesGuest', 'sles64Guest'),
  linux(/opensuse/, 'opensuseGuest', 'opensuse64Guest'),
  linux(/ubuntu/, 'ubuntuGuest', 'ubuntu64Guest'),
  linux(/debian gnu\/linux (4|5|6|7|8|9|10|11|12)\b/, 'debian$1Guest', 'debian$1_64Guest'),
  linux(/debian/, 'debian8Guest', 'debian8_64Guest'),
  linux(/asianux (3|4|5|7|8|9)/, 'asianux$1Guest', 'asianux$1_64Guest'),
  linux(/alma ?linux/, undefined, 'almalinux_64Guest', true),
  linux(/rocky linux/, undefined, 'rockylinux_64Guest', true),
  linux(/amazon linux (2|3)/, undefined, 'amazonlinux$1_64Guest'),
  linux(/photon/, undefined, 'vmwarePhoton64Guest'),
  linux(/coreos|flatcar/, undefined, 'coreos64Guest'),
  linux(/other ([3-6])\.x/, 'other$1xLinuxGuest', 'other$1xLinux64Guest'),
  linux(/other 2\.6/, 'other26xLinuxGuest', 'other26xLinux64Guest'),
  linux(/other 2\.4/, 'other24xLinuxGuest', 'other24xLinux64Guest'),
  linux(/linux/, 'otherLinuxGuest', 'otherLinux64Guest'),
  other(/freebsd (11|12|13|14)/, 'freebsd$1Guest', 'freebsd$1_64Guest'),
  other(/freebsd/, 'freebsdGuest', 'freebsd64Guest'),
  other(/solaris (11)/, undefined, 'solaris11_64Guest'),
  other(/solaris (10)/, 'solaris10Guest', 'solaris10_64Guest'),
  other(/solaris (8|9)/, 'solaris$1Guest', undefined),
  other(/mac ?os/, 'darwinGuest', 'darwin64Guest'),
  other(/esxi? (?:server )?(8|7|6\.5|6|5|4)/, undefined, 'vmkernel$1Guest'),
  other(/netware (5|6)/, 'netware$1Guest', undefined),
  other(/openserver (5|6)/, 'openServer$1Guest', undefined),
  other(/unixware/, 'unixWare7Guest', undefined),
  other(/os\/2/, 'os2Guest', undefined),
  other(/ms-dos/, 'dosGuest', undefined),
];

const EDITIONS: Readonly<Record<string, string>> = {
  web: 'Web',
  standard: 'Standard',
  enterprise: 'Enterprise',
  datacenter: 'Datacenter',
};

export interface RecognisedOs {
  readonly family: OsFamily;
  readonly guestId: string;
  readonly bits: 32 | 64;
  /** Recommended firmware when the source names none. */
  readonly efi: boolean;
  /** False: no rule knows the name, so the id is vSphere's "other". */
  readonly known: boolean;
  /** False: the name says nothing of bits, and 64 was taken (32 where only that exists). */
  readonly bitsKnown: boolean;
}

/** Reads a name as vCenter or the tools word it: "Microsoft Windows Server 2016 (64-bit)". */
export function recogniseOs(name: string): RecognisedOs {
  const lower = name.toLowerCase();
  const stated = /(32|64)[- ]?bit/.exec(lower)?.[1];
  for (const { pattern, family, id32, id64, efi } of RULES) {
    const match = pattern.exec(lower);
    if (!match) continue;
    // A wrong number of bits for a system that exists in one only: the system wins.
    const bits = id32 === undefined ? 64 : id64 === undefined ? 32 : stated === '32' ? 32 : 64;
    const version = match[1] ?? '';
    const guestId = (bits === 32 ? id32 : id64)!.replace('$1', EDITIONS[version] ?? version.replace('.', ''));
    return { family, guestId, bits, efi: efi ?? false, known: true, bitsKnown: stated !== undefined };
  }
  const bits = stated === '32' ? 32 : 64;
  return {
    family: 'other',
    guestId: bits === 32 ? 'otherGuest' : 'otherGuest64',
    bits,
    efi: false,
    known: /^other( \((32|64)-bit\))?$/.test(lower),
    bitsKnown: stated !== undefined,
  };
}
