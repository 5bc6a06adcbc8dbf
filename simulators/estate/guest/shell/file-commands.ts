/** Programs that look at files and change them, and how the others read theirs. */
import { type FileNode, FileProblem, may } from '../file-tree.ts';
import { type LinuxCommand, type LinuxCommands, type LinuxIo, type LinuxSession, options } from './shell.ts';

const WORDS: Readonly<Record<FileProblem['kind'], string>> = {
  notFound: 'No such file or directory',
  exists: 'File exists',
  denied: 'Permission denied',
  notDirectory: 'Not a directory',
  isDirectory: 'Is a directory',
  notEmpty: 'Directory not empty',
  tooLarge: 'No space left on device',
};

export function problemText({ kind, path }: FileProblem): string {
  return `${path}: ${WORDS[kind]}`;
}

/** A path as it was given, made absolute. @throws FileProblem notFound */
export function absolute(session: LinuxSession, path: string): string {
  const { files } = session.machine.guest;
  const normal =
    path === '' ? undefined : files.normal(path.startsWith('/') ? path : files.join(session.cwd, path));
  if (normal === undefined) throw new FileProblem('notFound', path);
  return normal;
}

/** Text of one file. @throws FileProblem */
export function readInput(session: LinuxSession, path: string): string {
  if (path === '/dev/null') return '';
  // /proc/self would be the reader; and a file that ends in a slash is none
  if (path.endsWith('/') && path !== '/') throw new FileProblem('notDirectory', path);
  const { guest, now } = session.machine;
  try {
    return guest.files.read(absolute(session, path), session.user, now).toString('latin1');
  } catch (error) {
    if (error instanceof FileProblem) throw new FileProblem(error.kind, path);
    throw error;
  }
}

/** Texts of all files named, or what comes in when none is; files that cannot be read are told on standard error. */
export function readInputs(
  program: string,
  files: readonly string[],
  io: LinuxIo,
  session: LinuxSession,
  silent = false,
): { texts: Array<{ file: string; text: string }>; failed: boolean } {
  if (files.length === 0) return { texts: [{ file: '-', text: io.stdin }], failed: false };
  const texts: Array<{ file: string; text: string }> = [];
  let failed = false;
  for (const file of files)
    try {
      texts.push({ file, text: file === '-' ? io.stdin : readInput(session, file) });
    } catch (error) {
      if (!(error instanceof FileProblem)) throw error;
      failed = true;
      if (!silent) io.err(`${program}: ${problemText(error)}\n`);
    }
  return { texts, failed };
}

function modeText({ type, mode }: FileNode): string {
  const letters = [...'rwxrwxrwx'].map((letter, i) => ((mode >> (8 - i)) & 1 ? letter : '-'));
  if (mode & 0o1000) letters[8] = letters[8] === 'x' ? 't' : 'T';
  return (type === 'directory' ? 'd' : type === 'symlink' ? 'l' : '-') + letters.join('');
}

function sizeOf(node: FileNode): number {
  return node.type === 'directory'
    ? 4096
    : node.type === 'symlink'
      ? node.target!.length
      : node.content!().length;
}

const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');

function timeText(at: number): string {
  const date = new Date(at);
  const two = (n: number) => String(n).padStart(2, '0');
  return `${MONTHS[date.getUTCMonth()]} ${String(date.getUTCDate()).padStart(2)} ${two(date.getUTCHours())}:${two(date.getUTCMinutes())}`;
}

const ownerName = (session: LinuxSession, uid: number): string =>
  uid === 0 ? 'root' : uid === session.user.uid ? session.user.name : String(uid);

const ls: LinuxCommand = (args, io, session) => {
  const { has, rest, unknown } = options(args, 'l1adhtrRFS');
  if (unknown) {
    io.err(`ls: invalid option -- '${unknown}'\n`);
    return 2;
  }
  const { guest, now } = session.machine;
  const { files } = guest;
  let status = 0;
  const line = (name: string, path: string, node: FileNode): string => {
    if (!has.has('l')) return `${name}\n`;
    const owner = ownerName(session, node.uid);
    let link = '';
    if (node.type === 'symlink') {
      // what a process runs is shown to its owner and root only
      if (/^\/proc\/\d+\/exe$/.test(path) && !session.user.isRoot && node.uid !== session.user.uid) {
        io.err(`ls: cannot read symbolic link '${path}': Permission denied\n`);
        status = 1;
      } else link = ` -> ${node.target}`;
    }
    return `${modeText(node)} 1 ${owner} ${owner} ${sizeOf(node)} ${timeText(node.modifiedAt)} ${name}${link}\n`;
  };
  const targets = rest.length > 0 ? rest : [session.cwd];
  for (const target of targets) {
    try {
      const path = absolute(session, target);
      const node = files.find(path, now);
      if (!node) throw new FileProblem('notFound', target);
      if (node.type !== 'directory' || has.has('d')) {
        io.out(line(target, path, node));
        continue;
      }
      if (targets.length > 1) io.out(`${target}:\n`);
      const names = files
        .list(path, session.user, now)
        .filter((name) => has.has('a') || !name.startsWith('.'));
      if (has.has('l')) io.out(`total ${names.length * 4}\n`);
      if (has.has('r')) names.reverse();
      for (const name of names)
        io.out(line(name, files.join(path, name), files.find(files.join(path, name), now)!));
    } catch (error) {
      if (!(error instanceof FileProblem)) throw error;
      io.err(
        `ls: cannot ${error.kind === 'denied' ? 'open directory' : 'access'} '${target}': ${WORDS[error.kind]}\n`,
      );
      status = 2;
    }
  }
  return status;
};

/** Runs `each` for every path and tells what goes wrong with it. */
function forEach(
  program: string,
  paths: readonly string[],
  io: LinuxIo,
  doing: string,
  each: (path: string) => void,
): number {
  let status = 0;
  for (const path of paths)
    try {
      each(path);
    } catch (error) {
      if (!(error instanceof FileProblem)) throw error;
      io.err(`${program}: cannot ${doing} '${path}': ${WORDS[error.kind]}\n`);
      status = 1;
    }
  return status;
}

/** `[ … ]` and test: files, strings, numbers, ! -a -o. */
const test: LinuxCommand = (args, io, session) => {
  const { guest, now } = session.machine;
  const words = [...args];
  const nodeOf = (path: string): FileNode | undefined => {
    try {
      return guest.files.resolve(absolute(session, path), now).node;
    } catch (error) {
      if (error instanceof FileProblem) return undefined;
      throw error;
    }
  };
  const primary = (): boolean => {
    const word = words.shift();
    if (word === undefined) return false;
    if (word === '!') return !primary();
    const operator = words[0];
    if (
      operator !== undefined &&
      /^(=|==|!=|<|>|-eq|-ne|-lt|-le|-gt|-ge)$/.test(operator) &&
      words.length > 1
    ) {
      words.shift();
      const other = words.shift()!;
      const [a, b] = [Number(word), Number(other)];
      switch (operator) {
        case '=':
        case '==':
          return word === other;
        case '!=':
          return word !== other;
        case '<':
          return word < other;
        case '>':
          return word > other;
        case '-eq':
          return a === b;
        case '-ne':
          return a !== b;
        case '-lt':
          return a < b;
        case '-le':
          return a <= b;
        case '-gt':
          return a > b;
        default:
          return a >= b;
      }
    }
    if (!/^-[a-zA-Z]$/.test(word) || words.length === 0) return word !== '';
    const operand = words.shift()!;
    switch (word[1]) {
      case 'z':
        return operand === '';
      case 'n':
        return operand !== '';
      case 'e':
        return nodeOf(operand) !== undefined;
      case 'f':
        return nodeOf(operand)?.type === 'file';
      case 'd':
        return nodeOf(operand)?.type === 'directory';
      case 'h':
      case 'L':
        return guest.files.find(absolute(session, operand), now)?.type === 'symlink';
      case 's':
        return (nodeOf(operand)?.content?.().length ?? 0) > 0;
      case 'r':
      case 'w':
      case 'x': {
        const node = nodeOf(operand);
        return node !== undefined && may(node, session.user, word[1] === 'r' ? 4 : word[1] === 'w' ? 2 : 1);
      }
      default:
        return false;
    }
  };
  let result = primary();
  while (words[0] === '-a' || words[0] === '-o') {
    const and = words.shift() === '-a';
    const next = primary();
    result = and ? result && next : result || next;
  }
  if (words.length > 0) {
    io.err('bash: line 1: [: too many arguments\n');
    return 2;
  }
  return Number(!result);
};

export const fileCommands: LinuxCommands = {
  ls,
  test,
  '[': (args, io, session) => {
    if (args.at(-1) === ']') return test(args.slice(0, -1), io, session);
    io.err("bash: line 1: [: missing `]'\n");
    return 2;
  },
  mkdir(args, io, session) {
    const { has, value, rest } = options(args, 'pm:');
    const { guest, now } = session.machine;
    return forEach('mkdir', rest, io, 'create directory', (path) => {
      const full = absolute(session, path);
      if (has.has('p') && guest.files.find(full, now)?.type === 'directory') return;
      guest.files.makeDirectory(
        full,
        session.user,
        now,
        has.has('p'),
        Number.parseInt(value.get('m') ?? '755', 8),
      );
    });
  },
  rmdir: (args, io, session) =>
    forEach('rmdir', args, io, 'remove', (path) =>
      session.machine.guest.files.remove(absolute(session, path), session.user, session.machine.now),
    ),
  rm(args, io, session) {
    const { has, rest } = options(args, 'rRfiv');
    const { guest, now } = session.machine;
    const recursive = has.has('r') || has.has('R');
    return forEach('rm', rest, io, 'remove', (path) => {
      const full = absolute(session, path);
      const node = guest.files.find(full, now);
      if (!node && has.has('f')) return;
      if (node?.type === 'directory' && !recursive) throw new FileProblem('isDirectory', path);
      guest.files.remove(full, session.user, now, recursive);
    });
  },
  touch(args, io, session) {
    const { guest, now } = session.machine;
    return forEach(
      'touch',
      args.filter((arg) => !arg.startsWith('-')),
      io,
      'touch',
      (path) => {
        const full = absolute(session, path);
        if (guest.files.find(full, now)) guest.files.change(full, { modifiedAt: now }, session.user, now);
        else guest.files.write(full, Buffer.alloc(0), session.user, now);
      },
    );
  },
  chmod(args, io, session) {
    const { guest, now } = session.machine;
    const [mode = '', ...paths] = args.filter((arg) => !/^-[Rvf]$/.test(arg));
    return forEach('chmod', paths, io, 'access', (path) => {
      const full = absolute(session, path);
      const old = guest.files.resolve(full, now).node.mode;
      const plus = /^[ugoa]*([+-])([rwx]+)$/.exec(mode);
      const bits = plus
        ? [...plus[2]!].reduce((sum, letter) => sum | ({ r: 0o444, w: 0o200, x: 0o111 }[letter] ?? 0), 0)
        : 0;
      const next = plus ? (plus[1] === '+' ? old | bits : old & ~bits) : Number.parseInt(mode, 8);
      if (!Number.isInteger(next)) throw new FileProblem('notFound', mode);
      guest.files.change(full, { mode: next }, session.user, now);
    });
  },
  mv(args, io, session) {
    const { guest, now } = session.machine;
    const paths = args.filter((arg) => !arg.startsWith('-'));
    const to = absolute(session, paths.pop() ?? '');
    return forEach('mv', paths, io, 'stat', (path) => {
      const full = absolute(session, path);
      const into =
        guest.files.find(to, now)?.type === 'directory' ? guest.files.join(to, guest.files.nameOf(full)) : to;
      guest.files.move(full, into, session.user, now, true);
    });
  },
  cp(args, io, session) {
    const { guest, now } = session.machine;
    const paths = args.filter((arg) => !arg.startsWith('-'));
    const to = absolute(session, paths.pop() ?? '');
    return forEach('cp', paths, io, 'stat', (path) => {
      const full = absolute(session, path);
      const into =
        guest.files.find(to, now)?.type === 'directory' ? guest.files.join(to, guest.files.nameOf(full)) : to;
      const { node } = guest.files.resolve(full, now);
      guest.files.write(into, guest.files.read(full, session.user, now), session.user, now, node.mode);
    });
  },
  readlink(args, io, session) {
    const path = args.filter((arg) => !arg.startsWith('-'))[0] ?? '';
    const full = absolute(session, path);
    const node = session.machine.guest.files.find(full, session.machine.now);
    if (args.includes('-f') && node) {
      io.out(`${session.machine.guest.files.resolve(full, session.machine.now).path}\n`);
      return 0;
    }
    if (
      node?.type !== 'symlink' ||
      (/^\/proc\/\d+\/exe$/.test(full) && !session.user.isRoot && node.uid !== session.user.uid)
    )
      return 1;
    io.out(`${node.target}\n`);
    return 0;
  },
  stat(args, io, session) {
    const { value, rest } = options(args, 'c:L', { '--format': 'c' });
    return forEach('stat', rest, io, 'stat', (path) => {
      const { node } = session.machine.guest.files.resolve(absolute(session, path), session.machine.now);
      const fields: Record<string, string> = {
        n: path,
        s: String(sizeOf(node)),
        a: (node.mode & 0o7777).toString(8),
        A: modeText(node),
        U: ownerName(session, node.uid),
        G: ownerName(session, node.uid),
        u: String(node.uid),
        Y: String(Math.floor(node.modifiedAt / 1000)),
        F: node.type === 'file' ? 'regular file' : node.type === 'symlink' ? 'symbolic link' : 'directory',
      };
      const format = value.get('c') ?? '  File: %n\n  Size: %s\t%F\nAccess: (%a/%A)  Uid: (%u/%U)';
      io.out(`${format.replace(/%([a-zA-Z])/g, (_, letter: string) => fields[letter] ?? '?')}\n`);
    });
  },
  basename(args, io) {
    const name = (args[0] ?? '').replace(/\/+$/, '').split('/').at(-1)!;
    io.out(`${args[1] !== undefined && name.endsWith(args[1]) ? name.slice(0, -args[1].length) : name}\n`);
    return 0;
  },
  dirname(args, io) {
    const path = (args[0] ?? '').replace(/\/+$/, '');
    io.out(`${path.includes('/') ? path.slice(0, path.lastIndexOf('/')) || '/' : '.'}\n`);
    return 0;
  },
  mktemp(args, io, session) {
    const { guest, now } = session.machine;
    const template = args.find((arg) => !arg.startsWith('-')) ?? '/tmp/tmp.XXXXXXXXXX';
    for (let n = 0; ; n++) {
      const path = absolute(
        session,
        template.replace(/X{3,}$/, (xs) =>
          guest.entropy.hex(xs.length, 'guest.mktemp', guest.machine.id, now, n),
        ),
      );
      if (guest.files.find(path, now)) continue;
      if (args.includes('-d')) guest.files.makeDirectory(path, session.user, now, false, 0o700);
      else guest.files.write(path, Buffer.alloc(0), session.user, now, 0o600);
      io.out(`${path}\n`);
      return 0;
    }
  },
};
