/**
 * Our vCenter, judged by govc, half a minute. In the long tier, since no package of Debian puts `govc` on the path; without it
 * the test is skipped.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { serveVcenter } from '#simulators/vcenter/serve.ts';
import { run } from './vcenter/run.ts';

const hasGovc = spawnSync('govc', ['version']).status === 0;

test('govc reads, drives and manages what is there, and carries a machine out and in again', async (ctx) => {
  if (!hasGovc) return ctx.skip('govc is not on the path');
  const folder = mkdtempSync(join(tmpdir(), 'drylift-govc-'));
  const served = await serveVcenter({ port: 0, machines: 12, pace: 20 });
  try {
    writeFileSync(join(folder, 'ca.pem'), served.files!.VSPHERE_CA!.content);
    const script = fileURLToPath(new URL('./vcenter/govc.sh', import.meta.url));
    const said = await run('bash', [script, folder, 'DC0', 'DC0_C0', 'DC0_C0_DS0', 'VM Network', 'web-001'], {
      ...process.env,
      GOVC_URL: served.exports.GOVC_URL!,
      GOVC_TLS_CA_CERTS: join(folder, 'ca.pem'),
      GOVC_GUEST_LOGIN: served.exports.GUEST_LOGIN!,
    });
    expect(said).toMatch(/checked: 2\d|checked: 3\d/);
  } finally {
    await served.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}, 180_000);
