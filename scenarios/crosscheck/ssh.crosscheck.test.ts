/** Our Linux servers, judged by OpenSSH's ssh and sftp, and sshpass. All of them come from Debian. */
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer, text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { missing } from '#core/testing/installed.ts';
import type { ServeOutcome } from '#simulators/kit/serve.ts';
import { serveLinux } from '#simulators/physical/linux/serve.ts';

const hasSsh = spawnSync('ssh', ['-V']).status === 0 && spawnSync('sftp', ['-V']).error === undefined;
const hasSshpass = spawnSync('sshpass', ['-V']).status === 0;

let served: ServeOutcome;
let folder: string;
let options: string[];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'drylift-ssh-'));
  served = await serveLinux({ port: 0 });
  const key = join(folder, 'key');
  writeFileSync(key, served.files!['SSH_KEY']!.content, { mode: 0o600 });
  const { SSH_PORT } = served.exports;
  options = [
    ...['-F', 'none', '-i', key, '-o', 'IdentitiesOnly=yes', '-o', 'StrictHostKeyChecking=accept-new'],
    ...[
      '-o',
      `UserKnownHostsFile=${join(folder, 'known')}`,
      '-o',
      `Port=${SSH_PORT}`,
      '-o',
      'LogLevel=ERROR',
    ],
  ];
});

afterAll(async () => {
  await served?.stop();
  if (folder) rmSync(folder, { recursive: true });
});

async function run(command: string, args: readonly string[], stdin: string | Buffer = '') {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  child.stdin.on('error', () => {}); // it may end without reading: what it says and its status are judged
  child.stdin.end(stdin);
  const [out, err, status] = await Promise.all([
    buffer(child.stdout),
    text(child.stderr),
    new Promise<number | null>((resolve) => child.once('close', resolve)),
  ]);
  return { out, text: out.toString(), err, status };
}

const ssh = (script: string, stdin?: string | Buffer) =>
  run('ssh', [...options, '-o', 'BatchMode=yes', `${served.exports['SSH_USER']}@127.0.0.1`, script], stdin);

test('ssh runs commands by key: output, errors and exit codes apart', async (context) => {
  if (!hasSsh) return missing(context, 'ssh is not installed (Debian: openssh-client)');
  expect(await ssh('echo out; echo err >&2; exit 3')).toMatchObject({
    text: 'out\n',
    err: 'err\n',
    status: 3,
  });
  expect(await ssh('no-such-command')).toMatchObject({ text: '', status: 127 });
  const cores = await ssh(`cat /proc/cpuinfo | awk '/^processor/{print $3}' | wc -l`);
  expect(Number(cores.text)).toBeGreaterThan(0);
  expect((await ssh(`sudo /usr/sbin/dmidecode -t 1 | grep 'Serial'`)).text).toContain('Serial Number:');
});

test('what is sent on standard input arrives, byte for byte', async (context) => {
  if (!hasSsh) return missing(context, 'ssh is not installed (Debian: openssh-client)');
  const content = Buffer.from(Array.from({ length: 300_000 }, (_, i) => (i * 7) % 256));
  expect(await ssh('cat > /tmp/data; sha256sum < /tmp/data; cat /tmp/data | wc -c', content)).toMatchObject({
    status: 0,
    text: expect.stringContaining('300000'),
  });
  expect((await ssh('cat /tmp/data')).out.equals(content)).toBe(true);
});

test.for(['password', 'keyboard-interactive'])(
  'sshpass logs in by %s, and with a wrong one not',
  { timeout: 60_000 },
  async (method, context) => {
    if (!hasSsh || !hasSshpass) return missing(context, 'sshpass is not installed (Debian: sshpass)');
    const { SSH_USER, SSH_PASS } = served.exports;
    const logIn = (password: string) =>
      run('sshpass', [
        '-p',
        password,
        'ssh',
        ...options,
        '-o',
        'PubkeyAuthentication=no',
        '-o',
        `PreferredAuthentications=${method}`,
        `${SSH_USER}@127.0.0.1`,
        'hostname',
      ]);
    expect(await logIn(SSH_PASS!)).toMatchObject({ status: 0 });
    expect(await logIn('wrong')).toMatchObject({ status: 5, text: '' });
  },
);

test('sftp lists, sends, fetches, renames and deletes; what the account may not read stays closed', async (context) => {
  if (!hasSsh) return missing(context, 'sftp is not installed (Debian: openssh-client)');
  const local = join(folder, 'local');
  const back = join(folder, 'back');
  const content = Buffer.alloc(1_000_000, 'drylift');
  writeFileSync(local, content, { mode: 0o640 });
  const sftp = (batch: string) =>
    run('sftp', [...options, '-q', '-b', '-', `${served.exports['SSH_USER']}@127.0.0.1`], batch);
  const script = [
    'pwd',
    `put ${local} /tmp/sent`,
    'mkdir /tmp/folder',
    'rename /tmp/sent /tmp/folder/moved',
    'ls -l /tmp/folder',
    `get /tmp/folder/moved ${back}`,
    'rm /tmp/folder/moved',
    'rmdir /tmp/folder',
    '',
  ];
  const done = await sftp(script.join('\n'));
  expect(done).toMatchObject({ status: 0, err: '' });
  expect(done.text).toMatch(/-rw-r----- .* 1000000 .* moved/);
  expect(readFileSync(back).equals(content)).toBe(true);
  expect(await sftp(`get /etc/shadow ${back}\n`)).toMatchObject({
    status: 1,
    err: expect.stringContaining('Permission denied'),
  });
  expect(await sftp('ls /no/such/place\n')).toMatchObject({ status: 1 });
});
