/** Every distribution of the support matrix: whatever two programs or files say of one system agrees. */
import { describe, expect, test } from 'vitest';
import { tierWorld } from '#core/testing/tier-world.ts';
import { sleep } from '#core/time/clock.ts';
import { MINUTE, SECOND } from '#core/units.ts';
import { Estate } from '../estate.ts';
import { generateServers } from '../generate-sites.ts';
import { curveAt, curveOf, sampleAt } from '../workload-curve.ts';
import type { Guest } from './guest.ts';
import { guestsOf } from './guests.ts';
import { linuxTools } from './linux-tools.ts';
import { runShell } from './shell/sh.ts';

async function systems() {
  const tier = await tierWorld('memory', 'views');
  const { clock, entropy } = tier;
  const estate = new Estate(generateServers('views', { windows: 0, linux: 20 }), { clock, entropy });
  const guests = estate.machines().map(({ id }) => guestsOf(estate).guest(id)!);
  const run = (guest: Guest, script: string): string => {
    const root = guest.accounts().find(({ user }) => user === 'root')!;
    const user = guest.logIn('root', root.password)!;
    return runShell(script, { guest, user, now: clock.wall() }).stdout.toString();
  };
  return { guests, run, clock };
}

const numbers = (text: string): number[] => text.trim().split(/\s+/).map(Number);

describe('a Linux system', () => {
  test('has the disks that lsblk, fdisk, /proc/partitions, /proc/diskstats and /sys show alike', async () => {
    const { guests, run } = await systems();
    for (const guest of guests) {
      const truth = guest.machine.disks.map(({ sizeBytes }) => sizeBytes);
      const byFdisk = run(guest, "fdisk -l | grep '^Disk /dev/sd' | sed 's/.* \\([0-9]*\\) bytes.*/\\1/'");
      expect([guest.os, numbers(byFdisk)]).toEqual([guest.os, truth]);
      const names = guest.disks().map(({ name }) => name);
      expect(numbers(run(guest, `for d in ${names.join(' ')}; do cat /sys/block/$d/size; done`))).toEqual(
        truth.map((bytes) => bytes / 512),
      );
      expect(numbers(run(guest, "awk '$4 ~ /^sd[a-z]+$/ {print $3}' /proc/partitions"))).toEqual(
        truth.map((bytes) => bytes / 1024),
      );
      expect(run(guest, "awk '$3 ~ /^sd[a-z]+$/ {print $3}' /proc/diskstats").trim().split('\n')).toEqual(
        names,
      );
      if (guest.os.family !== 'linux') continue;
      const { utilLinux } = linuxTools(guest.os);
      const json = run(guest, 'lsblk -J -b 2>/dev/null');
      expect(json !== '').toBe(utilLinux >= 27);
      if (json === '') continue;
      const disks = (
        JSON.parse(json) as { blockdevices: Array<{ type: string; size: string | number }> }
      ).blockdevices.filter(({ type }) => type === 'disk');
      expect(disks.map(({ size }) => Number(size))).toEqual(truth);
      expect(typeof disks[0]!.size).toBe(utilLinux >= 33 ? 'number' : 'string');
    }
  });

  test('has the adapters that ip, ifconfig, /proc/net/dev and /sys show alike', async () => {
    const { guests, run } = await systems();
    for (const guest of guests) {
      const macs = guest.machine.nics.map(({ macAddress }) => macAddress);
      const names = guest.machine.nics.map((nic) => guest.interfaceName(nic));
      expect(run(guest, "ip addr | awk '/ether/ {print $2}'").trim().split('\n')).toEqual(macs);
      expect(
        run(guest, `for n in ${names.join(' ')}; do cat /sys/class/net/$n/address; done`)
          .trim()
          .split('\n'),
      ).toEqual(macs);
      expect(run(guest, "sed -n 's/^ *\\([^: ]*\\):.*/\\1/p' /proc/net/dev").trim().split('\n')).toEqual([
        'lo',
        ...names,
      ]);
      for (const name of names)
        expect(run(guest, `cat /sys/class/net/${name}/statistics/rx_bytes`).trim()).toBe(
          run(guest, `sed -n 's/^ *${name}: *\\([0-9]*\\).*/\\1/p' /proc/net/dev`).trim(),
        );
      const old = run(guest, 'ifconfig -a 2>/dev/null');
      if (old !== '') for (const mac of macs) expect(old.toLowerCase()).toContain(mac);
    }
  });

  test('uses memory and processors as the hypervisor would show it, between any two looks', async () => {
    const { guests, run, clock } = await systems();
    await clock.run(
      (async () => {
        for (const guest of guests) {
          const used = numbers(
            run(guest, "free | awk '/^Mem:/ {t = $2; u = $3} /buffers\\/cache:/ {u = $3} END {print u / t}'"),
          )[0]!;
          const truth = curveAt(curveOf(guest.facts, guest.machine, 'mem.usage', 0), sampleAt(clock.wall()));
          expect(used).toBeCloseTo(truth / 10_000, 3);
        }
        const look = (guest: Guest) =>
          numbers(
            run(
              guest,
              "awk '/^cpu / {for (i = 2; i <= NF; i++) t += $i; print t - $5 - $6, t}' /proc/stat; awk '$3 == \"sda\" {print $6 / 2, $10 / 2, $4, $8}' /proc/diskstats",
            ),
          );
        const before = guests.map(look);
        const from = clock.wall();
        await sleep(clock, 3 * MINUTE + 7 * SECOND, 'test');
        const seconds = (clock.wall() - from) / SECOND;
        for (const [i, guest] of guests.entries()) {
          const [busy, total, ...disk] = look(guest).map((value, n) => value - before[i]![n]!);
          const mean = (counter: Parameters<typeof curveOf>[2]): number => {
            const curve = curveOf(guest.facts, guest.machine, counter, 0);
            let sum = 0;
            for (let at = from; at < clock.wall(); at += SECOND) sum += curveAt(curve, sampleAt(at));
            return sum / seconds;
          };
          expect(busy! / total!).toBeCloseTo(mean('cpu.usage') / 10_000, 2);
          const counters = [
            'virtualDisk.read',
            'virtualDisk.write',
            'virtualDisk.numberReadAveraged',
            'virtualDisk.numberWriteAveraged',
          ] as const;
          for (const [n, counter] of counters.entries())
            expect(Math.abs(disk[n]! - mean(counter) * seconds)).toBeLessThan(2 + mean(counter) * 0.01);
        }
      })(),
    );
  });

  test('says which it is in the files of its distribution, and nobody else’s', async () => {
    const { guests, run } = await systems();
    const told = guests.map((guest) => [
      guest.os.family === 'linux' ? `${guest.os.id} ${guest.os.versionId}` : '',
      run(guest, 'ls /etc/*-release /etc/*_version 2>/dev/null | xargs -n1 basename | tr "\\n" " "').trim(),
    ]);
    const of = new Map(told as Array<[string, string]>);
    expect(of.get('rhel 6.10')).toBe('redhat-release');
    expect(of.get('rhel 5.11')).toBe('redhat-release');
    expect(of.get('rhel 7.9')).toBe('os-release redhat-release');
    expect(of.get('ol 8.9')).toBe('oracle-release os-release redhat-release');
    expect(of.get('sles 11.4')).toBe('SuSE-release os-release');
    expect(of.get('sles 15.5')).toBe('os-release');
    expect(of.get('debian 11')).toBe('os-release debian_version');
    expect(of.get('ubuntu 18.04')).toBe('lsb-release os-release debian_version');
    const six = guests.find(({ os }) => os.family === 'linux' && os.versionId === '6.10')!;
    expect(run(six, 'cat /etc/redhat-release')).toMatch(/release 6\.10 \((?:Santiago|Final)\)\n$/);
  });
});
