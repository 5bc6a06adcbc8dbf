/**
 * A script inside a machine that is reached by its own address: of a server of the list, and of a virtual machine whose
 * host told its address. Failures are told in the words of guests, so that one machine never stops a collection.
 */
import { DryliftError } from '#core/errors.ts';
import { MINUTE, type Millis } from '#core/units.ts';
import { errors as guestErrors } from '../../app/guest-errors.ts';
import type { GuestCredential, GuestScript } from '../../app/ports.ts';
import { LinuxHosts, type LinuxHostsOptions } from './linux-hosts.ts';
import { guestScriptOf } from './linux-script.ts';
import { errors } from './server-errors.ts';
import type { ServerTarget } from './targets.ts';
import { WindowsHosts, type WindowsHostsOptions } from './windows-hosts.ts';

export type MachinesOptions = LinuxHostsOptions & WindowsHostsOptions;

const SCRIPT_MS: Millis = 2 * MINUTE;
/** cmd.exe takes no longer line. */
const LINE_CHARS_MAX = 8000;

/** The operating systems of machines, by address. */
export class Machines {
  readonly linux: LinuxHosts;
  readonly windows: WindowsHosts;

  constructor(options: MachinesOptions) {
    this.linux = new LinuxHosts(options);
    this.windows = new WindowsHosts(options);
  }

  /** @returns what the script wrote. @throws `guest.*`; the signal's reason */
  async runScript(
    target: ServerTarget,
    credential: GuestCredential,
    script: GuestScript,
    signal: AbortSignal,
  ): Promise<string> {
    try {
      return target.os === 'linux'
        ? await this.#runLinux(target, credential, script, signal)
        : await this.#runWindows(target, credential, script, signal);
    } catch (error) {
      throw toldOf(error, target);
    }
  }

  async #runLinux(
    target: ServerTarget,
    credential: GuestCredential,
    { commands }: GuestScript,
    signal: AbortSignal,
  ): Promise<string> {
    const { result } = await this.linux.run(
      target,
      [credential],
      ({ password }) => guestScriptOf(commands, password),
      SCRIPT_MS,
      signal,
    );
    return result.stdout.toString('utf8');
  }

  /** As few command lines as cmd.exe takes: each is several round trips. */
  #runWindows(
    target: ServerTarget,
    credential: GuestCredential,
    { commands }: GuestScript,
    signal: AbortSignal,
  ): Promise<string> {
    const lines: string[] = [];
    for (const command of commands) {
      const last = lines.at(-1);
      if (last !== undefined && last.length + command.length < LINE_CHARS_MAX)
        lines[lines.length - 1] = `${last} & ${command}`;
      else lines.push(command);
    }
    return this.windows.use(target, [credential], 'guest', async (connection) => {
      let text = '';
      for (const line of lines) text += (await connection.run(line, { timeoutMs: SCRIPT_MS }, signal)).stdout;
      return text;
    });
  }

  close(): void {
    this.linux.close();
    this.windows.close();
  }
}

function toldOf(error: unknown, { address }: ServerTarget): unknown {
  if (!(error instanceof DryliftError) || error.code.startsWith('guest.')) return error;
  const { code, what, why, next } = error;
  const same = { what, why, next, cause: error };
  if (/^(ssh|winrm)\.login\.|^ssh\.key\./.test(code)) return guestErrors.make('guest.login.refused', same);
  if (/^(ssh\.timeout|winrm\.timeout|winrm\.shell\.slow|net\.timeout)$/.test(code))
    return guestErrors.make('guest.slow', same);
  if (/^(ssh\.exec\.refused|winrm\.denied|winrm\.namespace\.denied)$/.test(code))
    return guestErrors.make('guest.denied', same);
  if (/^(ssh|winrm|net)\./.test(code))
    return errors.make('guest.unreachable', { ...same, what: `${address} cannot be looked into: ${what}` });
  return error;
}
