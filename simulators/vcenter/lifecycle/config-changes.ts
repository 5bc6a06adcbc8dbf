/**
 * VirtualMachineConfigSpec on a machine: what of it are facts of the machine goes into a draft, what only
 * vCenter knows is set on the machine itself. What this server does not know is refused, by name.
 */
import { invalidArgument, vimFault } from '../faults.ts';
import type { Data, Value } from '../values.ts';
import { TRACKING_HARDWARE_VERSION } from '../vm/capability.ts';
import type { VirtualMachine } from '../vm/virtual-machine.ts';
import { changeDevices, type DeviceChange } from './device-changes.ts';
import type { Draft } from './draft.ts';
import { operatingSystemOf } from './guest-ids.ts';
import { plainName } from './places.ts';

export interface ConfigSpec extends Data {
  readonly changeVersion?: string;
  readonly name?: string;
  readonly version?: string;
  readonly uuid?: string;
  readonly instanceUuid?: string;
  readonly guestId?: string;
  readonly annotation?: string;
  readonly files?: Data & { readonly vmPathName?: string };
  readonly numCPUs?: number;
  readonly numCoresPerSocket?: number;
  readonly memoryMB?: number;
  readonly firmware?: string;
  readonly changeTrackingEnabled?: boolean;
  readonly deviceChange: ReadonlyArray<DeviceChange & Data>;
  readonly extraConfig: ReadonlyArray<Data & { readonly key: string; readonly value?: Value }>;
}

/** Facts of the machine, and what the functions below handle one by one. */
const OFFERED = new Set([
  '$',
  'changeVersion',
  'name',
  'version',
  'uuid',
  'instanceUuid',
  'guestId',
  'annotation',
  'files',
  'numCPUs',
  'numCoresPerSocket',
  'memoryMB',
  'firmware',
  'changeTrackingEnabled',
  'deviceChange',
  'extraConfig',
  // Storage policies place machines, which the specification does by itself here.
  'vmProfile',
]);

/** Settings that are kept and shown as they were given: the field of the specification and that of the configuration. */
export const SETTINGS: ReadonlyMap<string, string> = new Map([
  ['alternateGuestName', 'alternateGuestName'],
  ['tools', 'tools'],
  ['flags', 'flags'],
  ['powerOpInfo', 'defaultPowerOps'],
  ['memoryHotAddEnabled', 'memoryHotAddEnabled'],
  ['cpuHotAddEnabled', 'cpuHotAddEnabled'],
  ['cpuHotRemoveEnabled', 'cpuHotRemoveEnabled'],
  ['cpuAllocation', 'cpuAllocation'],
  ['memoryAllocation', 'memoryAllocation'],
  ['latencySensitivity', 'latencySensitivity'],
  ['swapPlacement', 'swapPlacement'],
  ['bootOptions', 'bootOptions'],
  ['maxMksConnections', 'maxMksConnections'],
  ['guestAutoLockEnabled', 'guestAutoLockEnabled'],
  ['memoryReservationLockedToMax', 'memoryReservationLockedToMax'],
  ['nestedHVEnabled', 'nestedHVEnabled'],
  ['vPMCEnabled', 'vPMCEnabled'],
  ['messageBusTunnelEnabled', 'messageBusTunnelEnabled'],
  ['migrateEncryption', 'migrateEncryption'],
]);

const CORES_MAX = 768;
const MEMORY_MIB_MAX = 24 * 1024 * 1024;
const VERSIONS = { oldest: 4, newest: 21 };
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** @throws VimFault NotSupported */
export function requireKnown(spec: ConfigSpec): void {
  for (const [field, value] of Object.entries(spec)) {
    const isSet = value !== undefined && (!Array.isArray(value) || value.length > 0);
    if (isSet && !OFFERED.has(field) && !SETTINGS.has(field))
      throw vimFault('NotSupported', `Configuring "${field}" is not supported by this server.`);
  }
}

function invalid(property: string): Error {
  return vimFault('InvalidVmConfig', `Invalid virtual machine configuration: ${property}.`, { property });
}

/** The part that are facts. @throws VimFault InvalidArgument, InvalidVmConfig, InvalidPowerState and those of devices */
export function changeFacts(draft: Draft, spec: ConfigSpec): void {
  const { machine, vm } = draft;
  const cores = spec.numCPUs ?? machine.cores;
  const perSocket =
    spec.numCoresPerSocket || Math.max(1, Math.floor(machine.cores / Math.max(1, machine.sockets)));
  const memoryMiB = spec.memoryMB ?? machine.memoryMiB;
  if (cores < 1 || cores > CORES_MAX) throw invalidArgument('configSpec.numCPUs');
  if (spec.numCoresPerSocket !== undefined && spec.numCoresPerSocket > 0 && cores % perSocket !== 0)
    throw invalid('configSpec.numCoresPerSocket');
  if (memoryMiB < 4 || memoryMiB > MEMORY_MIB_MAX || memoryMiB % 4 !== 0)
    throw invalidArgument('configSpec.memoryMB');
  for (const field of ['uuid', 'instanceUuid'] as const)
    if (spec[field] !== undefined && !UUID.test(spec[field])) throw invalidArgument(`configSpec.${field}`);
  if (vm?.isOn) requireOffFor(vm, spec, cores, memoryMiB);
  draft.machine = {
    ...machine,
    name: spec.name === undefined ? machine.name : plainName(spec.name),
    cores,
    sockets: Math.max(1, Math.ceil(cores / perSocket)),
    memoryMiB,
    annotation: spec.annotation ?? machine.annotation,
    biosUuid: spec.uuid?.toLowerCase() ?? machine.biosUuid,
    instanceUuid: spec.instanceUuid?.toLowerCase() ?? machine.instanceUuid,
    os: spec.guestId === undefined ? machine.os : operatingSystemOf(spec.guestId),
    firmware: firmwareOf(spec) ?? machine.firmware,
    hardwareVersion: hardwareVersionOf(spec.version) ?? machine.hardwareVersion,
  };
  const bootOptions = spec.bootOptions as { readonly efiSecureBootEnabled?: boolean } | undefined;
  if (bootOptions?.efiSecureBootEnabled !== undefined)
    draft.machine = { ...draft.machine, secureBoot: bootOptions.efiSecureBootEnabled };
  changeDevices(draft, spec.deviceChange);
}

function firmwareOf({ firmware }: ConfigSpec): 'bios' | 'efi' | undefined {
  if (firmware !== undefined && firmware !== 'bios' && firmware !== 'efi')
    throw invalidArgument('configSpec.firmware');
  return firmware;
}

/** "vmx-13": 13. @throws VimFault InvalidArgument */
export function hardwareVersionOf(version: string | undefined): number | undefined {
  if (version === undefined || version === '') return undefined;
  const number = Number(/^vmx-(\d{2})$/.exec(version)?.[1]);
  if (!(number >= VERSIONS.oldest && number <= VERSIONS.newest)) throw invalidArgument('configSpec.version');
  return number;
}

/** A running machine takes more processors and memory where that was allowed, and no other hardware. */
function requireOffFor(vm: VirtualMachine, spec: ConfigSpec, cores: number, memoryMiB: number): void {
  const { machine } = vm;
  const mayAddCpus = vm.settings.get('cpuHotAddEnabled') === true && cores >= machine.cores;
  const mayAddMemory = vm.settings.get('memoryHotAddEnabled') === true && memoryMiB >= machine.memoryMiB;
  const isNeeded =
    (cores !== machine.cores && !mayAddCpus) ||
    (memoryMiB !== machine.memoryMiB && !mayAddMemory) ||
    (spec.firmware !== undefined && spec.firmware !== machine.firmware) ||
    (spec.guestId !== undefined && spec.guestId !== machine.os.guestId) ||
    hardwareVersionOf(spec.version) !== undefined;
  if (isNeeded)
    throw vimFault(
      'InvalidPowerState',
      'The attempted operation cannot be performed in the current state (Powered on).',
      { requestedState: 'poweredOff', existingState: 'poweredOn' },
    );
}

/** The part that only vCenter knows. Change tracking takes effect at the machine's next stun, not here. */
export function changeSettings(vm: VirtualMachine, spec: ConfigSpec): void {
  if (spec.annotation !== undefined) vm.annotation = spec.annotation;
  if (spec.changeTrackingEnabled !== undefined) setTracking(vm, spec.changeTrackingEnabled);
  for (const { key, value } of spec.extraConfig) {
    const text = value === undefined ? '' : String(value);
    // The option in the VMX is the setting itself; those of disks follow it.
    if (key === 'ctkEnabled') setTracking(vm, text.toUpperCase() === 'TRUE');
    else if (key.endsWith('.ctkEnabled')) continue;
    else if (text === '') vm.extraOptions.delete(key);
    else vm.extraOptions.set(key, text);
  }
  for (const [field, shown] of SETTINGS) {
    const value = spec[field];
    if (value !== undefined && typeof value !== 'function') vm.settings.set(shown, value);
  }
}

function setTracking(vm: VirtualMachine, isEnabled: boolean): void {
  if (isEnabled && vm.machine.hardwareVersion < TRACKING_HARDWARE_VERSION)
    throw vimFault('NotSupported', 'Changed block tracking needs virtual hardware 7 or later.');
  vm.changeTrackingEnabled = isEnabled;
}

/** A configuration as it is shown, with the settings that were given. */
export function withSettings(vm: VirtualMachine, config: Data): Data {
  if (vm.settings.size === 0) return config;
  const shown: Record<string, Data[string]> = { ...config };
  for (const [field, value] of vm.settings) {
    const before = config[field];
    const known = typeof before === 'function' ? before() : before;
    shown[field] =
      typeof value === 'object' && typeof known === 'object' && '$' in value && '$' in known
        ? { ...known, ...given(value), $: value.$ }
        : value;
  }
  return { ...shown, $: config.$ };
}

function given(value: object): Record<string, Data[string]> {
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined));
}
