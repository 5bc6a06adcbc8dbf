/** What runs the command lines that shells are given; the shell knows streams and lives, this knows commands. */
import type { WindowsAccount } from '../accounts.ts';

export interface CommandRequest {
  /** The whole line as cmd.exe gets it. */
  readonly line: string;
  /** Without cmd.exe in between: the first word is a program (WINRS_SKIP_CMD_SHELL). */
  readonly direct: boolean;
  readonly account: WindowsAccount;
  readonly environment: ReadonlyMap<string, string>;
  readonly workingDirectory: string | undefined;
}

export interface CommandOutput {
  readonly stream: 'stdout' | 'stderr';
  readonly data: Buffer;
}

export interface RunningCommand {
  /** Text for its standard input; `end` closes it. */
  stdin(data: Buffer, end: boolean): void;
  /** ctrl_c, terminate: it ends with this exit code. */
  kill(exitCode: number): void;
}

export interface CommandListener {
  output(output: CommandOutput): void;
  ended(exitCode: number): void;
}

/** What a script of PowerShell puts out: texts, numbers, lists, and objects as their properties in order. */
export type ScriptValue =
  | string
  | number
  | bigint
  | boolean
  | null
  | readonly ScriptValue[]
  | ReadonlyMap<string, ScriptValue>;

export interface ScriptProblem {
  readonly message: string;
  /** FullyQualifiedErrorId: "CommandNotFoundException". */
  readonly id: string;
}

/** One command of a pipeline: a cmdlet with its arguments, or a script. */
export interface PipelineCommand {
  readonly text: string;
  readonly isScript: boolean;
  /** Without a name, by position; `true` for switches. */
  readonly arguments: ReadonlyArray<{ readonly name: string | undefined; readonly value: string | true }>;
}

export interface PipelineRequest {
  /** One after another, each a pipeline. */
  readonly statements: ReadonlyArray<readonly PipelineCommand[]>;
  readonly account: WindowsAccount;
}

export interface ScriptListener {
  output(value: ScriptValue): void;
  failed(problem: ScriptProblem): void;
  ended(): void;
}

export interface CommandHost {
  /** Starts it. The listener may be called before this returns. */
  start(request: CommandRequest, listener: CommandListener): RunningCommand;
  /** Starts what PowerShell remoting sends; a host without it has no PowerShell to speak to. */
  startPipelines?(request: PipelineRequest, listener: ScriptListener): Pick<RunningCommand, 'kill'>;
}
