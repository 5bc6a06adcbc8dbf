/** The commands of this folder. */
import type { Command } from 'commander';

export function registerAppliance(program: Command): void {
  const appliance = program
    .command('appliance')
    .description('the reference appliance alone, against given addresses, at wall time');
  appliance
    .command('run')
    .description('discover, collect and replicate until Ctrl-C')
    .requiredOption('--config <file>', 'configuration, YAML or JSON')
    .action(async ({ config }: { config: string }) => (await import('./main.ts')).runAppliance(config));
  appliance
    .command('check')
    .description('validate the configuration and sign in to everything it names; writes nothing')
    .requiredOption('--config <file>', 'configuration, YAML or JSON')
    .action(async ({ config }: { config: string }) => (await import('./main.ts')).checkAppliance(config));
}
