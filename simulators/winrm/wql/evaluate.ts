/** Does an instance satisfy a condition? WQL's three-valued logic: what compares with null is unknown. */
import {
  CimDatetime,
  type CimInstance,
  CimReference,
  type CimValue,
  fullPath,
  isA,
  pathOf,
  relativePath,
} from '../cim/values.ts';
import type { Comparison, Condition, Operand } from './ast.ts';
import { parsePath } from './parse.ts';

/** What system properties need to know. */
export interface Surroundings {
  /** NetBIOS name: __SERVER. */
  readonly host: string;
}

type Plain = string | number | bigint | boolean | null;

/** Unknown counts as no. */
export function satisfies(instance: CimInstance, condition: Condition, around: Surroundings): boolean {
  return truth(instance, condition, around) === true;
}

/** Names of the properties that a condition looks at. */
export function propertiesIn(condition: Condition | undefined): string[] {
  switch (condition?.kind) {
    case 'and':
    case 'or':
      return [...propertiesIn(condition.left), ...propertiesIn(condition.right)];
    case 'not':
      return propertiesIn(condition.of);
    case 'null':
      return [condition.property];
    case 'compare':
      return [condition.left, condition.right].flatMap((side) => ('property' in side ? [side.property] : []));
    default:
      return [];
  }
}

/** Texts that properties have to equal, by name in lower case, in everything that satisfies the condition. */
export function equalitiesIn(condition: Condition | undefined): ReadonlyMap<string, string> {
  if (condition?.kind === 'and')
    return new Map([...equalitiesIn(condition.left), ...equalitiesIn(condition.right)]);
  if (condition?.kind !== 'compare' || condition.operator !== '=') return new Map();
  const { left, right } = condition;
  const [name, value] = 'property' in left ? [left, right] : [right, left];
  return 'property' in name && 'literal' in value && typeof value.literal === 'string'
    ? new Map([[name.property.toLowerCase(), value.literal]])
    : new Map();
}

function truth(instance: CimInstance, condition: Condition, around: Surroundings): boolean | undefined {
  switch (condition.kind) {
    case 'and': {
      const left = truth(instance, condition.left, around);
      if (left === false) return false;
      const right = truth(instance, condition.right, around);
      return right === false ? false : left === undefined ? undefined : right;
    }
    case 'or': {
      const left = truth(instance, condition.left, around);
      if (left === true) return true;
      const right = truth(instance, condition.right, around);
      return right === true ? true : left === undefined ? undefined : right;
    }
    case 'not': {
      const inner = truth(instance, condition.of, around);
      return inner === undefined ? undefined : !inner;
    }
    case 'null':
      return (propertyOf(instance, condition.property, around) === null) !== condition.not;
    case 'isa':
      return isA(instance.class, condition.className);
    case 'compare': {
      if (isPath(condition.left) || isPath(condition.right)) return samePaths(instance, condition, around);
      const left = plain(condition.left, instance, around);
      const right = plain(condition.right, instance, around);
      return left === null || right === null ? undefined : compare(left, condition.operator, right);
    }
  }
}

/** A property by name, without case; system properties too. Names that the class lacks are null. */
export function propertyOf(instance: CimInstance, name: string, { host }: Surroundings): CimValue {
  switch (name.toLowerCase()) {
    case '__class':
      return instance.class.name;
    case '__server':
      return host;
    case '__namespace':
      return instance.class.namespace.replaceAll('/', '\\');
    case '__relpath':
      return relativePath(pathOf(instance));
    case '__path':
      return fullPath(pathOf(instance), host);
    case '__superclass':
      return instance.class.superclass?.name ?? null;
  }
  const own = instance.values[name];
  if (own !== undefined) return own;
  const wanted = name.toLowerCase();
  const property = instance.class.properties.find((candidate) => candidate.name.toLowerCase() === wanted);
  return (property && instance.values[property.name]) ?? null;
}

function plain(operand: Operand, instance: CimInstance, around: Surroundings): Plain {
  if ('literal' in operand) return operand.literal;
  const value = propertyOf(instance, operand.property, around);
  if (value === null || typeof value !== 'object') return value;
  if (value instanceof CimDatetime) return value.text;
  if (value instanceof CimReference) return fullPath(value.path, around.host);
  return null; // arrays and embedded objects compare with nothing
}

function compare(
  left: Exclude<Plain, null>,
  operator: Comparison,
  right: Exclude<Plain, null>,
): boolean | undefined {
  if (operator === 'like') return likeExpression(String(right)).test(String(left));
  const order = orderOf(left, right);
  if (order === undefined) return undefined;
  switch (operator) {
    case '=':
      return order === 0;
    case '<>':
      return order !== 0;
    case '<':
      return order < 0;
    case '>':
      return order > 0;
    case '<=':
      return order <= 0;
    case '>=':
      return order >= 0;
  }
}

function orderOf(left: Exclude<Plain, null>, right: Exclude<Plain, null>): number | undefined {
  if (typeof left === 'string' && typeof right === 'string') {
    const [a, b] = [left.toLowerCase(), right.toLowerCase()];
    return a < b ? -1 : a > b ? 1 : 0;
  }
  const [a, b] = [numeric(left), numeric(right)];
  if (a === undefined || b === undefined) return undefined;
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Booleans are 0 and 1; numbers as text count as numbers. */
function numeric(value: Exclude<Plain, null>): number | bigint | undefined {
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (typeof value !== 'string') return value;
  if (/^(?:true|false)$/i.test(value)) return value.toLowerCase() === 'true' ? 1 : 0;
  if (/^[+-]?\d+$/.test(value)) return BigInt(value);
  const number = Number(value);
  return value.trim() === '' || Number.isNaN(number) ? undefined : number;
}

const patterns = new Map<string, RegExp>();
const PATTERNS_KEPT = 256;

/** `%` any text, `_` one character, `[a-z]` and `[^a]` a set. */
function likeExpression(pattern: string): RegExp {
  let expression = patterns.get(pattern);
  if (!expression) {
    if (patterns.size >= PATTERNS_KEPT) patterns.clear();
    expression = new RegExp(`^${likeSource(pattern)}$`, 'is');
    patterns.set(pattern, expression);
  }
  return expression;
}

function likeSource(pattern: string): string {
  const literal = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
  let source = '';
  for (let i = 0; i < pattern.length; i++) {
    const character = pattern[i]!;
    const close = character === '[' ? pattern.indexOf(']', i + 2) : -1;
    if (character === '%') source += source.endsWith('.*') ? '' : '.*';
    else if (character === '_') source += '.';
    else if (close > 0) {
      const inside = pattern.slice(i + 1, close);
      const not = inside.startsWith('^') ? '^' : '';
      source += `[${not}${setSource(inside.slice(not.length))}]`;
      i = close;
    } else source += literal(character);
  }
  return source;
}

/** A range whose ends are the wrong way round holds nothing of itself: it is taken as three characters. */
function setSource(inside: string): string {
  const literal = (text: string): string => text.replace(/[\\\]^-]/g, '\\$&');
  let source = '';
  for (let i = 0; i < inside.length; i++) {
    const [from, dash, to] = [inside[i]!, inside[i + 1], inside[i + 2]];
    if (dash === '-' && to !== undefined && from <= to) {
      source += `${literal(from)}-${literal(to)}`;
      i += 2;
    } else source += literal(from);
  }
  return source;
}

function isPath(operand: Operand): boolean {
  return 'property' in operand && /^__(?:rel)?path$/i.test(operand.property);
}

/** Paths are compared by what they name: quotes, escapes and the host in front do not count. */
function samePaths(
  instance: CimInstance,
  { left, operator, right }: Extract<Condition, { kind: 'compare' }>,
  around: Surroundings,
): boolean | undefined {
  const [a, b] = [plain(left, instance, around), plain(right, instance, around)];
  if (a === null || b === null || (operator !== '=' && operator !== '<>')) return undefined;
  let same: boolean;
  try {
    same = normalised(String(a)) === normalised(String(b));
  } catch {
    same = false;
  }
  return operator === '=' ? same : !same;
}

function normalised(text: string): string {
  const { className, keys } = parsePath(text);
  const pairs = [...keys].map(([key, value]) => `${key.toLowerCase()}\0${value.toLowerCase()}`).sort();
  return `${className.toLowerCase()}\0\0${pairs.join('\0\0')}`;
}
