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

export interface CommandHost {
  /** Starts it. The listener may be called before this returns. */
  start(request: CommandRequest, listener: CommandListener): RunningCommand;
}
