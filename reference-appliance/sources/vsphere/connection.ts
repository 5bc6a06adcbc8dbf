/**
 * SOAP calls to one vCenter: envelope, version, session.
 *
 * The session is the cookie that Login sets; vCenter drops it after half an hour without a call, when it restarts,
 * or when it likes. Then every call answers NotAuthenticated, whereupon the connection signs in once more and
 * repeats the call once. Several calls that find the session gone share one sign-in.
 */
import { defineErrors } from '#core/errors.ts';
import type { HttpAnswer, HttpClient } from '#core/net/http-client.ts';
import type { Counters } from '#core/trace/recorder.ts';
import { type Bytes, MINUTE, type Millis } from '#core/units.ts';
import { parseEnvelope, SOAP_11 } from '#core/wire/soap/envelope.ts';
import { child, childrenOf, childText, type XmlElement } from '#core/wire/xml/element.ts';
import { parseXml, REPLY_LIMITS } from '#core/wire/xml/reader.ts';
import { XmlWriter } from '#core/wire/xml/writer.ts';
import type { Logger } from '../../log.ts';
import { errors, faultOf, VimFault } from './faults.ts';

export const connectionErrors = defineErrors({
  'vcenter.unavailable': {
    blame: 'peer',
    retry: 'safe',
    why: 'The server, or a proxy before it, answered with an HTTP status that is no vSphere answer.',
    next: 'Look at the state of the vCenter services; the appliance tries again by itself.',
  },
});

export interface ManagedObject {
  readonly type: string;
  readonly id: string;
}

/** What the appliance uses of ServiceContent. */
export interface ServiceContent {
  readonly about: {
    readonly name: string;
    readonly version: string;
    readonly apiType: string;
    readonly instanceUuid: string;
    readonly licenseProductName: string;
  };
  readonly rootFolder: ManagedObject;
  readonly propertyCollector: ManagedObject;
  readonly viewManager: ManagedObject;
  readonly sessionManager: ManagedObject;
  readonly perfManager: ManagedObject;
  /** Managers that a server may lack. */
  readonly authorizationManager: ManagedObject | undefined;
  readonly guestOperationsManager: ManagedObject | undefined;
  /** The OptionManager. */
  readonly setting: ManagedObject | undefined;
}

/** Who is signed in, as the server has it. [UserSession] */
export interface UserSession {
  readonly key: string;
  /** "VSPHERE.LOCAL\\reader" */
  readonly userName: string;
}

export interface ConnectionOptions {
  /** "vc1.example" or "10.0.0.5": used in messages as well. */
  host: string;
  port: number;
  user: string;
  password: string;
  http: HttpClient;
  /** Aborts when the appliance ends. */
  life: AbortSignal;
  log: Logger;
  counters: Counters;
}

/** Versions this client was written for, newest first; the server's list decides which one is spoken. */
const VERSIONS = [
  '8.0.3.0',
  '8.0.2.0',
  '8.0.1.0',
  '8.0.0.1',
  '7.0.3.0',
  '7.0.2.0',
  '7.0.1.0',
  '7.0.0.0',
  '6.7.3',
  '6.7',
  '6.5',
];

/** Without one the connection is taken for dead. */
const ANSWER_WITHIN_MS: Millis = MINUTE;
const REPLY_BYTES_MAX: Bytes = 256 * 1024 * 1024;

type Fields = (xml: XmlWriter) => void;

export class VsphereConnection {
  readonly host: string;
  readonly #options: ConnectionOptions;
  readonly #origin: string;
  #version: string | undefined;
  #content: ServiceContent | undefined;
  #cookie: string | undefined;
  #session = 0;
  #user: UserSession | undefined;
  #signingIn: Promise<void> | undefined;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.host = options.host;
    this.#origin = `https://${options.host.includes(':') ? `[${options.host}]` : options.host}:${options.port}`;
  }

  /** Number of the session: when it changes, views, filters and collectors of the one before are gone. */
  get session(): number {
    return this.#session;
  }

  /** Signs in if need be. */
  async user(signal: AbortSignal): Promise<UserSession> {
    await this.#signedIn(signal);
    return this.#user!;
  }

  /** Signs in if need be. @throws `vcenter.login.*`, `vcenter.notVcenter`, `net.*` */
  async content(signal: AbortSignal): Promise<ServiceContent> {
    await this.#signedIn(signal);
    return this.#content!;
  }

  /**
   * One call. @returns the whole reply, status 200. @throws VimFault; `net.*`, `vcenter.unavailable`,
   * `vcenter.login.*`
   */
  async call(method: string, on: ManagedObject, fields: Fields, signal: AbortSignal): Promise<Buffer> {
    return this.inSession(signal, () => this.#post(method, on, fields, signal));
  }

  /**
   * One call that means nothing in another session than the one it was made for: when that is gone, the fault
   * NotAuthenticated is thrown, and the next call signs in again.
   *
   * @param waitMs how long the server was asked to think about its answer: it is given that much more time
   */
  async callHere(
    method: string,
    on: ManagedObject,
    fields: Fields,
    signal: AbortSignal,
    waitMs: Millis,
  ): Promise<Buffer> {
    await this.#signedIn(signal);
    const cookie = this.#cookie;
    try {
      return await this.#post(method, on, fields, signal, { waitMs });
    } catch (error) {
      if (error instanceof VimFault && error.type === 'NotAuthenticated') this.#forget(cookie);
      throw error;
    }
  }

  /** One call whose reply is small. @returns its `returnval` elements. */
  async ask(method: string, on: ManagedObject, fields: Fields, signal: AbortSignal): Promise<XmlElement[]> {
    return returnValues(await this.call(method, on, fields, signal), method);
  }

  /**
   * Runs `work`, and once more after a new sign-in if it throws the fault NotAuthenticated: which the property
   * collector carries inside a good answer, so that its callers wrap themselves in this as well.
   */
  async inSession<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    await this.#signedIn(signal);
    const cookie = this.#cookie;
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof VimFault) || error.type !== 'NotAuthenticated') throw error;
      this.#forget(cookie);
      await this.#signedIn(signal);
      return work();
    }
  }

  /** A request to another path of the same server with the session's cookie; 401 signs in again, once. */
  async get(path: string, headers: Record<string, string>, signal: AbortSignal): Promise<HttpAnswer> {
    return this.inSession(signal, async () => {
      const answer = await this.#options.http.fetch({
        method: 'GET',
        url: `${this.#origin}${path}`,
        headers: { ...headers, cookie: this.#cookie! },
        signal,
      });
      if (answer.status === 401) throw new VimFault('NotAuthenticated', 'the session is not valid');
      return answer;
    });
  }

  /** Ends the session. Never throws. */
  async signOut(signal: AbortSignal): Promise<void> {
    if (!this.#cookie || !this.#content) return;
    try {
      await this.#post('Logout', this.#content.sessionManager, () => {}, signal);
    } catch (error) {
      this.#options.log.debug({ vcenter: this.host, err: error }, 'signing out failed');
    }
    this.#cookie = undefined;
  }

  /** The session of that cookie is gone. */
  #forget(cookie: string | undefined): void {
    this.#options.log.info({ vcenter: this.host }, 'the session is gone; signing in again');
    this.#options.counters.add('appliance.vcenter.relogins');
    if (this.#cookie === cookie) this.#cookie = undefined;
  }

  async #signedIn(signal: AbortSignal): Promise<void> {
    while (!this.#cookie) {
      signal.throwIfAborted();
      // shared by all who find the session gone, so it must not die with the one who came first
      this.#signingIn ??= this.#signIn(this.#options.life).finally(() => {
        this.#signingIn = undefined;
      });
      await this.#signingIn;
    }
  }

  async #signIn(signal: AbortSignal): Promise<void> {
    this.#version ??= await this.#negotiate(signal);
    const [returned] = returnValues(
      await this.#post(
        'RetrieveServiceContent',
        { type: 'ServiceInstance', id: 'ServiceInstance' },
        () => {},
        signal,
      ),
      'RetrieveServiceContent',
    );
    this.#content = readServiceContent(returned, this.host);
    if (this.#content.about.apiType === 'HostAgent')
      throw errors.make('vcenter.isHost', { what: `${this.host} is an ESXi host, not a vCenter.` });
    const { user, password } = this.#options;
    const reply = await this.#post(
      'Login',
      this.#content.sessionManager,
      (xml) => {
        xml.leaf('userName', user).leaf('password', password);
      },
      signal,
      {
        onCookie: (cookie) => {
          this.#cookie = cookie;
        },
      },
    );
    const [session] = returnValues(reply, 'Login');
    this.#user = {
      key: (session && childText(session, 'key')) ?? '',
      userName: (session && childText(session, 'userName')) ?? user,
    };
    if (!this.#cookie)
      throw errors.make('vcenter.protocol', {
        what: `vCenter ${this.host} answered Login without a session cookie.`,
      });
    this.#options.counters.add('appliance.vcenter.logins');
    this.#session++;
  }

  /** The newest version that both sides know, from the server's own list. */
  async #negotiate(signal: AbortSignal): Promise<string> {
    const answer = await this.#options.http.fetch({
      method: 'GET',
      url: `${this.#origin}/sdk/vimServiceVersions.xml`,
      signal,
      bodyBytesMax: 1024 * 1024,
    });
    const strange = (what: string, cause?: unknown) =>
      errors.make('vcenter.notVcenter', {
        what: `${this.host}:${this.#options.port} ${what}.`,
        ...(cause ? { cause } : {}),
      });
    if (answer.status >= 500) throw this.#unavailable(answer.status);
    if (answer.status !== 200) throw strange(`answered ${answer.status} when asked for its API versions`);
    let document: XmlElement;
    try {
      document = parseXml(answer.body);
    } catch (cause) {
      throw strange('gave a list of API versions that is no XML', cause);
    }
    const offered = new Set<string>();
    for (const namespace of childrenOf(document, 'namespace')) {
      if (childText(namespace, 'name') !== 'urn:vim25') continue;
      offered.add(childText(namespace, 'version') ?? '');
      const prior = child(namespace, 'priorVersions');
      for (const version of prior?.children ?? []) offered.add(version.text);
    }
    const version = VERSIONS.find((known) => offered.has(known));
    if (!version) throw strange('offers no version of the vSphere API from 6.5 to 8.0');
    return version;
  }

  async #post(
    method: string,
    on: ManagedObject,
    fields: Fields,
    signal: AbortSignal,
    { onCookie, waitMs = 0 }: { onCookie?: (cookie: string) => void; waitMs?: Millis } = {},
  ): Promise<Buffer> {
    const { http, counters } = this.#options;
    counters.add(`appliance.vcenter.calls.${method}`);
    const answer = await http.fetch({
      method: 'POST',
      url: `${this.#origin}/sdk`,
      headers: {
        'content-type': 'text/xml; charset=utf-8',
        soapaction: `urn:vim25/${this.#version}`,
        ...(this.#cookie ? { cookie: this.#cookie } : {}),
      },
      body: envelope(method, on, fields),
      signal,
      bodyBytesMax: REPLY_BYTES_MAX,
      timeoutMs: waitMs + ANSWER_WITHIN_MS,
    });
    if (answer.status === 200) {
      const cookie = onCookie && sessionCookie(answer.headers['set-cookie']);
      if (cookie) onCookie(cookie);
      return answer.body;
    }
    const isXml = /xml/.test(answer.headers['content-type'] ?? '');
    if (answer.status !== 500 || !isXml) throw this.#unavailable(answer.status);
    const fault = parseEnvelope(answer.body).body[0];
    if (fault?.name !== 'Fault')
      throw errors.make('vcenter.protocol', {
        what: `vCenter ${this.host} answered ${method} with status 500 and no fault.`,
      });
    throw faultOf(fault);
  }

  #unavailable(status: number): Error {
    return connectionErrors.make('vcenter.unavailable', {
      what: `vCenter ${this.host} answered with HTTP status ${status}.`,
      data: { status },
    });
  }
}

/** `<obj type="VirtualMachine">vm-42</obj>` */
export function writeReference(xml: XmlWriter, name: string, object: ManagedObject): void {
  xml.leaf(name, object.id, { type: object.type });
}

export function readReference(element: XmlElement): ManagedObject {
  return { type: element.attributes.get('type')?.value ?? '', id: element.text };
}

/** @throws `vcenter.protocol` when the body is not `<method>Response` */
export function returnValues(reply: Buffer, method: string): XmlElement[] {
  const response = parseEnvelope(reply, REPLY_LIMITS).body[0];
  if (response?.name !== `${method}Response`)
    throw errors.make('vcenter.protocol', {
      what: `${method} was answered with <${response?.name ?? 'nothing'}>.`,
    });
  return childrenOf(response, 'returnval');
}

function envelope(method: string, on: ManagedObject, fields: Fields): string {
  const xml = new XmlWriter().open(method, { xmlns: 'urn:vim25' });
  writeReference(xml, '_this', on);
  fields(xml);
  return (
    '<?xml version="1.0" encoding="UTF-8"?>' +
    `<soapenv:Envelope xmlns:soapenv="${SOAP_11}" xmlns:xsd="http://www.w3.org/2001/XMLSchema" ` +
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body>' +
    `${xml.close()}</soapenv:Body></soapenv:Envelope>`
  );
}

/** name=value of the session cookie, without its attributes. */
function sessionCookie(headers: readonly string[] | undefined): string | undefined {
  const header = headers?.find((text) => text.startsWith('vmware_soap_session='));
  return header?.split(';', 1)[0];
}

function readServiceContent(element: XmlElement | undefined, host: string): ServiceContent {
  const missing = (name: string) =>
    errors.make('vcenter.protocol', { what: `ServiceContent of ${host} has no ${name}.` });
  const reference = (name: string): ManagedObject => {
    const found = element && child(element, name);
    if (!found) throw missing(name);
    return readReference(found);
  };
  const about = element && child(element, 'about');
  if (!about) throw missing('about');
  const text = (name: string): string => childText(about, name) ?? '';
  const optional = (name: string): ManagedObject | undefined => {
    const found = child(element, name);
    return found && readReference(found);
  };
  return {
    about: {
      name: text('fullName'),
      version: text('version'),
      apiType: text('apiType'),
      instanceUuid: text('instanceUuid'),
      licenseProductName: text('licenseProductName'),
    },
    rootFolder: reference('rootFolder'),
    propertyCollector: reference('propertyCollector'),
    viewManager: reference('viewManager'),
    sessionManager: reference('sessionManager'),
    perfManager: reference('perfManager'),
    authorizationManager: optional('authorizationManager'),
    guestOperationsManager: optional('guestOperationsManager'),
    setting: optional('setting'),
  };
}
