/** Commands of the simulators: `drylift serve <what>`. Wiring only; what is served is loaded when it is asked for. */
import { randomBytes } from 'node:crypto';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { defineErrors } from '#core/errors.ts';
import type { ReleaseName } from './hyperv/hyperv-host.ts';
import { runServe, type ServeOutcome } from './kit/serve.ts';

export const errors = defineErrors({
  'serve.estateTwice': {
    blame: 'input',
    why: '--estate takes the machines from a workbook and --machines generates them.',
    next: 'Give one of the two.',
  },
});

interface ServeFlags {
  readonly estate?: string;
  readonly machines?: number;
  readonly port?: number;
  readonly user?: string;
  readonly password?: string;
  readonly envFile?: string;
  readonly pace?: number;
  readonly seed?: string;
  readonly fault?: readonly string[];
  readonly basic?: boolean;
  readonly allowUnencrypted?: boolean;
  readonly certificate?: boolean;
  readonly release?: ReleaseName;
  readonly cluster?: boolean;
  readonly cloud?: 'public' | 'government';
}

interface Served {
  readonly name: string;
  readonly says: string;
  /** Adds the flags that only this one has. */
  flags(command: Command): Command;
  start(flags: Omit<ServeFlags, 'envFile'>): Promise<ServeOutcome>;
}

const FAULT_SAYS =
  'a fault as in scenarios, again for each: "at: POINT, answer: ANSWER, times: 3"; drylift explain points lists them';

/** Nobody shall guess it, not even from the seed. */
function newToken(): string {
  return randomBytes(20).toString('hex');
}

function collected(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, text];
}

const SERVED: readonly Served[] = [
  {
    name: 'vcenter',
    says: 'a vCenter Server: SOAP at /sdk, datastore files at /folder',
    flags: (command) =>
      command
        .option('--estate <file>', 'RVTools workbook with the machines')
        .option('--machines <n>', 'so many generated machines instead', wholeFrom(1, 20_000))
        .option('--user <name>', 'account that may do everything')
        .option('--password <text>', 'its password')
        .option('--pace <n>', 'story seconds per second', paceOf)
        .option('--fault <spec>', FAULT_SAYS, collected),
    start: async (flags) =>
      (await import('./vcenter/serve.ts')).serveVcenter({ ...flags, controlToken: newToken() }),
  },
  {
    name: 'esx',
    says: 'one ESXi host by itself: SOAP at /sdk, datastore files at /folder',
    flags: (command) => estateFlags(command, 20_000).option('--fault <spec>', FAULT_SAYS, collected),
    start: async (flags) =>
      (await import('./vcenter/serve.ts')).serveVcenter({
        ...flags,
        flavour: 'esx',
        controlToken: newToken(),
      }),
  },
  {
    name: 'azure',
    says: 'the Azure services that migrations use, under their real names and on ports of their own',
    flags: (command) =>
      command
        .option('--estate <file>', 'RVTools workbook with machines that an appliance has discovered')
        .option('--machines <n>', 'so many generated machines instead', wholeFrom(1, 2_000))
        .option('--user <id>', 'client id of the application that owns the subscription')
        .option('--password <text>', 'its secret')
        .addOption(new Option('--cloud <name>', 'which cloud').choices(['public', 'government']))
        .option('--pace <n>', 'story seconds per second', paceOf),
    start: async (flags) => (await import('./azure/serve.ts')).serveAzure(flags),
  },
  {
    name: 'hyperv',
    says: 'a Hyper-V host in its cluster: WinRM with CIM and remote shells',
    flags: (command) =>
      winrmFlags(command)
        .option('--cluster', 'every node of the cluster, each at the next two ports')
        .addOption(
          new Option('--release <name>', 'of Windows Server').choices([
            '2012 R2',
            '2016',
            '2019',
            '2022',
            '2025',
          ]),
        ),
    start: async (flags) =>
      (await import('./hyperv/serve.ts')).serveHyperv({ ...flags, controlToken: newToken() }),
  },
  {
    name: 'windows',
    says: 'a Windows server: WinRM with CIM and remote shells',
    flags: winrmFlags,
    start: async (flags) =>
      (await import('./windows/serve.ts')).serveWindows({ ...flags, controlToken: newToken() }),
  },
  {
    name: 'linux',
    says: 'a Linux server: SSH with a shell, and SFTP',
    flags: (command) => estateFlags(command, 20_000).option('--fault <spec>', FAULT_SAYS, collected),
    start: async (flags) =>
      (await import('./physical/linux/serve.ts')).serveLinux({ ...flags, controlToken: newToken() }),
  },
];

function estateFlags(command: Command, machinesMax: number): Command {
  return command
    .option('--estate <file>', 'RVTools workbook with the machines')
    .option('--machines <n>', 'so many generated machines instead', wholeFrom(1, machinesMax))
    .option('--user <name>', 'account that may do everything')
    .option('--password <text>', 'its password')
    .option('--pace <n>', 'story seconds per second', paceOf);
}

function winrmFlags(command: Command): Command {
  return estateFlags(command, 20_000)
    .option('--basic', 'offer Basic authentication, which Windows does not by default')
    .option('--allow-unencrypted', 'take plain text over HTTP, which Windows does not by default')
    .option('--certificate', 'take a client certificate in place of the password, and write one')
    .option('--fault <spec>', FAULT_SAYS, collected);
}

export function registerSimulators(program: Command): void {
  const serve = program
    .command('serve')
    .description('Give a simulator to other clients over real TLS, until Ctrl-C');
  for (const { name, says, flags, start } of SERVED)
    flags(serve.command(name).description(says))
      .option('--port <n>', 'port to listen on; 0 for any free one', wholeFrom(0, 65_535))
      .option('--env-file <file>', 'also write the variables there, readable by you alone')
      .option('--seed <text>', 'seed of everything that is drawn')
      .action(async ({ envFile, ...chosen }: ServeFlags) => {
        if (chosen.estate !== undefined && chosen.machines !== undefined)
          throw errors.make('serve.estateTwice', { what: '--estate and --machines were both given.' });
        await runServe(() => start(chosen), envFile === undefined ? {} : { envFile });
      });
}

function wholeFrom(low: number, high: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < low || value > high)
      throw new InvalidArgumentError(`It must be a whole number from ${low} to ${high}.`);
    return value;
  };
}

function paceOf(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value <= 100_000)) throw new InvalidArgumentError('It must be a number above 0.');
  return value;
}
