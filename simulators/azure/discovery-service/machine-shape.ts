/** A discovered machine as the appliance sends it: docs/protocols/appliance-data-planes.md, section 1. */
import type { MachineFacts } from '#core/assessment/machine-facts.ts';
import { flag, list, matching, oneOf, shape, text, whole } from '../shape.ts';
import type { HyperVDetails, ServerDetails } from './other-machines.ts';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
/** Also what makes names of resources: nothing that a path cannot hold. */
const IDENTIFIER = /^[\w.:{}-]{1,128}$/;
const CORES_MAX = 4_096;
const DISKS_MAX = 256;
const NICS_MAX = 64;

const readDisk = shape(
  {
    uuid: matching(IDENTIFIER, 'an identifier'),
    label: text(256),
    maxSizeInBytes: whole(0),
    isOSDisk: oneOf('true', 'false'),
    instance: matching(/^\w{1,16}\d{1,3}:\d{1,3}$/, 'a performance instance such as scsi0:0'),
  },
  {
    diskProvisioningPolicy: text(64),
    diskMode: text(64),
    controllerType: text(64),
    name: text(512),
    lun: whole(0, 4_096),
    path: text(1_024),
    key: whole(-1),
  },
);

const readNic = shape(
  { nicId: matching(/^\d{1,9}$/, 'a device key as text') },
  {
    label: text(256),
    adapterType: text(64),
    macAddress: text(64),
    ipAddressList: list(text(64), 256),
    networkName: text(256),
  },
);

/** What vSphere tells of a machine beyond the published type. */
const readFabric = shape(
  {},
  {
    licenseProductName: text(256),
    processorModel: text(256),
    processorSockets: whole(0, 1_024),
    coresPerSocket: whole(0, CORES_MAX),
    toolsVersion: text(64),
    guestHostName: text(256),
    clusterName: text(256),
    resourcePool: text(2_048),
    inventoryPath: list(shape({ type: text(64), id: text(128), name: text(256) }), 100),
    disks: list(
      shape(
        { key: whole(-1) },
        { controllerKey: whole(-1), unitNumber: whole(0, 4_096), name: text(128), sizeText: text(64) },
      ),
      DISKS_MAX,
    ),
  },
);

/** A machine of a VMware site. */
export const readMachine = shape(
  {
    displayName: text(256),
    instanceUuid: matching(UUID, 'a UUID'),
    numberOfProcessorCore: whole(0, CORES_MAX),
    allocatedMemoryInMB: whole(0),
    operatingSystemDetails: shape(
      {},
      { osType: text(64), osName: text(256), osVersion: text(128), osArchitecture: text(64) },
    ),
    firmware: oneOf('BIOS', 'EFI'),
    powerStatus: oneOf('ON', 'OFF'),
    vCenterFQDN: text(256),
    disks: list(readDisk, DISKS_MAX),
    networkAdapters: list(readNic, NICS_MAX),
  },
  {
    biosGuid: text(64),
    vCenterId: text(1_024),
    dataCenterScope: text(1_024),
    hostName: text(256),
    hostVersion: text(64),
    vMwareToolsStatus: text(64),
    description: text(8_192),
    changeTrackingSupported: flag,
    changeTrackingEnabled: flag,
    numberOfSnapshots: whole(-1),
    diskEnabledUuid: text(16),
    isTemplate: flag,
    managedObjectId: text(128),
    fabric: readFabric,
  },
);

/**
 * A machine as the service keeps it, whatever it runs on: in the words of VMware sites, and beside them what is
 * the kind's own. Of none of those: a machine of a VMware site.
 */
export type DiscoveredMachine = ReturnType<typeof readMachine> & {
  readonly hyperV?: HyperVDetails;
  readonly server?: ServerDetails;
  /** From a list of servers; assessed by the figures that came with it. */
  readonly imported?: MachineFacts;
};

export function platformOf(machine: DiscoveredMachine): MachineFacts['platform'] {
  if (machine.imported) return 'Import';
  return machine.hyperV ? 'HyperV' : machine.server ? 'Physical' : 'VMware';
}

/** What an assessment depends on: a machine in which any of it changes makes assessments out of date. */
export function assessedFacts(machine: DiscoveredMachine): string {
  return JSON.stringify([
    machine.numberOfProcessorCore,
    machine.allocatedMemoryInMB,
    machine.firmware,
    machine.imported?.given,
    machine.operatingSystemDetails.osName,
    machine.disks.map(({ uuid, maxSizeInBytes }) => [uuid, maxSizeInBytes]),
    machine.networkAdapters.map(({ nicId, macAddress, networkName }) => [nicId, macAddress, networkName]),
  ]);
}
