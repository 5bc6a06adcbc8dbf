/** Tokens against bytes that are composed by hand from RFC 4178, and laws over any content. */
import '../../testing/random-seed.ts';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  MECHANISMS,
  type NegTokenInit,
  type NegTokenResp,
  readNegTokenInit,
  readNegTokenResp,
  writeNegTokenInit,
  writeNegTokenResp,
} from './spnego.ts';

test('an initial token for NTLM is that of the specification', () => {
  // APPLICATION 0 { OID 1.3.6.1.5.5.2, [0] { SEQUENCE { [0] { SEQUENCE { OID } }, [2] { OCTET STRING "hi" } } } }
  const token = writeNegTokenInit({ mechanisms: [MECHANISMS.ntlm], token: Buffer.from('hi') });
  expect(token.toString('hex')).toBe(
    '602206062b0601050502a0183016a00e300c060a2b06010401823702020aa20404026869',
  );
});

test('an answer has its state, mechanism, token and MIC in this order', () => {
  const token = writeNegTokenResp({
    state: 'accept-incomplete',
    mechanism: MECHANISMS.ntlm,
    token: Buffer.from('hi'),
    mechListMic: Buffer.from('mic'),
  });
  expect(token.toString('hex')).toBe(
    'a1223020a0030a0101a10c060a2b06010401823702020aa20404026869a30504036d6963',
  );
});

const octets = fc.uint8Array({ maxLength: 70_000, size: 'max' }).map((array) => Buffer.from(array));
const oid = fc.constantFrom(...Object.values(MECHANISMS));

test('what is written is read, lengths of one to three bytes included', () => {
  const init = fc.record(
    { mechanisms: fc.array(oid, { maxLength: 4 }), token: octets },
    { requiredKeys: ['mechanisms'] },
  );
  fc.assert(
    fc.property(init, (value) => {
      expect(readNegTokenInit(writeNegTokenInit(value as NegTokenInit))).toEqual(value);
    }),
  );
  const resp = fc.record(
    {
      state: fc.constantFrom('accept-completed', 'accept-incomplete', 'reject', 'request-mic'),
      mechanism: oid,
      token: octets,
      mechListMic: octets,
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(resp, (value) => {
      expect(readNegTokenResp(writeNegTokenResp(value as NegTokenResp))).toEqual(value);
    }),
  );
});

test('any cut and any noise is a coded error or a token, never an exception of another kind', () => {
  const whole = writeNegTokenInit({
    mechanisms: [MECHANISMS.kerberos, MECHANISMS.ntlm],
    token: Buffer.alloc(300),
  });
  fc.assert(
    fc.property(fc.nat({ max: whole.length - 1 }), fc.nat(255), (at, byte) => {
      const changed = Buffer.from(whole);
      changed[at] = byte;
      for (const bytes of [changed, whole.subarray(0, at)])
        for (const read of [readNegTokenInit, readNegTokenResp]) {
          try {
            read(bytes);
          } catch (error) {
            expect((error as { code?: string }).code).toBe('der.malformed');
          }
        }
    }),
  );
});
