/**
 * What an Enumerate names: all of a class, a query in WQL, or what is associated with an object (DSP0227 section 8.3);
 * in which form (EnumerationMode) and how deep below the class (PolymorphismMode).
 */
import { child, childText, type XmlElement } from '#core/wire/xml/element.ts';
import type { WindowsAccount } from '../accounts.ts';
import type { RelatedQuery, SelectQuery } from '../wql/ast.ts';
import { equalitiesIn, propertiesIn, propertyOf, satisfies } from '../wql/evaluate.ts';
import { parseWql, WqlError } from '../wql/parse.ts';
import { WsmanFault } from '../wsman/fault.ts';
import { ASSOCIATION_DIALECT, WQL_DIALECT } from '../wsman/names.ts';
import { endpointReference } from '../wsman/request.ts';
import { fragmentWriter, instanceXml, referenceOf } from './encode.ts';
import { invalidClass, invalidQuery, noSuchInstance } from './errors.ts';
import { type CimRepository, linkOf } from './repository.ts';
import { type CimClass, type CimInstance, isA } from './values.ts';

type Mode = 'object' | 'reference' | 'both';
/** With subclasses and all they add, with subclasses but not what they add, or of the very class alone. */
type Depth = 'deep' | 'base' | 'shallow';

export interface EnumerateScope {
  readonly repository: CimRepository;
  /** NetBIOS name. */
  readonly computer: string;
  readonly namespace: string;
  readonly className: string;
  readonly account: WindowsAccount;
}

/** Items, encoded as they are asked for. @throws WsmanFault */
export function enumerated(body: XmlElement | undefined, scope: EnumerateScope): Iterable<string> {
  const { repository, namespace, className, account } = scope;
  const mode = modeOf(body);
  const depth = depthOf(body);
  const filter = body && child(body, 'Filter');
  if (!filter) {
    if (className === '*') throw new WsmanFault('filterRequired');
    const of = repository.findClass(namespace, className);
    if (!of) throw invalidClass(className);
    return encodeAll(instancesAt(repository.instances(of, { account }), of, depth), undefined, mode);
  }
  // how deep a query goes is the query's own affair
  if (depth !== 'deep') throw new WsmanFault('polymorphismUnsupported');
  const dialect = filter.attributes.get('Dialect')?.value ?? '';
  if (dialect === WQL_DIALECT) {
    const query = parsed(filter.text);
    if (query.kind === 'select') return selected(query, mode, scope);
    return encodeAll(related(query, namespace, repository), undefined, mode);
  }
  if (dialect.toLowerCase() !== ASSOCIATION_DIALECT) throw new WsmanFault('dialectUnavailable');
  return encodeAll(related(associationQuery(filter), namespace, repository), undefined, mode);
}

function modeOf(body: XmlElement | undefined): Mode {
  const mode = body && child(body, 'EnumerationMode')?.text.trim();
  switch (mode) {
    case undefined:
    case '':
      return 'object';
    case 'EnumerateEPR':
      return 'reference';
    case 'EnumerateObjectAndEPR':
      return 'both';
    default:
      throw new WsmanFault('modeUnsupported');
  }
}

function depthOf(body: XmlElement | undefined): Depth {
  const mode = body && child(body, 'PolymorphismMode')?.text.trim();
  switch (mode) {
    case undefined:
    case '':
    case 'IncludeSubClassProperties':
      return 'deep';
    case 'ExcludeSubClassProperties':
      return 'base';
    case 'None':
      return 'shallow';
    default:
      throw new WsmanFault('polymorphismUnsupported');
  }
}

function* instancesAt(instances: Iterable<CimInstance>, of: CimClass, depth: Depth): Iterable<CimInstance> {
  for (const instance of instances) {
    if (depth === 'deep' || instance.class === of) yield instance;
    else if (depth === 'base') yield { class: of, values: instance.values };
  }
}

function parsed(text: string): SelectQuery | RelatedQuery {
  try {
    return parseWql(text);
  } catch (error) {
    if (!(error instanceof WqlError)) throw error;
    throw invalidQuery(error.message);
  }
}

function selected(
  { className, where, properties }: SelectQuery,
  mode: Mode,
  { repository, computer, namespace, account }: EnumerateScope,
): Iterable<string> {
  const of = repository.findClass(namespace, className);
  if (!of) throw invalidClass(className);
  const unknown = (properties ?? []).find(
    (name) =>
      !name.startsWith('__') && !of.properties.some((p) => p.name.toLowerCase() === name.toLowerCase()),
  );
  if (unknown !== undefined) throw invalidQuery(`${of.name} has no property ${unknown}`);
  const around = { host: computer };
  const wanted =
    properties && new Set([...properties, ...propertiesIn(where)].map((name) => name.toLowerCase()));
  const instances = repository.instances(of, { wanted, equals: equalitiesIn(where), account });
  return encodeAll(
    where ? filtered(instances, (one) => satisfies(one, where, around)) : instances,
    properties,
    mode,
  );
}

/** The filter as the query that says the same. */
function associationQuery(filter: XmlElement): RelatedQuery {
  const associated = child(filter, 'AssociatedInstances');
  const wanted = associated ?? child(filter, 'AssociationInstances');
  const object = wanted && child(wanted, 'Object');
  // a choice of properties would make fragments of them, which clients of this filter do not know
  if (!object || child(wanted, 'IncludeResultProperty')) throw new WsmanFault('badFilterXml');
  const { resourceUri, selectors } = endpointReference(child(object, 'EndpointReference') ?? object);
  const className = resourceUri.slice(resourceUri.lastIndexOf('/') + 1);
  const keys = new Map<string, string>();
  for (const [name, value] of selectors) {
    if (name === '__cimnamespace') continue;
    if (typeof value !== 'string') throw new WsmanFault('invalidSelectors');
    keys.set(name, value);
  }
  if (className === '') throw new WsmanFault('badFilterXml');
  const option = (element: string, name: string): Record<string, string> => {
    const text = childText(wanted, element)?.trim() ?? '';
    return text === '' ? {} : { [name]: text };
  };
  return {
    kind: associated ? 'associators' : 'references',
    path: { className, keys },
    ...option('ResultClassName', 'resultClass'),
    ...option('Role', 'role'),
    ...(associated
      ? { ...option('AssociationClassName', 'assocClass'), ...option('ResultRole', 'resultRole') }
      : {}),
  };
}

function related(query: RelatedQuery, namespace: string, repository: CimRepository): Iterable<CimInstance> {
  const { className, keys } = query.path;
  if (!repository.findClass(namespace, className)) throw invalidClass(className);
  const one = repository.byPath({ namespace, className, keys });
  if (!one) throw noSuchInstance();
  return relatedTo(one, query, repository);
}

function* relatedTo(one: CimInstance, query: RelatedQuery, repository: CimRepository): Iterable<CimInstance> {
  const differs = (wanted: string | undefined, name: string): boolean =>
    wanted !== undefined && wanted.toLowerCase() !== name.toLowerCase();
  const seen = new Set<string>();
  for (const { link, role, otherRole, other } of repository.related(one)) {
    if (differs(query.role, role)) continue;
    if (query.kind === 'references') {
      if (query.resultClass === undefined || isA(link.class, query.resultClass))
        yield linkOf(link.class, role, one, otherRole, other);
      continue;
    }
    if (query.assocClass !== undefined && !isA(link.class, query.assocClass)) continue;
    if (query.resultClass !== undefined && !isA(other.class, query.resultClass)) continue;
    if (differs(query.resultRole, otherRole)) continue;
    const name = String(propertyOf(other, '__RELPATH', { host: '' })).toLowerCase();
    if (seen.has(name)) continue;
    seen.add(name);
    yield other;
  }
}

function* encodeAll(
  instances: Iterable<CimInstance>,
  properties: readonly string[] | undefined,
  mode: Mode,
): Iterable<string> {
  const write = properties ? fragmentWriter(properties) : instanceXml;
  for (const instance of instances) {
    if (mode === 'object') yield write(instance);
    else if (mode === 'reference') yield referenceOf(instance);
    else yield `<w:Item>${write(instance)}${referenceOf(instance)}</w:Item>`;
  }
}

function* filtered<T>(items: Iterable<T>, holds: (item: T) => boolean): Iterable<T> {
  for (const item of items) if (holds(item)) yield item;
}
