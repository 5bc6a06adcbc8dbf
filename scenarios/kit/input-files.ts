/**
 * The files a scenario is made of (workbook, images), read relative to the scenario's own file. What was read
 * is kept beside the run record, so that a run can be repeated when the originals have moved or changed.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, extname, join, resolve } from 'node:path';
import { type Bytes, formatBytes, MIB } from '#core/units.ts';
import { errors } from './scenario.ts';

const FILE_BYTES_MAX: Bytes = 1024 * MIB;
/** Larger inputs (whole disk images) are not copied; repeating such a run needs the original. */
const KEPT_BYTES_MAX: Bytes = 32 * MIB;
const MANIFEST = 'inputs.json';

export class InputFiles {
  readonly #folder: string;
  readonly #kept: string | undefined;
  readonly #read = new Map<string, Buffer>();
  readonly #aliases = new Map<string, string>();

  /**
   * @param folder that paths are relative to.
   * @param kept folder of a run whose kept inputs are used in place of the originals.
   */
  constructor(folder: string, kept?: string) {
    this.#folder = folder;
    this.#kept = kept;
  }

  /** From now on the file's name alone leads to it, wherever it lies. @param path relative to the current folder */
  alias(path: string): void {
    this.#aliases.set(basename(path), resolve(path));
  }

  /** @throws `scenario.cannotRead` */
  read(path: string): Buffer {
    const known = this.#read.get(path);
    if (known) return known;
    const place = this.#keptPath(path) ?? this.#aliases.get(path) ?? resolve(this.#folder, path);
    let content: Buffer;
    try {
      content = readFileSync(place);
    } catch (cause) {
      const code = (cause as NodeJS.ErrnoException).code;
      throw errors.make('scenario.cannotRead', {
        what: code === 'ENOENT' ? `There is no file ${path}.` : `${path} cannot be read (${code}).`,
        where: { file: path },
        cause,
      });
    }
    if (content.length > FILE_BYTES_MAX)
      throw errors.make('scenario.cannotRead', {
        what: `${path} has ${formatBytes(content.length)}; an input has at most ${formatBytes(FILE_BYTES_MAX)}.`,
      });
    this.#read.set(path, content);
    return content;
  }

  /** Copies what was read into a run's folder: `inputs/<digest>.<ext>` and a table of names. */
  keep(runFolder: string): void {
    const table: Record<string, string> = {};
    for (const [path, content] of this.#read) {
      if (content.length > KEPT_BYTES_MAX) continue;
      const name = `${createHash('sha256').update(content).digest('hex').slice(0, 16)}${extname(path)}`;
      mkdirSync(join(runFolder, 'inputs'), { recursive: true });
      writeFileSync(join(runFolder, 'inputs', name), content);
      table[path] = name;
    }
    if (Object.keys(table).length > 0)
      writeFileSync(join(runFolder, MANIFEST), `${JSON.stringify(table, null, 2)}\n`);
  }

  #keptPath(path: string): string | undefined {
    if (this.#kept === undefined || !existsSync(join(this.#kept, MANIFEST))) return undefined;
    const table = JSON.parse(readFileSync(join(this.#kept, MANIFEST), 'utf8')) as Record<string, string>;
    const name = table[path];
    return name === undefined ? undefined : join(this.#kept, 'inputs', name);
  }
}
