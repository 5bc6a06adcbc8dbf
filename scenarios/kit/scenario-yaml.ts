/**
 * Scenarios as YAML. YAML is data here: no tags, no anchors that grow, no expressions. A mistake is reported
 * with file, line, column and the line itself, at the key that is wrong.
 */
import { isMap, isScalar, LineCounter, type Node, type Pair, parseDocument } from 'yaml';
import type { z } from 'zod';
import { type DryliftError, nearest, type Where } from '#core/errors.ts';
import { errors, type Scenario, scenarioSchema } from './scenario.ts';
import type { IssueParams } from './scenario-fields.ts';

const SOURCE_CHARS_MAX = 1_000_000;

/**
 * Reads one scenario.
 *
 * @param file how the source is named in messages.
 * @throws the first mistake: `scenario.badYaml`, `scenario.unknownKey`, `scenario.badValue`,
 *   `scenario.badDuration`
 */
export function parseScenario(source: string, file: string): Scenario {
  const lines = new LineCounter();
  const whereOf = (offset: number): Where => {
    const { line, col } = lines.linePos(offset);
    return { file, line, column: col, text: source.split('\n')[line - 1] ?? '' };
  };
  if (source.length > SOURCE_CHARS_MAX)
    throw errors.make('scenario.badYaml', { what: 'A scenario is at most 1 MB of text.', where: { file } });
  const document = parseDocument(source, { lineCounter: lines, strict: true, uniqueKeys: true });
  const broken = document.errors[0];
  if (broken)
    throw errors.make('scenario.badYaml', {
      what: broken.message.split('\n')[0]!.replace(/ at line \d+, column \d+:$/, '.'),
      where: whereOf(broken.pos[0]),
    });
  const parsed = scenarioSchema.safeParse(document.toJS({ maxAliasCount: 20 }));
  if (parsed.success) return parsed.data;
  const issue = narrow(mostTelling(parsed.error.issues)!);
  throw errorOf(issue, document.contents as Node | null, whereOf);
}

type Issue = z.core.$ZodIssue;

/** A misspelt key usually leaves the right one missing as well: the misspelling is what to report. */
function mostTelling(issues: readonly Issue[]): Issue | undefined {
  return issues.find((issue) => issue.code === 'unrecognized_keys') ?? issues[0];
}

/** Of a union's complaints, those of the branch that was meant: the one whose kind of value fits best. */
function narrow(issue: Issue): Issue {
  if (issue.code !== 'invalid_union') return issue;
  const meant =
    issue.errors.find((branch) => !branch.some((i) => i.code === 'invalid_type' && i.path.length === 0)) ??
    issue.errors[0];
  const inner = mostTelling(meant ?? []);
  return inner ? narrow({ ...inner, path: [...issue.path, ...inner.path] } as Issue) : issue;
}

function errorOf(issue: Issue, root: Node | null, whereOf: (offset: number) => Where): DryliftError {
  const path = issue.path.join('.') || 'the scenario';
  const params = issue.code === 'custom' ? (issue.params as IssueParams | undefined) : undefined;
  if (issue.code === 'unrecognized_keys') {
    const key = issue.keys[0]!;
    const known = keysAt(issue.path);
    const near = nearest(key, known);
    const what = `${issue.path.length > 0 ? `${path}.` : ''}${key} is not a key of ${path}`;
    return errors.make('scenario.unknownKey', {
      what: near ? `${what}; did you mean "${near}"?` : `${what}.`,
      ...(near || known.length === 0 ? {} : { next: `Use one of: ${known.join(', ')}.` }),
      where: whereOf(offsetOf(root, [...issue.path, key], true)),
    });
  }
  const where = whereOf(offsetOf(root, issue.path, false));
  const value = valueAt(root, issue.path);
  if (params?.code === 'badDuration')
    return errors.make('scenario.badDuration', { what: issue.message, where });
  const candidates = params?.candidates ?? (issue.code === 'invalid_value' ? issue.values.map(String) : []);
  const near = typeof value === 'string' ? nearest(value, candidates) : undefined;
  const what = params
    ? issue.message
    : value === undefined
      ? `${path} is missing.`
      : `${path} cannot be ${JSON.stringify(value)}: ${issue.message}.`;
  return errors.make('scenario.badValue', {
    what: near ? `${what} Did you mean "${near}"?` : what,
    ...(candidates.length > 0 ? { next: `Permitted here: ${candidates.join(', ')}.` } : {}),
    where,
  });
}

/** Offset of the node at `path`, or of its key; of the nearest node above where it is missing. */
function offsetOf(root: Node | null, path: readonly PropertyKey[], atKey: boolean): number {
  let node: Node | null = root;
  let offset = root?.range?.[0] ?? 0;
  for (const [depth, part] of path.entries()) {
    const pair = isMap(node)
      ? (node.items as Pair<Node, Node | null>[]).find((p) => isScalar(p.key) && p.key.value === part)
      : undefined;
    const next: Node | null | undefined = pair ? pair.value : childOf(node, part);
    if (pair && ((atKey && depth === path.length - 1) || !next)) return pair.key.range?.[0] ?? offset;
    if (!next) return offset;
    node = next;
    offset = next.range?.[0] ?? offset;
  }
  return offset;
}

function childOf(node: Node | null, part: PropertyKey): Node | undefined {
  return (node as { get?: (key: PropertyKey, keepScalar: boolean) => Node | undefined } | null)?.get?.(
    part,
    true,
  );
}

function valueAt(root: Node | null, path: readonly PropertyKey[]): unknown {
  let value: unknown = root?.toJSON();
  for (const part of path) value = (value as Record<PropertyKey, unknown> | null | undefined)?.[part];
  return value;
}

/** The keys that the schema knows at a path: of whatever object lies there, through unions and wrappers. */
function keysAt(path: readonly PropertyKey[]): string[] {
  let schemas: z.core.$ZodType[] = [scenarioSchema];
  for (const part of path)
    schemas = schemas.flatMap(unwrap).flatMap((schema) => {
      const def = definitionOf(schema);
      if (def.type === 'object') {
        const inner = (def['shape'] as Record<string, z.core.$ZodType>)[String(part)];
        return inner ? [inner] : [];
      }
      return def.type === 'array' ? [def['element'] as z.core.$ZodType] : [];
    });
  return schemas.flatMap(unwrap).flatMap((schema) => {
    const def = definitionOf(schema);
    return def.type === 'object' ? Object.keys(def['shape'] as object) : [];
  });
}

/** The object and array schemas inside optionals, defaults, pipes and unions. */
function unwrap(schema: z.core.$ZodType): z.core.$ZodType[] {
  const def = definitionOf(schema);
  if (def.type === 'union') return (def['options'] as z.core.$ZodType[]).flatMap(unwrap);
  if (def.type === 'pipe') return [def['in'], def['out']].flatMap((s) => unwrap(s as z.core.$ZodType));
  const inner = def['innerType'] as z.core.$ZodType | undefined;
  return inner ? unwrap(inner) : [schema];
}

function definitionOf(schema: z.core.$ZodType): Readonly<Record<string, unknown>> {
  return schema._zod.def as unknown as Readonly<Record<string, unknown>>;
}
