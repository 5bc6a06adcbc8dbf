/** The client's side of NTLM against an acceptor that is composed here from the specification's own functions. */
import '#core/testing/random-seed.ts';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { exchangeKey, micOf, passwordKey, proofOf, sessionBaseKey } from '#core/wire/ntlm/keys.ts';
import {
  AV,
  FLAGS,
  MIC_AT,
  MIC_LENGTH,
  readAuthenticate,
  readAvPairs,
  utf16,
  writeChallenge,
} from '#core/wire/ntlm/messages.ts';
import { SealingDirection } from '#core/wire/ntlm/sealing.ts';
import {
  MECHANISMS,
  mechanismList,
  readNegTokenInit,
  readNegTokenResp,
  writeNegTokenResp,
} from '#core/wire/spnego/spnego.ts';
import { NtlmInitiator } from './ntlm-initiator.ts';

const STRONG =
  (FLAGS.unicode |
    FLAGS.sign |
    FLAGS.seal |
    FLAGS.ntlm |
    FLAGS.extendedSessionSecurity |
    FLAGS.key128 |
    FLAGS.keyExchange |
    FLAGS.targetInfo) >>>
  0;
const NOW = Date.UTC(2026, 10, 22);

interface Case {
  readonly user: string;
  readonly password: string;
  readonly binding: Buffer | undefined;
  readonly withTime: boolean;
  readonly messages: readonly Uint8Array[];
}

const time = Buffer.alloc(8);
time.writeBigUInt64LE((BigInt(NOW) + 11_644_473_600_000n) * 10_000n);

function challengeOf(flags: number, withTime: boolean): Buffer {
  return writeChallenge({
    flags,
    targetName: 'CORP',
    serverChallenge: Buffer.from('0123456789abcdef', 'hex'),
    targetInfo: new Map([
      [AV.nbDomainName, utf16('CORP')],
      ...(withTime ? [[AV.timestamp, time] as const] : []),
    ]),
  });
}

const initiator = (): NtlmInitiator =>
  new NtlmInitiator({ host: 'hv1', random: Buffer.alloc(32, 7), now: NOW });

test('an acceptor that knows the password finds proof, MIC, binding and both seals right, whatever is sent', () => {
  const word = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }).filter((s) => !/[\\@]/.test(s));
  const cases: fc.Arbitrary<Case> = fc.record({
    user: fc.oneof(
      word,
      word.map((name) => `CORP\\${name}`),
      word.map((name) => `${name}@corp.example`),
    ),
    password: fc.string({ unit: 'grapheme', maxLength: 20 }),
    binding: fc.option(fc.constant(Buffer.alloc(16, 9)), { nil: undefined }),
    withTime: fc.boolean(),
    messages: fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 5 }),
  });
  fc.assert(
    fc.property(cases, ({ user, password, binding, withTime, messages }) => {
      const client = initiator();
      const init = readNegTokenInit(client.init());
      expect(init.mechanisms).toEqual([MECHANISMS.ntlm]);
      const challenge = challengeOf(STRONG, withTime);
      const { token } = client.respond(
        writeNegTokenResp({ state: 'accept-incomplete', mechanism: MECHANISMS.ntlm, token: challenge }),
        { name: 'c', user, password },
        binding,
      );
      const resp = readNegTokenResp(token);
      const authenticate = readAuthenticate(resp.token!);
      const key = passwordKey(password, authenticate.user, authenticate.domain);
      const proof = authenticate.ntResponse.subarray(0, 16);
      const blob = authenticate.ntResponse.subarray(16);
      expect(proofOf(key, Buffer.from('0123456789abcdef', 'hex'), blob)).toEqual(proof);
      expect(`${authenticate.domain} ${authenticate.user}`).toBe(
        user.includes('\\')
          ? user.replace('\\', ' ')
          : user.includes('@')
            ? `corp.example ${user.slice(0, user.lastIndexOf('@'))}`
            : ` ${user}`,
      );
      const exported = exchangeKey(sessionBaseKey(key, proof), authenticate.encryptedSessionKey);
      expect(resp.token!.subarray(MIC_AT, MIC_AT + MIC_LENGTH)).toEqual(
        micOf(exported, init.token!, challenge, resp.token!),
      );
      expect(readAvPairs(blob.subarray(28)).get(AV.channelBindings)).toEqual(binding);
      if (withTime) expect(authenticate.lmResponse).toEqual(Buffer.alloc(24));
      const fromClient = new SealingDirection(exported, 'clientToServer');
      const toClient = new SealingDirection(exported, 'serverToClient');
      fromClient.verify(resp.mechListMic!, mechanismList([MECHANISMS.ntlm]));
      const mechListMic = toClient.sign(mechanismList([MECHANISMS.ntlm]));
      fromClient.resetCipher();
      toClient.resetCipher();
      const security = client.complete(writeNegTokenResp({ state: 'accept-completed', mechListMic }));
      for (const message of messages) {
        const sealed = security.toServer.seal(message);
        expect(fromClient.unseal(sealed.signature, sealed.sealed)).toEqual(Buffer.from(message));
        const answer = toClient.seal(message);
        expect(security.fromServer.unseal(answer.signature, answer.sealed)).toEqual(Buffer.from(message));
      }
    }),
    { numRuns: 50 },
  );
});

test.each([
  'seal',
  'sign',
  'key128',
  'extendedSessionSecurity',
  'keyExchange',
] as const)('a challenge without %s is a downgrade and gets no answer', (flag) => {
  const weak = (STRONG & ~FLAGS[flag]) >>> 0;
  const resp = writeNegTokenResp({ mechanism: MECHANISMS.ntlm, token: challengeOf(weak, true) });
  expect(() => initiator().respond(resp, { name: 'c', user: 'u', password: 'p' }, undefined)).toThrow(
    'weaker',
  );
});

test('another mechanism, a server that does not prove itself, and one that proves another key are refused', () => {
  const credential = { name: 'c', user: 'u', password: 'p' };
  const kerberos = writeNegTokenResp({ mechanism: MECHANISMS.kerberos, token: Buffer.from('x') });
  expect(() => initiator().respond(kerberos, credential, undefined)).toThrow('did not take up NTLM');
  const resp = writeNegTokenResp({ mechanism: MECHANISMS.ntlm, token: challengeOf(STRONG, true) });
  const client = initiator();
  client.respond(resp, credential, undefined);
  expect(() => client.complete(undefined)).toThrow('without proving itself');
  expect(() => client.complete(writeNegTokenResp({ state: 'accept-completed' }))).toThrow('without proving');
  const forged = writeNegTokenResp({ state: 'accept-completed', mechListMic: Buffer.alloc(16, 1) });
  expect(() => client.complete(forged)).toThrow('signature');
});

test('any cut and any noise in the token of a challenge is a coded error', () => {
  const whole = writeNegTokenResp({ mechanism: MECHANISMS.ntlm, token: challengeOf(STRONG, true) });
  fc.assert(
    fc.property(fc.nat({ max: whole.length - 1 }), fc.nat(255), (at, byte) => {
      const changed = Buffer.from(whole);
      changed[at] = byte;
      for (const token of [changed, whole.subarray(0, at)]) {
        try {
          initiator().respond(token, { name: 'c', user: 'u', password: 'p' }, undefined);
        } catch (error) {
          expect((error as { code?: string }).code).toMatch(
            /^(der\.malformed|ntlm\.message|winrm\.protocol)$/,
          );
        }
      }
    }),
  );
});
