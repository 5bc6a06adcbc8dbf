/**
 * Numbers as ASCII digits, straight into buffers: no string per number. This is the hottest path of the
 * project; a month of one workbook is 200 million samples.
 */
import { Buffer } from 'node:buffer';

/** Most answers are small: pieces grow from the first size to the last. */
const FIRST_PIECE_BYTES = 16 * 1024;
const PIECE_BYTES = 512 * 1024;
/** Digits of the longest 32-bit number, a separator, and what a store of four digits may write beyond. */
const NUMBER_BYTES_MAX = 14;
const COMMA = 0x2c;

/**
 * Digits of 0…9999 as little-endian words, to be stored four bytes at a time: without leading zeros, and how
 * many bytes of it count; and padded to four digits.
 */
const DIGITS = new Uint32Array(10_000);
const LENGTHS = new Uint8Array(10_000);
const PADDED = new Uint32Array(10_000);
for (let value = 0; value < 10_000; value++) {
  DIGITS[value] = wordOf(String(value));
  LENGTHS[value] = String(value).length;
  PADDED[value] = wordOf(String(value).padStart(4, '0'));
}

const OPEN = '<value>';
const CLOSE = '</value>';
const OPEN_1 = wordOf(OPEN.slice(0, 4));
const OPEN_2 = wordOf(OPEN.slice(4));
const CLOSE_1 = wordOf(CLOSE.slice(0, 4));
const CLOSE_2 = wordOf(CLOSE.slice(4));

function viewOf({ buffer, byteOffset, byteLength }: Buffer): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}

function wordOf(digits: string): number {
  let word = 0;
  for (let i = 0; i < digits.length; i++) word += digits.charCodeAt(i) * 2 ** (8 * i);
  return word;
}

export class AsciiWriter {
  #piece = Buffer.allocUnsafeSlow(FIRST_PIECE_BYTES);
  #view = viewOf(this.#piece);
  #at = 0;
  readonly #full: Buffer[] = [];

  /** Is there a piece that can be handed out before the end? */
  get hasFullPiece(): boolean {
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
    const view = this.#view;
    let at = this.#at;
    for (let i = 0; i < count; i++) {
      const value = values[i]!;
      if (value < 10_000) {
        view.setUint32(at, DIGITS[value]!, true);
        at += LENGTHS[value]!;
      } else at = putLargeNumber(view, at, value);
      piece[at++] = COMMA;
    }
    this.#at = count > 0 ? at - 1 : at;
  }

  /** `<value>1</value><value>2</value>`: numbers from 0 to 2^31 − 1. */
  valueElements(values: Int32Array, count: number): void {
    this.#reserve(count * (OPEN.length + NUMBER_BYTES_MAX + CLOSE.length));
    const view = this.#view;
    let at = this.#at;
    for (let i = 0; i < count; i++) {
      view.setUint32(at, OPEN_1, true);
      view.setUint32(at + 4, OPEN_2, true);
      at = putNumber(view, at + OPEN.length, values[i]!);
      view.setUint32(at, CLOSE_1, true);
      view.setUint32(at + 4, CLOSE_2, true);
      at += CLOSE.length;
    }
    this.#at = at;
  }

  /** Hands out what is complete: full pieces, and with `all` the rest. */
  take(all: boolean): Buffer[] {
    const pieces = this.#full.splice(0);
    if (all && this.#at > 0) {
      pieces.push(this.#piece.subarray(0, this.#at));
      this.#piece = this.#piece.subarray(this.#at);
      this.#view = viewOf(this.#piece);
      this.#at = 0;
    }
    return pieces;
  }

  #reserve(bytes: number): void {
    if (this.#at + bytes <= this.#piece.length) return;
    if (this.#at > 0) this.#full.push(this.#piece.subarray(0, this.#at));
    this.#piece = Buffer.allocUnsafeSlow(Math.max(Math.min(PIECE_BYTES, 8 * this.#piece.length), bytes));
    this.#view = viewOf(this.#piece);
    this.#at = 0;
  }
}

/** Writes up to three bytes beyond the digits, which are then overwritten: leave room. */
function putNumber(out: DataView, at: number, value: number): number {
  if (value >= 10_000) return putLargeNumber(out, at, value);
  out.setUint32(at, DIGITS[value]!, true);
  return at + LENGTHS[value]!;
}

/** Kept apart, so that the usual case is inlined. */
function putLargeNumber(out: DataView, at: number, value: number): number {
  const high = (value / 10_000) | 0;
  const end = high < 10_000 ? at + LENGTHS[high]! : putLargeNumber(out, at, high);
  if (high < 10_000) out.setUint32(at, DIGITS[high]!, true);
  out.setUint32(end, PADDED[value - high * 10_000]!, true);
  return end + 4;
}
