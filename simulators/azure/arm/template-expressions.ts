/**
 * Expressions of deployment templates: `[concat('a', parameters('b').c[0])]`. A small language without loops:
 * literals, calls, members. Functions that are not in the table are refused by name.
 *
 * @see learn.microsoft.com, azure/azure-resource-manager/templates/template-expressions, template-functions.
 */
import { createHash } from 'node:crypto';
import { isRecord } from '../http.ts';
import { ArmError } from './provider.ts';

/** What the functions look up. @throws ArmError when there is nothing of that name */
export interface TemplateScope {
  parameter(name: string): unknown;
  variable(name: string): unknown;
  /** `reference('…', version, 'Full')` */
  resource(idOrName: string, isFull: boolean): unknown;
  readonly resourceGroup: Readonly<Record<string, unknown>>;
  readonly subscription: Readonly<Record<string, unknown>>;
}

const CHARACTERS_MAX = 24_576;
const DEPTH_MAX = 32;
const DEPTH_OF_VALUES_MAX = 48;

/** A value with every expression in it evaluated. @throws ArmError InvalidTemplate */
export function evaluated(value: unknown, scope: TemplateScope, depth = 0): unknown {
  if (depth > DEPTH_OF_VALUES_MAX) throw invalidTemplate('The template is nested too deep.');
  if (typeof value === 'string') return evaluatedText(value, scope);
  if (Array.isArray(value)) return value.map((one) => evaluated(one, scope, depth + 1));
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => [key, evaluated(one, scope, depth + 1)]),
  );
}

/** `[…]` is an expression, `[[…` a text that begins with a bracket. */
function evaluatedText(text: string, scope: TemplateScope): unknown {
  if (text.startsWith('[[')) return text.slice(1);
  if (!text.startsWith('[') || !text.endsWith(']')) return text;
  return new Parser(text.slice(1, -1), scope).whole();
}

export function invalidTemplate(message: string): ArmError {
  return new ArmError(400, 'InvalidTemplate', `Deployment template validation failed: '${message}'.`);
}

class Parser {
  readonly #text: string;
  readonly #scope: TemplateScope;
  #at = 0;

  constructor(text: string, scope: TemplateScope) {
    if (text.length > CHARACTERS_MAX) throw invalidTemplate('An expression is too long.');
    this.#text = text;
    this.#scope = scope;
  }

  whole(): unknown {
    const value = this.#value(0);
    if (this.#rest() !== '') throw this.#wrong();
    return value;
  }

  #rest(): string {
    return this.#text.slice(this.#at).trimStart();
  }

  #wrong(): ArmError {
    return invalidTemplate(
      `The expression '${this.#text.slice(0, 200)}' is not valid near position ${this.#at + 1}`,
    );
  }

  #take(pattern: RegExp): string | undefined {
    const match = pattern.exec(this.#rest());
    if (!match) return undefined;
    this.#at = this.#text.length - this.#rest().length + match[0].length;
    return match[1] ?? match[0];
  }

  #value(depth: number): unknown {
    if (depth > DEPTH_MAX) throw invalidTemplate('An expression is nested too deep.');
    let value: unknown;
    const text = this.#take(/^'((?:[^']|'')*)'/);
    const number = text === undefined ? this.#take(/^-?\d{1,15}/) : undefined;
    if (text !== undefined) value = text.replaceAll("''", "'");
    else if (number !== undefined) value = Number(number);
    else {
      const name = this.#take(/^([A-Za-z][\w.]*)\s*\(/);
      if (name === undefined) throw this.#wrong();
      const args: unknown[] = [];
      if (this.#take(/^\)/) === undefined) {
        do args.push(this.#value(depth + 1));
        while (this.#take(/^,/) !== undefined);
        if (this.#take(/^\)/) === undefined) throw this.#wrong();
      }
      value = call(name, args, this.#scope);
    }
    return this.#members(value, depth);
  }

  #members(start: unknown, depth: number): unknown {
    let value = start;
    for (;;) {
      const name = this.#take(/^\.([A-Za-z_$][\w$]*)/);
      const isIndex = name === undefined && this.#take(/^\[/) !== undefined;
      if (name === undefined && !isIndex) return value;
      const key = name ?? this.#value(depth + 1);
      if (isIndex && this.#take(/^\]/) === undefined) throw this.#wrong();
      const at = String(key);
      const holder = value as Record<string, unknown> | null;
      if (typeof holder !== 'object' || holder === null || !Object.hasOwn(holder, at))
        throw invalidTemplate(`The language expression property '${at.slice(0, 80)}' does not exist`);
      value = holder[at];
    }
  }
}

type TemplateFunction = (args: readonly unknown[], scope: TemplateScope) => unknown;

const FUNCTIONS: Readonly<Record<string, TemplateFunction>> = {
  parameters: ([name], scope) => scope.parameter(String(name)),
  variables: ([name], scope) => scope.variable(String(name)),
  resourcegroup: (_args, scope) => scope.resourceGroup,
  subscription: (_args, scope) => scope.subscription,
  reference: ([id, , full], scope) => scope.resource(String(id), full === 'Full'),
  resourceid: (args, scope) => resourceId(args.map(String), scope),
  concat: (args) => (args.every(Array.isArray) ? args.flat() : args.map(textOf).join('')),
  format: ([pattern, ...args]) =>
    String(pattern).replace(/\{(\d{1,3})\}/g, (_all, n: string) => textOf(args[Number(n)])),
  tolower: ([text]) => String(text).toLowerCase(),
  toupper: ([text]) => String(text).toUpperCase(),
  trim: ([text]) => String(text).trim(),
  replace: ([text, from, to]) => String(text).replaceAll(String(from), String(to)),
  substring: ([text, start, length]) =>
    String(text).slice(Number(start), length === undefined ? undefined : Number(start) + Number(length)),
  split: ([text, by]) => String(text).split(String(by)),
  string: ([value]) => textOf(value),
  int: ([value]) => Number(value),
  bool: ([value]) => String(value).toLowerCase() === 'true',
  base64: ([text]) => Buffer.from(String(text)).toString('base64'),
  uniquestring: (args) => uniqueString(args.map(String).join('-')),
  length: ([value]) =>
    Array.isArray(value) ? value.length : isRecord(value) ? Object.keys(value).length : String(value).length,
  empty: ([value]) => value === null || value === '' || (Array.isArray(value) && value.length === 0),
  equals: ([a, b]) => JSON.stringify(a) === JSON.stringify(b),
  not: ([value]) => value !== true,
  and: (args) => args.every((value) => value === true),
  or: (args) => args.some((value) => value === true),
  if: ([condition, yes, no]) => (condition === true ? yes : no),
  createarray: (args) => [...args],
  true: () => true,
  false: () => false,
  null: () => null,
};

function call(name: string, args: readonly unknown[], scope: TemplateScope): unknown {
  const key = name.toLowerCase();
  if (!Object.hasOwn(FUNCTIONS, key))
    throw invalidTemplate(`The template function '${name.slice(0, 60)}' is not offered here`);
  return FUNCTIONS[key]!(args, scope);
}

function textOf(value: unknown): string {
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

/** `[subscription,] [group,] type, name, name …` */
function resourceId(args: readonly string[], { resourceGroup, subscription }: TemplateScope): string {
  const at = args.findIndex((arg) => arg.includes('/'));
  if (at < 0 || at > 2) throw invalidTemplate('resourceId needs the type of the resource');
  const [namespace = '', ...types] = args[at]!.split('/');
  const names = args.slice(at + 1);
  if (names.length !== types.length)
    throw invalidTemplate(`resourceId of ${args[at]} needs ${types.length} names`);
  const group = at === 0 ? String(resourceGroup['name']) : args[at - 1]!;
  const subscriptionId = at === 2 ? args[0]! : String(subscription['subscriptionId']);
  const path = types.map((type, i) => `${type}/${names[i]}`).join('/');
  return `/subscriptions/${subscriptionId}/resourceGroups/${group}/providers/${namespace}/${path}`;
}

/** 13 letters and digits of the text; the service's own hash is not public. */
function uniqueString(text: string): string {
  const digest = createHash('sha256').update(text).digest();
  return [...digest.subarray(0, 13)].map((byte) => 'abcdefghijklmnopqrstuvwxyz234567'[byte % 32]).join('');
}
