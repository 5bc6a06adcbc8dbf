/** From a path to a provider's type: which resource is meant, with which api-version, and for what action. */
import {
  badRequest,
  invalidNamespace,
  invalidResourceType,
  missingApiVersion,
  noRegisteredProvider,
} from './faults.ts';
import type { ArmProvider, ArmType } from './provider.ts';

/** Where in ARM's tree a path leads. */
export interface Place {
  readonly subscriptionId: string;
  /** Empty at the level of the subscription. */
  readonly resourceGroup: string;
  readonly namespace: string;
  /** Type, name, type, name, …, action. */
  readonly rest: readonly string[];
}

/** Takes `/subscriptions/{s}[/resourceGroups/{g}]/providers/{ns}/…` apart; undefined for anything else. */
export function locate(parts: readonly string[]): Place | undefined {
  const is = (index: number, word: string) => parts[index]?.toLowerCase() === word;
  if (!is(0, 'subscriptions') || parts[1] === undefined) return undefined;
  const inGroup = is(2, 'resourcegroups');
  const at = inGroup ? 4 : 2;
  if (!is(at, 'providers') || parts[at + 2] === undefined) return undefined;
  return {
    subscriptionId: parts[1],
    resourceGroup: inGroup ? parts[3]! : '',
    namespace: parts[at + 1]!,
    rest: parts.slice(at + 2),
  };
}

/** An extension on a scope: `{scope}/providers/Microsoft.Authorization/locks/{name}`. */
export interface ExtensionPlace {
  /** Spelt as sent; "" for the tenant. */
  readonly scope: string;
  readonly provider: ArmProvider;
  /** In its declared spelling. */
  readonly type: string;
  readonly handler: ArmType;
  readonly name: string;
  readonly segments: readonly string[];
}

/** What hangs on a scope by the last `providers` of the path; undefined for anything else. */
export function locateExtension(
  providers: ReadonlyMap<string, ArmProvider>,
  parts: readonly string[],
): ExtensionPlace | undefined {
  const at = parts.findLastIndex((part) => part.toLowerCase() === 'providers');
  const provider = at < 0 ? undefined : providers.get(parts[at + 1]?.toLowerCase() ?? '');
  const asked = parts[at + 2]?.toLowerCase();
  const type = Object.keys(provider?.extensions ?? {}).find((known) => known.toLowerCase() === asked);
  if (!provider?.extensions || type === undefined) return undefined;
  return {
    scope: at === 0 ? '' : `/${parts.slice(0, at).join('/')}`,
    provider,
    type,
    handler: provider.extensions[type]!,
    name: parts[at + 3] ?? '',
    segments: parts.slice(at + 4),
  };
}

export interface ResourcePath {
  readonly provider: ArmProvider;
  /** In its declared spelling. */
  readonly type: string;
  readonly handler: ArmType;
  readonly names: readonly string[];
  readonly name: string;
  readonly segments: readonly string[];
}

const PARTS_MAX = 40;
const PART_CHARACTERS_MAX = 260;

/** Path parts, decoded. @throws ArmError 400 for a path that no resource can have */
export function splitPath(pathname: string): string[] {
  const parts = pathname.split('/').filter((part) => part !== '');
  if (parts.length > PARTS_MAX) throw badRequest(`The path has more than ${PARTS_MAX} parts.`);
  return parts.map((part) => {
    let text: string;
    try {
      text = decodeURIComponent(part);
    } catch {
      throw badRequest('The path is not valid percent-encoded UTF-8.');
    }
    if (text.length > PART_CHARACTERS_MAX || /[\u0000-\u001f/\\]/.test(text) || text === '.' || text === '..')
      throw badRequest('A part of the path is too long or holds characters that no name may have.');
    return text;
  });
}

/**
 * @param namespace as sent @param parts what follows the namespace: type, name, type, name, …, action
 * @throws ArmError InvalidResourceNamespace, InvalidResourceType
 */
export function resolveType(
  providers: ReadonlyMap<string, ArmProvider>,
  namespace: string,
  parts: readonly string[],
  apiVersion: string,
): ResourcePath {
  const provider = providers.get(namespace.toLowerCase());
  if (!provider) throw invalidNamespace(namespace);
  const declared = new Map(Object.keys(provider.types).map((type) => [type.toLowerCase(), type]));
  let asked = '';
  let found: { type: string; depth: number } | undefined;
  for (let depth = 1; 2 * depth - 2 < parts.length; depth++) {
    asked += `${depth === 1 ? '' : '/'}${parts[2 * depth - 2]!.toLowerCase()}`;
    const type = declared.get(asked);
    if (type !== undefined) found = { type, depth };
  }
  if (!found) throw invalidResourceType(provider.namespace, parts[0] ?? '', apiVersion);
  const { type, depth } = found;
  const names = parts.slice(0, 2 * depth).filter((_, i) => i % 2 === 1);
  return {
    provider,
    type,
    handler: provider.types[type]!,
    names,
    name: names[depth - 1] ?? '',
    segments: parts.slice(2 * depth),
  };
}

/** @throws ArmError NoRegisteredProviderFound */
export function requireVersion(
  { provider, type, handler }: Pick<ResourcePath, 'provider' | 'type' | 'handler'>,
  version: string,
  location: string,
): void {
  if (!handler.apiVersions.includes(version))
    throw noRegisteredProvider(`${provider.namespace}/${type}`, version, handler.apiVersions, location);
}

/** The api-version of a request. @throws ArmError MissingApiVersionParameter */
export function apiVersionOf(url: URL): string {
  const version = url.searchParams.get('api-version');
  if (!version) throw missingApiVersion();
  return version;
}

/** The action that a role must allow: `Microsoft.Compute/disks/beginGetAccess/action`. */
export function actionOf(
  namespace: string,
  type: string,
  method: string,
  segments: readonly string[],
): string {
  const base = `${namespace}/${type}`;
  switch (method) {
    case 'GET':
    case 'HEAD':
      return [base, ...segments, 'read'].join('/');
    case 'DELETE':
      return [base, ...segments, 'delete'].join('/');
    case 'POST':
      return [base, ...segments, 'action'].join('/');
    default:
      return [base, ...segments, 'write'].join('/');
  }
}
