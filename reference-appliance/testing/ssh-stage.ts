/** SSH servers of ssh2 in the memory tier, whose logins, keys and commands a test decides. */
import { generateKeyPairSync } from 'node:crypto';
import type { Duplex } from 'node:stream';
import type { Algorithms, AuthContext, Connection, ServerChannel } from 'ssh2';
import ssh2 from 'ssh2';
import type { Endpoint, Transport } from '#core/net/transport.ts';

export interface Ran {
  readonly stdout?: string | Buffer;
  readonly stderr?: string;
  readonly code?: number;
  readonly signal?: string;
}

type Method = 'password' | 'publickey' | 'keyboard-interactive';

export interface SshServerPlan {
  readonly at: Endpoint;
  readonly hostKeys: readonly string[];
  /** True lets in; names refuse and say what is left; `later`: the attempt is answered by the test itself. */
  readonly login: (attempt: AuthContext) => true | 'later' | readonly Method[];
  /** What a command with that input does; `hang` never ends, `drop` cuts the connection. */
  readonly run: (command: string, stdin: string) => Ran | 'hang' | 'drop' | 'refuse';
  readonly algorithms?: Algorithms;
  readonly greeting?: string;
}

export interface SshServerStage {
  /** Attempts to log in, by method and user, without "none". */
  readonly attempts: readonly string[];
  readonly connections: number;
  cut(): void;
}

export function hostKey(type: 'rsa' | 'ed25519' | 'ecdsa'): string {
  const pkcs8 = { type: 'pkcs1', format: 'pem' } as const;
  if (type === 'rsa')
    return generateKeyPairSync('rsa', {
      modulusLength: 2048,
      privateKeyEncoding: pkcs8,
      publicKeyEncoding: pkcs8,
    }).privateKey;
  if (type === 'ecdsa')
    return generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({
      type: 'sec1',
      format: 'pem',
    }) as string;
  return ed25519Key();
}

/** In the form of OpenSSH. ssh2 makes one in some 300 that nobody can read: with a zero too few at the end. */
export function ed25519Key(passphrase?: string): string {
  for (;;) {
    const key =
      passphrase === undefined
        ? ssh2.utils.generateKeyPairSync('ed25519').private
        : ssh2.utils.generateKeyPairSync('ed25519', { passphrase, cipher: 'aes256-ctr', rounds: 2 }).private;
    if (!(ssh2.utils.parseKey(key, passphrase) instanceof Error)) return key;
  }
}

export async function startSsh(
  network: { listen: Transport['listen'] },
  plan: SshServerPlan,
): Promise<SshServerStage> {
  const attempts: string[] = [];
  const open = new Set<Duplex>();
  let connections = 0;
  const server = new ssh2.Server(
    { hostKeys: [...plan.hostKeys], ...(plan.algorithms ? { algorithms: plan.algorithms } : {}) },
    (connection) => serve(connection, plan, attempts, () => cut()),
  );
  const cut = (): void => {
    for (const raw of open) raw.destroy();
  };
  await network.listen(plan.at, (raw) => {
    connections++;
    open.add(raw);
    raw.once('close', () => open.delete(raw));
    server.injectSocket(raw as never);
  });
  return {
    attempts,
    get connections() {
      return connections;
    },
    cut,
  };
}

function serve(connection: Connection, plan: SshServerPlan, attempts: string[], cut: () => void): void {
  connection.on('error', () => {});
  connection.on('authentication', (attempt) => {
    if (attempt.method !== 'none') attempts.push(`${attempt.method} ${attempt.username}`);
    const answer = plan.login(attempt);
    if (answer === true) attempt.accept();
    else if (answer !== 'later') attempt.reject([...answer]);
  });
  connection.on('ready', () =>
    connection.on('session', (accept) => {
      accept().on('exec', (acceptExec, reject, { command }) => {
        if (plan.run(command, '') === 'refuse') return void reject?.();
        const channel: ServerChannel = acceptExec();
        let stdin = '';
        channel.on('data', (chunk: Buffer) => {
          stdin += chunk.toString();
        });
        channel.on('end', () => {
          const ran = plan.run(command, stdin);
          if (ran === 'hang' || ran === 'refuse') return;
          if (ran === 'drop') return cut();
          channel.write(ran.stdout ?? '');
          channel.stderr.write(ran.stderr ?? '');
          if (ran.signal === undefined) channel.exit(ran.code ?? 0);
          else channel.exit(ran.signal, false, '');
          channel.end();
        });
      });
    }),
  );
}
