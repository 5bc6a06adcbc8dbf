import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hypervMachine, serverMachine } from '../testing/fake-live-source.ts';
import { machine as vmwareMachine } from '../testing/fake-source.ts';
import { findTwins, type Seen, uuidOf } from './duplicates.ts';

const UUID = '564d1234-5678-9abc-def0-123456789abc';
/** The same, as a reader shows it that takes the first three fields for little-endian. */
const SWAPPED = '34124d56-7856-bc9a-def0-123456789abc';

const seen = (source: string, machine: Seen['machine']): Seen => ({ source, machine });
const told = (...all: Seen[]) =>
  findTwins(all).map(({ first, second, because }) => [first.source, second.source, because]);

describe('one machine through two sources', () => {
  test('is known by its SMBIOS UUID, in whichever order its first fields are shown', () => {
    const guest = seen('vc1', vmwareMachine(1, { biosUuid: UUID }));
    for (const biosUuid of [UUID, SWAPPED, SWAPPED.toUpperCase(), `{${UUID}}`])
      expect(told(guest, seen('servers', serverMachine(9, { biosUuid })))).toEqual([
        ['vc1', 'servers', 'bios uuid'],
      ]);
  });

  test('is known by the UUID that VMware writes into the serial number', () => {
    const server = serverMachine(9, {
      biosUuid: '',
      biosSerialNumber: 'VMware-56 4d 12 34 56 78 9a bc-de f0 12 34 56 78 9a bc',
    });
    expect(told(seen('vc1', vmwareMachine(1, { biosUuid: UUID })), seen('servers', server))).toHaveLength(1);
  });

  test('is not known by what boards carry when nobody gave them anything', () => {
    for (const biosUuid of [
      '',
      '00000000-0000-0000-0000-000000000000',
      '03000200-0400-0500-0006-000700080009',
    ])
      for (const biosSerialNumber of ['', 'None', 'To be filled by O.E.M.', 'Default string', '0000000'])
        expect(
          told(
            seen('a', serverMachine(1, { biosUuid, biosSerialNumber, fqdn: 'a.test' })),
            seen('b', serverMachine(2, { biosUuid, biosSerialNumber, fqdn: 'b.test' })),
          ),
        ).toEqual([]);
  });

  test('a copied adapter address and a cloned name are not one machine when the UUIDs differ', () => {
    const nics = [
      { id: '1', label: '', macAddress: '00:50:56:00:00:01', addresses: ['10.0.0.1'], networkName: '' },
    ];
    const a = serverMachine(1, { nics, fqdn: 'web.corp.test' });
    const b = serverMachine(2, { nics, fqdn: 'web.corp.test' });
    expect(told(seen('a', a), seen('b', b))).toEqual([]);
    const c = { ...b, biosUuid: '' };
    expect(told(seen('a', a), seen('b', c))).toEqual([['a', 'b', 'mac address']]);
    const d = { ...c, nics: [{ ...nics[0]!, macAddress: '' }] };
    expect(told(seen('a', a), seen('b', d))).toEqual([['a', 'b', 'name and address']]);
  });

  test('what two machines of one source share identifies nothing', () => {
    const all = [
      seen('a', serverMachine(1, { biosUuid: UUID })),
      seen('a', serverMachine(2, { biosUuid: UUID })),
      seen('b', serverMachine(3, { biosUuid: UUID })),
    ];
    expect(told(...all)).toEqual([]);
  });

  test('a copy that Hyper-V Replica keeps is told as one, and the original counts', () => {
    const original = hypervMachine(1, { biosUuid: UUID });
    const copy = hypervMachine(2, { biosUuid: UUID, isReplica: true });
    expect(told(seen('hv2', copy), seen('hv1', original))).toEqual([['hv1', 'hv2', 'replica']]);
  });

  test('property: no machine is told twice as the second, and order within a source does not matter', () => {
    const one = fc.record({ source: fc.constantFrom('a', 'b', 'c'), id: fc.nat(6), mac: fc.nat(4) });
    fc.assert(
      fc.property(fc.array(one, { maxLength: 24 }), (drawn) => {
        const all = drawn.map(({ source, id, mac }, i) =>
          seen(
            source,
            serverMachine(i, {
              biosUuid: id === 0 ? '' : `0000000${id}-1111-4111-8111-111111111111`,
              nics: [
                {
                  id: '1',
                  label: '',
                  macAddress: mac === 0 ? '' : `02:00:00:00:00:0${mac}`,
                  addresses: [],
                  networkName: '',
                },
              ],
            }),
          ),
        );
        const twins = findTwins(all);
        const seconds = twins.map(({ second }) => second);
        expect(new Set(seconds).size).toBe(seconds.length);
        for (const { first, second } of twins) {
          expect(first.source).not.toBe(second.source);
          const [a, b] = [uuidOf(first.machine.biosUuid), uuidOf(second.machine.biosUuid)];
          expect(a === undefined || b === undefined || a === b).toBe(true);
        }
      }),
      { numRuns: 300 },
    );
  });
});
