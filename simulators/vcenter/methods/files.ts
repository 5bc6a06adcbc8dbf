/** Methods of FileManager, VirtualDiskManager and datastore browsers that change files. */
import { KIB } from '#core/units.ts';
import type { DiskFacts } from '../../estate/model.ts';
import type { VirtualDisk } from '../../estate/virtual-disk.ts';
import { invalidArgument, vimFault } from '../faults.ts';
import { requireSpace } from '../lifecycle/places.ts';
import { DatastoreBrowserObject, type DatastoreObject } from '../objects/datastore.ts';
import { DatacenterObject } from '../objects/folder.ts';
import { objectNotFound } from '../property/selection.ts';
import type { Data, Ref, Value } from '../values.ts';
import { directoryOf, formatDatastorePath, parseDatastorePath, vmxUuid } from '../vm/paths.ts';
import { type Call, defineMethod, type Method, type Outcome, selfAs } from './method.ts';
import { requirePrivilege } from './privileges.ts';

interface Spot {
  readonly datastore: DatastoreObject;
  readonly path: string;
  /** "[ds] dir/file" */
  readonly name: string;
}

/** @throws VimFault InvalidDatastorePath, InvalidDatastore, InvalidArgument, NoPermission */
function spotOf(
  name: string,
  datacenter: Ref | undefined,
  call: Call,
  privilege = 'Datastore.FileManagement',
): Spot {
  const parsed = parseDatastorePath(name);
  if (!parsed || parsed.path === '' || parsed.path.split('/').some((part) => /^\.{1,2}$/.test(part)))
    throw vimFault('InvalidDatastorePath', `Invalid datastore path '${name.slice(0, 200)}'.`, {
      datastorePath: name,
    });
  const { inventory } = call.vcenter;
  let candidates = [...inventory.datastores()];
  if (datacenter) {
    const found = call.find(datacenter);
    if (!found) throw objectNotFound(datacenter);
    if (!(found instanceof DatacenterObject)) throw invalidArgument('datacenter');
    candidates = found.datastores;
  }
  const datastore = candidates.find((each) => each.name === parsed.datastore);
  if (!datastore)
    throw vimFault('InvalidDatastore', `There is no datastore '${parsed.datastore}' here.`, {
      name: parsed.datastore,
    });
  requirePrivilege(call, privilege, datastore);
  return { datastore, path: parsed.path, name: formatDatastorePath(parsed) };
}

const fileFault = (type: string, name: string, text: string) => vimFault(type, text, { file: name });
const notFound = (name: string) => fileFault('FileNotFound', name, `File ${name} was not found.`);
const locked = (name: string) =>
  fileFault('FileLocked', name, `Unable to access file ${name} since it is locked.`);
const exists = (name: string) =>
  fileFault(
    'FileAlreadyExists',
    name,
    `Cannot complete the operation because the file ${name} already exists.`,
  );

/** A task of a manager, on the datastore of what it is about. */
function fileTask(call: Call, descriptionId: string, run: () => Value | undefined): Outcome {
  const { method, self, session, vcenter, taskFault } = call;
  return vcenter.tasks.start({ method, descriptionId, entity: self, session, run }, taskFault).ref;
}

/** The path is to become that of something new. @throws VimFault FileAlreadyExists, FileNotFound, FileLocked */
function requireNew(call: Call, { datastore, path, name }: Spot, force: boolean): void {
  const { files } = call.vcenter;
  const known = files.file(datastore, path);
  if (known && !files.loose.get(datastore, path)) throw locked(name);
  if (known && !force) throw exists(name);
  if (directoryOf(path) !== '' && !files.directory(datastore, directoryOf(path)))
    throw notFound(formatDatastorePath({ datastore: datastore.name, path: directoryOf(path) }));
}

/** @throws VimFault FileNotFound, FileLocked */
function looseAt(call: Call, { datastore, path, name }: Spot) {
  const { files } = call.vcenter;
  const file = files.loose.get(datastore, path);
  if (file) return file;
  throw files.file(datastore, path) ? locked(name) : notFound(name);
}

function removeAt(call: Call, spot: Spot): void {
  const { datastore, path, name } = spot;
  const { files } = call.vcenter;
  if (files.loose.get(datastore, path)) return files.loose.remove(datastore, path);
  const directory = files.directory(datastore, path);
  if (!directory) throw files.file(datastore, path) ? locked(name) : notFound(name);
  if (holdsMachines(call, datastore, path)) throw locked(name);
  files.loose.removeDirectory(datastore, path);
}

function holdsMachines(call: Call, datastore: DatastoreObject, path: string): boolean {
  const { files } = call.vcenter;
  const directory = files.directory(datastore, path)!;
  return (
    directory.files.some((file) => file.vm !== undefined) ||
    directory.directories.some((name) => holdsMachines(call, datastore, `${path}/${name}`))
  );
}

const at = (call: Call) => Math.floor(call.vcenter.context.clock.wall());

const makeDirectory = defineMethod<{
  name: string;
  datacenter?: Ref;
  createParentDirectories?: boolean;
}>({
  on: 'FileManager',
  name: 'MakeDirectory',
  takes: 'name string, datacenter &Datacenter?, createParentDirectories boolean?',
  faults: ['InvalidDatastore', 'FileFault', 'NoDiskSpace'],
  run({ name, datacenter, createParentDirectories }, call) {
    const spot = spotOf(name, datacenter, call);
    const { files } = call.vcenter;
    if (files.directory(spot.datastore, spot.path) || files.file(spot.datastore, spot.path))
      throw exists(spot.name);
    if (createParentDirectories !== true) requireNew(call, spot, false);
    files.loose.makeDirectory(spot.datastore, spot.path);
    return undefined;
  },
});

const deleteDatastoreFile = defineMethod<{ name: string; datacenter?: Ref }>({
  on: 'FileManager',
  name: 'DeleteDatastoreFile_Task',
  takes: 'name string, datacenter &Datacenter?',
  returns: '&Task',
  faults: ['InvalidDatastore', 'FileFault'],
  run({ name, datacenter }, call) {
    const spot = spotOf(name, datacenter, call);
    return fileTask(call, 'FileManager.deleteFile', () => {
      removeAt(call, spot);
      return undefined;
    });
  },
});

const deleteFile = defineMethod<{ datastorePath: string }>({
  on: 'HostDatastoreBrowser',
  name: 'DeleteFile',
  takes: 'datastorePath string',
  privilege: 'Datastore.DeleteFile',
  faults: ['InvalidDatastore', 'FileFault'],
  run({ datastorePath }, call) {
    const browser = selfAs(call, DatastoreBrowserObject);
    const spot = spotOf(datastorePath, undefined, call);
    if (!browser.datastores().includes(spot.datastore)) throw notFound(spot.name);
    removeAt(call, spot);
    return undefined;
  },
});

interface TwoFiles {
  readonly sourceName: string;
  readonly sourceDatacenter?: Ref;
  readonly force?: boolean;
}

/** Moves or copies a file that belongs to no machine. */
function transfer(call: Call, from: Spot, to: Spot, force: boolean, isMove: boolean): void {
  const file = looseAt(call, from);
  requireNew(call, to, force);
  const { loose } = call.vcenter.files;
  if (file.kind === 'bytes') loose.put(to.datastore, to.path, { ...file, at: at(call) });
  else if (isMove) {
    file.disk.setFacts({ ...file.disk.facts, path: to.name, datastoreId: to.datastore.facts.id });
    loose.put(to.datastore, to.path, file);
  } else loose.put(to.datastore, to.path, { kind: 'disk', disk: copied(call, file.disk, to), at: at(call) });
  if (isMove) loose.remove(from.datastore, from.path);
}

function copied(call: Call, disk: VirtualDisk, to: Spot): VirtualDisk {
  return call.vcenter.estate.looseDisk(
    {
      ...disk.facts,
      ...identity(call),
      path: to.name,
      datastoreId: to.datastore.facts.id,
    },
    { copyOf: disk },
  );
}

function identity(call: Call): { readonly id: string; readonly uuid: string } {
  const uuid = `6000c29${call.vcenter.context.entropy.uuid('vcenter.disk', call.vcenter.nextNumber()).slice(7)}`;
  return { id: `loose:${uuid}`, uuid };
}

function fileMethod(name: string, isMove: boolean): Method {
  return defineMethod<TwoFiles & { readonly destinationName: string; readonly destinationDatacenter?: Ref }>({
    on: 'FileManager',
    name,
    takes:
      'sourceName string, sourceDatacenter &Datacenter?, destinationName string, ' +
      'destinationDatacenter &Datacenter?, force boolean?',
    returns: '&Task',
    faults: ['InvalidDatastore', 'FileFault', 'NoDiskSpace'],
    run(args, call) {
      const from = spotOf(args.sourceName, args.sourceDatacenter, call);
      const to = spotOf(args.destinationName, args.destinationDatacenter ?? args.sourceDatacenter, call);
      return fileTask(call, isMove ? 'FileManager.moveFile' : 'FileManager.copyFile', () => {
        transfer(call, from, to, args.force === true, isMove);
        return undefined;
      });
    },
  });
}

function diskMethod(name: string, isMove: boolean): Method {
  return defineMethod<TwoFiles & { readonly destName: string; readonly destDatacenter?: Ref }>({
    on: 'VirtualDiskManager',
    name,
    takes: isMove
      ? 'sourceName string, sourceDatacenter &Datacenter?, destName string, destDatacenter &Datacenter?, force boolean?, profile VirtualMachineProfileSpec[] @5.5'
      : 'sourceName string, sourceDatacenter &Datacenter?, destName string, destDatacenter &Datacenter?, destSpec VirtualDiskSpec?, force boolean?',
    returns: '&Task',
    privilege: 'System.View',
    faults: ['InvalidDatastore', 'FileFault', 'NoDiskSpace'],
    run(args, call) {
      const from = spotOf(args.sourceName, args.sourceDatacenter, call);
      const to = spotOf(args.destName, args.destDatacenter ?? args.sourceDatacenter, call);
      return fileTask(call, isMove ? 'VirtualDiskManager.moveDisk' : 'VirtualDiskManager.copyDisk', () => {
        const loose = call.vcenter.files.loose.get(from.datastore, from.path);
        if (loose || isMove) transfer(call, from, to, args.force === true, isMove);
        else {
          // A disk of a machine that is off can be copied.
          const file = call.vcenter.files.file(from.datastore, from.path);
          if (!file?.vm || file.type !== 'diskDescriptor') throw notFound(from.name);
          if (file.vm.isOn) throw locked(from.name);
          requireNew(call, to, args.force === true);
          const disk = copied(call, file.vm.diskOf(file.disk!), to);
          call.vcenter.files.loose.put(to.datastore, to.path, { kind: 'disk', disk, at: at(call) });
        }
        return to.name;
      });
    },
  });
}

interface DiskSpec extends Data {
  readonly diskType: string;
  readonly adapterType: string;
  readonly capacityKb?: number;
}

const ADAPTERS: Readonly<Record<string, DiskFacts['controller']>> = {
  lsiLogic: 'lsilogic',
  busLogic: 'buslogic',
  ide: 'ide',
};

const createVirtualDisk = defineMethod<{ name: string; datacenter?: Ref; spec: DiskSpec }>({
  on: 'VirtualDiskManager',
  name: 'CreateVirtualDisk_Task',
  takes: 'name string, datacenter &Datacenter?, spec VirtualDiskSpec',
  returns: '&Task',
  privilege: 'System.View',
  faults: ['InvalidDatastore', 'FileFault', 'NoDiskSpace'],
  run({ name, datacenter, spec }, call) {
    const spot = spotOf(name, datacenter, call);
    const sizeBytes = (spec.capacityKb ?? 0) * KIB;
    if (spec.$ !== 'FileBackedVirtualDiskSpec' || sizeBytes <= 0) throw invalidArgument('spec');
    const controller = ADAPTERS[spec.adapterType];
    if (!controller) throw invalidArgument('spec.adapterType');
    return fileTask(call, 'VirtualDiskManager.createDisk', () => {
      requireNew(call, spot, false);
      const thin = spec.diskType === 'thin';
      if (!thin) requireSpace(spot.datastore, sizeBytes);
      const disk = call.vcenter.estate.looseDisk(
        {
          ...identity(call),
          index: 0,
          label: 'Hard disk',
          sizeBytes,
          thin,
          controller,
          bus: 0,
          unit: 0,
          mode: 'persistent',
          raw: false,
          shared: false,
          datastoreId: spot.datastore.facts.id,
          path: spot.name,
        },
        'blank',
      );
      call.vcenter.files.loose.put(spot.datastore, spot.path, { kind: 'disk', disk, at: at(call) });
      return spot.name;
    });
  },
});

const deleteVirtualDisk = defineMethod<{ name: string; datacenter?: Ref }>({
  on: 'VirtualDiskManager',
  name: 'DeleteVirtualDisk_Task',
  takes: 'name string, datacenter &Datacenter?',
  returns: '&Task',
  privilege: 'System.View',
  faults: ['InvalidDatastore', 'FileFault'],
  run({ name, datacenter }, call) {
    const spot = spotOf(name, datacenter, call);
    return fileTask(call, 'VirtualDiskManager.deleteDisk', () => {
      looseAt(call, spot);
      call.vcenter.files.loose.remove(spot.datastore, spot.path);
      return undefined;
    });
  },
});

const extendVirtualDisk = defineMethod<{ name: string; datacenter?: Ref; newCapacityKb: number }>({
  on: 'VirtualDiskManager',
  name: 'ExtendVirtualDisk_Task',
  takes: 'name string, datacenter &Datacenter?, newCapacityKb long, eagerZero boolean? @4.0',
  returns: '&Task',
  privilege: 'System.View',
  faults: ['InvalidDatastore', 'FileFault', 'NoDiskSpace'],
  run({ name, datacenter, newCapacityKb }, call) {
    const spot = spotOf(name, datacenter, call);
    return fileTask(call, 'VirtualDiskManager.extendDisk', () => {
      const file = looseAt(call, spot);
      if (file.kind !== 'disk') throw notFound(spot.name);
      const { facts } = file.disk;
      if (newCapacityKb * KIB < facts.sizeBytes) throw invalidArgument('newCapacityKb');
      file.disk.setFacts({ ...facts, sizeBytes: newCapacityKb * KIB });
      return undefined;
    });
  },
});

/** The disk at a path, a machine's too. @throws VimFault FileNotFound */
function diskAt(call: Call, spot: Spot): DiskFacts {
  const loose = call.vcenter.files.loose.get(spot.datastore, spot.path);
  if (loose?.kind === 'disk') return loose.disk.facts;
  const file = call.vcenter.files.file(spot.datastore, spot.path);
  if (file?.type !== 'diskDescriptor' || !file.disk) throw notFound(spot.name);
  return file.disk;
}

const queryVirtualDiskUuid = defineMethod<{ name: string; datacenter?: Ref }>({
  on: 'VirtualDiskManager',
  name: 'QueryVirtualDiskUuid',
  takes: 'name string, datacenter &Datacenter?',
  returns: 'string',
  privilege: 'System.View',
  faults: ['InvalidDatastore', 'FileFault'],
  run: ({ name, datacenter }, call) =>
    vmxUuid(diskAt(call, spotOf(name, datacenter, call, 'Datastore.Browse')).uuid),
});

const queryVirtualDiskGeometry = defineMethod<{ name: string; datacenter?: Ref }>({
  on: 'VirtualDiskManager',
  name: 'QueryVirtualDiskGeometry',
  takes: 'name string, datacenter &Datacenter?',
  returns: 'HostDiskDimensionsChs',
  privilege: 'System.View',
  faults: ['InvalidDatastore', 'FileFault'],
  run({ name, datacenter }, call) {
    const { sizeBytes } = diskAt(call, spotOf(name, datacenter, call, 'Datastore.Browse'));
    return {
      $: 'HostDiskDimensionsChs',
      cylinder: Math.max(1, Math.floor(sizeBytes / 512 / (255 * 63))),
      head: 255,
      sector: 63,
    };
  },
});

export const FILE_METHODS: readonly Method[] = [
  makeDirectory,
  deleteDatastoreFile,
  deleteFile,
  fileMethod('MoveDatastoreFile_Task', true),
  fileMethod('CopyDatastoreFile_Task', false),
  createVirtualDisk,
  deleteVirtualDisk,
  extendVirtualDisk,
  diskMethod('MoveVirtualDisk_Task', true),
  diskMethod('CopyVirtualDisk_Task', false),
  queryVirtualDiskUuid,
  queryVirtualDiskGeometry,
];
