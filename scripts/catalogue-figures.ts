/**
 * What make-catalogues.ts adds to the fact files: readings of ours, lists turned into patterns, and sample
 * prices that no stored source holds. Each says which it is.
 */

/** Families of the 2019-10-01 assessment API; sizes of other families did not exist for the seed ruleset. */
export const FAMILIES_2019 =
  'Basic_A0_A4 Standard_A0_A7 Standard_A8_A11 Av2 D Dv2 DS DSv2 F Fs G GS H Ls Dsv3 Dv3 Fsv2 Ev3 Esv3 M DC'
    .split(' ')
    .map((family) => `${family}_${family === 'DC' ? 'Series' : 'series'}`);

/** Series whose premium-capable sizes take no Ultra disks. */
export const WITHOUT_ULTRA = new Set(['B', 'DSv2']);

/**
 * Distributions, and which of their versions are endorsed: a prefix of the dotted version, '*' for every
 * one. Seed: the list of 2022-11 is the stored one nearest to the seed years. Current: partners of 2023-08.
 */
export const LINUX = [
  {
    any: ['ubuntu'],
    check: 'CheckUbuntuLinuxVersion',
    seed: ['14.04', '16.04', '18.04', '19.04', '19.10', '20.04'],
    current: ['20.04', '22.04'],
  },
  {
    any: ['red hat enterprise linux'],
    check: 'CheckRedHatLinuxVersion',
    seed: ['6', '7', '8'],
    current: ['*'],
  },
  {
    any: ['suse linux enterprise'],
    check: 'CheckSuseLinuxVersion',
    seed: ['11.3', '11.4', '12', '15.0', '15.1'],
    current: ['*'],
  },
  { any: ['debian'], check: 'CheckDebianLinuxVersion', seed: ['7', '8', '9', '10'], current: ['11', '12'] },
  { any: ['oracle linux'], check: 'CheckOracleLinuxVersion', seed: ['6', '7.7', '8'], current: ['*'] },
  { any: ['centos'], check: 'CheckCentOsVersion', seed: ['6', '7.4', '7.5', '7.6', '7.7', '8'], current: [] },
  { any: ['coreos linux'], check: 'CheckCoreOsLinuxVersion', seed: ['*'], current: [] },
  { any: ['flatcar'], check: 'CheckCoreOsLinuxVersion', seed: [], current: ['*'] },
];

/** Rows the documentation's table lacks, placed before the row named. */
export const ADDED_RULES = [
  { before: 'windows-10-pro', id: 'windows-11', any: ['windows 11'], like: 'windows-client' },
  {
    before: 'windows-server-2016',
    id: 'windows-server-newer',
    any: ['windows server 2019', 'windows server 2022', 'windows server 2025'],
    like: 'windows-server-2016',
  },
];

/** Windows Server versions that the current ruleset refuses with UEFI firmware. */
export const UEFI_NOT_READY = new Set([
  'windows-server-2003',
  'windows-server-2003-r2',
  'windows-server-2008',
  'windows-server-2008-r2',
]);

/** Defender for Servers plan 2: listed systems; a version is the lowest one of its major, '*' every one. */
export const DEFENDER = [
  {
    any: [
      'windows server 2008 r2',
      'windows server 2012 r2',
      'windows server 2016',
      'windows server 2019',
      'windows server 2022',
    ],
    versions: ['*'],
  },
  { any: ['red hat enterprise linux'], versions: ['7.2', '8.0', '9.0'] },
  { any: ['ubuntu'], versions: ['16.04', '18.04', '20.04', '22.04'] },
  { any: ['suse linux enterprise'], versions: ['12.0', '15.0'] },
  { any: ['debian'], versions: ['9.0', '10.0', '11.0'] },
  { any: ['oracle linux'], versions: ['7.2', '8.0'] },
  { any: ['amazon linux 2'], versions: ['*'] },
];

/** Hourly licence by the most vCPUs it covers, invented in a plausible order. */
export const SAMPLE_LINUX_LICENCES: Record<'rhel' | 'sles', Record<number, number>> = {
  rhel: { 4: 0.06, 8: 0.1152, 64: 0.13, 128: 0.26 },
  sles: { 2: 0.056, 4: 0.1, 64: 0.14 },
};

/** Monthly, invented, in the order premium > standard SSD > standard HDD and larger > smaller. */
export const SAMPLE_DISKS: Record<string, Record<number, number>> = {
  S: {
    32: 1.6,
    64: 3.1,
    128: 6,
    256: 11.5,
    512: 22,
    1024: 42,
    2048: 80,
    4096: 150,
    8192: 280,
    16384: 540,
    32767: 1060,
  },
  E: {
    4: 0.5,
    8: 0.9,
    16: 1.7,
    32: 2.6,
    64: 5,
    128: 9.8,
    256: 19.4,
    512: 38.5,
    1024: 77,
    2048: 154,
    4096: 308,
    8192: 616,
    16384: 1230,
    32767: 2460,
  },
  P: {
    4: 0.8,
    8: 1.5,
    16: 2.9,
    32: 5.6,
    64: 11,
    128: 21,
    256: 40,
    512: 77,
    1024: 142,
    2048: 272,
    4096: 520,
    8192: 990,
    16384: 1890,
    32767: 3780,
  },
};
