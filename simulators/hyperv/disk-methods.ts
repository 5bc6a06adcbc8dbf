/** Msvm_ImageManagementService: what is in a file of a virtual hard disk, and what changed on it since a reference point. */
import { MIB } from '#core/units.ts';
import { escapeText } from '#core/wire/xml/writer.ts';
import type { DiskFacts } from '../estate/model.ts';
import type { Epoch } from '../estate/virtual-disk.ts';
import type { CimMethod, MethodCall, MethodResult } from '../winrm/cim/cim-service.ts';
import { cimClass } from '../winrm/cim/schema.ts';
import { type DiskFile, fileAt } from './disk-files.ts';
import type { HypervHost } from './hyperv-host.ts';
import { RETURN } from './jobs.ts';
import { stateOf } from './machine-state.ts';
import { V2 } from './names.ts';

/** Type: 2 fixed, 3 dynamic, 4 differencing. Format: 3 VHDX, 4 VHD Set. */
const TYPE = { fixed: 2, dynamic: 3, differencing: 4 } as const;
const FORMAT = { vhdx: 3, vhds: 4 } as const;
/** Changes in one answer; a client asks on from where they end. */
const CHANGES_MAX = 10_000;

export function diskMethods(host: HypervHost): CimMethod[] {
  const of = cimClass(V2, 'Msvm_ImageManagementService');
  const text = (name: string) => ({ name, type: 'string', array: false }) as const;
  const about =
    (output: string, xml: (file: DiskFile) => string): CimMethod['run'] =>
    (call) => {
      const file = fileAt(host, call.texts('Path')[0] ?? '');
      return file
        ? { returnValue: RETURN.done, outputs: { [output]: xml(file) } }
        : { returnValue: RETURN.fileNotFound, outputs: {} };
    };
  return [
    {
      class: of,
      name: 'GetVirtualHardDiskSettingData',
      outputs: [text('SettingData')],
      run: about('SettingData', (file) => settingXml(host, file)),
    },
    {
      class: of,
      name: 'GetVirtualHardDiskState',
      outputs: [text('State')],
      run: about('State', (file) => stateXml(host, file)),
    },
    ...(host.release.changeTracking
      ? [
          {
            class: of,
            name: 'GetVirtualDiskChanges',
            outputs: [
              { name: 'ProcessedByteLength', type: 'uint64', array: false },
              { name: 'ChangedByteOffsets', type: 'uint64', array: true },
              { name: 'ChangedByteLengths', type: 'uint64', array: true },
            ],
            run: (call) => changes(host, call),
          } satisfies CimMethod,
        ]
      : []),
  ];
}

type Values = ReadonlyArray<readonly [name: string, type: string, value: string | number | boolean]>;

/** DSP0201. */
function instanceText(className: string, values: Values): string {
  const properties = values.map(
    ([name, type, value]) =>
      `<PROPERTY NAME="${name}" TYPE="${type}"><VALUE>${escapeText(String(value))}</VALUE></PROPERTY>`,
  );
  return `<INSTANCE CLASSNAME="${className}">${properties.join('')}</INSTANCE>`;
}

function settingXml(host: HypervHost, { path, parentPath, disk }: DiskFile): string {
  const differencing = parentPath !== undefined;
  return instanceText('Msvm_VirtualHardDiskSettingData', [
    ['Type', 'uint16', differencing ? TYPE.differencing : disk.thin ? TYPE.dynamic : TYPE.fixed],
    ['Format', 'uint16', path.endsWith('.vhds') ? FORMAT.vhds : FORMAT.vhdx],
    ['Path', 'string', path],
    ['ParentPath', 'string', parentPath ?? ''],
    ['MaxInternalSize', 'uint64', disk.sizeBytes],
    ['BlockSize', 'uint32', disk.thin || differencing ? (differencing ? 2 : 32) * MIB : 0],
    ['LogicalSectorSize', 'uint32', 512],
    ['PhysicalSectorSize', 'uint32', 4096],
    ['VirtualDiskId', 'string', disk.uuid.toUpperCase()],
    ...(host.release.changeTracking
      ? ([
          ['DataAlignment', 'uint64', MIB],
          ['PmemAddressAbstractionType', 'uint16', 0],
          ['IsPmemCompatible', 'boolean', 'FALSE'],
        ] as const)
      : []),
  ]);
}

function stateXml({ estate, clock }: HypervHost, { machine, disk, frozenBy, parentPath }: DiskFile): string {
  const on = estate.power(machine.id) !== 'off';
  // a differencing file holds what was written since: the state keeps no account of that but at the top
  const allocated = disk.thin || parentPath !== undefined ? estate.allocatedBytes(disk.id) : disk.sizeBytes;
  return instanceText('Msvm_VirtualHardDiskState', [
    ['FileSize', 'uint64', allocated + 4 * MIB],
    ['InUse', 'boolean', on && frozenBy === undefined ? 'TRUE' : 'FALSE'],
    ['MinInternalSize', 'uint64', Math.min(disk.sizeBytes, estate.allocatedBytes(disk.id))],
    ['PhysicalSectorSize', 'uint32', 4096],
    ['Alignment', 'uint32', 1],
    ['FragmentationPercentage', 'uint32', 0],
    ['Timestamp', 'string', new Date(clock.wall()).toISOString()],
  ]);
}

/** "rctX:8f06ac36:4a8d:49d9:9a1d:43aa0eab5e46:00000001": the disk, and a number that grows. */
export function trackingId(disk: DiskFacts, epoch: Epoch): string {
  return `rctX:${disk.uuid.toLowerCase().replaceAll('-', ':')}:${epoch.toString(16).padStart(8, '0')}`;
}

/** The mark that an identifier names, while a reference point holds it. */
function epochOf(host: HypervHost, { machine, disk }: DiskFile, id: string): Epoch | undefined {
  return stateOf(host.estate)
    .referencePoints(machine.id)
    .map(({ epochs }) => epochs.get(disk.id))
    .find(
      (epoch) => epoch !== undefined && trackingId(disk, epoch) === id.toLowerCase().replace(/^rctx/, 'rctX'),
    );
}

/** Changes from LimitId on, up to when the file, or the target, was frozen; up to now where neither was. */
function changes(host: HypervHost, call: MethodCall): MethodResult {
  const one = (name: string): string => (call.texts(name)[0] ?? '').trim();
  const file = fileAt(host, one('Path'));
  if (!file) return { returnValue: RETURN.fileNotFound, outputs: {} };
  const [offset, length] = [Number(one('ByteOffset') || 0), Number(one('ByteLength') || NaN)];
  const { disk } = file;
  const from = epochOf(host, file, one('LimitId'));
  const target = one('TargetSnapshotId');
  const to =
    target === '' ? (file.frozenBy?.epochs.get(disk.id) ?? 'now') : checkpointEpoch(host, file, target);
  const fits = Number.isSafeInteger(offset) && Number.isSafeInteger(length) && offset >= 0 && length > 0;
  if (from === undefined || to === undefined || !fits || offset + length > disk.sizeBytes)
    return { returnValue: RETURN.invalidParameter, outputs: {} };
  const end = offset + length;
  const found = host.estate
    .disk(disk.id)
    .changedSince(from, to)
    .map(({ start, length: bytes }) => [Math.max(start, offset), Math.min(start + bytes, end)] as const)
    .filter(([start, stop]) => start < stop);
  const told = found.slice(0, CHANGES_MAX);
  const processed = told.length < found.length ? told.at(-1)![1] - offset : length;
  return {
    returnValue: RETURN.done,
    outputs: {
      ProcessedByteLength: processed,
      ChangedByteOffsets: told.map(([start]) => start),
      ChangedByteLengths: told.map(([start, stop]) => stop - start),
    },
  };
}

function checkpointEpoch(host: HypervHost, { machine, disk }: DiskFile, id: string): Epoch | undefined {
  const guid = id.replace(/^Microsoft:/i, '').toUpperCase();
  return stateOf(host.estate)
    .checkpoints(machine.id)
    .find((checkpoint) => checkpoint.id === guid)
    ?.epochs.get(disk.id);
}
