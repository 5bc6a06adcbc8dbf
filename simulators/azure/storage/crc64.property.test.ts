import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Crc64 } from './crc64.ts';
import { encodeStructured, StructuredDecoder, structuredLength } from './structured-message.ts';

/** CRC-64/NVME by its definition: bit by bit, reflected. */
function plainCrc(bytes: Uint8Array): bigint {
  let crc = 0xffff_ffff_ffff_ffffn;
  for (const byte of bytes) {
    crc ^= BigInt(byte);
    for (let bit = 0; bit < 8; bit++) crc = crc & 1n ? (crc >> 1n) ^ 0x9a6c_9329_ac4b_c9b5n : crc >> 1n;
  }
  return crc ^ 0xffff_ffff_ffff_ffffn;
}

describe('CRC-64', () => {
  test('gives the check value of the catalogue of CRC algorithms for CRC-64/NVME', () => {
    expect(new Crc64().update(Buffer.from('123456789')).value()).toBe(0xae8b_1486_0a79_9888n);
    expect(new Crc64().value()).toBe(0n);
  });

  test('is the one of the definition, whatever the length and however it is cut', () => {
    const bytes = fc.uint8Array({ maxLength: 13_000, size: 'max' });
    fc.assert(
      fc.property(bytes, fc.integer({ min: 1, max: 9000 }), (data, piece) => {
        const crc = new Crc64();
        for (let from = 0; from < data.length; from += piece) crc.update(data.subarray(from, from + piece));
        expect(crc.value()).toBe(plainCrc(data));
      }),
      { numRuns: 40 },
    );
  });

  test('two computations at once do not disturb each other', () => {
    const [a, b] = [new Crc64(), new Crc64()];
    for (let i = 0; i < 10; i++) {
      a.update(Buffer.alloc(5000, i));
      b.update(Buffer.alloc(7000, i + 1));
    }
    expect(a.value()).toBe(
      plainCrc(Buffer.concat(Array.from({ length: 10 }, (_, i) => Buffer.alloc(5000, i)))),
    );
    expect(b.value()).toBe(
      plainCrc(Buffer.concat(Array.from({ length: 10 }, (_, i) => Buffer.alloc(7000, i + 1)))),
    );
  });
});

describe('a body in segments', () => {
  const encode = (data: Buffer): Buffer =>
    Buffer.concat([...encodeStructured(data.length, (at, length) => [data.subarray(at, at + length)])]);
  const decode = (message: Buffer, piece: number): Buffer => {
    const out: Buffer[] = [];
    const decoder = new StructuredDecoder((content) => out.push(Buffer.from(content)));
    for (let from = 0; from < message.length; from += piece)
      decoder.write(message.subarray(from, from + piece));
    decoder.end();
    return Buffer.concat(out);
  };

  test('is read back whatever the pieces in which it comes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.integer({ min: 1, max: 50 }), (data, piece) => {
        const message = encode(Buffer.from(data));
        expect(message.length).toBe(structuredLength(data.length));
        expect(decode(message, piece).equals(Buffer.from(data))).toBe(true);
      }),
    );
  });

  test('is refused when any bit of it is wrong, or its end is missing', () => {
    const message = encode(Buffer.from('some content'));
    for (let i = 0; i < message.length; i++) {
      if (i >= 1 && i < 9) continue; // the length is not what it is judged by
      const changed = Buffer.from(message);
      changed[i]! ^= 4;
      expect(() => decode(changed, 7)).toThrow();
    }
    for (let i = 0; i < message.length; i++) expect(() => decode(message.subarray(0, i), 7)).toThrow();
    expect(() => decode(Buffer.concat([message, Buffer.alloc(1)]), 7)).toThrow();
  });
});
