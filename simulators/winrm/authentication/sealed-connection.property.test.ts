/** Sealed messages come through whatever pieces the connection cuts them into, and only in their order. */
import '#core/testing/random-seed.ts';
import type { Duplex } from 'node:stream';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Clock, sleep } from '#core/time/clock.ts';
import { ENCRYPTED_TYPE, readEncryptedBody, writeEncryptedBody } from '#core/wire/wsman/encrypted-body.ts';
import { NtlmTestClient } from '../testing/ntlm-client.ts';
import { ADMIN, HOST, soapOf, type TestHost, testHost } from '../testing/test-host.ts';
import { ACTION, RESOURCE } from '../wsman/names.ts';

interface Heard {
  readonly status: number;
  readonly head: string;
  readonly body: Buffer;
}

/** One connection, on which each request is written in pieces that end at the given places. */
class Line {
  readonly #raw: Duplex;
  readonly #clock: Clock;
  #heard: Buffer = Buffer.alloc(0);
  #wake: () => void = () => {};

  constructor(raw: Duplex, clock: Clock) {
    this.#raw = raw;
    this.#clock = clock;
    raw.on('error', () => {});
    raw.on('data', (chunk: Buffer) => {
      this.#heard = Buffer.concat([this.#heard, chunk]);
      this.#wake();
    });
    raw.on('close', () => this.#wake());
  }

  async say(headers: string, body: Buffer, cuts: readonly number[]): Promise<Heard> {
    const whole = Buffer.concat([
      Buffer.from(
        `POST /wsman HTTP/1.1\r\nHost: ${HOST}\r\n${headers}Content-Length: ${body.length}\r\n\r\n`,
      ),
      body,
    ]);
    const places = [...new Set([0, ...cuts.map((cut) => cut % whole.length), whole.length])].sort(
      (a, b) => a - b,
    );
    for (const [n, from] of places.slice(0, -1).entries()) {
      this.#raw.write(whole.subarray(from, places[n + 1]));
      await sleep(this.#clock, 1, 'test.piece');
    }
    for (;;) {
      const end = this.#heard.indexOf('\r\n\r\n');
      const head = this.#heard.toString('latin1', 0, Math.max(0, end));
      const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? Number.NaN);
      if (end >= 0 && this.#heard.length >= end + 4 + length) {
        const answer = this.#heard.subarray(end + 4, end + 4 + length);
        this.#heard = this.#heard.subarray(end + 4 + length);
        return { status: Number(head.split(' ')[1]), head, body: answer };
      }
      if (this.#raw.destroyed) throw new Error('cut');
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}

async function loggedOn(host: TestHost): Promise<{ line: Line; ntlm: NtlmTestClient }> {
  const raw = await host.tier.network.as('client').dial({ host: HOST, port: 5985 });
  const line = new Line(raw, host.tier.clock);
  const ntlm = new NtlmTestClient({ user: ADMIN.name, domain: 'CORP', password: ADMIN.password });
  const leg = (token: Buffer) =>
    line.say(`Authorization: Negotiate ${token.toString('base64')}\r\n`, Buffer.alloc(0), []);
  const { head } = await leg(ntlm.negotiate);
  const challenge = /Negotiate (\S+)/.exec(head)![1]!;
  expect((await leg(ntlm.authenticate(Buffer.from(challenge, 'base64')))).status).toBe(200);
  return { line, ntlm };
}

function sealed(ntlm: NtlmTestClient, text: string): Buffer {
  const plain = Buffer.from(text);
  const { signature, sealed: bytes } = ntlm.toServer.seal(plain);
  return writeEncryptedBody({ signature, sealed: bytes, length: plain.length });
}

const TYPE = `Content-Type: ${ENCRYPTED_TYPE}\r\n`;
const request = (name: string): string =>
  soapOf({ action: ACTION.get, uri: `${RESOURCE.wmi}root/cimv2/Win32_Service`, selectors: { Name: name } });

test('requests cut anywhere are answered one by one, each sealed in its turn', () =>
  fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.nat({ max: 4 }), fc.array(fc.nat({ max: 5000 }), { maxLength: 12 })), {
        minLength: 1,
        maxLength: 6,
      }),
      async (messages) => {
        await using host = await testHost();
        await host.run(async () => {
          const { line, ntlm } = await loggedOn(host);
          for (const [n, cuts] of messages) {
            const { status, body } = await line.say(TYPE, sealed(ntlm, request(`svc${n}`)), cuts);
            expect(status).toBe(200);
            const answer = readEncryptedBody(body);
            const xml = ntlm.fromServer.unseal(answer.signature, answer.sealed).toString();
            expect(xml).toContain(`<p:Name>svc${n}</p:Name>`);
          }
        });
      },
    ),
    { numRuns: 15 },
  ));

test('a message that was changed, said twice, or left out is refused, and so is all that follows', async () => {
  await using host = await testHost();
  await host.run(async () => {
    const spoil: Array<(ntlm: NtlmTestClient) => Buffer> = [
      (ntlm) => {
        const body = sealed(ntlm, request('svc1'));
        body[body.length - 40]! ^= 1;
        return body;
      },
      (ntlm) => {
        sealed(ntlm, request('svc1')); // never sent
        return sealed(ntlm, request('svc2'));
      },
    ];
    for (const make of spoil) {
      const { line, ntlm } = await loggedOn(host);
      expect((await line.say(TYPE, make(ntlm), [])).status).toBe(400);
    }
    const { line, ntlm } = await loggedOn(host);
    const once = sealed(ntlm, request('svc1'));
    expect((await line.say(TYPE, once, [])).status).toBe(200);
    expect((await line.say(TYPE, once, [])).status).toBe(400);
  });
});
