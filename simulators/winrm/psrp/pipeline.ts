/** One pipeline: [MS-PSRP] section 3.2.1.4. It runs once it is described and its input has ended. */
import { child, type XmlElement } from '#core/wire/xml/element.ts';
import type { WindowsAccount } from '../accounts.ts';
import type { CommandHost, PipelineCommand, RunningCommand, ScriptProblem } from '../shell/command-host.ts';
import type { WaitingPlace } from '../shell/waiting-place.ts';
import { WsmanFault } from '../wsman/fault.ts';
import {
  errorRecordXml,
  listOf,
  memberOf,
  messageXml,
  readClixml,
  unescaped,
  valueXml,
  wordOf,
} from './clixml.ts';
import { type FragmentQueue, FragmentReader, MESSAGE, type PsrpMessage } from './fragments.ts';

/** PSInvocationState, section 2.2.3.5. */
const STATES = { stopped: 3, completed: 4, failed: 5 } as const;
const COMMANDS_MAX = 200;

export class Pipeline {
  readonly id: string;
  readonly outbox: FragmentQueue;
  readonly place: WaitingPlace;
  readonly #host: CommandHost;
  readonly #account: WindowsAccount;
  readonly #poolId: string;
  readonly #reader = new FragmentReader();
  #statements: PipelineCommand[][] | undefined;
  #running: Pick<RunningCommand, 'kill'> | undefined;
  #hasInput = false;
  #isOver = false;

  constructor(options: {
    id: string;
    host: CommandHost;
    account: WindowsAccount;
    outbox: FragmentQueue;
    poolId: string;
    place: WaitingPlace;
  }) {
    this.id = options.id;
    this.outbox = options.outbox;
    this.place = options.place;
    this.#host = options.host;
    this.#account = options.account;
    this.#poolId = options.poolId;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** What it runs, for those who look for it. */
  get text(): string {
    const commands = (this.#statements ?? []).flat();
    return commands
      .map(({ text, arguments: given }) => [text, ...given.map(({ value }) => String(value))].join(' '))
      .join(' | ');
  }

  /** Fragments of the client. @throws WsmanFault */
  takeIn(bytes: Buffer): void {
    for (const message of this.#reader.push(bytes)) this.#onMessage(message);
  }

  /** What runs is stopped; who has ended stays as it is. */
  stop(): void {
    if (this.#isOver) return;
    this.#running?.kill(1);
    this.#end('stopped', { message: 'The pipeline has been stopped.', id: 'PipelineStopped' });
  }

  #onMessage({ type, xml }: PsrpMessage): void {
    if (this.#isOver) return;
    switch (type) {
      case MESSAGE.createPipeline: {
        const object = readClixml(xml);
        this.#statements = statementsOf(memberOf(object, 'PowerShell'));
        if (memberOf(object, 'NoInput')?.text === 'true') this.#start();
        return;
      }
      case MESSAGE.pipelineInput:
        this.#hasInput = true;
        return;
      case MESSAGE.endOfPipelineInput:
        return this.#start();
      case MESSAGE.getCommandMetadata:
        return this.#end('failed', {
          message: 'The metadata of commands is not available in this session.',
          id: 'NotSupported,GetCommandMetadata',
        });
      default:
        throw new WsmanFault(
          'schemaValidation',
          `A pipeline does not understand messages of type 0x${type.toString(16).padStart(8, '0')}.`,
        );
    }
  }

  #start(): void {
    const statements = this.#statements;
    if (!statements || this.#running || !this.#host.startPipelines) return;
    if (this.#hasInput)
      return this.#end('failed', {
        message: 'The input object cannot be bound to any parameters for the command.',
        id: 'InputObjectNotBound',
      });
    this.#running = this.#host.startPipelines(
      { statements, account: this.#account },
      {
        output: (value) => this.#tell(MESSAGE.pipelineOutput, valueXml(value)),
        failed: (problem) => {
          // a command that is not there ends its pipeline; what a script says of itself does not
          if (/CommandNotFound/.test(problem.id) && !statements.flat().some(runsText))
            this.#end('failed', problem);
          else this.#tell(MESSAGE.errorRecord, errorRecordXml(problem));
        },
        ended: () => this.#end('completed'),
      },
    );
  }

  #tell(type: number, xml: string): void {
    if (this.#isOver) return;
    this.outbox.add({ type, poolId: this.#poolId, pipelineId: this.id, xml });
    this.place.wake();
  }

  #end(state: keyof typeof STATES, problem?: ScriptProblem): void {
    if (this.#isOver) return;
    const why = problem ? errorRecordXml(problem, 'ExceptionAsErrorRecord') : '';
    this.#tell(MESSAGE.pipelineState, messageXml(`<I32 N="PipelineState">${STATES[state]}</I32>${why}`));
    this.#isOver = true;
    this.place.wake();
  }
}

function runsText({ text, isScript }: PipelineCommand): boolean {
  return isScript || /^(?:invoke-expression|iex)$/i.test(text);
}

/** Statements, each of commands: `Cmds`, and in `ExtraCmds` all of them where there are several. @throws WsmanFault */
function statementsOf(powerShell: XmlElement | undefined): PipelineCommand[][] {
  const extra = listOf(memberOf(powerShell, 'ExtraCmds'));
  const lists =
    extra.length > 0 ? extra.map((object) => memberOf(object, 'Cmds')) : [memberOf(powerShell, 'Cmds')];
  const statements = lists.map((list) => listOf(list).map(commandOf));
  const count = statements.flat().length;
  if (count === 0 || count > COMMANDS_MAX)
    throw new WsmanFault('schemaValidation', 'The pipeline has no commands, or too many.');
  return statements;
}

function commandOf(object: XmlElement): PipelineCommand {
  const parameters = listOf(memberOf(object, 'Args')).flatMap((argument) => {
    const named = memberOf(argument, 'N');
    const name = !named || named.name === 'Nil' ? undefined : unescaped(named.text);
    const value = wordOf(memberOf(argument, 'V'));
    // a parameter without a value is a switch that is on
    if (value === undefined) return name === undefined ? [] : [{ name, value: true as const }];
    if (value === false) return [];
    return [{ name, value }];
  });
  const text = memberOf(object, 'Cmd') ?? child(object, 'S');
  return {
    text: unescaped(text?.text ?? ''),
    isScript: memberOf(object, 'IsScript')?.text === 'true',
    arguments: parameters,
  };
}
