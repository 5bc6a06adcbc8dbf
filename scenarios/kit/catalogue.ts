/** Where scenarios come from: the built-in ones, and files. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { nearest } from '#core/errors.ts';
import { errors } from './scenario.ts';
import type { BuiltScenario } from './scenario-builder.ts';

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
 * @param nameOrFile a built-in name, or the path of a file: YAML, or TypeScript that exports what `scenario()`
 *   of scenario-builder.ts gave.
 * @throws `scenario.unknown` with the nearest names, `scenario.cannotRead`
 */
export async function findScenario(nameOrFile: string): Promise<ScenarioSource> {
  const names = builtIn();
  if (names.includes(nameOrFile)) return read(join(CATALOGUE, nameOrFile + SUFFIX), nameOrFile + SUFFIX);
  if (existsSync(nameOrFile))
    return nameOrFile.endsWith('.ts') ? load(nameOrFile) : read(nameOrFile, nameOrFile);
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

/** Runs a TypeScript file for the scenario it exports. */
async function load(path: string): Promise<ScenarioSource> {
  const module = (await import(pathToFileURL(resolve(path)).href)) as Record<string, unknown>;
  const built = Object.values(module).find(isBuilt);
  if (!built)
    throw errors.make('scenario.cannotRead', {
      what: `${path} exports nothing that scenario() made.`,
      next: 'Export a constant: export const mine = scenario({ … });',
    });
  return { file: path, text: built.yaml, folder: dirname(path) };
}

function isBuilt(value: unknown): value is BuiltScenario {
  return typeof value === 'object' && value !== null && 'yaml' in value && typeof value.yaml === 'string';
}
