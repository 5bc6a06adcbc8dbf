/**
 * Numbers as ASCII digits, straight into buffers: no string per number. This is the hottest path of the
 * project; a month of one workbook is 200 million samples.
 */
import { Buffer } from 'node:buffer';

const PIECE_BYTES = 512 * 1024;
/** Digits of the longest 32-bit number, and a separator. */
const NUMBER_BYTES_MAX = 11;
const ZERO = 0x30;

/** The four digits of 0…9999, one after another. */
const DIGITS = new Uint8Array(40_000);
for (let value = 0; value < 10_000; value++)
  for (let place = 3, rest = value; place >= 0; place--, rest = Math.floor(rest / 10))
    DIGITS[value * 4 + place] = ZERO + (rest % 10);

export class AsciiWriter {
  #piece = Buffer.allocUnsafeSlow(PIECE_BYTES);
  #at = 0;
  readonly #full: Buffer[] = [];

  /** Bytes of finished pieces and the one in work. */
  get isLarge(): boolean {
    return this.#full.length > 0;
  }

  text(text: string): void {
    this.#reserve(text.length * 3);
    this.#at += this.#piece.write(text, this.#at);
  }

  bytes(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#piece.set(bytes, this.#at);
    this.#at += bytes.length;
  }

  /** `1,2,3`: numbers from 0 to 2^31 − 1. */
  commaSeparated(values: Int32Array, count: number): void {
    this.#reserve(count * NUMBER_BYTES_MAX);
    const piece = this.#piece;
    let at = this.#at;
    for (let i = 0; i < count; i++) {
      at = putNumber(piece, at, values[i]!);
      piece[at++] = 0x2c;
    }
    this.#at = count > 0 ? at - 1 : at;
  }

  /** `<open>1</close><open>2</close>` */
  elements(values: Int32Array, count: number, open: Uint8Array, close: Uint8Array): void {
    for (let i = 0; i < count; i++) {
      this.#reserve(open.length + NUMBER_BYTES_MAX + close.length);
      const piece = this.#piece;
      piece.set(open, this.#at);
      const at = putNumber(piece, this.#at + open.length, values[i]!);
      piece.set(close, at);
      this.#at = at + close.length;
    }
  }

  /** Hands out what is complete: full pieces, and with `all` the rest. */
  take(all: boolean): Buffer[] {
    const pieces = this.#full.splice(0);
    if (all && this.#at > 0) {
      pieces.push(this.#piece.subarray(0, this.#at));
      this.#piece = Buffer.allocUnsafeSlow(0);
      this.#at = 0;
    }
    return pieces;
  }

  #reserve(bytes: number): void {
    if (this.#at + bytes <= this.#piece.length) return;
    if (this.#at > 0) this.#full.push(this.#piece.subarray(0, this.#at));
    this.#piece = Buffer.allocUnsafeSlow(Math.max(PIECE_BYTES, bytes));
    this.#at = 0;
  }
}

function putNumber(out: Uint8Array, at: number, value: number): number {
  if (value >= 10_000) {
    const high = Math.floor(value / 10_000);
    at = putNumber(out, at, high);
    const low = (value - high * 10_000) * 4;
    out[at] = DIGITS[low]!;
    out[at + 1] = DIGITS[low + 1]!;
    out[at + 2] = DIGITS[low + 2]!;
    out[at + 3] = DIGITS[low + 3]!;
    return at + 4;
  }
  const digits = value * 4;
  if (value >= 1000) out[at++] = DIGITS[digits]!;
  if (value >= 100) out[at++] = DIGITS[digits + 1]!;
  if (value >= 10) out[at++] = DIGITS[digits + 2]!;
  out[at] = DIGITS[digits + 3]!;
  return at + 1;
}
