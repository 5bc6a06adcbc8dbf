/**
 * Reading WQL: [WMI SDK, "WQL (SQL for WMI)"]. Keywords, classes and properties count without case; a backslash
 * in a string escapes the character behind it.
 */
import type { Comparison, Condition, Literal, ObjectPath, Operand, Query, RelatedQuery } from './ast.ts';

/** Where a query is wrong: the position of the character in its text, from 0. */
export class WqlError extends Error {
  readonly at: number;

  constructor(message: string, at: number) {
    super(`${message} at character ${at + 1}`);
    this.at = at;
  }
}

interface Token {
  readonly kind: 'word' | 'string' | 'number' | 'sign' | 'path' | 'end';
  readonly text: string;
  readonly at: number;
}

const QUERY_LENGTH_MAX = 16 * 1024;
const NESTING_MAX = 64;

const WORD = /[A-Za-z_][\w]*(?:\.[A-Za-z_]\w*)*/y;
const NUMBER = /[+-]?(?:0x[\da-f]+|\d+(?:\.\d+)?(?:e[+-]?\d+)?)/iy;
const SIGN = /<>|!=|<=|>=|[=<>(),*]/y;
const BLANK = /\s*/y;

/** @throws WqlError */
export function parseWql(text: string): Query {
  if (text.length > QUERY_LENGTH_MAX)
    throw new WqlError(`more than ${QUERY_LENGTH_MAX} characters`, QUERY_LENGTH_MAX);
  return new Parser(text).query();
}

/** `Class.Key="v",Key2=3` or `Class=@`, with or without host and namespace in front. @throws WqlError */
export function parsePath(text: string): ObjectPath {
  return new Parser(text).objectPath();
}

class Parser {
  readonly #text: string;
  #token: Token = { kind: 'end', text: '', at: 0 };
  #end = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
  }

  query(): Query {
    this.#next();
    const query = this.#isWord('select') ? this.#select() : this.#related();
    this.#expectEnd();
    return query;
  }

  #select(): Query {
    this.#expectWord('select');
    let properties: string[] | undefined;
    if (this.#isSign('*')) this.#next();
    else {
      properties = [this.#name('a property')];
      while (this.#isSign(',')) {
        this.#next();
        properties.push(this.#name('a property'));
      }
    }
    this.#expectWord('from');
    const className = this.#name('a class');
    let where: Condition | undefined;
    if (this.#isWord('where')) {
      this.#next();
      where = this.#or();
    }
    return { kind: 'select', properties, className, where };
  }

  #or(): Condition {
    let left = this.#and();
    while (this.#isWord('or')) {
      this.#next();
      left = { kind: 'or', left, right: this.#and() };
    }
    return left;
  }

  #and(): Condition {
    let left = this.#not();
    while (this.#isWord('and')) {
      this.#next();
      left = { kind: 'and', left, right: this.#not() };
    }
    return left;
  }

  #not(): Condition {
    if (++this.#depth > NESTING_MAX) this.#fail(`conditions nested deeper than ${NESTING_MAX}`);
    try {
      if (this.#isWord('not')) {
        this.#next();
        return { kind: 'not', of: this.#not() };
      }
      if (!this.#isSign('(')) return this.#comparison();
      this.#next();
      const inner = this.#or();
      if (!this.#isSign(')')) this.#fail('a ) is missing');
      this.#next();
      return inner;
    } finally {
      this.#depth--;
    }
  }

  #comparison(): Condition {
    const left = this.#operand();
    if (this.#isWord('is')) {
      this.#next();
      const not = this.#isWord('not');
      if (not) this.#next();
      this.#expectWord('null');
      if (!('property' in left)) this.#fail('only a property can be null');
      return { kind: 'null', property: left.property, not };
    }
    if (this.#isWord('isa')) {
      this.#next();
      if (!('property' in left) || left.property.toLowerCase() !== '__this')
        this.#fail('ISA is asked of __this');
      const className = this.#token.kind === 'string' ? this.#next().text : this.#name('a class');
      return { kind: 'isa', className };
    }
    const negated = this.#isWord('not');
    if (negated) this.#next();
    const operator = this.#operator();
    if (negated && operator !== 'like') this.#fail('NOT belongs before the condition, or before LIKE');
    const compared: Condition = { kind: 'compare', left, operator, right: this.#operand() };
    return negated ? { kind: 'not', of: compared } : compared;
  }

  #operator(): Comparison {
    if (this.#isWord('like')) {
      this.#next();
      return 'like';
    }
    const { kind, text } = this.#token;
    if (kind !== 'sign' || !/^(?:[=<>]|<>|!=|<=|>=)$/.test(text)) this.#fail('a comparison is missing');
    this.#next();
    return text === '!=' ? '<>' : (text as Comparison);
  }

  #operand(): Operand {
    const { kind, text } = this.#token;
    if (kind === 'string') return { literal: this.#next().text };
    if (kind === 'number') {
      this.#next();
      // whole numbers that a double cannot hold stay exact
      const number = Number(text);
      return {
        literal:
          Number.isInteger(number) && !Number.isSafeInteger(number)
            ? BigInt(text.replace(/^\+/, ''))
            : number,
      };
    }
    const word = this.#name('a value');
    const constant: Record<string, Literal> = { true: true, false: false, null: null };
    const known = constant[word.toLowerCase()];
    return known === undefined ? { property: word } : { literal: known };
  }

  #related(): RelatedQuery {
    const kind = this.#isWord('associators') ? 'associators' : 'references';
    this.#expectWord(kind);
    this.#expectWord('of');
    const braced = this.#next();
    if (braced.kind !== 'path') throw new WqlError('{an object path} is missing', braced.at);
    const path = parsePath(braced.text);
    const options: Record<string, string> = {};
    if (this.#isWord('where')) {
      this.#next();
      while (this.#token.kind === 'word') this.#relatedOption(kind, options);
    }
    const { assocclass, resultclass, resultrole, role } = options;
    return {
      kind,
      path,
      ...(assocclass === undefined ? {} : { assocClass: assocclass }),
      ...(resultclass === undefined ? {} : { resultClass: resultclass }),
      ...(resultrole === undefined ? {} : { resultRole: resultrole }),
      ...(role === undefined ? {} : { role }),
    };
  }

  #relatedOption(kind: RelatedQuery['kind'], options: Record<string, string>): void {
    const name = this.#token.text.toLowerCase();
    const known =
      kind === 'associators' ? ['assocclass', 'resultclass', 'resultrole', 'role'] : ['resultclass', 'role'];
    if (!known.includes(name)) this.#fail(`the option ${this.#token.text} is not known here`);
    this.#next();
    if (!this.#isSign('=')) this.#fail('a = is missing');
    this.#next();
    options[name] = this.#token.kind === 'string' ? this.#next().text : this.#name('a name');
  }

  objectPath(): ObjectPath {
    // \\HOST\root\ns: in front says where, which is known
    this.#end = /^\s*(?:\\\\[^:"']*:|[\w\\/]+:)?\s*/.exec(this.#text)?.[0].length ?? 0;
    const className = this.#word(/[A-Za-z_]\w*/y);
    if (className === undefined) throw new WqlError('a class is missing', this.#end);
    const keys = new Map<string, string>();
    const named = this.#text[this.#end] === '.';
    if (named) this.#end++;
    this.#next();
    if (named) {
      this.#key(keys);
      while (this.#isSign(',')) {
        this.#next();
        this.#key(keys);
      }
    } else if (this.#isSign('=')) {
      this.#next();
      keys.set('', this.#keyValue());
    }
    this.#expectEnd();
    return { className, keys };
  }

  #key(keys: Map<string, string>): void {
    const name = this.#name('a key');
    if (!this.#isSign('=')) this.#fail('a = is missing');
    this.#next();
    keys.set(name, this.#keyValue());
  }

  #keyValue(): string {
    const { kind } = this.#token;
    if (kind === 'string' || kind === 'number') return this.#next().text;
    if (kind === 'word' && /^(?:true|false)$/i.test(this.#token.text)) return this.#next().text;
    this.#fail('a value is missing');
  }

  #name(what: string): string {
    if (this.#token.kind !== 'word') this.#fail(`${what} is missing`);
    return this.#next().text;
  }

  #isWord(word: string): boolean {
    return this.#token.kind === 'word' && this.#token.text.toLowerCase() === word;
  }

  #isSign(sign: string): boolean {
    return this.#token.kind === 'sign' && this.#token.text === sign;
  }

  #expectWord(word: string): void {
    if (!this.#isWord(word)) this.#fail(`${word.toUpperCase()} is missing`);
    this.#next();
  }

  #expectEnd(): void {
    if (this.#token.kind !== 'end') this.#fail('unexpected text');
  }

  /** Steps on; gives the token that was current. */
  #next(): Token {
    const token = this.#token;
    this.#token = this.#read();
    return token;
  }

  #fail(message: string): never {
    throw new WqlError(message, this.#token.at);
  }

  #word(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#end;
    const match = pattern.exec(this.#text)?.[0];
    if (match !== undefined) this.#end += match.length;
    return match;
  }

  #read(): Token {
    this.#word(BLANK);
    const at = this.#end;
    const first = this.#text[at];
    if (first === undefined) return { kind: 'end', text: '', at };
    if (first === '"' || first === "'") return { kind: 'string', text: this.#string(first, at), at };
    if (first === '{') return { kind: 'path', text: this.#braced(at), at };
    for (const [kind, pattern] of [
      ['word', WORD],
      ['number', NUMBER],
      ['sign', SIGN],
    ] as const) {
      const text = this.#word(pattern);
      if (text !== undefined) return { kind, text, at };
    }
    throw new WqlError(`"${first}" stands for nothing`, at);
  }

  #string(quote: string, at: number): string {
    let text = '';
    for (let i = at + 1; i < this.#text.length; i++) {
      const character = this.#text[i]!;
      if (character === quote) {
        this.#end = i + 1;
        return text;
      }
      text += character === '\\' && i + 1 < this.#text.length ? this.#text[++i]! : character;
    }
    throw new WqlError('a string does not end', at);
  }

  /** Up to the brace that closes it; braces within quotes do not count. */
  #braced(at: number): string {
    let quote = '';
    for (let i = at + 1; i < this.#text.length; i++) {
      const character = this.#text[i]!;
      if (quote !== '' && character === '\\') i++;
      else if (quote !== '') quote = character === quote ? '' : quote;
      else if (character === '"' || character === "'") quote = character;
      else if (character === '}') {
        this.#end = i + 1;
        return this.#text.slice(at + 1, i);
      }
    }
    throw new WqlError('a { is not closed', at);
  }
}
