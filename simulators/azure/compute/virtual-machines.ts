/**
 * Virtual machines: made of managed disks and network interfaces, started, stopped, deallocated, resized and
 * deleted. A machine has no life of its own beyond that: what it would show of itself is read from its disks.
 *
 * @see learn.microsoft.com, azure/virtual-machines/states-billing; rest/api/compute/virtual-machines.
 */
import { VM_SIZES, type VmSize } from '#core/assessment/vm-sizes.ts';
import { SECOND } from '#core/units.ts';
import { conflict } from '../arm/faults.ts';
import { ArmError, type ArmRequest } from '../arm/provider.ts';
import { ResourceShelf, type Shelved, type Stated } from '../arm/resource-shelf.ts';
import type { VirtualMachineOptions } from '../replication-service/target.ts';
import { invalidParameter } from './disk-requests.ts';
import type { Disk } from './disks.ts';
import { MachineMaker } from './machine-maker.ts';
import { actOnMachine } from './vm-actions.ts';
import {
  type Attachment,
  COMPUTE_NAMESPACE,
  type DataAttachment,
  type Machine,
  type MachinesOptions,
  type PowerState,
  VM_API_VERSIONS,
} from './vm-model.ts';
import { type DataDiskRequest, type MachineRequest, readMachine, readMachinePatch } from './vm-requests.ts';
import { machineView } from './vm-view.ts';

const NAME = /^[a-zA-Z0-9](?:[a-zA-Z0-9._-]{0,62}[a-zA-Z0-9_])?$/;
const CREATE_TAKES_MS = 10 * SECOND;
const DELETE_TAKES_MS = 5 * SECOND;

const SIZES = new Map(VM_SIZES.map((size) => [size.name.toLowerCase(), size]));

export class VirtualMachines {
  readonly #options: MachinesOptions;
  readonly shelf: ResourceShelf<Machine>;
  readonly #maker: MachineMaker;

  constructor(options: MachinesOptions) {
    this.#options = options;
    this.shelf = new ResourceShelf({
      namespace: COMPUTE_NAMESPACE,
      type: 'virtualMachines',
      apiVersions: VM_API_VERSIONS,
      name: NAME,
      createTakesMs: CREATE_TAKES_MS,
      deleteTakesMs: DELETE_TAKES_MS,
      read: (request, before) => this.#read(request, before),
      made: (machine) => this.#made(machine),
      patch: (request, machine) => this.#patch(request, machine),
      left: (machine) => this.#left(machine),
      view: (machine, request) => machineView(machine, request),
      act: (machine, request) => actOnMachine(this, machine, request),
    });
    this.#maker = new MachineMaker(options, this.shelf);
  }

  /** For other services of the cloud: made at once. @returns its ARM id. @throws ArmError */
  create(options: VirtualMachineOptions): string {
    return this.#maker.create(options);
  }

  /** Deletes a machine with its interfaces, at once; its disks stay. */
  delete(id: string): void {
    this.#maker.delete(id);
  }

  setPower(machine: Shelved<Machine>, power: PowerState): void {
    const { properties } = machine;
    const event = power === 'deallocated' ? 'deallocate' : power === 'running' ? 'start' : undefined;
    for (const { disk } of [properties.os, ...properties.data]) {
      if (event === undefined || (event === 'start' && disk.state === 'Attached')) continue;
      this.#options.disks.move(disk, event);
    }
    if (power === 'running') properties.startedAt = this.#options.context.clock.wall();
    properties.power = power;
  }

  #read(request: ArmRequest, before: Shelved<Machine> | undefined): Stated<Machine> {
    const wanted = readMachine(request.body, '');
    const { location, tags = {}, zones, properties } = wanted;
    const known = before?.properties;
    const id = before?.id ?? this.#idOf(request);
    if (
      properties.osProfile !== undefined &&
      properties.storageProfile.osDisk.createOption === 'Attach' &&
      !known
    )
      throw invalidParameter('osProfile', 'it is not allowed with an attached OS disk');
    const size = requireSize(properties.hardwareProfile.vmSize);
    const os = this.#osAttachment(wanted, id, known);
    const osType = properties.storageProfile.osDisk.osType ?? os.disk.settings.osType ?? 'Linux';
    const generation = os.disk.settings.kept['hyperVGeneration'] === 'V2' ? 2 : 1;
    if (!size.generations.includes(generation))
      throw new ArmError(
        400,
        'BadRequest',
        `The selected VM size '${size.name}' cannot boot Hypervisor Generation '${generation}'. If this was a Create operation please check that the Hypervisor Generation of the Image matches the Hypervisor Generation of the selected VM Size.`,
      );
    const nics = (properties.networkProfile?.networkInterfaces ?? []).map((nic, i, all) => ({
      id: this.#options.network.requireAttachable(nic.id, id).id,
      primary: nic.properties?.primary ?? (i === 0 && !all.some((other) => other.properties?.primary)),
      deleteWithMachine: nic.properties?.deleteOption === 'Delete',
    }));
    if (nics.length > size.nics)
      throw conflict(
        'NetworkInterfaceCountExceeded',
        `The number of network interfaces for virtual machine ${request.name} exceeds the maximum allowed for the virtual machine size ${size.name}. The number of network interfaces is ${nics.length} and the maximum allowed is ${size.nics}.`,
      );
    const data = this.#dataAttachments(
      request,
      properties.storageProfile.dataDisks ?? [],
      size,
      id,
      known,
      location,
    );
    for (const { disk } of [os, ...data])
      if (/^(?:Premium|Ultra)/.test(disk.settings.sku) && !size.premium)
        throw conflict(
          'OperationNotAllowed',
          `Requested operation cannot be performed because the VM size ${size.name} does not support the storage account type ${disk.settings.sku} of disk '${disk.name}'.`,
        );
    const { diagnosticsProfile, licenseType, securityProfile, priority, additionalCapabilities, userData } =
      properties;
    const given = {
      diagnosticsProfile,
      licenseType,
      securityProfile,
      priority,
      additionalCapabilities,
      userData,
    };
    const now = request.now;
    return {
      location,
      tags,
      beside: zones ? { zones } : {},
      properties: {
        size,
        osType,
        os,
        data,
        interfaces: nics,
        kept: Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
        power: known?.power ?? 'starting',
        vmId: known?.vmId ?? this.#options.context.entropy.uuid('azure.vm', id.toLowerCase(), now),
        createdAt: known?.createdAt ?? now,
        startedAt: known?.startedAt ?? now,
      },
    };
  }

  #idOf({ subscriptionId, resourceGroup, name }: ArmRequest): string {
    return `/subscriptions/${subscriptionId}/resourceGroups/${resourceGroup}/providers/${COMPUTE_NAMESPACE}/virtualMachines/${name}`;
  }

  #osAttachment({ properties }: MachineRequest, id: string, known: Machine | undefined): Attachment {
    const { createOption, managedDisk, caching, deleteOption } = properties.storageProfile.osDisk;
    const settings = {
      caching: caching ?? 'ReadWrite',
      deleteWithMachine: deleteOption === 'Delete',
    } as const;
    if (createOption !== 'Attach' && !known)
      throw invalidParameter('osDisk.createOption', 'machines are made from disks here: Attach');
    const diskId = managedDisk?.id;
    if (known && (diskId === undefined || diskId.toLowerCase() === known.os.disk.id.toLowerCase()))
      return { ...settings, disk: known.os.disk, createOption: 'Attach' };
    if (known) throw conflict('PropertyChangeNotAllowed', "Changing property 'osDisk' is not allowed.");
    if (diskId === undefined) throw invalidParameter('osDisk.managedDisk.id', 'Attach needs it');
    return { ...settings, disk: this.#requireFree(diskId, id), createOption: 'Attach' };
  }

  #requireFree(diskId: string, machineId: string): Disk {
    const disk = this.#options.disks.find(diskId);
    if (disk?.kind !== 'disks')
      throw new ArmError(404, 'ResourceNotFound', `Disk ${diskId} is not found.`, { target: 'managedDisk' });
    if (disk.managedBy?.toLowerCase() === machineId.toLowerCase()) return disk;
    if (disk.managedBy !== undefined)
      throw conflict(
        'OperationNotAllowed',
        `Disk '${disk.name}' cannot be attached as the disk is already owned by VM '${disk.managedBy}'.`,
      );
    this.#options.disks.requireEvent(disk, 'attach');
    return disk;
  }

  #dataAttachments(
    request: ArmRequest,
    wanted: readonly DataDiskRequest[],
    size: VmSize,
    machineId: string,
    known: Machine | undefined,
    location: string,
  ): DataAttachment[] {
    const staying = wanted.filter((disk) => disk.toBeDetached !== true);
    if (staying.length > size.dataDisks)
      throw conflict(
        'OperationNotAllowed',
        `The maximum number of data disks allowed to be attached to a VM of this size is ${size.dataDisks}.`,
      );
    const luns = new Set<number>();
    const made: DataAttachment[] = [];
    for (const { lun, createOption, managedDisk, name, diskSizeGB, caching, deleteOption } of staying) {
      if (luns.has(lun))
        throw new ArmError(400, 'InvalidParameter', `A disk at LUN ${lun} already exists.`, {
          target: 'dataDisk.lun',
        });
      luns.add(lun);
      const before = known?.data.find((data) => data.lun === lun);
      const diskId = managedDisk?.id ?? before?.disk.id;
      const settings = {
        lun,
        caching: caching ?? 'None',
        deleteWithMachine: deleteOption === 'Delete',
      } as const;
      if (diskId !== undefined) {
        made.push({ ...settings, disk: this.#requireFree(diskId, machineId), createOption: 'Attach' });
        continue;
      }
      if (createOption !== 'Empty') throw invalidParameter('dataDisks.managedDisk.id', 'Attach needs it');
      if (diskSizeGB === undefined) throw invalidParameter('dataDisks.diskSizeGB', 'an empty disk needs it');
      const group = `/subscriptions/${request.subscriptionId}/resourceGroups/${request.resourceGroup}`;
      const id = `${group}/providers/${COMPUTE_NAMESPACE}/disks/${name ?? `${request.name}_disk${lun + 2}`}`;
      if (this.#options.disks.find(id))
        throw conflict('ConflictingUserInput', `Disk '${id}' already exists.`);
      const sku = managedDisk?.storageAccountType ?? (size.premium ? 'Premium_LRS' : 'Standard_LRS');
      const disk = this.#options.disks.create('disks', id, {
        settings: { location, tags: {}, sku, diskSizeGb: diskSizeGB, incremental: false, kept: {} },
        creationData: { createOption: 'Empty' },
      });
      disk.isReady = true;
      made.push({ ...settings, disk, createOption: 'Empty' });
    }
    return made;
  }

  /** Takes what the machine now has, and lets go what it has no more. */
  #made({ id, properties }: Shelved<Machine>): void {
    const { disks, network, context } = this.#options;
    const mine = [properties.os, ...properties.data].map(({ disk }) => disk);
    for (const disk of disks.ofMachine(id)) if (!mine.includes(disk)) disks.move(disk, 'detach');
    for (const disk of mine) {
      if (disk.managedBy === undefined) disks.move(disk, 'attach', id);
      if (properties.power === 'deallocated' && disk.state === 'Attached') disks.move(disk, 'deallocate');
    }
    const nics = new Set(properties.interfaces.map((nic) => nic.id.toLowerCase()));
    for (const nic of network.interfaces.all()) {
      if (nics.has(nic.id.toLowerCase())) nic.properties.machineId = id;
      else if (nic.properties.machineId === id) nic.properties.machineId = undefined;
    }
    if (properties.power !== 'starting') return;
    properties.power = 'running';
    properties.startedAt = context.clock.wall();
  }

  #patch(request: ArmRequest, machine: Shelved<Machine>) {
    const { tags, properties } = readMachinePatch(request.body, '');
    const before = machine.properties;
    const size = properties?.hardwareProfile ? requireSize(properties.hardwareProfile.vmSize) : before.size;
    if (before.data.length > size.dataDisks)
      throw conflict(
        'OperationNotAllowed',
        `The maximum number of data disks allowed to be attached to a VM of this size is ${size.dataDisks}.`,
      );
    const changed: Machine = { ...before, size };
    const { diagnosticsProfile, licenseType, userData } = properties ?? {};
    const given = Object.entries({ diagnosticsProfile, licenseType, userData });
    changed.kept = {
      ...before.kept,
      ...Object.fromEntries(given.filter(([, value]) => value !== undefined)),
    };
    if (properties?.storageProfile?.dataDisks)
      changed.data = this.#dataAttachments(
        request,
        properties.storageProfile.dataDisks,
        size,
        machine.id,
        before,
        machine.location,
      );
    this.#made({ ...machine, properties: changed });
    return { properties: changed, ...(tags ? { tags } : {}) };
  }

  #left({ properties, id }: Shelved<Machine>): void {
    const { disks, network } = this.#options;
    for (const { disk, deleteWithMachine } of [properties.os, ...properties.data]) {
      disks.move(disk, 'detach');
      if (deleteWithMachine) disks.delete(disk);
    }
    for (const { id: nicId, deleteWithMachine } of properties.interfaces) {
      const nic = network.interfaces.find(nicId);
      if (nic?.properties.machineId !== id) continue;
      nic.properties.machineId = undefined;
      if (deleteWithMachine) network.interfaces.remove(nic);
    }
  }
}

function requireSize(name: string): VmSize {
  const size = SIZES.get(name.toLowerCase());
  if (!size)
    throw new ArmError(
      400,
      'InvalidParameter',
      `The value ${name.slice(0, 64)} provided for the VM size is not valid. The valid sizes in the current region are listed by the operation virtualMachines/vmSizes.`,
      { target: 'vmSize' },
    );
  return size;
}
