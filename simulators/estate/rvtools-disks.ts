/** The disks of one machine: from vDisk, or laid out from the totals in vInfo where vDisk says nothing. */
import type { Entropy } from '#core/entropy/entropy.ts';
import { type Bytes, GIB, MIB } from '#core/units.ts';
import type { DiskFacts, Host } from './model.ts';
import type { RecognisedOs } from './os-names.ts';
import type { Places } from './rvtools-places.ts';
import type { Findings, TableRow } from './rvtools-table.ts';

/** vSphere 7's configuration maximums: 62 TiB for a virtual disk, 64 TiB for a raw one; 256 disks per machine. */
const MAX_DISK_MIB = 64 * 1024 * 1024;
const MAX_DISKS = 256;

const MODES = {
  persistent: 'persistent',
  independent_persistent: 'independent_persistent',
  independent_nonpersistent: 'independent_nonpersistent',
  nonpersistent: 'legacy',
  undoable: 'legacy',
  append: 'legacy',
} as const;

export interface DiskContext {
  readonly entropy: Entropy;
  readonly findings: Findings;
  readonly places: Places;
  /** "machine web-07", for derivations. */
  readonly object: string;
  readonly machineId: string;
  readonly name: string;
  readonly host: Host;
  readonly os: RecognisedOs;
  /** Paths that are taken, over the whole estate. */
  readonly paths: Set<string>;
}

type Slot = Pick<DiskFacts, 'controller' | 'bus' | 'unit'>;

/** A disk before it has a place on a controller and a datastore. */
interface Draft {
  readonly label: string;
  readonly sizeBytes: Bytes;
  readonly controller: DiskFacts['controller'];
  readonly bus: number | undefined;
  readonly unit: number | undefined;
  readonly mode: DiskFacts['mode'];
  readonly thin: boolean;
  readonly raw: boolean;
  readonly shared: boolean;
  readonly path: { readonly datastore: string; readonly file: string } | undefined;
  readonly uuid: string | undefined;
  readonly key: number | undefined;
}

/** @param totals from vInfo; they lay out the disks when there are no rows, and are compared when there are. */
export function readDisks(
  context: DiskContext,
  rows: readonly TableRow<'vDisk'>[],
  partitions: readonly TableRow<'vPartition'>[],
  totals: DiskTotals,
): DiskFacts[] {
  const { findings, object } = context;
  if (rows.length > MAX_DISKS)
    rows[MAX_DISKS]!.report(
      'label',
      `is disk ${MAX_DISKS + 1} of ${context.name}; vSphere allows ${MAX_DISKS}`,
    );
  // "Hard disk 1" is the OS disk wherever the sheet lists it; RVTools' own order is arbitrary.
  const drafts =
    rows.length > 0
      ? rows
          .slice(0, MAX_DISKS)
          .map((row, place) => readDisk(context, row, place))
          .filter((draft) => draft !== undefined)
          .sort((a, b) => numberIn(a.label) - numberIn(b.label))
      : layOut(context, totals);
  if (rows.length > 0 && totals.count !== undefined && totals.count !== rows.length)
    findings.derive(object, 'disks', rows.length, `vDisk has as many; vInfo says ${totals.count}`);
  const used = usedByDisk(drafts, partitions);
  const slots: Slot[] = [];
  return drafts.map((draft, index) => {
    const slot = placeOnController(context, draft, slots);
    slots.push(slot);
    const { datastoreId, path } = placeOnDatastore(context, draft, index);
    const usedBytes = used[index]!;
    return {
      id: `${context.machineId}/${index}`,
      index,
      label: draft.label,
      sizeBytes: draft.sizeBytes,
      thin: draft.thin,
      ...slot,
      mode: draft.mode,
      raw: draft.raw,
      shared: draft.shared,
      datastoreId,
      path,
      uuid: draft.uuid ?? context.entropy.uuid('estate.import.disk', context.machineId, index),
      ...(usedBytes > 0 ? { usedBytes } : {}),
    };
  });
}

export interface DiskTotals {
  readonly count: number | undefined;
  readonly totalMiB: number | undefined;
  readonly provisionedMiB: number | undefined;
  readonly memoryMiB: number;
}

function readDisk(context: DiskContext, row: TableRow<'vDisk'>, place: number): Draft | undefined {
  const { findings, os } = context;
  const label = row.text('label', 80) ?? `Hard disk ${place + 1}`;
  const size = row.whole('capacityMiB', 1, MAX_DISK_MIB);
  if (row.isBlank('capacityMiB')) row.report('capacityMiB', 'is empty: the disk has no size');
  const raw = row.flag('raw') ?? false;
  const mode = row.oneOf('mode', MODES) ?? 'persistent';
  if (mode === 'legacy')
    findings.derive(diskObject(context, label), 'mode', 'persistent', `${row.text('mode')} is not modelled`);
  const sharing = row.text('sharing', 80)?.toLowerCase() ?? '';
  const sharedBus = row.text('sharedBus', 80)?.toLowerCase() ?? '';
  const controllerName = row.text('controller', 80);
  const controllerLabel = row.text('controllerLabel', 80) ?? controllerName;
  const path = [row.text('diskPath'), row.text('path')].map(parsePath).find((each) => each !== undefined);
  const unit = row.whole('unit', 0, 63);
  const key = row.whole('key', 0, 100_000);
  const thin = row.flag('thin');
  const uuid = row.uuid('uuid');
  if (size === undefined) return undefined;
  return {
    label,
    sizeBytes: size * MIB,
    controller: controllerOf(context, label, controllerName, os),
    bus: numberIn(controllerLabel ?? '', undefined),
    unit,
    mode: mode === 'legacy' ? 'persistent' : mode,
    thin: thin ?? false,
    raw,
    shared: sharing.includes('multi') || !['', '0', 'nosharing', 'none', 'false'].includes(sharedBus),
    path,
    uuid,
    key,
  };
}

/** A disk as derivations name it: "disk web-07 Hard disk 2". */
const diskObject = ({ name }: DiskContext, label: string) => `disk ${name} ${label}`;

/** The last number in a label: 3 for "Hard disk 3". */
function numberIn(label: string): number;
function numberIn(label: string, otherwise: undefined): number | undefined;
function numberIn(
  label: string,
  otherwise: number | undefined = Number.MAX_SAFE_INTEGER,
): number | undefined {
  const digits = /(\d{1,4})\D*$/.exec(label)?.[1];
  return digits === undefined ? otherwise : Number(digits);
}

function parsePath(text: string | undefined): Draft['path'] {
  const match = /^\[([^\]]+)\]\s*(\S.*\.vmdk)$/i.exec(text ?? '');
  return match ? { datastore: match[1]!, file: match[2]! } : undefined;
}

function controllerOf(
  context: DiskContext,
  label: string,
  name: string | undefined,
  os: RecognisedOs,
): DiskFacts['controller'] {
  const lower = name?.toLowerCase() ?? '';
  if (lower.includes('para')) return 'pvscsi';
  if (lower.includes('sas')) return 'lsilogicsas';
  if (lower.includes('lsi')) return 'lsilogic';
  if (lower.includes('nvm')) return 'nvme';
  if (lower.includes('sata') || lower.includes('ahci')) return 'sata';
  if (lower.includes('ide')) return 'ide';
  const usual = usualController(os);
  context.findings.derive(
    diskObject(context, label),
    'controller',
    usual,
    name === undefined ? 'usual for the operating system' : `${name} is not modelled`,
  );
  return usual;
}

/** What vSphere's wizard proposes for a new machine. */
function usualController(os: RecognisedOs): DiskFacts['controller'] {
  return os.family === 'windows' ? 'lsilogicsas' : os.family === 'linux' ? 'pvscsi' : 'lsilogic';
}

/** Buses and units per bus, by kind of controller (vSphere 7); SCSI unit 7 is the controller itself. */
const BUSES = {
  scsi: { buses: 4, units: 16 },
  sata: { buses: 4, units: 30 },
  nvme: { buses: 4, units: 15 },
  ide: { buses: 2, units: 2 },
};

/** The stated bus and unit if they are free and fit, else the next free ones. A SCSI bus has one kind of controller. */
function placeOnController(context: DiskContext, draft: Draft, taken: readonly Slot[]): Slot {
  const { controller, bus, unit } = draft;
  const isScsi = (each: Slot['controller']) => each === 'pvscsi' || each.startsWith('lsi');
  const kind = isScsi(controller) ? 'scsi' : (controller as 'sata' | 'nvme' | 'ide');
  const { buses, units } = BUSES[kind];
  const fits = (atBus: number, atUnit: number) =>
    !(kind === 'scsi' && atUnit === 7) &&
    !taken.some((slot) =>
      slot.bus === atBus && kind === 'scsi' && isScsi(slot.controller)
        ? slot.controller !== controller || slot.unit === atUnit
        : slot.bus === atBus && slot.controller === controller && slot.unit === atUnit,
    );
  // Paravirtual controllers of later versions take 64 units, so a stated unit is only checked for being free.
  if (bus !== undefined && unit !== undefined && bus < buses && fits(bus, unit))
    return { controller, bus, unit };
  for (let place = (bus ?? 0) % buses, tried = 0; tried < buses; tried++, place = (place + 1) % buses)
    for (let free = 0; free < units; free++)
      if (fits(place, free)) {
        context.findings.derive(
          diskObject(context, draft.label),
          'place on the controller',
          `${place}:${free}`,
          bus === undefined || unit === undefined
            ? 'next free one'
            : `${bus}:${unit} is taken or does not exist`,
        );
        return { controller, bus: place, unit: free };
      }
  // More disks than the kind of controller can carry: NVMe carries what is left over, as the last resort.
  const unitOfRest = taken.filter((slot) => slot.controller === 'nvme').length;
  const why = `no ${controller} controller has room`;
  context.findings.derive(diskObject(context, draft.label), 'controller', 'nvme', why);
  return { controller: 'nvme', bus: Math.floor(unitOfRest / 15), unit: unitOfRest % 15 };
}

function placeOnDatastore(
  context: DiskContext,
  draft: Draft,
  index: number,
): { datastoreId: string; path: string } {
  const { findings, places, host, name, paths } = context;
  if (draft.path) {
    const { datastore, file } = draft.path;
    const path = `[${datastore}] ${file}`;
    paths.add(path);
    return { datastoreId: places.datastores.named(datastore, host.datacenterId, draft.sizeBytes), path };
  }
  const datastore = places.datastores.any(host, draft.sizeBytes);
  // vCenter replaces what a file name cannot hold, and counts up where a folder of the name exists.
  const folder = name.replace(/[/\\:*?"<>|%[\]]/g, '_');
  const pathOf = (attempt: number) => {
    const unique = attempt === 0 ? folder : `${folder}_${attempt}`;
    return `[${datastore.name}] ${unique}/${folder}${index === 0 ? '' : `_${index}`}.vmdk`;
  };
  let attempt = 0;
  while (paths.has(pathOf(attempt))) attempt++;
  const path = pathOf(attempt);
  paths.add(path);
  findings.derive(diskObject(context, draft.label), 'path', path, 'the workbook does not say');
  return { datastoreId: datastore.id, path };
}

/**
 * Disks from totals: an OS disk of a usual size and the rest in equal parts. Provisioned space includes the
 * swap file, which is as large as the memory.
 */
function layOut(context: DiskContext, totals: DiskTotals): Draft[] {
  const { findings, os } = context;
  const { totalMiB, provisionedMiB, memoryMiB } = totals;
  const count = Math.min(MAX_DISKS, totals.count ?? 1);
  if (count === 0) return [];
  const usual = (os.family === 'windows' ? 60 : 40) * (GIB / MIB);
  const [total, from] =
    totalMiB !== undefined && totalMiB > 0
      ? [totalMiB, 'the total disk capacity']
      : provisionedMiB !== undefined && provisionedMiB > 0
        ? [provisionedMiB > memoryMiB ? provisionedMiB - memoryMiB : provisionedMiB, 'the provisioned space']
        : [usual * count, 'a usual size'];
  const whole = Math.max(total, count);
  const first = count === 1 ? whole : Math.min(usual, Math.ceil(whole / count));
  const each = count === 1 ? 0 : Math.floor((whole - first) / (count - 1));
  return Array.from({ length: count }, (_, index): Draft => {
    const size = index === 0 ? first : index === count - 1 ? whole - first - each * (count - 2) : each;
    const sizeMiB = Math.min(MAX_DISK_MIB, Math.max(1, size));
    const label = `Hard disk ${index + 1}`;
    findings.derive(
      diskObject(context, label),
      'size',
      `${sizeMiB} MiB`,
      `no row in vDisk; laid out from ${from}`,
    );
    return {
      label,
      sizeBytes: sizeMiB * MIB,
      controller: usualController(os),
      bus: 0,
      unit: index < 7 ? index : index + 1,
      mode: 'persistent',
      thin: true,
      raw: false,
      shared: false,
      path: undefined,
      uuid: undefined,
      key: undefined,
    };
  });
}

/**
 * Bytes in use per disk from the guest's partitions: by disk key where both sheets have it, else each
 * partition on the first disk that still has room for it, in the order of the sheet (the OS comes first).
 */
function usedByDisk(drafts: readonly Draft[], partitions: readonly TableRow<'vPartition'>[]): Bytes[] {
  const used = drafts.map(() => 0);
  const room = drafts.map((draft) => draft.sizeBytes);
  for (const row of partitions) {
    row.text('disk');
    const capacity = row.whole('capacityMiB', 0, MAX_DISK_MIB * 64);
    const consumed = row.whole('consumedMiB', 0, MAX_DISK_MIB * 64);
    const key = row.whole('key', 0, 100_000);
    if (consumed === undefined) continue;
    const size = Math.max(capacity ?? 0, consumed) * MIB;
    const byKey = key === undefined ? -1 : drafts.findIndex((draft) => draft.key === key);
    const index = byKey >= 0 ? byKey : room.findIndex((left) => left >= size);
    if (index < 0) continue; // a file system over several disks, or on none of them
    room[index] = Math.max(0, room[index]! - size);
    used[index] = Math.min(drafts[index]!.sizeBytes, used[index]! + consumed * MIB);
  }
  return used;
}
