/** A vCenter of generated machines in the memory tier, and a client that has logged in. Used by suites. */
import { Entropy } from '#core/entropy/entropy.ts';
import { createAuthority } from '#core/net/certificates.ts';
import { HttpClient } from '#core/net/http-client.ts';
import { LinkRules } from '#core/net/link-rules.ts';
import { MemoryNetwork } from '#core/net/memory-network.ts';
import { Quiescence } from '#core/time/quiescence.ts';
import { VirtualClock } from '#core/time/virtual-clock.ts';
import { Counters } from '#core/trace/recorder.ts';
import { DAY } from '#core/units.ts';
import { Estate } from '#simulators/estate/estate.ts';
import { generateEstate } from '#simulators/estate/generate.ts';
import type { EstateFacts } from '#simulators/estate/model.ts';
import { FaultPoints } from '#simulators/kit/fault-points.ts';
import { startVcenter } from '#simulators/vcenter/server.ts';

export interface VcenterWorld {
  readonly facts: EstateFacts;
  /** Calls a method and reads the whole answer without parsing it. @returns bytes of the answer */
  call(method: string, self: string, inner: string): Promise<number>;
  /** References of all machines, "vm-1001" and on. */
  readonly machines: readonly string[];
}

const HOST = 'vcenter.example';

export async function vcenterWorld(machines: number): Promise<VcenterWorld> {
  const entropy = new Entropy('bench');
  const quiescence = new Quiescence();
  const start = Date.UTC(2026, 10, 2, 10);
  const clock = new VirtualClock({ start, entropy, quiescence });
  const network = new MemoryNetwork({ clock, links: new LinkRules(clock), quiescence });
  const authority = await createAuthority('drylift bench', { from: start - DAY, to: start + DAY });
  const recorder = { record() {} };
  const generated = generateEstate({ seed: 'bench', machines });
  const facts: EstateFacts = {
    ...generated,
    machines: generated.machines.map((machine) => ({ ...machine, power: 'on', template: false })),
  };
  await startVcenter({
    context: {
      clock,
      entropy,
      transport: network.as('vcenter'),
      recorder,
      counters: new Counters(),
      faults: new FaultPoints({ clock, recorder }),
      identityFor: (names) => authority.issue(names),
    },
    estate: new Estate(facts, { clock, entropy }),
    at: { host: HOST, port: 443 },
    names: [HOST],
    users: [{ name: 'bench', password: 'bench', role: 'administrator' }],
  });
  const client = new HttpClient({
    transport: network.as('client'),
    clock,
    tls: { trust: [authority.certificatePem] },
  });
  let cookie: string | undefined;
  const call = async (method: string, self: string, inner: string): Promise<number> => {
    const [type, id] = self.split(':');
    const { status, headers, body } = await client.request({
      method: 'POST',
      url: `https://${HOST}/sdk`,
      headers: { soapaction: 'urn:vim25/8.0.3.0', ...(cookie === undefined ? {} : { cookie }) },
      body:
        '<Envelope xmlns="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">' +
        `<Body><${method} xmlns="urn:vim25"><_this type="${type}">${id}</_this>${inner}</${method}></Body></Envelope>`,
    });
    cookie = headers['set-cookie']?.[0]?.split(';')[0] ?? cookie;
    let bytes = 0;
    for await (const chunk of body as AsyncIterable<Buffer>) bytes += chunk.length;
    if (status !== 200) throw new Error(`${method} was answered ${status}`);
    return bytes;
  };
  await call(
    'Login',
    'SessionManager:SessionManager',
    '<userName>bench</userName><password>bench</password>',
  );
  return { facts, call, machines: facts.machines.map((_, i) => `vm-${1001 + i}`) };
}
