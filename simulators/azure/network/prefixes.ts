/** IPv4 address ranges in CIDR notation, as virtual networks are made of them (RFC 4632). */

export interface Prefix {
  /** First address, as a number. */
  readonly start: number;
  readonly length: number;
  /** Number of addresses. */
  readonly size: number;
}

/** @returns undefined for anything that is not a range with its host bits zero */
export function parsePrefix(text: string): Prefix | undefined {
  const match = /^([\d.]{7,15})\/(\d{1,2})$/.exec(text);
  const start = match ? parseAddress(match[1]!) : undefined;
  const length = Number(match?.[2]);
  if (start === undefined || length > 32) return undefined;
  const size = 2 ** (32 - length);
  return start % size === 0 ? { start, length, size } : undefined;
}

/** @returns undefined for anything but four numbers below 256 without leading zeros */
export function parseAddress(text: string): number | undefined {
  const parts = text.split('.');
  if (parts.length !== 4 || !parts.every((part) => /^(?:0|[1-9]\d{0,2})$/.test(part) && Number(part) < 256))
    return undefined;
  return parts.reduce((sum, part) => sum * 256 + Number(part), 0);
}

export function addressText(address: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join('.');
}

export function contains(outer: Prefix, inner: Prefix): boolean {
  return inner.start >= outer.start && inner.start + inner.size <= outer.start + outer.size;
}

export function overlap(a: Prefix, b: Prefix): boolean {
  return a.start < b.start + b.size && b.start < a.start + a.size;
}

/** Azure keeps the first four addresses of a subnet and the last one. */
export const RESERVED_IN_FRONT = 4;

/** Lowest address of a subnet that nobody uses; undefined when it is full. */
export function freeAddress({ start, size }: Prefix, used: ReadonlySet<number>): number | undefined {
  for (let address = start + RESERVED_IN_FRONT; address < start + size - 1; address++)
    if (!used.has(address)) return address;
  return undefined;
}

export function isUsable({ start, size }: Prefix, address: number): boolean {
  return address >= start + RESERVED_IN_FRONT && address < start + size - 1;
}
