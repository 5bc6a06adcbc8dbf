/** The index against looking through all machines, whatever happens to them. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Entropy } from '#core/entropy/entropy.ts';
import { Quiescence } from '#core/time/quiescence.ts';
import { VirtualClock } from '#core/time/virtual-clock.ts';
import { Estate } from '../estate/estate.ts';
import { generateEstate } from '../estate/generate.ts';
import type { Machine } from '../estate/model.ts';
import { MachineIndex, type MachineKey } from './machine-index.ts';

/** Few values, so that machines share them, lose them and get them back. */
const word = fc.constantFrom('A', 'b', 'c', '');
const address = fc.constantFrom('10.0.0.1', '10.0.0.2', 'fe80::1');
const step = fc.oneof(
  fc.record({
    do: fc.constant('change' as const),
    which: fc.nat(20),
    biosUuid: word,
    instanceUuid: word,
    dnsName: word,
    ipAddresses: fc.array(address, { maxLength: 3 }),
  }),
  fc.record({ do: fc.constant('add' as const), which: fc.nat(20) }),
  fc.record({ do: fc.constant('remove' as const), which: fc.nat(20) }),
  fc.record({
    do: fc.constant('find' as const),
    key: fc.constantFrom<MachineKey>('biosUuid', 'instanceUuid', 'dnsName', 'ipAddress'),
  }),
);

const VALUES = ['a', 'A', 'b', 'C', '', '10.0.0.1', '10.0.0.2', 'fe80::1'];

function has(machine: Machine, key: MachineKey, value: string): boolean {
  if (key === 'ipAddress') return machine.nics.some(({ ipAddresses }) => ipAddresses.includes(value));
  const own = machine[key].toLowerCase();
  return own === value.toLowerCase() && !(key === 'dnsName' && own === '');
}

test('whatever comes, goes and changes, a search finds what looking at every machine finds', () => {
  const facts = generateEstate({ seed: 'machine index', machines: 6 });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const entropy = new Entropy('machine index');
      const clock = new VirtualClock({ start: 0, entropy, quiescence: new Quiescence() });
      const estate = new Estate(facts, { clock, entropy });
      const index = new MachineIndex(estate);
      estate.onChange((change) => index.follow(change));
      let made = 0;
      for (const each of steps) {
        const machines = estate.machines();
        const machine = each.do === 'find' ? undefined : machines[each.which % machines.length];
        if (each.do === 'find') {
          for (const value of VALUES)
            expect([...index.find(each.key, value)].sort()).toEqual(
              machines
                .filter((one) => has(one, each.key, value))
                .map(({ id }) => id)
                .sort(),
            );
        } else if (!machine) continue;
        else if (each.do === 'change') {
          const { biosUuid, instanceUuid, dnsName, ipAddresses } = each;
          const nics = machine.nics.map((nic, i) => (i === 0 ? { ...nic, ipAddresses } : nic));
          estate.replace({ ...machine, biosUuid, instanceUuid, dnsName, nics });
        } else if (each.do === 'add') {
          made++;
          estate.add({ ...machine, id: `made-${made}`, name: `made-${made}`, disks: [] });
        } else estate.remove(machine.id);
      }
      for (const { id } of [...estate.machines()]) estate.remove(id);
      expect(index.size, 'nothing is kept of what is gone').toBe(0);
    }),
  );
});
