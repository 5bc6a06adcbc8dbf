/** The estate as the run record shows it: counts, and what had to be derived. */
import type { EstateView } from '#core/contracts/run-record.ts';
import type { EstateFacts } from '#simulators/estate/model.ts';
import { summariseEstate } from '#simulators/estate/preview.ts';

export function estateView(facts: EstateFacts, source: string): EstateView {
  const { name, machines, poweredOn, templates, disks, hosts, diskBytes, derived } = summariseEstate(facts);
  return {
    name,
    source,
    machines,
    poweredOn,
    templates,
    disks,
    hosts,
    capacityBytes: diskBytes,
    derived: derived.map(({ kind, field, reason, count, example }) => ({
      field: `${kind}.${field}`,
      reason,
      count,
      example,
    })),
  };
}
