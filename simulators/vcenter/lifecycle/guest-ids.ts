/** Guest ids that machines are made with: the operating system that each means (VirtualMachineGuestOsIdentifier). */
import type { OperatingSystem } from '../../estate/model.ts';
import { invalidArgument } from '../faults.ts';

const NAMES: Readonly<Record<string, string>> = {
  windows2022srvNext_64Guest: 'Microsoft Windows Server 2025 (64-bit)',
  windows2019srvNext_64Guest: 'Microsoft Windows Server 2022 (64-bit)',
  windows2019srv_64Guest: 'Microsoft Windows Server 2019 (64-bit)',
  windows9Server64Guest: 'Microsoft Windows Server 2016 (64-bit)',
  windows8Server64Guest: 'Microsoft Windows Server 2012 (64-bit)',
  windows7Server64Guest: 'Microsoft Windows Server 2008 R2 (64-bit)',
  windows11_64Guest: 'Microsoft Windows 11 (64-bit)',
  windows9_64Guest: 'Microsoft Windows 10 (64-bit)',
  windows9Guest: 'Microsoft Windows 10 (32-bit)',
  ubuntu64Guest: 'Ubuntu Linux (64-bit)',
  ubuntuGuest: 'Ubuntu Linux (32-bit)',
  debian12_64Guest: 'Debian GNU/Linux 12 (64-bit)',
  debian11_64Guest: 'Debian GNU/Linux 11 (64-bit)',
  debian10_64Guest: 'Debian GNU/Linux 10 (64-bit)',
  rhel9_64Guest: 'Red Hat Enterprise Linux 9 (64-bit)',
  rhel8_64Guest: 'Red Hat Enterprise Linux 8 (64-bit)',
  rhel7_64Guest: 'Red Hat Enterprise Linux 7 (64-bit)',
  rhel6_64Guest: 'Red Hat Enterprise Linux 6 (64-bit)',
  centos8_64Guest: 'CentOS 8 (64-bit)',
  centos7_64Guest: 'CentOS 7 (64-bit)',
  centos64Guest: 'CentOS 4/5 (64-bit)',
  rockylinux_64Guest: 'Rocky Linux (64-bit)',
  almalinux_64Guest: 'AlmaLinux (64-bit)',
  oracleLinux8_64Guest: 'Oracle Linux 8 (64-bit)',
  oracleLinux7_64Guest: 'Oracle Linux 7 (64-bit)',
  sles15_64Guest: 'SUSE Linux Enterprise 15 (64-bit)',
  sles12_64Guest: 'SUSE Linux Enterprise 12 (64-bit)',
  other5xLinux64Guest: 'Other 5.x or later Linux (64-bit)',
  other4xLinux64Guest: 'Other 4.x Linux (64-bit)',
  other3xLinux64Guest: 'Other 3.x Linux (64-bit)',
  otherLinux64Guest: 'Other Linux (64-bit)',
  otherLinuxGuest: 'Other Linux (32-bit)',
  freebsd64Guest: 'FreeBSD (64-bit)',
  otherGuest64: 'Other (64-bit)',
  otherGuest: 'Other (32-bit)',
};

/** Those that are offered for new machines. */
export const GUEST_IDS: readonly string[] = Object.keys(NAMES);

/** @throws VimFault InvalidArgument for what is no guest id */
export function operatingSystemOf(guestId: string): OperatingSystem {
  if (!/^\w{1,60}Guest(64)?$/.test(guestId)) throw invalidArgument('configSpec.guestId');
  const bits = guestId.includes('64') ? 64 : 32;
  const family = /^win/i.test(guestId)
    ? 'windows'
    : /linux|rhel|ubuntu|debian|centos|sles|fedora|photon|coreos|suse/i.test(guestId)
      ? 'linux'
      : 'other';
  const kind = family === 'windows' ? 'Microsoft Windows' : family === 'linux' ? 'Other Linux' : 'Other';
  return { family, guestId, bits, fullName: NAMES[guestId] ?? `${kind} (${bits}-bit)` };
}
