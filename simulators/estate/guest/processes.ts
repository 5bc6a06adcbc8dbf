/** The process table of a running guest: which processes its stack makes, with pids that a start of the machine deals out. */
import type { Entropy } from '#core/entropy/entropy.ts';
import { type Ratio, SECOND, type UnixMillis } from '#core/units.ts';
import type { GuestOs } from './guest-os.ts';
import type { ProcessSpec, Stack } from './stack.ts';

export interface GuestProcess {
  readonly pid: number;
  /** 0 for the first process. */
  readonly parentPid: number;
  /** Key in the machine's stack; undefined for a program that somebody started. */
  readonly key: string | undefined;
  /** Short name: "nginx", "w3wp.exe". */
  readonly name: string;
  readonly user: string;
  /** Whole path; empty for threads of the kernel. */
  readonly executable: string;
  /** With the executable in front. */
  readonly commandLine: string;
  readonly startedAt: UnixMillis;
  /** Shares of what the whole machine uses of CPU and memory. */
  readonly cpuShare: Ratio;
  readonly memoryShare: Ratio;
}

/** Pids above are those of programs that were started from outside. */
export const FIRST_STARTED_PID = 20_000;

export function bootProcesses(
  entropy: Entropy,
  machineId: string,
  os: GuestOs,
  stack: Stack,
  bootedAt: UnixMillis,
): GuestProcess[] {
  if (os.family === 'other') return [];
  const windows = os.family === 'windows';
  const boot = Math.floor(bootedAt / SECOND);
  const pids = new Map<string, number>();
  const cpu = stack.processes.reduce((sum, spec) => sum + spec.cpu * (spec.count ?? 1), 0);
  const memory = stack.processes.reduce((sum, spec) => sum + spec.memory * (spec.count ?? 1), 0);
  const processes: GuestProcess[] = [];
  let last = 0;
  for (const spec of stack.processes)
    for (let i = 0; i < (spec.count ?? 1); i++) {
      const step = entropy.below(40, 'guest.pid', machineId, boot, processes.length);
      const pid = windows ? (last === 0 ? 4 : last + 4 * (1 + step)) : last < 2 ? last + 1 : last + 1 + step;
      last = pid;
      if (i === 0) pids.set(spec.key, pid);
      processes.push({
        pid,
        parentPid: spec.parent === '' ? 0 : (pids.get(spec.parent ?? '') ?? (pid === 1 ? 0 : 1)),
        key: spec.key,
        name: spec.name,
        user: spec.user,
        executable: spec.executable,
        commandLine: commandLineOf(spec, windows),
        // the system comes up within seconds, applications a little later
        startedAt: bootedAt + Math.min(50, Math.floor(processes.length / 2)) * SECOND,
        cpuShare: spec.cpu / cpu,
        memoryShare: spec.memory / memory,
      });
    }
  return processes;
}

function commandLineOf({ name, executable, arguments: args, parent }: ProcessSpec, windows: boolean): string {
  if (executable === '') return windows ? '' : `[${name}]`;
  // a worker shows what it does in place of how it was started
  if (!windows && parent !== undefined && /^(worker process|background writer|walwriter)$/.test(args))
    return `${name}: ${args}`;
  const program = windows && executable.includes(' ') ? `"${executable}"` : executable;
  return args === '' ? program : `${program} ${args}`;
}
