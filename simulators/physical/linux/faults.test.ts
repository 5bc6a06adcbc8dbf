/** What goes wrong with a Linux server on order, as its clients see it. */
import { describe, expect, test } from 'vitest';
import { DAY, MINUTE, SECOND } from '#core/units.ts';
import { accountOf, staged } from './testing/ssh-stage.ts';

describe('faults of a Linux server', () => {
  test('connections: refused, dropped, taken and never answered', () =>
    staged(async (stage) => {
      for (const answer of ['refused', 'reset', 'maxStartups']) {
        stage.fault('linux.connect', answer, SECOND);
        await expect(stage.run('true')).rejects.toThrow();
        await stage.later(SECOND);
      }
      stage.fault('linux.connect', 'silent', SECOND);
      await expect(
        stage.connect({ readyTimeout: 0 }).then(
          () => 'in',
          () => 'out',
        ),
      ).resolves.toBeDefined;
      await stage.later(SECOND);
      expect((await stage.run('echo in')).out).toBe('in\n');
    }));

  test('logons: a wrong password, a locked account, one that has to change its password, a system that goes down', () =>
    staged(async (stage) => {
      for (const answer of ['wrongPassword', 'locked', 'nologin']) {
        stage.fault('linux.logon', answer, SECOND, 'root');
        await expect(stage.run('true')).rejects.toThrow();
        await stage.later(SECOND);
      }
      stage.fault('linux.logon', 'expired', SECOND);
      expect(await stage.run('id')).toMatchObject({
        code: 1,
        err: expect.stringContaining('Your password has expired'),
      });
    }));

  test('commands: silent until the fault is over, cut in the midst, refused, killed', () =>
    staged(async (stage) => {
      stage.fault('linux.exec', 'hang', 10 * MINUTE, 'uname');
      const from = stage.now();
      expect((await stage.run('uname')).out).toBe('Linux\n');
      expect(stage.now() - from).toBeGreaterThanOrEqual(10 * MINUTE);
      stage.fault('linux.exec', 'killed', SECOND);
      expect(await stage.run('hostname')).toMatchObject({ code: undefined, signal: 'SIGKILL' });
      await stage.later(SECOND);
      stage.fault('linux.exec', 'refused', SECOND);
      await expect(stage.run('hostname')).rejects.toThrow();
      await stage.later(SECOND);
      stage.fault('linux.exec', 'reset', SECOND);
      const client = await stage.connect();
      const gone = new Promise<void>((resolve) => client.once('close', () => resolve()));
      const ran = await stage.exec(client, 'seq 1 10');
      expect(ran.code).toBeUndefined();
      expect('1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n'.startsWith(ran.out)).toBe(true);
      await gone;
    }));

  test('sudo: a password, no right at all, a terminal', () =>
    staged(async (stage) => {
      const login = accountOf(stage, 'linux');
      const run = async (command: string, stdin = '', pty = false) => {
        const client = await stage.connect(login);
        try {
          return await stage.exec(client, command, { stdin, pty });
        } finally {
          client.end();
        }
      };
      expect((await run('sudo -n id -u')).out).toBe('0\n');
      stage.fault('linux.sudo', 'password', SECOND);
      expect(await run('sudo -n id -u')).toMatchObject({ err: 'sudo: a password is required\n', code: 1 });
      expect((await run("sudo -S -p '' id -u", `${login.password}\n`)).out).toBe('0\n');
      await stage.later(SECOND);
      stage.fault('linux.sudo', 'notAllowed', SECOND);
      expect((await run('sudo -S id -u', `${login.password}\n`)).err).toContain('is not in the sudoers file');
      await stage.later(SECOND);
      stage.fault('linux.sudo', 'requiretty', SECOND);
      expect((await run('sudo -n id -u')).err).toBe('sudo: sorry, you must have a tty to run sudo\n');
      expect((await run('sudo -n id -u', '', true)).out).toBe('0\n');
    }));

  test('a server that restarts is away, then young: its counters begin again and only grow', () =>
    staged(async (stage) => {
      const look = async () => {
        const { out } = await stage.run(
          "cut -d' ' -f1 /proc/uptime; awk '$3 == \"sda\" {print $6}' /proc/diskstats; cat /sys/class/net/e*/statistics/rx_bytes | head -n1; awk '/^cpu / {print $2 + $5}' /proc/stat",
        );
        return out.trim().split('\n').map(Number);
      };
      const before = await look();
      await stage.later(MINUTE);
      const after = await look();
      for (const [i, value] of after.entries()) expect(value).toBeGreaterThan(before[i]!);
      expect(before[0]).toBeGreaterThan(DAY / SECOND);
      stage.fault('linux.host', 'rebooting', 3 * MINUTE);
      await stage.later(MINUTE);
      await expect(stage.run('true')).rejects.toThrow();
      await stage.later(4 * MINUTE);
      const young = await look();
      for (const [i, value] of young.entries()) expect(value).toBeLessThan(before[i]!);
      expect(young[0]).toBeLessThan(3 * 60);
      await stage.later(MINUTE);
      for (const [i, value] of (await look()).entries()) expect(value).toBeGreaterThan(young[i]!);
    }));

  test('another host key, a clock that is off, a disk that is full', () =>
    staged(async (stage) => {
      const keys: string[] = [];
      const key = { hostVerifier: (shown: Buffer) => keys.push(shown.toString('base64')) > 0 };
      const seen = async () => (await stage.connect(key)).end();
      await seen();
      stage.fault('linux.hostKey', 'changed', SECOND);
      await seen();
      await stage.later(SECOND);
      await seen();
      expect(keys[0]).toBe(keys[2]);
      expect(keys[1]).not.toBe(keys[0]);
      stage.fault('linux.clock', '+2d', SECOND);
      const told = Number((await stage.run('date +%s')).out);
      expect(told * SECOND - stage.now()).toBeGreaterThan(2 * DAY - MINUTE);
      stage.fault('linux.disk', 'full', MINUTE);
      expect(await stage.run('echo x > /tmp/x || df -P / | tail -n 1')).toMatchObject({
        out: expect.stringContaining('100%'),
        err: expect.stringContaining('No space left on device'),
      });
    }));
});
