/** Methods of root/cimv2 that act: shutting down, and starting and ending programs. */
import { SECOND } from '#core/units.ts';
import { runCmd, runWindowsProgram } from '../estate/guest/shell/cmd.ts';
import type { CimMethod, MethodResult } from '../winrm/cim/cim-service.ts';
import { cimClass } from '../winrm/cim/schema.ts';
import type { WindowsServer } from './windows-server.ts';
import { remoteUser } from './windows-server.ts';

const DONE = 0;
const ACCESS_DENIED = 2;
const PATH_NOT_FOUND = 9;
const UNKNOWN_FAILURE = 8;
/** ERROR_PRIVILEGE_NOT_HELD, ERROR_INVALID_PARAMETER: what a shutdown is refused with. */
const PRIVILEGE_NOT_HELD = 1314;
const INVALID_PARAMETER = 87;

/** Bits of Win32Shutdown: 0 log off, 1 shut down, 2 reboot, 4 by force, 8 power off. */
const REBOOT = 2;
const POWER_OFF = 8 | 1;
const FORCED = 4;

export function systemMethods(server: WindowsServer): CimMethod[] {
  const { guest, clock } = server;
  const system = cimClass('root/cimv2', 'Win32_OperatingSystem');
  const process = cimClass('root/cimv2', 'Win32_Process');
  const ends = (kind: 'shutdown' | 'reboot'): number => {
    // the answer leaves before the system goes down
    clock.schedule(clock.wall() + SECOND, `windows.${kind}`, () => server.power[kind]());
    return DONE;
  };
  const administrators =
    (run: CimMethod['run'], refusal: number): CimMethod['run'] =>
    (call) =>
      call.account.groups.includes('Administrators') ? run(call) : plain(refusal);
  return [
    {
      class: system,
      name: 'Reboot',
      outputs: [],
      run: administrators(() => plain(ends('reboot')), PRIVILEGE_NOT_HELD),
    },
    {
      class: system,
      name: 'Shutdown',
      outputs: [],
      run: administrators(() => plain(ends('shutdown')), PRIVILEGE_NOT_HELD),
    },
    {
      class: system,
      name: 'Win32Shutdown',
      outputs: [],
      run: administrators((call) => {
        const flags = Number(call.texts('Flags')[0]?.trim() ?? NaN);
        const kind = flags & ~FORCED;
        if (!Number.isInteger(flags) || flags < 0 || kind > POWER_OFF) return plain(INVALID_PARAMETER);
        if (kind === 0) return plain(DONE); // nobody is logged on at the console
        return plain(ends(kind & REBOOT ? 'reboot' : 'shutdown'));
      }, PRIVILEGE_NOT_HELD),
    },
    {
      class: process,
      name: 'Create',
      static: true,
      outputs: [{ name: 'ProcessId', type: 'uint32', array: false }],
      run(call) {
        const line = (call.texts('CommandLine')[0] ?? '').trim();
        const folder = call.texts('CurrentDirectory')[0]?.trim() ?? '';
        const [, quoted, unquoted, rest = ''] = /^(?:"([^"]*)"|(\S+))\s*(.*)$/s.exec(line) ?? [];
        const program = quoted ?? unquoted;
        if (program === undefined) return plain(UNKNOWN_FAILURE);
        const now = clock.wall();
        const user = remoteUser(guest, call.account);
        const options = {
          guest,
          user,
          now,
          ...(folder === '' ? {} : { workingDirectory: folder }),
        };
        const isShell = /^(?:.*\\)?cmd(?:\.exe)?$/i.test(program);
        const { exitCode, duration, stderr } = isShell
          ? runCmd(rest.replace(/^\s*\/[ck]\s*/i, ''), options)
          : runWindowsProgram(program, rest, options);
        if (
          /is not recognized as an internal or external command/.test(stderr.toString('latin1')) &&
          !isShell
        )
          return plain(PATH_NOT_FOUND);
        const name = program.slice(program.lastIndexOf('\\') + 1);
        const { process: made } = guest.started(
          {
            name: /\.\w+$/.test(name) ? name : `${name}.exe`,
            executable: program.includes('\\') ? program : `C:\\Windows\\System32\\${name}`,
            commandLine: line,
            user: user.name,
            endsAt: now + duration,
            exitCode,
          },
          now,
        );
        return { returnValue: DONE, outputs: { ProcessId: made.pid } };
      },
    },
    {
      class: process,
      name: 'GetOwner',
      outputs: [
        { name: 'Domain', type: 'string', array: false },
        { name: 'User', type: 'string', array: false },
      ],
      run({ self, account }) {
        const found = guest.process(Number(self.values['ProcessId']), clock.wall());
        if (!found) return plain(PATH_NOT_FOUND);
        const at = found.user.lastIndexOf('\\');
        const user = found.user.slice(at + 1);
        if (!account.groups.includes('Administrators') && user.toLowerCase() !== account.name.toLowerCase())
          return plain(ACCESS_DENIED);
        return { returnValue: DONE, outputs: { Domain: found.user.slice(0, Math.max(0, at)), User: user } };
      },
    },
    {
      class: process,
      name: 'Terminate',
      outputs: [],
      run: administrators(
        ({ self }) =>
          plain(guest.kill(Number(self.values['ProcessId']), clock.wall()) ? DONE : PATH_NOT_FOUND),
        ACCESS_DENIED,
      ),
    },
  ];
}

function plain(returnValue: number): MethodResult {
  return { returnValue, outputs: {} };
}
