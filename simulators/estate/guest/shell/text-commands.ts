/** Filters: programs that turn text into text. */
import { createHash } from 'node:crypto';
import { formatted, unescaped } from './escapes.ts';
import { readInput, readInputs } from './file-commands.ts';
import { posixRegExp } from './regex.ts';
import { type LinuxCommand, type LinuxCommands, linesOf, options } from './shell.ts';
import { sort } from './sort.ts';

const UNKNOWN_OPTION = 2;

const bad = (name: string, io: { err(text: string): void }, option: string): number => {
  io.err(
    `${name}: invalid option -- '${option.replace(/^-+/, '')[0]}'\nTry '${name} --help' for more information.\n`,
  );
  return UNKNOWN_OPTION;
};

const grepAs =
  (name: string): LinuxCommand =>
  (args, io, session) => {
    const given = options(args, 'EFGPivcnoqshHwxe:m:ra', {
      '--color': 'a',
      '--max-count': 'm',
      '--ignore-case': 'i',
    });
    const { has, value, rest, unknown } = given;
    if (unknown) return bad(name, io, unknown);
    const pattern = value.get('e') ?? rest.shift();
    if (pattern === undefined) {
      io.err(`Usage: ${name} [OPTION]... PATTERNS [FILE]...\n`);
      return 2;
    }
    const extended = name === 'egrep' || has.has('E') || has.has('P');
    const fixed = name === 'fgrep' || has.has('F');
    let tests = pattern
      .split('\n')
      .map((line) =>
        fixed ? new RegExp(line.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&')) : posixRegExp(line, extended),
      );
    if (tests.includes(undefined)) {
      io.err(`${name}: Invalid regular expression\n`);
      return 2;
    }
    tests = tests.map((test) => {
      const source = has.has('x')
        ? `^(?:${test!.source})$`
        : has.has('w')
          ? `(?<!\\w)(?:${test!.source})(?!\\w)`
          : test!.source;
      return new RegExp(source, `${has.has('i') ? 'i' : ''}g`);
    });
    let status = 1;
    const { texts, failed } = readInputs(name, rest, io, session, has.has('s'));
    const withNames = has.has('H') || (texts.length > 1 && !has.has('h'));
    for (const { file, text } of texts) {
      const prefix = withNames ? `${file}:` : '';
      const most = Number(value.get('m') ?? Number.POSITIVE_INFINITY);
      let count = 0;
      for (const [i, line] of linesOf(text).entries()) {
        if (count >= most) break;
        const found = tests.some((test) => {
          test!.lastIndex = 0;
          return test!.test(line);
        });
        if (found === has.has('v')) continue;
        count++;
        status = 0;
        if (has.has('q') || has.has('c')) continue;
        const number = has.has('n') ? `${i + 1}:` : '';
        if (has.has('o') && !has.has('v')) {
          for (const test of tests)
            for (const match of line.matchAll(new RegExp(test!.source, test!.flags)))
              if (match[0] !== '') io.out(`${prefix}${number}${match[0]}\n`);
        } else io.out(`${prefix}${number}${line}\n`);
      }
      if (has.has('c') && !has.has('q')) io.out(`${prefix}${count}\n`);
    }
    return failed && !has.has('q') ? 2 : status;
  };

/** "1,3-5,7-" as a test of a number from 1. */
function ranges(list: string): ((n: number) => boolean) | undefined {
  const parts = list.split(',').map((part) => /^(\d*)(-?)(\d*)$/.exec(part));
  if (parts.some((part) => !part || (part[1] === '' && part[3] === ''))) return undefined;
  return (n) =>
    parts.some((part) => {
      const [, from, dash, to] = part!;
      if (dash === '') return n === Number(from);
      return n >= Number(from || 1) && n <= (to === '' ? Number.POSITIVE_INFINITY : Number(to));
    });
}

const cut: LinuxCommand = (args, io, session) => {
  const { has, value, rest, unknown } = options(args, 'd:f:c:b:s', {
    '--delimiter': 'd',
    '--fields': 'f',
    '--characters': 'c',
  });
  if (unknown) return bad('cut', io, unknown);
  const list = value.get('f') ?? value.get('c') ?? value.get('b');
  const wanted = list === undefined ? undefined : ranges(list);
  if (!wanted) {
    io.err('cut: you must specify a list of bytes, characters, or fields\n');
    return 1;
  }
  const delimiter = value.get('d') ?? '\t';
  const { texts, failed } = readInputs('cut', rest, io, session);
  for (const line of texts.flatMap(({ text }) => linesOf(text))) {
    if (!value.has('f')) io.out(`${[...line].filter((_, i) => wanted(i + 1)).join('')}\n`);
    else if (!line.includes(delimiter)) {
      if (!has.has('s')) io.out(`${line}\n`);
    } else
      io.out(
        `${line
          .split(delimiter)
          .filter((_, i) => wanted(i + 1))
          .join(delimiter)}\n`,
      );
  }
  return Number(failed);
};

const endOf =
  (name: 'head' | 'tail'): LinuxCommand =>
  (args, io, session) => {
    // "-5" is "-n 5"; after -n and -c it is a number
    const plain = args.map((arg, i) =>
      /^-[nc]$/.test(args[i - 1] ?? '') ? arg : arg.replace(/^-(\d+)$/, '-n$1'),
    );
    const { value, rest, unknown } = options(plain, 'n:c:q', { '--lines': 'n', '--bytes': 'c' });
    if (unknown) return bad(name, io, unknown);
    const { texts, failed } = readInputs(name, rest, io, session);
    for (const { text } of texts) {
      const amount = value.get('c') ?? value.get('n') ?? '10';
      const number = Number(amount.replace(/^[+-]/, '')) || 0;
      const units = value.has('c') ? [...text] : (text.match(/[^\n]*\n|[^\n]+$/g) ?? []);
      const taken =
        name === 'head'
          ? units.slice(0, amount.startsWith('-') ? Math.max(0, units.length - number) : number)
          : amount.startsWith('+')
            ? units.slice(Math.max(0, number - 1))
            : units.slice(number === 0 ? units.length : -number);
      io.out(taken.join(''));
    }
    return Number(failed);
  };

const uniq: LinuxCommand = (args, io, session) => {
  const { has, rest, unknown } = options(args, 'cdui');
  if (unknown) return bad('uniq', io, unknown);
  const { texts, failed } = readInputs('uniq', rest, io, session);
  const runs: Array<{ line: string; count: number }> = [];
  for (const line of texts.flatMap(({ text }) => linesOf(text)))
    if (runs.at(-1)?.line === line) runs.at(-1)!.count++;
    else runs.push({ line, count: 1 });
  for (const { line, count } of runs) {
    if ((has.has('d') && count < 2) || (has.has('u') && count > 1)) continue;
    io.out(`${has.has('c') ? `${String(count).padStart(7)} ` : ''}${line}\n`);
  }
  return Number(failed);
};

/** Characters that a set of tr names. */
function trSet(text: string): string[] {
  const plain = text
    .replace(/\[:(\w+):\]/g, (_, name: string) => {
      const known: Record<string, string> = {
        upper: 'A-Z',
        lower: 'a-z',
        digit: '0-9',
        space: ' \t\n\r',
        alpha: 'A-Za-z',
        alnum: '0-9A-Za-z',
      };
      return known[name] ?? '';
    })
    .replace(/\\([ntr\\])/g, (_, c: string) => ({ n: '\n', t: '\t', r: '\r', '\\': '\\' })[c]!)
    .replace(/\\0+/g, '\0');
  const set: string[] = [];
  for (let i = 0; i < plain.length; i++)
    if (plain[i + 1] === '-' && i + 2 < plain.length) {
      for (let code = plain.charCodeAt(i); code <= plain.charCodeAt(i + 2); code++)
        set.push(String.fromCharCode(code));
      i += 2;
    } else set.push(plain[i]!);
  return set;
}

const tr: LinuxCommand = (args, io) => {
  const { has, rest, unknown } = options(args, 'dscC');
  if (unknown) return bad('tr', io, unknown);
  const from = trSet(rest[0] ?? '');
  const to = trSet(rest[1] ?? '');
  const complement = has.has('c') || has.has('C');
  const squeezed = new Set(has.has('s') ? (rest[1] === undefined || has.has('d') ? from : to) : []);
  let last = '';
  let out = '';
  for (const char of io.stdin) {
    const index = from.indexOf(char);
    const hit = complement ? index < 0 : index >= 0;
    if (has.has('d') && hit) continue;
    const mapped =
      hit && to.length > 0 && !has.has('d')
        ? to[Math.min(complement ? to.length - 1 : index, to.length - 1)]!
        : char;
    if (mapped === last && squeezed.has(mapped)) continue;
    out += mapped;
    last = mapped;
  }
  io.out(out);
  return 0;
};

const wc: LinuxCommand = (args, io, session) => {
  const { has, rest, unknown } = options(args, 'lwcm', { '--lines': 'l', '--words': 'w', '--bytes': 'c' });
  if (unknown) return bad('wc', io, unknown);
  const { texts, failed } = readInputs('wc', rest, io, session);
  const rows = texts.map(({ file, text }) => ({
    file,
    counts: [
      text.split('\n').length - 1,
      text.split(/\s+/).filter((word) => word !== '').length,
      text.length,
    ],
  }));
  if (rows.length > 1)
    rows.push({
      file: 'total',
      counts: [0, 1, 2].map((i) => rows.reduce((sum, { counts }) => sum + counts[i]!, 0)),
    });
  const shown = [has.has('l'), has.has('w'), has.has('c') || has.has('m')];
  const all = !shown.includes(true);
  for (const { file, counts } of rows) {
    const numbers = counts.filter((_, i) => all || shown[i]);
    const name = file === '-' ? '' : ` ${file}`;
    io.out(
      `${numbers.length === 1 ? String(numbers[0]) : numbers.map((n) => String(n).padStart(7)).join(' ')}${name}\n`,
    );
  }
  return Number(failed);
};

export const textCommands: LinuxCommands = {
  grep: grepAs('grep'),
  egrep: grepAs('egrep'),
  fgrep: grepAs('fgrep'),
  zgrep: grepAs('zgrep'),
  cut,
  head: endOf('head'),
  tail: endOf('tail'),
  sort,
  uniq,
  tr,
  wc,
  cat(args, io, session) {
    const { has, rest, unknown } = options(args, 'nAuvet');
    if (unknown) return bad('cat', io, unknown) - 1;
    const { texts, failed } = readInputs('cat', rest, io, session);
    const text = texts.map((each) => each.text).join('');
    io.out(
      has.has('n')
        ? linesOf(text)
            .map((line, i) => `${String(i + 1).padStart(6)}\t${line}\n`)
            .join('')
        : text,
    );
    return Number(failed);
  },
  tac(args, io, session) {
    const { texts, failed } = readInputs('tac', args, io, session);
    io.out(
      texts
        .flatMap(({ text }) => linesOf(text).reverse())
        .map((line) => `${line}\n`)
        .join(''),
    );
    return Number(failed);
  },
  tee(args, io, session) {
    const { guest, now } = session.machine;
    io.out(io.stdin);
    for (const file of args.filter((arg) => !arg.startsWith('-'))) {
      const path = guest.files.normal(file.startsWith('/') ? file : guest.files.join(session.cwd, file));
      if (path !== undefined) guest.files.write(path, Buffer.from(io.stdin, 'latin1'), session.user, now);
    }
    return 0;
  },
  echo(args, io) {
    let i = 0;
    while (/^-[neE]+$/.test(args[i] ?? '')) i++;
    const flags = args.slice(0, i).join('');
    const text = args.slice(i).join(' ');
    io.out((flags.includes('e') ? unescaped(text) : text) + (flags.includes('n') ? '' : '\n'));
    return 0;
  },
  printf([format = '', ...values], io) {
    let rest: readonly string[] = values;
    do {
      const { text, used } = formatted(unescaped(format), rest);
      io.out(text);
      if (used === 0) break;
      rest = rest.slice(used);
    } while (rest.length > 0);
    return 0;
  },
  seq(args, io) {
    const numbers = args.map(Number);
    const [first, by, last] =
      numbers.length === 1
        ? [1, 1, numbers[0]!]
        : numbers.length === 2
          ? [numbers[0]!, 1, numbers[1]!]
          : (numbers as [number, number, number]);
    if (!by || numbers.some(Number.isNaN) || Math.abs(last - first) / Math.abs(by) > 1e6) return 1;
    for (let n = first; by > 0 ? n <= last : n >= last; n += by) io.out(`${n}\n`);
    return 0;
  },
  base64(args, io, session) {
    const { has, rest } = options(args, 'dw:', { '--decode': 'd', '--wrap': 'w' });
    const text = rest[0] === undefined ? io.stdin : readInput(session, rest[0]);
    if (has.has('d')) io.out(Buffer.from(text, 'base64').toString('latin1'));
    else
      io.out(
        `${Buffer.from(text, 'latin1')
          .toString('base64')
          .replace(/(.{76})(?=.)/g, args.includes('-w0') ? '$1' : '$1\n')}\n`,
      );
    return 0;
  },
  ...Object.fromEntries(
    (['md5', 'sha1', 'sha256'] as const).map((algorithm) => [
      `${algorithm}sum`,
      ((args, io, session) => {
        const { texts, failed } = readInputs(`${algorithm}sum`, args, io, session);
        for (const { file, text } of texts)
          io.out(`${createHash(algorithm).update(Buffer.from(text, 'latin1')).digest('hex')}  ${file}\n`);
        return Number(failed);
      }) satisfies LinuxCommand,
    ]),
  ),
};
