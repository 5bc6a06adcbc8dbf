import { describe, expect, test } from 'vitest';
import { machineView } from '../../targets/azure/machine-forms.ts';
import { hypervMachine } from '../../testing/fake-live-source.ts';
import { ATTRIBUTES, attributesPage, COUNTERS_READ } from './attributes.ts';
import {
  CLUSTER_QUERIES,
  type ClassQuery,
  COUNTER_QUERIES,
  DISK_SETTINGS,
  HOST_QUERIES,
  MACHINE_QUERIES,
} from './queries.ts';

test('docs/coverage/appliance-hyperv.md says what the table says', async () => {
  await expect(attributesPage()).toMatchFileSnapshot('../../../docs/coverage/appliance-hyperv.md');
});

describe('the table', () => {
  const listed = new Set(
    ATTRIBUTES.flatMap(({ read }) =>
      [...read.matchAll(/\b(?:Msvm|Win32|MSCluster)_\w+\.\w+/g)].map(([name]) => name),
    ),
  );
  const asked = new Set([
    ...[MACHINE_QUERIES, HOST_QUERIES, CLUSTER_QUERIES].flatMap((queries) =>
      Object.values<ClassQuery>(queries).flatMap(({ className, columns }) =>
        columns.map((column) => `${className}.${column}`),
      ),
    ),
    ...DISK_SETTINGS.map((name) => `Msvm_VirtualHardDiskSettingData.${name}`),
  ]);

  test('lists every property that is asked for, and no other', () => {
    expect([...listed].sort()).toEqual([...asked].sort());
  });

  test('has what is documented among what is read, but for the identity of disks', () => {
    const missing = ATTRIBUTES.filter(
      ({ documented, read }) => documented !== '' && !read.includes(documented),
    );
    expect(missing.map(({ datum }) => datum)).toEqual(['disk: identifier']);
  });

  test('names for each where the service finds it', () => {
    const security = {
      secureBootEnabled: true,
      secureBootTemplateId: '',
      tpmEnabled: false,
      ksdEnabled: false,
      shieldingRequested: false,
      dataProtectionRequested: false,
      encryptStateAndVmMigrationTraffic: false,
      virtualizationBasedSecurityOptOut: false,
    };
    const about = {
      kind: 'hyperv',
      type: 'Cluster',
      fqdn: 'hvc1.example',
      version: '10.0.17763',
      hosts: ['hv1.example'],
      credential: 'c',
    } as const;
    const told: unknown = JSON.parse(JSON.stringify(machineView(hypervMachine(1, { security }), about)));
    const at = (path: string): unknown =>
      path
        .replaceAll('[]', '.0')
        .split('.')
        .reduce((value, key) => (value as Record<string, unknown> | undefined)?.[key], told);
    const lost = ATTRIBUTES.filter(({ sentAs }) => sentAs !== '' && at(sentAs) === undefined);
    expect(lost.map(({ datum }) => datum)).toEqual([]);
  });

  test('lists each counter class once', () => {
    expect(COUNTERS_READ.map(({ query }) => query)).toEqual(Object.keys(COUNTER_QUERIES));
  });
});
