import { describe, expect, test } from 'vitest';
import { VMWARE_COUNTERS } from '../../app/ports.ts';
import { discoveryMessages } from '../../targets/azure/discovery-messages.ts';
import { machine } from '../../testing/fake-source.ts';
import { ATTRIBUTES, attributesPage, COUNTERS_READ } from './attributes.ts';
import { INVENTORY_SPECS } from './machine-properties.ts';

test('docs/coverage/appliance-vmware.md says what the table says', async () => {
  await expect(attributesPage()).toMatchFileSnapshot('../../../docs/coverage/appliance-vmware.md');
});

describe('the table', () => {
  const listed = ATTRIBUTES.map(({ property }) => property).join('; ');

  test('lists every property that is asked for', () => {
    const missing = INVENTORY_SPECS.flatMap(({ type, paths }) =>
      paths.filter(
        (path) => !new RegExp(`${type}: ([^;]*, )?${path.replaceAll('.', '\\.')}\\b`).test(listed),
      ),
    );
    expect(missing).toEqual([]);
  });

  test('lists no property that is not asked for', () => {
    const asked = new Set(
      INVENTORY_SPECS.flatMap(({ type, paths }) => paths.map((path) => `${type} ${path}`)),
    );
    const named = [
      ...listed.matchAll(
        /\b(VirtualMachine|HostSystem|ComputeResource|ResourcePool|Datastore|Network): ([\w.]+)/g,
      ),
    ];
    expect(named.length).toBeGreaterThan(30);
    expect(named.map(([, type, path]) => `${type} ${path}`).filter((each) => !asked.has(each))).toEqual([]);
  });

  test('names for each where the service finds it', () => {
    const told: unknown = JSON.parse(
      discoveryMessages.machine(machine(1), {
        kind: 'vmware',
        fqdn: 'vc1',
        instanceUuid: 'v',
        version: '8.0.3',
        licenseProductName: 'VMware VirtualCenter Server',
      }),
    );
    const at = (path: string): unknown =>
      path
        .replaceAll('[]', '.0')
        .split('.')
        .reduce((value, key) => (value as Record<string, unknown> | undefined)?.[key], told);
    expect(ATTRIBUTES.filter(({ sentAs }) => at(sentAs) === undefined).map(({ datum }) => datum)).toEqual([]);
  });

  test('lists the eight counters', () => {
    expect(COUNTERS_READ.map(([name]) => name.replace(/\.average$/, ''))).toEqual([...VMWARE_COUNTERS]);
  });
});
