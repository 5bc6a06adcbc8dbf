/** LinuxCommands that are part of the shell: they change its directory, its variables, or how it goes on. */
import { isInstalled } from '../linux-tools.ts';
import { readInput } from './file-commands.ts';
import { PROGRAMS } from './programs.ts';
import { evaluate } from './sh-arithmetic.ts';
import { Exit, LoopControl, Return } from './sh-control.ts';
import { splitFields } from './sh-expansion.ts';
import { complain, type LinuxCommand, type LinuxCommands, type LinuxSession, linuxOf } from './shell.ts';

/** Where a program is, as `which` says it; undefined when it is not installed. */
function placeOf(name: string, session: LinuxSession): string | undefined {
  const os = linuxOf(session);
  const plain = name.replace(/^(?:\/usr)?\/s?bin\//, '');
  if (os && Object.hasOwn(PROGRAMS, plain) && isInstalled(os, plain))
    return name.startsWith('/') ? name : `/usr/${SBIN.has(plain) ? 's' : ''}bin/${plain}`;
  const { files } = session.machine.guest;
  if (name.includes('/')) {
    const path = files.normal(name.startsWith('/') ? name : files.join(session.cwd, name));
    const node = path === undefined ? undefined : files.find(path, session.machine.now);
    return node?.type === 'file' && (node.mode & 0o111) !== 0 ? name : undefined;
  }
  return (session.variables.get('PATH') ?? '')
    .split(':')
    .map((folder) => files.join(folder, name))
    .find((path) => {
      const node = files.find(path, session.machine.now);
      return node?.type === 'file' && (node.mode & 0o111) !== 0;
    });
}

const SBIN = new Set(['fdisk', 'dmidecode', 'lvdisplay', 'blkid', 'ss', 'ip', 'getcap', 'service']);
const RESERVED = 'if then else elif fi for while until do done case esac in function { } ! [['.split(' ');

const setting: LinuxCommand = (args, io, session) => {
  const rest = [...args];
  const letters: Readonly<Record<string, string>> = {
    errexit: 'e',
    nounset: 'u',
    xtrace: 'x',
    noglob: 'f',
    pipefail: 'P',
  };
  while (/^[-+]./.test(rest[0] ?? '') && rest[0] !== '--') {
    const flag = rest.shift()!;
    const on = flag.startsWith('-');
    const names = flag.slice(1) === 'o' ? [letters[rest.shift() ?? ''] ?? ''] : [...flag.slice(1)];
    for (const name of names)
      if (on) session.options.add(name);
      else session.options.delete(name);
  }
  if (rest[0] === '--') rest.shift();
  else if (rest.length === 0) {
    if (args.length === 0) for (const [name, value] of session.variables) io.out(`${name}='${value}'\n`);
    return 0;
  }
  session.positional = rest;
  return 0;
};

const assign: LinuxCommand = (args, _io, session) => {
  for (const arg of args.filter((word) => !word.startsWith('-'))) {
    const [name, ...value] = arg.split('=');
    if (session.hidden && !session.hidden.has(name!)) session.hidden.set(name!, session.variables.get(name!));
    session.variables.set(name!, value.join('='));
  }
  return 0;
};

const levels = (word: string | undefined): number => Math.max(1, Number(word ?? 1) || 1);
const codeOf = (word: string | undefined, session: LinuxSession): number =>
  (word === undefined ? session.status : Number(word) || 0) & 255;

export const BUILTINS: LinuxCommands = {
  ':': () => 0,
  true: () => 0,
  false: () => 1,
  cd(args, io, session) {
    const { files } = session.machine.guest;
    const [given] = args.filter((arg) => arg === '-' || !arg.startsWith('-'));
    const to =
      given === '-'
        ? (session.variables.get('OLDPWD') ?? session.cwd)
        : (given ?? session.variables.get('HOME') ?? '/');
    const path = files.normal(to.startsWith('/') ? to : files.join(session.cwd, to));
    const node = path === undefined ? undefined : files.find(path, session.machine.now);
    if (node?.type !== 'directory') {
      io.err(complain(session, `cd: ${to}: ${node ? 'Not a directory' : 'No such file or directory'}`));
      return 1;
    }
    session.variables.set('OLDPWD', session.cwd);
    session.variables.set('PWD', path!);
    session.cwd = path!;
    return 0;
  },
  pwd(_args, io, session) {
    io.out(`${session.cwd}\n`);
    return 0;
  },
  exit(args, _io, session) {
    throw new Exit(codeOf(args[0], session));
  },
  return(args, _io, session) {
    throw new Return(codeOf(args[0], session));
  },
  break(args) {
    throw new LoopControl(true, levels(args[0]));
  },
  continue(args) {
    throw new LoopControl(false, levels(args[0]));
  },
  shift(args, _io, session) {
    const count = Number(args[0] ?? 1);
    if (!(count <= session.positional.length)) return 1;
    session.positional = session.positional.slice(count);
    return 0;
  },
  export(args, io, session) {
    if (args.length === 0 || args[0] === '-p')
      for (const name of session.exported)
        io.out(`declare -x ${name}="${session.variables.get(name) ?? ''}"\n`);
    for (const arg of args.filter((word) => !word.startsWith('-'))) {
      const [name, ...value] = arg.split('=');
      if (arg.includes('=')) session.variables.set(name!, value.join('='));
      session.exported.add(name!);
    }
    return 0;
  },
  local: assign,
  declare: assign,
  typeset: assign,
  readonly: assign,
  let: (args, _io, session) => Number(evaluate(args.at(-1) ?? '0', session.variables) === 0n),
  unset(args, _io, session) {
    for (const name of args.filter((arg) => !arg.startsWith('-')))
      if (args.includes('-f')) session.functions.delete(name);
      else session.variables.delete(name);
    return 0;
  },
  set: setting,
  umask: () => 0,
  trap: () => 0,
  wait: () => 0,
  ulimit(_args, io) {
    io.out('unlimited\n');
    return 0;
  },
  exec: (args, io, session) => {
    if (args.length === 0) return 0;
    throw new Exit(session.machine.interpreter.invoke(args[0]!, args.slice(1), session, io));
  },
  source,
  '.': source,
  command(args, io, session) {
    if (args[0] !== '-v' && args[0] !== '-V')
      return session.machine.interpreter.invoke(args[0] ?? ':', args.slice(1), session, io);
    const name = args[1] ?? '';
    const place =
      Object.hasOwn(BUILTINS, name) || session.functions.has(name) || RESERVED.includes(name)
        ? name
        : placeOf(name, session);
    if (place === undefined) return 1;
    io.out(`${place}\n`);
    return 0;
  },
  type(args, io, session) {
    let status = 0;
    for (const name of args.filter((arg) => !arg.startsWith('-')))
      if (RESERVED.includes(name)) io.out(`${name} is a shell keyword\n`);
      else if (session.functions.has(name)) io.out(`${name} is a function\n`);
      else if (Object.hasOwn(BUILTINS, name)) io.out(`${name} is a shell builtin\n`);
      else {
        const place = placeOf(name, session);
        if (place !== undefined) io.out(`${name} is ${place}\n`);
        else {
          io.err(complain(session, `type: ${name}: not found`));
          status = 1;
        }
      }
    return status;
  },
  which(args, io, session) {
    let missing = 0;
    for (const name of args.filter((arg) => !arg.startsWith('-'))) {
      const place = placeOf(name, session);
      if (place === undefined) missing = 1;
      else io.out(`${place}\n`);
    }
    return missing;
  },
  eval: (args, io, session) => session.machine.interpreter.script(args.join(' '), session, io),
  read(args, io, session) {
    const names: string[] = [];
    let raw = false;
    for (let i = 0; i < args.length; i++)
      if (/^-[a-z]*[ptnd]$/.test(args[i]!)) {
        raw ||= args[i]!.includes('r');
        i++;
      } else if (args[i]!.startsWith('-')) raw ||= args[i]!.includes('r');
      else names.push(args[i]!);
    if (names.length === 0) names.push('REPLY');
    const { input } = io;
    const separators = session.variables.get('IFS') ?? ' \t\n';
    if (input.rest === '') {
      for (const name of names) session.variables.set(name, '');
      return 1;
    }
    let line = '';
    let whole = false;
    // a backslash at its end goes on with the next line
    for (let more = true; more && input.rest !== ''; ) {
      const end = input.rest.indexOf('\n');
      const part = end < 0 ? input.rest : input.rest.slice(0, end);
      input.rest = end < 0 ? '' : input.rest.slice(end + 1);
      whole = end >= 0;
      more = !raw && part.endsWith('\\');
      line += more ? part.slice(0, -1) : part;
    }
    if (!raw) line = line.replace(/\\(.)/g, '$1');
    const blanks = [...separators].filter((char) => /\s/.test(char)).join('');
    const trim = (text: string): string =>
      blanks === '' ? text : text.replace(new RegExp(`^[${blanks}]+|[${blanks}]+$`, 'g'), '');
    let left = trim(line);
    for (const [i, name] of names.entries()) {
      if (i === names.length - 1) {
        session.variables.set(name, trim(left));
        break;
      }
      const [first = ''] = splitFields(left, separators);
      session.variables.set(name, first);
      const rest = left.slice(first.length);
      const others = [...separators].filter((char) => !/\s/.test(char));
      const cut = trim(rest);
      left = others.includes(cut[0] ?? '') ? trim(cut.slice(1)) : cut;
    }
    return Number(!whole);
  },
};

/** The script of a file, in this very shell. */
function source(
  args: readonly string[],
  ...[io, session]: [Parameters<LinuxCommand>[1], LinuxSession]
): number {
  if (args[0] === undefined) {
    io.err(complain(session, '.: filename argument required'));
    return 2;
  }
  return session.machine.interpreter.script(readInput(session, args[0]), session, io);
}
