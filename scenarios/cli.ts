/** The commands of this folder: run, replay, list, check, explain, doctor, estate, open. */
import type { Command } from 'commander';
import { registerAssessment } from './assess/cli-options.ts';

export function registerScenarios(program: Command): void {
  program
    .command('run')
    .description('run scenarios; one report each')
    .argument('[scenario]', 'name of a built-in scenario, or a .scenario.yaml file', 'first-migration')
    .option('--seed <seed>', "what chance draws from; the scenario's own, or a hash of its name, by default")
    .option('--tier <tier>', 'memory (replay exact) or loopback (real TCP and TLS)', 'memory')
    .option('--estate <file>', 'an RVTools workbook in place of the estate of the scenario')
    .option('--machines <n>', 'that many generated machines in place of the estate of the scenario')
    .option('--days <n>', "length of the scenario's longest wait")
    .option('--until <offset>', 'stop at this offset in the story, such as 3d or 1d14h')
    .option('--json', 'print one JSON object at the end and nothing else')
    .action(async (scenario: string, options: object) => {
      const { run } = await import('./commands/run.ts');
      process.exitCode = await run(scenario, options);
    });

  program
    .command('replay')
    .description('run the same again, and compare event by event')
    .argument('<run>', 'id of a run, the beginning of one, or the path of its record')
    .option('--json', 'print one JSON object at the end and nothing else')
    .action(async (run: string, options: object) => {
      const { replay } = await import('./commands/replay.ts');
      process.exitCode = await replay(run, options);
    });

  program
    .command('list')
    .description('built-in scenarios')
    .option('--json', 'as JSON')
    .action(async (options: object) => (await import('./commands/list.ts')).list(options));

  program
    .command('check')
    .description('validate a scenario without running it')
    .argument('[file]', 'a .scenario.yaml file, or the name of a built-in scenario')
    .option('--schema', 'print the JSON Schema of the language, for editors')
    .option('--print-plan', 'print the plan that a run would follow, as JSON')
    .action(async (file: string | undefined, options: object) =>
      (await import('./commands/check.ts')).check(file, options),
    );

  program
    .command('explain')
    .description('the long form of an error code; "points" lists where faults can act')
    .argument('<code>', 'an error code such as scenario.unknownKey, or the word points')
    .action(async (code: string) => (await import('./commands/explain.ts')).explain(code));

  program
    .command('doctor')
    .description('what this machine has, and what is skipped without it')
    .option('--json', 'as JSON')
    .action(async (options: object) => {
      process.exitCode = await (await import('./commands/doctor.ts')).doctor(options);
    });

  const estate = program.command('estate').description('look at the estate that a scenario would have');
  estate
    .command('preview')
    .description('machines, sizes and what had to be derived')
    .option('--estate <file>', 'an RVTools workbook')
    .option('--machines <n>', 'that many generated machines')
    .option('--seed <seed>', 'what chance draws from', '1')
    .option('--json', 'as JSON, every machine')
    .action(async (options: object) => (await import('./commands/estate.ts')).preview(options));

  registerAssessment(program);

  program
    .command('open')
    .description('open the report of a run in the browser')
    .argument('[run]', 'id of a run or the beginning of one; the latest by default')
    .action(async (run: string | undefined) => (await import('./commands/open.ts')).open(run));
}
