/**
 * Reads the file of the configuration. It is YAML (so JSON as well). Every key is known or refused, with file, line and
 * column, the nearest right key and what to do. No line with a secret is shown.
 */
import { LineCounter, parseDocument } from 'yaml';
import { z } from 'zod';
import { type DryliftError, defineErrors, nearest, type Where } from '#core/errors.ts';
import { type ConfigFile, FILE } from './config-schema.ts';

export const errors = defineErrors({
  'config.missing': {
    blame: 'input',
    why: 'The configuration file, or a file that it names, cannot be read.',
    next: 'Check the path (relative ones start at the folder of the configuration file) and its permissions.',
  },
  'config.notYaml': {
    blame: 'input',
    why: 'The configuration must be one YAML or JSON document.',
    next: 'Correct the place named above.',
  },
  'config.unknownKey': {
    blame: 'input',
    why: 'A key that the appliance does not know has no effect, so it is refused.',
    next: 'Use one of the keys listed in `drylift explain config.unknownKey`, or remove it.',
    more:
      'drylift, applianceName, dataDirectory, proxy, ca, cloud {authorityHost, arm, tenantId, clientId, clientSecret, ' +
      'clientSecretFile, subscriptionId, resourceGroup, project, siteName, region, vault}, vcenters [{host, port, user, ' +
      'password, passwordFile, ca, fingerprint, scope {machines, machinesFile, folders, clusters, resourcePools}}], hyperv {hosts [{host, type, port, https, credential, ca, ' +
      'fingerprint}], refreshMinutes}, servers {file, list [{address, os, port, credential, name, hostKey, ca, fingerprint}], refreshMinutes}, ' +
      'credentials [{name, kind, user, password, passwordFile, privateKey, privateKeyFile, passphrase, passphraseFile}], collection {everyMinutes, ' +
      'refreshMinutes}, guests {credentials [{name, family, user, password, passwordFile}], inventoryHours, dependencies}, replication {uploadsPerDisk, shutdownGraceMinutes}.',
  },
  'config.missingKey': {
    blame: 'input',
    why: 'The appliance cannot work without this value.',
    next: 'Add the key named above.',
  },
  'config.badValue': {
    blame: 'input',
    why: 'The value does not have the form or lies outside the range that the key allows.',
    next: 'Correct the value named above.',
  },
});

/** @param fileName as shown to the user. @throws `config.*` for the first thing that is wrong */
export function parseConfig(text: string, fileName: string): ConfigFile {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true });
  const whereAt = (offset: number, field?: string): Where => {
    const { line, col } = lines.linePos(offset);
    return {
      file: fileName,
      line,
      column: col,
      text: maskLine(text.split('\n')[line - 1] ?? ''),
      ...(field ? { field } : {}),
    };
  };
  const broken = document.errors[0];
  if (broken)
    throw errors.make('config.notYaml', {
      what: `${fileName} is not YAML: ${broken.message.split('\n', 1)[0]}`,
      where: whereAt(broken.pos[0]),
      cause: broken,
    });
  let plain: unknown;
  try {
    plain = document.toJS({ maxAliasCount: 0 });
  } catch (cause) {
    throw errors.make('config.notYaml', {
      what: `${fileName} uses an alias (*name): ${(cause as Error).message}.`,
      next: 'Write the value out in each place.',
      where: { file: fileName },
      cause,
    });
  }
  const result = FILE.safeParse(plain);
  if (result.success) return result.data;
  // a misspelt key is also a missing one; the misspelling is what helps
  const { issues } = result.error;
  const issue = issues.find(({ code }) => code === 'unrecognized_keys') ?? issues[0]!;
  throw errorFor(issue, (path, key) => whereAt(offsetOf(document, path, key), path.join('.') || undefined));
}

type Issue = z.core.$ZodIssue;

function errorFor(
  issue: Issue,
  whereOf: (path: readonly PropertyKey[], key?: string) => Where,
): DryliftError {
  const place = issue.path.join('.') || 'the configuration';
  if (issue.code === 'unrecognized_keys') {
    const key = issue.keys[0]!;
    const near = nearest(key, keysAt(issue.path));
    return errors.make('config.unknownKey', {
      what: `"${key}" is not a key of ${place}${near ? `; did you mean "${near}"?` : '.'}`,
      where: { ...whereOf(issue.path, key), field: [...issue.path, key].join('.') },
      ...(near ? { next: `Write ${near}.` } : {}),
    });
  }
  const where = whereOf(issue.path);
  if (issue.code === 'invalid_type' && issue.input === undefined)
    return errors.make('config.missingKey', { what: `${place} is missing.`, where });
  return errors.make('config.badValue', { what: `${place}: ${issue.message}.`, where });
}

/** Keys that the schema allows at a path. */
function keysAt(path: readonly PropertyKey[]): string[] {
  let schema: unknown = FILE;
  for (const step of path) {
    const inner = unwrap(schema);
    if (inner instanceof z.ZodArray) schema = inner.element;
    else if (inner instanceof z.ZodObject) schema = inner.shape[step as string];
  }
  const object = unwrap(schema);
  return object instanceof z.ZodObject ? Object.keys(object.shape) : [];
}

function unwrap(schema: unknown): unknown {
  let inner = schema;
  while (inner instanceof z.ZodDefault || inner instanceof z.ZodPrefault || inner instanceof z.ZodOptional)
    inner = inner.unwrap();
  return inner;
}

/** Where a key, or the value at a path (or the nearest thing around it), stands in the text. */
function offsetOf(
  document: ReturnType<typeof parseDocument>,
  path: readonly PropertyKey[],
  key: string | undefined,
): number {
  for (let depth = path.length; depth >= 0; depth--) {
    const node = document.getIn(path.slice(0, depth), true) as
      | { range?: [number, number, number]; items?: Array<{ key?: { value?: unknown; range?: number[] } }> }
      | undefined;
    if (key !== undefined && depth === path.length) {
      const pair = node?.items?.find((item) => item.key?.value === key);
      if (pair?.key?.range) return pair.key.range[0]!;
    }
    if (node?.range) return node.range[0];
  }
  return 0;
}

/** Keys whose values may be shown; a misspelt key may be a misspelt `password`, so anything else may not. */
const SHOWN =
  /^(applianceName|tenantId|subscriptionId|resourceGroup|project|siteName|region|vault|host|port|user|drylift|everyMinutes)$/;

/** The line that is shown with an error, without the secret that may stand on it. */
function maskLine(line: string): string {
  const [, before, key, after] = /^(\s*(?:- )?"?)([\w-]+)("?\s*:)/.exec(line) ?? [];
  if (key === undefined) return line.replace(/\S.*/, '***');
  return SHOWN.test(key) || /:\s*$/.test(line) ? line : `${before}${key}${after} ***`;
}
