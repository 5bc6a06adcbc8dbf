/** What of an estate one ESXi host shows by itself: its machines, its datastores and networks, no clusters and folders. */
import type { EstateFacts, Machine } from '../estate/model.ts';

export const ESX_DATACENTER = 'ha-datacenter';

/** The first host that has machines. Templates and what is shared with other hosts stay behind. */
export function ofOneHost(facts: EstateFacts): EstateFacts {
  const used = new Set(facts.machines.map(({ hostId }) => hostId));
  const found = facts.hosts.find(({ id }) => used.has(id)) ?? facts.hosts[0]!;
  const { clusterId: _cluster, folder: _folder, ...host } = found;
  const datastores = facts.datastores
    .filter(({ hostIds, datacenterId }) => hostIds?.includes(host.id) ?? datacenterId === host.datacenterId)
    .map(({ folder: _own, ...datastore }) => ({ ...datastore, hostIds: [host.id] }));
  const networks = facts.networks
    .filter(({ hostIds, datacenterId }) => hostIds?.includes(host.id) ?? datacenterId === host.datacenterId)
    .map(({ folder: _own, switch: _switch, ...network }) => ({
      ...network,
      kind: 'standard' as const,
      hostIds: [host.id],
    }));
  const known = {
    datastores: new Set(datastores.map(({ id }) => id)),
    networks: new Set(networks.map(({ id }) => id)),
  };
  const machines = facts.machines
    .filter(
      (machine) =>
        machine.hostId === host.id &&
        !machine.template &&
        machine.disks.every(({ datastoreId }) => known.datastores.has(datastoreId)) &&
        machine.nics.every(({ networkId }) => known.networks.has(networkId)),
    )
    .map(({ clusterId: _own, resourcePool: _pool, ...machine }): Machine => ({ ...machine, folder: [] }));
  const datacenter = facts.datacenters.find(({ id }) => id === host.datacenterId)!;
  return {
    ...facts,
    datacenters: [{ id: datacenter.id, name: ESX_DATACENTER }],
    clusters: [],
    hosts: [host],
    datastores,
    networks,
    machines,
    emptyFolders: [],
    resourcePools: [],
    switches: [],
  };
}
