/** Regular expressions of grep, sed and awk as JavaScript's. [IEEE Std 1003.1, XBD 9] */

const CLASSES: Readonly<Record<string, string>> = {
  alnum: '0-9A-Za-z',
  alpha: 'A-Za-z',
  digit: '0-9',
  lower: 'a-z',
  upper: 'A-Z',
  space: ' \\t\\n\\r\\f\\v',
  blank: ' \\t',
  punct: '!-\\/:-@\\[-`{-~',
  xdigit: '0-9A-Fa-f',
};

/** @returns undefined when it is no regular expression. */
export function posixRegExp(source: string, extended: boolean, flags = ''): RegExp | undefined {
  let out = '';
  for (let i = 0; i < source.length; i++) {
    const char = source[i]!;
    if (char === '[') {
      let end = i + 1;
      if (source[end] === '^') end++;
      if (source[end] === ']') end++;
      while (end < source.length && source[end] !== ']')
        end += source.startsWith('[:', end) ? source.indexOf(':]', end) + 2 - end : 1;
      if (end >= source.length) return undefined;
      const inside = source
        .slice(i + 1, end)
        .replace(/\[:(\w+):\]/g, (_, name: string) => CLASSES[name] ?? '')
        .replace(/\\(?![tnrfv\]\\-])/g, '\\\\')
        .replace(/(?!^)\[/g, '\\[');
      out += `[${inside.startsWith(']') ? `\\${inside}` : inside.startsWith('^]') ? `^\\${inside.slice(1)}` : inside}]`;
      i = end;
    } else if (char === '\\') {
      const next = source[++i] ?? '\\';
      if (!extended && /[(){}|+?]/.test(next)) out += next;
      else if (/[wWsSbB1-9tn]/.test(next)) out += `\\${next}`;
      else if (next === '<' || next === '>') out += '\\b';
      else out += next.replace(/[.*+?^${}()|[\]\\/]/, '\\$&');
    } else if (!extended && /[(){}|+?]/.test(char)) out += `\\${char}`;
    else if (!extended && char === '*' && (i === 0 || (i === 1 && source[0] === '^'))) out += '\\*';
    else if (!extended && char === '^' && i > 0 && !source.slice(0, i).endsWith('\\(')) out += '\\^';
    else if (!extended && char === '$' && i < source.length - 1 && !source.startsWith('\\)', i + 1))
      out += '\\$';
    else if (char === '{' && extended && !/^\{\d+(,\d*)?\}/.test(source.slice(i))) out += '\\{';
    else if (char === '/') out += '\\/';
    else out += char;
  }
  try {
    return new RegExp(out, flags);
  } catch {
    return undefined;
  }
}
