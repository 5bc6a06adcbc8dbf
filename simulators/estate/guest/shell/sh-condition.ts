/** `[[ … ]]` of bash: tests without splitting, with patterns on the right side of == and expressions on that of =~. */
import { posixRegExp } from './regex.ts';
import { expandOne, expandPattern, fits } from './sh-expansion.ts';
import type { Word } from './sh-tree.ts';
import { complain, type LinuxIo, type LinuxSession } from './shell.ts';

const COMPARISONS = new Set(['=', '==', '!=', '=~', '<', '>', '-eq', '-ne', '-lt', '-le', '-gt', '-ge']);

/** @returns 0 when it holds, 1 when not, 2 when it is no test */
export function condition(words: readonly Word[], session: LinuxSession, io: LinuxIo): number {
  let at = 0;
  const plain = (word: Word | undefined): string | undefined =>
    word?.length === 1 && word[0]!.kind === 'text' && !word[0]!.quoted ? word[0]!.text : undefined;
  const text = (word: Word) => expandOne(word, session, io);
  let bad = false;

  const either = (): boolean => {
    let holds = both();
    while (plain(words[at]) === '||') {
      at++;
      const next = both();
      holds ||= next;
    }
    return holds;
  };
  const both = (): boolean => {
    let holds = one();
    while (plain(words[at]) === '&&') {
      at++;
      const next = one();
      holds &&= next;
    }
    return holds;
  };
  const one = (): boolean => {
    const first = words[at++];
    if (first === undefined) {
      bad = true;
      return false;
    }
    const operator = plain(first);
    if (operator === '!') return !one();
    if (operator === '(') {
      const holds = either();
      if (plain(words[at++]) !== ')') bad = true;
      return holds;
    }
    const comparison = plain(words[at]);
    if (comparison !== undefined && COMPARISONS.has(comparison) && words[at + 1] !== undefined) {
      at++;
      return compared(text(first), comparison, words[at++]!);
    }
    if (operator !== undefined && /^-[a-zA-Z]$/.test(operator) && words[at] !== undefined)
      return session.machine.interpreter.invoke('test', [operator, text(words[at++]!)], session, io) === 0;
    return text(first) !== '';
  };
  const compared = (left: string, operator: string, right: Word): boolean => {
    switch (operator) {
      case '=':
      case '==':
        return fits(left, expandPattern(right, session, io));
      case '!=':
        return !fits(left, expandPattern(right, session, io));
      case '=~': {
        const found = posixRegExp(text(right), true)?.exec(left);
        session.variables.set('BASH_REMATCH', found?.[0] ?? '');
        return found !== undefined && found !== null;
      }
      case '<':
        return left < text(right);
      case '>':
        return left > text(right);
      default:
        return session.machine.interpreter.invoke('test', [left, operator, text(right)], session, io) === 0;
    }
  };

  const holds = either();
  if (!bad && at >= words.length) return Number(!holds);
  io.err(complain(session, 'conditional binary operator expected'));
  return 2;
}
