/**
 * Sessions: who is logged in, by the cookie `vmware_soap_session`, until they log out, are terminated, or
 * have been idle for too long by the story's clock. Views, property collectors and filters belong to one
 * session and end with it.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { Entropy } from '#core/entropy/entropy.ts';
import type { Clock } from '#core/time/clock.ts';
import { MINUTE, type UnixMillis } from '#core/units.ts';
import type { Authorization } from './authorization/authorization.ts';
import type { Sight } from './authorization/sight.ts';
import { vimFault } from './faults.ts';
import type { ManagedObject } from './objects/object.ts';
import type { Data } from './values.ts';

export interface User {
  readonly name: string;
  readonly password: string;
  /**
   * What it may do at first, everywhere: all; read; read and work in guests, as the documentation has it for
   * agentless discovery; nothing.
   */
  readonly role: 'administrator' | 'readOnly' | 'readOnlyGuest' | 'none';
  /** Groups that it is in beside those of its domain: "CONTOSO\\migration". */
  readonly groups?: readonly string[];
}

export const COOKIE = 'vmware_soap_session';

const SESSIONS_MAX = 500;
const OBJECTS_PER_SESSION_MAX = 1000;
const TICKETS_MAX = 1000;

/** Who asks, as the connection tells. */
interface Client {
  readonly address: string;
  readonly userAgent: string;
}

export class Session {
  /** Names the session to administrators; not a secret. */
  readonly key: string;
  /** Value of the cookie: a secret. */
  readonly token: string;
  readonly user: User;
  readonly loginTime: UnixMillis;
  readonly userAgent: string;
  readonly address: string;
  lastActive: UnixMillis;
  calls = 0;
  /** Requests of this session that wait now; a session that waits is not idle. */
  waiting = 0;
  /** Language of messages that was asked for; messages here are English whatever it is. */
  locale = 'en';
  readonly #authorization: Authorization;
  readonly #objects = new Map<string, ManagedObject>();
  readonly #onEnd = new Set<() => void>();

  constructor(
    ids: { key: string; token: string },
    user: User,
    at: UnixMillis,
    from: Client,
    authorization: Authorization,
  ) {
    this.#authorization = authorization;
    this.key = ids.key;
    this.token = ids.token;
    this.user = user;
    this.loginTime = this.lastActive = at;
    this.address = from.address;
    this.userAgent = from.userAgent;
  }

  /** @param object what it is about; the whole vCenter when it is not in the inventory or left out. */
  may(privilege: string, object?: ManagedObject): boolean {
    return privilege === 'System.Anonymous' || this.#authorization.allows(this.user.name, privilege, object);
  }

  /** What of the inventory it sees, as of now; undefined when it sees everything. */
  sight(): Sight | undefined {
    return this.#authorization.sightOf(this.user.name);
  }

  find(id: string): ManagedObject | undefined {
    return this.#objects.get(id);
  }

  objects(): Iterable<ManagedObject> {
    return this.#objects.values();
  }

  /** @throws VimFault LimitExceeded */
  add(object: ManagedObject): void {
    if (this.#objects.size >= OBJECTS_PER_SESSION_MAX)
      throw vimFault('LimitExceeded', `A session can have at most ${OBJECTS_PER_SESSION_MAX} objects.`, {
        limit: OBJECTS_PER_SESSION_MAX,
      });
    this.#objects.set(object.ref.id, object);
  }

  remove(object: ManagedObject): void {
    this.#objects.delete(object.ref.id);
  }

  /** Called when the session ends, however it ends. */
  onEnd(callback: () => void): Disposable {
    this.#onEnd.add(callback);
    return { [Symbol.dispose]: () => void this.#onEnd.delete(callback) };
  }

  end(): void {
    for (const callback of [...this.#onEnd]) callback();
    this.#objects.clear();
  }

  /** The data object UserSession. */
  get data(): Data {
    return {
      $: 'UserSession',
      key: this.key,
      userName: accountName(this.user.name),
      fullName: accountName(this.user.name),
      loginTime: this.loginTime,
      lastActiveTime: this.lastActive,
      locale: this.locale,
      messageLocale: 'en',
      extensionSession: false,
      ipAddress: this.address,
      userAgent: this.userAgent,
      callCount: this.calls,
    };
  }
}

/** "administrator@vsphere.local" as vCenter shows it: "VSPHERE.LOCAL\administrator". */
export function accountName(user: string): string {
  const at = user.lastIndexOf('@');
  return at < 0 ? user : `${user.slice(at + 1).toUpperCase()}\\${user.slice(0, at)}`;
}

export interface SessionsOptions {
  users: readonly User[];
  clock: Clock;
  entropy: Entropy;
  idleMinutes: number;
  authorization: Authorization;
}

export class Sessions {
  readonly #options: SessionsOptions;
  readonly #byToken = new Map<string, Session>();
  readonly #basic = new Map<string, string>();
  /** Sessions that may be taken over once, by ticket. */
  readonly #tickets = new Map<string, Session>();
  /** Told of every session that begins or ends. */
  onChange: ((session: Session, what: 'began' | 'ended') => void) | undefined;
  #count = 0;
  #ticketCount = 0;

  constructor(options: SessionsOptions) {
    this.#options = options;
  }

  /** The living session of a cookie; looking counts as activity. */
  ofToken(token: string | undefined): Session | undefined {
    const session = token === undefined ? undefined : this.#byToken.get(token);
    if (!session || !this.#isAlive(session)) return undefined;
    session.lastActive = this.#now();
    return session;
  }

  all(): Session[] {
    return [...this.#byToken.values()].filter((session) => this.#isAlive(session));
  }

  /**
   * @returns undefined when as many sessions as can be are open.
   * @throws VimFault InvalidLogin
   */
  login(name: string, password: string, from: Client): Session | undefined {
    const user = this.#options.users.find((candidate) => sameUser(candidate.name, name));
    if (!equalSecrets(user?.password ?? '', password) || !user)
      throw vimFault('InvalidLogin', 'Cannot complete login due to an incorrect user name or password.');
    return this.open(user, from);
  }

  /** A session of a user who is known. @returns undefined when as many sessions as can be are open. */
  open(user: User, from: Client): Session | undefined {
    if (this.all().length >= SESSIONS_MAX) return undefined;
    const number = this.#count++;
    const { entropy } = this.#options;
    const ids = {
      key: `52${entropy.uuid('vcenter.session.key', number).slice(2)}`,
      token: entropy.hex(40, 'vcenter.session.token', number),
    };
    const session = new Session(ids, user, this.#now(), from, this.#options.authorization);
    this.#byToken.set(session.token, session);
    this.onChange?.(session, 'began');
    return session;
  }

  /** The session of requests that bring name and password each time: one per user, kept while it lives. */
  ofBasic(name: string, password: string, from: Client): Session | undefined {
    const known = this.ofToken(this.#basic.get(name));
    if (known && equalSecrets(known.user.password, password)) return known;
    const session = this.login(name, password, from);
    if (session) this.#basic.set(name, session.token);
    return session;
  }

  /** A secret with which another connection can have the session's rights, once. */
  ticketFor(session: Session): string {
    const ticket = `cst-VCT-${this.#options.entropy.hex(40, 'vcenter.cloneTicket', this.#ticketCount++)}`;
    this.#tickets.set(ticket, session);
    if (this.#tickets.size > TICKETS_MAX) this.#tickets.delete(this.#tickets.keys().next().value!);
    return ticket;
  }

  /** @returns undefined when as many sessions as can be are open. @throws VimFault InvalidLogin */
  ofTicket(ticket: string, from: Client): Session | undefined {
    const session = this.#tickets.get(ticket);
    this.#tickets.delete(ticket);
    if (!session || !this.#isAlive(session))
      throw vimFault('InvalidLogin', 'Cannot complete login: the ticket is not valid.');
    return this.open(session.user, from);
  }

  end(session: Session): void {
    if (!this.#byToken.delete(session.token)) return;
    session.end();
    this.onChange?.(session, 'ended');
  }

  #isAlive(session: Session): boolean {
    if (this.#byToken.get(session.token) !== session) return false;
    const idle = this.#now() - session.lastActive;
    if (session.waiting > 0 || idle <= this.#options.idleMinutes * MINUTE) return true;
    this.end(session);
    return false;
  }

  #now(): UnixMillis {
    return Math.floor(this.#options.clock.wall());
  }
}

/** User names are compared without regard to case; DOMAIN\user is the same as user@domain. */
function sameUser(a: string, b: string): boolean {
  return accountName(a).toLowerCase() === accountName(b).toLowerCase();
}

function equalSecrets(a: string, b: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}

/** Name and password of a header Authorization: Basic. */
export function basicCredentials(header: string | undefined): { name: string; password: string } | undefined {
  const match = /^Basic ([A-Za-z0-9+/=]+)$/i.exec(header?.trim() ?? '');
  if (!match) return undefined;
  const text = Buffer.from(match[1]!, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  return colon < 0 ? undefined : { name: text.slice(0, colon), password: text.slice(colon + 1) };
}

const TOKEN = new RegExp(`(?:^|;)\\s*${COOKIE}\\s*=\\s*"?([^";\\s]+)"?`);

/** Value of the session cookie in a Cookie header, which some clients fill with a whole Set-Cookie text. */
export function tokenOf(cookieHeader: string | undefined): string | undefined {
  return TOKEN.exec(cookieHeader ?? '')?.[1];
}

export function setCookie(session: Session): string {
  return `${COOKIE}="${session.token}"; Path=/; HttpOnly; Secure;`;
}
