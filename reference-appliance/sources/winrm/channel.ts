/**
 * HTTP beneath WS-Management: one TCP connection, signed in once, messages sealed where there is no TLS. A connection
 * that was lost, or that the host forgot, is signed in again and the message sent once more, since it was not read.
 */
import type { DryliftError } from '#core/errors.ts';
import { type HttpAnswer, HttpClient } from '#core/net/http-client.ts';
import { errors as netErrors, type Transport } from '#core/net/transport.ts';
import { type Bytes, MIB, type Millis, SECOND } from '#core/units.ts';
import { channelBindingOf } from '#core/wire/ntlm/channel-binding.ts';
import {
  ENCRYPTED_TYPE,
  isEncryptedType,
  readEncryptedBody,
  writeEncryptedBody,
} from '#core/wire/wsman/encrypted-body.ts';
import { errors, told } from './errors.ts';
import { type MessageSecurity, NtlmInitiator } from './ntlm-initiator.ts';
import type { WinrmCredential, WinrmOptions } from './types.ts';

type Session =
  | { readonly kind: 'ntlm'; readonly security: MessageSecurity; readonly dial: number }
  | { readonly kind: 'basic'; readonly authorization: string; readonly dial: number };

const SOAP_TYPE = 'application/soap+xml;charset=UTF-8';
/** Windows' MaxEnvelopeSize counts 500 KiB in UTF-16: three bytes a unit at most in UTF-8. */
const REPLY_BYTES_MAX: Bytes = 2 * MIB;
/** For each step of a sign-in. */
const SIGN_IN_MS: Millis = 20 * SECOND;

export class WinrmChannel {
  readonly #options: WinrmOptions;
  readonly #http: HttpClient;
  readonly #url: string;
  /** Counts connections: a sign-in belongs to one of them. */
  #dials = 0;
  #channelBinding: Buffer | undefined;
  #session: Session | undefined;
  #credential: WinrmCredential | undefined;
  #clockAheadMs: Millis | undefined;
  #signIns = 0;
  /** Messages go one after the other: their seals are numbered. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: WinrmOptions) {
    const { host, port, https, clock, tls } = options;
    this.#options = options;
    this.#http = new HttpClient({
      transport: this.#watched(options.transport),
      clock,
      tls,
      connectionsMax: 1,
    });
    this.#url = `${https ? 'https' : 'http'}://${host.includes(':') ? `[${host}]` : host}:${port}/wsman`;
  }

  get url(): string {
    return this.#url;
  }

  get credential(): WinrmCredential | undefined {
    return this.#credential;
  }

  get clockAheadMs(): Millis | undefined {
    return this.#clockAheadMs;
  }

  /**
   * Sends one message. @returns the answer's status, 200 or 500, and its plain body
   * @throws `winrm.*`, `net.*`, or the signal's reason
   */
  post(body: Buffer, timeoutMs: Millis, signal: AbortSignal): Promise<{ status: number; body: Buffer }> {
    const mine = this.#turn.then(async () => {
      signal.throwIfAborted();
      try {
        return await this.#exchange(body, timeoutMs, signal);
      } catch (error) {
        // how far the ciphers are is not known any more
        this.#drop();
        throw told(error, this.#options.host, 'be reached');
      }
    });
    this.#turn = mine.catch(() => {});
    return mine;
  }

  close(): void {
    this.#drop();
  }

  #drop(): void {
    this.#session = undefined;
    this.#http.close();
  }

  async #exchange(
    body: Buffer,
    timeoutMs: Millis,
    signal: AbortSignal,
  ): Promise<{ status: number; body: Buffer }> {
    for (let attempt = 0; ; attempt++) {
      const session = this.#session?.dial === this.#dials ? this.#session : await this.#signIn(signal);
      this.#session = session;
      const answer = await this.#send(session, body, timeoutMs, signal);
      const isForgotten = answer.status === 401 || (answer.status === 400 && answer.body.length === 0);
      if (!isForgotten) return this.#opened(session, answer);
      this.#drop();
      if (attempt > 0)
        throw errors.make('winrm.unavailable', {
          what: `${this.#options.host} accepts the sign-in and then answers with HTTP status ${answer.status}.`,
        });
    }
  }

  #send(session: Session, body: Buffer, timeoutMs: Millis, signal: AbortSignal): Promise<HttpAnswer> {
    this.#options.counters.add('appliance.winrm.messages');
    if (session.kind === 'basic')
      return this.#fetch(
        { 'content-type': SOAP_TYPE, authorization: session.authorization },
        body,
        timeoutMs,
        signal,
      );
    if (this.#options.https) return this.#fetch({ 'content-type': SOAP_TYPE }, body, timeoutMs, signal);
    const { signature, sealed } = session.security.toServer.seal(body);
    const parts = writeEncryptedBody({ signature, sealed, length: body.length });
    return this.#fetch({ 'content-type': ENCRYPTED_TYPE }, parts, timeoutMs, signal);
  }

  #opened(session: Session, { status, headers, body }: HttpAnswer): { status: number; body: Buffer } {
    const { host, https } = this.#options;
    if (status !== 200 && (status !== 500 || body.length === 0)) throw this.#strange(status);
    if (isEncryptedType(headers['content-type']) && session.kind === 'ntlm') {
      const { signature, sealed, length } = readEncryptedBody(body);
      const plain = session.security.fromServer.unseal(signature, sealed);
      if (plain.length === length) return { status, body: plain };
      throw errors.make('winrm.protocol', { what: `${host} told a wrong length of what it sealed.` });
    }
    if (!https) throw errors.make('winrm.protocol', { what: `${host} answered a sealed message openly.` });
    return { status, body };
  }

  // ------------------------------------------------------------ signing in

  /** Tries the credentials in turn. @throws `winrm.login.*`, `winrm.unencrypted.refused`, `net.*` */
  async #signIn(signal: AbortSignal): Promise<Session> {
    const { host, credentials, logins, counters, log, purpose } = this.#options;
    const refused: string[] = [];
    const tried = new Set<WinrmCredential>();
    let wasKnown = false;
    /** A challenge that nobody has answered: the connection waits for that answer and takes nothing else. */
    let unanswered: Offer | undefined;
    for (;;) {
      // anew each time: what other hosts said in between counts
      const credential = logins.ordered(host, credentials).find((each) => !tried.has(each));
      if (!credential) break;
      tried.add(credential);
      const knownBefore = logins.hasWorked(host, credential);
      const label = `${credential.user} (credential "${credential.name}")`;
      let session: Session | undefined;
      const isHeld = logins.heldUntil(host, credential) !== undefined;
      const offer = isHeld ? undefined : (unanswered ?? (await this.#offer(signal)));
      const outcome = offer
        ? await logins.attempt(host, credential, async () => {
            session = await this.#show(offer, credential, signal);
            return session !== undefined;
          })
        : 'held';
      if (offer) unanswered = outcome === 'held' ? offer : undefined;
      if (outcome === 'worked') {
        counters.add('appliance.winrm.signIns');
        log.debug({ host, credential: credential.name, purpose }, 'signed in');
        this.#credential = credential;
        return session!;
      }
      wasKnown ||= knownBefore;
      if (outcome === 'refused') counters.add('appliance.winrm.refusals');
      const until = logins.heldUntil(host, credential);
      const isHearsay = outcome === 'held' && until === undefined;
      refused.push(
        until !== undefined
          ? `${label}, not to be tried again before ${new Date(until).toISOString().slice(11, 16)} UTC`
          : `${label}${isHearsay ? ', which another host has just refused' : ''}`,
      );
    }
    throw errors.make(wasKnown ? 'winrm.login.locked' : 'winrm.login.refused', {
      what: `${host} does not let in ${refused.join('; nor ')}.`,
      data: { host },
    });
  }

  /** Asks for a challenge; any credential can answer it. */
  async #offer(signal: AbortSignal): Promise<Offer> {
    const { host, https, clock, entropy, purpose } = this.#options;
    const initiator = new NtlmInitiator({
      host,
      random: entropy.bytes(32, 'appliance.winrm.signIn', host, purpose, this.#signIns++),
      now: clock.wall(),
    });
    const answer = await this.#handshake(`Negotiate ${initiator.init().toString('base64')}`, signal);
    if (answer.status !== 401) throw this.#strange(answer.status);
    const schemes = answer.headers['www-authenticate'] ?? '';
    const dial = this.#dials;
    const token = negotiateToken(schemes);
    if (token) return { kind: 'ntlm', initiator, token, dial };
    const isBasic = /\bBasic\b/i.test(schemes);
    if (isBasic && https) return { kind: 'basic', dial };
    if (isBasic)
      throw errors.make('winrm.unencrypted.refused', {
        what: `${host} offers Basic only, and there is no TLS.`,
      });
    throw errors.make('winrm.login.scheme', {
      what: `${host} offers ${schemes === '' ? 'no way to sign in' : `"${schemes.slice(0, 200)}"`}.`,
    });
  }

  /** @returns undefined when the host refuses */
  async #show(offer: Offer, credential: WinrmCredential, signal: AbortSignal): Promise<Session | undefined> {
    const { host, clock } = this.#options;
    if (offer.kind === 'basic') {
      const pair = Buffer.from(`${credential.user}:${credential.password}`).toString('base64');
      const authorization = `Basic ${pair}`;
      const answer = await this.#handshake(authorization, signal);
      if (answer.status === 401) return undefined;
      if (answer.status !== 200) throw this.#strange(answer.status);
      return { kind: 'basic', authorization, dial: this.#dials };
    }
    const { initiator, token, dial } = offer;
    const response = initiator.respond(token, credential, this.#channelBinding);
    if (response.serverTime !== undefined) this.#clockAheadMs = response.serverTime - clock.wall();
    const answer = await this.#handshake(`Negotiate ${response.token.toString('base64')}`, signal);
    // the challenge was given on another connection: nobody looked at the password
    if (this.#dials !== dial)
      throw netErrors.make('net.reset', {
        what: `${host} closed the connection in the middle of the sign-in.`,
      });
    if (answer.status === 401) return undefined;
    if (answer.status !== 200) throw this.#strange(answer.status);
    const security = initiator.complete(negotiateToken(answer.headers['www-authenticate'] ?? ''));
    return { kind: 'ntlm', security, dial };
  }

  #handshake(authorization: string, signal: AbortSignal): Promise<HttpAnswer> {
    return this.#fetch({ 'content-type': SOAP_TYPE, authorization }, Buffer.alloc(0), SIGN_IN_MS, signal);
  }

  async #fetch(
    headers: Readonly<Record<string, string>>,
    body: Buffer,
    timeoutMs: Millis,
    signal: AbortSignal,
  ): Promise<HttpAnswer> {
    const answer = await this.#http.fetch({
      method: 'POST',
      url: this.#url,
      headers: { 'user-agent': 'drylift', ...headers },
      body,
      signal,
      timeoutMs,
      bodyBytesMax: REPLY_BYTES_MAX,
    });
    const date = Date.parse(answer.headers.date ?? '');
    if (!Number.isNaN(date)) this.#clockAheadMs = date - this.#options.clock.wall();
    return answer;
  }

  #strange(status: number): DryliftError {
    return errors.make('winrm.unavailable', {
      what: `${this.#options.host}:${this.#options.port} answered with HTTP status ${status}.`,
      data: { status },
    });
  }

  /** Notes each connection, and whose certificate it has: NTLM is bound to both. */
  #watched(transport: Transport): Transport {
    return {
      ...transport,
      dial: async (to, signal) => {
        const raw = await transport.dial(to, signal);
        this.#dials++;
        this.#channelBinding = undefined;
        return raw;
      },
      secureClient: async (raw, options, signal) => {
        const secured = await transport.secureClient(raw, options, signal);
        const { getPeerX509Certificate } = secured as {
          getPeerX509Certificate?(): { toString(): string } | undefined;
        };
        const leaf = getPeerX509Certificate?.call(secured);
        this.#channelBinding = leaf && channelBindingOf(leaf.toString());
        return secured;
      },
    };
  }
}

type Offer =
  | {
      readonly kind: 'ntlm';
      readonly initiator: NtlmInitiator;
      readonly token: Buffer;
      readonly dial: number;
    }
  | { readonly kind: 'basic'; readonly dial: number };

function negotiateToken(schemes: string): Buffer | undefined {
  const base64 = /\bNegotiate\s+([A-Za-z0-9+/]{4,}={0,2})/i.exec(schemes)?.[1];
  return base64 === undefined ? undefined : Buffer.from(base64, 'base64');
}
