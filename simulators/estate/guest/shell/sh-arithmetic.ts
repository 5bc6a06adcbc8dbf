/** Arithmetic of $(( … )) as in C, in 64 bits, with variables and assignments. Anything else counts as 0. */

const TOKEN =
  /0[xX][\da-fA-F]+|\d+|[A-Za-z_]\w*|\*\*|<<=|>>=|\+\+|--|&&|\|\||<<|>>|[-+*/%&|^<>=!]=|[-+*/%()<>&|^!~?:=,]/g;
const DEPTH_MAX = 50;

/** Binary operators, loosest first. */
const LEVELS: readonly (readonly string[])[] = [
  ['||'],
  ['&&'],
  ['|'],
  ['^'],
  ['&'],
  ['==', '!='],
  ['<', '>', '<=', '>='],
  ['<<', '>>'],
  ['+', '-'],
  ['*', '/', '%'],
];
const ASSIGNING = new Set(['=', '+=', '-=', '*=', '/=', '%=', '<<=', '>>=', '&=', '^=', '|=']);

export function evaluate(text: string, variables: Map<string, string>): bigint {
  const tokens = text.match(TOKEN) ?? [];
  let at = 0;
  const isName = (token: string | undefined): token is string =>
    token !== undefined && /^[A-Za-z_]/.test(token);
  const valueNamed = (name: string): bigint => whole(variables.get(name) ?? '0');
  const set = (name: string, value: bigint): bigint => {
    variables.set(name, String(value));
    return value;
  };

  const list = (depth: number): bigint => {
    let value = assignment(depth);
    while (tokens[at] === ',') {
      at++;
      value = assignment(depth);
    }
    return value;
  };
  const assignment = (depth: number): bigint => {
    const [name, operator] = [tokens[at], tokens[at + 1]];
    if (!isName(name) || operator === undefined || !ASSIGNING.has(operator)) return ternary(depth);
    at += 2;
    const value = assignment(depth + 1);
    return set(name, operator === '=' ? value : apply(operator.slice(0, -1), valueNamed(name), value));
  };
  const ternary = (depth: number): bigint => {
    const test = binary(0, depth);
    if (tokens[at] !== '?') return test;
    at++;
    const yes = assignment(depth + 1);
    if (tokens[at] === ':') at++;
    const no = assignment(depth + 1);
    return test === 0n ? no : yes;
  };
  const binary = (level: number, depth: number): bigint => {
    if (level === LEVELS.length) return power(depth);
    let left = binary(level + 1, depth);
    for (
      let operator = tokens[at];
      operator !== undefined && LEVELS[level]!.includes(operator);
      operator = tokens[at]
    ) {
      at++;
      left = apply(operator, left, binary(level + 1, depth));
    }
    return left;
  };
  const power = (depth: number): bigint => {
    const base = unary(depth);
    if (tokens[at] !== '**' || depth > DEPTH_MAX) return base;
    at++;
    const exponent = power(depth + 1);
    return exponent < 0n || exponent > 64n ? 0n : BigInt.asIntN(64, base ** exponent);
  };
  const unary = (depth: number): bigint => {
    const token = tokens[at++];
    if (token === undefined || depth > DEPTH_MAX) return 0n;
    switch (token) {
      case '(': {
        const value = list(depth + 1);
        if (tokens[at] === ')') at++;
        return value;
      }
      case '-':
        return BigInt.asIntN(64, -unary(depth + 1));
      case '+':
        return unary(depth + 1);
      case '!':
        return truth(unary(depth + 1) === 0n);
      case '~':
        return ~unary(depth + 1);
      case '++':
      case '--': {
        const name = tokens[at];
        if (!isName(name)) return 0n;
        at++;
        return set(name, valueNamed(name) + (token === '++' ? 1n : -1n));
      }
    }
    if (!isName(token)) return whole(token);
    const value = valueNamed(token);
    if (tokens[at] === '++' || tokens[at] === '--') set(token, value + (tokens[at++] === '++' ? 1n : -1n));
    return value;
  };
  return list(0);
}

const truth = (holds: boolean): bigint => (holds ? 1n : 0n);

/** Decimal, 0x… hexadecimal, 0… octal; what is no number is 0. */
function whole(text: string): bigint {
  const [, sign, digits = ''] = /^\s*([-+]?)(0[xX][\da-fA-F]+|\d+)\s*$/.exec(text) ?? [];
  if (digits === '' || digits.length > 40) return 0n;
  const octal = /^0[0-7]+$/.test(digits);
  const value = /^0\d*[89]/.test(digits) ? 0n : BigInt(octal ? `0o${digits.slice(1)}` : digits);
  return BigInt.asIntN(64, sign === '-' ? -value : value);
}

function apply(operator: string, a: bigint, b: bigint): bigint {
  return BigInt.asIntN(64, calculated(operator, a, b));
}

function calculated(operator: string, a: bigint, b: bigint): bigint {
  switch (operator) {
    case '+':
      return a + b;
    case '-':
      return a - b;
    case '*':
      return a * b;
    case '/':
      return b === 0n ? 0n : a / b;
    case '%':
      return b === 0n ? 0n : a % b;
    case '<':
      return truth(a < b);
    case '>':
      return truth(a > b);
    case '<=':
      return truth(a <= b);
    case '>=':
      return truth(a >= b);
    case '==':
      return truth(a === b);
    case '!=':
      return truth(a !== b);
    case '&&':
      return truth(a !== 0n && b !== 0n);
    case '||':
      return truth(a !== 0n || b !== 0n);
    case '<<':
      return a << (b & 63n);
    case '>>':
      return a >> (b & 63n);
    case '&':
      return a & b;
    case '|':
      return a | b;
    default:
      return a ^ b;
  }
}
