/** Classes of CIM as Windows declares them: from classes.json, with what they inherit. */
import { assert } from '#core/assert.ts';
import declared from './classes.json' with { type: 'json' };
import more from './more-classes.json' with { type: 'json' };
import type { CimClass, CimProperty, CimType } from './values.ts';

interface Declaration {
  readonly super?: string;
  readonly keys: readonly string[];
  /** "Name:type", "Name:type[]" */
  readonly properties: readonly string[];
}

type Declarations = Readonly<Record<string, Readonly<Record<string, Declaration>>>>;

/** Made from the project's facts; and, from the documentation of single classes, what those leave out. */
const DECLARED: readonly Declarations[] = [declared, more];

const classes = new Map<string, ReadonlyMap<string, CimClass>>(
  [...new Set(DECLARED.flatMap((each) => Object.keys(each)))].map((namespace) => [
    namespace.toLowerCase(),
    linked(namespace, Object.assign({}, ...DECLARED.map((each) => each[namespace])) as Declarations[string]),
  ]),
);

/** The classes that a host has: all that are declared, or those of its release and its roles. */
export interface ClassSet {
  /** "root/cimv2", with slashes of either kind, in any case. */
  has(namespace: string): boolean;
  find(namespace: string, name: string): CimClass | undefined;
}

export const ALL_CLASSES: ClassSet = { has: namespaceExists, find: findClass };

/**
 * Some of the declared classes.
 * @param namespaces that the host has. @param without "Class" or "Class.Property" by namespace, names as declared
 */
export function classSet(
  namespaces: readonly string[],
  without: Readonly<Record<string, readonly string[]>>,
): ClassSet {
  const present = new Set(namespaces.map(canonical));
  const own = new Map<string, CimClass | undefined>();
  for (const [namespace, names] of Object.entries(without))
    for (const name of names) {
      const [className = '', property] = name.split('.');
      const key = `${canonical(namespace)}:${className.toLowerCase()}`;
      const whole = own.get(key) ?? cimClass(namespace, className);
      own.set(
        key,
        property === undefined
          ? undefined
          : { ...whole, properties: whole.properties.filter((each) => each.name !== property) },
      );
    }
  return {
    has: (namespace) => present.has(canonical(namespace)),
    find(namespace, name) {
      if (!present.has(canonical(namespace))) return undefined;
      const key = `${canonical(namespace)}:${name.toLowerCase()}`;
      return own.has(key) ? own.get(key) : findClass(namespace, name);
    },
  };
}

/** "root/cimv2", with slashes of either kind, in any case. */
function namespaceExists(namespace: string): boolean {
  return classes.has(canonical(namespace));
}

function findClass(namespace: string, name: string): CimClass | undefined {
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
