/** Which properties a PropertyFilterSpec reads of an object, and which of them may be read. */
import { noPermission, notAuthenticated, type VimFault, vimFault } from '../faults.ts';
import type { ManagedObject, Reading } from '../objects/object.ts';
import { findType, isA, typeNamed } from '../schema/schema.ts';
import type { ApiVersion } from '../schema/versions.ts';
import { compilePath, type PropertyPath } from './path.ts';
import type { PropertyFilterSpec } from './selection.ts';

/** Properties that can be read before login. */
const ANONYMOUS = new Set([
  'ServiceInstance.content',
  'ServiceInstance.capability',
  'ServiceInstance.serverClock',
  'SessionManager.currentSession',
  'SessionManager.message',
  'SessionManager.messageLocaleList',
  'SessionManager.supportedLocaleList',
  'SessionManager.defaultLocale',
]);

interface Spec {
  readonly type: string;
  readonly all: boolean;
  readonly pathSet: readonly string[];
}

export class Projection {
  readonly #specs: readonly Spec[];
  readonly #version: ApiVersion;
  /** Paths by exact object type; undefined: objects of that type are not reported. */
  readonly #paths = new Map<string, readonly PropertyPath[] | undefined>();

  /** @throws VimFault InvalidProperty, InvalidArgument, NotSupported */
  constructor(spec: PropertyFilterSpec, version: ApiVersion) {
    this.#version = version;
    this.#specs = spec.propSet.map(({ type, all, pathSet }) => ({ type, all: all === true, pathSet }));
    for (const { type, all, pathSet } of this.#specs) {
      if (findType(type)?.kind !== 'managed')
        throw vimFault('InvalidArgument', `There is no managed object type ${type.slice(0, 100)}.`, {
          invalidProperty: 'specSet.propSet.type',
        });
      if (!all) for (const path of pathSet) compilePath(type, path, version);
    }
  }

  /**
   * Paths to read of an object; undefined when the filter says nothing of its type.
   * @throws VimFault NotSupported for a property that every such object has and this simulator does not offer
   */
  pathsOf(object: ManagedObject): readonly PropertyPath[] | undefined {
    const { type } = object.ref;
    if (this.#paths.has(type)) return this.#paths.get(type);
    const paths = this.#resolve(object);
    this.#paths.set(type, paths);
    return paths;
  }

  #resolve(object: ManagedObject): PropertyPath[] | undefined {
    const { type } = object.ref;
    const matching = this.#specs.filter((spec) => isA(type, spec.type));
    if (matching.length === 0) return undefined;
    const { fields } = typeNamed(type);
    if (matching.some((spec) => spec.all))
      return [...fields.values()]
        .filter((field) => field.since <= this.#version && object.offers(field.name))
        .map((field) => compilePath(type, field.name, this.#version));
    const texts = matching.flatMap((spec) => spec.pathSet);
    return (texts.length > 1 ? [...new Set(texts)] : texts).map((text) => {
      const path = compilePath(type, text, this.#version);
      mustOffer(object, path);
      return path;
    });
  }
}

/**
 * A single optional property that the simulator lacks is unset; anything else would be a lie.
 * @throws VimFault NotSupported
 */
export function mustOffer(object: ManagedObject, path: PropertyPath): void {
  const { type } = object.ref;
  const field = typeNamed(type).fields.get(path.root)!;
  if (!object.offers(path.root) && !(field.isOptional && !field.isArray))
    throw vimFault('NotSupported', `${type}.${path.root} is not offered by this server.`);
}

/**
 * Why a property cannot be read now; undefined when it can: before login only a few can be, and an account may not
 * see everything.
 */
export function refusal(
  object: ManagedObject,
  path: PropertyPath,
  { session, sight }: Reading,
): VimFault | undefined {
  if (session === undefined)
    return ANONYMOUS.has(`${object.ref.type}.${path.root}`) ? undefined : notAuthenticated(object.ref);
  const privilege = sight?.lacks(object, path.root);
  return privilege === undefined ? undefined : noPermission(object.entity!.ref, privilege);
}
