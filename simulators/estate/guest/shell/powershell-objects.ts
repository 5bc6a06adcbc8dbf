/** What goes through pipelines of PowerShell: objects with properties, how conditions see them, how a console shows them. */

export type Scalar = string | number | boolean | null;
export type Item = ReadonlyMap<string, Scalar | readonly Scalar[]> | Scalar;

export class PowerShellError extends Error {
  readonly id: string;

  constructor(message: string, id: string) {
    super(message);
    this.id = id;
  }
}

export const item = (fields: Record<string, Scalar | readonly Scalar[]>): Item =>
  new Map(Object.entries(fields));
export const fieldOf = (value: Item, name: string): Scalar | readonly Scalar[] | undefined => {
  if (!(value instanceof Map)) return undefined;
  for (const [key, inner] of value as ReadonlyMap<string, Scalar>)
    if (key.toLowerCase() === name.toLowerCase()) return inner;
  return undefined;
};

export const boolean = (value: unknown) => (value === true ? 'True' : value === false ? 'False' : value);

export function notFound(name: string): PowerShellError {
  return new PowerShellError(
    `${name} : The term '${name}' is not recognized as the name of a cmdlet, function, script file, or operable program. Check the \r\nspelling of the name, or if a path was included, verify that the path is correct and try again.`,
    'CommandNotFoundException',
  );
}

/** `{ $_.A -eq 'x' -and $_.B }`, `Name -eq x`, and the conditions of WQL. */
export function filterOf(text: string | undefined): (each: Item) => boolean {
  if (text === undefined || text.trim() === '') return () => true;
  const conditions = text
    .replace(/^\s*\{|\}\s*$/g, '')
    .split(/\s+-?and\s+/i)
    .map((condition) => {
      const match =
        /^\(?\s*(?:\$_\.|\$PSItem\.)?(\w+)\s*(?:(-eq|-ne|-like|-match|-gt|-lt|=|<>|!=|like)\s*(?:'([^']*)'|"([^"]*)"|(\S+?)))?\s*\)?$/i.exec(
          condition.trim(),
        );
      return (
        match && {
          name: match[1]!,
          operator: match[2]?.toLowerCase(),
          value: match[3] ?? match[4] ?? match[5] ?? '',
        }
      );
    });
  return (each) =>
    conditions.every((condition) => {
      if (!condition) return false;
      const actual = fieldOf(each, condition.name);
      if (condition.operator === undefined)
        return actual !== undefined && actual !== null && actual !== false && actual !== '' && actual !== 0;
      const wanted = condition.value.replace(/^\$(true|false|null)$/i, (_, word: string) =>
        word.toLowerCase() === 'null' ? '' : word,
      );
      const a = String(boolean(actual ?? '')).toLowerCase();
      const b = wanted.toLowerCase();
      switch (condition.operator) {
        case '-eq':
        case '=':
          return a === b;
        case '-ne':
        case '<>':
        case '!=':
          return a !== b;
        case '-gt':
          return Number(a) > Number(b);
        case '-lt':
          return Number(a) < Number(b);
        case '-match':
          return a.includes(b);
        default: {
          const source = b
            .replace(/[.+^${}()|[\]\\]/g, '\\$&')
            .replace(/[*%]/g, '.*')
            .replace(/[?_]/g, '.');
          return new RegExp(`^${source}$`).test(a);
        }
      }
    });
}

/** What the console shows: lines for text and numbers, a list of properties for objects. */
export function rendered(items: readonly Item[]): string {
  return items
    .map((each) => {
      if (!(each instanceof Map)) return `${String(boolean(each ?? ''))}\r\n`;
      const width = Math.max(...[...each.keys()].map((key: string) => key.length));
      const lines = [...(each as ReadonlyMap<string, unknown>)].map(
        ([key, value]) =>
          `${key.padEnd(width)} : ${Array.isArray(value) ? `{${value.join(', ')}}` : String(boolean(value ?? ''))}\r\n`,
      );
      return `\r\n${lines.join('')}`;
    })
    .join('');
}
