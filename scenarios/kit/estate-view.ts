/** The estate as the run record shows it: counts, and what had to be derived. */
import type { EstateView } from '#core/contracts/run-record.ts';
import type { EstateFacts } from '#simulators/estate/model.ts';

export function estateView(facts: EstateFacts, source: string): EstateView {
  const disks = facts.machines.flatMap((machine) => machine.disks);
  const derived = new Map<string, { field: string; reason: string; count: number; example: string }>();
  for (const { object, field, value, reason } of facts.derivations) {
    const kind = object.split(' ')[0]!;
    const key = `${kind}\u0000${field}\u0000${reason}`;
    const known = derived.get(key);
    if (known) known.count++;
    else derived.set(key, { field: `${kind}.${field}`, reason, count: 1, example: `${object}: ${value}` });
  }
  return {
    name: facts.name,
    source,
    machines: facts.machines.length,
    poweredOn: facts.machines.filter(({ power, template }) => power === 'on' && !template).length,
    templates: facts.machines.filter(({ template }) => template).length,
    disks: disks.length,
    hosts: facts.hosts.length,
    capacityBytes: disks.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    derived: [...derived.values()],
  };
}
