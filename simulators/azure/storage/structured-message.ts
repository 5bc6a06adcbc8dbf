/**
 * "XSM/1.0; properties=crc64": a body in segments, each with its CRC-64, which newer SDKs send and ask for
 * when they are told to check contents. Header (13 bytes): version 1, whole length (8), flags (2, bit 0:
 * CRC-64), number of segments (2). Segment: number from 1 (2), length (8), content, CRC-64 of the content
 * (8). At the end the CRC-64 of all content (8). All integers lowest byte first.
 *
 * Not described in the REST reference; laid out as @azure/storage-common 12 reads and writes it.
 */
import type { Bytes } from '#core/units.ts';
import { Crc64 } from './crc64.ts';
import { badHeader, storageFault } from './storage-fault.ts';

export const STRUCTURED_BODY = 'XSM/1.0; properties=crc64';
const HEADER_BYTES = 13;
const SEGMENT_HEADER_BYTES = 10;
const CRC_BYTES = 8;
const SEGMENT_BYTES = 4 * 1024 * 1024;

/** @throws StorageFault InvalidHeaderValue for another structure than ours */
export function isStructured(header: string | undefined): boolean {
  if (header === undefined) return false;
  if (header !== STRUCTURED_BODY) throw badHeader('x-ms-structured-body', header);
  return true;
}

/** Bytes on the wire for so many bytes of content. */
export function structuredLength(contentBytes: Bytes): Bytes {
  const segments = Math.ceil(contentBytes / SEGMENT_BYTES);
  return HEADER_BYTES + contentBytes + segments * (SEGMENT_HEADER_BYTES + CRC_BYTES) + CRC_BYTES;
}

/** Encodes a content that is asked for piece by piece. */
export function* encodeStructured(
  contentBytes: Bytes,
  pieces: (offset: Bytes, length: Bytes) => Iterable<Buffer>,
): Generator<Buffer> {
  const segments = Math.ceil(contentBytes / SEGMENT_BYTES);
  const header = Buffer.alloc(HEADER_BYTES);
  header[0] = 1;
  header.writeBigUInt64LE(BigInt(structuredLength(contentBytes)), 1);
  header.writeUInt16LE(1, 9);
  header.writeUInt16LE(segments, 11);
  yield header;
  const whole = new Crc64();
  for (let number = 0; number < segments; number++) {
    const offset = number * SEGMENT_BYTES;
    const length = Math.min(SEGMENT_BYTES, contentBytes - offset);
    const segmentHeader = Buffer.alloc(SEGMENT_HEADER_BYTES);
    segmentHeader.writeUInt16LE(number + 1, 0);
    segmentHeader.writeBigUInt64LE(BigInt(length), 2);
    yield segmentHeader;
    const crc = new Crc64();
    for (const piece of pieces(offset, length)) {
      crc.update(piece);
      whole.update(piece);
      yield piece;
    }
    yield crc.digest();
  }
  yield whole.digest();
}

/** Decodes what arrives in pieces of any size. Content is handed on before it is known to be right. */
export class StructuredDecoder {
  readonly #onContent: (piece: Buffer) => void;
  #state: 'header' | 'segment' | 'content' | 'segmentCrc' | 'crc' | 'done' = 'header';
  #held = Buffer.alloc(0);
  #segments = 0;
  #segment = 0;
  #left = 0;
  #segmentCrc = new Crc64();
  readonly #whole = new Crc64();

  constructor(onContent: (piece: Buffer) => void) {
    this.#onContent = onContent;
  }

  /** @throws StorageFault InvalidInput, Crc64Mismatch */
  write(chunk: Buffer): void {
    let at = 0;
    const take = (bytes: number): Buffer | undefined => {
      const missing = bytes - this.#held.length;
      const piece = chunk.subarray(at, at + missing);
      at += piece.length;
      const joined = this.#held.length === 0 ? piece : Buffer.concat([this.#held, piece]);
      if (piece.length < missing) {
        this.#held = Buffer.from(joined);
        return undefined;
      }
      this.#held = Buffer.alloc(0);
      return joined;
    };
    for (;;) {
      if (this.#state === 'content') {
        const piece = chunk.subarray(at, at + this.#left);
        if (piece.length > 0) {
          this.#segmentCrc.update(piece);
          this.#whole.update(piece);
          this.#onContent(piece);
        }
        at += piece.length;
        this.#left -= piece.length;
        if (this.#left > 0) return;
        this.#state = 'segmentCrc';
      } else if (this.#state === 'done') {
        if (at < chunk.length) throw storageFault('InvalidInput');
        return;
      } else {
        const part = take(PART_BYTES[this.#state]);
        if (!part) return;
        this.#part(this.#state, part);
      }
    }
  }

  /** @throws StorageFault InvalidInput when the message is not complete */
  end(): void {
    if (this.#state !== 'done') throw storageFault('InvalidInput');
  }

  #part(state: keyof typeof PART_BYTES, part: Buffer): void {
    if (state === 'header') {
      this.#segments = part.readUInt16LE(11);
      if (part[0] !== 1 || part.readUInt16LE(9) !== 1) throw storageFault('InvalidInput');
      this.#state = this.#segments === 0 ? 'crc' : 'segment';
    } else if (state === 'segment') {
      const length = Number(part.readBigUInt64LE(2));
      if (part.readUInt16LE(0) !== this.#segment + 1 || !Number.isSafeInteger(length))
        throw storageFault('InvalidInput');
      this.#segment++;
      this.#left = length;
      this.#segmentCrc = new Crc64();
      this.#state = 'content';
    } else {
      const crc = state === 'crc' ? this.#whole : this.#segmentCrc;
      if (!crc.digest().equals(part)) throw storageFault('Crc64Mismatch');
      if (state === 'crc') this.#state = 'done';
      else this.#state = this.#segment === this.#segments ? 'crc' : 'segment';
    }
  }
}

const PART_BYTES = {
  header: HEADER_BYTES,
  segment: SEGMENT_HEADER_BYTES,
  segmentCrc: CRC_BYTES,
  crc: CRC_BYTES,
} as const;
