/** VirtualMachineConfigInfo, of the machine as it is and of its snapshots. */
import { withSettings } from '../lifecycle/config-changes.ts';
import type { Reading } from '../objects/object.ts';
import { constant, type Data, type Value } from '../values.ts';
import { diskInstance } from './devices.ts';
import { toolsInstallType } from './guest.ts';
import { type DiskView, hardwareOf } from './hardware.ts';
import { directoryOf, formatDatastorePath } from './paths.ts';
import type { VirtualMachine } from './virtual-machine.ts';

/** What a snapshot shows in place of the machine's current state. */
export interface ConfigView {
  readonly changeTrackingEnabled: boolean;
  readonly disk: DiskView;
}

const UNLIMITED: Data = {
  $: 'ResourceAllocationInfo',
  reservation: 0,
  expandableReservation: false,
  limit: -1,
};

const NORMAL_LATENCY = constant({ $: 'LatencySensitivity', level: 'normal' });
const POWER_OPERATIONS = constant({
  $: 'VirtualMachineDefaultPowerOpInfo',
  powerOffType: 'soft',
  suspendType: 'hard',
  resetType: 'soft',
  defaultPowerOffType: 'soft',
  defaultSuspendType: 'hard',
  defaultResetType: 'soft',
  standbyAction: 'checkpoint',
});
const bootOptions = (efiSecureBootEnabled: boolean): Data =>
  constant({
    $: 'VirtualMachineBootOptions',
    bootDelay: 0,
    enterBIOSSetup: false,
    efiSecureBootEnabled,
    bootRetryEnabled: false,
    bootRetryDelay: 10_000,
    networkBootProtocol: 'ipv4',
  });
const BOOT_OPTIONS = bootOptions(false);
const SECURE_BOOT_OPTIONS = bootOptions(true);

/** The part in a fault tolerant pair; partners are known by name: "db-01" and "db-01 (secondary)". */
export function ftInfoOf(vm: VirtualMachine): Data | undefined {
  const { faultTolerance, instanceUuid } = vm.machine;
  if (!faultTolerance) return undefined;
  const common = { instanceUuids: [instanceUuid], configPaths: [vm.vmPathName] };
  const isPrimary = faultTolerance === 'primary';
  const partner = partnerOf(vm, isPrimary);
  if (isPrimary && partner)
    return { $: 'FaultTolerancePrimaryConfigInfo', role: 1, ...common, secondaries: [partner.ref] };
  if (!isPrimary && partner)
    return { $: 'FaultToleranceSecondaryConfigInfo', role: 2, ...common, primaryVM: partner.ref };
  return { $: 'FaultToleranceConfigInfo', role: isPrimary ? 1 : 2, ...common };
}

function partnerOf(vm: VirtualMachine, isPrimary: boolean): VirtualMachine | undefined {
  const name = isPrimary ? `${vm.machine.name} (secondary)` : vm.machine.name.replace(/ \(secondary\)$/, '');
  const found = vm.inventory.estate
    .machines()
    .find((other) => other.name === name && other.id !== vm.machine.id && other.faultTolerance);
  return found && vm.inventory.vmOf(found.id);
}

export function configOf(vm: VirtualMachine, reading: Reading, view?: ConfigView): Data {
  const { machine } = vm;
  return withSettings(vm, {
    $: 'VirtualMachineConfigInfo',
    changeVersion: () => vm.changeVersion,
    modified: () => vm.modifiedAt,
    name: vm.name,
    guestFullName: machine.os.fullName,
    version: `vmx-${String(machine.hardwareVersion).padStart(2, '0')}`,
    uuid: machine.biosUuid,
    createDate: vm.inventory.createdAt,
    instanceUuid: machine.instanceUuid,
    npivTemporaryDisabled: true,
    locationId: vm.locationId,
    template: machine.template,
    guestId: machine.os.guestId,
    alternateGuestName: '',
    annotation: vm.annotation,
    files: () => filesOf(vm),
    tools: () => ({
      $: 'ToolsConfigInfo',
      toolsVersion: machine.tools === 'notInstalled' ? 0 : machine.toolsVersion,
      toolsInstallType: toolsInstallType(machine),
      afterPowerOn: true,
      afterResume: true,
      beforeGuestStandby: true,
      beforeGuestShutdown: true,
      toolsUpgradePolicy: 'manual',
      lastInstallInfo: { $: 'ToolsConfigInfoToolsLastInstallInfo', counter: 0 },
      syncTimeWithHost: false,
    }),
    flags: () => ({
      $: 'VirtualMachineFlagInfo',
      disableAcceleration: false,
      enableLogging: true,
      useToe: false,
      runWithDebugInfo: false,
      monitorType: 'release',
      htSharing: 'any',
      snapshotDisabled: false,
      snapshotLocked: false,
      diskUuidEnabled: vm.diskUuidEnabled,
      virtualMmuUsage: 'automatic',
      virtualExecUsage: 'hvAuto',
      snapshotPowerOffBehavior: 'powerOff',
      recordReplayEnabled: false,
      faultToleranceType: 'unset',
      cbrcCacheEnabled: false,
      vvtdEnabled: false,
      vbsEnabled: false,
    }),
    defaultPowerOps: POWER_OPERATIONS,
    hardware: () => hardwareOf(vm, reading, view?.disk),
    cpuAllocation: {
      ...UNLIMITED,
      shares: { $: 'SharesInfo', shares: machine.cores * 1000, level: 'normal' },
    },
    memoryAllocation: {
      ...UNLIMITED,
      shares: { $: 'SharesInfo', shares: machine.memoryMiB * 10, level: 'normal' },
    },
    latencySensitivity: NORMAL_LATENCY,
    memoryHotAddEnabled: false,
    cpuHotAddEnabled: false,
    cpuHotRemoveEnabled: false,
    extraConfig: () => extraConfigOf(vm),
    datastoreUrl: () => [
      {
        $: 'VirtualMachineConfigInfoDatastoreUrlPair',
        name: vm.home.datastore.name,
        url: vm.home.datastore.mountPath,
      },
    ],
    swapPlacement: 'inherit',
    bootOptions: machine.secureBoot ? SECURE_BOOT_OPTIONS : BOOT_OPTIONS,
    ftInfo: () => ftInfoOf(vm),
    vAssertsEnabled: false,
    changeTrackingEnabled: () => view?.changeTrackingEnabled ?? vm.changeTrackingEnabled,
    firmware: machine.firmware,
    maxMksConnections: 40,
    guestAutoLockEnabled: true,
    memoryReservationLockedToMax: false,
    nestedHVEnabled: false,
    vPMCEnabled: false,
    messageBusTunnelEnabled: false,
    keyId: machine.encrypted ? vm.keyId : undefined,
    migrateEncryption: machine.encrypted ? 'required' : 'opportunistic',
  });
}

function filesOf(vm: VirtualMachine): Data {
  const { datastore, vmx } = vm.home;
  const directory = formatDatastorePath({ datastore: datastore.name, path: `${directoryOf(vmx)}/` });
  return {
    $: 'VirtualMachineFileInfo',
    vmPathName: vm.vmPathName,
    snapshotDirectory: directory,
    suspendDirectory: directory,
    logDirectory: directory,
  };
}

function extraConfigOf(vm: VirtualMachine): Data[] {
  const option = (key: string, value: Value): Data => ({ $: 'OptionValue', key, value });
  const options = new Map<string, string>([
    ['nvram', `${vm.fileStem}.nvram`],
    ['svga.present', 'TRUE'],
    ['pciBridge0.present', 'TRUE'],
    ['tools.guest.desktop.autolock', 'FALSE'],
  ]);
  if (vm.diskUuidEnabled) options.set('disk.EnableUUID', 'TRUE');
  if (vm.changeTrackingEnabled) {
    options.set('ctkEnabled', 'TRUE');
    for (const disk of vm.trackableDisks()) options.set(`${diskInstance(disk)}.ctkEnabled`, 'TRUE');
  }
  for (const [key, value] of vm.extraOptions) options.set(key, value);
  return [...options].map(([key, value]) => option(key, value));
}
