/** What the server does: services and processes. */

import { memoryOf } from '../estate/guest/load.ts';
import type { ClassSource, Question } from '../winrm/cim/repository.ts';
import type { CimValue } from '../winrm/cim/values.ts';
import { instant } from '../winrm/cim/values.ts';
import { cimv2, hostName, systemKeys, type WindowsServer } from './windows-server.ts';

const START_MODES = { auto: 'Auto', manual: 'Manual', disabled: 'Disabled' } as const;
const KILO = 1024;

export function activityClasses(server: WindowsServer): ClassSource[] {
  return [
    cimv2('Win32_Service', () => services(server)),
    cimv2('Win32_Process', (question) => processes(server, question)),
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

/**
 * Who is no administrator sees of other people's processes that they are there, but neither their files nor their
 * command lines.
 */
function* processes(server: WindowsServer, { account }: Question): Iterable<Record<string, CimValue>> {
  const { guest, os, clock } = server;
  const all = account === undefined || account.groups.includes('Administrators');
  const now = clock.wall();
  const busyMs = (guest.cpuRatio(now) * (now - guest.bootedAt())) / 2;
  const { usedKb } = memoryOf(guest, now);
  for (const process of guest.processes(now)) {
    // processes of the kernel have no file
    const open = process.executable !== '' && (all || shortName(process.user) === account.name.toLowerCase());
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
      ExecutablePath: open ? process.executable : null,
      CommandLine: open ? process.commandLine : null,
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

function shortName(user: string): string {
  return user.slice(user.lastIndexOf('\\') + 1).toLowerCase();
}
