/** The server's side of Negotiate: NTLM as it is, or inside SPNEGO (RFC 4178). Kerberos is never chosen. */
import { isNtlm } from '#core/wire/ntlm/messages.ts';
import {
  isNegTokenInit,
  MECHANISMS,
  mechanismList,
  readNegTokenInit,
  readNegTokenResp,
  writeNegTokenResp,
} from '#core/wire/spnego/spnego.ts';
import { type Authenticated, NtlmAcceptor, type NtlmAcceptorOptions } from './ntlm-acceptor.ts';

export type Step =
  | { readonly kind: 'continue'; readonly token: Buffer }
  /** `token`: the last word to the client, where the mechanism has one. */
  | { readonly kind: 'done'; readonly who: Authenticated; readonly token?: Buffer }
  /** `token`: where the mechanism has a word for it. */
  | { readonly kind: 'refused'; readonly token?: Buffer };

const REFUSED: Step = { kind: 'refused' };

export class NegotiateAcceptor {
  readonly #ntlm: NtlmAcceptor;
  /** Mechanisms as the client listed them, once it spoke SPNEGO. */
  #mechanisms: readonly string[] | undefined;
  #challenged = false;

  constructor(options: NtlmAcceptorOptions) {
    this.#ntlm = new NtlmAcceptor(options);
  }

  /** @throws `ntlm.message`, `der.malformed` */
  step(token: Buffer): Step {
    if (isNtlm(token)) return this.#raw(token);
    if (isNegTokenInit(token)) return this.#init(token);
    return this.#mechanisms ? this.#resp(token, this.#mechanisms) : REFUSED;
  }

  #raw(token: Buffer): Step {
    if (this.#mechanisms) return REFUSED; // what began inside SPNEGO ends there
    if (!this.#challenged) return { kind: 'continue', token: this.#challenge(token) };
    const who = this.#ntlm.authenticate(token);
    return who ? { kind: 'done', who } : REFUSED;
  }

  #init(token: Buffer): Step {
    const { mechanisms, token: first } = readNegTokenInit(token);
    if (this.#challenged) return REFUSED;
    // Kerberos alone, or something stranger: RFC 4178 section 4.2.2
    if (!mechanisms.includes(MECHANISMS.ntlm))
      return { kind: 'refused', token: writeNegTokenResp({ state: 'reject' }) };
    this.#mechanisms = mechanisms;
    // the optimistic token belongs to the mechanism that the client prefers
    const own = mechanisms[0] === MECHANISMS.ntlm && first && isNtlm(first);
    return {
      kind: 'continue',
      token: writeNegTokenResp({
        state: own ? 'accept-incomplete' : 'request-mic',
        mechanism: MECHANISMS.ntlm,
        ...(own ? { token: this.#challenge(first) } : {}),
      }),
    };
  }

  #resp(token: Buffer, mechanisms: readonly string[]): Step {
    const { token: inner, mechListMic } = readNegTokenResp(token);
    if (!inner || !isNtlm(inner)) return REFUSED;
    if (!this.#challenged)
      return {
        kind: 'continue',
        token: writeNegTokenResp({ state: 'accept-incomplete', token: this.#challenge(inner) }),
      };
    const who = this.#ntlm.authenticate(inner);
    if (!who) return REFUSED;
    // without a MIC only where nobody in between could have changed the choice: the preferred one was taken
    if (!mechListMic)
      return mechanisms[0] === MECHANISMS.ntlm
        ? { kind: 'done', who, token: writeNegTokenResp({ state: 'accept-completed' }) }
        : REFUSED;
    if (!who.security) return REFUSED;
    const { fromClient, toClient } = who.security;
    const list = mechanismList(mechanisms);
    try {
      fromClient.verify(mechListMic, list);
    } catch {
      return REFUSED;
    }
    const mic = toClient.sign(list);
    // [MS-SPNG] 3.3.5.1: the ciphers start anew after the MICs, the sequences go on
    fromClient.resetCipher();
    toClient.resetCipher();
    return { kind: 'done', who, token: writeNegTokenResp({ state: 'accept-completed', mechListMic: mic }) };
  }

  #challenge(negotiate: Buffer): Buffer {
    this.#challenged = true;
    return this.#ntlm.challenge(negotiate);
  }
}
