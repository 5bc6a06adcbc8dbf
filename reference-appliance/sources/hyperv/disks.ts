/**
 * Virtual disks: which drive hangs on which controller, and what is in the file. Files are asked for one by one, since
 * WMI has no other way; on a file server the host would have to hand the appliance's credentials on, which it may only
 * with CredSSP, so that there the question fails.
 */
import { DryliftError } from '#core/errors.ts';
import type { Bytes } from '#core/units.ts';
import type { HypervDisk } from '../../app/source-machines.ts';
import { type CimInstance, number, readEmbedded, text, texts } from '../winrm/cim.ts';
import type { WinrmConnection } from '../winrm/types.ts';
import { keyInPath, machineOf, plainId } from './identifiers.ts';
import { V2 } from './queries.ts';

/** What a VHD says of itself. */
export interface VhdFacts {
  readonly sizeBytes: Bytes;
  readonly diskType: string;
  readonly vhdId: string;
  readonly parentPath: string;
}

/** A disk that is plugged in, before its file was looked at. */
export interface Attached {
  readonly instanceId: string;
  /** Where it is plugged in, for the order: IDE before SCSI. */
  readonly place: readonly [bus: number, controller: number, slot: number];
  /** Empty for one that is passed through. */
  readonly path: string;
  /** DeviceID of the host's disk that is passed through. */
  readonly device: string | undefined;
}

const IDE = 5;
const VHD_TYPES: Readonly<Record<number, string>> = { 2: 'Fixed', 3: 'Dynamic', 4: 'Differencing' };

/** By machine GUID, each in the order of its places. */
export function attachedDisks(
  drives: readonly CimInstance[],
  storage: readonly CimInstance[],
): ReadonlyMap<string, readonly Attached[]> {
  const byId = new Map(drives.map((drive) => [text(drive, 'InstanceID')?.toLowerCase() ?? '', drive]));
  const parentOf = (instance: CimInstance): CimInstance | undefined => {
    const id = keyInPath(text(instance, 'Parent') ?? '', 'InstanceID');
    return id === undefined ? undefined : byId.get(id.toLowerCase());
  };
  const placeOf = (drive: CimInstance | undefined): Attached['place'] => {
    const controller = drive && parentOf(drive);
    return [
      (controller && number(controller, 'ResourceType')) ?? IDE + 1,
      (controller && number(controller, 'Address')) ?? 0,
      Math.min((drive && number(drive, 'AddressOnParent')) ?? 0, 4_096),
    ];
  };
  const byMachine = new Map<string, Attached[]>();
  const add = (disk: Attached): void => {
    const machine = machineOf(disk.instanceId);
    if (machine === undefined) return;
    const disks = byMachine.get(machine) ?? [];
    byMachine.set(machine, disks);
    disks.push(disk);
  };
  for (const disk of storage) {
    if (!text(disk, 'ResourceSubType')?.endsWith(':Virtual Hard Disk')) continue;
    const [path = ''] = texts(disk, 'HostResource');
    const instanceId = text(disk, 'InstanceID') ?? '';
    add({ instanceId, place: placeOf(parentOf(disk)), path, device: undefined });
  }
  for (const drive of drives) {
    if (!text(drive, 'ResourceSubType')?.endsWith(':Physical Disk Drive')) continue;
    const [host = ''] = texts(drive, 'HostResource');
    const instanceId = text(drive, 'InstanceID') ?? '';
    add({ instanceId, place: placeOf(drive), path: '', device: keyInPath(host, 'DeviceID') ?? '' });
  }
  for (const disks of byMachine.values())
    disks.sort(({ place: a }, { place: b }) => a[0] - b[0] || a[1] - b[1] || a[2] - b[2]);
  return byMachine;
}

/** @returns undefined when the file cannot be read there; @throws what concerns the whole host */
export async function readVhd(
  connection: WinrmConnection,
  path: string,
  signal: AbortSignal,
): Promise<VhdFacts | undefined> {
  try {
    const output = await connection.invoke(
      V2,
      'Msvm_ImageManagementService',
      'GetVirtualHardDiskSettingData',
      { CreationClassName: 'Msvm_ImageManagementService' },
      [['Path', path]],
      signal,
    );
    const settings = text(output, 'SettingData');
    if (text(output, 'ReturnValue') !== '0' || settings === undefined) return undefined;
    const facts = readEmbedded(settings);
    const sizeBytes = number(facts, 'MaxInternalSize');
    if (sizeBytes === undefined || !Number.isSafeInteger(sizeBytes) || sizeBytes < 0) return undefined;
    return {
      sizeBytes,
      diskType: VHD_TYPES[number(facts, 'Type') ?? 0] ?? 'Unknown',
      vhdId: text(facts, 'VirtualDiskId') ?? '',
      parentPath: text(facts, 'ParentPath') ?? '',
    };
  } catch (error) {
    // a fault of this file: the host itself goes on
    if (
      error instanceof DryliftError &&
      /^winrm\.(fault|namespace\.denied|denied|timeout)$|^xml\./.test(error.code)
    )
      return undefined;
    throw error;
  }
}

/** @param passedThrough size of the host's disk, by DeviceID */
export function diskOf(
  { instanceId, place, path, device }: Attached,
  facts: VhdFacts | undefined,
  passedThrough: ReadonlyMap<string, Bytes>,
  index: number,
): HypervDisk {
  const [bus, controller, slot] = place;
  const uuid = plainId(instanceId);
  const physical = device === undefined ? undefined : passedThrough.get(device);
  return {
    uuid,
    instance: uuid,
    label: `${bus === IDE ? 'IDE' : 'SCSI'} ${controller}:${slot}`,
    sizeBytes: facts?.sizeBytes ?? physical ?? 0,
    isOsDisk: index === 0,
    diskType: device === undefined ? (facts?.diskType ?? 'Unknown') : 'PassThrough',
    lun: slot,
    path,
    vhdId: facts?.vhdId ?? '',
    parentPath: facts?.parentPath ?? '',
  };
}
