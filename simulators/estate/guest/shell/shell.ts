/** What commands of either shell work with. Bytes are carried as text of one character each (latin1). */
import type { Millis, UnixMillis } from '#core/units.ts';
import type { GuestUser } from '../accounts.ts';
import type { Guest } from '../guest.ts';
import type { LinuxOs } from '../guest-os.ts';

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
}

/** What one run may use up; a guest that is asked for more ends the program, as one that runs out of memory would. */
export const LIMITS = {
  outputChars: 16 * 1024 * 1024,
  words: 50_000,
  steps: 60_000,
  sleepMs: 3_600_000,
} as const;

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
