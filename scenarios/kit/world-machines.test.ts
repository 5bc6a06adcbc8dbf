/** What stands in a world beside vCenter: reached by name and by address, showing one truth, gone when it is off. */
import ssh2 from 'ssh2';
import { afterEach, describe, expect, it } from 'vitest';
import { HttpClient } from '#core/net/http-client.ts';
import { sleep } from '#core/time/clock.ts';
import { MINUTE } from '#core/units.ts';
import { guestsOf } from '#simulators/estate/guest/guests.ts';
import { planEstate } from './estate-plan.ts';
import { InputFiles } from './input-files.ts';
import { parseScenario } from './scenario-yaml.ts';
import { World } from './world.ts';

const SCENARIO = `drylift: scenario/v1
name: parts
says: All kinds of machines.
estate:
  generate:
    vcenter: { servers: 4 }
    hyperv: { servers: 6, clusters: [2], standalone: 1 }
    servers: { windows: 2, linux: 3, also: [web-h001] }
script: [register]
`;

let world: World | undefined;
afterEach(async () => {
  await world?.stop();
  world = undefined;
});

async function started(text = SCENARIO, tier: 'memory' | 'loopback' = 'memory'): Promise<World> {
  const scenario = parseScenario(text, 'parts.scenario.yaml');
  const estate = planEstate(scenario.estate, 'seed', new InputFiles('.'));
  world = await World.start({
    scenario,
    estate,
    seed: 'seed',
    tier,
    signal: new AbortController().signal,
  });
  return world;
}

/** What a command writes on a Linux machine. */
async function run(of: World, host: string, command: string, password: string): Promise<string> {
  const sock = await of.networkAs('tester').dial({ host, port: 22 });
  const client = new ssh2.Client();
  try {
    return await new Promise<string>((resolve, reject) => {
      client.on('error', reject);
      client.on('close', () => reject(new Error('closed')));
      client.on('ready', () =>
        client.exec(command, (error, channel) => {
          if (error) return reject(error);
          let text = '';
          channel.on('data', (chunk: Buffer) => {
            text += chunk.toString();
          });
          channel.on('close', () => resolve(text));
          channel.end();
        }),
      );
      client.connect({ sock: sock as never, username: 'root', password });
    });
  } finally {
    client.end();
  }
}

const rootOf = (guest: { accounts(): ReadonlyArray<{ user: string; password: string }> }) =>
  guest.accounts().find(({ user }) => user === 'root')!.password;

describe('the machines of a world', () => {
  it('each has an id, a name, an address and adapters of its own, over all parts', async () => {
    const { estate, hyperv, servers } = await started();
    const all = [estate, hyperv, servers].flatMap((part) => [...part.machines()]);
    expect(all).toHaveLength(15);
    for (const of of [
      all.map(({ id }) => id),
      all.map(({ name }) => name),
      all.flatMap(({ nics }) => nics.flatMap(({ ipAddresses }) => ipAddresses)),
      all.flatMap(({ nics }) => nics.map(({ macAddress }) => macAddress)),
      all.map(({ biosUuid }) => biosUuid),
      all.flatMap(({ disks }) => disks.map(({ uuid }) => uuid)),
    ])
      expect(new Set(of).size).toBe(of.length);
  });

  it('a Linux server is reached over SSH by name and by address, and so is a guest on Hyper-V', async () => {
    const here = await started();
    const guests = guestsOf(here.servers);
    await here.clock.run(
      (async () => {
        for (const machine of [...here.servers.machines(), ...here.hyperv.machines()]) {
          const guest = guests.guest(machine.id)!;
          if (guest.os.family !== 'linux' || !guest.isOn()) continue;
          for (const host of [machine.dnsName, guest.addresses()[0]!])
            expect(
              (await run(here, host, 'hostname; sudo dmidecode -s system-uuid', rootOf(guest))).toLowerCase(),
            ).toBe(`${machine.name}\n${machine.biosUuid}\n`);
        }
      })(),
    );
  });

  it('hosts, clusters, Windows servers and Windows guests answer WinRM over TLS by name and by address', async () => {
    const here = await started();
    const http = new HttpClient({
      transport: here.networkAs('tester'),
      clock: here.clock,
      tls: { trust: [here.trust] },
    });
    const guests = guestsOf(here.hyperv);
    const windows = [...here.servers.machines(), ...here.hyperv.machines()].flatMap(({ id, dnsName }) => {
      const guest = guests.guest(id)!;
      return guest.os.family === 'windows' && guest.isOn() ? [dnsName, guest.addresses()[0]!] : [];
    });
    const targets = here.hypervTargets.map(({ host }) => host);
    expect(targets).toEqual(['hvc1.example', 'hv-s1.example']);
    await here.clock.run(
      (async () => {
        for (const host of [...targets, 'hvc1-n2.example', '10.255.0.4', ...windows]) {
          const { status, body } = await http.fetch({
            method: 'POST',
            url: `https://${host}:5986/wsman`,
            headers: { WSMANIDENTIFY: 'unauthenticated', 'Content-Type': 'application/soap+xml' },
            body: '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:i="http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd"><s:Header/><s:Body><i:Identify/></s:Body></s:Envelope>',
          });
          expect([host, status]).toEqual([host, 200]);
          expect(body.toString()).toContain('Microsoft Corporation');
        }
      })(),
    );
    http.close();
  });

  it('a machine that is switched off cuts its connections and answers nobody until it is on again', async () => {
    const here = await started();
    const guests = guestsOf(here.servers);
    const machine = here.servers.machines().find(({ os }) => os.family === 'linux')!;
    const password = rootOf(guests.guest(machine.id)!);
    await here.clock.run(
      (async () => {
        const long = run(here, machine.dnsName, 'sleep 600; echo done', password).catch(
          (error: Error) => `cut: ${error.message}`,
        );
        await sleep(here.clock, MINUTE, 'test');
        here.servers.setPower(machine.id, 'off');
        expect(await long).toMatch(/^(?:cut: .*|)$/);
        await expect(run(here, machine.dnsName, 'hostname', password)).rejects.toThrow();
        here.servers.setPower(machine.id, 'on');
        await sleep(here.clock, MINUTE, 'test');
        expect(await run(here, machine.dnsName, 'cat /proc/uptime', password)).toMatch(/^6\d\.\d\d /);
      })(),
    );
  });

  it('the parts of a datacentre talk to each other', async () => {
    const here = await started(SCENARIO.replace('linux: 3', 'linux: 12'));
    const topology = guestsOf(here.estate).topology();
    const partOf = (id: string) => id.split('-')[0]!;
    const crossing = [here.estate, here.hyperv, here.servers]
      .flatMap((part) => part.machines())
      .flatMap(({ id }) => topology.linksFrom(id))
      .filter(({ client, server }) => partOf(client.machineId) !== partOf(server.machineId));
    expect(crossing.length).toBeGreaterThan(0);
  });

  it.each([
    ['vcenter: { servers: 4 }', 'hyperv: { servers: 2 }', /needs a host/],
    ['vcenter: { servers: 4 }', 'servers: { also: [x] }', /at least one/],
    ['vcenter: { servers: 4 }', 'servers: { linux: 1, also: [web-01] }', /did you mean "web-001"/],
    ['vcenter: { servers: 4 }', 'hyperf: { servers: 2 }', /did you mean "hyperv"/],
    ['', 'mix: { windows: 50%, linux: 50% }', /exactly one of: import, generate/],
  ])('a mistake is told: %s %s', async (vcenter, other, message) => {
    const text = `drylift: scenario/v1
name: parts
says: Wrong.
estate:
  generate:
    ${vcenter}
    ${other}
script: [register]
`;
    await expect(started(text)).rejects.toThrow(message);
  });
});
