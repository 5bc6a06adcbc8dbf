/** Command lines of a remote shell, run inside a Windows guest. */
import type { Clock, Timer } from '#core/time/clock.ts';
import type { Millis } from '#core/units.ts';
import type { GuestUser } from '../estate/guest/accounts.ts';
import type { Guest } from '../estate/guest/guest.ts';
import { runCmd, runPipelines, runWindowsProgram } from '../estate/guest/shell/cmd.ts';
import type { WindowsAccount } from '../winrm/accounts.ts';
import type { CommandHost } from '../winrm/shell/command-host.ts';
import { remoteUser } from './windows-server.ts';

export function guestCommands(guest: Guest, clock: Clock): CommandHost {
  const userFor = (account: WindowsAccount): GuestUser => remoteUser(guest, account);
  /** Says what came of it once its time is over, unless it is killed before. */
  const after = (duration: Millis, tell: () => void, killed: (exitCode: number) => void) => {
    let timer: Timer | undefined = clock.schedule(clock.wall() + duration, 'winrm.command', () => {
      timer = undefined;
      tell();
    });
    return {
      stdin() {}, // no program of a guest reads what is typed
      kill(exitCode: number) {
        if (!timer) return;
        timer.cancel();
        timer = undefined;
        killed(exitCode);
      },
    };
  };
  return {
    start({ line, direct, account, environment, workingDirectory }, listener) {
      const options = {
        guest,
        user: userFor(account),
        now: clock.wall(),
        environment,
        ...(workingDirectory === undefined ? {} : { workingDirectory }),
      };
      const [, quoted, plain, rest = ''] = /^(?:"([^"]*)"|(\S*))\s*(.*)$/s.exec(line) ?? [];
      const outcome = direct
        ? runWindowsProgram(quoted ?? plain ?? '', rest, options)
        : runCmd(line, options);
      const tell = (): void => {
        if (outcome.stdout.length > 0) listener.output({ stream: 'stdout', data: outcome.stdout });
        if (outcome.stderr.length > 0) listener.output({ stream: 'stderr', data: outcome.stderr });
        listener.ended(outcome.exitCode);
      };
      return after(outcome.duration, tell, (exitCode) => listener.ended(exitCode));
    },
    startPipelines({ statements, account }, listener) {
      const said: Array<() => void> = [];
      const { duration } = runPipelines(
        statements,
        { guest, user: userFor(account), now: clock.wall() },
        {
          items: (items) => {
            for (const item of items) said.push(() => listener.output(item));
          },
          failed: (problem) => {
            said.push(() => listener.failed(problem));
          },
        },
      );
      const tell = (): void => {
        for (const say of said) say();
        listener.ended();
      };
      return after(duration, tell, () => listener.ended());
    },
  };
}
