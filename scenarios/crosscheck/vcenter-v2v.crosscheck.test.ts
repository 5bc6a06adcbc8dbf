/**
 * Our vCenter, judged by virt-v2v: it finds the machine through libvirt, reads its disk through nbdkit and boots an
 * appliance around it that inspects the guest. The disk has no room for a conversion, so that is where it ends, by design:
 * what a conversion does to a guest says nothing about vCenter. The appliance is emulated, for machines whose /dev/kvm cannot be used.
 *
 * 90 s of processor time, nearly all of it the emulated appliance: four minutes on a machine with other work, one and a half without.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { requireInstalled } from '#core/testing/installed.ts';
import { GUEST_NAME, type JudgedGuest, serveJudgedGuest } from './vcenter/judged-guest.ts';
import { run } from './vcenter/run.ts';

let served: JudgedGuest;
beforeAll(async () => {
  served = await serveJudgedGuest();
});
afterAll(() => served?.stop());

test('virt-v2v reads the disk of a machine that is off, to the end of its inspection', async (ctx) => {
  requireInstalled(ctx, 'virt-v2v', ['--version'], 'virt-v2v');
  requireInstalled(ctx, 'nbdkit', ['--dump-plugin', 'curl'], 'nbdkit');
  const password = join(served.folder, 'password');
  writeFileSync(password, served.password, { mode: 0o600 });
  const user = encodeURIComponent(served.user);
  const url = `vpx://${user}@127.0.0.1:${served.port}/${served.datacenter}/${served.hostPath}?no_verify=1`;
  const said = await run(
    'virt-v2v',
    [
      ...['-i', 'libvirt', '-ic', url, '-ip', password],
      ...['-o', 'local', '-os', served.folder, '--verbose', GUEST_NAME],
    ],
    { ...process.env, LIBGUESTFS_BACKEND: 'direct', LIBGUESTFS_BACKEND_SETTINGS: 'force_tcg' },
  ).catch((error: Error) => error.message);
  const inspected = Object.fromEntries(
    [...said.matchAll(/^(i_\w+) = (.+)$/gm)].map(([, name, value]) => [name, value]),
  );
  expect(inspected, said.slice(-4000)).toMatchObject({
    i_type: 'linux',
    i_distro: 'debian',
    i_osinfo: 'debian12',
    i_arch: 'x86_64',
    i_package_format: 'deb',
    i_firmware: 'BIOS',
  });
  expect(said).toMatch(/virt-v2v: error: not enough free space for conversion/);
}, 600_000);
