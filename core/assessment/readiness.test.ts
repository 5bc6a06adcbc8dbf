import { describe, expect, test } from 'vitest';
import { disk, machine } from './machine.fixture.ts';
import type { MachineFacts, OsOfMachine } from './machine-facts.ts';
import { judgeOs, onDefenderList } from './os-rules.ts';
import { judgeReadiness } from './readiness.ts';
import { type RulesetName, rulesetOf } from './rulesets.ts';

const judge = (stated: Partial<MachineFacts>, ruleset: RulesetName = 'seed') => {
  const facts = machine(stated);
  return judgeReadiness(facts, rulesetOf(ruleset), facts.cores, facts.memoryMiB);
};
const codes = (stated: Partial<MachineFacts>, ruleset: RulesetName = 'seed') => {
  const { suitability, findings } = judge(stated, ruleset);
  return [suitability, ...findings.map((f) => f.code)];
};

describe('operating systems by themselves', () => {
  test.each([
    ['Microsoft Windows Server 2016 (64-bit)', 'Suitable', 'NotApplicable'],
    ['Microsoft Windows Server 2012 R2 (64-bit)', 'Suitable', 'NotApplicable'],
    ['Microsoft Windows Server 2012 (64-bit)', 'Suitable', 'NotApplicable'],
    ['Microsoft Windows Server 2008 (32-bit)', 'Suitable', 'NotApplicable'],
    ['Microsoft Windows Server 2008 R2 (64-bit)', 'Suitable', 'CheckWindowsServer2008R2Version'],
    ['Microsoft Windows Server 2019 (64-bit)', 'Suitable', 'NotApplicable'],
    ['Microsoft Windows Server 2025 (64-bit)', 'Suitable', 'NotApplicable'],
    ['Windows Server Threshold', 'Suitable', 'NotApplicable'],
    [
      'Microsoft Windows Server 2003 Standard (64-bit)',
      'ConditionallySuitable',
      'WindowsServerVersionConditionallySupported',
    ],
    ['Microsoft Windows 7 (64-bit)', 'ConditionallySuitable', 'WindowsClientVersionsConditionallySupported'],
    ['Microsoft Windows 10 (64-bit)', 'ConditionallySuitable', 'WindowsClientVersionsConditionallySupported'],
    ['Microsoft Windows 11 (64-bit)', 'ConditionallySuitable', 'WindowsClientVersionsConditionallySupported'],
    [
      'Microsoft Windows XP Professional (32-bit)',
      'ConditionallySuitable',
      'WindowsOSNoLongerUnderMSSupport',
    ],
    ['Microsoft Windows 2000 Server', 'ConditionallySuitable', 'WindowsOSNoLongerUnderMSSupport'],
    ['MS-DOS', 'ConditionallySuitable', 'WindowsOSNoLongerUnderMSSupport'],
    ['Red Hat Enterprise Linux 6 (64-bit)', 'ConditionallySuitable', 'CheckRedHatLinuxVersion'],
    ['CentOS 4/5 or later (64-bit)', 'ConditionallySuitable', 'CheckCentOsVersion'],
    ['Ubuntu Linux (64-bit)', 'ConditionallySuitable', 'CheckUbuntuLinuxVersion'],
    ['SUSE Linux Enterprise 11 (64-bit)', 'ConditionallySuitable', 'CheckSuseLinuxVersion'],
    ['SUSE openSUSE (64-bit)', 'ConditionallySuitable', 'UnendorsedLinuxDistributions'],
    ['Other 3.x or later Linux (64-bit)', 'ConditionallySuitable', 'UnendorsedLinuxDistributions'],
    ['FreeBSD 12 (64-bit)', 'ConditionallySuitable', 'GuestOperatingSystemNotSupported'],
    ['Oracle Solaris 11 (64-bit)', 'ConditionallySuitable', 'GuestOperatingSystemNotSupported'],
    ['Other (64-bit)', 'ReadinessUnknown', 'GuestOperatingSystemUnknown'],
    ['Other', 'ReadinessUnknown', 'GuestOperatingSystemUnknown'],
    ['', 'ReadinessUnknown', 'GuestOperatingSystemUnknown'],
    ['TempleOS', 'ReadinessUnknown', 'GuestOperatingSystemUnknown'],
  ])('%s: %s, %s', (name, suitability, code) => {
    for (const ruleset of ['seed', 'current'] as const)
      expect(judgeOs({ name }, ruleset)).toMatchObject({ suitability, code });
  });

  test.each([
    ['Ubuntu', '18.04', 'Suitable', 'ConditionallySuitable'],
    ['Ubuntu', '22.04.3 LTS', 'ConditionallySuitable', 'Suitable'],
    ['Ubuntu', '20.04', 'Suitable', 'Suitable'],
    ['Red Hat Enterprise Linux 7 (64-bit)', '7.9', 'Suitable', 'Suitable'],
    ['CentOS 7 (64-bit)', '7.7.1908', 'Suitable', 'ConditionallySuitable'],
    ['CentOS 7 (64-bit)', '7.1', 'ConditionallySuitable', 'ConditionallySuitable'],
    ['SUSE Linux Enterprise Server', '15 SP1', 'Suitable', 'Suitable'],
    ['SUSE Linux Enterprise Server', '11 SP1', 'ConditionallySuitable', 'Suitable'],
    ['Debian GNU/Linux', '1', 'ConditionallySuitable', 'ConditionallySuitable'], // not a prefix of 10, 11
    ['Debian GNU/Linux', '11', 'ConditionallySuitable', 'Suitable'],
    ['Debian GNU/Linux', 'bookworm/sid', 'ConditionallySuitable', 'ConditionallySuitable'],
  ])('%s with version %s from guest credentials: seed %s, current %s', (name, version, seed, current) => {
    expect(judgeOs({ name, version }, 'seed').suitability).toBe(seed);
    expect(judgeOs({ name, version }, 'current').suitability).toBe(current);
  });

  test.each([
    [{ name: 'Microsoft Windows Server 2022' }, true],
    [{ name: 'Microsoft Windows Server 2012' }, false],
    [{ name: 'Red Hat Enterprise Linux', version: '7.1' }, false],
    [{ name: 'Red Hat Enterprise Linux', version: '7.2' }, true],
    [{ name: 'Red Hat Enterprise Linux', version: '9.4' }, true],
    [{ name: 'Amazon Linux 2' }, true],
    [{ name: 'Ubuntu Linux' }, false],
    [{ name: 'FreeBSD' }, false],
  ] as [OsOfMachine, boolean][])('Defender lists %j: %s', (os, listed) => {
    expect(onDefenderList(os)).toBe(listed);
  });
});

describe('rules of a machine', () => {
  test('a supported Windows Server on BIOS is ready, without a finding', () => {
    expect(judge({})).toEqual({ suitability: 'Suitable', findings: [] });
  });

  test('advice on Windows Server 2008 R2 does not make it conditional', () => {
    expect(codes({ os: { name: 'Microsoft Windows Server 2008 R2 (64-bit)' } })).toEqual([
      'Suitable',
      'CheckWindowsServer2008R2Version',
    ]);
  });

  test('UEFI is a condition in the seed and no matter today, but for four old Windows Servers', () => {
    const efi = (name: string, ruleset: RulesetName) => codes({ bootType: 'EFI', os: { name } }, ruleset);
    expect(efi('Windows Server 2016', 'seed')).toEqual(['ConditionallySuitable', 'BootTypeNotSupported']);
    expect(efi('Windows Server 2016', 'current')).toEqual(['Suitable']);
    for (const year of ['2003', '2003 R2', '2008', '2008 R2']) {
      expect(efi(`Windows Server ${year}`, 'seed')[0]).toBe('ConditionallySuitable');
      expect(efi(`Windows Server ${year}`, 'current')[0]).toBe('NotSuitable');
    }
    expect(efi('Windows Server 2012', 'current')).toEqual(['Suitable']);
  });

  test('an unknown boot type is a condition, except of an import, which is taken for BIOS', () => {
    expect(codes({ bootType: 'Unknown' })).toEqual(['ConditionallySuitable', 'BootTypeUnknown']);
    expect(codes({ bootType: 'Unknown', platform: 'Import' })).toEqual(['Suitable']);
  });

  test('32-bit is a condition, but Windows Server 2008 has a row that covers it', () => {
    expect(codes({ os: { name: 'Windows Server 2012', bits: 32 } })).toEqual([
      'ConditionallySuitable',
      'GuestOperatingSystemArchitectureNotSupported',
    ]);
    expect(codes({ os: { name: 'Debian GNU/Linux 5 (32-bit)' } })).toContain(
      'GuestOperatingSystemArchitectureNotSupported',
    );
    expect(codes({ os: { name: 'Windows Server 2008 (32-bit)' } })).toEqual(['Suitable']);
  });

  test('limits are inclusive: 128 cores, 3892 GiB, 65 disks, 32 adapters, 32 or 64 TiB a disk', () => {
    const disks = (n: number) => Array.from({ length: n }, (_, i) => disk(`d${i}`, 10, i === 0));
    const nics = (n: number) => Array.from({ length: n }, (_, i) => ({ id: `n${i}` }));
    expect(codes({ cores: 128, memoryMiB: 3892 * 1024, disks: disks(65), nics: nics(32) })).toEqual([
      'Suitable',
    ]);
    expect(codes({ cores: 129 })).toEqual(['NotSuitable', 'NoSuitableVmSizeFound']);
    expect(codes({ memoryMiB: 3892 * 1024 + 1 })).toEqual(['NotSuitable', 'NoSuitableVmSizeFound']);
    expect(codes({ disks: disks(66) })).toEqual(['NotSuitable', 'MoreDisksThanSupported']);
    expect(codes({ nics: nics(33) })).toEqual(['NotSuitable', 'OneOrMoreAdaptersNotSuitable']);
    const data = (sizeGiB: number) => ({ disks: [disk('d1', 10, true), disk('d2', sizeGiB)] });
    expect(codes(data(32_768))).toEqual(['Suitable']);
    expect(codes(data(32_769))).toEqual(['NotSuitable', 'OneOrMoreDisksNotSuitable']);
    expect(codes(data(65_536), 'current')).toEqual(['Suitable']);
    expect(codes(data(65_537), 'current')).toEqual(['NotSuitable', 'OneOrMoreDisksNotSuitable']);
  });

  test('a boot disk has limits of its own in the current ruleset only: BIOS 2 TiB, UEFI 4 TiB', () => {
    const boot = (sizeGiB: number, bootType: 'BIOS' | 'EFI', ruleset: RulesetName) =>
      judge({ bootType, disks: [disk('d1', 9_000), disk('d2', sizeGiB, true)] }, ruleset);
    expect(boot(2048, 'BIOS', 'current').suitability).toBe('Suitable');
    expect(boot(2049, 'BIOS', 'current')).toMatchObject({
      suitability: 'NotSuitable',
      findings: [
        { code: 'OneOrMoreDisksNotSuitable', laterCode: 'StandardNotReady2TBBiosBoot', diskId: 'd2' },
      ],
    });
    expect(boot(4096, 'EFI', 'current').suitability).toBe('Suitable');
    expect(boot(4097, 'EFI', 'current').suitability).toBe('NotSuitable');
    expect(boot(4097, 'BIOS', 'seed').suitability).toBe('Suitable');
  });

  test('the worst stands: not ready over unknown over conditions', () => {
    const other = { os: { name: 'Other (32-bit)' } };
    expect(judge(other).suitability).toBe('ReadinessUnknown');
    expect(judge({ ...other, cores: 500 }).suitability).toBe('NotSuitable');
  });
});
