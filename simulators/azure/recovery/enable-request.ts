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
import type { DiscoveredMachine, DiskToProtect } from '../replication-service/store.ts';
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
            },
          ),
          256,
        ),
      },
      {
        dataMoverRunAsAccountId: armId,
        snapshotRunAsAccountId: armId,
        targetNetworkId: armId,
        targetSubnetName: text(80),
        targetVmName: text(256),
        targetVmSize: text(64),
        licenseType: oneOf('NotSpecified', 'NoLicenseType', 'WindowsServer'),
        sqlServerLicenseType: oneOf('NotSpecified', 'NoLicenseType', 'PAYG', 'AHUB'),
        targetAvailabilitySetId: armId,
        targetAvailabilityZone: text(8),
        targetProximityPlacementGroupId: armId,
        targetBootDiagnosticsStorageAccountId: armId,
        targetVmTags: tags,
        targetDiskTags: tags,
        targetNicTags: tags,
        seedDiskTags: tags,
        // repair by hand is not offered: an appliance that lost track of changes copies the disk again
        performAutoResync: oneOf('true'),
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
  if (!VM_NAME.test(targetVmName))
    throw unsupported(
      `'${targetVmName}' cannot be the name of a machine in Azure: 1 to 63 letters, digits and hyphens, the first and last no hyphen. Give ${machine.displayName} another targetVmName.`,
    );
}

const readMigrate = shape({
  properties: shape({ providerSpecificDetails: shape({ instanceType, performShutdown: textFlag }) }),
});

/** Whether the source is to be powered off before the last cycle. */
export function performShutdownOf(body: unknown): boolean {
  return readMigrate(body, '').properties.providerSpecificDetails.performShutdown;
}

export const readPause = shape({ properties: shape({ instanceType }) });

export const readResume = shape({
  properties: shape({
    providerSpecificDetails: shape({ instanceType }, { deleteMigrationResources: textFlag }),
  }),
});

export const readResync = shape({
  properties: shape({ providerSpecificDetails: shape({ instanceType, skipCbtReset: textFlag }) }),
});
