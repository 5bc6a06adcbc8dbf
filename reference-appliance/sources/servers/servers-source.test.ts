/**
 * The source of servers against a real shell behind ssh2's server: what sudo refuses and grants, clocks that are wrong,
 * answers that are none. Against simulated servers: scenarios/servers; against Debian's sshd: scenarios/crosscheck.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { SECOND } from '#core/units.ts';
import type { GuestCredential, LiveSource } from '../../app/ports.ts';
import type { ServerMachine } from '../../app/source-machines.ts';
import { type MemoryWorld, memoryWorld } from '../../testing/memory-world.ts';
import { hostKey, type SshServerPlan, startSsh } from '../../testing/ssh-stage.ts';
import { serversSource } from './servers-source.ts';

const NEVER = new AbortController().signal;
const KEY = hostKey('ed25519');
const ADA: GuestCredential = { name: 'ada', family: 'linux', user: 'ada', password: "it's" };

let world: MemoryWorld;
let folder: string;
beforeEach(async () => {
  world = await memoryWorld();
  folder = mkdtempSync(join(tmpdir(), 'drylift-servers-'));
});
afterEach(async () => {
  rmSync(folder, { recursive: true, force: true });
  await world[Symbol.asyncDispose]();
});

function inShell(input: string) {
  const { stdout, stderr, status } = spawnSync('/bin/sh', ['-s'], {
    input,
    encoding: 'utf8',
    env: { PATH: '/usr/bin:/bin', LOG: join(folder, 'log') },
  });
  return { stdout, stderr, code: status ?? 1 };
}

/** A server whose shell is the one of this machine, with functions in place of some programs. */
async function serve(functions: string, run?: SshServerPlan['run']): Promise<LiveSource> {
  const clock = `date() { echo ${Math.round(world.clock.wall() / SECOND)}; }`;
  await startSsh(world.transport, {
    at: { host: 'lin1', port: 22 },
    hostKeys: [KEY],
    login: (attempt) =>
      attempt.method === 'password' && attempt.password === ADA.password ? true : ['password'],
    run: run ?? ((_command, stdin) => inShell(`${clock}\n${functions}\n${stdin}`)),
  });
  const memory = new Map<string, string>();
  return serversSource({
    name: 'servers',
    targets: [
      {
        address: 'lin1',
        os: 'linux',
        port: undefined,
        credential: undefined,
        name: 'web "1"',
        hostKey: undefined,
        tls: {},
      },
    ],
    credentials: [ADA],
    memory: { get: async (key) => memory.get(key), set: async (key, value) => void memory.set(key, value) },
    ...world,
    transport: world.transport,
  });
}

const USER = 'id() { echo 1000; }\n';
const DMI =
  'printf "Getting SMBIOS data.\\n\\tManufacturer: HPE\\n\\tSerial Number: CZJ1\\n\\tUUID: 32892BE7-B95D-4E01-A67B-C2B7D9009924\\n"';

async function look(source: LiveSource) {
  return world.run(async () => {
    const { machines, unreached } = await source.changes(0, NEVER);
    const warnings = [...(await source.prerequisites(NEVER)).values()];
    return { machine: machines[0] as ServerMachine | undefined, unreached, warnings };
  });
}

test.each([
  ['a terminal', 'echo "sudo: sorry, you must have a tty to run sudo" >&2; return 1', 'ssh.sudo.tty'],
  [
    'a password that does not serve',
    'if [ "$1" = -S ]; then echo "ada is not in the sudoers file.  This incident will be reported."; else echo "sudo: a password is required" >&2; fi; return 1',
    'ssh.sudo.denied',
  ],
  ['what is not there', 'echo "sh: 1: sudo: not found" >&2; return 127', 'ssh.sudo.missing'],
])('sudo that wants %s leaves the machine known by its adapters, and says so', async (_what, body, code) => {
  const source = await serve(`${USER}sudo() { ${body}; }`);
  const { machine, unreached, warnings } = await look(source);
  expect(unreached).toEqual([]);
  expect(machine).toMatchObject({ name: 'web "1"', biosSerialNumber: '', address: 'lin1' });
  expect(machine!.instanceUuid).toMatch(/^server-[\da-f]{32}$/);
  expect(warnings.map((each) => each.code)).toEqual([code]);
  expect(warnings[0]!.message).toMatch(/lin1 does not let ada become root/);
});

test('sudo that wants a password gets it once, by its input; no argument list ever shows it', async () => {
  const source = await serve(
    `${USER}sudo() { echo "$*" >> "$LOG"; case "$1" in` +
      ` -S) IFS= read -r given; if [ "$given" = "it's" ]; then : > "$LOG.known"; fi;;` +
      ` -n) if [ -e "$LOG.known" ]; then shift; "$@"; else echo "sudo: a password is required" >&2; return 1; fi;; esac; }\n` +
      `dmidecode() { ${DMI}; }`,
  );
  const { machine, warnings } = await look(source);
  expect(warnings).toEqual([]);
  expect(machine).toMatchObject({
    biosSerialNumber: 'CZJ1',
    manufacturer: 'HPE',
    instanceUuid: '32892be7-b95d-4e01-a67b-c2b7d9009924',
  });
  const lines = readFileSync(join(folder, 'log'), 'utf8').split('\n');
  expect(lines.filter((line) => line.startsWith('-S'))).toEqual(['-S -p  -v']);
  expect(lines.join('\n')).not.toContain("it's");
  expect(world.lines.join('\n')).not.toContain("it's");
});

test('a clock that is wrong is told, and moves no figure', async () => {
  const source = await serve(`date() { echo 1000000; }\nid() { echo 0; }\ndmidecode() { ${DMI}; }`);
  const { machine, warnings } = await look(source);
  expect(machine!.biosSerialNumber).toBe('CZJ1');
  expect(warnings.map(({ code }) => code)).toEqual(['server.clock']);
  expect(warnings[0]!.message).toMatch(/^The clock of lin1 is \d+ minutes behind/);
});

test.each([
  ['prints a welcome and no more', () => ({ stdout: 'Welcome to FortiOS\n' }), 'server.answer'],
  [
    'is cut short',
    () => ({ stdout: '@@host\nweb\n@@cpu\nprocessor : 0\n', signal: 'KILL' }),
    'server.answer',
  ],
  ['never ends', () => 'hang', 'ssh.timeout'],
  ['drops the connection', () => 'drop', 'ssh.dropped'],
  ['runs nothing', () => 'refuse', 'ssh.exec.refused'],
] satisfies ReadonlyArray<
  readonly [string, SshServerPlan['run'], string]
>)('a server that %s is told with code, cause and remedy', async (_how, run, code) => {
  const { machine, unreached } = await look(await serve('', run));
  expect(machine).toBeUndefined();
  expect(unreached).toEqual([
    {
      name: 'lin1',
      code,
      what: expect.stringContaining('lin1'),
      why: expect.stringMatching(/\.$/),
      next: expect.stringMatching(/\.$/),
    },
  ]);
});

test('scripts of guests run as root where the account is root, sudo or not', async () => {
  const source = await serve('id() { echo 0; }\nsudo() { echo "not found"; return 127; }');
  const text = await world.run(async () => {
    const [machine] = (await source.changes(0, NEVER)).machines;
    return source.runInGuest(
      machine!,
      ADA,
      { family: 'linux', commands: ['sudo -n echo "as $(id)"'] },
      NEVER,
    );
  });
  expect(text).toContain('as 0\n');
});
