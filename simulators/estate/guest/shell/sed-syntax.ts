/** Scripts of sed as a list of commands with their addresses. [IEEE Std 1003.1, XCU sed; GNU's -E, I, +N] */
import { posixRegExp } from './regex.ts';

export type Address = number | '$' | RegExp;

export interface SedCommand {
  readonly from: Address | undefined;
  /** An address, or so many lines after the first. */
  readonly to: Address | { readonly more: number } | undefined;
  readonly not: boolean;
  readonly verb: string;
  /** Of s. */
  readonly pattern?: RegExp;
  readonly replacement?: string;
  readonly print?: boolean;
  /** The match that is replaced, from 1; from it on with `all`. */
  readonly nth?: number;
  readonly all?: boolean;
  /** Of y, character by character. */
  readonly map?: ReadonlyMap<string, string>;
  /** Of a, i and c; the label of b, t and of a colon. */
  readonly text?: string;
  /** Of `{`: where the block ends. */
  end?: number;
  /** In a range: the line on which it ends, when that is known. */
  range: { readonly until: number | undefined } | undefined;
}

export class SedError extends Error {}

const COMMANDS_MAX = 200;

/** @throws SedError */
export function parseSed(script: string, extended: boolean): SedCommand[] {
  const commands: SedCommand[] = [];
  const open: number[] = [];
  let rest = script;
  const regex = (source: string, flags = ''): RegExp => {
    const pattern = posixRegExp(source, extended, flags);
    if (!pattern) throw new SedError('Invalid regular expression');
    return pattern;
  };
  const take = (pattern: RegExp): RegExpExecArray | null => {
    const found = pattern.exec(rest);
    if (found) rest = rest.slice(found[0].length);
    return found;
  };
  const address = (): Address | undefined => {
    const found = take(/^(?:(\d+)|(\$)|\/((?:[^/\\]|\\.)*)\/(I?))/);
    if (!found) return undefined;
    if (found[1] !== undefined) return Number(found[1]);
    return found[2] ? '$' : regex(found[3]!.replace(/\\\//g, '/'), found[4] ? 'i' : '');
  };
  /** What stands between delimiters, which may be any character; two parts for s and y. */
  const parts = (verb: string): [string, string] => {
    const delimiter = rest[0] ?? '/';
    rest = rest.slice(1);
    const found: string[] = [];
    for (let part = '', at = 0; found.length < 2; at++) {
      const char = rest[at];
      if (char === undefined) throw new SedError(`unterminated \`${verb}' command`);
      if (char === '\\' && at + 1 < rest.length) {
        const next = rest[++at]!;
        part += next === delimiter ? (delimiter === '&' ? '\\&' : next) : `\\${next}`;
      } else if (char === delimiter) {
        found.push(part);
        part = '';
        if (found.length === 2) rest = rest.slice(at + 1);
      } else part += char;
    }
    return [found[0]!, found[1]!];
  };
  for (;;) {
    take(/^[\s;]+/);
    if (rest === '') break;
    if (commands.length > COMMANDS_MAX) throw new SedError('too many commands');
    if (take(/^#[^\n]*/)) continue;
    const from = address();
    let to: SedCommand['to'];
    if (from !== undefined && take(/^\s*,\s*/)) {
      const more = take(/^\+(\d+)/);
      to = more ? { more: Number(more[1]) } : address();
      if (to === undefined) throw new SedError("unexpected `,'");
    }
    const not = take(/^\s*!\s*/) !== null;
    take(/^\s+/);
    const verb = rest[0] ?? '';
    rest = rest.slice(1);
    const base = { from, to, not, verb, range: undefined };
    switch (verb) {
      case '{':
        open.push(commands.length);
        commands.push(base);
        break;
      case '}': {
        const start = open.pop();
        if (start === undefined) throw new SedError("unexpected `}'");
        commands[start]!.end = commands.length;
        break;
      }
      case 's': {
        const [source, replacement] = parts('s');
        const flags = take(/^[gip0-9I]*/)![0];
        commands.push({
          ...base,
          pattern: regex(source, /i/i.test(flags) ? 'gi' : 'g'),
          replacement,
          print: flags.includes('p'),
          nth: Number(/\d+/.exec(flags)?.[0] ?? 1),
          all: flags.includes('g'),
        });
        break;
      }
      case 'y': {
        const plain = (text: string) => [...text.replace(/\\n/g, '\n').replace(/\\(.)/g, '$1')];
        const [a, b] = parts('y').map(plain) as [string[], string[]];
        if (a.length !== b.length) throw new SedError("strings for `y' command are different lengths");
        commands.push({ ...base, map: new Map(a.map((char, i) => [char, b[i]!])) });
        break;
      }
      case 'a':
      case 'i':
      case 'c': {
        take(/^[ \t]*(?:\\\n?)?/);
        const text = take(/^(?:[^\n\\]|\\.)*/s)![0].replace(/\\(.)/gs, '$1');
        commands.push({ ...base, text });
        break;
      }
      case 'b':
      case 't':
      case ':':
        commands.push({ ...base, text: take(/^\s*([^\s;}]*)/)![1]! });
        break;
      default:
        if (!/^[pPdDqQnNhHgGx=l]$/.test(verb)) throw new SedError(`unknown command: \`${verb}'`);
        take(/^\s*\d*/);
        commands.push(base);
    }
  }
  if (open.length > 0) throw new SedError("unmatched `{'");
  return commands;
}
