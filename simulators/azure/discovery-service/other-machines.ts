/**
 * Machines of Hyper-V sites and of server sites, as an appliance sends them
 * (docs/protocols/appliance-data-planes.md, section 1): the property names of Microsoft.OffAzure 2023-06-06.
 */
import { MIB } from '#core/units.ts';
import { flag, list, matching, oneOf, type Reader, shape, text, whole } from '../shape.ts';
import type { DiscoveredMachine } from './machine-shape.ts';

const CORES_MAX = 4_096;
const DISKS_MAX = 256;
const NICS_MAX = 64;
/** Also the name of the machine's resource, and of series of points. */
const IDENTIFIER = matching(/^[\w.:{}-]{1,128}$/, 'an identifier');

const os = shape({}, { osType: text(64), osName: text(256), osVersion: text(128), osArchitecture: text(64) });

/** What machines of both kinds have. */
const common = {
  required: {
    displayName: text(256),
    numberOfProcessorCore: whole(0, CORES_MAX),
    allocatedMemoryInMb: whole(0),
    operatingSystemDetails: os,
    firmware: oneOf('BIOS', 'EFI'),
  },
  optional: {
    biosGuid: text(64),
    biosSerialNumber: text(128),
    powerStatus: oneOf('Running', 'PowerOff'),
    secureBootEnabled: flag,
  },
} as const;

const disk = {
  required: { maxSizeInBytes: whole(0) },
  optional: {
    name: text(512),
    diskType: text(64),
    lun: whole(0, 4_096),
    path: text(1_024),
    isOSDisk: oneOf('true', 'false'),
  },
} as const;

const nic = {
  required: { nicId: IDENTIFIER },
  optional: { macAddress: text(64), ipAddressList: list(text(64), 256), networkName: text(256) },
} as const;

const hyperVDetails = {
  hostFqdn: text(256),
  hostId: text(1_024),
  clusterFqdn: text(256),
  clusterId: text(1_024),
  managementServerType: oneOf('Host', 'Cluster'),
  generation: whole(1, 2),
  version: text(64),
  highAvailability: oneOf('Unknown', 'No', 'Yes'),
  maxMemoryMb: whole(0),
  isDynamicMemoryEnabled: flag,
  secureBootTemplate: text(128),
  secureBootTemplateId: text(64),
  tpmEnabled: flag,
  ksdEnabled: flag,
  shieldingRequested: flag,
  dataProtectionRequested: flag,
  encryptStateAndVmMigrationTraffic: flag,
  virtualizationBasedSecurityOptOut: flag,
} as const;

const readHyperV = shape(
  {
    ...common.required,
    instanceUuid: IDENTIFIER,
    disks: list(
      shape({ ...disk.required, instanceId: IDENTIFIER }, { ...disk.optional, vhdId: text(1_024) }),
      DISKS_MAX,
    ),
    networkAdapters: list(
      shape(nic.required, {
        ...nic.optional,
        networkId: text(512),
        subnetName: text(256),
        staticIpAddress: text(64),
        nicType: text(64),
      }),
      NICS_MAX,
    ),
  },
  { ...common.optional, ...hyperVDetails },
);

const serverDetails = {
  fqdn: text(256),
  hydratedFqdn: text(256),
  validationRequired: text(64),
  processorInfo: shape(
    {},
    { name: text(256), numberOfSockets: whole(0, 256), numberOfCoresPerSocket: whole(0, CORES_MAX) },
  ),
  discoverySource: oneOf('Arc', 'Appliance', 'ImportCsvServer', 'ImportRvTools'),
  hypervisor: text(64),
} as const;

const readPhysical = shape(
  {
    ...common.required,
    id: IDENTIFIER,
    disks: list(
      shape(
        { ...disk.required, id: IDENTIFIER },
        { ...disk.optional, generatedId: text(256), diskId: text(256) },
      ),
      DISKS_MAX,
    ),
    networkAdapters: list(shape(nic.required, nic.optional), NICS_MAX),
  },
  { ...common.optional, ...serverDetails },
);

/** What only machines on Hyper-V have; shown as it came. */
export type HyperVDetails = Omit<
  ReturnType<typeof readHyperV>,
  keyof DiscoveredMachine | 'disks' | 'networkAdapters'
>;
export type ServerDetails = Omit<
  ReturnType<typeof readPhysical>,
  keyof DiscoveredMachine | 'disks' | 'networkAdapters'
>;

/** A machine of a Hyper-V site. */
export const readHyperVMachine: Reader<DiscoveredMachine> = (value, path) => {
  const { disks, networkAdapters, ...rest } = readHyperV(value, path);
  return {
    ...kept(rest),
    instanceUuid: rest.instanceUuid,
    vCenterFQDN: rest.clusterFqdn ?? rest.hostFqdn ?? '',
    ...(rest.hostFqdn === undefined ? {} : { hostName: rest.hostFqdn }),
    disks: disks.map((each, i) => ({ ...diskOf(each, i), uuid: each.instanceId, instance: each.instanceId })),
    networkAdapters: networkAdapters.map(nicOf),
    hyperV: rest,
  };
};

/** A machine of a server site: physical, or in another cloud. */
export const readServerMachine: Reader<DiscoveredMachine> = (value, path) => {
  const { disks, networkAdapters, ...rest } = readPhysical(value, path);
  return {
    ...kept(rest),
    instanceUuid: rest.id,
    vCenterFQDN: '',
    disks: disks.map((each, i) => ({ ...diskOf(each, i), uuid: each.id, instance: each.id })),
    networkAdapters: networkAdapters.map(nicOf),
    server: rest,
  };
};

function kept(
  machine: Pick<
    ReturnType<typeof readHyperV>,
    | 'displayName'
    | 'numberOfProcessorCore'
    | 'allocatedMemoryInMb'
    | 'operatingSystemDetails'
    | 'firmware'
    | 'powerStatus'
    | 'biosGuid'
  >,
) {
  return {
    displayName: machine.displayName,
    numberOfProcessorCore: machine.numberOfProcessorCore,
    allocatedMemoryInMB: machine.allocatedMemoryInMb,
    operatingSystemDetails: machine.operatingSystemDetails,
    firmware: machine.firmware,
    powerStatus: machine.powerStatus === 'PowerOff' ? ('OFF' as const) : ('ON' as const),
    ...(machine.biosGuid === undefined ? {} : { biosGuid: machine.biosGuid }),
  };
}

function diskOf(
  {
    name,
    maxSizeInBytes,
    lun,
    path,
    isOSDisk,
  }: { name?: string; maxSizeInBytes: number; lun?: number; path?: string; isOSDisk?: 'true' | 'false' },
  index: number,
) {
  return {
    label: name ?? `Disk ${index} of ${Math.round(maxSizeInBytes / MIB)} MiB`,
    maxSizeInBytes,
    isOSDisk: isOSDisk ?? (index === 0 ? ('true' as const) : ('false' as const)),
    ...(name === undefined ? {} : { name }),
    ...(lun === undefined ? {} : { lun }),
    ...(path === undefined ? {} : { path }),
  };
}

function nicOf({
  nicId,
  macAddress,
  ipAddressList,
  networkName,
}: ReturnType<typeof readPhysical>['networkAdapters'][number]) {
  return {
    nicId,
    ...(macAddress === undefined ? {} : { macAddress }),
    ...(ipAddressList === undefined ? {} : { ipAddressList }),
    ...(networkName === undefined ? {} : { networkName }),
  };
}
