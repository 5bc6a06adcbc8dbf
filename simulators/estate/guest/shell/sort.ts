/** sort: by whole lines, or by keys, each in an order of its own. [IEEE Std 1003.1, XCU sort] */
import { readInputs } from './file-commands.ts';
import { type LinuxCommand, linesOf, options } from './shell.ts';

interface Key {
  readonly from: number;
  readonly to: number | undefined;
  /** n, r, f, b: of the key, or of the whole where it has none. */
  readonly flags: string;
}

/** "2", "2,2", "1,1r"; undefined when it is no key. */
function keyOf(text: string, global: string): Key | undefined {
  const found = /^(\d+)(?:\.\d+)?([nrfb]*)(?:,(\d+)(?:\.\d+)?([nrfb]*))?$/.exec(text);
  if (!found || Number(found[1]) === 0) return undefined;
  const own = found[2]! + (found[4] ?? '');
  return {
    from: Number(found[1]),
    to: found[3] === undefined ? undefined : Number(found[3]),
    flags: own === '' ? global : own,
  };
}

/** Without a separator a field begins with the white space before it. */
function textOf(line: string, { from, to }: Key, separator: string | undefined): string {
  if (separator !== undefined)
    return line
      .split(separator)
      .slice(from - 1, to)
      .join(separator);
  const fields = line.match(/[ \t]*[^ \t]+|[ \t]+$/g) ?? [];
  return fields.slice(from - 1, to).join('');
}

function compared(a: string, b: string, flags: string): number {
  const plain = (text: string): string => {
    const trimmed = flags.includes('b') ? text.replace(/^[ \t]+/, '') : text;
    return flags.includes('f') ? trimmed.toUpperCase() : trimmed;
  };
  const number = (text: string): number => Number(/^\s*(-?\d*\.?\d*)/.exec(text)![1]) || 0;
  const [x, y] = [plain(a), plain(b)];
  const difference = flags.includes('n') ? number(a) - number(b) : x < y ? -1 : x > y ? 1 : 0;
  return flags.includes('r') ? -difference : difference;
}

export const sort: LinuxCommand = (args, io, session) => {
  const { has, value, rest, unknown } = options(args, 'unrfbk:t:s', { '--unique': 'u', '--key': 'k' });
  if (unknown) {
    io.err(`sort: invalid option -- '${unknown.replace(/^-+/, '')}'\n`);
    return 2;
  }
  const global = [...'nrfb'].filter((flag) => has.has(flag)).join('');
  const given = args.flatMap((arg, i) =>
    args[i - 1] === '-k' ? [arg] : /^-k./.test(arg) ? [arg.slice(2)] : [],
  );
  const keys = given.map((text) => keyOf(text, global));
  const wrong = keys.indexOf(undefined);
  if (wrong >= 0) {
    io.err(`sort: invalid number at field start: invalid count at start of \u2018${given[wrong]}\u2019\n`);
    return 2;
  }
  const separator = value.get('t');
  const byKeys = (a: string, b: string): number => {
    if (keys.length === 0) return compared(a, b, global);
    for (const key of keys) {
      const difference = compared(textOf(a, key!, separator), textOf(b, key!, separator), key!.flags);
      if (difference !== 0) return difference;
    }
    return 0;
  };
  const { texts, failed } = readInputs('sort', rest, io, session);
  const lines = texts.flatMap(({ text }) => linesOf(text));
  // lines that are equal by their keys are told apart by all of their bytes
  lines.sort((a, b) => {
    const difference = byKeys(a, b);
    if (difference !== 0 || has.has('u') || has.has('s')) return difference;
    return compared(a, b, has.has('r') ? 'r' : '');
  });
  const shown = has.has('u')
    ? lines.filter((line, i) => i === 0 || byKeys(lines[i - 1]!, line) !== 0)
    : lines;
  io.out(shown.map((line) => `${line}\n`).join(''));
  return Number(failed);
};
