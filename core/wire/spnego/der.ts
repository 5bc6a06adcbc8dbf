/** As much of DER (X.690) as SPNEGO needs: definite lengths, tags below 31. */
import { defineErrors } from '../../errors.ts';

export const errors = defineErrors({
  'der.malformed': {
    blame: 'peer',
    why: 'A DER value is a tag, a length and as many bytes as that says.',
    next: 'Check what lies between: a proxy that changes Authorization headers breaks Negotiate.',
  },
});

export interface DerValue {
  readonly tag: number;
  readonly content: Buffer;
}

export function der(tag: number, ...parts: Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  return Buffer.concat([Buffer.from([tag, ...lengthBytes(content.length)]), content]);
}

/** The values that stand one after the other. @throws `der.malformed` */
export function readDer(bytes: Buffer): DerValue[] {
  const values: DerValue[] = [];
  for (let at = 0; at < bytes.length; ) {
    const { content, next } = lengthAt(bytes, at + 1);
    if (next > bytes.length) throw malformed(`a value reaches ${next - bytes.length} bytes beyond the end`);
    values.push({ tag: bytes[at]!, content: Buffer.from(bytes.subarray(content, next)) });
    at = next;
  }
  return values;
}

/** The one value that is there. @throws `der.malformed` */
export function readOne(bytes: Buffer, tag: number): Buffer {
  const [value, ...others] = readDer(bytes);
  if (value?.tag !== tag || others.length > 0) throw malformed(`no single value of tag ${tag.toString(16)}`);
  return value.content;
}

function lengthBytes(length: number): number[] {
  if (length < 0x80) return [length];
  const bytes: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
  return [0x80 | bytes.length, ...bytes];
}

function lengthAt(bytes: Buffer, at: number): { content: number; next: number } {
  const first = bytes[at];
  if (first === undefined) throw malformed('it ends before a length');
  if (first < 0x80) return { content: at + 1, next: at + 1 + first };
  const count = first & 0x7f;
  if (count === 0 || count > 4 || at + count >= bytes.length) throw malformed('a length that is none');
  const length = bytes.readUIntBE(at + 1, count);
  return { content: at + 1 + count, next: at + 1 + count + length };
}

function malformed(what: string): Error {
  return errors.make('der.malformed', { what: `Received DER in which there is ${what}.` });
}
