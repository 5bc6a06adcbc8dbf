/** The client's side of NTLM, for tests: [MS-NLMP] section 3.1.5, with switches for what a bad client may do. */
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

export interface ClientOptions {
  readonly user: string;
  readonly domain: string;
  readonly password: string;
  readonly channelBinding?: Buffer;
  /** Its own time, in place of the challenge's: milliseconds since 1970. */
  readonly time?: number;
  /** Sends a NTLMv1 response of 24 bytes. */
  readonly ntlmV1?: boolean;
  /** The MIC is of other bytes. */
  readonly wrongMic?: boolean;
}

const ASKED =
  (FLAGS.unicode |
    FLAGS.requestTarget |
    FLAGS.sign |
    FLAGS.seal |
    FLAGS.ntlm |
    FLAGS.alwaysSign |
    FLAGS.extendedSessionSecurity |
    FLAGS.version |
    FLAGS.key128 |
    FLAGS.keyExchange) >>>
  0;

export class NtlmTestClient {
  readonly #options: ClientOptions;
  readonly negotiate = writeNegotiate({ flags: ASKED });
  readonly #exported = Buffer.alloc(16, 0x42);
  readonly toServer = new SealingDirection(this.#exported, 'clientToServer');
  readonly fromServer = new SealingDirection(this.#exported, 'serverToClient');

  constructor(options: ClientOptions) {
    this.#options = options;
  }

  authenticate(challengeMessage: Buffer): Buffer {
    const { user, domain, password, channelBinding, time, ntlmV1, wrongMic } = this.#options;
    const challenge = readChallenge(challengeMessage);
    const clientChallenge = Buffer.alloc(8, 0xaa);
    const targetInfo = new Map(challenge.targetInfo);
    const flags = Buffer.alloc(4);
    flags.writeUInt32LE(AV_FLAG_MIC);
    targetInfo.set(AV.flags, flags);
    if (channelBinding) targetInfo.set(AV.channelBindings, channelBinding);
    const key = passwordKey(password, user, domain);
    const timestamp = Buffer.from(challenge.targetInfo.get(AV.timestamp) ?? Buffer.alloc(8));
    if (time !== undefined) timestamp.writeBigUInt64LE((BigInt(time) + 11_644_473_600_000n) * 10_000n);
    const blob = clientBlob({ timestamp, clientChallenge, targetInfo });
    const proof = proofOf(key, challenge.serverChallenge, blob);
    const message = writeAuthenticate({
      flags: challenge.flags,
      domain,
      user,
      workstation: 'TEST',
      lmResponse: lmResponse(key, challenge.serverChallenge, clientChallenge),
      ntResponse: ntlmV1 ? Buffer.alloc(24, 1) : Buffer.concat([proof, blob]),
      encryptedSessionKey: exchangeKey(sessionBaseKey(key, proof), this.#exported),
    });
    const mic = micOf(this.#exported, this.negotiate, challengeMessage, message);
    if (wrongMic) mic[0]! ^= 1;
    mic.copy(message, MIC_AT);
    return message;
  }
}
