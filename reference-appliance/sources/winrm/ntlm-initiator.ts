/**
 * The client's side of one sign-in by NTLMv2 inside SPNEGO: [MS-NLMP] sections 3.1.5 and 3.4, RFC 4178. Both MICs, the one of
 * NTLM and that of SPNEGO over the list of mechanisms; weaker security than was asked for is refused.
 */
import { createHmac } from 'node:crypto';
import type { UnixMillis } from '#core/units.ts';
import {
  clientBlob,
  exchangeKey,
  lmResponse,
  micOf,
  passwordKey,
  proofOf,
  sessionBaseKey,
} from '#core/wire/ntlm/keys.ts';
import {
  AV,
  AV_FLAG_MIC,
  FLAGS,
  MIC_AT,
  readChallenge,
  writeAuthenticate,
  writeNegotiate,
} from '#core/wire/ntlm/messages.ts';
import { SealingDirection } from '#core/wire/ntlm/sealing.ts';
import {
  MECHANISMS,
  mechanismList,
  readNegTokenResp,
  writeNegTokenInit,
  writeNegTokenResp,
} from '#core/wire/spnego/spnego.ts';
import { errors } from './errors.ts';
import { splitUser } from './logins.ts';
import type { WinrmCredential } from './types.ts';

/** Protection of the messages that follow. */
export interface MessageSecurity {
  readonly toServer: SealingDirection;
  readonly fromServer: SealingDirection;
}

export interface InitiatorOptions {
  readonly host: string;
  /** Drawn for this sign-in alone. */
  readonly random: Buffer;
  readonly now: UnixMillis;
}

const SECURITY =
  (FLAGS.unicode |
    FLAGS.sign |
    FLAGS.seal |
    FLAGS.ntlm |
    FLAGS.extendedSessionSecurity |
    FLAGS.key128 |
    FLAGS.keyExchange) >>>
  0;
const ASKED = (SECURITY | FLAGS.requestTarget | FLAGS.alwaysSign | FLAGS.version | FLAGS.key56) >>> 0;

const OFFERED = [MECHANISMS.ntlm];
/** Seconds from 1601 to 1970. */
const FILETIME_EPOCH = 11_644_473_600n;

export class NtlmInitiator {
  readonly #options: InitiatorOptions;
  readonly #negotiate = writeNegotiate({ flags: ASKED });
  #security: MessageSecurity | undefined;

  constructor(options: InitiatorOptions) {
    this.#options = options;
  }

  /** The first token. */
  init(): Buffer {
    return writeNegTokenInit({ mechanisms: OFFERED, token: this.#negotiate });
  }

  /**
   * Answers the challenge. @returns the token, and the server's clock where it tells it
   * @param channelBinding MsvAvChannelBindings of the TLS connection beneath
   * @throws `ntlm.message`, `der.malformed`, `winrm.protocol`
   */
  respond(
    challengeToken: Buffer,
    credential: WinrmCredential,
    channelBinding: Buffer | undefined,
  ): { token: Buffer; serverTime: UnixMillis | undefined } {
    const { host, now } = this.#options;
    const resp = readNegTokenResp(challengeToken);
    if (!resp.token || (resp.mechanism ?? MECHANISMS.ntlm) !== MECHANISMS.ntlm)
      throw errors.make('winrm.protocol', { what: `${host} did not take up NTLM.` });
    const challenge = readChallenge(resp.token);
    if ((challenge.flags & SECURITY) >>> 0 !== SECURITY)
      throw errors.make('winrm.protocol', {
        what: `${host} offers a weaker protection of messages than NTLMv2 with 128-bit keys, signing and sealing.`,
      });
    const { name, domain: asked } = splitUser(credential.user);
    const domain = asked === '.' ? '' : asked;
    const key = passwordKey(credential.password, name, domain);
    const told = challenge.targetInfo.get(AV.timestamp);
    const clientChallenge = this.#draw(key, challenge.serverChallenge, 'challenge').subarray(0, 8);
    const exported = this.#draw(key, challenge.serverChallenge, 'session').subarray(0, 16);
    const targetInfo = new Map(challenge.targetInfo);
    targetInfo.set(AV.flags, Buffer.from([AV_FLAG_MIC, 0, 0, 0]));
    if (channelBinding) targetInfo.set(AV.channelBindings, channelBinding);
    const blob = clientBlob({ timestamp: told ?? fileTime(now), clientChallenge, targetInfo });
    const proof = proofOf(key, challenge.serverChallenge, blob);
    const message = writeAuthenticate({
      flags: (challenge.flags & ASKED) >>> 0,
      domain,
      user: name,
      workstation: '',
      // [MS-NLMP] 3.1.5.1.2: nothing for LM where the server gave a time
      lmResponse: told ? Buffer.alloc(24) : lmResponse(key, challenge.serverChallenge, clientChallenge),
      ntResponse: Buffer.concat([proof, blob]),
      encryptedSessionKey: exchangeKey(sessionBaseKey(key, proof), exported),
    });
    micOf(exported, this.#negotiate, resp.token, message).copy(message, MIC_AT);
    this.#security = {
      toServer: new SealingDirection(exported, 'clientToServer'),
      fromServer: new SealingDirection(exported, 'serverToClient'),
    };
    const mechListMic = this.#security.toServer.sign(mechanismList(OFFERED));
    return {
      token: writeNegTokenResp({ token: message, mechListMic }),
      serverTime: told?.length === 8 ? instantOf(told) : undefined,
    };
  }

  /**
   * The server's last word, which shows that it knows the session's key, too.
   * @throws `ntlm.signature`, `der.malformed`, `winrm.protocol`
   */
  complete(lastToken: Buffer | undefined): MessageSecurity {
    const security = this.#security!;
    const resp = lastToken && readNegTokenResp(lastToken);
    if (!resp?.mechListMic || (resp.state ?? 'accept-completed') !== 'accept-completed')
      throw errors.make('winrm.protocol', {
        what: `${this.#options.host} accepted the sign-in without proving itself.`,
      });
    security.fromServer.verify(resp.mechListMic, mechanismList(OFFERED));
    // [MS-SPNG] 3.3.5.1: the ciphers start anew after the MICs
    security.toServer.resetCipher();
    security.fromServer.resetCipher();
    return security;
  }

  /** What nobody can foresee who does not know the password, whatever the draw is worth. */
  #draw(key: Buffer, serverChallenge: Buffer, what: string): Buffer {
    return createHmac('sha256', key)
      .update(this.#options.random)
      .update(serverChallenge)
      .update(what)
      .digest();
  }
}

/** 100 ns since 1601, 8 bytes. */
function fileTime(at: UnixMillis): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE((BigInt(Math.floor(at)) + FILETIME_EPOCH * 1000n) * 10_000n);
  return bytes;
}

function instantOf(time: Buffer): UnixMillis {
  return Number(time.readBigUInt64LE() / 10_000n - FILETIME_EPOCH * 1000n);
}
