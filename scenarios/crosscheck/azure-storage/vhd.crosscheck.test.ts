/** The VHD that an exported disk is, judged by qemu-img; and the one that qemu-img makes, by us. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  closeSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
  truncateSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { requireInstalled } from '#core/testing/installed.ts';
import { type Bytes, MIB } from '#core/units.ts';
import { ExtentStore } from '#simulators/azure/storage/extent-store.ts';
import { makeVhdFooter, VHD_FOOTER_BYTES, vhdFooterFault } from '#simulators/azure/storage/vhd-footer.ts';

const folder = mkdtempSync(join(tmpdir(), 'drylift-vhd-'));
afterAll(() => rmSync(folder, { recursive: true }));

beforeEach((context) => requireInstalled(context, 'qemu-img', ['--version'], 'qemu-utils'));

function qemuImg(...args: string[]): string {
  const { status, stdout, stderr } = spawnSync('qemu-img', args, { encoding: 'utf8' });
  expect(`${status} ${stderr}`).toBe('0 ');
  return stdout;
}

test.each<[name: string, sizeBytes: Bytes]>([
  ['small', 20 * MIB],
  ['odd', 33 * MIB],
  ['sparse', 700 * MIB],
])('%s: qemu-img reads exactly the disk out of our VHD', (name, sizeBytes) => {
  using store = new ExtentStore();
  const space = store.create(sizeBytes);
  space.write(0, Buffer.alloc(MIB, 'content'));
  space.write(sizeBytes - 4096, Buffer.alloc(4096, 'the end'));
  const vhd = join(folder, `${name}.vhd`);
  const raw = join(folder, `${name}.raw`);
  const file = openSync(vhd, 'w');
  for (const { start, length } of space.ranges())
    writeSync(file, space.read(start, length), 0, length, start);
  const footer = makeVhdFooter({
    sizeBytes,
    createdAt: Date.UTC(2026, 10, 1),
    uniqueId: Buffer.alloc(16, 3),
  });
  writeSync(file, footer, 0, footer.length, sizeBytes);
  closeSync(file);
  const info = JSON.parse(qemuImg('info', '-f', 'vpc', '--output=json', vhd)) as Record<string, unknown>;
  expect(info).toMatchObject({ format: 'vpc', 'virtual-size': sizeBytes });
  qemuImg('convert', '-f', 'vpc', '-O', 'raw', vhd, raw);
  expect(statSync(raw).size).toBe(sizeBytes);
  expect(sha256Of(raw)).toBe(space.sha256());
});

function sha256Of(path: string): string {
  const hash = createHash('sha256');
  const buffer = Buffer.alloc(4 * MIB);
  const file = openSync(path, 'r');
  for (let length = readSync(file, buffer); length > 0; length = readSync(file, buffer))
    hash.update(buffer.subarray(0, length));
  closeSync(file);
  return hash.digest('hex');
}

test('a fixed VHD that qemu-img made is accepted, a dynamic one is not', () => {
  const raw = join(folder, 'made.raw');
  writeSync(openSync(raw, 'w'), Buffer.alloc(MIB, 5));
  truncateSync(raw, 24 * MIB);
  const footerOf = (vhd: string): Buffer => readFileSync(vhd).subarray(-VHD_FOOTER_BYTES);
  const fixed = join(folder, 'fixed.vhd');
  qemuImg('convert', '-f', 'raw', '-O', 'vpc', '-o', 'subformat=fixed,force_size=on', raw, fixed);
  expect(statSync(fixed).size).toBe(24 * MIB + VHD_FOOTER_BYTES);
  expect(vhdFooterFault(footerOf(fixed), 24 * MIB)).toBeUndefined();
  const dynamic = join(folder, 'dynamic.vhd');
  qemuImg('convert', '-f', 'raw', '-O', 'vpc', '-o', 'subformat=dynamic,force_size=on', raw, dynamic);
  expect(vhdFooterFault(footerOf(dynamic), 24 * MIB)).toBe('type');
});
