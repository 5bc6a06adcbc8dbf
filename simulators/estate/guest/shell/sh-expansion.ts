/** Words of the shell become arguments: variables, command substitution, arithmetic, splitting, patterns of file names. */
import { FileProblem } from '../file-tree.ts';
import { evaluate } from './sh-arithmetic.ts';
import { Exit } from './sh-control.ts';
import type { Word } from './sh-tree.ts';
import {
  collector,
  complain,
  Exhausted,
  ioOf,
  LIMITS,
  type LinuxIo,
  type LinuxSession,
  subshell,
} from './shell.ts';

/** One word as a single argument: targets, assignments. */
export function expandOne(word: Word, session: LinuxSession, io: LinuxIo): string {
  return pieces(word, session, io)
    .map(({ text }) => text)
    .join('');
}

/** A word as a pattern: what was quoted in it stands for itself. */
export function expandPattern(word: Word, session: LinuxSession, io: LinuxIo): string {
  return pieces(word, session, io)
    .map(({ text, quoted }) => (quoted ? text.replace(/[*?[\]\\]/g, '\\$&') : text))
    .join('');
}

/** A word as arguments: unquoted results are split at white space, and patterns become the names that they match. */
export function expand(word: Word, session: LinuxSession, io: LinuxIo): string[] {
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
  const separators = separatorsOf(session);
  const found = pieces(word, session, io);
  // "$@" alone, without arguments, is no argument at all
  const onlyArguments = found.every(({ isCut, text }) => isCut === true || text === '');
  for (const [i, piece] of found.entries()) {
    if (piece.isCut) {
      cut();
      continue;
    }
    if (piece.literal || piece.quoted) {
      if (piece.isNothing && onlyArguments) continue;
      if (found.some(({ isNothing }) => isNothing) && piece.text === '' && onlyArguments) continue;
      const text =
        i === 0 && piece.literal && !piece.quoted && /^~(?=\/|$)/.test(piece.text)
          ? session.user.home + piece.text.slice(1)
          : piece.text;
      add(text, piece.quoted);
      continue;
    }
    const parts = splitFields(piece.text, separators);
    // between separators that are no white space there may be nothing, which is a field
    const keepsEmpty = [...separators].some((char) => !/\s/.test(char) && piece.text.includes(char));
    for (const [n, part] of parts.entries()) {
      if (n > 0) cut();
      if (part !== '' || keepsEmpty) add(part, false);
      if (fields.length > LIMITS.words) throw new Exhausted('too many words');
    }
  }
  cut();
  return fields.flatMap(({ text, pattern, isGlob }) => {
    if (!isGlob || session.options.has('f')) return [text];
    const matches = globbed(pattern, session);
    return matches.length > 0 ? matches : [text];
  });
}

function separatorsOf({ variables }: LinuxSession): string {
  return variables.get('IFS') ?? ' \t\n';
}

/** White space among the separators counts once however long; each of the others parts two fields. */
export function splitFields(text: string, separators: string): string[] {
  if (separators === '') return [text];
  const blanks = [...separators].filter((char) => /\s/.test(char)).join('');
  const others = [...separators].filter((char) => !/\s/.test(char)).join('');
  const escaped = (set: string) => set.replace(/[\\\]^-]/g, '\\$&');
  if (others === '') return text.split(new RegExp(`[${escaped(blanks)}]+`));
  const blank = blanks === '' ? '' : `[${escaped(blanks)}]*`;
  const parts = text.split(
    new RegExp(`${blank}[${escaped(others)}]${blank}${blanks === '' ? '' : `|[${escaped(blanks)}]+`}`),
  );
  // what follows the last separator is no field when it is empty
  if (parts.length > 1 && parts.at(-1) === '') parts.pop();
  return parts;
}

interface Piece {
  readonly text: string;
  readonly quoted: boolean;
  /** Stood in the script, rather than being the result of an expansion. */
  readonly literal: boolean;
  /** An argument ends here. */
  readonly isCut?: boolean;
  /** "$@" without arguments. */
  readonly isNothing?: boolean;
}

function pieces(word: Word, session: LinuxSession, io: LinuxIo): Piece[] {
  return word.flatMap((part): Piece | Piece[] => {
    if (part.kind === 'text') return { text: part.text, quoted: part.quoted, literal: true };
    if (part.kind === 'variable') {
      if (part.operator === undefined && (part.name === '@' || (part.name === '*' && !part.quoted)))
        return argumentPieces(session.positional, part.quoted);
      return { text: variable(part, session, io), quoted: part.quoted, literal: false };
    }
    if (part.kind === 'arithmetic')
      return {
        text: String(arithmetic(part.text, session, io)),
        quoted: part.quoted,
        literal: false,
      };
    const out = collector(session.machine);
    const inner = subshell(session);
    try {
      session.substituted = session.machine.interpreter.list(
        part.list,
        inner,
        ioOf({ rest: '' }, out.add, io.err),
      );
    } catch (error) {
      if (!(error instanceof Exit)) throw error;
      session.substituted = error.code;
    }
    return { text: out.text().replace(/\n+$/, ''), quoted: part.quoted, literal: false };
  });
}

export function arithmetic(text: Word, session: LinuxSession, io: LinuxIo): bigint {
  return evaluate(expandOne(text, session, io), session.variables);
}

function argumentPieces(values: readonly string[], quoted: boolean): Piece[] {
  if (values.length === 0) return [{ text: '', quoted, literal: false, isNothing: true }];
  return values.flatMap((text, i): Piece[] => [
    ...(i > 0 ? [{ text: '', quoted: true, literal: true, isCut: true }] : []),
    { text, quoted, literal: false },
  ]);
}

function valueNamed(name: string, session: LinuxSession): string | undefined {
  switch (name) {
    case '?':
      return String(session.status);
    case '$':
      return '4242';
    case '!':
      return '';
    case '-':
      return [...session.options].join('');
    case '#':
      return String(session.positional.length);
    case '0':
      return session.name;
    case '*':
    case '@':
      return session.positional.join(' ');
    default:
      return /^\d+$/.test(name) ? session.positional[Number(name) - 1] : session.variables.get(name);
  }
}

function variable(
  part: Extract<Word[number], { kind: 'variable' }>,
  session: LinuxSession,
  io: LinuxIo,
): string {
  const { name, operator, operand } = part;
  const value = valueNamed(name, session);
  const given = () => (operand ? expandOne(operand, session, io) : '');
  const isEmpty = value === undefined || (operator?.startsWith(':') === true && value === '');
  switch (operator) {
    case undefined:
      if (value === undefined && session.options.has('u')) {
        io.err(complain(session, `${name}: unbound variable`));
        throw new Exit(1);
      }
      return value ?? '';
    case 'length':
      return name === '@' || name === '*' ? String(session.positional.length) : String((value ?? '').length);
    case ':-':
    case '-':
      return isEmpty ? given() : value!;
    case ':=':
    case '=': {
      if (!isEmpty) return value!;
      const set = given();
      session.variables.set(name, set);
      return set;
    }
    case ':?':
    case '?':
      if (!isEmpty) return value!;
      io.err(complain(session, `${name}: ${given() || 'parameter null or not set'}`));
      throw new Exit(127);
    case ':+':
    case '+':
      return isEmpty ? '' : given();
    case ':': {
      const [from = '0', length] = given().split(':');
      const start = Number(evaluate(from, session.variables));
      const text = value ?? '';
      const begin = start < 0 ? Math.max(0, text.length + start) : start;
      if (length === undefined) return text.slice(begin);
      const count = Number(evaluate(length, session.variables));
      return count < 0 ? text.slice(begin, text.length + count) : text.slice(begin, begin + count);
    }
    case '/':
    case '//': {
      const [pattern = '', ...replacement] = given().split('/');
      if (pattern === '') return value ?? '';
      const source = new RegExp(globSource(pattern, true), operator === '//' ? 'gs' : 's');
      // nothing is matched as a whole only where there is nothing
      return (value ?? '').replace(source, (found) =>
        found === '' && (value ?? '') !== '' ? '' : replacement.join('/'),
      );
    }
    default:
      return trimmed(value ?? '', operator, given());
  }
}

/** ${x#p}, ${x##p}, ${x%p}, ${x%%p}: cuts the shortest or longest match off one end. */
function trimmed(value: string, operator: string, pattern: string): string {
  const matches = new RegExp(`^${globSource(pattern, true)}$`, 's');
  const lengths = Array.from({ length: value.length + 1 }, (_, i) => i);
  if (operator.length === 2) lengths.reverse();
  for (const length of lengths)
    if (operator[0] === '#') {
      if (matches.test(value.slice(0, length))) return value.slice(length);
    } else if (matches.test(value.slice(value.length - length))) return value.slice(0, value.length - length);
  return value;
}

/** Does a text fit a pattern as `case` has them? */
export function fits(text: string, pattern: string): boolean {
  return new RegExp(`^${globSource(pattern, true)}$`, 's').test(text);
}

/** A pattern of the shell as a regular expression. @param across does a star go over slashes? */
export function globSource(pattern: string, across = false): string {
  return pattern.replace(
    /\\(.)|\*|\?|\[([!^]?)((?:\[:\w+:\]|[^\]])+)\]|[.+^${}()|[\]\\/]/g,
    (whole, escaped?: string, not?: string, set?: string) => {
      if (escaped !== undefined) return escaped.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
      if (whole === '*') return across ? '.*' : '[^/]*';
      if (whole === '?') return across ? '.' : '[^/]';
      if (set !== undefined)
        return `[${not ? '^' : ''}${set.replace(/\[:(\w+):\]/g, (_, name: string) => SETS[name] ?? '').replace(/\\/g, '\\\\')}]`;
      return `\\${whole}`;
    },
  );
}

const SETS: Readonly<Record<string, string>> = {
  digit: '0-9',
  alpha: 'A-Za-z',
  alnum: 'A-Za-z0-9',
  upper: 'A-Z',
  lower: 'a-z',
  space: ' \\t\\n\\r',
};

function globbed(pattern: string, session: LinuxSession): string[] {
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
