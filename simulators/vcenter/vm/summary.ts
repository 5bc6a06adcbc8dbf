/** Runtime state and summary; the summary repeats configuration, runtime and guest, as clients rely on. */

import { isConnected } from '../host-outages.ts';
import type { Reading } from '../objects/object.ts';
import type { Data } from '../values.ts';
import { ftInfoOf } from './config.ts';
import { storageOf } from './files.ts';
import { guestSummaryOf } from './guest.ts';
import { powerName } from './power.ts';
import type { VirtualMachine } from './virtual-machine.ts';

export function runtimeOf(vm: VirtualMachine): Data {
  const { machine, power } = vm;
  return {
    $: 'VirtualMachineRuntimeInfo',
    host: vm.host.ref,
    connectionState: machine.connection ?? (isConnected(vm.host) ? 'connected' : 'disconnected'),
    powerState: powerName(power),
    faultToleranceState: machine.faultTolerance ? (power === 'on' ? 'running' : 'enabled') : 'notConfigured',
    toolsInstallerMounted: false,
    suspendTime: power === 'suspended' ? vm.powerSince : undefined,
    bootTime: power === 'on' ? vm.bootTime : undefined,
    suspendInterval: 0,
    memoryOverhead: undefined,
    maxCpuUsage: power === 'on' ? machine.cores * vm.host.facts.cpuMhz : undefined,
    maxMemoryUsage: power === 'on' ? machine.memoryMiB : undefined,
    numMksConnections: 0,
    recordReplayState: 'inactive',
    cleanPowerOff: power === 'off' ? vm.wasShutDown : undefined,
    onlineStandby: false,
    consolidationNeeded: false,
    vFlashCacheAllocation: 0,
    paused: false,
    snapshotInBackground: false,
    quiescedForkParent: false,
    instantCloneFrozen: false,
    cryptoState: machine.encrypted ? 'safe' : undefined,
  };
}

export function summaryOf(vm: VirtualMachine, reading: Reading): Data {
  const { machine } = vm;
  return {
    ...movingSummaryOf(vm, reading),
    vm: vm.ref,
    runtime: () => runtimeOf(vm),
    guest: () => guestSummaryOf(vm),
    config: () => ({
      $: 'VirtualMachineConfigSummary',
      name: vm.name,
      template: machine.template,
      vmPathName: vm.vmPathName,
      memorySizeMB: machine.memoryMiB,
      cpuReservation: 0,
      memoryReservation: 0,
      numCpu: machine.cores,
      numEthernetCards: machine.nics.length,
      numVirtualDisks: machine.disks.length,
      uuid: machine.biosUuid,
      instanceUuid: machine.instanceUuid,
      guestId: machine.os.guestId,
      guestFullName: machine.os.fullName,
      annotation: vm.annotation,
      installBootRequired: false,
      tpmPresent: machine.devices?.some((device) => device.kind === 'tpm') ?? false,
      ftInfo: ftInfoOf(vm),
      numVmiopBackings: 0,
      hwVersion: `vmx-${String(machine.hardwareVersion).padStart(2, '0')}`,
    }),
  };
}

/** The last fields of a summary, from the first one on that moves with time. */
export function movingSummaryOf(vm: VirtualMachine, reading: Reading): Data {
  return {
    $: 'VirtualMachineSummary',
    storage: () => storageSummaryOf(vm, reading),
    quickStats: () => quickStatsOf(vm, reading),
    overallStatus: vm.isReachable ? 'green' : 'red',
    customValue: () => reading.vcenter.customFields.valuesOf(vm),
  };
}

function storageSummaryOf(vm: VirtualMachine, reading: Reading): Data {
  const { committed, uncommitted } = storageOf(vm);
  return {
    $: 'VirtualMachineStorageSummary',
    committed,
    uncommitted,
    unshared: committed,
    timestamp: reading.now,
  };
}

/** A glimpse of the last complete 20-second sample. */
function quickStatsOf(vm: VirtualMachine, { vcenter, now }: Reading): Data {
  const { cpuMhz, memoryMiB } = vcenter.performance.usageNow(vm, now);
  return {
    $: 'VirtualMachineQuickStats',
    overallCpuUsage: cpuMhz,
    overallCpuDemand: cpuMhz,
    guestMemoryUsage: memoryMiB,
    hostMemoryUsage: vm.isOn ? vm.machine.memoryMiB : 0,
    guestHeartbeatStatus: vm.heartbeat,
    distributedCpuEntitlement: cpuMhz,
    distributedMemoryEntitlement: memoryMiB,
    staticCpuEntitlement: vm.isOn ? vm.machine.cores * vm.host.facts.cpuMhz : 0,
    staticMemoryEntitlement: vm.isOn ? vm.machine.memoryMiB : 0,
    privateMemory: vm.isOn ? vm.machine.memoryMiB : 0,
    sharedMemory: 0,
    swappedMemory: 0,
    balloonedMemory: 0,
    consumedOverheadMemory: 0,
    ftLogBandwidth: -1,
    ftSecondaryLatency: -1,
    ftLatencyStatus: 'gray',
    compressedMemory: 0,
    uptimeSeconds: vm.isOn ? Math.floor((now - vm.bootTime) / 1000) : 0,
  };
}
