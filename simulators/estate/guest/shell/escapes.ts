/** Formats of printf and backslash sequences, which shell, awk and echo share. */

/** printf of shell and awk: %s %d %i %f %x %o %c %%, with flags, width and precision. */
export function formatted(format: string, values: readonly string[]): { text: string; used: number } {
  let used = 0;
  const text = format.replace(
    /%([-0 +]*)(\*|\d+)?(?:\.(\d+))?([sdifxXocuegG%])|%/g,
    (
      _whole,
      flags: string,
      width: string | undefined,
      precision: string | undefined,
      kind: string | undefined,
    ) => {
      if (kind === '%' || kind === undefined) return '%';
      const wide = width === '*' ? Number(values[used++] ?? 0) : Number(width ?? 0);
      const value = values[used++] ?? '';
      const number = Number.parseFloat(value) || 0;
      let shown: string;
      if (kind === 's') shown = precision === undefined ? value : value.slice(0, Number(precision));
      else if (kind === 'c') shown = value[0] ?? '';
      else if (kind === 'f' || kind === 'e' || kind === 'g' || kind === 'G')
        shown =
          kind === 'f'
            ? number.toFixed(Number(precision ?? 6))
            : kind === 'e'
              ? number.toExponential(Number(precision ?? 6))
              : String(Number(number.toPrecision(Number(precision ?? 6))));
      else if (kind === 'x' || kind === 'X')
        shown =
          kind === 'x' ? Math.trunc(number).toString(16) : Math.trunc(number).toString(16).toUpperCase();
      else if (kind === 'o') shown = Math.trunc(number).toString(8);
      else shown = String(Math.trunc(number));
      if (flags.includes('+') && kind !== 's' && number >= 0) shown = `+${shown}`;
      if (shown.length >= wide) return shown;
      if (flags.includes('-')) return shown.padEnd(Math.min(wide, 10_000));
      return flags.includes('0') && kind !== 's'
        ? shown.padStart(Math.min(wide, 10_000), '0')
        : shown.padStart(Math.min(wide, 10_000));
    },
  );
  return { text, used };
}

/** Backslash sequences of printf and echo -e. */
export function unescaped(text: string): string {
  return text.replace(
    /\\(?:([abfnrtv\\"'])|0?([0-7]{1,3})|x([0-9a-fA-F]{1,2}))/g,
    (_, char?: string, octal?: string, hex?: string) => {
      if (char !== undefined)
        return (
          ({ a: '\x07', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' } as Record<string, string>)[
            char
          ] ?? char
        );
      return String.fromCharCode(octal === undefined ? Number.parseInt(hex!, 16) : Number.parseInt(octal, 8));
    },
  );
}
