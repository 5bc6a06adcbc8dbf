/** Machines that can be protected: those that an appliance has discovered in a site and that are still there. */

import type { Sites } from '../off-azure/sites.ts';
import { machineNamed } from '../off-azure/views.ts';
import type { DiscoveredMachine } from '../replication-service/replicated-item.ts';
import type { ReplicationStore } from '../replication-service/store.ts';
import type { SiteAppliance } from './vault-health.ts';

const MACHINE_ID = /^(.+\/(?:VMwareSites|HyperVSites|ServerSites)\/[^/]+)\/machines\/([^/]+)$/i;

/** @returns a look-up by the machine's ARM id */
export function discoveredMachines(sites: Sites): (armId: string) => DiscoveredMachine | undefined {
  return (armId) => {
    const [, siteId = '', name = ''] = MACHINE_ID.exec(armId) ?? [];
    const site = sites.find(siteId);
    const machine = site && machineNamed(site, name);
    if (!site || !machine || machine.isDeleted) return undefined;
    const { instanceUuid, displayName, operatingSystemDetails, firmware, disks, networkAdapters } =
      machine.facts;
    return {
      instanceUuid,
      displayName,
      osType: operatingSystemDetails.osType ?? '',
      osName: operatingSystemDetails.osName ?? '',
      firmware,
      applianceName: site.properties.applianceName ?? '',
      disks: disks.map(({ uuid, label, maxSizeInBytes, path = '', diskMode = '' }) => ({
        uuid,
        label,
        sizeBytes: maxSizeInBytes,
        path,
        mode: diskMode,
      })),
      nics: networkAdapters.map(({ nicId, ipAddressList = [], networkName = '' }) => ({
        nicId,
        ipAddresses: ipAddressList,
        networkName,
      })),
    };
  };
}

/** @returns a look-up of a site's appliances, by its ARM id: those that were heard of */
export function appliancesOf(sites: Sites): (siteId: string) => readonly SiteAppliance[] {
  return (siteId) =>
    (sites.find(siteId)?.inventory.heartbeats() ?? []).map(({ applianceName, version, at }) => ({
      name: applianceName,
      version,
      at,
    }));
}

/** Machines of the vaults of a resource group that are replicated, and that were migrated. */
export function replicatedIn(
  store: ReplicationStore,
  resourceGroup: string,
): { replicatingCount: number; migratedCount: number } {
  const mine = store
    .items()
    .filter(({ vaultId }) => vaultId.split('/')[4]?.toLowerCase() === resourceGroup.toLowerCase());
  const migratedCount = mine.filter(({ target }) => target !== undefined).length;
  return { replicatingCount: mine.length - migratedCount, migratedCount };
}
