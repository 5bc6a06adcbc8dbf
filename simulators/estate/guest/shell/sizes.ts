/** Sizes for people, as the programs of a system write them. */

/** "1G", "1.5G", "20G": as lsblk and df -h write sizes. */
export function sizeText(bytes: number, up = false): string {
  const units = ['B', 'K', 'M', 'G', 'T', 'P'];
  let value = bytes;
  let unit = 0;
  for (; value >= 1024 && unit < units.length - 1; unit++) value /= 1024;
  // df rounds up, lsblk to the nearest
  const tenths = up ? Math.ceil(value * 10) / 10 : Math.round(value * 10) / 10;
  const shown =
    up && tenths < 10 && !Number.isInteger(tenths)
      ? tenths.toFixed(1)
      : up
        ? String(Math.ceil(value))
        : Number.isInteger(tenths)
          ? String(tenths)
          : tenths.toFixed(1);
  return unit === 0 && up ? String(bytes) : `${shown}${units[unit]}`;
}
