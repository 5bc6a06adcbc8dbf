/**
 * The server's side of one NTLM authentication: [MS-NLMP] sections 3.2.5 and 3.3.2. NTLMv2 only; older
 * responses are refused, as Windows does at its usual level of compatibility.
 */
import { timingSafeEqual } from 'node:crypto';
import { HOUR, type UnixMillis } from '#core/units.ts';
import {
  BLOB_PAIRS_AT,
  exchangeKey,
  micOf,
  passwordKey,
  proofOf,
  sessionBaseKey,
} from '#core/wire/ntlm/keys.ts';
import {
  type Authenticate,
  AV,
  AV_FLAG_MIC,
  type AvPairs,
  FLAGS,
  MIC_AT,
  MIC_LENGTH,
  readAuthenticate,
  readAvPairs,
  readNegotiate,
  utf16,
  writeChallenge,
} from '#core/wire/ntlm/messages.ts';
import { SealingDirection } from '#core/wire/ntlm/sealing.ts';
import type { Accounts, HostNames, WindowsAccount } from '../accounts.ts';

export interface MessageSecurity {
  readonly fromClient: SealingDirection;
  readonly toClient: SealingDirection;
}

export interface Authenticated {
  readonly account: WindowsAccount;
  /** Absent when the client did not agree to sign and seal. */
  readonly security?: MessageSecurity;
}

export interface NtlmAcceptorOptions {
  readonly accounts: Accounts;
  readonly names: HostNames;
  /** 8 bytes that were never used before. */
  readonly serverChallenge: Buffer;
  readonly now: UnixMillis;
  /** MsvAvChannelBindings that fit the TLS connection beneath. */
  readonly channelBindings?: readonly Buffer[];
}

/** What the server agrees to, if the client offers it. */
const AGREED =
  FLAGS.unicode |
  FLAGS.requestTarget |
  FLAGS.sign |
  FLAGS.seal |
  FLAGS.ntlm |
  FLAGS.alwaysSign |
  FLAGS.extendedSessionSecurity |
  FLAGS.version |
  FLAGS.key128 |
  FLAGS.keyExchange |
  FLAGS.key56;
/** Sealing includes signing, and some clients ask for it alone. */
const SEALING = FLAGS.seal | FLAGS.extendedSessionSecurity | FLAGS.key128 | FLAGS.keyExchange;

const PROOF_LENGTH = 16;
const NT_RESPONSE_MIN = PROOF_LENGTH + BLOB_PAIRS_AT;
/** Where the client's time stands in its part of the response: [MS-NLMP] section 2.2.2.7. */
const BLOB_TIME_AT = 8;
/** How old a response may be: MaxLifetime, [MS-NLMP] section 3.1.1.2. */
const LIFETIME_MAX = 36 * HOUR;
/** Seconds from 1601 to 1970. */
const FILETIME_EPOCH = 11_644_473_600n;
const NO_BINDING = Buffer.alloc(16);

export class NtlmAcceptor {
  readonly #options: NtlmAcceptorOptions;
  #negotiate: Buffer | undefined;
  #challenge: Buffer | undefined;

  constructor(options: NtlmAcceptorOptions) {
    this.#options = options;
  }

  /** The challenge for the client's first message. @throws `ntlm.message` */
  challenge(negotiate: Buffer): Buffer {
    const { flags } = readNegotiate(negotiate);
    const { names, serverChallenge, now } = this.#options;
    this.#negotiate = negotiate;
    this.#challenge = writeChallenge({
      flags: (flags & AGREED) | FLAGS.unicode | FLAGS.ntlm | FLAGS.targetInfo | FLAGS.targetTypeServer,
      targetName: names.domain,
      serverChallenge,
      targetInfo: new Map([
        [AV.nbDomainName, utf16(names.domain)],
        [AV.nbComputerName, utf16(names.computer)],
        [AV.dnsDomainName, utf16(names.dnsDomain)],
        [AV.dnsComputerName, utf16(names.dnsName)],
        [AV.timestamp, fileTime(now)],
      ]),
    });
    return this.#challenge;
  }

  /** `undefined`: refused, and nothing says why. @throws `ntlm.message` */
  authenticate(message: Buffer): Authenticated | undefined {
    const negotiate = this.#negotiate;
    const challenge = this.#challenge;
    if (!negotiate || !challenge) return undefined;
    this.#challenge = undefined; // a challenge serves once
    const answer = readAuthenticate(message);
    const { accounts, serverChallenge } = this.#options;
    const account = accounts.find(answer.user, answer.domain);
    if (!account || answer.ntResponse.length < NT_RESPONSE_MIN) return undefined;

    const key = passwordKey(account.password, answer.user, answer.domain);
    const proof = answer.ntResponse.subarray(0, PROOF_LENGTH);
    const blob = answer.ntResponse.subarray(PROOF_LENGTH);
    const right = timingSafeEqual(proof, proofOf(key, serverChallenge, blob));
    accounts.note(account, right);
    if (!right) return undefined;

    if (!this.#isTimely(blob)) return undefined;
    const pairs = readAvPairs(blob.subarray(BLOB_PAIRS_AT));
    const exported = exportedKey(answer, sessionBaseKey(key, proof));
    if (!exported || !this.#bindingHolds(pairs)) return undefined;
    if (((pairs.get(AV.flags)?.readUInt32LE(0) ?? 0) & AV_FLAG_MIC) !== 0) {
      if (message.length < MIC_AT + MIC_LENGTH) return undefined;
      const mic = message.subarray(MIC_AT, MIC_AT + MIC_LENGTH);
      if (!timingSafeEqual(mic, micOf(exported, negotiate, challenge, message))) return undefined;
    }
    if ((answer.flags & SEALING) !== SEALING) return { account };
    return {
      account,
      security: {
        fromClient: new SealingDirection(exported, 'clientToServer'),
        toClient: new SealingDirection(exported, 'serverToClient'),
      },
    };
  }

  /** Clients that do not take the challenge's time send their own. */
  #isTimely(blob: Buffer): boolean {
    const theirs = Number(blob.readBigUInt64LE(BLOB_TIME_AT) / 10_000n) - Number(FILETIME_EPOCH) * 1000;
    return Math.abs(theirs - this.#options.now) <= LIFETIME_MAX;
  }

  /** As CbtHardeningLevel Relaxed has it: a value that is there and not zero must be right. */
  #bindingHolds(pairs: AvPairs): boolean {
    const { channelBindings } = this.#options;
    const value = pairs.get(AV.channelBindings);
    if (!channelBindings || !value || value.equals(NO_BINDING)) return true;
    return channelBindings.some((binding) => value.equals(binding));
  }
}

function exportedKey({ flags, encryptedSessionKey }: Authenticate, baseKey: Buffer): Buffer | undefined {
  if ((flags & FLAGS.keyExchange) === 0) return baseKey;
  return encryptedSessionKey.length === 16 ? exchangeKey(baseKey, encryptedSessionKey) : undefined;
}

/** 100 ns since 1601, 8 bytes little-endian. */
function fileTime(at: UnixMillis): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE((BigInt(Math.floor(at)) + FILETIME_EPOCH * 1000n) * 10_000n);
  return bytes;
}
