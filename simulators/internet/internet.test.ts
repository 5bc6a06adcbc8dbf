import { createHash } from 'node:crypto';
import { createSocket } from 'node:dgram';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { HttpClient } from '#core/net/http-client.ts';
import { tierWorld } from '#core/testing/tier-world.ts';
import { Counters } from '#core/trace/recorder.ts';
import { FaultPoints } from '../kit/fault-points.ts';
import { type InternetHosts, startInternetHosts } from './hosts.ts';
import { answerSntp, serveNtp } from './ntp.ts';

const ERA_SECONDS = 2_208_988_800;

function request(version = 4): Buffer {
  const packet = Buffer.alloc(48);
  packet[0] = (version << 3) | 3;
  packet.write('my time!', 40, 'latin1');
  return packet;
}

const timeAt = (packet: Buffer, at: number) =>
  (packet.readUInt32BE(at) - ERA_SECONDS) * 1000 + Math.round((packet.readUInt32BE(at + 4) / 2 ** 32) * 1000);

describe('time', () => {
  test('is that of the story, to the millisecond, and what the client said comes back', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: Date.UTC(2036, 0, 1) }), (now) => {
        const answer = answerSntp(request(), now)!;
        expect([timeAt(answer, 32), timeAt(answer, 40)]).toEqual([now, now]);
        expect(answer.toString('latin1', 24, 32)).toBe('my time!');
        expect(answer[0]).toBe((4 << 3) | 4);
      }),
    );
  });

  test('is given to clients, and to nothing else', () => {
    const server = request();
    server[0] = (4 << 3) | 4;
    expect(answerSntp(server, 0)).toBeUndefined();
    expect(answerSntp(Buffer.alloc(47), 0)).toBeUndefined();
    expect(answerSntp(request(5), 0)).toBeUndefined();
  });

  test('comes over UDP', async () => {
    const now = Date.UTC(2026, 10, 22, 8);
    const clock = { wall: () => now, monotonic: () => 0, schedule: () => ({ cancel() {} }) };
    const server = await serveNtp({ clock, port: 0 });
    const socket = createSocket('udp4');
    const answer = await new Promise<Buffer>((resolve) => {
      socket.once('message', resolve);
      socket.send(request(), server.endpoint.port, server.endpoint.host);
    });
    socket.close();
    await server.stop();
    expect(timeAt(answer, 40)).toBe(now);
  });
});

async function inInternet(
  script: (http: HttpClient, hosts: InternetHosts) => Promise<void>,
  telemetryHosts?: readonly string[],
): Promise<void> {
  await using tier = await tierWorld('memory', 'internet');
  const recorder = { record() {} };
  const hosts = await startInternetHosts({
    context: {
      clock: tier.clock,
      entropy: tier.entropy,
      transport: tier.network.as('internet'),
      recorder,
      counters: new Counters(),
      faults: new FaultPoints({ clock: tier.clock, recorder }),
      identityFor: (names) => tier.authority.issue(names),
    },
    ...(telemetryHosts ? { telemetryHosts } : {}),
  });
  const http = new HttpClient({
    transport: tier.network.as('appliance'),
    clock: tier.clock,
    tls: { trust: [tier.authority.certificatePem] },
  });
  await tier.clock.run(script(http, hosts));
  http.close();
  await hosts.stop();
}

describe('downloads', () => {
  test('the list of latest components leads to packages with these hashes', () =>
    inInternet(async (http) => {
      const short = await http.fetch({ method: 'GET', url: 'https://aka.ms/latestapplianceservices' });
      expect(short.status).toBe(302);
      const list = await http.fetch({ method: 'GET', url: String(short.headers['location']) });
      const components = JSON.parse(list.body.toString()) as Array<Record<string, string>>;
      expect(components.length).toBeGreaterThan(4);
      const { DownloadLink, Md5Hash } = components[0]!;
      const got = await http.fetch({ method: 'GET', url: DownloadLink! });
      expect(createHash('md5').update(got.body).digest('hex')).toBe(Md5Hash);
      const part = await http.fetch({
        method: 'GET',
        url: DownloadLink!,
        headers: { range: 'bytes=100-199' },
      });
      expect([part.status, part.body.equals(got.body.subarray(100, 200))]).toEqual([206, true]);
      const beyond = await http.fetch({
        method: 'GET',
        url: DownloadLink!,
        headers: { range: 'bytes=999999999-' },
      });
      expect(beyond.status).toBe(416);
    }));

  test('MySQL is redirected to where it lies', () =>
    inInternet(async (http) => {
      const url = 'https://dev.mysql.com/get/Downloads/MySQLInstaller/mysql-installer-community-5.7.20.0.msi';
      const first = await http.fetch({ method: 'GET', url });
      const got = await http.fetch({ method: 'GET', url: String(first.headers['location']) });
      expect([first.status, got.status, got.body.length]).toEqual([302, 200, 384 * 1024]);
      expect((await http.fetch({ method: 'GET', url: 'https://dev.mysql.com/other' })).status).toBe(404);
    }));
});

describe('telemetry', () => {
  test('is taken and counted where there is a place for it', () =>
    inInternet(
      async (http, hosts) => {
        const url = 'https://dc.services.visualstudio.com/v2/track';
        const answer = await http.fetch({ method: 'POST', url, body: '[{"a":1},{"b":2}]' });
        expect(JSON.parse(answer.body.toString())).toMatchObject({ itemsReceived: 2, itemsAccepted: 2 });
        expect(hosts.telemetryItems()).toBe(2);
      },
      ['*.services.visualstudio.com'],
    ));

  test('is optional', () =>
    inInternet(async (_http, hosts) => {
      expect(hosts.knows('dc.services.visualstudio.com', 443)).toBe(false);
      expect(hosts.knows('aka.ms', 443)).toBe(true);
    }));
});
