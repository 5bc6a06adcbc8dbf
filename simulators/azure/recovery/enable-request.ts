/**
 * The bodies of requests that enable and steer agentless migration (VMwareCbt), read strictly, with the
 * support rules of replication.md, section 10.
 *
 * The published type requires run-as accounts, a target network and a log account as well. Nothing here
 * depends on them, so they may be missing; where they are given they are checked and shown again.
 */
import { GIB, TIB } from '#core/units.ts';
import { badRequest, invalidProperty } from '../arm/faults.ts';
import { readTags } from '../arm/groups.ts';
import { ArmError } from '../arm/provider.ts';
import { SECTOR_BYTES } from '../replication-service/blocks.ts';
import type { DiscoveredMachine, DiskToProtect } from '../replication-service/replicated-item.ts';
import { list, oneOf, type Reader, shape, text, textFlag } from '../shape.ts';

const DISKS_MAX = 60;
const OS_DISK_BYTES_MAX = 2 * TIB;
const DATA_DISK_BYTES_MAX = 32 * TIB;
const VM_NAME = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/i;
const GROUP_ID = /^\/subscriptions\/[^/]+\/resourceGroups\/[^/]+$/i;

const armId: Reader<string> = (value, path) => {
  if (typeof value !== 'string' || value.length > 1_024 || !/^(?:\/[^/]+)+$/.test(value))
    throw invalidProperty(path, 'the id of a resource');
  return value;
};
const groupId: Reader<string> = (value, path) => {
  if (typeof value !== 'string' || !GROUP_ID.test(value))
    throw invalidProperty(path, 'the id of a resource group');
  return value;
};
const tags: Reader<Readonly<Record<string, string>>> = (value) => readTags(value);

const instanceType = oneOf('VMwareCbt');

/** Kept in the words in which they are shown again. */
const flagText: Reader<string> = (value, path) => String(textFlag(value, path));

/** What a machine is to be in Azure; given when it is enabled, or changed until it is migrated. */
const targetSettings = {
  targetVmName: text(256),
  targetVmSize: text(64),
  targetNetworkId: armId,
  testNetworkId: armId,
  targetAvailabilitySetId: armId,
  targetAvailabilityZone: text(8),
  targetProximityPlacementGroupId: armId,
  targetBootDiagnosticsStorageAccountId: armId,
  licenseType: oneOf('NotSpecified', 'NoLicenseType', 'WindowsServer'),
  sqlServerLicenseType: oneOf('NotSpecified', 'NoLicenseType', 'PAYG', 'AHUB'),
  performAutoResync: flagText,
  targetVmTags: tags,
  targetDiskTags: tags,
  targetNicTags: tags,
} as const;

const NICS_MAX = 64;
const readNics = list(
  shape(
    { nicId: text(128), isPrimaryNic: flagText },
    {
      targetSubnetName: text(80),
      targetStaticIPAddress: text(64),
      isSelectedForMigration: flagText,
      targetNicName: text(80),
      testSubnetName: text(80),
      testStaticIPAddress: text(64),
    },
  ),
  NICS_MAX,
);

const readEnable = shape({
  properties: shape({
    policyId: armId,
    providerSpecificDetails: shape(
      {
        instanceType,
        vmwareMachineId: armId,
        targetResourceGroupId: groupId,
        disksToInclude: list(
          shape(
            { diskId: text(128), isOSDisk: textFlag },
            {
              diskType: oneOf('Standard_LRS', 'StandardSSD_LRS', 'Premium_LRS'),
              logStorageAccountId: armId,
              logStorageAccountSasSecretName: text(128),
              diskEncryptionSetId: armId,
            },
          ),
          256,
        ),
      },
      {
        dataMoverRunAsAccountId: armId,
        snapshotRunAsAccountId: armId,
        targetSubnetName: text(80),
        testSubnetName: text(80),
        targetVmSecurityProfile: shape(
          {},
          {
            targetVmSecurityType: oneOf('None', 'TrustedLaunch', 'ConfidentialVM'),
            isTargetVmSecureBootEnabled: flagText,
            isTargetVmTpmEnabled: flagText,
            isTargetVmIntegrityMonitoringEnabled: flagText,
            isTargetVmConfidentialEncryptionEnabled: flagText,
          },
        ),
        confidentialVmKeyVaultId: armId,
        performSqlBulkRegistration: flagText,
        seedDiskTags: tags,
        ...targetSettings,
      },
    ),
  }),
});

export interface EnableRequest {
  readonly policyId: string;
  readonly machineArmId: string;
  readonly machine: DiscoveredMachine;
  readonly disks: readonly DiskToProtect[];
  readonly targetResourceGroupId: string;
  readonly targetVmName: string;
  readonly performAutoResync: boolean;
  /** Target settings, echoed by the item. */
  readonly settings: Readonly<Record<string, unknown>>;
}

/** The machine that a request to enable names, whatever else is in it. */
export function machineAskedFor(body: unknown): string {
  return readEnable(body, '').properties.providerSpecificDetails.vmwareMachineId;
}

/**
 * @param find looks a discovered machine up by its ARM id
 * @param logAccount name of the account that log blobs go to
 * @throws ArmError 400, MachineNotSupported where a rule of the support matrix says no
 */
export function readEnableRequest(
  body: unknown,
  find: (armId: string) => DiscoveredMachine | undefined,
  logAccount: string,
): EnableRequest {
  const { policyId, providerSpecificDetails } = readEnable(body, '').properties;
  const { vmwareMachineId, disksToInclude, instanceType: _, ...settings } = providerSpecificDetails;
  const at = 'properties.providerSpecificDetails';
  const machine = find(vmwareMachineId);
  if (!machine)
    throw badRequest(`The machine '${vmwareMachineId}' has not been discovered.`, `${at}.vmwareMachineId`);
  const disks = disksToInclude.map(({ diskId, isOSDisk, diskType = 'Standard_LRS', ...echo }, i) => {
    const facts = machine.disks.find(({ uuid }) => uuid.toLowerCase() === diskId.toLowerCase());
    if (!facts)
      throw badRequest(
        `${machine.displayName} has no disk '${diskId}'.`,
        `${at}.disksToInclude[${i}].diskId`,
      );
    const account = echo.logStorageAccountId?.split('/').at(-1);
    if (account !== undefined && account !== logAccount)
      throw badRequest(
        `The vault cannot use the storage account '${account}' for logs; it uses '${logAccount}'.`,
        `${at}.disksToInclude[${i}].logStorageAccountId`,
      );
    return { facts, isOsDisk: isOSDisk, diskType, echo };
  });
  const targetVmName = settings.targetVmName ?? machine.displayName;
  requireSupported(machine, disks, targetVmName);
  return {
    policyId,
    machineArmId: vmwareMachineId,
    machine,
    disks,
    targetResourceGroupId: settings.targetResourceGroupId,
    targetVmName,
    performAutoResync: settings.performAutoResync !== 'false',
    settings,
  };
}

function requireSupported(
  machine: DiscoveredMachine,
  disks: readonly DiskToProtect[],
  targetVmName: string,
): void {
  const unsupported = (message: string): ArmError => new ArmError(400, 'MachineNotSupported', message);
  if (new Set(disks.map(({ facts }) => facts.uuid)).size !== disks.length)
    throw unsupported('A disk is named twice.');
  if (disks.filter(({ isOsDisk }) => isOsDisk).length !== 1)
    throw unsupported('Exactly one of the disks must be the OS disk.');
  if (disks.length > DISKS_MAX)
    throw unsupported(`At most ${DISKS_MAX} disks can be migrated, not ${disks.length}.`);
  for (const { facts, isOsDisk } of disks) {
    const { label, sizeBytes, mode } = facts;
    const limit = isOsDisk ? OS_DISK_BYTES_MAX : DATA_DISK_BYTES_MAX;
    if (sizeBytes > limit) throw unsupported(`${label} is larger than ${limit / GIB} GiB.`);
    if (sizeBytes === 0 || sizeBytes % SECTOR_BYTES !== 0)
      throw unsupported(`${label} has ${sizeBytes} bytes, which are not whole sectors.`);
    if (/^independent/i.test(mode))
      throw unsupported(`${label} is an independent disk, which snapshots leave out.`);
  }
  requireVmName(targetVmName, machine.displayName);
}

function requireVmName(name: string, of: string): void {
  if (!VM_NAME.test(name))
    throw new ArmError(
      400,
      'MachineNotSupported',
      `'${name}' cannot be the name of a machine in Azure: 1 to 63 letters, digits and hyphens, the first and last no hyphen. Give ${of} another targetVmName.`,
    );
}

const readUpdate = shape({
  properties: shape({
    providerSpecificDetails: shape(
      { instanceType },
      {
        ...targetSettings,
        targetResourceGroupId: groupId,
        vmNics: readNics,
        vmDisks: list(shape({ diskId: text(128) }, { targetDiskName: text(80), isOSDisk: flagText }), 256),
      },
    ),
  }),
});

export type UpdateRequest = Omit<
  ReturnType<typeof readUpdate>['properties']['providerSpecificDetails'],
  'instanceType'
>;

/** @throws ArmError 400, MachineNotSupported for a name that no machine can have */
export function readUpdateRequest(body: unknown): UpdateRequest {
  const { instanceType: _, ...update } = readUpdate(body, '').properties.providerSpecificDetails;
  if (update.targetVmName !== undefined) requireVmName(update.targetVmName, 'targetVmName');
  return update;
}

const readMigrate = shape({
  properties: shape({ providerSpecificDetails: shape({ instanceType, performShutdown: textFlag }) }),
});

/** Whether the source is to be powered off before the last cycle. */
export function performShutdownOf(body: unknown): boolean {
  return readMigrate(body, '').properties.providerSpecificDetails.performShutdown;
}

const NETWORK_ID =
  /^\/subscriptions\/[^/]+\/resourceGroups\/[^/]+\/providers\/Microsoft\.(?:Network|ClassicNetwork)\/virtualNetworks\/[^/]+$/i;
const networkId: Reader<string> = (value, path) => {
  if (typeof value !== 'string' || value.length > 1_024 || !NETWORK_ID.test(value))
    throw invalidProperty(path, 'the id of a virtual network');
  return value;
};

const readTest = shape({
  properties: shape({
    providerSpecificDetails: shape(
      { instanceType, recoveryPointId: text(1_024), networkId },
      { vmNics: readNics },
    ),
  }),
});

/** Of which recovery point a test machine is made, and where it stands. @throws ArmError 400 */
export function readTestRequest(body: unknown): { recoveryPointId: string; networkId: string } {
  return readTest(body, '').properties.providerSpecificDetails;
}

export const readCleanUp = shape({ properties: shape({}, { comments: text(1_024) }) });

export const readPause = shape({ properties: shape({ instanceType }) });

export const readResume = shape({
  properties: shape({
    providerSpecificDetails: shape({ instanceType }, { deleteMigrationResources: textFlag }),
  }),
});

export const readResync = shape({
  properties: shape({ providerSpecificDetails: shape({ instanceType, skipCbtReset: textFlag }) }),
});
