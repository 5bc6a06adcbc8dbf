/**
 * Bodies of requests for virtual machines. Machines are made of disks that exist: images are not offered here.
 *
 * @see Azure/azure-rest-api-specs, compute/resource-manager/Microsoft.Compute, ComputeRP, VirtualMachine.
 */
import { invalidProperty } from '../arm/faults.ts';
import { readLocation, readTags } from '../arm/groups.ts';
import { ArmError } from '../arm/provider.ts';
import { ENVELOPE } from '../arm/resource-shelf.ts';
import { flag, list, oneOfAnyCase, type Reader, shape, text, whole } from '../shape.ts';

const anything: Reader<unknown> = (value) => value;
const deleteOption = oneOfAnyCase('Delete', 'Detach');
const SKUS = [
  'Standard_LRS',
  'StandardSSD_LRS',
  'StandardSSD_ZRS',
  'Premium_LRS',
  'Premium_ZRS',
  'PremiumV2_LRS',
  'UltraSSD_LRS',
];

const noImage: Reader<undefined> = () => {
  throw new ArmError(
    404,
    'PlatformImageNotFound',
    'The platform image was not found: this cloud has no images. Make the machine from a disk (createOption Attach).',
    { target: 'imageReference' },
  );
};

const managedDisk = shape(
  {},
  {
    id: text(2_048),
    storageAccountType: oneOfAnyCase(...SKUS),
    resourceGroup: text(90),
    diskEncryptionSet: notOffered,
    securityProfile: notOffered,
  },
);

function notOffered(value: unknown, path: string): unknown {
  if (value === undefined) return value;
  throw invalidProperty(path, 'it is not offered here');
}

const osDisk = shape(
  { createOption: oneOfAnyCase('Attach', 'FromImage', 'Empty') },
  {
    osType: oneOfAnyCase('Linux', 'Windows'),
    name: text(80),
    caching: oneOfAnyCase('None', 'ReadOnly', 'ReadWrite'),
    managedDisk,
    diskSizeGB: whole(1, 4_095),
    deleteOption,
    writeAcceleratorEnabled: flag,
    image: notOffered,
    vhd: notOffered,
    diffDiskSettings: notOffered,
    encryptionSettings: notOffered,
  },
);

const dataDisk = shape(
  { lun: whole(0, 63), createOption: oneOfAnyCase('Attach', 'Empty') },
  {
    name: text(80),
    caching: oneOfAnyCase('None', 'ReadOnly', 'ReadWrite'),
    managedDisk,
    diskSizeGB: whole(1, 65_536),
    deleteOption,
    toBeDetached: flag,
    detachOption: oneOfAnyCase('ForceDetach'),
    writeAcceleratorEnabled: flag,
    diskIOPSReadWrite: anything,
    diskMBpsReadWrite: anything,
    image: notOffered,
    vhd: notOffered,
  },
);
export type DataDiskRequest = ReturnType<typeof dataDisk>;

const storageProfile = shape(
  { osDisk },
  {
    dataDisks: list(dataDisk, 64),
    imageReference: noImage,
    diskControllerType: oneOfAnyCase('SCSI', 'NVMe'),
    alignRegionalDisksToVMZone: flag,
  },
);

const networkProfile = shape(
  {},
  {
    networkInterfaces: list(
      shape(
        { id: text(2_048) },
        { properties: shape({}, { primary: flag, deleteOption }), resourceGroup: text(90) },
      ),
      8,
    ),
    networkApiVersion: notOffered,
    networkInterfaceConfigurations: notOffered,
  },
);

const hardwareProfile = shape({ vmSize: text(64) }, { vmSizeProperties: notOffered });

const properties = {
  hardwareProfile,
  storageProfile,
  networkProfile,
  osProfile: anything,
  diagnosticsProfile: shape({}, { bootDiagnostics: shape({}, { enabled: flag, storageUri: text(1_024) }) }),
  licenseType: oneOfAnyCase('Windows_Server', 'Windows_Client', 'RHEL_BYOS', 'SLES_BYOS', 'None'),
  availabilitySet: notOffered,
  virtualMachineScaleSet: notOffered,
  proximityPlacementGroup: notOffered,
  host: notOffered,
  hostGroup: notOffered,
  priority: oneOfAnyCase('Regular'),
  securityProfile: shape(
    {},
    {
      securityType: oneOfAnyCase('Standard', 'TrustedLaunch'),
      uefiSettings: shape({}, { secureBootEnabled: flag, vTpmEnabled: flag }),
      encryptionAtHost: flag,
      encryptionIdentity: anything,
      proxyAgentSettings: anything,
    },
  ),
  userData: text(90_000),
  extensionsTimeBudget: text(32),
  additionalCapabilities: shape({}, { ultraSSDEnabled: flag, hibernationEnabled: flag }),
  scheduledEventsProfile: anything,
  // told, not set
  vmId: anything,
  provisioningState: anything,
  instanceView: anything,
  timeCreated: anything,
};

const envelope = {
  ...ENVELOPE,
  tags: (value: unknown) => readTags(value),
  zones: list(text(8), 3),
  identity: notIdentity,
  plan: notOffered,
  resources: anything,
  extendedLocation: notOffered,
  managedBy: anything,
};

function notIdentity(value: unknown, path: string): unknown {
  if ((value as { type?: unknown } | null)?.type === 'None') return value;
  throw invalidProperty(path, 'managed identities are not offered here');
}

export const readMachine = shape(
  {
    location: (value: unknown) => readLocation(value),
    properties: shape({ hardwareProfile, storageProfile }, properties),
  },
  envelope,
);
export type MachineRequest = ReturnType<typeof readMachine>;

export const readMachinePatch = shape(
  {},
  { ...envelope, location: text(64), properties: shape({}, properties) },
);

export const readRunCommand = shape(
  { commandId: oneOfAnyCase('RunShellScript', 'RunPowerShellScript') },
  {
    script: list(text(16_384), 1_000),
    parameters: list(shape({ name: text(256), value: text(16_384) }), 100),
  },
);
