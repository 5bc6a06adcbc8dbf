/** Disks that a specification adds to a machine, changes, or takes off. */
import { KIB } from '#core/units.ts';
import type { DiskOrigin } from '../../estate/estate.ts';
import type { ControllerFacts, DiskFacts } from '../../estate/model.ts';
import { vimFault } from '../faults.ts';
import { DatastoreObject } from '../objects/datastore.ts';
import type { Data, Ref } from '../values.ts';
import { busOf } from '../vm/devices.ts';
import {
  directoryOf,
  fileNameOf,
  formatDatastorePath,
  parseDatastorePath,
  withoutExtension,
} from '../vm/paths.ts';
import { type Device, deviceFault } from './device-changes.ts';
import type { Draft } from './draft.ts';
import { datastoreNamed, requireSpace } from './places.ts';

interface Backing extends Data {
  readonly fileName?: string;
  readonly datastore?: Ref;
  readonly diskMode?: string;
  readonly thinProvisioned?: boolean;
  readonly eagerlyScrub?: boolean;
  readonly uuid?: string;
  readonly sharing?: string;
  readonly parent?: Backing;
}

export interface DiskSpec extends Device {
  readonly backing?: Backing;
  readonly capacityInKB: number;
  readonly capacityInBytes?: number;
}

const MODES: ReadonlySet<string> = new Set([
  'persistent',
  'independent_persistent',
  'independent_nonpersistent',
]);
const UNITS = { scsi: 16, sata: 30, nvme: 15, ide: 2 } as const;
/** The controller's own place on its bus. */
const SCSI_SELF = 7;
const DISK_BYTES_MAX = 62 * 2 ** 40;

export function addDisk(
  draft: Draft,
  spec: DiskSpec,
  fileOperation: string | undefined,
  deviceIndex: number,
  controller: ControllerFacts,
): void {
  const { backing } = spec;
  if (backing?.$ !== 'VirtualDiskFlatVer2BackingInfo')
    throw vimFault(
      'NotSupported',
      `Disks with ${backing?.$ ?? 'no'} backing are not supported by this server.`,
    );
  const diskMode = backing.diskMode ?? 'persistent';
  if (!MODES.has(diskMode)) throw deviceFault(deviceIndex, `the disk mode is "${diskMode.slice(0, 40)}"`);
  const datastore = datastoreOf(draft, backing);
  const index = Math.max(-1, ...draft.disks.map((disk) => disk.index)) + 1;
  const id = `${draft.machine.id}/${index}`;
  const place = {
    controller: controller.controller,
    bus: controller.bus,
    unit: freeUnit(draft, controller, spec.unitNumber, deviceIndex),
  };
  const common = {
    id,
    index,
    label: `Hard disk ${index + 1}`,
    ...place,
    mode: diskMode as DiskFacts['mode'],
    raw: false,
    shared: backing.sharing === 'sharingMultiWriter',
    datastoreId: datastore.facts.id,
  };
  if (fileOperation === undefined) return attach(draft, common, datastore, backing);
  if (fileOperation !== 'create') throw deviceFault(deviceIndex, 'the file operation is not create');
  const sizeBytes = spec.capacityInBytes ?? spec.capacityInKB * KIB;
  if (!(sizeBytes > 0 && sizeBytes <= DISK_BYTES_MAX) || sizeBytes % 512 !== 0)
    throw deviceFault(deviceIndex, `the capacity is ${sizeBytes} bytes`);
  const thin = backing.thinProvisioned === true;
  if (!thin) requireSpace(datastore, sizeBytes);
  const path = newFile(draft, datastore, backing.fileName, index);
  const origin: DiskOrigin = 'blank';
  draft.disks.push({
    ...common,
    sizeBytes,
    thin,
    eagerlyZeroed: backing.eagerlyScrub === true,
    path,
    uuid: newDiskUuid(draft),
  });
  draft.origins.set(id, origin);
}

export function newDiskUuid({ vcenter }: Draft): string {
  const uuid = vcenter.context.entropy.uuid('vcenter.disk', vcenter.nextNumber());
  return `6000c29${uuid.slice(7)}`;
}

/** A file that is there already, and belongs to no machine. */
function attach(
  draft: Draft,
  common: Omit<DiskFacts, 'sizeBytes' | 'thin' | 'path' | 'uuid'>,
  datastore: DatastoreObject,
  { fileName = '' }: Backing,
): void {
  const parsed = parseDatastorePath(fileName);
  const file = parsed && draft.vcenter.files.loose.get(datastore, parsed.path);
  if (!parsed || file?.kind !== 'disk') {
    const isThere = parsed && draft.vcenter.files.file(datastore, parsed.path);
    throw isThere
      ? vimFault('FileLocked', `Unable to access file ${fileName} since it is locked.`, { file: fileName })
      : vimFault('FileNotFound', `File ${fileName} was not found.`, { file: fileName });
  }
  const { sizeBytes, thin, uuid } = file.disk.facts;
  draft.disks.push({ ...common, sizeBytes, thin, uuid, path: fileName });
  draft.origins.set(common.id, { existing: file.disk });
  draft.attached.push({ datastore, path: parsed.path });
}

export function editDisk(
  draft: Draft,
  disk: DiskFacts,
  spec: DiskSpec,
  deviceIndex: number,
  controller: ControllerFacts | undefined,
): void {
  const sizeBytes =
    spec.capacityInBytes ?? (spec.capacityInKB > 0 ? spec.capacityInKB * KIB : disk.sizeBytes);
  if (sizeBytes < disk.sizeBytes || sizeBytes > DISK_BYTES_MAX || sizeBytes % 512 !== 0)
    throw deviceFault(deviceIndex, 'the capacity of a disk cannot be reduced');
  if (sizeBytes > disk.sizeBytes && draft.vm && draft.vm.roots.length > 0)
    throw vimFault('InvalidDeviceSpec', 'A disk that snapshots hold cannot grow.', { deviceIndex });
  if (sizeBytes > disk.sizeBytes && !disk.thin)
    requireSpace(draft.vcenter.inventory.datastore(disk.datastoreId), sizeBytes - disk.sizeBytes);
  const diskMode = spec.backing?.diskMode ?? disk.mode;
  if (!MODES.has(diskMode)) throw deviceFault(deviceIndex, `the disk mode is "${diskMode.slice(0, 40)}"`);
  const isElsewhere =
    controller !== undefined &&
    (controller.bus !== disk.bus ||
      busOf(controller) !== busOf(disk) ||
      (spec.unitNumber ?? disk.unit) !== disk.unit);
  const others = draft.disks.filter((each) => each !== disk);
  const place = isElsewhere
    ? {
        controller: controller.controller,
        bus: controller.bus,
        unit: freeUnit({ ...draft, disks: others }, controller, spec.unitNumber, deviceIndex),
      }
    : {};
  draft.disks = draft.disks.map((each) =>
    each === disk ? { ...disk, ...place, sizeBytes, mode: diskMode as DiskFacts['mode'] } : each,
  );
}

export function removeDisk(draft: Draft, disk: DiskFacts, andFile: boolean): void {
  if (draft.vm?.snapshots().some((snapshot) => snapshot.disks.has(disk.index)))
    throw vimFault('GenericVmConfigFault', 'A disk that snapshots hold cannot be removed by this server.', {
      reason: 'msg.disk.inSnapshot',
    });
  draft.disks = draft.disks.filter((each) => each !== disk);
  if (draft.origins.delete(disk.id)) return; // it was added in the same breath
  draft.removed.push(disk.index);
  if (!andFile) draft.loosened.push(disk);
}

function datastoreOf(draft: Draft, { fileName = '', datastore }: Backing): DatastoreObject {
  const parsed = parseDatastorePath(fileName);
  if (parsed) return datastoreNamed(draft.host, parsed.datastore);
  const found = datastore && draft.vcenter.inventory.find(datastore.id);
  if (found instanceof DatastoreObject) return found;
  return datastoreNamed(draft.host, parseDatastorePath(draft.machine.home ?? '')?.datastore ?? homeOf(draft));
}

function homeOf({ vm, host }: Draft): string {
  return vm?.home.datastore.name ?? host.datastores[0]?.name ?? '';
}

/** The path of a new disk: the one asked for, or the next beside the machine's own files. */
function newFile(
  draft: Draft,
  datastore: DatastoreObject,
  wanted: string | undefined,
  index: number,
): string {
  const path = wanted === undefined ? '' : (parseDatastorePath(wanted)?.path ?? '');
  const isTaken = (candidate: string) =>
    draft.vcenter.files.file(datastore, candidate) !== undefined ||
    draft.disks.some(
      (disk) => disk.path === formatDatastorePath({ datastore: datastore.name, path: candidate }),
    );
  if (path.endsWith('.vmdk')) {
    const full = formatDatastorePath({ datastore: datastore.name, path });
    if (isTaken(path))
      throw vimFault('FileAlreadyExists', `The file ${full} already exists.`, { file: full });
    return full;
  }
  const home = parseDatastorePath(draft.machine.home ?? draft.vm?.vmPathName ?? '')!;
  const stem = withoutExtension(fileNameOf(home.path));
  const directory = path === '' ? directoryOf(home.path) : path;
  for (let n = index; ; n++) {
    const name = `${stem}${n === 0 ? '' : `_${n}`}.vmdk`;
    const candidate = directory === '' ? name : `${directory}/${name}`;
    if (!isTaken(candidate)) return formatDatastorePath({ datastore: datastore.name, path: candidate });
  }
}

function freeUnit(
  draft: Pick<Draft, 'disks'>,
  controller: ControllerFacts,
  wanted: number | undefined,
  deviceIndex: number,
): number {
  const bus = busOf(controller);
  const taken = new Set(
    draft.disks.filter((disk) => busOf(disk) === bus && disk.bus === controller.bus).map((disk) => disk.unit),
  );
  if (bus === 'scsi') taken.add(SCSI_SELF);
  if (wanted !== undefined && wanted >= 0) {
    if (taken.has(wanted) || wanted >= UNITS[bus])
      throw deviceFault(deviceIndex, `unit ${wanted} of the controller is not free`);
    return wanted;
  }
  for (let unit = 0; unit < UNITS[bus]; unit++) if (!taken.has(unit)) return unit;
  throw deviceFault(deviceIndex, 'the controller is full');
}
