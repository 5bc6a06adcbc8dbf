/** Debian's OpenSSH server on a free loopback port, with keys and a configuration of its own; and a throw-away user. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const SSHD = '/usr/sbin/sshd';
const KEYGEN = '/usr/bin/ssh-keygen';
const CHANGE_PASSWORDS = '/usr/sbin/chpasswd';
const DELETE_USER = '/usr/sbin/userdel';
const PRIVILEGE_SEPARATION = '/run/sshd';

export const isSshdThere = existsSync(SSHD);
export const isRoot = userInfo().uid === 0;

export interface Sshd extends AsyncDisposable {
  readonly port: number;
  /** An account that may log in by `privateKey`: the one that runs the test. */
  readonly user: string;
  /** OpenSSH's form. */
  readonly privateKey: string;
  /** PEM, RSA, with the passphrase "open sesame". */
  readonly lockedKey: string;
  /** "SHA256:…" as ssh-keygen prints it. */
  readonly fingerprints: { readonly ed25519: string; readonly rsa: string };
}

/** @param options lines of sshd_config */
export async function startSshd(options: readonly string[] = []): Promise<Sshd> {
  const folder = mkdtempSync(join(tmpdir(), 'drylift-sshd-'));
  chmodSync(folder, 0o755);
  if (isRoot) mkdirSync(PRIVILEGE_SEPARATION, { recursive: true, mode: 0o755 });
  const at = (name: string) => join(folder, name);
  const keygen = (...args: string[]) => {
    const { status, stdout, stderr } = spawnSync(KEYGEN, args, { encoding: 'utf8' });
    if (status !== 0) throw new Error(`ssh-keygen: ${stderr}`);
    return stdout;
  };
  keygen('-q', '-t', 'ed25519', '-N', '', '-f', at('host-ed25519'));
  keygen('-q', '-t', 'rsa', '-b', '2048', '-N', '', '-f', at('host-rsa'));
  keygen('-q', '-t', 'ed25519', '-N', '', '-f', at('key'));
  keygen('-q', '-t', 'rsa', '-b', '2048', '-m', 'PEM', '-N', 'open sesame', '-f', at('locked'));
  writeFileSync(
    at('authorized'),
    `${readFileSync(at('key.pub'), 'utf8')}${readFileSync(at('locked.pub'), 'utf8')}`,
  );
  const port = await freePort();
  writeFileSync(
    at('config'),
    [
      'ListenAddress 127.0.0.1',
      `Port ${port}`,
      `HostKey ${at('host-ed25519')}`,
      `HostKey ${at('host-rsa')}`,
      `PidFile ${at('pid')}`,
      `AuthorizedKeysFile ${at('authorized')}`,
      'StrictModes no',
      'PermitRootLogin yes',
      'UsePAM no',
      'PasswordAuthentication yes',
      'LogLevel ERROR',
      ...options,
      '',
    ].join('\n'),
  );
  const child = spawn(SSHD, ['-D', '-e', '-f', at('config')], { stdio: ['ignore', 'ignore', 'pipe'] });
  let complaint = '';
  child.stderr.on('data', (chunk: Buffer) => {
    complaint += chunk.toString();
  });
  await untilListening(child, port, () => complaint);
  const fingerprint = (file: string) => keygen('-l', '-f', at(file)).split(' ')[1]!;
  return {
    port,
    user: userInfo().username,
    privateKey: readFileSync(at('key'), 'utf8'),
    lockedKey: readFileSync(at('locked'), 'utf8'),
    fingerprints: { ed25519: fingerprint('host-ed25519.pub'), rsa: fingerprint('host-rsa.pub') },
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM');
      if (child.exitCode === null) await new Promise((resolve) => child.once('exit', resolve));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address ? address.port : 0;
}

async function untilListening(child: ChildProcess, port: number, complaint: () => string): Promise<void> {
  for (let i = 0; i < 200; i++) {
    if (child.exitCode !== null) throw new Error(`sshd ended: ${complaint()}`);
    if (/^\s*\d+: 0100007F:/m.test(readFileSync('/proc/net/tcp', 'utf8')) && isListening(port)) return;
    await delay(50);
  }
  throw new Error(`sshd does not listen: ${complaint()}`);
}

/** State 0A of /proc/net/tcp. */
function isListening(port: number): boolean {
  const local = `0100007F:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  return readFileSync('/proc/net/tcp', 'utf8')
    .split('\n')
    .some((line) => line.includes(local) && /^\s*\d+: \S+ \S+ 0A/.test(line));
}

export interface ThrowAwayUser extends Disposable {
  readonly name: string;
  readonly password: string;
  run(command: string, ...args: string[]): void;
}

/** A user of this machine that is deleted in the end. Root only. */
export function throwAwayUser(): ThrowAwayUser {
  const name = `drylift-${process.pid}`;
  const password = 'p\'w$(id)`id`\\ "1';
  const run = (command: string, ...args: string[]) => {
    const { status, stderr } = spawnSync(command, args, { encoding: 'utf8' });
    if (status !== 0) throw new Error(`${command}: ${stderr}`);
  };
  run('useradd', '--create-home', '--shell', '/bin/bash', name);
  const { status, stderr } = spawnSync(CHANGE_PASSWORDS, [], {
    input: `${name}:${password}\n`,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`chpasswd: ${stderr}`);
  return {
    name,
    password,
    run,
    [Symbol.dispose]() {
      spawnSync(DELETE_USER, ['--remove', '--force', name]);
    },
  };
}
