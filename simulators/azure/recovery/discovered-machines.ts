/** Machines that can be protected: those that an appliance has discovered in a site and that are still there. */

import type { Sites } from '../off-azure/sites.ts';
import { instanceUuidOf } from '../off-azure/views.ts';
import type { DiscoveredMachine } from '../replication-service/store.ts';

const MACHINE_ID = /^(.+\/VMwareSites\/[^/]+)\/machines\/([^/]+)$/i;

/** @returns a look-up by the machine's ARM id */
export function discoveredMachines(sites: Sites): (armId: string) => DiscoveredMachine | undefined {
  return (armId) => {
    const [, siteId = '', name = ''] = MACHINE_ID.exec(armId) ?? [];
    const site = sites.find(siteId);
    const machine = site?.inventory.machines().get(instanceUuidOf(name));
    if (!site || !machine || machine.isDeleted) return undefined;
    const { instanceUuid, displayName, operatingSystemDetails, firmware, disks } = machine.facts;
    return {
      instanceUuid,
      displayName,
      osType: operatingSystemDetails.osType ?? '',
      firmware,
      applianceName: site.properties.applianceName ?? '',
      disks: disks.map(({ uuid, label, maxSizeInBytes, diskMode = '' }) => ({
        uuid,
        label,
        sizeBytes: maxSizeInBytes,
        mode: diskMode,
      })),
    };
  };
}
