/** The appliance's SSH client judged by Debian's OpenSSH server: a system that none of us wrote. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { connectSsh, type SshConnection, type SshCredential } from '#appliance/sources/ssh/ssh-connection.ts';
import { LinkRules } from '#core/net/link-rules.ts';
import { TcpNetwork } from '#core/net/tcp-network.ts';
import { missing } from '#core/testing/installed.ts';
import { SystemClock } from '#core/time/system-clock.ts';
import { isRoot, isSshdThere, type Sshd, startSshd, throwAwayUser } from './sshd/sshd.ts';

const clock = new SystemClock();
const network = new TcpNetwork({ tier: 'wall', links: new LinkRules(clock) });
const signal = new AbortController().signal;
let sshd: Sshd;
const known = new Map<string, string>();
const opened: SshConnection[] = [];

beforeAll(async () => {
  if (isSshdThere) sshd = await startSshd(['MaxSessions 3']);
});
beforeEach((context) => {
  if (!isSshdThere) missing(context, 'sshd is not installed (Debian: openssh-server)');
  known.clear();
});
afterAll(async () => {
  for (const each of opened) each.close();
  await sshd?.[Symbol.asyncDispose]();
  await network.close();
});

const byKey = (): SshCredential => ({ name: 'key', user: sshd.user, privateKey: sshd.privateKey });

async function connect(credential: SshCredential = byKey(), hostKey?: string, port = sshd.port) {
  const connection = await connectSsh(
    {
      transport: network.as('appliance'),
      clock,
      hostKeys: {
        get: async (place) => known.get(place),
        set: async (place, key) => void known.set(place, key),
      },
      target: { host: '127.0.0.1', port, hostKey },
      credential,
    },
    signal,
  );
  opened.push(connection);
  return connection;
}

test('output, errors, exit codes and signals of commands come apart, binary input and output whole', async () => {
  const connection = await connect();
  const { stdout, stderr, code } = await connection.exec('echo out; echo err >&2; exit 3', {}, signal);
  expect([stdout.toString(), stderr.toString(), code]).toEqual(['out\n', 'err\n', 3]);
  expect(await connection.exec('kill -9 $$', {}, signal)).toMatchObject({ code: undefined, signal: 'KILL' });
  expect(await connection.exec('no-such-command', {}, signal)).toMatchObject({ code: 127 });
  const text = 'ä\0\n'.repeat(100_000);
  const echoed = await connection.exec('cat', { stdin: text }, signal);
  expect(echoed.stdout.toString() === text).toBe(true);
});

test('more commands than the server takes at one time wait their turn', async () => {
  const connection = await connect();
  const all = await Promise.all(
    Array.from({ length: 12 }, (_, i) => connection.exec(`sleep 0.05; echo ${i}`, {}, signal)),
  );
  expect(all.map(({ stdout }) => stdout.toString())).toEqual(all.map((_, i) => `${i}\n`));
});

test('a command that hangs, one that writes without end, and one that kills its own connection are told', async () => {
  const connection = await connect();
  await expect(connection.exec('sleep 60', { timeoutMs: 300 }, signal)).rejects.toMatchObject({
    code: 'ssh.timeout',
  });
  const another = await connect();
  await expect(another.exec('yes', { outputBytesMax: 1_000_000 }, signal)).rejects.toMatchObject({
    code: 'ssh.output.tooLarge',
  });
  const third = await connect();
  await expect(third.exec('kill -9 $PPID', {}, signal)).rejects.toMatchObject({ code: 'ssh.dropped' });
  expect(third.isOpen).toBe(false);
});

test('a key in PEM form opens with its passphrase, and a strange key is refused in one attempt', async () => {
  const locked: SshCredential = { name: 'pem', user: sshd.user, privateKey: sshd.lockedKey };
  await connect({ ...locked, passphrase: 'open sesame' });
  await expect(connect({ ...locked, passphrase: 'wrong' })).rejects.toMatchObject({
    code: 'ssh.key.unreadable',
  });
  await expect(connect({ ...byKey(), user: 'nobody-of-that-name' })).rejects.toMatchObject({
    code: 'ssh.login.refused',
  });
});

test('the host key is remembered as ssh-keygen prints it; a pinned one of another kind is found; a changed one stops', async () => {
  await connect();
  const place = `127.0.0.1:${sshd.port}`;
  expect(known.get(place)).toBe(`ssh-ed25519 ${sshd.fingerprints.ed25519}`);
  await connect(byKey(), sshd.fingerprints.rsa);
  await using other = await startSshd();
  known.set(`127.0.0.1:${other.port}`, known.get(place)!);
  const refused = connect({ ...byKey(), privateKey: other.privateKey }, undefined, other.port);
  await expect(refused).rejects.toMatchObject({
    code: 'ssh.hostKey.changed',
    data: { known: `ssh-ed25519 ${sshd.fingerprints.ed25519}`, shown: other.fingerprints.ed25519 },
  });
});

test('a server of which only what we lack is left says which algorithms it is about', async () => {
  await using strict = await startSshd(['KexAlgorithms sntrup761x25519-sha512@openssh.com']);
  await expect(connect(byKey(), undefined, strict.port)).rejects.toMatchObject({
    code: 'ssh.algorithms',
    message: expect.stringMatching(/key exchange/i),
  });
});

test('passwords: the right one, however it is spelled; a wrong one; a locked account', async (context) => {
  if (!isRoot) return context.skip('a user can be made by root only');
  using user = throwAwayUser();
  const credential: SshCredential = { name: 'user', user: user.name, password: user.password };
  const connection = await connect(credential);
  expect((await connection.exec('id -un', {}, signal)).stdout.toString()).toBe(`${user.name}\n`);
  await expect(connect({ ...credential, password: 'wrong' })).rejects.toMatchObject({
    code: 'ssh.login.refused',
  });
  user.run('usermod', '--lock', user.name);
  await expect(connect(credential)).rejects.toMatchObject({ code: 'ssh.login.refused' });
  user.run('usermod', '--unlock', '--shell', '/usr/sbin/nologin', user.name);
  const closed = await connect(credential);
  expect(await closed.exec('id', {}, signal)).toMatchObject({ code: 1 });
});
