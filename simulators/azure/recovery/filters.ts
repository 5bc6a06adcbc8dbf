/** The `$filter` of Site Recovery's collections: `Name eq 'value' and Name eq 'value'`, names without case. */
import type { UnixMillis } from '#core/units.ts';
import { badRequest } from '../arm/faults.ts';
import type { ArmRequest } from '../arm/provider.ts';

const CLAUSE = /^\s*([A-Za-z]{1,64})\s+eq\s+(?:'([^']{0,1024})'|([\w.:+-]{1,64}))\s*$/;
const FILTER_CHARACTERS_MAX = 4_096;

/** @returns what was asked for, by name in lower case. @throws ArmError 400 for any other filter, or name */
export function readFilter({ query }: ArmRequest, names: readonly string[]): Map<string, string> {
  const filter = query.get('$filter') ?? '';
  const asked = new Map<string, string>();
  if (filter.trim() === '') return asked;
  if (filter.length > FILTER_CHARACTERS_MAX)
    throw badRequest(`A $filter has at most ${FILTER_CHARACTERS_MAX} characters.`, '$filter');
  for (const clause of filter.split(/\s+and\s+/i)) {
    const [, name = '', quoted, plain] = CLAUSE.exec(clause) ?? [];
    if (!names.some((known) => known.toLowerCase() === name.toLowerCase()))
      throw badRequest(
        `The $filter '${clause.slice(0, 200)}' is not supported; it can be NAME eq 'VALUE' of ${names.join(', ')}, joined by 'and'.`,
        '$filter',
      );
    asked.set(name.toLowerCase(), quoted ?? plain ?? '');
  }
  return asked;
}

/** @throws ArmError 400 unless it is a time */
export function instantOf(asked: ReadonlyMap<string, string>, name: string): UnixMillis | undefined {
  const text = asked.get(name);
  if (text === undefined) return undefined;
  const at = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(at)) throw badRequest(`'${text.slice(0, 60)}' is no time.`, '$filter');
  return at;
}

/** The older paging of this provider: `takeToken` entries after `skipToken` of them. @throws ArmError 400 */
export function taken<T>({ query }: ArmRequest, items: readonly T[]): readonly T[] {
  const number = (name: string): number | undefined => {
    const text = query.get(name);
    if (text === null || text === '') return undefined;
    if (!/^\d{1,9}$/.test(text)) throw badRequest(`${name} must be a whole number.`, name);
    return Number(text);
  };
  const skip = number('skipToken') ?? 0;
  const take = number('takeToken');
  return items.slice(skip, take === undefined ? undefined : skip + take);
}
