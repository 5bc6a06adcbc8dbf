/** Our Linux servers, judged by OpenSSH: installers sent by sftp and run, shared connections, refusals, faults. */
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { missing } from '#core/testing/installed.ts';
import type { ServeOutcome } from '#simulators/kit/serve.ts';
import { serveLinux } from '#simulators/physical/linux/serve.ts';

const hasSsh = spawnSync('ssh', ['-V']).status === 0;
const hasSshpass = spawnSync('sshpass', ['-V']).status === 0;
const NO_SSH = 'ssh is not installed (Debian: openssh-client)';

let served: ServeOutcome;
let folder: string;
let options: string[];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'drylift-ssh-'));
  served = await serveLinux({
    port: 0,
    fault: [
      'at: linux.sudo, answer: requiretty, subject: fault-tty, times: 100',
      'at: linux.exec, answer: reset, subject: fault-reset, times: 100',
      'at: linux.exec, answer: killed, subject: fault-killed, times: 100',
    ],
  });
  const key = join(folder, 'key');
  writeFileSync(key, served.files!['SSH_KEY']!.content, { mode: 0o600 });
  options = ['-F', 'none', '-i', key];
  for (const option of [
    'IdentitiesOnly=yes',
    'StrictHostKeyChecking=accept-new',
    `UserKnownHostsFile=${join(folder, 'known')}`,
    `Port=${served.exports['SSH_PORT']}`,
    'LogLevel=ERROR',
  ])
    options.push('-o', option);
});

afterAll(async () => {
  await served?.stop();
  if (folder) rmSync(folder, { recursive: true });
});

async function run(command: string, args: readonly string[], stdin = '') {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  child.stdin.on('error', () => {}); // it may end without reading: what it says and its status are judged
  child.stdin.end(stdin);
  const [out, err, status] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    new Promise<number | null>((resolve) => child.once('close', resolve)),
  ]);
  return { out, err, status };
}

const target = (): string => `${served.exports['SSH_USER']}@127.0.0.1`;
const ssh = (script: string, more: readonly string[] = []) =>
  run('ssh', [...options, '-o', 'BatchMode=yes', ...more, target(), script]);

const INSTALL = `#!/bin/sh
set -e
check() { [ "$(id -u)" = 0 ] || { echo "root only" >&2; exit 2; }; }
check
case "$(uname -r)" in [2-6].*) ;; *) exit 99 ;; esac
[ -f /etc/agent/version ] && { echo "installed already"; exit 209; }
mkdir -p /etc/agent
cp "$(dirname "$0")/agent.conf" /etc/agent/agent.conf
cat > /etc/agent/version <<EOF
VERSION=\${VERSION:-9.62}
KERNEL=$(uname -r)
EOF
echo "installed $(. /etc/agent/version; echo $VERSION)"
`;

test('an installer in an archive is sent, unpacked, run with sudo, and its files are fetched', async (context) => {
  if (!hasSsh) return missing(context, NO_SSH);
  writeFileSync(join(folder, 'install'), INSTALL, { mode: 0o755 });
  writeFileSync(join(folder, 'agent.conf'), 'role=MS\n');
  // made by the real tar, and judged by it in the end
  expect(
    (await run('tar', ['-czf', join(folder, 'agent.tar.gz'), '-C', folder, 'install', 'agent.conf'])).status,
  ).toBe(0);
  const sent = await run(
    'sftp',
    [...options, '-q', '-b', '-', target()],
    `put ${join(folder, 'agent.tar.gz')} /tmp/agent.tar.gz\n`,
  );
  expect(sent).toMatchObject({ status: 0, err: '' });
  const unpack = 'mkdir -p /tmp/agent && cd /tmp/agent && tar -xzf ../agent.tar.gz && ls';
  expect(await ssh(unpack)).toMatchObject({ out: 'agent.conf\ninstall\n', status: 0 });
  expect(await ssh('/tmp/agent/install')).toMatchObject({ err: 'root only\n', status: 2 });
  expect(await ssh('sudo /tmp/agent/install')).toMatchObject({ out: 'installed 9.62\n', status: 0 });
  expect(await ssh('sudo /tmp/agent/install')).toMatchObject({ out: 'installed already\n', status: 209 });
  expect((await ssh('. /etc/agent/version; [ "$KERNEL" = "$(uname -r)" ] && echo same')).out).toBe('same\n');
  expect((await ssh('cd /etc && tar -czf /tmp/back.tar.gz agent')).status).toBe(0);
  const back = join(folder, 'back.tar.gz');
  await run('sftp', [...options, '-q', '-b', '-', target()], `get /tmp/back.tar.gz ${back}\n`);
  expect((await run('tar', ['-tzf', back])).out.split('\n').sort()).toEqual(
    ['', 'agent/', 'agent/agent.conf', 'agent/version'].sort(),
  );
});

test('several sessions share one connection, and scp copies over SFTP', async (context) => {
  if (!hasSsh) return missing(context, NO_SSH);
  const socket = join(folder, 'mux');
  const shared = ['-o', 'ControlMaster=auto', '-o', `ControlPath=${socket}`, '-o', 'ControlPersist=30'];
  const outs = await Promise.all([1, 2, 3, 4].map((n) => ssh(`echo ${n}; sleep 0.1; exit ${n}`, shared)));
  expect(outs.map(({ out, status }) => [out, status])).toEqual([1, 2, 3, 4].map((n) => [`${n}\n`, n]));
  expect((await run('ssh', [...options, ...shared, '-O', 'exit', target()])).status).toBe(0);
  const local = join(folder, 'copied');
  expect(await run('scp', [...options, '-q', `${target()}:/etc/hostname`, local])).toMatchObject({
    err: '',
    status: 0,
  });
  expect(readFileSync(local, 'utf8')).toBe((await ssh('hostname')).out);
});

test('a terminal, a lost connection and a signal arrive as they would', async (context) => {
  if (!hasSsh) return missing(context, NO_SSH);
  expect(await ssh('sudo -n id -u; : fault-tty')).toMatchObject({
    err: 'sudo: sorry, you must have a tty to run sudo\n',
  });
  expect((await ssh('sudo -n id -u; : fault-tty', ['-tt'])).out).toMatch(/^0\r?\n/);
  expect((await ssh('seq 1 5; : fault-reset')).status).toBe(255);
  expect((await ssh('hostname; : fault-killed')).status).not.toBe(0);
  expect((await ssh('echo on')).out).toBe('on\n');
});

test('after six wrong passwords the server hangs up', { timeout: 60_000 }, async (context) => {
  if (!hasSsh || !hasSshpass) return missing(context, 'sshpass is not installed (Debian: sshpass)');
  const wrong = await run('sshpass', [
    ...['-p', 'wrong', 'ssh', ...options, '-v'],
    ...['-o', 'LogLevel=VERBOSE', '-o', 'PubkeyAuthentication=no', '-o', 'NumberOfPasswordPrompts=9'],
    ...['-o', 'PreferredAuthentications=password', target(), 'true'],
  ]);
  expect(wrong.status).not.toBe(0);
  expect((await ssh('echo still')).out).toBe('still\n');
});
