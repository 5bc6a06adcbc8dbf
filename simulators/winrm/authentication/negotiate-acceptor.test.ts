/** Who gets in, who does not, and that what a client does wrong never tells it why. */
import { describe, expect, test } from 'vitest';
import type { Clock } from '#core/time/clock.ts';
import { HOUR, MINUTE } from '#core/units.ts';
import {
  MECHANISMS,
  mechanismList,
  readNegTokenResp,
  writeNegTokenInit,
  writeNegTokenResp,
} from '#core/wire/spnego/spnego.ts';
import { Accounts } from '../accounts.ts';
import { type ClientOptions, NtlmTestClient } from '../testing/ntlm-client.ts';
import { NegotiateAcceptor, type Step } from './negotiate-acceptor.ts';

const names = { computer: 'HV1', dnsName: 'hv1.corp.test', domain: 'CORP', dnsDomain: 'corp.test' };
const right: ClientOptions = { user: 'Operator', domain: 'CORP', password: 'Pä55 word' };
const BINDING = Buffer.alloc(16, 7);

function world(options: { lockout?: { threshold: number; forMs: number }; challenge?: number } = {}) {
  let now = Date.UTC(2026, 2, 2);
  const clock: Clock = {
    wall: () => now,
    monotonic: () => now,
    schedule: () => ({ cancel() {} }),
  };
  const accounts = new Accounts({
    accounts: [{ name: 'operator', password: 'Pä55 word', groups: ['Administrators'] }],
    names,
    clock,
    ...(options.lockout ? { lockout: options.lockout } : {}),
  });
  let challenges = options.challenge ?? 1;
  const acceptor = () =>
    new NegotiateAcceptor({
      accounts,
      names,
      serverChallenge: Buffer.alloc(8, challenges++),
      now,
      channelBindings: [BINDING],
    });
  const advance = (ms: number): void => {
    now += ms;
  };
  return { advance, acceptor };
}

function tokenOf(step: Step): Buffer {
  if (step.kind !== 'continue') throw new Error(`the server answered ${step.kind}`);
  return step.token;
}

function attempt(acceptor: NegotiateAcceptor, options: ClientOptions): Step {
  const client = new NtlmTestClient(options);
  return acceptor.step(client.authenticate(tokenOf(acceptor.step(client.negotiate))));
}

describe('raw NTLM', () => {
  test.each([
    'CORP',
    'corp',
    'corp.test',
    'HV1',
    'hv1.corp.test',
    '.',
    '',
  ])('accepts the domain %j', (domain) => {
    expect(attempt(world().acceptor(), { ...right, domain })).toMatchObject({
      kind: 'done',
      who: { account: { name: 'operator' } },
    });
  });

  test.each([
    ['a wrong password', { password: 'Pa55 word' }],
    ['an unknown user', { user: 'nobody' }],
    ['another domain', { domain: 'ELSEWHERE' }],
    ['a wrong MIC', { wrongMic: true }],
    ['a response of NTLMv1', { ntlmV1: true }],
    ['the binding of another TLS connection', { channelBinding: Buffer.alloc(16, 8) }],
  ])('refuses %s, and says no more', (_, change) => {
    expect(attempt(world().acceptor(), { ...right, ...change })).toEqual({ kind: 'refused' });
  });

  test('a client whose own clock is a day and a half off is too late, or too early', () => {
    const now = Date.UTC(2026, 2, 2);
    for (const [hours, kind] of [
      [35, 'done'],
      [-35, 'done'],
      [37, 'refused'],
      [-37, 'refused'],
    ] as const)
      expect(attempt(world().acceptor(), { ...right, time: now + hours * HOUR }).kind).toBe(kind);
  });

  test('takes the right binding, and one that is all zero', () => {
    for (const channelBinding of [BINDING, Buffer.alloc(16)])
      expect(attempt(world().acceptor(), { ...right, channelBinding }).kind).toBe('done');
  });

  test('an answer serves once, and only for the challenge it was made for', () => {
    const { acceptor } = world();
    const first = acceptor();
    const client = new NtlmTestClient(right);
    const answer = client.authenticate(tokenOf(first.step(client.negotiate)));
    expect(first.step(answer).kind).toBe('done');
    expect(first.step(answer).kind).toBe('refused');
    const second = acceptor();
    second.step(client.negotiate);
    expect(second.step(answer).kind).toBe('refused');
  });

  test('an answer without a question is refused, a truncated one is a coded error', () => {
    const client = new NtlmTestClient(right);
    const answer = client.authenticate(tokenOf(world().acceptor().step(client.negotiate)));
    expect(() => world().acceptor().step(answer)).toThrow('message type 3 where 1 is due');
    const acceptor = world().acceptor();
    acceptor.step(client.negotiate);
    expect(() => acceptor.step(answer.subarray(0, 60))).toThrow('no NTLM message');
  });

  test('an account is locked after wrong passwords in a row, and open again in time', () => {
    const { advance, acceptor } = world({ lockout: { threshold: 3, forMs: 30 * MINUTE } });
    for (let n = 0; n < 3; n++) attempt(acceptor(), { ...right, password: 'x' });
    expect(attempt(acceptor(), right).kind).toBe('refused');
    advance(31 * MINUTE);
    expect(attempt(acceptor(), right).kind).toBe('done');
  });
});

describe('SPNEGO', () => {
  const both = [MECHANISMS.kerberos, MECHANISMS.ntlm];

  function negotiated(mechanisms: readonly string[], change: { mic?: 'none' | 'wrong' } = {}) {
    const acceptor = world().acceptor();
    const client = new NtlmTestClient(right);
    const own = mechanisms[0] === MECHANISMS.ntlm;
    const first = readNegTokenResp(
      tokenOf(
        acceptor.step(
          writeNegTokenInit({ mechanisms, token: own ? client.negotiate : Buffer.from('AP-REQ') }),
        ),
      ),
    );
    const second = own
      ? first
      : readNegTokenResp(tokenOf(acceptor.step(writeNegTokenResp({ token: client.negotiate }))));
    const token = client.authenticate(second.token!);
    const mechListMic = client.toServer.sign(
      mechanismList(change.mic === 'wrong' ? [...mechanisms].reverse() : mechanisms),
    );
    const last = acceptor.step(
      writeNegTokenResp({ token, ...(change.mic === 'none' ? {} : { mechListMic }) }),
    );
    return { first, last, client };
  }

  test('carries NTLM, the last word is a MIC over the mechanisms, and the ciphers start anew behind it', () => {
    const { first, last, client } = negotiated([MECHANISMS.ntlm]);
    expect(first).toMatchObject({ state: 'accept-incomplete', mechanism: MECHANISMS.ntlm });
    if (last.kind !== 'done' || !last.token || !last.who.security) throw new Error('not done');
    const { state, mechListMic } = readNegTokenResp(last.token);
    expect(state).toBe('accept-completed');
    client.fromServer.verify(mechListMic!, mechanismList([MECHANISMS.ntlm]));
    client.toServer.resetCipher();
    client.fromServer.resetCipher();
    const question = client.toServer.seal(Buffer.from('question'));
    expect(last.who.security.fromClient.unseal(question.signature, question.sealed).toString()).toBe(
      'question',
    );
    const answer = last.who.security.toClient.seal(Buffer.from('answer'));
    expect(client.fromServer.unseal(answer.signature, answer.sealed).toString()).toBe('answer');
  });

  test('NTLM is chosen where Kerberos is preferred', () => {
    const { first, last } = negotiated(both);
    expect(first).toEqual({ state: 'request-mic', mechanism: MECHANISMS.ntlm });
    expect(last.kind).toBe('done');
  });

  test('without a MIC, nobody can have taken the better mechanism away: it is needed unless the first was taken', () => {
    expect(negotiated([MECHANISMS.ntlm], { mic: 'none' }).last.kind).toBe('done');
    expect(negotiated(both, { mic: 'none' }).last.kind).toBe('refused');
    expect(negotiated(both, { mic: 'wrong' }).last.kind).toBe('refused');
  });

  test('without NTLM among the mechanisms there is nothing to agree on', () => {
    const token = writeNegTokenInit({ mechanisms: [MECHANISMS.kerberos] });
    expect(world().acceptor().step(token).kind).toBe('refused');
  });

  test('what began inside SPNEGO does not go on outside of it', () => {
    const acceptor = world().acceptor();
    const client = new NtlmTestClient(right);
    acceptor.step(writeNegTokenInit({ mechanisms: both }));
    expect(acceptor.step(client.negotiate).kind).toBe('refused');
  });
});
