/** What commands of either shell work with. Bytes are carried as text of one character each (latin1). */
import type { Millis, UnixMillis } from '#core/units.ts';
import type { GuestUser } from '../accounts.ts';
import type { Guest } from '../guest.ts';
import type { LinuxOs } from '../guest-os.ts';
import { linuxTools } from '../linux-tools.ts';
import type { Command, List } from './sh-tree.ts';

export interface Outcome {
  readonly stdout: Buffer;
  readonly stderr: Buffer;
  readonly exitCode: number;
  /** How long it took by the guest's clock. */
  readonly duration: Millis;
}

export interface RunOptions {
  readonly guest: Guest;
  readonly user: GuestUser;
  readonly now: UnixMillis;
  /** Added to the user's environment. */
  readonly environment?: ReadonlyMap<string, string>;
  readonly workingDirectory?: string;
  readonly stdin?: Buffer;
  readonly conditions?: Conditions;
}

/** What one run may use up; a guest that is asked for more ends the program, as one that runs out of memory would. */
export const LIMITS = {
  outputChars: 16 * 1024 * 1024,
  words: 50_000,
  steps: 60_000,
  sleepMs: 3_600_000,
} as const;

/** What is wrong with the machine, or with the account, while the command runs. */
export interface Conditions {
  /** Of sudo: it wants the password, does not know the user, or wants a terminal. */
  readonly sudo?: 'password' | 'notAllowed' | 'requiretty';
  /** Is there a terminal? */
  readonly terminal?: boolean;
  /** By how much the clock of the system is off. */
  readonly clockError?: Millis;
}

/** Thrown when a run uses up more than it may. */
export class Exhausted extends Error {}

/** State of one run, shared by its subshells. */
export interface Machine {
  readonly guest: Guest;
  /** The clock inside: it moves on when a command sleeps. */
  now: UnixMillis;
  steps: number;
  outputChars: number;
}

/** The environment of one command. */
export interface Session {
  readonly machine: Machine;
  user: GuestUser;
  cwd: string;
  readonly variables: Map<string, string>;
  readonly exported: Set<string>;
  /** Of the last command. */
  status: number;
  /** Of the last command whose output was taken into a command line. */
  substituted: number | undefined;
}

export interface Io {
  readonly stdin: string;
  out(text: string): void;
  err(text: string): void;
}

/** What commands need of the shell that runs them: those that run other commands. */
interface Interpreter {
  script(text: string, session: LinuxSession, io: LinuxIo): number;
  invoke(name: string, args: readonly string[], session: LinuxSession, io: LinuxIo): number;
  list(list: List, session: LinuxSession, io: LinuxIo): number;
}

export interface LinuxMachine extends Machine {
  readonly interpreter: Interpreter;
  readonly conditions: Conditions;
}

export interface LinuxSession extends Session {
  readonly machine: LinuxMachine;
  /** As messages begin: "bash", or the name of a script. */
  readonly name: string;
  readonly functions: Map<string, Command>;
  /** $1, $2 … */
  positional: readonly string[];
  /** Letters of `set`. */
  readonly options: Set<string>;
  /** Values that local variables of the running function hide. */
  readonly hidden: Map<string, string | undefined> | undefined;
  /** Somebody looks at the status of what runs, so that `set -e` does not end the shell. */
  guarded: boolean;
}

/** Where commands read and write. `exec` changes it for all that follows. */
export interface LinuxIo extends Io {
  /** What is left to read; `read` takes a line of it, whoever asks for `stdin` takes all. */
  readonly input: { rest: string };
  out: (text: string) => void;
  err: (text: string) => void;
}

export function ioOf(input: { rest: string }, out: LinuxIo['out'], err: LinuxIo['err']): LinuxIo {
  return {
    input,
    get stdin() {
      const all = input.rest;
      input.rest = '';
      return all;
    },
    out,
    err,
  };
}

/** A copy of the environment: what a process of its own changes stays with it. */
export function subshell(session: LinuxSession): LinuxSession {
  return {
    machine: session.machine,
    name: session.name,
    user: session.user,
    cwd: session.cwd,
    status: session.status,
    substituted: session.substituted,
    hidden: session.hidden,
    guarded: session.guarded,
    positional: session.positional,
    variables: new Map(session.variables),
    exported: new Set(session.exported),
    functions: new Map(session.functions),
    options: new Set(session.options),
  };
}

/** A message of the shell itself; bash has numbered the line since 5.1. */
export function complain(session: LinuxSession, text: string): string {
  const os = linuxOf(session);
  const numbered = os !== undefined && linuxTools(os).numbersLines;
  return `${session.name}: ${numbered || session.name !== 'bash' ? 'line 1: ' : ''}${text}\n`;
}

export function linuxOf(session: Session): LinuxOs | undefined {
  const { os } = session.machine.guest;
  return os.family === 'linux' ? os : undefined;
}

export function needsRoot(session: Session): boolean {
  return !session.user.isRoot;
}

/** @returns the exit code. */
export type CommandFunction = (args: readonly string[], io: Io, session: Session) => number;
export type Commands = Readonly<Record<string, CommandFunction>>;
export type LinuxCommand = (args: readonly string[], io: LinuxIo, session: LinuxSession) => number;
export type LinuxCommands = Readonly<Record<string, LinuxCommand>>;

export function step(machine: Machine): void {
  if (++machine.steps > LIMITS.steps) throw new Exhausted('too many steps');
}

/** Collects what a command writes. */
export function collector(machine: Machine): { add(text: string): void; text(): string } {
  const pieces: string[] = [];
  return {
    add(piece) {
      machine.outputChars += piece.length;
      if (machine.outputChars > LIMITS.outputChars) throw new Exhausted('too much output');
      pieces.push(piece);
    },
    text: () => pieces.join(''),
  };
}

/** Lines without their breaks; the last one need not have one. */
export function linesOf(text: string): string[] {
  if (text === '') return [];
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines;
}

/** Letters of options, and the other arguments: `-la x` with "la" gives {l, a} and [x]. `n:` takes a value. */
export function options(
  args: readonly string[],
  known: string,
  long: Readonly<Record<string, string>> = {},
): {
  has: ReadonlySet<string>;
  value: ReadonlyMap<string, string>;
  rest: string[];
  unknown: string | undefined;
} {
  const has = new Set<string>();
  const value = new Map<string, string>();
  const rest: string[] = [];
  let unknown: string | undefined;
  for (let i = 0; i < args.length; i++) {
    let arg = args[i]!;
    if (arg === '--') {
      rest.push(...args.slice(i + 1));
      break;
    }
    if (arg.startsWith('--')) {
      const [name, given] = [
        arg.split('=', 1)[0]!,
        arg.includes('=') ? arg.slice(arg.indexOf('=') + 1) : undefined,
      ];
      const letter = long[name];
      if (letter === undefined) {
        unknown ??= arg;
        continue;
      }
      arg = `-${letter}${given ?? ''}`;
    }
    if (!/^-./.test(arg)) {
      rest.push(arg);
      continue;
    }
    for (let at = 1; at < arg.length; at++) {
      const letter = arg[at]!;
      const index = known.indexOf(letter);
      if (index < 0 || letter === ':') {
        unknown ??= arg;
        break;
      }
      has.add(letter);
      if (known[index + 1] !== ':') continue;
      value.set(letter, at + 1 < arg.length ? arg.slice(at + 1) : (args[++i] ?? ''));
      break;
    }
  }
  return { has, value, rest, unknown };
}
