/**
 * Columns of whole numbers as bytes: zigzag, seven bits a byte, optionally the differences between
 * neighbours. Instants that grow and values that wander need one or two bytes each this way, and gzip
 * halves that again.
 */

export interface ColumnOptions {
  /** Write differences between neighbours: for numbers that grow or wander. */
  readonly delta: boolean;
}

/** @param values whole numbers; they and, with `delta`, their differences are below 2^52 in size. */
export function encodeColumn(values: ArrayLike<number>, { delta }: ColumnOptions): Uint8Array<ArrayBuffer> {
  // Eight bytes carry 56 bits, which is more than any value here has.
  const out = new Uint8Array(values.length * 8);
  let length = 0;
  let previous = 0;
  for (let i = 0; i < values.length; i++) {
    const signed = values[i]! - previous;
    if (delta) previous = values[i]!;
    // By division, not by shifts: shifts would cut numbers above 2^31.
    let rest = signed >= 0 ? signed * 2 : -signed * 2 - 1;
    while (rest >= 0x80) {
      out[length++] = (rest % 0x80) + 0x80;
      rest = Math.floor(rest / 0x80);
    }
    out[length++] = rest;
  }
  return out.slice(0, length);
}

/** The inverse of `encodeColumn`, for `count` numbers. */
export function decodeColumn(
  bytes: Uint8Array,
  count: number,
  { delta }: ColumnOptions,
): Float64Array<ArrayBuffer> {
  const out = new Float64Array(count);
  let at = 0;
  let previous = 0;
  for (let i = 0; i < count; i++) {
    let raw = 0;
    let factor = 1;
    let byte = 0x80;
    while (byte >= 0x80) {
      byte = bytes[at++] ?? 0;
      raw += (byte % 0x80) * factor;
      factor *= 0x80;
    }
    const value = previous + (raw % 2 === 0 ? raw / 2 : -(raw + 1) / 2);
    if (delta) previous = value;
    out[i] = value;
  }
  return out;
}
