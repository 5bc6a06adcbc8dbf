/** A certificate stands for an account where a mapping says so, the service takes certificates, and nothing is wrong with it. */
import { expect, test } from 'vitest';
import { type CertificateAuthority, createAuthority } from '#core/net/certificates.ts';
import { HttpClient } from '#core/net/http-client.ts';
import type { TlsIdentity } from '#core/net/transport.ts';
import { HOUR } from '#core/units.ts';
import { ADMIN, HOST, soapOf, type TestHost, testHost } from '../testing/test-host.ts';
import { ACTION, RESOURCE } from '../wsman/names.ts';
import { MUTUAL } from './client-certificates.ts';

const PRINCIPAL = 'administrator@localhost';
const BODY = soapOf({ action: ACTION.get, uri: `${RESOURCE.wmi}root/cimv2/Win32_OperatingSystem` });
const NOW = Date.parse('2026-11-01T00:00:00Z');
const VALID = { from: NOW - HOUR, to: NOW + HOUR };

async function status(
  { tier }: TestHost,
  identity: TlsIdentity | undefined,
  { url = `https://${HOST}:5986/wsman`, authorization = MUTUAL } = {},
): Promise<number> {
  const client = new HttpClient({
    transport: tier.network.as('client'),
    clock: tier.clock,
    tls: { trust: [tier.authority.certificatePem], ...(identity ? { identity } : {}) },
  });
  try {
    const answer = await client.fetch({ method: 'POST', url, headers: { authorization }, body: BODY });
    return answer.status;
  } finally {
    client.close();
  }
}

const host = (authority: CertificateAuthority, certificate = true): Promise<TestHost> =>
  testHost({
    host: {
      settings: { basic: false, allowUnencrypted: false, certificate },
      certificateMappings: [
        { subject: PRINCIPAL, issuerPem: authority.certificatePem, account: ADMIN },
        { subject: '*@corp.example', issuerPem: authority.certificatePem, account: ADMIN },
      ],
    },
  });

test('lets in whom a mapping names, by the name itself or by all of its domain', async () => {
  const authority = await createAuthority('people', VALID);
  await using served = await host(authority);
  const [own, ofDomain] = await Promise.all(
    [PRINCIPAL, 'Somebody@CORP.example'].map((principal) => authority.issueForClient(principal)),
  );
  await served.run(async () => {
    expect(await status(served, own)).toBe(200);
    expect(await status(served, ofDomain)).toBe(200);
  });
});

test('lets in nobody else', async () => {
  const authority = await createAuthority('people', VALID);
  const stranger = await createAuthority('people', VALID);
  await using served = await host(authority);
  const own = await authority.issueForClient(PRINCIPAL);
  const wrong: Readonly<Record<string, TlsIdentity | undefined>> = {
    none: undefined,
    'another name': await authority.issueForClient('guest@localhost'),
    'a domain that only ends so': await authority.issueForClient('x@notcorp.example'),
    'another authority of the same name': await stranger.issueForClient(PRINCIPAL),
    'one of a server': await authority.issue([PRINCIPAL.replace('@', '.')]),
    'one that has expired': await authority.issueForClient(PRINCIPAL, { from: NOW - HOUR, to: NOW - 1000 }),
    'one that is not valid yet': await authority.issueForClient(PRINCIPAL, {
      from: NOW + 1000,
      to: NOW + HOUR,
    }),
  };
  await served.run(async () => {
    for (const [what, identity] of Object.entries(wrong))
      expect(await status(served, identity), what).toBe(401);
    expect(await status(served, own, { authorization: '' }), 'who does not say so').toBe(401);
    expect(await status(served, own, { url: `http://${HOST}:5985/wsman` }), 'over HTTP').toBe(401);
    served.arm('winrm.logon', 'locked');
    for (let n = 0; n < 2; n++) expect(await status(served, own), 'who is locked').toBe(401);
  });
});

test('counts nothing where the service takes none, and a key that belongs to another is no key', async () => {
  const authority = await createAuthority('people', VALID);
  await using served = await host(authority, false);
  const own = await authority.issueForClient(PRINCIPAL);
  const other = await authority.issueForClient(PRINCIPAL);
  await served.run(async () => {
    expect(await status(served, own)).toBe(401);
    await expect(status(served, { ...own, privateKeyPem: other.privateKeyPem })).rejects.toThrow('handshake');
  });
});
