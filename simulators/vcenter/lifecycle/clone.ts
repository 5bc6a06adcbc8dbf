/** Machines that are made from others: full copies, and linked ones that hold only changes to a snapshot. */
import type { DiskOrigin } from '../../estate/estate.ts';
import type { DiskFacts, Machine } from '../../estate/model.ts';
import { invalidArgument, vimFault } from '../faults.ts';
import type { Call } from '../methods/method.ts';
import { requirePrivilege } from '../methods/privileges.ts';
import type { DatastoreObject } from '../objects/datastore.ts';
import type { FolderObject } from '../objects/folder.ts';
import type { HostObject } from '../objects/host.ts';
import type { PoolObject } from '../objects/pool.ts';
import { objectNotFound } from '../property/selection.ts';
import type { Data, Ref } from '../values.ts';
import type { Vcenter } from '../vcenter.ts';
import { diskKey } from '../vm/devices.ts';
import { formatDatastorePath, parseDatastorePath, withoutExtension } from '../vm/paths.ts';
import { SnapshotObject } from '../vm/snapshot.ts';
import type { VirtualMachine } from '../vm/virtual-machine.ts';
import { type ConfigSpec, changeFacts, changeSettings, requireKnown } from './config-changes.ts';
import { homeFor } from './create.ts';
import { changeDevices, type DeviceChange } from './device-changes.ts';
import { newDiskUuid } from './disk-changes.ts';
import { commit, draftOf } from './draft.ts';
import { newAddress } from './nic-changes.ts';
import {
  datastoreAt,
  hostAt,
  hostFor,
  placementOf,
  plainName,
  poolAt,
  requireFree,
  requireSpace,
  requireVmFolder,
} from './places.ts';

export interface RelocateSpec extends Data {
  readonly folder?: Ref;
  readonly datastore?: Ref;
  readonly diskMoveType?: string;
  readonly pool?: Ref;
  readonly host?: Ref;
  readonly disk: ReadonlyArray<Data & { readonly diskId: number; readonly datastore: Ref }>;
  readonly deviceChange: ReadonlyArray<DeviceChange & Data>;
}

export interface CloneSpec extends Data {
  readonly location: RelocateSpec;
  readonly template: boolean;
  readonly config?: ConfigSpec;
  readonly customization?: Data;
  readonly powerOn: boolean;
  readonly snapshot?: Ref;
}

/** A clone that has been asked for, with everything it refers to. */
export interface CloneRequest {
  readonly source: VirtualMachine;
  readonly folder: FolderObject;
  readonly name: string;
  readonly spec: CloneSpec;
  readonly pool: PoolObject;
  readonly host: HostObject;
  readonly datastore: DatastoreObject;
  readonly diskDatastores: ReadonlyMap<number, DatastoreObject>;
  readonly snapshot: SnapshotObject | undefined;
}

const LINKED = new Set(['createNewChildDiskBacking', 'moveChildMostDiskBacking']);

/** @throws VimFault ManagedObjectNotFound, InvalidArgument, NoPermission, NotSupported */
export function readClone(
  call: Call,
  source: VirtualMachine,
  folder: FolderObject,
  name: string,
  spec: CloneSpec,
): CloneRequest {
  const { location } = spec;
  if (spec.customization)
    throw vimFault('NotSupported', 'Customizing guests is not supported by this server.');
  if (location.service)
    throw vimFault('NotSupported', 'Moving between vCenters is not supported by this server.');
  if (spec.config) requireKnown(spec.config);
  const host = location.host && hostAt(location.host, call);
  const pool = location.pool
    ? poolAt(location.pool, call)
    : host
      ? host.compute.pool
      : source.machine.template
        ? undefined
        : source.pool;
  if (!pool) throw invalidArgument('spec.location.pool');
  const datastore = location.datastore ? datastoreAt(location.datastore, call) : source.home.datastore;
  let snapshot: SnapshotObject | undefined;
  if (spec.snapshot) {
    const found = call.find(spec.snapshot);
    if (!(found instanceof SnapshotObject)) throw objectNotFound(spec.snapshot);
    if (found.vm !== source) throw invalidArgument('spec.snapshot');
    snapshot = found;
  }
  if (LINKED.has(location.diskMoveType ?? '') && !snapshot) throw invalidArgument('spec.snapshot');
  const isTemplate = source.machine.template;
  requirePrivilege(
    call,
    isTemplate
      ? spec.template
        ? 'VirtualMachine.Provisioning.CloneTemplate'
        : 'VirtualMachine.Provisioning.DeployTemplate'
      : spec.template
        ? 'VirtualMachine.Provisioning.CreateTemplateFromVM'
        : 'VirtualMachine.Provisioning.Clone',
    source,
  );
  requirePrivilege(call, 'VirtualMachine.Inventory.CreateFromExisting', folder);
  requirePrivilege(call, 'Resource.AssignVMToPool', pool);
  requirePrivilege(call, 'Datastore.AllocateSpace', datastore);
  return {
    source,
    folder,
    name,
    spec,
    pool,
    host: hostFor(pool, host),
    datastore,
    diskDatastores: new Map(location.disk.map((each) => [each.diskId, datastoreAt(each.datastore, call)])),
    snapshot,
  };
}

/** @throws VimFault DuplicateName, InvalidName, NoDiskSpace and those of devices */
export function cloneMachine(vcenter: Vcenter, request: CloneRequest): VirtualMachine {
  const { source, folder, spec, pool, host, datastore, snapshot } = request;
  const { datacenterId, path } = requireVmFolder(folder);
  const name = plainName(request.name);
  requireFree(folder.children(), name);
  const { entropy } = vcenter.context;
  const number = vcenter.nextNumber();
  const id = `made-${number}`;
  const home = homeFor(vcenter, host, name, `[${datastore.name}]`);
  const { clusterId: _cluster, hostId: _host, resourcePool: _pool, ...facts } = source.machine;
  const machine: Machine = {
    ...facts,
    ...placementOf(pool, host),
    id,
    name,
    dnsName: name,
    datacenterId,
    folder: path,
    biosUuid: `42${entropy.uuid('vcenter.bios', number).slice(2)}`,
    instanceUuid: `50${entropy.uuid('vcenter.instance', number).slice(2)}`,
    template: false,
    annotation: source.annotation,
    home,
    controllers: facts.controllers ?? [],
    disks: [],
    nics: [],
    power: 'off',
  };
  const draft = draftOf(vcenter, machine, host, undefined);
  const isLinked = LINKED.has(spec.location.diskMoveType ?? '');
  const stem = withoutExtension(parseDatastorePath(home)!.path);
  for (const [nth, disk] of source.machine.disks.entries()) {
    if (disk.raw) throw vimFault('NotSupported', 'Machines with raw disks are not cloned by this server.');
    const at = request.diskDatastores.get(diskKey(disk)) ?? datastore;
    const frozen = snapshot?.disks.get(disk.index);
    const file = `${stem}${nth === 0 ? '' : `_${nth}`}.vmdk`;
    const diskId = `${id}/${disk.index}`;
    if (!disk.thin && !isLinked) requireSpace(at, disk.sizeBytes);
    const { parentPath: _parent, usedBytes: _used, ...same } = disk;
    draft.disks.push({
      ...same,
      id: diskId,
      datastoreId: at.facts.id,
      path: formatDatastorePath({ datastore: at.name, path: file }),
      uuid: newDiskUuid(draft),
      ...(isLinked && frozen ? { parentPath: frozen.link.fileName, thin: true } : {}),
    });
    draft.origins.set(diskId, originOf(vcenter, source, disk, frozen?.link.frozenAt));
  }
  for (const nic of source.machine.nics)
    draft.nics.push({ ...nic, ...newAddress(draft), ipAddresses: newAddresses(vcenter, nic.ipAddresses) });
  changeDevices(draft, spec.location.deviceChange);
  if (spec.config) changeFacts(draft, { ...spec.config, name });
  if (spec.template) draft.machine = { ...draft.machine, template: true };
  commit(draft);
  const vm = vcenter.inventory.vmOf(id);
  for (const [key, value] of source.settings) vm.settings.set(key, value);
  for (const [key, value] of source.extraOptions) vm.extraOptions.set(key, value);
  if (spec.config) changeSettings(vm, spec.config);
  vm.modifiedAt = Math.floor(vcenter.context.clock.wall());
  return vm;
}

function originOf(
  vcenter: Vcenter,
  source: VirtualMachine,
  disk: DiskFacts,
  epoch: number | undefined,
): DiskOrigin {
  const copyOf = vcenter.estate.disk(source.diskOf(disk).facts.id);
  if (epoch === undefined || epoch === 0) return epoch === 0 ? { copyOf, epoch } : { copyOf };
  // The snapshot may be removed while the copy goes on: it gets an epoch of its own, with the same content.
  return { copyOf, epoch: copyOf.hold(epoch) };
}

/** As many addresses as the original's adapter had, from a range of their own. */
function newAddresses(vcenter: Vcenter, before: readonly string[]): string[] {
  return before
    .filter((address) => address.includes('.'))
    .map(() => {
      const number = vcenter.nextNumber();
      return `10.${200 + ((number >> 16) & 31)}.${(number >> 8) & 255}.${number & 255}`;
    });
}
