/** The bodies of requests that enable and steer agent-based protection (InMageRcm), read strictly. */
import { badRequest, invalidProperty } from '../arm/faults.ts';
import { ArmError } from '../arm/provider.ts';
import type { DiscoveredMachine } from '../replication-service/replicated-item.ts';
import { list, oneOf, type Reader, shape, text, textFlag } from '../shape.ts';

const instanceType = oneOf('InMageRcm');
const armId: Reader<string> = (value, path) => {
  if (typeof value !== 'string' || value.length > 1_024 || !/^(?:\/[^/]+)+$/.test(value))
    throw invalidProperty(path, 'the id of a resource');
  return value;
};
const diskType = oneOf('Standard_LRS', 'StandardSSD_LRS', 'Premium_LRS');
const DISKS_MAX = 64;

const settings = {
  targetVmName: text(64),
  targetVmSize: text(64),
  targetNetworkId: armId,
  testNetworkId: armId,
  targetAvailabilitySetId: armId,
  targetAvailabilityZone: text(8),
  targetProximityPlacementGroupId: armId,
  targetBootDiagnosticsStorageAccountId: armId,
  licenseType: oneOf('NotSpecified', 'NoLicenseType', 'WindowsServer'),
} as const;

const readEnable = shape({
  properties: shape(
    {
      policyId: armId,
      providerSpecificDetails: shape(
        {
          instanceType,
          fabricDiscoveryMachineId: armId,
          targetResourceGroupId: armId,
          processServerId: text(1_024),
        },
        {
          ...settings,
          disksToInclude: list(
            shape(
              { diskId: text(128), logStorageAccountId: armId, diskType },
              { diskEncryptionSetId: armId },
            ),
            DISKS_MAX,
          ),
          disksDefault: shape({ logStorageAccountId: armId, diskType }, { diskEncryptionSetId: armId }),
          targetSubnetName: text(80),
          testSubnetName: text(80),
          runAsAccountId: armId,
          multiVmGroupName: text(128),
        },
      ),
    },
    { protectableItemId: text(1_024) },
  ),
});

export interface ProtectRequest {
  readonly policyId: string;
  readonly machineArmId: string;
  readonly machine: DiscoveredMachine;
  readonly processServerId: string;
  readonly targetResourceGroupId: string;
  readonly targetVmName: string;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly disks: ReadonlyArray<{
    readonly diskId: string;
    readonly label: string;
    readonly capacityBytes: number;
    readonly isOsDisk: boolean;
    readonly diskType: string;
    readonly logStorageAccountId: string;
  }>;
}

const VM_NAME = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/i;
const AT = 'properties.providerSpecificDetails';

/** @throws ArmError 400 */
export function readProtectRequest(
  body: unknown,
  find: (armId: string) => DiscoveredMachine | undefined,
): ProtectRequest {
  const { policyId, providerSpecificDetails } = readEnable(body, '').properties;
  const {
    instanceType: _,
    fabricDiscoveryMachineId,
    targetResourceGroupId,
    processServerId,
    disksToInclude,
    disksDefault,
    ...rest
  } = providerSpecificDetails;
  const machine = find(fabricDiscoveryMachineId);
  if (!machine)
    throw badRequest(
      `The machine '${fabricDiscoveryMachineId}' has not been discovered.`,
      `${AT}.fabricDiscoveryMachineId`,
    );
  if (!disksToInclude && !disksDefault)
    throw invalidProperty(`${AT}.disksToInclude`, 'disksToInclude or disksDefault must be given');
  const disks = machine.disks.flatMap((disk, i) => {
    const asked =
      disksToInclude?.find(({ diskId }) => diskId.toLowerCase() === disk.uuid.toLowerCase()) ?? disksDefault;
    return asked
      ? [
          {
            diskId: disk.uuid,
            label: disk.label,
            capacityBytes: disk.sizeBytes,
            isOsDisk: i === 0,
            diskType: asked.diskType,
            logStorageAccountId: asked.logStorageAccountId,
          },
        ]
      : [];
  });
  for (const [i, { diskId }] of (disksToInclude ?? []).entries())
    if (!machine.disks.some(({ uuid }) => uuid.toLowerCase() === diskId.toLowerCase()))
      throw badRequest(
        `${machine.displayName} has no disk '${diskId}'.`,
        `${AT}.disksToInclude[${i}].diskId`,
      );
  if (!disks.some(({ isOsDisk }) => isOsDisk))
    throw new ArmError(
      400,
      'MachineNotSupported',
      `The OS disk of ${machine.displayName} must be protected.`,
    );
  const targetVmName = rest.targetVmName ?? machine.displayName;
  requireVmName(targetVmName);
  return {
    policyId,
    machineArmId: fabricDiscoveryMachineId,
    machine,
    processServerId,
    targetResourceGroupId,
    targetVmName,
    settings: rest,
    disks,
  };
}

function requireVmName(name: string): void {
  if (!VM_NAME.test(name))
    throw new ArmError(
      400,
      'MachineNotSupported',
      `'${name.slice(0, 80)}' cannot be the name of a machine in Azure: 1 to 63 letters, digits and hyphens, the first and last no hyphen.`,
    );
}

const readUpdate = shape({
  properties: shape(
    {},
    {
      recoveryAzureVMName: text(64),
      recoveryAzureVMSize: text(64),
      providerSpecificDetails: shape({ instanceType }, { ...settings, targetResourceGroupId: armId }),
    },
  ),
});

export function readProtectedUpdate(body: unknown) {
  const { providerSpecificDetails } = readUpdate(body, '').properties;
  const { instanceType: _, ...update } = providerSpecificDetails ?? { instanceType: 'InMageRcm' };
  if (update.targetVmName !== undefined) requireVmName(update.targetVmName);
  return update;
}

const readTest = shape({
  properties: shape(
    {},
    {
      failoverDirection: oneOf('PrimaryToRecovery'),
      networkType: text(64),
      networkId: armId,
      providerSpecificDetails: shape({ instanceType }, { networkId: armId, recoveryPointId: text(1_024) }),
    },
  ),
});

/** @throws ArmError 400 without a network */
export function readTestFailover(body: unknown): { network: string; pointId: string | undefined } {
  const { networkId, providerSpecificDetails } = readTest(body, '').properties;
  const network = providerSpecificDetails?.networkId ?? networkId;
  if (network === undefined) throw invalidProperty(`${AT}.networkId`, 'it is missing');
  return { network, pointId: providerSpecificDetails?.recoveryPointId };
}

const readFailover = shape({
  properties: shape(
    {
      providerSpecificDetails: shape(
        { instanceType, performShutdown: textFlag },
        { recoveryPointId: text(1_024) },
      ),
    },
    { failoverDirection: oneOf('PrimaryToRecovery'), sourceSiteOperations: text(64) },
  ),
});

export function readUnplannedFailover(body: unknown): { pointId: string | undefined } {
  return { pointId: readFailover(body, '').properties.providerSpecificDetails.recoveryPointId };
}

export const readAppliance = shape({
  properties: shape({
    targetApplianceId: text(1_024),
    providerSpecificDetails: shape({ instanceType }, { runAsAccountId: armId }),
  }),
});

export const readCleanUpTest = shape({ properties: shape({}, { comments: text(1_024) }) });
export const readMobility = shape({ properties: shape({}, { runAsAccountId: armId }) });
export const readRemove = shape({
  properties: shape(
    {},
    {
      disableProtectionReason: oneOf('NotSpecified', 'MigrationComplete'),
      replicationProviderInput: (value: unknown) => value,
    },
  ),
});
