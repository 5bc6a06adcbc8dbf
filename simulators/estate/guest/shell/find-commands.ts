/** find and locate: files of the guest by name, kind and age. */
import { DAY } from '#core/units.ts';
import { type FileNode, FileProblem } from '../file-tree.ts';
import { absolute } from './file-commands.ts';
import { globSource } from './sh-expansion.ts';
import { type LinuxCommand, type LinuxCommands, type LinuxSession, step } from './shell.ts';

interface Found {
  /** As it is shown: below the path that was given. */
  readonly path: string;
  readonly name: string;
  readonly node: FileNode;
}

/** A file and all below it, parents first. What may not be read is told. */
function* walk(
  session: LinuxSession,
  shown: string,
  full: string,
  depth: number,
  maxDepth: number,
  tell: (problem: FileProblem, path: string) => void,
): Iterable<Found> {
  step(session.machine);
  const { guest, now } = session.machine;
  const node = guest.files.find(full, now);
  if (!node) return;
  yield { path: shown, name: guest.files.nameOf(full) || '/', node };
  if (node.type !== 'directory' || depth >= maxDepth) return;
  let names: string[];
  try {
    names = guest.files.list(full, session.user, now);
  } catch (error) {
    if (!(error instanceof FileProblem)) throw error;
    return tell(error, shown);
  }
  for (const name of names)
    yield* walk(
      session,
      shown.endsWith('/') ? shown + name : `${shown}/${name}`,
      guest.files.join(full, name),
      depth + 1,
      maxDepth,
      tell,
    );
}

const find: LinuxCommand = (args, io, session) => {
  const paths: string[] = [];
  let i = 0;
  while (i < args.length && !/^[-!(]/.test(args[i]!)) paths.push(args[i++]!);
  if (paths.length === 0) paths.push('.');
  const tests: Array<(found: Found) => boolean> = [];
  const actions: Array<(found: Found) => boolean> = [];
  let maxDepth = Number.POSITIVE_INFINITY;
  let negate = false;
  const test = (each: (found: Found) => boolean): void => {
    const not = negate;
    negate = false;
    tests.push((found) => each(found) !== not);
  };
  for (; i < args.length; i++) {
    const value = () => args[++i] ?? '';
    switch (args[i]) {
      case '!':
      case '-not':
        negate = true;
        break;
      case '-name':
      case '-iname':
      case '-path': {
        const flags = args[i] === '-iname' ? 'is' : 's';
        const byPath = args[i] === '-path';
        const pattern = new RegExp(`^${globSource(value(), true)}$`, flags);
        test(({ name, path }) => pattern.test(byPath ? path : name));
        break;
      }
      case '-type': {
        const kind = { f: 'file', d: 'directory', l: 'symlink' }[value()];
        test(({ node }) => node.type === kind);
        break;
      }
      case '-maxdepth':
        maxDepth = Number(value());
        break;
      case '-mtime': {
        const [, sign, days] = /^([+-]?)(\d+)$/.exec(value()) ?? [];
        test(({ node }) => {
          const age = Math.floor((session.machine.now - node.modifiedAt) / DAY);
          return sign === '+' ? age > Number(days) : sign === '-' ? age < Number(days) : age === Number(days);
        });
        break;
      }
      case '-perm':
        value();
        break;
      case '-size': {
        const [, sign, amount, unit] = /^([+-]?)(\d+)([ckMG]?)$/.exec(value()) ?? [];
        const factor = { c: 1, k: 1024, M: 2 ** 20, G: 2 ** 30 }[unit ?? ''] ?? 512;
        test(({ node }) => {
          const size = Math.ceil((node.content?.().length ?? 0) / factor);
          return sign === '+'
            ? size > Number(amount)
            : sign === '-'
              ? size < Number(amount)
              : size === Number(amount);
        });
        break;
      }
      case '-xdev':
      case '-mount':
      case '-a':
      case '-follow':
      case '-L':
        break;
      case '-print':
        actions.push(({ path }) => {
          io.out(`${path}\n`);
          return true;
        });
        break;
      case '-print0':
        actions.push(({ path }) => {
          io.out(`${path}\0`);
          return true;
        });
        break;
      case '-exec': {
        const command: string[] = [];
        while (++i < args.length && args[i] !== ';' && args[i] !== '+') command.push(args[i]!);
        const [name = ':', ...rest] = command;
        actions.push(
          ({ path }) =>
            session.machine.interpreter.invoke(
              name,
              rest.map((arg) => arg.replaceAll('{}', path)),
              session,
              io,
            ) === 0,
        );
        break;
      }
      default:
        io.err(`find: unknown predicate \`${args[i]}'\n`);
        return 1;
    }
  }
  if (actions.length === 0)
    actions.push(({ path }) => {
      io.out(`${path}\n`);
      return true;
    });
  let status = 0;
  for (const path of paths) {
    const full = absolute(session, path);
    if (!session.machine.guest.files.find(full, session.machine.now)) {
      io.err(`find: \u2018${path}\u2019: No such file or directory\n`);
      status = 1;
      continue;
    }
    const tell = (_problem: FileProblem, at: string): void => {
      io.err(`find: '${at}': Permission denied\n`);
      status = 1;
    };
    for (const found of walk(session, path, full, 0, maxDepth, tell))
      if (tests.every((each) => each(found))) for (const action of actions) if (!action(found)) break;
  }
  return status;
};

/** The data base of names is made at night from everything but what is made up at the moment. */
const NOT_LISTED = /^\/(?:proc|sys|tmp|run|dev|var\/tmp)(?:\/|$)/;

const locate: LinuxCommand = (args, io, session) => {
  const patterns = args.filter((arg) => !arg.startsWith('-'));
  if (patterns.length === 0) {
    io.err('locate: no pattern to search for specified\n');
    return 1;
  }
  const tests = patterns.map((pattern) =>
    /[*?[]/.test(pattern)
      ? new RegExp(`^${globSource(pattern, true)}$`, args.includes('-i') ? 'is' : 's')
      : new RegExp(pattern.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'), args.includes('-i') ? 'i' : ''),
  );
  let count = 0;
  for (const top of session.machine.guest.files.list('/', session.user, session.machine.now)) {
    if (NOT_LISTED.test(`/${top}`)) continue;
    for (const { path } of walk(session, `/${top}`, `/${top}`, 0, Number.POSITIVE_INFINITY, () => {})) {
      if (NOT_LISTED.test(path) || !tests.some((each) => each.test(path))) continue;
      count++;
      if (!args.includes('-c')) io.out(`${path}\n`);
    }
  }
  if (args.includes('-c')) io.out(`${count}\n`);
  return Number(count === 0);
};

export const findCommands: LinuxCommands = { find, locate };
