/** Command lines of a remote shell, run inside a Windows guest. */
import type { Clock, Timer } from '#core/time/clock.ts';
import { userOf } from '../estate/guest/accounts.ts';
import type { Guest } from '../estate/guest/guest.ts';
import { runCmd, runWindowsProgram } from '../estate/guest/shell/cmd.ts';
import type { CommandHost } from '../winrm/shell/command-host.ts';

export function guestCommands(guest: Guest, clock: Clock): CommandHost {
  return {
    start({ line, direct, account, environment, workingDirectory }, listener) {
      const user = userOf(guest.os, guest.hostName, {
        id: 'remote',
        family: 'windows',
        user: account.name,
        password: '',
        admin: account.groups.includes('Administrators'),
      });
      const options = {
        guest,
        user,
        now: clock.wall(),
        environment,
        ...(workingDirectory === undefined ? {} : { workingDirectory }),
      };
      const [, quoted, plain, rest = ''] = /^(?:"([^"]*)"|(\S*))\s*(.*)$/s.exec(line) ?? [];
      const outcome = direct
        ? runWindowsProgram(quoted ?? plain ?? '', rest, options)
        : runCmd(line, options);
      let timer: Timer | undefined = clock.schedule(clock.wall() + outcome.duration, 'winrm.command', () => {
        timer = undefined;
        if (outcome.stdout.length > 0) listener.output({ stream: 'stdout', data: outcome.stdout });
        if (outcome.stderr.length > 0) listener.output({ stream: 'stderr', data: outcome.stderr });
        listener.ended(outcome.exitCode);
      });
      return {
        stdin() {}, // no program of a guest reads what is typed
        kill(exitCode) {
          if (!timer) return;
          timer.cancel();
          timer = undefined;
          listener.ended(exitCode);
        },
      };
    },
  };
}
