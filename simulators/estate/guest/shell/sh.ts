/**
 * Runs shell command lines inside a Linux guest: /bin/sh and /bin/bash as far as collection scripts and installers need
 * them. All that a command line finds out comes from the guest; what it writes stays there.
 */
import { FileProblem } from '../file-tree.ts';
import { isInstalled } from '../linux-tools.ts';
import { problemText } from './file-commands.ts';
import { PROGRAMS } from './programs.ts';
import { BUILTINS } from './sh-builtins.ts';
import { condition } from './sh-condition.ts';
import { Exit, LoopControl, Return } from './sh-control.ts';
import { arithmetic, expand, expandOne, expandPattern, fits } from './sh-expansion.ts';
import { append, type OpenFile, redirect, written } from './sh-redirection.ts';
import { parseShell, ShellSyntaxError } from './sh-syntax.ts';
import type { Command, List, Node, Pipeline, Word } from './sh-tree.ts';
import {
  collector,
  complain,
  Exhausted,
  ioOf,
  type LinuxIo,
  type LinuxMachine,
  type LinuxSession,
  linuxOf,
  type Outcome,
  type RunOptions,
  step,
  subshell,
} from './shell.ts';

const SCRIPT_CHARS_MAX = 256 * 1024;
const CALLS_MAX = 200;
/** What starting any program takes. */
const BASE_DURATION = 20;

/** Runs a script as `bash -c` does. Never throws for what the script does wrong. */
export function runShell(script: string, options: RunOptions): Outcome {
  return openShell(options).run(script, options);
}

export interface OpenShell {
  /** Runs a script; variables, functions and the directory stay for the next one. */
  run(script: string, now: Pick<RunOptions, 'now' | 'stdin'>): Outcome & { readonly isOver: boolean };
}

/** A shell that scripts are given to one after the other, as to one that somebody types into. */
export function openShell(options: Omit<RunOptions, 'now' | 'stdin'>): OpenShell {
  const { guest, user, environment, workingDirectory, conditions = {} } = options;
  const variables = new Map([...guest.environment(user), ...(environment ?? [])]);
  const machine: LinuxMachine = {
    guest,
    now: 0,
    steps: 0,
    outputChars: 0,
    conditions,
    interpreter: { script: runScript, invoke, list: runList },
  };
  const session: LinuxSession = {
    machine,
    name: 'bash',
    user,
    cwd: workingDirectory ?? user.home,
    variables,
    exported: new Set(variables.keys()),
    functions: new Map(),
    positional: [],
    options: new Set(),
    hidden: undefined,
    guarded: false,
    status: 0,
    substituted: undefined,
  };
  let isOver = false;
  return {
    run(script, { now, stdin }) {
      machine.now = now;
      machine.steps = 0;
      machine.outputChars = 0;
      const out = collector(machine);
      const err = collector(machine);
      const io = ioOf({ rest: stdin?.toString('latin1') ?? '' }, out.add, err.add);
      let exitCode: number;
      try {
        exitCode = runScript(Buffer.from(script, 'utf8').toString('latin1'), session, io, () => {
          isOver = true;
        });
      } catch (error) {
        // out of memory, or out of stack: killed
        if (!(error instanceof Exhausted || error instanceof RangeError)) throw error;
        exitCode = 137;
      }
      return {
        stdout: Buffer.from(out.text(), 'latin1'),
        stderr: Buffer.from(err.text(), 'latin1'),
        exitCode,
        duration: BASE_DURATION + Math.ceil(machine.steps / 10) + (machine.now - now),
        isOver,
      };
    },
  };
}

/** @param onExit told when the script ends by itself, with `exit` */
function runScript(
  script: string,
  session: LinuxSession,
  io: LinuxIo,
  onExit: () => void = () => {},
): number {
  if (script.length > SCRIPT_CHARS_MAX) {
    io.err('bash: Argument list too long\n');
    return 126;
  }
  let list: List;
  try {
    list = parseShell(script);
  } catch (error) {
    if (!(error instanceof ShellSyntaxError)) throw error;
    io.err(`${session.name}: ${session.name === 'bash' ? '-c: ' : ''}line 1: ${error.message}\n`);
    return 2;
  }
  try {
    return runList(list, session, io);
  } catch (error) {
    if (error instanceof Exit) onExit();
    if (error instanceof Exit || error instanceof Return) return error.code;
    if (error instanceof LoopControl) return 0;
    throw error;
  }
}

/** @param tested the status is looked at, so that `set -e` does not end the shell for it */
function runList(list: List, session: LinuxSession, io: LinuxIo, tested = false): number {
  const { guarded } = session;
  for (const [i, { when, pipeline }] of list.entries()) {
    if (when === 'and' && session.status !== 0) continue;
    if (when === 'or' && session.status === 0) continue;
    const next = list[i + 1]?.when;
    const isLast = next === undefined || next === 'always';
    session.guarded = guarded || tested || !isLast || pipeline.negated;
    try {
      session.status = runPipeline(pipeline, session, io);
    } finally {
      session.guarded = guarded;
    }
    if (
      session.status !== 0 &&
      isLast &&
      !guarded &&
      !tested &&
      !pipeline.negated &&
      session.options.has('e')
    ) {
      const failed = pipeline.commands.at(-1)!.node.kind;
      if (failed === 'simple' || failed === 'condition' || failed === 'arithmetic')
        throw new Exit(session.status);
    }
  }
  return session.status;
}

function runPipeline({ commands, negated }: Pipeline, session: LinuxSession, io: LinuxIo): number {
  const [only] = commands;
  let status = 0;
  if (commands.length === 1) status = runCommand(only!, session, io);
  else {
    let input = io.input;
    for (const [i, command] of commands.entries()) {
      const pipe = i === commands.length - 1 ? undefined : collector(session.machine);
      // each part of a pipeline is a process of its own
      status = inSubshell(session, (own) =>
        runCommand(command, own, ioOf(input, pipe ? pipe.add : io.out, io.err)),
      );
      input = { rest: pipe?.text() ?? '' };
    }
  }
  return negated ? Number(status === 0) : status;
}

function inSubshell(session: LinuxSession, run: (own: LinuxSession) => number): number {
  try {
    return run(subshell(session));
  } catch (error) {
    if (error instanceof Exit || error instanceof Return) return error.code;
    if (error instanceof LoopControl) return 0;
    throw error;
  }
}

function runCommand({ node, redirections }: Command, session: LinuxSession, io: LinuxIo): number {
  step(session.machine);
  if (redirections.length === 0) return runNode(node, session, io);
  const files: OpenFile[] = [];
  const inner = ioOf(io.input, io.out, io.err);
  let redirected: LinuxIo;
  try {
    redirected = redirections.reduce((to, each) => redirect(each, to, session, io, files), inner);
  } catch (error) {
    if (!(error instanceof FileProblem)) throw error;
    io.err(complain(session, problemText(error)));
    return 1;
  }
  if (isExec(node)) {
    // for all that follows: what is written goes to the files as it comes
    for (const file of files) if (!file.append) append(file.path, '', session);
    const into = (to: LinuxIo['out']): LinuxIo['out'] => {
      const file = files.find(({ text }) => text.add === to);
      return file ? (text) => void written(session, redirected, () => append(file.path, text, session)) : to;
    };
    io.out = into(redirected.out);
    io.err = into(redirected.err);
    return 0;
  }
  let failed = false;
  const save = (): void => {
    for (const { path, text, append: behind } of files)
      failed = !written(session, redirected, () => {
        if (behind) append(path, text.text(), session);
        else
          session.machine.guest.files.write(
            path,
            Buffer.from(text.text(), 'latin1'),
            session.user,
            session.machine.now,
          );
      });
  };
  let status: number;
  try {
    status = runNode(node, session, redirected);
  } catch (error) {
    save();
    throw error;
  }
  save();
  return failed && status === 0 ? 1 : status;
}

const isExec = (node: Node): boolean =>
  node.kind === 'simple' &&
  node.words.length === 1 &&
  node.words[0]!.length === 1 &&
  node.words[0]![0]!.kind === 'text' &&
  node.words[0]![0]!.text === 'exec';

function runNode(node: Node, session: LinuxSession, io: LinuxIo): number {
  switch (node.kind) {
    case 'group':
      return node.subshell
        ? inSubshell(session, (own) => runList(node.list, own, io))
        : runList(node.list, session, io);
    case 'if': {
      for (const { test, body } of node.branches)
        if (runList(test, session, io, true) === 0) return runList(body, session, io);
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
      let status = 0;
      while ((runList(node.test, session, io, true) === 0) !== node.until) {
        step(session.machine);
        const outcome = loopBody(node.body, session, io);
        if (outcome === 'break') break;
        status = outcome;
      }
      return status;
    }
    case 'case': {
      const word = expandOne(node.word, session, io);
      for (const { patterns, body } of node.branches)
        if (patterns.some((pattern) => fits(word, expandPattern(pattern, session, io)))) {
          session.status = 0;
          return runList(body, session, io);
        }
      return 0;
    }
    case 'function':
      session.functions.set(node.name, node.body);
      return 0;
    case 'condition':
      return condition(node.words, session, io);
    case 'arithmetic':
      return Number(arithmetic(node.text, session, io) === 0n);
    case 'simple':
      return runSimple(node.assignments, node.words, session, io);
  }
}

function loopBody(body: List, session: LinuxSession, io: LinuxIo): number | 'break' {
  try {
    return runList(body, session, io);
  } catch (error) {
    if (!(error instanceof LoopControl)) throw error;
    if (--error.levels > 0) throw error;
    return error.isBreak ? 'break' : 0;
  }
}

function runSimple(
  assignments: ReadonlyArray<readonly [string, Word]>,
  words: readonly Word[],
  session: LinuxSession,
  io: LinuxIo,
): number {
  session.substituted = undefined;
  const [name, ...args] = words.flatMap((word) => expand(word, session, io));
  if (name === undefined) {
    for (const [variable, value] of assignments)
      session.variables.set(variable, expandOne(value, session, io));
    return session.substituted ?? 0;
  }
  if (session.options.has('x')) io.err(`+ ${[name, ...args].join(' ')}\n`);
  if (assignments.length === 0) return call(name, args, session, io);
  // in the environment of this command only; `read` and the like change the shell all the same
  const before = assignments.map(([variable]) => [variable, session.variables.get(variable)] as const);
  const exported = assignments.filter(([variable]) => !session.exported.has(variable));
  for (const [variable, value] of assignments) {
    session.variables.set(variable, expandOne(value, session, io));
    session.exported.add(variable);
  }
  try {
    return call(name, args, session, io);
  } finally {
    for (const [variable, value] of before)
      if (value === undefined) session.variables.delete(variable);
      else session.variables.set(variable, value);
    for (const [variable] of exported) session.exported.delete(variable);
  }
}

/** A function of the script, or what `invoke` finds. */
function call(name: string, args: readonly string[], session: LinuxSession, io: LinuxIo): number {
  const body = session.functions.get(name);
  if (!body) return invoke(name, args, session, io);
  step(session.machine);
  if (++session.machine.steps > 0 && (DEPTHS.get(session.machine) ?? 0) > CALLS_MAX)
    throw new Exhausted('functions nested too deeply');
  DEPTHS.set(session.machine, (DEPTHS.get(session.machine) ?? 0) + 1);
  const hidden = new Map<string, string | undefined>();
  // the same variables, and local ones are put back in the end
  const own: LinuxSession = Object.create(session, {
    positional: { value: args, writable: true },
    hidden: { value: hidden },
  });
  try {
    return runCommand(body, own, io);
  } catch (error) {
    if (error instanceof Return) return error.code;
    throw error;
  } finally {
    DEPTHS.set(session.machine, DEPTHS.get(session.machine)! - 1);
    for (const [variable, value] of hidden)
      if (value === undefined) session.variables.delete(variable);
      else session.variables.set(variable, value);
    session.cwd = own.cwd;
  }
}

/** How deep functions are in each other, by run. */
const DEPTHS = new WeakMap<LinuxMachine, number>();

/** Runs a command by name: builtin, one of the system's, or a script file. */
function invoke(name: string, args: readonly string[], session: LinuxSession, io: LinuxIo): number {
  step(session.machine);
  const plain = name.replace(/^(?:\/usr)?(?:\/local)?\/s?bin\//, '');
  const program = programNamed(plain, session);
  try {
    if (program) return program(args, io, session);
    if (name.includes('/')) return runFile(name, args, session, io);
  } catch (error) {
    if (!(error instanceof FileProblem)) throw error;
    io.err(`${plain}: ${problemText(error)}\n`);
    return 1;
  }
  io.err(complain(session, `${name}: command not found`));
  return 127;
}

function programNamed(name: string, session: LinuxSession) {
  if (Object.hasOwn(BUILTINS, name)) return BUILTINS[name];
  const os = linuxOf(session);
  return os && Object.hasOwn(PROGRAMS, name) && isInstalled(os, name) ? PROGRAMS[name] : undefined;
}

function runFile(name: string, args: readonly string[], session: LinuxSession, io: LinuxIo): number {
  const { files } = session.machine.guest;
  const path = files.normal(name.startsWith('/') ? name : files.join(session.cwd, name));
  const node = path === undefined ? undefined : files.find(path, session.machine.now);
  if (!node || path === undefined) {
    io.err(complain(session, `${name}: No such file or directory`));
    return 127;
  }
  if (node.type === 'directory' || (node.mode & 0o111) === 0) {
    io.err(
      complain(session, `${name}: ${node.type === 'directory' ? 'Is a directory' : 'Permission denied'}`),
    );
    return 126;
  }
  const content = files.read(path, session.user, session.machine.now).toString('latin1');
  // a program of the system that this shell cannot act out
  if (content.startsWith('\x7fELF')) {
    io.err(complain(session, `${name}: cannot execute binary file: Exec format error`));
    return 126;
  }
  const own: LinuxSession = {
    ...subshell(session),
    name,
    positional: args,
    functions: new Map(),
    options: new Set(),
    hidden: undefined,
    guarded: false,
  };
  for (const variable of [...own.variables.keys()])
    if (!own.exported.has(variable)) own.variables.delete(variable);
  return runScript(content, own, io);
}
