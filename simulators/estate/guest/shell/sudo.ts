/**
 * sudo: who may become root for which commands, and with what. An account may do everything, or exactly the commands
 * of the least-privilege list; a password is asked for where the account needs one. [sudo(8), sudoers(5)]
 */
import { type LinuxCommand, type LinuxSession, subshell } from './shell.ts';

const PROMPT = (user: string): string => `[sudo] password for ${user}: `;
const TRIES = 3;

interface Asked {
  readonly nonInteractive: boolean;
  readonly fromStdin: boolean;
  readonly prompt: string | undefined;
  readonly validate: boolean;
  readonly list: boolean;
  readonly shell: boolean;
  readonly command: readonly string[];
}

function readArgs(args: readonly string[]): Asked {
  let nonInteractive = false;
  let fromStdin = false;
  let prompt: string | undefined;
  let validate = false;
  let list = false;
  let shell = false;
  let i = 0;
  for (; i < args.length && args[i]!.startsWith('-'); i++) {
    const arg = args[i]!;
    if (arg === '--') {
      i++;
      break;
    }
    if (arg === '-u' || arg === '-g') i++;
    else if (arg === '-p') prompt = args[++i] ?? '';
    else {
      nonInteractive ||= arg.includes('n');
      fromStdin ||= arg.includes('S');
      validate ||= arg.includes('v') || arg.includes('k');
      list ||= arg.includes('l');
      shell ||= arg.includes('i') || arg.includes('s');
    }
  }
  // VAR=value before the command
  while (/^\w+=/.test(args[i] ?? '')) i++;
  return { nonInteractive, fromStdin, prompt, validate, list, shell, command: args.slice(i) };
}

/** Who was let in with a password is not asked again in the same session. */
const REMEMBERED = new WeakSet<LinuxSession['machine']>();

export const sudo: LinuxCommand = (args, io, session) => {
  const asked = readArgs(args);
  const { user, machine } = session;
  const { sudo: condition, terminal = false } = machine.conditions;
  const root = {
    ...subshell(session),
    user: { ...user, name: 'root', shortName: 'root', isRoot: true, uid: 0 },
  };
  root.variables.set('SUDO_USER', user.name);
  const go = (): number => {
    if (asked.validate) return 0;
    if (asked.list) {
      io.out(listed(session));
      return 0;
    }
    if (asked.shell && asked.command.length === 0) return 0;
    const [name, ...rest] = asked.command;
    if (name === undefined) {
      io.err(
        'usage: sudo -h | -K | -k | -V\nusage: sudo [-AbEHknPS] [-u user] [VAR=value] [-i|-s] [<command>]\n',
      );
      return 1;
    }
    return machine.interpreter.invoke(name, rest, root, io);
  };
  if (user.isRoot) return go();
  if (condition === 'requiretty' && !terminal) {
    io.err('sudo: sorry, you must have a tty to run sudo\n');
    return 1;
  }
  const rule = ruleOf(session, asked.command);
  const needsPassword =
    condition === 'password' || condition === 'notAllowed' || rule !== 'free' || user.sudo === 'password';
  if (needsPassword && !REMEMBERED.has(machine)) {
    if (asked.nonInteractive) {
      io.err('sudo: a password is required\n');
      return 1;
    }
    if (!asked.fromStdin && !terminal) {
      io.err(
        'sudo: a terminal is required to read the password; either use the -S option to read from standard input or configure an askpass helper\nsudo: a password is required\n',
      );
      return 1;
    }
    for (let tries = 0; ; tries++) {
      if (tries === TRIES) {
        io.err(`sudo: ${TRIES} incorrect password attempts\n`);
        return 1;
      }
      if (tries > 0) io.err('Sorry, try again.\n');
      io.err(asked.prompt ?? PROMPT(user.name));
      const { input } = io;
      if (input.rest === '') {
        io.err(
          `\nsudo: ${tries === 0 ? 'no password was provided\nsudo: a password is required' : `${tries} incorrect password attempt${tries === 1 ? '' : 's'}`}\n`,
        );
        return 1;
      }
      const end = input.rest.indexOf('\n');
      const given = end < 0 ? input.rest : input.rest.slice(0, end);
      input.rest = end < 0 ? '' : input.rest.slice(end + 1);
      if (machine.guest.logIn(user.name, Buffer.from(given, 'latin1').toString('utf8'))) break;
    }
    if (condition === 'notAllowed' || user.sudo === 'none' || rule === 'never') {
      io.err(
        user.sudo === 'none' || condition === 'notAllowed'
          ? `${user.name} is not in the sudoers file.  This incident will be reported.\n`
          : `Sorry, user ${user.name} is not allowed to execute '${asked.command.join(' ')}' as root on ${machine.guest.hostName}.\n`,
      );
      return 1;
    }
    REMEMBERED.add(machine);
  }
  return go();
};

/** May the command be run without a password, with one, or not at all? */
function ruleOf({ user }: LinuxSession, command: readonly string[]): 'free' | 'never' {
  if (user.sudo === 'all' || user.sudo === 'password') return 'free';
  if (user.sudo === 'none') return 'never';
  if (command.length === 0) return 'free';
  const [name, ...rest] = command;
  const line = [name!.replace(/^.*\//, ''), ...rest].join(' ');
  return user.sudo.some((allowed) => allowed.test(line)) ? 'free' : 'never';
}

function listed({ user, machine }: LinuxSession): string {
  const rules =
    user.sudo === 'all'
      ? ['(ALL) NOPASSWD: ALL']
      : user.sudo === 'password'
        ? ['(ALL) ALL']
        : user.sudo === 'none'
          ? []
          : [
              '(root) NOPASSWD: /usr/sbin/dmidecode, /usr/sbin/fdisk -l, /usr/bin/ls -l /proc/*/exe, /usr/bin/netstat -atnp, /usr/sbin/lvdisplay',
            ];
  if (rules.length === 0)
    return `User ${user.name} is not allowed to run sudo on ${machine.guest.hostName}.\n`;
  return `User ${user.name} may run the following commands on ${machine.guest.hostName}:\n${rules.map((rule) => `    ${rule}\n`).join('')}`;
}
