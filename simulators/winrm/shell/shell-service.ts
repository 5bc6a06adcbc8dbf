/**
 * Remote shells: [MS-WSMV] sections 3.1.4.9 to 3.1.4.14. Receive waits for output until the time-out of its
 * operation; output is kept until it was fetched, within a limit.
 */
import type { Entropy } from '#core/entropy/entropy.ts';
import type { Clock, Timer } from '#core/time/clock.ts';
import { HOUR, type Millis, type UnixMillis } from '#core/units.ts';
import { child, childrenOf, childText } from '#core/wire/xml/element.ts';
import { escapeAttribute, escapeText } from '#core/wire/xml/writer.ts';
import type { WindowsAccount } from '../accounts.ts';
import { WsmanFault } from '../wsman/fault.ts';
import { ANONYMOUS, NS, RESOURCE } from '../wsman/names.ts';
import type { WsmanRequest } from '../wsman/request.ts';
import type { CommandHost, CommandOutput, RunningCommand } from './command-host.ts';

interface Command {
  readonly id: string;
  readonly running: RunningCommand;
  readonly output: CommandOutput[];
  exitCode: number | undefined;
  /** A Receive that waits, if one does. */
  wake: (() => void) | undefined;
}

interface Shell {
  readonly id: string;
  readonly account: WindowsAccount;
  readonly environment: ReadonlyMap<string, string>;
  readonly workingDirectory: string | undefined;
  readonly commands: Map<string, Command>;
  readonly createdAt: UnixMillis;
  lastUsed: UnixMillis;
}

/** Winrs/MaxShellsPerUser and MaxProcessesPerShell of 2012 R2. */
const SHELLS_PER_USER = 30;
const COMMANDS_PER_SHELL = 25;
/** Winrs/IdleTimeout. */
const IDLE_MS: Millis = 2 * HOUR;
const STATE = `${NS.rsp}/CommandState`;
const SIGNALS: Readonly<Record<string, number>> = {
  terminate: 1,
  ctrl_c: 0xc000013a,
  ctrl_break: 0xc000013a,
};

export class ShellService {
  readonly #host: CommandHost;
  readonly #clock: Clock;
  readonly #entropy: Entropy;
  readonly #shells = new Map<string, Shell>();
  #made = 0;

  constructor(options: { host: CommandHost; clock: Clock; entropy: Entropy }) {
    this.#host = options.host;
    this.#clock = options.clock;
    this.#entropy = options.entropy;
  }

  /** @throws WsmanFault */
  create(request: WsmanRequest, account: WindowsAccount, clientAddress: string): string {
    this.#forgetIdle();
    const mine = [...this.#shells.values()].filter((shell) => shell.account === account).length;
    if (mine >= SHELLS_PER_USER) throw new WsmanFault('shellsQuota');
    const { body } = request;
    if (body?.name !== 'Shell') throw new WsmanFault('schemaValidation');
    const now = this.#clock.wall();
    const proposed = body.attributes.get('ShellId')?.value;
    const environment = child(body, 'Environment');
    const shell: Shell = {
      id: proposed ?? this.#guid(),
      account,
      environment: new Map(
        (environment ? childrenOf(environment, 'Variable') : []).map((variable) => [
          variable.attributes.get('Name')?.value ?? '',
          variable.text,
        ]),
      ),
      workingDirectory: childText(body, 'WorkingDirectory'),
      commands: new Map(),
      createdAt: now,
      lastUsed: now,
    };
    this.#shells.set(shell.id.toUpperCase(), shell);
    const selector = `<w:Selector Name="ShellId">${escapeText(shell.id)}</w:Selector>`;
    return (
      `<x:ResourceCreated><a:Address>${ANONYMOUS}</a:Address><a:ReferenceParameters>` +
      `<w:ResourceURI>${RESOURCE.cmd}</w:ResourceURI><w:SelectorSet>${selector}</w:SelectorSet>` +
      `</a:ReferenceParameters></x:ResourceCreated>${shellXml(shell, clientAddress, now)}`
    );
  }

  /** @throws WsmanFault */
  command(request: WsmanRequest, account: WindowsAccount): string {
    const shell = this.#shell(request, account);
    const { body } = request;
    if (body?.name !== 'CommandLine') throw new WsmanFault('schemaValidation');
    if (shell.commands.size >= COMMANDS_PER_SHELL) throw new WsmanFault('operationsQuota');
    const words = [
      childText(body, 'Command') ?? '',
      ...childrenOf(body, 'Arguments').map(({ text }) => text),
    ];
    const id = body.attributes.get('CommandId')?.value ?? this.#guid();
    const state = { output: [] as CommandOutput[], exitCode: undefined as number | undefined };
    let command: Command | undefined;
    const running = this.#host.start(
      {
        line: words.join(' ').trim(),
        direct: request.options.get('WINRS_SKIP_CMD_SHELL')?.toUpperCase() === 'TRUE',
        account: shell.account,
        environment: shell.environment,
        workingDirectory: shell.workingDirectory,
      },
      {
        output: (output) => {
          (command ?? state).output.push(output);
          command?.wake?.();
        },
        ended: (exitCode) => {
          (command ?? state).exitCode = exitCode;
          command?.wake?.();
        },
      },
    );
    command = { id, running, ...state, wake: undefined };
    shell.commands.set(id.toUpperCase(), command);
    return `<rsp:CommandResponse><rsp:CommandId>${escapeText(id)}</rsp:CommandId></rsp:CommandResponse>`;
  }

  /** @throws WsmanFault, among them TimedOut when nothing came in time */
  async receive(request: WsmanRequest, account: WindowsAccount, signal: AbortSignal): Promise<string> {
    const shell = this.#shell(request, account);
    const desired = request.body && child(request.body, 'DesiredStream');
    if (!desired) throw new WsmanFault('schemaValidation');
    const command = this.#command(shell, desired.attributes.get('CommandId')?.value);
    if (command.output.length === 0 && command.exitCode === undefined) {
      await this.#something(command, request.operationTimeoutMs, signal);
      if (command.output.length === 0 && command.exitCode === undefined) throw new WsmanFault('timedOut');
    }
    shell.lastUsed = this.#clock.wall();
    return receiveXml(command, request.envelopeUnitsMax);
  }

  /** @throws WsmanFault */
  send(request: WsmanRequest, account: WindowsAccount): string {
    const shell = this.#shell(request, account);
    for (const stream of request.body ? childrenOf(request.body, 'Stream') : []) {
      const command = this.#command(shell, stream.attributes.get('CommandId')?.value);
      const end = /^(?:true|1)$/i.test(stream.attributes.get('End')?.value ?? '');
      command.running.stdin(Buffer.from(stream.text, 'base64'), end);
    }
    return '<rsp:SendResponse></rsp:SendResponse>';
  }

  /** Ends a command, or says farewell to one that has ended. @throws WsmanFault */
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

  /** Kills what runs in it. @throws WsmanFault */
  delete(request: WsmanRequest, account: WindowsAccount): void {
    this.#end(this.#shell(request, account));
  }

  stop(): void {
    for (const shell of this.#shells.values()) this.#end(shell);
  }

  #end(shell: Shell): void {
    this.#shells.delete(shell.id.toUpperCase());
    for (const command of shell.commands.values()) {
      if (command.exitCode === undefined) command.running.kill(1);
      command.wake?.();
    }
  }

  #shell({ selectors }: WsmanRequest, account: WindowsAccount): Shell {
    const id = selectors.get('shellid');
    const shell = typeof id === 'string' ? this.#shells.get(id.trim().toUpperCase()) : undefined;
    if (!shell || shell.account !== account) throw new WsmanFault('shellNotFound');
    shell.lastUsed = this.#clock.wall();
    return shell;
  }

  #command(shell: Shell, id: string | undefined): Command {
    const command = id === undefined ? undefined : shell.commands.get(id.toUpperCase());
    if (!command) throw new WsmanFault('shellNotFound');
    return command;
  }

  #something(command: Command, withinMs: Millis, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      let timer: Timer | undefined;
      const done = (): void => {
        timer?.cancel();
        signal.removeEventListener('abort', done);
        if (command.wake === done) command.wake = undefined;
        resolve();
      };
      command.wake?.(); // one Receive at a time: the older one goes home with nothing
      command.wake = done;
      timer = this.#clock.schedule(this.#clock.wall() + withinMs, 'winrm.receive', done);
      signal.addEventListener('abort', done, { once: true });
    });
  }

  #guid(): string {
    return this.#entropy.uuid('winrm.shell', this.#made++).toUpperCase();
  }

  #forgetIdle(): void {
    const oldest = this.#clock.wall() - IDLE_MS;
    for (const shell of this.#shells.values()) if (shell.lastUsed < oldest) this.#end(shell);
  }
}

function shellXml(shell: Shell, clientAddress: string, now: UnixMillis): string {
  const seconds = Math.floor((now - shell.createdAt) / 1000);
  return (
    `<rsp:Shell><rsp:ShellId>${escapeText(shell.id)}</rsp:ShellId><rsp:ResourceUri>${RESOURCE.cmd}</rsp:ResourceUri>` +
    `<rsp:Owner>${escapeText(shell.account.name)}</rsp:Owner><rsp:ClientIP>${escapeText(clientAddress)}</rsp:ClientIP>` +
    '<rsp:IdleTimeOut>PT7200.000S</rsp:IdleTimeOut><rsp:InputStreams>stdin</rsp:InputStreams>' +
    `<rsp:OutputStreams>stdout stderr</rsp:OutputStreams><rsp:ShellRunTime>P0DT0H0M${seconds}S</rsp:ShellRunTime>` +
    '<rsp:ShellInactivity>P0DT0H0M0S</rsp:ShellInactivity></rsp:Shell>'
  );
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
