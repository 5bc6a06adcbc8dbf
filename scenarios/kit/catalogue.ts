/** Where scenarios come from: the built-in ones, and files. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { nearest } from '#core/errors.ts';
import { errors } from './scenario.ts';

const SUFFIX = '.scenario.yaml';
const CATALOGUE = fileURLToPath(new URL('../catalogue/', import.meta.url));

export interface ScenarioSource {
  /** How messages name it: a path as given, or the name of a built-in scenario's file. */
  readonly file: string;
  readonly text: string;
  /** Folder that paths inside the scenario are relative to. */
  readonly folder: string;
}

/** Names of the built-in scenarios, sorted. */
export function builtIn(): string[] {
  return readdirSync(CATALOGUE)
    .filter((name) => name.endsWith(SUFFIX))
    .map((name) => name.slice(0, -SUFFIX.length))
    .sort();
}

/**
 * @param nameOrFile a built-in name, or the path of a file.
 * @throws `scenario.unknown` with the nearest names, `scenario.cannotRead`
 */
export function findScenario(nameOrFile: string): ScenarioSource {
  const names = builtIn();
  if (names.includes(nameOrFile)) return read(join(CATALOGUE, nameOrFile + SUFFIX), nameOrFile + SUFFIX);
  if (existsSync(nameOrFile)) return read(nameOrFile, nameOrFile);
  const near = nearest(basename(nameOrFile, SUFFIX), names);
  throw errors.make('scenario.unknown', {
    what: `There is no scenario "${nameOrFile}"${near ? `; did you mean "${near}"?` : '.'}`,
    next: `Built in: ${names.join(', ')}. Or give the path of a ${SUFFIX} file.`,
  });
}

function read(path: string, file: string): ScenarioSource {
  try {
    return { file, text: readFileSync(path, 'utf8'), folder: dirname(path) };
  } catch (cause) {
    throw errors.make('scenario.cannotRead', {
      what: `${file} cannot be read (${(cause as NodeJS.ErrnoException).code}).`,
      cause,
    });
  }
}
