/**
 * Runs shell command lines inside a Linux guest: /bin/sh and /bin/bash as far as collection scripts need them. All
 * that a command line finds out comes from the guest; what it writes stays there.
 */
import { SECOND } from '#core/units.ts';
import { FileProblem } from '../file-tree.ts';
import { awk } from './awk.ts';
import { diskCommands } from './disk-commands.ts';
import { fileCommands, problemText, readInput } from './file-commands.ts';
import { identityCommands } from './identity-commands.ts';
import { networkCommands } from './network-commands.ts';
import { packageCommands } from './package-commands.ts';
import { processCommands } from './process-commands.ts';
import { sedCommand } from './sed.ts';
import { evaluate } from './sh-arithmetic.ts';
import {
  type Command,
  type List,
  type Node,
  type Pipeline,
  parseShell,
  ShellSyntaxError,
  type Word,
} from './sh-syntax.ts';
import {
  type Commands,
  collector,
  Exhausted,
  type Io,
  LIMITS,
  type Machine,
  type Outcome,
  type RunOptions,
  type Session,
  step,
} from './shell.ts';

import { textCommands } from './text-commands.ts';

const SCRIPT_CHARS_MAX = 256 * 1024;
/** What starting any program takes. */
const BASE_DURATION = 20;

/** `exit` unwinds to the shell it is in. */
class Exit extends Error {
  readonly code: number;

  constructor(code: number) {
    super('exit');
    this.code = code;
  }
}

class LoopControl extends Error {
  readonly isBreak: boolean;

  constructor(isBreak: boolean) {
    super('loop');
    this.isBreak = isBreak;
  }
}

/** Runs a script as `sh -c` does. Never throws for what the script does wrong. */
export function runShell(script: string, options: RunOptions): Outcome {
  const { guest, user, now, environment, workingDirectory, stdin } = options;
  const machine: Machine = { guest, now, steps: 0, outputChars: 0 };
  const variables = new Map([...guest.environment(user), ...(environment ?? [])]);
  const session: Session = {
    machine,
    user,
    cwd: workingDirectory ?? user.home,
    variables,
    exported: new Set(variables.keys()),
    status: 0,
    substituted: undefined,
  };
  const out = collector(machine);
  const err = collector(machine);
  const io: Io = { stdin: stdin?.toString('latin1') ?? '', out: out.add, err: err.add };
  let exitCode: number;
  try {
    exitCode = runScript(script, session, io);
  } catch (error) {
    if (!(error instanceof Exhausted)) throw error;
    exitCode = 137; // killed
  }
  return {
    stdout: Buffer.from(out.text(), 'latin1'),
    stderr: Buffer.from(err.text(), 'latin1'),
    exitCode,
    duration: BASE_DURATION + Math.ceil(machine.steps / 10) + (machine.now - now),
  };
}

function runScript(script: string, session: Session, io: Io): number {
  if (script.length > SCRIPT_CHARS_MAX) {
    io.err('bash: Argument list too long\n');
    return 126;
  }
  let list: List;
  try {
    list = parseShell(Buffer.from(script, 'utf8').toString('latin1'));
  } catch (error) {
    if (!(error instanceof ShellSyntaxError)) throw error;
    io.err(`bash: -c: line 1: ${error.message}\n`);
    return 2;
  }
  try {
    return runList(list, session, io);
  } catch (error) {
    if (error instanceof Exit) return error.code;
    if (error instanceof LoopControl) return 0;
    throw error;
  }
}

function runList(list: List, session: Session, io: Io): number {
  for (const { when, pipeline } of list) {
    if (when === 'and' && session.status !== 0) continue;
    if (when === 'or' && session.status === 0) continue;
    session.status = runPipeline(pipeline, session, io);
  }
  return session.status;
}

function runPipeline({ commands, negated }: Pipeline, session: Session, io: Io): number {
  let stdin = io.stdin;
  let status = 0;
  for (const [i, command] of commands.entries()) {
    const last = i === commands.length - 1;
    const pipe = last ? undefined : collector(session.machine);
    const inner: Io = { stdin, out: pipe ? pipe.add : io.out, err: io.err };
    const shared = i === 0 ? INPUTS.get(io) : undefined;
    if (shared) INPUTS.set(inner, shared);
    // each part of a pipeline is a process of its own
    if (commands.length === 1) status = runCommand(command, session, inner);
    else
      try {
        status = runCommand(command, subshell(session), inner);
      } catch (error) {
        if (!(error instanceof Exit)) throw error;
        status = error.code;
      }
    stdin = pipe?.text() ?? '';
  }
  return negated ? Number(status === 0) : status;
}

function subshell(session: Session): Session {
  return { ...session, variables: new Map(session.variables), exported: new Set(session.exported) };
}

function runCommand({ node, redirections }: Command, session: Session, io: Io): number {
  step(session.machine);
  let { stdin, out, err } = io;
  const files: Array<{ path: string; text: ReturnType<typeof collector>; append: boolean }> = [];
  const paths = session.machine.guest.files;
  try {
    for (const { descriptor, operator, target } of redirections) {
      const word = expandOne(target, session, io);
      if (operator === '>&') {
        if (word === '1' && descriptor === 2) err = out;
        else if (word === '2' && descriptor === 1) out = err;
        else throw new FileProblem('notFound', word);
        continue;
      }
      if (operator === '<') {
        stdin = readInput(session, word);
        continue;
      }
      if (word === '/dev/null' || word === '/dev/stderr' || word === '/dev/stdout') {
        const to = word === '/dev/null' ? () => {} : word === '/dev/stderr' ? err : out;
        if (descriptor !== 2) out = to;
        if (descriptor !== 1) err = to;
        continue;
      }
      const path = paths.normal(word.startsWith('/') ? word : paths.join(session.cwd, word));
      if (path === undefined) throw new FileProblem('notFound', word);
      const text = collector(session.machine);
      // the file is there, and empty, before the command starts
      if (operator === '>') paths.write(path, Buffer.alloc(0), session.user, session.machine.now);
      files.push({ path, text, append: operator === '>>' });
      if (descriptor !== 2) out = text.add;
      if (descriptor !== 1) err = text.add;
    }
  } catch (error) {
    if (!(error instanceof FileProblem)) throw error;
    io.err(`bash: ${problemText(error)}\n`);
    return 1;
  }
  let status: number;
  const inner: Io = { stdin, out, err };
  const shared = INPUTS.get(io);
  if (shared && stdin === shared.rest) INPUTS.set(inner, shared);
  try {
    status = runNode(node, session, inner);
  } finally {
    for (const { path, text, append } of files) {
      const before =
        append && paths.find(path, session.machine.now)
          ? paths.read(path, session.user, session.machine.now)
          : Buffer.alloc(0);
      paths.write(
        path,
        Buffer.concat([before, Buffer.from(text.text(), 'latin1')]),
        session.user,
        session.machine.now,
      );
    }
  }
  return status;
}

function runNode(node: Node, session: Session, io: Io): number {
  switch (node.kind) {
    case 'group': {
      if (!node.subshell) return runList(node.list, session, io);
      try {
        return runList(node.list, subshell(session), io);
      } catch (error) {
        if (error instanceof Exit) return error.code;
        throw error;
      }
    }
    case 'if': {
      for (const { test, body } of node.branches)
        if (runList(test, session, io) === 0) return runList(body, session, io);
      session.status = 0;
      return node.otherwise ? runList(node.otherwise, session, io) : 0;
    }
    case 'for': {
      let status = 0;
      for (const value of node.words.flatMap((word) => expand(word, session, io))) {
        step(session.machine);
        session.variables.set(node.name, value);
        const outcome = loopBody(node.body, session, io);
        if (outcome === 'break') break;
        status = outcome;
      }
      return status;
    }
    case 'while': {
      // `read` in a loop takes line by line from what the loop was given
      const input = { rest: io.stdin };
      const shared: Io = {
        ...io,
        get stdin() {
          return input.rest;
        },
      };
      INPUTS.set(shared, input);
      let status = 0;
      while ((runList(node.test, session, shared) === 0) !== node.until) {
        step(session.machine);
        const outcome = loopBody(node.body, session, shared);
        if (outcome === 'break') break;
        status = outcome;
      }
      return status;
    }
    case 'simple':
      return runSimple(node.assignments, node.words, session, io);
  }
}

/** Input that several commands of one loop share. */
const INPUTS = new WeakMap<Io, { rest: string }>();

function loopBody(body: List, session: Session, io: Io): number | 'break' {
  try {
    return runList(body, session, io);
  } catch (error) {
    if (!(error instanceof LoopControl)) throw error;
    return error.isBreak ? 'break' : 0;
  }
}

function runSimple(
  assignments: ReadonlyArray<readonly [string, Word]>,
  words: readonly Word[],
  session: Session,
  io: Io,
): number {
  session.substituted = undefined;
  const [name, ...args] = words.flatMap((word) => expand(word, session, io));
  if (name === undefined) {
    for (const [variable, value] of assignments)
      session.variables.set(variable, expandOne(value, session, io));
    return session.substituted ?? 0;
  }
  const own = assignments.length === 0 ? session : subshell(session);
  for (const [variable, value] of assignments) {
    own.variables.set(variable, expandOne(value, session, io));
    own.exported.add(variable);
  }
  return invoke(name, args, own, io);
}

/** Runs a command by name: builtin, one of the system's, or a script file. */
export function invoke(name: string, args: readonly string[], session: Session, io: Io): number {
  step(session.machine);
  const plain = name.replace(/^(?:\/usr)?(?:\/local)?\/s?bin\//, '');
  const builtin = BUILTINS[plain] ?? COMMANDS[plain];
  try {
    if (builtin && Object.hasOwn(BUILTINS[plain] ? BUILTINS : COMMANDS, plain))
      return builtin(args, io, session);
    if (name.includes('/')) return runFile(name, args, session, io);
  } catch (error) {
    if (!(error instanceof FileProblem)) throw error;
    io.err(`${plain}: ${problemText(error)}\n`);
    return 1;
  }
  io.err(`bash: line 1: ${name}: command not found\n`);
  return 127;
}

function runFile(name: string, args: readonly string[], session: Session, io: Io): number {
  const { files } = session.machine.guest;
  const path = files.normal(name.startsWith('/') ? name : files.join(session.cwd, name));
  const node = path === undefined ? undefined : files.find(path, session.machine.now);
  if (!node || path === undefined) {
    io.err(`bash: line 1: ${name}: No such file or directory\n`);
    return 127;
  }
  if (node.type === 'directory' || (node.mode & 0o111) === 0) {
    io.err(`bash: line 1: ${name}: ${node.type === 'directory' ? 'Is a directory' : 'Permission denied'}\n`);
    return 126;
  }
  const content = files.read(path, session.user, session.machine.now).toString('latin1');
  // a program of the system that this shell cannot act out
  if (content.startsWith('\x7fELF')) {
    io.err(`bash: line 1: ${name}: cannot execute binary file: Exec format error\n`);
    return 126;
  }
  const own = subshell(session);
  own.variables.set('0', name);
  for (const [i, value] of args.entries()) own.variables.set(String(i + 1), value);
  own.variables.set('#', String(args.length));
  own.variables.set('@', args.join(' '));
  return runScript(content, own, io);
}

const BUILTINS: Commands = {
  ':': () => 0,
  true: () => 0,
  false: () => 1,
  cd(args, io, session) {
    const { files } = session.machine.guest;
    const to = args[0] ?? session.variables.get('HOME') ?? '/';
    const path = files.normal(to.startsWith('/') ? to : files.join(session.cwd, to));
    const node = path === undefined ? undefined : files.find(path, session.machine.now);
    if (node?.type !== 'directory') {
      io.err(`bash: line 1: cd: ${to}: ${node ? 'Not a directory' : 'No such file or directory'}\n`);
      return 1;
    }
    session.cwd = path!;
    return 0;
  },
  pwd(_args, io, session) {
    io.out(`${session.cwd}\n`);
    return 0;
  },
  exit(args, _io, session) {
    throw new Exit((args[0] === undefined ? session.status : Number(args[0]) || 0) & 255);
  },
  break() {
    throw new LoopControl(true);
  },
  continue() {
    throw new LoopControl(false);
  },
  export(args, _io, session) {
    for (const arg of args) {
      const [name, ...value] = arg.split('=');
      if (value.length > 0) session.variables.set(name!, value.join('='));
      session.exported.add(name!);
    }
    return 0;
  },
  unset(args, _io, session) {
    for (const name of args) session.variables.delete(name);
    return 0;
  },
  set: () => 0,
  umask: () => 0,
  command(args, io, session) {
    if (args[0] !== '-v' && args[0] !== '-V') return invoke(args[0] ?? ':', args.slice(1), session, io);
    const name = args[1] ?? '';
    if (!isKnown(name)) return 1;
    io.out(`${Object.hasOwn(BUILTINS, name) ? name : `/usr/bin/${name}`}\n`);
    return 0;
  },
  which(args, io) {
    let missing = 0;
    for (const name of args)
      if (Object.hasOwn(COMMANDS, name)) io.out(`/usr/bin/${name}\n`);
      else missing = 1;
    return missing;
  },
  eval: (args, io, session) => runScript(args.join(' '), session, io),
  read(args, io, session) {
    const input = INPUTS.get(io) ?? { rest: io.stdin };
    if (input.rest === '') return 1;
    const end = input.rest.indexOf('\n');
    const line = end < 0 ? input.rest : input.rest.slice(0, end);
    input.rest = end < 0 ? '' : input.rest.slice(end + 1);
    const names = args.filter((arg) => !arg.startsWith('-'));
    const fields = line.trim().split(/\s+/);
    for (const [i, name] of names.entries())
      session.variables.set(name, i === names.length - 1 ? fields.slice(i).join(' ') : (fields[i] ?? ''));
    return 0;
  },
  sh: shellCommand,
  bash: shellCommand,
  sleep(args, _io, session) {
    const [, amount, unit] = /^(\d+(?:\.\d+)?)([smhd]?)$/.exec(args[0] ?? '') ?? [];
    const factor = { s: 1, m: 60, h: 3600, d: 86_400 }[unit ?? ''] ?? 1;
    session.machine.now += Math.min(LIMITS.sleepMs, Number(amount ?? 0) * factor * SECOND);
    return amount === undefined ? 1 : 0;
  },
  env(args, io, session) {
    const own = subshell(session);
    let i = 0;
    for (; i < args.length && args[i]!.includes('='); i++) {
      const [name, ...value] = args[i]!.split('=');
      own.variables.set(name!, value.join('='));
      own.exported.add(name!);
    }
    if (i < args.length) return invoke(args[i]!, args.slice(i + 1), own, io);
    for (const name of own.exported) io.out(`${name}=${own.variables.get(name) ?? ''}\n`);
    return 0;
  },
  sudo(args, io, session) {
    let i = 0;
    for (; i < args.length && args[i]!.startsWith('-'); i++) if (args[i] === '-u') i++;
    if (!session.user.canSudo) {
      const may = args.includes('-n')
        ? 'sudo: a password is required'
        : `${session.user.name} is not in the sudoers file.  This incident will be reported.`;
      io.err(`${may}\n`);
      return 1;
    }
    if (i >= args.length) return args.includes('-l') || args.includes('-v') ? 0 : 1;
    const root = {
      ...subshell(session),
      user: { ...session.user, name: 'root', shortName: 'root', isRoot: true, uid: 0 },
    };
    return invoke(args[i]!, args.slice(i + 1), root, io);
  },
  timeout: (args, io, session) => invoke(args[1] ?? ':', args.slice(2), session, io),
  nice: (args, io, session) =>
    invoke(args[args[0] === '-n' ? 2 : 0] ?? ':', args.slice(args[0] === '-n' ? 3 : 1), session, io),
  nohup: (args, io, session) => invoke(args[0] ?? ':', args.slice(1), session, io),
  xargs(args, io, session) {
    const words = io.stdin.split(/\s+/).filter((word) => word !== '');
    let i = 0;
    let each = Number.POSITIVE_INFINITY;
    for (; i < args.length && args[i]!.startsWith('-'); i++)
      if (args[i] === '-n') each = Number(args[++i]) || 1;
      else if (/^-n\d+$/.test(args[i]!)) each = Number(args[i]!.slice(2));
      else if (args[i] === '-r' && words.length === 0) return 0;
    const [name = 'echo', ...first] = args.slice(i);
    let status = 0;
    for (let at = 0; at === 0 || at < words.length; at += Math.min(each, words.length || 1)) {
      const part = words.slice(at, Number.isFinite(each) ? at + each : undefined);
      if (invoke(name, [...first, ...part], session, { ...io, stdin: '' }) !== 0) status = 123;
      if (!Number.isFinite(each)) break;
    }
    return status;
  },
};

const COMMANDS: Commands = {
  ...textCommands,
  ...fileCommands,
  ...processCommands,
  ...identityCommands,
  ...packageCommands,
  ...diskCommands,
  ...networkCommands,
  awk,
  gawk: awk,
  mawk: awk,
  sed: sedCommand,
};

function isKnown(name: string): boolean {
  return Object.hasOwn(BUILTINS, name) || Object.hasOwn(COMMANDS, name);
}

/** sh -c 'script' name args, or sh file. */
function shellCommand(args: readonly string[], io: Io, session: Session): number {
  const at = args.findIndex((arg) => /^-[a-z]*c$/.test(arg));
  if (at >= 0) {
    const own = subshell(session);
    for (const [i, value] of args.slice(at + 2).entries()) own.variables.set(String(i), value);
    return runScript(args[at + 1] ?? '', own, io);
  }
  const file = args.find((arg) => !arg.startsWith('-'));
  return runScript(file === undefined ? io.stdin : readInput(session, file), subshell(session), io);
}

// -------------------------------------------------------------------- expansion

/** One word as a single argument: targets, assignments. */
function expandOne(word: Word, session: Session, io: Io): string {
  return pieces(word, session, io)
    .map(({ text }) => text)
    .join('');
}

/** A word as arguments: unquoted results are split at white space, and patterns become the names that they match. */
function expand(word: Word, session: Session, io: Io): string[] {
  const fields: Array<{ text: string; pattern: string; isGlob: boolean }> = [];
  let current: { text: string; pattern: string; isGlob: boolean } | undefined;
  const add = (text: string, quoted: boolean): void => {
    current ??= { text: '', pattern: '', isGlob: false };
    current.text += text;
    current.pattern += quoted ? text.replace(/[*?[\]\\]/g, '\\$&') : text;
    if (!quoted && /[*?[]/.test(text)) current.isGlob = true;
  };
  const cut = (): void => {
    if (current) fields.push(current);
    current = undefined;
  };
  for (const [i, piece] of pieces(word, session, io).entries()) {
    if (piece.literal || piece.quoted) {
      const text =
        i === 0 && piece.literal && !piece.quoted && /^~(?=\/|$)/.test(piece.text)
          ? session.user.home + piece.text.slice(1)
          : piece.text;
      add(text, piece.quoted);
      continue;
    }
    const parts = piece.text.split(/[ \t\n]+/);
    for (const [n, part] of parts.entries()) {
      if (n > 0) cut();
      if (part !== '') add(part, false);
      if (fields.length > LIMITS.words) throw new Exhausted('too many words');
    }
  }
  cut();
  return fields.flatMap(({ text, pattern, isGlob }) => {
    if (!isGlob) return [text];
    const matches = globbed(pattern, session);
    return matches.length > 0 ? matches : [text];
  });
}

interface Piece {
  readonly text: string;
  readonly quoted: boolean;
  /** Stood in the script, rather than being the result of an expansion. */
  readonly literal: boolean;
}

function pieces(word: Word, session: Session, io: Io): Piece[] {
  return word.map((part): Piece => {
    if (part.kind === 'text') return { text: part.text, quoted: part.quoted, literal: true };
    if (part.kind === 'variable')
      return { text: variable(part, session, io), quoted: part.quoted, literal: false };
    if (part.kind === 'arithmetic')
      return {
        text: String(evaluate(expandOne(part.text, session, io), session.variables)),
        quoted: part.quoted,
        literal: false,
      };
    const out = collector(session.machine);
    const inner = subshell(session);
    try {
      session.substituted = runList(part.list, inner, { stdin: '', out: out.add, err: io.err });
    } catch (error) {
      if (!(error instanceof Exit)) throw error;
      session.substituted = error.code;
    }
    return { text: out.text().replace(/\n+$/, ''), quoted: part.quoted, literal: false };
  });
}

function variable(part: Extract<Word[number], { kind: 'variable' }>, session: Session, io: Io): string {
  const { name, operator, operand } = part;
  const value = name === '?' ? String(session.status) : name === '$' ? '4242' : session.variables.get(name);
  const given = () => (operand ? expandOne(operand, session, io) : '');
  switch (operator) {
    case undefined:
      return value ?? '';
    case 'length':
      return String((value ?? '').length);
    case ':-':
      return value === undefined || value === '' ? given() : value;
    case '-':
      return value ?? given();
    case ':+':
      return value === undefined || value === '' ? '' : given();
    case '+':
      return value === undefined ? '' : given();
    default:
      return trimmed(value ?? '', operator, given());
  }
}

/** ${x#p}, ${x##p}, ${x%p}, ${x%%p}: cuts the shortest or longest match off one end. */
function trimmed(value: string, operator: string, pattern: string): string {
  const matches = new RegExp(`^${globSource(pattern)}$`, 's');
  const lengths = Array.from({ length: value.length + 1 }, (_, i) => i);
  if (operator.length === 2) lengths.reverse();
  for (const length of lengths)
    if (operator[0] === '#') {
      if (matches.test(value.slice(0, length))) return value.slice(length);
    } else if (matches.test(value.slice(value.length - length))) return value.slice(0, value.length - length);
  return value;
}

/** A pattern of the shell as a regular expression. */
export function globSource(pattern: string): string {
  return pattern.replace(
    /\\(.)|\*|\?|\[(!?)([^\]]+)\]|[.+^${}()|[\]\\/]/g,
    (whole, escaped?: string, not?: string, set?: string) => {
      if (escaped !== undefined) return escaped.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
      if (whole === '*') return '[^/]*';
      if (whole === '?') return '[^/]';
      if (set !== undefined) return `[${not ? '^' : ''}${set}]`;
      return `\\${whole}`;
    },
  );
}

function globbed(pattern: string, session: Session): string[] {
  const { files } = session.machine.guest;
  const absolute = pattern.startsWith('/');
  let found: string[] = [absolute ? '/' : session.cwd];
  for (const part of pattern.split('/').filter((piece) => piece !== '')) {
    const next: string[] = [];
    const test = new RegExp(`^${globSource(part)}$`);
    for (const folder of found) {
      if (!/[*?[]/.test(part.replace(/\\./g, ''))) {
        const path = files.join(folder, part.replace(/\\(.)/g, '$1'));
        if (files.find(path, session.machine.now)) next.push(path);
        continue;
      }
      try {
        for (const name of files.list(folder, session.user, session.machine.now))
          if (test.test(name) && (!name.startsWith('.') || part.startsWith('.')))
            next.push(files.join(folder, name));
      } catch (error) {
        if (!(error instanceof FileProblem)) throw error;
      }
    }
    found = next;
  }
  return absolute ? found : found.map((path) => path.slice(session.cwd.length).replace(/^\//, ''));
}
