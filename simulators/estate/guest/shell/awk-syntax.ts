/** The grammar of awk without user functions and getline. [IEEE Std 1003.1, XCU awk] */

export type Expression =
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'regex'; readonly source: string }
  | { readonly kind: 'variable'; readonly name: string }
  | { readonly kind: 'field'; readonly index: Expression }
  | { readonly kind: 'element'; readonly name: string; readonly keys: readonly Expression[] }
  | { readonly kind: 'unary'; readonly operator: string; readonly operand: Expression }
  | {
      readonly kind: 'binary';
      readonly operator: string;
      readonly left: Expression;
      readonly right: Expression;
    }
  | {
      readonly kind: 'assign';
      readonly operator: string;
      readonly target: Expression;
      readonly value: Expression;
    }
  | { readonly kind: 'step'; readonly by: number; readonly before: boolean; readonly target: Expression }
  | { readonly kind: 'choice'; readonly test: Expression; readonly yes: Expression; readonly no: Expression }
  | { readonly kind: 'call'; readonly name: string; readonly args: readonly Expression[] }
  | { readonly kind: 'in'; readonly key: Expression; readonly name: string };

export type Statement =
  | { readonly kind: 'expression'; readonly value: Expression }
  | { readonly kind: 'print' | 'printf'; readonly args: readonly Expression[] }
  | { readonly kind: 'block'; readonly body: readonly Statement[] }
  | {
      readonly kind: 'if';
      readonly test: Expression;
      readonly yes: Statement;
      readonly no: Statement | undefined;
    }
  | { readonly kind: 'while'; readonly test: Expression; readonly body: Statement }
  | {
      readonly kind: 'for';
      readonly first: Statement | undefined;
      readonly test: Expression | undefined;
      readonly next: Statement | undefined;
      readonly body: Statement;
    }
  | { readonly kind: 'each'; readonly name: string; readonly array: string; readonly body: Statement }
  | { readonly kind: 'delete'; readonly name: string; readonly keys: readonly Expression[] }
  | { readonly kind: 'next' | 'exit' | 'break' | 'continue' };

export interface Rule {
  readonly when: 'BEGIN' | 'END' | Expression | undefined;
  readonly until: Expression | undefined;
  readonly action: Statement | undefined;
}

export class AwkSyntaxError extends Error {}

interface Token {
  readonly type: 'number' | 'string' | 'regex' | 'name' | 'call' | 'operator' | 'newline' | 'end';
  readonly text: string;
}

const KEYWORDS = new Set([
  'BEGIN',
  'END',
  'if',
  'else',
  'while',
  'for',
  'in',
  'print',
  'printf',
  'next',
  'exit',
  'break',
  'continue',
  'delete',
]);
const NESTED_MAX = 60;

function tokens(source: string): Token[] {
  const found: Token[] = [];
  const pattern =
    /[ \t\r]+|\\\n|#[^\n]*|(\n|;)|(\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+)|"((?:[^"\\\n]|\\[\s\S])*)"|([A-Za-z_]\w*)(\()?|(\+\+|--|[-+*/%^=!<>]=|&&|\|\||!~|>>|[-+*/%^=!<>~?:,$(){}[\]|])/y;
  for (let at = 0; at < source.length; ) {
    const last = found.at(-1);
    const afterValue =
      last &&
      (['number', 'string', 'regex', 'name'].includes(last.type)
        ? !KEYWORDS.has(last.text)
        : /^[)\]$]$/.test(last.text));
    if (source[at] === '/' && !afterValue) {
      const regex = /\/((?:[^/\\\n[]|\\.|\[(?:[^\]\\\n]|\\.)*\])*)\//y;
      regex.lastIndex = at;
      const match = regex.exec(source);
      if (!match) throw new AwkSyntaxError('unterminated regexp');
      found.push({ type: 'regex', text: match[1]!.replace(/\\\//g, '/') });
      at = regex.lastIndex;
      continue;
    }
    pattern.lastIndex = at;
    const match = pattern.exec(source);
    if (!match) throw new AwkSyntaxError('syntax error');
    at = pattern.lastIndex;
    const [, line, number, string, name, paren, operator] = match;
    if (line !== undefined) found.push({ type: 'newline', text: line });
    else if (number !== undefined) found.push({ type: 'number', text: number });
    else if (string !== undefined) found.push({ type: 'string', text: string });
    else if (name !== undefined) {
      const isCall = paren !== undefined && !KEYWORDS.has(name);
      found.push({ type: isCall ? 'call' : 'name', text: name });
      if (paren !== undefined) at--;
    } else if (operator !== undefined) found.push({ type: 'operator', text: operator });
  }
  found.push({ type: 'end', text: '' });
  return found;
}

/** @throws AwkSyntaxError */
export function parseAwk(source: string): Rule[] {
  const all = tokens(source);
  let at = 0;
  let depth = 0;
  const peek = (): Token => all[at]!;
  const is = (text: string): boolean =>
    (peek().type === 'operator' || peek().type === 'name') && peek().text === text;
  const take = (text: string): boolean => {
    if (!is(text)) return false;
    at++;
    return true;
  };
  const need = (text: string): void => {
    if (!take(text)) throw new AwkSyntaxError('syntax error');
  };
  const lines = (): void => {
    while (peek().type === 'newline') at++;
  };

  function nested<T>(work: () => T): T {
    if (++depth > NESTED_MAX) throw new AwkSyntaxError('nested too deeply');
    const result = work();
    depth--;
    return result;
  }

  function statement(): Statement {
    return nested(() => {
      lines();
      if (take('{')) {
        const body: Statement[] = [];
        for (lines(); !take('}'); lines()) {
          if (peek().type === 'end') throw new AwkSyntaxError('syntax error');
          body.push(statement());
        }
        return { kind: 'block', body };
      }
      if (take('if')) {
        need('(');
        const test = expression();
        need(')');
        const yes = statement();
        const back = at;
        lines();
        if (take('else')) return { kind: 'if', test, yes, no: statement() };
        at = back;
        return { kind: 'if', test, yes, no: undefined };
      }
      if (take('while')) {
        need('(');
        const test = expression();
        need(')');
        return { kind: 'while', test, body: statement() };
      }
      if (take('for')) return loop();
      return simple();
    });
  }

  function loop(): Statement {
    need('(');
    if (peek().type === 'name' && all[at + 1]!.text === 'in' && all[at + 3]!.text === ')') {
      const name = peek().text;
      const array = all[at + 2]!.text;
      at += 4;
      return { kind: 'each', name, array, body: statement() };
    }
    const semicolon = (): void => {
      if (peek().text !== ';') throw new AwkSyntaxError('syntax error');
      at++;
    };
    const first = peek().text === ';' ? undefined : simple();
    semicolon();
    const test = peek().text === ';' ? undefined : expression();
    semicolon();
    const next = is(')') ? undefined : simple();
    need(')');
    return { kind: 'for', first, test, next, body: statement() };
  }

  function simple(): Statement {
    for (const kind of ['next', 'exit', 'break', 'continue'] as const)
      if (take(kind)) {
        if (kind === 'exit' && peek().type === 'number') at++;
        return { kind };
      }
    for (const kind of ['print', 'printf'] as const)
      if (take(kind)) {
        const args: Expression[] = [];
        if (peek().type !== 'newline' && peek().type !== 'end' && !is('}')) {
          const whole = is('(') && closesStatement();
          if (whole) at++;
          do args.push(expression(!whole));
          while (take(','));
          if (whole) need(')');
        }
        return { kind, args };
      }
    if (take('delete')) {
      const name = peek().text;
      at++;
      return { kind: 'delete', name, keys: is('[') ? keys() : [] };
    }
    return { kind: 'expression', value: expression() };
  }

  /** Does the parenthesis that stands here close at the end of the statement? */
  function closesStatement(): boolean {
    let level = 0;
    for (let i = at; i < all.length; i++) {
      const { type, text } = all[i]!;
      if (type !== 'operator') continue;
      if (text === '(') level++;
      if (text === ')' && --level === 0) {
        const after = all[i + 1]!;
        return after.type === 'newline' || after.type === 'end' || after.text === '}';
      }
    }
    return false;
  }

  function keys(): Expression[] {
    need('[');
    const list: Expression[] = [];
    do list.push(expression());
    while (take(','));
    need(']');
    return list;
  }

  const BINARY: ReadonlyArray<readonly string[]> = [
    ['||'],
    ['&&'],
    ['in'],
    ['~', '!~'],
    ['<', '<=', '==', '!=', '>', '>='],
    ['concat'],
    ['+', '-'],
    ['*', '/', '%'],
  ];

  /** @param bare inside print, where > would redirect. */
  function expression(bare = false): Expression {
    return nested(() => {
      const left = binary(0, bare);
      if (take('?')) {
        const yes = expression(bare);
        need(':');
        return { kind: 'choice', test: left, yes, no: expression(bare) };
      }
      const operator = peek().text;
      if (
        peek().type === 'operator' &&
        /^[-+*/%^]?=$/.test(operator) &&
        /^(variable|field|element)$/.test(left.kind)
      ) {
        at++;
        return { kind: 'assign', operator: operator.slice(0, -1), target: left, value: expression(bare) };
      }
      return left;
    });
  }

  function binary(level: number, bare: boolean): Expression {
    if (level === BINARY.length) return unary();
    let left = binary(level + 1, bare);
    const operators = BINARY[level]!;
    for (;;) {
      const { type, text } = peek();
      if (operators[0] === 'concat') {
        const starts = ['number', 'string', 'name', 'call'].includes(type)
          ? !KEYWORDS.has(text)
          : /^(\$|\(|!|\+\+|--)$/.test(text) && type === 'operator';
        if (!starts) return left;
        left = { kind: 'binary', operator: 'concat', left, right: binary(level + 1, bare) };
      } else if (
        operators.includes(text) &&
        (type === 'operator' || text === 'in') &&
        !(bare && text === '>')
      ) {
        at++;
        if (text === 'in') {
          left = { kind: 'in', key: left, name: peek().text };
          at++;
        } else {
          if (text === '&&' || text === '||') lines();
          left = { kind: 'binary', operator: text, left, right: binary(level + 1, bare) };
        }
      } else return left;
    }
  }

  function unary(): Expression {
    return nested(() => {
      for (const operator of ['!', '-', '+'])
        if (take(operator)) return { kind: 'unary', operator, operand: unary() };
      const base = postfix();
      return take('^') ? { kind: 'binary', operator: '^', left: base, right: unary() } : base;
    });
  }

  function postfix(): Expression {
    for (const [text, by] of [
      ['++', 1],
      ['--', -1],
    ] as const)
      if (take(text)) return { kind: 'step', by, before: true, target: primary() };
    const value = primary();
    for (const [text, by] of [
      ['++', 1],
      ['--', -1],
    ] as const)
      if (/^(variable|field|element)$/.test(value.kind) && take(text))
        return { kind: 'step', by, before: false, target: value };
    return value;
  }

  function primary(): Expression {
    const token = peek();
    at++;
    if (token.type === 'number') return { kind: 'number', value: Number(token.text) };
    if (token.type === 'string') return { kind: 'string', value: token.text };
    if (token.type === 'regex') return { kind: 'regex', source: token.text };
    if (token.text === '$' && token.type === 'operator')
      return { kind: 'field', index: is('++') || is('--') ? postfix() : primary() };
    if (token.text === '(' && token.type === 'operator') {
      const value = expression();
      need(')');
      return value;
    }
    if (token.type === 'call') {
      need('(');
      const args: Expression[] = [];
      if (!is(')'))
        do args.push(expression());
        while (take(','));
      need(')');
      return { kind: 'call', name: token.text, args };
    }
    if (token.type === 'name' && !KEYWORDS.has(token.text)) {
      if (is('[')) return { kind: 'element', name: token.text, keys: keys() };
      return token.text === 'length'
        ? { kind: 'call', name: 'length', args: [] }
        : { kind: 'variable', name: token.text };
    }
    throw new AwkSyntaxError('syntax error');
  }

  const rules: Rule[] = [];
  for (lines(); peek().type !== 'end'; lines()) {
    let when: Rule['when'];
    let until: Expression | undefined;
    if (take('BEGIN')) when = 'BEGIN';
    else if (take('END')) when = 'END';
    else if (!is('{')) {
      when = expression();
      if (take(',')) until = expression();
    }
    rules.push({ when, until, action: is('{') ? statement() : undefined });
  }
  return rules;
}
