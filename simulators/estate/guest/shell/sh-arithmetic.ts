/** Whole-number arithmetic of $(( … )) as in C, with variables and assignments. Anything else counts as 0. */

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

export function evaluate(text: string, variables: Map<string, string>): number {
  const tokens = text.match(TOKEN) ?? [];
  let at = 0;
  const isName = (token: string | undefined): token is string =>
    token !== undefined && /^[A-Za-z_]/.test(token);
  const valueNamed = (name: string): number => whole(variables.get(name) ?? '0');
  const set = (name: string, value: number): number => {
    variables.set(name, String(value));
    return value;
  };

  const list = (depth: number): number => {
    let value = assignment(depth);
    while (tokens[at] === ',') {
      at++;
      value = assignment(depth);
    }
    return value;
  };
  const assignment = (depth: number): number => {
    const [name, operator] = [tokens[at], tokens[at + 1]];
    if (!isName(name) || operator === undefined || !ASSIGNING.has(operator)) return ternary(depth);
    at += 2;
    const value = assignment(depth + 1);
    return set(name, operator === '=' ? value : apply(operator.slice(0, -1), valueNamed(name), value));
  };
  const ternary = (depth: number): number => {
    const test = binary(0, depth);
    if (tokens[at] !== '?') return test;
    at++;
    const yes = assignment(depth + 1);
    if (tokens[at] === ':') at++;
    const no = assignment(depth + 1);
    return test === 0 ? no : yes;
  };
  const binary = (level: number, depth: number): number => {
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
  const power = (depth: number): number => {
    const base = unary(depth);
    if (tokens[at] !== '**' || depth > DEPTH_MAX) return base;
    at++;
    return Math.trunc(base ** power(depth + 1));
  };
  const unary = (depth: number): number => {
    const token = tokens[at++];
    if (token === undefined || depth > DEPTH_MAX) return 0;
    switch (token) {
      case '(': {
        const value = list(depth + 1);
        if (tokens[at] === ')') at++;
        return value;
      }
      case '-':
        return 0 - unary(depth + 1);
      case '+':
        return unary(depth + 1);
      case '!':
        return Number(unary(depth + 1) === 0);
      case '~':
        return ~unary(depth + 1);
      case '++':
      case '--': {
        const name = tokens[at];
        if (!isName(name)) return 0;
        at++;
        return set(name, valueNamed(name) + (token === '++' ? 1 : -1));
      }
    }
    if (!isName(token)) return whole(token);
    const value = valueNamed(token);
    if (tokens[at] === '++' || tokens[at] === '--') set(token, value + (tokens[at++] === '++' ? 1 : -1));
    return value;
  };
  return list(0);
}

/** Decimal, 0x… hexadecimal, 0… octal; what is no number is 0. */
function whole(text: string): number {
  const plain = text.trim();
  const sign = plain.startsWith('-') ? -1 : 1;
  const digits = plain.replace(/^[-+]/, '');
  if (/^0[0-7]+$/.test(digits)) return sign * Number.parseInt(digits, 8);
  return sign * Math.trunc(Number(digits)) || 0;
}

function apply(operator: string, a: number, b: number): number {
  switch (operator) {
    case '+':
      return a + b;
    case '-':
      return a - b;
    case '*':
      return a * b;
    case '/':
      return b === 0 ? 0 : Math.trunc(a / b);
    case '%':
      return b === 0 ? 0 : a % b;
    case '<':
      return Number(a < b);
    case '>':
      return Number(a > b);
    case '<=':
      return Number(a <= b);
    case '>=':
      return Number(a >= b);
    case '==':
      return Number(a === b);
    case '!=':
      return Number(a !== b);
    case '&&':
      return Number(a !== 0 && b !== 0);
    case '||':
      return Number(a !== 0 || b !== 0);
    case '<<':
      return Number(BigInt.asIntN(64, BigInt(a) << BigInt(b & 63)));
    case '>>':
      return Number(BigInt(a) >> BigInt(b & 63));
    case '&':
      return Number(BigInt(a) & BigInt(b));
    case '|':
      return Number(BigInt(a) | BigInt(b));
    default:
      return Number(BigInt(a) ^ BigInt(b));
  }
}
