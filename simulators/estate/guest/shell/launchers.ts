/** Programs that run another program: in another environment, as somebody else, for a time, once for each word. */
import { SECOND } from '#core/units.ts';
import { readInput } from './file-commands.ts';
import { ioOf, LIMITS, type LinuxCommand, type LinuxCommands, subshell } from './shell.ts';
import { sudo } from './sudo.ts';

/** Seconds of "90", "1.5", "2m". */
function secondsOf(text: string | undefined): number | undefined {
  const [, amount, unit] = /^(\d+(?:\.\d+)?)([smhd]?)$/.exec(text ?? '') ?? [];
  if (amount === undefined) return undefined;
  return Number(amount) * ({ s: 1, m: 60, h: 3600, d: 86_400 }[unit ?? ''] ?? 1);
}

/** sh -c 'script' name args; sh file args; sh -s args, which reads the script from its input, as without anything. */
const shell: LinuxCommand = (args, io, session) => {
  const own = { ...subshell(session), functions: new Map() };
  const options = args.findIndex((arg) => !/^-[a-z]+$/.test(arg));
  const letters = args.slice(0, options < 0 ? args.length : options).join('');
  const rest = options < 0 ? [] : args.slice(options);
  own.options.clear();
  for (const letter of 'eux') if (letters.includes(letter)) own.options.add(letter);
  const script = session.machine.interpreter.script;
  if (letters.includes('c')) {
    own.positional = rest.slice(2);
    return script(rest[0] ?? '', { ...own, name: rest[1] ?? 'bash' }, io);
  }
  if (letters.includes('s') || rest.length === 0) {
    own.positional = rest;
    return script(io.stdin, own, io);
  }
  own.positional = rest.slice(1);
  return script(readInput(session, rest[0]!), { ...own, name: rest[0]! }, io);
};

export const launchers: LinuxCommands = {
  sh: shell,
  bash: shell,
  sudo,
  sleep(args, io, session) {
    const seconds = secondsOf(args[0]);
    if (seconds === undefined) {
      io.err(
        args[0] === undefined ? 'sleep: missing operand\n' : `sleep: invalid time interval '${args[0]}'\n`,
      );
      return 1;
    }
    session.machine.now += Math.min(LIMITS.sleepMs, seconds * SECOND);
    return 0;
  },
  env(args, io, session) {
    const own = subshell(session);
    let i = 0;
    for (; i < args.length && (args[i]!.includes('=') || args[i] === '-i'); i++) {
      if (args[i] === '-i') {
        own.variables.clear();
        own.exported.clear();
        continue;
      }
      const [name, ...value] = args[i]!.split('=');
      own.variables.set(name!, value.join('='));
      own.exported.add(name!);
    }
    if (i < args.length) return session.machine.interpreter.invoke(args[i]!, args.slice(i + 1), own, io);
    for (const name of own.exported) io.out(`${name}=${own.variables.get(name) ?? ''}\n`);
    return 0;
  },
  /** What would take longer is ended, with 124. */
  timeout(args, io, session) {
    const at = args.findIndex((arg) => !arg.startsWith('-'));
    const limit = secondsOf(args[at]);
    if (at < 0 || limit === undefined) {
      io.err(`timeout: invalid time interval '${args[at] ?? ''}'\n`);
      return 125;
    }
    const { machine } = session;
    const until = machine.now + limit * SECOND;
    const status = machine.interpreter.invoke(args[at + 1] ?? ':', args.slice(at + 2), session, io);
    if (machine.now <= until) return status;
    machine.now = until;
    return 124;
  },
  nice: (args, io, session) =>
    session.machine.interpreter.invoke(
      args[args[0] === '-n' ? 2 : 0] ?? ':',
      args.slice(args[0] === '-n' ? 3 : 1),
      session,
      io,
    ),
  nohup: (args, io, session) =>
    session.machine.interpreter.invoke(args[0] ?? ':', args.slice(1), session, io),
  xargs(args, io, session) {
    let i = 0;
    let each = Number.POSITIVE_INFINITY;
    let byNul = false;
    let skipEmpty = false;
    let replace: string | undefined;
    for (; i < args.length && args[i]!.startsWith('-'); i++)
      if (args[i] === '-n') each = Number(args[++i]) || 1;
      else if (/^-n\d+$/.test(args[i]!)) each = Number(args[i]!.slice(2));
      else if (args[i] === '-0') byNul = true;
      else if (args[i] === '-r') skipEmpty = true;
      else if (args[i] === '-I') replace = args[++i] ?? '{}';
    const text = io.stdin;
    const words =
      replace !== undefined
        ? text
            .split('\n')
            .map((line) => line.trim())
            .filter((line) => line !== '')
        : (byNul ? text.split('\0') : text.split(/\s+/)).filter((word) => word !== '');
    if (words.length === 0 && (skipEmpty || replace !== undefined)) return 0;
    const [name = 'echo', ...first] = args.slice(i);
    const run = (given: readonly string[]): boolean =>
      session.machine.interpreter.invoke(name, given, session, ioOf({ rest: '' }, io.out, io.err)) === 0;
    let status = 0;
    if (replace !== undefined) {
      for (const word of words) if (!run(first.map((arg) => arg.replaceAll(replace, word)))) status = 123;
      return status;
    }
    for (let at = 0; at === 0 || at < words.length; at += Math.min(each, words.length || 1)) {
      const part = words.slice(at, Number.isFinite(each) ? at + each : undefined);
      if (!run([...first, ...part])) status = 123;
      if (!Number.isFinite(each)) break;
    }
    return status;
  },
};
