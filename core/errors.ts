/**
 * Errors that tell a person what to do.
 *
 * Every error a user can meet has a stable dotted code and four answers: what happened (and to which
 * object), why, what to do next, and whether repeating is safe. Codes are declared in tables, so that an
 * undeclared code does not compile and `drylift explain CODE` can print the long form offline.
 * A bug is not one of these: it is a failed `assert`.
 */

/** Whose fault it is, which decides the exit code of the command. */
export type Blame =
  | 'input' //   a file, flag or value given by the user: exit 2
  | 'prepare' // the machine could not be prepared (port, disk, permission): exit 4
  | 'check' //   a check or gate failed: exit 1
  | 'peer' //    the other side of a protocol broke it or refused us: exit 1
  | 'us'; //     drylift itself is wrong: exit 5

/** May the failed operation be repeated? `outcome-unknown`: it may have been carried out; look first. */
export type Retry = 'never' | 'safe' | 'after-change' | 'outcome-unknown';

/** Place in an input: any subset that is known. Lines and columns count from 1. */
export interface Where {
  file?: string;
  sheet?: string;
  line?: number;
  row?: number;
  column?: number | string;
  field?: string;
  /** The offending source line itself, for a caret display. */
  text?: string;
}

export interface ErrorDeclaration {
  readonly blame: Blame;
  readonly retry?: Retry;
  /** Default answer to "why"; a throw site may be more precise. */
  readonly why: string;
  /** Default answer to "what to do next". */
  readonly next: string;
  /** Paragraphs for `drylift explain`. */
  readonly more?: string;
}

export interface ErrorDetails {
  what: string;
  why?: string;
  next?: string;
  where?: Where;
  cause?: unknown;
  /** Facts for machines (`--json`, the run record). Never secrets, never whole payloads. */
  data?: Readonly<Record<string, string | number | boolean>>;
}

export class DryliftError extends Error {
  readonly code: string;
  readonly blame: Blame;
  readonly retry: Retry;
  readonly why: string;
  readonly next: string;
  readonly where: Where | undefined;
  readonly data: Readonly<Record<string, string | number | boolean>>;

  constructor(code: string, declaration: ErrorDeclaration, details: ErrorDetails) {
    super(details.what, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'DryliftError';
    this.code = code;
    this.blame = declaration.blame;
    this.retry = declaration.retry ?? 'never';
    this.why = details.why ?? declaration.why;
    this.next = details.next ?? declaration.next;
    this.where = details.where;
    this.data = details.data ?? {};
  }

  get what(): string {
    return this.message;
  }
}

export interface ErrorTable<Code extends string> {
  readonly codes: Readonly<Record<Code, ErrorDeclaration>>;
  /** Makes, does not throw: `throw errors.make('a.b', { what })` keeps control flow visible to the compiler. */
  make(code: Code, details: ErrorDetails): DryliftError;
}

const registry = new Map<string, ErrorDeclaration>();

/** Declares a table of codes. A code declared twice is a bug in drylift. */
export function defineErrors<Code extends string>(
  codes: Readonly<Record<Code, ErrorDeclaration>>,
): ErrorTable<Code> {
  for (const [code, declaration] of Object.entries<ErrorDeclaration>(codes)) {
    if (registry.has(code)) throw new Error(`error code ${code} is declared twice`);
    registry.set(code, declaration);
  }
  return { codes, make: (code, details) => new DryliftError(code, codes[code], details) };
}

/** All codes declared by the modules loaded so far, sorted. */
export function declaredErrors(): ReadonlyArray<readonly [string, ErrorDeclaration]> {
  return [...registry].sort(([a], [b]) => (a < b ? -1 : 1));
}

const EXIT_CODES: Readonly<Record<Blame, number>> = { check: 1, peer: 1, input: 2, prepare: 4, us: 5 };

/** Exit code of the command for an error; anything that is not a DryliftError is a bug of ours (5). */
export function exitCodeOf(error: unknown): number {
  return error instanceof DryliftError ? EXIT_CODES[error.blame] : 5;
}

/** `file:line:col`, `file › sheet!B7` or whatever part of it is known; empty if nothing is. */
export function formatWhere(where: Where): string {
  const { file, sheet, line, row, column, field } = where;
  let place = file ?? '';
  if (sheet !== undefined) place += `${place ? ' › ' : ''}${sheet}`;
  if (row !== undefined) place += ` row ${row}`;
  if (line !== undefined) place += `:${line}`;
  if (column !== undefined)
    place += line !== undefined && typeof column === 'number' ? `:${column}` : ` column ${column}`;
  if (field !== undefined) place += `${place ? ' ' : ''}(${field})`;
  return place.trim();
}

/** The five parts, as plain text lines: code and what, where, why, next. */
export function formatError(error: unknown): string {
  if (!(error instanceof DryliftError)) {
    const text = error instanceof Error ? error.message : String(error);
    return `drylift.bug  ${text}\n  next: this is our bug; run again with --trace and report it`;
  }
  const lines = [`${error.code}  ${error.what}`];
  if (error.where) {
    const place = formatWhere(error.where);
    if (place) lines.push(`  where: ${place}`);
    if (error.where.text !== undefined) {
      lines.push(`         ${error.where.text}`);
      if (typeof error.where.column === 'number')
        lines.push(`         ${' '.repeat(error.where.column - 1)}^`);
    }
  }
  lines.push(`  why:   ${error.why}`, `  next:  ${error.next}`);
  return lines.join('\n');
}

/** The candidate with the smallest edit distance, if it is near enough to be a likely misspelling. */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  let best: string | undefined;
  let bestDistance = Math.max(2, Math.floor(word.length / 3)) + 1;
  for (const candidate of candidates) {
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  return best;
}

/** Damerau-Levenshtein (adjacent transpositions count once): the mistake typists make most. */
function editDistance(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      let d = Math.min(rows[i - 1]![j]! + 1, row[j - 1]! + 1, rows[i - 1]![j - 1]! + same);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        d = Math.min(d, rows[i - 2]![j - 2]! + 1);
      row.push(d);
    }
    rows.push(row);
  }
  return rows[a.length]![b.length]!;
}
