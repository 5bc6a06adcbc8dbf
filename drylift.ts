/**
 * The command: registers each folder's subcommands, nothing more. Folders load what they need when one of
 * their commands runs, so that `drylift --help` is quick.
 */
import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { registerAppliance } from '#appliance/cli.ts';
import { registerBench } from '#bench/cli.ts';
import { DryliftError, defineErrors, exitCodeOf, formatError } from '#core/errors.ts';
import { registerReports } from '#reports/cli.ts';
import { registerScenarios } from '#scenarios/cli.ts';
import { registerSimulators } from '#simulators/cli.ts';

const errors = defineErrors({
  'cli.usage': {
    blame: 'input',
    why: 'The command line is not one that drylift knows.',
    next: 'Run `drylift --help`, or `drylift <command> --help`.',
  },
});

const { version } = JSON.parse(readFileSync(new URL('package.json', import.meta.url), 'utf8')) as {
  version: string;
};

// `drylift … | head`: who reads no further does not want an error either
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 5));

const program = new Command('drylift')
  .description('Rehearse datacentre-to-Azure migrations on one machine.')
  .version(version)
  .option('--trace', 'print the stack of an error as well')
  .enablePositionalOptions()
  .exitOverride()
  .configureOutput({ outputError: () => {} });

registerScenarios(program);
registerSimulators(program);
registerAppliance(program);
registerReports(program);
registerBench(program);

for (const command of program.commands) quieten(command);
try {
  await program.parseAsync(process.argv);
} catch (error) {
  fail(error);
}

/** Mistakes in arguments are told once, in our own form, by `fail`. */
function quieten(command: Command): void {
  command.exitOverride().configureOutput({ outputError: () => {} });
  for (const inner of command.commands) quieten(inner);
}

function fail(error: unknown): void {
  if (error instanceof CommanderError && error.exitCode === 0) return; // help or version was asked for
  const told =
    error instanceof CommanderError
      ? errors.make('cli.usage', { what: sentence(error.message), cause: error })
      : error;
  process.stderr.write(`${formatError(told)}\n`);
  if (process.argv.includes('--json')) process.stdout.write(`${JSON.stringify(asJson(told))}\n`);
  if (program.opts()['trace'] === true) process.stderr.write(`${stackOf(error)}\n`);
  process.exitCode = told instanceof DryliftError ? exitCodeOf(told) : 5;
}

/** One object for programs, also when there is nothing but an error to tell. */
function asJson(error: unknown): Record<string, unknown> {
  const { code, what, why, next, where } =
    error instanceof DryliftError
      ? error
      : { code: 'drylift.bug', what: String(error), why: '', next: '', where: undefined };
  return { verdict: 'error', exitCode: exitCodeOf(error), error: { code, what, why, next, where } };
}

/** "error: unknown command 'rn'\n(Did you mean run?)" → a sentence. */
function sentence(message: string): string {
  const plain = message.replace(/^error: /, '').replaceAll('\n', ' ');
  return `${plain.charAt(0).toUpperCase()}${plain.slice(1)}`;
}

function stackOf(error: unknown): string {
  const own = error instanceof Error ? (error.stack ?? error.message) : String(error);
  const cause =
    error instanceof Error && error.cause !== undefined ? `\ncaused by ${stackOf(error.cause)}` : '';
  return own + cause;
}
