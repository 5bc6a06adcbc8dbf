/** The registry of a Windows guest: what its system and software put there, and over it what was written since. */
import type { UnixMillis } from '#core/units.ts';

export type RegistryData =
  | { readonly type: 'REG_SZ' | 'REG_EXPAND_SZ'; readonly value: string }
  | { readonly type: 'REG_MULTI_SZ'; readonly value: readonly string[] }
  | { readonly type: 'REG_DWORD' | 'REG_QWORD'; readonly value: number }
  | { readonly type: 'REG_BINARY'; readonly value: Buffer };

export interface RegistryKey {
  /** As it was written: "HKEY_LOCAL_MACHINE\SOFTWARE\…". */
  readonly path: string;
  readonly values: ReadonlyMap<string, RegistryData>;
  readonly writtenAt: UnixMillis;
}

const HIVES: Readonly<Record<string, string>> = {
  HKLM: 'HKEY_LOCAL_MACHINE',
  HKCU: 'HKEY_CURRENT_USER',
  HKCR: 'HKEY_CLASSES_ROOT',
  HKU: 'HKEY_USERS',
  HKCC: 'HKEY_CURRENT_CONFIG',
};
const WRITES_MAX = 10_000;

/** Path with the hive written out and no doubled or trailing backslashes; undefined when the hive is unknown. */
export function registryPath(path: string): string | undefined {
  const parts = path
    .replaceAll('/', '\\')
    .split('\\')
    .filter((part) => part !== '');
  const hive = parts[0]?.replace(/:$/, '').toUpperCase() ?? '';
  const full = HIVES[hive] ?? (Object.values(HIVES).includes(hive) ? hive : undefined);
  return full && [full, ...parts.slice(1)].join('\\');
}

export class Registry {
  /** Undefined: deleted. */
  readonly #written = new Map<string, RegistryKey | undefined>();
  readonly #base = new Map<string, RegistryKey>();
  #writes = 0;

  /** @param keys path → values by name, "" being the default one */
  constructor(
    keys: Readonly<Record<string, Readonly<Record<string, RegistryData>>>>,
    installedAt: UnixMillis,
  ) {
    for (const [path, values] of Object.entries(keys)) {
      const full = registryPath(path)!;
      this.#base.set(full.toLowerCase(), {
        path: full,
        values: new Map(Object.entries(values)),
        writtenAt: installedAt,
      });
      // every key above exists as well
      for (let at = full; at.includes('\\'); ) {
        at = at.slice(0, at.lastIndexOf('\\'));
        if (!this.#base.has(at.toLowerCase()))
          this.#base.set(at.toLowerCase(), { path: at, values: new Map(), writtenAt: installedAt });
      }
    }
  }

  /** @param path as `registryPath` gives it */
  key(path: string): RegistryKey | undefined {
    const lower = path.toLowerCase();
    return this.#written.has(lower) ? this.#written.get(lower) : this.#base.get(lower);
  }

  /** Keys directly below, in order of name. */
  below(path: string): RegistryKey[] {
    const prefix = `${path.toLowerCase()}\\`;
    const found = new Map<string, RegistryKey>();
    for (const map of [this.#base, this.#written])
      for (const lower of map.keys()) {
        if (!lower.startsWith(prefix) || lower.includes('\\', prefix.length)) continue;
        const key = this.key(lower);
        if (key) found.set(lower, key);
      }
    return [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, key]) => key);
  }

  /** Makes a key, and sets values in it. @returns false when too much was written */
  write(path: string, values: ReadonlyMap<string, RegistryData | undefined>, now: UnixMillis): boolean {
    if (++this.#writes > WRITES_MAX) return false;
    const before = this.key(path);
    const merged = new Map(before?.values);
    for (const [name, data] of values) {
      const known = [...merged.keys()].find((other) => other.toLowerCase() === name.toLowerCase()) ?? name;
      if (data === undefined) merged.delete(known);
      else merged.set(known, data);
    }
    this.#written.set(path.toLowerCase(), { path: before?.path ?? path, values: merged, writtenAt: now });
    return true;
  }

  /** Deletes a key with all that is below. */
  remove(path: string): void {
    for (const key of this.below(path)) this.remove(key.path);
    this.#written.set(path.toLowerCase(), undefined);
  }
}
