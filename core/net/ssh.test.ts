/**
 * The transports are not only for HTTP: an unmodified SSH implementation, client and server, talks over them.
 * (The simulators of physical hosts will stand on this.)
 */
import { generateKeyPairSync } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { Client, Server } from 'ssh2';
import { expect, test } from 'vitest';
import { tierWorld } from '../testing/tier-world.ts';
import { sleep } from '../time/clock.ts';

test.each([
  'memory',
  'loopback',
] as const)('a command runs over SSH in the %s tier, in virtual time', async (tier) => {
  await using world = await tierWorld(tier);
  const { privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  const server = new Server({ hostKeys: [privateKey] }, (connection) => {
    connection
      .on('authentication', (auth) =>
        auth.method === 'password' && auth.password === 'pw' ? auth.accept() : auth.reject(['password']),
      )
      .on('ready', () =>
        connection.on('session', (accept) =>
          accept().on('exec', (acceptExec, _reject, { command }) => {
            const stream = acceptExec();
            void sleep(world.clock, 1_500, 'command').then(() => {
              stream.write(`ran ${command}\n`);
              stream.exit(3);
              stream.end();
            });
          }),
        ),
      )
      .on('error', () => {});
  });
  await world.network
    .as('host')
    .listen({ host: 'linux-01.test', port: 22 }, (raw) => server.injectSocket(raw as never));

  const outcome = world.clock.run(
    (async () => {
      const sock = (await world.network.as('appliance').dial({ host: 'linux-01.test', port: 22 })) as Duplex;
      const client = new Client();
      return new Promise<{ text: string; code: number }>((resolve, reject) => {
        client
          .on('error', reject)
          .on('ready', () =>
            client.exec('uname -a', (error, stream) => {
              if (error) return reject(error);
              let text = '';
              stream.on('data', (chunk: Buffer) => {
                text += chunk.toString();
              });
              stream.on('close', (code: number) => {
                client.end();
                resolve({ text, code });
              });
            }),
          )
          .connect({ sock: sock as never, username: 'root', password: 'pw', readyTimeout: 0 });
      });
    })(),
  );
  expect(await outcome).toEqual({ text: 'ran uname -a\n', code: 3 });
  expect(world.clock.monotonic()).toBe(1_500);
});
