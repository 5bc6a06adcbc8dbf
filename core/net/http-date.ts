/** The Date header (RFC 9110, 5.6.7), worked out once a second. */
import type { UnixMillis } from '../units.ts';

let second = Number.NaN;
let text = '';

export function httpDate(now: UnixMillis): string {
  const current = Math.floor(now / 1000);
  if (current !== second) {
    second = current;
    text = new Date(now).toUTCString();
  }
  return text;
}
