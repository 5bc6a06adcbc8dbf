/** GuestAuthManager and GuestProcessManager: who may come in, what runs, and starting programs. */

import { FileProblem, may } from '../../estate/guest/file-tree.ts';
import type { Guest } from '../../estate/guest/guest.ts';
import { runCmd, runWindowsProgram } from '../../estate/guest/shell/cmd.ts';
import { runShell } from '../../estate/guest/shell/sh.ts';
import type { Outcome } from '../../estate/guest/shell/shell.ts';
import { vimFault } from '../faults.ts';
import { defineMethod, type Method } from '../methods/method.ts';
import type { Data, Value } from '../values.ts';
import {
  type Access,
  enterGuest,
  GUEST_FAULTS,
  type GuestArgs,
  guestPath,
  issueTicket,
  releaseTicket,
  telling,
} from './access.ts';

const validateCredentials = defineMethod<GuestArgs>({
  on: 'GuestAuthManager',
  name: 'ValidateCredentialsInGuest',
  since: '5.0',
  takes: 'vm &VirtualMachine, auth GuestAuthentication',
  faults: GUEST_FAULTS,
  run(args, call) {
    enterGuest(call, args, 'Query');
    return undefined;
  },
});

const acquireCredentials = defineMethod<{ vm: GuestArgs['vm']; requestedAuth: Data }>({
  on: 'GuestAuthManager',
  name: 'AcquireCredentialsInGuest',
  since: '5.0',
  takes: 'vm &VirtualMachine, requestedAuth GuestAuthentication, sessionID long?',
  returns: 'GuestAuthentication',
  faults: GUEST_FAULTS,
  run({ vm, requestedAuth }, call) {
    const access = enterGuest(call, { vm, auth: requestedAuth }, 'Query');
    return {
      $: 'TicketedSessionAuthentication',
      interactiveSession: false,
      ticket: issueTicket(call, access),
    };
  },
});

const releaseCredentials = defineMethod<GuestArgs>({
  on: 'GuestAuthManager',
  name: 'ReleaseCredentialsInGuest',
  since: '5.0',
  takes: 'vm &VirtualMachine, auth GuestAuthentication',
  faults: GUEST_FAULTS,
  run(args, call) {
    enterGuest(call, args, 'Query');
    releaseTicket(call, args.auth);
    return undefined;
  },
});

const startProgram = defineMethod<GuestArgs & { spec: Data }>({
  on: 'GuestProcessManager',
  name: 'StartProgramInGuest',
  since: '5.0',
  takes: 'vm &VirtualMachine, auth GuestAuthentication, spec GuestProgramSpec',
  returns: 'long',
  faults: [...GUEST_FAULTS, 'FileNotFound', 'CannotAccessFile'],
  run(args, call) {
    const access = enterGuest(call, args, 'Execute');
    const { guest, user } = access;
    const { programPath, arguments: parameters } = args.spec as unknown as {
      programPath: string;
      arguments: string;
    };
    const path = programAt(guest, guestPath(guest, programPath, 'spec.programPath'), call.now);
    const { node } = telling(() => guest.files.resolve(path, call.now));
    if (node.type === 'directory') throw vimFault('NotAFile', `${path} is not a file.`, { file: path });
    if (guest.os.family === 'linux' && !may(node, user, 1))
      throw vimFault('GuestPermissionDenied', 'Permission to perform this operation was denied.');
    const { exitCode, duration } = execute(access, args.spec, path, parameters, call.now);
    const { process } = guest.started(
      {
        name: guest.files.nameOf(path),
        executable: path,
        commandLine: `"${path}" ${parameters}`.trim(),
        user: user.name,
        endsAt: call.now + duration,
        exitCode,
      },
      call.now,
    );
    return process.pid;
  },
});

/** Of late /bin and /sbin are links to what is below /usr: a program that is only there is found by both paths. */
function programAt(guest: Guest, path: string, now: number): string {
  if (guest.os.family !== 'linux' || !/^\/s?bin\//.test(path)) return path;
  try {
    guest.files.resolve(path, now);
    return path;
  } catch (error) {
    if (error instanceof FileProblem) return `/usr${path}`;
    throw error;
  }
}

/** Linux starts it through a shell, so that `arguments` may redirect; Windows starts the program itself. */
function execute(
  { guest, user }: Access,
  spec: Data,
  path: string,
  parameters: string,
  now: number,
): Outcome {
  const environment = new Map(
    ((spec.envVariables as string[] | undefined) ?? []).map((text) => {
      const [name, ...value] = text.split('=');
      return [name!, value.join('=')] as const;
    }),
  );
  const folder = spec.workingDirectory as string | undefined;
  const workingDirectory =
    folder === undefined || folder === '' ? undefined : guestPath(guest, folder, 'spec.workingDirectory');
  if (workingDirectory !== undefined) telling(() => guest.files.resolve(workingDirectory, now));
  const options = {
    guest,
    user,
    now,
    environment,
    ...(workingDirectory === undefined ? {} : { workingDirectory }),
  };
  if (guest.os.family === 'linux')
    return runShell(`'${path.replaceAll("'", "'\\''")}' ${parameters}`, options);
  // a batch file is cmd's to run
  if (/\.(bat|cmd)$/i.test(path))
    return runCmd(
      telling(() => guest.files.read(path, user, now))
        .toString('latin1')
        .replace(/^@?echo off\s*/i, ''),
      options,
    );
  return runWindowsProgram(path, parameters, options);
}

const listProcesses = defineMethod<GuestArgs & { pids: readonly number[] }>({
  on: 'GuestProcessManager',
  name: 'ListProcessesInGuest',
  since: '5.0',
  takes: 'vm &VirtualMachine, auth GuestAuthentication, pids long[]',
  returns: 'GuestProcessInfo[]',
  faults: GUEST_FAULTS,
  run(args, call) {
    const { guest } = enterGuest(call, args, 'Query');
    const wanted = new Set(args.pids);
    const ended = guest.ended(call.now);
    const all = [
      ...guest.processes(call.now).map((process) => ({ process, end: undefined })),
      ...ended.map((end) => ({ process: end.process, end })),
    ];
    return all
      .filter(({ process }) => wanted.size === 0 || wanted.has(process.pid))
      .map(
        ({ process, end }): Value => ({
          $: 'GuestProcessInfo',
          name: process.name,
          pid: process.pid,
          owner: process.user,
          cmdLine: process.commandLine,
          startTime: process.startedAt,
          ...(end ? { endTime: end.endsAt, exitCode: end.exitCode } : {}),
        }),
      );
  },
});

const terminateProcess = defineMethod<GuestArgs & { pid: number }>({
  on: 'GuestProcessManager',
  name: 'TerminateProcessInGuest',
  since: '5.0',
  takes: 'vm &VirtualMachine, auth GuestAuthentication, pid long',
  faults: [...GUEST_FAULTS, 'GuestProcessNotFound'],
  run(args, call) {
    const { guest, user } = enterGuest(call, args, 'Execute');
    const process = guest.processes(call.now).find(({ pid }) => pid === args.pid);
    if (!process)
      throw vimFault('GuestProcessNotFound', `There is no process ${args.pid}.`, { pid: args.pid });
    // what belongs to the system is not a guest operation's to end
    if (process.key !== undefined || (process.user !== user.name && !user.isRoot))
      throw vimFault('GuestPermissionDenied', 'Permission to perform this operation was denied.');
    guest.kill(args.pid, call.now);
    return undefined;
  },
});

const readEnvironment = defineMethod<GuestArgs & { names: readonly string[] }>({
  on: 'GuestProcessManager',
  name: 'ReadEnvironmentVariableInGuest',
  since: '5.0',
  takes: 'vm &VirtualMachine, auth GuestAuthentication, names string[]',
  returns: 'string[]',
  faults: GUEST_FAULTS,
  run(args, call) {
    const { guest, user } = enterGuest(call, args, 'Query');
    const windows = guest.os.family === 'windows';
    const same = (a: string, b: string) => (windows ? a.toLowerCase() === b.toLowerCase() : a === b);
    return [...guest.environment(user)]
      .filter(([name]) => args.names.length === 0 || args.names.some((wanted) => same(wanted, name)))
      .map(([name, value]) => `${name}=${value}`);
  },
});

export const GUEST_PROCESS_METHODS: readonly Method[] = [
  validateCredentials,
  acquireCredentials,
  releaseCredentials,
  startProgram,
  listProcesses,
  terminateProcess,
  readEnvironment,
];
