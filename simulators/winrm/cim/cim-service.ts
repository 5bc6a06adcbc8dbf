/**
 * WS-Management over CIM: Get, Enumerate with WQL, and methods, on the classes of one host. [MS-WSMV] section 3.1.4,
 * DSP0230.
 */
import { child, type XmlElement } from '#core/wire/xml/element.ts';
import type { WindowsAccount } from '../accounts.ts';
import type { RelatedQuery, SelectQuery } from '../wql/ast.ts';
import { propertiesIn, propertyOf, satisfies } from '../wql/evaluate.ts';
import { parseWql, WqlError } from '../wql/parse.ts';
import { WsmanFault } from '../wsman/fault.ts';
import { RESOURCE, WQL_DIALECT } from '../wsman/names.ts';
import { endpointReference, type SelectorValue, type WsmanRequest } from '../wsman/request.ts';
import { classUri, fragmentXml, instanceXml, propertyXml, referenceOf } from './encode.ts';
import { type CimRepository, linkOf } from './repository.ts';
import { type CimClass, type CimInstance, type CimPath, type CimType, type CimValue, isA } from './values.ts';

/** A method of a class: `self` is the instance that the selectors name. */
export interface CimMethod {
  readonly class: CimClass;
  readonly name: string;
  /** Of the class itself: no instance is needed, and `self` is an empty one. */
  readonly static?: boolean;
  /** Output parameters in the order in which they are written; ReturnValue comes by itself. */
  readonly outputs: ReadonlyArray<{ readonly name: string; readonly type: CimType; readonly array: boolean }>;
  run(call: MethodCall): MethodResult;
}

export interface MethodCall {
  readonly self: CimInstance;
  readonly account: WindowsAccount;
  /** Texts of an input parameter, one for each element of an array. */
  texts(name: string): readonly string[];
  /** Instances that an input parameter refers to. @throws WsmanFault */
  references(name: string): readonly CimInstance[];
}

export interface MethodResult {
  readonly returnValue: number;
  readonly outputs: Readonly<Record<string, CimValue>>;
}

export interface CimHost {
  readonly repository: CimRepository;
  readonly methods: readonly CimMethod[];
  /** NetBIOS name. */
  readonly computer: string;
  /** May the account read the namespace? */
  mayRead(account: WindowsAccount, namespace: string): boolean;
}

type Mode = 'object' | 'reference' | 'both';

export class CimService {
  readonly #host: CimHost;

  constructor(host: CimHost) {
    this.#host = host;
  }

  /** Body of the answer. @throws WsmanFault */
  get(request: WsmanRequest, account: WindowsAccount): string {
    const of = this.#class(request.resourceUri, account);
    return instanceXml(this.#selected(of, request.selectors, account));
  }

  /** Items of an enumeration, encoded as they are asked for. @throws WsmanFault */
  enumerate(request: WsmanRequest, account: WindowsAccount): Iterable<string> {
    const { namespace, className } = splitUri(request.resourceUri);
    const filter = request.body && child(request.body, 'Filter');
    const mode = modeOf(request.body);
    if (!filter) {
      if (className === '*') throw new WsmanFault('filterRequired');
      return encodeAll(
        this.#host.repository.instances(this.#class(request.resourceUri, account), { account }),
        undefined,
        mode,
      );
    }
    const dialect = filter.attributes.get('Dialect')?.value ?? '';
    if (dialect !== WQL_DIALECT) throw new WsmanFault('dialectUnavailable');
    this.#checkNamespace(namespace, account);
    const query = this.#parse(filter.text);
    if (query.kind === 'select') return this.#select(namespace, query, mode, account);
    return encodeAll(this.#related(namespace, query), undefined, mode);
  }

  /** Body of the answer to an action that is a method of a class. @throws WsmanFault */
  invoke(request: WsmanRequest, account: WindowsAccount): string {
    const at = request.action.lastIndexOf('/');
    const name = request.action.slice(at + 1);
    const of = this.#class(request.resourceUri, account);
    const method = this.#host.methods.find(
      (candidate) => candidate.name.toLowerCase() === name.toLowerCase() && isA(of, candidate.class.name),
    );
    if (!method || !request.action.startsWith(RESOURCE.wmi)) throw new WsmanFault('actionNotSupported');
    const self = method.static ? { class: of, values: {} } : this.#selected(of, request.selectors, account);
    const parameters = (wanted: string): XmlElement[] =>
      (request.body?.children ?? []).filter((element) => element.name.toLowerCase() === wanted.toLowerCase());
    const { returnValue, outputs } = method.run({
      self,
      account,
      texts: (wanted) => parameters(wanted).map((element) => element.text),
      references: (wanted) => parameters(wanted).map((element) => this.#referred(element)),
    });
    const inside = method.outputs
      .map((output) => propertyXml(output, outputs[output.name] ?? null, 'p'))
      .join('');
    return (
      `<p:${method.name}_OUTPUT xmlns:p="${classUri(of.namespace, of.name)}" ` +
      'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" ' +
      `xmlns:cim="http://schemas.dmtf.org/wbem/wscim/1/common">${inside}` +
      `<p:ReturnValue>${returnValue}</p:ReturnValue></p:${method.name}_OUTPUT>`
    );
  }

  #parse(text: string): SelectQuery | RelatedQuery {
    try {
      return parseWql(text);
    } catch (error) {
      if (!(error instanceof WqlError)) throw error;
      throw new WsmanFault('cannotProcessFilter', undefined, {
        status: 15,
        hresult: '0x80041017',
        text: `Invalid query: ${error.message}.`,
      });
    }
  }

  #select(namespace: string, query: SelectQuery, mode: Mode, account: WindowsAccount): Iterable<string> {
    const of = this.#host.repository.findClass(namespace, query.className);
    if (!of) throw invalidClass(query.className);
    const { where, properties } = query;
    const unknown = (properties ?? []).find(
      (name) =>
        !name.startsWith('__') && !of.properties.some((p) => p.name.toLowerCase() === name.toLowerCase()),
    );
    if (unknown !== undefined)
      throw new WsmanFault('cannotProcessFilter', undefined, {
        status: 15,
        hresult: '0x80041017',
        text: `Invalid query: ${of.name} has no property ${unknown}.`,
      });
    const { repository, computer } = this.#host;
    const around = { host: computer };
    const wanted =
      properties && new Set([...properties, ...propertiesIn(where)].map((name) => name.toLowerCase()));
    const instances = repository.instances(of, { wanted, account });
    return encodeAll(
      where ? filtered(instances, (one) => satisfies(one, where, around)) : instances,
      properties,
      mode,
    );
  }

  *#related(namespace: string, query: RelatedQuery): Iterable<CimInstance> {
    const { repository } = this.#host;
    const { className, keys } = query.path;
    if (!repository.findClass(namespace, className)) throw invalidClass(className);
    const one = repository.byPath({ namespace, className, keys } satisfies CimPath);
    if (!one) throw noSuchInstance();
    const seen = new Set<string>();
    for (const { link, role, otherRole, other } of repository.related(one)) {
      if (query.role !== undefined && query.role.toLowerCase() !== role.toLowerCase()) continue;
      if (query.kind === 'references') {
        if (query.resultClass === undefined || isA(link.class, query.resultClass))
          yield linkOf(link.class, role, one, otherRole, other);
        continue;
      }
      if (query.assocClass !== undefined && !isA(link.class, query.assocClass)) continue;
      if (query.resultClass !== undefined && !isA(other.class, query.resultClass)) continue;
      if (query.resultRole !== undefined && query.resultRole.toLowerCase() !== otherRole.toLowerCase())
        continue;
      const name = String(propertyOf(other, '__RELPATH', { host: '' })).toLowerCase();
      if (seen.has(name)) continue;
      seen.add(name);
      yield other;
    }
  }

  #class(uri: string, account: WindowsAccount): CimClass {
    const { namespace, className } = splitUri(uri);
    this.#checkNamespace(namespace, account);
    const found = this.#host.repository.findClass(namespace, className);
    if (!found) throw invalidClass(className);
    return found;
  }

  #checkNamespace(namespace: string, account: WindowsAccount): void {
    if (!this.#host.repository.hasNamespace(namespace))
      throw new WsmanFault('noSuchInstance', undefined, {
        status: 3,
        hresult: '0x8004100E',
        text: 'Invalid namespace',
      });
    if (!this.#host.mayRead(account, namespace))
      throw new WsmanFault('accessDenied', undefined, {
        status: 2,
        hresult: '0x80041003',
        text: 'Access denied',
      });
  }

  /** Partial selectors pick a singleton; a selector that is no key is refused. */
  #selected(
    of: CimClass,
    selectors: ReadonlyMap<string, SelectorValue>,
    account?: WindowsAccount,
  ): CimInstance {
    const keys = new Map<string, string>();
    for (const [name, value] of selectors) {
      if (name === '__cimnamespace') continue;
      const key = of.keys.find((candidate) => candidate.toLowerCase() === name);
      if (key === undefined || typeof value !== 'string') throw new WsmanFault('invalidSelectors');
      keys.set(key, value);
    }
    const found = this.#host.repository.get(of, keys, { account });
    if (!found) throw noSuchInstance();
    return found;
  }

  #referred(element: XmlElement): CimInstance {
    // Address and ReferenceParameters stand inside the parameter itself, or in an EndpointReference
    const reference = endpointReference(child(element, 'EndpointReference') ?? element);
    const { namespace, className } = splitUri(reference.resourceUri);
    const of = this.#host.repository.findClass(namespace, className);
    if (!of) throw invalidClass(className);
    return this.#selected(of, reference.selectors);
  }
}

function splitUri(uri: string): { namespace: string; className: string } {
  const rest = uri.toLowerCase().startsWith(RESOURCE.wmi) ? uri.slice(RESOURCE.wmi.length) : '';
  const at = rest.lastIndexOf('/');
  if (at < 1 || at === rest.length - 1) throw new WsmanFault('badResourceUri');
  return { namespace: rest.slice(0, at), className: rest.slice(at + 1) };
}

function modeOf(body: XmlElement | undefined): Mode {
  switch (body && child(body, 'EnumerationMode')?.text.trim()) {
    case 'EnumerateEPR':
      return 'reference';
    case 'EnumerateObjectAndEPR':
      return 'both';
    default:
      return 'object';
  }
}

function* encodeAll(
  instances: Iterable<CimInstance>,
  properties: readonly string[] | undefined,
  mode: Mode,
): Iterable<string> {
  for (const instance of instances) {
    const object = (): string => (properties ? fragmentXml(instance, properties) : instanceXml(instance));
    if (mode === 'object') yield object();
    else if (mode === 'reference') yield referenceOf(instance);
    else yield `<w:Item>${object()}${referenceOf(instance)}</w:Item>`;
  }
}

function* filtered<T>(items: Iterable<T>, holds: (item: T) => boolean): Iterable<T> {
  for (const item of items) if (holds(item)) yield item;
}

function invalidClass(name: string): WsmanFault {
  return new WsmanFault('noSuchInstance', undefined, {
    status: 5,
    hresult: '0x80041010',
    text: `Invalid class ${name.slice(0, 100)}`,
  });
}

function noSuchInstance(): WsmanFault {
  return new WsmanFault('noSuchInstance', undefined, { status: 6, hresult: '0x80041002', text: 'Not found' });
}
