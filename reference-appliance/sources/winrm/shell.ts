/**
 * One command line in a shell of its own: [MS-WSMV] sections 3.1.4.9 to 3.1.4.14. The shell is deleted whatever happens;
 * time and output are bounded.
 */
import { type Clock, deadline } from '#core/time/clock.ts';
import { type Bytes, MIB, MINUTE, type Millis, SECOND } from '#core/units.ts';
import { child, childrenOf, childText, type XmlElement } from '#core/wire/xml/element.ts';
import { XmlWriter } from '#core/wire/xml/writer.ts';
import { ACTIONS, CMD_SHELL, type Request, TERMINATE } from './envelope.ts';
import { errors, isTimedOut } from './errors.ts';
import type { CommandResult, RunOptions } from './types.ts';

/** One request. @returns what stands in the Body of the answer. @throws WsmanFault; `winrm.*`, `net.*` */
export type Call = (request: Request, signal: AbortSignal) => Promise<XmlElement | undefined>;

export interface ShellHost {
  readonly host: string;
  readonly clock: Clock;
  readonly call: Call;
}

const PATIENCE: Millis = 2 * MINUTE;
const OUTPUT_BYTES_MAX: Bytes = 16 * MIB;
/** Each Receive waits so long for output. */
const RECEIVE_MS: Millis = 20 * SECOND;
const STEP_MS: Millis = 30 * SECOND;
/** For the farewell, also when the caller has given up. */
const FAREWELL_MS: Millis = 20 * SECOND;
/** Of what is sent to standard input at a time. */
const STDIN_BYTES: Bytes = 64 * 1024;
/** cmd.exe takes no longer line. */
const LINE_CHARACTERS_MAX = 8191;

export async function runCommand(
  { host, clock, call }: ShellHost,
  line: string,
  options: RunOptions,
  signal: AbortSignal,
): Promise<CommandResult> {
  const { stdin, timeoutMs = PATIENCE, outputBytesMax = OUTPUT_BYTES_MAX } = options;
  const until = clock.wall() + timeoutMs;
  if (line.length > LINE_CHARACTERS_MAX)
    throw errors.make('winrm.fault', {
      what: `A line of ${line.length} characters is too long for cmd.exe of ${host}.`,
    });
  const shellId = shellOf(
    await call(
      {
        action: ACTIONS.create,
        resourceUri: CMD_SHELL,
        // 65001: what programs write is UTF-8
        options: { WINRS_NOPROFILE: 'TRUE', WINRS_CODEPAGE: '65001' },
        timeoutMs: STEP_MS,
        body: '<rsp:Shell><rsp:InputStreams>stdin</rsp:InputStreams><rsp:OutputStreams>stdout stderr</rsp:OutputStreams></rsp:Shell>',
      },
      signal,
    ),
    host,
  );
  const ask = (
    action: string,
    body: string,
    within: AbortSignal,
    more: { timeoutMs?: Millis; options?: Readonly<Record<string, string>> } = {},
  ): Promise<XmlElement | undefined> =>
    call(
      { action, resourceUri: CMD_SHELL, selectors: { ShellId: shellId }, timeoutMs: STEP_MS, body, ...more },
      within,
    );
  let commandId: string | undefined;
  try {
    const started = await ask(ACTIONS.command, commandBody(line), signal, {
      options: { WINRS_CONSOLEMODE_STDIN: 'TRUE', WINRS_SKIP_CMD_SHELL: 'FALSE' },
    });
    commandId = started && childText(started, 'CommandId')?.trim();
    if (!commandId)
      throw errors.make('winrm.protocol', { what: `${host} started a command without an identifier.` });
    if (stdin !== undefined)
      for (const body of stdinBodies(commandId, Buffer.from(stdin))) await ask(ACTIONS.send, body, signal);
    const output = new Output(outputBytesMax, host);
    for (;;) {
      const left = until - clock.wall();
      if (left <= 0)
        throw errors.make('winrm.shell.slow', {
          what: `A command on ${host} did not end within ${Math.round(timeoutMs / SECOND)} s.`,
        });
      try {
        const answer = await ask(ACTIONS.receive, receiveBody(commandId), signal, {
          timeoutMs: Math.min(RECEIVE_MS, left),
        });
        const exitCode = answer && output.take(answer, commandId);
        if (exitCode !== undefined) return { exitCode, ...output.texts() };
      } catch (error) {
        if (!isTimedOut(error)) throw error;
      }
    }
  } finally {
    // ends what still runs; the error above, if there is one, is the one to be told
    using timer = deadline(clock, FAREWELL_MS, 'appliance.winrm.farewell');
    if (commandId !== undefined)
      await ask(ACTIONS.signal, signalBody(commandId), timer.signal).catch(() => {});
    await ask(ACTIONS.delete, '', timer.signal).catch(() => {});
  }
}

class Output {
  readonly #parts = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
  readonly #max: Bytes;
  readonly #host: string;
  #bytes = 0;

  constructor(max: Bytes, host: string) {
    this.#max = max;
    this.#host = host;
  }

  /** @returns the exit code, once the command has ended. @throws `winrm.shell.output` */
  take(answer: XmlElement, commandId: string): number | undefined {
    for (const stream of childrenOf(answer, 'Stream')) {
      const name = stream.attributes.get('Name')?.value;
      if (name !== 'stdout' && name !== 'stderr') continue;
      const piece = Buffer.from(stream.text, 'base64');
      this.#bytes += piece.length;
      if (this.#bytes > this.#max)
        throw errors.make('winrm.shell.output', {
          what: `A command on ${this.#host} wrote more than ${this.#max} bytes.`,
        });
      this.#parts[name].push(piece);
    }
    const state = child(answer, 'CommandState');
    if (!state || state.attributes.get('CommandId')?.value.toUpperCase() !== commandId.toUpperCase())
      return undefined;
    if (!state.attributes.get('State')?.value.endsWith('/Done')) return undefined;
    const exitCode = Number(childText(state, 'ExitCode')?.trim() ?? 0);
    return Number.isSafeInteger(exitCode) ? exitCode : -1;
  }

  texts(): { stdout: string; stderr: string } {
    const { stdout, stderr } = this.#parts;
    return { stdout: Buffer.concat(stdout).toString('utf8'), stderr: Buffer.concat(stderr).toString('utf8') };
  }
}

/** The selector that the answer to Create names, or the shell itself. */
function shellOf(answer: XmlElement | undefined, host: string): string {
  const parameters = answer?.name === 'ResourceCreated' ? child(answer, 'ReferenceParameters') : undefined;
  const set = parameters && child(parameters, 'SelectorSet');
  const selector =
    set && childrenOf(set, 'Selector').find(({ attributes }) => attributes.get('Name')?.value === 'ShellId');
  const id =
    selector?.text.trim() ?? (answer?.name === 'Shell' ? childText(answer, 'ShellId')?.trim() : undefined);
  if (!id) throw errors.make('winrm.protocol', { what: `${host} made a shell without an identifier.` });
  return id;
}

function commandBody(line: string): string {
  return new XmlWriter().open('rsp:CommandLine').leaf('rsp:Command', line).close().toString();
}

function* stdinBodies(commandId: string, input: Buffer): Iterable<string> {
  for (let at = 0; at === 0 || at < input.length; at += STDIN_BYTES) {
    const isLast = at + STDIN_BYTES >= input.length;
    yield new XmlWriter()
      .open('rsp:Send')
      .leaf('rsp:Stream', input.subarray(at, at + STDIN_BYTES).toString('base64'), {
        Name: 'stdin',
        CommandId: commandId,
        ...(isLast ? { End: 'true' } : {}),
      })
      .close()
      .toString();
  }
}

function receiveBody(commandId: string): string {
  return new XmlWriter()
    .open('rsp:Receive')
    .leaf('rsp:DesiredStream', 'stdout stderr', { CommandId: commandId })
    .close()
    .toString();
}

function signalBody(commandId: string): string {
  return new XmlWriter()
    .open('rsp:Signal', { CommandId: commandId })
    .leaf('rsp:Code', TERMINATE)
    .close()
    .toString();
}
