/** VirtualMachineCapability: what vSphere supports for a machine of virtual hardware 7 or later. */
import { typeNamed } from '../schema/schema.ts';
import { constant, type Data, type Value } from '../values.ts';

const FALSE = new Set([
  'disableSnapshotsSupported',
  'lockSnapshotsSupported',
  'recordReplaySupported',
  's1AcpiManagementSupported',
  'seSparseDiskSupported',
  'toolsAutoUpdateSupported',
]);

function capability(): Data {
  const fields: Record<string, Value> = {};
  for (const { name, isOptional } of typeNamed('VirtualMachineCapability').fields.values())
    if (!isOptional) fields[name] = !FALSE.has(name);
  return { $: 'VirtualMachineCapability', ...fields, secureBootSupported: true };
}

export const CAPABILITY: Data = constant(capability());

/** The same below hardware version 7, which cannot track changes. */
export const OLD_CAPABILITY: Data = constant({
  ...CAPABILITY,
  changeTrackingSupported: false,
});

/** Virtual hardware that can track changed blocks (VDDK Programming Guide, "Enable Changed Block Tracking"). */
export const TRACKING_HARDWARE_VERSION = 7;
