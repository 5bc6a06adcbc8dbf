/**
 * The CRC-64 of Azure Storage (`x-ms-content-crc64`): reflected polynomial 0x9A6C9329AC4BC9B5, start and end
 * inverted. It is the catalogue's CRC-64/NVME (check value 0xAE8B14860A799888), sent as eight bytes, lowest
 * first, in Base64.
 */
import { type Crc64Engine, DATA_AT, DATA_BYTES, FOUR_BYTES, startCrc64Engine } from './crc64-engine.ts';

const ALL_ONES = 0xffff_ffff_ffff_ffffn;

let shared: Crc64Engine | undefined;

export class Crc64 {
  #crc = ALL_ONES;

  update(bytes: Uint8Array): this {
    shared ??= startCrc64Engine();
    for (let from = 0; from < bytes.length; from += DATA_BYTES) {
      const piece = bytes.subarray(from, from + DATA_BYTES);
      shared.memory.set(piece, DATA_AT);
      let crc = this.#crc;
      let at = 0;
      for (; at + FOUR_BYTES <= piece.length; at += FOUR_BYTES) crc = shared.updateFour(crc, DATA_AT + at);
      crc = shared.update(crc, DATA_AT + at, piece.length - at);
      this.#crc = BigInt.asUintN(64, crc);
    }
    return this;
  }

  value(): bigint {
    return this.#crc ^ ALL_ONES;
  }

  /** Eight bytes, lowest first, as they travel. */
  digest(): Buffer {
    const out = Buffer.alloc(8);
    out.writeBigUInt64LE(this.value());
    return out;
  }
}
