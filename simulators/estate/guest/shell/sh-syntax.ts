/**
 * The grammar of the POSIX shell, as far as collection scripts use it: lists, pipelines, redirections, quoting,
 * expansions, `if`, `for`, `while`, `case`, functions, here-documents, groups and subshells; of bash also `[[ ]]` and
 * `((`. [IEEE Std 1003.1, XCU 2]
 */

import { unescaped } from './escapes.ts';
import type { Command, List, Node, Pipeline, Redirection, Word, WordPart } from './sh-tree.ts';

export class ShellSyntaxError extends Error {}

const DEPTH_MAX = 24;
const RESERVED = new Set(['then', 'else', 'elif', 'fi', 'do', 'done', '}', 'in', 'esac']);
/** Here-documents that wait for the end of their line. */
interface Pending {
  readonly end: string;
  readonly stripTabs: boolean;
  readonly literal: boolean;
  readonly redirection: { target: Word };
}

/** @throws ShellSyntaxError */
export function parseShell(source: string): List {
  const parser = new Parser(source);
  const list = parser.list(0);
  parser.expectEnd();
  return list;
}

/** A piece of source in which quotes do not count: operands and arithmetic. */
function inner(text: string, depth: number): Word {
  return new Parser(`"${text.replaceAll('"', '')}"`).word(depth + 1);
}

class Parser {
  readonly #source: string;
  readonly #pending: Pending[] = [];
  #at = 0;

  constructor(source: string) {
    this.#source = source;
  }

  expectEnd(): void {
    this.#blank(true);
    if (this.#at < this.#source.length) this.#unexpected(this.#source[this.#at]!);
  }

  word(depth: number): Word {
    if (depth > DEPTH_MAX) throw new ShellSyntaxError('nested too deeply');
    return this.#readWord(depth);
  }

  /** Pipelines up to the end, a closing mark, or a reserved word that ends a body. */
  list(depth: number): List {
    if (depth > DEPTH_MAX) throw new ShellSyntaxError('nested too deeply');
    const items: Array<{ when: 'always' | 'and' | 'or'; pipeline: Pipeline }> = [];
    let when: 'always' | 'and' | 'or' = 'always';
    for (;;) {
      this.#blank(true);
      if (this.#ended()) {
        if (when !== 'always') this.#unexpected('newline');
        return items;
      }
      items.push({ when, pipeline: this.#pipeline(depth) });
      this.#blank(false);
      if (this.#take('&&')) when = 'and';
      else if (this.#take('||')) when = 'or';
      else if (this.#peek(';;')) return items;
      else if (this.#take(';') || this.#takeNewline() || this.#take('&')) when = 'always';
      else if (this.#ended()) return items;
      else this.#unexpected(this.#source[this.#at]!);
    }
  }

  #pipeline(depth: number): Pipeline {
    const negated = this.#word('!');
    const commands = [this.#command(depth)];
    for (this.#blank(false); this.#peek('|') && !this.#peek('||'); this.#blank(false)) {
      this.#at++;
      // |& takes the errors along
      if (this.#take('&')) {
        const last = commands.pop()!;
        const both: Redirection = {
          descriptor: 2,
          operator: '>&',
          target: [{ kind: 'text', text: '1', quoted: true }],
        };
        commands.push({ ...last, redirections: [...last.redirections, both] });
      }
      this.#blank(true);
      commands.push(this.#command(depth));
    }
    return { commands, negated };
  }

  #command(depth: number): Command {
    const node = this.#compound(depth);
    if (node) {
      const redirections: Redirection[] = [];
      for (let next = this.#redirection(depth); next; next = this.#redirection(depth))
        redirections.push(next);
      return { node, redirections };
    }
    return this.#simple(depth);
  }

  #compound(depth: number): Node | undefined {
    if (this.#peek('((')) {
      const arithmetic = this.#arithmetic(depth);
      if (arithmetic) return arithmetic;
    }
    const named =
      /^(?:function[ \t]+([A-Za-z_][\w-]*)[ \t]*(?:\([ \t]*\))?|([A-Za-z_][\w-]*)[ \t]*\([ \t]*\))/.exec(
        this.#rest(),
      );
    if (named && !RESERVED.has(named[1] ?? named[2]!)) {
      this.#at += named[0].length;
      this.#blank(true);
      return { kind: 'function', name: named[1] ?? named[2]!, body: this.#command(depth + 1) };
    }
    if (this.#word('case')) return this.#case(depth);
    if (this.#word('[[')) return this.#condition(depth);
    if (this.#take('(')) {
      const list = this.list(depth + 1);
      this.#expect(')');
      return { kind: 'group', list, subshell: true };
    }
    if (this.#word('{')) {
      const list = this.list(depth + 1);
      this.#expectWord('}');
      return { kind: 'group', list, subshell: false };
    }
    if (this.#word('if')) return this.#if(depth);
    if (this.#word('for')) return this.#for(depth);
    for (const until of [false, true])
      if (this.#word(until ? 'until' : 'while')) {
        const test = this.list(depth + 1);
        return { kind: 'while', test, body: this.#body(depth), until };
      }
    return undefined;
  }

  /** Where the two parentheses stand that close arithmetic; -1 when there are none. */
  #arithmeticEnd(from: number): number {
    for (let at = from, level = 0; at < this.#source.length; at++) {
      if (this.#source[at] === '(') level++;
      else if (this.#source[at] === ')' && level-- === 0) return this.#source[at + 1] === ')' ? at : -1;
    }
    return -1;
  }

  /** Undefined: two subshells, one in the other. */
  #arithmetic(depth: number): Node | undefined {
    const end = this.#arithmeticEnd(this.#at + 2);
    const inside = end < 0 ? '' : this.#source.slice(this.#at + 2, end);
    if (end < 0 || inside.includes(';') || inside.includes('\n')) return undefined;
    this.#at = end + 2;
    return { kind: 'arithmetic', text: inner(inside, depth) };
  }

  #case(depth: number): Node {
    if (depth > DEPTH_MAX) throw new ShellSyntaxError('nested too deeply');
    this.#blank(false);
    const word = this.#readWord(depth);
    this.#expectWord('in');
    const branches: Array<{ patterns: Word[]; body: List }> = [];
    for (;;) {
      this.#blank(true);
      if (this.#word('esac')) return { kind: 'case', word, branches };
      this.#take('(');
      const patterns: Word[] = [];
      do {
        this.#blank(false);
        patterns.push(this.#readWord(depth));
        this.#blank(false);
      } while (this.#take('|'));
      this.#expect(')');
      branches.push({ patterns, body: this.list(depth + 1) });
      this.#blank(true);
      if (!this.#take(';;')) {
        this.#expectWord('esac');
        return { kind: 'case', word, branches };
      }
    }
  }

  #condition(depth: number): Node {
    const words: Word[] = [];
    for (;;) {
      this.#blank(true);
      if (this.#word(']]')) return { kind: 'condition', words };
      if (this.#at >= this.#source.length) throw new ShellSyntaxError('syntax error: unexpected end of file');
      const operator = /^(?:&&|\|\||[()<>])/.exec(this.#rest())?.[0];
      if (operator !== undefined) {
        this.#at += operator.length;
        words.push([{ kind: 'text', text: operator, quoted: false }]);
        continue;
      }
      // a regular expression may hold bars and parentheses
      const last = words.at(-1)?.[0];
      words.push(this.#readWord(depth, last?.kind === 'text' && last.text === '=~' && !last.quoted));
    }
  }

  #if(depth: number): Node {
    const branches: Array<{ test: List; body: List }> = [];
    let otherwise: List | undefined;
    do {
      const test = this.list(depth + 1);
      this.#expectWord('then');
      branches.push({ test, body: this.list(depth + 1) });
      this.#blank(true);
    } while (this.#word('elif'));
    if (this.#word('else')) otherwise = this.list(depth + 1);
    this.#expectWord('fi');
    return { kind: 'if', branches, otherwise };
  }

  #for(depth: number): Node {
    this.#blank(false);
    const name = /^[A-Za-z_]\w*/.exec(this.#rest())?.[0];
    if (name === undefined) return this.#unexpected('for');
    this.#at += name.length;
    this.#blank(true);
    const words: Word[] = [];
    // without `in`, the arguments
    if (!this.#word('in'))
      words.push([{ kind: 'variable', name: '@', operator: undefined, operand: undefined, quoted: true }]);
    else
      for (this.#blank(false); !/^(?:[;\n]|$)/.test(this.#rest()); this.#blank(false))
        words.push(this.#readWord(depth));
    this.#blank(false);
    this.#take(';');
    return { kind: 'for', name, words, body: this.#body(depth) };
  }

  #body(depth: number): List {
    this.#expectWord('do');
    const body = this.list(depth + 1);
    this.#expectWord('done');
    return body;
  }

  #simple(depth: number): Command {
    const assignments: Array<readonly [string, Word]> = [];
    const words: Word[] = [];
    const redirections: Redirection[] = [];
    for (;;) {
      this.#blank(false);
      const redirection = this.#redirection(depth);
      if (redirection) {
        redirections.push(redirection);
        continue;
      }
      if (this.#at >= this.#source.length || /[;&|()\n]/.test(this.#source[this.#at]!)) break;
      const assigned = words.length === 0 ? /^([A-Za-z_]\w*)=/.exec(this.#rest()) : null;
      if (assigned) {
        this.#at += assigned[0].length;
        assignments.push([assigned[1]!, /^[\s;&|()]|^$/.test(this.#rest()) ? [] : this.#readWord(depth)]);
      } else words.push(this.#readWord(depth));
    }
    if (words.length + assignments.length + redirections.length === 0)
      this.#unexpected(this.#source[this.#at] ?? 'newline');
    return { node: { kind: 'simple', assignments, words }, redirections };
  }

  #redirection(depth: number): Redirection | undefined {
    this.#blank(false);
    const match = /^(?:(&>>?)|([012])?(>>|>&|>\||>|<<<|<<-?|<))/.exec(this.#rest());
    if (!match) return undefined;
    this.#at += match[0].length;
    this.#blank(false);
    const operator = match[1] === undefined ? match[3]!.replace('>|', '>') : match[1].slice(1);
    if (operator === '<<' || operator === '<<-') return this.#hereDocument(depth, operator === '<<-');
    return {
      descriptor:
        match[1] === undefined
          ? ((match[2] === undefined ? (operator.startsWith('<') ? 0 : 1) : Number(match[2])) as 0 | 1 | 2)
          : 'both',
      operator: operator as Redirection['operator'],
      target: this.#readWord(depth),
    };
  }

  /** Its text follows the line that it is named in, up to a line with nothing but its end. */
  #hereDocument(depth: number, stripTabs: boolean): Redirection {
    const word = this.#readWord(depth);
    const end = word.map((part) => (part.kind === 'text' ? part.text : '')).join('');
    const literal = word.some((part) => part.kind === 'text' && part.quoted);
    const redirection: { descriptor: 0; operator: '<<'; target: Word } = {
      descriptor: 0,
      operator: '<<',
      target: [],
    };
    this.#pending.push({ end, stripTabs, literal, redirection });
    return redirection;
  }

  #takeNewline(): boolean {
    if (!this.#take('\n')) return false;
    for (const { end, stripTabs, literal, redirection } of this.#pending.splice(0)) {
      let text = '';
      for (;;) {
        if (this.#at >= this.#source.length) break; // a shell warns, and takes what there is
        const stop = this.#source.indexOf('\n', this.#at);
        const whole = this.#source.slice(this.#at, stop < 0 ? undefined : stop);
        const line = stripTabs ? whole.replace(/^\t+/, '') : whole;
        this.#at = stop < 0 ? this.#source.length : stop + 1;
        if (line === end) break;
        text += `${line}\n`;
      }
      redirection.target = literal
        ? [{ kind: 'text', text, quoted: true }]
        : new Parser(text).#quoted(0, undefined);
    }
    return true;
  }

  /** What stands between double quotes, or in a here-document, where a quote is a character like others. */
  #quoted(depth: number, end: '"' | undefined): WordPart[] {
    const parts: WordPart[] = [{ kind: 'text', text: '', quoted: true }];
    const text = (piece: string): void => {
      const last = parts.at(-1);
      if (last?.kind === 'text') parts[parts.length - 1] = { ...last, text: last.text + piece };
      else parts.push({ kind: 'text', text: piece, quoted: true });
    };
    const escapable = end === undefined ? /[$`\\\n]/ : /["$`\\\n]/;
    for (;;) {
      const char = this.#source[this.#at];
      if (char === undefined) {
        if (end === undefined) return parts;
        throw new ShellSyntaxError('unexpected EOF while looking for matching `"\'');
      }
      if (char === end) return parts;
      if (char === '\\' && escapable.test(this.#source[this.#at + 1] ?? '')) {
        if (this.#source[this.#at + 1] !== '\n') text(this.#source[this.#at + 1]!);
        this.#at += 2;
      } else if (char === '$' || char === '`') parts.push(this.#expansion(depth, true));
      else {
        text(char);
        this.#at++;
      }
    }
  }

  /** @param isExpression bars and parentheses belong to the word */
  #readWord(depth: number, isExpression = false): Word {
    const parts: WordPart[] = [];
    const text = (piece: string, quoted: boolean): void => {
      const last = parts.at(-1);
      if (last?.kind === 'text' && last.quoted === quoted)
        parts[parts.length - 1] = { ...last, text: last.text + piece };
      else parts.push({ kind: 'text', text: piece, quoted });
    };
    for (; this.#at < this.#source.length; ) {
      const char = this.#source[this.#at]!;
      if (isExpression ? /\s/.test(char) : /[\s;&|()<>]/.test(char)) break;
      if (char === "'") {
        const end = this.#source.indexOf("'", this.#at + 1);
        if (end < 0) throw new ShellSyntaxError("unexpected EOF while looking for matching `''");
        text(this.#source.slice(this.#at + 1, end), true);
        this.#at = end + 1;
      } else if (char === '"') {
        this.#at++;
        parts.push(...this.#quoted(depth, '"'));
        this.#at++;
      } else if (char === '\\') {
        if (this.#source[this.#at + 1] !== '\n') text(this.#source[this.#at + 1] ?? '\\', true);
        this.#at += 2;
      } else if (this.#peek("$'")) {
        const [whole, inside] = /^\$'((?:[^'\\]|\\.)*)'/s.exec(this.#source.slice(this.#at)) ?? [];
        if (whole === undefined) throw new ShellSyntaxError("unexpected EOF while looking for matching `''");
        text(unescaped(inside!), true);
        this.#at += whole.length;
      } else if (char === '$' || char === '`') parts.push(this.#expansion(depth, false));
      else {
        text(char, false);
        this.#at++;
      }
    }
    if (parts.length === 0) this.#unexpected(this.#source[this.#at] ?? 'newline');
    return parts;
  }

  /** What begins with $ or a backquote. */
  #expansion(depth: number, quoted: boolean): WordPart {
    if (depth > DEPTH_MAX) throw new ShellSyntaxError('nested too deeply');
    if (this.#take('`')) {
      const end = this.#source.indexOf('`', this.#at);
      if (end < 0) throw new ShellSyntaxError("unexpected EOF while looking for matching ``'");
      const inner = this.#source.slice(this.#at, end).replace(/\\([$`\\])/g, '$1');
      this.#at = end + 1;
      return { kind: 'command', list: parseShell(inner), quoted };
    }
    this.#at++;
    if (this.#take('((')) {
      const end = this.#arithmeticEnd(this.#at);
      if (end < 0) throw new ShellSyntaxError("unexpected EOF while looking for matching `)'");
      const text = inner(this.#source.slice(this.#at, end), depth);
      this.#at = end + 2;
      return { kind: 'arithmetic', text, quoted };
    }
    if (this.#take('(')) {
      const list = this.list(depth + 1);
      this.#blank(true);
      this.#expect(')');
      return { kind: 'command', list, quoted };
    }
    if (this.#take('{')) {
      const [whole, length, name] = /^(#?)(\w+|[?#$!@*])/.exec(this.#rest()) ?? [];
      if (whole === undefined) throw new ShellSyntaxError('bad substitution');
      this.#at += whole.length;
      const operator = length === '#' ? 'length' : /^(:?[-+=?]|##?|%%?|\/\/?|:)/.exec(this.#rest())?.[0];
      let operand: Word | undefined;
      if (operator !== undefined && operator !== 'length') {
        this.#at += operator.length;
        const start = this.#at;
        for (let level = 0; ; this.#at++) {
          const char = this.#source[this.#at];
          if (char === undefined) throw new ShellSyntaxError('bad substitution');
          if (char === '{') level++;
          if (char === '}' && level-- === 0) break;
        }
        const text = this.#source.slice(start, this.#at);
        operand = text === '' ? [] : inner(text, depth);
      }
      this.#expect('}');
      return { kind: 'variable', name: name!, operator, operand, quoted };
    }
    const name = /^(?:[A-Za-z_]\w*|[?#$!@*0-9-])/.exec(this.#rest())?.[0];
    if (name === undefined) return { kind: 'text', text: '$', quoted: true };
    this.#at += name.length;
    return { kind: 'variable', name, operator: undefined, operand: undefined, quoted };
  }

  // ---------------------------------------------------------------- characters

  #rest(): string {
    return this.#source.slice(this.#at, this.#at + 256);
  }

  #peek(text: string): boolean {
    return this.#source.startsWith(text, this.#at);
  }

  #take(text: string): boolean {
    if (!this.#peek(text)) return false;
    this.#at += text.length;
    return true;
  }

  /** Takes a word that stands alone. */
  #word(word: string): boolean {
    if (
      !this.#peek(word) ||
      !/^(?:[\s;&|()]|$)/.test(this.#source.slice(this.#at + word.length, this.#at + word.length + 1))
    )
      return false;
    this.#at += word.length;
    return true;
  }

  #expect(text: string): void {
    if (!this.#take(text)) this.#unexpected(this.#source[this.#at] ?? 'end of file');
  }

  #expectWord(word: string): void {
    this.#blank(true);
    if (!this.#word(word)) this.#unexpected(this.#source[this.#at] ?? 'end of file');
  }

  #ended(): boolean {
    if (this.#at >= this.#source.length || this.#peek(')') || this.#peek(';;')) return true;
    const word = /^[a-z]+|^\}/.exec(this.#rest())?.[0];
    return (
      word !== undefined && RESERVED.has(word) && /^(?:[\s;&|()<>]|$)/.test(this.#rest().slice(word.length))
    );
  }

  #blank(lines: boolean): void {
    for (;;) {
      const char = this.#source[this.#at];
      if (char === ' ' || char === '\t' || char === '\r') this.#at++;
      else if (lines && char === '\n') this.#takeNewline();
      else if (char === '\\' && this.#source[this.#at + 1] === '\n') this.#at += 2;
      else if (char === '#' && (this.#at === 0 || /[\s;&|(]/.test(this.#source[this.#at - 1]!))) {
        while (this.#at < this.#source.length && this.#source[this.#at] !== '\n') this.#at++;
      } else return;
    }
  }

  #unexpected(token: string): never {
    const shown = token === '\n' ? 'newline' : token;
    throw new ShellSyntaxError(`syntax error near unexpected token \`${shown}'`);
  }
}
