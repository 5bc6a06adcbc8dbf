/** What generated machines are made of: roles, operating systems and sizes, with their weights. */
import type { OperatingSystem } from './model.ts';
import { recogniseOs } from './os-names.ts';
import type { Role } from './workload-guess.ts';

/**
 * Roles by machine index, repeating: the first machines are web-001, app-002, db-003 … whatever the seed.
 * There are 23 because that is prime: systems are dealt out with a short period of their own, and every role
 * must meet all of them.
 */
export const ROLES: readonly Role[] =
  'web app db web app file web app db test web app directory web app batch web db mail monitoring app test web'.split(
    ' ',
  ) as Role[];

export const NAME_PREFIX: Readonly<Record<Role, string>> = {
  web: 'web',
  app: 'app',
  db: 'db',
  file: 'files',
  directory: 'dc',
  mail: 'mail',
  batch: 'batch',
  monitoring: 'mon',
  desktop: 'desk',
  test: 'test',
  unknown: 'srv',
};

export interface OsChoice {
  readonly os: OperatingSystem;
  readonly efi: boolean;
}

const osChoices = (names: readonly (readonly [string, number])[]): readonly (readonly [OsChoice, number])[] =>
  names.map(([fullName, weight]) => {
    const { family, guestId, bits, efi } = recogniseOs(fullName);
    return [{ os: { family, fullName, guestId, bits }, efi }, weight];
  });

/** Roughly what inventories of the years after 2018 hold, with the stragglers that make a migration hard. */
export const WINDOWS = osChoices([
  ['Microsoft Windows Server 2016 (64-bit)', 34],
  ['Microsoft Windows Server 2012 (64-bit)', 26],
  ['Microsoft Windows Server 2019 (64-bit)', 16],
  ['Microsoft Windows Server 2008 R2 (64-bit)', 15],
  ['Microsoft Windows Server 2022 (64-bit)', 4],
  ['Microsoft Windows Server 2008 (32-bit)', 2],
  ['Microsoft Windows Server 2003 Standard (32-bit)', 2],
  ['Microsoft Windows 10 (64-bit)', 1],
]);
export const LINUX = osChoices([
  ['Ubuntu Linux (64-bit)', 30],
  ['Red Hat Enterprise Linux 7 (64-bit)', 24],
  ['CentOS 7 (64-bit)', 16],
  ['Red Hat Enterprise Linux 6 (64-bit)', 8],
  ['SUSE Linux Enterprise 12 (64-bit)', 7],
  ['Red Hat Enterprise Linux 8 (64-bit)', 5],
  ['Debian GNU/Linux 9 (64-bit)', 5],
  ['Oracle Linux 7 (64-bit)', 3],
  ['CentOS 6 (32-bit)', 1],
  ['Other 3.x or later Linux (64-bit)', 1],
]);

export interface Sizing {
  readonly cores: readonly (readonly [number, number])[];
  /** Memory per core, GiB. */
  readonly memoryPerCore: readonly (readonly [number, number])[];
  /** Data disks: how many, and how large each, GiB. */
  readonly dataDisks: readonly (readonly [number, number])[];
  readonly dataGiB: readonly (readonly [number, number])[];
}

const SMALL: Sizing = {
  cores: [
    [1, 3],
    [2, 5],
    [4, 2],
  ],
  memoryPerCore: [
    [1, 1],
    [2, 5],
    [4, 2],
  ],
  dataDisks: [
    [0, 7],
    [1, 3],
  ],
  dataGiB: [
    [20, 2],
    [50, 3],
    [100, 1],
  ],
};
const MEDIUM: Sizing = {
  cores: [
    [2, 4],
    [4, 5],
    [8, 2],
  ],
  memoryPerCore: [
    [2, 5],
    [4, 4],
  ],
  dataDisks: [
    [0, 3],
    [1, 5],
    [2, 2],
  ],
  dataGiB: [
    [50, 3],
    [100, 4],
    [250, 2],
  ],
};
const LARGE: Sizing = {
  cores: [
    [4, 3],
    [8, 5],
    [16, 2],
    [32, 1],
  ],
  memoryPerCore: [
    [4, 4],
    [8, 4],
  ],
  dataDisks: [
    [1, 2],
    [2, 4],
    [3, 3],
    [6, 1],
  ],
  dataGiB: [
    [100, 3],
    [250, 4],
    [500, 3],
    [1024, 1],
  ],
};
const STORAGE: Sizing = {
  cores: [
    [2, 3],
    [4, 3],
  ],
  memoryPerCore: [
    [2, 3],
    [4, 2],
  ],
  dataDisks: [
    [1, 4],
    [2, 3],
    [4, 1],
  ],
  dataGiB: [
    [500, 3],
    [1024, 3],
    [2048, 2],
    [5000, 1],
  ],
};
export const SIZING: Readonly<Record<Role, Sizing>> = {
  web: SMALL,
  app: MEDIUM,
  db: LARGE,
  file: STORAGE,
  directory: SMALL,
  mail: LARGE,
  batch: MEDIUM,
  monitoring: MEDIUM,
  desktop: SMALL,
  test: SMALL,
  unknown: SMALL,
};

/** ESXi versions and builds. */
export const ESX_BUILDS: readonly (readonly [string, string])[] = [
  ['6.7.0', '17167734'],
  ['7.0.3', '21424296'],
  ['8.0.2', '22380479'],
];
