import { describe, expect, test } from 'vitest';
import { machineView } from '../../targets/azure/machine-forms.ts';
import { serverMachine } from '../../testing/fake-live-source.ts';
import { ATTRIBUTES, attributesPage, COUNTERS_READ } from './attributes.ts';
import { CONFIGURATION, SAMPLE } from './linux-script.ts';
import { CLASSES, COUNTER_CLASSES } from './windows-reader.ts';

test('docs/coverage/appliance-servers.md says what the tables say', async () => {
  await expect(attributesPage()).toMatchFileSnapshot('../../../docs/coverage/appliance-servers.md');
});

describe('the table', () => {
  test('lists every section that is asked of Linux, and no other', () => {
    expect([...new Set(ATTRIBUTES.flatMap(({ sections }) => sections))].sort()).toEqual(
      CONFIGURATION.map(({ section }) => section).sort(),
    );
    expect([...new Set(COUNTERS_READ.flatMap(({ sections }) => sections))].sort()).toEqual(
      SAMPLE.map(({ section }) => section).sort(),
    );
  });

  test('lists every property that is asked of Windows, and no other', () => {
    const listed = ATTRIBUTES.flatMap(({ windows }) => windows.match(/\bWin32_\w+\.\w+/g) ?? []);
    const asked = Object.entries(CLASSES).flatMap(([name, properties]) =>
      properties.split(', ').map((property) => `${name}.${property}`),
    );
    expect([...new Set(listed)].sort()).toEqual(asked.sort());
    expect(COUNTERS_READ.map(({ windows }) => windows).sort()).toEqual(Object.keys(COUNTER_CLASSES).sort());
  });

  test('names for each where the service finds it', () => {
    const machine = serverMachine(1);
    const told: unknown = JSON.parse(
      JSON.stringify(
        machineView(
          { ...machine, hypervisor: 'KVM', disks: machine.disks.map((disk) => ({ ...disk, lun: 0 })) },
          { kind: 'server' } as Parameters<typeof machineView>[1],
        ),
      ),
    );
    const at = (path: string): unknown =>
      path
        .replaceAll('[]', '.0')
        .split('.')
        .reduce((value, key) => (value as Record<string, unknown> | undefined)?.[key], told);
    const lost = ATTRIBUTES.filter(({ sentAs }) => sentAs !== '' && at(sentAs) === undefined);
    expect(lost.map(({ datum }) => datum)).toEqual([]);
  });
});
