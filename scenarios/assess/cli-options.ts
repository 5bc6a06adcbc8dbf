/** The commands about assessments: assess, what-if, why, points. Their options are the table of property-words.ts. */
import type { Command } from 'commander';
import { PROPERTY_WORDS } from './property-words.ts';

export function registerAssessment(program: Command): void {
  withProperties(
    withInputs(
      program.command('assess').description("assess anybody's machines and points, without a world"),
    ),
  )
    .option('--explain', 'with --json: every size and disk considered, of more than 1,000 machines too')
    .option(
      '--json',
      'one JSON object, machines with value, need, size, disks, readiness, stars, cost and reasons',
    )
    .option('--out <file>', 'where the JSON goes; standard output by default')
    .option('--csv <file>', 'one row a machine')
    .option('--xlsx <file>', 'a workbook laid out as the one that the portal exports')
    .option('--name <name>', 'of the assessment, in the workbook')
    .option('--threads <n>', 'for a packed store of many machines; the result does not depend on it')
    .action(async (options: object) => (await import('../commands/assess.ts')).assess(options));

  withProperties(
    withInputs(
      program
        .command('what-if')
        .description(
          'compare sets of properties side by side, on points or on a run; the cost of a percentile',
        )
        .option('--run <run>', 'id of a run; the latest by default, when no points are given'),
    ),
  )
    .option('--with <properties>', 'one more set, as name=value,… over the options', collect)
    .option('--curve [percentiles]', 'what each percentile costs: 50,90,95,99, or a list of ours')
    .option('--json', 'as JSON, every machine that changes')
    .action(async (options: object) => (await import('../commands/what-if.ts')).whatIf(options));

  program
    .command('why')
    .description('why a run gave a machine its size: points, needs, and what every other size lacked')
    .argument('<machine>', 'name of a machine of the assessment')
    .option('--run <run>', 'id of a run or the beginning of one; the latest by default')
    .option('--json', 'as JSON, every size and disk')
    .action(async (machine: string, options: object) =>
      (await import('../commands/why.ts')).why(machine, options),
    );

  const points = program.command('points').description('stores of points');
  withInputs(
    points
      .command('convert')
      .description('points from one form into another: .csv, .json, .db (packed), .duckdb, .parquet')
      .argument('<from>', 'a file or folder of points')
      .argument('<to>', 'a file ending in .db, .duckdb, .parquet or .csv'),
    false,
  )
    .option('--period <minutes>', 'of the points: 5, 10 or 15')
    .action(async (from: string, to: string, options: object) =>
      (await import('../commands/points.ts')).convert(from, to, options),
    );
}

function withInputs(command: Command, takesPoints = true): Command {
  if (takesPoints)
    command
      .option('--points <path>', 'points as .csv, .json, .parquet, .db or .duckdb, or a folder with them')
      .option('--as-of <instant>', 'when the assessment is made; where the points end by default')
      .option('--prices <file>', 'responses of the Azure Retail Prices API; sample prices by default');
  return command
    .option('--machines <file>', 'facts: the import template (.csv), .json, or an RVTools workbook (.xlsx)')
    .option('--samples <seconds>', 'the CSV holds samples of that period, to be rolled up by peak')
    .option('--cores <n>', 'of machines without facts')
    .option('--memory-gib <n>', 'of machines without facts')
    .option('--os <name>', 'of machines without facts')
    .option('--disk-gib <sizes>', 'of machines without facts, such as 128+512')
    .option('--skip-bad-rows', 'assess the other rows of a machine file with mistakes');
}

function withProperties(command: Command): Command {
  for (const [word, { value, says }] of Object.entries(PROPERTY_WORDS))
    command.option(`--${word} <${value}>`, says);
  return command;
}

function collect(text: string, before: string[] = []): string[] {
  return [...before, text];
}
