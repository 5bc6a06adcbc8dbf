/** Classes of CIM as Windows declares them: from classes.json, with what they inherit. */
import { assert } from '#core/assert.ts';
import declared from './classes.json' with { type: 'json' };
import type { CimClass, CimProperty, CimType } from './values.ts';

interface Declaration {
  readonly super?: string;
  readonly keys: readonly string[];
  /** "Name:type", "Name:type[]" */
  readonly properties: readonly string[];
}

const NAMESPACES: Readonly<Record<string, Readonly<Record<string, Declaration>>>> = declared;

const classes = new Map<string, ReadonlyMap<string, CimClass>>(
  Object.entries(NAMESPACES).map(([namespace, declarations]) => [
    namespace.toLowerCase(),
    linked(namespace, declarations),
  ]),
);

/** "root/cimv2", with slashes of either kind, in any case. */
export function namespaceExists(namespace: string): boolean {
  return classes.has(canonical(namespace));
}

export function findClass(namespace: string, name: string): CimClass | undefined {
  return classes.get(canonical(namespace))?.get(name.toLowerCase());
}

/** A class that is known to be there. */
export function cimClass(namespace: string, name: string): CimClass {
  const found = findClass(namespace, name);
  assert(found !== undefined, `classes.json has no ${namespace}/${name}`);
  return found;
}

function canonical(namespace: string): string {
  return namespace.replaceAll('\\', '/').toLowerCase();
}

function linked(
  namespace: string,
  declarations: Readonly<Record<string, Declaration>>,
): ReadonlyMap<string, CimClass> {
  const made = new Map<string, CimClass>();
  const make = (name: string): CimClass => {
    const known = made.get(name.toLowerCase());
    if (known) return known;
    const declaration = declarations[name];
    assert(declaration !== undefined, `${namespace}: superclass ${name} is not declared`);
    const superclass = declaration.super === undefined ? undefined : make(declaration.super);
    const own = declaration.properties.map(property);
    const inherited =
      superclass?.properties.filter(({ name: theirs }) => !own.some((p) => p.name === theirs)) ?? [];
    const linkedClass: CimClass = {
      name,
      namespace,
      superclass,
      keys: [...new Set([...(superclass?.keys ?? []), ...declaration.keys])],
      properties: [...inherited, ...own].sort((a, b) => compareNames(a.name, b.name)),
    };
    made.set(name.toLowerCase(), linkedClass);
    return linkedClass;
  };
  for (const name of Object.keys(declarations)) make(name);
  return made;
}

/** Instances list their properties alphabetically, capitals and small letters alike. */
function compareNames(a: string, b: string): number {
  const [x, y] = [a.toLowerCase(), b.toLowerCase()];
  return x < y ? -1 : x > y ? 1 : 0;
}

function property(text: string): CimProperty {
  const [name, type] = text.split(':') as [string, string];
  const array = type.endsWith('[]');
  return { name, type: (array ? type.slice(0, -2) : type) as CimType, array };
}
