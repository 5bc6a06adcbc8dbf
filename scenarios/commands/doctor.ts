/** `drylift doctor`: what this machine has, and what is skipped without it. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { formatBytes, GIB, MIB } from '#core/units.ts';
import { RUNS_FOLDER_BYTES } from '#reports/prune.ts';

interface Finding {
  readonly name: string;
  readonly state: 'ok' | 'missing' | 'bad';
  readonly detail: string;
  /** What is not done without it. */
  readonly without?: string;
}

/** Programs of others that some tests and commands use; any one of the names will do. */
const PROGRAMS: ReadonlyArray<{
  name: string;
  commands: ReadonlyArray<readonly [string, ...string[]]>;
  without: string;
}> = [
  {
    name: 'e2fsprogs',
    commands: [['e2fsck', '-V']],
    without: 'the file system on a migrated disk is not checked, and no fresh image is made (crosscheck)',
  },
  {
    name: 'qemu-img',
    commands: [['qemu-img', '--version']],
    without: 'the produced VHD is not read by another program (crosscheck)',
  },
  {
    name: 'pyVmomi',
    // Debian's package belongs to Debian's Python, which need not be the first on the path
    commands: [
      ['python3', '-c', 'import pyVmomi; print("pyVmomi")'],
      ['/usr/bin/python3', '-c', 'import pyVmomi; print("pyVmomi")'],
    ],
    without: "the vCenter simulator is not walked by VMware's own client (crosscheck)",
  },
  {
    name: 'virsh',
    commands: [['virsh', '--version']],
    without: 'the vCenter simulator is not listed by libvirt (crosscheck)',
  },
  {
    name: 'browser',
    commands: [
      ['chromium', '--version'],
      ['chromium-browser', '--version'],
      ['google-chrome', '--version'],
    ],
    without: 'reports are not opened and looked at in tests; they open in any browser of yours',
  },
  {
    name: 'container engine',
    commands: [
      ['docker', 'version', '--format', '{{.Server.Version}}'],
      ['podman', '--version'],
    ],
    without: 'nothing in this version; engines of others are used where they are',
  },
  {
    name: 'MariaDB or MySQL',
    commands: [
      ['mariadbd', '--version'],
      ['mysqld', '--version'],
    ],
    without: 'the store of the appliance is tested on SQLite only',
  },
];

/** @returns the exit code: 4 when drylift cannot run here. */
export async function doctor({ json = false }: { json?: boolean }): Promise<number> {
  const findings = [node(), disk(), store(), await ports(), ...PROGRAMS.map(program)];
  if (json) process.stdout.write(`${JSON.stringify(findings, null, 2)}\n`);
  else
    for (const { name, state, detail, without } of findings) {
      process.stdout.write(`${state.padEnd(8)} ${name.padEnd(18)} ${detail}\n`);
      if (state !== 'ok' && without) process.stdout.write(`${' '.repeat(28)}skipped: ${without}\n`);
    }
  return findings.some(({ state }) => state === 'bad') ? 4 : 0;
}

function node(): Finding {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const ok = major > 24 || (major === 24 && minor >= 21);
  return {
    name: 'Node',
    state: ok ? 'ok' : 'bad',
    detail: ok ? process.version : `${process.version}; drylift needs 24.21 or later`,
  };
}

function disk(): Finding {
  const { bavail, bsize } = statfsSync('.');
  const free = bavail * bsize;
  const detail = `${formatBytes(free)} free here; .runs is kept to ${formatBytes(RUNS_FOLDER_BYTES)}`;
  return {
    name: 'disk',
    state: free > 600 * MIB ? 'ok' : 'bad',
    detail: free > GIB ? detail : `${detail}: little`,
  };
}

function store(): Finding {
  const folder = mkdtempSync(join(tmpdir(), 'drylift-'));
  try {
    const database = new DatabaseSync(join(folder, 'test.db'));
    const { version } = database.prepare('select sqlite_version() as version').get() as { version: string };
    database.close();
    return { name: 'SQLite', state: 'ok', detail: `${version}, part of Node` };
  } catch (error) {
    return { name: 'SQLite', state: 'bad', detail: error instanceof Error ? error.message : String(error) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function ports(): Promise<Finding> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error) =>
      resolve({
        name: 'ports',
        state: 'missing',
        detail: error.message,
        without: 'the loopback tier and `drylift serve`; the memory tier needs no ports',
      }),
    );
    server.listen(0, '127.0.0.1', () =>
      server.close(() => resolve({ name: 'ports', state: 'ok', detail: '127.0.0.1 can be listened on' })),
    );
  });
}

function program({ name, commands, without }: (typeof PROGRAMS)[number]): Finding {
  for (const [command, ...args] of commands) {
    const result = spawnSync(command, args, { encoding: 'utf8', timeout: 10_000 });
    if (result.status !== 0) continue;
    const line = `${result.stdout}${result.stderr}`.trim().split('\n')[0] ?? '';
    return { name, state: 'ok', detail: line.slice(0, 60) };
  }
  return {
    name,
    state: 'missing',
    detail: `none of ${commands.map(([c]) => c).join(', ')} works here`,
    without,
  };
}
