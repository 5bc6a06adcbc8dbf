/** sed: addresses (line, $, /re/, ranges), p, d, q, s///, y///, =, with -n, -e and -E. [IEEE Std 1003.1, XCU sed] */
import { readInputs } from './file-commands.ts';
import { posixRegExp } from './regex.ts';
import { type LinuxCommand, linesOf, options } from './shell.ts';

type Address = number | '$' | RegExp;

interface SedCommand {
  readonly from: Address | undefined;
  readonly to: Address | undefined;
  readonly not: boolean;
  readonly verb: string;
  readonly pattern?: RegExp;
  readonly replacement?: string;
  readonly print?: boolean;
  inRange: boolean;
}

class SedError extends Error {}

export const sedCommand: LinuxCommand = (args, io, session) => {
  const { has, value, rest, unknown } = options(args, 'nEre:s', {
    '--quiet': 'n',
    '--silent': 'n',
    '--expression': 'e',
  });
  if (unknown) {
    io.err(`sed: invalid option -- '${unknown}'\n`);
    return 1;
  }
  const script = has.has('e')
    ? args.flatMap((arg, i) => (args[i - 1] === '-e' ? [arg] : [])).join('\n') || value.get('e')!
    : rest.shift();
  let commands: SedCommand[];
  try {
    commands = parse(script ?? '', has.has('E') || has.has('r'));
  } catch (error) {
    if (!(error instanceof SedError)) throw error;
    io.err(`sed: -e expression #1, char 1: ${error.message}\n`);
    return 1;
  }
  const { texts, failed } = readInputs('sed', rest, io, session);
  const lines = texts.flatMap(({ text }) => linesOf(text));
  for (const [i, line] of lines.entries()) {
    let space = line;
    let deleted = false;
    let quit = false;
    for (const command of commands) {
      if (!selects(command, i + 1, i === lines.length - 1, space)) continue;
      if (command.verb === 'd') {
        deleted = true;
        break;
      }
      if (command.verb === 'p') io.out(`${space}\n`);
      else if (command.verb === '=') io.out(`${i + 1}\n`);
      else if (command.verb === 'q') {
        quit = true;
        break;
      } else if (command.verb === 's') {
        const before = space;
        space = substituted(space, command.pattern!, command.replacement!);
        if (space !== before && command.print) io.out(`${space}\n`);
      }
    }
    if (!deleted && !has.has('n')) io.out(`${space}\n`);
    if (quit) break;
  }
  return failed ? 2 : 0;
};

function selects(command: SedCommand, number: number, last: boolean, line: string): boolean {
  const matches = (address: Address): boolean =>
    address === '$' ? last : typeof address === 'number' ? number === address : line.search(address) >= 0;
  const { from, to, not } = command;
  if (from === undefined) return !not;
  if (to === undefined) return matches(from) !== not;
  let selected = command.inRange;
  if (command.inRange) {
    if (typeof to === 'number' ? number >= to : matches(to)) command.inRange = false;
  } else if (matches(from)) {
    selected = true;
    command.inRange = typeof to === 'number' ? to > number : true;
  }
  return selected !== not;
}

function substituted(line: string, pattern: RegExp, replacement: string): string {
  return line.replace(pattern, (...found: Array<string | number | undefined>) =>
    replacement.replace(/\\([0-9n\\&/|#,;:])|&/g, (whole, char?: string) => {
      if (whole === '&') return String(found[0]);
      if (char === 'n') return '\n';
      if (/[0-9]/.test(char!)) return String(found[Number(char)] ?? '');
      return char!;
    }),
  );
}

function parse(script: string, extended: boolean): SedCommand[] {
  const commands: SedCommand[] = [];
  let rest = script;
  const regex = (source: string, flags = ''): RegExp => {
    const pattern = posixRegExp(source, extended, flags);
    if (!pattern) throw new SedError('Invalid regular expression');
    return pattern;
  };
  const address = (): Address | undefined => {
    const match = /^(?:(\d+)|(\$)|\/((?:[^/\\]|\\.)*)\/)/.exec(rest);
    if (!match) return undefined;
    rest = rest.slice(match[0].length);
    return match[1] !== undefined
      ? Number(match[1])
      : match[2]
        ? '$'
        : regex(match[3]!.replace(/\\\//g, '/'));
  };
  for (;;) {
    rest = rest.replace(/^[\s;]+/, '');
    if (rest === '') return commands;
    if (commands.length > 200) throw new SedError('too many commands');
    const from = address();
    let to: Address | undefined;
    if (from !== undefined && rest.startsWith(',')) {
      rest = rest.slice(1);
      to = address();
      if (to === undefined) throw new SedError("unexpected `,'");
    }
    const not = /^\s*!/.test(rest);
    rest = rest.replace(/^\s*!?\s*/, '');
    const verb = rest[0] ?? '';
    rest = rest.slice(1);
    const base = { from, to, not, verb, inRange: false };
    if (/[pdq=]/.test(verb)) commands.push(base);
    else if (verb === 's') {
      const delimiter = rest[0] ?? '/';
      const escaped = delimiter.replace(/[.*+?^${}()|[\]\\/]/, '\\$&');
      const match = new RegExp(
        `^${escaped}((?:[^${escaped}\\\\]|\\\\.)*)${escaped}((?:[^${escaped}\\\\]|\\\\[^])*)${escaped}([gip0-9I]*)`,
      ).exec(rest);
      if (!match) throw new SedError("unterminated `s' command");
      rest = rest.slice(match[0].length);
      const source =
        delimiter === '/'
          ? match[1]!.replace(/\\\//g, '/')
          : match[1]!.replaceAll(`\\${delimiter}`, delimiter);
      const flags = match[3]!;
      commands.push({
        ...base,
        pattern: regex(source, `${flags.includes('g') ? 'g' : ''}${/i/i.test(flags) ? 'i' : ''}`),
        replacement: match[2]!,
        print: flags.includes('p'),
      });
    } else throw new SedError(`unknown command: \`${verb}'`);
  }
}
