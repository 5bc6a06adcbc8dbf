/**
 * Shells of cmd.exe: [MS-WSMV] sections 3.1.4.9 to 3.1.4.14. Receive waits for output until the time-out of its
 * operation; output is kept until it was fetched, within a limit.
 */
import type { Clock } from '#core/time/clock.ts';
import type { UnixMillis } from '#core/units.ts';
import { child, childrenOf, childText } from '#core/wire/xml/element.ts';
import { escapeAttribute, escapeText } from '#core/wire/xml/writer.ts';
import type { WindowsAccount } from '../accounts.ts';
import type { Quotas } from '../quotas.ts';
import { WsmanFault } from '../wsman/fault.ts';
import { NS } from '../wsman/names.ts';
import type { WsmanRequest } from '../wsman/request.ts';
import type { CommandHost, CommandOutput, RunningCommand } from './command-host.ts';
import type { Shell, ShellTable } from './shell-table.ts';
import { WaitingPlace } from './waiting-place.ts';

interface Command {
  readonly id: string;
  readonly line: string;
  readonly running: RunningCommand;
  readonly output: CommandOutput[];
  exitCode: number | undefined;
  readonly place: WaitingPlace;
  /** Whatever comes of it is shown from then on only. */
  silentUntil: UnixMillis;
}

interface CmdShell extends Shell {
  readonly environment: ReadonlyMap<string, string>;
  readonly workingDirectory: string | undefined;
  readonly commands: Map<string, Command>;
}

/** What shells of every kind are asked to do; each gives the inside of its answer. @throws WsmanFault */
export interface ShellOperations {
  create(request: WsmanRequest, account: WindowsAccount, clientAddress: string): string;
  command(request: WsmanRequest, account: WindowsAccount): string;
  receive(request: WsmanRequest, account: WindowsAccount, signal: AbortSignal): Promise<string>;
  send(request: WsmanRequest, account: WindowsAccount): string;
  signal(request: WsmanRequest, account: WindowsAccount): string;
  /** What runs in the shell that the request is about, for those who look for one. */
  subject(request: WsmanRequest, account: WindowsAccount): string;
  /** The newest command of the shell says nothing before `until`. */
  silence(request: WsmanRequest, account: WindowsAccount, until: UnixMillis): void;
}

const STATE = `${NS.rsp}/CommandState`;
const SIGNALS: Readonly<Record<string, number>> = {
  terminate: 1,
  ctrl_c: 0xc000013a,
  ctrl_break: 0xc000013a,
};
/** Our own limit, where Windows has none any more. */
const COMMANDS_MAX = 1000;

export class ShellService implements ShellOperations {
  readonly #host: CommandHost;
  readonly #clock: Clock;
  readonly #table: ShellTable;
  readonly #quotas: Quotas;

  constructor(options: { host: CommandHost; clock: Clock; table: ShellTable; quotas: Quotas }) {
    this.#host = options.host;
    this.#clock = options.clock;
    this.#table = options.table;
    this.#quotas = options.quotas;
  }

  create({ body, resourceUri }: WsmanRequest, account: WindowsAccount, clientAddress: string): string {
    if (body?.name !== 'Shell') throw new WsmanFault('schemaValidation');
    const environment = child(body, 'Environment');
    const commands = new Map<string, Command>();
    const shell: CmdShell = {
      ...this.#table.admit(account, body.attributes.get('ShellId')?.value),
      resourceUri,
      clientAddress,
      streams: { input: 'stdin', output: 'stdout stderr' },
      environment: new Map(
        (environment ? childrenOf(environment, 'Variable') : []).map((variable) => [
          variable.attributes.get('Name')?.value ?? '',
          variable.text,
        ]),
      ),
      workingDirectory: childText(body, 'WorkingDirectory'),
      commands,
      commandIds: () => [...commands.values()].map(({ id }) => id),
      end() {
        for (const command of commands.values()) {
          if (command.exitCode === undefined) command.running.kill(1);
          command.place.wake();
        }
      },
    };
    this.#table.add(shell);
    return this.#table.createdXml(shell);
  }

  command(request: WsmanRequest, account: WindowsAccount): string {
    const shell = this.#shell(request, account);
    const { body } = request;
    if (body?.name !== 'CommandLine') throw new WsmanFault('schemaValidation');
    if (shell.commands.size >= Math.min(this.#quotas.commandsPerShell, COMMANDS_MAX))
      throw new WsmanFault('commandsQuota');
    const id = body.attributes.get('CommandId')?.value ?? this.#table.newId();
    if (shell.commands.has(id.toUpperCase())) throw new WsmanFault('invalidSelectors');
    const line = lineOf(request);
    const state = { output: [] as CommandOutput[], exitCode: undefined as number | undefined };
    let command: Command | undefined;
    const running = this.#host.start(
      {
        line,
        direct: request.options.get('WINRS_SKIP_CMD_SHELL')?.toUpperCase() === 'TRUE',
        account: shell.account,
        environment: shell.environment,
        workingDirectory: shell.workingDirectory,
      },
      {
        output: (output) => {
          (command ?? state).output.push(output);
          command?.place.wake();
        },
        ended: (exitCode) => {
          (command ?? state).exitCode = exitCode;
          command?.place.wake();
        },
      },
    );
    command = { id, line, running, ...state, place: new WaitingPlace(this.#clock), silentUntil: 0 };
    shell.commands.set(id.toUpperCase(), command);
    return `<rsp:CommandResponse><rsp:CommandId>${escapeText(id)}</rsp:CommandId></rsp:CommandResponse>`;
  }

  /** @throws WsmanFault, among them TimedOut when nothing came in time */
  async receive(request: WsmanRequest, account: WindowsAccount, signal: AbortSignal): Promise<string> {
    const shell = this.#shell(request, account);
    const desired = request.body && child(request.body, 'DesiredStream');
    if (!desired) throw new WsmanFault('schemaValidation');
    const command = this.#command(shell, desired.attributes.get('CommandId')?.value);
    const until = this.#clock.wall() + request.operationTimeoutMs;
    while (!this.#hasNews(command)) {
      const now = this.#clock.wall();
      if (now >= until || signal.aborted) throw new WsmanFault('timedOut');
      const end = command.silentUntil > now ? Math.min(until, command.silentUntil) : until;
      if (!(await command.place.wait(end - now, signal))) throw new WsmanFault('timedOut');
    }
    shell.lastUsed = this.#clock.wall();
    return receiveXml(command, request.envelopeUnitsMax);
  }

  send(request: WsmanRequest, account: WindowsAccount): string {
    const shell = this.#shell(request, account);
    for (const stream of request.body ? childrenOf(request.body, 'Stream') : []) {
      const command = this.#command(shell, stream.attributes.get('CommandId')?.value);
      const end = /^(?:true|1)$/i.test(stream.attributes.get('End')?.value ?? '');
      command.running.stdin(Buffer.from(stream.text, 'base64'), end);
    }
    return '<rsp:SendResponse></rsp:SendResponse>';
  }

  /** Ends a command, or says farewell to one that has ended. */
  signal(request: WsmanRequest, account: WindowsAccount): string {
    const shell = this.#shell(request, account);
    const { body } = request;
    const id = body?.attributes.get('CommandId')?.value;
    const code = (body && childText(body, 'Code')) ?? '';
    const exitCode = SIGNALS[code.slice(code.lastIndexOf('/') + 1).toLowerCase()];
    if (exitCode === undefined)
      throw new WsmanFault('schemaValidation', `The signal ${code.slice(0, 100)} is not known.`);
    if (id !== undefined) {
      const command = this.#command(shell, id);
      if (command.exitCode === undefined) command.running.kill(exitCode);
      shell.commands.delete(id.toUpperCase());
    }
    return '<rsp:SignalResponse></rsp:SignalResponse>';
  }

  subject(request: WsmanRequest, account: WindowsAccount): string {
    return lineOf(request) || ([...this.#shell(request, account).commands.values()].at(-1)?.line ?? '');
  }

  silence(request: WsmanRequest, account: WindowsAccount, until: UnixMillis): void {
    const command = [...this.#shell(request, account).commands.values()].at(-1);
    if (command) command.silentUntil = until;
  }

  #hasNews({ output, exitCode, silentUntil }: Command): boolean {
    return silentUntil <= this.#clock.wall() && (output.length > 0 || exitCode !== undefined);
  }

  #shell(request: WsmanRequest, account: WindowsAccount): CmdShell {
    return this.#table.find(request, account) as CmdShell;
  }

  #command(shell: CmdShell, id: string | undefined): Command {
    const command = id === undefined ? undefined : shell.commands.get(id.toUpperCase());
    if (!command) throw new WsmanFault('shellNotFound');
    return command;
  }
}

/** The command line of a Command; nothing for other requests. */
function lineOf({ body }: WsmanRequest): string {
  if (body?.name !== 'CommandLine') return '';
  const words = [childText(body, 'Command') ?? '', ...childrenOf(body, 'Arguments').map(({ text }) => text)];
  return words.join(' ').trim();
}

/** Room in an answer for all that is not output, in UTF-16 units. */
const FRAME_UNITS = 3072;

/** As much as fits; what remains is for the next Receive. */
function receiveXml(command: Command, envelopeUnitsMax: number): string {
  const id = escapeAttribute(command.id);
  let room = Math.floor(((envelopeUnitsMax - FRAME_UNITS) * 3) / 4);
  let streams = '';
  while (room > 0) {
    const piece = command.output.shift();
    if (!piece) break;
    const now = piece.data.subarray(0, room);
    if (now.length < piece.data.length)
      command.output.unshift({ stream: piece.stream, data: piece.data.subarray(now.length) });
    room -= now.length + 128;
    streams += streamXml(id, piece.stream, now.toString('base64'));
  }
  const done = command.exitCode !== undefined && command.output.length === 0;
  if (done) streams += (['stdout', 'stderr'] as const).map((name) => endXml(id, name)).join('');
  const state = done
    ? `<rsp:CommandState CommandId="${id}" State="${STATE}/Done"><rsp:ExitCode>${command.exitCode}</rsp:ExitCode></rsp:CommandState>`
    : `<rsp:CommandState CommandId="${id}" State="${STATE}/Running"></rsp:CommandState>`;
  return `<rsp:ReceiveResponse>${streams}${state}</rsp:ReceiveResponse>`;
}

function streamXml(commandId: string, name: string, base64: string): string {
  return `<rsp:Stream Name="${name}" CommandId="${commandId}">${base64}</rsp:Stream>`;
}

function endXml(commandId: string, name: string): string {
  return `<rsp:Stream Name="${name}" CommandId="${commandId}" End="true"></rsp:Stream>`;
}
