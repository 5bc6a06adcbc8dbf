/** A Linux server over SSH as a client meets it: limits, sudo, installers. */
import type ssh2 from 'ssh2';
import { describe, expect, test } from 'vitest';
import { SECOND } from '#core/units.ts';
import { accountOf, staged } from './testing/ssh-stage.ts';

describe('an SSH server', () => {
  test('ends a connection after six wrong passwords, and gives ten sessions at a time', () =>
    staged(async (stage) => {
      let tries = 0;
      await expect(
        stage.connect({
          authHandler: (
            _left: unknown,
            _partial: unknown,
            next: (method: Record<string, string>) => void,
          ) => {
            tries++;
            next(
              tries === 1
                ? { type: 'none', username: 'root' }
                : { type: 'password', username: 'root', password: 'wrong' },
            );
          },
        } as never),
      ).rejects.toThrow();
      expect(tries).toBe(7);
      const client = await stage.connect();
      const held = Array.from({ length: 10 }, () => stage.exec(client, 'sleep 60; echo ok'));
      await stage.later(SECOND);
      await expect(stage.exec(client, 'true')).rejects.toThrow(/open failure/i);
      expect((await Promise.all(held)).map(({ out }) => out)).toEqual(Array(10).fill('ok\n'));
      expect((await stage.exec(client, 'echo again')).out).toBe('again\n');
      client.end();
    }));

  test('drops connections beyond MaxStartups, and those that never log in', () =>
    staged(
      async (stage) => {
        const idle = await Promise.all(
          Array.from({ length: 3 }, () =>
            stage.connect({ authHandler: () => {} } as never).catch(() => 'cut'),
          ).map(async (each, i) => {
            await stage.later(i);
            return each;
          }),
        ).then((all) => all);
        expect(idle).toEqual(['cut', 'cut', 'cut']);
      },
      { settings: { maxStartups: { begin: 2, percent: 100, full: 2 }, loginGraceMs: 30 * SECOND } },
    ));

  test('sudo lets the least account do what collecting takes, and nothing else', () =>
    staged(async (stage) => {
      const client = await stage.connect(accountOf(stage, 'least-linux'));
      const run = (command: string, stdin?: string) =>
        stage.exec(client, command, stdin === undefined ? {} : { stdin });
      expect((await run('sudo -n dmidecode -s system-serial-number')).out).toBe(
        `${stage.guest.serialNumber()}\n`,
      );
      expect((await run('sudo -n fdisk -l')).code).toBe(0);
      expect(await run('sudo -n cat /etc/shadow')).toMatchObject({
        code: 1,
        err: 'sudo: a password is required\n',
      });
      const { password } = accountOf(stage, 'least-linux');
      expect(await run('sudo -S cat /etc/shadow', `${password}\n`)).toMatchObject({
        code: 1,
        err: expect.stringMatching(/is not allowed to execute 'cat \/etc\/shadow' as root/),
      });
      expect(await run('sudo -S id -u', 'wrong\n')).toMatchObject({
        code: 1,
        err: expect.stringContaining('1 incorrect password attempt'),
      });
      client.end();
    }));

  test('an installer is uploaded, unpacked and run; what stands in its way it says', () =>
    staged(async (stage) => {
      const client = await stage.connect();
      const sftp = await new Promise<ssh2.SFTPWrapper>((resolve, reject) =>
        client.sftp((error, opened) => (error ? reject(error) : resolve(opened))),
      );
      await new Promise<void>((resolve, reject) =>
        sftp.writeFile('/tmp/install', INSTALLER, (error) => (error ? reject(error) : resolve())),
      );
      const run = (command: string) => stage.exec(client, command);
      expect(
        await run('chmod +x /tmp/install && cd /tmp && ./install -r MS -d /usr/local/ASR -q'),
      ).toMatchObject({
        code: 0,
        out: expect.stringContaining('Installation completed'),
      });
      expect((await run('. /usr/local/.vx_version; echo $VERSION')).out).toBe('9.62.1\n');
      expect(await run('/tmp/install -r MS -d /usr/local/ASR')).toMatchObject({ code: 209 });
      expect(
        await run('rm /usr/local/.vx_version; MIN_KB=999999999999 /tmp/install -r MS -d /x'),
      ).toMatchObject({
        code: 98,
        err: expect.stringContaining('not enough free space'),
      });
      expect(await run('KERNELS="9.*|10.*" /tmp/install -r MS -d /x')).toMatchObject({ code: 99 });
      expect(await run('NEEDS_REBOOT=1 /tmp/install -r MS -d /usr/local/ASR')).toMatchObject({ code: 64 });
      stage.fault('linux.disk', 'full');
      expect(await run('rm -f /usr/local/.vx_version; /tmp/install -r MS -d /x')).toMatchObject({
        code: 98,
      });
      client.end();
    }));
});

/** An installer as agents have them: a shell script with checks, functions and exit codes. */
const INSTALLER = `#!/bin/sh
# installs an agent
VERSION=9.62.1
ROLE= DIR= QUIET=no
usage() { echo "usage: $0 -r MS|MT -d folder [-q]" >&2; exit 1; }
log() {
  [ "$QUIET" = yes ] || echo "$(date '+%F %T') $*"
  echo "$*" >> /var/log/ua_install.log
}
while [ $# -gt 0 ]; do
  case "$1" in
    -r) ROLE=$2; shift 2 ;;
    -d) DIR=$2; shift 2 ;;
    -q) QUIET=yes; shift ;;
    *) usage ;;
  esac
done
[ -n "$ROLE" ] && [ -n "$DIR" ] || usage
[ "$(id -u)" = 0 ] || { echo "must be run as root" >&2; exit 2; }
if [ -f /usr/local/.vx_version ]; then
  . /usr/local/.vx_version
  log "version $VERSION is installed already"
  [ -z "$NEEDS_REBOOT" ] && exit 209
fi
kernel=$(uname -r)
case "$kernel" in
  \${KERNELS:-[2-6].*}) log "kernel $kernel is supported" ;;
  *) echo "kernel $kernel is not supported" >&2; exit 99 ;;
esac
free=$(df -kP /usr | awk 'NR == 2 {print $4}')
if [ "$free" -lt "\${MIN_KB:-1024}" ]; then
  echo "not enough free space: $free KB" >&2
  exit 98
fi
mkdir -p "$DIR/bin" || exit 3
cat > "$DIR/bin/agent.conf" <<EOF
role=$ROLE
host=$(hostname)
EOF
cat > /usr/local/.vx_version <<EOF
VERSION=$VERSION
INSTALLATION_DIR=$DIR
EOF
[ -n "$NEEDS_REBOOT" ] && { log "reboot needed"; exit 64; }
echo "Installation completed"
`;
