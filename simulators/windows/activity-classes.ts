/** What the server does: services, processes and performance, from the same curves that every other view shows. */

import { SECOND } from '#core/units.ts';
import { memoryOf } from '../estate/guest/load.ts';
import type { Counter } from '../estate/workload-curve.ts';
import { curveAt, curveOf, sampleAt } from '../estate/workload-curve.ts';
import type { ClassSource } from '../winrm/cim/repository.ts';
import type { CimValue } from '../winrm/cim/values.ts';
import { instant } from '../winrm/cim/values.ts';
import { productOf } from './device-classes.ts';
import { cimv2, hostName, systemKeys, type WindowsServer } from './windows-server.ts';

const START_MODES = { auto: 'Auto', manual: 'Manual', disabled: 'Disabled' } as const;
const KILO = 1024;

export function activityClasses(server: WindowsServer): ClassSource[] {
  return [
    cimv2('Win32_Service', () => services(server)),
    cimv2('Win32_Process', () => processes(server)),
    cimv2('Win32_PerfFormattedData_PerfOS_Processor', () => processorUse(server)),
    cimv2('Win32_PerfFormattedData_PerfOS_Memory', () => [memoryUse(server)]),
    cimv2('Win32_PerfFormattedData_PerfOS_System', () => [
      {
        Name: '',
        Processes: server.guest.processes(server.clock.wall()).length,
        SystemUpTime: Math.max(0, Math.floor((server.clock.wall() - server.guest.bootedAt()) / SECOND)),
      },
    ]),
    cimv2('Win32_PerfFormattedData_PerfDisk_PhysicalDisk', () => diskUse(server)),
    cimv2('Win32_PerfFormattedData_Tcpip_NetworkInterface', () => networkUse(server)),
  ];
}

function* services(server: WindowsServer): Iterable<Record<string, CimValue>> {
  const { guest, clock } = server;
  const now = clock.wall();
  const byPid = new Map(guest.processes(now).map((process) => [process.pid, process]));
  for (const service of guest.services(now)) {
    const running = service.state === 'running';
    const process = byPid.get(service.pid);
    yield {
      ...systemKeys(server, 'Win32_Service'),
      Name: service.name,
      Caption: service.displayName,
      DisplayName: service.displayName,
      Description: service.displayName,
      Status: 'OK',
      State: running ? 'Running' : 'Stopped',
      Started: running,
      StartMode: START_MODES[service.start],
      AcceptPause: false,
      AcceptStop: running,
      DesktopInteract: false,
      ErrorControl: 'Normal',
      ExitCode: running ? 0 : 1077,
      ServiceSpecificExitCode: 0,
      PathName: process?.commandLine ?? `C:\\Windows\\system32\\svchost.exe -k ${service.name}`,
      ServiceType: /svchost/i.test(process?.name ?? 'svchost') ? 'Share Process' : 'Own Process',
      StartName: /SYSTEM/i.test(process?.user ?? 'SYSTEM') ? 'LocalSystem' : process!.user,
      ProcessId: service.pid,
      TagId: 0,
      CheckPoint: 0,
      WaitHint: 0,
      DelayedAutoStart: false,
    };
  }
}

function* processes(server: WindowsServer): Iterable<Record<string, CimValue>> {
  const { guest, os, clock } = server;
  const now = clock.wall();
  const busyMs = (guest.cpuRatio(now) * (now - guest.bootedAt())) / 2;
  const { usedKb } = memoryOf(guest, now);
  for (const process of guest.processes(now)) {
    const hundredNs = BigInt(Math.floor(busyMs * process.cpuShare)) * 10_000n;
    const workingSet = Math.floor(usedKb * process.memoryShare) * KILO;
    yield {
      Handle: String(process.pid),
      ProcessId: process.pid,
      ParentProcessId: process.parentPid,
      Name: process.name,
      Caption: process.name,
      Description: process.name,
      CreationClassName: 'Win32_Process',
      CreationDate: instant(process.startedAt),
      CSCreationClassName: 'Win32_ComputerSystem',
      CSName: hostName(server),
      OSCreationClassName: 'Win32_OperatingSystem',
      OSName: `${os.caption}|C:\\Windows|\\Device\\Harddisk0\\Partition2`,
      // processes of the kernel have no file
      ExecutablePath: process.executable === '' ? null : process.executable,
      CommandLine: process.executable === '' ? null : process.commandLine,
      KernelModeTime: hundredNs / 3n,
      UserModeTime: hundredNs - hundredNs / 3n,
      WorkingSetSize: workingSet,
      VirtualSize: workingSet * 4,
      PageFileUsage: Math.floor(workingSet / KILO),
      Priority: 8,
      SessionId: 0,
      ThreadCount: 8,
      HandleCount: 240,
      WindowsVersion: os.version,
    };
  }
}

/** The sample that the clock's time lies in. */
function sampleOf({ guest, clock }: WindowsServer, counter: Counter, instance: number): number {
  return curveAt(curveOf(guest.facts, guest.machine, counter, instance), sampleAt(clock.wall()));
}

function* processorUse(server: WindowsServer): Iterable<Record<string, CimValue>> {
  const percent = Math.round(server.guest.cpuRatio(server.clock.wall()) * 100);
  const row = (name: string): Record<string, CimValue> => ({
    Name: name,
    PercentProcessorTime: percent,
    PercentIdleTime: 100 - percent,
    PercentUserTime: Math.floor(percent * 0.7),
    PercentPrivilegedTime: percent - Math.floor(percent * 0.7),
    PercentInterruptTime: 0,
    PercentDPCTime: 0,
  });
  for (let core = 0; core < server.guest.machine.cores; core++) yield row(String(core));
  yield row('_Total');
}

function memoryUse(server: WindowsServer): Record<string, CimValue> {
  const { totalKb, usedKb } = memoryOf(server.guest, server.clock.wall());
  const free = BigInt(totalKb - usedKb);
  return {
    Name: '',
    AvailableBytes: free * 1024n,
    AvailableKBytes: free,
    AvailableMBytes: free / 1024n,
    CommittedBytes: BigInt(usedKb) * 1024n,
    CommitLimit: BigInt(totalKb) * 1024n,
    PercentCommittedBytesInUse: Math.round((usedKb / totalKb) * 100),
  };
}

function* diskUse(server: WindowsServer): Iterable<Record<string, CimValue>> {
  const total = { reads: 0, writes: 0, readKb: 0, writeKb: 0 };
  const row = (name: string, use: typeof total): Record<string, CimValue> => ({
    Name: name,
    DiskReadsPersec: use.reads,
    DiskWritesPersec: use.writes,
    DiskTransfersPersec: use.reads + use.writes,
    DiskReadBytesPersec: BigInt(use.readKb * KILO),
    DiskWriteBytesPersec: BigInt(use.writeKb * KILO),
    DiskBytesPersec: BigInt((use.readKb + use.writeKb) * KILO),
  });
  for (const { index, volumes } of server.guest.disks()) {
    const use = {
      reads: sampleOf(server, 'virtualDisk.numberReadAveraged', index),
      writes: sampleOf(server, 'virtualDisk.numberWriteAveraged', index),
      readKb: sampleOf(server, 'virtualDisk.read', index),
      writeKb: sampleOf(server, 'virtualDisk.write', index),
    };
    for (const key of Object.keys(total) as Array<keyof typeof total>) total[key] += use[key];
    yield row([index, ...volumes.map(({ name }) => name)].join(' '), use);
  }
  yield row('_Total', total);
}

/** Characters that cannot stand in a counter's instance. */
const INSTANCE: Readonly<Record<string, string>> = { '(': '[', ')': ']', '#': '_', '/': '_', '\\': '_' };

function* networkUse(server: WindowsServer): Iterable<Record<string, CimValue>> {
  for (const nic of server.guest.machine.nics) {
    if (!nic.connected) continue;
    const received = BigInt(sampleOf(server, 'net.received', nic.index)) * 1024n;
    const sent = BigInt(sampleOf(server, 'net.transmitted', nic.index)) * 1024n;
    yield {
      Name: productOf(nic.adapter, nic.index).replace(/[()#/\\]/g, (character) => INSTANCE[character]!),
      BytesReceivedPersec: received,
      BytesSentPersec: sent,
      BytesTotalPersec: received + sent,
      CurrentBandwidth: 10_000_000_000,
      OutputQueueLength: 0,
      PacketsReceivedErrors: 0,
      PacketsOutboundErrors: 0,
    };
  }
}
