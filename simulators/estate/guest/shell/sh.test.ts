import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { tierWorld } from '#core/testing/tier-world.ts';
import { Estate } from '../../estate.ts';
import { generateEstate } from '../../generate.ts';
import { estateAccounts } from '../accounts.ts';
import type { Guest } from '../guest.ts';
import { Guests } from '../guests.ts';
import { runShell } from './sh.ts';

async function linuxGuest(role = 'web'): Promise<{ guest: Guest; now: number }> {
  const tier = await tierWorld('memory', 'shell');
  const facts = generateEstate({ seed: 'shell', machines: 30, mix: { windows: 0, linux: 1 } });
  const estate = new Estate(facts, { clock: tier.clock, entropy: tier.entropy });
  const guests = new Guests(estate);
  const machine = estate.machines().find(({ name, power }) => name.startsWith(role) && power === 'on')!;
  return { guest: guests.guest(machine.id)!, now: tier.clock.wall() };
}

async function shell(role?: string) {
  const { guest, now } = await linuxGuest(role);
  const account = estateAccounts('shell').find(({ id }) => id === 'linux')!;
  const user = guest.logIn(account.user, account.password)!;
  return {
    guest,
    now,
    run(script: string) {
      const { stdout, stderr, exitCode, duration } = runShell(script, { guest, user, now });
      return { out: stdout.toString(), err: stderr.toString(), exitCode, duration };
    },
  };
}

describe('the shell of a Linux guest', () => {
  test('the published discovery lines answer from the machine', async () => {
    const { run, guest } = await shell();
    const { cores, memoryMiB } = guest.machine;
    const out = (script: string) => run(script).out;
    expect(out("cat /proc/cpuinfo | awk '/^processor/{print $3}' | wc -l")).toBe(`${cores}\n`);
    const memory = Number(out('cat /proc/meminfo | grep MemTotal | awk \'{printf "%.0f", $2/1024}\''));
    expect(memory).toBeGreaterThan(memoryMiB * 0.95);
    expect(memory).toBeLessThanOrEqual(memoryMiB);
    expect(out('cat /proc/sys/kernel/hostname')).toBe(`${guest.hostName}\n`);
    expect(out('hostname -f')).toBe(`${guest.machine.dnsName}\n`);
    expect(out('uname -m')).toBe('x86_64\n');
    expect(out('[ -d /sys/firmware/efi ] && echo EFI || echo BIOS')).toBe(
      guest.machine.firmware === 'efi' ? 'EFI\n' : 'BIOS\n',
    );
    expect(out("sudo fdisk -l | egrep 'Disk.*bytes' | awk '{print $2}' | cut -f1 -d ':'")).toBe(
      guest
        .disks()
        .map(({ name }) => `/dev/${name}\n`)
        .join(''),
    );
    expect(out("sudo fdisk -l | egrep 'Disk.*bytes' | egrep /dev/sda: | awk '{print $5}'")).toBe(
      `${guest.machine.disks[0]!.sizeBytes}\n`,
    );
    expect(out("df /boot | sed -n 2p | awk '{print $1}'")).toMatch(/^\/dev\/sda\d\n$/);
    expect(out("ip -o -4 addr show | awk '{print $2}'")).toBe(
      `lo\n${guest.interfaceName(guest.machine.nics[0]!)}\n`,
    );
    expect(out("free | grep Mem | awk '{print $3/$2 * 100.0}'")).toMatch(/^\d+(\.\d+)?\n$/);
    expect(out('sudo -n /usr/sbin/dmidecode -t 1 | grep \'Serial\' | awk \'{ $1="" ; $2=""; print}\'')).toBe(
      `  ${guest.serialNumber()}\n`,
    );
    expect(run("cat /proc/stat/ | grep 'cpu' /proc/stat").out).toMatch(/^cpu {2}\d+ 0 \d+/);
  });

  test('netstat, ps, /proc and the package manager tell of the same processes', async () => {
    const { run, guest, now } = await shell('db');
    const listening = run('sudo -n netstat -antp | awk \'$6 == "LISTEN" {print $4, $7}\'').out;
    for (const { address, port, process } of guest.listeners(now))
      expect(listening).toContain(`${address}:${port} ${process.pid}/${process.name}`);
    const [server] = guest.listeners(now).filter(({ port }) => port === 5432 || port === 3306);
    const { pid, commandLine, executable } = server!.process;
    expect(run(`ps -eo pid,args | grep "^ *${pid} "`).out.trim()).toBe(`${pid} ${commandLine}`);
    expect(run(`sudo ls -l /proc/${pid}/exe`).out).toContain(`/proc/${pid}/exe -> ${executable}`);
    expect(run(`ls -l /proc/${pid}/exe`).err).toContain('Permission denied');
    expect(run("netstat -antp 2>/dev/null | grep LISTEN | awk '{print $7}' | sort -u").out).toContain('-\n');
  });

  test('what a shell does not know it says as a shell does', async () => {
    const { run } = await shell();
    expect(run('frobnicate --all')).toMatchObject({
      exitCode: 127,
      err: expect.stringMatching(/^bash: (line 1: )?frobnicate: command not found\n$/),
    });
    expect(run('cat /nowhere')).toMatchObject({
      exitCode: 1,
      err: 'cat: /nowhere: No such file or directory\n',
    });
    expect(run('cat /etc/shadow')).toMatchObject({
      exitCode: 1,
      err: 'cat: /etc/shadow: Permission denied\n',
    });
    expect(run('echo a | (').exitCode).toBe(2);
    expect(run('sleep 90; true').duration).toBeGreaterThanOrEqual(90_000);
    expect(run('while true; do :; done').exitCode).toBe(137);
    expect(run('x=$(seq 1 1000000); for i in $x; do echo $x; done').exitCode).toBe(137);
  });

  test('files that are written stay, with owner and rights', async () => {
    const { run } = await shell();
    expect(run('mkdir -p /tmp/a/b && echo hello > /tmp/a/b/c && cat /tmp/a/b/c').out).toBe('hello\n');
    expect(run('echo more >> /tmp/a/b/c; wc -l < /tmp/a/b/c').out).toBe('2\n');
    expect(run('echo x > /etc/motd')).toMatchObject({
      exitCode: 1,
      err: expect.stringMatching(/^bash: (line 1: )?\/etc\/motd: Permission denied\n$/),
    });
    expect(run('sudo sh -c "echo x > /etc/motd" && cat /etc/motd').out).toBe('x\n');
    expect(run("printf '#!/bin/sh\\necho ran $1' > /tmp/run; chmod +x /tmp/run; /tmp/run").out).toBe('ran\n');
    expect(run('rm -rf /tmp/a; ls /tmp').out).toBe('run\n');
  });

  test('where both can run a pipeline, a real shell says the same', async (context) => {
    if (spawnSync('bash', ['-c', 'awk 1 </dev/null']).status !== 0)
      context.skip('there is no bash or awk on this machine');
    const { run } = await shell();
    const lines = readFileSync(new URL('pipelines.txt', import.meta.url), 'utf8')
      .trim()
      .split('\n');
    for (const script of lines) {
      const real = spawnSync('bash', ['-c', script], {
        encoding: 'latin1',
        env: { PATH: process.env.PATH, LC_ALL: 'C', HOME: '/home/svc-migrate' },
      });
      const ours = run(script);
      expect([script, ours.out, ours.exitCode]).toEqual([script, real.stdout, real.status]);
    }
  });
});
