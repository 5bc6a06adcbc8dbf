/**
 * `$filter`: the part of OData that the table service has.
 * @see learn.microsoft.com, rest/api/storageservices/querying-tables-and-entities
 */
import { StorageFault, storageFault } from '../storage/storage-fault.ts';
import { compareValues, type EdmValue, readDateTime, readGuid, readInt64 } from './edm.ts';

/** Value of a property, or of a key; undefined where there is none. */
export type Lookup = (property: string) => EdmValue | undefined;

export interface Filter {
  matches(lookup: Lookup): boolean;
  /** The only partition that can match, where the filter says so. */
  readonly partition: string | undefined;
}

const TEXT_MAX = 16 * 1024;
/** "a query may have at most 15 discrete comparisons". */
const COMPARISONS_MAX = 15;
const DEPTH_MAX = 100;

type Operator = 'eq' | 'ne' | 'gt' | 'ge' | 'lt' | 'le';

type Expression =
  | { readonly is: 'and' | 'or'; readonly left: Expression; readonly right: Expression }
  | { readonly is: 'not'; readonly of: Expression }
  | { readonly is: 'property'; readonly name: string }
  | {
      readonly is: 'comparison';
      readonly name: string;
      readonly operator: Operator;
      readonly value: EdmValue;
    };

interface Token {
  readonly kind: 'word' | 'text' | 'number' | 'open' | 'close' | 'typed';
  readonly text: string;
  readonly prefix?: string;
}

const TOKEN =
  /\s*(?:(datetime|guid|binary|X)'((?:[^']|'')*)'|'((?:[^']|'')*)'|(-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?L?)|([A-Za-z_][\w]*)|(\()|(\)))/y;

function tokens(text: string): Token[] | undefined {
  const out: Token[] = [];
  TOKEN.lastIndex = 0;
  for (let end = 0; text.slice(end).trim() !== ''; end = TOKEN.lastIndex) {
    const match = TOKEN.exec(text);
    if (!match) return undefined;
    if (match[1] !== undefined) out.push({ kind: 'typed', prefix: match[1], text: match[2]! });
    else if (match[3] !== undefined) out.push({ kind: 'text', text: match[3].replaceAll("''", "'") });
    else if (match[4] !== undefined) out.push({ kind: 'number', text: match[4] });
    else if (match[5] !== undefined) out.push({ kind: 'word', text: match[5] });
    else out.push({ kind: match[6] ? 'open' : 'close', text: '' });
  }
  return out;
}

/** @throws StorageFault InvalidInput */
export function parseFilter(text: string): Filter {
  const bad = (): StorageFault => storageFault('InvalidInput', { detail: { QueryParameterName: '$filter' } });
  const list = text.length <= TEXT_MAX ? tokens(text) : undefined;
  if (!list) throw bad();
  let at = 0;
  let comparisons = 0;
  const word = (text: string): boolean => list[at]?.kind === 'word' && list[at]!.text === text;

  function either(depth: number): Expression {
    let left = both(depth);
    while (word('or')) {
      at++;
      left = { is: 'or', left, right: both(depth) };
    }
    return left;
  }
  function both(depth: number): Expression {
    let left = single(depth);
    while (word('and')) {
      at++;
      left = { is: 'and', left, right: single(depth) };
    }
    return left;
  }
  function single(depth: number): Expression {
    if (depth > DEPTH_MAX) throw bad();
    if (word('not')) {
      at++;
      return { is: 'not', of: single(depth + 1) };
    }
    if (list![at]?.kind === 'open') {
      at++;
      const inner = either(depth + 1);
      if (list![at++]?.kind !== 'close') throw bad();
      return inner;
    }
    const name = list![at++];
    if (name?.kind !== 'word') throw bad();
    const operator = list![at];
    if (operator?.kind !== 'word' || !/^(?:eq|ne|gt|ge|lt|le)$/.test(operator.text))
      return { is: 'property', name: name.text };
    at++;
    if (++comparisons > COMPARISONS_MAX) throw bad();
    const value = literal(list![at++]);
    if (!value) throw bad();
    return { is: 'comparison', name: name.text, operator: operator.text as Operator, value };
  }

  const root = either(0);
  if (at < list.length) throw bad();
  return { matches: (lookup) => holds(root, lookup), partition: partitionOf(root) };
}

function literal(token: Token | undefined): EdmValue | undefined {
  if (!token) return undefined;
  try {
    if (token.kind === 'text') return { type: 'Edm.String', value: token.text };
    if (token.kind === 'word')
      return token.text === 'true' || token.text === 'false'
        ? { type: 'Edm.Boolean', value: token.text === 'true' }
        : undefined;
    if (token.kind === 'number')
      return token.text.endsWith('L')
        ? readInt64(token.text.slice(0, -1))
        : { type: /[.eE]/.test(token.text) ? 'Edm.Double' : 'Edm.Int32', value: Number(token.text) };
    if (token.kind !== 'typed') return undefined;
    if (token.prefix === 'datetime') return readDateTime(token.text);
    if (token.prefix === 'guid') return readGuid(token.text);
    if (!/^(?:[0-9a-f]{2})*$/i.test(token.text)) return undefined;
    return { type: 'Edm.Binary', value: Buffer.from(token.text, 'hex').toString('base64') };
  } catch (fault) {
    if (fault instanceof StorageFault) return undefined;
    throw fault;
  }
}

/** A property that an entity lacks matches nothing, not even that it differs. */
function holds(expression: Expression, lookup: Lookup): boolean {
  switch (expression.is) {
    case 'and':
      return holds(expression.left, lookup) && holds(expression.right, lookup);
    case 'or':
      return holds(expression.left, lookup) || holds(expression.right, lookup);
    case 'not':
      return !holds(expression.of, lookup);
    case 'property':
      return lookup(expression.name)?.value === true;
    case 'comparison': {
      const value = lookup(expression.name);
      const order = value && compareValues(value, expression.value);
      if (order === undefined) return false;
      return COMPARE[expression.operator](order);
    }
  }
}

const COMPARE: Readonly<Record<Operator, (order: number) => boolean>> = {
  eq: (order) => order === 0,
  ne: (order) => order !== 0,
  gt: (order) => order > 0,
  ge: (order) => order >= 0,
  lt: (order) => order < 0,
  le: (order) => order <= 0,
};

function partitionOf(expression: Expression): string | undefined {
  if (expression.is === 'and') return partitionOf(expression.left) ?? partitionOf(expression.right);
  const isIt =
    expression.is === 'comparison' && expression.name === 'PartitionKey' && expression.operator === 'eq';
  return isIt && expression.value.type === 'Edm.String' ? String(expression.value.value) : undefined;
}
