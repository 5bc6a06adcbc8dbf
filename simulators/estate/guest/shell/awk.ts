/** Runs awk programs: the part of the language that collection scripts use. */
import { AwkSyntaxError, type Expression, parseAwk, type Rule, type Statement } from './awk-syntax.ts';
import { formatted, unescaped } from './escapes.ts';
import { readInputs } from './file-commands.ts';
import { posixRegExp } from './regex.ts';
import { type LinuxCommand, type LinuxIo, linesOf, type Machine, options, step } from './shell.ts';

/** Text that looks like a number and came from outside compares as one. */
type Value = string | number;

class Control extends Error {
  readonly what: 'next' | 'exit' | 'break' | 'continue';

  constructor(what: Control['what']) {
    super(what);
    this.what = what;
  }
}

class AwkRuntimeError extends Error {}

export const awk: LinuxCommand = (args, io, session) => {
  const { value, rest, unknown } = options(args, 'F:v:f:', {});
  if (unknown) {
    io.err(`awk: unknown option ${unknown} ignored\n`);
    return 2;
  }
  const source = rest.shift();
  if (source === undefined) {
    io.err('usage: awk [-F fs][-v var=value][prog][file ...]\n');
    return 2;
  }
  try {
    const program = new Program(parseAwk(source), io, session.machine);
    for (const [i, arg] of args.entries()) {
      const assigned = /^([A-Za-z_]\w*)=([\s\S]*)$/.exec(
        arg === '-v' ? (args[i + 1] ?? '') : arg.startsWith('-v') ? arg.slice(2) : '',
      );
      if (assigned) program.variables.set(assigned[1]!, unescaped(assigned[2]!));
    }
    if (value.has('F'))
      program.variables.set('FS', value.get('F') === 't' ? '\t' : unescaped(value.get('F')!));
    const { texts, failed } = program.readsInput
      ? readInputs('awk', rest, io, session)
      : { texts: [], failed: false };
    program.run(texts.flatMap(({ text }) => linesOf(text)));
    return failed ? 2 : 0;
  } catch (error) {
    if (!(error instanceof AwkSyntaxError) && !(error instanceof AwkRuntimeError)) throw error;
    io.err(`awk: cmd. line:1: ${error.message}\n`);
    return 2;
  }
};

class Program {
  readonly variables = new Map<string, Value>([
    ['FS', ' '],
    ['OFS', ' '],
    ['ORS', '\n'],
    ['SUBSEP', '\x1c'],
    ['NR', 0],
  ]);
  readonly #rules: readonly Rule[];
  readonly #io: LinuxIo;
  readonly #machine: Machine;
  readonly #arrays = new Map<string, Map<string, Value>>();
  readonly #inRange = new Set<Rule>();
  readonly #patterns = new Map<string, RegExp>();
  #record = '';
  #fields: string[] = [];

  constructor(rules: readonly Rule[], io: LinuxIo, machine: Machine) {
    this.#rules = rules;
    this.#io = io;
    this.#machine = machine;
  }

  get readsInput(): boolean {
    return this.#rules.some(({ when }) => when !== 'BEGIN');
  }

  run(lines: readonly string[]): void {
    try {
      for (const rule of this.#rules) if (rule.when === 'BEGIN') this.#act(rule);
      for (const [i, line] of lines.entries()) {
        step(this.#machine);
        this.#setRecord(line);
        this.variables.set('NR', i + 1);
        try {
          for (const rule of this.#rules) if (this.#selects(rule)) this.#act(rule);
        } catch (error) {
          if (!(error instanceof Control) || error.what !== 'next') throw error;
        }
      }
    } catch (error) {
      if (!(error instanceof Control) || error.what !== 'exit') throw error;
    }
    try {
      for (const rule of this.#rules) if (rule.when === 'END') this.#act(rule);
    } catch (error) {
      if (!(error instanceof Control)) throw error;
    }
  }

  #selects(rule: Rule): boolean {
    const { when, until } = rule;
    if (when === 'BEGIN' || when === 'END') return false;
    if (when === undefined) return true;
    if (!until) return truth(this.#eval(when));
    if (!this.#inRange.has(rule)) {
      if (!truth(this.#eval(when))) return false;
      this.#inRange.add(rule);
    }
    if (truth(this.#eval(until))) this.#inRange.delete(rule);
    return true;
  }

  #act({ action }: Rule): void {
    if (action) this.#exec(action);
    else this.#io.out(this.#record + String(this.variables.get('ORS')));
  }

  #setRecord(line: string): void {
    this.#record = line;
    this.#fields = split(line, text(this.variables.get('FS') ?? ' '), this.#pattern.bind(this));
  }

  #exec(statement: Statement): void {
    step(this.#machine);
    switch (statement.kind) {
      case 'block':
        for (const inner of statement.body) this.#exec(inner);
        return;
      case 'expression':
        this.#eval(statement.value);
        return;
      case 'print': {
        const values = statement.args.map((arg) => text(this.#eval(arg)));
        const line = values.length === 0 ? this.#record : values.join(text(this.variables.get('OFS')!));
        this.#io.out(line + text(this.variables.get('ORS')!));
        return;
      }
      case 'printf': {
        const [format = '', ...values] = statement.args.map((arg) => text(this.#eval(arg)));
        this.#io.out(formatted(format, values).text);
        return;
      }
      case 'if':
        if (truth(this.#eval(statement.test))) this.#exec(statement.yes);
        else if (statement.no) this.#exec(statement.no);
        return;
      case 'while':
        while (truth(this.#eval(statement.test))) if (this.#loop(statement.body)) return;
        return;
      case 'for':
        if (statement.first) this.#exec(statement.first);
        while (statement.test === undefined || truth(this.#eval(statement.test))) {
          if (this.#loop(statement.body)) return;
          if (statement.next) this.#exec(statement.next);
        }
        return;
      case 'each':
        for (const key of [...this.#array(statement.array).keys()]) {
          this.variables.set(statement.name, key);
          if (this.#loop(statement.body)) return;
        }
        return;
      case 'delete':
        if (statement.keys.length === 0) this.#array(statement.name).clear();
        else this.#array(statement.name).delete(this.#key(statement.keys));
        return;
      default:
        throw new Control(statement.kind);
    }
  }

  /** @returns true when the loop was left. */
  #loop(body: Statement): boolean {
    step(this.#machine);
    try {
      this.#exec(body);
      return false;
    } catch (error) {
      if (!(error instanceof Control) || (error.what !== 'break' && error.what !== 'continue')) throw error;
      return error.what === 'break';
    }
  }

  #eval(expression: Expression): Value {
    switch (expression.kind) {
      case 'number':
        return expression.value;
      case 'string':
        return unescaped(expression.value);
      case 'regex':
        return Number(this.#pattern(expression.source).test(this.#record));
      case 'variable':
        return expression.name === 'NF' ? this.#fields.length : (this.variables.get(expression.name) ?? '');
      case 'field':
        return this.#field(number(this.#eval(expression.index)));
      case 'element':
        return this.#array(expression.name).get(this.#key(expression.keys)) ?? '';
      case 'in':
        return Number(this.#array(expression.name).has(text(this.#eval(expression.key))));
      case 'unary': {
        const value = this.#eval(expression.operand);
        return expression.operator === '!'
          ? Number(!truth(value))
          : expression.operator === '-'
            ? -number(value)
            : number(value);
      }
      case 'choice':
        return this.#eval(truth(this.#eval(expression.test)) ? expression.yes : expression.no);
      case 'assign': {
        const given = this.#eval(expression.value);
        const value =
          expression.operator === ''
            ? given
            : arithmetic(expression.operator, number(this.#eval(expression.target)), number(given));
        this.#assign(expression.target, value);
        return value;
      }
      case 'step': {
        const before = number(this.#eval(expression.target));
        this.#assign(expression.target, before + expression.by);
        return expression.before ? before + expression.by : before;
      }
      case 'binary':
        return this.#binary(expression.operator, expression.left, expression.right);
      case 'call':
        return this.#call(expression.name, expression.args);
    }
  }

  #binary(operator: string, left: Expression, right: Expression): Value {
    if (operator === '&&') return Number(truth(this.#eval(left)) && truth(this.#eval(right)));
    if (operator === '||') return Number(truth(this.#eval(left)) || truth(this.#eval(right)));
    if (operator === '~' || operator === '!~') {
      const source = right.kind === 'regex' ? right.source : text(this.#eval(right));
      return Number(this.#pattern(source).test(text(this.#eval(left))) === (operator === '~'));
    }
    const a = this.#eval(left);
    const b = this.#eval(right);
    if (operator === 'concat') return text(a) + text(b);
    if (/^[<>=!]/.test(operator)) return Number(compares(operator, a, b));
    return arithmetic(operator, number(a), number(b));
  }

  #call(name: string, args: readonly Expression[]): Value {
    const value = (i: number): Value => (args[i] ? this.#eval(args[i]) : '');
    const source = (i: number): string => (args[i]?.kind === 'regex' ? args[i].source : text(value(i)));
    switch (name) {
      case 'length':
        return args[0]?.kind === 'variable' && this.#arrays.has(args[0].name)
          ? this.#array(args[0].name).size
          : (args.length === 0 ? this.#record : text(value(0))).length;
      case 'substr': {
        const whole = text(value(0));
        const from = Math.max(1, Math.round(number(value(1))));
        const length =
          args.length > 2
            ? Math.round(number(value(2))) - (from - Math.round(number(value(1))))
            : whole.length;
        return whole.slice(from - 1, from - 1 + Math.max(0, length));
      }
      case 'index':
        return text(value(0)).indexOf(text(value(1))) + 1;
      case 'tolower':
        return text(value(0)).toLowerCase();
      case 'toupper':
        return text(value(0)).toUpperCase();
      case 'int':
        return Math.trunc(number(value(0)));
      case 'sprintf': {
        const [format = '', ...values] = args.map((arg) => text(this.#eval(arg)));
        return formatted(format, values).text;
      }
      case 'split': {
        const target = args[1];
        if (target?.kind !== 'variable') throw new AwkSyntaxError('split: second argument is not an array');
        const separator = args.length > 2 ? source(2) : text(this.variables.get('FS')!);
        const parts = split(text(value(0)), separator, this.#pattern.bind(this));
        const array = this.#array(target.name);
        array.clear();
        for (const [i, part] of parts.entries()) array.set(String(i + 1), part);
        return parts.length;
      }
      case 'match': {
        const found = this.#pattern(source(1)).exec(text(value(0)));
        this.variables.set('RSTART', found ? found.index + 1 : 0);
        this.variables.set('RLENGTH', found ? found[0].length : -1);
        return found ? found.index + 1 : 0;
      }
      case 'sub':
      case 'gsub': {
        const target = args[2] ?? { kind: 'field', index: { kind: 'number', value: 0 } };
        const before = text(this.#eval(target));
        const replacement = text(value(1));
        let count = 0;
        const pattern = new RegExp(this.#pattern(source(0)).source, name === 'gsub' ? 'g' : '');
        const after = before.replace(pattern, (whole) => {
          count++;
          return replacement.replace(/\\&|&/g, (mark) => (mark === '&' ? whole : '&'));
        });
        if (count > 0) this.#assign(target, after);
        return count;
      }
      default:
        throw new AwkRuntimeError(`function \`${name}' not defined`);
    }
  }

  #field(index: number): string {
    return index === 0 ? this.#record : (this.#fields[index - 1] ?? '');
  }

  #assign(target: Expression, value: Value): void {
    if (target.kind === 'variable') {
      if (target.name === 'NF') {
        this.#fields.length = Math.min(10_000, Math.max(0, number(value)));
        this.#fields = Array.from(this.#fields, (field) => field ?? '');
        this.#record = this.#fields.join(text(this.variables.get('OFS')!));
      } else this.variables.set(target.name, value);
    } else if (target.kind === 'element') this.#array(target.name).set(this.#key(target.keys), value);
    else if (target.kind === 'field') {
      const index = number(this.#eval(target.index));
      if (index === 0) return this.#setRecord(text(value));
      if (index < 0 || index > 10_000) throw new AwkRuntimeError(`attempt to access field ${index}`);
      while (this.#fields.length < index) this.#fields.push('');
      this.#fields[index - 1] = text(value);
      this.#record = this.#fields.join(text(this.variables.get('OFS')!));
    }
  }

  #array(name: string): Map<string, Value> {
    let array = this.#arrays.get(name);
    if (!array) {
      array = new Map();
      this.#arrays.set(name, array);
    }
    return array;
  }

  #key(keys: readonly Expression[]): string {
    return keys.map((key) => text(this.#eval(key))).join(text(this.variables.get('SUBSEP')!));
  }

  #pattern(source: string): RegExp {
    let pattern = this.#patterns.get(source);
    if (!pattern) {
      pattern = posixRegExp(source, true);
      if (!pattern) throw new AwkRuntimeError(`invalid regexp: /${source}/`);
      this.#patterns.set(source, pattern);
    }
    return pattern;
  }
}

function split(line: string, separator: string, pattern: (source: string) => RegExp): string[] {
  if (separator === ' ') return line.trim() === '' ? [] : line.trim().split(/[ \t\n]+/);
  if (line === '') return [];
  return separator.length === 1 ? line.split(separator) : line.split(pattern(separator));
}

function text(value: Value): string {
  if (typeof value === 'string') return value;
  return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(6)));
}

function number(value: Value): number {
  if (typeof value === 'number') return value;
  return Number(/^\s*[+-]?(\d+\.?\d*([eE][+-]?\d+)?|\.\d+([eE][+-]?\d+)?)/.exec(value)?.[0] ?? 0);
}

function truth(value: Value): boolean {
  return typeof value === 'number'
    ? value !== 0
    : value !== '' && !(looksNumeric(value) && Number(value) === 0);
}

const looksNumeric = (value: string): boolean => /^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*$/.test(value);

function compares(operator: string, a: Value, b: Value): boolean {
  const numeric = (value: Value) => typeof value === 'number' || looksNumeric(value) || value === '';
  const [x, y] =
    numeric(a) && numeric(b) && !(a === '' && b === '') ? [number(a), number(b)] : [text(a), text(b)];
  switch (operator) {
    case '<':
      return x < y;
    case '<=':
      return x <= y;
    case '==':
      return x === y;
    case '!=':
      return x !== y;
    case '>':
      return x > y;
    default:
      return x >= y;
  }
}

function arithmetic(operator: string, a: number, b: number): number {
  switch (operator) {
    case '+':
      return a + b;
    case '-':
      return a - b;
    case '*':
      return a * b;
    case '^':
      return a ** b;
    default:
      if (b === 0) throw new AwkRuntimeError('division by zero attempted');
      return operator === '/' ? a / b : a % b;
  }
}
