/**
 * Runs command lines inside a Windows guest: cmd.exe as far as collection scripts need it (`&`, `&&`, `||`, `|`,
 * redirection, %VAR%, quoting), with the programs that tell of the system, and PowerShell (powershell.ts).
 */
import { SECOND } from '#core/units.ts';
import { FileProblem } from '../file-tree.ts';
import { type PipelineCommand, runPowerShell, runStatements, type ScriptSink } from './powershell.ts';
import {
  type CommandFunction,
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
import { windowsPrograms } from './windows-programs.ts';

const BASE_DURATION = 60;
const LINE_CHARS_MAX = 32_767;

/** Runs a line as `cmd.exe /c` does. Never throws for what the line does wrong. */
export function runCmd(line: string, options: RunOptions): Outcome {
  return run(options, (io, session) => runLine(Buffer.from(line, 'utf8').toString('latin1'), io, session));
}

/** Runs a program with its arguments as they stand, without cmd.exe. */
export function runWindowsProgram(path: string, args: string, options: RunOptions): Outcome {
  return run(options, (io, session) => invoke([`"${path}"`, args].join(' '), io, session));
}

/** Runs pipelines of PowerShell, objects and errors going to the sink: what PowerShell remoting does. */
export function runPipelines(
  statements: ReadonlyArray<readonly PipelineCommand[]>,
  options: RunOptions,
  sink: ScriptSink,
): Pick<Outcome, 'exitCode' | 'duration'> {
  return run(options, (_io, session) => runStatements(statements, session, sink));
}

function run(options: RunOptions, work: (io: Io, session: Session) => number): Outcome {
  const { guest, user, now, environment, workingDirectory, stdin } = options;
  const machine: Machine = { guest, now, steps: 0, outputChars: 0 };
  const session: Session = {
    machine,
    user,
    cwd: workingDirectory ?? 'C:\\Windows\\System32',
    variables: new Map([...guest.environment(user), ...(environment ?? [])]),
    exported: new Set(),
    status: 0,
    substituted: undefined,
  };
  const out = collector(machine);
  const err = collector(machine);
  let exitCode: number;
  try {
    exitCode = work({ stdin: stdin?.toString('latin1') ?? '', out: out.add, err: err.add }, session);
  } catch (error) {
    if (!(error instanceof Exhausted)) throw error;
    exitCode = 1;
  }
  return {
    stdout: Buffer.from(out.text(), 'latin1'),
    stderr: Buffer.from(err.text(), 'latin1'),
    exitCode,
    duration: BASE_DURATION + machine.steps + (machine.now - now),
  };
}

/** One line: `cmd /c "…"` takes the outer quotes off. */
function runLine(line: string, io: Io, session: Session): number {
  if (line.length > LINE_CHARS_MAX) {
    io.err('The command line is too long.\r\n');
    return 1;
  }
  const trimmed = line.trim();
  const inner =
    /^"[\s\S]*"$/.test(trimmed) && (/[&<>|]/.test(trimmed) || (trimmed.match(/"/g)?.length ?? 0) > 2)
      ? trimmed.slice(1, -1)
      : trimmed;
  const text = inner.replace(/%(\w+)%/g, (whole, name: string) => variable(session, name) ?? whole);
  const loop = FOR_L.exec(text);
  return loop ? runLoop(loop, io, session) : runParts(text, io, session);
}

/** `for /L %i in (first,step,last) do …`: all that follows is the body. */
const FOR_L = /^\s*@?for\s+\/L\s+%(\w)\s+in\s*\(\s*(-?\d+)\s*,\s*(-?\d+)\s*,\s*(-?\d+)\s*\)\s+do\s+(.*)$/is;

function runLoop([, name, first, by, last, body]: RegExpExecArray, io: Io, session: Session): number {
  const [from, increment, to] = [Number(first), Number(by), Number(last)];
  for (let i = from; increment < 0 ? i >= to : i <= to; i += increment) {
    step(session.machine);
    const command = body!.replaceAll(`%${name}`, String(i));
    // commands are shown before they run, unless an @ says not to
    if (!command.startsWith('@')) io.out(`\r\n${session.cwd}>${command}\r\n`);
    runParts(command, io, session);
  }
  return session.status;
}

function runParts(text: string, io: Io, session: Session): number {
  for (const { operator, command } of parts(text)) {
    if (operator === '&&' && session.status !== 0) continue;
    if (operator === '||' && session.status === 0) continue;
    session.status = runPipe(command, io, session);
  }
  return session.status;
}

export function variable(session: Session, name: string): string | undefined {
  for (const [key, value] of session.variables) if (key.toLowerCase() === name.toLowerCase()) return value;
  return undefined;
}

/** Pieces between separators that stand outside quotes; ^ takes the next character's meaning away. */
function cut(text: string, separators: RegExp): Array<{ before: string; piece: string }> {
  const found: Array<{ before: string; piece: string }> = [];
  let before = '';
  let piece = '';
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    const char = text[at]!;
    if (char === '"') quoted = !quoted;
    if (char === '^' && !quoted && at + 1 < text.length) {
      piece += text[++at];
      continue;
    }
    separators.lastIndex = at;
    const match = quoted ? null : separators.exec(text);
    // the & of 2>&1 separates nothing
    if (match && !(match[0].startsWith('&') && text[at - 1] === '>')) {
      found.push({ before, piece });
      before = match[0];
      piece = '';
      at += match[0].length - 1;
    } else piece += char;
  }
  found.push({ before, piece });
  return found;
}

function parts(text: string): Array<{ operator: string; command: string }> {
  return cut(text, /&&|\|\||&|\r?\n/y)
    .filter(({ piece }) => piece.trim() !== '')
    .map(({ before, piece }) => ({ operator: before, command: piece }));
}

function runPipe(text: string, io: Io, session: Session): number {
  const commands = cut(text, /\|/y).map(({ piece }) => piece);
  let stdin = io.stdin;
  let status = 0;
  for (const [i, command] of commands.entries()) {
    const pipe = i === commands.length - 1 ? undefined : collector(session.machine);
    status = runRedirected(command, { stdin, out: pipe ? pipe.add : io.out, err: io.err }, session);
    stdin = pipe?.text() ?? '';
  }
  return status;
}

function runRedirected(text: string, io: Io, session: Session): number {
  step(session.machine);
  const { guest, now } = session.machine;
  let { out, err, stdin } = io;
  const files: Array<{ path: string; text: ReturnType<typeof collector>; append: boolean }> = [];
  let command = '';
  try {
    for (const { before, piece } of cut(text, /[12]?>>?|</y)) {
      if (before === '') {
        command = piece;
        continue;
      }
      const descriptor = before.startsWith('2') ? 2 : 1;
      if (piece.startsWith('&')) {
        if (descriptor === 2) err = out;
        else out = err;
        command += piece.slice(2);
        continue;
      }
      const [whole, quotedName, plainName] = /^\s*(?:"([^"]*)"|(\S+))/.exec(piece) ?? [''];
      const name = quotedName ?? plainName ?? '';
      command += piece.slice(whole.length);
      if (/^nul$/i.test(name)) {
        if (before === '<') stdin = '';
        else if (descriptor === 2) err = () => {};
        else out = () => {};
        continue;
      }
      const path = guest.files.normal(/^[A-Za-z]:/.test(name) ? name : guest.files.join(session.cwd, name));
      if (path === undefined) throw new FileProblem('notFound', name);
      if (before === '<') {
        stdin = guest.files.read(path, session.user, now).toString('latin1');
        continue;
      }
      const content = collector(session.machine);
      if (!before.endsWith('>>')) guest.files.write(path, Buffer.alloc(0), session.user, now);
      files.push({ path, text: content, append: before.endsWith('>>') });
      if (descriptor === 2) err = content.add;
      else out = content.add;
    }
  } catch (error) {
    if (!(error instanceof FileProblem)) throw error;
    io.err(
      error.kind === 'denied' ? 'Access is denied.\r\n' : 'The system cannot find the path specified.\r\n',
    );
    return 1;
  }
  try {
    return invoke(command, { stdin, out, err }, session);
  } finally {
    for (const { path, text: content, append } of files) {
      const old =
        append && guest.files.find(path, now) ? guest.files.read(path, session.user, now) : Buffer.alloc(0);
      guest.files.write(path, Buffer.concat([old, Buffer.from(content.text(), 'latin1')]), session.user, now);
    }
  }
}

/** Words of a command line as programs get them: split at blanks, quotes kept together and taken off. */
export function wordsOf(text: string): string[] {
  return (text.match(/(?:"(?:\\"|[^"])*"|[^\s"])+/g) ?? []).map((word) =>
    word.replace(/\\"/g, '\0').replaceAll('"', '').replaceAll('\0', '"'),
  );
}

function invoke(text: string, io: Io, session: Session): number {
  const line = text.trimStart().replace(/^@/, '');
  const [first = ''] = wordsOf(line);
  const glued = /^(echo|cd|dir|type|set)([.:/\\])/i.exec(first);
  const name = (glued?.[1] ?? first)
    .replace(/^.*\\/, '')
    .replace(/\.(exe|com)$/i, '')
    .toLowerCase();
  const rest = glued
    ? line.slice(glued[1]!.length)
    : line.slice(/^(?:"[^"]*"|\S+)/.exec(line)?.[0].length ?? 0);
  const raw = rest.replace(/^\s/, '');
  if (name === '') return 0;
  if (name === 'cmd') {
    const match = /^[\s\S]*?\/[cCkK]\s?([\s\S]*)$/.exec(raw);
    return match ? runLine(match[1]!, io, { ...session, variables: new Map(session.variables) }) : 0;
  }
  if (name === 'powershell' || name === 'pwsh') return runPowerShell(wordsOf(raw), io, session);
  if (Object.hasOwn(RAW, name)) return RAW[name]!(raw, io, session);
  if (Object.hasOwn(BUILTINS, name)) return told(name, () => BUILTINS[name]!(wordsOf(raw), io, session), io);
  if (Object.hasOwn(windowsPrograms, name))
    return told(name, () => windowsPrograms[name]!(wordsOf(raw), io, session), io);
  io.err(
    `'${first}' is not recognized as an internal or external command,\r\noperable program or batch file.\r\n`,
  );
  return 1;
}

function told(_name: string, work: () => number, io: Io): number {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof FileProblem)) throw error;
    io.err(
      error.kind === 'denied' ? 'Access is denied.\r\n' : 'The system cannot find the file specified.\r\n',
    );
    return 1;
  }
}

const pathOf = (session: Session, path: string): string => {
  const { files } = session.machine.guest;
  const normal = files.normal(/^[A-Za-z]:/.test(path) ? path : files.join(session.cwd, path));
  if (normal === undefined) throw new FileProblem('notFound', path);
  return normal;
};

/** Commands that take the rest of the line as it stands. */
const RAW: Readonly<Record<string, (text: string, io: Io, session: Session) => number>> = {
  echo(text, io) {
    if (!/^(on|off)$/i.test(text.trim())) io.out(`${text.replace(/^[.:]/, '')}\r\n`);
    return 0;
  },
  rem: () => 0,
  set(text, io, session) {
    const [name, ...value] = text
      .trim()
      .replace(/^"(.*)"$/, '$1')
      .split('=');
    if (value.length > 0) {
      if (value.join('=') === '') session.variables.delete(name!);
      else session.variables.set(name!, value.join('='));
      return 0;
    }
    const shown = [...session.variables]
      .filter(([key]) => key.toLowerCase().startsWith((name ?? '').toLowerCase()))
      .sort();
    for (const [key, known] of shown) io.out(`${key}=${known}\r\n`);
    return Number(shown.length === 0);
  },
};

const remove: CommandFunction = (args, _io, session) => {
  for (const path of args.filter((arg) => !arg.startsWith('/')))
    session.machine.guest.files.remove(
      pathOf(session, path),
      session.user,
      session.machine.now,
      args.some((arg) => /^\/s$/i.test(arg)),
    );
  return 0;
};

const BUILTINS: Commands = {
  ver(_args, io, session) {
    const { os } = session.machine.guest;
    if (os.family === 'windows') io.out(`\r\nMicrosoft Windows [Version ${os.version}]\r\n`);
    return 0;
  },
  cd(args, io, session) {
    const to = args.filter((arg) => !arg.startsWith('/'))[0];
    if (to === undefined) io.out(`${session.cwd}\r\n`);
    else {
      const path = pathOf(session, to);
      if (session.machine.guest.files.find(path, session.machine.now)?.type !== 'directory') {
        io.err('The system cannot find the path specified.\r\n');
        return 1;
      }
      session.cwd = path;
    }
    return 0;
  },
  type(args, io, session) {
    for (const path of args)
      io.out(
        session.machine.guest.files
          .read(pathOf(session, path), session.user, session.machine.now)
          .toString('latin1'),
      );
    return 0;
  },
  dir(args, io, session) {
    const { files } = session.machine.guest;
    const { now } = session.machine;
    const path = pathOf(session, args.filter((arg) => !arg.startsWith('/'))[0] ?? '.');
    const names = files.list(path, session.user, now);
    const bare = args.some((arg) => /^\/b$/i.test(arg));
    if (!bare) io.out(` Directory of ${path}\r\n\r\n`);
    for (const name of names) {
      const node = files.find(files.join(path, name), now)!;
      const size = node.type === 'directory' ? '<DIR>         ' : String(node.content!().length).padStart(14);
      io.out(
        bare
          ? `${name}\r\n`
          : `${new Date(node.modifiedAt).toISOString().slice(0, 16).replace('T', '  ')}    ${size} ${name}\r\n`,
      );
    }
    return 0;
  },
  del: remove,
  erase: remove,
  rmdir: remove,
  rd: remove,
  mkdir: (args, _io, session) => {
    for (const path of args)
      session.machine.guest.files.makeDirectory(
        pathOf(session, path),
        session.user,
        session.machine.now,
        true,
      );
    return 0;
  },
  exit: (args) => Number(args.filter((arg) => !arg.startsWith('/'))[0] ?? 0) || 0,
  timeout(args, _io, session) {
    session.machine.now += Math.min(
      LIMITS.sleepMs,
      (Number(args.find((arg) => /^\d+$/.test(arg))) || 0) * SECOND,
    );
    return 0;
  },
};
