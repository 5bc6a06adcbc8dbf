/** sed: the stream editor, with pattern and hold space, blocks, branches and ranges. [IEEE Std 1003.1, XCU sed] */
import { FileProblem } from '../file-tree.ts';
import { absolute, problemText, readInput, readInputs } from './file-commands.ts';
import { type Address, parseSed, type SedCommand, SedError } from './sed-syntax.ts';
import { collector, type LinuxCommand, type LinuxSession, options, step } from './shell.ts';

export const sedCommand: LinuxCommand = (args, io, session) => {
  const { has, value, rest, unknown } = options(args, 'nEre:sif:z', {
    '--quiet': 'n',
    '--silent': 'n',
    '--expression': 'e',
    '--regexp-extended': 'E',
    '--in-place': 'i',
  });
  if (unknown) {
    io.err(`sed: invalid option -- '${unknown.replace(/^-+/, '')}'\n`);
    return 1;
  }
  const given = args.flatMap((arg, i) => (args[i - 1] === '-e' ? [arg] : []));
  const script = has.has('e')
    ? given.length > 0
      ? given.join('\n')
      : value.get('e')!
    : has.has('f')
      ? readInput(session, value.get('f')!)
      : (rest.shift() ?? '');
  let commands: SedCommand[];
  const parse = (): SedCommand[] => parseSed(script, has.has('E') || has.has('r'));
  try {
    commands = parse();
  } catch (error) {
    if (!(error instanceof SedError)) throw error;
    io.err(`sed: -e expression #1, char ${script.length}: ${error.message}\n`);
    return 1;
  }
  const quiet = has.has('n');
  if (has.has('i')) {
    const { files } = session.machine.guest;
    const { now } = session.machine;
    let status = 0;
    for (const file of rest)
      try {
        const out = collector(session.machine);
        edit(parse(), readInput(session, file), { quiet, out: out.add, session });
        files.write(absolute(session, file), Buffer.from(out.text(), 'latin1'), session.user, now);
      } catch (error) {
        if (!(error instanceof FileProblem)) throw error;
        io.err(`sed: can't read ${problemText(error)}\n`);
        status = 2;
      }
    return status;
  }
  const { texts, failed } = readInputs('sed', rest, io, session);
  edit(commands, texts.map(({ text }) => text).join(''), { quiet, out: io.out, session });
  return failed ? 2 : 0;
};

interface Editing {
  readonly quiet: boolean;
  readonly out: (text: string) => void;
  readonly session: LinuxSession;
}

function edit(commands: readonly SedCommand[], text: string, { quiet, out, session }: Editing): void {
  const lines = text === '' ? [] : text.split('\n');
  // a last line without an end is given back without one
  const isCut = text !== '' && !text.endsWith('\n');
  if (text.endsWith('\n')) lines.pop();
  let hold = '';
  let at = 0;
  const isLast = (): boolean => at >= lines.length;
  // … and gets one after all when something follows it
  let isOpen = false;
  const say = (what: string): void => {
    out(isOpen ? `\n${what}` : what);
    isOpen = false;
  };
  const put = (line: string): void => {
    const isWithout = isLast() && isCut;
    say(isWithout ? line : `${line}\n`);
    isOpen = isWithout;
  };
  let space = '';
  let again = false;
  let isOver = false;
  while (!isOver && (again || at < lines.length)) {
    if (!again) space = lines[at++]!;
    again = false;
    let isDeleted = false;
    let replaced = false;
    const after: string[] = [];
    for (let i = 0; i < commands.length; i++) {
      step(session.machine);
      const command = commands[i]!;
      if (!selects(command, at, isLast(), space)) {
        if (command.verb === '{') i = command.end! - 1;
        continue;
      }
      const jump = (): void => {
        const label = commands.findIndex(({ verb, text: name }) => verb === ':' && name === command.text);
        i = command.text === '' || label < 0 ? commands.length : label;
      };
      switch (command.verb) {
        case 's':
          if (!replaces(space, command)) break;
          space = substituted(space, command);
          replaced = true;
          if (command.print) put(space);
          break;
        case 'y':
          space = [...space].map((char) => command.map!.get(char) ?? char).join('');
          break;
        case 'p':
          put(space);
          break;
        case 'P':
          say(`${space.split('\n', 1)[0]}\n`);
          break;
        case '=':
          say(`${at}\n`);
          break;
        case 'd':
          isDeleted = true;
          i = commands.length;
          break;
        case 'D': {
          const end = space.indexOf('\n');
          isDeleted = true;
          i = commands.length;
          if (end >= 0) {
            space = space.slice(end + 1);
            again = true;
          }
          break;
        }
        case 'n':
          if (!quiet) put(space);
          if (isLast()) {
            isDeleted = true;
            isOver = true;
            i = commands.length;
          } else space = lines[at++]!;
          break;
        case 'N':
          if (isLast()) {
            isOver = true;
            i = commands.length;
          } else space += `\n${lines[at++]!}`;
          break;
        case 'h':
          hold = space;
          break;
        case 'H':
          hold += `\n${space}`;
          break;
        case 'g':
          space = hold;
          break;
        case 'G':
          space += `\n${hold}`;
          break;
        case 'x':
          [space, hold] = [hold, space];
          break;
        case 'a':
          after.push(`${command.text}\n`);
          break;
        case 'i':
          say(`${command.text}\n`);
          break;
        case 'c':
          if (command.to === undefined || command.range === undefined) say(`${command.text}\n`);
          isDeleted = true;
          i = commands.length;
          break;
        case 'b':
          jump();
          break;
        case 't':
          if (replaced) jump();
          replaced = false;
          break;
        case 'q':
          isOver = true;
          i = commands.length;
          break;
        case 'Q':
          isDeleted = true;
          isOver = true;
          i = commands.length;
          break;
      }
    }
    if (!isDeleted && !quiet) put(space);
    for (const each of after) say(each);
  }
}

function selects(command: SedCommand, number: number, last: boolean, line: string): boolean {
  const matches = (address: Address): boolean =>
    address === '$' ? last : typeof address === 'number' ? number === address : line.search(address) >= 0;
  const { from, to, not } = command;
  if (from === undefined) return !not;
  if (to === undefined) return matches(from) !== not;
  if (command.range) {
    const { until } = command.range;
    const ends =
      until !== undefined ? number >= until : to === '$' ? last : to instanceof RegExp && matches(to);
    if (ends) command.range = undefined;
    // a range that ends before it begins is one line
    return until === undefined || number <= until ? !not : not;
  }
  if (!matches(from)) return not;
  const until =
    typeof to === 'number' ? to : to !== '$' && !(to instanceof RegExp) ? number + to.more : undefined;
  if (until === undefined || until > number) command.range = { until };
  return !not;
}

/** Would the command replace anything? */
function replaces(line: string, { pattern, nth = 1 }: SedCommand): boolean {
  return [...line.matchAll(pattern!)].length >= nth;
}

function substituted(line: string, { pattern, replacement, nth = 1, all = false }: SedCommand): string {
  let count = 0;
  return line.replace(pattern!, (...found: Array<string | number | undefined>) => {
    count++;
    if (count < nth || (count > nth && !all)) return String(found[0]);
    return replacement!.replace(/\\(.)|&/gs, (whole, char?: string) => {
      if (whole === '&') return String(found[0]);
      if (char === 'n') return '\n';
      if (char === 't') return '\t';
      if (/[0-9]/.test(char!)) return char === '0' ? String(found[0]) : String(found[Number(char)] ?? '');
      return char!;
    });
  });
}
