import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { GIB, MIB } from '#core/units.ts';
import { makeVhdFooter, VHD_FOOTER_BYTES, vhdChecksum, vhdFooterFault, vhdGeometry } from './vhd-footer.ts';

const footerOf = (name: string): Buffer =>
  readFileSync(new URL(`./fixtures/qemu-img-${name}.footer`, import.meta.url));
const sizeIn = (footer: Buffer): number => Number(footer.readBigUInt64BE(48));

describe('footers that qemu-img wrote', () => {
  test.each(['100M', '3G', '40G', '200G'])('%s: the geometry is the one we compute', (name) => {
    const footer = footerOf(name);
    expect(vhdGeometry(sizeIn(footer))).toEqual({
      cylinders: footer.readUInt16BE(56),
      heads: footer[58],
      sectorsPerTrack: footer[59],
    });
    expect(vhdFooterFault(footer, sizeIn(footer))).toBeUndefined();
  });

  test('an exact size: the checksum is right, and any byte changed makes it wrong', () => {
    const footer = footerOf('64M-exact');
    expect(vhdFooterFault(footer, 64 * MIB)).toBeUndefined();
    expect(vhdFooterFault(footer, 64 * MIB + 512)).toBe('size');
    for (let i = 8; i < VHD_FOOTER_BYTES; i++) {
      const changed = Buffer.from(footer);
      changed[i]! ^= 0x20;
      expect(vhdFooterFault(changed, 64 * MIB)).toBe('checksum');
    }
    footer.write('Conectix');
    expect(vhdFooterFault(footer, 64 * MIB)).toBe('cookie');
  });

  test('a dynamic disk is refused', () => {
    const footer = footerOf('64M-exact');
    footer.writeUInt32BE(3, 60);
    footer.writeUInt32BE(vhdChecksum(footer), 64);
    expect(vhdFooterFault(footer, 64 * MIB)).toBe('type');
  });
});

test.each([
  512,
  20 * MIB,
  127 * GIB,
  2040 * GIB,
  32_767 * GIB,
])('our footer for %d bytes is right', (sizeBytes) => {
  const footer = makeVhdFooter({
    sizeBytes,
    createdAt: Date.UTC(2026, 10, 1),
    uniqueId: Buffer.alloc(16, 7),
  });
  expect(vhdFooterFault(footer, sizeBytes)).toBeUndefined();
  expect(footer.readUInt32BE(24)).toBe((Date.UTC(2026, 10, 1) - Date.UTC(2000, 0, 1)) / 1000);
});
