/**
 * Managed disks and snapshots: what they are, what they hold and who may reach it. Content is a space of the
 * storage service, so an upload writes into the disk itself, and exports, snapshots and copies move no byte.
 */
import { assert } from '#core/assert.ts';
import { type Bytes, GIB, SECOND, type UnixMillis } from '#core/units.ts';
import type { SimulatorContext } from '../../kit/context.ts';
import { conflict } from '../arm/faults.ts';
import { ArmError } from '../arm/provider.ts';
import { ExtentSpace } from '../storage/extent-store.ts';
import type { StorageService } from '../storage/service.ts';
import { makeVhdFooter, VHD_FOOTER_BYTES, vhdFooterFault } from '../storage/vhd-footer.ts';
import {
  DISK_SKUS,
  type DiskUpdate,
  invalidParameter,
  type NewDisk,
  type Settings,
} from './disk-requests.ts';
import { type DiskEvent, type DiskState, nextDiskState } from './disk-states.ts';

export type DiskKind = 'disks' | 'snapshots';

export interface Disk {
  readonly kind: DiskKind;
  /** ARM id, in the spelling of its creation. */
  readonly id: string;
  readonly name: string;
  readonly creation: {
    readonly createOption: 'Empty' | 'Upload' | 'Copy';
    readonly sourceResourceId?: string;
    readonly sourceUniqueId?: string;
    readonly uploadSizeBytes?: Bytes;
    readonly logicalSectorSize?: number;
  };
  readonly uniqueId: string;
  readonly createdAt: UnixMillis;
  /** Shared by a disk and its incremental snapshots: their contents can be compared. */
  readonly family: { readonly id: string; readonly generation: number };
  settings: Settings;
  /** While it is being made it cannot be used. */
  isReady: boolean;
  state: DiskState;
  /** The machine that it is in. */
  managedBy: string | undefined;
  /** Of a disk that is being uploaded: with the footer. */
  space: ExtentSpace;
  grants: number;
  /** What an export shows: the content at the instant of the grant. */
  exported: ExtentSpace | undefined;
}

export interface DisksOptions {
  readonly context: SimulatorContext;
  readonly storage: StorageService;
  /** Where disks are made that the cloud's other services ask for. */
  readonly region: string;
}

export interface ManagedDiskOptions {
  readonly name: string;
  /** `/subscriptions/…/resourceGroups/…` */
  readonly resourceGroupId: string;
  readonly sku: string;
  /** A space of this cloud's storage; the disk's from now on. */
  readonly content: object;
  /** Of a disk that systems start from. */
  readonly os?: { readonly type: 'Windows' | 'Linux'; readonly generation: 'V1' | 'V2' };
  readonly tags?: Readonly<Record<string, string>>;
}

export class Disks {
  readonly #options: DisksOptions;
  readonly #disks = new Map<string, Disk>();

  constructor(options: DisksOptions) {
    this.#options = options;
  }

  find(id: string): Disk | undefined {
    return this.#disks.get(id.toLowerCase());
  }

  /** All of a kind whose id begins with `scope`, in the order of their creation. */
  list(kind: DiskKind, scope: string): Disk[] {
    const prefix = `${scope.toLowerCase()}/`;
    return [...this.#disks.values()].filter(
      (disk) => disk.kind === kind && disk.id.toLowerCase().startsWith(prefix),
    );
  }

  /** Disks that are in a machine. */
  ofMachine(machineId: string): Disk[] {
    return [...this.#disks.values()].filter(({ managedBy }) => managedBy === machineId);
  }

  /** Registers a disk or snapshot; it is not ready yet. @throws ArmError when its source cannot be used */
  create(kind: DiskKind, id: string, { settings, creationData }: NewDisk): Disk {
    const { context, storage } = this.#options;
    const { createOption, sourceResourceId, uploadSizeBytes, logicalSectorSize } = creationData;
    const source = sourceResourceId === undefined ? undefined : this.#sourceOf(sourceResourceId);
    const sizeBytes = (settings.diskSizeGb ?? 0) * GIB;
    if (source && sizeBytes > 0 && sizeBytes < source.space.sizeBytes)
      throw invalidParameter('diskSizeGB', `the source has ${source.space.sizeBytes} bytes`);
    const now = context.clock.wall();
    const uniqueId = context.entropy.uuid('azure.disk', id.toLowerCase(), now);
    const disk: Disk = {
      kind,
      id,
      name: id.slice(id.lastIndexOf('/') + 1),
      creation: {
        createOption,
        ...(source ? { sourceResourceId: source.id, sourceUniqueId: source.uniqueId } : {}),
        ...(uploadSizeBytes === undefined ? {} : { uploadSizeBytes }),
        ...(logicalSectorSize === undefined ? {} : { logicalSectorSize }),
      },
      uniqueId,
      createdAt: now,
      family:
        source && kind === 'snapshots' && settings.incremental
          ? source.family
          : {
              id: context.entropy.uuid('azure.disk.family', id.toLowerCase(), now),
              generation: storage.nextGeneration(),
            },
      settings,
      isReady: false,
      state: createOption === 'Upload' ? 'ReadyToUpload' : 'Unattached',
      space: source
        ? contentFrom(source, kind, sizeBytes)
        : storage.store.create(uploadSizeBytes ?? sizeBytes),
      managedBy: undefined,
      grants: 0,
      exported: undefined,
    };
    this.#disks.set(id.toLowerCase(), disk);
    return disk;
  }

  /**
   * A disk that another service of the cloud makes of content it has; ready at once.
   * @returns its ARM id. @throws ArmError 409 when there is a disk of that name
   */
  createManagedDisk({ name, resourceGroupId, sku, content, os, tags = {} }: ManagedDiskOptions): string {
    assert(content instanceof ExtentSpace, 'the content of a disk is a space of this storage');
    assert(DISK_SKUS.includes(sku), `${sku} is a kind of disk`);
    const id = `${resourceGroupId}/providers/Microsoft.Compute/disks/${name}`;
    if (this.find(id)) throw conflict('Conflict', `There is a disk '${name}' already.`);
    const diskSizeGb = Math.ceil(content.sizeBytes / GIB);
    const disk = this.create('disks', id, {
      settings: {
        location: this.#options.region,
        tags,
        sku,
        diskSizeGb,
        incremental: false,
        kept: os ? { hyperVGeneration: os.generation } : {},
        ...(os ? { osType: os.type } : {}),
      },
      creationData: { createOption: 'Empty' },
    });
    disk.space.release();
    disk.space = content;
    disk.isReady = true;
    return id;
  }

  /** @throws ArmError when the update is not possible */
  update(disk: Disk, { tags, sku, osType, diskSizeGb, kept }: DiskUpdate): void {
    if (diskSizeGb !== undefined && diskSizeGb * GIB !== disk.space.sizeBytes) {
      if (disk.kind === 'snapshots' || disk.state !== 'Unattached')
        throw conflict(
          'OperationNotAllowed',
          `The size of '${disk.name}' cannot be changed while it is ${disk.state}.`,
        );
      if (diskSizeGb * GIB < disk.space.sizeBytes)
        throw conflict('ResizeDiskError', `Disk '${disk.name}' cannot become smaller.`);
      disk.space.resize(diskSizeGb * GIB);
    }
    disk.settings = {
      ...disk.settings,
      ...(tags ? { tags } : {}),
      ...(sku ? { sku } : {}),
      ...(osType ? { osType } : {}),
      ...(diskSizeGb === undefined ? {} : { diskSizeGb }),
      kept: { ...disk.settings.kept, ...kept },
    };
  }

  /** @throws ArmError 409 in a state that does not allow it */
  requireEvent(disk: Disk, event: DiskEvent): void {
    if (!disk.isReady) throw conflict('OperationNotAllowed', `'${disk.name}' is still being created.`);
    if (nextDiskState(disk.state, event) === undefined)
      throw conflict(
        'OperationNotAllowed',
        `The operation '${event}' is not allowed on '${disk.name}' since its state is ${disk.state}.`,
      );
  }

  /** A machine takes it, gives it back, stops paying for itself, or starts. @throws ArmError 409 */
  move(disk: Disk, event: 'attach' | 'detach' | 'deallocate' | 'start', machineId?: string): void {
    this.requireEvent(disk, event);
    disk.state = nextDiskState(disk.state, event) as DiskState;
    if (event === 'attach') disk.managedBy = machineId;
    if (event === 'detach') disk.managedBy = undefined;
  }

  /** @returns URL of a page blob with a signature: the content and a VHD footer. @throws ArmError */
  grant(disk: Disk, access: 'Read' | 'Write', seconds: number): string {
    const { context, storage } = this.#options;
    const event = access === 'Write' ? 'grantWrite' : 'grantRead';
    this.requireEvent(disk, event);
    disk.state = nextDiskState(disk.state, event) as DiskState;
    const expiresAt = context.clock.wall() + seconds * SECOND;
    const common = {
      key: disk.uniqueId,
      grant: disk.grants++,
      generation: disk.family.generation,
      expiresAt,
    };
    if (access === 'Write')
      return storage.exposeDisk({
        ...common,
        body: { type: 'PageBlob', space: disk.space, sequenceNumber: 0 },
        permissions: 'rw',
      });
    disk.exported ??= disk.space.snapshot();
    const footer = makeVhdFooter({
      sizeBytes: disk.space.sizeBytes,
      createdAt: disk.createdAt,
      uniqueId: Buffer.from(disk.uniqueId.replaceAll('-', ''), 'hex'),
    });
    return storage.exposeDisk({
      ...common,
      body: { type: 'PageBlob', space: disk.exported, footer, sequenceNumber: 0 },
      permissions: 'r',
    });
  }

  /** Ends access. An upload is finished by it, and must then be a fixed VHD of the announced size. @throws ArmError */
  revoke(disk: Disk): void {
    this.requireEvent(disk, 'revoke');
    if (disk.state === 'ActiveUpload') finishUpload(disk);
    this.#options.storage.withdrawDisk(disk.uniqueId);
    disk.exported?.release();
    disk.exported = undefined;
    disk.state = nextDiskState(disk.state, 'revoke') as DiskState;
  }

  /** @throws ArmError 409 while access is granted */
  delete(disk: Disk): void {
    this.requireEvent(disk, 'delete');
    this.#disks.delete(disk.id.toLowerCase());
    this.#options.storage.forgetDisk(disk.uniqueId);
    disk.space.release();
  }

  #sourceOf(id: string): Disk {
    const source = this.find(id);
    if (!source) throw new ArmError(404, 'NotFound', `Source resource '${id}' was not found.`);
    if (!source.isReady || source.state === 'ReadyToUpload' || source.state === 'ActiveUpload')
      throw conflict('OperationNotAllowed', `'${source.name}' cannot be copied while it is ${source.state}.`);
    return source;
  }
}

function contentFrom(source: Disk, kind: DiskKind, sizeBytes: Bytes): ExtentSpace {
  if (kind === 'snapshots') return source.space.snapshot();
  const content = source.space.copy();
  if (sizeBytes > content.sizeBytes) content.resize(sizeBytes);
  return content;
}

/** Of a footer that is none; the service's words for the commonest case. */
function finishUpload(disk: Disk): void {
  const sizeBytes = disk.space.sizeBytes - VHD_FOOTER_BYTES;
  const fault = vhdFooterFault(disk.space.read(sizeBytes, VHD_FOOTER_BYTES), sizeBytes);
  if (fault === 'cookie')
    throw new ArmError(
      400,
      'InvalidVhd',
      `The specified cookie value in VHD footer indicates that disk '${disk.name}' is not a supported VHD. Disk is expected to have cookie value 'conectix'.`,
    );
  if (fault)
    throw new ArmError(
      400,
      'InvalidVhd',
      `The ${fault} in the VHD footer of disk '${disk.name}' is not that of a fixed VHD of ${sizeBytes} bytes.`,
    );
  disk.space.resize(sizeBytes);
}
