/**
 * The instances that a host shows: a source for each class, and associations between classes. Sources read the
 * estate when they are asked; nothing is kept.
 */
import type { WindowsAccount } from '../accounts.ts';
import { ALL_CLASSES, type ClassSet } from './schema.ts';
import { type CimClass, type CimInstance, type CimPath, CimReference, isA, pathOf } from './values.ts';

/** Who asks, and for what. */
export interface Question {
  /**
   * Names, in lower case, of the properties that are asked for: others, but for the keys, may be left out where that
   * saves work. Undefined: all.
   */
  readonly wanted?: ReadonlySet<string> | undefined;
  /** What properties have to equal, by name in lower case: others may be left out. They are left out anyway. */
  readonly equals?: ReadonlyMap<string, string> | undefined;
  /** Undefined: somebody who may see everything. */
  readonly account?: WindowsAccount | undefined;
}

export interface ClassSource {
  readonly class: CimClass;
  /** In a stable order. */
  instances(question?: Question): Iterable<CimInstance>;
  /** The one with these keys (names in lower case), where that can be found without reading all. */
  find?(keys: ReadonlyMap<string, string>): CimInstance | undefined;
  /** Put; absent where nobody may. @param change values by property name. @throws WsmanFault */
  put?(instance: CimInstance, change: CimInstance['values']): void;
  /** Create. Gives what is there now. @throws WsmanFault */
  create?(values: CimInstance['values']): CimInstance;
  /** @throws WsmanFault */
  delete?(instance: CimInstance): void;
}

/** A class of associations: what is related to an instance, from either end. */
export interface AssociationSource {
  readonly class: CimClass;
  /** Reference properties, one for each end. */
  readonly ends: readonly [AssociationEnd, AssociationEnd];
}

export interface AssociationEnd {
  /** Name of the reference property: "Antecedent", "GroupComponent". */
  readonly role: string;
  /** Class of what stands at this end. */
  readonly of: CimClass;
  /** Instances at the other end that belong to this one. */
  others(one: CimInstance): Iterable<CimInstance>;
}

export class CimRepository {
  readonly #sources: readonly ClassSource[];
  readonly #associations: readonly AssociationSource[];
  readonly #classes: ClassSet;

  /** @param options.classes that the host has; all that are declared when left out */
  constructor(options: {
    sources: readonly ClassSource[];
    associations?: readonly AssociationSource[];
    classes?: ClassSet;
  }) {
    const classes = options.classes ?? ALL_CLASSES;
    const present = (of: CimClass): boolean => classes.find(of.namespace, of.name) !== undefined;
    this.#sources = options.sources.filter((source) => present(source.class));
    this.#associations = (options.associations ?? []).filter((link) => present(link.class));
    this.#classes = classes;
  }

  hasNamespace(namespace: string): boolean {
    return this.#classes.has(namespace);
  }

  findClass(namespace: string, name: string): CimClass | undefined {
    return this.#classes.find(namespace, name);
  }

  /** What it has instances of. */
  offered(): { readonly classes: readonly CimClass[]; readonly associations: readonly CimClass[] } {
    return {
      classes: this.#sources.map((source) => source.class),
      associations: this.#associations.map((association) => association.class),
    };
  }

  /** What gives the instances of this very class. */
  sourceOf(of: CimClass): ClassSource | undefined {
    return this.#sources.find(
      (source) => source.class.namespace === of.namespace && source.class.name === of.name,
    );
  }

  /** Instances of the class and of those below it. */
  *instances(of: CimClass, question: Question = {}): Iterable<CimInstance> {
    for (const source of this.#sources) {
      if (source.class.namespace !== of.namespace || !isA(source.class, of.name)) continue;
      const own = this.#classes.find(source.class.namespace, source.class.name);
      if (own === source.class) yield* source.instances(question);
      else for (const one of source.instances(question)) yield this.#own(one);
    }
    for (const association of this.#associations)
      if (association.class.namespace === of.namespace && isA(association.class, of.name))
        yield* this.#links(association);
  }

  /** @param keys by name in any case; those that are not named may have any value */
  get(of: CimClass, keys: ReadonlyMap<string, string>, question: Question = {}): CimInstance | undefined {
    for (const found of this.#matching(of, keys, question)) return found;
    return undefined;
  }

  /** Do the keys fit more than one instance? */
  isAmbiguous(of: CimClass, keys: ReadonlyMap<string, string>): boolean {
    let found = 0;
    for (const _ of this.#matching(of, keys, {})) if (++found === 2) return true;
    return false;
  }

  *#matching(of: CimClass, keys: ReadonlyMap<string, string>, question: Question): Iterable<CimInstance> {
    const lower = new Map([...keys].map(([key, value]) => [key.toLowerCase(), value.toLowerCase()]));
    for (const source of this.#sources) {
      if (source.class.namespace !== of.namespace || !isA(source.class, of.name)) continue;
      if (source.find && lower.size === source.class.keys.length) {
        const found = source.find(lower);
        if (found) yield this.#own(found);
      } else for (const one of fitting(source, lower, question)) yield this.#own(one);
    }
  }

  byPath(path: CimPath): CimInstance | undefined {
    const of = this.findClass(path.namespace, path.className);
    if (!of) return undefined;
    const only = path.keys.get('');
    return this.get(of, only === undefined ? path.keys : new Map([[of.keys[0] ?? '', only]]));
  }

  /** What is at the other end of an association with `one`, and the association itself. */
  *related(
    one: CimInstance,
  ): Iterable<{ link: AssociationSource; role: string; otherRole: string; other: CimInstance }> {
    for (const link of this.#associations) {
      if (link.class.namespace !== one.class.namespace) continue;
      for (const [end, far] of [
        [link.ends[0], link.ends[1]],
        [link.ends[1], link.ends[0]],
      ] as const) {
        if (!isA(one.class, end.of.name)) continue;
        for (const other of end.others(one))
          yield { link, role: end.role, otherRole: far.role, other: this.#own(other) };
      }
    }
  }

  /** The instance with the class as this host has it. */
  #own(one: CimInstance): CimInstance {
    const own = this.#classes.find(one.class.namespace, one.class.name);
    return own === undefined || own === one.class ? one : { class: own, values: one.values };
  }

  *#links(association: AssociationSource): Iterable<CimInstance> {
    const [left, right] = association.ends;
    for (const one of this.instances(left.of))
      for (const other of left.others(one))
        yield linkOf(association.class, left.role, one, right.role, other);
  }
}

/** The instance of an association class between two. */
export function linkOf(
  of: CimClass,
  role: string,
  one: CimInstance,
  otherRole: string,
  other: CimInstance,
): CimInstance {
  return {
    class: of,
    values: { [role]: new CimReference(pathOf(one)), [otherRole]: new CimReference(pathOf(other)) },
  };
}

function* fitting(
  source: ClassSource,
  keys: ReadonlyMap<string, string>,
  question: Question,
): Iterable<CimInstance> {
  const names = new Map(source.class.properties.map(({ name }) => [name.toLowerCase(), name]));
  if ([...keys.keys()].some((key) => !names.has(key))) return;
  for (const instance of source.instances(question)) {
    const fits = [...keys].every(
      ([key, value]) => String(instance.values[names.get(key)!] ?? '').toLowerCase() === value,
    );
    if (fits) yield instance;
  }
}
