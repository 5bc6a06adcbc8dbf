/**
 * WS-Management over CIM: Get, Enumerate, Put, Create, Delete and methods, on the classes of one host. [MS-WSMV] section
 * 3.1.4, DSP0230.
 */
import { child, type XmlElement } from '#core/wire/xml/element.ts';
import type { WindowsAccount } from '../accounts.ts';
import { WsmanFault } from '../wsman/fault.ts';
import { RESOURCE } from '../wsman/names.ts';
import { endpointReference, type SelectorValue, type WsmanRequest } from '../wsman/request.ts';
import { changeOf, valuesOf } from './decode.ts';
import { classUri, instanceXml, propertyXml, referenceParts } from './encode.ts';
import { enumerated } from './enumerate.ts';
import { invalidClass, invalidNamespace, namespaceDenied, noSuchInstance, notCapable } from './errors.ts';
import { fragmentOf } from './fragment.ts';
import type { CimRepository } from './repository.ts';
import type { CimClass, CimInstance, CimType, CimValue } from './values.ts';
import { isA, pathOf } from './values.ts';

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

export class CimService {
  readonly #host: CimHost;

  constructor(host: CimHost) {
    this.#host = host;
  }

  /** Body of the answer: the instance, or the part of it that a fragment transfer names. @throws WsmanFault */
  get(request: WsmanRequest, account: WindowsAccount): string {
    const instance = this.#selected(this.#class(request.resourceUri, account), request.selectors, account);
    return request.fragment ? fragmentOf(instance, request.fragment) : instanceXml(instance);
  }

  /** Body of the answer: the instance as it is now, or the part of it that was changed. @throws WsmanFault */
  put(request: WsmanRequest, account: WindowsAccount): string {
    const of = this.#class(request.resourceUri, account);
    const instance = this.#selected(of, request.selectors, account);
    const source = this.#host.repository.sourceOf(instance.class);
    if (!source?.put) throw notCapable();
    const change = changeOf(request, instance);
    if (!mayChange(account)) throw namespaceDenied();
    source.put(instance, change);
    return this.get(request, account);
  }

  /** Body of the answer: where the new instance is. @throws WsmanFault */
  create(request: WsmanRequest, account: WindowsAccount): string {
    const of = this.#class(request.resourceUri, account);
    const source = this.#host.repository.sourceOf(of);
    if (!source?.create) throw notCapable();
    const values = valuesOf(request.body, of);
    if (!mayChange(account)) throw namespaceDenied();
    return `<x:ResourceCreated>${referenceParts(pathOf(source.create(values)))}</x:ResourceCreated>`;
  }

  /** @throws WsmanFault */
  delete(request: WsmanRequest, account: WindowsAccount): void {
    const of = this.#class(request.resourceUri, account);
    const instance = this.#selected(of, request.selectors, account);
    const source = this.#host.repository.sourceOf(instance.class);
    if (!source?.delete) throw notCapable();
    if (!mayChange(account)) throw namespaceDenied();
    source.delete(instance);
  }

  /** Items of an enumeration, encoded as they are asked for. @throws WsmanFault */
  enumerate(request: WsmanRequest, account: WindowsAccount): Iterable<string> {
    const { namespace, className } = splitUri(request.resourceUri);
    this.#checkNamespace(namespace, account);
    const { repository, computer } = this.#host;
    return enumerated(request.body, { repository, computer, namespace, className, account });
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

  #class(uri: string, account: WindowsAccount): CimClass {
    const { namespace, className } = splitUri(uri);
    this.#checkNamespace(namespace, account);
    const found = this.#host.repository.findClass(namespace, className);
    if (!found) throw invalidClass(className);
    return found;
  }

  #checkNamespace(namespace: string, account: WindowsAccount): void {
    if (!this.#host.repository.hasNamespace(namespace)) throw invalidNamespace();
    if (!this.#host.mayRead(account, namespace)) throw namespaceDenied();
  }

  /** Some of the keys are enough where they fit one instance alone; a selector that is no key is refused. */
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
    const { repository } = this.#host;
    const found = repository.get(of, keys, { account });
    if (!found) throw noSuchInstance();
    if (keys.size < of.keys.length && repository.isAmbiguous(of, keys))
      throw new WsmanFault('insufficientSelectors');
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

function mayChange({ groups }: WindowsAccount): boolean {
  return groups.includes('Administrators');
}

function splitUri(uri: string): { namespace: string; className: string } {
  const rest = uri.toLowerCase().startsWith(RESOURCE.wmi) ? uri.slice(RESOURCE.wmi.length) : '';
  const at = rest.lastIndexOf('/');
  if (at < 1 || at === rest.length - 1) throw new WsmanFault('badResourceUri');
  return { namespace: rest.slice(0, at), className: rest.slice(at + 1) };
}
