/** The SSH client against servers of ssh2 in virtual time. Against OpenSSH's sshd: scenarios/crosscheck/sshd. */
import { generateKeyPairSync } from 'node:crypto';
import ssh2 from 'ssh2';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { MINUTE, SECOND } from '#core/units.ts';
import { type MemoryWorld, memoryWorld } from '../../testing/memory-world.ts';
import { ed25519Key, hostKey, type SshServerPlan, startSsh } from '../../testing/ssh-stage.ts';
import { shownKey } from './host-keys.ts';
import { connectSsh, type SshCredential } from './ssh-connection.ts';

const AT = { host: 'lin1', port: 22 };
const NEVER = new AbortController().signal;
const ED25519 = hostKey('ed25519');
const RSA = hostKey('rsa');
const ADA: SshCredential = { name: 'ada', user: 'ada', password: 'correct horse' };
const byPassword: SshServerPlan['login'] = (attempt) =>
  attempt.method === 'password' && attempt.password === ADA.password ? true : ['password'];
const PLAN: SshServerPlan = {
  at: AT,
  hostKeys: [ED25519],
  login: byPassword,
  run: (command, stdin) => ({ stdout: `${command}|${stdin}`, stderr: 'complaint', code: 3 }),
};

let world: MemoryWorld;
let known: Map<string, string>;
beforeEach(async () => {
  world = await memoryWorld();
  known = new Map();
});
afterEach(() => world[Symbol.asyncDispose]());

const connect = (credential: SshCredential = ADA, pinned?: string) =>
  connectSsh(
    {
      transport: world.transport,
      clock: world.clock,
      hostKeys: {
        get: async (place) => known.get(place),
        set: async (place, key) => void known.set(place, key),
      },
      target: { ...AT, hostKey: pinned },
      credential,
    },
    NEVER,
  );
const fingerprintOf = (privateKey: string) => {
  const key = ssh2.utils.parseKey(privateKey);
  if (key instanceof Error) throw key;
  return shownKey(key.getPublicSSH()).fingerprint;
};
const serve = (plan: Partial<SshServerPlan>) => startSsh(world.transport, { ...PLAN, ...plan });
const told = (code: string, what?: RegExp) =>
  expect.objectContaining({ code, ...(what ? { message: expect.stringMatching(what) } : {}) });

describe('a command', () => {
  test('has its output, errors and exit code apart, and reads its input', async () => {
    await serve({});
    await world.run(async () => {
      const connection = await connect();
      const { stdout, stderr, code } = await connection.exec('cat', { stdin: 'in' }, NEVER);
      expect([stdout.toString(), stderr.toString(), code]).toEqual(['cat|in', 'complaint', 3]);
    });
  });

  test('that a signal ended says so', async () => {
    await serve({ run: () => ({ signal: 'KILL' }) });
    await world.run(async () => {
      const { code, signal } = await (await connect()).exec('x', {}, NEVER);
      expect([code, signal]).toEqual([undefined, 'KILL']);
    });
  });

  test('runs beside many others over one connection', async () => {
    const server = await serve({ run: (command) => ({ stdout: command }) });
    await world.run(async () => {
      const connection = await connect();
      const all = await Promise.all(
        Array.from({ length: 30 }, (_, i) => connection.exec(`echo ${i}`, {}, NEVER)),
      );
      expect(all.map(({ stdout }) => stdout.toString())).toEqual(all.map((_, i) => `echo ${i}`));
    });
    expect(server.connections).toBe(1);
  });

  test('that hangs is ended after its time, told, and takes no other with it', async () => {
    await serve({ run: (command) => (command === 'hang' ? 'hang' : { stdout: 'fine' }) });
    await world.run(async () => {
      const connection = await connect();
      const hung = connection.exec('hang', { timeoutMs: MINUTE }, NEVER).catch((error: unknown) => error);
      expect((await connection.exec('echo', {}, NEVER)).stdout.toString()).toBe('fine');
      expect(await hung).toEqual(told('ssh.timeout', /lin1:22 did not end in 60 seconds/));
      expect(world.clock.monotonic()).toBe(MINUTE);
    });
  });

  test.each([
    ['drop', 'ssh.dropped'],
    ['refuse', 'ssh.exec.refused'],
  ] as const)('%s is %s', async (how, code) => {
    await serve({ run: () => how });
    await world.run(async () => {
      await expect((await connect()).exec('x', {}, NEVER)).rejects.toEqual(told(code));
    });
  });

  test('that writes without end is cut off', async () => {
    await serve({ run: () => ({ stdout: Buffer.alloc(300_000) }) });
    await world.run(async () => {
      const connection = await connect();
      await expect(connection.exec('x', { outputBytesMax: 100_000 }, NEVER)).rejects.toEqual(
        told('ssh.output.tooLarge'),
      );
    });
  });

  test('ends with the reason of its signal', async () => {
    await serve({ run: () => 'hang' });
    await world.run(async () => {
      const connection = await connect();
      const abort = new AbortController();
      world.clock.schedule(world.clock.wall() + SECOND, 'test', () => abort.abort(new Error('enough')));
      await expect(connection.exec('x', {}, abort.signal)).rejects.toThrow('enough');
    });
  });
});

describe('a login', () => {
  test('by keyboard-interactive answers with the password, once', async () => {
    const server = await serve({
      login: (attempt) => {
        if (attempt.method !== 'keyboard-interactive') return ['keyboard-interactive'];
        attempt.prompt([{ prompt: 'Password: ', echo: false }], (answers) =>
          answers[0] === ADA.password ? attempt.accept() : attempt.reject(['keyboard-interactive']),
        );
        return 'later';
      },
    });
    await world.run(() => connect());
    expect(server.attempts).toEqual(['keyboard-interactive ada']);
  });

  const rsa = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: { type: 'pkcs1', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'open' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  test.each([
    ['PEM', rsa.privateKey],
    ['OpenSSH', ed25519Key('open')],
  ])('by a key in the form of %s with its passphrase', async (_form, privateKey) => {
    await serve({ login: ({ method }) => (method === 'publickey' ? true : ['publickey']) });
    await world.run(async () => {
      await connect({ name: 'k', user: 'ada', privateKey, passphrase: 'open' });
      for (const passphrase of ['wrong', undefined])
        await expect(connect({ name: 'k', user: 'ada', privateKey, passphrase })).rejects.toEqual(
          told('ssh.key.unreadable', /credential "k"/),
        );
    });
  });

  test('that wants both gives the key, then the password', async () => {
    const privateKey = ed25519Key();
    let passed = false;
    const server = await serve({
      login: (attempt) => {
        if (attempt.method === 'publickey') {
          if (attempt.signature) passed = true;
          else return true;
          attempt.reject(['password'], true);
          return 'later';
        }
        return passed && attempt.method === 'password' ? true : ['publickey'];
      },
    });
    await world.run(() => connect({ ...ADA, privateKey }));
    expect(server.attempts.at(-1)).toBe('password ada');
  });

  test('with a wrong password is one attempt, and names account and credential, not the password', async () => {
    const server = await serve({ login: () => ['password', 'keyboard-interactive'] });
    const error: Error = await world.run(() => connect({ ...ADA, password: 'hunter2' }).catch((e) => e));
    expect(error).toEqual(told('ssh.login.refused', /lin1:22 refused ada \(credential "ada"\)/));
    expect(server.attempts).toEqual(['password ada']);
    expect(JSON.stringify(error)).not.toContain('hunter2');
  });

  test('without a method that both have says which there are', async () => {
    await serve({ login: () => ['publickey'] });
    await world.run(() => expect(connect()).rejects.toEqual(told('ssh.login.method', /by publickey only/)));
  });

  test('that nobody answers ends after half a minute', async () => {
    await world.transport.listen(AT, () => {});
    await world.run(() => expect(connect()).rejects.toEqual(told('ssh.timeout', /30 seconds/)));
    expect(world.clock.monotonic()).toBe(30 * SECOND);
  });

  test('at a port of something older says so', async () => {
    await world.transport.listen(AT, (raw) => raw.end('SSH-1.5-old\r\n'));
    await world.run(() => expect(connect()).rejects.toEqual(told('ssh.notSsh')));
  });

  test('at a server that hangs up at once is a connection that was dropped', async () => {
    await world.transport.listen({ host: 'lin1', port: 22 }, (raw) => raw.destroy());
    await world.run(() => expect(connect()).rejects.toEqual(told('ssh.dropped')));
  });

  test('with no cipher in common names what is missing', async () => {
    await serve({ algorithms: { cipher: ['3des-cbc'] } });
    await world.run(() => expect(connect()).rejects.toEqual(told('ssh.algorithms', /cipher/)));
  });

  test('at a machine that is not there is an error of the network', async () => {
    await world.run(() => expect(connect()).rejects.toEqual(told('net.nameNotFound')));
  });
});

describe('a host key', () => {
  test('is remembered when it is seen first, and only from a server that took the login', async () => {
    await serve({});
    await world.run(async () => {
      await connect({ ...ADA, password: 'wrong' }).catch(() => {});
      expect(known.size).toBe(0);
      await connect();
    });
    expect([...known]).toEqual([['lin1:22', `ssh-ed25519 ${fingerprintOf(ED25519)}`]]);
  });

  test('that changed stops before anything is sent, with both fingerprints', async () => {
    const server = await serve({});
    known.set('lin1:22', 'ssh-ed25519 SHA256:AAAA');
    await world.run(() =>
      expect(connect()).rejects.toEqual(told('ssh.hostKey.changed', /known by ssh-ed25519 SHA256:AAAA/)),
    );
    const error: Error = await world.run(() => connect().catch((e) => e));
    expect(error.message).toContain(fingerprintOf(ED25519));
    expect(server.attempts).toEqual([]);
    expect(known.get('lin1:22')).toBe('ssh-ed25519 SHA256:AAAA');
  });

  test('of the kind that is known is asked for, though the server has others', async () => {
    await serve({ hostKeys: [ED25519, RSA] });
    known.set('lin1:22', `ssh-rsa ${fingerprintOf(RSA)}`);
    await world.run(() => connect());
  });

  test('that is pinned is found among those that the server has; another is refused', async () => {
    await serve({ hostKeys: [ED25519, RSA] });
    await world.run(async () => {
      await connect(ADA, fingerprintOf(RSA));
      await connect(ADA, fingerprintOf(ED25519).replace('SHA256:', ''));
      await expect(connect(ADA, 'SHA256:BBBB')).rejects.toEqual(
        told('ssh.hostKey.changed', /pinned is SHA256:BBBB/),
      );
    });
    expect(known.size).toBe(0);
  });
});
