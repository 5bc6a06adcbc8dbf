/**
 * Making a machine in Azure from replicas: copies of the disks, then a virtual machine of them. The replicas
 * stay usable, as the documented clone of them does (replication.md, section 9).
 */
import { ArmError } from '../arm/provider.ts';
import type { HealthIssue, MigrationItem, ProtectedDisk } from './replicated-item.ts';
import type { DiskSpace } from './storage-port.ts';

export interface ManagedDiskOptions {
  readonly name: string;
  readonly resourceGroupId: string;
  /** "Standard_LRS" */
  readonly sku: string;
  /** The receiver's from then on. */
  readonly content: DiskSpace;
  /** Of an OS disk. */
  readonly os?: { readonly type: 'Windows' | 'Linux'; readonly generation: 'V1' | 'V2' };
  readonly tags: Readonly<Record<string, string>>;
}

export interface VirtualMachineOptions {
  readonly name: string;
  readonly resourceGroupId: string;
  /** "Standard_D2s_v3"; without one, the cloud chooses. */
  readonly size: string | undefined;
  readonly osType: 'Windows' | 'Linux';
  readonly osDiskId: string;
  readonly dataDiskIds: readonly string[];
  /** ARM id of the network; without one the machine has no adapter. */
  readonly networkId: string | undefined;
  readonly subnetName: string | undefined;
  readonly tags: Readonly<Record<string, string>>;
}

/** What the replication service needs of the cloud that machines are moved to. */
export interface TargetCloud {
  /** @returns its ARM id. @throws ArmError: the machine is not made */
  createManagedDisk(options: ManagedDiskOptions): string;
  /** Nothing happens when it is gone. @throws ArmError while it is in use */
  deleteManagedDisk(id: string): void;
  /** A cloud without virtual machines gives disks only. */
  readonly machines?: {
    /** @returns its ARM id. @throws ArmError: the disks stay, the machine is made in part */
    create(options: VirtualMachineOptions): string;
    /** Its adapters go with it, its disks do not. Nothing happens when it is gone. */
    delete(id: string): void;
  };
}

/** What was made. */
export interface Target {
  /** By the disk's id at the source. */
  readonly diskIds: ReadonlyMap<string, string>;
  readonly machineId: string | undefined;
  readonly status: 'Succeeded' | 'CompletedWithInformation' | 'PartiallySucceeded';
  /** Why not all is as it should be. */
  readonly issue: HealthIssue | undefined;
}

export interface TargetOrder {
  /** The content that a disk of the machine is to have. */
  replicaOf(diskId: string): DiskSpace;
  /** Counts the attempts; part of the disks' names. */
  readonly number: number;
  /** A test in a network of its own. */
  readonly test?: { readonly network: string };
}

/** What a machine is made from: an item of either way of replicating. */
export interface TargetSource {
  readonly machine: Pick<MigrationItem['machine'], 'osType' | 'osName' | 'firmware'>;
  readonly targetVmName: string;
  readonly targetResourceGroupId: string;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly disks: readonly TargetDisk[];
}

export type TargetDisk = Pick<ProtectedDisk, 'diskId' | 'isOsDisk' | 'diskType' | 'targetDiskName'>;

/** @throws ArmError when a disk cannot be made; then none is left */
export function makeTarget(cloud: TargetCloud, item: TargetSource, order: TargetOrder): Target {
  const name = order.test ? `${item.targetVmName}-test` : item.targetVmName;
  const os = osOf(item);
  const diskIds = new Map<string, string>();
  try {
    for (const [i, disk] of item.disks.entries())
      diskIds.set(disk.diskId, makeDisk(cloud, item, disk, order, diskName(name, disk, i, order)));
  } catch (error) {
    for (const id of diskIds.values()) cloud.deleteManagedDisk(id);
    throw error;
  }
  const osDisk = item.disks.find(({ isOsDisk }) => isOsDisk)!;
  const made = { diskIds, machineId: undefined };
  let machineId: string | undefined;
  try {
    machineId = cloud.machines?.create({
      name,
      resourceGroupId: item.targetResourceGroupId,
      size: textSetting(item, 'targetVmSize'),
      osType: os.type,
      osDiskId: diskIds.get(osDisk.diskId)!,
      dataDiskIds: item.disks.filter((disk) => disk !== osDisk).map(({ diskId }) => diskIds.get(diskId)!),
      networkId: order.test?.network ?? textSetting(item, 'targetNetworkId'),
      subnetName: textSetting(item, order.test ? 'testSubnetName' : 'targetSubnetName'),
      tags: tagsOf(item, 'targetVmTags'),
    });
  } catch (error) {
    if (!(error instanceof ArmError)) throw error;
    const issue = {
      code: error.code,
      message: `The disks of ${name} were made, the machine was not. ${error.message}`,
      cause: 'The target resource group refused the machine.',
      remedy: `Put right what the message names and create the machine from the disks, or ${order.test ? 'clean up and test' : 'resume the replication and migrate'} again.`,
    };
    return { ...made, status: 'PartiallySucceeded', issue };
  }
  return os.hasAgent
    ? { diskIds, machineId, status: 'Succeeded', issue: undefined }
    : {
        diskIds,
        machineId,
        status: 'CompletedWithInformation',
        issue: {
          code: 'VmAgentNotInstalled',
          message: `The VM agent was not installed on ${name}.`,
          cause: `There is no agent for ${item.machine.osName || 'its operating system'}.`,
          remedy: 'The machine runs; extensions and the boot report of Azure are not available on it.',
        },
      };
}

function makeDisk(
  cloud: TargetCloud,
  item: TargetSource,
  disk: TargetDisk,
  { replicaOf }: TargetOrder,
  name: string,
): string {
  const os = osOf(item);
  const content = replicaOf(disk.diskId).copy();
  try {
    return cloud.createManagedDisk({
      name,
      resourceGroupId: item.targetResourceGroupId,
      sku: disk.diskType,
      content,
      tags: tagsOf(item, 'targetDiskTags'),
      ...(disk.isOsDisk ? { os: { type: os.type, generation: os.generation } } : {}),
    });
  } catch (error) {
    content.release();
    throw error;
  }
}

function diskName(vm: string, disk: TargetDisk, index: number, { number, test }: TargetOrder): string {
  if (disk.targetDiskName !== undefined && !test) return disk.targetDiskName;
  return `${vm}-${disk.isOsDisk ? 'OSdisk' : `datadisk-${index}`}-${String(number).padStart(2, '0')}`;
}

/** Systems that the VM agent runs on: Windows from 2008 R2 on, every Linux (replication.md, section 9). */
const WITHOUT_AGENT = /Windows (?:Server )?(?:2000|2003|XP|Vista|2008(?! R2))/i;

function osOf({ machine: { osType, osName, firmware } }: TargetSource) {
  const isWindows = /windows/i.test(osType);
  return {
    type: isWindows ? 'Windows' : 'Linux',
    generation: firmware === 'EFI' ? 'V2' : 'V1',
    hasAgent: (isWindows || /linux/i.test(osType)) && !WITHOUT_AGENT.test(osName),
  } as const;
}

function textSetting({ settings }: TargetSource, name: string): string | undefined {
  const value = settings[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function tagsOf({ settings }: TargetSource, name: string): Readonly<Record<string, string>> {
  return (settings[name] ?? {}) as Readonly<Record<string, string>>;
}
