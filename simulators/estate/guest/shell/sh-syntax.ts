/**
 * The grammar of the POSIX shell, as far as collection scripts use it: lists, pipelines, redirections, quoting,
 * expansions, `if`, `for`, `while`, groups and subshells. [IEEE Std 1003.1, XCU 2]. No functions, no `case`, no
 * here-documents: those are syntax errors here, told as a shell tells them.
 */

export type WordPart =
  | { readonly kind: 'text'; readonly text: string; readonly quoted: boolean }
  | {
      readonly kind: 'variable';
      readonly name: string;
      /** ":-", "-", ":+", "+", "#", "##", "%", "%%" or "length". */
      readonly operator: string | undefined;
      readonly operand: Word | undefined;
      readonly quoted: boolean;
    }
  | { readonly kind: 'command'; readonly list: List; readonly quoted: boolean }
  | { readonly kind: 'arithmetic'; readonly text: Word; readonly quoted: boolean };
export type Word = readonly WordPart[];

export interface Redirection {
  readonly descriptor: 0 | 1 | 2 | 'both';
  readonly operator: '<' | '>' | '>>' | '>&';
  readonly target: Word;
}

export type Node =
  | {
      readonly kind: 'simple';
      readonly assignments: ReadonlyArray<readonly [string, Word]>;
      readonly words: readonly Word[];
    }
  | { readonly kind: 'group'; readonly list: List; readonly subshell: boolean }
  | {
      readonly kind: 'if';
      readonly branches: ReadonlyArray<{ readonly test: List; readonly body: List }>;
      readonly otherwise: List | undefined;
    }
  | { readonly kind: 'for'; readonly name: string; readonly words: readonly Word[]; readonly body: List }
  | { readonly kind: 'while'; readonly test: List; readonly body: List; readonly until: boolean };

export interface Command {
  readonly node: Node;
  readonly redirections: readonly Redirection[];
}

export interface Pipeline {
  readonly commands: readonly Command[];
  readonly negated: boolean;
}

/** Pipelines with what stands before each: always, when the last succeeded, or when it failed. */
export type List = ReadonlyArray<{ readonly when: 'always' | 'and' | 'or'; readonly pipeline: Pipeline }>;

export class ShellSyntaxError extends Error {}

const DEPTH_MAX = 24;
const RESERVED = new Set(['then', 'else', 'elif', 'fi', 'do', 'done', '}', 'in']);

/** @throws ShellSyntaxError */
export function parseShell(source: string): List {
  const parser = new Parser(source);
  const list = parser.list(0);
  parser.expectEnd();
  return list;
}

class Parser {
  readonly #source: string;
  #at = 0;

  constructor(source: string) {
    this.#source = source;
  }

  expectEnd(): void {
    this.#blank(true);
    if (this.#at < this.#source.length) this.#unexpected(this.#source[this.#at]!);
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
      else if (this.#take(';') || this.#take('\n') || this.#take('&')) {
        if (this.#peek(';')) this.#unexpected(';;');
        when = 'always';
      } else if (this.#ended()) return items;
      else this.#unexpected(this.#source[this.#at]!);
    }
  }

  #pipeline(depth: number): Pipeline {
    const negated = this.#word('!');
    const commands = [this.#command(depth)];
    for (this.#blank(false); this.#peek('|') && !this.#peek('||'); this.#blank(false)) {
      this.#at++;
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
    if (this.#word('in'))
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
    const match = /^(?:(&>>?)|([012])?(>>|>&|>|<(?!<)))/.exec(this.#rest());
    if (!match) return undefined;
    this.#at += match[0].length;
    this.#blank(false);
    const operator = match[1] === undefined ? match[3]! : match[1].slice(1);
    return {
      descriptor:
        match[1] === undefined
          ? ((match[2] === undefined ? (operator === '<' ? 0 : 1) : Number(match[2])) as 0 | 1 | 2)
          : 'both',
      operator: operator as Redirection['operator'],
      target: this.#readWord(depth),
    };
  }

  #readWord(depth: number): Word {
    const parts: WordPart[] = [];
    const text = (piece: string, quoted: boolean): void => {
      const last = parts.at(-1);
      if (last?.kind === 'text' && last.quoted === quoted)
        parts[parts.length - 1] = { ...last, text: last.text + piece };
      else parts.push({ kind: 'text', text: piece, quoted });
    };
    for (; this.#at < this.#source.length; ) {
      const char = this.#source[this.#at]!;
      if (/[\s;&|()<>]/.test(char)) break;
      if (char === "'") {
        const end = this.#source.indexOf("'", this.#at + 1);
        if (end < 0) throw new ShellSyntaxError("unexpected EOF while looking for matching `''");
        text(this.#source.slice(this.#at + 1, end), true);
        this.#at = end + 1;
      } else if (char === '"') {
        this.#at++;
        text('', true);
        while (this.#source[this.#at] !== '"') {
          const inner = this.#source[this.#at];
          if (inner === undefined)
            throw new ShellSyntaxError('unexpected EOF while looking for matching `"\'');
          if (inner === '\\' && /["$`\\\n]/.test(this.#source[this.#at + 1] ?? '')) {
            if (this.#source[this.#at + 1] !== '\n') text(this.#source[this.#at + 1]!, true);
            this.#at += 2;
          } else if (inner === '$' || inner === '`') parts.push(this.#expansion(depth, true));
          else {
            text(inner, true);
            this.#at++;
          }
        }
        this.#at++;
      } else if (char === '\\') {
        if (this.#source[this.#at + 1] !== '\n') text(this.#source[this.#at + 1] ?? '\\', true);
        this.#at += 2;
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
      const end = this.#source.indexOf('))', this.#at);
      if (end < 0) throw new ShellSyntaxError("unexpected EOF while looking for matching `)'");
      const inner = new Parser(`"${this.#source.slice(this.#at, end).replaceAll('"', '')}"`).#readWord(
        depth + 1,
      );
      this.#at = end + 2;
      return { kind: 'arithmetic', text: inner, quoted };
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
      const operator = length === '#' ? 'length' : /^(:?[-+]|##?|%%?)/.exec(this.#rest())?.[0];
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
        const inner = this.#source.slice(start, this.#at);
        operand = inner === '' ? [] : new Parser(`"${inner.replaceAll('"', '')}"`).#readWord(depth + 1);
      }
      this.#expect('}');
      return { kind: 'variable', name: name!, operator, operand, quoted };
    }
    const name = /^(?:[A-Za-z_]\w*|[?#$!@*0-9])/.exec(this.#rest())?.[0];
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
    if (this.#at >= this.#source.length || this.#peek(')')) return true;
    const word = /^[a-z]+|^\}/.exec(this.#rest())?.[0];
    return (
      word !== undefined && RESERVED.has(word) && /^(?:[\s;&|()<>]|$)/.test(this.#rest().slice(word.length))
    );
  }

  #blank(lines: boolean): void {
    for (;;) {
      const char = this.#source[this.#at];
      if (char === ' ' || char === '\t' || char === '\r' || (lines && char === '\n')) this.#at++;
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
