/**
 * PowerShell inside a Windows guest: the command lines that discovery uses, as pipelines of objects. Cmdlets that it
 * does not have, and language beyond pipelines, fail as PowerShell fails: CommandNotFoundException, exit code 1.
 */
import { registryPath } from '../registry.ts';
import { runKnownScript } from './known-scripts.ts';
import { type Call, runCall } from './powershell-cmdlets.ts';
import { fieldOf, type Item, item, PowerShellError, rendered } from './powershell-objects.ts';
import type { Io, Session } from './shell.ts';
import { step } from './shell.ts';

/** @param args of powershell.exe. */
export function runPowerShell(args: readonly string[], io: Io, session: Session): number {
  const script = scriptOf(args);
  if (script === undefined) {
    io.err('The argument to the -File parameter does not exist.\r\n');
    return 64;
  }
  const known = runKnownScript(script, session);
  if (known !== undefined) return known;
  return runScript(script, session, {
    items: (items) => io.out(rendered(items)),
    failed: ({ message, id }) =>
      io.err(
        `${message}\r\n    + CategoryInfo          : ObjectNotFound: (:) []\r\n    + FullyQualifiedErrorId : ${id}\r\n`,
      ),
  });
}

/** What statements put out, and what they failed of, in order. */
export interface ScriptSink {
  items(items: readonly Item[]): void;
  failed(problem: { readonly message: string; readonly id: string }): void;
}

/** @returns 1 when the last statement failed, else 0 */
export function runScript(script: string, session: Session, sink: ScriptSink): number {
  let status = 0;
  for (const statement of splitOutside(script, /;|\r?\n/y)) {
    if (statement.trim() === '' || statement.trim().startsWith('#')) continue;
    step(session.machine);
    try {
      sink.items(runPipeline(statement.trim(), session));
      status = 0;
    } catch (error) {
      if (!(error instanceof PowerShellError)) throw error;
      sink.failed(error);
      status = 1;
    }
  }
  return status;
}

/** A command of a pipeline as PowerShell remoting sends it: a cmdlet with its arguments, or a script. */
export interface PipelineCommand {
  readonly text: string;
  readonly isScript: boolean;
  /** Without a name, by position; `true` for switches. */
  readonly arguments: ReadonlyArray<{ readonly name: string | undefined; readonly value: string | true }>;
}

/** @returns 1 when the last statement failed, else 0 */
export function runStatements(
  statements: ReadonlyArray<readonly PipelineCommand[]>,
  session: Session,
  sink: ScriptSink,
): number {
  let status = 0;
  for (const commands of statements) {
    step(session.machine);
    try {
      let items: Item[] = [];
      status = 0;
      for (const [i, command] of commands.entries()) {
        const script = command.isScript ? command.text : expressionOf(command);
        if (script === undefined) items = runCall(callOf(command), i === 0, items, session);
        else {
          const gathered: Item[] = [];
          const failed = sink.failed.bind(sink);
          status = runScript(script, session, { items: (more) => void gathered.push(...more), failed });
          items = gathered;
        }
      }
      sink.items(items);
    } catch (error) {
      if (!(error instanceof PowerShellError)) throw error;
      sink.failed(error);
      status = 1;
    }
  }
  return status;
}

/** The text that Invoke-Expression is given. */
function expressionOf({ text, arguments: given }: PipelineCommand): string | undefined {
  if (!/^(?:invoke-expression|iex)$/i.test(text)) return undefined;
  const value = given.find(({ name }) => name === undefined || /^-?command:?$/i.test(name))?.value;
  return typeof value === 'string' ? value : undefined;
}

function callOf({ text, arguments: given }: PipelineCommand): Call {
  const positional: string[] = [];
  const named = new Map<string, string>();
  for (const { name, value } of given) {
    const plain = value === true ? 'True' : value;
    if (name === undefined) positional.push(plain);
    else named.set(name.replace(/^-|:$/g, '').toLowerCase(), plain);
  }
  return { name: text, positional, named };
}

function scriptOf(args: readonly string[]): string | undefined {
  for (let i = 0; i < args.length; i++) {
    const option = args[i]!.toLowerCase().replace(/^[/-]/, '');
    if (!/^[/-]/.test(args[i]!)) return args.slice(i).join(' ');
    if (
      'encodedcommand'.startsWith(option) &&
      option.startsWith('e') &&
      option !== 'ex' &&
      !option.startsWith('exe')
    )
      return Buffer.from(args[i + 1] ?? '', 'base64').toString('utf16le');
    if ('command'.startsWith(option)) return args.slice(i + 1).join(' ');
    if (option === 'file') return undefined;
    // options that take a value
    if (/^(ex|ep|executionpolicy|inputformat|outputformat|version|windowstyle|w)$/.test(option)) i++;
  }
  return '';
}

/** Pieces between separators that stand outside quotes, braces and parentheses. */
function splitOutside(text: string, separator: RegExp): string[] {
  const pieces: string[] = [];
  let piece = '';
  let quote = '';
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const char = text[at]!;
    if (quote !== '') {
      if (char === quote) quote = '';
    } else if (char === "'" || char === '"') quote = char;
    else if (/[{([]/.test(char)) depth++;
    else if (/[})\]]/.test(char)) depth--;
    separator.lastIndex = at;
    const match = quote === '' && depth === 0 ? separator.exec(text) : null;
    if (match) {
      pieces.push(piece);
      piece = '';
      at += match[0].length - 1;
    } else piece += char;
  }
  pieces.push(piece);
  return pieces;
}

function runPipeline(text: string, session: Session): Item[] {
  let items: Item[] = [];
  for (const [i, part] of splitOutside(text, /\|/y).entries())
    items = runCmdlet(part.trim(), i === 0, items, session);
  return items;
}

function parseCall(text: string): Call {
  const words = text.match(/\{[^}]*\}|(?:'[^']*'|"[^"]*"|[^\s'"{])+/g) ?? [];
  const [name = '', ...rest] = words;
  const positional: string[] = [];
  const named = new Map<string, string>();
  const plain = (word: string) =>
    word
      .split(/,\s*/)
      .map((part) => part.replace(/^(['"])(.*)\1$/, '$2'))
      .join(',');
  for (let i = 0; i < rest.length; i++) {
    let word = rest[i]!;
    // a list may have blanks behind its commas
    while (word.endsWith(',') && i + 1 < rest.length) word += rest[++i];
    const option = /^-([A-Za-z]\w*)(?::(.*))?$/.exec(word);
    if (!option) positional.push(plain(word));
    else if (option[2] !== undefined) named.set(option[1]!.toLowerCase(), plain(option[2]));
    else if (
      rest[i + 1] !== undefined &&
      !/^-[A-Za-z]/.test(rest[i + 1]!) &&
      !SWITCHES.has(option[1]!.toLowerCase())
    ) {
      let value = rest[++i]!;
      while (value.endsWith(',') && i + 1 < rest.length) value += rest[++i];
      named.set(option[1]!.toLowerCase(), plain(value));
    } else named.set(option[1]!.toLowerCase(), 'True');
  }
  return { name, positional, named };
}

const SWITCHES = new Set([
  'notypeinformation',
  'compress',
  'recurse',
  'force',
  'hidetableheaders',
  'autosize',
  'unique',
]);

function runCmdlet(text: string, first: boolean, input: Item[], session: Session): Item[] {
  const { guest } = session.machine;
  const access = /^\(([\s\S]*)\)\.(\w+)$/.exec(text);
  if (first && access)
    return runPipeline(access[1]!, session).flatMap(
      (each) => (fieldOf(each, access[2]!) ?? []) as Item | Item[],
    );
  if (first && /^\$env:\w+$/i.test(text)) {
    const name = text.slice(5).toLowerCase();
    return [...session.variables].flatMap(([key, value]) => (key.toLowerCase() === name ? [value] : []));
  }
  if (first && /^\$PSVersionTable(\.PSVersion)?(\.\w+)?$/i.test(text)) {
    const version = String(
      guest.registry
        ?.key(registryPath('HKLM\\SOFTWARE\\Microsoft\\PowerShell\\1\\PowerShellEngine')!)
        ?.values.get('PowerShellVersion')?.value ?? '5.1',
    );
    const [major = '5', minor = '1'] = version.split('.');
    if (/Major$/i.test(text)) return [Number(major)];
    if (/Minor$/i.test(text)) return [Number(minor)];
    return [item({ Major: Number(major), Minor: Number(minor), Build: 17763, Revision: 1 })];
  }
  if (first && /^(['"]).*\1$/.test(text))
    return [
      text
        .slice(1, -1)
        .replace(
          /\$env:(\w+)/gi,
          (_, name: string) =>
            [...session.variables].find(([key]) => key.toLowerCase() === name.toLowerCase())?.[1] ?? '',
        ),
    ];
  if (first && /^\d+(\s*[-+*/]\s*\d+)*$/.test(text))
    return [
      text
        .split(/(?=[+-])/)
        .reduce(
          (sum, part) =>
            sum + part.split('*').reduce((product, factor) => product * Number(factor.replace(/\s/g, '')), 1),
          0,
        ),
    ];
  if (/^\$(ErrorActionPreference|ProgressPreference)\s*=/i.test(text)) return [];
  return runCall(parseCall(text), first, input, session);
}
