/** Whole-number arithmetic of $(( … )): + - * / %, comparisons, parentheses, variables. Anything else counts as 0. */

export function evaluate(text: string, variables: ReadonlyMap<string, string>): number {
  const tokens = text.match(/\d+|[A-Za-z_]\w*|[<>=!]=|[-+*/%()<>]/g) ?? [];
  let at = 0;
  const atom = (depth: number): number => {
    const token = tokens[at++];
    if (token === undefined || depth > 50) return 0;
    if (token === '(') {
      const value = binary(0, depth + 1);
      at++;
      return value;
    }
    if (token === '-') return -atom(depth + 1);
    if (token === '+') return atom(depth + 1);
    if (/^\d/.test(token)) return Number(token);
    return Math.trunc(Number(variables.get(token) ?? 0)) || 0;
  };
  const binary = (level: number, depth: number): number => {
    if (level === LEVELS.length) return atom(depth);
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
  return binary(0, 0);
}

const LEVELS: readonly (readonly string[])[] = [
  ['==', '!='],
  ['<', '>', '<=', '>='],
  ['+', '-'],
  ['*', '/', '%'],
];

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
    default:
      return Number(a !== b);
  }
}
