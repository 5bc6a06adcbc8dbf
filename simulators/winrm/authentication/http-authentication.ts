/**
 * Who is asking: the schemes of WinRM over HTTP. NTLM and Negotiate authenticate the connection and all that
 * follows on it; Basic comes with each request.
 */
import type { X509Certificate } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Entropy } from '#core/entropy/entropy.ts';
import { DryliftError } from '#core/errors.ts';
import type { Clock } from '#core/time/clock.ts';
import { type Accounts, type HostNames, splitUser, type WindowsAccount } from '../accounts.ts';
import { POINTS } from '../fault-points.ts';
import type { HostFaults } from '../host-faults.ts';
import { accountOfCertificate, type CertificateMapping, MUTUAL } from './client-certificates.ts';
import { NegotiateAcceptor } from './negotiate-acceptor.ts';
import type { Authenticated, MessageSecurity } from './ntlm-acceptor.ts';

/** As in `winrm/config/service`: Windows' secure defaults unless a host says otherwise. */
export interface ServiceSettings {
  readonly basic: boolean;
  readonly allowUnencrypted: boolean;
  /** Certificates of clients; false without. */
  readonly certificate?: boolean;
}

export type Admission =
  | {
      readonly kind: 'admitted';
      readonly account: WindowsAccount;
      readonly security?: MessageSecurity;
      /** Value of a WWW-Authenticate line of the answer: the last token of the exchange. */
      readonly lastToken?: string;
    }
  /** 401 with these WWW-Authenticate lines. */
  | { readonly kind: 'challenged'; readonly schemes: readonly string[] };

export interface HttpAuthenticationOptions {
  readonly accounts: Accounts;
  readonly names: HostNames;
  readonly settings: ServiceSettings;
  /** Over TLS, where Basic needs no AllowUnencrypted. */
  readonly secure: boolean;
  /** Of the certificates that the listener has shown. */
  readonly channelBindings: readonly Buffer[];
  readonly clock: Pick<Clock, 'wall'>;
  readonly entropy: Entropy;
  readonly faults: HostFaults;
  readonly certificateMappings: readonly CertificateMapping[];
}

/** A TLSSocket, or what stands for it in memory. */
interface PeerSocket {
  getPeerX509Certificate?(): X509Certificate | undefined;
}

interface ConnectionState {
  acceptor: NegotiateAcceptor | undefined;
  authenticated: Authenticated | undefined;
}

const TOKEN_BYTES_MAX = 16 * 1024;

export class HttpAuthentication {
  readonly #options: HttpAuthenticationOptions;
  readonly #connections = new WeakMap<object, ConnectionState>();
  #challenges = 0;

  constructor(options: HttpAuthenticationOptions) {
    this.#options = options;
  }

  admit(request: IncomingMessage): Admission {
    const state = this.#stateOf(request.socket);
    const [, scheme = '', rest = ''] =
      /^\s*(\S+)\s*(.*?)\s*$/.exec(request.headers.authorization ?? '') ?? [];
    switch (scheme.toLowerCase()) {
      case 'basic':
        return this.#basic(rest);
      case 'negotiate':
      case 'ntlm':
        return this.#negotiate(state, scheme, rest);
      case MUTUAL:
        return this.#certificate(request.socket as PeerSocket);
      default:
        return state.authenticated && scheme === ''
          ? { kind: 'admitted', ...state.authenticated }
          : this.#challenged(state);
    }
  }

  #stateOf(socket: object): ConnectionState {
    let state = this.#connections.get(socket);
    if (!state) {
      state = { acceptor: undefined, authenticated: undefined };
      this.#connections.set(socket, state);
    }
    return state;
  }

  get #basicIsOffered(): boolean {
    const { settings, secure } = this.#options;
    return settings.basic && (secure || settings.allowUnencrypted);
  }

  #basic(credentials: string): Admission {
    if (!this.#basicIsOffered) return this.#challenged();
    const text = Buffer.from(credentials, 'base64').toString('utf8');
    const colon = text.indexOf(':');
    if (colon < 0) return this.#challenged();
    const { user, domain } = splitUser(text.slice(0, colon));
    const account = this.#options.accounts.find(user, domain);
    if (!account) return this.#challenged();
    const right = account.password === text.slice(colon + 1);
    this.#options.accounts.note(account, right);
    return right && !this.#isTurnedAway(account) ? { kind: 'admitted', account } : this.#challenged();
  }

  /** A scenario may refuse whom the password would let in; nothing on the wire tells which of the two it was. */
  #isTurnedAway(account: WindowsAccount): boolean {
    const { faults, accounts } = this.#options;
    const fault = faults.hit(POINTS.logon, () => [account.name]);
    if (fault?.answer === 'locked') accounts.lock(account, fault.until);
    else if (fault) accounts.note(account, false);
    return fault !== undefined;
  }

  /** With each request, as Basic is; the connection has shown the certificate. */
  #certificate(socket: PeerSocket): Admission {
    const { secure, settings, certificateMappings, clock, accounts } = this.#options;
    const certificate = secure && settings.certificate ? socket.getPeerX509Certificate?.() : undefined;
    const account = certificate && accountOfCertificate(certificate, certificateMappings, clock.wall());
    if (!account || accounts.isLocked(account) || this.#isTurnedAway(account)) return this.#challenged();
    return { kind: 'admitted', account };
  }

  #negotiate(state: ConnectionState, scheme: string, base64: string): Admission {
    const token = Buffer.from(base64, 'base64');
    if (token.length === 0 || token.length > TOKEN_BYTES_MAX) return this.#challenged(state);
    if (state.authenticated) {
      // the client begins again on a connection that was authenticated before
      state.authenticated = undefined;
      state.acceptor = undefined;
    }
    const { accounts, names, clock, entropy, channelBindings, secure } = this.#options;
    state.acceptor ??= new NegotiateAcceptor({
      accounts,
      names,
      serverChallenge: entropy.bytes(8, 'winrm.challenge', names.dnsName, this.#challenges++),
      now: clock.wall(),
      ...(secure ? { channelBindings } : {}),
    });
    try {
      const step = state.acceptor.step(token);
      if (step.kind === 'continue')
        return { kind: 'challenged', schemes: [`${scheme} ${step.token.toString('base64')}`] };
      if (step.kind === 'refused') {
        const { schemes } = this.#challenged(state);
        return {
          kind: 'challenged',
          schemes: step.token ? [`${scheme} ${step.token.toString('base64')}`, ...schemes.slice(1)] : schemes,
        };
      }
      if (this.#isTurnedAway(step.who.account)) return this.#challenged(state);
      state.acceptor = undefined;
      state.authenticated = step.who;
      return {
        kind: 'admitted',
        ...step.who,
        ...(step.token ? { lastToken: `${scheme} ${step.token.toString('base64')}` } : {}),
      };
    } catch (error) {
      if (error instanceof DryliftError) return this.#challenged(state);
      throw error;
    }
  }

  /** The plain list; what was begun on the connection is forgotten. */
  #challenged(state?: ConnectionState): Extract<Admission, { kind: 'challenged' }> {
    if (state) state.acceptor = state.authenticated = undefined;
    const basic = this.#basicIsOffered ? ['Basic realm="WSMAN"'] : [];
    return { kind: 'challenged', schemes: ['Negotiate', 'Kerberos', ...basic] };
  }
}
